//! Floods from many networks, each of which has no more than the others: a newcomer from another one is let in and hardly waits.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use keyfob::http::listener::limits::Limits;
use keyfob::http::reply::Reply;

use crate::listener::{EchoServer, echo, get, read_reply, read_to_end};
use crate::overload::{asked_by_newcomer, connect_from, is_bearable, is_ended, is_let_in, wait_of_newcomers, waits};

/// How many requests each connection of a flood has sent and has no reply to.
const PIPELINED: usize = 30;

/// The length of a large body: as large as it may be.
const LARGE: usize = 1024 * 1024;

/// Any address of this network; each network of a flood has one.
fn address_of(network: usize) -> String {
    format!("127.20.0.{}:0", network + 1)
}

/// Keeps so many connections from each of so many networks open until `neighbour` is done, each with more requests sent than are answered.
fn during_flood<T>(server: &str, networks: usize, connections: usize, neighbour: impl FnOnce() -> T) -> T {
    let connect = |network: usize| {
        let mut stream = connect_from(&address_of(network), server);
        let _ = stream.write_all(get("/").repeat(PIPELINED).as_bytes());
        stream.set_nonblocking(true).expect("it is set");
        stream
    };
    let mut flood: Vec<(usize, TcpStream)> =
        (0..networks).flat_map(|network| (0..connections).map(move |_| network)).map(|network| (network, connect(network))).collect();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut part = [0; 16 * 1024];
            while !is_over.load(Ordering::SeqCst) {
                for (network, stream) in &mut flood {
                    match stream.read(&mut part) {
                        Ok(count) if count > 0 => {
                            let answered = part[..count].windows(9).filter(|bytes| bytes == b"HTTP/1.1 ").count();
                            let _ = stream.write_all(get("/").repeat(answered).as_bytes());
                        }
                        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                        _ => *stream = connect(*network),
                    }
                }
            }
        });
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(neighbour));
        is_over.store(true, Ordering::SeqCst);
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

#[test]
fn networks_that_always_have_a_next_request_keep_no_newcomer_out_at_the_limit_of_connections() {
    for (networks, connections) in [(16, 16), (64, 4), (8, 1)] {
        let limits = Limits { connections: networks * connections, ..Limits::default() };
        let server = EchoServer::answering(limits, |_| Reply::empty(204));
        let unloaded = wait_of_newcomers(&server.address, 20);
        let attacked = during_flood(&server.address, networks, connections, || match connections {
            // Nobody has more than another: the one that has waited longest makes room, and that may be the newcomer, who asks once more as
            // browsers do. It counts as waiting.
            1 => waits(20, |_| {
                let reply = Some(asked_by_newcomer(&server.address)).filter(|reply| !reply.is_empty());
                is_let_in(&reply.unwrap_or_else(|| asked_by_newcomer(&server.address)));
            }),
            _ => wait_of_newcomers(&server.address, 20),
        });
        is_bearable(&format!("{networks} networks with {connections} connections"), unloaded, attacked);
    }
}

/// A server that answers nothing while the lock is closed.
fn gated(limits: Limits) -> (EchoServer, Arc<RwLock<()>>) {
    let lock = Arc::new(RwLock::new(()));
    let theirs = lock.clone();
    let server = EchoServer::answering(limits, move |request| {
        drop(theirs.read());
        echo(request)
    });
    (server, lock)
}

#[test]
fn large_requests_of_many_networks_that_wait_for_their_turn_push_out_no_small_one_that_arrives() {
    let (server, lock) = gated(Limits::default());
    let closed = lock.write().expect("nobody panicked");
    let mut newcomers: Vec<TcpStream> = (0..12)
        .map(|n| {
            let mut stream = connect_from(&format!("127.0.0.{}:0", 100 + n), &server.address);
            stream.write_all(b"POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe").expect("it is sent");
            stream
        })
        .collect();
    let large = format!("POST /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {LARGE}\r\n\r\n{}", "x".repeat(LARGE));
    let mut flood: Vec<TcpStream> = (0..120)
        .map(|n| {
            let mut stream = connect_from(&address_of(n % 40), &server.address);
            // It may be refused before all of it is sent.
            let _ = stream.write_all(large.as_bytes());
            stream
        })
        .collect();
    // The server may still be reading what was sent last.
    let deadline = Instant::now() + Duration::from_secs(20);
    while flood.iter().filter(|stream| is_ended(stream)).count() < 40 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    newcomers.iter_mut().for_each(|stream| stream.write_all(b"llo").expect("it is open"));
    drop(closed);
    for stream in &mut newcomers {
        assert!(read_reply(stream).ends_with("] hello"));
    }
    let reply = |stream: &mut TcpStream| {
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout is set");
        read_to_end(stream)
    };
    let answered = flood.iter_mut().map(reply).filter(|reply| reply.starts_with("HTTP/1.1 200 ")).count();
    assert!((40..80).contains(&answered), "{answered} of 120 were answered, each with 1 MiB of 64");
}

#[test]
fn behind_a_trusted_proxy_the_client_with_the_most_requests_makes_room() {
    let proxies = "127.0.0.0/8".parse().expect("a network");
    let limits = Limits { connections: 64, proxies, ..Limits::default() };
    let of_one_address = |_| "198.51.100.1".to_owned();
    let of_one_customer = |n: usize| format!("2001:db8:1:{n:x}00::1");
    for crowd_of in [&of_one_address as &dyn Fn(usize) -> String, &of_one_customer] {
        let (server, lock) = gated(limits.clone());
        let closed = lock.write().expect("nobody panicked");
        let ask = |client: String| {
            let mut stream = server.connect();
            let request = format!("GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {client}\r\n\r\n");
            stream.write_all(request.as_bytes()).expect("it is sent");
            stream
        };
        let mut others: Vec<TcpStream> = (1..9).map(|n| ask(format!("192.0.2.{n}"))).collect();
        let mut crowd: Vec<TcpStream> = (0..56).map(|n| ask(crowd_of(n))).collect();
        let mut newcomer = ask("203.0.113.1".to_owned());
        // Nobody is answered yet: so far, only room is made.
        assert!(read_to_end(&mut crowd[0]).starts_with("HTTP/1.1 503 "), "{}", crowd_of(0));
        drop(closed);
        for stream in others.iter_mut().chain([&mut newcomer]) {
            assert!(read_reply(stream).starts_with("HTTP/1.1 200 "));
        }
    }
}

#[test]
fn behind_a_trusted_proxy_the_client_with_the_most_unfinished_bytes_makes_room() {
    let server = EchoServer::open(Limits { proxies: "127.0.0.0/8".parse().expect("a network"), ..Limits::default() });
    let begin = |client: &str| {
        let mut stream = server.connect();
        let head = format!("POST / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {client}\r\nContent-Length: {LARGE}\r\n\r\n");
        stream.write_all(head.as_bytes()).expect("it is sent");
        // It may be refused before all of it is sent.
        let _ = stream.write_all(&vec![b'x'; LARGE - 1]);
        stream
    };
    let mut neighbour = begin("192.0.2.1");
    let mut crowd: Vec<TcpStream> = (0..80).map(|_| begin("198.51.100.1")).collect();
    assert!(read_to_end(&mut crowd[0]).starts_with("HTTP/1.1 503 "));
    neighbour.write_all(b"x").expect("it is sent");
    assert!(read_reply(&mut neighbour).ends_with(&format!("] {LARGE} bytes")));
}
