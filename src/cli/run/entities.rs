//! What is done with clients, users and organizations alike.

use serde_json::{Map, Value, json};

use crate::cli::args::nouns::{Noun, take};
use crate::cli::args::parse::{Given, missing};
use crate::cli::args::standard_input;
use crate::cli::failure::{Failure, Usage};
use crate::cli::remote::http::{Query, Remote, account_json, segment};
use crate::cli::run::output::{self, Format, note};
use crate::cli::run::pages;
use crate::cli::run::secret_file::{Secret, SecretFile};
use crate::http::request::Method::{Delete, Post, Put};

pub fn list(noun: &'static Noun, given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    let mut query = Query::new();
    match other_account(noun, given)? {
        Some(("users", id)) => query.push(("collaborator.user_ids.user_id".to_owned(), id)),
        Some((_, id)) => query.push(("collaborator.organization_ids.organization_id".to_owned(), id)),
        None => {}
    }
    listed(noun, noun.plural, query, given, remote)
}

pub fn search(noun: &'static Noun, given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    let mut query = Query::new();
    for name in ["query", "id-contains", "name-contains", "description-contains"] {
        if let Some(text) = given.one(name) {
            query.push((name.replace('-', "_"), text.to_owned()));
        }
    }
    for (key, text) in given.pairs("attributes-contain")? {
        query.push((format!("attributes_contain[{key}]"), text));
    }
    // A query takes full names only; what is no state is for the server to judge.
    let full =
        |name: String| if name.starts_with("STATE_") || name.bytes().all(|b| b.is_ascii_digit()) { name } else { format!("STATE_{name}") };
    query.extend(given.list("state").into_iter().map(|name| ("state".to_owned(), full(name))));
    let path = format!("search/{}", noun.plural);
    listed(noun, &path, query, given, remote)
}

fn listed(noun: &'static Noun, path: &str, mut query: Query, given: &Given, remote: &Remote) -> Result<(), Failure> {
    if given.switch("deleted")? {
        query.push(("deleted".to_owned(), "true".to_owned()));
    }
    let shown = Shown::of(noun, given)?;
    if !shown.mask.is_empty() {
        query.push(("field_mask".to_owned(), shown.mask.join(",")));
    }
    let columns = shown.columns();
    pages::print(path, query, given, remote, &shown.format, &texts(&columns))
}

pub fn get(noun: &'static Noun, given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    let id = given.needed(noun.id)?;
    let shown = Shown::of(noun, given)?;
    let query = if shown.mask.is_empty() { Query::new() } else { vec![("field_mask".to_owned(), shown.mask.join(","))] };
    let answer = remote.read(&path(noun, id), &query)?;
    let columns = shown.columns();
    output::object(&shown.format, &texts(&columns), &answer.body)
}

