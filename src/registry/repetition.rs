//! How much is written down: what one does again and again is counted instead, so that a flood of events neither fills the disk nor hides
//! anything.
//!
//! Of every kind of event the first of a day and the last have rows of their own; the row of the last says how often it happened, and since
//! when. A kind is told by what happened, who did it with what, and which fields it was about, so nobody's events are counted in those of
//! somebody else, and a change of the redirect URIs is not lost among changes of the description. Changes of what decides where codes go
//! and what tokens open ([`EXACT`]) are told apart by their values too, so none of these is lost among others. Only where more kinds than
//! [`KINDS_A_DAY`] were counted of one entity are they told apart less finely; from then on such changes are refused until the next day,
//! except those of administrators.

use serde_json::{Map, Value, json};

use crate::base::error::{Result, errors};
use crate::base::secret;
use crate::model::event::{Action, Actor, Change};
use crate::registry::principal::Principal;
use crate::store::Tx;
use crate::store::events::EventCount;

errors! {
    TOO_MANY_CHANGES: ResourceExhausted
        "keyfob" "too_many_changes" "`{field}` was changed too often today: change it tomorrow (UTC), or ask an administrator";
}

/// How many changes of an entity on one day (UTC) are written down one by one.
const SINGLE_A_DAY: u32 = 100;

/// How many kinds of events of an entity are told apart on one day.
const KINDS_A_DAY: usize = 200;

/// How many of the newest events are looked at for those: more than a day has of all others.
const LOOKED_AT: u32 = 1000;

/// How many fields the row of the last event keeps of those that were counted in it.
const MOST_FIELDS: usize = 64;

/// Fields whose every value is kept.
const EXACT: [&str; 4] = ["redirect_uris", "logout_redirect_uris", "rights", "grants"];

/// Writes an event down, in a row of its own or in that of earlier ones of its kind.
///
/// # Errors
/// `too_many_changes` if a value would be lost that somebody who is no administrator gave one of [`EXACT`].
pub(super) fn write(tx: &Tx<'_>, by: &Principal, change: Change) -> Result<()> {
    let actor = &by.actor();
    let (entity_kind, entity_id) = (change.entity_kind, change.entity_id.clone());
    if !is_counted(tx, &change)? {
        return tx.insert_event(actor, &change, 1, tx.now).map(drop);
    }
    let kinds = tx.event_kinds(entity_kind, &entity_id, KINDS_A_DAY)?;
    let lost = EXACT.iter().find(|field| change.action == Action::Update && change.new.get(**field).is_some());
    if let Some(field) = lost.filter(|_| kinds >= KINDS_A_DAY && !by.is_admin) {
        return Err(TOO_MANY_CHANGES.with("field", *field).into());
    }
    let kind = kind(actor, &change, kinds);
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
        (true, _) => json!([name, reason, actor.account_id, actor.api_key_id, actor.client_id, fields(change), exact(change)]),
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

/// A digest of the values that [`EXACT`] fields are given, so that the kind stays short. `None` if the change is about none of them.
fn exact(change: &Change) -> Option<String> {
    let values: Vec<_> = EXACT.iter().filter_map(|field| change.new.get(*field).map(|value| (field, value))).collect();
    (!values.is_empty()).then(|| secret::digest(&json!(values).to_string()))
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
