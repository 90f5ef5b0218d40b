//! What happened: to one client, by one account, or altogether.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::uri::form_encoded;
use crate::call::{Call, Input, Work};
use crate::console::clients::page::{Opened, Tab};
use crate::console::form::fields::{Fields, label};
use crate::console::form::saving;
use crate::console::page::layout::{Place, View, moment, title};
use crate::http::form::Form;
use crate::registry::entity::Entity;
use crate::registry::history;
use crate::store::events::{Event, EventSearch};

/// How many events a page has.
const SIZE: u32 = 50;

/// Of everything that one may see, filtered by client and actor.
pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let asked = Form::of_query(input.request)?;
    Ok(Box::new(move |call| {
        let view = View::of(call, input)?;
        let (client, actor) = (asked.one("client"), asked.one("actor"));
        let entity = client.parse().ok().map(Entity::Client);
        let is_nothing = !client.is_empty() && entity.is_none();
        let events = if is_nothing { Vec::new() } else { found(call, &asked, entity.as_ref())? };
        let base = format!("/console/activity?client={}&actor={}", form_encoded(client.as_bytes()), form_encoded(actor.as_bytes()));
        let fields = Fields::default();
        let content = html! {
            (title("Activity", &html! {}))
            p { @if call.by.is_admin { "Every change leaves one line; what is repeated many times a day is counted." } @else { "What you did, and what happened to the clients that you can see." } }
            form .filters action="/console/activity" {
                (fields.text(label("client", "Client ID", ""), client))
                (fields.text(label("actor", "Changed by", ""), actor))
                button { "Filter" }
            }
            (listed(&events, &base, "No event matches."))
        };
        Ok(view.page(200, Place::Activity, "Activity", &content))
    }))
}

/// Of one client.
pub fn of_client<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let asked = Form::of_query(input.request)?;
    Ok(Box::new(move |call| {
        let opened = Opened::of(call, input)?;
        let events = found(call, &asked, Some(&Entity::Client(opened.client.id.clone())))?;
        let base = format!("{}?", opened.path(Tab::Activity));
        Ok(opened.page(200, Tab::Activity, &listed(&events, &base, "Nothing happened yet.")))
    }))
}

fn found(call: &Call<'_>, asked: &Form, entity: Option<&Entity>) -> Result<Vec<Event>> {
    let actor = Some(asked.one("actor").to_owned()).filter(|actor| !actor.is_empty());
    let search = EventSearch { actor, before: asked.one("before").parse().ok(), ..EventSearch::default() };
    history::list(call.tx, call.by, entity, search, SIZE)
}

fn listed(events: &[Event], base: &str, none: &str) -> Markup {
    let is_full = events.len() >= SIZE as usize;
    html! {
        @if events.is_empty() { p .empty { (none) } } @else {
            table {
                caption .hidden { "Events" }
                thead { tr {
                    th scope="col" { "When" }
                    th scope="col" { "What" }
                    th scope="col" { "Of" }
                    th scope="col" { "By" }
                    th scope="col" { "Details" }
                } }
                tbody { @for event in events { (row(event)) } }
            }
            @if is_full && let Some(last) = events.last() {
                nav .pager aria-label="Pages" { a rel="next" href={(base) "&before=" (last.number)} { "Older" } }
            }
        }
    }
}

fn row(event: &Event) -> Markup {
    let path = match event.entity_kind.as_str() {
        "client" if event.entity_id == history::UNKNOWN_CLIENT => None,
        "client" if event.name != "client.purge" && event.name != "client.delete" => Some(format!("/console/clients/{}", event.entity_id)),
        _ => None,
    };
    html! {
        tr {
            td data-label="When" { (moment(event.happened_at)) }
            td data-label="What" {
                // One thing beside its label where the cells stand below each other.
                div {
                    code .word { (event.name) }
                    @if event.times > 1 { br; span .quiet { (event.times) " times since " (moment(event.first_at)) } }
                }
            }
            td data-label="Of" { @if let Some(path) = path { a href=(path) { (event.entity_id) } } @else { (event.entity_id) } }
            td .narrow data-label="By" {
                div {
                    @match &event.actor.account_id {
                        Some(account) => (account),
                        None if event.actor.is_operator() => span .quiet { "the operator" },
                        None => span .quiet { "nobody signed in" },
                    }
                    @if let Some(key) = &event.actor.api_key_id { br; span .quiet { "key " code { (key) } } }
                    @if let Some(client) = &event.actor.client_id { br; span .quiet { "OAuth client " code { (client) } } }
                }
            }
            td .long data-label="Details" { (details(event)) }
        }
    }
}

/// What differs, a line for each field.
fn details(event: &Event) -> Markup {
    let names = saving::names(event);
    html! {
        @if !names.is_empty() {
            details {
                summary { (few(&names)) }
                (saving::differences(event, |_| true))
                p .quiet { "Request " code { (event.actor.request_id) } }
            }
        }
    }
}

/// The first names, and how many more there are.
fn few(names: &[String]) -> String {
    const SHOWN: usize = 3;
    let first = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{first} and {} more", names.len() - SHOWN) } else { first }
}
