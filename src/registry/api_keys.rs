//! API keys of users and organizations (registry.md 6.3).

use crate::base::error::{Error, Result, errors};
use crate::base::id::AccountId;
use crate::base::page::{Listed, Page};
use crate::base::right::{Right, Rights};
use crate::base::secret::{Hash, REPEATABLE_SECONDS, Token, TokenKind};
use crate::base::time::Time;
use crate::model::api_key::ApiKey;
use crate::model::bounds::API_KEYS;
use crate::model::event::Action;
use crate::registry::entity::Entity;
use crate::registry::principal::{Access, Principal};
use crate::registry::{bounds, history, rights};
use crate::store::api_keys::ApiKeyKey;
use crate::store::{Deleted, Order, Tx};

errors! {
    API_KEY_EXISTS: AlreadyExists "keyfob" "api_key_exists" "there already is an API key with the ID `{api_key_id}`";
    STORED_API_KEY_NOT_FOUND: NotFound "pkg/identityserver/store" "api_key_not_found" "api key with id `{api_key_id}` not found";
}

/// A new key, or new values for an existing one.
#[derive(Clone, Debug, Default)]
pub struct NewKey {
    pub name: String,
    pub rights: Vec<Right>,
    pub expires_at: Option<Time>,
}

/// Which fields of a key an update changes.
#[derive(Clone, Copy, Debug)]
pub struct KeyMask {
    pub name: bool,
    pub rights: bool,
    pub expires_at: bool,
}

/// Creates a key. Only the operator can give it a right that the caller doesn't literally hold: what `_ALL` implies does not include
/// `_ALL`.
/// # Errors
/// Those of [`rights::on`]; [`rights::refused`] for a right that the caller lacks; `too_many` keys.
pub fn create(tx: &Tx<'_>, by: &Principal, owner: &AccountId, wanted: NewKey) -> Result<(ApiKey, Token)> {
    check_may_create(tx, by, owner, &wanted)?;
    let token = Token::fresh(TokenKind::ApiKey);
    let key = insert(tx, by, owner, wanted, &token.id, &Hash::of_generated(&token.key))?;
    Ok((key, token))
}

/// Creates a key that is known before: that of a fixture, a declaration or a form that may be sent again.
/// # Errors
/// Those of [`create`]; `api_key_exists`.
pub fn create_known(tx: &Tx<'_>, by: &Principal, owner: &AccountId, wanted: NewKey, id: &str, hash: &Hash) -> Result<ApiKey> {
    check_may_create(tx, by, owner, &wanted)?;
    if tx.stored_api_key(id)?.is_some() {
        return Err(API_KEY_EXISTS.with("api_key_id", id).into());
    }
    insert(tx, by, owner, wanted, id, hash)
}

/// Returns whether an account has this key and was given it just now: the request that created it was sent again.
pub(crate) fn created_just_now(tx: &Tx<'_>, owner: &AccountId, id: &str) -> Result<bool> {
    Ok(tx.api_key(owner, id)?.is_some_and(|key| key.created_at.plus_seconds(REPEATABLE_SECONDS) > tx.now))
}

fn check_may_create(tx: &Tx<'_>, by: &Principal, owner: &AccountId, wanted: &NewKey) -> Result<()> {
    check_has(tx, by, owner, wanted.rights.iter().copied().collect())?;
    bounds::check(&API_KEYS, owner.as_str(), tx.api_key_count(owner)?)
}

/// Stores a key with this ID and the hash of its secret part.
pub(super) fn insert(tx: &Tx<'_>, by: &Principal, owner: &AccountId, wanted: NewKey, id: &str, hash: &Hash) -> Result<ApiKey> {
    let key = ApiKey {
        id: id.to_owned(),
        owner: owner.clone(),
        name: wanted.name,
        rights: wanted.rights,
        created_at: tx.now,
        updated_at: tx.now,
        expires_at: wanted.expires_at,
        used_at: None,
        created_by: by.person().cloned(),
    };
    if !tx.insert_api_key(&key, hash)? {
        return Err(Error::Internal("two API keys got the same 192 random bits".into()));
    }
    record(tx, by, Action::CreateApiKey, None, Some(&key))?;
    Ok(key)
}

