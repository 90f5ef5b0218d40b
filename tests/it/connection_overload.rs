//! The built program under many connections: afterwards it is the same process, with the threads, descriptors and memory it had.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::folder::Folder;
use crate::listener::read_to_end;
use crate::overload::{is_bearable, wait_of_newcomers};
use crate::process::Process;
use crate::server::ADMIN_KEY;

/// Memory that a process may have gained by having been busy once, in KiB: what the allocator keeps for the next time.
const KEPT_BY_THE_ALLOCATOR: usize = 16 * 1024;

const GET: &[u8] = b"GET /api/v3/is/configuration HTTP/1.1\r\nHost: x\r\n\r\n";

/// A server that has met its first requests, and what it takes then.
struct LoadedServer {
    server: Process,
    threads: usize,
    descriptors: usize,
    memory: usize,
    _folder: Folder,
}

impl LoadedServer {
    fn start(name: &str, before: &str, arguments: &[&str]) -> LoadedServer {
        let folder = Folder::new(name);
        let server = Process::start(&folder.0, before, arguments);
        (0..50).for_each(|_| server.is_alive());
        eventually("no connection is open", || open_connections(&server) == 0);
        let (threads, descriptors, memory) = (server.status("Threads"), server.descriptors(), server.status("VmRSS"));
        LoadedServer { server, threads, descriptors, memory, _folder: folder }
    }

    /// The load is over: the server uses what it used before.
    fn has_recovered(&self) {
        self.server.is_alive();
        eventually("the threads are as many as before", || self.server.status("Threads") <= self.threads);
        // Workers that read for the first time opened the database.
        eventually("the descriptors are as many as before", || self.server.descriptors() <= self.descriptors + 12);
        eventually("the memory is about what it was", || self.server.status("VmRSS") <= self.memory + KEPT_BY_THE_ALLOCATOR);
        let log = self.server.log_so_far();
        assert!(!log.contains("panic"), "{log}");
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.server.address).expect("it accepts");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout is set");
        stream
    }
}

/// How many connections to its public port the server has open.
fn open_connections(server: &Process) -> usize {
    let port = server.address.rsplit(':').next().and_then(|port| port.parse::<u16>().ok()).expect("a port");
    let table = std::fs::read_to_string(format!("/proc/{}/net/tcp", server.pid())).expect("the table is read");
    let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let local = format!(":{port:04X}");
    // 01 is a connection, 08 one whose peer has ended.
    rows.filter(|row| row.len() > 3 && row[1].ends_with(&local) && ["01", "08"].contains(&row[3])).count()
}

/// Waits until it is so; how long that takes says nothing.
fn eventually(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..1000 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("it never came about that {what}");
}

fn read_something(stream: &mut TcpStream) -> usize {
    stream.read(&mut [0; 4096]).expect("it is answered")
}

/// A request whose answer may fail to come: the connection can be refused or ended.
fn try_to_get(address: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    stream.set_read_timeout(Some(Duration::from_millis(200))).expect("a timeout is set");
    stream.write_all(GET).is_ok() && stream.read(&mut [0; 4096]).is_ok_and(|count| count > 0)
}

#[test]
fn two_thousand_idle_connections_take_neither_threads_nor_much_memory() {
    let loaded = LoadedServer::start("idle", "", &["--ephemeral"]);
    let mut idle: Vec<TcpStream> = (0..2000).map(|_| loaded.connect()).collect();
    for stream in &mut idle {
        stream.write_all(GET).expect("it is sent");
        assert!(read_something(stream) > 0);
    }
    loaded.server.is_alive();
    assert!(loaded.server.status("Threads") <= loaded.threads);
    assert!(loaded.server.status("VmRSS") <= loaded.memory + 12 * 1024, "{} KiB", loaded.server.status("VmRSS"));
    for stream in &mut idle {
        stream.write_all(GET).expect("it is still open");
        assert!(read_something(stream) > 0);
    }
    drop(idle);
    loaded.has_recovered();
}

#[test]
fn ten_thousand_connects_and_disconnects_leave_nothing_behind() {
    let loaded = LoadedServer::start("connects", "", &["--ephemeral"]);
    for n in 0..10_000 {
        let mut stream = loaded.connect();
        // Some say nothing, some go in the middle of a request, some without waiting for their answer.
        let said: &[u8] = match n % 4 {
            0 => b"",
            1 => &GET[..20],
            2 => GET,
            _ => b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
        };
        let _ = stream.write_all(said);
    }
    loaded.has_recovered();
}

#[test]
fn two_thousand_one_hundred_connections_of_one_byte_keep_no_newcomer_waiting() {
    let loaded = LoadedServer::start("one-byte", "", &["--ephemeral"]);
    let unloaded = wait_of_newcomers(&loaded.server.address, 20);
    let held: Vec<TcpStream> = (0..2100)
        .map(|_| {
            let mut stream = loaded.connect();
            stream.write_all(b"G").expect("it is sent");
            stream
        })
        .collect();
    is_bearable("half heads", unloaded, wait_of_newcomers(&loaded.server.address, 100));
    drop(held);
    loaded.has_recovered();
}

