//! Writes what there is in the format of declarations, secrets as hashes.

use serde_json::{Map, Value, json};

use crate::base::error::Result;
use crate::base::id::{AccountId, UserId};
use crate::base::page::all;
use crate::base::right::Rights;
use crate::base::time::Time;
use crate::declared::fields::is_declared;
use crate::model::api_key::ApiKey;
use crate::model::client::{self, BUILT_IN, Client};
use crate::model::field::Field;
use crate::model::member::Member;
use crate::model::organization::{self, Organization};
use crate::model::shape::Shape;
use crate::model::user::{self, User};
use crate::model::value;
use crate::registry::{authorizations, members};
use crate::store::api_keys::ApiKeyKey;
use crate::store::members::{MemberKey, Owned};
use crate::store::users::Passwords;
use crate::store::{Deleted, Direction, Order, Tx};

/// What was exported, and what a declaration cannot hold.
pub struct Export {
    pub declaration: Value,
    /// Each says what is left out, for people.
    pub notes: Vec<String>,
}

/// Exports everything that is live.
pub fn export(tx: &Tx<'_>) -> Result<Export> {
    let (users, deleted_users) = all_live(|visit| tx.each_user(visit), |(user, _): &(User, _)| user.deleted_at)?;
    let (organizations, deleted_organizations) = all_live(|visit| tx.each_organization(visit), |found: &Organization| found.deleted_at)?;
    let (mut clients, deleted_clients) = all_live(|visit| tx.each_client(visit), |client: &Client| client.deleted_at)?;
    clients.retain(|client| client.id.as_str() != BUILT_IN);
    let administrator = users.iter().find(|(user, _)| user.is_acting_admin()).map(|(user, _)| user.id.clone());
    let mut exporting = Exporting { tx, administrator, notes: Vec::new() };
    let shown = users.iter().map(|(user, passwords)| exporting.user(user, passwords)).collect::<Result<Vec<_>>>()?;
    let organizations = organizations.iter().map(|organization| exporting.organization(organization)).collect::<Result<Vec<_>>>()?;
    let clients = clients.iter().map(|client| exporting.client(client)).collect::<Result<Vec<_>>>()?;
    let mut authorizations = Vec::new();
    for (user, _) in &users {
        authorizations.extend(exporting.authorizations(&user.id)?);
    }
    let deleted = [(deleted_users, "users"), (deleted_organizations, "organizations"), (deleted_clients, "clients")];
    let deleted = deleted.into_iter().filter(|(count, _)| *count > 0).map(|(count, kind)| format!("{count} {kind} that are deleted"));
    exporting.notes.extend(deleted);
    let declaration = json!({
        "name": null, "users": shown, "organizations": organizations, "clients": clients, "authorizations": authorizations,
    });
    Ok(Export { declaration, notes: exporting.notes })
}

/// Returns the live ones of all that are visited, and how many others can still be restored.
fn all_live<E>(
    each: impl FnOnce(&mut dyn FnMut(E) -> Result<()>) -> Result<()>,
    deleted_at: impl Fn(&E) -> Option<Time>,
) -> Result<(Vec<E>, usize)> {
    let mut all = Vec::new();
    each(&mut |entity| {
        all.push(entity);
        Ok(())
    })?;
    let visited = all.len();
    all.retain(|entity| deleted_at(entity).is_none());
    let deleted = visited - all.len();
    Ok((all, deleted))
}

struct Exporting<'a> {
    tx: &'a Tx<'a>,
    /// Who owns what nobody does any more.
    administrator: Option<UserId>,
    notes: Vec<String>,
}

