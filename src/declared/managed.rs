//! The mark of what a declaration manages: an attribute with the name of the declaration.

use serde_json::{Map, Value};

use crate::base::error::Result;
use crate::base::page::Page;
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
/// # Errors
/// Only those of the store.
pub fn all(tx: &Tx<'_>, name: &str) -> Result<Vec<Entity>> {
    let by = Principal::operator();
    let mask = Mask::default();
    let is_marked = |attributes: &std::collections::BTreeMap<String, String>| attributes.get(MANAGED_BY).is_some_and(|by| by == name);
    let mut entities = Vec::new();
    each_page(|page| {
        let found = clients::search(tx, &by, &marked(Search::live(ClientKey::Id, Direction::Ascending, page), name), &mask)?.listed()?;
        entities.extend(
            found.items.iter().filter(|(client, _)| is_marked(&client.attributes)).map(|(client, _)| Entity::Client(client.id.clone())),
        );
        Ok(found.total)
    })?;
    each_page(|page| {
        let search = marked(Search::live(OrganizationKey::Id, Direction::Ascending, page), name);
        let found = organizations::search(tx, &by, &search, &mask)?;
        let marked = found.items.iter().filter(|(organization, _)| is_marked(&organization.attributes));
        entities.extend(marked.map(|(organization, _)| Entity::Organization(organization.id.clone())));
        Ok(found.total)
    })?;
    each_page(|page| {
        let found = users::list(tx, &by, &marked(Search::live(UserKey::Id, Direction::Ascending, page), name))?;
        entities.extend(found.items.iter().filter(|(user, _)| is_marked(&user.attributes)).map(|(user, _)| Entity::User(user.id.clone())));
        Ok(found.total)
    })?;
    Ok(entities)
}

fn marked<Key>(search: Search<Key>, name: &str) -> Search<Key> {
    let texts = TextSearch { attributes_contain: vec![(MANAGED_BY.to_owned(), name.to_owned())], ..TextSearch::default() };
    Search { texts, ..search }
}

fn each_page(mut read: impl FnMut(Page) -> Result<i64>) -> Result<()> {
    let mut next = Some(Page::new(1000, 1));
    while let Some(page) = next {
        next = page.after(read(page)?);
    }
    Ok(())
}
