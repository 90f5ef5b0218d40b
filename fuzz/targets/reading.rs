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
                    assert!(reader.held() <= 16 * sent + 2048);
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
        let names_and_values = || head.headers.iter().flat_map(|(name, value)| [name, value]);
        assert!(head.target.len() + names_and_values().map(String::len).sum::<usize>() <= LARGEST_HEAD);
        assert!(head.target.bytes().all(|b| b.is_ascii_graphic()));
        assert!(names_and_values().all(|text| text.bytes().all(|b| b == b'\t' || matches!(b, b' '..=b'~'))));
        assert!(body.len() <= LARGEST_BODY);
    }
});
