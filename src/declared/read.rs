//! What a file declares, read. Nothing here looks at what there is.

use std::collections::HashSet;
use std::str::FromStr;

use serde_json::Value;

use crate::base::error::Result;
use crate::base::id::{BadId, ClientId, OrganizationId, UserId};
use crate::base::right::Right;
use crate::base::secret::Token;
use crate::declared::check::{api_key, decoded, members_of, rights};
use crate::declared::input::{InputObject, InputValue, wrong_at};
use crate::declared::names::{Reference, refused_at};
use crate::model::field::{Field, SetBy};
use crate::model::patch::Patch;
use crate::model::{client, organization, password, user};
use crate::registry::api_keys::NewKey;
use crate::registry::guidelines;
use crate::registry::users::check_email;

/// The entities that a file declares.
#[derive(Debug, Default)]
pub struct Declared {
    pub users: Vec<DeclaredUser>,
    pub organizations: Vec<DeclaredOrganization>,
    pub clients: Vec<DeclaredClient>,
    pub authorizations: Vec<DeclaredAuthorization>,
}

pub struct DeclaredUser {
    pub id: Reference<UserId>,
    pub sent: Patch,
    pub password: Option<String>,
    pub temporary_password: Option<String>,
    pub api_keys: Vec<DeclaredKey>,
}

pub struct DeclaredKey {
    pub at: String,
    pub wanted: NewKey,
    pub token: Option<Token>,
}

#[derive(Debug)]
pub struct DeclaredOrganization {
    pub id: Reference<OrganizationId>,
    pub sent: Patch,
    pub members: Vec<DeclaredMember<UserId>>,
    pub api_keys: Vec<DeclaredKey>,
}

/// An account, and its rights on an organization or a client.
#[derive(Debug)]
pub struct DeclaredMember<Id> {
    pub id: Reference<Id>,
    pub rights: Vec<Right>,
}

pub struct DeclaredClient {
    pub id: Reference<ClientId>,
    /// A user or an organization.
    pub owner: Reference<String>,
    pub owner_kind: Option<String>,
    pub sent: Patch,
    pub secret: DeclaredSecret,
    pub collaborators: Vec<DeclaredMember<String>>,
}

/// What is said of a client's secret.
#[derive(Clone, PartialEq, Eq)]
pub enum DeclaredSecret {
    Unsaid,
    /// A public client has none.
    None,
    Plain(String),
}

#[derive(Debug)]
pub struct DeclaredAuthorization {
    pub user_id: Reference<UserId>,
    pub client_id: Reference<ClientId>,
    /// `None` for all that the client asks for.
    pub rights: Option<Vec<Right>>,
}

impl Declared {
    /// Reads the members of an object that was checked.
    /// # Errors
    /// `fixture_wrong_member` for what would be refused anywhere.
    pub fn read(members: &InputObject<'_>) -> Result<Declared> {
        let read = Declared {
            users: each(members, "users", DeclaredUser::read)?,
            organizations: each(members, "organizations", DeclaredOrganization::read)?,
            clients: each(members, "clients", DeclaredClient::read)?,
            authorizations: each(members, "authorizations", DeclaredAuthorization::read)?,
        };
        let users = read.users.iter().map(|user| (user.id.id.as_str(), user.id.at.as_str()));
        let accounts = users.chain(read.organizations.iter().map(|found| (found.id.id.as_str(), found.id.at.as_str())));
        check_distinct(accounts)?;
        check_distinct(read.clients.iter().map(|client| (client.id.id.as_str(), client.id.at.as_str())))?;
        let keys = read.users.iter().flat_map(|user| &user.api_keys).chain(read.organizations.iter().flat_map(|found| &found.api_keys));
        check_distinct(keys.filter_map(|key| Some((key.token.as_ref()?.id.as_str(), key.at.as_str()))))?;
        Ok(read)
    }
}

impl DeclaredUser {
    fn read(user: &InputValue<'_>) -> Result<DeclaredUser> {
        let members = members_of(user)?;
        let id: Reference<UserId> = Reference::read(&members.needed("user_id")?)?;
        let mut sent = patch(&members, user::FIELDS)?;
        sent.put("ids", serde_json::json!({"user_id": id.id.as_str()}));
        let email = members.get("email");
        sent.put(
            "primary_email_address",
            email.as_ref().map_or_else(|| format!("{}@localhost", id.id).into(), |email| email.value().clone()),
        );
        check_email(&sent).map_err(|error| refused_at(&format!("{}/email", user.at()), error))?;
        let chosen = |name| members.get(name).map(|member| of_user(&member, &id.id)).transpose();
        let (password, temporary_password) = (chosen("password")?, chosen("temporary_password")?);
        Ok(DeclaredUser { id, sent, password, temporary_password, api_keys: each(&members, "api_keys", DeclaredKey::read)? })
    }

    pub fn is_admin(&self) -> bool {
        self.sent.get("admin").is_some_and(|admin| *admin == Value::Bool(true))
    }
}

