//! Requests are the same however their bytes arrive, and never more than the limits allow.
#![no_main]

use keyfob::http::listener::head::Trust;
use keyfob::http::listener::limits::{LARGEST_BODY, LARGEST_HEAD};
use keyfob::http::listener::reading::{Arrived, Reader};
use keyfob::http::listener::rejection::Rejection;
use libfuzzer_sys::fuzz_target;

/// What a connection said, up to the first refusal.
fn read<'b>(pieces: impl Iterator<Item = &'b [u8]>) -> (Vec<Arrived>, Option<Rejection>) {
    let (mut reader, mut arrived, mut sent) = (Reader::new(Trust::Untrusted), Vec::new(), 0);
    for piece in pieces {
        reader.push(piece);
        sent += piece.len();
        loop {
            match reader.take() {
                Ok(None) => {
                    // Memory follows what has arrived, not what was announced.
                    assert!(reader.held() <= 4 * sent + 2048);
                    break;
                }
                Ok(Some(request)) => arrived.push(request),
                Err(refusal) => return (arrived, Some(refusal)),
            }
        }
    }
    (arrived, None)
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    let (whole, refusal) = read(std::iter::once(bytes));
    let (pieces, in_pieces) = read(bytes.chunks(usize::from(size).max(1)));
    assert_eq!(whole, pieces);
    assert_eq!(refusal.map(|refusal| refusal.status), in_pieces.map(|refusal| refusal.status));
    for Arrived { head, body } in whole {
        assert!(head.line.len() + head.headers.len() <= LARGEST_HEAD + 16);
        // What is sent upstream has lines that end where they must, and no others.
        for text in [&head.line, &head.headers] {
            assert!(text.is_ascii() && text.iter().filter(|b| **b == b'\n').count() == text.windows(2).filter(|two| two == b"\r\n").count());
        }
        assert!(!head.headers.windows(4).any(|four| four == b"\r\n\r\n"));
        assert!(body.len() <= LARGEST_BODY);
    }
});
