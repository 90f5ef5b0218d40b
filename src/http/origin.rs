//! Determines which site sent a request, by what the browser says (RFC 6454, Fetch Metadata).

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::http::request::Request;

/// Scheme, host and port, as browsers compare them; only http and https.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub scheme: String,
    pub host: String,
    pub port: u16,
}

impl Origin {
    /// Parses the origin of a URL; `None` if it has none, such as `null`.
    pub fn parse(url: &str) -> Option<Origin> {
        let (scheme, rest) = url.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        let default_port = match scheme.as_str() {
            "http" => 80,
            "https" => 443,
            _ => return None,
        };
        let authority = rest.split(['/', '?', '#']).next()?;
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port_of(port)?),
            _ => (authority, default_port),
        };
        Some(Origin { scheme, host: host_of(host)?, port })
    }

    /// Returns the origin as a content security policy has it, which can name no address of IPv6 (CSP section 2.3.1).
    pub fn as_source(&self) -> Option<String> {
        (!self.host.starts_with('[')).then(|| format!("{}://{}:{}", self.scheme, self.host, self.port))
    }

    /// Returns whether the host is a name or an address of this machine itself.
    pub fn is_loopback(&self) -> bool {
        matches!(self.host.as_str(), "127.0.0.1" | "[::1]" | "localhost")
    }

    /// Returns whether only the own network can point the host anywhere: an address, a name without a dot, or one in a domain reserved for
    /// such use (RFC 6761, RFC 6762, RFC 8375, and `.internal`). Any other name may belong to an attacker (DNS rebinding).
    fn is_of_own_network(&self) -> bool {
        const KEPT: &[&str] = &[".localhost", ".local", ".home.arpa", ".internal"];
        let is_address = self.host.starts_with('[') || self.host.parse::<Ipv4Addr>().is_ok();
        is_address || !self.host.contains('.') || KEPT.iter().any(|kept| self.host.ends_with(kept))
    }
}

/// The most bytes of a name, and of each of its labels (RFC 1035 section 2.3.4).
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

/// Returns a host as browsers compare it: an IPv6 address in brackets, an IPv4 address, or a name of letters, digits, `-` and `_`. Names in other
/// scripts arrive in ASCII (`xn--`). Whatever ends in a number is an address to browsers (WHATWG URL, 3.5), so it must be one.
fn host_of(text: &str) -> Option<String> {
    if let Some(address) = text.strip_prefix('[') {
        let address: Ipv6Addr = address.strip_suffix(']')?.parse().ok()?;
        return Some(format!("[{address}]"));
    }
    let host = text.to_ascii_lowercase();
    // A name may end in the dot of the root.
    let name = host.strip_suffix('.').unwrap_or(&host);
    let is_label = |label: &str| {
        (1..=LONGEST_LABEL).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|b| b.is_ascii_digit())
        || last.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    let is_host = name.len() <= LONGEST_NAME && name.split('.').all(is_label) && (!is_number || host.parse::<Ipv4Addr>().is_ok());
    is_host.then_some(host)
}

fn port_of(text: &str) -> Option<u16> {
    text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()))
}

/// Returns the URL of a server, `http(s)://host[:port][/path]`, without a slash at its end. A path is of characters that nobody encodes, so that it
/// is the same in links, cookies and requests.
pub fn server_url(text: &str) -> Option<&str> {
    let origin = Origin::parse(text).filter(|origin| origin.port != 0 && !origin.host.ends_with('.'))?;
    let url = text.strip_suffix('/').unwrap_or(text);
    // Written as browsers have it, and with nothing before the path but the origin.
    let rest = url.strip_prefix(&origin.scheme)?.strip_prefix("://")?;
    let is_plain = |segment: &str| segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
    let is_segment = |segment: &str| !matches!(segment, "" | "." | "..") && is_plain(segment);
    let mut parts = rest.split('/');
    let authority = parts.next()?;
    let is_authority =
        [origin.host.clone(), format!("{}:{}", origin.host, origin.port)].iter().any(|own| authority.eq_ignore_ascii_case(own));
    (is_authority && !rest.contains(['?', '#']) && parts.all(is_segment)).then_some(url)
}

/// Returns whether the `Host` of a request is `own`, or a name or an address that no stranger can point here. Otherwise a page under that
/// name could read the reply as its own (DNS rebinding). Browsers always send it.
pub fn is_asked_by_own_name(request: &Request, own: &str) -> bool {
    let is_own = |asked: Origin| asked.is_of_own_network() || asked.host.eq_ignore_ascii_case(own);
    request.header("host").is_none() || asked(request, "http").is_some_and(is_own)
}

/// Who sent a request, according to the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// A page of this server.
    Here,
    /// A page of another site; another port of this host is one too.
    Elsewhere,
    /// A browser that does not say: an old one, or behind something that removes such headers.
    SilentBrowser,
    /// Not a browser.
    Program,
}

