//! Networks take turns: what one of them asks for, however much it is, keeps the others waiting for a moment only.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use keyfob::http::listener::limits::Limits;
use keyfob::http::reply::Reply;

use crate::client::Connected;
use crate::folder::Folder;
use crate::listener::{EchoServer, echo, get, read_reply, read_to_end};
use crate::overload::{connect_from, wait_of_newcomers};
use crate::process::Process;
use crate::server::ADMIN_KEY;

/// What a dear request takes of a worker.
const DEAR: Duration = Duration::from_millis(20);

/// What a slow request waits for.
const SLOW: Duration = Duration::from_millis(500);

/// How many dear requests one network has under way: four workers need two seconds for them.
const CROWD: usize = 400;

/// A server on which `/dear` is dear. Everything else is answered at once.
fn server(limits: Limits) -> EchoServer {
    EchoServer::answering(limits, |request| {
        if request.target == "/dear" {
            std::thread::sleep(DEAR);
        }
        echo(request)
    })
}

/// A newcomer waits for the few dear requests that are with the workers already, and not for all of them, which take as long as has passed since.
fn is_a_moment(wait: Duration, begun: Instant) {
    assert!(wait * 3 < begun.elapsed(), "{wait:?} of {:?}", begun.elapsed());
}

/// Sends a request on each of so many connections.
fn crowd(server: &EchoServer, count: usize, request: &str) -> Vec<TcpStream> {
    let mut streams: Vec<TcpStream> = (0..count).map(|_| server.connect()).collect();
    streams.iter_mut().for_each(|stream| stream.write_all(request.as_bytes()).expect("it is sent"));
    streams
}

#[test]
fn a_network_that_asks_for_much_at_once_keeps_no_newcomer_waiting_and_is_answered_to_the_last() {
    let server = server(Limits::default());
    let begun = Instant::now();
    let mut crowd = crowd(&server, CROWD, &get("/dear"));
    let wait = wait_of_newcomers(&server.address, 1).longest;
    crowd.iter_mut().for_each(|stream| assert!(read_reply(stream).contains("GET /dear")));
    is_a_moment(wait, begun);
}

#[test]
fn whom_a_trusted_proxy_asks_for_has_a_turn_of_his_own() {
    let server = server(Limits { proxies: "127.0.0.0/8".parse().expect("a network"), ..Limits::default() });
    let ask = |target: &str, from: &str| format!("GET {target} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {from}\r\n\r\n");
    let begun = Instant::now();
    let mut crowd = crowd(&server, CROWD, &ask("/dear", "192.0.2.1"));
    let newcomer_begun = Instant::now();
    let mut newcomer = server.connect();
    newcomer.write_all(ask("/cheap", "192.0.2.2").as_bytes()).expect("it is sent");
    assert!(read_reply(&mut newcomer).contains("GET /cheap"));
    let wait = newcomer_begun.elapsed();
    crowd.iter_mut().for_each(|stream| assert!(read_reply(stream).contains("GET /dear")));
    is_a_moment(wait, begun);
}

#[test]
fn pipelined_requests_wait_for_their_turn_in_their_order() {
    let server = server(Limits::default());
    let many: String = (0..5).map(|n| get(&format!("/{n}")) + &get("/dear")).collect();
    let begun = Instant::now();
    let mut crowd = crowd(&server, CROWD / 5, &many);
    let wait = wait_of_newcomers(&server.address, 1).longest;
    for stream in &mut crowd {
        for n in 0..5 {
            assert!(read_reply(stream).contains(&format!("GET /{n} from")));
            assert!(read_reply(stream).contains("GET /dear"));
        }
    }
    is_a_moment(wait, begun);
}

#[test]
fn requests_of_one_network_that_wait_for_something_slow_leave_threads_for_the_others() {
    let server = EchoServer::blocking(Limits::default(), |request, before_blocking| {
        if request.target == "/slow" {
            before_blocking();
            std::thread::sleep(SLOW);
        }
        echo(request)
    });
    let begun = Instant::now();
    let mut crowd = crowd(&server, CROWD / 2, &get("/slow"));
    let wait = wait_of_newcomers(&server.address, 1).longest;
    assert!(wait * 2 < SLOW, "{wait:?}: one who waits for a thread waits until another is done");
    crowd.iter_mut().for_each(|stream| assert!(read_reply(stream).contains("GET /slow")));
    // Many of them wait at the same time: one commit is enough for many writes.
    assert!(begun.elapsed() < SLOW * CROWD as u32 / 32, "{:?}", begun.elapsed());
}

