//! What hostile and slow peers cost their neighbours: a bounded wait, and never the connection of somebody else.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use keyfob::http::listener::limits::Limits;
use keyfob::http::reply::Reply;

use crate::client;
use crate::folder::Folder;
use crate::listener::{EchoServer, echo, get, read_reply, read_to_end};
use crate::process::Process;

/// Under attack a neighbour may wait this many times as long as without, and a wait of less than a millisecond counts as one: room for
/// a busy machine, and far from the seconds and minutes that an attack cost once.
const MUCH: u32 = 100;
const LEAST_WAIT: Duration = Duration::from_millis(1);

/// The longest that any single one waits: a second, and room for a busy machine.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// An address of this machine that is not the one other peers come from.
const ELSEWHERE: &str = "127.0.0.77:0";

/// Connects from an address of one's own.
pub fn connect_from(source: &str, address: &str) -> TcpStream {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    socket.bind(&source.parse::<SocketAddr>().expect("an address").into()).expect("it is bound");
    socket.connect(&address.parse::<SocketAddr>().expect("an address").into()).expect("it connects");
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout is set");
    stream
}

/// How long people wait who come one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Waits {
    pub average: Duration,
    pub longest: Duration,
}

/// How long so many wait who come one after the other.
pub fn waits(attempts: u32, attempt: impl Fn(u32)) -> Waits {
    let wait = |n| {
        let begun = Instant::now();
        attempt(n);
        begun.elapsed()
    };
    let waits: Vec<Duration> = (0..attempts).map(wait).collect();
    Waits { average: waits.iter().sum::<Duration>() / attempts, longest: waits.into_iter().max().expect("somebody waits") }
}

