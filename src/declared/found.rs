//! What there is of an entity that is declared.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::base::error::Result;
use crate::base::id::{AccountId, ClientId, OrganizationId, UserId};
use crate::base::page::Page;
use crate::base::right::Right;
use crate::base::secret::Hash;
use crate::declared::drift::Memory;
use crate::declared::fields;
use crate::declared::read::DeclaredKey;
use crate::model::api_key::ApiKey;
use crate::model::{client, organization, user};
use crate::registry::marks::MANAGED_BY;
use crate::store::api_keys::ApiKeyKey;
use crate::store::members::{MemberKey, Owned};
use crate::store::{Deleted, Direction, Order, Tx};

/// What apps know a user by: no field of the API.
pub const SUBJECT: &str = "subject";

/// More than an entity has of members or keys: there are bounds.
const MOST: u32 = 1000;

/// An entity, live or deleted.
#[derive(Debug, Default)]
pub struct FoundEntity {
    pub is_deleted: bool,
    pub fields: Map<String, Value>,
    pub members: BTreeMap<String, Vec<Right>>,
    pub keys: Vec<FoundKey>,
    pub has_secret: bool,
}

#[derive(Debug)]
pub struct FoundKey {
    pub key: ApiKey,
    hash: Hash,
}

impl FoundKey {
    /// Returns whether its holder has the key that is declared, if one is.
    pub fn is_proved_by(&self, declared: &DeclaredKey) -> bool {
        let has_id = declared.id.as_ref().is_none_or(|id| *id == self.key.id);
        let is_same = match (&declared.token, &declared.hash) {
            (Some(token), _) => self.hash.matches(&token.key),
            (None, Some(hash)) => *hash == self.hash,
            (None, None) => true,
        };
        has_id && is_same
    }
}

impl FoundEntity {
    pub fn user(tx: &Tx<'_>, id: &UserId) -> Result<Option<FoundEntity>> {
        let Some(user) = tx.user(id, Deleted::Either)? else { return Ok(None) };
        Ok(Some(FoundEntity {
            is_deleted: user.deleted_at.is_some(),
            fields: fields::of_entity(user::FIELDS, &user).into_iter().chain([(SUBJECT.to_owned(), user.subject.into())]).collect(),
            keys: keys(tx, &AccountId::User(id.clone()))?,
            has_secret: true,
            ..FoundEntity::default()
        }))
    }

    pub fn organization(tx: &Tx<'_>, id: &OrganizationId) -> Result<Option<FoundEntity>> {
        let Some(organization) = tx.organization(id, Deleted::Either)? else { return Ok(None) };
        Ok(Some(FoundEntity {
            is_deleted: organization.deleted_at.is_some(),
            fields: fields::of_entity(organization::FIELDS, &organization),
            members: members(tx, &Owned::Organization(id.clone()))?,
            keys: keys(tx, &AccountId::Organization(id.clone()))?,
            ..FoundEntity::default()
        }))
    }

    pub fn client(tx: &Tx<'_>, id: &ClientId) -> Result<Option<FoundEntity>> {
        let Some(client) = tx.client(id, Deleted::Either)? else { return Ok(None) };
        Ok(Some(FoundEntity {
            is_deleted: client.deleted_at.is_some(),
            fields: fields::of_entity(client::FIELDS, &client),
            members: members(tx, &Owned::Client(id.clone()))?,
            has_secret: !tx.client_secrets(id)?.is_empty(),
            ..FoundEntity::default()
        }))
    }

    /// Returns the name of the declaration that manages it.
    pub fn managed_by(&self) -> Option<&str> {
        self.fields.get("attributes")?.get(MANAGED_BY)?.as_str()
    }

    /// Returns the key that a declaration means: the one of its ID, or else of its name. Where the key itself is declared, one that was made by
    /// hand and has its name is another.
    pub fn key(&self, declared: &DeclaredKey, memory: &Memory<'_>) -> Result<Option<&FoundKey>> {
        let by_id = self.keys.iter().find(|found| declared.id.as_ref() == Some(&found.key.id));
        if by_id.is_some() || !declared.is_found_by_name() {
            return Ok(by_id);
        }
        let named = || self.keys.iter().filter(|found| found.key.name == declared.wanted.name);
        for found in named() {
            if memory.may_have_made_key(&found.key.id)? {
                return Ok(Some(found));
            }
        }
        Ok(named().next().filter(|_| declared.hash.is_none()))
    }
}

fn members(tx: &Tx<'_>, owned: &Owned) -> Result<BTreeMap<String, Vec<Right>>> {
    let order = Order { by: MemberKey::Id, direction: Direction::Ascending };
    let found = tx.members(owned, order, Page::new(MOST, 1))?;
    Ok(found.items.into_iter().map(|member| (member.account.as_str().to_owned(), member.rights)).collect())
}

fn keys(tx: &Tx<'_>, owner: &AccountId) -> Result<Vec<FoundKey>> {
    let order = Order { by: ApiKeyKey::Id, direction: Direction::Ascending };
    let found = tx.api_keys(owner, order, Page::new(MOST, 1))?.items;
    let with_hash = |key: ApiKey| Ok(tx.stored_api_key(&key.id)?.map(|stored| FoundKey { key, hash: stored.hash }));
    found.into_iter().filter_map(|key| with_hash(key).transpose()).collect()
}
