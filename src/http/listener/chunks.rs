//! Decodes a chunked body (RFC 9112 section 7.1). httparse reads the sizes; extensions and trailers are dropped.

use crate::http::listener::limits::{LARGEST_BODY, LARGEST_EXTENSIONS, LARGEST_HEAD};
use crate::http::listener::rejection::{BODY_TOO_LARGE, Rejection};

/// The longest line that may carry a chunk's size.
const LONGEST_SIZE_LINE: usize = 256;

/// The longest size with its line end; what goes beyond it is extensions.
const LONGEST_SIZE: usize = 18;

const NO_SIZE: Rejection = Rejection::bad_request("a chunk of the body does not begin with its size");
const NO_END: Rejection = Rejection::bad_request("a chunk of the body is longer than its size");
const LONG_EXTENSIONS: Rejection = Rejection { status: 431, why: "the extensions of the body's chunks are larger than 16 KiB together" };
const LONG_TRAILERS: Rejection = Rejection { status: 431, why: "the trailers after the body are larger than 16 KiB" };

/// The state of decoding.
#[derive(Debug)]
pub struct Chunks {
    stage: ChunkStage,
    body: Vec<u8>,
    /// The bytes of extensions so far.
    extensions: usize,
}

#[derive(Debug)]
enum ChunkStage {
    Size,
    Data {
        left: usize,
    },
    DataEnd,
    /// `searched` bytes of the next line were searched and hold no line end.
    Trailers {
        taken: usize,
        searched: usize,
    },
}

impl Chunks {
    pub fn new() -> Chunks {
        Chunks { stage: ChunkStage::Size, body: Vec::new(), extensions: 0 }
    }

    /// Returns how many bytes of memory the body takes.
    pub fn held(&self) -> usize {
        self.body.capacity()
    }

    /// Reads on in `bytes`, which begin where the last call ended. Returns how many of them belong to the body, and the body once it is
    /// complete.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(usize, Option<Vec<u8>>), Rejection> {
        let mut at = 0;
        loop {
            match self.step(&bytes[at..])? {
                ChunkStep::Took(count) => at += count,
                ChunkStep::Ended(body, count) => return Ok((at + count, body)),
            }
        }
    }

    fn step(&mut self, bytes: &[u8]) -> Result<ChunkStep, Rejection> {
        const WAIT: Result<ChunkStep, Rejection> = Ok(ChunkStep::Ended(None, 0));
        match &mut self.stage {
            ChunkStage::Size => {
                let Some((line, size)) = size_line(bytes)? else { return WAIT };
                if self.body.len().saturating_add(size) > LARGEST_BODY {
                    return Err(BODY_TOO_LARGE);
                }
                self.extensions += line.saturating_sub(LONGEST_SIZE);
                if self.extensions > LARGEST_EXTENSIONS {
                    return Err(LONG_EXTENSIONS);
                }
                self.stage = if size == 0 { ChunkStage::Trailers { taken: 0, searched: 0 } } else { ChunkStage::Data { left: size } };
                Ok(ChunkStep::Took(line))
            }
            ChunkStage::Data { left } => {
                let count = bytes.len().min(*left);
                self.body.extend_from_slice(&bytes[..count]);
                *left -= count;
                if *left > 0 {
                    return Ok(ChunkStep::Ended(None, count));
                }
                self.stage = ChunkStage::DataEnd;
                Ok(ChunkStep::Took(count))
            }
            ChunkStage::DataEnd => match bytes {
                [b'\r', b'\n', ..] => {
                    self.stage = ChunkStage::Size;
                    Ok(ChunkStep::Took(2))
                }
                [] | [b'\r'] => WAIT,
                _ => Err(NO_END),
            },
            ChunkStage::Trailers { taken, searched } => {
                let Some(end) = bytes[*searched..].iter().position(|b| *b == b'\n').map(|found| *searched + found) else {
                    *searched = bytes.len();
                    return if bytes.len() + *taken > LARGEST_HEAD { Err(LONG_TRAILERS) } else { WAIT };
                };
                *searched = 0;
                *taken += end + 1;
                if *taken > LARGEST_HEAD {
                    return Err(LONG_TRAILERS);
                }
                match &bytes[..=end] {
                    b"\r\n" => Ok(ChunkStep::Ended(Some(std::mem::take(&mut self.body)), 2)),
                    [.., b'\r', b'\n'] => Ok(ChunkStep::Took(end + 1)),
                    _ => Err(Rejection::bad_request("a trailer ends without a carriage return")),
                }
            }
        }
    }
}

