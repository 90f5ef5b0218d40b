//! The mark of what a declaration manages: an attribute with the name of the declaration.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::base::error::Result;
use crate::base::page::{Page, all};
use crate::model::mask::Mask;
use crate::registry::entity::Entity;
use crate::registry::marks::MANAGED_BY;
use crate::registry::principal::Principal;
use crate::registry::{clients, organizations, users};
use crate::store::clients::ClientKey;
use crate::store::organizations::OrganizationKey;
use crate::store::users::UserKey;
use crate::store::{Direction, Search, TextSearch, Tx};

/// Returns the attributes that an entity will have: those that are declared, or else those that it has, with the mark. `None` if there is
/// nothing to say of them.
pub fn attributes(declared: Option<&Value>, found: Option<&Value>, name: Option<&str>) -> Option<Value> {
    if name.is_none() && declared.is_none() {
        return None;
    }
    let mut attributes: Map<String, Value> = declared.or(found).and_then(Value::as_object).cloned().unwrap_or_default();
    match (name, found.and_then(|found| found.get(MANAGED_BY))) {
        (Some(name), _) => drop(attributes.insert(MANAGED_BY.to_owned(), name.into())),
        // A declaration without a name leaves what is another's theirs.
        (None, Some(mark)) => drop(attributes.entry(MANAGED_BY).or_insert_with(|| mark.clone())),
        (None, None) => {}
    }
    Some(attributes.into())
}

/// Returns all live entities with this mark: clients first, then organizations, then users, so that each can be removed before its owner.
pub fn entities(tx: &Tx<'_>, name: &str) -> Result<Vec<Entity>> {
    let by = Principal::operator();
    let mask = Mask::default();
    let clients = all(|page| clients::search(tx, &by, &marked(ClientKey::Id, page, name), &mask)?.listed())?;
    let organizations = all(|page| organizations::search(tx, &by, &marked(OrganizationKey::Id, page, name), &mask))?;
    let users = all(|page| users::list(tx, &by, &marked(UserKey::Id, page, name)))?;
    // The search finds names that contain this one too.
    let is_marked = |attributes: &BTreeMap<String, String>| attributes.get(MANAGED_BY).is_some_and(|by| by == name);
    let clients = clients.into_iter().filter(|(found, _)| is_marked(&found.attributes)).map(|(found, _)| Entity::Client(found.id));
    let organizations =
        organizations.into_iter().filter(|(found, _)| is_marked(&found.attributes)).map(|(found, _)| Entity::Organization(found.id));
    let users = users.into_iter().filter(|(found, _)| is_marked(&found.attributes)).map(|(found, _)| Entity::User(found.id));
    Ok(clients.chain(organizations).chain(users).collect())
}

fn marked<Key>(by: Key, page: Page, name: &str) -> Search<Key> {
    let texts = TextSearch { attributes_contain: vec![(MANAGED_BY.to_owned(), name.to_owned())], ..TextSearch::default() };
    Search { texts, ..Search::live(by, Direction::Ascending, page) }
}
