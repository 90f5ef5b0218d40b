//! The rows of authorizations: what a user allowed a client.

use rusqlite::{OptionalExtension, named_params};

use crate::base::error::Result;
use crate::base::id::{ClientId, UserId};
use crate::base::page::{Listed, Page};
use crate::base::right::Rights;
use crate::base::time::Time;
use crate::model::grant::Authorization;
use crate::store::query::{Query, order_by};
use crate::store::sql::{Cells, reading};
use crate::store::{Direction, Tx};

const COLUMNS: &str = "user_id, client_id, rights, created_at, updated_at, agreed";

fn read(cells: &mut Cells<'_>) -> rusqlite::Result<Authorization> {
    Ok(Authorization {
        user_id: cells.take("user_id")?,
        client_id: cells.take("client_id")?,
        rights: cells.take("rights")?,
        created_at: cells.take("created_at")?,
        updated_at: cells.take("updated_at")?,
        agreed: cells.take("agreed")?,
    })
}

impl Tx<'_> {
    pub fn authorization(&self, user: &UserId, client: &ClientId) -> Result<Option<Authorization>> {
        let found = self
            .connection
            .prepare_cached(&format!("SELECT {COLUMNS} FROM authorizations WHERE user_id = :user_id AND client_id = :client_id"))?
            .query_row(named_params! {":user_id": user, ":client_id": client}, reading(read))
            .optional()?;
        Ok(found)
    }

    /// Authorizes anew; of an earlier authorization only the time it began stays.
    pub fn set_authorization(&self, user: &UserId, client: &ClientId, rights: Rights, agreed: Rights) -> Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO authorizations (user_id, client_id, rights, created_at, updated_at, agreed) VALUES (:user_id, :client_id, :rights, :now, :now, :agreed) \
                 ON CONFLICT (user_id, client_id) DO UPDATE SET rights = excluded.rights, updated_at = excluded.updated_at, \
                 agreed = excluded.agreed",
            )?
            .execute(named_params! {":user_id": user, ":client_id": client, ":rights": rights, ":agreed": agreed, ":now": self.now})?;
        Ok(())
    }

    /// How many clients a user has authorized.
    pub fn authorization_count(&self, user: &UserId) -> Result<i64> {
        let count = self
            .connection
            .prepare_cached("SELECT count(*) FROM authorizations WHERE user_id = :user_id")?
            .query_row(named_params! {":user_id": user}, |row| row.get(0))?;
        Ok(count)
    }

    pub fn authorizations(&self, user: &UserId, direction: Direction, page: Page) -> Result<Listed<Authorization>> {
        let mut query = Query::from("authorizations");
        query.only_if("user_id = :user_id");
        query.with(":user_id", user);
        Ok(query.page(self.connection, COLUMNS, &order_by("created_at", "client_id", direction), page, read)?)
    }

    /// Removes an authorization with the codes and tokens that came of it. False if there is none.
    pub fn delete_authorization(&self, user: &UserId, client: &ClientId) -> Result<bool> {
        let mut deleted = 0;
        for table in ["access_tokens", "authorization_codes", "authorizations"] {
            deleted = self
                .connection
                .prepare_cached(&format!("DELETE FROM {table} WHERE user_id = :user_id AND client_id = :client_id"))?
                .execute(named_params! {":user_id": user, ":client_id": client})?;
        }
        Ok(deleted == 1)
    }

    /// When somebody last authorized the client.
    pub fn last_authorized(&self, client: &ClientId) -> Result<Option<Time>> {
        let last = self
            .connection
            .prepare_cached("SELECT max(updated_at) FROM authorizations WHERE client_id = :client_id")?
            .query_row(named_params! {":client_id": client}, |row| row.get(0))?;
        Ok(last)
    }
}
