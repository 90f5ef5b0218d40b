//! A server over HTTP: requests out, JSON or a refusal back.

use std::cell::Cell;
use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, http};

use crate::base::page::ENDS_EARLY;
use crate::base::time::Clock;
use crate::cli::args::nouns::Noun;
use crate::cli::args::parse::{Given, missing};
use crate::cli::failure::Failure;
use crate::cli::refusal::{BAD_CERTIFICATES, CUT_SHORT, NOT_THE_API, REDIRECTED, Refusal, UNAUTHENTICATED, UNREACHABLE};
use crate::cli::remote::credentials::{Credentials, Keyring, Tokens};
use crate::cli::remote::tokens;
use crate::cli::run::output::{note, printable};
use crate::cli::serve::settings::Connection;
use crate::http::pairs::Pairs;
use crate::http::request::Method;

/// How long a connection may take to come about, and a reply to come.
const PATIENCE: Duration = Duration::from_secs(10);
const REPLY_PATIENCE: Duration = Duration::from_secs(60);

/// No reply of the API is larger.
const LARGEST_REPLY: u64 = 64 * 1024 * 1024;

/// A token is refreshed when it is this near its end, so that it does not end on its way.
const MARGIN_SECONDS: i64 = 30;

/// What may stand in a query as it is.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b',');

/// What may stand in one segment of a path as it is.
const SEGMENT: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'%').add(b'/').add(b'<').add(b'>').add(b'?').add(b'`').add(b'{').add(b'}');

/// A server, and the credentials to speak to it with.
#[derive(Debug)]
pub struct Remote {
    agent: Agent,
    pub server: String,
    /// Where `keyfob login` keeps its credentials.
    pub keyring: Option<PathBuf>,
    /// A key that was given, not kept.
    pub given_key: Option<String>,
    credentials: Option<Credentials>,
    /// Whether it was said that what is sent can be read on its way.
    warned: Cell<bool>,
}

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    pub body: Value,
    /// How many items there are on all pages, if it says so.
    pub total: Option<usize>,
    /// Limit and number of the page to go on with, if it says so. The limit is a smaller one where this page ended early.
    pub next: Option<(usize, usize)>,
}

/// What the header `Link` says of the next page (RFC 8288): `<…?limit=128&page=2>; rel="next"`.
fn next_page(link: &str) -> Option<(usize, usize)> {
    let (target, parameters) = link.strip_prefix('<')?.split_once('>')?;
    let pairs = Pairs::parse(target.split_once('?')?.1).ok().filter(|_| parameters.contains("rel=\"next\""))?;
    let number = |name: &str| pairs.first(name).and_then(|value| value.parse().ok());
    Some((number("limit")?, number("page")?))
}

/// A query under way: names and values, in their order.
pub type Query = Vec<(String, String)>;

impl Remote {
    pub fn of(connection: Connection) -> Result<Remote, Refusal> {
        Ok(Remote {
            agent: agent(&connection)?,
            server: connection.server,
            keyring: connection.credentials,
            credentials: connection.api_key.clone().map(Credentials::ApiKey),
            given_key: connection.api_key,
            warned: Cell::new(false),
        })
    }

    /// Takes what `keyfob login` keeps for the server, unless a key was given. A token that is old is refreshed.
    pub fn recall_credentials(&mut self) -> Result<(), Refusal> {
        let Some(path) = self.keyring.clone().filter(|path| self.credentials.is_none() && path.exists()) else { return Ok(()) };
        let mut keyring = Keyring::open(&path)?;
        self.credentials = keyring.of(&self.server);
        match self.credentials.clone() {
            Some(Credentials::Tokens(tokens)) => self.refresh_if_old(&mut keyring, tokens),
            Some(Credentials::ApiKey(_)) | None => Ok(()),
        }
    }

    /// Refuses to go on without credentials, rather than show what anybody may see.
    pub fn require_credentials(&self) -> Result<(), Refusal> {
        match self.credentials {
            Some(_) => Ok(()),
            None => Err(Refusal::from(UNAUTHENTICATED.error())
                .with("server", &self.server)
                .with("remedy", "run `keyfob login`, or give --api-key or KEYFOB_API_KEY")),
        }
    }

    pub fn speak_with(&mut self, credentials: Credentials) {
        self.credentials = Some(credentials);
    }

    fn refresh_if_old(&mut self, keyring: &mut Keyring, tokens: Tokens) -> Result<(), Refusal> {
        let now = Clock::System.now();
        let old = tokens.expires_at.is_some_and(|end| end <= now.plus_seconds(MARGIN_SECONDS));
        if let (true, Some(refresh_token)) = (old, &tokens.refresh_token) {
            let fresh = Credentials::Tokens(tokens::refresh(self, refresh_token)?);
            keyring.keep(&self.server, &fresh)?;
            self.credentials = Some(fresh);
        }
        Ok(())
    }

