//! The server: the listener in front, tiny_http behind it, and the workers that answer.

use std::io;
use std::net::{Shutdown, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{Builder, Scope};
use std::time::{Duration, Instant};

use crate::base::log;
use crate::base::mutex::locked;
use crate::http::listener::counts::ListenerCounts;
use crate::http::listener::event_loop::EventLoop;
use crate::http::listener::limits::Limits;
use crate::http::listener::pending::PendingRequests;
use crate::http::listener::public_socket::{ListeningSocket, Protocol, PublicSocket};
use crate::http::listener::upstream::{self, SocketFile};
use crate::http::queue;
use crate::http::reply::{Delivery, Reply};
use crate::http::request::Request;
use crate::http::semaphore::{Permit, Semaphore, Successor};

/// How long a worker waits when tiny_http fails, to avoid a busy loop.
const AFTER_A_FAILURE: Duration = Duration::from_millis(50);

/// How long a thread that is not needed is kept.
const LONGEST_IDLE: Duration = Duration::from_secs(5);

/// A timeout of a socket must not be zero.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

pub type RequestHandler<'a> = &'a (dyn Fn(Request, &RequestWait<'_>) -> Reply + Sync);

/// For a handler that waits while it answers.
pub struct RequestWait<'w> {
    /// To be called before it waits for something slow: lets another request be worked on.
    pub before_blocking: &'w dyn Fn(),
    /// To be asked before a long wait that is no work, and before a reply is sent slowly. Returns false if as many as may do so already.
    pub may_hold: &'w dyn Fn() -> bool,
    /// Returns whether nobody waits for the answer any more: the peer is gone, or the server stops.
    pub is_abandoned: &'w dyn Fn() -> bool,
}

/// How many requests may at one time wait for what only another request brings, or be answered slowly: the other threads are left for those.
pub const MOST_HELD: usize = 48;

/// How many threads there are beyond the permits: this many can wait for the disk and join one commit, and as many again as the queue for
/// slow work admits.
const RESERVE: usize = 60 + queue::MOST_SLOW;

pub struct Server {
    address: Option<SocketAddr>,
    /// Taken by the one call of [`Server::run`].
    event_loop: Mutex<Option<EventLoop>>,
    pending: Arc<PendingRequests>,
    counts: Arc<ListenerCounts>,
    backend: tiny_http::Server,
    private_socket: socket2::Socket,
    private_socket_file: SocketFile,
    workers_may_end: AtomicBool,
}

impl Server {
    /// Listens on `host:port`; port 0 picks a free one.
    pub fn bind(address: &str, limits: Limits) -> io::Result<Server> {
        Server::new(vec![PublicSocket { socket: ListeningSocket::tcp(address)?, protocol: Protocol::Http }], limits, None)
    }

    /// Takes over sockets that are open. Connections wait until [`Server::run`]. In `fallback` is the directory of the private socket where
    /// there is no other place for it.
    pub fn new(sockets: Vec<PublicSocket>, limits: Limits, fallback: Option<&Path>) -> io::Result<Server> {
        let address = sockets.iter().find_map(|socket| socket.socket.address());
        let backend = upstream::open(fallback)?;
        let private_socket_file = backend.socket_file.try_clone()?;
        let event_loop = EventLoop::new(sockets, backend.connections, backend.socket_file, limits)?;
        Ok(Server {
            address,
            pending: event_loop.pending(),
            counts: event_loop.counts(),
            event_loop: Mutex::new(Some(event_loop)),
            backend: backend.server,
            private_socket: backend.socket,
            private_socket_file,
            workers_may_end: AtomicBool::new(false),
        })
    }

    /// Returns the first address over TCP; `None` if there are only Unix sockets.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    pub fn counts(&self) -> Arc<ListenerCounts> {
        self.counts.clone()
    }

    /// Runs with as many threads in reserve as a flood of slow work needs.
    pub fn run(&self, workers: usize, answer: RequestHandler<'_>) -> io::Result<()> {
        self.run_with_reserve(workers, RESERVE, answer)
    }

    /// Answers up to `workers` requests at once, and up to `reserve` more that wait for something slow, until [`Server::stop`], and returns when
    /// the last one is answered. Fails if nothing can be answered any more.
    pub fn run_with_reserve(&self, workers: usize, reserve: usize, answer: RequestHandler<'_>) -> io::Result<()> {
        let event_loop = locked(&self.event_loop).take();
        let event_loop = event_loop.ok_or_else(|| io::Error::other("a server runs once"))?;
        let (threads, permits, held) = (workers + reserve, Semaphore::new(workers), Semaphore::new(MOST_HELD));
        let crew = Crew { server: self, permits: &permits, held: &held, answer, most: threads, started: AtomicUsize::new(0) };
        std::thread::scope(|scope| {
            let started = (0..workers).try_for_each(|_| crew.start_another(scope));
            let ended = started.and_then(|()| {
                let ended = catch_unwind(AssertUnwindSafe(|| event_loop.run(workers, threads)));
                ended.unwrap_or_else(|_| Err(io::Error::other("the event loop panicked")))
            });
            self.workers_may_end.store(true, Ordering::SeqCst);
            // Each call wakes one worker, wherever it waits.
            permits.add(threads);
            (0..threads).for_each(|_| self.backend.unblock());
            ended
        })
    }

    /// Accepts no new requests, and answers those that were accepted.
    pub fn stop(&self) {
        self.pending.stop();
    }

    /// Returns whether the event loop takes turns and a worker answers, in time. A server that is being stopped counts as one that does.
    pub fn responds(&self, within: Duration) -> bool {
        let begun = Instant::now();
        let does = self.pending.is_taking_turns(within)
            && upstream::handshake(&self.private_socket_file, within.saturating_sub(begun.elapsed()).max(SHORTEST_WAIT)).is_ok();
        does || self.pending.is_stopping()
    }
}

/// The threads that answer: as many as work at once, and others that take the place of those that wait for something slow. These begin when they are
/// needed, and end when they no longer are.
struct Crew<'c> {
    server: &'c Server,
    permits: &'c Semaphore,
    /// For those that hold a thread without working.
    held: &'c Semaphore,
    answer: RequestHandler<'c>,
    /// The most threads there may be.
    most: usize,
    /// How many there are.
    started: AtomicUsize,
}

