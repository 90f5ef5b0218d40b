//! The rows of authorization codes.

use std::sync::LazyLock;

use rusqlite::named_params;

use crate::base::error::Result;
use crate::base::id::{ClientId, UserId};
use crate::base::secret::Hash;
use crate::base::time::Time;
use crate::model::bounds::MOST_SURPLUS;
use crate::model::grant::AuthorizationCode;
use crate::store::table::{Stored, table};
use crate::store::transaction::Tx;

table! {
    AuthorizationCode in "authorization_codes" c with code_hash;
    fixed {
        code_id: id, user_id: user_id, client_id: client_id, session_id: session_id, rights: rights, redirect_uri: redirect_uri,
        code_challenge: code_challenge, created_at: created_at, expires_at: expires_at, scope_differs: scope_differs,
        words: words, nonce: nonce, signed_in_at: signed_in_at,
    }
    changing { family_id: family_id }
    rest(cells) {}
}

static CODE: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {}, c.code_hash FROM authorization_codes c WHERE c.code_id = :code_id", AuthorizationCode::COLUMNS));

impl Tx<'_> {
    pub(crate) fn insert_authorization_code(&self, code: &AuthorizationCode, hash: &Hash) -> Result<()> {
        self.insert(code, &[hash])
    }

    /// Returns a code with its hash, redeemed or not.
    pub(crate) fn authorization_code(&self, id: &str) -> Result<Option<(AuthorizationCode, Hash)>> {
        self.one(&CODE, named_params! {":code_id": id}, |cells| Ok((AuthorizationCode::read(cells)?, cells.take("code_hash")?)))
    }

    /// Marks a code as used; returns false if it was already.
    pub(crate) fn redeem_authorization_code(&self, id: &str, family_id: &str) -> Result<bool> {
        let statement = "UPDATE authorization_codes SET family_id = :family_id WHERE code_id = :code_id AND family_id IS NULL";
        Ok(self.change(statement, named_params! {":code_id": id, ":family_id": family_id})? == 1)
    }

    /// Deletes the oldest codes of a user and a client beyond `beyond`, at most [`MOST_SURPLUS`] of them. Codes whose tokens exist neither
    /// count nor are deleted: a second use must revoke the tokens.
    pub(crate) fn delete_surplus_authorization_codes(&self, user: &UserId, client: &ClientId, beyond: usize) -> Result<()> {
        self.run(
            "WITH removable AS MATERIALIZED (SELECT c.code_id, c.created_at FROM authorization_codes c \
             WHERE c.user_id = :user_id AND c.client_id = :client_id \
             AND NOT EXISTS (SELECT 1 FROM access_tokens t WHERE t.family_id = c.family_id)) \
             DELETE FROM authorization_codes WHERE code_id IN (SELECT code_id FROM removable ORDER BY created_at \
             LIMIT min(:most, max(0, (SELECT count(*) FROM removable) - :beyond)))",
            named_params! {":user_id": user, ":client_id": client, ":beyond": beyond as i64, ":most": MOST_SURPLUS as i64},
        )
    }

    /// Deletes the codes of a client that were not redeemed; used ones stay to detect a second use.
    pub(crate) fn delete_unredeemed_authorization_codes(&self, client: &ClientId) -> Result<()> {
        let statement = "DELETE FROM authorization_codes WHERE client_id = :client_id AND family_id IS NULL";
        self.run(statement, named_params! {":client_id": client})
    }

    /// Deletes at most `limit` codes that expired unused; returns how many were deleted.
    pub(crate) fn delete_expired_authorization_codes(&self, limit: usize) -> Result<usize> {
        self.prune("authorization_codes", "code_id", "family_id IS NULL AND expires_at <= :before", self.now, limit)
    }

    /// Deletes at most `limit` codes that expired before this time; returns how many were deleted.
    pub(crate) fn delete_old_authorization_codes(&self, before: Time, limit: usize) -> Result<usize> {
        self.prune("authorization_codes", "code_id", "expires_at <= :before", before, limit)
    }
}
