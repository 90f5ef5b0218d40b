//! The activity: of one client, by one account, or all.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::base::uri::form_encoded;
use crate::call::{Call, Input, Work};
use crate::console::clients::page::{ClientPage, ClientTab, saved};
use crate::console::form::fields::{Fields, label};
use crate::console::form::saving;
use crate::console::page::layout::{Layout, after, title};
use crate::console::page::menu::MenuItem;
use crate::console::page::table::Table;
use crate::http::form::Form;
use crate::model::event::Action;
use crate::page::message;
use crate::page::times::{exact, timestamp};
use crate::page::words::capitalised;
use crate::registry::approval::Withdrawn;
use crate::registry::entity::Entity;
use crate::registry::history;
use crate::registry::undo::{self, Undone};
use crate::store::events::{Event, EventSearch};

/// How many events a page has.
const SIZE: u32 = 50;

/// Lists all events that the caller may see, filtered by client and actor.
pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let asked = Form::of_query(input.request)?;
    Ok(Box::new(move |call| {
        let layout = Layout::of(call, input)?;
        let (client, actor) = (asked.one("client"), asked.one("actor"));
        let entity = client.parse().ok().map(Entity::Client);
        let is_nothing = !client.is_empty() && entity.is_none();
        let events = if is_nothing { Vec::new() } else { found(call, &asked, entity.as_ref())? };
        let base = format!("/console/activity?client={}&actor={}", form_encoded(client.as_bytes()), form_encoded(actor.as_bytes()));
        let fields = Fields { values: asked.clone(), ..Fields::default() };
        let content = html! {
            (title("Activity", &html! {}))
            p { @if call.by.is_admin { "Every change leaves one line; what is repeated many times a day is counted." } @else { "What you did, and what happened to the clients that you can see." } }
            form .filters action="/console/activity" {
                (fields.text(label("client", "Client ID", "")))
                (fields.text(label("actor", "Changed by", "")))
                button { "Filter" }
            }
            (listed(&layout, &events, &base, "No event matches."))
        };
        Ok(layout.page(200, MenuItem::Activity, "Activity", &content))
    }))
}

/// Lists the events of one client.
pub fn of_client<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let asked = Form::of_query(input.request)?;
    Ok(Box::new(move |call| {
        let page = ClientPage::of(call, input)?;
        let events = found(call, &asked, Some(&Entity::Client(page.client.id.clone())))?;
        let base = format!("{}?", page.path(ClientTab::Activity));
        Ok(page.show(200, ClientTab::Activity, &listed(&page.layout, &events, &base, "Nothing happened yet.")))
    }))
}

/// Undoes a change of a client, and leads to the client's activity.
pub fn undo<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| {
        let number = undo::number(input.capture("event_number"))?;
        let Undone { changed, stays } = undo::undo(call.tx, call.by, call.settings, number)?;
        let done = match (changed.withdrawn == Withdrawn::default(), stays.is_empty()) {
            (false, _) => saved(changed.withdrawn),
            (true, true) => "undone",
            (true, false) => "undone-in-part",
        };
        Ok(after(&format!("/console/clients/{}/activity", changed.client.id), done))
    }))
}

fn found(call: &Call<'_>, asked: &Form, entity: Option<&Entity>) -> Result<Vec<Event>> {
    let actor = Some(asked.one("actor").to_owned()).filter(|actor| !actor.is_empty());
    let search = EventSearch { actor, before: asked.one("before").parse().ok(), ..EventSearch::default() };
    history::list(call.tx, call.by, entity, search, SIZE)
}

fn listed(layout: &Layout<'_>, events: &[Event], base: &str, none: &str) -> Markup {
    let is_full = events.len() >= SIZE as usize;
    html! {
        @if events.is_empty() { (message::empty("no-events", none)) } @else {
            (events_table(layout, events))
            @if is_full && let Some(last) = events.last() {
                nav .pager aria-label="Pages" { a rel="next" href={(base) "&before=" (last.number)} { "Older" } }
            }
        }
    }
}

fn events_table(layout: &Layout<'_>, events: &[Event]) -> Markup {
    let table = Table::<Event>::new("Events", |event| event.name.clone())
        .column("When", |event| timestamp(event.happened_at))
        .column("What", what)
        .column(
            "Of",
            |event| html! { @if let Some(path) = client_path(event) { a href=(path) { (event.entity_id) } } @else { (event.entity_id) } },
        )
        .column("By", actor)
        .class("narrow")
        .column("Details", details)
        .class("long")
        .actions(|event| undo_button(layout, events, event));
    table.show(events)
}

/// Draws the button that undoes a change of a client, where the reader may change that client. Whether somebody changed its fields since
/// is looked at when it is pressed.
fn undo_button(layout: &Layout<'_>, events: &[Event], event: &Event) -> Markup {
    let is_undone = events.iter().any(|later| later.undoes == Some(event.number));
    let is_offered = !is_undone && undo::is_undoable(layout.call.tx, layout.call.by, event);
    html! { @if is_offered { (layout.button(&format!("/console/activity/{}/undo", event.number), "Undo", "quiet")) } }
}

/// Returns the path of the event's client, if it exists.
fn client_path(event: &Event) -> Option<String> {
    let is_there = event.entity_kind == "client" && event.entity_id != history::UNKNOWN_CLIENT;
    (is_there && event.name != "client.purge" && event.name != "client.delete").then(|| format!("/console/clients/{}", event.entity_id))
}

/// Draws what was done in one element, beside its label on narrow screens.
fn what(event: &Event) -> Markup {
    html! {
        div {
            span .word title=(event.name) { (Action::in_words(&event.name).map_or_else(|| event.name.clone(), |words| capitalised(&words))) }
            @if let Some(undone) = event.undoes { br; span .quiet { "undoes event " (undone) } }
            @if event.times > 1 { br; span .quiet { (event.times) " times since " (exact(event.first_at)) } }
        }
    }
}

fn actor(event: &Event) -> Markup {
    html! {
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
}

/// Draws what changed, one line per field.
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

/// Returns the first names, and how many more there are.
fn few(names: &[String]) -> String {
    const SHOWN: usize = 3;
    let first = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN { format!("{first} and {} more", names.len() - SHOWN) } else { first }
}
