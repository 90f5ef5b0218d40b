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
    answer(|call| is_free_for_client(call, typed(input)))
}

pub fn user<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    answer(|call| is_free_for_user(call, typed(input)))
}

pub fn organization<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    answer(|call| is_free_for_organization(call, typed(input)))
}

/// Refuses what no new client can have as its ID.
pub fn is_free_for_client(call: &Call<'_>, text: &str) -> Result<()> {
    clients::check_id_is_free(call.tx, &paths::typed(text, &IDENTIFIERS)?)
}

pub fn is_free_for_user(call: &Call<'_>, text: &str) -> Result<()> {
    accounts::check_id_is_free(call.tx, &AccountId::User(paths::typed(text, &USER_IDENTIFIERS)?))
}

pub fn is_free_for_organization(call: &Call<'_>, text: &str) -> Result<()> {
    accounts::check_id_is_free(call.tx, &AccountId::Organization(paths::typed(text, &ORGANIZATION_IDENTIFIERS)?))
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
