//! How much is written down: what one does again and again is counted instead, so that a flood of events neither fills the disk nor hides
//! anything.
//!
//! Of every kind of event the first of a day and the last have rows of their own; the row of the last says how often it happened, and since
//! when. A kind is told by what happened, who did it with what, and which fields it was about, so nobody's events are counted in those of
//! somebody else, and a change of the redirect URIs is not lost among changes of the description. Only where more kinds than
//! [`KINDS_A_DAY`] were counted of one entity are they told apart less finely.

use serde_json::{Map, Value, json};

use crate::base::error::Result;
use crate::model::event::{Action, Actor, Change};
use crate::store::Tx;
use crate::store::events::EventCount;

/// How many changes of an entity on one day (UTC) are written down one by one.
const SINGLE_A_DAY: u32 = 100;

/// How many kinds of events of an entity are told apart on one day.
const KINDS_A_DAY: usize = 200;

/// How many of the newest events are looked at for those: more than a day has of all others.
const LOOKED_AT: u32 = 1000;

/// How many fields the row of the last event keeps of those that were counted in it.
const MOST_FIELDS: usize = 64;

/// Writes an event down, in a row of its own or in that of earlier ones of its kind.
pub(super) fn write(tx: &Tx<'_>, actor: &Actor, change: Change) -> Result<()> {
    let (entity_kind, entity_id) = (change.entity_kind, change.entity_id.clone());
    if !is_counted(tx, &change)? {
        return tx.insert_event(actor, &change, 1, tx.now).map(drop);
    }
    let kind = kind(actor, &change, tx.event_kinds(entity_kind, &entity_id, KINDS_A_DAY)?);
    let counted = tx.event_count(entity_kind, &entity_id, &kind)?.unwrap_or(EventCount { times: 0, event_number: 0 });
    let last = if counted.times > 1 { tx.event(counted.event_number)? } else { None };
    let event_number = match last {
        None => tx.insert_event(actor, &change, 1, tx.now)?,
        Some(last) => {
            let (old, new) = (with(change.old, &last.old_values), with(change.new, &last.new_values));
            let number = tx.insert_event(actor, &Change { old, new, ..change }, last.times + 1, last.first_at)?;
            tx.delete_event(last.number)?;
            number
        }
    };
    tx.set_event_count(entity_kind, &entity_id, &kind, EventCount { times: counted.times + 1, event_number })
}

/// What people do without a right on the entity is always counted. Changes by those who have one are, once there are many of them.
fn is_counted(tx: &Tx<'_>, change: &Change) -> Result<bool> {
    if Action::BY_ANYONE.contains(&change.action) {
        return Ok(true);
    }
    let by_anyone: Vec<String> = Action::BY_ANYONE.iter().map(|action| action.of(change.entity_kind)).collect();
    let nth = tx.nth_newest_event_at(change, SINGLE_A_DAY, &by_anyone, LOOKED_AT)?;
    Ok(nth.is_some_and(|at| at.day() >= tx.now.day()))
}

/// What counts as the same again. Beyond the bound strangers are told apart by reasons only, of which there is a fixed number, and people
/// with rights on the entity by their accounts.
fn kind(actor: &Actor, change: &Change, kinds: usize) -> String {
    let name = change.action.of(change.entity_kind);
    let reason = &change.new["reason"];
    let is_by_anyone = Action::BY_ANYONE.contains(&change.action);
    let kind = match (kinds < KINDS_A_DAY, is_by_anyone) {
        (true, _) => json!([name, reason, actor.account_id, actor.api_key_id, actor.client_id, fields(change)]),
        (false, true) => json!([name, reason]),
        (false, false) => json!([name, actor.account_id]),
    };
    kind.to_string()
}

fn fields(change: &Change) -> Vec<&str> {
    let mut names: Vec<&str> =
        [&change.old, &change.new].into_iter().filter_map(Value::as_object).flat_map(Map::keys).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The values of the last event, and of earlier ones those of fields that it was not about.
fn with(last: Value, earlier: &str) -> Value {
    let Value::Object(mut values) = last else { return last };
    for (name, value) in serde_json::from_str::<Map<String, Value>>(earlier).unwrap_or_default() {
        if values.len() < MOST_FIELDS && !values.contains_key(&name) {
            values.insert(name, value);
        }
    }
    values.into()
}
