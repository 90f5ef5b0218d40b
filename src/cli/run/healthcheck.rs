//! `keyfob healthcheck`: asks a server whether it is ready, for containers and supervisors.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use pico_args::Arguments;
use serde_json::Value;
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

use crate::base::printable::printable;
use crate::cli::args::settings::{Setting, SettingKind, SettingValues};
use crate::cli::args::values::Values;
use crate::cli::failure::{Failure, UsageError};
use crate::cli::remote;
use crate::cli::terminal::print;

/// What the server's address follows from, if none is named.
#[rustfmt::skip]
pub static LISTEN: &[Setting] = &[
    Setting { name: "listen", flag: "--listen", variable: "KEYFOB_LISTEN", value: "HOST:PORT|unix:PATH", default: "127.0.0.1:1885", kind: SettingKind::List, doc: "Where the server listens, as it is told; of several addresses the first is asked." },
    Setting { name: "tls_cert", flag: "--tls-cert", variable: "KEYFOB_TLS_CERT", value: "FILE", default: "none: plain http", kind: SettingKind::Value, doc: "The certificate of the server, as it is told: then it is asked by https, whatever name the certificate is for." },
    Setting { name: "ca", flag: "--ca", variable: "KEYFOB_CA", value: "FILE", default: "roots that are built in", kind: SettingKind::Value, doc: "The certificates (PEM) to trust for an https URL, instead of the well-known authorities." },
];

/// How long each step may take: connecting, and every wait for the reply.
const TIMEOUT: Duration = Duration::from_secs(3);

/// The most bytes of a reply that are read.
const LARGEST_REPLY: u64 = 64 * 1024;

/// What is asked for, unless the URL says so itself.
const READINESS: &str = "/readyz";

/// The paths that a URL may name.
const PATHS: [&str; 2] = ["/healthz", READINESS];

/// A server that can be asked.
#[derive(Debug, PartialEq, Eq)]
enum CheckedServer {
    Url(String),
    /// The URL of a server of this machine, whose certificate is for its public name.
    Local(String),
    /// The path of a socket.
    Unix(String),
}

/// Prints one line, and fails unless the server answers 200.
pub fn run(values: &Values, arguments: Arguments) -> Result<(), Failure> {
    let settings = SettingValues::read(LISTEN, arguments)?;
    let target = match values.one("target") {
        Some(text) => CheckedServer::parse(text),
        None => {
            let scheme = if settings.of("tls_cert").given().is_some() { "https" } else { "http" };
            let first = settings.of("listen").text().split(',').next().unwrap_or_default().trim();
            CheckedServer::of_listen(first, scheme)
        }
    };
    let target = target.map_err(UsageError)?;
    let ca = settings.of("ca");
    let roots = match ca.given() {
        Some(file) => {
            remote::http::roots(file).map_err(|reason| UsageError(format!("cannot use the certificates of {}: {reason}", ca.place())))?
        }
        None => RootCerts::WebPki,
    };
    let shown = printable(&target.to_string());
    match target.ask(roots) {
        Ok((200, _)) => print(&format!("healthy: {shown}\n")),
        Ok((status, body)) => Err(Failure::Refused(format!("not healthy: {shown} answered {status}{}", failed_checks(&body)))),
        Err(why) => Err(Failure::Refused(format!("not healthy: {shown}: {}", printable(&why)))),
    }
}

impl CheckedServer {
    fn parse(text: &str) -> Result<CheckedServer, String> {
        if let Some(path) = text.strip_prefix("unix:").filter(|path| !path.is_empty()) {
            return Ok(CheckedServer::Unix(path.to_owned()));
        }
        let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://")).unwrap_or_default();
        let has_host = !rest.is_empty() && !rest.starts_with(['/', ':']);
        if !has_host || !text.bytes().all(|b| b.is_ascii_graphic()) || text.contains(['?', '#', '@']) {
            return Err(format!("the target must be http://HOST:PORT, https://HOST or unix:PATH, not `{}`", printable(text)));
        }
        let is_whole = PATHS.iter().any(|path| rest.ends_with(path));
        Ok(CheckedServer::Url(if is_whole { text.to_owned() } else { format!("{}{READINESS}", text.trim_end_matches('/')) }))
    }

