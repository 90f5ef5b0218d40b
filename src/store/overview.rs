//! What a summary of all clients, or of an account's, says. Each statement looks at a bounded number of rows, however many there are.

use rusqlite::named_params;

use crate::base::error::Result;
use crate::base::id::{AccountId, ClientId};
use crate::base::time::Time;
use crate::model::client::BUILT_IN;
use crate::store::clients::REACHABLE;
use crate::store::sql::Cells;
use crate::store::transaction::Tx;

/// How many rows are looked at: as many as 300 clients have in 30 days.
const LOOKED_AT: u32 = 10_000;

/// How many of the oldest clients are searched for those that nobody uses.
const OLDEST: u32 = 1_000;

impl Tx<'_> {
    /// Returns when a client last got a token, as far as days are kept.
    pub(crate) fn last_token(&self, client: &ClientId) -> Result<Option<Time>> {
        let statement = "SELECT max(last_issued_at) FROM client_token_days WHERE client_id = :client_id";
        self.value(statement, named_params! {":client_id": client})
    }

    /// Returns the days since `first` with the number of tokens that were issued, and whether there was more to look at: then the earliest
    /// days are missing.
    pub(crate) fn tokens_by_day(&self, of: Option<&AccountId>, first: i64) -> Result<(Vec<(i64, i64)>, bool)> {
        let whose = whose(of, "client_id");
        let statement = format!(
            "SELECT day, sum(issued) AS issued, count(*) AS looked_at FROM (SELECT day, issued FROM client_token_days WHERE {whose} AND day >= :first \
             ORDER BY day DESC LIMIT :limit) GROUP BY day ORDER BY day"
        );
        let read = |cells: &mut Cells<'_>| Ok((cells.take("day")?, cells.take("issued")?, cells.take("looked_at")?));
        let days: Vec<(i64, i64, i64)> =
            self.all(&statement, named_params! {":account": of, ":first": first, ":limit": LOOKED_AT}, read)?;
        let ends_early = days.iter().map(|(_, _, looked_at)| looked_at).sum::<i64>() >= i64::from(LOOKED_AT);
        Ok((days.into_iter().skip(usize::from(ends_early)).map(|(day, issued, _)| (day, issued)).collect(), ends_early))
    }

    /// Returns how many requests were refused since then, among the newest that are looked at.
    pub(crate) fn refusals_since(&self, of: Option<&AccountId>, since: Time) -> Result<i64> {
        let whose = whose(of, "entity_id");
        self.value(
            &format!(
                "SELECT coalesce(sum(times), 0) FROM (SELECT entity_id, times FROM events WHERE \
                 name IN ('client.authorize.refuse', 'client.token.refuse') AND happened_at > :since ORDER BY happened_at DESC LIMIT :limit) \
                 WHERE {whose}"
            ),
            named_params! {":account": of, ":since": since, ":limit": LOOKED_AT},
        )
    }

    /// Returns at most `most` live clients of which a secret ends until then, the next first.
    pub(crate) fn secrets_ending(&self, of: Option<&AccountId>, until: Time, most: u32) -> Result<Vec<(ClientId, Time)>> {
        let whose = whose(of, "c.client_id");
        self.all(
            &format!(
                "SELECT c.client_id, s.expires_at FROM (SELECT client_number, expires_at FROM client_secrets \
                 WHERE expires_at IS NOT NULL AND expires_at > :now AND expires_at <= :until ORDER BY expires_at LIMIT :limit) s \
                 JOIN clients c ON c.client_number = s.client_number WHERE c.deleted_at IS NULL AND {whose} ORDER BY s.expires_at LIMIT :most"
            ),
            named_params! {":account": of, ":now": self.now, ":until": until, ":limit": LOOKED_AT, ":most": most},
            |cells| Ok((cells.take("client_id")?, cells.take("expires_at")?)),
        )
    }

    /// Returns at most `most` open clients from before then that got no token since that day, oldest first, among the oldest clients.
    pub(crate) fn clients_without_tokens(&self, of: Option<&AccountId>, before: Time, since_day: i64, most: u32) -> Result<Vec<ClientId>> {
        let whose = whose(of, "client_id");
        self.all(
            &format!(
                "SELECT c.client_id FROM (SELECT client_id, state FROM clients WHERE deleted_at IS NULL AND created_at < :before AND {whose} \
                 ORDER BY created_at, client_id LIMIT :limit) c WHERE c.state IN (1, 3) AND c.client_id <> '{}' AND NOT EXISTS \
                 (SELECT 1 FROM client_token_days d WHERE d.client_id = c.client_id AND d.day >= :since_day) LIMIT :most",
                BUILT_IN
            ),
            named_params! {":account": of, ":before": before, ":since_day": since_day, ":limit": OLDEST, ":most": most},
            |cells| cells.take("client_id"),
        )
    }
}

/// Returns the condition on a column with IDs of clients: those that the account can reach, or all without one.
fn whose(of: Option<&AccountId>, column: &str) -> String {
    match of {
        Some(_) => format!("{column} IN ({REACHABLE})"),
        // The parameter is named all the same.
        None => ":account IS NULL".to_owned(),
    }
}