/// How many requests of a crowd that closed its connections are answered where their turn comes after this time.
fn answered_of_the_gone(after: Duration) -> usize {
    let (lock, answered) = (Arc::new(RwLock::new(())), Arc::new(AtomicUsize::new(0)));
    let (their_lock, counter) = (lock.clone(), answered.clone());
    // Deadlines, and who is gone, are looked at half as often as the shortest limit.
    let limits = Limits { drain: Duration::from_millis(100), ..Limits::default() };
    let server = EchoServer::answering(limits, move |request| {
        drop(their_lock.read());
        counter.fetch_add(1, Ordering::SeqCst);
        echo(request)
    });
    let closed = lock.write().expect("nobody panicked");
    let mut gone = crowd(&server, CROWD, &get("/gone"));
    for stream in gone.drain(..CROWD / 2) {
        // A close then sends a reset, and otherwise no more than an end.
        socket2::Socket::from(stream).set_linger(Some(Duration::ZERO)).expect("it is set");
    }
    drop(gone);
    std::thread::sleep(after);
    drop(closed);
    let mut last = server.connect();
    last.write_all(get("/last").as_bytes()).expect("it is sent");
    assert!(read_reply(&mut last).contains("GET /last"));
    answered.load(Ordering::SeqCst)
}

#[test]
fn a_request_whose_peer_is_gone_when_its_turn_comes_is_not_answered() {
    // A busy machine takes longer to notice.
    let answered = [1, 5, 20].map(Duration::from_secs).into_iter().map(answered_of_the_gone).find(|answered| *answered < CROWD / 4);
    assert!(answered.is_some(), "they were answered all the same");
}

#[test]
fn a_peer_that_has_ended_its_stream_is_answered_when_its_turn_comes() {
    let server = server(Limits::default());
    let crowd = crowd(&server, CROWD / 4, &get("/dear"));
    for mut stream in crowd {
        stream.shutdown(std::net::Shutdown::Write).expect("its end is sent");
        assert!(read_to_end(&mut stream).contains("GET /dear"));
    }
}

#[test]
fn handlers_that_panic_and_peers_that_go_take_no_turn_for_ever() {
    let server = EchoServer::answering(Limits::default(), |request| {
        assert!(request.target != "/panic", "on purpose");
        echo(request)
    });
    for _ in 0..3 {
        let mut panics = crowd(&server, 100, &get("/panic").repeat(2));
        panics.iter_mut().for_each(|stream| (0..2).for_each(|_| assert!(read_reply(stream).starts_with("HTTP/1.1 500 "))));
        drop(crowd(&server, 100, &get("/gone").repeat(2)));
    }
    let mut replies = crowd(&server, 100, &get("/"));
    replies.iter_mut().for_each(|stream| assert!(read_reply(stream).contains("GET /")));
}

#[test]
fn requests_that_wait_for_their_turn_hold_a_bounded_memory_and_a_neighbour_keeps_his() {
    const LENGTH: usize = 1024 * 1024;
    let server = server(Limits::default());
    let large = format!("POST /dear HTTP/1.1\r\nHost: x\r\nContent-Length: {LENGTH}\r\n\r\n{}", "x".repeat(LENGTH));
    let first = crowd(&server, CROWD, &get("/dear"));
    let mut neighbour = connect_from("127.0.0.77:0", &server.address);
    neighbour.write_all(large.as_bytes()).expect("it is sent");
    let mut others: Vec<TcpStream> = (0..CROWD / 4)
        .map(|_| {
            let mut stream = server.connect();
            // It may be refused before all of it is sent.
            let _ = stream.write_all(large.as_bytes());
            stream
        })
        .collect();
    assert!(read_reply(&mut neighbour).contains(&format!("] {LENGTH} bytes")));
    let refused = others.iter_mut().map(read_reply).filter(|reply| reply.starts_with("HTTP/1.1 503 ")).count();
    assert!(refused > 0 && refused < others.len(), "{refused}");
    drop(first);
}

