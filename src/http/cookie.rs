//! Reads the cookies of a request and writes those of a reply (RFC 6265).

use crate::http::base_path::BasePath;
use crate::http::origin::Origin;
use crate::http::request::Request;

/// The names and attributes of this server's cookies. Browsers share cookies among all ports of a host, so the name tells the servers there
/// apart. With https it has the prefix `__Host-`: no other host, and nobody without TLS, can set it (RFC 6265bis section 4.1.3). Below a base
/// path that prefix is not allowed, and it is `__Secure-`: the other servers of the host are sent no cookie.
#[derive(Clone, Debug)]
pub struct Cookies {
    /// Whether the public URL is https. Then no cookie may cross the network in clear.
    pub is_secure: bool,
    port: u16,
    base_path: BasePath,
}

impl Cookies {
    /// Returns the cookies of the server with this public URL.
    pub fn of(public_url: &str) -> Cookies {
        let origin = Origin::parse(public_url);
        let is_secure = origin.as_ref().is_some_and(|origin| origin.scheme == "https");
        Cookies { is_secure, port: origin.map_or(80, |origin| origin.port), base_path: BasePath::of(public_url) }
    }

    /// Returns the name of the cookie for this purpose.
    fn name(&self, purpose: &str) -> String {
        let prefix = match (self.is_secure, self.base_path.root()) {
            (true, "/") => "__Host-",
            (true, _) => "__Secure-",
            (false, _) => "",
        };
        format!("{prefix}keyfob_{purpose}_{}{}", self.port, self.base_path.as_suffix())
    }

    /// Returns every value of the cookie. With more than one, somebody else has set it too, and it is unknown which is whose.
    pub fn all<'r>(&self, request: &'r Request, purpose: &str) -> Vec<&'r str> {
        let headers = request.all("cookie");
        if headers.is_empty() {
            return Vec::new();
        }
        let name = self.name(purpose);
        let pairs = headers.into_iter().flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(|(found, _)| *found == name).map(|(_, value)| value).collect()
    }

    /// Returns the value of a cookie, or `None` if it comes twice.
    pub fn one<'r>(&self, request: &'r Request, purpose: &str) -> Option<&'r str> {
        match self.all(request, purpose)[..] {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Returns a `Set-Cookie` value: hidden from scripts, and not sent with what other sites post. Without an age it lasts until the
    /// browser ends.
    pub fn set(&self, purpose: &str, value: &str, max_age_seconds: Option<i64>) -> String {
        let age = max_age_seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let secure = if self.is_secure { "; Secure" } else { "" };
        format!("{}={value}; Path={}; HttpOnly; SameSite=Lax{age}{secure}", self.name(purpose), self.base_path.root())
    }

    /// Returns whether a `Set-Cookie` value concerns the cookie for this purpose.
    pub fn is_set_by(&self, set_cookie: &str, purpose: &str) -> bool {
        set_cookie.strip_prefix(&self.name(purpose)).is_some_and(|rest| rest.starts_with('='))
    }

    /// Returns a `Set-Cookie` value that deletes the cookie.
    pub fn clear(&self, purpose: &str) -> String {
        self.set(purpose, "", Some(0)) + "; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
    }
}
