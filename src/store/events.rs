//! The rows of events. Repeated events are counted in one row; refusals are deleted after a while.

use rusqlite::named_params;
use serde_json::{Map, Value};

use crate::base::error::Result;
use crate::base::id::{AccountId, ClientId};
use crate::base::page::{Listed, Page};
use crate::base::time::Time;
use crate::model::event::{Action, Actor, Change};
use crate::store::query::SelectQuery;
use crate::store::sql::Cells;
use crate::store::table::json;
use crate::store::transaction::Tx;

/// The events that anyone can cause, as in the indexes of `schema.sql`.
const REFUSALS: &str = "name IN ('client.authorize.refuse', 'client.token.refuse')";

/// The kind of the entities whose creation may be in no index.
const CLIENT: &str = "client";

/// One row of the history.
pub struct Event {
    /// Greater for later events.
    pub number: i64,
    pub happened_at: Time,
    pub name: String,
    pub entity_kind: String,
    pub entity_id: String,
    pub actor: Actor,
    pub old_values: String,
    pub new_values: String,
    /// How often it happened: last at `happened_at`, first at `first_at`.
    pub times: i64,
    pub first_at: Time,
    /// The number of the event that this one undoes, if it is an undo.
    pub undoes: Option<i64>,
}

/// The count of a kind of event on one entity on one day, and the row of the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventCount {
    pub times: i64,
    pub event_number: i64,
}

/// Why requests of a client were refused, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalCount {
    pub reason: String,
    pub times: i64,
    pub last_at: Time,
}

/// What a search found, and where it ended if not all events were looked at: only those of smaller numbers are left.
pub struct FoundEvents {
    pub events: Vec<Event>,
    pub end: Option<i64>,
}

/// How many of the newest events of a client are searched for refusals.
const REFUSALS_LOOKED_AT: u32 = 1000;

