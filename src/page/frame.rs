//! The frame of a page: head, stylesheet, and security headers.

use std::borrow::Cow;
use std::sync::LazyLock;

use data_encoding::BASE64;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use crate::base::printable;
use crate::http::reply::Reply;
use crate::page::compact;
use crate::page::look;

/// The one stylesheet, at [`STYLE_PATH`].
pub static STYLE: LazyLock<String> = LazyLock::new(|| compact::style(include_str!("style.css")));

/// Where the stylesheet lies.
pub const STYLE_PATH: &str = "/assets/style.css";

/// The one script, at [`SCRIPT_PATH`]. It adds comfort; nothing depends on it.
pub static SCRIPT: LazyLock<String> = LazyLock::new(|| compact::script(include_str!("console.js")));

/// Where the script lies.
pub const SCRIPT_PATH: &str = "/assets/console.js";

/// The script of the page of a sign-in link, at [`SIGN_IN_LINK_SCRIPT_PATH`].
pub static SIGN_IN_LINK_SCRIPT: LazyLock<String> = LazyLock::new(|| compact::script(include_str!("sign-in-link.js")));

/// Where that script lies.
pub const SIGN_IN_LINK_SCRIPT_PATH: &str = "/assets/sign-in-link.js";

/// The kind of page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// Signing in and consent, without any script.
    Account,
    /// The page of a sign-in link, with the script that reads the link.
    SignInLink,
    Console,
}

impl Surface {
    fn name(self) -> &'static str {
        match self {
            Surface::Account | Surface::SignInLink => "Account",
            Surface::Console => "Console",
        }
    }

    /// Returns the content security policy: nothing from elsewhere, and no framing. Account pages have no `form-action` on purpose:
    /// browsers apply it to the redirect that follows a form, and after consent that leads to the client.
    fn policy(self) -> &'static str {
        match self {
            Surface::Account => "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'self'; frame-ancestors 'none'",
            Surface::SignInLink => {
                "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; \
                 frame-ancestors 'none'"
            }
            Surface::Console => {
                "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; \
                 base-uri 'none'; frame-ancestors 'none'"
            }
        }
    }
}

/// Draws an account page, which has no menu.
pub fn page(status: u16, title: &str, content: &Markup) -> Reply {
    narrow(Surface::Account, status, title, content)
}

/// Draws a page without a menu.
pub fn narrow(surface: Surface, status: u16, title: &str, content: &Markup) -> Reply {
    document(surface, status, title, &alone(content))
}

fn alone(content: &Markup) -> Markup {
    html! {
        div .alone {
            header { (look::brand("/oauth/", "Account")) }
            main .narrow { (content) }
        }
    }
}

/// Draws an account page whose form posts itself at once, or by its button where scripts are off. Nothing else may run there, and it may post
/// to this source alone.
pub fn posting(source: &str, title: &str, content: &Markup) -> Reply {
    const SCRIPT: &str = "document.forms[0].submit()";
    let hash = BASE64.encode(&Sha256::digest(SCRIPT));
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'sha256-{hash}'; form-action {source}; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    let content = html! { (content) script { (PreEscaped(SCRIPT)) } };
    under(policy.into(), Surface::Account, 200, title, &alone(&content))
}

/// Draws a whole page around a body.
pub fn document(surface: Surface, status: u16, title: &str, body: &Markup) -> Reply {
    under(surface.policy().into(), surface, status, title, body)
}

fn under(policy: Cow<'static, str>, surface: Surface, status: u16, title: &str, body: &Markup) -> Reply {
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · " (look::site_name()) " " (surface.name()) }
                (look::icon())
                link rel="stylesheet" href=(STYLE_PATH);
                @match surface {
                    Surface::Account => {}
                    Surface::SignInLink => script src=(SIGN_IN_LINK_SCRIPT_PATH) defer {},
                    Surface::Console => script src=(SCRIPT_PATH) defer {},
                }
            }
            body { (body) }
        }
    };
    // What others wrote must not change how the words around it are read.
    let shown = printable::html(&markup.into_string());
    let reply = Reply::new(status, "text/html; charset=utf-8", shown.into_bytes());
    reply.with("Content-Security-Policy", policy).with("X-Frame-Options", "DENY")
}
