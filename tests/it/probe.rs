//! Tries of redirect URIs: what they find, and what those who are tried can make of them.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use keyfob::base::probe::ProbeOutcome;
use keyfob::http::probe::attempt::{ProbeRules, attempt};
use keyfob::http::request::{Method, Request};
use keyfob::model::settings::Settings;
use keyfob::registry::review;
use keyfob::store::Deleted;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use ureq::tls::{Certificate, RootCerts};

use crate::console::server_with_alice;
use crate::folder::Folder;
use crate::process::Process;
use crate::server::Server;

/// This machine is allowed, as an operator allows a network.
fn rules() -> ProbeRules {
    ProbeRules { networks: "127.0.0.0/8".parse().expect("a network"), roots: RootCerts::WebPki, callers: Vec::new() }
}

/// Answers every connection by this function, which is given the head of the request. Port, and the heads.
fn server(answer: impl Fn(&mut TcpStream, &str) + Send + 'static) -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (sender, heads) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read > 0) {
                head.push(byte[0]);
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let _ = sender.send(head.clone());
            answer(&mut stream, &head);
        }
    });
    (port, heads)
}

fn server_that_answers_late() -> (u16, Receiver<String>) {
    server(|stream, _| {
        std::thread::sleep(Duration::from_millis(500));
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    })
}

/// Answers each request with one text.
fn says(text: &'static str) -> (u16, Receiver<String>) {
    server(move |stream, _| drop(stream.write_all(text.as_bytes())))
}

fn tries(port: u16) -> ProbeOutcome {
    attempt(&format!("http://127.0.0.1:{port}/callback?a=b"), &rules())
}

#[test]
fn an_answer_to_head_is_enough_and_carries_no_credentials() {
    let (port, heads) = says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(tries(port), ProbeOutcome::Answered(200));
    let head = heads.recv().expect("a request");
    assert!(head.starts_with("HEAD /callback?a=b HTTP/1.1\r\n") && head.contains("keyfob/"), "{head}");
    for name in ["cookie", "authorization", "referer"] {
        assert!(!head.to_lowercase().contains(name), "{head}");
    }
    assert!(heads.try_recv().is_err(), "one request");
}

#[test]
fn where_head_is_refused_get_decides() {
    let (port, heads) = server(|stream, head| {
        let status = if head.starts_with("HEAD") { "405 Not Allowed" } else { "400 Bad Request" };
        let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 3\r\n\r\nyes");
    });
    assert_eq!(tries(port), ProbeOutcome::Answered(400));
    assert!(heads.iter().take(2).last().expect("a second request").starts_with("GET /callback?a=b "));
    let (port, _heads) = server(|stream, head| {
        if head.starts_with("GET") {
            let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        }
    });
    assert_eq!(tries(port), ProbeOutcome::Answered(404), "HEAD was not answered at all");
}

