//! What a user has let clients do, and the tokens that came of it.

use crate::cli::args::nouns::USER;
use crate::cli::args::parse::Given;
use crate::cli::failure::Failure;
use crate::cli::refusal::Refusal;
use crate::cli::remote::http::{Query, Remote, segment};
use crate::cli::run::entities::path;
use crate::cli::run::output::Format;
use crate::cli::run::pages;
use crate::http::request::Method::Delete;

const COLUMNS: &[&str] = &["client_ids.client_id", "rights", "created_at"];
const TOKEN_COLUMNS: &[&str] = &["id", "created_at", "expires_at", "rights"];

pub fn list(given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    let format = Format::of(given)?;
    pages::print(&authorizations(given, remote)?, Query::new(), given, remote, &format, COLUMNS)
}

/// With its tokens first: on The Things Stack they would live on.
pub fn delete(given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    let path = authorization(given, remote)?;
    while let Some(id) = first_token(&path, remote)? {
        remote.write(Delete, &format!("{path}/tokens/{}", segment(&id)), None)?;
    }
    remote.write(Delete, &path, None)?;
    Ok(())
}

pub fn list_tokens(given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    let format = Format::of(given)?;
    let path = format!("{}/tokens", authorization(given, remote)?);
    pages::print(&path, Query::new(), given, remote, &format, TOKEN_COLUMNS)
}

pub fn delete_token(given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    let id = segment(given.needed("token-id")?);
    remote.write(Delete, &format!("{}/tokens/{id}", authorization(given, remote)?), None)?;
    Ok(())
}

fn first_token(path: &str, remote: &Remote) -> Result<Option<String>, Refusal> {
    let answer = remote.read(&format!("{path}/tokens"), &vec![("limit".to_owned(), "1".to_owned())])?;
    Ok(answer.body.pointer("/tokens/0/id").and_then(|id| id.as_str()).map(str::to_owned))
}

fn authorizations(given: &Given, remote: &Remote) -> Result<String, Failure> {
    Ok(format!("{}/authorizations", path(&USER, &remote.owner(&USER, given)?)))
}

fn authorization(given: &Given, remote: &Remote) -> Result<String, Failure> {
    let client = segment(given.needed("client-id")?);
    Ok(format!("{}/{client}", authorizations(given, remote)?))
}
