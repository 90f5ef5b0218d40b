//! Reading requests out of the bytes of one connection, one at a time, however the bytes arrive. Knows no socket.

use crate::http::door::chunks::Chunks;
use crate::http::door::head::{self, Framing, Head, Trust};
use crate::http::door::refusal::Refusal;

/// An unused buffer keeps no more than this.
const KEPT: usize = 2048;

/// What a connection has sent and nobody has taken yet.
#[derive(Debug)]
pub struct Reader {
    bytes: Vec<u8>,
    stage: Stage,
    trust: Trust,
}

#[derive(Debug)]
enum Stage {
    Head { searched: usize },
    Length { head: Head, length: usize },
    Chunked { head: Head, chunks: Chunks },
}

/// A request that is whole.
#[derive(Debug, PartialEq, Eq)]
pub struct Arrived {
    pub head: Head,
    pub body: Vec<u8>,
}

/// How far the next request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// Nothing of it is there.
    Request,
    /// Some of its head is.
    Head,
    /// Its head is, and not all of its body.
    Body,
}

impl Reader {
    pub fn new(trust: Trust) -> Reader {
        Reader { bytes: Vec::new(), stage: Stage::Head { searched: 0 }, trust }
    }

    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub fn awaits(&self) -> Awaited {
        match self.stage {
            Stage::Head { .. } if self.bytes.is_empty() => Awaited::Request,
            Stage::Head { .. } => Awaited::Head,
            Stage::Length { .. } | Stage::Chunked { .. } => Awaited::Body,
        }
    }

    /// How many bytes an unfinished body holds.
    pub fn held(&self) -> usize {
        match &self.stage {
            Stage::Head { .. } => 0,
            Stage::Length { .. } => self.bytes.len(),
            Stage::Chunked { chunks, .. } => self.bytes.len() + chunks.held(),
        }
    }

    /// Whether the peer waits for `100 Continue`; asked once for each request.
    pub fn must_continue(&mut self) -> bool {
        match &mut self.stage {
            Stage::Length { head, .. } | Stage::Chunked { head, .. } => std::mem::take(&mut head.expects_continue) && self.bytes.is_empty(),
            Stage::Head { .. } => false,
        }
    }

    /// The next request, if all of it is there.
    pub fn take(&mut self) -> Result<Option<Arrived>, Refusal> {
        loop {
            let arrived = match &mut self.stage {
                Stage::Head { searched } => {
                    // RFC 9112 section 2.2: an empty line before a request is ignored.
                    while self.bytes.starts_with(b"\r\n") {
                        self.bytes.drain(..2);
                        *searched = 0;
                    }
                    let Some(length) = head::end(&self.bytes, *searched)? else {
                        *searched = self.bytes.len();
                        return Ok(None);
                    };
                    let head = head::read(&self.bytes[..length], self.trust)?;
                    self.bytes.drain(..length);
                    *searched = 0;
                    match head.framing {
                        Framing::Length(0) => Arrived { head, body: Vec::new() },
                        Framing::Length(length) => {
                            self.bytes.reserve_exact(length.saturating_sub(self.bytes.len()));
                            self.stage = Stage::Length { head, length };
                            continue;
                        }
                        Framing::Chunked => {
                            self.stage = Stage::Chunked { head, chunks: Chunks::new() };
                            continue;
                        }
                    }
                }
                Stage::Length { length, .. } if self.bytes.len() < *length => return Ok(None),
                Stage::Length { length, .. } => {
                    let rest = self.bytes.split_off(*length);
                    let body = std::mem::replace(&mut self.bytes, rest);
                    Arrived { head: self.take_head(), body }
                }
                Stage::Chunked { chunks, .. } => {
                    let Some(body) = chunks.take(&mut self.bytes)? else { return Ok(None) };
                    Arrived { head: self.take_head(), body }
                }
            };
            if self.bytes.is_empty() && self.bytes.capacity() > KEPT {
                self.bytes = Vec::new();
            }
            return Ok(Some(arrived));
        }
    }

