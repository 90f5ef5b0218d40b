//! Load from one thread: many keep-alive connections, each with one request under way.

use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

/// Fewer replies say nothing.
const FEWEST: usize = 5;

/// What came of a load.
pub struct Outcome {
    /// Replies a second.
    pub rate: f64,
    /// Sorted, in microseconds.
    latencies: Vec<u32>,
}

impl Outcome {
    /// A percentile of the latencies, in microseconds.
    pub fn percentile(&self, percent: usize) -> f64 {
        let at = (self.latencies.len() * percent / 100).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(at).map_or(f64::NAN, |micros| f64::from(*micros))
    }
}

struct Client {
    stream: TcpStream,
    request: Vec<u8>,
    sent: usize,
    reply: Vec<u8>,
    begun: Instant,
}

/// Sends what `next` makes (it is given the number of the connection and its last reply) for so long, on so many connections.
///
/// # Panics
/// If a reply has another status than 2xx: its rate would say nothing.
pub fn drive(address: &str, connections: usize, time: Duration, next: &mut dyn FnMut(usize, &[u8]) -> Vec<u8>) -> Outcome {
    let mut poll = Poll::new().expect("a poll");
    let mut events = Events::with_capacity(256);
    let mut clients = Vec::new();
    for number in 0..connections {
        // One after the other: a bare tiny_http leaves some of a burst unanswered.
        let stream = std::net::TcpStream::connect(address).expect("it accepts");
        stream.set_nodelay(true).expect("an option");
        stream.set_nonblocking(true).expect("an option");
        let mut stream = TcpStream::from_std(stream);
        poll.registry().register(&mut stream, Token(number), Interest::READABLE | Interest::WRITABLE).expect("it is watched");
        clients.push(Client { stream, request: next(number, &[]), sent: 0, reply: Vec::new(), begun: Instant::now() });
        prove(&mut poll, &mut events, &mut clients, number, next);
    }
    let (begun, mut latencies) = (Instant::now(), Vec::new());
    for client in &mut clients {
        client.begun = Instant::now();
        client.send();
    }
    // What takes longer than the whole time is measured nevertheless.
    while begun.elapsed() < time || latencies.len() < FEWEST {
        poll.poll(&mut events, Some(Duration::from_millis(100))).expect("it polls");
        for event in &events {
            let number = event.token().0;
            let client = &mut clients[number];
            client.send();
            while client.receive() {
                latencies.push(u32::try_from(client.begun.elapsed().as_micros()).unwrap_or(u32::MAX));
                client.go_on(number, next);
            }
        }
    }
    let rate = latencies.len() as f64 / begun.elapsed().as_secs_f64();
    latencies.sort_unstable();
    Outcome { rate, latencies }
}

/// Waits for the first reply of a fresh connection.
fn prove(poll: &mut Poll, events: &mut Events, clients: &mut [Client], number: usize, next: &mut dyn FnMut(usize, &[u8]) -> Vec<u8>) {
    clients[number].send();
    loop {
        poll.poll(events, Some(Duration::from_secs(10))).expect("it polls");
        assert!(!events.is_empty(), "connection {number} is never answered");
        clients[number].send();
        if clients[number].receive() {
            let client = &mut clients[number];
            client.request = next(number, &client.reply);
            (client.sent, client.reply) = (0, Vec::new());
            return;
        }
    }
}

impl Client {
    fn send(&mut self) {
        while self.sent < self.request.len() {
            match self.stream.write(&self.request[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => panic!("sending failed: {error}"),
            }
        }
    }

    /// Reads what is there; true if the reply is whole.
    fn receive(&mut self) -> bool {
        let mut part = [0; 64 * 1024];
        loop {
            match self.stream.read(&mut part) {
                Ok(0) => panic!("the server ended a connection"),
                Ok(count) => {
                    self.reply.extend_from_slice(&part[..count]);
                    if is_whole(&self.reply) {
                        let is_fine = self.reply.starts_with(b"HTTP/1.1 2") || self.reply.starts_with(b"HTTP/1.1 302");
                        assert!(is_fine, "{}", String::from_utf8_lossy(&self.reply));
                        return true;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return false,
                Err(error) => panic!("receiving failed: {error}"),
            }
        }
    }

    fn go_on(&mut self, number: usize, next: &mut dyn FnMut(usize, &[u8]) -> Vec<u8>) {
        self.request = next(number, &self.reply);
        self.reply.clear();
        (self.sent, self.begun) = (0, Instant::now());
        self.send();
    }
}

/// Whether a head and as much body as it says is there.
fn is_whole(reply: &[u8]) -> bool {
    let Some(end) = reply.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&reply[..end]);
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).map_or(0, |length| length.parse().expect("a length"));
    reply.len() >= end + 4 + length
}

/// A request as the load sends it.
pub fn request(method: &str, target: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n{headers}{length}\r\n{body}").into_bytes()
}

/// One request on a connection of its own; the whole reply.
pub fn once(address: &str, request: &[u8]) -> String {
    let mut stream = std::net::TcpStream::connect(address).expect("it accepts");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("an option");
    stream.write_all(request).expect("it is sent");
    let (mut reply, mut part) = (Vec::new(), [0; 64 * 1024]);
    while !is_whole(&reply) {
        let count = stream.read(&mut part).expect("it is answered");
        assert!(count > 0, "ended early: {}", String::from_utf8_lossy(&reply));
        reply.extend_from_slice(&part[..count]);
        std::thread::yield_now();
    }
    String::from_utf8_lossy(&reply).into_owned()
}
