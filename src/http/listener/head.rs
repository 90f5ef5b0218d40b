//! Parses the head of a request with httparse, and checks what must hold (RFC 9110, RFC 9112).

use httparse::{EMPTY_HEADER, Error, Header};

use crate::http::listener::limits::{LARGEST_BODY, LARGEST_HEAD, MOST_HEADERS};
use crate::http::listener::rejection::{BODY_TOO_LARGE, Rejection};
use crate::http::listener::sending::KeepAlive;
use crate::http::request::Method;

/// A well-formed head.
#[derive(Debug, PartialEq, Eq)]
pub struct Head {
    pub method: Method,
    /// `/path?query`.
    pub target: String,
    /// Those that are passed on, with their names in lower case.
    pub headers: Vec<(String, String)>,
    pub framing: Framing,
    /// The peer wants to send another request on this connection.
    pub keep_alive: KeepAlive,
    /// The peer waits for `100 Continue` before it sends its body.
    pub expects_continue: bool,
    /// The values of `X-Forwarded-For`, joined.
    pub forwarded_for: Option<String>,
}

impl Head {
    /// Returns how many bytes of memory it takes.
    pub fn held(&self) -> usize {
        let headers: usize =
            self.headers.iter().map(|(name, value)| size_of::<(String, String)>() + name.capacity() + value.capacity()).sum();
        self.target.capacity() + headers + self.forwarded_for.as_ref().map_or(0, String::capacity)
    }
}

/// How a body is delimited (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    Length(usize),
    Chunked,
}

/// Returns the length of the head with the empty line that ends it; `searched` bytes were searched before.
pub fn end(bytes: &[u8], searched: usize) -> Result<Option<usize>, Rejection> {
    let mut from = searched;
    while let Some(at) = bytes[from..].iter().position(|b| *b == b'\n').map(|found| from + found) {
        if at == 0 || bytes[at - 1] != b'\r' {
            return Err(Rejection::bad_request("a line of the head ends without a carriage return"));
        }
        if bytes[..=at].ends_with(b"\r\n\r\n") {
            return if at < LARGEST_HEAD { Ok(Some(at + 1)) } else { Err(too_large(bytes)) };
        }
        from = at + 1;
    }
    if bytes.len() > LARGEST_HEAD { Err(too_large(bytes)) } else { Ok(None) }
}

/// Says what most of a head is that is too large.
fn too_large(bytes: &[u8]) -> Rejection {
    const ADDRESS: &str = "the head of the request is larger than 16 KiB, and most of that is its address: send less in the query";
    const HEADERS: &str =
        "the head of the request is larger than 16 KiB, and most of that are its headers: send fewer or shorter ones, such as cookies";
    let first_line = bytes.iter().position(|b| *b == b'\n').unwrap_or(bytes.len());
    Rejection { status: 431, why: if first_line > LARGEST_HEAD / 2 { ADDRESS } else { HEADERS } }
}

/// Parses a head that [`end`] found. Headers about forwarding are kept only from a trusted proxy.
pub fn read(bytes: &[u8], is_trusted: Trust) -> Result<Head, Rejection> {
    if let Some(odd) = bytes.iter().find(|b| !matches!(b, b' '..=b'~' | b'\t' | b'\r' | b'\n')) {
        let why = if *odd < 0x80 { "the head holds a control character" } else { "the head holds a byte that is not ASCII" };
        return Err(Rejection::bad_request(why));
    }
    let mut headers = [EMPTY_HEADER; MOST_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(httparse::Status::Complete(length)) if length == bytes.len() => {}
        Ok(_) => return Err(Rejection::bad_request("the head is not that of an HTTP request")),
        Err(error) => return Err(malformed(error, bytes)),
    }
    let (Some(method), Some(target), Some(version)) = (request.method, request.path, request.version) else {
        return Err(Rejection::bad_request("the first line is not that of an HTTP request"));
    };
    let target = origin_form(method, target)?;
    let facts = MessageHeaders::gather(request.headers)?;
    let framing = facts.framing(version)?;
    facts.check_host(version)?;
    let passed_on = request.headers.iter().filter(|header| is_handed_on(header.name, is_trusted));
    Ok(Head {
        method: Method::parse(method),
        target: target.to_owned(),
        headers: passed_on.map(|header| (header.name.to_ascii_lowercase(), value_of(header).to_owned())).collect(),
        framing,
        keep_alive: facts.keep_alive(version),
        expects_continue: facts.expects_continue && version == 1,
        forwarded_for: facts.forwarded_for,
    })
}