#[test]
fn redirects_are_not_followed() {
    let (other, asked) = says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let (port, _heads) = server(move |stream, _| {
        let _ = write!(stream, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{other}/\r\nContent-Length: 0\r\n\r\n");
    });
    assert_eq!(tries(port), ProbeOutcome::Answered(302));
    assert!(asked.try_recv().is_err(), "the other one was asked");
}

#[test]
fn nothing_is_sent_to_addresses_that_are_not_public() {
    let (port, heads) = says("HTTP/1.1 200 OK\r\n\r\n");
    let strict = ProbeRules { networks: "10.0.0.0/8".parse().expect("a network"), ..rules() };
    for host in [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f.1",
        "017700000001",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[::1]",
        "0.0.0.0",
        "[::]",
        "[2002:7f00:1::]",
    ] {
        let outcome = attempt(&format!("http://{host}:{port}/"), &strict);
        assert!(matches!(outcome, ProbeOutcome::NotPublic | ProbeOutcome::NoAddress | ProbeOutcome::NotTried), "{host}: {outcome:?}");
    }
    assert_eq!(attempt(&format!("http://127.0.0.1:{port}/"), &strict), ProbeOutcome::NotPublic);
    assert!(heads.try_recv().is_err(), "it was asked");
}

#[test]
fn what_no_server_answers_is_not_tried() {
    for uri in [
        "my-app://callback",
        "http://user:secret@127.0.0.1/",
        "https://",
        "urn:ietf:wg:oauth:2.0:oob",
        "/code",
        "http://127.0.0.1:x/",
        "http://127.0.0.1:/",
        "http://127.0.0.1:+80/",
        "http://127.0.0.1/#fragment",
        "http://127.0.0.1/\u{202e}",
        "javascript:alert(1)",
        "http://127.0.0.1\\@example.com/",
        "file:///etc/passwd",
        "",
    ] {
        assert_eq!(attempt(uri, &rules()), ProbeOutcome::NotTried, "{uri}");
    }
    assert_eq!(attempt("http://127.0.0.1:25/", &rules()), ProbeOutcome::BlockedPort);
    assert_eq!(attempt("https://no-such-name.invalid/", &rules()), ProbeOutcome::NoAddress);
}

#[test]
fn who_answers_slowly_or_not_at_all_holds_a_try_for_three_seconds_at_most() {
    let (silent, _heads) = server(|_, _| std::thread::sleep(Duration::from_secs(20)));
    let (slow, _others) = server(|stream, _| {
        for byte in b"HTTP/1.1 200 OK\r\n".iter().cycle() {
            std::thread::sleep(Duration::from_millis(300));
            if stream.write_all(&[*byte]).is_err() {
                return;
            }
        }
    });
    // Says nothing to the greeting of TLS.
    let began = Instant::now();
    let uris = [format!("http://127.0.0.1:{silent}/"), format!("http://127.0.0.1:{slow}/"), format!("https://127.0.0.1:{silent}/")];
    std::thread::scope(|scope| {
        for uri in &uris {
            scope.spawn(move || assert_eq!(attempt(uri, &rules()), ProbeOutcome::NoAnswer, "{uri}"));
        }
    });
    assert!(began.elapsed() < Duration::from_secs(9), "three times what it should be: {:?}", began.elapsed());
}

#[test]
fn no_more_than_four_kibibytes_are_read() {
    // What was sent before the other side closed: more than was read, by what is on the way.
    let (sender, sent) = channel();
    let (port, _heads) = server(move |stream, head| {
        let begin = if head.starts_with("HEAD") { "HTTP/1.1 405 No\r\n" } else { "HTTP/1.1 200 OK\r\n" };
        let mut bytes = stream.write(begin.as_bytes()).unwrap_or_default();
        while bytes < 64 * 1024 * 1024 && stream.write_all(b"X-Header: 0123456789abcdef0123456789abcdef0123456789abcdef\r\n").is_ok() {
            bytes += 60;
        }
        let _ = sender.send(bytes);
    });
    assert_eq!(tries(port), ProbeOutcome::Answered(405), "the status is at the beginning, and nothing is left for a second request");
    assert!(sent.recv().expect("a number") < 32 * 1024 * 1024, "it read on");
    let (port, _heads) = server(|stream, _| while stream.write_all(&[b'x'; 1024]).is_ok() {});
    assert_eq!(tries(port), ProbeOutcome::NotHttp);
    let (port, _heads) = server(|stream, _| while stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").is_ok() {});
    assert_eq!(tries(port), ProbeOutcome::NotHttp);
}

#[test]
fn a_certificate_must_be_trusted_and_prove_the_name() {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
    let port = |name: &str| {
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new(vec![name.to_owned()]).expect("a name").signed_by(&key, &authority).expect("signed");
        let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let config = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key);
        let config = Arc::new(config.expect("a certificate"));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let connection = rustls::ServerConnection::new(config.clone()).expect("a session");
                let mut stream = rustls::StreamOwned::new(connection, stream);
                let mut head = [0; 4096];
                if stream.read(&mut head).is_ok_and(|read| read > 0) {
                    // As one record, of which only the beginning is looked at.
                    let _ = stream.write_all(format!("HTTP/1.1 204 No\r\nX-Long: {}\r\n\r\n", "x".repeat(16_000)).as_bytes());
                }
            }
        });
        port
    };
    let trusting = ProbeRules { roots: RootCerts::new_with_certs(&[Certificate::from_der(authority.der()).to_owned()]), ..rules() };
    let right = format!("https://localhost:{}/", port("localhost"));
    assert_eq!(attempt(&right, &trusting), ProbeOutcome::Answered(204));
    assert_eq!(attempt(&right, &rules()), ProbeOutcome::NoTrust, "nobody knows the authority");
    let other = format!("https://localhost:{}/", port("app.example"));
    assert_eq!(attempt(&other, &trusting), ProbeOutcome::NoTrust, "the certificate is for another name");
    let (plain, _heads) = says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert_ne!(attempt(&format!("https://127.0.0.1:{plain}/"), &trusting), ProbeOutcome::Answered(200), "that is not TLS");
}

