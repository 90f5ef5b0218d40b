//! What the listener accepts, what it refuses, and whom it outlasts; over real sockets.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keyfob::http::listener::limits::Limits;
use keyfob::http::reply::Reply;
use keyfob::http::request::Request;
use keyfob::http::server::Server;
use serde_json::Value;

/// A server in this process that answers with what it was asked.
pub struct EchoServer {
    server: Arc<Server>,
    pub address: String,
    ended: Receiver<()>,
}

impl EchoServer {
    pub fn open(limits: Limits) -> EchoServer {
        EchoServer::answering(limits, echo)
    }

    pub fn answering(limits: Limits, answer: impl Fn(&Request) -> Reply + Sync + Send + 'static) -> EchoServer {
        EchoServer::blocking(limits, move |request, _| answer(request))
    }

    /// One whose handler says when it is about to wait for something slow.
    pub fn blocking(limits: Limits, answer: impl Fn(&Request, &dyn Fn()) -> Reply + Sync + Send + 'static) -> EchoServer {
        EchoServer::on(Server::bind("127.0.0.1:0", limits).expect("it listens"), answer)
    }

    /// One on other sockets.
    pub fn on(server: Server, answer: impl Fn(&Request, &dyn Fn()) -> Reply + Sync + Send + 'static) -> EchoServer {
        let server = Arc::new(server);
        let address = server.address().map(|address| address.to_string()).unwrap_or_default();
        let (sender, ended) = channel();
        let running = server.clone();
        std::thread::spawn(move || {
            running.run(4, &|request, waiting| answer(&request, waiting.before_blocking)).expect("it runs");
            let _ = sender.send(());
        });
        EchoServer { server, address, ended }
    }

    pub fn connect(&self) -> TcpStream {
        connect(&self.address)
    }

    /// Tells it to end when all that it has taken is answered.
    pub fn stop(&self) {
        self.server.stop();
    }

    /// Sends the bytes, lets the server know that no more come, and reads all that it answers.
    pub fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        stream.write_all(bytes).expect("it is sent");
        read_to_end(&mut stream)
    }

    /// Somebody else is answered.
    pub fn is_alive(&self) {
        let reply = self.exchange(b"GET /alive HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assert!(reply.starts_with("HTTP/1.1 200 OK\r\n") && reply.contains("GET /alive"), "{reply}");
    }
}

impl Drop for EchoServer {
    fn drop(&mut self) {
        self.server.stop();
        if !std::thread::panicking() {
            self.ended.recv_timeout(Duration::from_secs(20)).expect("it ends when it is told to");
        }
    }
}

fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).expect("it accepts");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout is set");
    stream
}

/// Everything until the end. A reset after the reply is an end as well.
pub fn read_to_end(stream: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    let mut part = [0; 16 * 1024];
    loop {
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&part[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => break,
            Err(error) => panic!("the connection was not ended: {error}"),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One reply of a connection that goes on.
pub fn read_reply(stream: &mut impl Read) -> String {
    let mut text = String::new();
    let mut byte = [0];
    loop {
        assert_eq!(stream.read(&mut byte).expect("it answers"), 1, "it ended early: {text}");
        text.push(char::from(byte[0]));
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).map_or(0, |length| length.parse().expect("a length"));
            if body.len() == length {
                return text;
            }
        }
    }
}

/// `METHOD target from PEER`, the headers, and the body or its length.
pub fn echo(request: &Request) -> Reply {
    let headers: String = request.headers.iter().map(|(name, value)| format!("{name}={value};")).collect();
    let body = match &request.body {
        bytes if bytes.len() > 1000 => format!("{} bytes", bytes.len()),
        bytes => String::from_utf8_lossy(bytes).into_owned(),
    };
    let said = format!("{} {} from {} [{headers}] {body}", request.method.name(), request.target, request.peer);
    Reply::new(200, "text/plain", said.into_bytes())
}

/// Deadlines short enough to be seen. That they are met is never measured, only that they come.
pub fn short() -> Limits {
    let soon = Duration::from_millis(300);
    Limits { head: soon, body: soon, reply: soon, idle: soon, ..Limits::default() }
}

pub fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n")
}

