//! Creates what is declared, in one transaction, by the rules for everybody else.

use crate::base::error::Result;
use crate::base::id::{AccountId, UserId};
use crate::base::right::{Right, Rights};
use crate::declared::input::wrong_at;
use crate::declared::names::{self, not_granted_to, refused_at};
use crate::declared::read::{DeclaredAuthorization, DeclaredClient, DeclaredKey, DeclaredMember, DeclaredOrganization, DeclaredUser};
use crate::model::choice::State;
use crate::model::client::Client;
use crate::model::field::{Field, Purpose};
use crate::model::mask::Mask;
use crate::model::patch::Patch;
use crate::model::settings::Settings;
use crate::model::{client, organization, password, user, value};
use crate::registry::principal::Principal;
use crate::registry::secrets::NewSecret;
use crate::registry::users::NewPasswords;
use crate::registry::{api_keys, clients, consent, members, organizations, secrets, users};
use crate::store::Tx;
use crate::store::members::Owned;

/// The fields that name collaborators or members, who are added only later.
const CONTACTS: &[&str] = &["administrative_contact", "technical_contact"];

/// The fields that end what a user or a client could do before.
const STATE: &[&str] = &["state", "state_description"];

/// Creates entities in a transaction.
pub struct Creation<'a> {
    pub tx: &'a Tx<'a>,
    pub settings: &'a Settings,
    pub by: Principal,
    /// Owns organizations that nobody else does.
    pub administrator: Option<UserId>,
}

