//! A user's authorizations and their tokens (registry.md 6.7).

use crate::api::query::{Orders, Query};
use crate::api::{names, reply};
use crate::base::error::Result;
use crate::call::{Input, Work};
use crate::model::grant::{AccessToken, Authorization};
use crate::registry::authorizations;

/// The only order, by creation.
pub const ORDERS: Orders<()> = &[(&["created_at", "-created_at"], ())];

pub fn list<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    const MESSAGE: &str = "ListOAuthClientAuthorizationsRequest";
    let query = Query::of(input)?;
    let user = names::user(input).map_err(|inner| inner.inside(MESSAGE, "user_ids"))?;
    let (order, page) = query.listing(MESSAGE, ORDERS)?;
    Ok(Box::new(move |call| {
        let listed = authorizations::list(call.tx, &user, order.direction, page)?;
        reply::list(input, page, "authorizations", listed, Authorization::to_json)
    }))
}

pub fn delete<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    const MESSAGE: &str = "OAuthClientAuthorizationIdentifiers";
    let user = names::user(input).map_err(|inner| inner.inside(MESSAGE, "user_ids"))?;
    let client = names::client(input).map_err(|inner| inner.inside(MESSAGE, "client_ids"))?;
    Ok(Box::new(move |call| authorizations::delete(call.tx, call.by, &user, &client).map(|()| reply::done())))
}

pub fn tokens<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    const MESSAGE: &str = "ListOAuthAccessTokensRequest";
    let query = Query::of(input)?;
    let user = names::user(input).map_err(|inner| inner.inside(MESSAGE, "user_ids"))?;
    let client = names::client(input).map_err(|inner| inner.inside(MESSAGE, "client_ids"))?;
    let (order, page) = query.listing(MESSAGE, ORDERS)?;
    Ok(Box::new(move |call| {
        let listed = authorizations::tokens(call.tx, &user, &client, order.direction, page)?;
        reply::list(input, page, "tokens", listed, AccessToken::to_json)
    }))
}

pub fn delete_token<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    const MESSAGE: &str = "OAuthAccessTokenIdentifiers";
    let user = names::user(input).map_err(|inner| inner.inside(MESSAGE, "user_ids"))?;
    let client = names::client(input).map_err(|inner| inner.inside(MESSAGE, "client_ids"))?;
    let id = input.capture("token_id").unwrap_or_default();
    Ok(Box::new(move |call| authorizations::delete_token(call.tx, call.by, &user, &client, id).map(|()| reply::done())))
}