#[test]
fn requests_and_replies_pass_as_they_should() {
    let server = EchoServer::open(Limits::default());
    let close = "Host: x\r\nConnection: close\r\n";
    for (request, holds) in [
        (format!("GET /a?b=%20c HTTP/1.1\r\n{close}X-Own: kept\r\n\r\n"), "GET /a?b=%20c from 127.0.0.1 [host=x;x-own=kept;] "),
        (format!("GET http://example.com/a HTTP/1.1\r\n{close}\r\n"), "GET /a from"),
        (format!("OPTIONS * HTTP/1.1\r\n{close}\r\n"), "OPTIONS * from"),
        (format!("\r\n\r\nGET /late HTTP/1.1\r\n{close}\r\n"), "GET /late from"),
        (format!("POST / HTTP/1.1\r\n{close}Content-Length: 5\r\n\r\nhello"), "[host=x;] hello"),
        (format!("POST / HTTP/1.1\r\n{close}Content-Length: 1024\r\n\r\n{}", "x".repeat(1024)), "] 1024 bytes"),
        (format!("POST / HTTP/1.1\r\n{close}Content-Length: 1048576\r\n\r\n{}", "x".repeat(1024 * 1024)), "] 1048576 bytes"),
        (
            format!("POST / HTTP/1.1\r\n{close}Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nT: x\r\n\r\n"),
            "[host=x;] hello",
        ),
        ("GET / HTTP/1.0\r\n\r\n".to_owned(), "\r\nConnection: close\r\n"),
    ] {
        let reply = server.exchange(request.as_bytes());
        assert!(reply.starts_with("HTTP/1.1 200 OK\r\n") && reply.contains(holds), "{request:.200}\n{reply}");
    }
    let reply = server.exchange(format!("HEAD / HTTP/1.1\r\n{close}\r\n").as_bytes());
    assert!(reply.contains("\r\nContent-Length: ") && reply.ends_with("\r\n\r\n"), "{reply}");
}

#[test]
fn what_is_not_well_formed_is_refused_with_a_reason_and_the_connection_ended() {
    let server = EchoServer::open(Limits::default());
    let many: String = (0..100).map(|n| format!("A{n}: b\r\n")).collect();
    let with = |headers: &str| format!("POST / HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n");
    for (request, status) in [
        (with("Content-Length: 5\r\nTransfer-Encoding: chunked"), 400),
        (with("Content-Length: 5\r\nContent-Length: 5"), 400),
        (with("Content-Length: abc"), 400),
        (with("Content-Length: -1"), 400),
        (with("A : b"), 400),
        (with("A: b\r\n folded"), 400),
        (with("Host: y"), 400),
        (with("A: \0"), 400),
        (with("Transfer-Encoding: gzip"), 501),
        (with("Expect: everything"), 417),
        (with(&format!("{many}B: c")), 431),
        (with(&format!("A: {}", "x".repeat(16 * 1024))), 431),
        (get(&format!("/oauth/authorize?state={}", "x".repeat(16 * 1024))), 431),
        (with("Transfer-Encoding: chunked\r\n\r\nnot a size"), 400),
        ("GET / HTTP/1.1\nHost: x\n\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
        (get("/\0"), 400),
        (get("/ä"), 400),
        (get("/\u{7}"), 400),
        (get("/a b"), 400),
        (get("a"), 400),
        ("GET / HTTP/2.0\r\nHost: x\r\n\r\n".to_owned(), 505),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), 505),
        ("GET / HTTP/1.2\r\nHost: x\r\n\r\n".to_owned(), 505),
        ("x".repeat(2_000_000), 431),
        (format!("GET / HTTP/1.1\r\nHost: x\r\nA: {}", "x".repeat(2_000_000)), 431),
    ] {
        let mut stream = server.connect();
        // Its refusal may come, and its end, before all is sent.
        let _ = stream.write_all(request.as_bytes());
        let reply = read_to_end(&mut stream);
        assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{request:.200}\n{reply}");
        let (head, body) = reply.split_once("\r\n\r\n").expect("a head and a body");
        let body: Value = serde_json::from_str(body).expect("one JSON value and nothing behind it");
        assert!(head.contains("\r\nConnection: close") && body["code"].is_u64(), "{reply}");
        for header in
            ["Date: ", "X-Request-Id: ", "Access-Control-Allow-Origin: *", "Cache-Control: no-store", "X-Content-Type-Options: nosniff"]
        {
            assert!(head.contains(&format!("\r\n{header}")), "a refusal has {header} like any other reply: {reply}");
        }
        assert!(body["message"].as_str().is_some_and(|message| message.len() > 20), "{reply}");
    }
    server.is_alive();
}

