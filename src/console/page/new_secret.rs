//! Shows a new secret, once: with a button to copy it, and ready to use.

use maud::{Markup, html};

use crate::base::id::UserId;
use crate::base::secret::Token;
use crate::console::page::layout::{Layout, title};
use crate::console::page::menu::MenuItem;
use crate::http::reply::Reply;
use crate::model::recovery::Recovery;
use crate::model::user::User;
use crate::page::times::exact;

/// Shows a new API key, with a link to the list of keys.
pub fn api_key(layout: &Layout<'_>, menu_item: MenuItem, list: &str, key: &str) -> Reply {
    let snippet =
        format!("export API_KEY='{key}'\ncurl -H \"Authorization: Bearer $API_KEY\" {}/api/v3/auth_info", layout.call.settings.public_url);
    let content = html! {
        (title("API key created", &html! {}))
        (shown("API key", "api-key", key))
        (copied("Try it", "try-it", &snippet))
        (layout.other_host())
        p { a .button.main href=(list) { "I have saved it: go to the API keys" } }
    };
    layout.page(200, menu_item, "API key created", &content)
}

/// Shows a new temporary password.
pub fn temporary_password(layout: &Layout<'_>, user: &User, plain: &str) -> Reply {
    let ends = user.temporary_password_expires_at.map(exact).unwrap_or_default();
    let how = html! { "On the sign-in page it works " strong { "once" } ", until " (ends) ". The user then chooses a new password." };
    for_user(layout, &user.id, "Temporary password", &shown("Temporary password", "temporary-password", plain), &how)
}

/// Shows a new sign-in link.
pub fn sign_in_link(layout: &Layout<'_>, link: &Recovery, token: &Token) -> Reply {
    let json = link.to_json(&layout.call.settings.public_url, &token.reveal());
    let text = json["link"].as_str().unwrap_or_default();
    let how = html! { "It works " strong { "once" } ", until " (exact(link.expires_at)) ". The user then chooses a new password." };
    let content = html! { (shown("Sign-in link", "sign-in-link", text)) (layout.other_host()) };
    for_user(layout, &link.user_id, "Sign-in link", &content, &how)
}

fn for_user(layout: &Layout<'_>, user: &UserId, heading: &str, secret: &Markup, how: &Markup) -> Reply {
    let content = html! {
        (title(heading, &html! {}))
        (secret)
        p { "Give it to " strong { (user) } " where nobody else can read it. " (how) }
        p { a .button.main href={"/console/users/" (user)} { "I have saved it: go to the user" } }
    };
    layout.page(200, MenuItem::Users, heading, &content)
}

/// Draws a secret with a button that copies it.
pub fn shown(text: &str, id: &str, secret: &str) -> Markup {
    html! {
        section .secret {
            h2 { (text) }
            p { "Copy it now: it is shown " strong { "only once" } ", and stored in a form that nobody can read." }
            div .copied { code id=(id) { (secret) } (copy_button(id, None)) }
        }
    }
}

/// Draws a text under a heading, with a button that copies it.
pub fn copied(text: &str, id: &str, snippet: &str) -> Markup {
    html! { h3 { (text) } (copied_block(id, snippet)) }
}

/// Draws the same without a heading.
pub fn copied_block(id: &str, snippet: &str) -> Markup {
    html! { div .copied { pre tabindex="0" { code id=(id) { (snippet) } } (copy_button(id, None)) } }
}

/// Draws a text in one line, with a quiet button that copies it.
pub fn copied_line(id: &str, text: &str) -> Markup {
    html! { span .copied { code id=(id) { (text) } (copy_button(id, Some("quiet"))) } }
}

/// Draws a button that copies the text of the element with this ID. The script shows it.
fn copy_button(id: &str, class: Option<&str>) -> Markup {
    html! { button class=[class] type="button" data-copy=(id) hidden { "Copy" } }
}
