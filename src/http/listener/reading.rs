//! Reads requests from the bytes of one connection, one at a time, however the bytes arrive. Knows no socket.

use crate::http::listener::chunks::Chunks;
use crate::http::listener::head::{self, Framing, Head, Trust};
use crate::http::listener::limits::MOST_EMPTY_LINES;
use crate::http::listener::rejection::Rejection;

/// The most capacity, in bytes, that an unused buffer keeps.
const KEPT: usize = 2048;

const EMPTY_LINES: Rejection = Rejection::bad_request("there are more than 4 empty lines before the request");

/// What a connection has sent that is not part of a complete request.
#[derive(Debug)]
pub struct Reader {
    bytes: Vec<u8>,
    /// How many of the bytes were read. They are removed together, when more bytes come or none are left.
    taken: usize,
    stage: Stage,
    trust: Trust,
}

#[derive(Debug)]
enum Stage {
    /// `searched` bytes were searched and hold no end of a head.
    Head {
        searched: usize,
        empty_lines: usize,
    },
    /// The body is the first `length` bytes, which are not all there.
    Length {
        head: Head,
        length: usize,
    },
    Chunked {
        head: Head,
        chunks: Chunks,
    },
}

const NEXT_HEAD: Stage = Stage::Head { searched: 0, empty_lines: 0 };

/// A complete request.
#[derive(Debug, PartialEq, Eq)]
pub struct Arrived {
    pub head: Head,
    pub body: Vec<u8>,
}

impl Arrived {
    /// Returns how many bytes of memory it takes.
    pub fn held(&self) -> usize {
        self.head.held() + self.body.capacity()
    }
}

