//! The search for accounts (registry.md 6.9).

use crate::api::query::{LONGEST_TEXT, Query};
use crate::api::{names, reply};
use crate::base::error::{Error, Result};
use crate::base::id::{ClientId, OrganizationId};
use crate::base::validation::Invalid;
use crate::call::{Input, Work};
use crate::model::shape::check_text;
use crate::model::value;
use crate::registry::accounts;
use crate::store::accounts::Members;
use crate::store::members::Owned;

const MESSAGE: &str = "SearchAccountsRequest";

/// Finds accounts. The entity is in the path, in a parameter, or nowhere.
pub fn accounts<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let query = Query::of(input)?;
    let text = query.one("query")?.unwrap_or_default().to_owned();
    let only_users = query.flag("only_users")?;
    let which = if query.flag("complement_collaborators")? { Members::Others } else { Members::Those };
    check_text(MESSAGE, "query", &text.as_str().into(), LONGEST_TEXT)?;
    let owned = match input.captures.first() {
        Some(_) => Some(names::owned(input, MESSAGE)?.0),
        None => owned_parameter(&query)?,
    };
    let page = query.page(MESSAGE)?;
    Ok(Box::new(move |call| {
        let found = accounts::search(call.tx, call.by, &text, only_users, owned.map(|owned| (owned, which)), page)?;
        reply::list(input, page, "account_ids", found, |account| value::account(Some(account)))
    }))
}

/// Reads `client_ids.client_id` or `organization_ids.organization_id`.
fn owned_parameter(query: &Query) -> Result<Option<Owned>> {
    let client = query.one("client_ids.client_id")?;
    let organization = query.one("organization_ids.organization_id")?;
    let nested =
        |ids: &str, key: &str, reason: String| Invalid::new(&format!("{}Identifiers", kind(ids)), key, reason).inside(MESSAGE, ids);
    match (client, organization) {
        (None, None) => Ok(None),
        (Some(id), None) => {
            let id: ClientId = id.parse().map_err(|bad: crate::base::id::BadId| nested("client_ids", "client_id", bad.0))?;
            Ok(Some(Owned::Client(id)))
        }
        (None, Some(id)) => {
            let id: OrganizationId =
                id.parse().map_err(|bad: crate::base::id::BadId| nested("organization_ids", "organization_id", bad.0))?;
            Ok(Some(Owned::Organization(id)))
        }
        (Some(_), Some(_)) => Err(Error::malformed("client_ids and organization_ids are both set: only one of them may be")),
    }
}

fn kind(ids: &str) -> &'static str {
    if ids == "client_ids" { "Client" } else { "Organization" }
}