enum ChunkStep {
    Took(usize),
    /// No more bytes can be taken now; with the body if it is complete.
    Ended(Option<Vec<u8>>, usize),
}

/// Returns the length of a complete size line and the size in it, or `None` if the line is incomplete.
fn size_line(bytes: &[u8]) -> Result<Option<(usize, usize)>, Rejection> {
    // httparse takes a line without digits for a zero.
    if bytes.first().is_some_and(|first| !first.is_ascii_hexdigit()) {
        return Err(NO_SIZE);
    }
    let line = &bytes[..bytes.len().min(LONGEST_SIZE_LINE)];
    match httparse::parse_chunk_size(line) {
        Ok(httparse::Status::Complete((length, size))) if !line[..length - 2].contains(&b'\n') => {
            Ok(Some((length, usize::try_from(size).unwrap_or(usize::MAX))))
        }
        Ok(httparse::Status::Partial) if bytes.len() < LONGEST_SIZE_LINE => Ok(None),
        _ => Err(NO_SIZE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> (Result<Option<Vec<u8>>, Rejection>, String) {
        match Chunks::new().take(text.as_bytes()) {
            Ok((taken, body)) => (Ok(body), text[taken..].to_owned()),
            Err(rejection) => (Err(rejection), text.to_owned()),
        }
    }

    #[test]
    fn chunks_are_put_together_and_what_follows_is_left() {
        let (body, rest) = whole("3\r\nabc\r\nA;name=value\r\n0123456789\r\n0\r\nTrailer: dropped\r\n\r\nGET /");
        assert_eq!((body, rest.as_str()), (Ok(Some(b"abc0123456789".to_vec())), "GET /"));
    }

    #[test]
    fn it_does_not_matter_how_the_bytes_arrive() {
        let (mut chunks, mut bytes) = (Chunks::new(), Vec::new());
        let mut body = None;
        for byte in b"3\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n" {
            assert_eq!(body, None);
            bytes.push(*byte);
            let (taken, now) = chunks.take(&bytes).unwrap();
            bytes.drain(..taken);
            body = now;
        }
        assert_eq!((body, bytes.len()), (Some(b"abcde".to_vec()), 0));
    }

    #[test]
    fn what_is_no_chunk_is_refused() {
        let long_line = format!("1;{}", "x".repeat(300));
        for text in [
            "x\r\n",
            "\r\n",
            ";a\r\n",
            "-1\r\n",
            "+1\r\na",
            "1\na",
            "1;a\nb\r\n",
            "11111111111111111\r\n",
            "1\r\nabc",
            "0\r\nX: y\n",
            &long_line,
        ] {
            assert!(whole(text).0.is_err(), "{text:?}");
        }
        assert_eq!(whole(&format!("0\r\n{}", "X: y\r\n".repeat(4000))).0, Err(LONG_TRAILERS));
    }

    #[test]
    fn extensions_take_a_bounded_part_of_a_body() {
        let with = |length: usize, count: usize| whole(&format!("1;{}\r\nx\r\n", "e".repeat(length)).repeat(count)).0;
        assert_eq!(with(10, 10_000), Ok(None), "a few bytes beside each size are no matter");
        assert_eq!(with(200, 50), Ok(None));
        assert_eq!(with(200, 100), Err(LONG_EXTENSIONS));
    }

    #[test]
    fn a_body_that_will_be_too_large_is_known_by_the_size_of_its_chunk() {
        for size in ["100001", "fffffffffffffff"] {
            assert_eq!(whole(&format!("{size}\r\n")).0, Err(BODY_TOO_LARGE), "{size}");
        }
        assert_eq!(whole("100000\r\n").0, Ok(None));
    }
}
