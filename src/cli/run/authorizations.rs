//! The authorizations of a user, and their tokens.

use crate::cli::api_error::ApiError;
use crate::cli::args::nouns::USER;
use crate::cli::args::values::Values;
use crate::cli::failure::Failure;
use crate::cli::remote::http::{QueryPairs, Remote, segment};
use crate::cli::run::entities::{owner, path};
use crate::cli::run::pages;

const COLUMNS: &[&str] = &["client_ids.client_id", "rights", "created_at"];
const TOKEN_COLUMNS: &[&str] = &["id", "created_at", "expires_at", "rights"];

pub fn list(values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    pages::print(&authorizations(values, remote)?, QueryPairs::new(), values, remote, COLUMNS)
}

/// Deletes the tokens of an authorization, then the authorization: The Things Stack would leave the tokens valid.
pub fn delete(values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let path = authorization(values, remote)?;
    while let Some(id) = first_token(&path, remote)? {
        remote.delete(&format!("{path}/tokens/{}", segment(&id)))?;
    }
    remote.delete(&path)
}

pub fn list_tokens(values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let path = format!("{}/tokens", authorization(values, remote)?);
    pages::print(&path, QueryPairs::new(), values, remote, TOKEN_COLUMNS)
}

pub fn delete_token(values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let id = segment(values.needed("token-id")?);
    remote.delete(&format!("{}/tokens/{id}", authorization(values, remote)?))
}

fn first_token(path: &str, remote: &Remote) -> Result<Option<String>, ApiError> {
    let answer = remote.read(&format!("{path}/tokens"), &vec![("limit".to_owned(), "1".to_owned())])?;
    Ok(answer.body.pointer("/tokens/0/id").and_then(|id| id.as_str()).map(str::to_owned))
}

fn authorizations(values: &Values, remote: &Remote) -> Result<String, Failure> {
    Ok(format!("{}/authorizations", path(&USER, &owner(&USER, values, remote)?)))
}

fn authorization(values: &Values, remote: &Remote) -> Result<String, Failure> {
    let client = segment(values.needed("client-id")?);
    Ok(format!("{}/{client}", authorizations(values, remote)?))
}
