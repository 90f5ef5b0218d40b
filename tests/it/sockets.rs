//! What the built program listens on: several addresses, Unix sockets, and sockets that a supervisor has opened.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use keyfob::http::listener::limits::Limits;
use keyfob::http::listener::public_socket::{ListeningSocket, Protocol, PublicSocket};
use keyfob::http::server::Server;
use serde_json::Value;

use crate::binary::{KEY, PASSWORD, Running, keyfob, run};
use crate::cli_files::{admin, data};
use crate::client::send;
use crate::folder::Folder;
use crate::listener::{EchoServer, echo, get, read_reply};
use crate::process::ready;

/// The status of a request over a Unix socket.
fn status_over(path: &Path) -> u16 {
    let mut stream = UnixStream::connect(path).expect("it accepts");
    stream.write_all(b"GET /api/v3/auth_info HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("it is sent");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("it is read");
    reply.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
}

fn status_at(url: &Value) -> u16 {
    send(url.as_str().and_then(|url| url.strip_prefix("http://")).expect("an address"), "GET", "/api/v3/auth_info", &[], "").status
}

#[test]
fn a_server_listens_at_every_address_that_it_is_given() {
    let folder = Folder::new("listen-several");
    let socket = folder.0.join("keyfob.sock");
    let server = Running::start(&folder.0, &["--listen", "127.0.0.77:0", "--listen", "unix:keyfob.sock"], &[KEY, PASSWORD]);
    let listen = server.ready["listen"].as_array().expect("a list").clone();
    assert_eq!((listen.len(), &listen[0], &listen[2]), (3, &server.ready["url"], &"unix:keyfob.sock".into()));
    assert_eq!((status_at(&listen[0]), status_at(&listen[1]), status_over(&socket)), (200, 200, 200));
    assert_eq!(std::fs::metadata(&socket).expect("a socket").permissions().mode() & 0o777, 0o660);
    assert_eq!(server.end("-TERM").0, Some(0));
    assert!(!socket.exists());

    let mut command = keyfob(&folder.0, &["serve", "--ephemeral"], &[("KEYFOB_LISTEN", "127.0.0.1:0, unix:keyfob.sock")]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
    let listen = ready(&mut child)["listen"].clone();
    assert_eq!((status_at(&listen[0]), status_over(&socket)), (200, 200));
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
}

#[test]
fn a_server_on_a_unix_socket_alone_has_to_be_told_its_url() {
    let folder = Folder::new("listen-unix");
    let refused = run(&folder.0, &["serve", "--listen", "unix:keyfob.sock"], &[]);
    let errors = String::from_utf8_lossy(&refused.stderr);
    assert!(refused.status.code() == Some(2) && errors.contains("--public-url"), "{errors}");
    let mut command = keyfob(&folder.0, &["serve", "--listen", "unix:keyfob.sock", "--public-url", "https://id.example"], &[]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    assert_eq!(ready(&mut child)["url"], "unix:keyfob.sock");
    assert_eq!(status_over(&folder.0.join("keyfob.sock")), 200);
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
}

#[test]
fn only_the_socket_of_a_server_that_is_gone_is_replaced() {
    let folder = Folder::new("listen-stale");
    let path = folder.0.join("keyfob.sock");
    let begin =
        |data: &str| run(&folder.0, &["serve", "--data", data, "--listen", "unix:keyfob.sock", "--public-url", "https://id.example"], &[]);
    let is_refused = |says: &str| {
        let output = begin("other.db");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && errors.contains(says) && errors.lines().count() == 1, "{errors}");
    };
    // A socket file without a server.
    drop(UnixListener::bind(&path).expect("a socket"));
    let server = Running::start(&folder.0, &["--listen", "unix:keyfob.sock"], &[KEY, PASSWORD]);
    assert_eq!(status_over(&path), 200);
    is_refused("another server answers there");
    assert_eq!(status_over(&path), 200);
    // One that has taken its place is not the server's to delete.
    std::fs::remove_file(&path).expect("it is deleted");
    std::fs::write(&path, "precious").expect("a file");
    assert_eq!(server.end("-TERM").0, Some(0));
    is_refused("a file that is no socket");
    assert_eq!(std::fs::read_to_string(&path).expect("it is still there"), "precious");
    std::fs::remove_file(&path).expect("it is deleted");
    // Nor is what a symbolic link leads to.
    let elsewhere = folder.0.join("elsewhere.sock");
    drop(UnixListener::bind(&elsewhere).expect("a socket"));
    symlink(&elsewhere, &path).expect("a link");
    is_refused("a file that is no socket");
    assert!(elsewhere.exists() && path.is_symlink());
}

#[test]
fn peers_on_a_unix_socket_are_local_and_speak_for_others_only_if_they_are_trusted() {
    let folder = Folder::new("unix-peers");
    for (n, (proxies, from)) in
        [("", "127.0.0.1"), ("127.0.0.1", "127.0.0.1"), ("unix", "192.0.2.7"), ("10.0.0.0/8,unix", "192.0.2.7")].into_iter().enumerate()
    {
        let path = folder.0.join(format!("{n}.sock"));
        let socket = PublicSocket { socket: ListeningSocket::unix(&path).expect("it listens"), protocol: Protocol::Http };
        let limits = Limits { proxies: proxies.parse().expect("a list"), ..Limits::default() };
        let _server = EchoServer::on(Server::new(vec![socket], limits, None).expect("it starts"), |request, _| echo(request));
        let mut stream = UnixStream::connect(&path).expect("it accepts");
        stream.write_all(b"GET /a HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n").expect("it is sent");
        assert!(read_reply(&mut stream).contains(&format!("GET /a from {from} ")), "{proxies}");
        // Large replies, pipelined requests and half a close are as over TCP.
        stream.write_all((get("/1") + &get("/2")).as_bytes()).expect("they are sent");
        stream.shutdown(std::net::Shutdown::Write).expect("its end is sent");
        let mut replies = String::new();
        stream.read_to_string(&mut replies).expect("they are read");
        assert!(replies.contains("GET /1 from") && replies.contains("GET /2 from"), "{replies}");
    }
}

#[test]
fn a_request_whose_peer_on_a_unix_socket_is_gone_when_its_turn_comes_is_not_answered() {
    const CROWD: usize = 200;
    let folder = Folder::new("unix-gone");
    let answered_after = |after: Duration| {
        let path = folder.0.join(format!("{}.sock", after.as_secs()));
        let socket = PublicSocket { socket: ListeningSocket::unix(&path).expect("it listens"), protocol: Protocol::Http };
        let (lock, answered) = (Arc::new(RwLock::new(())), Arc::new(AtomicUsize::new(0)));
        let (their_lock, counter) = (lock.clone(), answered.clone());
        let limits = Limits { drain: Duration::from_millis(100), ..Limits::default() };
        let server = EchoServer::on(Server::new(vec![socket], limits, None).expect("it starts"), move |request, _| {
            drop(their_lock.read());
            counter.fetch_add(1, Ordering::SeqCst);
            echo(request)
        });
        let closed = lock.write().expect("nobody panicked");
        for _ in 0..CROWD {
            UnixStream::connect(&path).expect("it accepts").write_all(get("/gone").as_bytes()).expect("it is sent");
        }
        std::thread::sleep(after);
        drop(closed);
        let mut last = UnixStream::connect(&path).expect("it accepts");
        last.write_all(get("/last").as_bytes()).expect("it is sent");
        assert!(read_reply(&mut last).contains("GET /last"));
        drop(server);
        answered.load(Ordering::SeqCst)
    };
    // A busy machine takes longer to notice.
    let answered = [1, 5, 20].map(Duration::from_secs).into_iter().map(answered_after).find(|answered| *answered < CROWD / 4);
    assert!(answered.is_some(), "they were answered all the same");
}

#[test]
fn a_server_takes_over_the_sockets_that_systemd_has_opened() {
    let folder = Folder::new("activation");
    let tcp = TcpListener::bind("127.0.0.1:0").expect("a socket");
    let address = tcp.local_addr().expect("an address").to_string();
    let path = folder.0.join("systemd.sock");
    let unix = UnixListener::bind(&path).expect("a socket");
    // As systemd does it: descriptors from 3 on, and the number of the process that they are for.
    let start = |pid: &str| {
        let script = format!("exec 3<&0 4>&2 0</dev/null 2>errors; LISTEN_FDS=2 LISTEN_PID={pid} exec \"$0\" serve --ephemeral");
        let mut command = Command::new("sh");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_keyfob")]).current_dir(&folder.0).stdout(Stdio::piped());
        command.stdin(OwnedFd::from(tcp.try_clone().expect("a socket"))).stderr(OwnedFd::from(unix.try_clone().expect("a socket")));
        command.spawn().expect("it starts")
    };
    let mut child = start("$$");
    let told = ready(&mut child);
    assert_eq!(told["url"], format!("http://{address}"));
    assert_eq!((status_at(&told["url"]), status_over(&path)), (200, 200));
    child.kill().expect("it is killed");
    child.wait().expect("it ends");
    assert!(path.exists(), "its file is not the server's");
}

#[test]
fn a_socket_that_does_not_listen_is_not_taken_over_and_neither_are_sockets_without_number() {
    let folder = Folder::new("activation-wrong");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
    let connected = TcpStream::connect(listener.local_addr().expect("an address")).expect("it accepts");
    let (one, _other) = UnixStream::pair().expect("a pair");
    for (socket, count, code, says) in [
        (OwnedFd::from(connected), "1", 1, "does not listen"),
        (OwnedFd::from(one), "1", 1, "LISTEN_FDS"),
        (OwnedFd::from(listener), "2000000000", 2, "LISTEN_FDS must be a number from 0 to 64"),
    ] {
        let script = format!("exec 3<&0 0</dev/null; LISTEN_FDS={count} LISTEN_PID=$$ exec \"$0\" serve --ephemeral");
        let mut command = Command::new("sh");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_keyfob")]).current_dir(&folder.0).stdin(socket).stdout(Stdio::null());
        let mut child = command.stderr(Stdio::piped()).spawn().expect("it starts");
        let mut errors = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut errors).expect("it ends by itself");
        assert_eq!(child.wait().expect("it ends").code(), Some(code), "{errors}");
        assert!(errors.contains(says) && errors.lines().count() == 1, "{errors}");
    }
}

#[test]
fn a_public_url_whose_host_or_port_is_none_is_refused() {
    let folder = Folder::new("public-url-port");
    let label = "a".repeat(64);
    let long = format!("http://{label}.example");
    for url in [
        "https://h:99999",
        "https://h:0",
        "https://h:",
        "https://h:+80",
        "https://h:1:2",
        "http://[::1]:99999",
        "http://[::1]x",
        "http://[::1",
        "http://::1]",
        "http://[]",
        "http://[zz]",
        "http://[0:0::1]:80",
        "http://home.example:00080",
        "http://[::1]x:80",
        "http://[::1]:",
        "http://[::1%25eth0]",
        "http://[fe80::1%eth0]",
        "http://[127.0.0.1]",
        "http://[[::1]]",
        "http://::1",
        "http://a;b",
        "http://a,b",
        "http://a b",
        "http://a%20b",
        "http://a'b",
        "http://a\"b",
        "http://a`b",
        "http://a\\b",
        "http://a|b",
        "http://a(b)",
        "http://a$b",
        "http://a&b",
        "http://a*b",
        "http://a!b",
        "http://a=b",
        "http://a~b",
        "http://user@h",
        "http://user:password@h",
        "http://@h",
        "http://a..b",
        "http://.a",
        "http://a.",
        "http://.",
        "http://-a",
        "http://a-.example",
        "http://ä.example",
        "http://256.1.1.1",
        "http://1.2.3",
        "http://127.1",
        "http://2130706433",
        "http://0x7f000001",
        "http://1.2.3.0x4",
        "http://{h}",
        "http://<h>",
        "http:///h",
        "http:h",
        "http:/h",
        "//h",
        "h",
        "javascript:alert(1)",
        "javascript://h/%0aalert(1)",
        "data://h",
        "http://h#x",
        "http://h?x",
        &long,
    ] {
        let output = run(&folder.0, &["serve", "--ephemeral", "--listen", "127.0.0.1:0"], &[("KEYFOB_PUBLIC_URL", url)]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && errors.contains("KEYFOB_PUBLIC_URL"), "{url}: {errors}");
    }
}

#[test]
fn a_public_url_with_a_name_or_an_address_is_used_as_it_was_given() {
    let folder = data("public-url-hosts");
    for url in [
        "http://localhost",
        "http://nas:1885",
        "https://id.example.com",
        "https://ID.example/keyfob",
        "http://my_host:80",
        "http://192.168.1.5:1885",
        "http://[::1]:1885",
        "http://[::ffff:127.0.0.1]",
        "https://[2001:db8::1]/a/b",
        "https://xn--bcher-kva.example",
        "https://3.example",
        "http://a-1",
    ] {
        let made = admin(&folder, &format!("admin create-sign-in-link admin --public-url {url}"));
        assert!(made.out.contains(&format!("{url}/oauth/sign-in-link#")), "{url}: {}", made.err);
    }
}
