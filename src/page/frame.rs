//! The frame of a page: head, stylesheet, and the headers that keep others out of it.

use maud::{DOCTYPE, Markup, html};

use crate::http::reply::Reply;

/// The one stylesheet, at [`STYLE_PATH`].
pub const STYLE: &str = include_str!("style.css");

/// Where the stylesheet lies.
pub const STYLE_PATH: &str = "/assets/style.css";

/// Nothing from elsewhere, no script, in nobody's frame. `form-action` is left out on purpose: browsers hold it against the redirect
/// that follows a form, and after consent that one leads to the client.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'self'; frame-ancestors 'none'";

/// A whole page.
pub fn page(status: u16, title: &str, content: &Markup) -> Reply {
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · keyfob Account" }
                link rel="stylesheet" href=(STYLE_PATH);
            }
            body {
                header { a href="/oauth/" { "keyfob Account" } }
                main { (content) }
            }
        }
    };
    Reply::new(status, "text/html; charset=utf-8", markup.into_string().into_bytes()).with("Content-Security-Policy", POLICY)
}
