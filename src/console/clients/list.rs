//! The list of clients: the user's own, and for administrators all and the deleted ones.

use std::collections::BTreeMap;

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::id::AccountId;
use crate::base::page::{Listed, Reading};
use crate::base::time::Time;
use crate::call::{Call, Input, Work};
use crate::console::form::deletion;
use crate::console::page::layout::{Layout, adding, badge_of, may_add, state_name, title};
use crate::console::page::listing::Listing;
use crate::console::page::menu::MenuItem;
use crate::console::page::table::{Table, whole};
use crate::model::choice::State;
use crate::model::client::Client;
use crate::model::mask::Mask;
use crate::page::message;
use crate::page::times::timestamp_or;
use crate::registry::clients;
use crate::registry::entity::Entity;
use crate::registry::expiry::COUNTS_STORED_DAYS;
use crate::registry::{likeness, listed};
use crate::store::clients::ClientKey;
use crate::store::{Deleted, Search, Tx};

/// Whose clients are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    Own,
    All,
    Deleted,
}

/// How many owners a list names.
const OWNERS: usize = 2;

const KEYS: &[(&str, ClientKey)] = &[("id", ClientKey::Id), ("name", ClientKey::Name), ("created", ClientKey::CreatedAt)];

/// The columns by which only short lists are sorted.
const OF_SHORT: &[&str] = &["owner", "state", "used", "deleted"];

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let listing = Listing::of(input.request)?;
    Ok(Box::new(move |call| {
        let layout = Layout::of(call, input)?;
        let of = match (listing.one("of"), call.by.is_admin) {
            ("all", true) => Of::All,
            ("deleted", _) => Of::Deleted,
            _ => Of::Own,
        };
        let which: &[_] = match call.by.is_admin {
            true => &[("", "Own"), ("all", "All"), ("deleted", "Deleted")],
            false => &[("", "Own"), ("deleted", "Deleted")],
        };
        let found = found(call, &listing, of)?;
        let short = listing.if_short(found.total);
        let content = html! {
            (title("OAuth clients", &adding(call, "/console/add/client", "+ Add OAuth client")))
            (listing.tabs("Which clients", which))
            div .tools {
                (listing.search_with("ID, name or description", &[("owner", "Owner"), ("host", "Redirect host")]))
                @if of != Of::Deleted { (states(&listing)) }
            }
            (listing.shown(found, |clients| clients_table(&layout, &listing, listing.deleted(), clients, short), || nothing(call, &listing, of))?)
        };
        Ok(layout.page(200, MenuItem::Clients, "OAuth clients", &content))
    }))
}

fn found(call: &Call<'_>, listing: &Listing, of: Of) -> Result<Listed<Client>> {
    let Some(search) = asked_for(listing, if of == Of::Deleted { Deleted::Yes } else { Deleted::No }) else {
        return Ok(Listed::none());
    };
    let mask = Mask::default();
    let read = |page| {
        let search = Search { page, ..search.clone() };
        let found = match of {
            Of::All | Of::Deleted => clients::search(call.tx, call.by, &search, &mask)?,
            Of::Own => clients::reachable(call.tx, call.by, &search, &mask)?,
        };
        Ok(found.listed()?.map(|(client, _)| client))
    };
    listing.page_of(read, OF_SHORT, |client, column| key(call.tx, client, column))
}

/// Returns what short lists are sorted by.
fn key(tx: &Tx<'_>, client: &Client, column: &str) -> Result<(Option<Time>, String)> {
    Ok(match column {
        "owner" => (None, listed::of_client(tx, &client.id)?.owners.iter().map(AccountId::as_str).collect::<Vec<_>>().join(", ")),
        "state" => (None, client.state.number().to_string()),
        "used" => (listed::of_client(tx, &client.id)?.last_token, String::new()),
        _ => (client.deleted_at, String::new()),
    })
}

/// Lists the live clients of an account that the address asks for.
pub fn of_account(call: &Call<'_>, listing: &Listing, account: AccountId) -> Result<Listed<Client>> {
    let Some(search) = asked_for(listing, Deleted::No) else { return Ok(Listed::none()) };
    let mask = Mask::default();
    let read = |page| {
        let found = clients::list(call.tx, call.by, Some(account.clone()), &Search { page, ..search.clone() }, &mask)?;
        Ok(found.map_or_else(|| Ok(Listed::none()), Reading::listed)?.map(|(client, _)| client))
    };
    listing.page_of(read, OF_SHORT, |client, column| key(call.tx, client, column))
}

