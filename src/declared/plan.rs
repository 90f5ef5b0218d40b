//! What has to be done so that all is as declared, found out without doing it.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use crate::base::error::Result;
use crate::base::id::{AccountId, ClientId};
use crate::base::right::{Right, Rights};
use crate::declared::drift::Memory;
use crate::declared::found::{FoundEntity, FoundKey, SUBJECT};
use crate::declared::input::wrong_at;
use crate::declared::names::FROM_WHERE;
use crate::declared::prepared::{Prepared, SecretVerdict};
use crate::declared::read::{
    Declaration, DeclaredAuthorization, DeclaredClient, DeclaredKey, DeclaredOrganization, DeclaredSecret, DeclaredUser,
};
use crate::declared::step::{FieldChange, Plan, PlanStep, PlannedAction, Prune};
use crate::declared::{fields, managed};
use crate::model::client::{self, Client};
use crate::model::organization::{self, Organization};
use crate::model::scope::GrantedScope;
use crate::model::user::{self, User};
use crate::model::value;
use crate::model::view::MASKED;
use crate::registry::entity::Entity;
use crate::registry::members;
use crate::store::members::Owned;
use crate::store::{Deleted, Tx};

/// What is declared of an entity, in one form for all kinds.
struct Wanted<'d> {
    entity: Entity,
    at: &'d str,
    fields: Map<String, Value>,
    /// What members are called, and those that are declared.
    members: (&'static str, Vec<(&'d str, &'d [Right])>),
    /// Of a client.
    owner: Option<&'d str>,
    keys: &'d [DeclaredKey],
    secret: Option<(&'static str, SecretVerdict<'d>)>,
}

/// Makes the plan.
/// # Errors
/// `fixture_wrong_member` for what cannot be so.
pub fn plan(tx: &Tx<'_>, declaration: &Declaration, prepared: &Prepared, prune: Prune) -> Result<Plan> {
    let declared = &declaration.declared;
    let clients = declared.clients.iter().map(|client| (&client.id.id, client)).collect();
    let planning = Planning { tx, declaration, clients, prepared, prune };
    let mut steps = Vec::new();
    for user in &declared.users {
        steps.push(planning.user(user)?);
    }
    for organization in &declared.organizations {
        steps.push(planning.organization(organization)?);
    }
    for client in &declared.clients {
        steps.push(planning.client(client)?);
    }
    for authorization in &declared.authorizations {
        steps.push(planning.authorization(authorization)?);
    }
    steps.extend(planning.no_longer_declared(&steps)?);
    Ok(Plan { name: declaration.name.clone(), steps })
}

struct Planning<'a> {
    tx: &'a Tx<'a>,
    declaration: &'a Declaration,
    /// Those that are declared.
    clients: HashMap<&'a ClientId, &'a DeclaredClient>,
    prepared: &'a Prepared,
    prune: Prune,
}

