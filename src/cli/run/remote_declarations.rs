//! `keyfob plan` and `keyfob apply` over the API: what the server has is read into a temporary data file, the plan is made there, and each step of
//! it is a request.

use std::cell::Cell;
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::base::error::{Error, errors};
use crate::cli::api_error::ApiError;
use crate::cli::failure::Failure;
use crate::cli::remote::http::{QueryPairs, Remote, account_json, segment};
use crate::cli::run::declaration_file::{DeclarationFile, generated_places};
use crate::cli::run::declared_operations::unusable;
use crate::cli::run::declared_values::{
    EntityNames, KINDS, NOBODY, ORGANIZATION, account_id, declared_keys, find, ids, is_same_key, items, known_key, named, secret,
};
use crate::cli::run::pages::{self, Pages};
use crate::cli::terminal::note;
use crate::declared::apply::{ApplyMode, apply};
use crate::declared::fields::is_declared;
use crate::declared::input::InputValue;
use crate::declared::read::Declaration;
use crate::declared::step::Prune;
use crate::http::request::Method::{self, Delete, Post, Put};
use crate::model::field::Field;
use crate::model::settings::Settings;
use crate::model::{client, organization, password, user};
use crate::registry::bootstrap::{Administrator, administrator};
use crate::registry::marks::MANAGED_BY;
use crate::store::Store;

errors! {
    NOT_OVER_API: FailedPrecondition "keyfob/cli" "not_over_api" "{what} cannot be done over the API: {remedy}";
    ONLY_PARTLY: Unavailable "keyfob/cli" "only_partly" "{done} of {total} steps were done, and the next, `{step}`, not or in part: apply it again once this is mended";
}

/// What stands for a secret that nobody reads over the API.
const UNREADABLE: &str = "PBKDF2$sha256$1$saltsaltsaltsalt$sT1ml-mc1tF0XaCX7gPkvlATQedv6RYaeI3j1M0L4hk";

/// The declaration, and what the server has of it.
pub struct RemoteDeclaration<'r> {
    remote: &'r Remote,
    file: &'r DeclarationFile,
    prune: Prune,
    /// Whether a request has changed something, or may have.
    has_changed: Cell<bool>,
}

/// A plan, and what it was made from.
pub struct RemotePlan {
    pub plan: Value,
    /// As a declaration of everything that was read.
    found: Value,
}