/// Returns a value without the blanks around it. All of the head is ASCII.
fn value_of<'h>(header: &Header<'h>) -> &'h str {
    std::str::from_utf8(header.value).unwrap_or_default().trim()
}

/// Whether the peer is one of the trusted proxies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    Proxy,
    Untrusted,
}

fn malformed(error: Error, bytes: &[u8]) -> Rejection {
    const VERSION: Rejection = Rejection { status: 505, why: "only HTTP/1.0 and HTTP/1.1 are spoken here" };
    match error {
        Error::TooManyHeaders => Rejection { status: 431, why: "the request has more than 100 headers" },
        Error::Version if names_another_version(bytes) => VERSION,
        Error::Version | Error::Token | Error::Status => Rejection::bad_request("the first line is not that of an HTTP request"),
        Error::HeaderName => Rejection::bad_request("a header line has no name, a space before its colon, or continues the line before"),
        Error::HeaderValue => Rejection::bad_request("the value of a header holds what no header may hold"),
        Error::NewLine => Rejection::bad_request("the lines of the head do not end as they must"),
    }
}

/// Returns whether a first line names another version of HTTP, rather than being malformed, as with a space in the target.
fn names_another_version(bytes: &[u8]) -> bool {
    let line = bytes.split(|b| *b == b'\r').next().unwrap_or_default();
    let mut words = line.split(|b| *b == b' ');
    let version = words.nth(2).unwrap_or_default();
    words.next().is_none()
        && matches!(version, [b'H', b'T', b'T', b'P', b'/', major, b'.', minor] if major.is_ascii_digit() && minor.is_ascii_digit())
}

/// Returns the target as a path; the absolute form loses its authority (RFC 9112 section 3.2).
fn origin_form<'t>(method: &str, target: &'t str) -> Result<&'t str, Rejection> {
    if target.starts_with('/') || (target == "*" && method == "OPTIONS") {
        return Ok(target);
    }
    let scheme = ["http://", "https://"]
        .into_iter()
        .find(|scheme| target.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    match scheme.map(|scheme| &target[scheme.len()..]) {
        Some(rest) if method != "CONNECT" => match rest.find(['/', '?']) {
            Some(at) if rest[at..].starts_with('/') => Ok(&rest[at..]),
            None => Ok("/"),
            Some(_) => Err(Rejection::bad_request("the target of the request has a query but no path")),
        },
        _ => Err(Rejection::bad_request("the target of the request must be a path that begins with a slash")),
    }
}

/// What the headers say about the message itself.
#[derive(Default)]
struct MessageHeaders {
    hosts: usize,
    length: Option<usize>,
    is_chunked: bool,
    wants_close: bool,
    wants_keep_alive: bool,
    expects_continue: bool,
    forwarded_for: Option<String>,
}

