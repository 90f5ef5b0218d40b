//! Undoes a change of a client: sets the fields of its event back, as an update by the caller.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::base::error::{Error, Result, errors};
use crate::base::id::ClientId;
use crate::base::right::Right;
use crate::model::client::{Client, FIELDS};
use crate::model::event::Action;
use crate::model::field::{Field, SeenBy, SetBy};
use crate::model::mask::Mask;
use crate::model::patch::Patch;
use crate::model::settings::Settings;
use crate::registry::approval::ChangedClient;
use crate::registry::entity::{Entity, live_client};
use crate::registry::principal::Principal;
use crate::registry::{clients, history, repetition, rights};
use crate::store::events::{Event, EventSearch};
use crate::store::{Deleted, Tx};

errors! {
    EVENT_NOT_FOUND: NotFound "keyfob" "event_not_found" "event `{event_number}` not found";
    EVENT_NOT_UNDOABLE: FailedPrecondition "keyfob" "event_not_undoable" "event `{event_number}` (`{name}`) cannot be undone: {why}";
    CHANGED_SINCE: FailedPrecondition "keyfob" "changed_since"
        "event `{event_number}` cannot be undone: {fields} of client `{client_id}` was changed again after it. Undo the later change first, or set the field itself";
}

/// Reads the number of an event.
/// # Errors
/// `event_not_found` for what is no number.
pub fn number(text: Option<&str>) -> Result<i64> {
    let text = text.unwrap_or_default();
    text.parse().map_err(|_| EVENT_NOT_FOUND.with("event_number", text).into())
}

/// An event that can be undone, and which of its fields are set back.
pub struct Undoable {
    pub client_id: ClientId,
    pub event: Event,
    fields: Vec<&'static Field<Client>>,
    /// Whether the event changed also what only administrators set, and the caller is none.
    keeps_admin_fields: bool,
}

pub struct Undone {
    pub changed: ChangedClient,
    /// What the event changed too and stays as it is, as warnings for the header `X-Warning` and for people.
    pub stays: Vec<&'static str>,
}

const SECRET_STAYS: &str = "The event changed the client secret too: a secret is never set back";
const ADMIN_FIELDS_STAY: &str =
    "The event changed what only administrators set too, such as the approval or the endorsement: that is not set back";

/// How many later events are looked at.
const LOOKED_AT: u32 = 1000;

impl Undoable {
    pub fn sets_back(&self, field: &str) -> bool {
        self.fields.iter().any(|one| one.name == field)
    }
}

/// Returns what the caller can undo of an event. A secret stays as it is now; so do the fields that only administrators set, if the caller is
/// none: what the change withdrew is theirs to give again.
/// # Errors
/// `event_not_found` also for callers who may not see it; `event_not_undoable`; those of [`rights::require`].
pub fn undoable(tx: &Tx<'_>, by: &Principal, number: i64) -> Result<Undoable> {
    let event = tx.event(number)?.ok_or_else(|| not_found(number))?;
    let (client_id, event) = visible(tx, by, &event)?;
    rights::require(tx, by, &Entity::Client(client_id.clone()), Right::ClientSettingsBasic, Deleted::No)?;
    let all = check_undoable(&event, &object(&event.old_values))?;
    let own: Vec<_> = all.iter().copied().filter(|field| by.is_admin || !field.is_for_admins()).collect();
    // Where all are administrators' fields, they are refused when they are set.
    let fields = if own.is_empty() { all.clone() } else { own };
    Ok(Undoable { client_id, event, keeps_admin_fields: fields.len() < all.len(), fields })
}

/// Sets the fields of a change of a client back, which is a change itself.
/// # Errors
/// Those of [`undoable`] and of [`clients::update`]; `changed_since`.
pub fn undo(tx: &Tx<'_>, by: &Principal, settings: &Settings, number: i64) -> Result<Undone> {
    let Undoable { client_id: id, event, fields, keeps_admin_fields } = undoable(tx, by, number)?;
    let (old, new) = (object(&event.old_values), object(&event.new_values));
    let current = live_client(tx, &id)?;
    check_unchanged(tx, &Entity::Client(id.clone()), &event, &fields, &new, &current)?;
    let (mut mask, mut back) = (Mask::default(), Patch::decode(FIELDS, &old).map_err(|error| Error::Internal(error.to_string().into()))?);
    fields.iter().for_each(|field| mask.add(FIELDS, field.name));
    // Without it, a new state has none.
    if mask.names(FIELDS, "state") && !mask.names(FIELDS, "state_description") {
        mask.add(FIELDS, "state_description");
        back.put("state_description", current.state_description.as_str().into());
    }
    back.put("ids", json!({"client_id": id.as_str()}));
    back.check(FIELDS, "Client", Some(&mask)).map_err(|inner| inner.inside("UpdateClientRequest", "client"))?;
    back = back.only(FIELDS, &mask);
    let changed = clients::set_back(tx, by, settings, &id, &mask, &back, number)?;
    let stays = [(old.contains_key("secret"), SECRET_STAYS), (keeps_admin_fields, ADMIN_FIELDS_STAY)];
    Ok(Undone { changed, stays: stays.into_iter().filter_map(|(is, text)| is.then_some(text)).collect() })
}