impl<'r> RemoteDeclaration<'r> {
    pub fn of(remote: &'r Remote, file: &'r DeclarationFile, prune: Prune) -> RemoteDeclaration<'r> {
        RemoteDeclaration { remote, file, prune, has_changed: Cell::new(false) }
    }

    /// Makes the plan. Secrets cannot be read over the API, so those of what is there are left as they are.
    pub fn plan(&self) -> Result<RemotePlan, Failure> {
        let marks = self.marks()?;
        let found = self.read()?;
        let mirror = Store::ephemeral().map_err(|error| Failure::Refused(error.to_string()))?;
        let wanted = Administrator { user_id: NOBODY.to_owned(), password: None, api_key: None, password_rounds: 1000 };
        administrator(&mirror, wanted).map_err(ApiError::from)?;
        let settings = Settings { password_rounds: 1000, ..Settings::default() };
        let of = |value: &Value, prune, mode| {
            let declaration = Declaration::read(&InputValue::root(value))?;
            apply(&mirror, &settings, &declaration, prune, mode)
        };
        of(&found, Prune::No, ApplyMode::Do { seen: None }).map_err(|error: Error| unusable("what the server has", error))?;
        let mut declared = without_known_secrets(&self.file.value, &found);
        if !marks {
            declared["name"] = Value::Null;
        }
        let plan = of(&declared, self.prune, ApplyMode::Try).map_err(|error| unusable(&self.file.name, error))?.to_json();
        check_possible(&self.file.value, &plan)?;
        Ok(RemotePlan { plan, found })
    }

    /// Returns whether the caller may mark what is managed, and so prune it: without that, what is there is only compared.
    fn marks(&self) -> Result<bool, Failure> {
        let is_admin = self.remote.read("auth_info", &QueryPairs::new())?.body["is_admin"] == true;
        if !is_admin && self.prune == Prune::Yes {
            return Err(not_over_api("--prune with this key", "only administrators mark what a declaration manages; leave --prune out"));
        }
        Ok(is_admin)
    }

    /// Reads what is declared, whom it names, and what the declaration manages.
    fn read(&self) -> Result<Value, Failure> {
        let mut ids: [BTreeSet<String>; 3] = KINDS.map(|kind| ids(&self.file.value, kind));
        if self.prune == Prune::Yes && !self.file.value["name"].is_null() {
            let name = self.file.value["name"].as_str().unwrap_or("default").to_owned();
            for (kind, ids) in KINDS.iter().zip(&mut ids) {
                let query = vec![(format!("attributes_contain[{MANAGED_BY}]"), name.clone())];
                let found = self.all(&format!("search/{}", kind.plural), query)?;
                ids.extend(found.iter().filter_map(|item| item["ids"][kind.key].as_str().map(str::to_owned)));
            }
        }
        let mut found = json!({"name": null});
        for (kind, ids) in KINDS.iter().zip(&ids) {
            let mut entities = Vec::new();
            for id in ids {
                entities.extend(self.entity(kind, id)?);
            }
            found[kind.plural] = entities.into();
        }
        // Others need only be there.
        for account in named(&self.file.value).chain(named(&found)).collect::<BTreeSet<_>>() {
            // Users and organizations share one namespace of IDs, clients have their own.
            if ids[..2].iter().any(|ids| ids.contains(&account)) {
                continue;
            }
            for kind in &KINDS[..2] {
                if self.read_if_there(&format!("{}/{}", kind.plural, segment(&account)), &QueryPairs::new())?.is_some() {
                    let mut entity = json!({ kind.key: account });
                    if kind.members == "members" {
                        entity["members"] = json!([{"user_id": NOBODY, "rights": ["RIGHT_ALL"]}]);
                    }
                    found[kind.plural].as_array_mut().into_iter().for_each(|list| list.push(entity.clone()));
                }
            }
        }
        Ok(found)
    }

    fn entity(&self, kind: &EntityNames, id: &str) -> Result<Option<Value>, Failure> {
        let path = format!("{}/{}", kind.plural, segment(id));
        let fields = match kind.name {
            "user" => names(user::FIELDS),
            "organization" => names(organization::FIELDS),
            _ => names(client::FIELDS),
        };
        let Some(answer) = self.read_if_there(&path, &vec![("field_mask".to_owned(), fields.join(","))])? else { return Ok(None) };
        let mut entity = json!({ kind.key: id });
        for field in fields {
            let name = if field == "primary_email_address" { "email" } else { field };
            if let Some(value) = answer.get(field) {
                entity[name] = value.clone();
            } else if field.ends_with("_contact") {
                entity[name] = Value::Null;
            }
        }
        if kind.name == "client" {
            entity["owner"] = NOBODY.into();
            entity["secret"] = json!({"hash": UNREADABLE});
        }
        if !kind.members.is_empty() {
            let members = self.all(&format!("{path}/collaborators"), QueryPairs::new())?;
            let member = |member: &Value| json!({ kind.member: account_id(&member["ids"]), "rights": member["rights"] });
            entity[kind.members] = members.iter().map(member).collect();
            let declared = find(&self.file.value, kind, id)["owner"].clone();
            let owners = || items(&entity[kind.members]).filter(|member| kind.is_owner(member)).map(|member| &member["account"]);
            // Who registered it cannot be read.
            let owner = owners().find(|owner| **owner == declared).or(owners().next()).filter(|_| kind.name == "client").cloned();
            if let Some(owner) = owner {
                entity["owner"] = owner;
            }
        }
        if !declared_keys(&self.file.value, kind, id).is_empty() {
            let keys = self.all(&format!("{path}/api-keys"), QueryPairs::new())?;
            let key = |key: &Value| {
                let mut shown = json!({"name": key["name"].as_str().unwrap_or_default(), "api_key_id": key["id"], "rights": key["rights"]});
                shown["key"] = json!({"hash": UNREADABLE});
                key.get("expires_at").into_iter().for_each(|end| shown["expires_at"] = end.clone());
                shown
            };
            entity["api_keys"] = keys.iter().map(key).collect();
        }
        Ok(Some(entity))
    }

    /// Reads all pages of a list.
    fn all(&self, path: &str, query: QueryPairs) -> Result<Vec<Value>, Failure> {
        let mut all = Vec::new();
        pages::each(&Pages::all(path, query), self.remote, |items| {
            all.extend_from_slice(items);
            Ok(())
        })?;
        Ok(all)
    }

    /// Sends a request of a step.
    fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let sent = self.remote.write(method, path, body);
        // Where there was no answer, it may have been done.
        if sent.as_ref().map_or_else(|error| error.status.is_none(), |_| true) {
            self.has_changed.set(true);
        }
        Ok(sent?.body)
    }

    fn read_if_there(&self, path: &str, query: &QueryPairs) -> Result<Option<Value>, Failure> {
        match self.remote.read(path, query) {
            Ok(answer) => Ok(Some(answer.body)),
            Err(error) if error.status == Some(404) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Does what was planned, one request after the other.
    pub fn apply(&self, made: &RemotePlan) -> Result<Vec<String>, Failure> {
        // Secrets that are sent; a server issues API keys itself.
        let sent = generated_places(&made.plan).into_iter().filter(|at| !at.ends_with("/key"));
        let mut written = self.file.write_generated(&sent.collect::<Vec<_>>())?.keep();
        let steps: Vec<&Value> = items(&made.plan["steps"]).filter(|step| step["action"] != "leave").collect();
        for (done, step) in steps.iter().enumerate() {
            if let Err(failure) = self.step(step, made, &mut written) {
                written.iter().for_each(|file| note(&format!("wrote a secret to {file}")));
                if !self.has_changed.get() {
                    return Err(failure);
                }
                let name = format!("{} {}", step["kind"].as_str().unwrap_or_default(), step["id"].as_str().unwrap_or_default());
                let partly = ONLY_PARTLY.with("done", done).with("total", steps.len()).with("step", name);
                return Err(Failure::Refused(format!("{}\n{failure}", ApiError::from(partly))));
            }
        }
        Ok(written)
    }

    fn step(&self, step: &Value, made: &RemotePlan, written: &mut Vec<String>) -> Result<(), Failure> {
        let (kind_name, id) = (step["kind"].as_str().unwrap_or_default(), step["id"].as_str().unwrap_or_default());
        let Some(kind) = KINDS.into_iter().find(|kind| kind.name == kind_name) else { return Ok(()) };
        let path = format!("{}/{}", kind.plural, segment(id));
        let declared = find(&self.file.value, kind, id);
        if step["action"] == "remove" {
            return self.send(Delete, &path, None).map(drop);
        }
        let is_new = step["action"] == "create";
        let mut fields = self.fields(step, &find(&made.found, kind, id));
        // Contacts must be collaborators before.
        let contacts = fields.iter().filter(|(name, _)| name.ends_with("_contact")).map(|(name, value)| (name.clone(), value.clone()));
        let contacts: Map<String, Value> = contacts.collect();
        fields.retain(|name, _| !contacts.contains_key(name));
        if is_new {
            self.create(kind, id, fields, &declared, made)?;
        } else {
            self.change(kind, id, &fields)?;
        }
        let changes = items(&step["changes"]).filter_map(|change| Some((change["field"].as_str()?.split_once('/')?, &change["new"])));
        for ((_, name), new) in changes.clone().filter(|((part, _), _)| *part == kind.members && !part.is_empty()) {
            let account = account_json(self.plural_of(name, made), name);
            let rights = if new.is_null() { json!([]) } else { new.clone() };
            let body = json!({"collaborator": {"ids": account, "rights": rights}});
            self.send(Put, &format!("{path}/collaborators"), Some(&body))?;
        }
        self.change(kind, id, &contacts)?;
        for ((_, name), new) in changes.filter(|((part, _), _)| *part == "api_keys") {
            self.key(kind, id, name, new, made, written)?;
        }
        Ok(())
    }

    /// Returns the fields that change, attributes whole.
    fn fields(&self, step: &Value, found: &Value) -> Map<String, Value> {
        let mut fields = Map::new();
        for change in items(&step["changes"]) {
            let field = change["field"].as_str().unwrap_or_default();
            match field.split_once('/') {
                Some(("attributes", key)) => {
                    let all = fields.entry("attributes").or_insert_with(|| found.get("attributes").cloned().unwrap_or(json!({})));
                    all.as_object_mut().into_iter().for_each(|all| drop(all.shift_remove(key)));
                    if !change["new"].is_null() {
                        all[key] = change["new"].clone();
                    }
                }
                None if !matches!(field, "password" | "temporary_password" | "secret" | "older_secrets") => {
                    drop(fields.insert(field.to_owned(), change["new"].clone()))
                }
                Some(_) | None => {}
            }
        }
        fields
    }

    fn change(&self, kind: &EntityNames, id: &str, fields: &Map<String, Value>) -> Result<(), Failure> {
        if fields.is_empty() {
            return Ok(());
        }
        let paths: Vec<&String> = fields.keys().collect();
        let mut body = json!({(kind.name): fields, "field_mask": {"paths": paths}});
        body[kind.name]["ids"] = json!({ kind.key: id });
        self.send(Put, &format!("{}/{}", kind.plural, segment(id)), Some(&body)).map(drop)
    }

    fn create(
        &self,
        kind: &EntityNames,
        id: &str,
        mut fields: Map<String, Value>,
        declared: &Value,
        made: &RemotePlan,
    ) -> Result<(), Failure> {
        fields.insert("ids".to_owned(), json!({ kind.key: id }));
        let path = match kind.name {
            "user" => {
                let fresh = || id.parse().map(|id| password::generated(&id)).unwrap_or_default();
                let password = secret(&declared["password"]).map_or_else(fresh, str::to_owned);
                fields.insert("password".to_owned(), password.into());
                fields.extend(secret(&declared["temporary_password"]).map(|text| ("temporary_password".to_owned(), text.into())));
                fields.entry("primary_email_address").or_insert_with(|| format!("{id}@localhost").into());
                fields.entry("state").or_insert_with(|| "STATE_APPROVED".into());
                "users".to_owned()
            }
            "organization" => {
                let owner = items(&declared["members"]).find(|member| kind.is_owner(member)).and_then(|member| member["user_id"].as_str());
                let Some(owner) = owner else {
                    return Err(not_over_api("an organization without an owner", "name a member with RIGHT_ALL"));
                };
                format!("users/{}/organizations", segment(owner))
            }
            _ => {
                if let Some(text) = secret(&declared["secret"]) {
                    fields.insert("secret".to_owned(), text.into());
                }
                let owner = declared["owner"].as_str().unwrap_or_default();
                format!("{}/{}/clients", self.plural_of(owner, made), segment(owner))
            }
        };
        self.send(Post, &path, Some(&json!({(kind.name): fields})))?;
        if kind.name == "client" && declared["secret"].is_null() {
            let body = json!({"client": {"ids": {"client_id": id}}, "field_mask": {"paths": ["secret"]}});
            self.send(Put, &format!("clients/{}", segment(id)), Some(&body))?;
        }
        Ok(())
    }

    /// Creates or changes an API key. The server issues it, and it goes to its file.
    fn key(
        &self,
        kind: &EntityNames,
        id: &str,
        name: &str,
        new: &Value,
        made: &RemotePlan,
        written: &mut Vec<String>,
    ) -> Result<(), Failure> {
        let path = format!("{}/{}/api-keys", kind.plural, segment(id));
        let found = find(&made.found, kind, id);
        let mut body = json!({"name": name, "rights": new["rights"]});
        let declared = declared_keys(&self.file.value, kind, id).into_iter().find(|(_, key)| key["name"] == name);
        let (at, declared) = declared.map_or_else(Default::default, |(at, key)| (format!("{at}/key"), key));
        if let Some(key) = known_key(&found, &declared) {
            body["expires_at"] = new["expires_at"].clone();
            let body = json!({"api_key": body, "field_mask": {"paths": ["rights", "expires_at"]}});
            let key_id = key["api_key_id"].as_str().unwrap_or_default();
            return self.send(Put, &format!("{path}/{}", segment(key_id)), Some(&body)).map(drop);
        }
        if !new["expires_at"].is_null() {
            body["expires_at"] = new["expires_at"].clone();
        }
        let (file, path_of_file) = self.file.new_file(&at)?;
        let answer = self.send(Post, &path, Some(&body)).inspect_err(|_| drop(std::fs::remove_file(&path_of_file)))?;
        self.file.fill(&at, file, answer["key"].as_str().unwrap_or_default())?;
        written.push(path_of_file.display().to_string());
        Ok(())
    }

    /// Returns `users` or `organizations`.
    fn plural_of(&self, account: &str, made: &RemotePlan) -> &'static str {
        let is_organization = [&self.file.value, &made.found].into_iter().any(|value| ids(value, &ORGANIZATION).contains(account));
        if is_organization { "organizations" } else { "users" }
    }
}