pub(crate) fn list(tx: &Tx<'_>, owner: &AccountId, order: Order<ApiKeyKey>, page: Page) -> Result<Listed<ApiKey>> {
    tx.api_keys(owner, order, page)
}

/// Returns a key of an account.
/// # Errors
/// `api_key_not_found`, also if the key is another account's.
pub fn get(tx: &Tx<'_>, owner: &AccountId, id: &str) -> Result<ApiKey> {
    tx.api_key(owner, id)?.ok_or_else(|| {
        STORED_API_KEY_NOT_FOUND.with("api_key_id", id).with("entity_id", owner.as_str()).with("entity_type", owner.kind()).into()
    })
}

/// Changes a key. A key without rights is deleted, and `None` returned. To add a right or extend its life, the caller must hold every right
/// that the key has afterwards: otherwise a weaker key could bring an expired stronger one back.
/// # Errors
/// `api_key_not_found`; those of [`rights::on`]; [`rights::refused`] for a right that the caller lacks.
pub fn update(tx: &Tx<'_>, by: &Principal, owner: &AccountId, id: &str, changed: KeyMask, wanted: NewKey) -> Result<Option<ApiKey>> {
    let old = get(tx, owner, id)?;
    if !wanted.rights.is_empty() {
        let (was, will): (Rights, Rights) = (old.rights.iter().copied().collect(), wanted.rights.iter().copied().collect());
        check_has(tx, by, owner, was.without(will).or(will.without(was)))?;
    }
    if changed.rights && wanted.rights.is_empty() {
        delete(tx, by, owner, id)?;
        return Ok(None);
    }
    let mut new = ApiKey { updated_at: tx.now, ..old.clone() };
    if changed.name {
        new.name = wanted.name;
    }
    if changed.rights {
        new.rights = wanted.rights;
    }
    if changed.expires_at {
        new.expires_at = wanted.expires_at;
    }
    if strengthens(&old, &new) {
        check_has(tx, by, owner, new.rights.iter().copied().collect())?;
    }
    tx.update_api_key(&new)?;
    record(tx, by, Action::UpdateApiKey, Some(&old), Some(&new))?;
    Ok(Some(new))
}

/// Returns whether the key allows more than before, or for longer.
fn strengthens(old: &ApiKey, new: &ApiKey) -> bool {
    let ends_later = match (old.expires_at, new.expires_at) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(old), Some(new)) => new > old,
    };
    ends_later || new.rights.iter().any(|right| !old.rights.contains(right))
}

/// Deletes a key.
/// # Errors
/// `api_key_not_found`.
pub fn delete(tx: &Tx<'_>, by: &Principal, owner: &AccountId, id: &str) -> Result<()> {
    let old = get(tx, owner, id)?;
    tx.delete_api_key(id)?;
    record(tx, by, Action::DeleteApiKey, Some(&old), None)
}

fn check_has(tx: &Tx<'_>, by: &Principal, owner: &AccountId, wanted: Rights) -> Result<()> {
    let entity = Entity::from(owner);
    let rights = rights::on(tx, by, &entity, Deleted::No)?;
    if matches!(by.access, Access::Operator) {
        return Ok(());
    }
    if wanted.without(rights).is_empty() { Ok(()) } else { Err(rights::refused(&entity, rights, wanted)) }
}

fn record(tx: &Tx<'_>, by: &Principal, action: Action, old: Option<&ApiKey>, new: Option<&ApiKey>) -> Result<()> {
    let shown = |key: Option<&ApiKey>| key.map_or(serde_json::Value::Null, ApiKey::to_json);
    let owner = old.or(new).map(|key| Entity::from(&key.owner));
    owner.map_or(Ok(()), |owner| history::record_part(tx, by, &owner, action, "api_key", shown(old), shown(new)))
}
