//! The rows of events. Only ever appended to; what strangers caused goes after a while.

use rusqlite::named_params;

use crate::base::error::Result;
use crate::base::id::ClientId;
use crate::base::time::Time;
use crate::model::event::{Actor, Change};
use crate::store::Tx;
use crate::store::query::Query;
use crate::store::sql::Cells;

/// As in the indexes of `schema.sql`: what strangers caused.
const REFUSALS: &str = "name IN ('client.authorize.refuse', 'client.token.refuse')";

/// One row, as the history shows it.
#[derive(Debug)]
pub struct Event {
    /// Later events have greater numbers.
    pub number: i64,
    pub happened_at: Time,
    pub name: String,
    pub entity_kind: String,
    pub entity_id: String,
    pub actor: Actor,
    pub old_values: String,
    pub new_values: String,
}

impl Tx<'_> {
    pub fn insert_event(&self, actor: &Actor, change: &Change) -> Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO events (happened_at, name, entity_kind, entity_id, account_id, api_key_id, request_id, old_values, new_values) \
                 VALUES (:happened_at, :name, :entity_kind, :entity_id, :account_id, :api_key_id, :request_id, :old_values, :new_values)",
            )?
            .execute(named_params! {
                ":happened_at": self.now,
                ":name": change.action.of(change.entity_kind),
                ":entity_kind": change.entity_kind,
                ":entity_id": change.entity_id,
                ":account_id": actor.account_id,
                ":api_key_id": actor.api_key_id,
                ":request_id": actor.request_id,
                ":old_values": change.old.to_string(),
                ":new_values": change.new.to_string(),
            })?;
        Ok(())
    }

    /// How many refusals were written down for a client since then; it stops counting at `most`.
    pub fn refusals(&self, client: &ClientId, since: Time, most: usize) -> Result<usize> {
        let count: i64 = self
            .connection
            .prepare_cached(&format!(
                "SELECT count(*) FROM (SELECT 1 FROM events WHERE entity_id = :client_id AND happened_at > :since AND {REFUSALS} LIMIT :most)"
            ))?
            .query_row(named_params! {":client_id": client, ":since": since, ":most": most as i64}, |row| row.get(0))?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// Removes refusals older than this, at most so many; how many it were. The newest event of all stays: SQLite would give its number again.
    pub fn delete_old_refusals(&self, before: Time, most: usize) -> Result<usize> {
        let deleted = self
            .connection
            .prepare_cached(&format!(
                "DELETE FROM events WHERE event_number IN (SELECT event_number FROM events WHERE happened_at <= :before AND {REFUSALS} \
                 AND event_number < (SELECT max(event_number) FROM events) LIMIT :most)"
            ))?
            .execute(named_params! {":before": before, ":most": most as i64})?;
        Ok(deleted)
    }

    /// The events of one entity, oldest first.
    pub fn events(&self, entity_kind: &str, entity_id: &str) -> Result<Vec<Event>> {
        let search = EventSearch { entity: Some((entity_kind.to_owned(), entity_id.to_owned())), ..EventSearch::default() };
        Ok(search.query().all(self.connection, COLUMNS, "event_number", None, read)?)
    }

    /// The number of the newest event: later ones get greater numbers. Nought if there is none.
    pub fn newest_event(&self) -> Result<i64> {
        let number: Option<i64> =
            self.connection.prepare_cached("SELECT max(event_number) FROM events")?.query_row([], |row| row.get(0))?;
        Ok(number.unwrap_or_default())
    }

    /// The newest events that the search finds, newest first, at most so many. Indexes serve the entity, and without one the actor.
    pub fn newest_events(&self, search: &EventSearch, most: u32) -> Result<Vec<Event>> {
        Ok(search.query().all(self.connection, COLUMNS, "event_number DESC", Some(most), read)?)
    }
}

/// Which events. All conditions must hold.
#[derive(Clone, Debug, Default)]
pub struct EventSearch {
    /// Kind and ID of what changed.
    pub entity: Option<(String, String)>,
    /// The account that changed it.
    pub actor: Option<String>,
    /// Only events with smaller numbers: where the page before this one ended.
    pub before: Option<i64>,
    /// Only events with greater numbers.
    pub after: Option<i64>,
    /// Only events of these names; of all, if there are none.
    pub names: Vec<String>,
    /// Only events since whoever had this kind and this ID before was purged: an ID that was freed has a new owner.
    pub since_purge_of: Option<(&'static str, String)>,
}

impl EventSearch {
    fn query(&self) -> Query<'_> {
        let mut query = Query::from("events");
        if let Some((kind, id)) = &self.entity {
            query.only_if("entity_kind = :entity_kind AND entity_id = :entity_id");
            query.with(":entity_kind", kind);
            query.with(":entity_id", id);
        }
        if let Some(actor) = &self.actor {
            query.only_if("account_id = :actor");
            query.with(":actor", actor);
        }
        if let Some((kind, id)) = &self.since_purge_of {
            query.only_if(
                "event_number > coalesce((SELECT max(p.event_number) FROM events p WHERE p.entity_kind = :purged_kind \
                 AND p.entity_id = :purged_id AND p.name = :purged_kind || '.purge'), 0)",
            );
            query.with(":purged_kind", kind);
            query.with(":purged_id", id);
        }
        if let Some(before) = &self.before {
            query.only_if("event_number < :before");
            query.with(":before", before);
        }
        if let Some(after) = &self.after {
            query.only_if("event_number > :after");
            query.with(":after", after);
        }
        if !self.names.is_empty() {
            query.only_if("name IN (SELECT value FROM json_each(:names))");
            query.with(":names", serde_json::json!(self.names).to_string());
        }
        query
    }
}

const COLUMNS: &str = "event_number, happened_at, name, entity_kind, entity_id, account_id, api_key_id, request_id, old_values, new_values";

fn read(cells: &mut Cells<'_>) -> rusqlite::Result<Event> {
    Ok(Event {
        number: cells.take("event_number")?,
        happened_at: cells.take("happened_at")?,
        name: cells.take("name")?,
        entity_kind: cells.take("entity_kind")?,
        entity_id: cells.take("entity_id")?,
        actor: Actor {
            account_id: cells.take("account_id")?,
            api_key_id: cells.take("api_key_id")?,
            request_id: cells.take("request_id")?,
        },
        old_values: cells.take("old_values")?,
        new_values: cells.take("new_values")?,
    })
}
