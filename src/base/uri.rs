//! Redirect URIs: which are the same, and where a browser is redirected (oauth.md 1.4.3, RFC 9700 section 4.1.3, RFC 8252).

use std::borrow::Cow;
use std::net::IpAddr;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_decode_str, percent_encode, utf8_percent_encode};

/// Our own redirect URIs, relative to this server, and their paths. Both spellings mean the same.
const OWN: &[(&str, &str, &str)] = &[
    ("code", "/code", "/oauth/code"),
    ("local-callback", "/local-callback", "/oauth/local-callback"),
    ("/console/oauth/callback", "/console/oauth/callback", "/console/oauth/callback"),
];

/// Those of [`OWN`] that give the code to anyone at the device: a program that listens, or one that the user types into.
const DEVICE: &[&str] = &["/code", "/local-callback"];

/// Schemes that a browser runs or reads files with: never redirected to.
const NEVER: &[&str] = &["javascript", "data", "vbscript", "file", "blob", "about"];

/// Loopback hosts, on which native applications listen at a port they cannot choose (RFC 8252 section 7.3).
const LOOPBACK: &[&str] = &["http://127.0.0.1", "http://[::1]", "http://localhost"];

/// The characters that form encoding leaves as they are.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Returns the registered URI that matches the requested one, in stored form. Compared as text, except that an empty path is `/` and on the
/// loopback interface any port matches.
pub fn matching(registered: &[String], requested: &str) -> Option<String> {
    let wanted = Redirect::parse(requested).ok()?;
    let same = |uri: &String| Redirect::parse(uri).is_ok_and(|known| known.comparable() == wanted.comparable());
    registered.iter().any(same).then_some(wanted.text)
}

/// The same for redirecting after sign-out, where the client chooses the query (oauth.md 1.7).
pub fn matching_whatever_query(registered: &[String], requested: &str) -> Option<String> {
    let without_query = |uri: &str| uri.split('?').next().unwrap_or_default().to_owned();
    let wanted = Redirect::parse(requested).ok()?;
    let known: Vec<String> = registered.iter().map(|uri| without_query(uri)).collect();
    let same = |uri: &String| Redirect::parse(uri).is_ok_and(|known| known.comparable() == wanted.without_query().comparable());
    known.iter().any(same).then_some(wanted.text)
}

/// Returns whether the URI of an authorization and the one of the exchange are the same.
pub fn is_same(one: &str, other: &str) -> bool {
    match (Redirect::parse(one), Redirect::parse(other)) {
        (Ok(one), Ok(other)) => one.with_path() == other.with_path(),
        _ => false,
    }
}

/// Returns the form of a registered URI that is stored with a code, or `None` if it cannot be redirected to.
pub fn resolved(uri: &str) -> Option<String> {
    Redirect::parse(uri).map(|redirect| redirect.text).ok()
}

/// Returns why nobody can ever be redirected to a URI, and what to write instead; `None` if it may work.
pub fn why_unusable(uri: &str) -> Option<&'static str> {
    let has_wildcard = |redirect: Redirect| {
        let host =
            redirect.text.split_once("://").and_then(|(_, rest)| rest.split(['/', '?']).next()).is_some_and(|host| host.contains('*'));
        host.then_some("its host has a wildcard, write each address in full")
    };
    Redirect::parse(uri).map_or_else(Some, has_wildcard)
}

/// Returns the URI with these parameters added, in the order of their names.
pub fn location(redirect_uri: &str, parameters: &[(&str, &str)]) -> String {
    let own = OWN.iter().find(|(_, kept, _)| *kept == redirect_uri);
    let uri = own.map_or(redirect_uri, |(_, _, place)| place);
    let (base, query) = uri.split_once('?').unwrap_or((uri, ""));
    let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = query.split('&').filter(|pair| !pair.is_empty()).map(decoded_pair).collect();
    pairs.extend(parameters.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec())));
    pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
    let query: Vec<String> = pairs.iter().map(|(name, value)| format!("{}={}", form_encoded(name), form_encoded(value))).collect();
    // A header holds ASCII only.
    let base = utf8_percent_encode(base, CONTROLS);
    if query.is_empty() { base.to_string() } else { format!("{base}?{}", query.join("&")) }
}

