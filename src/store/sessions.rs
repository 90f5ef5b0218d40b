//! The rows of sessions.

use rusqlite::{OptionalExtension, named_params};

use crate::base::error::Result;
use crate::base::id::UserId;
use crate::base::page::{Listed, Page};
use crate::base::secret::Hash;
use crate::base::time::Time;
use crate::model::session::Session;
use crate::store::query::{Query, order_by};
use crate::store::sql::{Cells, reading};
use crate::store::{Order, Tx};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKey {
    Id,
    CreatedAt,
}

const COLUMNS: &str = "session_id, user_id, created_at, updated_at";

fn read(cells: &mut Cells<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: cells.take("session_id")?,
        user_id: cells.take("user_id")?,
        created_at: cells.take("created_at")?,
        updated_at: cells.take("updated_at")?,
    })
}

impl Tx<'_> {
    pub fn insert_session(&self, session: &Session, secret: &Hash) -> Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO sessions (session_id, user_id, secret_hash, created_at, updated_at) \
                 VALUES (:session_id, :user_id, :secret_hash, :created_at, :updated_at)",
            )?
            .execute(named_params! {
                ":session_id": session.id,
                ":user_id": session.user_id,
                ":secret_hash": secret.as_str(),
                ":created_at": session.created_at,
                ":updated_at": session.updated_at,
            })?;
        Ok(())
    }

    /// A session with what proves it.
    pub fn session(&self, id: &str) -> Result<Option<(Session, Hash)>> {
        let found = self
            .connection
            .prepare_cached(&format!("SELECT {COLUMNS}, secret_hash FROM sessions WHERE session_id = :session_id"))?
            .query_row(named_params! {":session_id": id}, reading(|cells| Ok((read(cells)?, Hash::kept(cells.take("secret_hash")?)))))
            .optional()?;
        Ok(found)
    }

    pub fn sessions(&self, user: &UserId, order: Order<SessionKey>, page: Page) -> Result<Listed<Session>> {
        let mut query = Query::from("sessions");
        query.only_if("user_id = :user_id");
        query.with(":user_id", user);
        let by = match order.by {
            SessionKey::Id => "session_id",
            SessionKey::CreatedAt => "created_at",
        };
        Ok(query.page(self.connection, COLUMNS, &order_by(by, "session_id", order.direction), page, read)?)
    }

    /// The sessions of a user beyond so many, those first that nobody used for the longest time; at most `most`.
    pub fn surplus_sessions(&self, user: &UserId, beyond: usize, most: usize) -> Result<Vec<String>> {
        let surplus = self
            .connection
            .prepare_cached(
                "SELECT session_id FROM sessions WHERE user_id = :user_id ORDER BY updated_at, created_at, session_id \
                 LIMIT min(:most, max(0, (SELECT count(*) FROM sessions WHERE user_id = :user_id) - :beyond))",
            )?
            .query_map(named_params! {":user_id": user, ":beyond": beyond as i64, ":most": most as i64}, |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(surplus)
    }

    pub fn touch_session(&self, id: &str) -> Result<()> {
        self.connection
            .prepare_cached("UPDATE sessions SET updated_at = :now WHERE session_id = :session_id")?
            .execute(named_params! {":session_id": id, ":now": self.now})?;
        Ok(())
    }

    /// False if there is no such session.
    pub fn delete_session(&self, id: &str) -> Result<bool> {
        let deleted = self
            .connection
            .prepare_cached("DELETE FROM sessions WHERE session_id = :session_id")?
            .execute(named_params! {":session_id": id})?;
        Ok(deleted == 1)
    }

    pub fn delete_sessions(&self, user: &UserId) -> Result<()> {
        self.connection.prepare_cached("DELETE FROM sessions WHERE user_id = :user_id")?.execute(named_params! {":user_id": user})?;
        Ok(())
    }

    /// Removes sessions that were created or last used before these times, at most so many; how many it were.
    pub fn delete_ended_sessions(&self, created_before: Time, used_before: Time, most: usize) -> Result<usize> {
        let deleted = self
            .connection
            .prepare_cached(
                "DELETE FROM sessions WHERE session_id IN (\
                 SELECT session_id FROM sessions WHERE created_at <= :created_before \
                 UNION SELECT session_id FROM sessions WHERE updated_at <= :used_before LIMIT :most)",
            )?
            .execute(named_params! {":created_before": created_before, ":used_before": used_before, ":most": most as i64})?;
        Ok(deleted)
    }
}
