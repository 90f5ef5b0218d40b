//! Deletes, restores and purges clients, users and organizations.

use crate::api::{names, reply};
use crate::base::error::Result;
use crate::call::{Input, Work};
use crate::registry::deletion;

pub fn delete<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let entity = names::entity(input)?;
    Ok(Box::new(move |call| deletion::delete(call.tx, call.by, &entity).map(|()| reply::done())))
}

pub fn restore<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let entity = names::entity(input)?;
    Ok(Box::new(move |call| deletion::restore(call.tx, call.by, &entity).map(|()| reply::done())))
}

pub fn purge<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let entity = names::entity(input)?;
    Ok(Box::new(move |call| deletion::purge(call.tx, call.by, &entity).map(|()| reply::done())))
}
