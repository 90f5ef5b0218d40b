//! The listener speaks TLS; over real sockets.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use keyfob::http::certificate::Certificate;
use keyfob::http::listener::limits::Limits;
use keyfob::http::listener::public_socket::{ListeningSocket, Protocol, PublicSocket};
use keyfob::http::reply::Reply;
use keyfob::http::request::Request;
use keyfob::http::server::Server;
use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};

use crate::listener::{EchoServer, echo, get, read_reply, read_to_end, short};
use crate::overload::{connect_from, during, is_bearable, wait_of_newcomers, waits};

/// A file of `tests/it/tls`: certificates for `localhost` and the loopback addresses, and the authority `ca.pem` that has signed them.
pub fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls").join(name)
}

/// The path of such a file, as an argument of a command.
pub fn argument(name: &str) -> String {
    file(name).display().to_string()
}

/// A connection over TLS.
pub type TlsStream = StreamOwned<ClientConnection, TcpStream>;

/// A client that trusts only the authority of these stories.
pub fn client(versions: &[&'static SupportedProtocolVersion]) -> Arc<ClientConfig> {
    trusting(&file("ca.pem"), versions)
}

/// A client that trusts only the authority of this file.
pub fn trusting(ca: &Path, versions: &[&'static SupportedProtocolVersion]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).expect("a certificate")).expect("an authority");
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let builder = builder.with_protocol_versions(versions).expect("these versions are spoken");
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    // A session that is resumed shows the certificate with which it began.
    config.resumption = Resumption::disabled();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config)
}

/// Speaks TLS on a connection. The handshake comes with the first byte.
pub fn over(config: &Arc<ClientConfig>, stream: TcpStream) -> TlsStream {
    over_to("localhost", config, stream)
}

/// The same to a server that shows a certificate for `host`.
pub fn over_to(host: &str, config: &Arc<ClientConfig>, stream: TcpStream) -> TlsStream {
    let name = ServerName::try_from(host.to_owned()).expect("a name");
    StreamOwned::new(ClientConnection::new(config.clone(), name).expect("a client"), stream)
}

/// An echo server with one socket for TLS and, after it, one without.
struct TlsServer {
    server: EchoServer,
    /// The address without TLS.
    plain: String,
}

impl TlsServer {
    fn open(certificate: &str, limits: Limits, answer: impl Fn(&Request) -> Reply + Sync + Send + 'static) -> TlsServer {
        let (chain, key) = (file(&format!("{certificate}.pem")), file(&format!("{certificate}-key.pem")));
        let config = Certificate::read(&chain, &key).and_then(|certificate| certificate.server_config()).expect("a certificate");
        let socket = || ListeningSocket::tcp("127.0.0.1:0").expect("it listens");
        let plain = socket();
        let address = plain.address().expect("an address").to_string();
        let sockets = vec![
            PublicSocket { socket: socket(), protocol: Protocol::Https(config) },
            PublicSocket { socket: plain, protocol: Protocol::Http },
        ];
        let server = Server::new(sockets, limits, None).expect("it starts");
        TlsServer { server: EchoServer::on(server, move |request, _| answer(request)), plain: address }
    }

    fn connect(&self, config: &Arc<ClientConfig>) -> TlsStream {
        over(config, self.server.connect())
    }

    /// Somebody else is answered.
    fn is_alive(&self) {
        let mut stream = self.connect(&client(rustls::ALL_VERSIONS));
        stream.write_all(get("/alive").as_bytes()).expect("it is sent");
        assert!(read_reply(&mut stream).contains("GET /alive"));
    }
}

#[test]
fn requests_and_replies_pass_over_both_versions_of_tls_with_every_form_of_key() {
    for (certificate, version) in [
        ("first", &rustls::version::TLS12),
        ("first", &rustls::version::TLS13),
        ("second", &rustls::version::TLS12),
        ("third", &rustls::version::TLS13),
    ] {
        let server = TlsServer::open(certificate, Limits::default(), echo);
        let mut stream = server.connect(&client(&[version]));
        for n in 0..3 {
            stream.write_all(get(&format!("/again-{n}")).as_bytes()).expect("it is sent");
            assert!(read_reply(&mut stream).contains(&format!("GET /again-{n} from 127.0.0.1")));
        }
        assert_eq!(stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
        let many: String = (0..100).map(|n| get(&format!("/{n}"))).collect();
        stream.write_all(many.as_bytes()).expect("they are sent");
        for n in 0..100 {
            assert!(read_reply(&mut stream).contains(&format!("GET /{n} from")));
        }
        let body = "x".repeat(1024 * 1024);
        stream
            .write_all(format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes())
            .expect("it is sent");
        assert!(read_reply(&mut stream).ends_with("] 1048576 bytes"));
        // One that says that it will send nothing more gets what it asked for, and is told that nothing follows.
        stream.write_all((get("/last-but-one") + &get("/last")).as_bytes()).expect("it is sent");
        stream.conn.send_close_notify();
        stream.flush().expect("it is sent");
        let replies = read_to_end(&mut stream);
        assert!(replies.contains("GET /last-but-one") && replies.contains("GET /last from"), "{replies}");
    }
}

#[test]
fn a_peer_that_ends_its_stream_without_a_word_gets_what_it_asked_for() {
    let server = TlsServer::open("first", Limits::default(), echo);
    let mut stream = server.connect(&client(rustls::ALL_VERSIONS));
    stream.write_all(get("/last").as_bytes()).expect("it is sent");
    stream.sock.shutdown(Shutdown::Write).expect("its end is sent");
    assert!(read_to_end(&mut stream).contains("GET /last from"));
}

#[test]
fn a_reply_of_any_length_arrives_whole_however_slowly_it_is_read() {
    const LENGTH: usize = 8 * 1024 * 1024;
    let large = || Reply::new(200, "text/plain", (0..LENGTH).map(|n| b'a' + (n % 23) as u8).collect());
    let server = TlsServer::open("first", Limits::default(), move |_| large());
    for close in ["", "Connection: close\r\n"] {
        let mut stream = server.connect(&client(rustls::ALL_VERSIONS));
        stream.write_all(format!("GET /large HTTP/1.1\r\nHost: x\r\n{close}\r\n").as_bytes()).expect("it is sent");
        std::thread::sleep(Duration::from_millis(100));
        let mut bytes = Vec::new();
        let mut part = vec![0; 64 * 1024];
        while !bytes.windows(4).take(2000).any(|four| four == b"\r\n\r\n") || bytes.len() < LENGTH + 200 {
            let count = stream.read(&mut part).expect("it is sent");
            bytes.extend_from_slice(&part[..count]);
            if bytes.len() % 7 == 0 {
                std::thread::sleep(Duration::from_millis(1));
            }
            let head = bytes.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4);
            if count == 0 || head.is_some_and(|head| bytes.len() == head + LENGTH) {
                break;
            }
        }
        assert!(bytes.ends_with(&large().body), "{} bytes", bytes.len());
        if close.is_empty() {
            stream.write_all(get("/again").as_bytes()).expect("it is still open");
            assert_eq!(stream.read(&mut part[..5]).expect("it is answered"), 5);
        }
    }
}

#[test]
fn a_peer_that_never_reads_is_cut_and_delays_nobody() {
    const LENGTH: usize = 8 * 1024 * 1024;
    let server = TlsServer::open("first", short(), |request| match request.target.as_str() {
        "/large" => Reply::new(200, "text/plain", vec![b'x'; LENGTH]),
        _ => echo(request),
    });
    let mut stream = server.connect(&client(rustls::ALL_VERSIONS));
    stream.write_all(get("/large").as_bytes()).expect("it is sent");
    std::thread::sleep(Duration::from_millis(1500));
    server.is_alive();
    let mut bytes = Vec::new();
    // The stream ends in the middle, without the word that it ends here.
    assert!(stream.read_to_end(&mut bytes).is_err() && bytes.len() < LENGTH, "{} bytes", bytes.len());
}

#[test]
fn plain_http_on_the_https_port_is_told_so() {
    let server = TlsServer::open("first", Limits::default(), echo);
    for request in [get("/"), "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello".to_owned(), "G".to_owned()] {
        let reply = server.server.exchange(request.as_bytes());
        assert!(reply.starts_with("HTTP/1.1 400 ") && reply.contains("this is an https port"), "{reply}");
    }
    server.is_alive();
}

#[test]
fn slow_half_and_garbage_handshakes_end_and_hold_nobody_up() {
    let server = TlsServer::open("first", Limits { head: Duration::from_millis(300), ..Limits::default() }, echo);
    let hello = client_hello();
    let drip = |first: &[u8]| {
        let mut stream = server.server.connect();
        stream.write_all(first).expect("it is sent");
        stream
    };
    // Nothing, a half record, a half handshake, and a record that says more than it has.
    for first in [&b""[..], &hello[..20], &hello, &[22, 3, 1, 0x40, 0, 1]] {
        let mut stream = drip(first);
        let reply = read_to_end(&mut stream);
        assert!(!reply.starts_with("HTTP"), "{reply}");
        server.is_alive();
    }
    // One that has ended its handshake and asks for nothing has as long again, and is told that nothing follows.
    let mut silent = server.connect(&client(rustls::ALL_VERSIONS));
    silent.conn.complete_io(&mut silent.sock).expect("they agree");
    assert_eq!(read_to_end(&mut silent), "");
    // Each goes on dripping until it is cut.
    let mut drips: Vec<TcpStream> = (0..50).map(|_| drip(&hello[..20])).collect();
    while !drips.is_empty() {
        drips.retain_mut(|stream| stream.write_all(b"x").is_ok());
        server.is_alive();
    }
    // What is no TLS is told so by an alert.
    for garbage in [&[0; 64][..], &[22, 3, 1, 0, 4, 9, 9, 9, 9], &[23, 3, 3, 0, 1, 0]] {
        let mut stream = drip(garbage);
        let mut alert = Vec::new();
        stream.read_to_end(&mut alert).expect("it ends");
        assert_eq!(alert.first(), Some(&21), "{garbage:?}: {alert:?}");
    }
    server.is_alive();
}

#[test]
fn a_handshake_without_an_end_is_cut_long_before_its_time_is_over() {
    let server = TlsServer::open("first", Limits::default(), echo);
    let mut stream = server.server.connect();
    // A message of 60,000 bytes in records of 16,000, of which each is well-formed.
    let mut sent = 0;
    let mut first = vec![1, 0, 0xea, 0x60];
    while sent < 60_000 {
        let mut body = std::mem::take(&mut first);
        body.resize(16_000, 0);
        let record = [&[22, 3, 1, 0x3e, 0x80][..], &body].concat();
        if stream.write_all(&record).is_err() {
            break;
        }
        sent += body.len();
    }
    let begun = Instant::now();
    read_to_end(&mut stream);
    assert!(begun.elapsed() < Limits::default().head / 2);
    server.is_alive();
}

/// The first record that a client sends.
fn client_hello() -> Vec<u8> {
    let mut session =
        ClientConnection::new(client(rustls::ALL_VERSIONS), ServerName::try_from("localhost").expect("a name")).expect("a client");
    let mut bytes = Vec::new();
    session.write_tls(&mut bytes).expect("it is written");
    bytes
}

#[test]
fn handshakes_in_great_number_keep_neither_plain_nor_tls_newcomers_waiting() {
    let server = TlsServer::open("second", Limits { connections: 128, ..Limits::default() }, echo);
    let (address, config) = (&server.server.address, client(rustls::ALL_VERSIONS));
    let wait_over_tls = |attempts: u32| {
        waits(attempts, |_| {
            let mut stream = over(&config, connect_from("127.0.0.77:0", address));
            stream.write_all(get("/alive").as_bytes()).expect("it is sent");
            assert!(read_reply(&mut stream).contains("GET /alive"));
        })
    };
    let unloaded = (wait_of_newcomers(&server.plain, 20), wait_over_tls(20));
    let hello = client_hello();
    let half = || {
        let streams: Vec<TcpStream> = (0..50).filter_map(|_| TcpStream::connect(address).ok()).collect();
        streams.iter().for_each(|mut stream| drop(stream.write_all(&hello)));
    };
    let whole = || {
        let mut stream = over(&config, TcpStream::connect(address).expect("it accepts"));
        let _ = stream.write_all(b"G");
    };
    for (what, attack) in [("half handshakes", &half as &(dyn Fn() + Sync)), ("whole handshakes", &whole)] {
        let (plain, tls) = during(2, attack, || (wait_of_newcomers(&server.plain, 30), wait_over_tls(30)));
        is_bearable(&format!("{what}, for plain http"), unloaded.0, plain);
        is_bearable(&format!("{what}, over TLS"), unloaded.1, tls);
    }
    server.is_alive();
}
