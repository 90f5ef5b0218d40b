//! The rows of API keys.

use std::sync::LazyLock;

use rusqlite::named_params;

use crate::base::error::Result;
use crate::base::id::{AccountId, UserId};
use crate::base::page::{Listed, Page};
use crate::base::secret::Hash;
use crate::base::time::Time;
use crate::model::api_key::ApiKey;
use crate::store::cache::{Cached, Kinds};
use crate::store::query::{Order, SelectQuery, order_by};
use crate::store::sql::Cells;
use crate::store::table::{Stored, table};
use crate::store::transaction::Tx;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiKeyKey {
    Id,
    Name,
    CreatedAt,
    ExpiresAt,
}

/// A key with its hash, and whether its owner exists.
#[derive(Clone, Debug)]
pub struct StoredKey {
    pub key: ApiKey,
    pub hash: Hash,
    pub owner_is_live: bool,
}

const FROM: &str = "api_keys k JOIN accounts t ON t.account_id = k.account_id";

table! {
    ApiKey in "api_keys" k with key_hash;
    fixed { api_key_id: id, account_id: owner as owner("t.kind"), created_at: created_at, created_by: created_by, used_at: used_at }
    changing { name: name as text, updated_at: updated_at, expires_at: expires_at, rights: rights as rights }
    rest(cells) {}
}

static KEY: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {}, k.key_hash, t.deleted_at FROM {FROM} WHERE k.api_key_id = :api_key_id", ApiKey::COLUMNS));

impl Cached for StoredKey {
    const KINDS: Kinds = Kinds::ACCOUNTS;

    fn bytes(&self) -> usize {
        // The IDs, the name and the hash.
        256 + self.key.rights.len()
    }
}

impl Tx<'_> {
    /// Returns false, and does nothing, if there is a key of this ID.
    pub(crate) fn insert_api_key(&self, key: &ApiKey, hash: &Hash) -> Result<bool> {
        self.insert_if_new(key, &[hash])
    }

    /// Returns how many keys an account has, expired ones included.
    pub(crate) fn api_key_count(&self, owner: &AccountId) -> Result<i64> {
        self.value("SELECT count(*) FROM api_keys WHERE account_id = :account_id", named_params! {":account_id": owner})
    }

    /// Returns a key by its ID, with its hash.
    pub(crate) fn stored_api_key(&self, id: &str) -> Result<Option<StoredKey>> {
        let stored = |cells: &mut Cells<'_>| {
            let (key, hash) = (ApiKey::read(cells)?, cells.take("key_hash")?);
            Ok(StoredKey { key, hash, owner_is_live: cells.take::<Option<Time>>("deleted_at")?.is_none() })
        };
        self.cached(id, || self.one(&KEY, named_params! {":api_key_id": id}, stored))
    }

    /// Returns a key by its ID, if it is this owner's.
    pub(crate) fn api_key(&self, owner: &AccountId, id: &str) -> Result<Option<ApiKey>> {
        Ok(self.stored_api_key(id)?.map(|stored| stored.key).filter(|key| key.owner == *owner))
    }

    /// Visits every key, also expired ones, with its hash.
    pub(crate) fn each_api_key(&self, visit: &mut dyn FnMut((ApiKey, Hash)) -> Result<()>) -> Result<()> {
        let statement = format!("SELECT {}, k.key_hash FROM {FROM} ORDER BY k.api_key_id", ApiKey::COLUMNS);
        self.each(&statement, &[], |cells| Ok((ApiKey::read(cells)?, cells.take("key_hash")?)), visit)
    }

    /// Replaces the hash of a key by another of the same key.
    pub(crate) fn renew_api_key_hash(&self, id: &str, hash: &Hash) -> Result<()> {
        let statement = "UPDATE api_keys SET key_hash = :key_hash WHERE api_key_id = :api_key_id";
        self.run(statement, named_params! {":api_key_id": id, ":key_hash": hash})
    }

    /// Records that a key was used now.
    pub(crate) fn touch_api_key(&self, id: &str) -> Result<()> {
        let statement = "UPDATE api_keys SET used_at = :now WHERE api_key_id = :api_key_id";
        self.run(statement, named_params! {":api_key_id": id, ":now": self.now})
    }

    pub(crate) fn update_api_key(&self, key: &ApiKey) -> Result<()> {
        self.update(key)
    }

    /// Deletes the keys that a user made for others.
    pub(crate) fn delete_api_keys_made_for_others(&self, id: &UserId) -> Result<()> {
        self.run("DELETE FROM api_keys WHERE created_by = :user_id AND account_id <> :user_id", named_params! {":user_id": id})
    }

    pub(crate) fn delete_api_key(&self, id: &str) -> Result<()> {
        self.run("DELETE FROM api_keys WHERE api_key_id = :api_key_id", named_params! {":api_key_id": id})
    }

    pub(crate) fn api_keys(&self, owner: &AccountId, order: Order<ApiKeyKey>, page: Page) -> Result<Listed<ApiKey>> {
        let mut query = SelectQuery::from(FROM);
        query.only_if("k.account_id = :account_id").with(":account_id", owner);
        let by = match order.by {
            ApiKeyKey::Id => "k.api_key_id",
            ApiKeyKey::Name => "k.name",
            ApiKeyKey::CreatedAt => "k.created_at",
            ApiKeyKey::ExpiresAt => "k.expires_at",
        };
        query.page(self, ApiKey::COLUMNS, &order_by(by, "k.api_key_id", order.direction), page, ApiKey::read)
    }
}
