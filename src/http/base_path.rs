//! The base path: the path of the public URL, such as `/keyfob`, where a host is shared with other servers.
//!
//! The rest of the program knows only its own paths. Here, and nowhere else, the base path is taken off every request and put before every
//! link of every reply. It comes from the settings, never from a request: anyone can send `X-Forwarded-Prefix`.

use crate::http::reply::Reply;
use crate::http::request::Request;

/// Where the metadata of authorization servers is: before the path of the issuer (RFC 8414 sections 3.1 and 5). OpenID Connect has it after
/// the path.
const WELL_KNOWN: &[&str] = &["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];

/// The attributes of pages that hold links. A path in any other, as in `value`, is text.
const LINKS: &[&str] = &[" href", " src", " action", " formaction", " data-check", " data-suggest"];

/// Empty, or of segments that each follow a slash.
#[derive(Clone, Debug)]
pub struct BasePath(String);

impl BasePath {
    /// Returns the base path of the server with this public URL.
    pub fn of(public_url: &str) -> BasePath {
        let after_scheme = public_url.split_once("://").map_or(public_url, |(_, rest)| rest);
        BasePath(after_scheme.find('/').map_or("", |start| after_scheme[start..].trim_end_matches('/')).to_owned())
    }

    /// Returns the path of the start page: the base path itself, or `/`.
    pub fn root(&self) -> &str {
        if self.0.is_empty() { "/" } else { &self.0 }
    }

    /// Returns the base path as the end of a name: `_apps_keyfob`.
    pub fn as_suffix(&self) -> String {
        self.0.replace('/', "_")
    }

    /// Takes the base path off a request. A request without it is left as it is: then a proxy has taken it off.
    pub fn taken_off(&self, request: Request) -> Request {
        match self.inside(&request.target) {
            Some(target) => Request { target, ..request },
            None => request,
        }
    }

    fn inside(&self, target: &str) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        let (path, query) = target.find('?').map_or((target, ""), |start| target.split_at(start));
        if let Some(place) = WELL_KNOWN.iter().find(|place| path.strip_prefix(**place) == Some(&self.0)) {
            return Some(format!("{place}{query}"));
        }
        match path.strip_prefix(&self.0)? {
            "" => Some(format!("/{query}")),
            rest => rest.starts_with('/').then(|| format!("{rest}{query}")),
        }
    }

    /// Puts the base path before what leads to this server: redirects, the next page of a list, and the links of pages.
    pub fn put_before_links(&self, mut reply: Reply) -> Reply {
        if self.0.is_empty() {
            return reply;
        }
        for (name, value) in &mut reply.headers {
            let before = match *name {
                "Location" => "",
                "Link" => "<",
                _ => continue,
            };
            if let Some(path) = value.strip_prefix(before).filter(|path| is_own(path)) {
                *value = format!("{before}{}{path}", self.0).into();
            }
        }
        if reply.headers.iter().any(|(name, value)| *name == "Content-Type" && value.starts_with("text/html")) {
            reply.body = self.linked(&String::from_utf8_lossy(&reply.body)).into_bytes();
        }
        reply
    }

    /// Rewrites the links of a page. What people wrote is never taken for one: pages escape its quotation marks.
    fn linked(&self, page: &str) -> String {
        let mut parts = page.split("=\"");
        let mut linked = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let is_link = is_own(part) && LINKS.iter().any(|name| linked.ends_with(name));
            linked.push_str("=\"");
            linked.push_str(if is_link { &self.0 } else { "" });
            linked.push_str(part);
        }
        linked
    }
}

/// Returns whether a reference is a path of this server, and not another host (`//evil.example`).
fn is_own(reference: &str) -> bool {
    reference.starts_with('/') && !reference.starts_with("//")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_path_is_taken_off_where_it_is_whole() {
        let base = BasePath::of("https://home.example/apps/keyfob");
        for (outside, inside) in [
            ("/apps/keyfob", Some("/")),
            ("/apps/keyfob?x=/y", Some("/?x=/y")),
            ("/apps/keyfob/console?x", Some("/console?x")),
            ("/.well-known/oauth-authorization-server/apps/keyfob", Some("/.well-known/oauth-authorization-server")),
            ("/.well-known/oauth-authorization-server", None),
            ("/.well-known/openid-configuration/apps/keyfob", Some("/.well-known/openid-configuration")),
            ("/apps/keyfob/.well-known/openid-configuration?x", Some("/.well-known/openid-configuration?x")),
            ("/apps/keyfobs", None),
            ("/console?x=/apps/keyfob/", None),
        ] {
            assert_eq!(base.inside(outside).as_deref(), inside, "{outside}");
        }
        assert_eq!(BasePath::of("https://home.example").inside("/console"), None);
    }

    #[test]
    fn only_links_to_this_server_are_rewritten() {
        let base = BasePath::of("https://home.example/keyfob");
        assert_eq!(
            base.linked("<a href=\"/x\" title=\"/x\"><input value=\"/code\"></a>"),
            "<a href=\"/keyfob/x\" title=\"/x\"><input value=\"/code\"></a>"
        );
        for other in ["<a href=\"//evil.example\">", "<a href=\"https://a.example/\">", "<a href=\"?page=2\">", "href=&quot;/x&quot;"] {
            assert_eq!(base.linked(other), other);
        }
    }
}