/// Refuses, before anything is done, what the API does not let anybody do.
fn check_possible(declared: &Value, plan: &Value) -> Result<(), Failure> {
    for step in items(&plan["steps"]).filter(|step| step["action"] != "leave") {
        let id = step["id"].as_str().unwrap_or_default();
        if step["kind"] == "authorization" {
            return Err(not_over_api(&format!("the authorization {id}"), "users agree themselves; apply it to the data file"));
        }
        let Some(kind) = KINDS.into_iter().find(|kind| step["kind"] == kind.name) else { continue };
        let entity = find(declared, kind, id);
        for name in ["password", "temporary_password", "secret", "older_secrets"] {
            if step["action"] == "create" && (entity[name].get("hash").is_some() || entity[name].is_array()) {
                return Err(not_over_api(
                    &format!("a {name} of which only the hash is known"),
                    "apply it to the data file, or name the secret",
                ));
            }
        }
        let new_keys = items(&step["changes"]).filter(|change| change["old"].is_null()).filter_map(|change| change["field"].as_str());
        for name in new_keys.filter_map(|field| field.strip_prefix("api_keys/")) {
            let keys = declared_keys(declared, kind, id);
            if keys.iter().any(|(_, key)| key["name"] == name && key["key"].get("generated").is_none()) {
                let remedy = "a server issues its keys itself; write {\"generate\": \"once\", \"write_to\": \"FILE\"}";
                return Err(not_over_api(&format!("the API key `{name}` as it is declared"), remedy));
            }
        }
    }
    Ok(())
}