#[test]
fn at_the_limit_of_connections_a_network_that_waits_with_most_of_them_makes_room() {
    let server = server(Limits { connections: CROWD, ..Limits::default() });
    let begun = Instant::now();
    let ask = get("/dear").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    let mut crowd: Vec<TcpStream> = (0..CROWD * 2).flat_map(|_| crowd(&server, 1, &ask)).collect();
    let wait = wait_of_newcomers(&server.address, 1).longest;
    let replies: Vec<String> = crowd.iter_mut().map(read_to_end).collect();
    let count = |status: &str| replies.iter().filter(|reply| reply.starts_with(status)).count();
    let (answered, refused) = (count("HTTP/1.1 200 "), count("HTTP/1.1 503 "));
    assert!(answered > 0 && refused > 0, "{answered} answered, {refused} refused");
    is_a_moment(wait, begun);
}

#[test]
fn a_server_that_stops_answers_what_waits_for_its_turn() {
    let server = server(Limits::default());
    let mut crowd = crowd(&server, 40, &get("/dear"));
    // All are there when the last one's neighbour is answered.
    wait_of_newcomers(&server.address, 1);
    server.stop();
    crowd.iter_mut().for_each(|stream| assert!(read_to_end(stream).contains("GET /dear")));
}

#[test]
fn many_connections_of_one_network_are_all_answered_again_and_again() {
    let server = EchoServer::answering(Limits::default(), |_| Reply::empty(204));
    let mut crowd = crowd(&server, CROWD, "");
    for _ in 0..10 {
        crowd.iter_mut().for_each(|stream| stream.write_all(get("/").as_bytes()).expect("it is sent"));
        crowd.iter_mut().for_each(|stream| assert!(read_reply(stream).starts_with("HTTP/1.1 204 ")));
    }
}

#[test]
fn who_reads_little_does_not_wait_for_those_who_read_many_rows_from_the_same_address() {
    let folder = Folder::new("lists");
    let server = Process::start(&folder.0, "", &["--data", "keyfob.db", "--workers", "1"]);
    server.registers("listed", 200);
    let ask = |connection: &mut Connected, target: &str| {
        let begun = Instant::now();
        assert_eq!(connection.send("GET", target, Some(ADMIN_KEY), "").map(|(status, _)| status), Some(200));
        begun.elapsed()
    };
    let (ended, list) = (AtomicBool::new(false), "/api/v3/users/admin/clients?field_mask=name,redirect_uris,rights");
    let connected = || Connected::to(&server.address).expect("a connection");
    std::thread::scope(|scope| {
        let lists: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = connected();
                    (0..).map_while(|_| (!ended.load(Ordering::SeqCst)).then(|| ask(&mut connection, list))).collect::<Vec<_>>()
                })
            })
            .collect();
        let mut connection = connected();
        let mut reads: Vec<Duration> = (0..40).map(|_| ask(&mut connection, "/api/v3/users/admin")).collect();
        ended.store(true, Ordering::SeqCst);
        let mut lists: Vec<Duration> = lists.into_iter().flat_map(|lists| lists.join().expect("they are answered")).collect();
        let median = |waits: &mut [Duration]| {
            waits.sort_unstable();
            waits[waits.len() / 2]
        };
        let (read, list) = (median(&mut reads), median(&mut lists));
        assert!(read * 3 < list * 2, "{read:?}, and a list among others {list:?}");
    });
}

#[test]
fn threads_for_requests_that_wait_for_the_disk_begin_when_they_are_first_needed() {
    let folder = Folder::new("threads");
    let server = Process::start(&folder.0, "", &["--data", "keyfob.db", "--workers", "2"]);
    // The first use of a key in a day is written down, so that would wait too.
    assert_eq!(server.send("GET", "/api/v3/users/admin", "").status, 200);
    let few = server.status("Threads");
    let file = rusqlite::Connection::open(folder.file("keyfob.db")).expect("the file opens");
    file.execute_batch("BEGIN IMMEDIATE").expect("the only write");
    std::thread::scope(|scope| {
        let write = |n: usize| {
            let (server, body) = (&server, format!(r#"{{"client":{{"ids":{{"client_id":"threads-{n}"}}}}}}"#));
            scope.spawn(move || server.send("POST", "/api/v3/users/admin/clients", &body).status)
        };
        let writes: Vec<_> = (0..20).map(write).collect();
        let begun = Instant::now();
        while server.status("Threads") < few + 18 {
            assert!(begun.elapsed() < Duration::from_secs(30), "{} threads", server.status("Threads"));
            assert_eq!(server.send("GET", "/api/v3/users/admin", "").status, 200);
        }
        file.execute_batch("ROLLBACK").expect("the end of it");
        assert!(writes.into_iter().all(|write| write.join().expect("it is answered") == 200));
    });
    assert!(few < 30, "{few} threads at the start");
}
