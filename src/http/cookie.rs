//! Cookies: reading those of a request, writing those of a reply (RFC 6265).

use crate::http::request::Request;

/// Whether a cookie may cross the network in clear: not when the world reaches this server by https.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Plain,
    Secure,
}

impl Transport {
    pub fn of(public_url: &str) -> Transport {
        if public_url.starts_with("https://") { Transport::Secure } else { Transport::Plain }
    }
}

/// The value of a cookie; the first one if the name comes twice.
pub fn read<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    let headers = request.headers.iter().filter(|(header, _)| header == "cookie");
    let mut pairs = headers.flat_map(|(_, value)| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
}

/// For `Set-Cookie`: out of reach of scripts, and not sent with what other sites post. Without an age it lasts as long as the browser runs.
pub fn set(name: &str, value: &str, max_age_seconds: Option<i64>, transport: Transport) -> String {
    let age = max_age_seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let secure = if transport == Transport::Secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}")
}

/// For `Set-Cookie`: takes the cookie away.
pub fn clear(name: &str, transport: Transport) -> String {
    set(name, "", Some(0), transport) + "; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
}
