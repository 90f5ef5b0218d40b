//! Sign-in links, with which users who lack their password choose a new one.

use crate::api::{names, reply};
use crate::base::error::Result;
use crate::call::{Input, Work};
use crate::registry::recovery;

/// Answers the link, which is not shown again.
pub fn create<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let id = names::user(input)?;
    Ok(Box::new(move |call| {
        let (link, token) = recovery::create_link(call.tx, call.by, &id)?;
        Ok(reply::ok(&link.to_json(&call.settings.public_url, &token.reveal())))
    }))
}

pub fn delete<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let id = names::user(input)?;
    Ok(Box::new(move |call| recovery::delete_link(call.tx, call.by, &id).map(|()| reply::done())))
}
