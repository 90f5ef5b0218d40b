//! Serves the OpenAPI document. It is generated on a floor above; this is the committed copy.

use crate::base::error::Result;
use crate::call::{Input, Work};
use crate::http::base_path::BasePath;
use crate::http::reply::Reply;

/// The result of `openapi::text`; a test compares the two.
pub const DOCUMENT: &str = include_str!("openapi.json");

pub fn get<'r>(_: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(|call| {
        let servers = |root: &str| format!("\"servers\":[{{\"url\":\"{root}\"}}]");
        let base_path = BasePath::of(&call.settings.public_url);
        Ok(Reply::json_text(200, DOCUMENT.replacen(&servers("/"), &servers(base_path.root()), 1).into()))
    }))
}
