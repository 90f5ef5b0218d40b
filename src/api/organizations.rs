//! Organizations: create, read, list, change, delete (registry.md 6.4).

use serde_json::json;

use crate::api::query::{Orders, Query};
use crate::api::{body, names, reply};
use crate::base::error::Result;
use crate::base::id::AccountId;
use crate::base::validation::Invalid;
use crate::call::{Input, Work};
use crate::model::field::Audience;
use crate::model::field::Purpose;
use crate::model::mask::Mask;
use crate::model::organization::FIELDS;
use crate::model::view::render;
use crate::registry::{guidelines, organizations};
use crate::store::organizations::{OrganizationKey, OrganizationSearch};

pub const ORDERS: Orders<OrganizationKey> = &[
    ("organization_id", OrganizationKey::Id),
    ("-organization_id", OrganizationKey::Id),
    ("name", OrganizationKey::Name),
    ("-name", OrganizationKey::Name),
    ("created_at", OrganizationKey::CreatedAt),
    ("-created_at", OrganizationKey::CreatedAt),
];

/// `{"organization":{…}}` under a user.
pub fn create<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    const MESSAGE: &str = "CreateOrganizationRequest";
    let request = body::object(input)?;
    if let Some(collaborator) = body::message(&request, "collaborator")? {
        crate::model::shape::decode_account(collaborator)?;
    }
    let sent = body::entity(&request, "organization", FIELDS)?.ok_or_else(|| Invalid::required(MESSAGE, "organization"))?;
    sent.check(FIELDS, "Organization", None).map_err(|inner| inner.inside(MESSAGE, "organization"))?;
    names::account(input).map_err(|inner| inner.inside(MESSAGE, "collaborator"))?;
    let founder = names::user(input)?;
    let id = sent.id("organization_id").ok_or_else(|| Invalid::required("Organization", "ids"))?;
    guidelines::check_id(sent.get("ids").and_then(|ids| ids["organization_id"].as_str()).unwrap_or_default())?;
    Ok(Box::new(move |call| {
        let organization = organizations::create(call.tx, call.by, call.settings, id, &founder, &sent)?;
        Ok(reply::ok(&render(FIELDS, &organization, &Mask::everything(FIELDS), Audience::Holder)))
    }))
}

pub fn get<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let mask = Query::of(input)?.mask(FIELDS)?;
    let id = names::organization(input).map_err(|inner| inner.inside("GetOrganizationRequest", "organization_ids"))?;
    Ok(Box::new(move |call| {
        let (organization, audience) = organizations::get(call.tx, call.by, &id, &mask)?;
        Ok(reply::ok(&render(FIELDS, &organization, &mask, audience)))
    }))
}

/// The organizations of the user in the path, of `collaborator.…`, or of the caller.
pub fn list<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    const MESSAGE: &str = "ListOrganizationsRequest";
    let query = Query::of(input)?;
    let mask = query.mask(FIELDS)?;
    let account: Option<AccountId> = match input.captures.first() {
        Some(_) => Some(names::account(input).map_err(|inner| inner.inside(MESSAGE, "collaborator"))?),
        None => names::account_parameter(&query, "collaborator", MESSAGE)?,
    };
    let search = search_of(&query, MESSAGE)?;
    let page = search.page;
    Ok(Box::new(move |call| match organizations::list(call.tx, call.by, account, search, &mask)? {
        Some(listed) => reply::entities(input, page, "organizations", FIELDS, listed, &mask),
        None => Ok(reply::done()),
    }))
}

/// `{"organization":{…},"field_mask":…}`.
pub fn update<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    const MESSAGE: &str = "UpdateOrganizationRequest";
    let request = body::object(input)?;
    let mut sent = body::entity(&request, "organization", FIELDS)?.unwrap_or_default();
    let paths = body::field_mask(&request)?.unwrap_or_default();
    let mask = Mask::parse(FIELDS, Purpose::Update, &paths)?;
    sent.put("ids", json!({"organization_id": input.capture("organization_id")}));
    sent.check(FIELDS, "Organization", Some(&mask)).map_err(|inner| inner.inside(MESSAGE, "organization"))?;
    let id = names::organization(input)?;
    Ok(Box::new(move |call| {
        let organization = organizations::update(call.tx, call.by, call.settings, &id, &mask, &sent)?;
        Ok(reply::updated(&render(FIELDS, &organization, &mask, Audience::Holder), mask.names(FIELDS, "contact_info")))
    }))
}

pub fn search<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    const MESSAGE: &str = "SearchOrganizationsRequest";
    let query = Query::of(input)?;
    let mut mask = query.mask(FIELDS)?;
    let mut search = search_of(&query, MESSAGE)?;
    search.texts = query.texts(MESSAGE)?;
    query.add_searched(FIELDS, &search.texts, &mut mask);
    let page = search.page;
    Ok(Box::new(move |call| {
        reply::entities(input, page, "organizations", FIELDS, organizations::search(call.tx, call.by, search, &mask)?, &mask)
    }))
}

fn search_of(query: &Query, message: &str) -> Result<OrganizationSearch> {
    let (order, page) = query.listing(message, ORDERS)?;
    Ok(OrganizationSearch { member: None, deleted: query.deleted()?, texts: Default::default(), order, page })
}