impl Exporting<'_> {
    fn user(&mut self, user: &User, passwords: &Passwords) -> Result<Value> {
        let mut members = Map::from_iter([("user_id".to_owned(), user.id.as_str().into())]);
        for (name, value) in fields(user::FIELDS, user) {
            let name = if name == "primary_email_address" { "email" } else { name };
            members.insert(name.to_owned(), value);
        }
        members.insert("password".to_owned(), json!({"hash": passwords.password.as_str()}));
        if let (Some(end), Some(temporary)) = (passwords.temporary_until(self.tx.now), &passwords.temporary) {
            members.insert("temporary_password".to_owned(), json!({"hash": temporary.as_str()}));
            let times = [("created", user.temporary_password_created_at), ("expires", Some(end))];
            let times = times.into_iter().filter_map(|(name, time)| Some((format!("temporary_password_{name}_at"), time?.to_string())));
            members.extend(times.map(|(name, time)| (name, time.into())));
        }
        members.insert("subject".to_owned(), user.subject.as_str().into());
        self.add_keys(&mut members, &AccountId::User(user.id.clone()))?;
        Ok(members.into())
    }

    fn organization(&mut self, organization: &Organization) -> Result<Value> {
        let mut members = Map::from_iter([("organization_id".to_owned(), organization.id.as_str().into())]);
        let what = format!("organization `{}`", organization.id);
        self.add_fields(&mut members, organization::FIELDS, organization, &what)?;
        let owned = Owned::Organization(organization.id.clone());
        let found = self.members(&owned, &what)?;
        let new_owner = if owner(&owned, &found).is_some() { None } else { self.administrator.as_ref().map(|id| id.as_str().to_owned()) };
        if let Some(owner) = &new_owner {
            self.notes.push(format!("{what} has no owner any more: where it is created anew, `{owner}` owns it"));
        }
        let contacts = self.live(contacts_of([&organization.administrative_contact, &organization.technical_contact]))?;
        members.insert("members".to_owned(), listed(&found, "user_id", contacts, new_owner.as_deref()));
        self.add_keys(&mut members, &AccountId::Organization(organization.id.clone()))?;
        Ok(members.into())
    }

    fn client(&mut self, client: &Client) -> Result<Value> {
        let what = format!("client `{}`", client.id);
        let owned = Owned::Client(client.id.clone());
        let found = self.members(&owned, &what)?;
        let mut members = Map::from_iter([("client_id".to_owned(), client.id.as_str().into())]);
        let has_owner = owner(&owned, &found).is_some();
        let somebody = || owner(&owned, &found).or(found.first()).map(|member| member.account.as_str().to_owned());
        let owner = self.registrant(client)?.or_else(somebody).or_else(|| self.administrator.as_ref().map(|id| id.as_str().to_owned()));
        let owner = owner.unwrap_or_default();
        members.insert("owner".to_owned(), owner.as_str().into());
        let new_owner = if has_owner { None } else { Some(owner.as_str()) };
        if new_owner.is_some() {
            self.notes.push(format!("{what} has no owner any more: where it is created anew, `{owner}` owns it"));
        }
        self.add_fields(&mut members, client::FIELDS, client, &what)?;
        let secrets = self.tx.client_secrets(&client.id)?;
        members.insert("secret".to_owned(), secrets.first().map_or(Value::Null, |secret| json!({"hash": secret.hash.as_str()})));
        let older = secrets.iter().skip(1).filter_map(|secret| Some((secret, secret.expires_at?)));
        let older: Vec<Value> = older.map(|(secret, end)| json!({"hash": secret.hash.as_str(), "expires_at": end.to_string()})).collect();
        if !older.is_empty() {
            members.insert("older_secrets".to_owned(), older.into());
        }
        let contacts = self.live(contacts_of([&client.administrative_contact, &client.technical_contact]))?;
        let without_rights = contacts.into_iter().chain(new_owner.is_none().then(|| owner.clone()));
        members.insert("collaborators".to_owned(), listed(&found, "account", without_rights, new_owner));
        Ok(members.into())
    }

    /// Returns who registered the client, if that account is live.
    fn registrant(&self, client: &Client) -> Result<Option<String>> {
        match self.tx.client_registered_by(&client.id)? {
            Some(account) if self.tx.account_exists(&account, Deleted::No)? => Ok(Some(account.as_str().to_owned())),
            Some(_) | None => Ok(None),
        }
    }

    /// Returns those of these accounts that are live.
    fn live(&self, accounts: Vec<AccountId>) -> Result<Vec<String>> {
        let mut live = Vec::new();
        for account in accounts {
            if self.tx.account_exists(&account, Deleted::No)? {
                live.push(account.as_str().to_owned());
            }
        }
        Ok(live)
    }

    fn authorizations(&self, user: &UserId) -> Result<Vec<Value>> {
        let found = all(|page| authorizations::list(self.tx, user, Direction::Ascending, page))?;
        let mut exported = Vec::new();
        for found in found {
            if !self.tx.client_exists(&found.client_id, Deleted::No)? {
                continue;
            }
            let rights = |rights: Rights| -> Value { rights.names().into() };
            let mut members = json!({"user_id": user.as_str(), "client_id": found.client_id.as_str(), "rights": rights(found.rights)});
            if found.agreed != found.rights {
                members["agreed"] = rights(found.agreed);
            }
            if !found.agreed_words.is_empty() {
                members["scopes"] = found.agreed_words.texts().into();
            }
            exported.push(members);
        }
        Ok(exported)
    }

    /// Adds the fields of an entity. A contact that is deleted cannot be declared.
    fn add_fields<E>(&mut self, members: &mut Map<String, Value>, table: &'static [Field<E>], entity: &E, what: &str) -> Result<()> {
        for field in table.iter().filter(|field| matches!(field.shape, Shape::Account)) {
            let contact = value::to_account(&(field.get)(entity));
            match contact {
                Some(contact) if !self.tx.account_exists(&contact, Deleted::No)? => {
                    self.notes.push(format!("the {} of {what}: `{}` is deleted", field.name, contact.as_str()));
                }
                Some(_) | None => drop(members.insert(field.name.to_owned(), (field.get)(entity))),
            }
        }
        let others = fields(table, entity).filter(|(name, _)| !name.ends_with("_contact"));
        members.extend(others.map(|(name, value)| (name.to_owned(), value)));
        Ok(())
    }

    /// Returns the live members.
    fn members(&mut self, owned: &Owned, what: &str) -> Result<Vec<Member>> {
        let order = Order { by: MemberKey::Id, direction: Direction::Ascending };
        let found = all(|page| self.tx.members(owned, order, page))?;
        let mut live = Vec::new();
        for member in found {
            match self.tx.account_exists(&member.account, Deleted::No)? {
                true => live.push(member),
                false => self.notes.push(format!("the rights of `{}`, who is deleted, on {what}", member.account.as_str())),
            }
        }
        Ok(live)
    }

    fn add_keys(&self, members: &mut Map<String, Value>, owner: &AccountId) -> Result<()> {
        let order = Order { by: ApiKeyKey::Id, direction: Direction::Ascending };
        let keys = all(|page| self.tx.api_keys(owner, order, page))?;
        let keys = keys.iter().map(|key| self.key(key)).collect::<Result<Vec<_>>>()?;
        if !keys.is_empty() {
            members.insert("api_keys".to_owned(), keys.into());
        }
        Ok(())
    }

    fn key(&self, key: &ApiKey) -> Result<Value> {
        let mut members = json!({"name": key.name, "api_key_id": key.id});
        if let Some(stored) = self.tx.stored_api_key(&key.id)? {
            members["key"] = json!({"hash": stored.hash.as_str()});
        }
        members["rights"] = value::rights(&key.rights);
        if let Some(end) = key.expires_at {
            members["expires_at"] = end.to_string().into();
        }
        match &key.created_by {
            Some(creator) if self.tx.account_exists(&AccountId::User(creator.clone()), Deleted::No)? => {
                members["created_by"] = creator.as_str().into();
            }
            Some(_) | None => {}
        }
        Ok(members)
    }
}

