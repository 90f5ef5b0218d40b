//! A server over HTTP: sends requests, returns JSON or a refusal.

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, http};

use crate::base::page::ENDS_EARLY;
use crate::base::printable::printable;
use crate::cli::api_error::{ApiError, BAD_CERTIFICATES, CUT_SHORT, NOT_THE_API, REDIRECTED, UNAUTHENTICATED, UNREACHABLE};
use crate::cli::args::values::AccountPath;
use crate::cli::failure::Failure;
use crate::cli::remote::connection::ConnectionSettings;
use crate::cli::remote::credentials::RemoteCredentials;
use crate::cli::terminal::note;
use crate::http::pairs::Pairs;
use crate::http::request::Method;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const REPLY_TIMEOUT: Duration = Duration::from_secs(60);

/// The most bytes that a reply may have.
const LARGEST_REPLY: u64 = 64 * 1024 * 1024;

/// The characters that are escaped in a query.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b',');

/// The characters that are escaped in one segment of a path.
const SEGMENT: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'/').add(b'<').add(b'>').add(b'?').add(b'`').add(b'{').add(b'}');

/// A server, and the credentials for it.
pub struct Remote {
    agent: Agent,
    pub server: String,
    /// The file of `keyfob login`.
    pub keyring: Option<PathBuf>,
    /// An API key from a flag or the environment.
    pub given_key: Option<String>,
    credentials: Option<RemoteCredentials>,
    /// Whether the warning about plain HTTP was given.
    warned: Cell<bool>,
}

/// The server's answer.
pub struct Response {
    pub body: Value,
    /// The number of items on all pages, if known.
    pub total: Option<usize>,
    /// Limit and number of the next page, if known. The limit is smaller if this page ended early.
    pub next: Option<(usize, usize)>,
}

/// Parses limit and number of the next page from the header `Link` (RFC 8288): `<…?limit=128&page=2>; rel="next"`.
fn next_page(link: &str) -> Option<(usize, usize)> {
    let (target, parameters) = link.strip_prefix('<')?.split_once('>')?;
    let pairs = Pairs::parse(target.split_once('?')?.1).ok().filter(|_| parameters.contains("rel=\"next\""))?;
    let number = |name: &str| pairs.first(name).and_then(|value| value.parse().ok());
    Some((number("limit")?, number("page")?))
}

/// The names and values of a query, in their order.
pub type QueryPairs = Vec<(String, String)>;

impl Remote {
    pub fn of(connection: ConnectionSettings) -> Result<Remote, ApiError> {
        Ok(Remote {
            agent: agent(&connection)?,
            server: connection.server,
            keyring: connection.credentials,
            credentials: connection.api_key.clone().map(RemoteCredentials::ApiKey),
            given_key: connection.api_key,
            warned: Cell::new(false),
        })
    }

    pub fn has_credentials(&self) -> bool {
        self.credentials.is_some()
    }

    /// Fails with `unauthenticated` without credentials: the public part is not what was asked for.
    pub fn require_credentials(&self) -> Result<(), ApiError> {
        match self.credentials {
            Some(_) => Ok(()),
            None => Err(ApiError::from(UNAUTHENTICATED.error())
                .with("server", &self.server)
                .with("remedy", "run `keyfob login`, or give --api-key or KEYFOB_API_KEY")),
        }
    }

    pub fn speak_with(&mut self, credentials: RemoteCredentials) {
        self.credentials = Some(credentials);
    }

