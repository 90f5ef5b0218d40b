//! Organizations: create, read, list, change, delete (registry.md 6.4).

use crate::api::entity::ORGANIZATION;
use crate::api::query::{Orders, Query};
use crate::api::{body, names, reply};
use crate::base::error::Result;
use crate::call::{Input, Work};
use crate::model::field::Audience;
use crate::model::organization::FIELDS;
use crate::model::view::render;
use crate::registry::organizations;
use crate::store::organizations::OrganizationKey;

pub const ORDERS: Orders<OrganizationKey> = &[
    (&["organization_id", "-organization_id"], OrganizationKey::Id),
    (&["name", "-name"], OrganizationKey::Name),
    (&["created_at", "-created_at"], OrganizationKey::CreatedAt),
];

/// Reads `{"organization":{…}}` under a user.
pub fn create<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let request = body::object(input)?;
    if let Some(collaborator) = body::message(&request, "collaborator")? {
        crate::model::shape::decode_account(collaborator).map_err(|inner| inner.at("collaborator"))?;
    }
    let sent = ORGANIZATION.read_new(&request)?;
    names::account(input).map_err(|inner| inner.inside("CreateOrganizationRequest", "collaborator"))?;
    let founder = names::user(input)?;
    let id = ORGANIZATION.new_id(&sent)?;
    Ok(Box::new(move |call| {
        let organization = organizations::create(call.tx, call.by, call.settings, id, &founder, &sent)?;
        Ok(ORGANIZATION.whole(&organization))
    }))
}

pub fn get<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    ORGANIZATION.get(input, names::organization, organizations::get)
}

/// Lists the organizations of the user in the path, of `collaborator.…`, or of the caller.
pub fn list<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    const MESSAGE: &str = "ListOrganizationsRequest";
    let query = Query::of(input)?;
    let mask = query.mask(FIELDS)?;
    let account = names::collaborator(input, &query, MESSAGE)?;
    let search = query.search(MESSAGE, ORDERS)?;
    Ok(Box::new(move |call| match organizations::list(call.tx, call.by, account, &search, &mask)? {
        Some(listed) => reply::entities(input, search.page, "organizations", FIELDS, listed, &mask),
        None => Ok(reply::done()),
    }))
}

/// Reads `{"organization":{…},"field_mask":…}`.
pub fn update<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let (sent, mask) = ORGANIZATION.read_update(input)?;
    let id = names::organization(input)?;
    Ok(Box::new(move |call| {
        let organization = organizations::update(call.tx, call.by, call.settings, &id, &mask, &sent)?;
        Ok(reply::updated(&render(FIELDS, &organization, &mask, Audience::Holder), mask.names(FIELDS, "contact_info")))
    }))
}

pub fn search<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let (search, mask) = ORGANIZATION.read_search(&Query::of(input)?, ORDERS)?;
    Ok(Box::new(move |call| {
        let found = organizations::search(call.tx, call.by, &search, &mask)?;
        reply::entities(input, search.page, "organizations", FIELDS, found, &mask)
    }))
}