impl MessageHeaders {
    fn gather(headers: &[Header<'_>]) -> Result<MessageHeaders, Rejection> {
        let mut facts = MessageHeaders::default();
        for header in headers {
            let value = || value_of(header);
            let is = |name: &str| header.name.eq_ignore_ascii_case(name);
            match header.name.len() {
                4 if is("Host") => facts.hosts += 1,
                6 if is("Expect") => facts.expect(value())?,
                10 if is("Connection") => facts.connection(value()),
                14 if is("Content-Length") => facts.content_length(value())?,
                15 if is("X-Forwarded-For") => {
                    let joined = facts.forwarded_for.take().map_or_else(|| value().to_owned(), |before| before + "," + value());
                    facts.forwarded_for = Some(joined);
                }
                17 if is("Transfer-Encoding") => facts.transfer_encoding(value())?,
                _ => {}
            }
        }
        Ok(facts)
    }

    fn expect(&mut self, value: &str) -> Result<(), Rejection> {
        if !value.eq_ignore_ascii_case("100-continue") {
            return Err(Rejection { status: 417, why: "only `100-continue` can be expected" });
        }
        self.expects_continue = true;
        Ok(())
    }

    fn connection(&mut self, value: &str) {
        for option in value.split(',').map(str::trim) {
            self.wants_close |= option.eq_ignore_ascii_case("close");
            self.wants_keep_alive |= option.eq_ignore_ascii_case("keep-alive");
        }
    }

    fn content_length(&mut self, value: &str) -> Result<(), Rejection> {
        let before = self.length.replace(content_length(value)?);
        before.map_or(Ok(()), |_| Err(Rejection::bad_request("the request has more than one Content-Length")))
    }

    fn transfer_encoding(&mut self, value: &str) -> Result<(), Rejection> {
        if self.is_chunked {
            return Err(Rejection::bad_request("the request has more than one Transfer-Encoding"));
        }
        if !value.eq_ignore_ascii_case("chunked") {
            return Err(Rejection { status: 501, why: "the only Transfer-Encoding that is understood is `chunked`" });
        }
        self.is_chunked = true;
        Ok(())
    }

    fn framing(&self, version: u8) -> Result<Framing, Rejection> {
        match (self.is_chunked, self.length) {
            (true, Some(_)) => Err(Rejection::bad_request("the request has both Content-Length and Transfer-Encoding")),
            (true, None) if version == 0 => Err(Rejection::bad_request("HTTP/1.0 has no Transfer-Encoding")),
            (true, None) => Ok(Framing::Chunked),
            (false, Some(length)) if length > LARGEST_BODY => Err(BODY_TOO_LARGE),
            (false, length) => Ok(Framing::Length(length.unwrap_or(0))),
        }
    }

    /// Checks that there is exactly one host (RFC 9112 section 3.2); only HTTP/1.0 may leave it out.
    fn check_host(&self, version: u8) -> Result<(), Rejection> {
        match self.hosts {
            1 => Ok(()),
            0 if version == 0 => Ok(()),
            0 => Err(Rejection::bad_request("the request has no Host")),
            _ => Err(Rejection::bad_request("the request has more than one Host")),
        }
    }

    fn keep_alive(&self, version: u8) -> KeepAlive {
        match version {
            _ if self.wants_close => KeepAlive::No,
            1 => KeepAlive::Yes,
            _ if self.wants_keep_alive => KeepAlive::Announced,
            _ => KeepAlive::No,
        }
    }
}

fn content_length(value: &str) -> Result<usize, Rejection> {
    if value.is_empty() || !value.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Rejection::bad_request("the Content-Length is not a number"));
    }
    // A number too large to fit is still a number.
    Ok(value.parse().unwrap_or(usize::MAX))
}