    pub fn read(&self, path: &str, query: &QueryPairs) -> Result<Response, ApiError> {
        let query: Vec<String> = query.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) };
        self.send(Method::Get, &target, None)
    }

    pub fn write(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Response, ApiError> {
        self.send(method, path, body)
    }

    pub fn delete(&self, path: &str) -> Result<(), Failure> {
        self.send(Method::Delete, path, None)?;
        Ok(())
    }

    /// Warns, once, before the first secret is sent to another machine in plain text.
    pub fn warn_of_plain_text(&self) {
        if self.server.starts_with("http://") && !is_local(&self.server) && !self.warned.replace(true) {
            note(&format!("warning: {} is another machine and not https: keys, passwords and answers can be read on the way", self.server));
        }
    }

    /// Sends a request to `path` below `/api/v3/`.
    fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Response, ApiError> {
        let mut request = http::Request::builder().method(method.name()).uri(format!("{}/api/v3/{path}", self.server));
        // A body may hold a password even without credentials.
        if self.credentials.is_some() || body.is_some() {
            self.warn_of_plain_text();
        }
        if let Some(bearer) = self.credentials.as_ref().map(bearer) {
            request = request.header("Authorization", format!("Bearer {bearer}"));
        }
        let text = body.map(Value::to_string).unwrap_or_default();
        let reply = match body {
            Some(_) => request.header("Content-Type", "application/json").body(text).map(|request| self.agent.run(request)),
            None => request.body(()).map(|request| self.agent.run(request)),
        };
        let reply = reply.unwrap_or_else(|error| Err(error.into())).map_err(|error| self.unanswered(&error))?;
        let total = reply.headers().get("X-Total-Count").and_then(|value| value.to_str().ok()).and_then(|value| value.parse().ok());
        let next = reply.headers().get("Link").and_then(|link| link.to_str().ok()).and_then(next_page);
        // The next page is offered anyway, so the warning that this one ended early is not needed.
        for warning in reply.headers().get_all("X-Warning").iter().filter(|warning| !warning.as_bytes().starts_with(ENDS_EARLY.as_bytes()))
        {
            note(&format!("warning: {}", printable(&String::from_utf8_lossy(warning.as_bytes()))));
        }
        Ok(Response { body: self.body_of(reply)?, total, next })
    }

    /// Sends a form to an OAuth endpoint. Returns the status and the JSON body, also of a refusal.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Result<(u16, Value), ApiError> {
        self.warn_of_plain_text();
        let reply = self.agent.post(format!("{}{path}", self.server)).send_form(fields.iter().copied());
        let mut reply = reply.map_err(|error| self.unanswered(&error))?;
        let bytes = self.bytes_of(&mut reply)?;
        Ok((reply.status().as_u16(), serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }

    fn body_of(&self, mut reply: http::Response<Body>) -> Result<Value, ApiError> {
        let status = reply.status().as_u16();
        if reply.status().is_redirection() {
            let place = reply.headers().get("Location").map(|place| String::from_utf8_lossy(place.as_bytes()).into_owned());
            return Err(ApiError::from(REDIRECTED.error()).with("server", &self.server).with("location", place.unwrap_or_default()));
        }
        let bytes = self.bytes_of(&mut reply)?;
        let body: Option<Value> = serde_json::from_slice(&bytes).ok();
        match body {
            Some(body) if reply.status().is_success() => Ok(body),
            Some(body) => Err(ApiError::of_reply(status, &body).unwrap_or_else(|| self.not_the_api(status))),
            None => Err(self.not_the_api(status)),
        }
    }

    fn bytes_of(&self, reply: &mut http::Response<Body>) -> Result<Vec<u8>, ApiError> {
        let read = reply.body_mut().with_config().limit(LARGEST_REPLY).read_to_vec();
        read.map_err(|error| self.unanswered(&error))
    }

    fn not_the_api(&self, status: u16) -> ApiError {
        ApiError::from(NOT_THE_API.with("status", status)).of_status(status).with("server", &self.server)
    }

    /// Returns `unreachable` if there was no connection, `cut_short` if there was: then the request may have been carried out.
    fn unanswered(&self, error: &ureq::Error) -> ApiError {
        let definition = if never_connected(error) { &UNREACHABLE } else { &CUT_SHORT };
        ApiError::from(definition.with("reason", error.to_string())).with("server", &self.server)
    }

    /// Returns the caller: `users` or `organizations`, and the ID.
    pub fn caller(&self) -> Result<Option<AccountPath>, ApiError> {
        let info = self.read("auth_info", &QueryPairs::new())?.body;
        let found = [
            ("users", "/api_key/entity_ids/user_ids/user_id"),
            ("organizations", "/api_key/entity_ids/organization_ids/organization_id"),
            ("users", "/oauth_access_token/user_ids/user_id"),
            ("users", "/user_session/user_ids/user_id"),
        ];
        let id = |path: &str| info.pointer(path).and_then(Value::as_str).map(str::to_owned);
        Ok(found.into_iter().find_map(|(kind, path)| Some((kind, id(path)?))))
    }
}

/// Escapes one segment of a path.
pub fn segment(text: &str) -> String {
    // Dots alone would mean this directory or its parent.
    match text {
        "." | ".." => text.replace('.', "%2E"),
        _ => utf8_percent_encode(text, SEGMENT).to_string(),
    }
}

/// Escapes a name or a value in a query.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, QUERY).to_string()
}