impl Tx<'_> {
    /// Returns why requests of a client were refused since then, the most frequent reason first.
    pub(crate) fn refusal_counts(&self, client: &ClientId, since: Time) -> Result<Vec<RefusalCount>> {
        let read = |cells: &mut Cells<'_>| {
            Ok(RefusalCount { reason: cells.text("reason")?, times: cells.take("times")?, last_at: cells.take("last_at")? })
        };
        self.all(
            "SELECT coalesce(json_extract(new_values, '$.reason'), '') AS reason, sum(times) AS times, max(happened_at) AS last_at \
             FROM (SELECT new_values, times, happened_at, name FROM events WHERE entity_kind = 'client' AND entity_id = :client_id \
             AND is_only IS NULL AND name IN ('client.authorize.refuse', 'client.token.refuse') \
             ORDER BY event_number DESC LIMIT :looked_at) \
             WHERE happened_at >= :since GROUP BY reason ORDER BY times DESC, reason",
            named_params! {":client_id": client, ":since": since, ":looked_at": REFUSALS_LOOKED_AT},
            read,
        )
    }

    /// Inserts a row that stands for `times` events since `first_at`; its number is greater than any other. To the creation of a client,
    /// nothing else may have happened since.
    pub(crate) fn insert_event(&self, actor: &Actor, change: &Change, times: i64, first_at: Time) -> Result<i64> {
        let is_creation = change.entity_kind == CLIENT && change.action == Action::Create;
        self.run(
            "INSERT INTO events (happened_at, name, entity_kind, entity_id, account_id, api_key_id, request_id, old_values, new_values, \
             client_id, times, first_at, is_only, undoes) VALUES (:happened_at, :name, :entity_kind, :entity_id, :account_id, :api_key_id, \
             :request_id, :old_values, :new_values, :client_id, :times, :first_at, :is_only, :undoes)",
            named_params! {
                ":happened_at": self.now,
                ":name": change.action.of(change.entity_kind),
                ":entity_kind": change.entity_kind,
                ":entity_id": change.entity_id,
                ":account_id": actor.account_id,
                ":api_key_id": actor.api_key_id,
                ":request_id": actor.request_id,
                ":old_values": stored(&change.old, &change.new),
                ":new_values": stored(&change.new, &change.old),
                ":client_id": actor.client_id,
                ":times": times,
                ":first_at": (times > 1).then_some(first_at),
                ":is_only": is_creation.then_some(true),
                ":undoes": change.undoes,
            },
        )?;
        let number = self.connection()?.last_insert_rowid();
        if is_creation {
            let statement = "UPDATE clients SET only_event = :number WHERE client_id = :client_id";
            self.run(statement, named_params! {":number": number, ":client_id": change.entity_id})?;
        }
        Ok(number)
    }

    /// Prepares for another event of a client: from then on an index has to find its creation too.
    pub(crate) fn index_creation(&self, client: &str) -> Result<()> {
        let only = "SELECT only_event FROM clients WHERE client_id = :client_id AND only_event IS NOT NULL";
        let values = named_params! {":client_id": client};
        if self.change(&format!("UPDATE events SET is_only = NULL WHERE event_number = ({only})"), values)? > 0 {
            self.run("UPDATE clients SET only_event = NULL WHERE client_id = :client_id", values)?;
        }
        Ok(())
    }

    pub(crate) fn event(&self, number: i64) -> Result<Option<Event>> {
        let statement = format!("SELECT {COLUMNS} FROM events WHERE event_number = :number");
        self.one(&statement, named_params! {":number": number}, read)
    }

    /// Deletes a row, which must not be the newest: SQLite would use its number again.
    pub(crate) fn delete_event(&self, number: i64) -> Result<()> {
        self.run("DELETE FROM events WHERE event_number = :number", named_params! {":number": number})
    }

    /// Returns when the `nth` newest event of an entity happened, not counting those of these actions; `None` if the newest `looked_at` have
    /// fewer.
    pub(crate) fn nth_newest_event_at(&self, change: &Change, nth: u32, except: &[Action], looked_at: u32) -> Result<Option<Time>> {
        if !self.has_events(change, nth)? {
            return Ok(None);
        }
        let except: Vec<String> = except.iter().map(|action| action.of(change.entity_kind)).collect();
        self.one(
            "SELECT happened_at FROM events WHERE event_number = (SELECT event_number FROM (SELECT event_number, name FROM events \
             WHERE entity_kind = :entity_kind AND entity_id = :entity_id AND is_only IS NULL ORDER BY event_number DESC LIMIT :looked_at) \
             WHERE name NOT IN (SELECT value FROM json_each(:except)) ORDER BY event_number DESC LIMIT 1 OFFSET :skipped)",
            named_params! {
                ":entity_kind": change.entity_kind,
                ":entity_id": change.entity_id,
                ":except": json(&except),
                ":looked_at": looked_at,
                ":skipped": nth.saturating_sub(1),
            },
            |cells| cells.take("happened_at"),
        )
    }

    /// Returns whether an index has as many events of an entity. Most have far fewer, so that nothing else of them need be looked at.
    fn has_events(&self, change: &Change, number: u32) -> Result<bool> {
        self.exists(
            "SELECT 1 FROM events WHERE entity_kind = :entity_kind AND entity_id = :entity_id AND is_only IS NULL LIMIT 1 OFFSET :others",
            named_params! {
                ":entity_kind": change.entity_kind,
                ":entity_id": change.entity_id,
                ":others": number.saturating_sub(1),
            },
        )
    }

    /// Returns when the `nth` newest event of an entity by this account happened, among the newest `looked_at` events of the account.
    pub(crate) fn nth_newest_event_by(&self, account: &str, change: &Change, nth: u32, looked_at: u32) -> Result<Option<Time>> {
        self.one(
            "SELECT happened_at FROM (SELECT event_number, entity_kind, entity_id, happened_at FROM events \
             WHERE account_id = :account ORDER BY event_number DESC LIMIT :looked_at) \
             WHERE entity_kind = :entity_kind AND entity_id = :entity_id ORDER BY event_number DESC LIMIT 1 OFFSET :skipped",
            named_params! {
                ":account": account,
                ":entity_kind": change.entity_kind,
                ":entity_id": change.entity_id,
                ":looked_at": looked_at,
                ":skipped": nth.saturating_sub(1),
            },
            |cells| cells.take("happened_at"),
        )
    }

    /// Returns how many kinds of events are counted for an entity today; stops counting at `most`.
    pub(crate) fn event_kinds(&self, entity_kind: &str, entity_id: &str, most: usize) -> Result<usize> {
        let count: i64 = self.value(
            "SELECT count(*) FROM (SELECT 1 FROM event_counts WHERE entity_kind = :entity_kind AND entity_id = :entity_id AND day = :day \
             LIMIT :most)",
            named_params! {":entity_kind": entity_kind, ":entity_id": entity_id, ":day": self.now.day(), ":most": most as i64},
        )?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// Returns the count of this kind of event today.
    pub(crate) fn event_count(&self, entity_kind: &str, entity_id: &str, kind: &str) -> Result<Option<EventCount>> {
        self.one(
            "SELECT times, event_number FROM event_counts WHERE entity_kind = :entity_kind AND entity_id = :entity_id AND day = :day \
             AND kind = :kind",
            named_params! {":entity_kind": entity_kind, ":entity_id": entity_id, ":day": self.now.day(), ":kind": kind},
            |cells| Ok(EventCount { times: cells.take("times")?, event_number: cells.take("event_number")? }),
        )
    }

    pub(crate) fn set_event_count(&self, entity_kind: &str, entity_id: &str, kind: &str, count: EventCount) -> Result<()> {
        self.run(
            "INSERT INTO event_counts (entity_kind, entity_id, day, kind, times, event_number) \
             VALUES (:entity_kind, :entity_id, :day, :kind, :times, :event_number) \
             ON CONFLICT (entity_kind, entity_id, day, kind) DO UPDATE SET times = excluded.times, event_number = excluded.event_number",
            named_params! {
                ":entity_kind": entity_kind,
                ":entity_id": entity_id,
                ":day": self.now.day(),
                ":kind": kind,
                ":times": count.times,
                ":event_number": count.event_number,
            },
        )
    }

    /// Returns how many rows an account has added to the history today.
    /// # Errors
    /// Only those of the database.
    pub fn event_rows_by(&self, account: &AccountId) -> Result<i64> {
        let statement = "SELECT event_rows FROM account_counts WHERE account_id = :account AND event_day = :day";
        let found = self.one(statement, named_params! {":account": account, ":day": self.now.day()}, |cells| cells.take("event_rows"))?;
        Ok(found.unwrap_or(0))
    }

    /// Adds to the rows of an account of today.
    pub(crate) fn add_event_rows_by(&self, account: &AccountId, rows: i64) -> Result<()> {
        self.run(
            "INSERT INTO account_counts (account_id, event_day, event_rows) VALUES (:account, :day, :rows) ON CONFLICT (account_id) \
             DO UPDATE SET event_rows = iif(event_day = :day, event_rows, 0) + :rows, event_day = :day",
            named_params! {":account": account, ":day": self.now.day(), ":rows": rows},
        )
    }

    /// Deletes the counts of kinds of events of every entity.
    pub(crate) fn delete_event_counts(&self) -> Result<()> {
        self.run("DELETE FROM event_counts", &[])
    }

    /// Deletes at most `limit` counts of days before this one; returns how many were deleted.
    pub(crate) fn delete_old_event_counts(&self, before: i64, limit: usize) -> Result<usize> {
        self.prune("event_counts", "entity_kind, entity_id, day, kind", "day < :before", before, limit)
    }

    /// Deletes at most `limit` refusals older than this; returns how many were deleted. The newest event of all stays: SQLite would give
    /// its number again.
    pub(crate) fn delete_old_refusals(&self, before: Time, limit: usize) -> Result<usize> {
        let is_old = format!("happened_at <= :before AND {REFUSALS} AND event_number < (SELECT max(event_number) FROM events)");
        self.prune("events", "event_number", &is_old, before, limit)
    }

    /// Returns the events of one entity, oldest first.
    /// # Errors
    /// Only those of the database.
    pub fn events(&self, entity_kind: &str, entity_id: &str) -> Result<Vec<Event>> {
        let search = EventSearch { entity: Some((entity_kind.to_owned(), entity_id.to_owned())), ..EventSearch::default() };
        let mut events = self.newest_events(&search, u32::MAX)?;
        events.reverse();
        Ok(events)
    }

    /// Returns the number of the newest event, or 0 if there are none; later ones get greater numbers.
    /// # Errors
    /// Only those of the database.
    pub fn newest_event(&self) -> Result<i64> {
        let number: Option<i64> = self.value("SELECT max(event_number) FROM events", &[])?;
        Ok(number.unwrap_or_default())
    }

    /// Returns at most `most` of the events that the search finds, newest first. Indexes serve the entity, or else the actor.
    pub(crate) fn newest_events(&self, search: &EventSearch, most: u32) -> Result<Vec<Event>> {
        let only = self.only_event(search, most)?;
        let most = most.saturating_sub(u32::try_from(only.len()).unwrap_or(u32::MAX));
        let indexed = search.indexed_query().all(self, COLUMNS, "event_number DESC", Some(most), read)?;
        Ok(only.into_iter().chain(indexed).collect())
    }

    /// Returns at most `most` of the events that the search finds, newest first, among the newest `looked_at` that an index finds for it.
    pub(crate) fn look_through_events(&self, search: &EventSearch, most: u32, looked_at: u32) -> Result<FoundEvents> {
        let actor = search.actor.clone().filter(|_| search.entity.is_none());
        let indexed = EventSearch { actor, names: Vec::new(), ..search.clone() };
        let is_indexed = search.names.is_empty() && search.actor == indexed.actor;
        let last: Option<i64> = if is_indexed {
            None
        } else {
            let query = indexed.indexed_query();
            query.rows(self, "event_number", "event_number DESC", 1, looked_at.into(), |cells| cells.take("event_number"))?.pop()
        };
        let events = self.newest_events(&EventSearch { after: search.after.max(last), ..search.clone() }, most)?;
        Ok(FoundEvents { end: last.filter(|_| events.len() < most as usize).map(|last| last + 1), events })
    }

    /// Returns the number of the first event since then, or one more than the newest: found by halving, because times ascend with numbers.
    pub(crate) fn first_event_since(&self, time: Time) -> Result<i64> {
        let statement = "SELECT happened_at FROM events WHERE event_number >= :number ORDER BY event_number LIMIT 1";
        let (mut earlier, mut found) = (0, self.newest_event()? + 1);
        while earlier + 1 < found {
            let middle = earlier + (found - earlier) / 2;
            let at: Option<Time> = self.one(statement, named_params! {":number": middle}, |cells| cells.take("happened_at"))?;
            if at.is_some_and(|at| at < time) { earlier = middle } else { found = middle }
        }
        Ok(found)
    }

    /// Returns a page of the events that the search finds, newest first.
    pub(crate) fn events_page(&self, search: &EventSearch, page: Page) -> Result<Listed<Event>> {
        if self.only_event(search, 1)?.is_empty() {
            return search.indexed_query().page(self, COLUMNS, "event_number DESC", page, read);
        }
        // Others than the only one are of a former client of this ID.
        let reached = u32::try_from(page.offset() + page.limit()).unwrap_or(u32::MAX);
        let skipped = usize::try_from(page.offset()).unwrap_or(usize::MAX);
        let items = self.newest_events(search, reached)?.into_iter().skip(skipped).collect();
        Ok(Listed { items, total: search.indexed_query().count(self)? + 1 })
    }

    /// Returns the creation of a client to which nothing has happened since, if the search finds it.
    fn only_event(&self, search: &EventSearch, most: u32) -> Result<Vec<Event>> {
        let Some((_, id)) = search.entity.as_ref().filter(|(kind, _)| kind == CLIENT) else { return Ok(Vec::new()) };
        let mut query = search.query();
        query.only_if("event_number = (SELECT only_event FROM clients WHERE client_id = :client_id)").with(":client_id", id);
        query.all(self, COLUMNS, "event_number", Some(most), read)
    }
}