/// What a newcomer from elsewhere is answered; nothing if the connection made room for somebody else before the request was read.
pub fn asked_by_newcomer(address: &str) -> String {
    let mut stream = connect_from(ELSEWHERE, address);
    stream.write_all(b"GET /alive HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("it is sent");
    read_to_end(&mut stream)
}

/// Whether a newcomer was let in.
pub fn is_let_in(reply: &str) {
    assert!(reply.starts_with("HTTP/1.1 ") && !reply.starts_with("HTTP/1.1 503 "), "{reply}");
}

/// How long so many newcomers from elsewhere wait for their answer.
pub fn wait_of_newcomers(address: &str, attempts: u32) -> Waits {
    waits(attempts, |_| is_let_in(&asked_by_newcomer(address)))
}

/// Whether the waits are about what they are without an attack, on the average and each of them.
pub fn is_bearable(attack: &str, unloaded: Waits, attacked: Waits) {
    let is_short = attacked.average <= unloaded.average.max(LEAST_WAIT) * MUCH && attacked.longest <= LONGEST_WAIT;
    assert!(is_short, "{attacked:?} under {attack}, {unloaded:?} without");
}

/// Repeats the attack from several threads until `neighbour` is done, at most some thousand times each.
pub fn during<T>(attackers: usize, attack: impl Fn() + Sync, neighbour: impl FnOnce() -> T) -> T {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..attackers {
            scope.spawn(|| (0..5000).take_while(|_| !is_over.load(Ordering::SeqCst)).for_each(|_| attack()));
        }
        std::thread::sleep(Duration::from_millis(100));
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(neighbour));
        is_over.store(true, Ordering::SeqCst);
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Sends these bytes again and again over one connection, until it ends or `most` bytes are sent.
fn pour(address: &str, first: &[u8], again: &[u8], most: usize) {
    let Ok(mut stream) = TcpStream::connect(address) else { return };
    stream.set_write_timeout(Some(Duration::from_secs(1))).expect("a timeout is set");
    let mut is_open = stream.write_all(first).is_ok();
    let mut sent = 0;
    while is_open && sent < most {
        is_open = stream.write_all(again).is_ok();
        sent += again.len();
    }
}

#[test]
fn empty_lines_before_a_request_are_few() {
    let server = EchoServer::open(Limits::default());
    let after = |count: usize| {
        server.exchange(format!("{}GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "\r\n".repeat(count)).as_bytes())
    };
    assert!(after(4).starts_with("HTTP/1.1 200 "));
    let refused = after(5);
    assert!(refused.starts_with("HTTP/1.1 400 ") && refused.contains("empty lines"), "{refused}");
    // Each request of a connection may have as many before it.
    let mut stream = server.connect();
    for _ in 0..3 {
        stream.write_all(format!("\r\n\r\n{}", get("/after")).as_bytes()).expect("it is sent");
        assert!(read_reply(&mut stream).contains("GET /after"));
    }
}

#[test]
fn a_peer_that_never_stops_sending_holds_nobody_up() {
    let server = EchoServer::answering(Limits::default(), |_| Reply::empty(204));
    let address = &server.address;
    let unloaded = wait_of_newcomers(address, 20);
    let chunked = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    let body = format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n{}", "x".repeat(1024 * 1024));
    for (what, first, again) in [
        ("empty lines", "", "\r\n".repeat(32 * 1024)),
        ("extensions of chunks", chunked, format!("1;{}\r\nx\r\n", "e".repeat(250)).repeat(256)),
        ("chunks of one byte", chunked, "1\r\nx\r\n".repeat(8 * 1024)),
        ("trailers", &format!("{chunked}0\r\n"), "T: x\r\n".repeat(8 * 1024)),
        ("header lines", "GET / HTTP/1.1\r\nHost: x\r\n", "A: b\r\n".repeat(8 * 1024)),
        ("pipelined requests", "", get("/").repeat(2000)),
        ("whole bodies", "", body),
    ] {
        let attacked = during(2, || pour(address, first.as_bytes(), again.as_bytes(), 64 << 20), || wait_of_newcomers(address, 20));
        is_bearable(what, unloaded, attacked);
    }
}

#[test]
fn floods_of_connects_and_resets_hold_nobody_up() {
    let server = EchoServer::open(Limits { connections: 64, ..Limits::default() });
    let address = &server.address;
    let unloaded = wait_of_newcomers(address, 20);
    let reset = || {
        let Ok(stream) = TcpStream::connect(address) else { return };
        let socket = socket2::Socket::from(stream);
        // A close then sends a reset.
        socket.set_linger(Some(Duration::ZERO)).expect("it is set");
        let _ = socket.send(b"GET / HT");
    };
    is_bearable("connects and resets", unloaded, during(3, reset, || wait_of_newcomers(address, 50)));
    server.is_alive();
}

/// One limit short, and no other.
fn only(change: impl FnOnce(&mut Limits, Duration)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits, Duration::from_millis(300));
    limits
}

#[test]
fn a_head_must_come_as_soon_on_a_used_connection_as_on_a_fresh_one() {
    let server = EchoServer::open(only(|limits, soon| limits.head = soon));
    let mut fresh = server.connect();
    fresh.write_all(b"GET / HTTP/1.1\r\n").expect("it is sent");
    assert!(read_to_end(&mut fresh).starts_with("HTTP/1.1 408 "));
    assert_eq!(read_to_end(&mut server.connect()), "", "one that says nothing ends without a word");
    let mut used = server.connect();
    used.write_all(get("/used").as_bytes()).expect("it is sent");
    read_reply(&mut used);
    // Idle it may be for longer than a head may take.
    std::thread::sleep(Duration::from_millis(700));
    used.write_all(b"GET / HTTP/1.1\r\n").expect("it is sent");
    assert!(read_to_end(&mut used).starts_with("HTTP/1.1 408 "));
    // The beginning of a head that came with the request before it.
    let mut pipelined = server.connect();
    pipelined.write_all((get("/whole") + "GET / HTTP/1.1\r\n").as_bytes()).expect("it is sent");
    let replies = read_to_end(&mut pipelined);
    assert!(replies.contains("GET /whole") && replies.contains("HTTP/1.1 408 "), "{replies}");
}

#[test]
fn a_body_that_trickles_is_cut_on_its_own_limit_however_it_is_framed() {
    let server = EchoServer::open(only(|limits, soon| limits.body = soon));
    for (framing, again) in [("Content-Length: 1000000\r\n\r\n", "x"), ("Transfer-Encoding: chunked\r\n\r\n", "1;e=x\r\nx\r\n")] {
        let mut stream = server.connect();
        stream.write_all(format!("POST / HTTP/1.1\r\nHost: x\r\n{framing}").as_bytes()).expect("it is sent");
        while stream.write_all(again.as_bytes()).is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
        // What it sent after its end may have cost it the reply.
        let reply = read_to_end(&mut stream);
        assert!(reply.is_empty() || reply.starts_with("HTTP/1.1 408 "), "{reply}");
    }
    server.is_alive();
}

#[test]
fn a_reply_that_nobody_reads_is_cut_on_its_own_limit() {
    const LENGTH: usize = 8 * 1024 * 1024;
    let server = EchoServer::answering(only(|limits, soon| limits.reply = soon), |request| match request.target.as_str() {
        "/large" => Reply::new(200, "text/plain", vec![b'x'; LENGTH]),
        _ => echo(request),
    });
    for has_ended in [false, true] {
        let mut reader = server.connect();
        reader.write_all(get("/large").as_bytes()).expect("it is sent");
        if has_ended {
            reader.shutdown(Shutdown::Write).expect("its end is sent");
        }
        std::thread::sleep(Duration::from_millis(1500));
        assert!(read_to_end(&mut reader).len() < LENGTH);
    }
}

#[test]
fn an_idle_connection_ends_on_its_own_limit() {
    let server = EchoServer::open(only(|limits, soon| limits.idle = soon));
    let mut idle = server.connect();
    idle.write_all(get("/idle").as_bytes()).expect("it is sent");
    assert!(read_to_end(&mut idle).ends_with("[host=x;] "), "it ends without a word");
    // Empty lines don't begin a request.
    let mut stream = server.connect();
    stream.write_all(get("/idle").as_bytes()).expect("it is sent");
    read_reply(&mut stream);
    stream.write_all(b"\r\n").expect("it is sent");
    assert_eq!(read_to_end(&mut stream), "");
}

/// Begins a head on each of so many connections from this address.
fn half_heads(address: &str, source: &str, count: usize) -> Vec<TcpStream> {
    let begin = |_| {
        let mut stream = connect_from(source, address);
        stream.write_all(b"G").expect("it is sent");
        stream
    };
    (0..count).map(begin).collect()
}

/// Whether the other side has ended the connection.
pub fn is_ended(stream: &TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_millis(1))).expect("a timeout is set");
    !stream.peek(&mut [0]).is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
}

