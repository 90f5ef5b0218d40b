//! Rules about where users are sent.

use std::collections::HashSet;
use std::net::IpAddr;

use crate::base::probe::{UriProbe, Works};
use crate::base::uri;
use crate::model::choice::Grant;
use crate::review::brand::{plain, registrable_label};
use crate::review::names::{Word, fold, is_unseen, words};
use crate::review::reviewed_client::{OtherClient, ReviewedClient};
use crate::review::rule::RuleMatch;
use crate::review::rules::description::passes_for_latin;
use crate::review::words::{SHARED_HOSTS, SHORTENERS, distinctive, is_generic, lists};

/// Schemes that a browser or the system runs, reads files with, or keeps for itself.
#[rustfmt::skip]
const UNSAFE: &[&str] = &["javascript", "data", "file", "vbscript", "blob", "about", "view-source", "filesystem", "jar", "intent",
    "android-app", "content", "chrome", "edge", "opera", "brave", "resource", "search", "search-ms", "ms-msdt", "ms-settings", "ms-search",
    "shell", "res", "mk", "mhtml", "wyciwyg", "livescript", "mocha", "feed"];

/// Schemes that no program receives an authorization by.
const USELESS: &[&str] =
    &["ftp", "ftps", "sftp", "ws", "wss", "mailto", "tel", "sms", "urn", "ssh", "git", "ldap", "gopher", "irc", "magnet"];

/// Schemes under which browsers themselves put programs.
const OF_BROWSERS: &[&str] = &["chrome-extension", "moz-extension", "safari-web-extension", "ms-browser-extension", "exp"];

/// Where a redirect URL leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedirectKind {
    /// A program on the user's device: loopback, or a scheme of its own.
    App,
    Web,
    /// Nowhere.
    Wrong,
}

/// The parts of a URI, read as a browser does.
struct UriParts {
    scheme: String,
    /// With user and port, if there is one.
    authority: Option<String>,
    rest: String,
}

fn parts(uri: &str) -> Option<UriParts> {
    let uri: String = uri.trim_matches(|c: char| c <= ' ').chars().filter(|c| !matches!(c, '\t' | '\n' | '\r')).collect();
    let (scheme, rest) = uri.split_once(':')?;
    let is_scheme =
        scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    // `localhost:3000/callback` has no scheme: what looks like one is the host before its port.
    if !is_scheme || rest.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let authority = rest.strip_prefix("//").map(|after| after.split(['/', '?', '#', '\\']).next().unwrap_or_default().to_owned());
    let rest = authority.as_ref().map_or(rest, |authority| &rest[2 + authority.len()..]);
    Some(UriParts { scheme: scheme.to_ascii_lowercase(), authority, rest: rest.to_owned() })
}

impl UriParts {
    fn is_web(&self) -> bool {
        matches!(self.scheme.as_str(), "http" | "https")
    }

