//! The list of clients: one's own, and for administrators all of them and those that are deleted.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::page::Listed;
use crate::base::right::Right;
use crate::call::{Call, Input, Work};
use crate::console::page::layout::{Place, View, adding, badge, may_add, moment, moment_or, state_name, title};
use crate::console::page::listing::Listing;
use crate::model::choice::State;
use crate::model::client::Client;
use crate::model::mask::Mask;
use crate::registry::clients;
use crate::registry::entity::Entity;
use crate::registry::rights;
use crate::store::clients::{ClientKey, ClientSearch, Scope};
use crate::store::{Deleted, Direction, Order};

/// Whose clients are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    Own,
    All,
    Deleted,
}

const KEYS: &[(&str, ClientKey)] = &[("id", ClientKey::Id), ("name", ClientKey::Name), ("created", ClientKey::CreatedAt)];

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let listing = Listing::of(input.request)?;
    Ok(Box::new(move |call| {
        let view = View::of(call, input)?;
        let of = match (listing.one("of"), call.by.is_admin) {
            ("all", true) => Of::All,
            ("deleted", _) => Of::Deleted,
            _ => Of::Own,
        };
        let found = found(call, &listing, of)?;
        let content = html! {
            (title("OAuth clients", &adding(call, "/console/add/client", "+ Add OAuth client")))
            (tabs(&listing, of, call.by.is_admin))
            div .tools {
                (listing.search("ID, name or description"))
                @if of != Of::Deleted { (states(&listing)) }
            }
            @if found.items.is_empty() { (nothing(call, &listing, of)) } @else { (table(&view, &listing, of, &found)?) }
            (listing.pager(found.total))
        };
        Ok(view.page(200, Place::Clients, "OAuth clients", &content))
    }))
}

fn found(call: &Call<'_>, listing: &Listing, of: Of) -> Result<Listed<Client>> {
    let search = asked_for(listing, if of == Of::Deleted { Deleted::Yes } else { Deleted::No });
    let mask = Mask::default();
    let found = match of {
        Of::All | Of::Deleted => clients::search(call.tx, call.by, search, &mask)?,
        Of::Own => clients::reachable(call.tx, call.by, search, &mask)?,
    };
    Ok(found.listed()?.map(|(client, _)| client))
}

/// What the address asks for, newest first; whose, the registry says.
pub fn asked_for(listing: &Listing, deleted: Deleted) -> ClientSearch {
    ClientSearch {
        scope: Scope::Everyone,
        deleted,
        texts: listing.texts(),
        states: State::EVERY.iter().copied().filter(|state| state_name(*state).to_lowercase() == listing.one("state")).collect(),
        order: listing.order(KEYS, Order { by: ClientKey::CreatedAt, direction: Direction::Descending }),
        page: listing.page(),
    }
}

fn tabs(listing: &Listing, of: Of, is_admin: bool) -> Markup {
    let tab = |here: Of, name: &str, text: &str| {
        let address = listing.address(&[("of", name), ("page", ""), ("state", ""), ("q", "")]);
        html! { a href=(address) aria-current=[(of == here).then_some("page")] { (text) } }
    };
    html! {
        nav .tabs aria-label="Which clients" {
            (tab(Of::Own, "", "Own"))
            @if is_admin { (tab(Of::All, "all", "All")) }
            (tab(Of::Deleted, "deleted", "Deleted"))
        }
    }
}

pub fn states(listing: &Listing) -> Markup {
    let asked = listing.one("state");
    let chip = |value: &str, text: &str| {
        let address = listing.address(&[("state", value), ("page", "")]);
        html! { a href=(address) aria-current=[(asked == value).then_some("true")] { (text) } }
    };
    html! {
        nav .chips aria-label="State" {
            (chip("", "Any state"))
            @for state in State::EVERY { (chip(&state_name(*state).to_lowercase(), state_name(*state))) }
        }
    }
}

pub fn table(view: &View<'_>, listing: &Listing, of: Of, found: &Listed<Client>) -> Result<Markup> {
    let rows = found.items.iter().map(|client| row(view, of, client)).collect::<Result<Vec<Markup>>>()?;
    Ok(html! {
        table {
            caption .hidden { "OAuth clients" }
            thead { tr {
                (listing.head("id", "ID"))
                (listing.head("name", "Name"))
                th scope="col" { "Description" }
                th scope="col" { "State" }
                @if of == Of::Deleted { th scope="col" { "Deleted at" } th scope="col" { span .hidden { "Actions" } } }
                @else { (listing.head("created", "Created at")) }
            } }
            tbody { @for row in rows { (row) } }
        }
    })
}

fn row(view: &View<'_>, of: Of, client: &Client) -> Result<Markup> {
    let path = format!("/console/clients/{}", client.id);
    let by = view.call.by;
    let may_restore =
        of == Of::Deleted && rights::on(view.call.tx, by, &Entity::Client(client.id.clone()), Deleted::Either)?.has(Right::ClientDelete);
    Ok(html! {
        tr {
            td data-label="ID" { @if of == Of::Deleted { code { (client.id) } } @else { a href=(path) { (client.id) } } }
            td data-label="Name" { (client.name) }
            td .long data-label="Description" { (client.description) }
            td data-label="State" { (badge(client.state)) }
            @if of == Of::Deleted {
                td data-label="Deleted at" { (moment_or(client.deleted_at, "")) }
                td .actions {
                    @if may_restore { (view.button(&format!("{path}/restore"), "Restore", "")) }
                    @if by.is_admin { a .button.danger href={(path) "/purge"} { "Purge" } }
                }
            } @else {
                td data-label="Created at" { (moment(client.created_at)) }
            }
        }
    })
}

fn nothing(call: &Call<'_>, listing: &Listing, of: Of) -> Markup {
    html! {
        @if is_search(listing) { (no_match(listing)) } @else if of == Of::Deleted {
            p .empty { "Nothing is deleted. A deleted client waits here, and can be restored for a day." }
        } @else { (nothing_yet(call)) }
    }
}

pub fn is_search(listing: &Listing) -> bool {
    !listing.query().is_empty() || !listing.one("state").is_empty()
}

pub fn no_match(listing: &Listing) -> Markup {
    html! { p .empty { "No client matches. " a href=(listing.address(&[("q", ""), ("state", ""), ("page", "")])) { "Show all of them" } } }
}

/// For those who have no client yet: what to do next.
pub fn nothing_yet(call: &Call<'_>) -> Markup {
    html! {
        div .empty {
            p { "There are no clients yet. An OAuth client is an application that acts in its users' names, with their consent." }
            @if may_add(call) { p { a href="/console/add/client" { "Add the first OAuth client" } } }
        }
    }
}
