//! The history of a client, and the undoing of a change.

use serde_json::{Value, json};

use crate::api::entity::CLIENT;
use crate::api::query::{Orders, Query};
use crate::api::{names, reply};
use crate::base::error::Result;
use crate::call::{Input, Work};
use crate::model::value;
use crate::registry::entity::Entity;
use crate::registry::history;
use crate::registry::undo::{self, Undone};
use crate::store::events::Event;

/// Newest first, whatever is asked for.
pub const ORDERS: Orders<()> = &[("-number", ())];

pub fn list<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    const MESSAGE: &str = "ListClientEventsRequest";
    let client = names::client(input).map_err(|inner| inner.inside(MESSAGE, "client_ids"))?;
    let (_, page) = Query::of(input)?.listing(MESSAGE, ORDERS)?;
    Ok(Box::new(move |call| {
        let events = history::page(call.tx, call.by, &Entity::Client(client), page)?;
        reply::list(input, page, "events", events, to_json)
    }))
}

/// Answers with the client as it is then.
pub fn undo<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| {
        let number = undo::number(input.capture("event_number"))?;
        let Undone { changed, stays } = undo::undo(call.tx, call.by, call.settings, number)?;
        Ok(reply::warned(CLIENT.whole(&changed.client), changed.withdrawn.warnings().into_iter().chain(stays)))
    }))
}

/// Returns an event as the API writes it: what is absent is left out.
fn to_json(event: &Event) -> Value {
    let values = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let is_counted = event.times > 1;
    value::present([
        ("number", json!(event.number)),
        ("happened_at", json!(event.happened_at.to_string())),
        ("name", json!(event.name)),
        ("account_id", json!(event.actor.account_id)),
        ("operator", if event.actor.is_operator() { json!(true) } else { Value::Null }),
        ("api_key_id", json!(event.actor.api_key_id)),
        ("oauth_client_id", json!(event.actor.client_id)),
        ("request_id", json!(event.actor.request_id)),
        ("old", values(&event.old_values)),
        ("new", values(&event.new_values)),
        ("times", if is_counted { json!(event.times) } else { Value::Null }),
        ("first_at", if is_counted { json!(event.first_at.to_string()) } else { Value::Null }),
        ("undoes", json!(event.undoes)),
    ])
}