impl Crew<'_> {
    /// Starts a thread, unless there are as many as there may be. Fails if the system allows no more.
    fn start_another<'s>(&'s self, scope: &'s Scope<'s, '_>) -> io::Result<()> {
        let one_more = |started: usize| (started < self.most).then_some(started + 1);
        if self.started.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more).is_err() {
            return Ok(());
        }
        let thread = Builder::new().spawn_scoped(scope, || self.work(scope));
        thread.map(drop).inspect_err(|_| {
            self.started.fetch_sub(1, Ordering::SeqCst);
        })
    }

    fn work<'s>(&'s self, scope: &'s Scope<'s, '_>) {
        let permit = self.permits.permit();
        // Those that work hold their permit while they wait for a request, so only others end.
        while permit.reacquire(LONGEST_IDLE) {
            match self.server.backend.recv() {
                Ok(request) => self.serve(request, &permit, scope),
                Err(_) if self.server.workers_may_end.load(Ordering::SeqCst) => return,
                Err(error) => {
                    log::error("tiny_http failed", &[("cause", error.to_string().into())]);
                    std::thread::sleep(AFTER_A_FAILURE);
                }
            }
        }
        self.started.fetch_sub(1, Ordering::SeqCst);
        // Who released a permit just before found no room for another thread.
        if self.permits.has_free() {
            let _ = self.start_another(scope);
        }
    }

    /// Has one request answered, and sends the reply. Nothing in here ends a worker.
    fn serve<'s>(&'s self, incoming: tiny_http::Request, permit: &Permit<'_>, scope: &'s Scope<'s, '_>) {
        let id = incoming.url().trim_start_matches('/').to_owned();
        if id.is_empty() {
            return upstream::answer_handshake(incoming);
        }
        // tiny_http writes nothing: the reply goes straight to the public connection.
        drop(incoming.into_writer());
        // One that was removed is answered already: its upstream connection was lost.
        if let Some((request, pending)) = self.server.pending.take(&id) {
            let before_blocking = || {
                if permit.release() == Successor::None {
                    // Errors are ignored: then another request waits until this one has done so.
                    let _ = self.start_another(scope);
                }
                pending.before_blocking();
            };
            // Released when the reply is sent.
            let place = self.held.permit();
            let may_hold = || place.reacquire(Duration::ZERO);
            let waiting = RequestWait { before_blocking: &before_blocking, may_hold: &may_hold, is_abandoned: &|| pending.is_abandoned() };
            let reply = catch_unwind(AssertUnwindSafe(|| (self.answer)(request, &waiting)));
            let reply = reply.unwrap_or_else(|_| Reply::empty(500));
            if matches!(reply.delivery, Delivery::Slow(_)) {
                before_blocking();
            }
            pending.answer(&reply);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // tiny_http's wait for private connections ends with an error. Where it does not, it ends with the process.
        let _ = self.private_socket.shutdown(Shutdown::Both);
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use super::*;
    use crate::http::listener::upstream::UPSTREAMS;

    /// Returns the status that a request is answered with.
    fn status(address: SocketAddr) -> u16 {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        reply.split(' ').nth(1).unwrap().parse().unwrap()
    }

    #[test]
    fn a_server_responds_as_long_as_a_worker_is_free_to_answer() {
        let server = Server::bind("127.0.0.1:0", Limits::default()).unwrap();
        let short = Duration::from_millis(100);
        assert!(!server.responds(short), "it does not run yet");
        let (held, hold) = (Mutex::new(()), Duration::from_secs(20));
        std::thread::scope(|scope| {
            scope.spawn(|| server.run(1, &|_, _| Reply::empty(if held.lock().is_ok() { 200 } else { 500 })).unwrap());
            assert!(server.responds(hold));
            let holding = held.lock().unwrap();
            let request = scope.spawn(|| status(server.address().unwrap()));
            // Until the only worker has taken the request, it answers.
            while server.responds(short) {}
            drop(holding);
            assert_eq!(request.join().unwrap(), 200);
            assert!(server.responds(hold));
            server.stop();
        });
    }

    #[test]
    fn requests_that_have_arrived_when_the_server_stops_are_answered() {
        const CONNECTIONS: usize = 100;
        const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        for are_connections_new in [true, false] {
            let server = Server::bind("127.0.0.1:0", Limits::default()).unwrap();
            std::thread::scope(|scope| {
                scope.spawn(|| server.run(2, &|_, _| Reply::empty(200)).unwrap());
                let mut streams: Vec<TcpStream> =
                    (0..CONNECTIONS).map(|_| TcpStream::connect(server.address().unwrap()).unwrap()).collect();
                for stream in &mut streams {
                    if !are_connections_new {
                        stream.write_all(REQUEST).unwrap();
                        assert!(stream.read(&mut [0; 1024]).unwrap() > 0);
                    }
                }
                streams.iter_mut().for_each(|stream| stream.write_all(REQUEST).unwrap());
                server.stop();
                let is_answered = |stream: &mut TcpStream| {
                    let mut reply = String::new();
                    stream.read_to_string(&mut reply).is_ok() && reply.starts_with("HTTP/1.1 200 ")
                };
                assert_eq!(streams.iter_mut().map(is_answered).filter(|answered| *answered).count(), CONNECTIONS);
            });
        }
    }

    #[test]
    fn a_lost_upstream_connection_costs_the_request_in_it_a_502_and_is_opened_again() {
        let server = Server::bind("127.0.0.1:0", Limits::default()).unwrap();
        server.event_loop.lock().unwrap().as_mut().unwrap().poison_upstreams();
        std::thread::scope(|scope| {
            scope.spawn(|| server.run(2, &|_, _| Reply::empty(200)).unwrap());
            let mut answers = Vec::new();
            while !answers.ends_with(&[200; 2 * UPSTREAMS]) && answers.len() < 1000 {
                answers.push(status(server.address().unwrap()));
                std::thread::sleep(Duration::from_millis(5));
            }
            server.stop();
            assert!(answers.ends_with(&[200]) && answers.iter().filter(|status| **status == 502).count() == UPSTREAMS, "{answers:?}");
            // While all are on their way to be opened again, there is nothing to send a request into.
            assert!(answers.iter().all(|status| [200, 502, 503].contains(status)), "{answers:?}");
        });
    }
}
