//! Counts rows: for the metrics in indexes only.

use rusqlite::{ToSql, named_params};

use crate::base::error::Result;
use crate::model::choice::State;
use crate::store::transaction::Tx;

/// What only this server can go on with.
const LOCAL: &[(&str, &str)] = &[
    ("events of the history", "SELECT count(*) FROM events"),
    ("sessions of browsers", "SELECT count(*) FROM sessions"),
    ("sign-in links", "SELECT count(*) FROM recoveries"),
    ("authorization codes that were not redeemed", "SELECT count(*) FROM authorization_codes WHERE family_id IS NULL"),
    ("rotated refresh tokens, by which a second use is noticed", "SELECT count(*) FROM access_tokens WHERE rotated_at IS NOT NULL"),
    ("keys that sign tokens", "SELECT count(*) FROM signing_keys"),
    ("testers of clients that wait for approval", "SELECT count(*) FROM client_testers"),
];

impl Tx<'_> {
    /// Returns how many access tokens can be used or refreshed.
    pub(crate) fn count_live_tokens(&self) -> Result<u64> {
        let statement = "SELECT count(*) FROM access_tokens WHERE rotated_at IS NULL AND ends_at > :now";
        self.count(statement, named_params! {":now": self.now})
    }

    /// Returns how many clients that are not deleted are in each state. The approved are most of them, and what the others leave.
    pub(crate) fn count_clients_by_state(&self) -> Result<Vec<(State, u64)>> {
        let live = "SELECT (SELECT coalesce(max(client_number), 0) FROM clients) - unused_numbers - deleted FROM client_counts";
        let not_approved = "SELECT count(*) FROM clients WHERE state = :state AND state <> 1 AND deleted_at IS NULL";
        let states = State::EVERY.iter().filter(|state| **state != State::Approved);
        let count = |state: &State| Ok((*state, self.count(not_approved, named_params! {":state": state.number()})?));
        let mut counts = states.map(count).collect::<Result<Vec<_>>>()?;
        let approved = self.count(live, &[])?.saturating_sub(counts.iter().map(|(_, count)| count).sum());
        counts.push((State::Approved, approved));
        Ok(counts)
    }

    pub(crate) fn count_deleted_clients(&self) -> Result<u64> {
        self.count("SELECT deleted FROM client_counts", &[])
    }

    /// Returns how many rows of each kind no other server can take over: what they are, and how many.
    pub(crate) fn count_local(&self) -> Result<Vec<(&'static str, u64)>> {
        LOCAL.iter().map(|(what, statement)| Ok((*what, self.count(statement, &[])?))).collect()
    }

    fn count(&self, statement: &str, values: &[(&str, &dyn ToSql)]) -> Result<u64> {
        let count: i64 = self.value(statement, values)?;
        Ok(u64::try_from(count).unwrap_or_default())
    }
}
