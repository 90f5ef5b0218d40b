//! The history. Every operation that changes something records one event in its own transaction; repeated ones are counted.

use serde_json::{Map, Value, json};

use crate::base::error::Result;
use crate::base::id::AccountId;
use crate::base::page::{Listed, Page};
use crate::base::right::Right;
use crate::base::time::Time;
use crate::model::event::{Action, Change};
use crate::model::field::Field;
use crate::model::value;
use crate::model::view::changes;
use crate::registry::entity::Entity;
use crate::registry::principal::Principal;
use crate::registry::{repetition, rights};
use crate::store::events::{Event, EventSearch, FoundEvents};
use crate::store::{Deleted, Tx};

/// The ID under which the refusals of unknown clients are counted. No client can have it.
pub const UNKNOWN_CLIENT: &str = "(unknown)";

/// Records that an entity was created, deleted or changed, with the fields that differ.
/// # Errors
/// Those of [`record_values`].
pub(super) fn record<E>(
    tx: &Tx<'_>,
    by: &Principal,
    entity: &Entity,
    action: Action,
    fields: &'static [Field<E>],
    old: Option<&E>,
    new: Option<&E>,
) -> Result<()> {
    let (old, new) = changes(fields, old, new);
    record_values(tx, by, entity, action, old, new)
}

/// Records that the fields of an entity were changed, to undo the event of this number if there is one.
/// # Errors
/// Those of [`record_values`].
pub(super) fn record_update<E>(
    tx: &Tx<'_>,
    by: &Principal,
    entity: &Entity,
    fields: &'static [Field<E>],
    old: &E,
    new: &E,
    undoes: Option<i64>,
) -> Result<()> {
    let (old, new) = changes(fields, Some(old), Some(new));
    let entity_id = entity.as_str().to_owned();
    repetition::write(tx, by, Change { action: Action::Update, entity_kind: entity.kind(), entity_id, old, new, undoes })
}

/// Records a change to a part of an entity: a member, a key, a secret. `null` means absent.
/// # Errors
/// Those of [`record_values`].
pub(super) fn record_part(tx: &Tx<'_>, by: &Principal, entity: &Entity, action: Action, part: &str, old: Value, new: Value) -> Result<()> {
    let object = |value: Value| Value::Object(Map::from_iter([(part.to_owned(), value)]));
    record_values(tx, by, entity, action, object(old), object(new))
}

/// Records a change given as the objects `old` and `new`.
/// # Errors
/// `too_many_changes` if no room is left today for a value that somebody other than an administrator gives.
pub(super) fn record_values(tx: &Tx<'_>, by: &Principal, entity: &Entity, action: Action, old: Value, new: Value) -> Result<()> {
    let change = Change { action, entity_kind: entity.kind(), entity_id: entity.as_str().to_owned(), old, new, undoes: None };
    repetition::write(tx, by, change)?;
    if action == Action::Purge {
        // The next owner of the ID must not be counted in the former owner's rows.
        tx.delete_event_counts()?;
    }
    Ok(())
}

/// Records a refusal to a client, or to [`UNKNOWN_CLIENT`].
pub(super) fn record_refusal(tx: &Tx<'_>, by: &Principal, client_id: &str, action: Action, old: Value, new: Value) -> Result<()> {
    repetition::write(tx, by, Change { action, entity_kind: "client", entity_id: client_id.to_owned(), old, new, undoes: None })
}

/// Records a change of the server itself, named by what was changed.
pub(super) fn record_of_server(tx: &Tx<'_>, by: &Principal, id: &str, action: Action, old: Value, new: Value) -> Result<()> {
    repetition::write(tx, by, Change { action, entity_kind: "server", entity_id: id.to_owned(), old, new, undoes: None })
}

/// Lists at most `most` events, newest first: of an entity, or without one, all for administrators and their own for others.
/// # Errors
/// Those of [`rights::require`].
pub fn list(tx: &Tx<'_>, by: &Principal, entity: Option<&Entity>, search: EventSearch, most: u32) -> Result<Vec<Event>> {
    visible(tx, by, entity, search)?.map_or(Ok(Vec::new()), |search| tx.newest_events(&search, most))
}

