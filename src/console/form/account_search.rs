//! Suggests accounts while an ID is typed: `{"accounts": [{"id": "alice", "kind": "user"}]}`.

use serde_json::json;

use crate::base::error::Result;
use crate::base::page::Page;
use crate::call::{Input, Work};
use crate::http::form::Form;
use crate::http::reply::Reply;
use crate::registry::accounts;

/// The most suggestions.
const MOST: u32 = 10;

/// Finds accounts whose ID contains the text, as far as the caller may search (registry.md 6.9).
pub fn accounts<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let asked = Form::of_query(input.request)?;
    let text = asked.one("query").to_lowercase();
    // The search accepts patterns, but a typed ID is not one.
    let is_part_of_an_id = text.len() <= 36 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    Ok(Box::new(move |call| {
        let found = match is_part_of_an_id {
            true => accounts::search(call.tx, call.by, &text, asked.has("only_users"), None, Page::new(MOST, 1))?.items,
            false => Vec::new(),
        };
        let suggested = found.iter().map(|account| json!({"id": account.as_str(), "kind": account.kind()}));
        let body = json!({"accounts": suggested.collect::<Vec<_>>()});
        Ok(Reply::json_text(200, body.to_string().into_bytes()))
    }))
}