/// One entity by flags, or those of standard input one after the other, each with the flags over it.
pub fn create(noun: &'static Noun, given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    let flags = noun.sent(given)?;
    let named = other_account(noun, given)?;
    let format = Format::of(given)?;
    let entities = standard_input::entities(noun, given)?;
    let mut secrets = SecretFile::of(given, entities.len())?;
    let mut caller: Option<(&'static str, String)> = None;
    let total = entities.len();
    for (made, entity) in entities.into_iter().enumerate() {
        let standard_input::Entity { mut fields, owner } = entity;
        let id = prepare(noun, given, &flags, &mut fields)?;
        let owner = match named.clone().or(owner) {
            Some(owner) => owner,
            None => {
                if caller.is_none() {
                    caller = remote.caller()?;
                }
                caller.clone().ok_or_else(|| missing("collaborator"))?
            }
        };
        if let Err(failure) = create_one(noun, &format, &mut secrets, remote, (&id, fields, owner)) {
            secrets.end();
            if total > 1 {
                note(&format!("{made} of {total} were made before `{}`, where it ended", output::printable(&id)));
            }
            return Err(match failure {
                // Whoever does not read on must know that it did not go on.
                Failure::Unread => Failure::Refused(format!("standard output was closed after `{}` was made", output::printable(&id))),
                failure => failure,
            });
        }
    }
    secrets.end();
    Ok(())
}

/// What is made: its ID, its fields, and the account that it belongs to.
type New<'a> = (&'a str, Map<String, Value>, (&'static str, String));

fn create_one(
    noun: &Noun,
    format: &Format,
    secrets: &mut SecretFile,
    remote: &Remote,
    (id, fields, owner): New<'_>,
) -> Result<(), Failure> {
    let (kind, owner) = owner;
    let body = json!({(noun.name): fields, "collaborator": account_json(kind, &owner)});
    let answer = remote.write(Post, &format!("{kind}/{}/{}", segment(&owner), noun.plural), Some(&body))?;
    shown_with_secret(noun, format, secrets, id, answer.body)
}

/// Puts the flags and what is usual over what was written, and gives back the ID.
pub fn prepare(noun: &Noun, given: &Given, flags: &Map<String, Value>, fields: &mut Map<String, Value>) -> Result<String, Usage> {
    let key = noun.id_key();
    let mut ids = match take(fields, "ids") {
        Some(Value::Object(ids)) => ids,
        _ => Map::new(),
    };
    let written = take(&mut ids, &key);
    let written = written.as_ref().and_then(Value::as_str);
    let flag = given.one(noun.id).filter(|id| !id.is_empty());
    let id = flag.or(written).ok_or_else(|| missing(noun.id))?.to_owned();
    fields.insert("ids".to_owned(), json!({(key): id}));
    for (name, value) in flags {
        take(fields, name);
        fields.insert(name.clone(), value.clone());
    }
    if let Value::Object(defaults) = (noun.defaults)() {
        for (name, value) in defaults {
            let written = take(fields, &name);
            fields.insert(name, written.unwrap_or(value));
        }
    }
    Ok(id)
}

/// Changes what flags name; what `--unset` names is in the mask and not in the body.
pub fn set(noun: &'static Noun, given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    let id = given.needed(noun.id)?;
    let sent = noun.sent(given)?;
    let unset = noun.unset(given)?;
    if let Some(name) = unset.iter().find(|name| sent.contains_key(*name)) {
        return Err(Usage(format!("--unset names {name}, which another flag sets: give one of them")).into());
    }
    if sent.is_empty() && unset.is_empty() {
        note("no field is named, so nothing was changed");
        return Ok(());
    }
    let paths: Vec<&str> = sent.keys().chain(&unset).map(String::as_str).collect();
    let format = Format::of(given)?;
    let mut secrets = SecretFile::of(given, usize::from(sent.contains_key("secret")))?;
    let answer = change(noun, id, &sent, &paths, remote)?;
    shown_with_secret(noun, &format, &mut secrets, id, answer)?;
    secrets.end();
    Ok(())
}

/// The one place that asks for a change.
pub fn change(noun: &Noun, id: &str, fields: &Map<String, Value>, paths: &[&str], remote: &Remote) -> Result<Value, Failure> {
    let body = json!({(noun.name): fields, "field_mask": {"paths": paths}});
    Ok(remote.write(Put, &path(noun, id), Some(&body))?.body)
}

pub fn delete(noun: &'static Noun, given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    remote.write(Delete, &path(noun, given.needed(noun.id)?), None)?;
    Ok(())
}

pub fn restore(noun: &'static Noun, given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    remote.write(Post, &format!("{}/restore", path(noun, given.needed(noun.id)?)), None)?;
    Ok(())
}

pub fn purge(noun: &'static Noun, given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    let id = given.needed(noun.id)?;
    if !given.switch("force")? {
        standard_input::confirm(&format!("Remove the {} `{}` on {} for good?", noun.name, output::printable(id), remote.server))?;
    }
    remote.write(Delete, &format!("{}/purge", path(noun, id)), None)?;
    Ok(())
}

pub fn rights(noun: &'static Noun, given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    let format = Format::of(given)?;
    let answer = remote.read(&format!("{}/rights", path(noun, given.needed(noun.id)?)), &Query::new())?;
    let rights = answer.body.get("rights").and_then(Value::as_array).cloned().unwrap_or_default();
    match format {
        Format::Json => output::print(&(output::json_text(&Value::from(rights)) + "\n")),
        Format::Table | Format::Path(_) => {
            output::print(&rights.iter().filter_map(Value::as_str).map(|name| format!("{}\n", output::printable(name))).collect::<String>())
        }
    }
}

/// `clients/{id}`.
pub fn path(noun: &Noun, id: &str) -> String {
    format!("{}/{}", noun.plural, segment(id))
}

/// The account that flags name: `users` or `organizations`, and its ID.
pub fn account(given: &Given) -> Result<Option<(&'static str, String)>, Usage> {
    let one = |key: &str| given.one(key).filter(|id| !id.is_empty()).map(str::to_owned);
    match (one("user-id"), one("organization-id")) {
        (Some(_), Some(_)) => Err(Usage("--user-id and --organization-id exclude each other".to_owned())),
        (Some(id), None) => Ok(Some(("users", id))),
        (None, Some(id)) => Ok(Some(("organizations", id))),
        (None, None) => Ok(None),
    }
}

/// The account that flags name beside the entity: its owner, or a member. The flag that names the entity itself names neither.
pub fn other_account(noun: &Noun, given: &Given) -> Result<Option<(&'static str, String)>, Usage> {
    match noun.id {
        "client-id" => account(given),
        "organization-id" => Ok(given.one("user-id").filter(|id| !id.is_empty()).map(|id| ("users", id.to_owned()))),
        _ => Ok(None),
    }
}

pub fn shown_with_secret(noun: &Noun, format: &Format, secrets: &mut SecretFile, id: &str, mut body: Value) -> Result<(), Failure> {
    secrets.keep(Secret { of: id, member: "secret" }, &mut body)?;
    output::object(format, &texts(&columns(noun, noun.columns)), &body)
}

fn texts(columns: &[String]) -> Vec<&str> {
    columns.iter().map(String::as_str).collect()
}

fn columns(noun: &Noun, fields: &[&str]) -> Vec<String> {
    std::iter::once(format!("ids.{}", noun.id_key())).chain(fields.iter().map(|field| (*field).to_owned())).collect()
}

/// What is asked for and how it is shown: a table without a selection selects its usual columns, a path selects its own field.
struct Shown {
    noun: &'static Noun,
    format: Format,
    mask: Vec<String>,
}

impl Shown {
    fn of(noun: &'static Noun, given: &Given) -> Result<Shown, Usage> {
        let format = Format::of(given)?;
        let mut mask = noun.selected(given)?;
        if let Some(field) = format.field() {
            if !noun.readable().any(|name| name == field) {
                let names: Vec<_> = noun.readable().collect();
                return Err(Usage(format!("--output-format: a {} has no field `{field}`: {}", noun.name, names.join(", "))));
            }
            mask.push(field.to_owned());
        }
        if format == Format::Table && mask.is_empty() {
            mask.extend(noun.columns.iter().map(|name| (*name).to_owned()));
        }
        Ok(Shown { noun, format, mask })
    }

    fn columns(&self) -> Vec<String> {
        let fields: Vec<&str> = match &self.format {
            Format::Path(path) => return vec![path.clone()],
            Format::Json | Format::Table => self.mask.iter().map(String::as_str).filter(|field| !field.starts_with("ids")).collect(),
        };
        columns(self.noun, &fields)
    }
}