#[test]
fn at_the_limit_of_connections_the_one_that_has_waited_longest_makes_room() {
    let server = EchoServer::open(Limits { connections: 4, ..Limits::default() });
    let begun = |text: &str| {
        let mut stream = server.connect();
        stream.write_all(text.as_bytes()).expect("it is sent");
        // The order in which they begin to wait is seen in milliseconds, and by the server as well.
        std::thread::sleep(Duration::from_millis(20));
        stream
    };
    let mut head = begun("GET / HTTP/1.1\r\n");
    let mut body = begun("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n");
    let mut idle = begun(&get("/idle"));
    read_reply(&mut idle);
    let mut silent = begun("");
    let mut newcomers = Vec::new();
    for (old, said) in [(&mut head, "HTTP/1.1 503 "), (&mut body, "HTTP/1.1 503 "), (&mut idle, ""), (&mut silent, "")] {
        let mut newcomer = begun(&get("/new"));
        assert!(read_reply(&mut newcomer).contains("GET /new"));
        let last = read_to_end(old);
        assert!(last.starts_with(said) && last.is_empty() == said.is_empty(), "{last}");
        // It stays, and has waited for less than the others.
        newcomers.push(newcomer);
    }
}

#[test]
fn an_address_with_more_than_its_share_makes_room_before_the_others() {
    let server = EchoServer::open(Limits { connections: 64, ..Limits::default() });
    let idle = || {
        let mut stream = connect_from(ELSEWHERE, &server.address);
        stream.write_all(get("/idle").as_bytes()).expect("it is sent");
        read_reply(&mut stream);
        stream
    };
    // They have waited longest.
    let mut others: Vec<TcpStream> = (0..4).map(|_| idle()).collect();
    let crowd = half_heads(&server.address, "127.0.0.1:0", 200);
    let mut newcomer = idle();
    for stream in others.iter_mut().chain([&mut newcomer]) {
        stream.write_all(get("/still").as_bytes()).expect("it is sent");
        assert!(read_reply(stream).contains("GET /still"));
    }
    assert!(crowd.iter().filter(|stream| is_ended(stream)).count() >= 140);
}

