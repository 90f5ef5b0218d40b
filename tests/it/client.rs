//! An HTTP client as small as can be: one request a connection.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

pub struct Reply {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).expect("the body is JSON")
    }

    /// The name of the error.
    pub fn error(&self) -> String {
        self.json()["details"][0]["name"].as_str().unwrap_or_default().to_owned()
    }
}

/// Sends a request to `host:port` and reads the reply to its end.
pub fn send(address: &str, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    send_to_host(address, address, method, target, headers, body)
}

/// The same, to a host that may have another name there.
pub fn send_to_host(address: &str, host: &str, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut request = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut stream = TcpStream::connect(address).expect("the server accepts");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout is set");
    stream.write_all(format!("{request}\r\n{body}").as_bytes()).expect("the request is sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("the reply is read");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok()).expect("a status");
    let headers = lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    Reply { status, headers, body: body.to_owned() }
}

/// A connection that is used again and again, to a server that may go away at any time.
pub struct Connected {
    stream: std::io::BufReader<TcpStream>,
}

impl Connected {
    pub fn to(address: &str) -> Option<Connected> {
        let stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
        Some(Connected { stream: std::io::BufReader::new(stream) })
    }

    /// The status and the body of the reply; nothing if the server went away before it was whole.
    pub fn send(&mut self, method: &str, target: &str, key: Option<&str>, body: &str) -> Option<(u16, String)> {
        use std::io::BufRead;
        let authorization = key.map(|key| format!("Authorization: Bearer {key}\r\n")).unwrap_or_default();
        let request = format!("{method} {target} HTTP/1.1\r\nHost: x\r\n{authorization}Content-Length: {}\r\n\r\n{body}", body.len());
        self.stream.get_mut().write_all(request.as_bytes()).ok()?;
        let (mut status, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).ok()?;
            let line = line.strip_suffix("\r\n")?;
            match line.split_once(": ") {
                _ if line.is_empty() => break,
                Some((name, value)) if name.eq_ignore_ascii_case("Content-Length") => length = value.parse().ok()?,
                None => status = line.split(' ').nth(1)?.parse().ok()?,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).ok()?;
        Some((status, String::from_utf8(body).ok()?))
    }
}
