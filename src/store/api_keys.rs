//! The rows of API keys.

use rusqlite::{OptionalExtension, named_params};

use crate::base::error::Result;
use crate::base::id::{AccountId, UserId};
use crate::base::page::{Listed, Page};
use crate::base::secret::Hash;
use crate::base::time::Time;
use crate::model::api_key::ApiKey;
use crate::store::query::{Query, order_by};
use crate::store::sql::{Cells, reading};
use crate::store::{Order, Tx, sql};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiKeyKey {
    Id,
    Name,
    CreatedAt,
    ExpiresAt,
}

/// A key with what proves it, and whether its owner is still there.
#[derive(Debug)]
pub struct KeptKey {
    pub key: ApiKey,
    pub hash: Hash,
    pub owner_is_live: bool,
}

const FROM: &str = "api_keys k JOIN accounts t ON t.account_id = k.account_id";

const COLUMNS: &str = "k.api_key_id, k.account_id, t.kind, k.name, \
     (SELECT json_group_array(right) FROM (SELECT right FROM api_key_rights r WHERE r.api_key_id = k.api_key_id ORDER BY position)) AS rights, \
     k.created_at, k.updated_at, k.expires_at, k.created_by";

fn read(cells: &mut Cells<'_>) -> rusqlite::Result<Option<ApiKey>> {
    let (id, owner) = (cells.take("api_key_id")?, cells.account("account_id", "kind")?);
    let Some(owner) = owner else { return Ok(None) };
    Ok(Some(ApiKey {
        id,
        owner,
        name: cells.text("name")?,
        rights: cells.rights("rights")?,
        created_at: cells.take("created_at")?,
        updated_at: cells.take("updated_at")?,
        expires_at: cells.take("expires_at")?,
        created_by: cells.take("created_by")?,
    }))
}

impl Tx<'_> {
    /// False, and nothing done, if there is a key of this ID.
    pub fn insert_api_key(&self, key: &ApiKey, hash: &Hash) -> Result<bool> {
        let inserted = self
            .connection
            .prepare_cached(
                "INSERT INTO api_keys (api_key_id, account_id, name, key_hash, created_at, updated_at, expires_at, created_by) \
                 VALUES (:api_key_id, :account_id, :name, :key_hash, :created_at, :updated_at, :expires_at, :created_by) \
                 ON CONFLICT (api_key_id) DO NOTHING",
            )?
            .execute(named_params! {
                ":api_key_id": key.id,
                ":account_id": key.owner,
                ":name": sql::or_null(&key.name),
                ":key_hash": hash.as_str(),
                ":created_at": key.created_at,
                ":updated_at": key.updated_at,
                ":expires_at": key.expires_at,
                ":created_by": key.created_by,
            })?
            == 1;
        if inserted {
            self.insert_api_key_rights(key)?;
        }
        Ok(inserted)
    }

    /// How many keys an account has, expired ones included.
    pub fn api_key_count(&self, owner: &AccountId) -> Result<i64> {
        let count = self
            .connection
            .prepare_cached("SELECT count(*) FROM api_keys WHERE account_id = :account_id")?
            .query_row(named_params! {":account_id": owner}, |row| row.get(0))?;
        Ok(count)
    }

    /// A key by its ID, with what proves it.
    pub fn kept_api_key(&self, id: &str) -> Result<Option<KeptKey>> {
        let kept = self
            .connection
            .prepare_cached(&format!("SELECT {COLUMNS}, k.key_hash, t.deleted_at FROM {FROM} WHERE k.api_key_id = :api_key_id"))?
            .query_row(
                named_params! {":api_key_id": id},
                reading(|cells| {
                    let Some(key) = read(cells)? else { return Ok(None) };
                    let hash = Hash::kept(cells.take("key_hash")?);
                    let owner_is_live = cells.take::<Option<Time>>("deleted_at")?.is_none();
                    Ok(Some(KeptKey { key, hash, owner_is_live }))
                }),
            )
            .optional()?;
        Ok(kept.flatten())
    }

    /// A key by its ID, if it is this owner's.
    pub fn api_key(&self, owner: &AccountId, id: &str) -> Result<Option<ApiKey>> {
        Ok(self.kept_api_key(id)?.map(|kept| kept.key).filter(|key| key.owner == *owner))
    }

    pub fn update_api_key(&self, key: &ApiKey) -> Result<()> {
        self.connection
            .prepare_cached(
                "UPDATE api_keys SET name = :name, updated_at = :updated_at, expires_at = :expires_at WHERE api_key_id = :api_key_id",
            )?
            .execute(named_params! {
                ":api_key_id": key.id,
                ":name": sql::or_null(&key.name),
                ":updated_at": key.updated_at,
                ":expires_at": key.expires_at,
            })?;
        self.connection
            .prepare_cached("DELETE FROM api_key_rights WHERE api_key_id = :api_key_id")?
            .execute(named_params! {":api_key_id": key.id})?;
        self.insert_api_key_rights(key)
    }

    /// Deletes the keys that a user made for others.
    pub fn delete_api_keys_made_for_others(&self, id: &UserId) -> Result<()> {
        self.connection
            .prepare_cached("DELETE FROM api_keys WHERE created_by = :user_id AND account_id <> :user_id")?
            .execute(named_params! {":user_id": id})?;
        Ok(())
    }

    pub fn delete_api_key(&self, id: &str) -> Result<()> {
        self.connection
            .prepare_cached("DELETE FROM api_keys WHERE api_key_id = :api_key_id")?
            .execute(named_params! {":api_key_id": id})?;
        Ok(())
    }

    pub fn api_keys(&self, owner: &AccountId, order: Order<ApiKeyKey>, page: Page) -> Result<Listed<ApiKey>> {
        let mut query = Query::from(FROM);
        query.only_if("k.account_id = :account_id");
        query.with(":account_id", owner);
        let by = match order.by {
            ApiKeyKey::Id => "k.api_key_id",
            ApiKeyKey::Name => "k.name",
            ApiKeyKey::CreatedAt => "k.created_at",
            ApiKeyKey::ExpiresAt => "k.expires_at",
        };
        let listed = query.page(self.connection, COLUMNS, &order_by(by, "k.api_key_id", order.direction), page, read)?;
        Ok(Listed { items: listed.items.into_iter().flatten().collect(), total: listed.total })
    }

    fn insert_api_key_rights(&self, key: &ApiKey) -> Result<()> {
        let mut insert = self
            .connection
            .prepare_cached("INSERT INTO api_key_rights (api_key_id, position, right) VALUES (:api_key_id, :position, :right)")?;
        for (position, right) in key.rights.iter().enumerate() {
            insert.execute(named_params! {":api_key_id": key.id, ":position": position as i64, ":right": right})?;
        }
        Ok(())
    }
}
