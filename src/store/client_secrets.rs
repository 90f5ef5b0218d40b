//! The rows of client secrets, of which several may be valid at once.

use std::sync::LazyLock;

use rusqlite::named_params;

use crate::base::error::Result;
use crate::base::id::ClientId;
use crate::base::secret::Hash;
use crate::base::time::Time;
use crate::store::cache::{Cached, Kinds};
use crate::store::sql::OF_CLIENT;
use crate::store::table::{Stored, table};
use crate::store::transaction::Tx;

#[derive(Clone, Debug)]
pub struct ClientSecret {
    pub number: i64,
    pub hash: Hash,
    pub created_at: Time,
    pub expires_at: Option<Time>,
    pub last_used_at: Option<Time>,
}

table! {
    ClientSecret in "client_secrets" s;
    fixed { secret_number: number, secret_hash: hash, created_at: created_at }
    changing { expires_at: expires_at, last_used_at: last_used_at }
    rest(cells) {}
}

static SECRETS: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {} FROM client_secrets s WHERE {OF_CLIENT} ORDER BY s.secret_number DESC", ClientSecret::COLUMNS));

/// All secrets of a client, also those that have ended.
#[derive(Clone)]
struct AllSecrets(Vec<ClientSecret>);

impl Cached for AllSecrets {
    const KINDS: Kinds = Kinds::SECRETS;

    fn bytes(&self) -> usize {
        self.0.len() * (size_of::<ClientSecret>() + 96)
    }
}

impl Tx<'_> {
    pub(crate) fn insert_client_secret(&self, client: &ClientId, hash: &Hash) -> Result<()> {
        self.run(
            "INSERT INTO client_secrets (client_number, secret_number, secret_hash, created_at) \
             VALUES ((SELECT client_number FROM clients WHERE client_id = :client_id), 1 + coalesce((SELECT max(secret_number) \
             FROM client_secrets WHERE client_number = (SELECT client_number FROM clients WHERE client_id = :client_id)), 0), :secret_hash, :now)",
            named_params! {":client_id": client, ":secret_hash": hash, ":now": self.now},
        )
    }

    /// Inserts a secret that ends then, just older than the newest one.
    pub(crate) fn insert_older_client_secret(&self, client: &ClientId, hash: &Hash, expires_at: Time) -> Result<()> {
        let newest = format!("(SELECT max(secret_number) FROM client_secrets WHERE {OF_CLIENT})");
        let statement =
            format!("UPDATE client_secrets SET secret_number = secret_number + 1 WHERE {OF_CLIENT} AND secret_number = {newest}");
        self.run(&statement, named_params! {":client_id": client})?;
        self.run(
            &format!(
                "INSERT INTO client_secrets (client_number, secret_number, secret_hash, created_at, expires_at) \
                 SELECT c.client_number, {newest} - 1, :secret_hash, :now, :expires_at FROM clients c WHERE c.client_id = :client_id"
            ),
            named_params! {":client_id": client, ":secret_hash": hash, ":now": self.now, ":expires_at": expires_at},
        )
    }

    /// Returns the secrets that are valid now, newest first.
    /// # Errors
    /// Only those of the database.
    pub fn client_secrets(&self, client: &ClientId) -> Result<Vec<ClientSecret>> {
        let read = || self.all(&SECRETS, named_params! {":client_id": client}, ClientSecret::read).map(|all| Some(AllSecrets(all)));
        let mut secrets = self.cached(client.as_str(), read)?.map_or_else(Vec::new, |AllSecrets(all)| all);
        secrets.retain(|secret| secret.expires_at.is_none_or(|end| end > self.now));
        Ok(secrets)
    }

    /// Records that a secret was used now.
    pub(crate) fn touch_client_secret(&self, client: &ClientId, number: i64) -> Result<()> {
        let statement = format!("UPDATE client_secrets SET last_used_at = :now WHERE {OF_CLIENT} AND secret_number = :number");
        self.run(&statement, named_params! {":client_id": client, ":number": number, ":now": self.now})
    }

    /// Replaces the hash of a secret by another of the same secret. Does nothing if its number is another secret's by now.
    pub(crate) fn renew_client_secret_hash(&self, client: &ClientId, number: i64, former: &Hash, hash: &Hash) -> Result<()> {
        let statement = format!(
            "UPDATE client_secrets SET secret_hash = :secret_hash WHERE {OF_CLIENT} AND secret_number = :number AND secret_hash = :former"
        );
        self.run(&statement, named_params! {":client_id": client, ":number": number, ":former": former, ":secret_hash": hash})
    }

    /// Deletes at most `limit` secrets whose grace period has ended; returns how many were deleted.
    pub(crate) fn delete_ended_client_secrets(&self, limit: usize) -> Result<usize> {
        self.prune("client_secrets", "client_number, secret_number", "expires_at IS NOT NULL AND expires_at <= :before", self.now, limit)
    }

    /// Ends one secret at once; returns false if the client has none of this number.
    pub(crate) fn end_client_secret(&self, client: &ClientId, number: i64) -> Result<bool> {
        let statement = format!("DELETE FROM client_secrets WHERE {OF_CLIENT} AND secret_number = :number");
        Ok(self.change(&statement, named_params! {":client_id": client, ":number": number})? == 1)
    }

    /// Ends every secret of the client at this time, unless it ends sooner, and deletes those that have ended.
    pub(crate) fn end_client_secrets(&self, client: &ClientId, at: Time) -> Result<()> {
        let end = format!("UPDATE client_secrets SET expires_at = min(coalesce(expires_at, :at), :at) WHERE {OF_CLIENT}");
        self.run(&end, named_params! {":client_id": client, ":at": at})?;
        let delete = format!("DELETE FROM client_secrets WHERE {OF_CLIENT} AND expires_at <= :now");
        self.run(&delete, named_params! {":client_id": client, ":now": self.now})
    }
}
