//! Who may try a client before it is approved: the user who registered it, and the rows of testers, who asked to.

use rusqlite::{OptionalExtension, named_params};

use crate::base::error::Result;
use crate::base::id::{ClientId, UserId};
use crate::store::Tx;
use crate::store::members::Owned;

impl Tx<'_> {
    /// The user who registered a client; nobody if it was no user, or one who was purged.
    pub fn client_registrar(&self, client: &ClientId) -> Result<Option<UserId>> {
        let found = self
            .connection
            .prepare_cached("SELECT u.user_id FROM clients c JOIN users u ON u.user_id = c.registered_by WHERE c.client_id = :client_id")?
            .query_row(named_params! {":client_id": client}, |row| row.get(0))
            .optional()?;
        Ok(found)
    }

    pub fn is_client_tester(&self, client: &ClientId, user: &UserId) -> Result<bool> {
        let is_one = self
            .connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM client_testers WHERE client_id = :client_id AND user_id = :user_id)")?
            .query_row(named_params! {":client_id": client, ":user_id": user}, |row| row.get(0))?;
        Ok(is_one)
    }

    pub fn insert_client_tester(&self, client: &ClientId, user: &UserId) -> Result<()> {
        self.connection
            .prepare_cached("INSERT INTO client_testers (client_id, user_id, created_at) VALUES (:client_id, :user_id, :now)")?
            .execute(named_params! {":client_id": client, ":user_id": user, ":now": self.now})?;
        Ok(())
    }

    /// Returns how many clients a user tries.
    pub fn trial_count(&self, user: &UserId) -> Result<i64> {
        let count = self
            .connection
            .prepare_cached("SELECT count(*) FROM client_testers WHERE user_id = :user_id")?
            .query_row(named_params! {":user_id": user}, |row| row.get(0))?;
        Ok(count)
    }

    /// The testers of a client, or those of the clients of an organization who are its members: whose trial may end with a change there.
    /// Of one user, if there is one.
    pub fn client_testers(&self, owned: &Owned, user: Option<&UserId>) -> Result<Vec<(ClientId, UserId)>> {
        let of = match owned {
            Owned::Client(_) => "t.client_id = :id",
            Owned::Organization(_) => {
                "t.client_id IN (SELECT client_id FROM client_members WHERE account_id = :id) \
                 AND t.user_id IN (SELECT account_id FROM organization_members WHERE organization_id = :id)"
            }
        };
        let testers = self
            .connection
            .prepare_cached(&format!(
                "SELECT t.client_id, t.user_id FROM client_testers t WHERE {of} AND (:user_id IS NULL OR t.user_id = :user_id)"
            ))?
            .query_map(named_params! {":id": owned.as_str(), ":user_id": user}, |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<rusqlite::Result<_>>()?;
        Ok(testers)
    }

    /// False if the user is none.
    pub fn delete_client_tester(&self, client: &ClientId, user: &UserId) -> Result<bool> {
        let deleted = self
            .connection
            .prepare_cached("DELETE FROM client_testers WHERE client_id = :client_id AND user_id = :user_id")?
            .execute(named_params! {":client_id": client, ":user_id": user})?;
        Ok(deleted == 1)
    }

    pub fn delete_client_testers(&self, client: &ClientId) -> Result<()> {
        self.connection
            .prepare_cached("DELETE FROM client_testers WHERE client_id = :client_id")?
            .execute(named_params! {":client_id": client})?;
        Ok(())
    }
}
