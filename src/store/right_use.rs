//! The rows of which right of a client's tokens was last used when.

use rusqlite::named_params;

use crate::base::error::Result;
use crate::base::id::ClientId;
use crate::base::right::{Right, Rights};
use crate::base::time::Time;
use crate::store::sql::Cells;
use crate::store::transaction::Tx;

/// How many of the newest events of a client are searched for a change of its rights.
const LOOKED_AT: u32 = 1000;

impl Tx<'_> {
    /// Notes that rights of a client's token admitted a request; writes nothing.
    pub(crate) fn note_right_use(&self, client: &ClientId, rights: Rights) {
        if let Some(noted) = self.noted_rights {
            noted.note(client.as_str(), rights, self.now.day());
        }
    }

    /// Stores what was noted of at most `most` clients; returns of how many.
    pub(crate) fn store_right_use(&self, most: usize) -> Result<usize> {
        let noted = self.noted_rights.map(|noted| noted.take(most)).unwrap_or_default();
        for (client, rights) in &noted {
            for right in rights.iter() {
                self.run(
                    "INSERT INTO client_right_use (client_id, right_number, last_day) \
                     SELECT client_id, :right, :day FROM clients WHERE client_id = :client_id \
                     ON CONFLICT (client_id, right_number) DO UPDATE SET last_day = excluded.last_day",
                    named_params! {":client_id": client, ":right": right as i64, ":day": self.now.day()},
                )?;
            }
        }
        Ok(noted.len())
    }

    /// Returns the rights of a client that were used on this day or later.
    pub(crate) fn rights_used_since(&self, client: &ClientId, day: i64) -> Result<Rights> {
        let statement = "SELECT right_number FROM client_right_use WHERE client_id = :client_id AND last_day >= :day";
        let numbers: Vec<i64> =
            self.all(statement, named_params! {":client_id": client, ":day": day}, |cells| cells.take("right_number"))?;
        Ok(numbers.into_iter().filter_map(Right::from_number).collect())
    }

    /// Returns the day on which each right of a client was last used, of those that were.
    pub(crate) fn days_of_right_use(&self, client: &ClientId) -> Result<Vec<(Right, i64)>> {
        let statement = "SELECT right_number, last_day FROM client_right_use WHERE client_id = :client_id";
        let read = |cells: &mut Cells<'_>| Ok((cells.take::<i64>("right_number")?, cells.take("last_day")?));
        let days = self.all(statement, named_params! {":client_id": client}, read)?;
        Ok(days.into_iter().filter_map(|(number, day)| Some((Right::from_number(number)?, day))).collect())
    }

    /// Returns when what a client asks for was last changed, among its newest events.
    pub(crate) fn client_rights_changed_at(&self, client: &ClientId) -> Result<Option<Time>> {
        self.value(
            "SELECT max(happened_at) FROM (SELECT happened_at, name, new_values FROM events WHERE entity_kind = 'client' \
             AND entity_id = :client_id AND is_only IS NULL ORDER BY event_number DESC LIMIT :looked_at) \
             WHERE name = 'client.update' AND json_type(new_values, '$.rights') IS NOT NULL",
            named_params! {":client_id": client, ":looked_at": LOOKED_AT},
        )
    }
}