    /// Returns the host without user and port, in lower case.
    fn host(&self) -> Option<String> {
        let authority = self.authority.as_deref()?;
        let host = authority.rsplit('@').next().unwrap_or_default();
        let host = match host.strip_prefix('[') {
            Some(address) => address.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        let host = host.trim_end_matches('.').to_lowercase();
        (!host.is_empty()).then_some(host)
    }
}

/// Returns the host of a web address, in lower case.
pub fn host(uri: &str) -> Option<String> {
    parts(uri).filter(UriParts::is_web).and_then(|parts| parts.host())
}

/// Returns where a redirect URL leads.
pub fn kind(uri: &str) -> RedirectKind {
    match parts(uri) {
        None => RedirectKind::Wrong,
        Some(parts) if parts.is_web() => match parts.host() {
            Some(host) if is_loopback(&host) => RedirectKind::App,
            Some(_) => RedirectKind::Web,
            None => RedirectKind::Wrong,
        },
        Some(parts) if UNSAFE.contains(&parts.scheme.as_str()) || USELESS.contains(&parts.scheme.as_str()) => RedirectKind::Wrong,
        Some(_) => RedirectKind::App,
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Returns whether a URI leads to the user's device or to a network of the user's own.
pub fn is_local(uri: &str) -> bool {
    match (kind(uri), host(uri)) {
        (RedirectKind::App, Some(_)) => true,
        (_, Some(host)) => is_near(&host),
        (_, None) => false,
    }
}

/// Returns whether a host is on this device or in a private network.
fn is_near(host: &str) -> bool {
    const ENDS: &[&str] = &[".local", ".lan", ".home", ".home.arpa", ".internal", ".intranet", ".test", ".fritz.box", ".localdomain"];
    let is_private = match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_private() || address.is_link_local() || address.is_unspecified(),
        Ok(IpAddr::V6(address)) => address.is_unique_local() || address.is_unicast_link_local(),
        Err(_) => ENDS.iter().any(|end| host.ends_with(end)) || !host.contains('.'),
    };
    is_loopback(host) || is_private
}

/// Returns every redirect URL with its field.
fn uris<'c>(reviewed: &'c ReviewedClient<'_>) -> impl Iterator<Item = (String, &'c str)> {
    let client = reviewed.client;
    let lists = [("redirect_uris", &client.redirect_uris), ("logout_redirect_uris", &client.logout_redirect_uris)];
    lists.into_iter().flat_map(|(field, uris)| uris.iter().enumerate().map(move |(at, uri)| (format!("{field}[{at}]"), uri.as_str())))
}

pub fn unsafe_uris(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    uris(reviewed)
        .filter_map(|(field, uri)| why_unsafe(uri).map(|(why, advice)| RuleMatch::new(field, format!("`{uri}` {why}"), advice)))
        .collect()
}

fn why_unsafe(uri: &str) -> Option<(&'static str, &'static str)> {
    match parts(uri) {
        None => Some(("is not absolute", "Write it with its scheme and host, such as https://app.mybrand.example/callback.")),
        Some(parts) if UNSAFE.contains(&parts.scheme.as_str()) => Some((
            "has a scheme that browsers or the system run, or read files with",
            "Use an https address, or the reversed domain of an app as its scheme.",
        )),
        Some(_) if uri.contains('*') => {
            Some(("has a wildcard", "Register each redirect URL in full: they are compared as they are written."))
        }
        Some(_) if uri.contains('#') => {
            Some(("has a fragment", "Leave out `#` and what follows: what browsers put there does not reach the client."))
        }
        Some(_) => None,
    }
}

pub fn wrong(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    let found = uris(reviewed).filter(|(_, uri)| why_unsafe(uri).is_none());
    found.filter_map(|(field, uri)| why_wrong(uri).map(|(why, advice)| RuleMatch::new(field, format!("`{uri}` {why}"), advice))).collect()
}

fn why_wrong(uri: &str) -> Option<(&'static str, &'static str)> {
    let parts = parts(uri)?;
    let host = parts.host();
    let path = parts.rest.split(['?', '#']).next().unwrap_or_default();
    // Some servers take `..;` for `..`.
    let is_dots = |segment: &str| {
        matches!(segment.split(';').next().unwrap_or_default().to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
    };
    let port = parts.authority.as_deref().and_then(|authority| authority.rsplit_once(':')).map_or("", |(_, port)| port);
    if parts.is_web() && host.is_none() {
        Some(("has no host", "Write it with its host, such as https://app.mybrand.example/callback."))
    } else if uri.contains(['{', '}', '<', '>']) {
        Some(("has a placeholder", "Register each redirect URL in full: they are compared as they are written."))
    } else if parts.is_web() && host.as_deref().is_some_and(is_disguised) {
        Some((
            "has a host with characters that pass for others, or that browsers rewrite",
            "Write the host in the letters of one script, or as browsers send it (`xn--…`).",
        ))
    } else if parts.authority.as_deref().is_some_and(|authority| authority.contains('@')) {
        Some(("has a user or a password before the host", "Leave out `@` and what stands before it."))
    } else if uri.contains('\\') || path.split('/').any(is_dots) {
        Some(("has a path that browsers rewrite", "Write the path as it is once browsers have resolved it, without `\\`, `.` and `..`."))
    } else if USELESS.contains(&parts.scheme.as_str()) {
        Some((
            "has a scheme by which no client receives anything",
            "Use an https address, loopback, or the reversed domain of an app as its scheme.",
        ))
    } else if parts.scheme == "http" && !host.as_deref().is_some_and(is_loopback) {
        Some((
            "is not encrypted",
            "Use https; only on the user's own device, at http://127.0.0.1 or http://localhost, is http good enough.",
        ))
    } else if parts.is_web() && port.bytes().all(|b| b.is_ascii_digit()) && !port.is_empty() && port.parse::<u16>().is_err() {
        Some(("has a port that there is not", "Use a port up to 65535, or none."))
    } else if uri::resolved(uri).is_none() {
        Some(("has characters that a redirect URI cannot have", "Write them percent-encoded, or leave them out."))
    } else {
        None
    }
}

/// Returns whether browsers read a host otherwise than people do: characters of other widths, percent-encoded ones, or several scripts in a
/// label.
fn is_disguised(host: &str) -> bool {
    let is_dot_or_wide =
        |c: char| matches!(c, '%' | '。' | '．' | '｡' | '\u{ff01}'..='\u{ff5e}' | '\u{1d400}'..='\u{1d7ff}' | '\u{2460}'..='\u{24ff}');
    let is_mixed = |label: &str| label.chars().any(|c| c.is_ascii_alphabetic()) && label.chars().any(passes_for_latin);
    host.chars().any(|c| is_dot_or_wide(c) || is_unseen(c)) || host.split('.').any(is_mixed)
}

/// Hosts that are written like a brand, or like the host of another owner's client, but with other letters.
pub fn like_another_host(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    let brands = &reviewed.words.brands;
    let own_words = reviewed.owners.iter().flat_map(|owner| [owner.account.as_str(), owner.name.as_str()]).flat_map(words);
    let own: Vec<Word> = own_words.collect();
    let theirs: Vec<String> = reviewed.others.iter().flat_map(|other| &other.redirect_uris).filter_map(|uri| host(uri)).collect();
    let seen = uris(reviewed).filter_map(|(field, uri)| {
        let host = host(uri).filter(|host| is_telling(host))?;
        let label = registrable_label(&host)?;
        let is_written = |word: &Word| plain(&label).contains(&plain(&word.written));
        // `köln` is `koeln` and `koln` in most hosts.
        let is_written =
            |word: &Word| is_written(word) || (!word.written.is_ascii() && label.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-'));
        let is_disguised = |word: &Word| brands.is(&word.folded) && plain(&fold(&label)) == plain(&word.folded) && !is_written(word);
        let disguised = own.iter().find(|word| is_disguised(word)).map(|word| format!("looks like `{}`", word.written));
        let other =
            || theirs.iter().find(|other| **other != host && fold(other) == fold(&host)).map(|other| format!("looks like `{other}`"));
        let seen = format!("`{host}` {} and is another host", disguised.or_else(other)?);
        Some(RuleMatch::new(field, seen, "Use the host that your users know, in the letters in which they know it."))
    });
    seen.collect()
}

/// What was tried and does not work; whether it was tried at all is nobody's mistake.
pub fn does_not_work(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    let failed = |uri: &str| reviewed.probes.iter().find(|probe| probe.uri == uri && probe.outcome.works() == Works::No);
    let seen = uris(reviewed).filter_map(|(field, uri)| {
        let UriProbe { tried_at, outcome, .. } = failed(uri)?;
        let seen = format!("`{uri}`: {}, tried at {tried_at}", outcome.in_words());
        Some(RuleMatch::new(field, seen, "Have it answer, also without a code, or remove it; then try it again."))
    });
    seen.collect()
}

pub fn missing(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    let client = &reviewed.client;
    if client.redirect_uris.is_empty() && client.grants.contains(&Grant::AuthorizationCode) {
        return vec![RuleMatch::new(
            "redirect_uris",
            "There is no redirect URI",
            "Add where users come back to after they were asked for consent.",
        )];
    }
    Vec::new()
}

pub fn of_another_owner(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    let has = |uris: &[String], wanted: &str| uris.iter().any(|uri| host(uri).as_deref() == Some(wanted));
    let seen = uris(reviewed).filter_map(|(field, uri)| {
        let host = host(uri).filter(|host| is_telling(host))?;
        let others: Vec<&OtherClient> = reviewed.others.iter().filter(|other| has(&other.redirect_uris, &host)).collect();
        let owners: HashSet<&Option<String>> = others.iter().map(|other| &other.owner).collect();
        // What several others share is a service for many. This one does not count: then its own approval would vouch for it.
        let other = others.first().filter(|_| owners.len() < 2)?;
        let seen = format!("`{host}` is a host of `{}`, the approved client of another owner", other.id);
        Some(RuleMatch::new(field, seen, "Use a host of your own, or become a collaborator of the other client."))
    });
    seen.collect()
}

/// Returns whether a host says whose it is: not if it is in everyone's network, or takes codes for the apps of many.
pub fn is_telling(host: &str) -> bool {
    !is_near(host) && !lists(SHARED_HOSTS, host)
}

pub fn unknown_host(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    let seen = uris(reviewed).filter_map(|(field, uri)| {
        let parts = parts(uri).filter(|_| why_unsafe(uri).is_none())?;
        if !parts.is_web() {
            let scheme = &parts.scheme;
            let is_domain = scheme.contains('.') || OF_BROWSERS.contains(&scheme.as_str()) || USELESS.contains(&scheme.as_str());
            let advice = "Use a scheme that is a domain of yours in reverse, such as com.mybrand.app: (RFC 8252 section 7.1).";
            return (!is_domain).then(|| RuleMatch::new(field, format!("`{scheme}:` is a scheme that every app can claim"), advice));
        }
        let host = parts.host().filter(|host| is_telling(host))?;
        let is_in = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
        let is_of_owner = reviewed
            .owners
            .iter()
            .any(|owner| owner.email_domain.as_deref().is_some_and(is_in) || is_named(&host, &[owner.account.as_str(), &owner.name]));
        let is_known = !lists(SHORTENERS, &host) && (is_of_owner || is_named(&host, &[reviewed.client.id.as_str()]));
        let advice = "Use a host whose name shows whose it is, or ask for a review and say there whose host it is.";
        (!is_known).then(|| RuleMatch::new(field, format!("`{host}` shows neither the owner nor the brand of the client"), advice))
    });
    seen.collect()
}

/// Returns whether the part of a host that somebody has registered has a word of one of these names, letter by letter: what only looks like it, or
/// stands in front of another's domain, is a disguise.
fn is_named(host: &str, names: &[&str]) -> bool {
    const SHORTEST: usize = 3;
    let Some(label) = registrable_label(host).map(|label| plain(&label)) else { return false };
    let whole = label.replace('-', "");
    let is_part = |written: &str| whole == written || label.split('-').any(|part| part == written);
    let begins = |written: &str| whole.strip_prefix(written).is_some_and(|rest| is_generic(&fold(rest)));
    names.iter().any(|name| {
        let words = words(name);
        let all: String = words.iter().map(|word| word.written.as_str()).collect();
        let mut parts = distinctive(&words).map(|word| word.written.clone()).chain(std::iter::once(all)).map(|part| plain(&part));
        parts.any(|part| part.chars().count() >= SHORTEST && (is_part(&part) || begins(&part)))
    })
}