/// Form-encodes bytes: a space is `+`.
pub fn form_encoded(bytes: &[u8]) -> String {
    percent_encode(bytes, UNRESERVED).to_string().replace("%20", "+")
}

/// Decodes one form-encoded name or value to bytes.
pub fn form_decoded(text: &str) -> Vec<u8> {
    Cow::from(percent_decode_str(&text.replace('+', " "))).into_owned()
}

/// Returns where a browser is sent after signing out: a path on this server, or what can be redirected to.
pub fn place(text: &str) -> Option<String> {
    if is_local(text) { Some(text.to_owned()) } else { resolved(text) }
}

/// Returns whether it is a path on this server that a browser cannot take for another host (oauth.md 1.6.1).
pub fn is_local(place: &str) -> bool {
    let path = place.split('?').next().unwrap_or_default();
    path.starts_with('/') && !path.starts_with("//") && !path.contains('\\') && place.bytes().all(|b| (b'!'..=b'~').contains(&b))
}

/// Returns the host of a URI, for people: `https://app.example:8443`, or the scheme alone if it has none.
pub fn shown_host(uri: &str) -> String {
    match uri.split_once("://") {
        Some((scheme, rest)) => format!("{scheme}://{}", rest.split(['/', '?']).next().unwrap_or_default()),
        None if uri == "/local-callback" => "a program on your computer".to_owned(),
        None if uri.starts_with('/') => "this server".to_owned(),
        None => format!("{}:", uri.split(':').next().unwrap_or_default()),
    }
}

/// Returns whether what is sent there crosses the network in clear.
pub fn is_in_clear(uri: &str) -> bool {
    uri.split(':').next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("http")) && !is_loopback(uri)
}

/// Returns whether it is a program on the user's own machine (RFC 8252 section 7.3).
pub fn is_loopback(uri: &str) -> bool {
    LOOPBACK.iter().any(|host| without_port(uri, host).is_some())
}

/// Returns whether what is sent there reaches one site only, as certificates and cookies tell sites apart: an https address of another
/// machine, or a page of this server. Not if a browser might take some spelling of it for this machine.
pub fn is_of_one_site(uri: &str) -> bool {
    if uri.starts_with('/') {
        return !DEVICE.contains(&uri);
    }
    let Some(rest) = uri.strip_prefix("https://") else { return false };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(address) => return address.split(']').next().and_then(|address| address.parse().ok()).is_some_and(|ip| !is_this_machine(ip)),
        None => authority.split(':').next().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase(),
    };
    let last = host.rsplit('.').next().unwrap_or_default();
    // A browser reads a host whose last label begins with a digit as an address, also in hexadecimal or without dots.
    if last.starts_with(|c: char| c.is_ascii_digit()) {
        return host.parse().is_ok_and(|ip| !is_this_machine(IpAddr::V4(ip)));
    }
    last != "localhost" && !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
}

fn is_this_machine(address: IpAddr) -> bool {
    let address = address.to_canonical();
    address.is_loopback() || address.is_unspecified()
}

/// Returns where two texts begin to differ, in characters.
pub fn first_difference(one: &str, other: &str) -> usize {
    one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count()
}

/// A URI that can be redirected to.
struct Redirect {
    text: String,
}

