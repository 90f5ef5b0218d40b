//! The list of users, for administrators.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::id::AccountId;
use crate::base::time::Time;
use crate::call::{Input, Work};
use crate::console::form::deletion;
use crate::console::page::layout::{Layout, badge_of, link_button, title};
use crate::console::page::listing::Listing;
use crate::console::page::menu::MenuItem;
use crate::console::page::table::{Table, whole};
use crate::model::user::User;
use crate::page::message;
use crate::page::times::timestamp_or;
use crate::registry::entity::Entity;
use crate::registry::{listed, users};
use crate::store::users::UserKey;
use crate::store::{Search, Tx};

const KEYS: &[(&str, UserKey)] = &[
    ("id", UserKey::Id),
    ("name", UserKey::Name),
    ("email", UserKey::PrimaryEmailAddress),
    ("state", UserKey::State),
    ("created", UserKey::CreatedAt),
];

/// The columns by which only short lists are sorted.
const OF_SHORT: &[&str] = &["clients", "seen", "deleted"];

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let listing = Listing::of(input.request)?;
    Ok(Box::new(move |call| {
        let layout = Layout::of(call, input)?;
        let search = Search { texts: listing.texts_of_users(), ..listing.wanted(KEYS, UserKey::CreatedAt) };
        let read = |page| Ok(users::list(call.tx, call.by, &Search { page, ..search.clone() })?.map(|(user, _)| user));
        let found = listing.page_of(read, OF_SHORT, |user, column| key(call.tx, user, column))?;
        let short = listing.if_short(found.total);
        let content = html! {
            (title("Users", &link_button("/console/add/user", "+ Add user")))
            (listing.deleted_tabs())
            div .tools { (listing.search("ID, name, description or e-mail")) }
            (listing.shown(found, |users| users_table(&layout, &listing, users, short), || message::empty("no-match", html! { p { "No user matches." } p { a href="/console/users" { "Show all users" } } }))?)
        };
        Ok(layout.page(200, MenuItem::Users, "Users", &content))
    }))
}

/// Returns what short lists are sorted by.
fn key(tx: &Tx<'_>, user: &User, column: &str) -> Result<(Option<Time>, i64)> {
    Ok(match column {
        "clients" => (None, listed::clients_of(tx, &AccountId::User(user.id.clone()))?),
        "seen" => (listed::last_seen(tx, &user.id)?, 0),
        _ => (user.deleted_at, 0),
    })
}

/// Draws an e-mail address, which is broken before its host rather than inside a word.
fn address(text: &str) -> Markup {
    match text.rsplit_once('@') {
        Some((name, host)) => html! { span { (whole(&format!("{name}@"))) wbr; (whole(host)) } },
        None => html! { (text) },
    }
}

fn users_table(layout: &Layout<'_>, listing: &Listing, users: Vec<User>, short: Option<&Listing>) -> Result<Markup> {
    let tx = layout.call.tx;
    let facts =
        |user: &User| Ok((user.id.clone(), (listed::clients_of(tx, &AccountId::User(user.id.clone()))?, listed::last_seen(tx, &user.id)?)));
    let facts: BTreeMap<_, _> = users.iter().map(facts).collect::<Result<_>>()?;
    let table = Table::<(User, Markup)>::new("Users", |(user, _)| user.id.to_string())
        .sorted(listing, "id", "ID", |(user, _)| {
            html! {
                @if user.deleted_at.is_some() { code { (user.id) } } @else { a href={"/console/users/" (user.id)} { (user.id) } }
                @if user.admin { " " span .badge.flagged { "Admin" } }
            }
        })
        .sorted(listing, "name", "Name", |(user, _)| html! { (user.name) })
        .sorted(listing, "email", "E-mail", |(user, _)| address(&user.primary_email_address))
        .sorted(listing, "state", "State", |(user, _)| badge_of(user.state, user.deleted_at))
        .sorted_if(short, "clients", "Clients", |(user, _)| html! { @if let Some((clients, _)) = facts.get(&user.id) { (clients) } })
        .sorted_if(short, "seen", "Last seen", |(user, _)| timestamp_or(facts.get(&user.id).and_then(|(_, seen)| *seen), "not signed in"));
    deletion::listed(table, layout, listing, (listing.deleted(), short), users, |user| {
        (Entity::User(user.id.clone()), user.created_at, user.deleted_at)
    })
}