#[test]
fn a_trusted_proxy_has_no_share_because_it_carries_everyone() {
    let proxies = "127.0.0.77".parse().expect("an address");
    let server = EchoServer::open(Limits { connections: 64, proxies, head: Duration::from_secs(2), ..Limits::default() });
    let mut proxied: Vec<TcpStream> = (0..40)
        .map(|_| {
            let mut stream = connect_from(ELSEWHERE, &server.address);
            stream.write_all(get("/proxied").as_bytes()).expect("it is sent");
            read_reply(&mut stream);
            stream
        })
        .collect();
    let crowd = half_heads(&server.address, "127.0.0.1:0", 100);
    for stream in &mut proxied {
        stream.write_all(get("/still").as_bytes()).expect("it is sent");
        assert!(read_reply(stream).contains("GET /still"));
    }
    drop(crowd);
    // Its connections have the same deadlines as all others.
    let mut slow = half_heads(&server.address, ELSEWHERE, 1);
    assert!(read_to_end(&mut slow[0]).starts_with("HTTP/1.1 408 "));
}

#[test]
fn unfinished_bodies_hold_a_bounded_memory_and_the_one_that_waits_longest_makes_room() {
    let server = EchoServer::open(Limits::default());
    let almost = vec![b'x'; 1024 * 1024 - 1];
    let begin = |source: &str| {
        let mut stream = connect_from(source, &server.address);
        stream.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n").expect("it is sent");
        stream.write_all(&almost).expect("it is sent");
        stream
    };
    let finish = |stream: &mut TcpStream| {
        stream.write_all(b"x").expect("it is sent");
        assert!(read_reply(stream).ends_with("] 1048576 bytes"));
    };
    // The oldest of all, from an address that has no more than its share.
    let mut neighbour = begin(ELSEWHERE);
    let mut crowd: Vec<TcpStream> = (0..80).map(|_| begin("127.0.0.1:0")).collect();
    let reply = read_to_end(&mut crowd[0]);
    assert!(reply.starts_with("HTTP/1.1 503 ") && reply.contains("\r\nRetry-After: "), "{reply}");
    let refused = || crowd.iter().filter(|stream| is_ended(stream)).count();
    // The server may still be reading what was sent last.
    let deadline = Instant::now() + Duration::from_secs(20);
    while refused() < 15 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    let refused = refused();
    assert!((15..25).contains(&refused), "{refused} of 80 were refused, each with almost 1 MiB of 64");
    server.is_alive();
    crowd[79].set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout is set");
    finish(&mut crowd[79]);
    finish(&mut neighbour);
    drop(crowd);
    // What was held is free again.
    finish(&mut begin("127.0.0.1:0"));
}

#[test]
fn replies_that_nobody_reads_hold_a_bounded_memory_and_the_one_that_waits_longest_makes_room() {
    const LENGTH: usize = 8 * 1024 * 1024;
    let server = EchoServer::answering(Limits::default(), |_| Reply::new(200, "text/plain", vec![b'x'; LENGTH]));
    let ask = |source: &str| {
        let mut stream = connect_from(source, &server.address);
        stream.write_all(get("/large").as_bytes()).expect("it is sent");
        // It has been answered.
        assert_eq!(stream.peek(&mut [0]).expect("it is answered"), 1);
        stream
    };
    let mut neighbour = ask(ELSEWHERE);
    let mut crowd: Vec<TcpStream> = (0..12).map(|_| ask("127.0.0.1:0")).collect();
    std::thread::sleep(Duration::from_millis(100));
    assert!(read_to_end(&mut crowd[0]).len() < LENGTH, "the first of those who hold the most is cut");
    for stream in [&mut neighbour, &mut crowd[11]] {
        assert_eq!(read_reply_length(stream), LENGTH);
    }
}

