//! The log of the built program: what is in it, where it goes, and that nothing waits for its reader.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::binary::{KEY, PASSWORD, Running, keyfob, run};
use crate::client::{Connected, send};
use crate::folder::Folder;

/// Sends so many requests on one connection; each must be answered.
fn requests(address: &str, count: usize) {
    let mut connection = Connected::to(address).expect("the server accepts");
    for n in 0..count {
        let (status, _) =
            connection.send("GET", "/api/v3/clients/my-app", None, "").unwrap_or_else(|| panic!("request {n} is not answered"));
        assert_eq!(status, 401, "request {n}");
    }
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"))).collect()
}

#[test]
fn a_pipe_that_nobody_reads_stops_neither_a_request_nor_the_end() {
    let folder = Folder::new("unread");
    let server = Running::start(&folder.0, &[], &[KEY, PASSWORD]);
    requests(server.address(), 2000);
    let (code, _) = server.end("-TERM");
    assert_eq!(code, Some(0));
}

#[test]
#[ignore = "a hundred thousand requests take a minute"]
fn a_hundred_thousand_requests_are_answered_while_nobody_reads_the_log_and_the_server_ends_within_five_seconds() {
    let folder = Folder::new("unread-long");
    let server = Running::start(&folder.0, &[], &[KEY, PASSWORD]);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        (0..4).for_each(|_| {
            scope.spawn(|| requests(server.address(), 25_000));
        });
    });
    let answered = begun.elapsed();
    let begun = Instant::now();
    let (code, _) = server.end("-TERM");
    println!("100,000 requests in {answered:?}, ended after {:?}", begun.elapsed());
    assert!(code == Some(0) && begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn the_sockets_of_a_parent_such_as_node_may_stay_unread() {
    let folder = Folder::new("sockets");
    let (out, stdout) = UnixStream::pair().expect("a pair");
    let (_errors, stderr) = UnixStream::pair().expect("a pair");
    // Some parents leave the child's end without blocking.
    stderr.set_nonblocking(true).expect("a mode");
    let mut command = keyfob(&folder.0, &["serve", "--listen", "127.0.0.1:0"], &[]);
    let child = command.stdout(Stdio::from(OwnedFd::from(stdout))).stderr(Stdio::from(OwnedFd::from(stderr))).spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(out).read_line(&mut line).expect("a line");
    let server = Running::of(child, serde_json::from_str(&line).expect("the ready line"));
    requests(server.address(), 2000);
    assert_eq!(server.end("-TERM").0, Some(0));
}

/// Fills a socket, and gives back its end to write to and the one that nobody reads.
fn full() -> (OwnedFd, UnixStream) {
    let (unread, mut full) = UnixStream::pair().expect("a pair");
    full.set_nonblocking(true).expect("a mode");
    while full.write(&[b'\n'; 1024]).is_ok() {}
    full.set_nonblocking(false).expect("a mode");
    (full.into(), unread)
}

/// An address that was free a moment ago.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").to_string()
}

#[test]
fn a_server_serves_though_its_ready_line_and_its_first_credentials_find_no_reader() {
    let gone = || UnixStream::pair().map(|(end, _)| OwnedFd::from(end)).expect("a pair");
    let (full_output, _unread_output) = full();
    let (full_errors, _unread_errors) = full();
    for (name, stdout, stderr) in [("gone", gone(), gone()), ("full", full_output, full_errors)] {
        let (folder, address) = (Folder::new(name), free_address());
        let mut command = keyfob(&folder.0, &["serve", "--listen", &address], &[]);
        let child = command.stdout(Stdio::from(stdout)).stderr(Stdio::from(stderr)).spawn().expect("it starts");
        let server = Running::of(child, serde_json::json!({"url": format!("http://{address}")}));
        let begun = Instant::now();
        while Connected::to(&address).is_none() {
            assert!(begun.elapsed() < Duration::from_secs(20), "{name}: it does not serve");
            std::thread::sleep(Duration::from_millis(20));
        }
        requests(&address, 10);
        assert_eq!(server.end("-TERM").0, Some(0), "{name}");
    }
}

#[test]
fn the_log_says_how_many_lines_were_dropped_and_where_they_are_missing() {
    const REQUESTS: usize = 9000;
    let folder = Folder::new("dropped");
    let mut server = Running::start(&folder.0, &[], &[KEY, PASSWORD]);
    requests(server.address(), REQUESTS);
    let errors = server.errors();
    let (sender, is_told) = channel();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        for line in BufReader::new(errors).lines().map(|line| line.expect("a line")) {
            if line.contains("\"dropped\"") {
                sender.send(()).expect("somebody waits");
            }
            text += &(line + "\n");
        }
        text
    });
    is_told.recv().expect("it is told");
    assert_eq!(server.end("-TERM").0, Some(0));
    let lines = lines(&reader.join().expect("they are read"));
    let logged = lines.iter().filter(|line| line["message"] == "request").count();
    let dropped: Vec<&Value> = lines.iter().filter(|line| line["dropped"].is_u64()).collect();
    assert_eq!(dropped.len(), 1, "{dropped:?}");
    assert_eq!((dropped[0]["level"].as_str(), dropped[0]["dropped"].as_u64()), (Some("warn"), Some((REQUESTS - logged) as u64)));
    assert_eq!(lines.last().expect("a line")["message"], "stopping");
}