    pub fn read(&self, path: &str, query: &Query) -> Result<Answer, Refusal> {
        let query: Vec<String> = query.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) };
        self.send(Method::Get, &target, None)
    }

    pub fn write(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer, Refusal> {
        self.send(method, path, body)
    }

    /// Warns, once, before the first secret goes to another machine in clear.
    pub fn warn_of_clear_text(&self) {
        if self.server.starts_with("http://") && !is_here(&self.server) && !self.warned.replace(true) {
            note(&format!("warning: {} is another machine and not https: keys, passwords and answers can be read on the way", self.server));
        }
    }

    /// `path` is below `/api/v3/`.
    fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer, Refusal> {
        let mut request = http::Request::builder().method(method.name()).uri(format!("{}/api/v3/{path}", self.server));
        // Where there are no credentials a body holds what gets some: passwords.
        if self.credentials.is_some() || body.is_some() {
            self.warn_of_clear_text();
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
        // Whoever reads the next page needs no warning that this one ended early.
        for warning in reply.headers().get_all("X-Warning").iter().filter(|warning| !warning.as_bytes().starts_with(ENDS_EARLY.as_bytes()))
        {
            note(&format!("warning: {}", printable(&String::from_utf8_lossy(warning.as_bytes()))));
        }
        Ok(Answer { body: self.judged(reply)?, total, next })
    }

    /// A form to one of the endpoints of OAuth, which answers JSON. Their refusals come as their bodies, with the status.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Result<(u16, Value), Refusal> {
        self.warn_of_clear_text();
        let reply = self.agent.post(format!("{}{path}", self.server)).send_form(fields.iter().copied());
        let mut reply = reply.map_err(|error| self.unanswered(&error))?;
        let bytes = self.whole(&mut reply)?;
        Ok((reply.status().as_u16(), serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }

    fn judged(&self, mut reply: http::Response<Body>) -> Result<Value, Refusal> {
        let status = reply.status().as_u16();
        if reply.status().is_redirection() {
            let place = reply.headers().get("Location").map(|place| String::from_utf8_lossy(place.as_bytes()).into_owned());
            return Err(Refusal::from(REDIRECTED.error()).with("server", &self.server).with("location", place.unwrap_or_default()));
        }
        let bytes = self.whole(&mut reply)?;
        let body: Option<Value> = serde_json::from_slice(&bytes).ok();
        match body {
            Some(body) if reply.status().is_success() => Ok(body),
            Some(body) => Err(Refusal::of_reply(status, &body).unwrap_or_else(|| self.not_the_api(status))),
            None => Err(self.not_the_api(status)),
        }
    }

    fn whole(&self, reply: &mut http::Response<Body>) -> Result<Vec<u8>, Refusal> {
        let read = reply.body_mut().with_config().limit(LARGEST_REPLY).read_to_vec();
        read.map_err(|error| self.unanswered(&error))
    }

    fn not_the_api(&self, status: u16) -> Refusal {
        Refusal::from(NOT_THE_API.with("status", status)).of_status(status).with("server", &self.server)
    }

    /// Once there was a connection, nobody knows how far the request came.
    fn unanswered(&self, error: &ureq::Error) -> Refusal {
        let definition = if never_connected(error) { &UNREACHABLE } else { &CUT_SHORT };
        Refusal::from(definition.with("reason", error.to_string())).with("server", &self.server)
    }

    /// Who the caller is: `user_ids` or `organization_ids`, and the ID.
    pub fn caller(&self) -> Result<Option<(&'static str, String)>, Refusal> {
        let info = self.read("auth_info", &Query::new())?.body;
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

impl Remote {
    /// The ID that a flag names; for things that everybody has, the caller's own.
    pub fn owner(&self, noun: &Noun, given: &Given) -> Result<String, Failure> {
        if let Some(id) = given.one(noun.id).filter(|id| !id.is_empty()) {
            return Ok(id.to_owned());
        }
        match self.caller()? {
            Some((kind, id)) if kind == noun.plural => Ok(id),
            _ => Err(missing(noun.id).into()),
        }
    }
}

/// One segment of a path.
pub fn segment(text: &str) -> String {
    // Dots alone would be taken for a step in the path.
    match text {
        "." | ".." => text.replace('.', "%2E"),
        _ => utf8_percent_encode(text, SEGMENT).to_string(),
    }
}

/// A name or a value in a query.
pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, QUERY).to_string()
}

/// `{"user_ids":{"user_id":"…"}}`.
pub fn account_json(kind: &str, id: &str) -> Value {
    match kind {
        "organizations" => json!({"organization_ids": {"organization_id": id}}),
        _ => json!({"user_ids": {"user_id": id}}),
    }
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

fn bearer(credentials: &Credentials) -> &str {
    match credentials {
        Credentials::ApiKey(key) => key,
        Credentials::Tokens(tokens) => &tokens.access_token,
    }
}

/// Redirects are not followed: they could lead credentials astray.
fn agent(connection: &Connection) -> Result<Agent, Refusal> {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(REPLY_PATIENCE))
        .timeout_recv_body(Some(REPLY_PATIENCE))
        .user_agent(concat!("keyfob/", env!("CARGO_PKG_VERSION")));
    let config = match &connection.ca {
        Some(file) => config.tls_config(TlsConfig::builder().root_certs(roots(file)?).build()),
        None => config,
    };
    // What runs on this machine is never asked for through a proxy.
    let config = if is_here(&connection.server) { config.proxy(None) } else { config };
    Ok(config.build().new_agent())
}

fn roots(file: &str) -> Result<RootCerts, Refusal> {
    let bad = |reason: String| Refusal::from(BAD_CERTIFICATES.with("reason", reason)).with("ca", file);
    let pem = std::fs::read(file).map_err(|error| bad(error.to_string()))?;
    let items = parse_pem(&pem).collect::<Result<Vec<_>, _>>().map_err(|error| bad(error.to_string()))?;
    let certificates: Vec<_> =
        items.into_iter().filter_map(|item| if let PemItem::Certificate(certificate) = item { Some(certificate) } else { None }).collect();
    if certificates.is_empty() { Err(bad("there is none in the file".to_owned())) } else { Ok(RootCerts::new_with_certs(&certificates)) }
}

fn is_here(server: &str) -> bool {
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
            assert!(is_here(here), "{here}");
        }
        for there in ["https://eu1.cloud.thethings.network", "http://127.0.0.1.example.com", "http://10.0.0.1:1885", "http://[2001:db8::1]"]
        {
            assert!(!is_here(there), "{there}");
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