fn not_over_api(what: &str, remedy: &str) -> Failure {
    ApiError::from(NOT_OVER_API.with("what", what).with("remedy", remedy)).into()
}

/// Returns what is declared, without the secrets of what is there.
fn without_known_secrets(declared: &Value, found: &Value) -> Value {
    let mut declared = declared.clone();
    for kind in KINDS {
        for entity in declared.get_mut(kind.plural).and_then(Value::as_array_mut).into_iter().flatten() {
            let there = find(found, kind, entity[kind.key].as_str().unwrap_or_default());
            if there.is_null() {
                continue;
            }
            let Some(members) = entity.as_object_mut() else { continue };
            ["password", "secret"].iter().for_each(|name| drop(members.shift_remove(*name)));
            for key in members.get_mut("api_keys").and_then(Value::as_array_mut).into_iter().flatten() {
                let Some(known) = known_key(&there, key).cloned() else { continue };
                // Of the name alone another may have made it: without the ID, the plan gives it no more rights.
                if is_same_key(&known, key) {
                    key["api_key_id"] = known["api_key_id"].clone();
                }
                key.as_object_mut().into_iter().for_each(|key| drop(key.shift_remove("key")));
            }
        }
    }
    declared
}

fn names<E>(fields: &'static [Field<E>]) -> Vec<&'static str> {
    fields.iter().filter(|field| is_declared(field)).map(|field| field.name).collect()
}
