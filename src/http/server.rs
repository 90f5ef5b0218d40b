//! The public socket: tiny_http, and the workers that take its requests.

use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use socket2::{Domain, Socket, Type};
use tiny_http::{Header, Response};

use crate::base::time::Clock;
use crate::base::{log, ulid};
use crate::http::reply::Reply;
use crate::http::request::{Body, Method, Request};

/// The largest body that is taken, in bytes.
const LARGEST_BODY: usize = 1024 * 1024;

/// How many connections may wait to be accepted.
const BACKLOG: i32 = 1024;

/// How long a worker rests when the socket fails, so that it does not fail a million times a second.
const AFTER_A_FAILURE: Duration = Duration::from_millis(50);

/// What turns a request into a reply.
pub type Answer<'a> = &'a (dyn Fn(&Request) -> Reply + Sync);

pub struct Server {
    listener: tiny_http::Server,
    address: SocketAddr,
    stopping: AtomicBool,
    workers: AtomicUsize,
}

impl Server {
    /// Listens on `host:port`; port 0 picks a free one.
    pub fn bind(address: &str) -> io::Result<Server> {
        let address = address.to_socket_addrs()?.next().ok_or_else(|| io::Error::other("the host has no address"))?;
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        // Accepted connections inherit it. Without it every reply of more than a packet waits 40 ms for the peer.
        socket.set_tcp_nodelay(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        let listener: TcpListener = socket.into();
        let address = listener.local_addr()?;
        let listener = tiny_http::Server::from_listener(listener, None).map_err(io::Error::other)?;
        Ok(Server { listener, address, stopping: AtomicBool::new(false), workers: AtomicUsize::new(0) })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers requests on so many threads until [`Server::stop`].
    pub fn run(&self, workers: usize, answer: Answer<'_>) {
        self.workers.store(workers, Ordering::SeqCst);
        std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| self.work(answer));
            }
        });
    }

    /// Every worker finishes what it is doing and returns.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Each call wakes one worker.
        for _ in 0..self.workers.load(Ordering::SeqCst) {
            self.listener.unblock();
        }
    }

    fn work(&self, answer: Answer<'_>) {
        loop {
            match self.listener.recv() {
                Ok(request) => serve(request, answer),
                Err(_) if self.stopping.load(Ordering::SeqCst) => return,
                Err(error) => {
                    log::error("the socket failed", &[("cause", error.to_string().into())]);
                    std::thread::sleep(AFTER_A_FAILURE);
                }
            }
        }
    }
}

/// Reads one request whole, has it answered, and sends the reply. Nothing in here ends a worker.
fn serve(mut incoming: tiny_http::Request, answer: Answer<'_>) {
    let body = match read_body(&mut incoming) {
        Ok(body) => body,
        // The client went away in the middle of its request: there is nobody to answer.
        Err(_) => return,
    };
    let request = described(&incoming, body);
    let reply = catch_unwind(AssertUnwindSafe(|| answer(&request))).unwrap_or_else(|_| Reply::empty(500));
    let headers = reply.headers.iter().filter_map(|(name, value)| safe_header(name, value)).collect();
    let length = reply.body.len();
    let response = Response::new(reply.status.into(), headers, io::Cursor::new(reply.body), Some(length), None);
    // Always with Content-Length. A client that is gone does not want its reply.
    let _ = incoming.respond(response.with_chunked_threshold(usize::MAX));
}

fn read_body(incoming: &mut tiny_http::Request) -> io::Result<Body> {
    if incoming.body_length().is_some_and(|length| length > LARGEST_BODY) {
        return Ok(Body::TooLarge);
    }
    let mut bytes = Vec::new();
    incoming.as_reader().take(LARGEST_BODY as u64 + 1).read_to_end(&mut bytes)?;
    Ok(if bytes.len() > LARGEST_BODY { Body::TooLarge } else { Body::Whole(bytes) })
}

fn described(incoming: &tiny_http::Request, body: Body) -> Request {
    let headers: Vec<(String, String)> = incoming
        .headers()
        .iter()
        .map(|header| (header.field.as_str().as_str().to_ascii_lowercase(), header.value.as_str().to_owned()))
        .collect();
    let named = headers.iter().find(|(name, _)| name == "x-request-id").map(|(_, id)| id.clone()).filter(|id| is_request_id(id));
    Request {
        method: Method::parse(incoming.method().as_str()),
        target: incoming.url().to_owned(),
        headers,
        body,
        id: named.unwrap_or_else(|| ulid::fresh(Clock::System.now())),
        peer: incoming.remote_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), SocketAddr::ip),
    }
}

/// What a caller may call a request: nothing that could forge a line or a header.
fn is_request_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

/// tiny_http writes what it is given: a value that could end its line is left out here.
fn safe_header(name: &str, value: &str) -> Option<Header> {
    let safe = value.bytes().all(|b| (b' '..=b'~').contains(&b));
    let header = safe.then(|| Header::from_bytes(name, value).ok()).flatten();
    if header.is_none() {
        log::error("a header could not be sent", &[("header", name.into())]);
    }
    header
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Server({})", self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_that_could_end_its_line_is_not_sent() {
        assert!(safe_header("X-Warning", "all is well: 100%").is_some());
        for value in ["a\r\nSet-Cookie: x", "a\nb", "a\0b", "ä"] {
            assert!(safe_header("X-Warning", value).is_none(), "{value:?}");
        }
    }

    #[test]
    fn a_request_id_is_short_and_plain() {
        assert!(is_request_id("01ARYZ6S41TSV4RRFFQ69G5FAV"));
        for id in ["", "a b", "a\r\nb", &"x".repeat(65)] {
            assert!(!is_request_id(id), "{id:?}");
        }
    }
}
