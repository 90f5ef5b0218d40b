//! Counts repeated events instead of storing each, so a flood of events neither fills the disk nor hides anything.
//!
//! The first and the last event of every kind on a day have rows of their own; the last one's row has the count and since when. A kind is
//! defined by the action, the actor and client, the fields concerned, and the values given and removed, so nobody's events are counted
//! among somebody else's, and no value is lost among others, except those of [`ATTRIBUTES`]. If an account has used up its rows of a day,
//! in the history of an entity or in total, its changes that give a value are refused until the next day. Removing a value is still
//! recorded: no more can be removed than was given before. Administrators are not limited.

use serde_json::{Map, Value, json};

use crate::base::error::{Result, errors};
use crate::base::id::AccountId;
use crate::base::secret;
use crate::model::bounds::{ACCOUNT_EVENTS, Bound, ENTITY_EVENTS, EVENT, SINGLE_EVENTS};
use crate::model::event::{Action, Actor, Change};
use crate::registry::principal::Principal;
use crate::store::Tx;
use crate::store::events::EventCount;

errors! {
    TOO_MANY_CHANGES: ResourceExhausted "keyfob" "too_many_changes"
        "one account has added {most} entries to the history of `{of}` today, the most there may be: make this change tomorrow (UTC), or ask an administrator";
}

/// The only field of which only the first and the last value of a day are kept: it means nothing to keyfob, and no consent page shows it.
const ATTRIBUTES: &str = "attributes";

/// Fields that only administrators set: if somebody else's change alters them, that follows from what else it does.
const FOLLOWING: [&str; 4] = ["state", "state_description", "skip_authorization", "endorsed"];

/// How many kinds of events of an entity that anyone can cause are told apart per day.
const KINDS_A_DAY: usize = 200;

const SECONDS_A_DAY: i64 = 24 * 60 * 60;

/// How many of the newest events of an entity are searched: more than a day has.
const LOOKED_AT: u32 = 1000;

/// The most bytes of a text, as JSON, that stay if the values of an event are too long together.
const LONGEST_TEXT: usize = 200;
const BEGINNING: usize = 128;

/// Records an event, in a new row or by counting it in one of its kind.
/// # Errors
/// `too_many_changes` if there is no room left today for a value that somebody other than an administrator gives.
pub(super) fn write(tx: &Tx<'_>, by: &Principal, change: Change) -> Result<()> {
    let actor = &by.actor();
    let change = Change { old: shortened(change.old), new: shortened(change.new), ..change };
    let account = accountable(by);
    if change.entity_kind == "client" && change.action != Action::Create {
        tx.index_creation(&change.entity_id)?;
    }
    // Events by people without rights on the entity are always counted; changes by others once there are many.
    let is_counted = is_by_anyone(&change) || has_today(tx, &change, &SINGLE_EVENTS)?;
    let full = match account_full(tx, account.as_ref())? {
        None if is_counted => entity_full(tx, actor, &change, account.as_ref())?,
        full => full,
    };
    if let Some((of, bound)) = full.filter(|_| gives(&change)) {
        let seconds = (tx.now.day() + 1) * SECONDS_A_DAY - tx.now.seconds();
        return Err(TOO_MANY_CHANGES.with("of", of).with("most", bound.most).with("seconds", seconds).into());
    }
    let rows = if is_counted || full.is_some() {
        let kind = if full.is_some() { coarse_kind(actor, &change) } else { kind(actor, &change) };
        count(tx, actor, change, &kind)?
    } else {
        tx.insert_event(actor, &change, 1, tx.now)?;
        1
    };
    account.filter(|_| rows > 0).map_or(Ok(()), |account| tx.add_event_rows_by(&account, rows))
}

