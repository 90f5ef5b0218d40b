//! Does what a plan says, in one transaction, by the rules for everybody else.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::base::error::{Error, Result};
use crate::base::id::AccountId;
use crate::base::request_id;
use crate::base::right::Right;
use crate::base::secret::Hash;
use crate::declared::create::{Creation, mask};
use crate::declared::drift::Memory;
use crate::declared::fields::is_declared;
use crate::declared::found::FoundEntity;
use crate::declared::managed;
use crate::declared::names::{self, refused_at};
use crate::declared::plan::plan;
use crate::declared::prepared::{HashingEffort, PLAN_OUTDATED, Prepared, SecretVerdict};
use crate::declared::read::{Declaration, DeclaredAuthorization, DeclaredClient, DeclaredKey, DeclaredOrganization, DeclaredUser};
use crate::declared::step::{Plan, PlanStep, PlannedAction, Prune};
use crate::model::field::Field;
use crate::model::patch::Patch;
use crate::model::settings::Settings;
use crate::model::value::FieldValue;
use crate::model::{client, organization, user};
use crate::registry::api_keys::{self, KeyMask};
use crate::registry::entity::Entity;
use crate::registry::principal::Principal;
use crate::registry::secrets::NewSecret;
use crate::registry::users::NewPasswords;
use crate::registry::{clients, consent, deletion, members, organizations, users};
use crate::store::members::Owned;
use crate::store::{Store, Tx};

/// The address of a user, and when that very one was validated.
const ADDRESS: &str = "primary_email_address";
const VALIDATED_AT: &str = "primary_email_address_validated_at";

/// Whether the plan is carried out, or only tried.
#[derive(Clone, Copy, Debug)]
pub enum ApplyMode<'p> {
    /// Everything is done, and undone again: what cannot be done is refused as it would be.
    Try,
    /// Done, if it is what was seen.
    Do { seen: Option<&'p Value> },
}

/// Makes the plan, and does it or tries it.
/// # Errors
/// `fixture_wrong_member` for what cannot be done; `plan_outdated` if it is another plan than the one that was seen.
pub fn apply(store: &Store, settings: &Settings, declaration: &Declaration, prune: Prune, mode: ApplyMode<'_>) -> Result<Plan> {
    let hashing = match mode {
        ApplyMode::Try => HashingEffort::Fast,
        ApplyMode::Do { .. } => HashingEffort::Slow,
    };
    let prepared = Prepared::of(store, settings, &declaration.declared, hashing)?;
    apply_prepared(store, settings, declaration, &prepared, prune, mode)
}

/// The same, with what was prepared: it may be tried first, and then done.
pub fn apply_prepared(
    store: &Store,
    settings: &Settings,
    declaration: &Declaration,
    prepared: &Prepared,
    prune: Prune,
    mode: ApplyMode<'_>,
) -> Result<Plan> {
    let mut made = None;
    let done = store.write(|tx| {
        let plan = plan(tx, declaration, prepared, prune)?;
        match mode {
            ApplyMode::Do { seen: Some(seen) } if *seen != plan.to_json() => return Err((&PLAN_OUTDATED).into()),
            ApplyMode::Do { .. } | ApplyMode::Try => {}
        }
        Application::new(tx, settings, declaration, prepared, &plan)?.run()?;
        made = Some(plan);
        match mode {
            ApplyMode::Do { .. } => Ok(()),
            // Rolls back.
            ApplyMode::Try => Err(Error::Internal("only tried".into())),
        }
    });
    match (done, made) {
        (Err(error), None) => Err(error),
        (Err(error), Some(_)) if matches!(mode, ApplyMode::Do { .. }) => Err(error),
        (_, made) => made.ok_or_else(|| Error::Internal("there is no plan".into())),
    }
}

struct Application<'a> {
    tx: &'a Tx<'a>,
    declaration: &'a Declaration,
    prepared: &'a Prepared,
    plan: &'a Plan,
    /// Those about entities, by kind and ID.
    steps: HashMap<(&'static str, &'a str), &'a PlanStep>,
    creation: Creation<'a>,
}