const CLIENT: &str = "/api/v3/clients/my-app";

/// Alice's client, whose redirect URIs are these.
fn has_client(server: &Server, uris: &[String]) {
    server.has_client("alice", "my-app");
    let body = json!({"client": {"redirect_uris": uris}, "field_mask": "redirect_uris"}).to_string();
    server.check("alice", "PUT", CLIENT, &body, "200");
}

/// What came of trying each, as outcome and works.
fn probes(server: &Server, who: &str) -> Vec<(String, Value)> {
    let answer = server.check(who, "POST", &format!("{CLIENT}/review/probe"), "", "200").json();
    let probes = answer["probes"].as_array().cloned().unwrap_or_default();
    probes.iter().map(|probe| (probe["outcome"].as_str().unwrap_or_default().to_owned(), probe["works"].clone())).collect()
}

fn settings() -> Settings {
    Settings { review_probe_networks: "127.0.0.0/8".parse().expect("a network"), ..Settings::default() }
}

#[test]
fn owners_and_administrators_have_the_redirect_uris_of_a_client_tried_and_the_results_stay() {
    let mut server = Server::with(settings());
    server.has_user("alice");
    server.has_user("bob");
    let (works, heads) = says("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    let (gone, _heads) = says("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    let uris = [format!("http://127.0.0.1:{works}/cb"), format!("http://127.0.0.1:{gone}/cb"), "my-app://callback".to_owned()];
    has_client(&server, &uris);
    server.check("bob", "POST", &format!("{CLIENT}/review/probe"), "", "403 no_client_rights");
    server.check("anon", "POST", &format!("{CLIENT}/review/probe"), "", "403 no_client_rights");
    assert!(heads.try_recv().is_err(), "nothing is tried for strangers, nor when a client is registered");
    let found =
        [("answered", json!(true)), ("answered", json!(false)), ("not_tried", Value::Null)].map(|(name, works)| (name.to_owned(), works));
    assert_eq!(probes(&server, "alice"), found);
    let findings = server.app.store().read(|tx| {
        let client = tx.client(&"my-app".parse().expect("an ID"), Deleted::No)?.expect("it is there");
        review::findings(tx, server.app.settings(), &client)
    });
    let findings = findings.expect("it is judged").into_iter().filter(|finding| finding.rule == "redirect_uri_works");
    let fields: Vec<String> = findings.map(|finding| finding.field).collect();
    assert_eq!(fields, ["redirect_uris[1]"], "what answers works, and about what was not asked nothing is said");
    let again = server.check("alice", "POST", &format!("{CLIENT}/review/probe"), "", "429 tried_just_now");
    assert_eq!(again.header("Retry-After"), Some("10"));
    server.wait_seconds(10);
    assert_eq!(probes(&server, "admin"), found);
    assert_eq!(server.value::<i64>("SELECT count(*) FROM client_probes"), 3);
    let body = json!({"client": {"redirect_uris": [&uris[0]]}, "field_mask": "redirect_uris"}).to_string();
    server.check("alice", "PUT", CLIENT, &body, "200");
    server.wait_seconds(10);
    assert_eq!(probes(&server, "alice").len(), 1);
    assert_eq!(server.value::<i64>("SELECT count(*) FROM client_probes"), 1, "those of other URIs are gone");
    server.check("admin", "DELETE", &format!("{CLIENT}/purge"), "", "200");
    assert_eq!(server.value::<i64>("SELECT count(*) FROM client_probes"), 0);
}

#[test]
fn of_tries_of_a_client_that_are_asked_for_at_the_same_time_one_is_made() {
    let mut server = Server::with(settings());
    server.has_user("alice");
    let (port, heads) = server_that_answers_late();
    has_client(&server, &[format!("http://127.0.0.1:{port}/cb")]);
    let (app, authorization) = (&server.app, format!("Bearer {}", server.key("alice")));
    let asks = || {
        let headers = vec![("authorization".to_owned(), authorization.clone())];
        let target = format!("{CLIENT}/review/probe");
        let peer = std::net::Ipv4Addr::LOCALHOST.into();
        let request = Request { method: Method::Post, target, headers, body: Vec::new(), id: "request".to_owned(), peer };
        app.answer(request, &|| ()).status
    };
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..14).map(|_| scope.spawn(asks)).collect();
        asking.into_iter().map(|asking| asking.join().expect("an answer")).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(heads.try_iter().count(), 1);
}

