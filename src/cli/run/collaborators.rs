//! Who may do what with a client or an organization.

use serde_json::{Value, json};

use crate::cli::args::nouns::Noun;
use crate::cli::args::parse::{Given, missing};
use crate::cli::args::rights;
use crate::cli::failure::Failure;
use crate::cli::remote::http::{Query, Remote, account_json, segment};
use crate::cli::run::entities::{other_account, path};
use crate::cli::run::output::{self, Format};
use crate::cli::run::pages;
use crate::http::request::Method::{Delete, Put};

const COLUMNS: &[&str] = &["ids", "rights"];

pub fn list(noun: &'static Noun, given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    let format = Format::of(given)?;
    let path = format!("{}/collaborators", path(noun, given.needed(noun.id)?));
    pages::print(&path, Query::new(), given, remote, &format, COLUMNS)
}

pub fn get(noun: &'static Noun, given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    let format = Format::of(given)?;
    let answer = remote.read(&format!("{}/collaborator/{}", path(noun, given.needed(noun.id)?), member(noun, given)?), &Query::new())?;
    output::object(&format, COLUMNS, &answer.body)
}

/// The rights replace those that were there.
pub fn set(noun: &'static Noun, given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    let id = given.needed(noun.id)?;
    let (kind, account) = other_account(noun, given)?.ok_or_else(|| missing("collaborator"))?;
    let rights: Value = rights::named(noun, given)?.into_iter().map(Value::from).collect();
    if rights.as_array().is_some_and(Vec::is_empty) {
        return Err(missing("collaborator-rights").into());
    }
    let body = json!({"collaborator": {"ids": account_json(kind, &account), "rights": rights}});
    remote.write(Put, &format!("{}/collaborators", path(noun, id)), Some(&body))?;
    Ok(())
}

pub fn delete(noun: &'static Noun, given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    remote.write(Delete, &format!("{}/collaborators/{}", path(noun, given.needed(noun.id)?), member(noun, given)?), None)?;
    Ok(())
}

/// `user/{id}` or `organization/{id}`.
fn member(noun: &Noun, given: &Given) -> Result<String, Failure> {
    let (kind, id) = other_account(noun, given)?.ok_or_else(|| missing("collaborator"))?;
    Ok(format!("{}/{}", kind.trim_end_matches('s'), segment(&id)))
}
