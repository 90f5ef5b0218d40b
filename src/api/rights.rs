//! The caller's rights on an entity (registry.md 1.11, 6.2).

use crate::api::{names, reply};
use crate::base::error::Result;
use crate::call::{Input, Work};
use crate::registry::rights;
use crate::store::Deleted;

/// Lists the caller's rights. Without any, the answer is empty and not a refusal.
pub fn list<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let entity = names::entity(input)?;
    Ok(Box::new(move |call| {
        let rights = rights::on(call.tx, call.by, &entity, Deleted::No)?.and(entity.scope());
        Ok(reply::items("rights", rights.names()))
    }))
}