#[test]
fn a_head_that_is_too_large_is_refused_with_what_most_of_it_is() {
    let server = EchoServer::open(Limits::default());
    let long = "x".repeat(16 * 1024);
    for (request, said) in [
        (format!("GET /oauth/authorize?state={long} HTTP/1.1\r\nHost: x\r\n\r\n"), "its address: send less in the query"),
        (format!("GET /oauth/authorize?state={long}"), "its address: send less in the query"),
        (format!("GET / HTTP/1.1\r\nHost: x\r\nCookie: {long}\r\n\r\n"), "its headers: send fewer or shorter ones"),
    ] {
        let mut stream = server.connect();
        let _ = stream.write_all(request.as_bytes());
        let reply = read_to_end(&mut stream);
        assert!(reply.starts_with("HTTP/1.1 431 ") && reply.contains(said), "{reply}");
    }
}

#[test]
fn a_body_that_is_too_large_is_refused_without_being_read() {
    let server = EchoServer::open(Limits::default());
    let is_refusal = |reply: &str| {
        assert!(reply.starts_with("HTTP/1.1 413 Payload Too Large\r\n"), "{reply}");
        let (head, body) = reply.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.contains("\r\nConnection: close\r\n"), "{reply}");
        let body: Value = serde_json::from_str(body).expect("one JSON value and nothing behind it");
        assert!(body["message"].as_str().is_some_and(|message| message.contains("request_body_too_large")) && body["code"] == 3, "{reply}");
    };
    for framing in [
        "Content-Length: 60000000000\r\n\r\n",
        "Content-Length: 18446744073709551616\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n100001\r\n",
        // One that asks first is not told to go on.
        "Expect: 100-continue\r\nContent-Length: 1048577\r\n\r\n",
    ] {
        is_refusal(&server.exchange(format!("POST /large HTTP/1.1\r\nHost: x\r\n{framing}").as_bytes()));
    }
    // Chunks that are each small are counted together.
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(64 * 1024));
    let head = "POST /large HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    is_refusal(&server.exchange(format!("{head}{}1\r\n", chunk.repeat(16)).as_bytes()));
    assert!(server.exchange(format!("{head}{}0\r\n\r\nx", chunk.repeat(16)).as_bytes()).contains("] 1048576 bytes"));
    // A peer that goes on sending sees the reply nevertheless.
    let mut stream = server.connect();
    stream.write_all(b"POST /large HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n").expect("it is sent");
    let _ = stream.write_all(&vec![b'x'; 1024 * 1024]);
    is_refusal(&read_to_end(&mut stream));
}

#[test]
fn a_connection_is_used_again_and_pipelined_requests_are_answered_in_order() {
    let server = EchoServer::answering(Limits::default(), |request| {
        if request.target == "/0" {
            std::thread::sleep(Duration::from_millis(20));
        }
        echo(request)
    });
    let mut stream = server.connect();
    for n in 0..3 {
        stream.write_all(get(&format!("/again-{n}")).as_bytes()).expect("it is sent");
        assert!(read_reply(&mut stream).contains(&format!("GET /again-{n} from")));
    }
    let many: String = (0..100).map(|n| get(&format!("/{n}"))).collect();
    stream.write_all(many.as_bytes()).expect("they are sent");
    for n in 0..100 {
        assert!(read_reply(&mut stream).contains(&format!("GET /{n} from")));
    }
    // One that says that it will send nothing more gets what it asked for.
    stream.write_all((get("/last-but-one") + &get("/last")).as_bytes()).expect("it is sent");
    stream.shutdown(Shutdown::Write).expect("its end is sent");
    let replies = read_to_end(&mut stream);
    assert!(replies.contains("GET /last-but-one") && replies.contains("GET /last from"), "{replies}");
    let mut old = server.connect();
    for _ in 0..2 {
        old.write_all(b"GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").expect("it is sent");
        assert!(read_reply(&mut old).contains("\r\nConnection: keep-alive\r\n"));
    }
}

