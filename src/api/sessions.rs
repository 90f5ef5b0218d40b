//! The sessions of a user (registry.md 6.6).

use crate::api::query::{Orders, Query};
use crate::api::{names, reply};
use crate::base::error::Result;
use crate::call::{Input, Work};
use crate::model::session::Session;
use crate::registry::sessions;
use crate::store::sessions::SessionKey;
use crate::store::{Direction, Order};

pub const ORDERS: Orders<SessionKey> = &[(&["created_at", "-created_at"], SessionKey::CreatedAt)];

/// The default order (registry.md 6.6).
const UNASKED: Order<SessionKey> = Order { by: SessionKey::Id, direction: Direction::Ascending };

pub fn list<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    const MESSAGE: &str = "ListUserSessionsRequest";
    let query = Query::of(input)?;
    let user = names::user(input).map_err(|inner| inner.inside(MESSAGE, "user_ids"))?;
    let (order, page) = query.listing_or(MESSAGE, ORDERS, UNASKED)?;
    Ok(Box::new(move |call| reply::list(input, page, "sessions", sessions::list(call.tx, &user, order, page)?, Session::to_json)))
}

pub fn delete<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let user = names::user(input)?;
    let id = input.capture("session_id").unwrap_or_default();
    Ok(Box::new(move |call| sessions::delete(call.tx, call.by, &user, id).map(|()| reply::done())))
}