/// Returns the search in the address, newest first; `None` if nothing can be found. The registry decides whose clients are found.
fn asked_for(listing: &Listing, deleted: Deleted) -> Option<Search<ClientKey>> {
    let states = State::EVERY.iter().copied().filter(|state| state_name(*state).to_lowercase() == listing.one("state")).collect();
    let mut search = Search { deleted, states, ..listing.wanted(KEYS, ClientKey::CreatedAt) };
    let (owner, host) = (listing.one("owner").trim().to_lowercase(), listing.one("host"));
    if !owner.is_empty() {
        // Users and organizations share one namespace of IDs.
        search.texts.collaborator = Some(AccountId::User(owner.parse().ok()?));
    }
    if !host.is_empty() {
        search.texts.redirect_host = Some(likeness::redirect_host(host)?);
    }
    Some(search)
}

pub fn states(listing: &Listing) -> Markup {
    let names: Vec<(String, &str)> = State::EVERY.iter().map(|state| (state_name(*state).to_lowercase(), state_name(*state))).collect();
    let choices: Vec<_> = [("", "Any state")].into_iter().chain(names.iter().map(|(value, text)| (value.as_str(), *text))).collect();
    listing.chips("State", "state", &choices)
}

pub fn clients_table(
    layout: &Layout<'_>,
    listing: &Listing,
    deleted: Deleted,
    clients: Vec<Client>,
    short: Option<&Listing>,
) -> Result<Markup> {
    let facts = |client: &Client| Ok((client.id.clone(), listed::of_client(layout.call.tx, &client.id)?));
    let facts: BTreeMap<_, _> = clients.iter().map(facts).collect::<Result<_>>()?;
    let table = Table::<(Client, Markup)>::new("OAuth clients", |(client, _)| client.id.to_string())
        .sorted(listing, "id", "ID", |(client, _)| {
            html! { @if client.deleted_at.is_some() { code { (client.id) } } @else { a href={"/console/clients/" (client.id)} { (client.id) } } }
        })
        .sorted(listing, "name", "Name", |(client, _)| html! { (client.name) })
        .sorted_if(short, "owner", "Owner", |(client, _)| facts.get(&client.id).map(|facts| owners(&facts.owners)).unwrap_or_default())
        .sorted_if(short, "state", "State", |(client, _)| badge_of(client.state, client.deleted_at))
        .sorted_if(short, "used", "Last used", |(client, _)| last_token(client, facts.get(&client.id).and_then(|facts| facts.last_token), layout.call.tx.now));
    deletion::listed(table, layout, listing, (deleted, short), clients, |client| {
        (Entity::Client(client.id.clone()), client.created_at, client.deleted_at)
    })
}

/// Draws when a client last got a token. How many it got on a day is stored for a while: whether an older one ever got any is not known.
pub fn last_token(client: &Client, last: Option<Time>, now: Time) -> Markup {
    let is_all_known = client.created_at.day() > now.day() - COUNTS_STORED_DAYS;
    let none = if is_all_known { "never".to_owned() } else { format!("not in the last {COUNTS_STORED_DAYS} days") };
    timestamp_or(last, &none)
}

/// Draws who owns something.
pub fn owners(owners: &[AccountId]) -> Markup {
    let names: Vec<&str> = owners.iter().take(OWNERS).map(AccountId::as_str).collect();
    let more = owners.len().checked_sub(OWNERS).filter(|more| *more > 0);
    whole(&(names.join(", ") + &more.map(|more| format!(" and {more} more")).unwrap_or_default()))
}

fn nothing(call: &Call<'_>, listing: &Listing, of: Of) -> Markup {
    html! {
        @if listing.is_search() { (no_match(listing)) } @else if of == Of::Deleted {
            (message::empty("nothing-deleted", "Nothing is deleted. A deleted client waits here, and can be restored for a day."))
        } @else { (nothing_yet(call)) }
    }
}

pub fn no_match(listing: &Listing) -> Markup {
    message::empty("no-match", html! { "No client matches. " a href=(listing.unsearched()) { "Show all of them" } })
}

/// Draws what to do next for users without clients.
pub fn nothing_yet(call: &Call<'_>) -> Markup {
    let text = html! {
        p { "There are no clients yet. An OAuth client is an application that acts on behalf of its users, with their consent." }
        @if may_add(call) { p { a href="/console/add/client" { "Add the first OAuth client" } } }
    };
    message::empty("no-clients", text)
}
