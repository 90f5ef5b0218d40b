//! The description of this API. The document is made on a floor above; what is sent is the copy of it that stands here.

use crate::base::error::Result;
use crate::call::{Input, Work};
use crate::http::reply::Reply;

/// What `openapi::text` makes; a test holds the two against each other.
pub const DOCUMENT: &str = include_str!("openapi.json");

pub fn get<'r>(_: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(|_| Ok(Reply::json_text(200, DOCUMENT.into()))))
}
