//! One try of a URI.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use ureq::http::{Method, Request, Uri};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::transport::{Connector, RustlsConnector};
use ureq::{Agent, Error};

use crate::base::mutex::locked;
use crate::base::network::Networks;
use crate::base::probe::ProbeOutcome;
use crate::base::uri::resolved;
use crate::http::probe::budget::{Budget, LONGEST, MOST_HTTP};
use crate::http::probe::transport::{CheckedAddresses, HttpConnector, SocketConnector};
use crate::http::probe::{address, look_up};
use crate::http::queue::Group;

const USER_AGENT: &str = concat!("keyfob/", env!("CARGO_PKG_VERSION"), " (tries whether a redirect URI works)");

/// The most addresses of a name that are tried.
const MOST_ADDRESSES: usize = 4;

/// How long after a try the next one begins.
const BETWEEN: Duration = Duration::from_millis(50);

/// What tries may reach, and whom they trust.
#[derive(Clone, Debug)]
pub struct ProbeRules {
    /// The networks that are allowed although they are not public.
    pub networks: Networks,
    pub roots: RootCerts,
    /// For whom they are made: their look-ups are counted together.
    pub callers: Vec<Group>,
}

impl ProbeRules {
    /// Returns the rules of a server that allows these networks: certificates are trusted as browsers trust them.
    pub fn of(networks: &Networks, callers: Vec<Group>) -> ProbeRules {
        ProbeRules { networks: networks.clone(), roots: RootCerts::WebPki, callers }
    }
}

/// Tries a URI. Takes at most [`LONGEST`], and reads at most [`MOST_HTTP`] bytes of HTTP. Redirects are not followed.
pub fn attempt(uri: &str, rules: &ProbeRules) -> ProbeOutcome {
    let budget = Arc::new(Budget::fresh());
    tried(uri, rules, &budget).unwrap_or_else(|outcome| outcome)
}

/// Tries URIs at the same time. Takes little longer than one.
pub fn attempts(uris: &[String], rules: &ProbeRules) -> Vec<ProbeOutcome> {
    let waiting = |uri: &String| {
        wait_for_turn();
        attempt(uri, rules)
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = uris.iter().map(|uri| std::thread::Builder::new().spawn_scoped(scope, move || waiting(uri))).collect();
        let done = threads.into_iter().map(|thread| thread.ok().and_then(|thread| thread.join().ok()).unwrap_or(ProbeOutcome::Busy));
        done.collect()
    })
}

/// Waits until the last try of this process began long enough ago: whatever is asked of this server, it floods nobody.
fn wait_for_turn() {
    static NEXT: Mutex<Option<Instant>> = Mutex::new(None);
    let now = Instant::now();
    let turn = {
        let mut next = locked(&NEXT);
        let turn = next.map_or(now, |next| next.max(now));
        *next = Some(turn + BETWEEN);
        turn
    };
    std::thread::sleep(turn - now);
}

fn tried(uri: &str, rules: &ProbeRules, budget: &Arc<Budget>) -> Result<ProbeOutcome, ProbeOutcome> {
    let (uri, host, port) = target(uri).ok_or(ProbeOutcome::NotTried)?;
    if address::is_blocked(port) {
        return Err(ProbeOutcome::BlockedPort);
    }
    let found = look_up::addresses(&host, port, &rules.callers, budget)?;
    let checked: Vec<SocketAddr> = found.into_iter().filter(|found| address::is_allowed(found.ip(), &rules.networks)).collect();
    if checked.is_empty() {
        return Err(ProbeOutcome::NotPublic);
    }
    let addresses = CheckedAddresses(checked.into_iter().take(MOST_ADDRESSES).collect());
    let ask = |method: Method| ask(method, &uri, &addresses, rules, budget);
    match ask(Method::HEAD) {
        Ok(status) if status < 400 => Ok(ProbeOutcome::Answered(status)),
        // Many servers answer GET only; where there is no answer to that, the one to HEAD counts.
        Ok(refused) => Ok(ProbeOutcome::Answered(ask(Method::GET).unwrap_or(refused))),
        Err(ProbeOutcome::NoConnection | ProbeOutcome::NotHttp) => ask(Method::GET).map(ProbeOutcome::Answered),
        Err(outcome) => Err(outcome),
    }
}

/// Returns what is asked, with the host and the port; `None` for what no server answers, and for what nobody is redirected to.
fn target(uri: &str) -> Option<(Uri, String, u16)> {
    let parsed: Uri = resolved(uri)?.parse().ok()?;
    let usual = match parsed.scheme_str()? {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let authority = parsed.authority().filter(|authority| !authority.host().is_empty())?;
    let (host, port) = (authority.host().to_owned(), authority.port_u16());
    // A port that is no number is no port.
    let has_port = !authority.as_str().ends_with(&host);
    let port = port.or((!has_port).then_some(usual))?;
    Some((parsed, host, port))
}

/// Sends one request and returns the status.
fn ask(method: Method, uri: &Uri, addresses: &CheckedAddresses, rules: &ProbeRules, budget: &Arc<Budget>) -> Result<u16, ProbeOutcome> {
    let left = budget.time().ok_or(ProbeOutcome::NoAnswer)?;
    let config = Agent::config_builder()
        .proxy(None)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .timeout_global(Some(left.min(LONGEST)))
        .max_response_header_size(MOST_HTTP)
        .input_buffer_size(MOST_HTTP)
        .output_buffer_size(MOST_HTTP)
        .max_idle_connections(0)
        .user_agent(USER_AGENT)
        .tls_config(TlsConfig::builder().root_certs(rules.roots.clone()).build())
        .build();
    let status = Arc::new(OnceLock::new());
    let socket = SocketConnector { addresses: addresses.clone(), budget: budget.clone() };
    let http = HttpConnector { budget: budget.clone(), status: status.clone() };
    let connector = socket.chain(RustlsConnector::default()).chain(http);
    let request = Request::builder().method(method).uri(uri.clone()).body(()).map_err(|_| ProbeOutcome::NotTried)?;
    let answer = Agent::with_parts(config, connector, addresses.clone()).run(request);
    match (answer, status.get()) {
        (Ok(answer), _) => Ok(answer.status().as_u16()),
        (Err(Error::Timeout(_)), _) => Err(ProbeOutcome::NoAnswer),
        // A head that is longer than what is read has a status too.
        (Err(_), Some(status)) => Ok(*status),
        (Err(error), None) => Err(outcome_of(&error)),
    }
}

fn outcome_of(error: &Error) -> ProbeOutcome {
    match error {
        Error::Timeout(_) => ProbeOutcome::NoAnswer,
        Error::Tls(_) | Error::Rustls(_) => ProbeOutcome::NoTrust,
        Error::Io(error) if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) => ProbeOutcome::NoTrust,
        Error::Io(error) => of_io(error),
        Error::HostNotFound | Error::ConnectionFailed => ProbeOutcome::NoConnection,
        Error::Protocol(_) | Error::LargeResponseHeader(..) | Error::BodyExceedsLimit(_) => ProbeOutcome::NotHttp,
        _ => ProbeOutcome::NoConnection,
    }
}

fn of_io(error: &std::io::Error) -> ProbeOutcome {
    match error.kind() {
        std::io::ErrorKind::TimedOut | std::io::ErrorKind::WouldBlock => ProbeOutcome::NoAnswer,
        std::io::ErrorKind::FileTooLarge => ProbeOutcome::NotHttp,
        _ => ProbeOutcome::NoConnection,
    }
}
