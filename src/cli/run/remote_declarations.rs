//! `keyfob plan` and `keyfob apply` over the API: what the server has is read into a temporary data file, the plan is made there, and each step of
//! it is a request.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::base::error::{Error, errors};
use crate::base::secret::Token;
use crate::cli::api_error::ApiError;
use crate::cli::failure::Failure;
use crate::cli::remote::http::{QueryPairs, Remote, account_json, segment};
use crate::cli::run::declaration_file::DeclarationFile;
use crate::cli::run::declared_operations::unusable;
use crate::declared::apply::{ApplyMode, apply};
use crate::declared::fields::is_declared;
use crate::declared::input::InputValue;
use crate::declared::read::Declaration;
use crate::declared::step::Prune;
use crate::http::request::Method::{Post, Put};
use crate::model::field::Field;
use crate::model::settings::Settings;
use crate::model::{client, organization, password, user};
use crate::registry::bootstrap::{Administrator, administrator};
use crate::registry::marks::MANAGED_BY;
use crate::store::Store;

errors! {
    NOT_OVER_API: FailedPrecondition "keyfob/cli" "not_over_api" "{what} cannot be done over the API: {remedy}";
    ONLY_PARTLY: Unavailable "keyfob/cli" "only_partly" "{done} of {total} steps were done before one was refused; the others were not: apply it again once this is mended";
}

/// An administrator of the temporary data file; nobody on the server has this ID.
const NOBODY: &str = "nobody-on-this-server";

/// What stands for a secret that nobody reads over the API.
const UNREADABLE: &str = "PBKDF2$sha256$1$saltsaltsaltsalt$sT1ml-mc1tF0XaCX7gPkvlATQedv6RYaeI3j1M0L4hk";

/// The declaration, and what the server has of it.
pub struct RemoteDeclaration<'r> {
    remote: &'r Remote,
    file: &'r DeclarationFile,
    prune: Prune,
}

/// A plan, and what it was made from.
pub struct RemotePlan {
    pub plan: Value,
    /// As a declaration of everything that was read.
    found: Value,
}

/// One kind of entity: its name in the API, the key of its ID, and its members in a declaration.
struct EntityNames {
    name: &'static str,
    plural: &'static str,
    key: &'static str,
    members: &'static str,
    member: &'static str,
}

const USER: EntityNames = EntityNames { name: "user", plural: "users", key: "user_id", members: "", member: "" };
const ORGANIZATION: EntityNames =
    EntityNames { name: "organization", plural: "organizations", key: "organization_id", members: "members", member: "user_id" };
const CLIENT: EntityNames =
    EntityNames { name: "client", plural: "clients", key: "client_id", members: "collaborators", member: "account" };
const KINDS: [&EntityNames; 3] = [&USER, &ORGANIZATION, &CLIENT];