impl Redirect {
    /// Parses a URI that is absolute or our own, without fragment, user or invalid characters. Otherwise says what is wrong with it.
    fn parse(text: &str) -> Result<Redirect, &'static str> {
        if let Some((_, kept, _)) = OWN.iter().find(|(short, kept, _)| text == *short || text == *kept) {
            return Ok(Redirect { text: (*kept).to_owned() });
        }
        // Also characters that are invisible or change the direction of the text: people must see where they are redirected.
        let unseen = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        let strange = |c: char| c == ' ' || c.is_control() || unseen(c) || "\\\"<>".contains(c);
        let is_scheme = |scheme: &str| {
            scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        };
        if text.contains('*') && !text.contains(':') {
            return Err("wildcards are not supported, write each address in full");
        }
        let Some((scheme, rest)) = text.split_once(':').filter(|(scheme, rest)| is_scheme(scheme) && !rest.is_empty()) else {
            return Err("it is not a whole address, write it with its scheme, such as https://app.example/callback");
        };
        if NEVER.iter().any(|never| scheme.eq_ignore_ascii_case(never)) {
            return Err("browsers are never sent to an address of this scheme, use https");
        }
        if text.contains('#') {
            return Err("it has a fragment, leave out # and what follows it");
        }
        if text.contains(strange) {
            return Err("it has a character that no address can have, such as a blank, write it percent-encoded or leave it out");
        }
        let is_web = ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web));
        let authority = rest.strip_prefix("//").map(|after| after.split(['/', '?']).next().unwrap_or_default());
        if authority.unwrap_or_default().contains('@') {
            return Err("it has a user before its host, leave out @ and what stands before it");
        }
        if is_web && authority.is_none_or(str::is_empty) {
            return Err("it has no host, write it as https://app.example/callback");
        }
        if is_web && !authority.is_none_or(has_good_port) {
            return Err("its port is not a number");
        }
        Ok(Redirect { text: text.to_owned() })
    }

    /// Returns the text, without the port on the loopback interface.
    fn comparable(&self) -> String {
        let text = self.with_path();
        LOOPBACK.iter().find_map(|host| without_port(&text, host)).unwrap_or(text)
    }

    /// Returns the text, with `/` for an empty path of an http URI (RFC 9110 section 4.2.3).
    fn with_path(&self) -> String {
        let host = self.text.strip_prefix("https://").or_else(|| self.text.strip_prefix("http://"));
        let Some(host) = host else { return self.text.clone() };
        let (before, query) = host.split_once('?').map_or((host, None), |(before, query)| (before, Some(query)));
        match (before.contains('/'), query) {
            (true, _) => self.text.clone(),
            (false, None) => format!("{}/", self.text),
            (false, Some(_)) => self.text.replacen('?', "/?", 1),
        }
    }

    fn without_query(&self) -> Redirect {
        Redirect { text: self.text.split('?').next().unwrap_or_default().to_owned() }
    }
}

/// Returns whether all that an authority has after its host is a port, if anything (RFC 3986 section 3.2.3). It has no user.
fn has_good_port(authority: &str) -> bool {
    let end = authority.find(']').map_or_else(|| authority.find(':').unwrap_or(authority.len()), |bracket| bracket + 1);
    let after = &authority[end..];
    after.is_empty() || after.strip_prefix(':').is_some_and(|port| port.bytes().all(|b| b.is_ascii_digit()))
}

