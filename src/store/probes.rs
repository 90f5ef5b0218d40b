//! The rows of the last tries of redirect URIs.

use rusqlite::named_params;

use crate::base::error::Result;
use crate::base::id::ClientId;
use crate::base::probe::{ProbeOutcome, UriProbe};
use crate::base::time::Time;
use crate::store::table::json;
use crate::store::transaction::Tx;

impl Tx<'_> {
    /// Returns the last try of each URI of a client.
    pub(crate) fn client_probes(&self, client: &ClientId) -> Result<Vec<UriProbe>> {
        let statement = "SELECT uri, tried_at, outcome, status FROM client_probes WHERE client_id = :client_id";
        let found = self.all(statement, named_params! {":client_id": client}, |cells| {
            let (uri, tried_at): (String, Time) = (cells.take("uri")?, cells.take("tried_at")?);
            let (outcome, status): (String, Option<u16>) = (cells.take("outcome")?, cells.take("status")?);
            Ok(ProbeOutcome::of(&outcome, status).map(|outcome| UriProbe { uri, tried_at, outcome }))
        })?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Stores tries, each in the place of the last one of its URI.
    pub(crate) fn set_client_probes(&self, client: &ClientId, probes: &[UriProbe]) -> Result<()> {
        for probe in probes {
            self.run(
                "INSERT INTO client_probes (client_id, uri, tried_at, outcome, status) VALUES (:client_id, :uri, :tried_at, :outcome, :status) \
                 ON CONFLICT (client_id, uri) DO UPDATE SET tried_at = excluded.tried_at, outcome = excluded.outcome, status = excluded.status",
                named_params! {
                    ":client_id": client,
                    ":uri": probe.uri,
                    ":tried_at": probe.tried_at,
                    ":outcome": probe.outcome.name(),
                    ":status": probe.outcome.status(),
                },
            )?;
        }
        Ok(())
    }

    /// Deletes the tries of URIs other than these.
    pub(crate) fn delete_other_client_probes(&self, client: &ClientId, uris: &[String]) -> Result<()> {
        let statement = "DELETE FROM client_probes WHERE client_id = :client_id AND uri NOT IN (SELECT value FROM json_each(:uris))";
        self.run(statement, named_params! {":client_id": client, ":uris": json(uris)})
    }

    /// Returns at most `most` live clients none of whose URIs was tried: those that wait for approval, and those created since then.
    pub(crate) fn clients_without_probes(&self, created_since: Time, most: usize) -> Result<Vec<ClientId>> {
        let untried = "t.redirect_uris <> '[]' AND NOT EXISTS (SELECT 1 FROM client_probes p WHERE p.client_id = t.client_id)";
        let statement = format!(
            "SELECT * FROM (SELECT client_id FROM clients t WHERE deleted_at IS NULL AND state <> 1 AND state = 0 AND {untried} LIMIT :most) \
             UNION SELECT * FROM (SELECT client_id FROM clients t WHERE deleted_at IS NULL AND created_at > :since AND {untried} \
             ORDER BY created_at DESC LIMIT :most) LIMIT :most"
        );
        let values = named_params! {":since": created_since, ":most": most as i64};
        self.all(&statement, values, |cells| cells.take("client_id"))
    }
}
