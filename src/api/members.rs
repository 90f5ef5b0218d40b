//! Collaborators of clients and members of organizations (registry.md 1.11, 6.4).

use crate::api::query::{Orders, Query};
use crate::api::{body, names, reply};
use crate::base::error::Result;
use crate::base::validation::Invalid;
use crate::call::{Input, Work};
use crate::model::bounds::RIGHTS;
use crate::model::choice::RIGHT_CHOICES;
use crate::model::member::Member;
use crate::model::shape::{Shape, member};
use crate::model::value::FieldValue;
use crate::registry::members::{self, MemberDetail};
use crate::store::members::MemberKey;

pub const ORDERS: Orders<MemberKey> = &[(&["id", "-id"], MemberKey::Id), (&["-rights", "rights"], MemberKey::Rights)];

pub fn list<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let query = Query::of(input)?;
    let (owned, message) = names::owned(input, "List*CollaboratorsRequest")?;
    let (order, page) = query.listing(&message, ORDERS)?;
    Ok(Box::new(move |call| {
        let (listed, seen) = members::list(call.tx, call.by, &owned, order, page)?;
        let show = match seen {
            MemberDetail::WithRights => Member::to_json,
            MemberDetail::IdsOnly => Member::to_public_json,
        };
        reply::list(input, page, "collaborators", listed, show)
    }))
}

/// Reads `{"collaborator":{"ids":…,"rights":[…]}}`; without rights, removes the member.
pub fn set<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let rights_shape = Shape::ChoiceList(&RIGHT_CHOICES, &RIGHTS);
    let request = body::object(input)?;
    let collaborator = body::message(&request, "collaborator")?;
    let ids = collaborator.map_or(Ok(None), |collaborator| names::decode_ids(collaborator, "collaborator.ids"))?;
    let given = rights_shape.decode_or_nothing("collaborator.rights", collaborator.and_then(|c| member(c, "rights")))?;

    let (owned, message) = names::owned(input, "Set*CollaboratorRequest")?;
    let nested = |inner: Invalid| inner.inside(&message, "collaborator");
    if collaborator.is_none() {
        return Err(Invalid::required(&message, "collaborator").into());
    }
    let ids = ids.ok_or_else(|| nested(Invalid::required("Collaborator", "ids")))?;
    let account = names::known(&ids).map_err(|inner| nested(inner.inside("Collaborator", "ids")))?;
    rights_shape.check("Collaborator", "rights", &given).map_err(nested)?;
    Ok(Box::new(move |call| members::set(call.tx, call.by, &owned, &account, &Vec::from_json(&given)).map(|()| reply::done())))
}

pub fn get<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let (owned, message) = names::owned(input, "Get*CollaboratorRequest")?;
    let account = names::account(input).map_err(|inner| inner.inside(&message, "collaborator"))?;
    Ok(Box::new(move |call| Ok(reply::ok(&members::get(call.tx, &owned, &account)?.to_json()))))
}

pub fn remove<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let (owned, message) = names::owned(input, "Delete*CollaboratorRequest")?;
    let account = names::account(input).map_err(|inner| inner.inside(&message, "collaborator_ids"))?;
    Ok(Box::new(move |call| members::remove(call.tx, call.by, &owned, &account).map(|()| reply::done())))
}