impl Planning<'_> {
    fn user(&self, user: &DeclaredUser) -> Result<PlanStep> {
        let found = FoundEntity::user(self.tx, &user.id.id)?;
        found.as_ref().map_or(Ok(()), |found| self.check_may_rise(user, found))?;
        let mut fields = fields::of_patch(user::FIELDS, &user.sent, User::new(user.id.id.clone(), self.tx.now));
        fields.extend(user.subject.as_deref().map(|subject| (SUBJECT.to_owned(), subject.into())));
        let wanted = Wanted {
            entity: Entity::User(user.id.id.clone()),
            at: &user.id.at,
            fields,
            members: ("", Vec::new()),
            owner: None,
            keys: &user.api_keys,
            secret: Some(("password", self.prepared.password(self.tx, user)?)),
        };
        let mut step = self.step(wanted, found)?;
        if step.action == PlannedAction::Create && user.temporary_password != DeclaredSecret::Unsaid {
            let generated = matches!(user.temporary_password, DeclaredSecret::Generated(_));
            let change = FieldChange::of_secret("temporary_password", false, MASKED.into());
            step.changes.push(FieldChange { generated_at: generated.then(|| user.temporary_password_at.clone()), ..change });
        }
        Ok(step)
    }

    /// Refuses to make an administrator of a user who was made by hand, and whom somebody else may have made to that end.
    fn check_may_rise(&self, user: &DeclaredUser, found: &FoundEntity) -> Result<()> {
        let is_admin = |fields: &Map<String, Value>| fields.get("admin") == Some(&Value::Bool(true));
        let rises = user.is_admin() && !is_admin(&found.fields);
        if self.declaration.name.is_none() || found.managed_by().is_some() || !rises {
            return Ok(());
        }
        let id = &user.id.id;
        let why = format!(
            "must not be true: the user `{id}` was made by hand and keeps the password. Make `{id}` an administrator by hand \
             (`keyfob users set {id} --admin`), or purge the user first (`keyfob users delete {id}`, `keyfob users purge {id}`)"
        );
        Err(wrong_at(&user.id.at.replace("user_id", "admin"), why))
    }

    fn organization(&self, organization: &DeclaredOrganization) -> Result<PlanStep> {
        let found = FoundEntity::organization(self.tx, &organization.id.id)?;
        let blank = Organization::new(organization.id.id.clone(), self.tx.now);
        let members = organization.members.iter().map(|member| (member.id.id.as_str(), member.rights.as_slice())).collect();
        let wanted = Wanted {
            entity: Entity::Organization(organization.id.id.clone()),
            at: &organization.id.at,
            fields: fields::of_patch(organization::FIELDS, &organization.sent, blank),
            members: ("members", members),
            owner: None,
            keys: &organization.api_keys,
            secret: None,
        };
        self.step(wanted, found)
    }

    fn client(&self, client: &DeclaredClient) -> Result<PlanStep> {
        let found = FoundEntity::client(self.tx, &client.id.id)?;
        let by_hand = found.as_ref().filter(|found| found.managed_by().is_none());
        by_hand.map_or(Ok(()), |found| self.check_owner(client, found))?;
        let keeps_secret = by_hand.is_some_and(|found| found.has_secret) && client.secret == DeclaredSecret::Unsaid;
        let members = client.collaborators.iter().map(|member| (member.id.id.as_str(), member.rights.as_slice())).collect();
        let wanted = Wanted {
            entity: Entity::Client(client.id.id.clone()),
            at: &client.id.at,
            fields: fields::of_patch(client::FIELDS, &client.sent, Client::new(client.id.id.clone(), self.tx.now)),
            members: ("collaborators", members),
            owner: Some(&client.owner.id),
            keys: &[],
            secret: Some(("secret", self.prepared.secret(self.tx, client)?)),
        };
        let mut step = self.step(wanted, found)?;
        if step.action == PlannedAction::Create && !client.older_secrets.is_empty() {
            step.changes.push(FieldChange::of_secret("older_secrets", false, client.older_secrets.len().into()));
        }
        if keeps_secret && self.declaration.name.is_some() {
            step.notes.push("its secret stays the one that it was given by hand: declare one to replace it".to_owned());
        }
        Ok(step)
    }

    /// Refuses a client that was made by hand for somebody else, who would keep it.
    fn check_owner(&self, client: &DeclaredClient, found: &FoundEntity) -> Result<()> {
        let owned = Owned::Client(client.id.id.clone());
        let owners: Vec<String> = match self.tx.client_registered_by(&client.id.id)? {
            Some(account) if self.tx.account_exists(&account, Deleted::No)? => vec![account.as_str().to_owned()],
            Some(_) | None => {
                found.members.iter().filter(|(_, rights)| members::is_owner(&owned, rights)).map(|(account, _)| account.clone()).collect()
            }
        };
        let declared = &client.owner.id;
        if owners.is_empty() || owners.contains(declared) {
            return Ok(());
        }
        let (id, owner) = (&client.id.id, owners.join("`, `"));
        let why = format!(
            "must not be `{declared}`: the client `{id}` was made by hand, and its owner is `{owner}`. Declare that owner, or purge the client first \
             (`keyfob clients delete {id}`, `keyfob clients purge {id}`)"
        );
        Err(wrong_at(&client.owner.at, why))
    }

    /// Leaves an authorization that covers what is declared: users may agree to more.
    fn authorization(&self, authorization: &DeclaredAuthorization) -> Result<PlanStep> {
        let (user, client) = (&authorization.user_id.id, &authorization.client_id.id);
        let found = self.tx.authorization(user, client)?;
        let asked = || self.tx.client(client, Deleted::No).map(|client| client.map(|client| client.all_rights()));
        let of_declared = || {
            let rights = self.clients.get(client)?.sent.get("rights")?;
            Some(rights_of(&<Vec<Right> as value::FieldValue>::from_json(rights)))
        };
        let all = match of_declared() {
            None => asked()?.unwrap_or(Rights::NONE),
            Some(declared) => declared,
        };
        let (GrantedScope { rights: wanted, .. }, GrantedScope { rights: agreed, .. }) = authorization.granted(all);
        let rights = found.as_ref().map(|found| found.rights);
        let was_agreed = found.as_ref().map(|found| found.agreed);
        let words = found.as_ref().map(|found| found.agreed_words.clone()).unwrap_or_default();
        let mut changes = Vec::new();
        let shown = |rights: Option<Rights>| rights.map_or(Value::Null, |rights| rights.names().into());
        if rights.is_none_or(|rights| !wanted.without(rights).is_empty()) {
            changes.push(FieldChange::new("rights", shown(rights), shown(Some(wanted))));
        }
        if authorization.agreed.is_some() && was_agreed.is_none_or(|was| !agreed.without(was).is_empty()) {
            changes.push(FieldChange::new("agreed", shown(was_agreed), shown(Some(agreed))));
        }
        if !authorization.words.without(&words).is_empty() {
            changes.push(FieldChange::new("scopes", words.texts().into(), authorization.words.texts().into()));
        }
        let action = match found {
            _ if changes.is_empty() => PlannedAction::Leave,
            None => PlannedAction::Create,
            Some(_) => PlannedAction::Change,
        };
        Ok(PlanStep { action, kind: "authorization", id: format!("{user} of {client}"), changes, notes: Vec::new() })
    }

    fn step(&self, wanted: Wanted<'_>, found: Option<FoundEntity>) -> Result<PlanStep> {
        let name = self.declaration.name.as_deref();
        let mut step = PlanStep {
            action: PlannedAction::Leave,
            kind: wanted.entity.kind(),
            id: wanted.entity.as_str().to_owned(),
            changes: Vec::new(),
            notes: Vec::new(),
        };
        self.check_is_free(&wanted)?;
        if let Some(other) = found.as_ref().and_then(FoundEntity::managed_by).filter(|by| name.is_some_and(|name| name != *by)) {
            let whose = format!("stays as it is: the declaration `{other}` manages it, so leave it out here or there");
            step.notes.push(whose);
            return Ok(step);
        }
        let memory = Memory::of(self.tx, &wanted.entity, name.filter(|_| found.is_some()));
        let nothing = FoundEntity::default();
        let there = found.as_ref().unwrap_or(&nothing);
        let attributes = managed::attributes(wanted.fields.get("attributes"), there.fields.get("attributes"), name);
        let mut fields = wanted.fields.clone();
        if let Some(attributes) = attributes {
            fields.insert("attributes".to_owned(), attributes);
        }
        step.changes.extend(field_changes(&fields, &there.fields));
        step.changes.extend(self.member_changes(&wanted, there, &memory)?);
        step.changes.extend(self.key_changes(&wanted, there, &memory, &mut step.notes)?);
        if let Some((field, verdict)) = &wanted.secret {
            match verdict {
                SecretVerdict::Kept(None) => {}
                SecretVerdict::Kept(Some(note)) => step.notes.push((*note).to_owned()),
                SecretVerdict::Set { generated_at, .. } => {
                    let change = FieldChange::of_secret(field, there.has_secret, MASKED.into());
                    step.changes.push(FieldChange { generated_at: generated_at.map(str::to_owned), ..change });
                }
                SecretVerdict::Removed => step.changes.push(FieldChange::of_secret(field, there.has_secret, Value::Null)),
            }
        }
        for change in &mut step.changes {
            change.drift = memory.drift(&change.field)?;
        }
        step.action = match &found {
            None => PlannedAction::Create,
            Some(found) if found.is_deleted => PlannedAction::Restore,
            Some(_) if step.changes.is_empty() => PlannedAction::Leave,
            Some(_) => PlannedAction::Change,
        };
        if found.is_some() && name.is_some() && there.managed_by().is_none() {
            step.notes.push("was made by hand: from now on it is managed".to_owned());
            let is_declared =
                |account: &str| wanted.owner == Some(account) || wanted.members.1.iter().any(|(declared, _)| *declared == account);
            let others: Vec<&str> = there.members.keys().map(String::as_str).filter(|account| !is_declared(account)).collect();
            if !others.is_empty() {
                step.notes.push(format!("{} that are not declared stay: {}", wanted.members.0, others.join(", ")));
            }
        }
        Ok(step)
    }

    /// Refuses an ID that is another's.
    fn check_is_free(&self, wanted: &Wanted<'_>) -> Result<()> {
        let id = wanted.entity.as_str();
        let other = match &wanted.entity {
            Entity::User(_) => id.parse().ok().map(AccountId::Organization),
            Entity::Organization(_) => id.parse().ok().map(AccountId::User),
            Entity::Client(_) => None,
        };
        if let Some(other) = other
            && self.tx.account_exists(&other, Deleted::Either)?
        {
            let kind = other.kind();
            let why = format!("must not be `{id}`: there is a {kind} of this ID, and users and organizations share them");
            return Err(wrong_at(wanted.at, why));
        }
        Ok(())
    }

    fn member_changes(&self, wanted: &Wanted<'_>, found: &FoundEntity, memory: &Memory<'_>) -> Result<Vec<FieldChange>> {
        let (field, members) = (wanted.members.0, &wanted.members.1);
        let mut changes = Vec::new();
        for (account, rights) in members {
            let was = found.members.get(*account);
            let is_same = was.map_or(rights.is_empty(), |was| !rights.is_empty() && rights_of(was) == rights_of(rights));
            if !is_same {
                let will = if rights.is_empty() { Value::Null } else { value::rights(rights) };
                changes.push(FieldChange::new(format!("{field}/{account}"), was.map_or(Value::Null, |was| value::rights(was)), will));
            }
        }
        if self.prune == Prune::Yes {
            let extra = found.members.iter().filter(|(account, _)| !members.iter().any(|(declared, _)| declared == account));
            for (account, rights) in extra {
                if memory.is_ours(account)? {
                    changes.push(FieldChange::new(format!("{field}/{account}"), value::rights(rights), Value::Null));
                }
            }
        }
        Ok(changes)
    }

    fn key_changes(
        &self,
        wanted: &Wanted<'_>,
        found: &FoundEntity,
        memory: &Memory<'_>,
        notes: &mut Vec<String>,
    ) -> Result<Vec<FieldChange>> {
        let (mut changes, mut meant) = (Vec::new(), HashSet::new());
        for key in wanted.keys {
            let field = format!("api_keys/{}", key.wanted.name);
            let there = found.key(key, memory)?;
            let end = key.wanted.expires_at.or(there.and_then(|there| there.key.expires_at));
            let will = json!({"rights": value::rights(&key.wanted.rights), "expires_at": end.map(|end| end.to_string())});
            let Some(there) = there else {
                if key.hash.is_none() {
                    return Err(wrong_at(&key.at, format!("needs a `key`: there is none of this name yet. {FROM_WHERE}")));
                }
                if found.keys.iter().any(|found| found.key.name == key.wanted.name) {
                    notes.push(format!("{field}: another key of this name was made by hand, and stays"));
                }
                changes.push(FieldChange {
                    generated_at: key.generated.then(|| format!("{}/key", key.at)),
                    ..FieldChange::new(field, Value::Null, will)
                });
                continue;
            };
            meant.insert(&there.key.id);
            check_not_widened(key, there, memory)?;
            let was = json!({"rights": value::rights(&there.key.rights), "expires_at": there.key.expires_at.map(|end| end.to_string())});
            let is_same = rights_of(&there.key.rights) == rights_of(&key.wanted.rights)
                && there.key.expires_at == end
                && there.key.name == key.wanted.name;
            if !is_same {
                changes.push(FieldChange::new(field.clone(), was, will));
            }
            if !there.is_proved_by(key) {
                if key.generated {
                    notes.push(format!("{field}: the key is another than in its file, and stays"));
                } else {
                    changes.push(FieldChange::new(format!("{field}/key"), MASKED.into(), MASKED.into()));
                }
            }
        }
        if self.prune == Prune::Yes {
            for there in found.keys.iter().filter(|there| !meant.contains(&there.key.id)) {
                if memory.made_key(&there.key.id)? {
                    changes.push(FieldChange {
                        removed_key: Some(there.key.id.clone()),
                        ..FieldChange::new(format!("api_keys/{}", there.key.name), value::rights(&there.key.rights), Value::Null)
                    });
                }
            }
        }
        Ok(changes)
    }

    /// Finds what this declaration made before and has no longer: nothing that these steps are about.
    fn no_longer_declared(&self, steps: &[PlanStep]) -> Result<Vec<PlanStep>> {
        let Some(name) = &self.declaration.name else { return Ok(Vec::new()) };
        let declared: HashSet<(&str, &str)> = steps.iter().map(|step| (step.kind, step.id.as_str())).collect();
        let managed = managed::entities(self.tx, name)?;
        let gone = managed.into_iter().filter(|entity| !declared.contains(&(entity.kind(), entity.as_str())));
        let step = |entity: Entity| {
            let (action, note) = match self.prune {
                Prune::Yes => (PlannedAction::Remove, "no longer declared: deleted, and can be restored for a day"),
                Prune::No => (PlannedAction::Leave, "no longer declared: --prune removes it"),
            };
            PlanStep { action, kind: entity.kind(), id: entity.as_str().to_owned(), changes: Vec::new(), notes: vec![note.to_owned()] }
        };
        Ok(gone.map(step).collect())
    }
}