/// Reads a password of a user, which must be good enough.
fn of_user(member: &InputValue<'_>, user: &UserId) -> Result<String> {
    let text = member.text()?;
    password::check(text, user).map_err(|weak| member.wrong(format!("is not good enough: {}", weak.text())))?;
    Ok(text.to_owned())
}

impl DeclaredKey {
    fn read(key: &InputValue<'_>) -> Result<DeclaredKey> {
        let members = members_of(key)?;
        let rights = rights(&members)?.unwrap_or_default();
        let token = members.get("key").map(|given| api_key(&given)).transpose()?;
        let wanted = NewKey {
            name: members.needed("name")?.text()?.to_owned(),
            rights,
            expires_at: members.get("expires_at").map(|time| time.time()).transpose()?,
        };
        Ok(DeclaredKey { at: key.at().to_owned(), wanted, token })
    }
}

impl DeclaredOrganization {
    fn read(organization: &InputValue<'_>) -> Result<DeclaredOrganization> {
        let members = members_of(organization)?;
        let id: Reference<OrganizationId> = new_id(&members, "organization_id")?;
        let mut sent = patch(&members, organization::FIELDS)?;
        sent.put("ids", serde_json::json!({"organization_id": id.id.as_str()}));
        let member = |member: &InputValue<'_>| DeclaredMember::read(member, "user_id");
        let api_keys = each(&members, "api_keys", DeclaredKey::read)?;
        Ok(DeclaredOrganization { id, sent, members: each(&members, "members", member)?, api_keys })
    }
}

impl<Id: FromStr> DeclaredMember<Id> {
    fn read(member: &InputValue<'_>, name: &str) -> Result<DeclaredMember<Id>> {
        let members = members_of(member)?;
        Ok(DeclaredMember { id: Reference::read(&members.needed(name)?)?, rights: rights(&members)?.unwrap_or_default() })
    }
}

impl DeclaredClient {
    fn read(client: &InputValue<'_>) -> Result<DeclaredClient> {
        let members = members_of(client)?;
        let id: Reference<ClientId> = new_id(&members, "client_id")?;
        let mut sent = patch(&members, client::FIELDS)?;
        sent.put("ids", serde_json::json!({"client_id": id.id.as_str()}));
        let secret = match members.get("secret") {
            None => DeclaredSecret::Unsaid,
            Some(none) if none.is_null() => DeclaredSecret::None,
            Some(given) => DeclaredSecret::Plain(given.text()?.to_owned()),
        };
        Ok(DeclaredClient {
            id,
            owner: Reference::read(&members.needed("owner")?)?,
            owner_kind: members.get("owner_kind").map(|kind| kind.text().map(str::to_owned)).transpose()?,
            sent,
            secret,
            collaborators: each(&members, "collaborators", |member| DeclaredMember::read(member, "account"))?,
        })
    }
}

impl DeclaredAuthorization {
    fn read(authorization: &InputValue<'_>) -> Result<DeclaredAuthorization> {
        let members = members_of(authorization)?;
        let (user_id, client_id) = (Reference::read(&members.needed("user_id")?)?, Reference::read(&members.needed("client_id")?)?);
        Ok(DeclaredAuthorization { user_id, client_id, rights: rights(&members)? })
    }
}

/// Reads the items of a list that may be left out.
/// # Errors
/// Those of `read`.
pub fn each<T>(members: &InputObject<'_>, name: &str, read: impl Fn(&InputValue<'_>) -> Result<T>) -> Result<Vec<T>> {
    let items = members.get(name).map(|list| list.list()).transpose()?.unwrap_or_default();
    items.iter().map(read).collect()
}

/// Reads the ID of something new.
fn new_id<Id: FromStr<Err = BadId>>(members: &InputObject<'_>, name: &str) -> Result<Reference<Id>> {
    let member = members.needed(name)?;
    guidelines::check_id(member.text()?).map_err(|error| refused_at(member.at(), error))?;
    Reference::read(&member)
}

/// Returns the fields of the API among the members.
fn patch<E>(members: &InputObject<'_>, fields: &'static [Field<E>]) -> Result<Patch> {
    let mut patch = Patch::default();
    for field in fields.iter().filter(|field| field.set_by != SetBy::Server) {
        if let Some(member) = members.get(field.name) {
            patch.put(field.name, decoded(field.shape, &member)?);
        }
    }
    Ok(patch)
}

/// Checks that no ID is there twice. Each comes with where it is.
fn check_distinct<'s>(ids: impl Iterator<Item = (&'s str, &'s str)>) -> Result<()> {
    let mut found = HashSet::new();
    for (id, at) in ids {
        if !found.insert(id) {
            return Err(wrong_at(at, format!("must not be `{id}`, which is there before: leave one of them out")));
        }
    }
    Ok(())
}

impl std::fmt::Debug for DeclaredUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DeclaredUser({:?})", self.id)
    }
}

impl std::fmt::Debug for DeclaredKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DeclaredKey({:?})", self.at)
    }
}

impl std::fmt::Debug for DeclaredSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DeclaredSecret(…)")
    }
}

impl std::fmt::Debug for DeclaredClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DeclaredClient({:?})", self.id)
    }
}