/// Finds a member with every right on something of which this is the right to all.
fn owner<'m>(owned: &Owned, found: &'m [Member]) -> Option<&'m Member> {
    found.iter().find(|member| members::is_owner(owned, &member.rights))
}

fn contacts_of(contacts: [&Option<AccountId>; 2]) -> Vec<AccountId> {
    contacts.into_iter().flatten().cloned().collect()
}

/// Returns the members; and those who have no rights, but would get some when it is created. The rights of a new owner are not said.
fn listed(members: &[Member], name: &str, others: impl IntoIterator<Item = String>, new_owner: Option<&str>) -> Value {
    let mut listed: Vec<(String, Value)> =
        members.iter().map(|member| (member.account.as_str().to_owned(), value::rights(&member.rights))).collect();
    for other in others {
        if !listed.iter().any(|(account, _)| *account == other) {
            listed.push((other, json!([])));
        }
    }
    let said = listed.into_iter().filter(|(account, _)| new_owner != Some(account.as_str()));
    said.map(|(account, rights)| Value::Object(Map::from_iter([(name.to_owned(), account.into()), ("rights".to_owned(), rights)])))
        .collect()
}

/// Returns the fields that can be declared and are not empty; the state always, because what is created has another.
fn fields<'e, E>(table: &'static [Field<E>], entity: &'e E) -> impl Iterator<Item = (&'static str, Value)> + 'e {
    table.iter().filter(|field| is_declared(field)).filter_map(move |field| {
        let value = (field.get)(entity);
        (field.name == "state" || !field.shape.is_nothing(&value)).then_some((field.name, value))
    })
}