/// Returns `{"user_ids":{"user_id":"…"}}`.
pub fn account_json(kind: &str, id: &str) -> Value {
    let kind = kind.trim_end_matches('s');
    json!({(format!("{kind}_ids")): {(format!("{kind}_id")): id}})
}

fn never_connected(error: &ureq::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, TimedOut, UnexpectedEof, WouldBlock};
    match error {
        ureq::Error::Io(error) => {
            !matches!(error.kind(), ConnectionReset | ConnectionAborted | BrokenPipe | UnexpectedEof | TimedOut | WouldBlock)
        }
        ureq::Error::Timeout(timeout) => matches!(timeout, ureq::Timeout::Connect | ureq::Timeout::Resolve),
        ureq::Error::Protocol(_) | ureq::Error::BodyExceedsLimit(_) | ureq::Error::BodyStalled | ureq::Error::LargeResponseHeader(..) => {
            false
        }
        _ => true,
    }
}

fn bearer(credentials: &RemoteCredentials) -> &str {
    match credentials {
        RemoteCredentials::ApiKey(key) => key,
        RemoteCredentials::Tokens(tokens) => &tokens.access_token,
    }
}

/// Follows no redirects: they could send the credentials elsewhere.
fn agent(connection: &ConnectionSettings) -> Result<Agent, ApiError> {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .timeout_recv_response(Some(REPLY_TIMEOUT))
        .timeout_recv_body(Some(REPLY_TIMEOUT))
        .user_agent(concat!("keyfob/", env!("CARGO_PKG_VERSION")));
    let config = match &connection.ca {
        Some(file) => config.tls_config(
            TlsConfig::builder()
                .root_certs(roots(file).map_err(|reason| ApiError::from(BAD_CERTIFICATES.with("reason", reason)).with("ca", file))?)
                .build(),
        ),
        None => config,
    };
    // A server on this machine is reached without a proxy.
    let config = if is_local(&connection.server) { config.proxy(None) } else { config };
    Ok(config.build().new_agent())
}

/// Reads the certificates to trust from a file (PEM), or says why it cannot be used.
pub fn roots(file: &str) -> Result<RootCerts, String> {
    let pem = std::fs::read(file).map_err(|error| error.to_string())?;
    let items = parse_pem(&pem).collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
    let certificates: Vec<_> =
        items.into_iter().filter_map(|item| if let PemItem::Certificate(certificate) = item { Some(certificate) } else { None }).collect();
    if certificates.is_empty() { Err("there is none in the file".to_owned()) } else { Ok(RootCerts::new_with_certs(&certificates)) }
}

fn is_local(server: &str) -> bool {
    let rest = server.split_once("://").map_or(server, |(_, rest)| rest);
    let host = rest.split('/').next().unwrap_or_default();
    let host = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |(host, _)| host);
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_here_is_told_from_what_runs_elsewhere() {
        for here in ["http://127.0.0.1:1885", "http://localhost", "http://[::1]:80/x", "http://[::1]", "https://127.9.9.9"] {
            assert!(is_local(here), "{here}");
        }
        for there in ["https://eu1.cloud.thethings.network", "http://127.0.0.1.example.com", "http://10.0.0.1:1885", "http://[2001:db8::1]"]
        {
            assert!(!is_local(there), "{there}");
        }
    }

    #[test]
    fn a_segment_stays_one_segment() {
        assert_eq!(segment("my-app"), "my-app");
        assert_eq!(segment("../users?x#y"), "..%2Fusers%3Fx%23y");
        assert_eq!(segment(".."), "%2E%2E");
        assert_eq!(encoded("attributes_contain[a b]"), "attributes_contain%5Ba%20b%5D");
    }
}