/// Returns whether an event is one that can be undone, by this caller, if nobody changed its fields since.
pub fn is_undoable(tx: &Tx<'_>, by: &Principal, event: &Event) -> bool {
    let is_callers = || {
        let (id, _) = visible(tx, by, event)?;
        rights::require(tx, by, &Entity::Client(id), Right::ClientSettingsBasic, Deleted::No)
    };
    check_undoable(event, &object(&event.old_values)).is_ok() && is_callers().is_ok()
}

/// Returns the client that an event is about, and the event, if the caller may see it there.
fn visible(tx: &Tx<'_>, by: &Principal, event: &Event) -> Result<(ClientId, Event)> {
    let not_found = || not_found(event.number);
    let id: Option<ClientId> = event.entity_id.parse().ok().filter(|_| event.entity_kind == "client");
    let id = id.ok_or_else(not_found)?;
    match history::event(tx, by, &Entity::Client(id.clone()), event.number) {
        Ok(Some(event)) => Ok((id, event)),
        Ok(None) | Err(Error::Named(_)) => Err(not_found()),
        Err(error) => Err(error),
    }
}

fn not_found(number: i64) -> Error {
    EVENT_NOT_FOUND.with("event_number", number).into()
}

/// Returns the fields to set back.
fn check_undoable(event: &Event, old: &Map<String, Value>) -> Result<Vec<&'static Field<Client>>> {
    let refused = |why: &str| {
        let number = EVENT_NOT_UNDOABLE.with("event_number", event.number);
        Err(number.with("name", event.name.as_str()).with("why", why).into())
    };
    if event.name != Action::Update.of("client") {
        return refused("only a change of a client's fields can, `client.update`");
    }
    if event.times > 1 {
        return refused("it counts several changes and has the values of the last one only; set the fields themselves");
    }
    let is_back = |field: &&Field<Client>| field.set_by != SetBy::Server && field.seen_by != SeenBy::Issued && old.contains_key(field.name);
    let fields: Vec<_> = FIELDS.iter().filter(is_back).collect();
    if fields.is_empty() {
        return refused("a secret is never set back; issue a new one");
    }
    match fields.iter().find(|field| old.get(field.name).is_some_and(repetition::is_shortened)) {
        Some(field) => refused(&format!("the history has only the beginning of `{}`; set it itself", field.name)),
        None => Ok(fields),
    }
}

/// Checks that no later event is about the fields, and that they are as the event left them.
fn check_unchanged(
    tx: &Tx<'_>,
    entity: &Entity,
    event: &Event,
    fields: &[&'static Field<Client>],
    new: &Map<String, Value>,
    current: &Client,
) -> Result<()> {
    let later = EventSearch {
        entity: Some((entity.kind().to_owned(), entity.as_str().to_owned())),
        names: [Action::Create, Action::Update].iter().map(|action| action.of(entity.kind())).collect(),
        after: Some(event.number),
        ..EventSearch::default()
    };
    let later = tx.newest_events(&later, LOOKED_AT)?;
    let touched: BTreeSet<String> =
        standing(&later, event.number).flat_map(|event| object(&event.new_values)).map(|(name, _)| name).collect();
    let is_all_seen = later.len() < LOOKED_AT as usize;
    let is_changed = |field: &&&'static Field<Client>| {
        let left = new.get(field.name).unwrap_or(&Value::Null);
        let is_as_left = (field.get)(current) == *left || repetition::is_shortened(left);
        !is_all_seen || touched.contains(field.name) || !is_as_left
    };
    let changed: Vec<String> = fields.iter().filter(is_changed).map(|field| format!("`{}`", field.name)).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let refusal = CHANGED_SINCE.with("event_number", event.number).with("client_id", entity.as_str());
    Err(refusal.with("fields", changed.join(", ")).into())
}

/// Returns those of later events, newest first, that are neither undone nor the undoing of one of them.
fn standing(later: &[Event], number: i64) -> impl Iterator<Item = &Event> {
    let mut undone = BTreeSet::new();
    later.iter().filter(move |event| {
        let undoes = event.undoes.filter(|other| *other > number && event.times == 1);
        !undone.contains(&event.number) && undoes.is_none_or(|other| !undone.insert(other))
    })
}

fn object(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}
