//! What keyfob is compared with, measured in the same run: tiny_http alone, tiny_http behind the listener, and raw SQLite on the same disk.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use keyfob::http::listener::limits::Limits;
use keyfob::http::reply::Reply;
use keyfob::http::server::Server;
use rusqlite::Connection;

/// How many threads answer, here as in keyfob.
const WORKERS: usize = 4;

/// What answers.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    /// tiny_http, which sends the body with no headers but its own.
    Plain,
    /// tiny_http, which sends the body with all headers of keyfob's reply.
    WithHeaders,
    /// tiny_http behind keyfob's listener, with all headers of keyfob's reply.
    Listener,
}

const KINDS: &[(&str, Kind)] = &[("plain", Kind::Plain), ("with-headers", Kind::WithHeaders), ("listener", Kind::Listener)];

/// A process of this program that gives the same reply to every request.
pub struct Baseline {
    child: Child,
    pub address: String,
}

impl Baseline {
    /// `reply` is a file with a whole reply of keyfob's, head and body.
    pub fn start(kind: Kind, reply: &Path) -> Baseline {
        let name = KINDS.iter().find(|(_, known)| *known == kind).map(|(name, _)| *name).expect("it has a name");
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .arg("--answer")
            .arg(name)
            .arg(reply)
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut address = String::new();
        BufReader::new(child.stdout.as_mut().expect("its output")).read_line(&mut address).expect("a line");
        Baseline { child, address: address.trim().to_owned() }
    }
}

impl Drop for Baseline {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the process of [`Baseline`] does; it ends with the one that started it.
pub fn answer(kind: &str, reply: &Path) {
    let kind = KINDS.iter().find(|(name, _)| *name == kind).map(|(_, kind)| *kind).expect("a known kind");
    let text = std::fs::read_to_string(reply).expect("the reply is read");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
    let own = ["content-length", "date", "connection"];
    let headers: Vec<(String, String)> = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .filter(|(name, _)| !own.contains(&name.to_lowercase().as_str()))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    match kind {
        Kind::Plain => alone(&[], body.as_bytes()),
        Kind::WithHeaders => alone(&headers, body.as_bytes()),
        Kind::Listener => listener(headers, body.as_bytes().to_vec()),
    }
}

fn announce(address: impl std::fmt::Display) {
    println!("{address}");
    std::io::stdout().flush().expect("it is told");
}

fn alone(headers: &[(String, String)], body: &[u8]) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    // Without it each reply of more than a packet waits 40 ms: no measure at all.
    socket.set_tcp_nodelay(true).expect("an option");
    socket.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().expect("an address").into()).expect("a port");
    socket.listen(1024).expect("it listens");
    let server = Arc::new(tiny_http::Server::from_listener(std::net::TcpListener::from(socket), None).expect("it starts"));
    announce(server.server_addr());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Ok(request) = server.recv() {
                    let headers = headers
                        .iter()
                        .map(|(name, value)| tiny_http::Header::from_bytes(name.as_bytes(), value.as_bytes()).expect("a header"));
                    let response = tiny_http::Response::new(200.into(), headers.collect(), body, Some(body.len()), None);
                    let _ = request.respond(response.with_chunked_threshold(usize::MAX));
                }
            });
        }
    });
}

fn listener(headers: Vec<(String, String)>, body: Vec<u8>) {
    let server = Server::bind("127.0.0.1:0", Limits::default()).expect("it listens");
    announce(server.address().expect("it listens over TCP"));
    // They live as long as the process.
    let headers: Vec<_> = headers.into_iter().map(|(name, value)| (&*name.leak(), value.into())).collect();
    server.run(WORKERS, &|_, _| Reply { headers: headers.clone(), body: body.clone(), ..Reply::empty(200) }).expect("it runs");
}

/// Rows a second that SQLite makes durable in a transaction each, in a file beside the server's.
pub fn raw_sqlite(folder: &Path, time: Duration) -> f64 {
    let path = folder.join("raw.db");
    let database = Connection::open(&path).expect("a file");
    database
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE IF NOT EXISTS rows (id TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID; DELETE FROM rows;",
        )
        .expect("a table");
    let mut insert = database.prepare("INSERT INTO rows VALUES (?1, ?2)").expect("a statement");
    let text = "x".repeat(600);
    let (begun, mut rows) = (Instant::now(), 0_u32);
    while begun.elapsed() < time {
        insert.execute((format!("client-{rows:09}"), &text)).expect("a row");
        rows += 1;
    }
    f64::from(rows) / begun.elapsed().as_secs_f64()
}
