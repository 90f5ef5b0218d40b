//! The API keys of users and organizations.

use serde_json::{Map, Value, json};

use crate::cli::args::nouns::Noun;
use crate::cli::args::parse::{Given, missing};
use crate::cli::args::rights;
use crate::cli::failure::Failure;
use crate::cli::remote::http::{Query, Remote, segment};
use crate::cli::run::entities::path;
use crate::cli::run::output::{self, Format, note};
use crate::cli::run::pages;
use crate::cli::run::secret_file::{Secret, SecretFile};
use crate::http::request::Method::{Delete, Post, Put};

const COLUMNS: &[&str] = &["id", "name", "rights", "expires_at"];

pub fn list(noun: &'static Noun, given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    let format = Format::of(given)?;
    pages::print(&keys(noun, given, remote)?, Query::new(), given, remote, &format, COLUMNS)
}

pub fn get(noun: &'static Noun, given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    let format = Format::of(given)?;
    let answer = remote.read(&key(noun, given, remote)?, &Query::new())?;
    output::object(&format, COLUMNS, &answer.body)
}

pub fn create(noun: &'static Noun, given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    let format = Format::of(given)?;
    let mut body = sent(noun, given)?;
    if !body.contains_key("rights") {
        return Err(missing("api-key-rights").into());
    }
    body.entry("name").or_insert_with(|| "".into());
    let path = keys(noun, given, remote)?;
    let mut secrets = SecretFile::of(given, 1)?;
    let mut answer = remote.write(Post, &path, Some(&body.into()))?.body;
    secrets.keep(Secret { of: "", member: "key" }, &mut answer)?;
    output::object(&format, COLUMNS, &answer)?;
    secrets.end();
    Ok(())
}

pub fn set(noun: &'static Noun, given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    let format = Format::of(given)?;
    let fields = sent(noun, given)?;
    if fields.is_empty() {
        note("no field is named, so nothing was changed");
        return Ok(());
    }
    let paths: Vec<&String> = fields.keys().collect();
    let body = json!({"api_key": fields, "field_mask": {"paths": paths}});
    let answer = remote.write(Put, &key(noun, given, remote)?, Some(&body))?;
    output::object(&format, COLUMNS, &answer.body)
}

pub fn delete(noun: &'static Noun, given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    remote.write(Delete, &key(noun, given, remote)?, None)?;
    Ok(())
}

fn sent(noun: &'static Noun, given: &Given) -> Result<Map<String, Value>, Failure> {
    let mut fields = Map::new();
    if let Some(name) = given.one("name") {
        fields.insert("name".to_owned(), name.into());
    }
    let rights = rights::named(noun, given)?;
    if !rights.is_empty() {
        fields.insert("rights".to_owned(), rights.into());
    }
    if let Some(time) = given.one("api-key-expiry") {
        fields.insert("expires_at".to_owned(), time.into());
    }
    Ok(fields)
}

/// `users/{id}/api-keys`; without an ID, the caller's.
fn keys(noun: &'static Noun, given: &Given, remote: &Remote) -> Result<String, Failure> {
    Ok(format!("{}/api-keys", path(noun, &remote.owner(noun, given)?)))
}

fn key(noun: &'static Noun, given: &Given, remote: &Remote) -> Result<String, Failure> {
    let id = segment(given.needed("api-key-id")?);
    Ok(format!("{}/{id}", keys(noun, given, remote)?))
}