/// Counts an event in the last row of its kind. Returns how many rows were added.
fn count(tx: &Tx<'_>, actor: &Actor, change: Change, kind: &str) -> Result<i64> {
    let (entity_kind, entity_id) = (change.entity_kind, change.entity_id.clone());
    let counted = tx.event_count(entity_kind, &entity_id, kind)?.unwrap_or(EventCount { times: 0, event_number: 0 });
    let last = if counted.times > 1 { tx.event(counted.event_number)? } else { None };
    let (event_number, rows) = match last {
        None => (tx.insert_event(actor, &change, 1, tx.now)?, 1),
        Some(last) => {
            let (old, new) = (with(change.old, &last.old_values), with(change.new, &last.new_values));
            let number = tx.insert_event(actor, &Change { old, new, ..change }, last.times + 1, last.first_at)?;
            tx.delete_event(last.number)?;
            (number, 0)
        }
    };
    tx.set_event_count(entity_kind, &entity_id, kind, EventCount { times: counted.times + 1, event_number })?;
    Ok(rows)
}

/// Returns whom the rows count for: the account that acts, and the user who created the key with which an organization acts. Administrators
/// are not counted.
fn accountable(by: &Principal) -> Option<AccountId> {
    let maker = by.person().map(|maker| AccountId::User(maker.clone()));
    let account = by.account.clone().filter(|_| !by.is_admin)?;
    Some(match account {
        AccountId::Organization(_) => maker.unwrap_or(account),
        AccountId::User(_) => account,
    })
}

/// Returns the account and its bound if it has used up its rows of today.
fn account_full<'a>(tx: &Tx<'_>, account: Option<&'a AccountId>) -> Result<Option<(&'a str, &'static Bound)>> {
    let Some(account) = account else { return Ok(None) };
    let is_full = tx.event_rows_by(account)? >= ACCOUNT_EVENTS.most as i64;
    Ok(is_full.then_some((account.as_str(), &ACCOUNT_EVENTS)))
}

/// Returns the entity and its bound if its history has no room left today for an event of this account that is unlike all others.
fn entity_full<'a>(
    tx: &Tx<'_>,
    actor: &Actor,
    change: &'a Change,
    account: Option<&AccountId>,
) -> Result<Option<(&'a str, &'static Bound)>> {
    let is_full = if is_by_anyone(change) {
        tx.event_kinds(change.entity_kind, &change.entity_id, KINDS_A_DAY)? >= KINDS_A_DAY
    } else {
        // Few entities have so many rows of today that it matters whose they are.
        account.is_some() && has_today(tx, change, &ENTITY_EVENTS)? && has_today_by(tx, actor, change, &ENTITY_EVENTS)?
    };
    Ok(is_full.then_some((change.entity_id.as_str(), &ENTITY_EVENTS)))
}

fn is_by_anyone(change: &Change) -> bool {
    Action::BY_ANYONE.contains(&change.action)
}

/// Returns whether the entity has as many rows today of changes by people with a right on it.
fn has_today(tx: &Tx<'_>, change: &Change, bound: &Bound) -> Result<bool> {
    let nth = tx.nth_newest_event_at(change, bound.most as u32, Action::BY_ANYONE, LOOKED_AT)?;
    Ok(nth.is_some_and(|at| at.day() >= tx.now.day()))
}

/// Returns whether the entity has as many rows today of what this account did.
fn has_today_by(tx: &Tx<'_>, actor: &Actor, change: &Change, bound: &Bound) -> Result<bool> {
    let Some(account) = &actor.account_id else { return Ok(false) };
    let nth = tx.nth_newest_event_by(account, change, bound.most as u32, 2 * ACCOUNT_EVENTS.most as u32)?;
    Ok(nth.is_some_and(|at| at.day() >= tx.now.day()))
}

/// Returns whether the event gives a value that would be lost if it were counted with others.
fn gives(change: &Change) -> bool {
    let is_chosen = |field: &str| change.action != Action::Update || !FOLLOWING.contains(&field);
    !is_by_anyone(change) && given(change).iter().any(|(field, _)| is_chosen(field))
}

/// Returns the values given, each of which is kept.
fn given(change: &Change) -> Vec<(&String, &Value)> {
    kept(change, Action::GIVING, &change.new)
}

/// Returns the values removed, each of which is kept.
fn taken(change: &Change) -> Vec<(&String, &Value)> {
    kept(change, Action::TAKING, &change.old)
}