/// How many events a search looks at that no index narrows down any further.
const LOOKED_AT: u32 = 2000;

/// The same, but looks at a bounded number of events: where it ended early, [`FoundEvents::end`] says where to go on.
/// # Errors
/// Those of [`rights::require`].
pub fn look_through(tx: &Tx<'_>, by: &Principal, entity: Option<&Entity>, search: EventSearch, most: u32) -> Result<FoundEvents> {
    let nothing = FoundEvents { events: Vec::new(), end: None };
    visible(tx, by, entity, search)?.map_or(Ok(nothing), |search| tx.look_through_events(&search, most, LOOKED_AT))
}

/// Returns the number of the first event since then, or one more than the newest.
pub(crate) fn first_since(tx: &Tx<'_>, time: Time) -> Result<i64> {
    tx.first_event_since(time)
}

/// Returns a page of the events of an entity, newest first.
/// # Errors
/// Those of [`rights::require`].
pub fn page(tx: &Tx<'_>, by: &Principal, entity: &Entity, page: Page) -> Result<Listed<Event>> {
    let search = visible(tx, by, Some(entity), EventSearch::default())?;
    search.map_or(Ok(Listed::none()), |search| tx.events_page(&search, page))
}

/// Narrows a search to what the caller may see; `None` if that is nothing.
fn visible(tx: &Tx<'_>, by: &Principal, entity: Option<&Entity>, mut search: EventSearch) -> Result<Option<EventSearch>> {
    match (entity, &by.account) {
        _ if by.is_admin => {}
        (Some(entity), _) => {
            rights::require(tx, by, entity, reading(entity), Deleted::Either)?;
            search.since_purge_of = Some((vec![entity.kind()], entity.as_str().to_owned()));
        }
        (None, Some(account)) => {
            search.actor = Some(account.as_str().to_owned());
            // Users and organizations share one namespace of IDs, and an event does not say which of the two acted.
            search.since_purge_of = Some((AccountId::KINDS.to_vec(), account.as_str().to_owned()));
        }
        (None, None) => return Ok(None),
    }
    search.entity = entity.map(|entity| (entity.kind().to_owned(), entity.as_str().to_owned()));
    Ok(Some(search))
}

/// Returns an event that the caller may see and that is about what has this ID now: none from before a purge, for administrators neither.
/// # Errors
/// Those of [`rights::require`].
pub(super) fn event(tx: &Tx<'_>, by: &Principal, entity: &Entity, number: i64) -> Result<Option<Event>> {
    let since_purge_of = Some((vec![entity.kind()], entity.as_str().to_owned()));
    let search = EventSearch { after: number.checked_sub(1), before: number.checked_add(1), since_purge_of, ..EventSearch::default() };
    Ok(list(tx, by, Some(entity), search, 1)?.pop())
}

/// Returns the number of the newest event; later ones get greater numbers.
pub(crate) fn newest(tx: &Tx<'_>) -> Result<i64> {
    tx.newest_event()
}

/// Lists these actions on an entity after an event, oldest first; at most the latest `most`. The caller may change the entity; values may
/// be shown only to holders of the right of [`reading`]. Events before a purge are left out.
pub(crate) fn since(tx: &Tx<'_>, entity: &Entity, actions: &[Action], number: i64, most: u32) -> Result<Vec<Event>> {
    let purge = Action::Purge.of(entity.kind());
    let search = EventSearch {
        entity: Some((entity.kind().to_owned(), entity.as_str().to_owned())),
        names: actions.iter().map(|action| action.of(entity.kind())).chain([purge.clone()]).collect(),
        after: Some(number),
        ..EventSearch::default()
    };
    let mut events: Vec<Event> = tx.newest_events(&search, most)?.into_iter().take_while(|event| event.name != purge).collect();
    events.reverse();
    Ok(events)
}

/// Returns the right to read an entity's history.
pub fn reading(entity: &Entity) -> Right {
    match entity {
        Entity::Client(_) => Right::ClientInfo,
        Entity::User(_) => Right::UserInfo,
        Entity::Organization(_) => Right::OrganizationInfo,
    }
}

/// Returns an event as the API writes it: what is absent is left out.
pub fn to_json(event: &Event) -> Value {
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