/// Returns whether a header is passed on: not if it concerns only this connection or the listener, or says on whose behalf an untrusted
/// peer asks.
fn is_handed_on(name: &str, trust: Trust) -> bool {
    let starts = |prefix: &str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    let is_one_of = |names: &[&str]| names.iter().any(|other| name.eq_ignore_ascii_case(other));
    match name.as_bytes().first().map(u8::to_ascii_lowercase) {
        Some(b'c') => !is_one_of(&["Connection", "Content-Length"]),
        Some(b't') => !is_one_of(&["TE", "Trailer", "Transfer-Encoding"]),
        Some(b'e' | b'k' | b'p' | b'u') => !is_one_of(&["Expect", "Keep-Alive", "Proxy-Connection", "Upgrade"]),
        Some(b'x' | b'f') if starts("X-Forwarded-") || is_one_of(&["Forwarded", "X-Real-IP"]) => trust == Trust::Proxy,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Head, Rejection> {
        let length = end(text.as_bytes(), 0)?.expect("the head ends");
        read(&text.as_bytes()[..length], Trust::Untrusted)
    }

    fn headers(head: &Head) -> Vec<(&str, &str)> {
        head.headers.iter().map(|(name, value)| (&**name, &**value)).collect()
    }

    fn status(text: &str) -> u16 {
        read_text(text).map_or_else(|rejection| rejection.status, |_| 200)
    }

    #[test]
    fn a_head_is_handed_on_in_one_form() {
        let head = read_text("PUT http://example.com/a?b=c HTTP/1.0\r\nHost: x\r\nACCEPT:  a,\tb \r\nContent-Length: 5\r\nConnection: TE, Keep-Alive\r\nTE: chunked\r\nX-Forwarded-For: 192.0.2.1\r\nForwarded: for=x\r\n\r\n").unwrap();
        assert_eq!((head.method, head.target.as_str()), (Method::Put, "/a?b=c"));
        assert_eq!(headers(&head), [("host", "x"), ("accept", "a,\tb")]);
        assert_eq!((head.framing, head.keep_alive), (Framing::Length(5), KeepAlive::Announced));
    }

    #[test]
    fn a_trusted_proxy_is_heard() {
        let text = b"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2\r\n\r\n";
        let head = read(text, Trust::Proxy).unwrap();
        assert_eq!(head.forwarded_for.as_deref(), Some("1.1.1.1,2.2.2.2"));
        assert_eq!(headers(&head), [("host", "x"), ("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "2.2.2.2")]);
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for headers in [
            "Host: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked",
            "Host: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 1",
            "Host: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "Host: x\r\nContent-Length: 1\r\nContent-Length: 1",
            "Host: x\r\nContent-Length: 5, 5",
            "Host: x\r\nContent-Length: +5",
            "Host: x\r\nContent-Length: -1",
            "Host: x\r\nContent-Length: 0x5",
            "Host: x\r\nContent-Length: abc",
            "Host: x\r\nContent-Length:",
            "Host : x",
            "Host: x\r\nA : b",
            "Host: x\r\n folded",
            "Host: x\r\nA: b\r\n\tfolded",
            "Host: x\r\nA: b\nB: c",
            "Host: x\r\nA: b\rB: c",
            "Host: x\r\nA: \0",
            "Host: x\r\nA: \u{7f}",
            "Host: x\r\nA: ä",
            "Host: x\r\n: b",
            "Host: x\r\nno colon",
            "Host: x\r\nHost: x",
            "A: b",
        ] {
            assert_eq!(status(&format!("POST / HTTP/1.1\r\n{headers}\r\n\r\n")), 400, "{headers:?}");
        }
        assert_eq!(status("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
    }

    #[test]
    fn a_first_line_that_is_not_one_is_refused() {
        for line in [
            "GET /",
            "GET / HTTP/1.1 x",
            "GET /a b HTTP/1.1",
            "GET  / HTTP/1.1",
            "GET / HTTP/1.x",
            "GET / FTP/1.0",
            "GET x HTTP/1.1",
            "GET * HTTP/1.1",
            "CONNECT a:1 HTTP/1.1",
            "GET /\0 HTTP/1.1",
            "GET /ä HTTP/1.1",
            "GET /\u{1b} HTTP/1.1",
            "GET\t/ HTTP/1.1",
            "G@T / HTTP/1.1",
            "GET http://x?y HTTP/1.1",
            " GET / HTTP/1.1",
        ] {
            assert_eq!(status(&format!("{line}\r\nHost: x\r\n\r\n")), 400, "{line:?}");
        }
    }

    #[test]
    fn another_version_of_http_is_told_so() {
        for line in ["GET / HTTP/2.0", "PRI * HTTP/2.0", "GET / HTTP/1.2", "GET / HTTP/0.9", "GET / HTTP/3.0"] {
            assert_eq!(status(&format!("{line}\r\nHost: x\r\n\r\n")), 505, "{line}");
        }
    }

    #[test]
    fn what_is_not_understood_is_told_apart() {
        assert_eq!(status("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"), 501);
        assert_eq!(status("POST / HTTP/1.1\r\nHost: x\r\nExpect: something\r\n\r\n"), 417);
        assert_eq!(status("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
        assert_eq!(status("GET / HTTP/1.0\r\n\r\n"), 200);
    }

    #[test]
    fn heads_have_a_size_and_a_number_of_headers() {
        let with = |count: usize| format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "A: b\r\n".repeat(count - 1));
        assert_eq!((status(&with(100)), status(&with(101))), (200, 431));
        let long = |length: usize| format!("GET / HTTP/1.1\r\nHost: x\r\nA: {}\r\n\r\n", "x".repeat(length - 32));
        assert_eq!((long(LARGEST_HEAD).len(), status(&long(LARGEST_HEAD)), status(&long(LARGEST_HEAD + 1))), (LARGEST_HEAD, 200, 431));
        assert_eq!(end(&vec![b'x'; LARGEST_HEAD], 0), Ok(None));
        assert_eq!(end(&vec![b'x'; LARGEST_HEAD + 1], 0).map_err(|rejection| rejection.status), Err(431));
    }

    #[test]
    fn a_length_that_is_too_large_is_known_from_the_head() {
        for length in ["1048577", "60000000000", "18446744073709551616", "99999999999999999999999999"] {
            let head = read_text(&format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"));
            assert_eq!(head, Err(BODY_TOO_LARGE), "{length}");
        }
    }
}
