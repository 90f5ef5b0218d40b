//! Replies that are not sent whole, or not at once, and handlers that wait for longer than their peers do; over real sockets.

use std::io::Write;
use std::net::TcpStream;
use std::num::NonZero;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use keyfob::http::certificate::Certificate;
use keyfob::http::listener::limits::Limits;
use keyfob::http::listener::public_socket::{ListeningSocket, Protocol, PublicSocket};
use keyfob::http::reply::{Delivery, Reply};
use keyfob::http::request::Request;
use keyfob::http::server::{RequestWait, Server};

use crate::listener::{get, read_reply, read_to_end};
use crate::tls::{client, file, over};

/// Runs a story against a server with one worker.
fn with_one_worker(answer: &(dyn Fn(Request, &RequestWait<'_>) -> Reply + Sync), story: impl FnOnce(&str, &Server)) {
    run(Server::bind("127.0.0.1:0", Limits::default()).expect("it listens"), answer, story);
}

/// The same over TLS.
fn with_tls(answer: &(dyn Fn(Request, &RequestWait<'_>) -> Reply + Sync), story: impl FnOnce(&str, &Server)) {
    let certificate = Certificate::read(&file("first.pem"), &file("first-key.pem")).and_then(|certificate| certificate.server_config());
    let protocol = Protocol::Https(certificate.expect("a certificate"));
    let socket = PublicSocket { socket: ListeningSocket::tcp("127.0.0.1:0").expect("it listens"), protocol };
    run(Server::new(vec![socket], Limits::default(), None).expect("it starts"), answer, story);
}

fn run(server: Server, answer: &(dyn Fn(Request, &RequestWait<'_>) -> Reply + Sync), story: impl FnOnce(&str, &Server)) {
    let address = server.address().expect("an address").to_string();
    std::thread::scope(|scope| {
        scope.spawn(|| server.run(1, answer).expect("it runs"));
        story(&address, &server);
        server.stop();
    });
}

fn asks(address: &str, target: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("it accepts");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout is set");
    stream.write_all(get(target).as_bytes()).expect("it is sent");
    stream
}

/// Answers with the letters, sent as the path says.
fn answer(request: Request, _: &RequestWait<'_>) -> Reply {
    let delivery = match request.path() {
        "/dropped" => Delivery::Cut(None),
        "/head" => Delivery::Cut(Some(0)),
        "/five" => Delivery::Cut(Some(5)),
        "/more" => Delivery::Cut(Some(1000)),
        "/slow" => Delivery::Slow(NonZero::new(200).expect("it is more than 0")),
        _ => Delivery::Whole,
    };
    Reply { delivery, ..Reply::new(200, "text/plain", b"abcdefghijklmnopqrstuvwxyz".to_vec()) }
}

#[test]
fn a_reply_that_is_cut_ends_its_connection() {
    with_one_worker(&answer, |address, _| {
        assert_eq!(read_to_end(&mut asks(address, "/dropped")), "");
        for (target, body) in [("/head", ""), ("/five", "abcde"), ("/more", "abcdefghijklmnopqrstuvwxyz")] {
            let reply = read_to_end(&mut asks(address, target));
            assert!(reply.starts_with("HTTP/1.1 200 OK\r\n") && reply.contains("Content-Length: 26\r\n"), "{reply}");
            assert!(reply.ends_with(&format!("\r\n\r\n{body}")), "{target} {reply}");
        }
    });
}

#[test]
fn a_reply_that_is_sent_slowly_holds_up_nobody_and_the_connection_goes_on() {
    with_one_worker(&answer, |address, _| {
        let begun = Instant::now();
        let mut slow = asks(address, "/slow");
        for _ in 0..50 {
            assert!(read_reply(&mut asks(address, "/")).ends_with("xyz"));
        }
        let mut arrived = [0; 4096];
        let count = slow.peek(&mut arrived).expect("it has begun");
        assert!(!arrived[..count].ends_with(b"xyz"), "the others waited until it was sent");
        let reply = read_reply(&mut slow);
        assert!(reply.ends_with("\r\n\r\nabcdefghijklmnopqrstuvwxyz"), "{reply}");
        assert!(begun.elapsed() >= Duration::from_millis(reply.len() as u64 * 1000 / 200 / 2), "{:?}", begun.elapsed());
        slow.write_all(get("/").as_bytes()).expect("the connection goes on");
        assert!(read_reply(&mut slow).ends_with("xyz"));
    });
}

#[test]
fn a_handler_that_waits_learns_that_its_peer_is_gone_or_the_server_stops() {
    let (sender, ended) = channel();
    let answer = |request: Request, waiting: &RequestWait<'_>| {
        if request.path() != "/" {
            (waiting.before_blocking)();
            while !(waiting.is_abandoned)() {
                std::thread::sleep(Duration::from_millis(1));
            }
            sender.send(request.target).expect("somebody listens");
        }
        Reply::empty(204)
    };
    with_one_worker(&answer, |address, server| {
        let (gone, stays) = (asks(address, "/gone"), asks(address, "/stays"));
        for _ in 0..50 {
            assert!(read_reply(&mut asks(address, "/")).starts_with("HTTP/1.1 204"));
        }
        assert_eq!(ended.recv_timeout(Duration::from_millis(50)), Err(RecvTimeoutError::Timeout));
        drop(gone);
        assert_eq!(ended.recv_timeout(Duration::from_secs(20)).as_deref(), Ok("/gone"));
        server.stop();
        assert_eq!(ended.recv_timeout(Duration::from_secs(20)).as_deref(), Ok("/stays"));
        drop(stays);
    });
}

#[test]
fn over_tls_too_a_reply_is_cut_and_a_handler_learns_that_its_peer_is_gone() {
    let (sender, ended) = channel();
    let wait_or_answer = |request: Request, waiting: &RequestWait<'_>| {
        if request.path() != "/gone" {
            return answer(request, waiting);
        }
        (waiting.before_blocking)();
        while !(waiting.is_abandoned)() {
            std::thread::sleep(Duration::from_millis(1));
        }
        sender.send(()).expect("somebody listens");
        Reply::empty(204)
    };
    with_tls(&wait_or_answer, |address, _| {
        let asks = |target: &str| {
            let mut stream = over(&client(rustls::ALL_VERSIONS), TcpStream::connect(address).expect("it accepts"));
            stream.write_all(get(target).as_bytes()).expect("it is sent");
            stream
        };
        assert!(read_to_end(&mut asks("/five")).ends_with("\r\n\r\nabcde"));
        // At once, or only after it was sent what finds out whether it is there, and which it leaves unread.
        for lingers in [Duration::ZERO, Duration::from_millis(100)] {
            // It has read all that it was sent, so nothing breaks the connection when it ends.
            let mut gone = asks("/");
            assert!(read_reply(&mut gone).ends_with("xyz"));
            gone.write_all(get("/gone").as_bytes()).expect("it is sent");
            assert_eq!(ended.recv_timeout(Duration::from_millis(50)), Err(RecvTimeoutError::Timeout));
            gone.conn.send_close_notify();
            gone.flush().expect("it is sent");
            std::thread::sleep(lingers);
            drop(gone);
            assert_eq!(ended.recv_timeout(Duration::from_secs(5)), Ok(()));
        }
    });
}