/// Refuses to give more rights to a key that is only found by its name and was made by hand: who made it has it.
fn check_not_widened(key: &DeclaredKey, there: &FoundKey, memory: &Memory<'_>) -> Result<()> {
    let excess = rights_of(&key.wanted.rights).without(rights_of(&there.key.rights).expanded());
    if key.id.is_some() || excess.is_empty() || memory.may_have_made_key(&there.key.id)? {
        return Ok(());
    }
    let (name, more) = (&key.wanted.name, excess.names().join(", "));
    Err(wrong_at(
        &format!("{}/rights", key.at),
        format!("must not have {more}: the key `{name}` was made by hand, and has not. Declare a `key`, or name it otherwise"),
    ))
}

pub fn rights_of(rights: &[Right]) -> Rights {
    rights.iter().copied().collect()
}

/// Returns the fields that differ; attributes one by one.
fn field_changes(wanted: &Map<String, Value>, found: &Map<String, Value>) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    for (field, will) in wanted {
        let was = found.get(field).unwrap_or(&Value::Null);
        if field == "attributes" {
            changes.extend(attribute_changes(was, will));
        } else if !fields::is_same(was, will) {
            changes.push(FieldChange::new(field, was.clone(), will.clone()));
        }
    }
    changes
}

fn attribute_changes(was: &Value, will: &Value) -> Vec<FieldChange> {
    let empty = Map::new();
    let (was, will) = (was.as_object().unwrap_or(&empty), will.as_object().unwrap_or(&empty));
    let removed = was.keys().filter(|key| !will.contains_key(*key));
    let keys = will.keys().chain(removed);
    let change = |key: &String| {
        let (old, new) = (was.get(key).cloned().unwrap_or_default(), will.get(key).cloned().unwrap_or_default());
        (old != new).then(|| FieldChange::new(format!("attributes/{key}"), old, new))
    };
    keys.filter_map(change).collect()
}
