//! The collaborators of clients and organizations.

use serde_json::{Value, json};

use crate::cli::args::nouns::Noun;
use crate::cli::args::values::{Values, missing};
use crate::cli::failure::Failure;
use crate::cli::remote::http::{QueryPairs, Remote, account_json, segment};
use crate::cli::run::entities::path;
use crate::cli::run::{output, pages};
use crate::http::request::Method::Put;

const COLUMNS: &[&str] = &["ids", "rights"];

pub fn list(noun: &'static Noun, values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let path = format!("{}/collaborators", path(noun, values.needed(noun.id)?));
    pages::print(&path, QueryPairs::new(), values, remote, COLUMNS)
}

pub fn get(noun: &'static Noun, values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let answer =
        remote.read(&format!("{}/collaborator/{}", path(noun, values.needed(noun.id)?), member(noun, values)?), &QueryPairs::new())?;
    output::object(values, COLUMNS, &answer.body)
}

/// Replaces the rights of a collaborator, or adds one.
pub fn set(noun: &'static Noun, values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let id = values.needed(noun.id)?;
    let (kind, account) = noun.other_account(values)?.ok_or_else(|| missing("collaborator"))?;
    let rights: Value = noun.named_rights(values)?.into_iter().map(Value::from).collect();
    if rights.as_array().is_some_and(Vec::is_empty) {
        return Err(missing("collaborator-rights").into());
    }
    let body = json!({"collaborator": {"ids": account_json(kind, &account), "rights": rights}});
    remote.write(Put, &format!("{}/collaborators", path(noun, id)), Some(&body))?;
    Ok(())
}

pub fn delete(noun: &'static Noun, values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    remote.delete(&format!("{}/collaborators/{}", path(noun, values.needed(noun.id)?), member(noun, values)?))
}

/// Returns `user/{id}` or `organization/{id}`.
fn member(noun: &Noun, values: &Values) -> Result<String, Failure> {
    let (kind, id) = noun.other_account(values)?.ok_or_else(|| missing("collaborator"))?;
    Ok(format!("{}/{}", kind.trim_end_matches('s'), segment(&id)))
}
