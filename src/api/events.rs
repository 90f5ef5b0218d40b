//! The history of a client, and the undoing of a change.

use crate::api::entity::CLIENT;
use crate::api::query::{Orders, Query};
use crate::api::{names, reply};
use crate::base::error::Result;
use crate::call::{Input, Work};
use crate::registry::entity::Entity;
use crate::registry::history;
use crate::registry::undo::{self, Undone};

/// Newest first, whatever is asked for.
pub const ORDERS: Orders<()> = &[(&["-number"], ())];

pub fn list<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    const MESSAGE: &str = "ListClientEventsRequest";
    let client = names::client(input).map_err(|inner| inner.inside(MESSAGE, "client_ids"))?;
    let (_, page) = Query::of(input)?.listing(MESSAGE, ORDERS)?;
    Ok(Box::new(move |call| {
        let events = history::page(call.tx, call.by, &Entity::Client(client), page)?;
        reply::list(input, page, "events", events, history::to_json)
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
