//! The page on which a user says which account a client gets to know.

use maud::html;

use crate::http::reply::Reply;
use crate::model::client::Client;
use crate::model::session::Session;
use crate::oauth::consent_page::shown_name;
use crate::page::frame;

/// Draws the page, with the path of the request for who is signed in, and the one of the sign-in page for somebody else, if there
/// is one.
pub fn page(session: &Session, client: &Client, this: &str, another: Option<&str>) -> Reply {
    let content = html! {
        h1 { "Choose an account" }
        p { "With which account do you want to use " strong { (shown_name(client)) } "?" }
        p data-message="choose-account" { a .button.main href=(this) { "Continue as " (session.user_id) } }
        @if let Some(another) = another { p { a .button href=(another) { "Use another account" } } }
    };
    frame::page(200, "Choose an account", &content)
}
