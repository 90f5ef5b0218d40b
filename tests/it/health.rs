//! Whether a server is healthy and ready, as monitors and containers ask.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::sync::mpsc::channel;

use serde_json::json;

use crate::binary::{Running, keyfob};
use crate::client::send;
use crate::folder::Folder;
use crate::process::Process;
use crate::server::Server;
use crate::tls;

/// The exit code of `keyfob healthcheck`, and the one line that it printed.
fn healthcheck(folder: &Folder, arguments: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = keyfob(&folder.0, &[&["healthcheck"], arguments].concat(), environment).output().expect("it runs");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert_eq!(printed.lines().count(), 1, "{printed}");
    (output.status.code(), printed)
}

const READY: &str = r#"200 {"ready":true,"checks":{"read":"ok","write":"ok","schema":"ok","disk":"ok"}}"#;

#[test]
fn a_server_tells_strangers_that_it_answers_and_that_it_is_ready_and_nothing_else() {
    let server = Server::start();
    assert_eq!(server.check("anon", "GET", "/healthz", "", "200").json(), json!({"healthy": true}));
    let ready = server.check("anon", "GET", "/readyz", "", "200");
    assert_eq!(ready.json(), json!({"ready": true, "checks": {"read": "ok", "write": "ok", "schema": "ok", "disk": "ok"}}));
    assert_eq!(ready.header("Cache-Control"), Some("no-store"));
}

#[test]
fn however_many_ask_there_is_one_write_in_five_seconds() {
    let server = Server::start();
    let written = || server.value::<i64>("SELECT observed_at FROM observations WHERE name = 'ready'");
    server.check("anon", "GET", "/readyz", "", READY);
    let first = written();
    for _ in 0..100 {
        server.check("anon", "GET", "/readyz", "", READY);
        server.check("anon", "GET", "/healthz", "", "200");
    }
    assert_eq!(written(), first);
    server.wait_seconds(6);
    server.check("anon", "GET", "/readyz", "", READY);
    assert!(written() > first);
}

#[test]
fn a_question_for_the_status_alone_writes_nothing_and_is_answered_like_the_whole() {
    let server = Server::start();
    let written = || server.value::<Option<i64>>("SELECT max(observed_at) FROM observations WHERE name = 'ready'");
    let pages = || std::fs::metadata(server.app.store().path().with_extension("db-wal")).map(|log| log.len()).ok();
    let before = pages();
    for _ in 0..3 {
        server.check("anon", "HEAD", "/readyz", "", "200");
        server.wait_seconds(6);
    }
    assert_eq!((written(), pages()), (None, before));
    server.execute("CREATE TRIGGER broken BEFORE INSERT ON observations BEGIN SELECT RAISE(ABORT, 'on purpose'); END");
    server.check("anon", "GET", "/readyz", "", "503");
    let before = pages();
    server.check("anon", "HEAD", "/readyz", "", "503");
    server.wait_seconds(6);
    server.check("anon", "HEAD", "/readyz", "", "503");
    assert_eq!((before.is_some(), pages()), (true, before), "a question for the status alone wrote");
    server.execute("DROP TRIGGER broken");
    server.check("anon", "GET", "/readyz", "", READY);
    server.check("anon", "HEAD", "/readyz", "", "200");
    let file = server.app.store().path();
    std::fs::rename(file, file.with_extension("elsewhere")).expect("the file is moved");
    server.check("anon", "HEAD", "/readyz", "", "503");
}