/// Returns a URI of this host without its port; `None` for another host.
fn without_port(uri: &str, host: &str) -> Option<String> {
    let rest = uri.strip_prefix(host)?;
    let after = match rest.strip_prefix(':') {
        Some(port) => port.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    (after.is_empty() || after.starts_with(['/', '?'])).then(|| format!("{host}{after}"))
}

fn decoded_pair(pair: &str) -> (Vec<u8>, Vec<u8>) {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    (form_decoded(name), form_decoded(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_accepted(registered: &str, requested: &str) -> bool {
        matching(&[registered.to_owned()], requested).is_some()
    }

    /// Registered and requested URIs, one pair per line.
    const FRIENDLY: &[(&str, &str)] = &[
        ("https://app.example/cb", "https://app.example/cb"),
        ("https://app.example", "https://app.example"),
        ("https://app.example", "https://app.example/"),
        ("https://app.example/", "https://app.example"),
        ("https://app.example?x=1", "https://app.example/?x=1"),
        ("https://app.example/cb?x=1", "https://app.example/cb?x=1"),
        ("https://app.example:8443/cb", "https://app.example:8443/cb"),
        ("http://app.example/cb", "http://app.example/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"),
        ("http://127.0.0.1:8080/cb", "http://127.0.0.1:51004/cb"),
        ("http://127.0.0.1:8080/cb", "http://127.0.0.1/cb"),
        ("http://127.0.0.1", "http://127.0.0.1:51004/"),
        ("http://127.0.0.1/cb?x=1", "http://127.0.0.1:51004/cb?x=1"),
        ("http://[::1]/cb", "http://[::1]:51004/cb"),
        ("http://[::1]:1/cb", "http://[::1]:2/cb"),
        ("http://localhost/cb", "http://localhost:51004/cb"),
        ("http://localhost:3000/cb", "http://localhost:3001/cb"),
        ("myapp://cb", "myapp://cb"),
        ("com.example.app:/cb", "com.example.app:/cb"),
        ("com.example.app:/oauth/redirect?x=y", "com.example.app:/oauth/redirect?x=y"),
        ("local-callback", "local-callback"),
        ("local-callback", "/local-callback"),
        ("/local-callback", "local-callback"),
        ("code", "code"),
        ("code", "/code"),
        ("/console/oauth/callback", "/console/oauth/callback"),
        ("https://exämple.example/cb", "https://exämple.example/cb"),
    ];

    const HOSTILE: &[(&str, &str)] = &[
        ("https://app.example/cb", "https://app.example/cb/"),
        ("https://app.example/cb", "https://app.example/cb/x"),
        ("https://app.example/cb", "https://app.example/cbx"),
        ("https://app.example/cb", "https://app.example/"),
        ("https://app.example/cb", "https://app.example"),
        ("https://app.example/cb", "https://app.example/CB"),
        ("https://app.example/cb", "https://app.example/../cb"),
        ("https://app.example/cb", "https://app.example/x/../cb"),
        ("https://app.example/cb", "https://app.example/./cb"),
        ("https://app.example/cb", "https://app.example//cb"),
        ("https://app.example/cb", "https://app.example/%2e%2e/cb"),
        ("https://app.example/a/b", "https://app.example/a%2Fb"),
        ("https://app.example/cb", "https://app.example/%63b"),
        ("https://app.example/cb", "https://app.example/cb?x=1"),
        ("https://app.example/cb?x=1", "https://app.example/cb"),
        ("https://app.example/cb?x=1", "https://app.example/cb?x=2"),
        ("https://app.example/cb", "https://app.example/cb#"),
        ("https://app.example/cb", "https://app.example/cb#x"),
        ("https://app.example/cb#x", "https://app.example/cb#x"),
        ("https://app.example/cb", "http://app.example/cb"),
        ("http://app.example/cb", "https://app.example/cb"),
        ("https://app.example/cb", "https://app.example:443/cb"),
        ("https://app.example/cb", "https://app.example:8443/cb"),
        ("https://app.example:8443/cb", "https://app.example/cb"),
        ("https://app.example/cb", "https://app.example.evil.example/cb"),
        ("https://app.example/cb", "https://evil.example/cb"),
        ("https://app.example", "https://app.example.evil.example"),
        ("https://app.example", "https://app.example@evil.example"),
        ("https://app.example", "https://app.example/path"),
        ("https://app.example/cb", "https://user@app.example/cb"),
        ("https://app.example/cb", "https://app.example@evil.example/cb"),
        ("https://user@app.example/cb", "https://user@app.example/cb"),
        ("https://app.example/cb", "https://APP.example/cb"),
        ("https://app.example/cb", "HTTPS://app.example/cb"),
        ("https://app.example/cb", "//app.example/cb"),
        ("https://app.example/cb", "/cb"),
        ("https://app.example/cb", "cb"),
        ("https://app.example/cb", ""),
        ("https://app.example/cb", " https://app.example/cb"),
        ("https://app.example/cb", "https://app.example/cb "),
        ("https://app.example/cb", "https://app.example/cb\r\nSet-Cookie: x"),
        ("https://app.example/cb", "https://app.example\\@evil.example/cb"),
        ("https://app.example/cb", "https:app.example/cb"),
        ("https:evil.example/cb", "https:evil.example/cb"),
        ("HTTPS:/evil.example/cb", "HTTPS:/evil.example/cb"),
        ("https://bank.example\u{202e}/cb", "https://bank.example\u{202e}/cb"),
        ("https://bank.exam\u{200b}ple/cb", "https://bank.exam\u{200b}ple/cb"),
        ("https://app.example/cb", "https:///cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1.evil.example/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1@evil.example/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:80@evil.example/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:x/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.1:80/cb/x"),
        ("http://127.0.0.1:+80/cb", "http://127.0.0.1:+80/cb"),
        ("https://app.example:x/cb", "https://app.example:x/cb"),
        ("https://[2001:db8::1]443/cb", "https://[2001:db8::1]443/cb"),
        ("http://127.0.0.1/cb", "https://127.0.0.1/cb"),
        ("http://127.0.0.1/cb", "http://127.0.0.2/cb"),
        ("http://127.0.0.1/cb", "http://localhost/cb"),
        ("http://localhost/cb", "http://127.0.0.1/cb"),
        ("http://localhost/cb", "http://localhost:80@evil.example/cb"),
        ("http://localhost/cb", "http://localhost.evil.example/cb"),
        ("http://[::1]/cb", "http://[::2]/cb"),
        ("http://[::1]/cb", "http://127.0.0.1/cb"),
        ("https://127.0.0.1:1/cb", "https://127.0.0.1:2/cb"),
        ("http://192.168.0.1/cb", "http://192.168.0.1:81/cb"),
        ("myapp://cb", "myapp://cb/"),
        ("com.example.app:/cb", "com.example.app:/cb2"),
        ("local-callback", "/oauth/local-callback"),
        ("/evil", "/evil"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("JavaScript:alert(1)", "JavaScript:alert(1)"),
        ("data:text/html,x", "data:text/html,x"),
        ("", ""),
        ("https:", "https:"),
    ];

    #[test]
    fn a_redirect_uri_is_the_registered_one_or_nothing() {
        for (registered, requested) in FRIENDLY {
            assert!(is_accepted(registered, requested), "{registered} should accept {requested}");
        }
        for (registered, requested) in HOSTILE {
            assert!(!is_accepted(registered, requested), "{registered} should not accept {requested}");
        }
        assert!(FRIENDLY.len() + HOSTILE.len() >= 90);
    }

    #[test]
    fn what_is_wrong_with_an_address_is_said() {
        for (registered, _) in FRIENDLY {
            assert_eq!(why_unusable(registered), None, "{registered}");
        }
        for (unusable, why) in [
            ("thethings.example.com", "not a whole address"),
            ("/evil", "not a whole address"),
            ("", "not a whole address"),
            ("*", "wildcards"),
            ("https://*.app.example/cb", "wildcard"),
            ("javascript:alert(1)", "never sent"),
            ("https://app.example/cb#x", "fragment"),
            ("https://app.example/a b", "a blank"),
            ("https://user@app.example/cb", "a user"),
            ("https:///cb", "no host"),
            ("https:evil.example/cb", "no host"),
            ("https://app.example:x/cb", "port"),
        ] {
            assert!(why_unusable(unusable).is_some_and(|said| said.contains(why)), "{unusable}: {:?}", why_unusable(unusable));
        }
    }

    #[test]
    fn after_signing_out_the_query_is_the_requesters() {
        let registered = ["https://app.example/bye".to_owned()];
        assert_eq!(
            matching_whatever_query(&registered, "https://app.example/bye?foo=bar").as_deref(),
            Some("https://app.example/bye?foo=bar")
        );
        for other in ["https://app.example/bye/x", "https://evil.example/bye", "http://app.example/bye", "https://app.example/bye#x"] {
            assert_eq!(matching_whatever_query(&registered, other), None, "{other}");
        }
    }

    #[test]
    fn parameters_join_the_query_in_the_order_of_their_names() {
        for (uri, wanted) in [
            ("https://a.example/cb", "https://a.example/cb?code=C&state=a%26b+%C3%A4"),
            ("https://a.example/cb?x=1&b=2", "https://a.example/cb?b=2&code=C&state=a%26b+%C3%A4&x=1"),
            ("com.example:/cb", "com.example:/cb?code=C&state=a%26b+%C3%A4"),
            ("/code", "/oauth/code?code=C&state=a%26b+%C3%A4"),
            ("https://exämple.example/cb", "https://ex%C3%A4mple.example/cb?code=C&state=a%26b+%C3%A4"),
        ] {
            assert_eq!(location(uri, &[("state", "a&b ä"), ("code", "C")]), wanted);
        }
        assert_eq!(location("https://a.example/", &[]), "https://a.example/");
    }

    #[test]
    fn a_place_on_this_server_leads_nowhere_else() {
        for local in ["/", "/oauth/authorize?client_id=a%20b&x=//y&z=\\w", "/console"] {
            assert!(is_local(local), "{local}");
        }
        for other in
            ["", "oauth", "//evil.example", "////evil.example", "/\\evil.example", "https://evil.example", "/a b", "/\r\nX: y", "/\t/evil"]
        {
            assert!(!is_local(other), "{other:?}");
        }
    }

    #[test]
    fn a_site_is_told_from_what_any_program_on_the_device_can_be() {
        for site in [
            "https://app.example/cb",
            "https://app.example:8443",
            "https://8.8.8.8/cb",
            "https://[2001:db8::1]/cb",
            "/console/oauth/callback",
        ] {
            assert!(is_of_one_site(site), "{site}");
        }
        for device in [
            "/code",
            "/local-callback",
            "http://app.example/cb",
            "http://127.0.0.1/cb",
            "https://127.0.0.1:1/cb",
            "https://127.1/cb",
            "https://0x7f.1/cb",
            "https://2130706433/cb",
            "https://0.0.0.0/cb",
            "https://localhost/cb",
            "https://LocalHost.:8443/cb",
            "https://app.localhost?x=1",
            "https://[::1]/cb",
            "https://[::ffff:127.0.0.1]/cb",
            "https://[::]/cb",
            "https://%6cocalhost/cb",
            "https://\u{ff4c}ocalhost/cb",
            "com.example.app:/cb",
            "myapp://cb",
        ] {
            assert!(!is_of_one_site(device), "{device}");
        }
    }

    #[test]
    fn people_are_told_where_they_are_sent() {
        assert_eq!(shown_host("https://app.example:8443/cb?x=/"), "https://app.example:8443");
        assert_eq!(shown_host("com.example.app:/cb"), "com.example.app:");
        assert_eq!(shown_host("/code"), "this server");
        assert_eq!(shown_host("/local-callback"), "a program on your computer");
        assert!(
            is_in_clear("http://app.example/cb") && is_in_clear("HTTP://app.example/cb") && is_in_clear("http://127.0.0.1.evil.example/")
        );
        assert!(!is_in_clear("https://app.example/cb") && !is_in_clear("http://127.0.0.1:1/cb") && !is_in_clear("app:/cb"));
        assert_eq!(first_difference("https://a/cb", "https://a/cb/"), 12);
    }
}