fn kept<'c>(change: &Change, actions: &[Action], values: &'c Value) -> Vec<(&'c String, &'c Value)> {
    let is_kept = |field: &str, value: &Value| !is_empty(value) && (change.action != Action::Update || field != ATTRIBUTES);
    let values = values.as_object().filter(|_| actions.contains(&change.action));
    values.into_iter().flatten().filter(|(field, value)| is_kept(field, value)).collect()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(_) => false,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

/// Returns the kind of an event. Values are in it as a digest, which keeps it short.
fn kind(actor: &Actor, change: &Change) -> String {
    let name = change.action.of(change.entity_kind);
    let values = secret::digest(&json!([given(change), taken(change)]).to_string());
    json!([name, change.new["reason"], actor.account_id, actor.api_key_id, actor.client_id, fields(change), values]).to_string()
}

/// The same when no room is left: refusals differ only by reason, of which there is a fixed number, and other events only by account and
/// removed values.
fn coarse_kind(actor: &Actor, change: &Change) -> String {
    let name = change.action.of(change.entity_kind);
    let kind = if Action::REFUSALS.contains(&change.action) {
        json!([name, change.new["reason"]])
    } else {
        json!([name, actor.account_id, secret::digest(&json!(taken(change)).to_string())])
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

/// Returns the last event's values, and earlier ones of fields that it does not have, as far as there is room.
fn with(last: Value, earlier: &str) -> Value {
    let mut room = (EVENT.most / 2).saturating_sub(last.to_string().len());
    let Value::Object(mut values) = last else { return last };
    for (name, value) in serde_json::from_str::<Map<String, Value>>(earlier).unwrap_or_default() {
        let length = json!({&name: value}).to_string().len();
        if length <= room && !values.contains_key(&name) {
            room -= length;
            values.insert(name, value);
        }
    }
    values.into()
}

/// Returns the values, with long texts shortened if they are too long together.
fn shortened(values: Value) -> Value {
    let most = EVENT.most / 2;
    // Most values are so small that their JSON need not be written to know it.
    if longest_json(&values) > most && values.to_string().len() > most { with_short_texts(values) } else { values }
}

/// Returns how many bytes the JSON of a value has at most: a byte of a text is written as up to six, `\u0000`.
fn longest_json(value: &Value) -> usize {
    const NUMBER: usize = 24;
    let text = |text: &str| 6 * text.len() + 2;
    match value {
        Value::String(value) => text(value),
        Value::Array(items) => 2 + items.iter().map(|item| longest_json(item) + 1).sum::<usize>(),
        Value::Object(members) => 2 + members.iter().map(|(name, value)| text(name) + longest_json(value) + 2).sum::<usize>(),
        Value::Null | Value::Bool(_) | Value::Number(_) => NUMBER,
    }
}

/// Returns whether a value, or one in it, is kept only as its beginning.
pub(super) fn is_shortened(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("… (") && text.contains(" characters, SHA-256 ") && text.ends_with(')'),
        Value::Array(items) => items.iter().any(is_shortened),
        Value::Object(members) => members.values().any(is_shortened),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn with_short_texts(value: Value) -> Value {
    let length = |text: &str| json!(text).to_string().len();
    match value {
        Value::String(text) if length(&text) > LONGEST_TEXT => {
            let ends = text.char_indices().map(|(at, _)| at).take_while(|end| length(&text[..*end]) <= BEGINNING);
            let beginning = &text[..ends.last().unwrap_or_default()];
            format!("{beginning}… ({} characters, SHA-256 {})", text.chars().count(), secret::digest(&text)).into()
        }
        Value::Array(items) => items.into_iter().map(with_short_texts).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, with_short_texts(value))).collect::<Map<_, _>>().into(),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_json_is_longer_than_is_reckoned() {
        for value in [
            json!("\u{0}\u{1f}\"\\é€😀/"),
            json!([-2.225_073_858_507_201_4e-308, i64::MIN, true, null]),
            json!({"a\u{7}": {"b": "\n".repeat(40)}, "": []}),
        ] {
            assert!(value.to_string().len() <= longest_json(&value), "{value}");
        }
    }
}
