//! The rows of the keys of this server.

use std::sync::Arc;

use rusqlite::named_params;

use crate::base::error::Result;
use crate::base::jws::PublicKey;
use crate::base::key_pair::PrivateKey;
use crate::base::time::Time;
use crate::model::signing_key::SigningKey;
use crate::store::cache::{Cached, Kinds};
use crate::store::transaction::Tx;

impl Cached for Arc<[SigningKey]> {
    const KINDS: Kinds = Kinds::KEYS;

    fn bytes(&self) -> usize {
        self.iter().map(|key| size_of::<SigningKey>() + key.public_key.id.len() + key.public_key.bytes.len() + key.jwk.len()).sum()
    }
}

#[derive(Clone)]
struct ServerKeyValue(Arc<[u8]>);

impl Cached for ServerKeyValue {
    const KINDS: Kinds = Kinds::KEYS;

    fn bytes(&self) -> usize {
        self.0.len()
    }
}

impl Tx<'_> {
    /// Returns the keys that sign or have signed, the oldest first.
    pub(crate) fn signing_keys(&self) -> Result<Arc<[SigningKey]>> {
        let statement = "SELECT key_number, key_id, algorithm, public_key, created_at, signs_from FROM signing_keys ORDER BY key_number";
        let read = || {
            let keys = self.all(statement, &[], |cells| {
                let number = cells.take("key_number")?;
                let public_key =
                    PublicKey { id: cells.take("key_id")?, algorithm: cells.take("algorithm")?, bytes: cells.take("public_key")? };
                Ok(SigningKey {
                    number,
                    jwk: public_key.to_jwk().to_string(),
                    public_key,
                    created_at: cells.take("created_at")?,
                    signs_from: cells.take("signs_from")?,
                })
            })?;
            Ok(Some(Arc::from(keys)))
        };
        Ok(self.cached("", read)?.unwrap_or_default())
    }

    pub(crate) fn private_key(&self, key: &SigningKey) -> Result<Option<PrivateKey>> {
        let statement = "SELECT private_key FROM signing_keys WHERE key_number = :number";
        self.one(statement, named_params! {":number": key.number}, |cells| cells.take("private_key").map(PrivateKey))
    }

    /// Inserts a key, newer than all others; returns false, and does nothing, if it is there already.
    pub(crate) fn insert_signing_key(&self, public: &PublicKey, private: &PrivateKey, created_at: Time, signs_from: Time) -> Result<bool> {
        let rows = self.change(
            "INSERT INTO signing_keys (key_id, algorithm, public_key, private_key, created_at, signs_from) \
             VALUES (:key_id, :algorithm, :public_key, :private_key, :created_at, :signs_from) ON CONFLICT (key_id) DO NOTHING",
            named_params! {
                ":key_id": public.id, ":algorithm": public.algorithm, ":public_key": public.bytes,
                ":private_key": private.0, ":created_at": created_at, ":signs_from": signs_from,
            },
        )?;
        Ok(rows == 1)
    }

    pub(crate) fn delete_signing_key(&self, key: &SigningKey) -> Result<()> {
        self.run("DELETE FROM signing_keys WHERE key_number = :number", named_params! {":number": key.number})
    }

    pub(crate) fn server_key(&self, name: &str) -> Result<Option<Arc<[u8]>>> {
        let statement = "SELECT value FROM server_keys WHERE name = :name";
        let read =
            || self.one(statement, named_params! {":name": name}, |cells| Ok(ServerKeyValue(cells.take::<Vec<u8>>("value")?.into())));
        Ok(self.cached(name, read)?.map(|ServerKeyValue(value)| value))
    }

    pub(crate) fn insert_server_key(&self, name: &str, value: &[u8]) -> Result<()> {
        self.run("INSERT INTO server_keys (name, value) VALUES (:name, :value)", named_params! {":name": name, ":value": value})
    }
}
