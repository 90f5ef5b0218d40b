//! Replies that are not sent whole, or not at once, and handlers that wait for longer than their peers do; over real sockets.

use std::io::Write;
use std::net::TcpStream;
use std::num::NonZero;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use keyfob::http::listener::limits::Limits;
use keyfob::http::reply::{Delivery, Reply};
use keyfob::http::request::Request;
use keyfob::http::server::{RequestWait, Server};

use crate::listener::{get, read_reply, read_to_end};

/// Runs a story against a server with one worker.
fn with_one_worker(answer: &(dyn Fn(Request, &RequestWait<'_>) -> Reply + Sync), story: impl FnOnce(&str, &Server)) {
    let server = Server::bind("127.0.0.1:0", Limits::default()).expect("it listens");
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
        "/slow" => Delivery::Slow(NonZero::new(400).expect("it is more than 0")),
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
        let reply = read_reply(&mut slow);
        assert!(reply.ends_with("\r\n\r\nabcdefghijklmnopqrstuvwxyz"), "{reply}");
        assert!(begun.elapsed() >= Duration::from_millis(reply.len() as u64 * 1000 / 400 / 2), "{:?}", begun.elapsed());
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
