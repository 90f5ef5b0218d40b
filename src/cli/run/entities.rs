//! The commands that clients, users and organizations have in common.

use serde_json::{Map, Value, json};

use crate::base::printable::printable;
use crate::cli::args::nouns::{Noun, take};
use crate::cli::args::standard_input::{self, InputEntity};
use crate::cli::args::values::{AccountPath, Format, Values, missing};
use crate::cli::failure::{Failure, UsageError};
use crate::cli::remote::http::{QueryPairs, Remote, account_json, segment};
use crate::cli::run::secret_file::{Secret, SecretFile};
use crate::cli::run::{output, pages};
use crate::cli::terminal::{self, note};
use crate::http::request::Method::{Post, Put};

pub fn list(noun: &'static Noun, values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let mut query = QueryPairs::new();
    if let Some((kind, id)) = noun.other_account(values)? {
        let kind = kind.trim_end_matches('s');
        query.push((format!("collaborator.{kind}_ids.{kind}_id"), id));
    }
    listed(noun, noun.plural, query, values, remote)
}

pub fn search(noun: &'static Noun, values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let mut query = QueryPairs::new();
    for name in ["query", "id-contains", "name-contains", "description-contains"] {
        if let Some(text) = values.one(name) {
            query.push((name.replace('-', "_"), text.to_owned()));
        }
    }
    for (key, text) in values.pairs("attributes-contain")? {
        query.push((format!("attributes_contain[{key}]"), text));
    }
    // A query takes full names only. The server refuses what is no state.
    let full =
        |name: String| if name.starts_with("STATE_") || name.bytes().all(|b| b.is_ascii_digit()) { name } else { format!("STATE_{name}") };
    query.extend(values.list("state").into_iter().map(|name| ("state".to_owned(), full(name))));
    let path = format!("search/{}", noun.plural);
    listed(noun, &path, query, values, remote)
}

fn listed(noun: &'static Noun, path: &str, mut query: QueryPairs, values: &Values, remote: &Remote) -> Result<(), Failure> {
    if values.switch("deleted")? {
        query.push(("deleted".to_owned(), "true".to_owned()));
    }
    let shown = Shown::of(noun, values)?;
    query.extend(shown.query());
    let columns = shown.columns();
    pages::print(path, query, values, remote, &texts(&columns))
}

pub fn get(noun: &'static Noun, values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let id = values.needed(noun.id)?;
    let shown = Shown::of(noun, values)?;
    let answer = remote.read(&path(noun, id), &shown.query())?;
    let columns = shown.columns();
    output::object(values, &texts(&columns), &answer.body)
}

/// Creates one entity from flags, or those on standard input one after the other, each overridden by the flags.
pub fn create(noun: &'static Noun, values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let flags = noun.sent(values)?;
    let named = noun.other_account(values)?;
    let entities = standard_input::entities(noun, values)?;
    let mut secrets = SecretFile::of(values, entities.len())?;
    let mut caller: Option<AccountPath> = None;
    let total = entities.len();
    for (made, InputEntity { mut fields, owner }) in entities.into_iter().enumerate() {
        let id = prepare(noun, values, &flags, &mut fields)?;
        let owner = match named.clone().or(owner) {
            Some(owner) => owner,
            None => {
                if caller.is_none() {
                    caller = remote.caller()?;
                }
                caller.clone().ok_or_else(|| missing("collaborator"))?
            }
        };
        if let Err(failure) = create_one(noun, &mut secrets, remote, (&id, fields, owner)) {
            secrets.end();
            if total > 1 {
                note(&format!("{made} of {total} were made before `{}`, where it ended", printable(&id)));
            }
            return Err(match failure {
                // The reader must learn that not all were created.
                Failure::Unread => Failure::Refused(format!("standard output was closed after `{}` was made", printable(&id))),
                failure => failure,
            });
        }
    }
    secrets.end();
    Ok(())
}

/// A new entity: its ID, its fields, and the account that it belongs to.
type New<'a> = (&'a str, Map<String, Value>, AccountPath);

fn create_one(noun: &Noun, secrets: &mut SecretFile<'_>, remote: &Remote, (id, fields, (kind, owner)): New<'_>) -> Result<(), Failure> {
    let body = json!({(noun.name): fields, "collaborator": account_json(kind, &owner)});
    let answer = remote.write(Post, &format!("{kind}/{}/{}", segment(&owner), noun.plural), Some(&body))?;
    print(noun, secrets, id, answer.body)
}