impl Creation<'_> {
    /// Creates a user, approved unless something else is declared.
    /// # Errors
    /// `fixture_wrong_member`, as all here.
    pub fn user(&self, user: &DeclaredUser, passwords: &NewPasswords) -> Result<()> {
        let id = &user.id.id;
        let mut sent = before_it_ended(&user.sent);
        if sent.get("state").is_none() {
            sent.put("state", State::Approved.name().into());
        }
        if sent.get("primary_email_address").is_none() {
            sent.put("primary_email_address", format!("{id}@localhost").into());
        }
        // The rules for passwords are those for people who choose one: what is declared was checked, unless it is a hash.
        sent.put("password", user.password.text().map_or_else(|| password::generated(id), str::to_owned).into());
        let made = users::create(self.tx, &self.by, self.settings, id.clone(), &sent, passwords);
        made.map(drop).map_err(|error| refused_at(&user.id.at, error))
    }

    /// Sets what apps know a user by, if it is declared.
    pub fn subject(&self, user: &DeclaredUser) -> Result<()> {
        let set = |subject: &String| users::set_subject(self.tx, &self.by, &user.id.id, subject);
        user.subject.as_ref().map_or(Ok(()), set).map_err(|error| refused_at(&user.id.at, error))
    }

    /// Creates an API key that is declared with its hash.
    pub fn api_key(&self, owner: &AccountId, key: &DeclaredKey) -> Result<()> {
        let (Some(id), Some(hash)) = (&key.id, &key.hash) else { return Err(wrong_at(&key.at, "needs a `key`")) };
        key.created_by.iter().try_for_each(|user| names::check_user(self.tx, user))?;
        let maker = key.created_by.as_ref().map(|user| AccountId::User(user.id.clone()));
        let by = Principal { account: maker, ..self.by.clone() };
        let made = api_keys::create_known(self.tx, &by, owner, key.wanted.clone(), id, hash);
        made.map(drop).map_err(|error| refused_at(&key.at, error))
    }

    /// Creates an organization, founded by its first owner.
    pub fn organization(&self, organization: &DeclaredOrganization) -> Result<()> {
        self.found(organization).map_err(|error| refused_at(&organization.id.at, error))
    }

    fn found(&self, organization: &DeclaredOrganization) -> Result<()> {
        let (tx, by, id) = (self.tx, &self.by, &organization.id.id);
        organization.members.iter().try_for_each(|member| names::check_user(tx, &member.id))?;
        let owned = Owned::Organization(id.clone());
        let founder = organization.members.iter().find(|member| members::is_owner(&owned, &member.rights)).map(|member| &member.id.id);
        let nobody = || wrong_at(&organization.id.at, "needs a member with RIGHT_ALL");
        let founder = founder.or(self.administrator.as_ref()).ok_or_else(nobody)?;
        organizations::create(tx, by, self.settings, id.clone(), founder, &without(&organization.sent, organization::FIELDS, CONTACTS))?;
        let members: Vec<_> = organization.members.iter().map(|member| (AccountId::User(member.id.id.clone()), member)).collect();
        self.with_members(&owned, &members, &organization.sent, || match mask(organization::FIELDS, &organization.sent, CONTACTS)? {
            contacts if contacts.is_empty() => Ok(()),
            contacts => organizations::update(tx, by, self.settings, id, &contacts, &organization.sent).map(drop),
        })
    }

    /// Registers a client in its owner's name, with what only administrators may set; a public one without a secret.
    pub fn client(&self, client: &DeclaredClient, secret: Option<NewSecret>) -> Result<()> {
        self.register(client, secret).map_err(|error| refused_at(&client.id.at, error))
    }

    fn register(&self, client: &DeclaredClient, secret: Option<NewSecret>) -> Result<()> {
        let (tx, id) = (self.tx, &client.id.id);
        let owner = names::account(tx, &client.owner)?;
        if client.owner_kind.as_ref().is_some_and(|kind| kind != owner.kind()) {
            return Err(wrong_at(
                &client.owner.at,
                format!("names no {}: `{}` is of another kind", client.owner_kind.as_deref().unwrap_or_default(), owner.as_str()),
            ));
        }
        let by = Principal { account: Some(owner.clone()), ..self.by.clone() };
        let sent = without(&before_it_ended(&client.sent), client::FIELDS, CONTACTS);
        clients::create(tx, &by, self.settings, id.clone(), &owner, &sent, secret)?;
        secrets::add_older(tx, id, &client.older_secrets)?;
        let owned = Owned::Client(id.clone());
        let members = client.collaborators.iter().map(|member| Ok((names::account(tx, &member.id)?, member)));
        let members = members.collect::<Result<Vec<_>>>()?;
        self.with_members(&owned, &members, &client.sent, || self.update_client(client, CONTACTS))
    }

    /// Sets the rights of members, and the contacts, which must be members: those who are declared to have no rights are removed afterwards.
    fn with_members<Id>(
        &self,
        owned: &Owned,
        members: &[(AccountId, &DeclaredMember<Id>)],
        sent: &Patch,
        set_contacts: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        let set = |account: &AccountId, member: &DeclaredMember<Id>, rights: &[Right]| {
            members::set(self.tx, &self.by, owned, account, rights).map_err(|error| refused_at(&member.id.at, error))
        };
        let is_contact =
            |account: &AccountId| CONTACTS.iter().any(|field| sent.get(field).and_then(value::to_account).as_ref() == Some(account));
        // Owners first: who is declared to be none may be the only one until then.
        let (owners, others): (Vec<_>, Vec<_>) = members.iter().partition(|(_, member)| members::is_owner(owned, &member.rights));
        for (account, member) in owners.into_iter().chain(others) {
            match member.rights.as_slice() {
                [] if is_contact(account) && self.tx.member(owned, account)?.is_none() => {
                    set(account, member, &[members::managing(owned)])?
                }
                [] => {}
                rights => set(account, member, rights)?,
            }
        }
        set_contacts()?;
        members.iter().filter(|(_, member)| member.rights.is_empty()).try_for_each(|(account, member)| set(account, member, &[]))
    }

    /// Authorizes a client as its user would.
    pub fn authorization(&self, authorization: &DeclaredAuthorization) -> Result<()> {
        let DeclaredAuthorization { user_id, client_id, rights, .. } = authorization;
        names::check_user(self.tx, user_id)?;
        let client = names::client(self.tx, client_id)?;
        let unchecked = |reason| wrong_at(&client_id.at.replace("client_id", "rights"), reason);
        rights.iter().try_for_each(|rights| checked_rights(&client, rights).map(drop).map_err(unchecked))?;
        if let Err(refusal) = consent::check_user(self.tx, &user_id.id, &client)? {
            return Err(not_granted_to(self.tx, user_id, &refusal)?);
        }
        let (granted, agreed) = authorization.granted(client.all_rights());
        consent::authorize(self.tx, &self.by, &user_id.id, &client, &granted, &agreed)
    }

    /// Suspends or rejects a client, whose tokens are from before that.
    pub fn end_client(&self, client: &DeclaredClient) -> Result<()> {
        if !has_ended(&client.sent) {
            return Ok(());
        }
        self.update_client(client, STATE).map_err(|error| refused_at(&client.id.at, error))
    }

    /// Suspends or rejects a user, whose tokens are from before that.
    pub fn end_user(&self, user: &DeclaredUser) -> Result<()> {
        if !has_ended(&user.sent) {
            return Ok(());
        }
        let mask = mask(user::FIELDS, &user.sent, STATE)?;
        let changed = users::update(self.tx, &self.by, &user.id.id, &mask, &user.sent, None);
        changed.map(drop).map_err(|error| refused_at(&user.id.at, error))
    }

    /// Changes those of these fields that are declared.
    fn update_client(&self, client: &DeclaredClient, fields: &[&str]) -> Result<()> {
        match mask(client::FIELDS, &client.sent, fields)? {
            mask if mask.is_empty() => Ok(()),
            mask => clients::update(self.tx, &self.by, self.settings, &client.id.id, &mask, &client.sent, None).map(drop),
        }
    }
}