impl Sender {
    /// Determines the sender of a request to the server with this public URL. A single sign of another site outweighs all others.
    pub fn of(request: &Request, public_url: &str) -> Sender {
        let public = Origin::parse(public_url);
        let sites = request.all("sec-fetch-site");
        if sites.iter().any(|site| !matches!(*site, "same-origin" | "none")) {
            return Sender::Elsewhere;
        }
        let is_same_origin = sites.contains(&"same-origin");
        let origins = request.all("origin");
        let named = if origins.is_empty() { request.all("referer") } else { origins };
        // A page whose policy is `no-referrer` says `null` even to its own server.
        let mut named = named.into_iter().filter(|named| !(is_same_origin && *named == "null")).peekable();
        if named.peek().is_some() {
            let are_ours = named.all(|named| Origin::parse(named).is_some_and(|origin| is_ours(&origin, public.as_ref(), request)));
            return if are_ours { Sender::Here } else { Sender::Elsewhere };
        }
        match sites.is_empty() {
            false if asks_for_us(request, public.as_ref()) => Sender::Here,
            false => Sender::Elsewhere,
            // Every browser's name starts with this.
            true if request.header("user-agent").is_some_and(|agent| agent.starts_with("Mozilla/")) => Sender::SilentBrowser,
            true => Sender::Program,
        }
    }
}

/// Returns whether the user opens a page, as far as the browser says, rather than an image, frame or script of another page (Fetch Metadata
/// section 2.1). Old browsers and programs don't say, and without TLS no browser does, except to its own machine.
pub fn opens_page(request: &Request) -> bool {
    request.all("sec-fetch-dest").iter().all(|destination| *destination == "document") && request.all("sec-purpose").is_empty()
}

/// Returns the host of the request where it is not the public URL's. All names of the own machine are one. Returns `None` with https, where
/// a proxy may send another host.
pub fn other_host<'r>(request: &'r Request, public_url: &str) -> Option<&'r str> {
    let public = Origin::parse(public_url).filter(|public| public.scheme == "http")?;
    let asked = asked(request, "http")?;
    let is_same = asked == public || (asked.is_loopback() && public.is_loopback() && asked.port == public.port);
    if is_same { None } else { request.header("host") }
}

/// Returns whether an origin is this server: the public URL, or without https the address of the request, unless an attacker could have
/// chosen it.
fn is_ours(origin: &Origin, public: Option<&Origin>, request: &Request) -> bool {
    let is_asked = || asked(request, "http").as_ref() == Some(origin);
    Some(origin) == public || (public.is_none_or(|public| public.scheme == "http") && origin.is_of_own_network() && is_asked())
}

/// Returns whether the host of the request is this server and not an attacker's name for it.
fn asks_for_us(request: &Request, public: Option<&Origin>) -> bool {
    let scheme = public.map_or("http", |public| &public.scheme);
    request.header("host").is_none() || asked(request, scheme).is_some_and(|asked| Some(&asked) == public || asked.is_of_own_network())
}

fn asked(request: &Request, scheme: &str) -> Option<Origin> {
    Origin::parse(&format!("{scheme}://{}", request.header("host")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_compared_as_browsers_do() {
        let origin = |url: &str| Origin::parse(url).map(|origin| format!("{}|{}|{}", origin.scheme, origin.host, origin.port));
        for (url, read) in [
            ("https://ID.example", "https|id.example|443"),
            ("https://id.example:443/oauth?x=://y", "https|id.example|443"),
            ("http://127.0.0.1:1885", "http|127.0.0.1|1885"),
            ("http://[::1]:1885/", "http|[::1]|1885"),
            ("http://[::1]", "http|[::1]|80"),
            ("http://[0:0::0:1]", "http|[::1]|80"),
        ] {
            assert_eq!(origin(url).as_deref(), Some(read), "{url}");
        }
        for url in [
            "null",
            "",
            "id.example",
            "ftp://id.example",
            "http://",
            "http://:80",
            "http://a@id.example",
            "http://a:b",
            "http://a:70000",
            "http://a:+80",
            "http://a:",
            "http://[::1",
            "http://[::1]x",
            "http://[::1%25eth0]",
            "http://a..b",
            "http://a,b",
            "http://1.2.3.4.5",
            "http://127.1",
        ] {
            assert_eq!(origin(url), None, "{url}");
        }
    }

    #[test]
    fn a_name_that_a_stranger_can_register_is_not_of_the_own_network() {
        let is_own = |host: &str| Origin::parse(&format!("http://{host}")).is_some_and(|origin| origin.is_of_own_network());
        for host in ["127.0.0.1:1885", "[::1]:1885", "localhost", "nas", "keyfob.local", "keyfob.home.arpa", "x.internal", "a.localhost"] {
            assert!(is_own(host), "{host}");
        }
        for host in ["evil.example", "127.0.0.1.evil.example", "local.evil.example", "evil.example.", "notlocal.example", "1.2.3.4.5"] {
            assert!(!is_own(host), "{host}");
        }
    }
}