/// Overrides the fields of standard input with the flags, adds the defaults, and returns the ID.
pub fn prepare(noun: &Noun, values: &Values, flags: &Map<String, Value>, fields: &mut Map<String, Value>) -> Result<String, UsageError> {
    let key = noun.id_key();
    let mut ids = match take(fields, "ids") {
        Some(Value::Object(ids)) => ids,
        _ => Map::new(),
    };
    let written = take(&mut ids, &key);
    let written = written.as_ref().and_then(Value::as_str);
    let flag = values.one(noun.id).filter(|id| !id.is_empty());
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

/// Changes the fields that flags name. Those of `--unset` are in the mask and not in the body.
pub fn set(noun: &'static Noun, values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let id = values.needed(noun.id)?;
    let sent = noun.sent(values)?;
    let unset = noun.unset(values)?;
    if let Some(name) = unset.iter().find(|name| sent.contains_key(*name)) {
        return Err(UsageError(format!("--unset names {name}, which another flag sets: give one of them")).into());
    }
    if sent.is_empty() && unset.is_empty() {
        note("no field is named, so nothing was changed");
        return Ok(());
    }
    let paths: Vec<&str> = sent.keys().chain(&unset).map(String::as_str).collect();
    let mut secrets = SecretFile::of(values, usize::from(sent.contains_key("secret")))?;
    let answer = change(noun, id, &sent, &paths, remote)?;
    print(noun, &mut secrets, id, answer)?;
    secrets.end();
    Ok(())
}

/// Sends a change and returns the entity.
pub fn change(noun: &Noun, id: &str, fields: &Map<String, Value>, paths: &[&str], remote: &Remote) -> Result<Value, Failure> {
    let body = json!({(noun.name): fields, "field_mask": {"paths": paths}});
    Ok(remote.write(Put, &path(noun, id), Some(&body))?.body)
}

pub fn delete(noun: &'static Noun, values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    remote.delete(&path(noun, values.needed(noun.id)?))
}

pub fn restore(noun: &'static Noun, values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    remote.write(Post, &format!("{}/restore", path(noun, values.needed(noun.id)?)), None)?;
    Ok(())
}

pub fn purge(noun: &'static Noun, values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let id = values.needed(noun.id)?;
    if !values.switch("force")? {
        terminal::confirm(&format!("Remove the {} `{}` on {} for good?", noun.name, printable(id), remote.server))?;
    }
    remote.delete(&format!("{}/purge", path(noun, id)))
}

pub fn rights(noun: &'static Noun, values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let answer = remote.read(&format!("{}/rights", path(noun, values.needed(noun.id)?)), &QueryPairs::new())?;
    let rights = answer.body.get("rights").and_then(Value::as_array).cloned().unwrap_or_default();
    match values.format {
        Format::Json => terminal::print(&(output::json_text(&Value::from(rights)) + "\n")),
        Format::Table | Format::Path(_) => {
            terminal::print(&rights.iter().filter_map(Value::as_str).map(|name| format!("{}\n", printable(name))).collect::<String>())
        }
    }
}

/// Returns `clients/{id}`.
pub fn path(noun: &Noun, id: &str) -> String {
    format!("{}/{}", noun.plural, segment(id))
}

/// Returns the ID that a flag names, or the caller's own for things that every user has.
pub fn owner(noun: &Noun, values: &Values, remote: &Remote) -> Result<String, Failure> {
    if let Some(id) = values.one(noun.id).filter(|id| !id.is_empty()) {
        return Ok(id.to_owned());
    }
    match remote.caller()? {
        Some((kind, id)) if kind == noun.plural => Ok(id),
        _ => Err(missing(noun.id).into()),
    }
}

/// Prints an entity that may hold a secret.
pub fn print(noun: &Noun, secrets: &mut SecretFile<'_>, id: &str, body: Value) -> Result<(), Failure> {
    secrets.print(&Secret { of: id, member: "secret" }, &texts(&columns(noun, noun.columns)), body)
}

fn texts(columns: &[String]) -> Vec<&str> {
    columns.iter().map(String::as_str).collect()
}

fn columns(noun: &Noun, fields: &[&str]) -> Vec<String> {
    std::iter::once(format!("ids.{}", noun.id_key())).chain(fields.iter().map(|field| (*field).to_owned())).collect()
}

/// The fields to request: a table without a selection shows its usual columns, a path its own field.
struct Shown<'a> {
    noun: &'static Noun,
    format: &'a Format,
    mask: Vec<String>,
}

impl Shown<'_> {
    fn of<'a>(noun: &'static Noun, values: &'a Values) -> Result<Shown<'a>, UsageError> {
        let format = &values.format;
        let mut mask = noun.selected(values)?;
        if let Some(field) = format.field() {
            if !noun.readable().any(|name| name == field) {
                let names: Vec<_> = noun.readable().collect();
                return Err(UsageError(format!("--output-format: a {} has no field `{field}`: {}", noun.name, names.join(", "))));
            }
            mask.push(field.to_owned());
        }
        if *format == Format::Table && mask.is_empty() {
            mask.extend(noun.columns.iter().map(|name| (*name).to_owned()));
        }
        Ok(Shown { noun, format, mask })
    }

    fn query(&self) -> QueryPairs {
        if self.mask.is_empty() { QueryPairs::new() } else { vec![("field_mask".to_owned(), self.mask.join(","))] }
    }

    fn columns(&self) -> Vec<String> {
        let fields: Vec<&str> = match self.format {
            Format::Path(path) => return vec![path.clone()],
            Format::Json | Format::Table => self.mask.iter().map(String::as_str).filter(|field| !field.starts_with("ids")).collect(),
        };
        columns(self.noun, &fields)
    }
}