/// How much of the next request has arrived.
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
        Reader { bytes: Vec::new(), taken: 0, stage: NEXT_HEAD, trust }
    }

    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.taken);
        self.taken = 0;
        if let Stage::Length { length, .. } = &self.stage {
            // Memory grows with what has arrived, not with what was announced, and not beyond it.
            let wanted = self.bytes.len() + bytes.len();
            if wanted > self.bytes.capacity() {
                let roomy = (2 * self.bytes.capacity()).min(*length);
                self.bytes.reserve_exact(wanted.max(roomy) - self.bytes.len());
            }
        }
        self.bytes.extend_from_slice(bytes);
    }

    pub fn awaits(&self) -> Awaited {
        match self.stage {
            Stage::Head { .. } if self.taken == self.bytes.len() => Awaited::Request,
            Stage::Head { .. } => Awaited::Head,
            Stage::Length { .. } | Stage::Chunked { .. } => Awaited::Body,
        }
    }

    /// Returns for whom a proxy forwards the request whose body is arriving.
    pub fn forwarded_for(&self) -> Option<&str> {
        match &self.stage {
            Stage::Length { head, .. } | Stage::Chunked { head, .. } => head.forwarded_for.as_deref(),
            Stage::Head { .. } => None,
        }
    }

    /// Returns how many bytes of memory an unfinished request takes; 0 if there is none.
    pub fn held(&self) -> usize {
        match &self.stage {
            Stage::Head { .. } if self.awaits() == Awaited::Request => 0,
            Stage::Head { .. } => self.bytes.capacity(),
            Stage::Length { head, .. } => head.held() + self.bytes.capacity(),
            Stage::Chunked { head, chunks } => head.held() + self.bytes.capacity() + chunks.held(),
        }
    }

    /// Returns whether the peer waits for `100 Continue`; true once for each request.
    pub fn must_continue(&mut self) -> bool {
        let is_nothing_there = self.taken == self.bytes.len();
        match &mut self.stage {
            Stage::Length { head, .. } | Stage::Chunked { head, .. } => std::mem::take(&mut head.expects_continue) && is_nothing_there,
            Stage::Head { .. } => false,
        }
    }

    /// Returns the next request, if all of it has arrived.
    pub fn take(&mut self) -> Result<Option<Arrived>, Rejection> {
        let arrived = self.read_on()?;
        if self.taken == self.bytes.len() {
            self.bytes.clear();
            self.taken = 0;
            if self.bytes.capacity() > KEPT {
                self.bytes = Vec::new();
            }
        }
        Ok(arrived)
    }

    fn read_on(&mut self) -> Result<Option<Arrived>, Rejection> {
        if let Stage::Head { .. } = self.stage {
            let Some(head) = self.read_head()? else { return Ok(None) };
            let here = &self.bytes[self.taken..];
            match head.framing {
                Framing::Length(length) if length <= here.len() => {
                    let body = here[..length].to_vec();
                    self.taken += length;
                    self.stage = NEXT_HEAD;
                    return Ok(Some(Arrived { head, body }));
                }
                Framing::Length(length) => self.stage = Stage::Length { head, length },
                Framing::Chunked => self.stage = Stage::Chunked { head, chunks: Chunks::new() },
            }
        }
        let body = match &mut self.stage {
            Stage::Length { length, .. } if self.taken == 0 && self.bytes.len() >= *length => {
                let rest = self.bytes.split_off(*length);
                std::mem::replace(&mut self.bytes, rest)
            }
            Stage::Chunked { chunks, .. } => {
                let (taken, body) = chunks.take(&self.bytes[self.taken..])?;
                self.taken += taken;
                let Some(body) = body else { return Ok(None) };
                body
            }
            Stage::Head { .. } | Stage::Length { .. } => return Ok(None),
        };
        Ok(self.take_head().map(|head| Arrived { head, body }))
    }

    fn read_head(&mut self) -> Result<Option<Head>, Rejection> {
        let Stage::Head { searched, empty_lines } = &mut self.stage else { return Ok(None) };
        // RFC 9112 section 2.2: an empty line before a request is ignored.
        while self.bytes[self.taken..].starts_with(b"\r\n") {
            self.taken += 2;
            *searched = 0;
            *empty_lines += 1;
            if *empty_lines > MOST_EMPTY_LINES {
                return Err(EMPTY_LINES);
            }
        }
        let here = &self.bytes[self.taken..];
        let Some(length) = head::end(here, *searched)? else {
            *searched = here.len();
            return Ok(None);
        };
        let head = head::read(&here[..length], self.trust)?;
        self.taken += length;
        Ok(Some(head))
    }

    fn take_head(&mut self) -> Option<Head> {
        match std::mem::replace(&mut self.stage, NEXT_HEAD) {
            Stage::Length { head, .. } | Stage::Chunked { head, .. } => Some(head),
            Stage::Head { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::listener::rejection::BODY_TOO_LARGE;

    const REQUESTS: &str = "\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello\
        POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /d HTTP/1.1\r\nHost: x\r\n\r\n";

    fn read(pieces: &[&[u8]]) -> Vec<(String, Vec<u8>)> {
        let mut reader = Reader::new(Trust::Untrusted);
        let mut found = Vec::new();
        for piece in pieces {
            reader.push(piece);
            while let Some(Arrived { head, body }) = reader.take().unwrap() {
                found.push((head.target, body));
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
    fn more_than_a_few_empty_lines_are_refused_however_they_arrive() {
        for size in [1, 2, 3, 64 * 1024] {
            let mut reader = Reader::new(Trust::Untrusted);
            let refused = "\r\n".repeat(32 * 1024).as_bytes().chunks(size).find_map(|piece| {
                reader.push(piece);
                reader.take().err()
            });
            assert_eq!(refused, Some(EMPTY_LINES), "in pieces of {size}");
        }
        // Each request may have as many before it.
        let text = "\r\n\r\n\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n".repeat(3);
        assert_eq!(read(&[text.as_bytes()]).len(), 3);
    }

    #[test]
    fn a_body_over_the_limit_is_refused_before_it_is_read() {
        for framing in ["Content-Length: 1048577\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n100001\r\n"] {
            let mut reader = Reader::new(Trust::Untrusted);
            reader.push(format!("POST / HTTP/1.1\r\nHost: x\r\n{framing}").as_bytes());
            assert_eq!(reader.take(), Err(BODY_TOO_LARGE), "{framing}");
        }
    }

    #[test]
    fn a_peer_that_waits_before_sending_its_body_is_told_once_to_go_on() {
        let mut reader = Reader::new(Trust::Untrusted);
        reader.push(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
        assert_eq!(reader.take(), Ok(None));
        assert_eq!((reader.awaits(), reader.must_continue(), reader.must_continue()), (Awaited::Body, true, false));
    }

    /// What a connection said, up to its first rejection.
    fn said<'b>(pieces: impl Iterator<Item = &'b [u8]>) -> (Vec<Arrived>, Option<u16>) {
        let (mut reader, mut arrived, mut sent) = (Reader::new(Trust::Untrusted), Vec::new(), 0);
        for piece in pieces {
            reader.push(piece);
            sent += piece.len();
            loop {
                match reader.take() {
                    Ok(None) => {
                        assert!(reader.held() <= 4 * sent + KEPT, "memory follows what has arrived, not what was announced");
                        break;
                    }
                    Ok(Some(request)) => arrived.push(request),
                    Err(rejection) => return (arrived, Some(rejection.status)),
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
