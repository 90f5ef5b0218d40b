//! Checks an ID while it is typed: `{"problem": "…"}`, or an empty object.

use serde_json::json;

use crate::base::error::Result;
use crate::base::id::AccountId;
use crate::call::{Call, Input, Work};
use crate::console::form::problem::Problem;
use crate::console::page::paths;
use crate::http::reply::Reply;
use crate::model::client::IDENTIFIERS;
use crate::model::shape::{ORGANIZATION_IDENTIFIERS, USER_IDENTIFIERS};
use crate::registry::{accounts, clients};

pub fn client<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    answer(|call| clients::check_id_is_free(call.tx, &paths::typed(typed(input), &IDENTIFIERS)?))
}

pub fn user<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    answer(|call| accounts::check_id_is_free(call.tx, &AccountId::User(paths::typed(typed(input), &USER_IDENTIFIERS)?)))
}

pub fn organization<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    answer(|call| accounts::check_id_is_free(call.tx, &AccountId::Organization(paths::typed(typed(input), &ORGANIZATION_IDENTIFIERS)?)))
}

/// Returns the path's only capture.
fn typed<'r>(input: &'r Input<'_>) -> &'r str {
    input.captures.first().map_or("", |(_, text)| text)
}

fn answer<'r>(judge: impl FnOnce(&Call<'_>) -> Result<()> + 'r) -> Result<Work<'r>> {
    Ok(Box::new(|call| {
        let body = match judge(call) {
            Ok(()) => json!({}),
            Err(error) => json!({"problem": Problem::of(error)?.text}),
        };
        Ok(Reply::json_text(200, body.to_string().into_bytes()))
    }))
}