#[test]
fn a_server_that_cannot_write_is_healthy_but_not_ready_until_it_can() {
    let server = Server::start();
    server.execute("CREATE TRIGGER broken BEFORE INSERT ON observations BEGIN SELECT RAISE(ABORT, 'on purpose'); END");
    let not_ready = server.check("anon", "GET", "/readyz", "", r#"503 {"ready":false,"checks":{"read":"ok","write":"failed"}}"#);
    assert!(!not_ready.text().contains("purpose"), "{}", not_ready.text());
    server.check("anon", "GET", "/healthz", "", "200");
    server.execute("DROP TRIGGER broken");
    server.check("anon", "GET", "/readyz", "", r#"503 {"checks":{"write":"failed"}}"#);
    server.wait_seconds(6);
    server.check("anon", "GET", "/readyz", "", READY);
}

#[test]
fn a_file_whose_schema_another_version_changed_is_not_ready() {
    let server = Server::start();
    server.execute("PRAGMA user_version = 99");
    server.check("anon", "GET", "/readyz", "", r#"503 {"ready":false,"checks":{"read":"ok","schema":"failed"}}"#);
}

#[test]
fn a_server_whose_file_is_gone_is_healthy_but_not_ready() {
    let server = Server::start();
    let file = server.app.store().path();
    std::fs::rename(file, file.with_extension("elsewhere")).expect("the file is moved");
    server.check("anon", "GET", "/readyz", "", r#"503 {"ready":false,"checks":{"disk":"failed"}}"#);
    server.check("anon", "GET", "/healthz", "", "200");
}

#[test]
fn nobody_who_asks_waits_for_the_write_of_somebody_else() {
    let folder = Folder::new("waiting-write");
    let server = Process::start(&folder.0, "", &["--data", "keyfob.db"]);
    let file = rusqlite::Connection::open(folder.file("keyfob.db")).expect("the file opens");
    file.execute_batch("BEGIN IMMEDIATE").expect("the only write");
    let (sender, answers) = channel();
    std::thread::scope(|scope| {
        for _ in 0..20 {
            let (sender, address) = (sender.clone(), &server.address);
            scope.spawn(move || sender.send(send(address, "GET", "/readyz", &[], "").status));
        }
        let at_once: Vec<u16> = answers.iter().take(19).collect();
        assert_eq!(at_once, [200; 19]);
        assert!(answers.try_recv().is_err(), "one waits");
        file.execute_batch("ROLLBACK").expect("the end of it");
        assert_eq!(answers.recv(), Ok(200));
    });
}

#[test]
fn questions_about_health_are_not_logged_but_that_a_server_is_no_longer_ready_is() {
    let folder = Folder::new("health-log");
    let server = Process::start(&folder.0, "", &["--data", "keyfob.db"]);
    for _ in 0..20 {
        assert_eq!(server.send("GET", "/healthz", "").status, 200);
        assert_eq!(server.send("GET", "/readyz", "").status, 200);
    }
    let file = rusqlite::Connection::open(folder.file("keyfob.db")).expect("the file opens");
    let version: i64 = file.pragma_query_value(None, "user_version", |row| row.get(0)).expect("its version");
    file.execute_batch("PRAGMA user_version = 99").expect("another version");
    for _ in 0..20 {
        assert_eq!(server.send("GET", "/readyz", "").status, 503);
    }
    file.pragma_update(None, "user_version", version).expect("this version");
    assert_eq!(server.send("GET", "/readyz", "").status, 200);
    // The log is written by a thread of its own.
    let log = std::iter::repeat_with(|| server.log()).find(|log| log.contains("\"ready again\"")).expect("it is written");
    let lines = |message: &str| log.lines().filter(|line| line.contains(message)).count();
    assert_eq!((lines("server.readiness"), lines("\"not ready\""), lines("\"ready again\"")), (0, 1, 1), "{log}");
}

#[test]
fn a_server_with_a_certificate_or_on_a_socket_is_asked_by_its_own_settings() {
    let folder = Folder::new("healthcheck-tls");
    let (certificate, key) = (tls::argument("first.pem"), tls::argument("first-key.pem"));
    let socket = format!("unix:{}", folder.file("s").display());
    let server = Process::start(&folder.0, "", &["--data", "a.db", "--tls-cert", &certificate, "--tls-key", &key, "--listen", &socket]);
    let address = server.ready["url"].as_str().and_then(|url| url.strip_prefix("https://")).expect("an address");
    let settings = [("KEYFOB_LISTEN", &*format!("{address},{socket}")), ("KEYFOB_TLS_CERT", &*certificate)];
    let (code, printed) = healthcheck(&folder, &[], &settings);
    assert_eq!((code, printed), (Some(0), format!("healthy: https://{address}/readyz\n")));
    assert_eq!(healthcheck(&folder, &["--listen", &socket], &[]).0, Some(0));
    assert_eq!(healthcheck(&folder, &[&format!("https://{address}")], &[]).0, Some(1), "a stranger's certificate is not trusted");
    let (url, ca) = (format!("https://{address}"), tls::argument("ca.pem"));
    assert_eq!(healthcheck(&folder, &[&url, "--ca", &ca], &[]).0, Some(0));
    assert_eq!(healthcheck(&folder, &[&url], &[("KEYFOB_CA", &ca)]).0, Some(0));
    let (code, printed) = healthcheck(&folder, &[&url, "--ca", &key], &[]);
    assert!(code == Some(2) && printed.contains("--ca") && printed.contains("there is none in the file"), "{printed}");
}

#[test]
fn a_container_asks_with_the_program_itself() {
    let folder = Folder::new("healthcheck");
    let server = Running::ephemeral();
    let url = format!("http://{}", server.address());
    let (code, printed) = healthcheck(&folder, &[&url], &[]);
    assert_eq!((code, printed), (Some(0), format!("healthy: {url}/readyz\n")));
    assert_eq!(healthcheck(&folder, &[&format!("{url}/healthz")], &[]).0, Some(0));
    assert_eq!(healthcheck(&folder, &["--listen", server.address()], &[]).0, Some(0));
    assert_eq!(healthcheck(&folder, &[], &[("KEYFOB_LISTEN", server.address()), ("http_proxy", "http://127.0.0.1:9")]).0, Some(0));
    drop(server);
    let (code, printed) = healthcheck(&folder, &[&url], &[]);
    assert!(code == Some(1) && printed.starts_with(&format!("keyfob: not healthy: {url}/readyz: ")), "{printed}");
    for wrong in [&["somewhere"][..], &["ftp://x"], &["--listen", "127.0.0.1:0"], &["http://a", "http://b"], &["--nothing"]] {
        assert_eq!(healthcheck(&folder, wrong, &[]).0, Some(2), "{wrong:?}");
    }
}

/// Answers one request on a socket in a file with this.
fn answers_once(folder: &Folder, reply: &'static str) -> String {
    let path = folder.file("socket");
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).expect("a socket");
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody asks");
        let mut request = [0; 1024];
        let read = stream.read(&mut request).expect("a request");
        assert!(request[..read].starts_with(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n"));
        stream.write_all(reply.as_bytes()).expect("a reply");
    });
    format!("unix:{}", path.display())
}

#[test]
fn a_server_behind_a_socket_in_a_file_is_asked_there_and_what_is_wrong_is_said() {
    let folder = Folder::new("healthcheck-socket");
    let target = answers_once(&folder, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(healthcheck(&folder, &[&target], &[]).0, Some(0));
    let body =
        "HTTP/1.1 503 Service Unavailable\r\n\r\n{\"ready\":false,\"checks\":{\"read\":\"ok\",\"write\":\"failed\",\"disk\":\"low\"}}";
    let (code, printed) = healthcheck(&folder, &[], &[("KEYFOB_LISTEN", &answers_once(&folder, body))]);
    assert!(code == Some(1) && printed.ends_with("answered 503: write failed, disk low\n"), "{printed}");
    let (code, printed) = healthcheck(&folder, &[&answers_once(&folder, "SSH-2.0-x\r\n\r\n")], &[]);
    assert!(code == Some(1) && printed.ends_with("does not speak HTTP\n"), "{printed}");
}