/// Returns rights as a set, all of which the client may ask for.
/// # Errors
/// Why not, as what begins with a verb.
pub fn checked_rights(client: &Client, rights: &[Right]) -> std::result::Result<Rights, String> {
    let asked: Rights = rights.iter().copied().collect();
    let excess = asked.without(client.all_rights().expanded());
    if excess.is_empty() {
        return Ok(asked);
    }
    Err(format!("must have no more than the client's rights: `{}` has no {}", client.id, excess.names().join(", ")))
}

/// Returns whether it is suspended or rejected.
fn has_ended(sent: &Patch) -> bool {
    let state = sent.text("state").and_then(State::from_name);
    matches!(state, Some(State::Rejected | State::Suspended))
}

/// Returns the fields of what was approved before it was suspended or rejected.
fn before_it_ended(sent: &Patch) -> Patch {
    let mut sent = sent.clone();
    if has_ended(&sent) {
        sent.put("state", State::Approved.name().into());
        sent.put("state_description", "".into());
    }
    sent
}

/// Returns a mask of those of these fields that were sent; without any, of all that were sent and can be changed.
pub fn mask<E>(fields: &'static [Field<E>], sent: &Patch, names: &[&str]) -> Result<Mask> {
    let is_asked = |field: &&Field<E>| names.is_empty() || names.contains(&field.name);
    let named = fields.iter().filter(is_asked).filter(|field| field.masked_in.allows(Purpose::Update) && field.name != "ids");
    let paths: Vec<String> = named.filter(|field| sent.get(field.name).is_some()).map(|field| field.name.to_owned()).collect();
    Ok(Mask::parse(fields, Purpose::Update, &paths)?)
}

/// Returns what was sent without these fields.
fn without<E>(sent: &Patch, fields: &'static [Field<E>], names: &[&str]) -> Patch {
    sent.clone().only(fields, &names.iter().fold(Mask::everything(fields), |mask, name| mask.without(fields, name)))
}
