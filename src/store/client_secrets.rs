//! The rows of client secrets: several may be good at once.

use rusqlite::named_params;

use crate::base::error::Result;
use crate::base::id::ClientId;
use crate::base::secret::Hash;
use crate::base::time::Time;
use crate::store::Tx;
use crate::store::sql::{Cells, reading};

#[derive(Debug)]
pub struct ClientSecret {
    pub number: i64,
    pub hash: Hash,
    pub created_at: Time,
    pub expires_at: Option<Time>,
    pub last_used_at: Option<Time>,
}

fn read(cells: &mut Cells<'_>) -> rusqlite::Result<ClientSecret> {
    Ok(ClientSecret {
        number: cells.take("secret_number")?,
        hash: Hash::kept(cells.take("secret_hash")?),
        created_at: cells.take("created_at")?,
        expires_at: cells.take("expires_at")?,
        last_used_at: cells.take("last_used_at")?,
    })
}

impl Tx<'_> {
    pub fn insert_client_secret(&self, client: &ClientId, hash: &Hash) -> Result<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO client_secrets (client_id, secret_hash, created_at) VALUES (:client_id, :secret_hash, :created_at)",
            )?
            .execute(named_params! {":client_id": client, ":secret_hash": hash.as_str(), ":created_at": self.now})?;
        Ok(())
    }

    /// The secrets that are good now, newest first.
    pub fn client_secrets(&self, client: &ClientId) -> Result<Vec<ClientSecret>> {
        let secrets = self
            .connection
            .prepare_cached(
                "SELECT secret_number, secret_hash, created_at, expires_at, last_used_at FROM client_secrets \
                 WHERE client_id = :client_id AND (expires_at IS NULL OR expires_at > :now) ORDER BY secret_number DESC",
            )?
            .query_map(named_params! {":client_id": client, ":now": self.now}, reading(read))?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(secrets)
    }

    /// Notes that a secret has just proved its client.
    pub fn touch_client_secret(&self, number: i64) -> Result<()> {
        self.connection
            .prepare_cached("UPDATE client_secrets SET last_used_at = :now WHERE secret_number = :number")?
            .execute(named_params! {":number": number, ":now": self.now})?;
        Ok(())
    }

    /// Removes secrets whose grace has ended, at most so many; how many it were.
    pub fn delete_ended_client_secrets(&self, most: usize) -> Result<usize> {
        let deleted = self
            .connection
            .prepare_cached(
                "DELETE FROM client_secrets WHERE secret_number IN \
                 (SELECT secret_number FROM client_secrets WHERE expires_at IS NOT NULL AND expires_at <= :now LIMIT :most)",
            )?
            .execute(named_params! {":now": self.now, ":most": most as i64})?;
        Ok(deleted)
    }

    /// Ends one secret at once. False if the client has none of this number.
    pub fn end_client_secret(&self, client: &ClientId, number: i64) -> Result<bool> {
        let ended = self
            .connection
            .prepare_cached("DELETE FROM client_secrets WHERE client_id = :client_id AND secret_number = :number")?
            .execute(named_params! {":client_id": client, ":number": number})?;
        Ok(ended == 1)
    }

    /// Every secret of the client ends at this time, unless it ends sooner; what has ended is removed.
    pub fn end_client_secrets(&self, client: &ClientId, at: Time) -> Result<()> {
        self.connection
            .prepare_cached("UPDATE client_secrets SET expires_at = min(coalesce(expires_at, :at), :at) WHERE client_id = :client_id")?
            .execute(named_params! {":client_id": client, ":at": at})?;
        self.connection
            .prepare_cached("DELETE FROM client_secrets WHERE client_id = :client_id AND expires_at <= :now")?
            .execute(named_params! {":client_id": client, ":now": self.now})?;
        Ok(())
    }
}