#[test]
fn without_a_setting_only_public_addresses_are_tried() {
    let mut server = Server::start();
    server.has_user("alice");
    let (port, heads) = says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    has_client(&server, &["localhost", "127.0.0.1", "127.1", "[::ffff:7f00:1]"].map(|host| format!("http://{host}:{port}/cb")));
    for (outcome, works) in probes(&server, "admin") {
        assert!(works.is_null() && matches!(outcome.as_str(), "not_public" | "not_tried"), "{outcome}");
    }
    assert!(heads.try_recv().is_err(), "it was asked");
}

#[test]
fn the_page_of_a_client_says_which_redirect_urls_work() {
    let (server, mut alice) = server_with_alice();
    server.has_client("alice", "my-app");
    assert!(alice.get(&server, "/console/clients/my-app").text().contains("Nobody has tried them yet"));
    let done = alice.sends_form(&server, "/console/clients/my-app/review/probe", &[]);
    assert_eq!((done.status, done.header("Location")), (303, Some("/console/clients/my-app?done=tried")));
    server.execute("UPDATE client_probes SET outcome = 'answered', status = 404");
    let page = alice.get(&server, "/console/clients/my-app");
    page.tells("does-not-work");
    assert!(page.text().contains("https://my-app.example.com/callback</code>: it answered with 404"), "{}", page.text());
}

#[test]
fn with_a_setting_the_server_tries_those_of_new_clients_by_itself_and_uses_no_proxy() {
    let folder = Folder::new("probe-on");
    let (proxy, proxied) = says("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
    let (port, heads) = says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let names = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
    let before: String = names.map(|name| format!("export {name}=http://127.0.0.1:{proxy}\n")).concat();
    let settings = ["--ephemeral", "--review-probe", "on", "--review-probe-networks", "127.0.0.0/8"];
    let mut server = Process::start(&folder.0, &before, &settings);
    let client = json!({"ids": {"client_id": "my-app"}, "redirect_uris": [format!("http://127.0.0.1:{port}/cb")]});
    assert_eq!(server.send("POST", "/api/v3/users/admin/clients", &json!({"client": client}).to_string()).status, 200);
    let head = heads.recv_timeout(Duration::from_secs(60)).expect("it is tried");
    assert!(head.starts_with("HEAD /cb ") && proxied.try_recv().is_err(), "{head}");
    server.stop();
}
