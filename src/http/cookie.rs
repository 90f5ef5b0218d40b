//! Cookies: reading those of a request, writing those of a reply (RFC 6265).

use crate::http::origin::Origin;
use crate::http::request::Request;

/// How the cookies of this server are called and kept. Browsers share cookies among all ports of a host: the name tells the servers
/// there apart. By https it has the prefix `__Host-`, so that no other host and nobody without TLS can set it (RFC 6265bis section 4.1.3).
#[derive(Clone, Debug)]
pub struct Cookies {
    /// Whether the world reaches this server by https. Then no cookie may cross the network in clear.
    pub is_secure: bool,
    port: u16,
}

impl Cookies {
    /// `public_url` is where the world finds this server.
    pub fn of(public_url: &str) -> Cookies {
        let origin = Origin::parse(public_url);
        let is_secure = origin.as_ref().is_some_and(|origin| origin.scheme == "https");
        Cookies { is_secure, port: origin.map_or(80, |origin| origin.port) }
    }

    /// What the cookie for this purpose is called.
    fn name(&self, purpose: &str) -> String {
        let prefix = if self.is_secure { "__Host-" } else { "" };
        format!("{prefix}keyfob_{purpose}_{}", self.port)
    }

    /// Every value that the cookie comes with. More than one means that somebody else has set it too, and which is whose is not told.
    pub fn all<'r>(&self, request: &'r Request, purpose: &str) -> Vec<&'r str> {
        let headers = request.all("cookie");
        if headers.is_empty() {
            return Vec::new();
        }
        let name = self.name(purpose);
        let pairs = headers.into_iter().flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(|(found, _)| *found == name).map(|(_, value)| value).collect()
    }

    /// The value of a cookie; none if its name comes twice.
    pub fn one<'r>(&self, request: &'r Request, purpose: &str) -> Option<&'r str> {
        match self.all(request, purpose)[..] {
            [only] => Some(only),
            _ => None,
        }
    }

    /// For `Set-Cookie`: out of reach of scripts, and not sent with what other sites post. Without an age it lasts as long as the browser
    /// runs.
    pub fn set(&self, purpose: &str, value: &str, max_age_seconds: Option<i64>) -> String {
        let age = max_age_seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let secure = if self.is_secure { "; Secure" } else { "" };
        format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}", self.name(purpose))
    }

    /// Whether a `Set-Cookie` header of this value concerns the cookie for this purpose.
    pub fn is_set_by(&self, set_cookie: &str, purpose: &str) -> bool {
        set_cookie.strip_prefix(&self.name(purpose)).is_some_and(|rest| rest.starts_with('='))
    }

    /// For `Set-Cookie`: takes the cookie away.
    pub fn clear(&self, purpose: &str) -> String {
        self.set(purpose, "", Some(0)) + "; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
    }
}