    fn take_head(&mut self) -> Head {
        match std::mem::replace(&mut self.stage, Stage::Head { searched: 0 }) {
            Stage::Length { head, .. } | Stage::Chunked { head, .. } => head,
            Stage::Head { .. } => unreachable!("only a stage with a head is left this way"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::door::refusal::BODY_TOO_LARGE;

    const REQUESTS: &str = "\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello\
        POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /d HTTP/1.1\r\nHost: x\r\n\r\n";

    fn read(pieces: &[&[u8]]) -> Vec<(String, Vec<u8>)> {
        let mut reader = Reader::new(Trust::Stranger);
        let mut found = Vec::new();
        for piece in pieces {
            reader.push(piece);
            while let Some(Arrived { head, body }) = reader.take().unwrap() {
                found.push((String::from_utf8_lossy(&head.line).split(' ').nth(1).unwrap().to_owned(), body));
            }
        }
        found
    }

    #[test]
    fn pipelined_requests_are_read_in_order_however_they_arrive() {
        let expected =
            [("/a", ""), ("/b", "hello"), ("/c", "abc"), ("/d", "")].map(|(path, body)| (path.to_owned(), body.as_bytes().to_vec()));
        assert_eq!(read(&[REQUESTS.as_bytes()]), expected);
        assert_eq!(read(&REQUESTS.as_bytes().chunks(1).collect::<Vec<_>>()), expected);
        assert_eq!(read(&REQUESTS.as_bytes().chunks(7).collect::<Vec<_>>()), expected);
    }

    #[test]
    fn empty_lines_before_a_request_are_ignored_however_they_arrive() {
        let text = b"\r\n\r\nGET /late HTTP/1.1\r\nHost: x\r\n\r\n";
        assert_eq!(read(&text.chunks(1).collect::<Vec<_>>()), [("/late".to_owned(), Vec::new())]);
    }

    #[test]
    fn a_body_over_the_limit_is_refused_before_it_is_read() {
        for framing in ["Content-Length: 1048577\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n100001\r\n"] {
            let mut reader = Reader::new(Trust::Stranger);
            reader.push(format!("POST / HTTP/1.1\r\nHost: x\r\n{framing}").as_bytes());
            assert_eq!(reader.take(), Err(BODY_TOO_LARGE), "{framing}");
        }
    }

    #[test]
    fn whoever_waits_before_sending_its_body_is_told_once_to_go_on() {
        let mut reader = Reader::new(Trust::Stranger);
        reader.push(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
        assert_eq!(reader.take(), Ok(None));
        assert_eq!((reader.awaits(), reader.must_continue(), reader.must_continue()), (Awaited::Body, true, false));
    }

    /// What a connection said, up to its first refusal.
    fn said<'b>(pieces: impl Iterator<Item = &'b [u8]>) -> (Vec<Arrived>, Option<u16>) {
        let (mut reader, mut arrived) = (Reader::new(Trust::Stranger), Vec::new());
        for piece in pieces {
            reader.push(piece);
            loop {
                match reader.take() {
                    Ok(None) => break,
                    Ok(Some(request)) => arrived.push(request),
                    Err(refusal) => return (arrived, Some(refusal.status)),
                }
            }
        }
        (arrived, None)
    }

    const PARTS: &[&str] = &[
        "GET / HTTP/1.1\r\n",
        "POST /a HTTP/1.0\r\n",
        "Host: x\r\n",
        "Content-Length: 5\r\n",
        "Content-Length: 2000000\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Expect: 100-continue\r\n",
        "\r\n",
        "\n",
        "hello",
        "5\r\nhello\r\n",
        "0\r\n\r\n",
        " ",
        "\0",
    ];

    proptest::proptest! {
        #[test]
        fn it_never_matters_how_bytes_arrive(parts in proptest::collection::vec(proptest::sample::select(PARTS), 0..14), size in 1_usize..40) {
            let bytes = parts.concat().into_bytes();
            proptest::prop_assert_eq!(said(std::iter::once(&bytes[..])), said(bytes.chunks(size)));
        }
    }
}