#[test]
fn a_thousand_connections_that_ask_for_a_long_list_keep_no_newcomer_waiting() {
    let mut loaded = LoadedServer::start("long-lists", "", &["--ephemeral"]);
    let description = "d".repeat(2000);
    for n in 0..300 {
        let body = format!(r#"{{"client":{{"ids":{{"client_id":"client-{n}"}},"description":"{description}"}}}}"#);
        assert_eq!(loaded.server.send("POST", "/api/v3/users/admin/clients", &body).status, 200);
    }
    let target = "/api/v3/users/admin/clients?limit=1000&field_mask=description";
    let begun = Instant::now();
    (0..10).for_each(|_| assert!(loaded.server.send("GET", target, "").body.len() > 300 * 2000));
    let one_list = begun.elapsed() / 10;
    let ask = format!("GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN_KEY}\r\n\r\n");
    for attack in 0..2 {
        let mut crowd: Vec<TcpStream> = (0..1000).map(|_| loaded.connect()).collect();
        crowd.iter_mut().for_each(|stream| stream.write_all(ask.as_bytes()).expect("it is sent"));
        let wait = wait_of_newcomers(&loaded.server.address, 5).longest;
        assert!(wait < one_list * 50, "a newcomer waits {wait:?} beside a thousand lists that take {one_list:?} each");
        drop(crowd);
        loaded.server.is_alive();
        // The first time, workers come to what they keep for long replies.
        if attack == 0 {
            loaded.memory = loaded.server.status("VmRSS");
        }
    }
    loaded.has_recovered();
}

#[test]
fn what_the_listener_refuses_is_found_in_the_log_by_the_id_of_its_reply() {
    let loaded = LoadedServer::start("refused", "", &["--ephemeral"]);
    let mut stream = loaded.connect();
    stream.write_all(b"GET / HTTP/2.0\r\n\r\n").expect("it is sent");
    let reply = read_to_end(&mut stream);
    let id = reply.lines().find_map(|line| line.strip_prefix("X-Request-Id: ")).expect("an ID");
    eventually("it is in the log", || {
        loaded.server.log().lines().any(|line| line.contains(id) && line.contains("refused by the listener"))
    });
}

#[test]
fn four_hundred_connections_against_a_hundred_descriptors_are_survived() {
    let loaded = LoadedServer::start("descriptors", "ulimit -n 100", &["--data", "keyfob.db"]);
    let held: Vec<TcpStream> = (0..400).filter_map(|_| TcpStream::connect(&loaded.server.address).ok()).collect();
    assert!(held.len() > 100, "the kernel accepts them, before the server does");
    eventually("a newcomer is answered", || try_to_get(&loaded.server.address));
    let created = loaded.server.send("POST", "/api/v3/users/admin/clients", r#"{"client":{"ids":{"client_id":"under-load"}}}"#);
    assert_eq!(created.status, 200, "the database has its own descriptors: {}", created.body);
    drop(held);
    loaded.has_recovered();
    assert!(loaded.server.log_so_far().contains("fewer connections than set"));
}

#[test]
fn descriptors_that_run_out_while_it_runs_are_told_once_and_waited_for() {
    let loaded = LoadedServer::start("prlimit", "", &["--ephemeral"]);
    let limit = |most: usize| {
        let pid = loaded.server.pid().to_string();
        let soft = format!("--nofile={most}:");
        assert!(Command::new("prlimit").args(["--pid", &pid, &soft]).status().expect("prlimit is there").success());
    };
    let unloaded = wait_of_newcomers(&loaded.server.address, 20);
    limit(loaded.server.descriptors() + 4);
    let mut held: Vec<TcpStream> = (0..50).map(|_| loaded.connect()).collect();
    held.iter_mut().for_each(|stream| stream.write_all(b"G").expect("it is sent"));
    is_bearable("exhaustion", unloaded, wait_of_newcomers(&loaded.server.address, 50));
    eventually("it is told", || loaded.server.log().contains("no connection can be accepted just now"));
    limit(1000);
    drop(held);
    loaded.has_recovered();
    let told = loaded.server.log_so_far().matches("no connection can be accepted just now").count();
    assert_eq!(told, 1, "once a minute, not once for every attempt");
}

#[test]
fn a_flood_of_what_is_not_http_is_survived() {
    let loaded = LoadedServer::start("flood", "", &["--ephemeral"]);
    for request in [
        "POST /api/v3/users HTTP/1.1\r\nHost: x\r\nContent-Length: 60000000000\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: x\r\n\r\n",
        "GET /\u{0} HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nnever more",
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}",
    ] {
        let streams: Vec<TcpStream> = (0..100)
            .map(|_| {
                let mut stream = loaded.connect();
                let _ = stream.write_all(request.as_bytes());
                stream
            })
            .collect();
        loaded.server.is_alive();
        drop(streams);
    }
    loaded.has_recovered();
}
