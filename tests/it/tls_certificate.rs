//! The certificate of the built program: what is wrong with it is told, and it is exchanged while the server runs.

use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use rustls::ClientConfig;

use crate::binary::{KEY, PASSWORD, Running, keyfob, run};
use crate::client::send;
use crate::folder::Folder;
use crate::listener::{get, read_reply, read_to_end};
use crate::server::ADMIN_KEY;
use crate::tls::{TlsStream, client, file, over};

const TLS: &[&str] = &["--tls-cert", "cert.pem", "--tls-key", "key.pem"];

/// Puts a certificate of `tests/it/tls` where the server reads its own.
fn install(folder: &Path, name: &str) {
    for (from, to) in [(format!("{name}.pem"), "cert.pem"), (format!("{name}-key.pem"), "key.pem")] {
        // As certbot does: a new file in place of the old one.
        let new = folder.join("new");
        std::fs::copy(file(&from), &new).expect("it is copied");
        std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o600)).expect("it is private");
        std::fs::rename(&new, folder.join(to)).expect("it is in place");
    }
}

/// Serves over TLS, and returns the server and its address.
fn serve(folder: &Folder, arguments: &[&str]) -> (Running, String) {
    let server = Running::start(&folder.0, &[TLS, arguments].concat(), &[KEY, PASSWORD]);
    let address = server.ready["url"].as_str().and_then(|url| url.strip_prefix("https://")).expect("an https URL").to_owned();
    (server, address)
}

fn connect(config: &Arc<ClientConfig>, address: &str) -> TlsStream {
    let stream = TcpStream::connect(address).expect("it accepts");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout is set");
    over(config, stream)
}

/// Asks for something, and returns the reply and the certificate of the server.
fn ask(config: &Arc<ClientConfig>, address: &str) -> (String, Vec<u8>) {
    let mut stream = connect(config, address);
    stream.write_all(get("/oauth/login").as_bytes()).expect("it is sent");
    let reply = read_reply(&mut stream);
    let certificate = stream.conn.peer_certificates().and_then(|chain| chain.first()).expect("a certificate").to_vec();
    (reply, certificate)
}

