//! What a user has: clients, API keys and sessions, on the page that administrators see.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::id::{AccountId, UserId};
use crate::base::page::{Listed, Page};
use crate::base::right::Right;
use crate::call::{Call, Input, Work};
use crate::console::clients::list::of_account;
use crate::console::clients::page::shown_name;
use crate::console::page::layout::{Layout, after, badge};
use crate::console::page::listing::Listing;
use crate::console::page::paths;
use crate::console::page::table::Table;
use crate::model::api_key::ApiKey;
use crate::model::client::Client;
use crate::model::session::Session;
use crate::model::user::User;
use crate::page::times::{date_or, timestamp};
use crate::page::words::counted;
use crate::registry::entity::Entity;
use crate::registry::{api_keys, rights, sessions};
use crate::store::api_keys::ApiKeyKey;
use crate::store::sessions::SessionKey;
use crate::store::{Deleted, Direction, Order};

/// How many of a kind are shown.
const SHOWN: u32 = 20;

/// Draws all of it.
pub fn sections(layout: &Layout<'_>, input: &Input<'_>, user: &User) -> Result<Markup> {
    let listing = Listing::of(input.request)?;
    let call = layout.call;
    let owner = AccountId::User(user.id.clone());
    let of_user = of_account(call, &listing, owner.clone())?;
    let newest = Order { by: SessionKey::CreatedAt, direction: Direction::Descending };
    let signed_in = sessions::list(call.tx, &user.id, newest, Page::new(SHOWN, 1))?;
    Ok(html! {
        section { h2 { "OAuth clients" } (part(&of_user, "No clients.", clients_table)) }
        section { h2 { "API keys" } (keys(call, &owner)?) }
        section { h2 { "Sessions" } (part(&signed_in, "Signed in nowhere.", |sessions| sessions_table(layout, &user.id, sessions))) }
    })
}

fn part<T>(listed: &Listed<T>, none: &str, table: impl FnOnce(&[T]) -> Markup) -> Markup {
    html! {
        @if listed.items.is_empty() { p .quiet { (none) } } @else { (table(&listed.items)) }
        @if listed.total > listed.items.len() as i64 { p .quiet { "The first " (listed.items.len()) " of " (listed.total) "." } }
    }
}

fn clients_table(clients: &[Client]) -> Markup {
    let table = Table::<Client>::new("OAuth clients", |client| client.id.to_string())
        .column("Name", |client| html! { a href={"/console/clients/" (client.id)} { (shown_name(client)) } })
        .column("State", |client| badge(client.state))
        .column("Created at", |client| timestamp(client.created_at));
    table.show(clients)
}

/// Draws the keys to who may manage them, and to others how many there are and when one was last used.
fn keys(call: &Call<'_>, owner: &AccountId) -> Result<Markup> {
    let order = Order { by: ApiKeyKey::CreatedAt, direction: Direction::Descending };
    if rights::on(call.tx, call.by, &Entity::from(owner), Deleted::No)?.has(Right::UserSettingsApiKeys) {
        return Ok(part(&api_keys::list(call.tx, owner, order, Page::new(SHOWN, 1))?, "No API keys.", keys_table));
    }
    let found = api_keys::list(call.tx, owner, order, Page::new(1000, 1))?;
    let used = found.items.iter().filter_map(|key| key.used_at).max();
    Ok(html! {
        p { (counted(found.total, "key")) @if found.total > 0 { ", last used " (date_or(used, "never")) } "." }
        p .quiet { "Only the user, and administrators of a server with " code { "--admin-rights all" } ", can see which keys these are." }
    })
}

fn keys_table(keys: &[ApiKey]) -> Markup {
    let table = Table::<ApiKey>::new("API keys", |key| key.id.clone())
        .column("ID", |key| html! { code { (key.id) } })
        .class("narrow")
        .column("Name", |key| html! { (key.name) })
        .column("Last used", |key| date_or(key.used_at, "never"))
        .column("Expires", |key| date_or(key.expires_at, "never"));
    table.show(keys)
}

fn sessions_table(layout: &Layout<'_>, user: &UserId, sessions: &[Session]) -> Markup {
    let end = |session: &Session| format!("/console/users/{user}/sessions/{}/end", session.id);
    let table = Table::<Session>::new("Sessions", |session| session.id.clone())
        .column("Browser", place)
        .column("Signed in", |session| timestamp(session.created_at))
        .column("Last used", |session| timestamp(session.updated_at))
        .actions(|session| layout.button(&end(session), &format!("Sign {user} out"), "danger"));
    table.show(sessions)
}

/// Draws where a session began: the browser and the network.
pub fn place(session: &Session) -> Markup {
    html! {
        @if session.browser.is_empty() { "Unknown browser" } @else { (session.browser) }
        @if !session.network.is_empty() { " " span .quiet { "from " (session.network) } }
    }
}

/// Signs the user out in one browser.
pub fn end_session<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let user = paths::user(input)?;
    Ok(Box::new(move |call| {
        sessions::delete(call.tx, call.by, &user, input.capture("session_id").unwrap_or_default())?;
        Ok(after(&paths::path(&Entity::User(user)), "ended"))
    }))
}
