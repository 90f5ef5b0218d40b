//! The rows of sessions.

use std::sync::LazyLock;

use rusqlite::named_params;

use crate::base::error::Result;
use crate::base::id::UserId;
use crate::base::page::{Listed, Page};
use crate::base::secret::Hash;
use crate::base::time::Time;
use crate::model::session::Session;
use crate::store::query::{Order, SelectQuery, order_by};
use crate::store::table::{Stored, table};
use crate::store::transaction::Tx;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKey {
    Id,
    CreatedAt,
}

table! {
    Session in "sessions" s with secret_hash;
    fixed { session_id: id, user_id: user_id, created_at: created_at }
    changing { updated_at: updated_at, signed_in_for: signed_in_for, browser: browser as text, network: network as text }
    rest(cells) {}
}

static SESSION: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {}, s.secret_hash FROM sessions s WHERE s.session_id = :session_id", Session::COLUMNS));

impl Tx<'_> {
    pub(crate) fn insert_session(&self, session: &Session, secret: &Hash) -> Result<()> {
        self.insert(session, &[secret])
    }

    pub(crate) fn session(&self, id: &str) -> Result<Option<(Session, Hash)>> {
        self.one(&SESSION, named_params! {":session_id": id}, |cells| Ok((Session::read(cells)?, cells.take("secret_hash")?)))
    }

    pub(crate) fn sessions(&self, user: &UserId, order: Order<SessionKey>, page: Page) -> Result<Listed<Session>> {
        let mut query = SelectQuery::from("sessions s");
        query.only_if("s.user_id = :user_id").with(":user_id", user);
        let by = match order.by {
            SessionKey::Id => "s.session_id",
            SessionKey::CreatedAt => "s.created_at",
        };
        query.page(self, Session::COLUMNS, &order_by(by, "s.session_id", order.direction), page, Session::read)
    }

    /// Returns the IDs of a user's sessions beyond the `beyond` most recently used; at most `most`.
    pub(crate) fn surplus_sessions(&self, user: &UserId, beyond: usize, most: usize) -> Result<Vec<String>> {
        self.all(
            "SELECT session_id FROM sessions WHERE user_id = :user_id ORDER BY updated_at, created_at, session_id \
             LIMIT min(:most, max(0, (SELECT count(*) FROM sessions WHERE user_id = :user_id) - :beyond))",
            named_params! {":user_id": user, ":beyond": beyond as i64, ":most": most as i64},
            |cells| cells.take("session_id"),
        )
    }

    /// Records that a session was used now.
    pub(crate) fn touch_session(&self, id: &str) -> Result<()> {
        self.run("UPDATE sessions SET updated_at = :now WHERE session_id = :id", named_params! {":id": id, ":now": self.now})
    }

    /// Records that the request for which the user signed in was answered.
    pub(crate) fn forget_signed_in_for(&self, id: &str) -> Result<()> {
        self.run("UPDATE sessions SET signed_in_for = NULL WHERE session_id = :id", named_params! {":id": id})
    }

    /// Deletes a session; returns false if there is none of this ID.
    pub(crate) fn delete_session(&self, id: &str) -> Result<bool> {
        Ok(self.change("DELETE FROM sessions WHERE session_id = :id", named_params! {":id": id})? == 1)
    }

    pub(crate) fn delete_sessions(&self, user: &UserId) -> Result<()> {
        self.run("DELETE FROM sessions WHERE user_id = :user_id", named_params! {":user_id": user})
    }

    /// Deletes at most `limit` sessions that were created or last used before these times; returns how many were deleted.
    pub(crate) fn delete_ended_sessions(&self, created_before: Time, used_before: Time, limit: usize) -> Result<usize> {
        self.change(
            "DELETE FROM sessions WHERE session_id IN (\
             SELECT session_id FROM sessions WHERE created_at <= :created_before \
             UNION SELECT session_id FROM sessions WHERE updated_at <= :used_before LIMIT :limit)",
            named_params! {":created_before": created_before, ":used_before": used_before, ":limit": limit as i64},
        )
    }
}
