//! What of a page depends on the operator and its reader: the name and mark of the site, and the theme.
//!
//! Pages are drawn without it, so that none has to be given it; [`dressed`] adds it when a reply is whole, before it is sent. What people
//! wrote cannot look like these marks: pages escape it.

use std::sync::Arc;

use maud::{Markup, PreEscaped, html};

use crate::http::cookie::Cookies;
use crate::http::reply::Reply;
use crate::http::request::Request;
use crate::model::settings::Settings;
use crate::model::site::Logo;
use crate::page::icon::{MARK_PATH, mark};

/// How a page begins without a theme: then it has that of the system.
const BEGIN: &str = "<html lang=\"en\"";

const NAME: &str = "<!--site-name-->";
const MARK: &str = "<!--site-mark-->";
const ICON: &str = "<!--site-icon-->";

/// What the choice of a theme is kept as: the name of the cookie and of the field.
pub const THEME: &str = "theme";

/// The themes that a reader can choose, with their texts; the first is that of the system, and is not kept.
pub const THEMES: [(&str, &str); 3] = [("system", "System"), ("light", "Light"), ("dark", "Dark")];

/// Returns the theme of this name, if it is one that is kept.
pub fn kept_theme(name: &str) -> Option<&'static str> {
    THEMES[1..].iter().map(|(theme, _)| *theme).find(|theme| *theme == name)
}

/// The name of the site, in a title or a text.
pub fn site_name() -> Markup {
    PreEscaped(NAME.to_owned())
}

/// The mark and the name of the site, in a link to its first page.
pub fn brand(path: &str, part: &str) -> Markup {
    html! { a .brand href=(path) { (PreEscaped(MARK)) strong { (site_name()) } span { (part) } } }
}

/// The icon of the site, in the head.
pub fn icon() -> Markup {
    PreEscaped(ICON.to_owned())
}

/// Adds the look to a page; other replies stay as they are, and of their requests no cookie is read.
pub fn dressed(mut reply: Reply, settings: &Settings, cookies: &Cookies, request: &Request) -> Reply {
    if reply.header("Content-Type").is_some_and(|media_type| media_type.starts_with("text/html")) {
        reply.body = Look::of(settings, cookies, request).filled_in(&String::from_utf8_lossy(&reply.body)).into_bytes();
    }
    reply
}

/// What stands on pages in the place of our name and mark, and the reader's theme.
#[derive(Debug)]
struct Look<'a> {
    /// Empty for ours.
    name: &'a str,
    logo: Option<Arc<Logo>>,
    /// The one that the reader chose, unless it is that of the system.
    theme: Option<&'static str>,
}

impl<'a> Look<'a> {
    fn of(settings: &'a Settings, cookies: &Cookies, request: &'a Request) -> Look<'a> {
        Look { name: &settings.site_name, logo: settings.site_logo.get(), theme: cookies.one(request, THEME).and_then(kept_theme) }
    }

    fn filled_in(&self, page: &str) -> String {
        let name = html! { (if self.name.is_empty() { "keyfob" } else { self.name }) }.into_string();
        let path = self.logo.as_ref().map(|logo| format!("/assets/site-logo?v={}", logo.version));
        let (mark, icon) = match &path {
            Some(path) => (html! { img .mark src=(path) alt=""; }, html! { link rel="icon" href=(path); }),
            None => (mark(), html! { link rel="icon" type="image/svg+xml" href=(MARK_PATH); }),
        };
        let begin = self.theme.map_or_else(|| BEGIN.to_owned(), |theme| format!("{BEGIN} data-theme=\"{theme}\""));
        let page = page.replacen(BEGIN, &begin, 1).replace(NAME, &name);
        page.replacen(MARK, &mark.into_string(), 1).replacen(ICON, &icon.into_string(), 1)
    }
}