impl<'a> Application<'a> {
    fn new(
        tx: &'a Tx<'a>,
        settings: &'a Settings,
        declaration: &'a Declaration,
        prepared: &'a Prepared,
        plan: &'a Plan,
    ) -> Result<Application<'a>> {
        let by = match &declaration.name {
            None => Principal::operator(),
            Some(name) => Principal { request_id: request_id::of_declaration(name), ..Principal::operator() },
        };
        let declared = declaration.declared.users.iter().find(|user| user.is_admin()).map(|user| user.id.id.clone());
        let administrator = match declared {
            None => tx.acting_admin()?,
            declared => declared,
        };
        let steps = plan.steps.iter().map(|step| ((step.kind, step.id.as_str()), step)).collect();
        Ok(Application { tx, declaration, prepared, plan, steps, creation: Creation { tx, settings, by, administrator } })
    }

    fn by(&self) -> &Principal {
        &self.creation.by
    }

    fn run(&self) -> Result<()> {
        let declared = &self.declaration.declared;
        self.restore()?;
        // Administrators who can act first: one must remain.
        let (first, then): (Vec<_>, Vec<_>) = declared.users.iter().partition(|user| user.is_acting_admin());
        first.into_iter().chain(then).try_for_each(|user| self.user(user))?;
        declared.organizations.iter().try_for_each(|organization| self.organization(organization))?;
        declared.clients.iter().try_for_each(|client| self.client(client))?;
        declared.authorizations.iter().zip(self.authorization_steps()).try_for_each(|(authorization, step)| match step.action {
            PlannedAction::Create | PlannedAction::Change => self.authorize(authorization),
            PlannedAction::Leave | PlannedAction::Restore | PlannedAction::Remove => Ok(()),
        })?;
        declared
            .clients
            .iter()
            .filter(|client| self.is_new("client", client.id.id.as_str()))
            .try_for_each(|client| self.creation.end_client(client))?;
        declared.users.iter().filter(|user| self.is_new("user", user.id.id.as_str())).try_for_each(|user| self.creation.end_user(user))?;
        self.remove()
    }

    fn authorization_steps(&self) -> impl Iterator<Item = &PlanStep> {
        self.plan.steps.iter().filter(|step| step.kind == "authorization")
    }

    fn authorize(&self, authorization: &DeclaredAuthorization) -> Result<()> {
        let (user_id, client_id) = (&authorization.user_id, &authorization.client_id);
        names::check_user(self.tx, user_id)?;
        let client = names::client(self.tx, client_id)?;
        let (granted, agreed) = authorization.granted(client.all_rights());
        consent::authorize(self.tx, self.by(), &user_id.id, &client, &granted, &agreed)
    }

    fn is_new(&self, kind: &'static str, id: &str) -> bool {
        self.steps.get(&(kind, id)).is_some_and(|step| step.action == PlannedAction::Create)
    }

    /// Restores what is deleted and declared.
    fn restore(&self) -> Result<()> {
        let declared = &self.declaration.declared;
        let users = declared.users.iter().map(|user| (Entity::User(user.id.id.clone()), &user.id.at));
        let organizations = declared.organizations.iter().map(|found| (Entity::Organization(found.id.id.clone()), &found.id.at));
        let clients = declared.clients.iter().map(|client| (Entity::Client(client.id.id.clone()), &client.id.at));
        for (entity, at) in users.chain(organizations).chain(clients) {
            if self.steps.get(&(entity.kind(), entity.as_str())).is_some_and(|step| step.action == PlannedAction::Restore) {
                deletion::restore(self.tx, self.by(), &entity).map_err(|error| names::not_restored(at, &entity, error))?;
            }
        }
        Ok(())
    }

    /// Removes what is no longer declared, in the order of the plan: clients before their owners.
    fn remove(&self) -> Result<()> {
        for step in self.plan.steps.iter().filter(|step| step.action == PlannedAction::Remove) {
            let entity = match step.kind {
                "client" => step.id.parse().map(Entity::Client),
                "organization" => step.id.parse().map(Entity::Organization),
                _ => step.id.parse().map(Entity::User),
            };
            let entity = entity.map_err(|_| Error::Internal("a plan has a bad ID".into()))?;
            deletion::delete(self.tx, self.by(), &entity).map_err(|error| refused_at(&format!("{} {}", step.kind, step.id), error))?;
        }
        Ok(())
    }

    fn user(&self, user: &DeclaredUser) -> Result<()> {
        let (tx, by, id) = (self.tx, self.by(), &user.id.id);
        let Some(step) = self.steps.get(&("user", id.as_str())) else { return Ok(()) };
        let owner = AccountId::User(id.clone());
        let hash = match self.prepared.password(tx, user)? {
            SecretVerdict::Set { hash, .. } => Some(hash.clone()),
            SecretVerdict::Kept(_) | SecretVerdict::Removed => None,
        };
        match (step.action, hash) {
            (PlannedAction::Leave | PlannedAction::Remove, _) => return Ok(()),
            (PlannedAction::Create, hash) => {
                let marked = DeclaredUser { sent: self.marked(&user.sent, None), ..user.clone() };
                let password = hash.unwrap_or_else(|| Hash::of_generated(&crate::base::secret::fresh_key()));
                self.creation.user(&marked, &NewPasswords { password, temporary: self.prepared.temporary_password(id).cloned() })?;
            }
            (PlannedAction::Restore | PlannedAction::Change, hash) => {
                let sent = self.marked(&user.sent, FoundEntity::user(tx, id)?);
                let mask = self.mask(user::FIELDS, step, &sent)?;
                let refused = |error| refused_at(&user.id.at, error);
                if !mask.is_empty() {
                    users::update(tx, by, id, &mask, &sent, None).map_err(refused)?;
                }
                if let Some(hash) = hash {
                    users::reset_password(tx, by, id, &hash).map_err(refused)?;
                }
            }
        }
        self.creation.subject(user)?;
        self.keys(&owner, &user.api_keys, step)
    }

    fn organization(&self, organization: &DeclaredOrganization) -> Result<()> {
        let (tx, by, id) = (self.tx, self.by(), &organization.id.id);
        let Some(step) = self.steps.get(&("organization", id.as_str())) else { return Ok(()) };
        match step.action {
            PlannedAction::Leave | PlannedAction::Remove => return Ok(()),
            PlannedAction::Create => {
                let marked = DeclaredOrganization { sent: self.marked(&organization.sent, None), ..organization.clone() };
                self.creation.organization(&marked)?;
            }
            PlannedAction::Restore | PlannedAction::Change => {
                let owned = Owned::Organization(id.clone());
                organization.members.iter().try_for_each(|member| names::check_user(tx, &member.id))?;
                self.members(&owned, step, Given::Some, &organization.id.at)?;
                let sent = self.marked(&organization.sent, FoundEntity::organization(tx, id)?);
                let mask = self.mask(organization::FIELDS, step, &sent)?;
                if !mask.is_empty() {
                    let changed = organizations::update(tx, by, self.creation.settings, id, &mask, &sent);
                    changed.map_err(|error| refused_at(&organization.id.at, error))?;
                }
                self.members(&owned, step, Given::None, &organization.id.at)?;
            }
        }
        self.keys(&AccountId::Organization(id.clone()), &organization.api_keys, step)
    }

    fn client(&self, client: &DeclaredClient) -> Result<()> {
        let (tx, by, id) = (self.tx, self.by(), &client.id.id);
        let Some(step) = self.steps.get(&("client", id.as_str())) else { return Ok(()) };
        let verdict = self.prepared.secret(tx, client)?;
        match step.action {
            PlannedAction::Leave | PlannedAction::Remove => {}
            PlannedAction::Create => {
                let secret = match verdict {
                    SecretVerdict::Set { hash, .. } => Some(NewSecret::of_hash(hash.clone())),
                    SecretVerdict::Kept(_) | SecretVerdict::Removed => None,
                };
                let marked = DeclaredClient { sent: self.marked(&client.sent, None), ..client.clone() };
                self.creation.client(&marked, secret)?;
            }
            PlannedAction::Restore | PlannedAction::Change => {
                let owned = Owned::Client(id.clone());
                let refused = |error| refused_at(&client.id.at, error);
                client.collaborators.iter().try_for_each(|member| names::account(tx, &member.id).map(drop))?;
                self.members(&owned, step, Given::Some, &client.id.at)?;
                let sent = self.marked(&client.sent, FoundEntity::client(tx, id)?);
                let mut mask = self.mask(client::FIELDS, step, &sent)?;
                let secret = match verdict {
                    SecretVerdict::Kept(_) => None,
                    SecretVerdict::Set { hash, .. } => Some(Some(NewSecret::of_hash(hash.clone()))),
                    SecretVerdict::Removed => Some(None),
                };
                if secret.is_some() {
                    mask.add(client::FIELDS, "secret");
                }
                if !mask.is_empty() {
                    clients::update(tx, by, self.creation.settings, id, &mask, &sent, secret.flatten()).map_err(refused)?;
                }
                self.members(&owned, step, Given::None, &client.id.at)?;
            }
        }
        Ok(())
    }

    /// Returns what is declared, with the mark.
    fn marked(&self, sent: &Patch, found: Option<FoundEntity>) -> Patch {
        let mut marked = sent.clone();
        let there = found.as_ref().and_then(|found| found.fields.get("attributes"));
        if let Some(attributes) = managed::attributes(sent.get("attributes"), there, self.declaration.name.as_deref()) {
            marked.put("attributes", attributes);
        }
        marked
    }

    /// Returns a mask of the fields that change.
    fn mask<E>(&self, fields: &'static [Field<E>], step: &PlanStep, sent: &Patch) -> Result<crate::model::mask::Mask> {
        let mut changing: Vec<&str> =
            fields.iter().filter(|field| is_declared(field) && step.changes(field.name)).map(|field| field.name).collect();
        // A new address is as validated as it is declared to be.
        let is_validated = changing.contains(&ADDRESS) && sent.get(VALIDATED_AT).is_some();
        changing.extend(Some(VALIDATED_AT).filter(|field| is_validated && !changing.contains(field)));
        if changing.is_empty() { Ok(crate::model::mask::Mask::default()) } else { mask(fields, sent, &changing) }
    }

    /// Sets the rights of members, or removes them: contacts must be members, so both are needed, before and after the fields.
    fn members(&self, owned: &Owned, step: &PlanStep, given: Given, at: &str) -> Result<()> {
        let mut wanted = Vec::new();
        for change in &step.changes {
            let Some(("members" | "collaborators", account)) = change.field.split_once('/') else { continue };
            wanted.push((account, <Vec<Right> as FieldValue>::from_json(&change.will)));
        }
        // Owners first: who is to be none any more may be the only one until then.
        wanted.sort_by_key(|(_, rights)| !members::is_owner(owned, rights));
        for (account, rights) in wanted {
            if rights.is_empty() == (given == Given::None) {
                let account = names::account(self.tx, &names::Reference { id: account.to_owned(), at: at.to_owned() })?;
                members::set(self.tx, self.by(), owned, &account, &rights).map_err(|error| refused_at(at, error))?;
            }
        }
        Ok(())
    }

    fn keys(&self, owner: &AccountId, declared: &[DeclaredKey], step: &PlanStep) -> Result<()> {
        let (tx, by) = (self.tx, self.by());
        if !step.changes("api_keys") {
            return Ok(());
        }
        let found = match owner {
            AccountId::User(id) => FoundEntity::user(tx, id)?,
            AccountId::Organization(id) => FoundEntity::organization(tx, id)?,
        };
        let (found, entity) = (found.unwrap_or_default(), Entity::from(owner));
        let (memory, mut meant) = (Memory::of(tx, &entity, self.declaration.name.as_deref()), HashSet::new());
        for key in declared {
            let refused = |error| refused_at(&key.at, error);
            let Some(there) = found.key(key, &memory)? else {
                self.creation.api_key(owner, key)?;
                continue;
            };
            meant.insert(&there.key.id);
            if !there.is_proved_by(key) && !key.generated {
                api_keys::delete(tx, by, owner, &there.key.id).map_err(refused)?;
                let mut key = key.clone();
                key.wanted.expires_at = key.wanted.expires_at.or(there.key.expires_at);
                self.creation.api_key(owner, &key)?;
            } else if step
                .changes
                .iter()
                .any(|change| change.removed_key.is_none() && change.field == format!("api_keys/{}", key.wanted.name))
            {
                let all = KeyMask { name: true, rights: true, expires_at: key.wanted.expires_at.is_some() };
                api_keys::update(tx, by, owner, &there.key.id, all, key.wanted.clone()).map_err(refused)?;
            }
        }
        for there in found.keys.iter().filter(|there| !meant.contains(&there.key.id)) {
            if step.changes.iter().any(|change| change.removed_key.as_ref() == Some(&there.key.id)) {
                api_keys::delete(tx, by, owner, &there.key.id)?;
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Given {
    Some,
    None,
}