/// A search for events. All conditions must hold.
#[derive(Clone, Debug, Default)]
pub struct EventSearch {
    /// Kind and ID of what changed.
    pub entity: Option<(String, String)>,
    /// The account that changed it.
    pub actor: Option<String>,
    /// Only events with smaller numbers: the end of the page before.
    pub before: Option<i64>,
    /// Only events with greater numbers.
    pub after: Option<i64>,
    /// Only events of these names; all if empty.
    pub names: Vec<String>,
    /// Only events since an entity of one of these kinds and of this ID was last purged: an ID that was freed has a new owner.
    pub since_purge_of: Option<(Vec<&'static str>, String)>,
}

impl EventSearch {
    /// Returns the query for the events that an index finds: all but the only event of a client.
    fn indexed_query(&self) -> SelectQuery<'_> {
        let mut query = self.query();
        if let Some((kind, id)) = &self.entity {
            query.only_if("entity_kind = :entity_kind AND entity_id = :entity_id AND is_only IS NULL").with(":entity_kind", kind);
            query.with(":entity_id", id);
        }
        query
    }

    /// Returns the query for the conditions other than the entity.
    fn query(&self) -> SelectQuery<'_> {
        let mut query = SelectQuery::from("events");
        if let Some(actor) = &self.actor {
            query.only_if("account_id = :actor").with(":actor", actor);
        }
        if let Some((kinds, id)) = &self.since_purge_of {
            query.only_if(
                "event_number > coalesce((SELECT max(p.event_number) FROM json_each(:purged_kinds) k JOIN events p \
                 ON p.entity_kind = k.value AND p.entity_id = :purged_id AND p.is_only IS NULL AND p.name = k.value || '.purge'), 0)",
            );
            query.with(":purged_kinds", json(kinds)).with(":purged_id", id);
        }
        if let Some(before) = &self.before {
            query.only_if("event_number < :before").with(":before", before);
        }
        if let Some(after) = &self.after {
            query.only_if("event_number > :after").with(":after", after);
        }
        if !self.names.is_empty() {
            query.only_if("name IN (SELECT value FROM json_each(:names))").with(":names", json(&self.names));
        }
        query
    }
}

