//! The rows of authorization codes.

use rusqlite::{OptionalExtension, named_params};

use crate::base::error::Result;
use crate::base::id::{ClientId, UserId};
use crate::base::secret::Hash;
use crate::base::time::Time;
use crate::model::bounds::MOST_SURPLUS;
use crate::model::grant::AuthorizationCode;
use crate::store::Tx;
use crate::store::sql::{Cells, reading};

const COLUMNS: &str =
    "code_id, user_id, client_id, session_id, rights, redirect_uri, code_challenge, created_at, expires_at, family_id, scope_differs";

fn read(cells: &mut Cells<'_>) -> rusqlite::Result<AuthorizationCode> {
    Ok(AuthorizationCode {
        id: cells.take("code_id")?,
        user_id: cells.take("user_id")?,
        client_id: cells.take("client_id")?,
        session_id: cells.take("session_id")?,
        rights: cells.take("rights")?,
        redirect_uri: cells.take("redirect_uri")?,
        code_challenge: cells.take("code_challenge")?,
        created_at: cells.take("created_at")?,
        expires_at: cells.take("expires_at")?,
        family_id: cells.take("family_id")?,
        scope_differs: cells.take("scope_differs")?,
    })
}

impl Tx<'_> {
    pub fn insert_authorization_code(&self, code: &AuthorizationCode, hash: &Hash) -> Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO authorization_codes \
                 (code_id, code_hash, user_id, client_id, session_id, rights, redirect_uri, code_challenge, created_at, expires_at, scope_differs) VALUES \
                 (:code_id, :code_hash, :user_id, :client_id, :session_id, :rights, :redirect_uri, :code_challenge, :created_at, :expires_at, :scope_differs)",
            )?
            .execute(named_params! {
                ":code_id": code.id,
                ":code_hash": hash.as_str(),
                ":user_id": code.user_id,
                ":client_id": code.client_id,
                ":session_id": code.session_id,
                ":rights": code.rights,
                ":redirect_uri": code.redirect_uri,
                ":code_challenge": code.code_challenge,
                ":created_at": code.created_at,
                ":expires_at": code.expires_at,
                ":scope_differs": code.scope_differs,
            })?;
        Ok(())
    }

    /// A code with what proves it, redeemed or not.
    pub fn authorization_code(&self, id: &str) -> Result<Option<(AuthorizationCode, Hash)>> {
        let found = self
            .connection
            .prepare_cached(&format!("SELECT {COLUMNS}, code_hash FROM authorization_codes WHERE code_id = :code_id"))?
            .query_row(named_params! {":code_id": id}, reading(|cells| Ok((read(cells)?, Hash::kept(cells.take("code_hash")?)))))
            .optional()?;
        Ok(found)
    }

    /// Marks a code as used. False if it was already.
    pub fn redeem_authorization_code(&self, id: &str, family_id: &str) -> Result<bool> {
        let redeemed = self
            .connection
            .prepare_cached("UPDATE authorization_codes SET family_id = :family_id WHERE code_id = :code_id AND family_id IS NULL")?
            .execute(named_params! {":code_id": id, ":family_id": family_id})?;
        Ok(redeemed == 1)
    }

    /// Removes the oldest codes of a user and a client beyond so many, a few at a time. Those whose tokens are there neither count nor go:
    /// if they come back, the tokens must end.
    pub fn delete_surplus_authorization_codes(&self, user: &UserId, client: &ClientId, beyond: usize) -> Result<()> {
        const REMOVABLE: &str = "FROM authorization_codes c WHERE c.user_id = :user_id AND c.client_id = :client_id \
             AND NOT EXISTS (SELECT 1 FROM access_tokens t WHERE t.family_id = c.family_id)";
        self.connection
            .prepare_cached(&format!(
                "DELETE FROM authorization_codes WHERE code_id IN (SELECT c.code_id {REMOVABLE} ORDER BY c.created_at \
                 LIMIT min(:most, max(0, (SELECT count(*) {REMOVABLE}) - :beyond)))"
            ))?
            .execute(named_params! {":user_id": user, ":client_id": client, ":beyond": beyond as i64, ":most": MOST_SURPLUS as i64})?;
        Ok(())
    }

    /// Deletes the codes of a client that were not redeemed; used ones stay, to notice their second use.
    pub fn delete_unredeemed_authorization_codes(&self, client: &ClientId) -> Result<()> {
        self.connection
            .prepare_cached("DELETE FROM authorization_codes WHERE client_id = :client_id AND family_id IS NULL")?
            .execute(named_params! {":client_id": client})?;
        Ok(())
    }

    /// Removes codes that expired unused, at most so many; how many it were.
    pub fn delete_expired_authorization_codes(&self, most: usize) -> Result<usize> {
        let deleted = self
            .connection
            .prepare_cached(
                "DELETE FROM authorization_codes WHERE code_id IN \
                 (SELECT code_id FROM authorization_codes WHERE family_id IS NULL AND expires_at <= :now LIMIT :most)",
            )?
            .execute(named_params! {":now": self.now, ":most": most as i64})?;
        Ok(deleted)
    }

    /// Removes codes that expired before this, at most so many; how many it were.
    pub fn delete_old_authorization_codes(&self, before: Time, most: usize) -> Result<usize> {
        let deleted = self
            .connection
            .prepare_cached(
                "DELETE FROM authorization_codes WHERE code_id IN \
                 (SELECT code_id FROM authorization_codes WHERE expires_at <= :before LIMIT :most)",
            )?
            .execute(named_params! {":before": before, ":most": most as i64})?;
        Ok(deleted)
    }
}