    /// Returns the server that listens there, as seen from this machine.
    fn of_listen(listen: &str, scheme: &str) -> Result<CheckedServer, String> {
        if listen.starts_with("unix:") {
            return CheckedServer::parse(listen);
        }
        let (host, port) = listen.rsplit_once(':').unwrap_or((listen, ""));
        if port.parse::<u16>().unwrap_or_default() == 0 {
            return Err(format!(
                "the port is not known from `{}`: name the server, as in `keyfob healthcheck http://127.0.0.1:1885`",
                printable(listen)
            ));
        }
        let host = match host {
            "0.0.0.0" => "127.0.0.1",
            "[::]" => "[::1]",
            host => host,
        };
        Ok(match CheckedServer::parse(&format!("{scheme}://{host}:{port}"))? {
            CheckedServer::Url(url) => CheckedServer::Local(url),
            other => other,
        })
    }

    /// Returns the status and the body of the reply, or why there is none.
    fn ask(&self, roots: RootCerts) -> Result<(u16, Vec<u8>), String> {
        match self {
            CheckedServer::Url(url) => ask_url(url, TlsConfig::builder().root_certs(roots).build()).map_err(|error| error.to_string()),
            // No name is checked: nothing secret is sent, and the address is this machine's.
            CheckedServer::Local(url) => {
                ask_url(url, TlsConfig::builder().disable_verification(true).build()).map_err(|error| error.to_string())
            }
            CheckedServer::Unix(path) => ask_socket(path),
        }
    }
}

impl std::fmt::Display for CheckedServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CheckedServer::Url(url) | CheckedServer::Local(url) => f.write_str(url),
            CheckedServer::Unix(path) => write!(f, "unix:{path}"),
        }
    }
}

fn ask_url(url: &str, tls: TlsConfig) -> Result<(u16, Vec<u8>), ureq::Error> {
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(TIMEOUT))
        .proxy(None)
        .tls_config(tls)
        .user_agent(concat!("keyfob/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent();
    let mut reply = agent.get(url).call()?;
    let body = reply.body_mut().with_config().limit(LARGEST_REPLY).read_to_vec()?;
    Ok((reply.status().as_u16(), body))
}

fn ask_socket(path: &str) -> Result<(u16, Vec<u8>), String> {
    let mut reply = Vec::new();
    let read = |reply: &mut Vec<u8>| {
        let mut stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        stream.write_all(format!("GET {READINESS} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes())?;
        stream.take(LARGEST_REPLY).read_to_end(reply)
    };
    read(&mut reply).map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&reply);
    let (head, body) = text.split_once("\r\n\r\n").ok_or("what answered does not speak HTTP")?;
    let status = head.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)).and_then(|status| status.parse().ok());
    Ok((status.ok_or("what answered does not speak HTTP")?, body.as_bytes().to_vec()))
}

/// Returns `: write failed, disk low` for the body of a server that is not ready.
fn failed_checks(body: &[u8]) -> String {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let checks = body["checks"].as_object().into_iter().flatten();
    let failed: Vec<String> = checks
        .filter_map(|(name, verdict)| Some((name, verdict.as_str()?)))
        .filter(|(_, verdict)| *verdict != "ok")
        .map(|(name, verdict)| printable(&format!("{name} {verdict}")))
        .collect();
    if failed.is_empty() { String::new() } else { format!(": {}", failed.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_without_a_path_of_a_check_is_asked_for_readiness() {
        for (text, url) in [
            ("http://127.0.0.1:1885", "http://127.0.0.1:1885/readyz"),
            ("https://home.example/keyfob/", "https://home.example/keyfob/readyz"),
            ("http://x/healthz", "http://x/healthz"),
        ] {
            assert_eq!(CheckedServer::parse(text), Ok(CheckedServer::Url(url.to_owned())));
        }
        assert_eq!(CheckedServer::parse("unix:/run/keyfob.sock"), Ok(CheckedServer::Unix("/run/keyfob.sock".to_owned())));
        for wrong in ["", "127.0.0.1:1885", "ftp://x", "http://", "http:///readyz", "http://a b", "unix:", "http://user@x", "http://x?y"] {
            assert!(CheckedServer::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn who_listens_everywhere_is_asked_here() {
        for (listen, url) in [
            ("0.0.0.0:80", "http://127.0.0.1:80/readyz"),
            ("[::]:80", "http://[::1]:80/readyz"),
            ("keyfob.internal:1885", "http://keyfob.internal:1885/readyz"),
        ] {
            assert_eq!(CheckedServer::of_listen(listen, "http"), Ok(CheckedServer::Local(url.to_owned())));
        }
        assert_eq!(CheckedServer::of_listen("unix:/run/keyfob.sock", "https"), Ok(CheckedServer::Unix("/run/keyfob.sock".to_owned())));
        for wrong in ["127.0.0.1:0", "nowhere", "127.0.0.1:many"] {
            assert!(CheckedServer::of_listen(wrong, "http").is_err(), "{wrong}");
        }
    }
}