const COLUMNS: &str = "event_number, happened_at, name, entity_kind, entity_id, account_id, api_key_id, request_id, client_id, old_values, \
     new_values, times, coalesce(first_at, happened_at) AS first_at, undoes";

/// Stands for an object with the fields of the other one, each `null`.
const ABSENT: &str = "null";

/// Returns the values of one side of a change as they are stored.
fn stored(values: &Value, others: &Value) -> String {
    let is_absent = match (values, others) {
        (Value::Object(values), Value::Object(others)) => {
            !values.is_empty()
                && values.values().all(Value::is_null)
                && values.keys().eq(others.keys())
                && !others.values().all(Value::is_null)
        }
        _ => false,
    };
    if is_absent { ABSENT.to_owned() } else { json(values) }
}

/// Returns stored values as they were.
fn restored(values: String, others: &str) -> String {
    if values != ABSENT {
        return values;
    }
    let others: Map<String, Value> = serde_json::from_str(others).unwrap_or_default();
    Value::Object(others.into_iter().map(|(name, _)| (name, Value::Null)).collect()).to_string()
}

fn read(cells: &mut Cells<'_>) -> rusqlite::Result<Event> {
    let mut event = Event {
        number: cells.take("event_number")?,
        happened_at: cells.take("happened_at")?,
        name: cells.take("name")?,
        entity_kind: cells.take("entity_kind")?,
        entity_id: cells.take("entity_id")?,
        actor: Actor {
            account_id: cells.take("account_id")?,
            api_key_id: cells.take("api_key_id")?,
            request_id: cells.take("request_id")?,
            client_id: cells.take("client_id")?,
        },
        old_values: cells.take("old_values")?,
        new_values: cells.take("new_values")?,
        times: cells.take("times")?,
        first_at: cells.take("first_at")?,
        undoes: cells.take("undoes")?,
    };
    event.old_values = restored(event.old_values, &event.new_values);
    event.new_values = restored(event.new_values, &event.old_values);
    Ok(event)
}