/// What a server logs that answers a request and fails at another.
fn logged(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Vec<Value> {
    let server = Running::start(folder, arguments, &[&[KEY, PASSWORD], environment].concat());
    send(server.address(), "GET", "/api/v3/clients/my-app", &[], "");
    let (code, errors) = server.end("-TERM");
    assert_eq!(code, Some(0), "{errors}");
    lines(&errors)
}

#[test]
fn requests_are_logged_unless_the_server_is_ephemeral_or_is_told_otherwise() {
    let folder = Folder::new("levels");
    let has_requests = |arguments: &[&str], environment: &[(&str, &str)]| {
        logged(&folder.0, arguments, environment).iter().any(|line| line["message"] == "request")
    };
    assert!(has_requests(&[], &[]));
    assert!(!has_requests(&["--log", "errors"], &[]));
    assert!(!has_requests(&[], &[("KEYFOB_LOG", "off")]));
    assert!(!has_requests(&["--ephemeral"], &[]));
    assert!(has_requests(&["--ephemeral", "--log=all"], &[("KEYFOB_LOG", "off")]));
}

#[test]
fn errors_are_logged_when_only_errors_are_and_nothing_when_nothing_is() {
    for (level, count) in [("errors", 1), ("off", 0)] {
        let folder = Folder::new("failures");
        let server = Running::start(&folder.0, &["--log", level], &[KEY, PASSWORD]);
        let file = rusqlite::Connection::open(folder.0.join("keyfob.db")).expect("the file opens");
        file.execute_batch("CREATE TRIGGER broken BEFORE INSERT ON clients BEGIN SELECT RAISE(ABORT, 'broken on purpose'); END")
            .expect("a trigger");
        let authorization = format!("Bearer {}", KEY.1);
        let body = r#"{"client":{"ids":{"client_id":"my-app"}}}"#;
        let reply = send(server.address(), "POST", "/api/v3/users/admin/clients", &[("Authorization", &authorization)], body);
        assert_eq!(reply.status, 500);
        let lines = lines(&server.end("-TERM").1);
        assert_eq!(lines.iter().filter(|line| line["level"] == "error").count(), count, "{lines:?}");
        assert_eq!(lines.len(), count, "{lines:?}");
    }
}

#[test]
fn a_log_file_has_all_lines_and_is_opened_again_on_a_hangup() {
    let folder = Folder::new("file");
    let (file, moved) = (folder.file("keyfob.log"), folder.file("keyfob.log.1"));
    std::fs::write(&file, "").expect("a file");
    std::fs::remove_file(&file).expect("it goes");
    let server = Running::start(&folder.0, &[], &[("KEYFOB_LOG_FILE", "keyfob.log")]);
    requests(server.address(), 1);
    std::fs::rename(&file, &moved).expect("it is moved");
    server.signal("-HUP");
    let begun = Instant::now();
    while !std::fs::read_to_string(&file).is_ok_and(|log| log.contains("reloaded")) {
        assert!(begun.elapsed() < Duration::from_secs(20), "it is not opened again");
        std::thread::sleep(Duration::from_millis(10));
    }
    requests(server.address(), 2);
    let (code, errors) = server.end("-TERM");
    assert_eq!(code, Some(0));
    let count =
        |path: &Path| lines(&std::fs::read_to_string(path).expect("a log")).iter().filter(|line| line["message"] == "request").count();
    assert_eq!(count(&moved) + count(&file), 3);
    assert!(count(&file) >= 2 && std::fs::read_to_string(&file).expect("a log").contains("stopping"));
    // The first credentials are for the person who starts it, not for the file.
    assert!(errors.contains("export KEYFOB_API_KEY=") && !std::fs::read_to_string(&moved).expect("a log").contains("NNSXS"), "{errors}");
    assert_eq!(File::open(&file).and_then(|file| file.metadata()).expect("metadata").permissions().mode() & 0o137, 0);
}

#[test]
fn a_log_file_that_cannot_be_opened_again_leaves_the_old_one_in_use() {
    let folder = Folder::new("stays");
    std::fs::create_dir(folder.file("logs")).expect("a folder");
    let file = folder.file("logs/keyfob.log");
    let server = Running::start(&folder.0, &["--log-file", "logs/keyfob.log"], &[KEY, PASSWORD]);
    std::fs::rename(folder.file("logs"), folder.file("moved")).expect("it is moved");
    server.signal("-HUP");
    let moved = folder.file("moved/keyfob.log");
    let begun = Instant::now();
    while !std::fs::read_to_string(&moved).expect("a log").contains("could not be reloaded") {
        assert!(begun.elapsed() < Duration::from_secs(20), "it is not told");
        std::thread::sleep(Duration::from_millis(10));
    }
    requests(server.address(), 1);
    assert_eq!(server.end("-TERM").0, Some(0));
    assert!(!file.exists() && std::fs::read_to_string(&moved).expect("a log").contains("\"request\""));
}

#[test]
fn a_log_file_that_cannot_be_opened_is_one_clear_line_and_leaves_no_data_file() {
    let folder = Folder::new("no-file");
    let output = run(&folder.0, &["serve", "--listen", "127.0.0.1:0", "--log-file", "no/such/place.log"], &[]);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && errors.starts_with("keyfob: cannot open the log no/such/place.log: "), "{errors}");
    assert!(errors.lines().count() == 1 && !folder.file("keyfob.db").exists(), "{errors}");
}

#[test]
fn a_full_disk_under_the_log_stops_no_request() {
    if !Path::new("/dev/full").exists() {
        return crate::process::left_out("a full disk under the log", "there is no /dev/full");
    }
    let folder = Folder::new("full");
    let server = Running::start(&folder.0, &["--log-file", "/dev/full"], &[KEY, PASSWORD]);
    requests(server.address(), 20);
    assert_eq!(server.end("-TERM").0, Some(0));
}
