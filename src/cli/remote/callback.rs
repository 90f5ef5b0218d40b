//! The redirect URI of a login with the browser: a listener on this machine that receives the code.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use crate::cli::api_error::{ApiError, LOGIN};
use crate::http::pairs::Pairs;

/// The port that servers send browsers to, on the machine of the browser (registry.md 1.8).
const PORT: u16 = 11885;

/// How long a browser may take to send its request, once it is connected.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// The most bytes of a request line.
const LONGEST_LINE: u64 = 8 * 1024;

pub struct Callback(Vec<TcpListener>);

impl Callback {
    /// Listens on both addresses that a browser may take `localhost` for: a program that had one of them could receive the code
    /// instead (RFC 8252 section 8.3). Fails with `login` if one is taken. A machine without IPv6 has no `[::1]`: no program can listen there.
    pub fn listen() -> Result<Callback, ApiError> {
        let is_without_ipv6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err();
        let addresses = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        let needed = addresses.into_iter().filter(|address| address.is_ipv4() || !is_without_ipv6);
        let listen = |address: IpAddr| {
            let place = std::net::SocketAddr::new(address, PORT);
            TcpListener::bind(place).map_err(|error| {
                let reason = format!(
                    "cannot listen on {place} ({error}), and whatever does could be given your code in place of this program: \
                     stop it, or carry the code yourself with --callback=false"
                );
                ApiError::from(LOGIN.with("reason", reason))
            })
        };
        needed.map(listen).collect::<Result<_, _>>().map(Callback)
    }

    /// Opens a browser. Errors are ignored: the address is printed too.
    pub fn open_browser(&self, url: &str) {
        let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
        let _ = Command::new(opener).arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    }

    /// Waits for the request that has this `state`, and returns its code. Other requests are answered with 404.
    pub fn wait(self, state: &str) -> Result<String, ApiError> {
        let (sender, browsers) = sync_channel(0);
        for listener in self.0 {
            let sender = sender.clone();
            // Ends with the process, or once the receiver is gone.
            std::thread::spawn(move || while sender.send(listener.accept()).is_ok() {});
        }
        drop(sender);
        loop {
            let accepted = browsers.recv().map_err(|error| LOGIN.with("reason", error.to_string()))?;
            let (mut browser, _) = accepted.map_err(|error| LOGIN.with("reason", error.to_string()))?;
            let outcome = request_target(&mut browser).and_then(|target| CallbackOutcome::of(&target, state));
            // Errors are ignored: the page is information only.
            let _ = browser.write_all(page(outcome.as_ref()).as_bytes());
            match outcome {
                Some(CallbackOutcome::Code(code)) => return Ok(code),
                Some(CallbackOutcome::Refused(reason)) => return Err(LOGIN.with("reason", reason).into()),
                None => {}
            }
        }
    }
}

/// The result of an attempt.
#[derive(Debug, PartialEq, Eq)]
enum CallbackOutcome {
    Code(String),
    Refused(String),
}

impl CallbackOutcome {
    /// Reads the target of a request. Returns `None` if it does not belong to this attempt.
    fn of(target: &str, state: &str) -> Option<CallbackOutcome> {
        let (path, query) = target.split_once('?')?;
        let sent = Pairs::parse(query).ok()?;
        let value = |name: &str| sent.first(name).map(str::to_owned);
        if path != "/oauth/callback" || value("state").as_deref() != Some(state) {
            return None;
        }
        match (value("code"), value("error")) {
            (Some(code), None) => Some(CallbackOutcome::Code(code)),
            (_, error) => {
                Some(CallbackOutcome::Refused(value("error_description").or(error).unwrap_or_else(|| "no code came back".to_owned())))
            }
        }
    }
}

/// Returns the target of a GET request.
fn request_target(browser: &mut TcpStream) -> Option<String> {
    browser.set_read_timeout(Some(REQUEST_TIMEOUT)).ok()?;
    let mut line = String::new();
    BufReader::new(browser.take(LONGEST_LINE)).read_line(&mut line).ok()?;
    let mut parts = line.split(' ');
    (parts.next() == Some("GET")).then(|| parts.next().map(str::to_owned))?
}

fn page(outcome: Option<&CallbackOutcome>) -> String {
    let (status, text) = match outcome {
        Some(CallbackOutcome::Code(_)) => ("200 OK", "You are signed in. You can close this page and go back to the command line."),
        Some(CallbackOutcome::Refused(_)) => ("200 OK", "You are not signed in. The command line says why."),
        None => ("404 Not Found", "There is nothing here."),
    };
    let body = format!("<!doctype html><meta charset=\"utf-8\"><title>keyfob</title><p>{text}\n");
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_belongs_to_the_attempt_counts() {
        assert_eq!(
            CallbackOutcome::of("/oauth/callback?code=MF2XI.A.B&state=s%2D1", "s-1"),
            Some(CallbackOutcome::Code("MF2XI.A.B".to_owned()))
        );
        assert_eq!(
            CallbackOutcome::of("/oauth/callback?error=access_denied&error_description=no+way&state=s", "s"),
            Some(CallbackOutcome::Refused("no way".to_owned()))
        );
        for other in ["/oauth/callback?code=MF2XI.A.B&state=other", "/oauth/callback?code=MF2XI.A.B", "/favicon.ico", "/?code=x&state=s"] {
            assert_eq!(CallbackOutcome::of(other, "s"), None, "{other}");
        }
    }

    #[test]
    fn the_code_comes_with_the_first_right_request() {
        let callback = Callback(vec![TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()]);
        let address = callback.0[0].local_addr().unwrap();
        let browser = std::thread::spawn(move || {
            ["GET /favicon.ico", "POST /oauth/callback?code=a&state=s", "GET /oauth/callback?code=b&state=s"].map(|request| {
                let mut stream = TcpStream::connect(address).unwrap();
                write!(stream, "{request} HTTP/1.1\r\n\r\n").unwrap();
                let mut reply = String::new();
                // A reset after the reply is fine: the head was not read to its end.
                let _ = stream.read_to_string(&mut reply);
                reply
            })
        });
        assert_eq!(callback.wait("s").unwrap(), "b");
        let replies = browser.join().unwrap();
        assert!(replies[0].contains("404") && replies[2].contains("You are signed in"), "{replies:?}");
    }
}