/// Waits until the server shows another certificate than this one.
fn until_exchanged(config: &Arc<ClientConfig>, address: &str, before: &[u8]) {
    for _ in 0..200 {
        if ask(config, address).1 != before {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the certificate was not exchanged");
}

#[test]
fn a_server_with_a_certificate_is_an_https_server_in_all_it_says() {
    let folder = Folder::new("tls-server");
    install(&folder.0, "first");
    let (server, address) = serve(&folder, &["--http-redirect", "127.0.0.1:0"]);
    let config = client(rustls::ALL_VERSIONS);
    let mut stream = connect(&config, &address);
    stream.write_all(get("/.well-known/oauth-authorization-server").as_bytes()).expect("it is sent");
    assert!(read_reply(&mut stream).contains(&format!(r#""issuer":"https://{address}""#)));
    let page = ask(&config, &address).0;
    let cookie = page.lines().find_map(|line| line.strip_prefix("Set-Cookie: ")).expect("a cookie");
    assert!(cookie.starts_with("__Host-keyfob_") && cookie.ends_with("; Secure"), "{cookie}");

    let redirect = server.ready["http_redirect"].as_str().and_then(|url| url.strip_prefix("http://")).expect("an address").to_owned();
    for (method, target) in [("GET", "/console?a=b"), ("HEAD", "/"), ("POST", "/oauth/token"), ("GET", "//evil.example/x")] {
        let reply = send(&redirect, method, target, &[("X-Forwarded-Host", "evil.example")], "");
        assert_eq!((reply.status, reply.header("location")), (308, Some(&*format!("https://{address}{target}"))), "{method}");
        assert_eq!(reply.body, "");
    }
    let mut stream = TcpStream::connect(&redirect).expect("it accepts");
    stream.write_all(b"GET http://evil.example/a HTTP/1.1\r\nHost: evil.example\r\n\r\n").expect("it is sent");
    assert!(read_to_end(&mut stream).contains(&format!("\r\nLocation: https://{address}/a\r\n")));

    let with_ca = |arguments: &[&str], ca: &[&str]| -> Output {
        let server = ["--server", &format!("https://{address}"), "--api-key", ADMIN_KEY].map(str::to_owned);
        let server: Vec<&str> = server.iter().map(String::as_str).collect();
        keyfob(&folder.0, &[arguments, &server, ca].concat(), &[]).output().expect("it runs")
    };
    let ca = file("ca.pem");
    let found = with_ca(&["clients", "list"], &["--ca", ca.to_str().expect("a path")]);
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    assert!(!with_ca(&["clients", "list"], &[]).status.success(), "an authority that nobody knows is not trusted");
}

#[test]
fn a_redirect_leads_to_the_host_of_the_public_url_also_below_a_path() {
    let folder = Folder::new("redirect-below-a-path");
    let arguments = ["--public-url", "https://home.example/keyfob", "--http-redirect", "127.0.0.1:0"];
    let server = Running::start(&folder.0, &arguments, &[KEY, PASSWORD]);
    let redirect = server.ready["http_redirect"].as_str().and_then(|url| url.strip_prefix("http://")).expect("an address").to_owned();
    let reply = send(&redirect, "GET", "/keyfob/console?a=b", &[], "");
    assert_eq!((reply.status, reply.header("location")), (308, Some("https://home.example/keyfob/console?a=b")));
}

#[test]
fn what_is_wrong_with_a_certificate_is_one_line_that_names_the_file_and_the_cause() {
    let folder = Folder::new("tls-wrong");
    install(&folder.0, "first");
    std::fs::write(folder.0.join("text.pem"), "hello").expect("a file");
    std::fs::write(folder.0.join("broken.pem"), "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n").expect("a file");
    let other = file("second-key.pem");
    let calls: &[(&str, &str, &[&str])] = &[
        ("missing.pem", "key.pem", &["missing.pem", "No such file"]),
        ("text.pem", "key.pem", &["text.pem", "there is no certificate in it"]),
        ("broken.pem", "key.pem", &["broken.pem", "cannot be used"]),
        ("cert.pem", "missing.pem", &["missing.pem", "No such file"]),
        ("cert.pem", "cert.pem", &["cert.pem", "there is no private key in it"]),
        ("cert.pem", other.to_str().expect("a path"), &["second-key.pem", "this is not the key of the first certificate in cert.pem"]),
    ];
    for (certificate, key, says) in calls {
        let arguments = ["serve", "--ephemeral", "--listen", "127.0.0.1:0", "--tls-cert", certificate, "--tls-key", key];
        let output = run(&folder.0, &arguments, &[]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{certificate} {key}: {errors}");
        assert!(says.iter().all(|said| errors.contains(said)) && errors.lines().count() == 1, "{certificate} {key}: {errors}");
    }
    for (arguments, says) in [
        (&["--tls-cert", "cert.pem"][..], "--tls-key FILE"),
        (&["--tls-key", "key.pem"], "--tls-cert FILE"),
        (&["--http-redirect", "127.0.0.1:0"], "it must be https"),
        (&["--http-redirect", "nowhere"], "--http-redirect"),
        (&["--listen", "unix:x.sock", "--tls-cert", "cert.pem", "--tls-key", "key.pem"], "--tls-cert is for TCP addresses"),
    ] {
        let output = run(&folder.0, &[&["serve", "--ephemeral"], arguments].concat(), &[("KEYFOB_LISTEN", "127.0.0.1:0")]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && errors.contains(says), "{arguments:?}: {errors}");
    }
}

#[test]
fn a_private_key_that_others_can_read_is_warned_of() {
    let folder = Folder::new("tls-public-key");
    install(&folder.0, "first");
    std::fs::set_permissions(folder.0.join("key.pem"), std::fs::Permissions::from_mode(0o644)).expect("it is changed");
    let (server, _) = serve(&folder, &[]);
    let (_, errors) = server.end("-TERM");
    assert!(errors.contains("others can read the private key") && errors.contains("key.pem"), "{errors}");
}

#[test]
fn a_new_certificate_is_taken_when_its_files_change_and_a_bad_one_leaves_the_old_one() {
    let folder = Folder::new("tls-bad-new");
    install(&folder.0, "first");
    let (server, address) = serve(&folder, &[]);
    let config = client(rustls::ALL_VERSIONS);
    let first = ask(&config, &address).1;
    std::fs::write(folder.0.join("cert.pem"), "half a fi").expect("a file");
    server.signal("-HUP");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(ask(&config, &address).1, first);
    install(&folder.0, "third");
    until_exchanged(&config, &address, &first);
    let (code, errors) = server.end("-TERM");
    assert_eq!(code, Some(0));
    assert!(errors.contains("the old one stays in use") && errors.contains("cert.pem: there is no certificate in it"), "{errors}");
}

#[test]
fn a_certificate_or_a_key_that_became_a_pipe_keeps_no_server_from_ending() {
    let folder = Folder::new("tls-pipe");
    for name in ["cert.pem", "key.pem"] {
        install(&folder.0, "first");
        let (server, address) = serve(&folder, &[]);
        let config = client(rustls::ALL_VERSIONS);
        let first = ask(&config, &address).1;
        std::fs::remove_file(folder.0.join(name)).expect("it is removed");
        assert!(Command::new("mkfifo").arg(folder.0.join(name)).status().expect("a pipe").success());
        server.signal("-HUP");
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(ask(&config, &address).1, first, "{name}");
        let (code, errors) = server.end("-TERM");
        assert_eq!(code, Some(0), "{name}");
        assert!(errors.contains("the old one stays in use") && errors.contains("no regular file"), "{name}: {errors}");
        std::fs::remove_file(folder.0.join(name)).expect("it is removed");
    }
}

/// Exchanges the certificate so many times under so many connections that ask again and again, of which each tenth request is on a new one.
fn exchange_under_load(name: &str, connections: usize, exchanges: usize) {
    let folder = Folder::new(name);
    install(&folder.0, "first");
    let (server, address) = serve(&folder, &["--log", "errors"]);
    let config = client(rustls::ALL_VERSIONS);
    let (is_over, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..connections {
            scope.spawn(|| {
                while !is_over.load(Ordering::SeqCst) {
                    let mut stream = connect(&config, &address);
                    for _ in 0..10 {
                        stream.write_all(get("/api/v3/auth_info").as_bytes()).expect("it is sent");
                        assert!(read_reply(&mut stream).starts_with("HTTP/1.1 200 "));
                        answered.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
        let exchange = || {
            for n in 0..exchanges {
                let before = ask(&config, &address).1;
                install(&folder.0, ["second", "third", "first"][n % 3]);
                if n % 2 == 0 {
                    server.signal("-HUP");
                }
                until_exchanged(&config, &address, &before);
            }
        };
        let exchanged = std::panic::catch_unwind(std::panic::AssertUnwindSafe(exchange));
        is_over.store(true, Ordering::SeqCst);
        exchanged.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
    let answered = answered.into_inner();
    assert!(answered > 0, "no request was answered while certificates were exchanged");
    eprintln!("{answered} requests on {connections} connections over {exchanges} exchanges, none failed");
    let (code, errors) = server.end("-TERM");
    assert_eq!(code, Some(0), "{errors}");
}

#[test]
fn a_certificate_is_exchanged_without_a_failed_request() {
    exchange_under_load("tls-exchange", 8, 2);
}

#[test]
#[ignore = "takes a minute"]
fn a_certificate_is_exchanged_under_64_connections_without_a_failed_request() {
    exchange_under_load("tls-exchange-64", 64, 20);
}