/// The length of a reply's body, which is read in large pieces.
fn read_reply_length(stream: &mut TcpStream) -> usize {
    let (mut bytes, mut part) = (Vec::new(), vec![0; 256 * 1024]);
    loop {
        let count = stream.read(&mut part).expect("it is sent");
        bytes.extend_from_slice(&part[..count]);
        let head = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
        let text = String::from_utf8_lossy(&bytes[..head]);
        let length: usize =
            text.lines().find_map(|line| line.strip_prefix("Content-Length: ")).and_then(|l| l.parse().ok()).expect("a length");
        if count == 0 || bytes.len() >= head + length {
            return bytes.len() - head;
        }
    }
}

#[test]
fn at_the_limit_a_newcomer_is_taken_as_soon_as_somebody_has_been_answered() {
    const WORK: Duration = Duration::from_millis(20);
    let server = EchoServer::answering(Limits { connections: 1, ..Limits::default() }, |request| {
        std::thread::sleep(WORK);
        echo(request)
    });
    let rounds = 20;
    let begun = Instant::now();
    // Each comes while the one before it is being answered, and none ends its connection.
    let mut streams: Vec<TcpStream> = Vec::new();
    for _ in 0..rounds {
        let mut stream = server.connect();
        stream.write_all(get("/work").as_bytes()).expect("it is sent");
        streams.last_mut().map(read_reply);
        streams.push(stream);
    }
    read_reply(streams.last_mut().expect("the last one"));
    let taken = begun.elapsed();
    assert!(taken < WORK * rounds * 10, "{rounds} took {taken:?}, each works for {WORK:?}");
}

#[test]
fn a_stream_of_connections_that_begin_and_wait_keeps_no_newcomer_out() {
    let server = EchoServer::open(Limits { connections: 128, ..Limits::default() });
    let address = &server.address;
    let unloaded = wait_of_newcomers(address, 20);
    let attack = || drop(half_heads(address, "127.0.0.1:0", 200));
    is_bearable("half heads", unloaded, during(2, attack, || wait_of_newcomers(address, 50)));
}

#[test]
fn three_hundred_who_sign_in_at_once_hold_nobody_else_up() {
    let folder = Folder::new("sign-ins");
    let server = Process::start(&folder.0, "", &["--ephemeral", "--password-rounds", "600000", "--trusted-proxies", "127.0.0.1"]);
    let address = &server.address;
    let wait_of_writers = |attempts: u32| {
        waits(attempts, |n| {
            let made = server.send(
                "POST",
                "/api/v3/users/admin/clients",
                &format!(r#"{{"client":{{"ids":{{"client_id":"app-{attempts}-{n}"}}}}}}"#),
            );
            assert_eq!(made.status, 200, "{}", made.body);
        })
    };
    let unloaded = (wait_of_newcomers(address, 20), wait_of_writers(20));
    let (attacked, statuses) = std::thread::scope(|scope| {
        let sign_ins: Vec<_> = (0..300)
            .map(|n| {
                scope.spawn(move || {
                    let body = format!(r#"{{"user_id":"user-{n}","password":"Guess-{n}"}}"#);
                    let from = format!("198.18.{}.{}", n / 100, n % 100);
                    let headers = [("Content-Type", "application/json"), ("X-Forwarded-For", from.as_str())];
                    client::send(address, "POST", "/oauth/api/auth/login", &headers, &body).status
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(300));
        let attacked = (wait_of_newcomers(address, 10), wait_of_writers(10));
        (attacked, sign_ins.into_iter().map(|sign_in| sign_in.join().expect("a thread ends well")).collect::<Vec<_>>())
    });
    is_bearable("300 sign-ins, for readers", unloaded.0, attacked.0);
    is_bearable("300 sign-ins, for writers", unloaded.1, attacked.1);
    let count = |status| statuses.iter().filter(|found| **found == status).count();
    assert!(count(400) > 0 && count(503) > 100 && count(400) + count(503) == 300, "{statuses:?}");
}