impl<'r> RemoteDeclaration<'r> {
    pub fn of(remote: &'r Remote, file: &'r DeclarationFile, prune: Prune) -> RemoteDeclaration<'r> {
        RemoteDeclaration { remote, file, prune }
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
                let query = vec![(format!("attributes_contain[{MANAGED_BY}]"), name.clone()), ("limit".to_owned(), "1000".to_owned())];
                let found = self.remote.read(&format!("search/{}", kind.plural), &query)?.body;
                ids.extend(items(&found[kind.plural]).filter_map(|item| item["ids"][kind.key].as_str().map(str::to_owned)));
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
            let members = self.all(&format!("{path}/collaborators"), "collaborators")?;
            let member = |member: &Value| {
                let ids = &member["ids"];
                let id = ids["user_ids"]["user_id"].as_str().or(ids["organization_ids"]["organization_id"].as_str());
                json!({ kind.member: id, "rights": member["rights"] })
            };
            entity[kind.members] = members.iter().map(member).collect();
            let declared = find(&self.file.value, kind, id)["owner"].clone();
            let owns =
                |member: &&Value| items(&member["rights"]).any(|right| matches!(right.as_str(), Some("RIGHT_ALL" | "RIGHT_CLIENT_ALL")));
            let owners = || items(&entity[kind.members]).filter(owns).map(|member| &member["account"]);
            // Who registered it cannot be read.
            let owner = owners().find(|owner| **owner == declared).or(owners().next()).filter(|_| kind.name == "client").cloned();
            if let Some(owner) = owner {
                entity["owner"] = owner;
            }
        }
        if !declared_keys(&self.file.value, kind, id).is_empty() {
            let keys = self.all(&format!("{path}/api-keys"), "api_keys")?;
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

    fn all(&self, path: &str, list: &str) -> Result<Vec<Value>, Failure> {
        let query = vec![("limit".to_owned(), "1000".to_owned())];
        Ok(items(&self.remote.read(path, &query)?.body[list]).cloned().collect())
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
        let sent = items(&made.plan["generated"]).filter_map(Value::as_str).filter(|at| !at.ends_with("/key"));
        let mut written = self.file.write_generated(&sent.collect::<Vec<_>>())?.keep();
        let steps: Vec<&Value> = items(&made.plan["steps"]).filter(|step| step["action"] != "leave").collect();
        for (n, step) in steps.iter().enumerate() {
            self.step(step, made, &mut written).map_err(|failure| match failure {
                Failure::Named(cause) if n > 0 => {
                    let partly = ONLY_PARTLY.with("done", n.to_string()).with("total", steps.len().to_string());
                    Failure::Refused(format!("{}\n{}", ApiError::from(partly), cause))
                }
                failure => failure,
            })?;
        }
        Ok(written)
    }

    fn step(&self, step: &Value, made: &RemotePlan, written: &mut Vec<String>) -> Result<(), Failure> {
        let (kind_name, id) = (step["kind"].as_str().unwrap_or_default(), step["id"].as_str().unwrap_or_default());
        let Some(kind) = KINDS.into_iter().find(|kind| kind.name == kind_name) else { return Ok(()) };
        let path = format!("{}/{}", kind.plural, segment(id));
        let declared = find(&self.file.value, kind, id);
        if step["action"] == "remove" {
            return self.remote.delete(&path);
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
            self.remote.write(Put, &format!("{path}/collaborators"), Some(&body))?;
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
                None if !matches!(field, "password" | "secret") => drop(fields.insert(field.to_owned(), change["new"].clone())),
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
        self.remote.write(Put, &format!("{}/{}", kind.plural, segment(id)), Some(&body))?;
        Ok(())
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
                fields.entry("primary_email_address").or_insert_with(|| format!("{id}@localhost").into());
                fields.entry("state").or_insert_with(|| "STATE_APPROVED".into());
                "users".to_owned()
            }
            "organization" => {
                let owns = |member: &&Value| {
                    items(&member["rights"]).any(|right| matches!(right.as_str(), Some("RIGHT_ALL" | "RIGHT_ORGANIZATION_ALL")))
                };
                let owner = items(&declared["members"]).find(owns).and_then(|member| member["user_id"].as_str());
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
        self.remote.write(Post, &path, Some(&json!({(kind.name): fields})))?;
        if kind.name == "client" && declared["secret"].is_null() {
            let body = json!({"client": {"ids": {"client_id": id}}, "field_mask": {"paths": ["secret"]}});
            self.remote.write(Put, &format!("clients/{}", segment(id)), Some(&body))?;
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
            self.remote.write(Put, &format!("{path}/{}", segment(key_id)), Some(&body))?;
            return Ok(());
        }
        if !new["expires_at"].is_null() {
            body["expires_at"] = new["expires_at"].clone();
        }
        let (file, path_of_file) = self.file.new_file(&at)?;
        let answer = self.remote.write(Post, &path, Some(&body)).inspect_err(|_| drop(std::fs::remove_file(&path_of_file)))?.body;
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
        for name in ["password", "secret"] {
            if step["action"] == "create" && entity[name].get("hash").is_some() {
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

/// Returns the API key that an entity has of a declared one: the same, or else one of its name.
fn known_key<'f>(found: &'f Value, declared: &Value) -> Option<&'f Value> {
    let same = items(&found["api_keys"]).find(|key| is_same_key(key, declared));
    same.or_else(|| items(&found["api_keys"]).find(|key| key["name"] == declared["name"]))
}

fn is_same_key(found: &Value, declared: &Value) -> bool {
    let of_token = secret(&declared["key"]).and_then(Token::parse).is_some_and(|token| found["api_key_id"] == token.id.as_str());
    of_token || declared.get("api_key_id").is_some_and(|id| found["api_key_id"] == *id)
}

/// Returns a secret in clear, or one that was generated.
fn secret(declared: &Value) -> Option<&str> {
    declared.as_str().or_else(|| declared["generated"].as_str())
}

fn items(list: &Value) -> impl Iterator<Item = &Value> + Clone {
    list.as_array().into_iter().flatten()
}

fn ids(value: &Value, kind: &EntityNames) -> BTreeSet<String> {
    items(&value[kind.plural]).filter_map(|entity| entity[kind.key].as_str().map(str::to_owned)).collect()
}

fn find(value: &Value, kind: &EntityNames, id: &str) -> Value {
    items(&value[kind.plural]).find(|entity| entity[kind.key] == id).cloned().unwrap_or_default()
}

/// Returns the API keys of an entity, with their places.
fn declared_keys(value: &Value, kind: &EntityNames, id: &str) -> Vec<(String, Value)> {
    let found = items(&value[kind.plural]).enumerate().find(|(_, entity)| entity[kind.key] == id);
    let keys = found.into_iter().flat_map(|(n, entity)| items(&entity["api_keys"]).enumerate().map(move |(k, key)| (n, k, key)));
    keys.map(|(n, k, key)| (format!("/{}/{n}/api_keys/{k}", kind.plural), key.clone())).collect()
}

/// Returns the accounts that are named as owners, members and contacts.
fn named(value: &Value) -> impl Iterator<Item = String> + '_ {
    let owned = KINDS[1..].iter().flat_map(|kind| items(&value[kind.plural]).map(move |entity| (*kind, entity)));
    owned.flat_map(|(kind, entity)| {
        let contact = |name: &str| {
            let contact = &entity[name];
            contact["user_ids"]["user_id"].as_str().or(contact["organization_ids"]["organization_id"].as_str()).map(str::to_owned)
        };
        let members = items(&entity[kind.members]).filter_map(|member| member[kind.member].as_str().map(str::to_owned));
        let owner = entity["owner"].as_str().filter(|owner| *owner != NOBODY).map(str::to_owned);
        let contacts = [contact("administrative_contact"), contact("technical_contact")];
        members.chain(owner).chain(contacts.into_iter().flatten()).collect::<Vec<_>>()
    })
}

fn names<E>(fields: &'static [Field<E>]) -> Vec<&'static str> {
    fields.iter().filter(|field| is_declared(field)).map(|field| field.name).collect()
}

impl std::fmt::Debug for RemoteDeclaration<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RemoteDeclaration({})", self.file.name)
    }
}

impl std::fmt::Debug for RemotePlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RemotePlan({})", self.plan)
    }
}