#[test]
fn a_peer_that_asks_before_sending_a_body_is_told_to_go_on() {
    let server = EchoServer::open(Limits::default());
    let mut stream = server.connect();
    stream.write_all(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n").expect("it is sent");
    assert_eq!(read_reply(&mut stream), "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"hello").expect("it is sent");
    assert!(read_reply(&mut stream).ends_with("] hello"));
}

#[test]
fn what_strangers_say_about_others_is_not_believed() {
    let said = "Host: x\r\nConnection: close\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nForwarded: for=192.0.2.8\r\nX-Real-IP: 192.0.2.9\r\n\r\n";
    let request = format!("GET / HTTP/1.1\r\n{said}");
    let reply = EchoServer::open(Limits::default()).exchange(request.as_bytes());
    assert!(reply.contains("from 127.0.0.1 [host=x;] "), "{reply}");
    let trusting = Limits { proxies: "127.0.0.0/8".parse().expect("a network"), ..Limits::default() };
    let reply = EchoServer::open(trusting).exchange(request.as_bytes());
    assert!(reply.contains("from 192.0.2.7 [host=x;x-forwarded-for=192.0.2.7;x-forwarded-proto=https;"), "{reply}");
    assert!(!reply.contains("x-listener"), "{reply}");
}

#[test]
fn a_handler_that_panics_costs_its_own_request_a_500() {
    let server = EchoServer::answering(Limits::default(), |request| {
        assert!(request.target != "/panic", "on purpose");
        echo(request)
    });
    let mut stream = server.connect();
    for _ in 0..9 {
        stream.write_all(get("/panic").as_bytes()).expect("it is sent");
        assert!(read_reply(&mut stream).starts_with("HTTP/1.1 500 "));
    }
    server.is_alive();
}

#[test]
fn three_hundred_slow_drips_are_cut_and_hold_nobody_up() {
    let server = EchoServer::open(short());
    let beginnings = ["GET / HTTP/1.1\r\nA: ", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n", ""];
    let mut drips: Vec<TcpStream> = (0..300)
        .map(|n| {
            let mut stream = server.connect();
            stream.write_all(beginnings[n % 3].as_bytes()).expect("it is sent");
            stream
        })
        .collect();
    // Each goes on dripping until it is cut.
    while !drips.is_empty() {
        drips.retain_mut(|stream| stream.write_all(b"x").is_ok());
        server.is_alive();
    }
    let mut slow = server.connect();
    slow.write_all(b"GET / HTTP/1.1\r\n").expect("it is sent");
    assert!(read_to_end(&mut slow).starts_with("HTTP/1.1 408 "), "a peer that began a request is told why it ends");
    let mut idle = server.connect();
    idle.write_all(get("/idle").as_bytes()).expect("it is sent");
    assert!(read_to_end(&mut idle).ends_with("[host=x;] "), "an idle connection ends without a word");
}

#[test]
fn a_peer_that_never_reads_is_cut_and_delays_nobody() {
    const LENGTH: usize = 8 * 1024 * 1024;
    let server = EchoServer::answering(short(), |request| match request.target.as_str() {
        "/large" => Reply::new(200, "text/plain", vec![b'x'; LENGTH]),
        _ => echo(request),
    });
    let mut readers: Vec<TcpStream> = (0..6).map(|_| server.connect()).collect();
    for reader in &mut readers {
        reader.write_all(get("/large").as_bytes()).expect("it is sent");
    }
    let mut pipeliner = server.connect();
    pipeliner.set_write_timeout(Some(Duration::from_secs(20))).expect("a timeout is set");
    let many = get("/pipelined").repeat(1000);
    while pipeliner.write_all(many.as_bytes()).is_ok() {}
    server.is_alive();
    for reader in &mut readers {
        // By now its time is over, or it will be: it was never given all of it.
        std::thread::sleep(Duration::from_millis(10));
        while reader.write_all(b"x").is_ok() {}
        assert!(read_to_end(reader).len() < LENGTH);
    }
    server.is_alive();
}

#[test]
fn at_the_limit_the_connection_that_has_been_idle_longest_makes_room() {
    let server = EchoServer::open(Limits { connections: 8, ..Limits::default() });
    let mut streams: Vec<TcpStream> = (0..8)
        .map(|n| {
            let mut stream = server.connect();
            stream.write_all(get(&format!("/{n}")).as_bytes()).expect("it is sent");
            read_reply(&mut stream);
            // The order in which they become idle is seen in milliseconds.
            std::thread::sleep(Duration::from_millis(3));
            stream
        })
        .collect();
    let mut newcomer = server.connect();
    newcomer.write_all(get("/new").as_bytes()).expect("it is sent");
    assert!(read_reply(&mut newcomer).contains("GET /new"));
    assert_eq!(read_to_end(&mut streams.remove(0)), "", "the first became idle first");
    for stream in &mut streams {
        stream.write_all(get("/still").as_bytes()).expect("it is sent");
        assert!(read_reply(stream).contains("GET /still"));
    }
}

#[test]
fn at_the_limit_with_nobody_idle_newcomers_wait() {
    let (go, may_go): (Sender<()>, Receiver<()>) = channel();
    let (begun, has_begun) = channel();
    let (begun, may_go) = (Mutex::new(begun), Mutex::new(may_go));
    let server = EchoServer::answering(Limits { connections: 2, ..Limits::default() }, move |request| {
        if request.target == "/slow" {
            begun.lock().expect("nobody panicked").send(()).expect("the test waits");
            may_go.lock().expect("nobody panicked").recv().expect("it is told to go on");
        }
        echo(request)
    });
    let mut busy: Vec<TcpStream> = (0..2).map(|_| server.connect()).collect();
    busy.iter_mut().for_each(|stream| stream.write_all(get("/slow").as_bytes()).expect("it is sent"));
    (0..2).for_each(|_| has_begun.recv().expect("both have begun"));
    let mut newcomer = server.connect();
    newcomer.write_all(get("/new").as_bytes()).expect("it is sent");
    newcomer.set_read_timeout(Some(Duration::from_millis(100))).expect("a timeout is set");
    assert!(newcomer.read(&mut [0]).is_err(), "it is not answered while both are busy");
    go.send(()).expect("one goes on");
    newcomer.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout is set");
    assert!(read_reply(&mut newcomer).contains("GET /new"));
    go.send(()).expect("the other goes on");
}

#[test]
fn a_burst_on_a_fresh_server_is_answered_to_the_last() {
    for _ in 0..10 {
        let server = EchoServer::open(Limits::default());
        let mut streams: Vec<TcpStream> = (0..64).map(|_| server.connect()).collect();
        streams.iter_mut().for_each(|stream| stream.write_all(get("/burst").as_bytes()).expect("it is sent"));
        streams.iter_mut().for_each(|stream| assert!(read_reply(stream).contains("GET /burst")));
    }
}

#[test]
fn a_server_that_stops_answers_what_it_has_taken() {
    let (begun, has_begun) = channel();
    let begun = Mutex::new(begun);
    let server = EchoServer::answering(Limits::default(), move |request| {
        begun.lock().expect("nobody panicked").send(()).expect("the test waits");
        std::thread::sleep(Duration::from_millis(50));
        echo(request)
    });
    let mut idle = server.connect();
    let mut stream = server.connect();
    stream.write_all(get("/last").as_bytes()).expect("it is sent");
    has_begun.recv().expect("it has begun");
    server.server.stop();
    let reply = read_to_end(&mut stream);
    assert!(reply.contains("\r\nConnection: close\r\n") && reply.contains("GET /last"), "{reply}");
    assert_eq!(read_to_end(&mut idle), "");
}
