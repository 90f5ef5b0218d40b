//! The API keys of users and organizations.

use serde_json::{Map, Value, json};

use crate::cli::args::nouns::Noun;
use crate::cli::args::values::{Values, missing};
use crate::cli::failure::Failure;
use crate::cli::remote::http::{QueryPairs, Remote, segment};
use crate::cli::run::entities::{owner, path};
use crate::cli::run::secret_file::{Secret, SecretFile};
use crate::cli::run::{output, pages};
use crate::cli::terminal::note;
use crate::http::request::Method::{Post, Put};

const COLUMNS: &[&str] = &["id", "name", "rights", "expires_at"];

pub fn list(noun: &'static Noun, values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    pages::print(&keys(noun, values, remote)?, QueryPairs::new(), values, remote, COLUMNS)
}

pub fn get(noun: &'static Noun, values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let answer = remote.read(&key(noun, values, remote)?, &QueryPairs::new())?;
    output::object(values, COLUMNS, &answer.body)
}

pub fn create(noun: &'static Noun, values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let mut body = sent(noun, values)?;
    if !body.contains_key("rights") {
        return Err(missing("api-key-rights").into());
    }
    body.entry("name").or_insert_with(|| "".into());
    let path = keys(noun, values, remote)?;
    let mut secrets = SecretFile::of(values, 1)?;
    let answer = remote.write(Post, &path, Some(&body.into()))?;
    secrets.print(&Secret { of: "", member: "key" }, COLUMNS, answer.body)?;
    secrets.end();
    Ok(())
}

pub fn set(noun: &'static Noun, values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let fields = sent(noun, values)?;
    if fields.is_empty() {
        note("no field is named, so nothing was changed");
        return Ok(());
    }
    let paths: Vec<&String> = fields.keys().collect();
    let body = json!({"api_key": fields, "field_mask": {"paths": paths}});
    let answer = remote.write(Put, &key(noun, values, remote)?, Some(&body))?;
    output::object(values, COLUMNS, &answer.body)
}

pub fn delete(noun: &'static Noun, values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    remote.delete(&key(noun, values, remote)?)
}

fn sent(noun: &'static Noun, values: &Values) -> Result<Map<String, Value>, Failure> {
    let mut fields = Map::new();
    if let Some(name) = values.one("name") {
        fields.insert("name".to_owned(), name.into());
    }
    let rights = noun.named_rights(values)?;
    if !rights.is_empty() {
        fields.insert("rights".to_owned(), rights.into());
    }
    if let Some(time) = values.one("api-key-expiry") {
        fields.insert("expires_at".to_owned(), time.into());
    }
    Ok(fields)
}

/// Returns `users/{id}/api-keys`; without an ID, the caller's.
fn keys(noun: &'static Noun, values: &Values, remote: &Remote) -> Result<String, Failure> {
    Ok(format!("{}/api-keys", path(noun, &owner(noun, values, remote)?)))
}

fn key(noun: &'static Noun, values: &Values, remote: &Remote) -> Result<String, Failure> {
    let id = segment(values.needed("api-key-id")?);
    Ok(format!("{}/{id}", keys(noun, values, remote)?))
}
