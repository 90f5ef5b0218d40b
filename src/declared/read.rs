//! What a file declares, read. Nothing here looks at what there is.

use std::collections::HashSet;
use std::str::FromStr;

use serde_json::Value;

use crate::base::error::Result;
use crate::base::id::{ClientId, OrganizationId, UserId};
use crate::base::right::{Right, Rights};
use crate::base::secret::{Hash, Token};
use crate::base::time::Time;
use crate::declared::check::{GENERATED, check, decoded, members_of, rights, rights_in};
use crate::declared::input::{InputObject, InputValue, wrong_at};
use crate::declared::names::{Reference, refused_at};
use crate::declared::tables::DECLARATION;
use crate::model::choice::State;
use crate::model::field::{Field, SetBy};
use crate::model::patch::Patch;
use crate::model::scope::{GrantedScope, Words};
use crate::model::user::LONGEST_SUBJECT;
use crate::model::{client, organization, password, user};
use crate::registry::api_keys::NewKey;
use crate::registry::users::check_email;

/// The entities that a file declares.
#[derive(Default)]
pub struct Declared {
    pub users: Vec<DeclaredUser>,
    pub organizations: Vec<DeclaredOrganization>,
    pub clients: Vec<DeclaredClient>,
    pub authorizations: Vec<DeclaredAuthorization>,
}

/// A declaration: its name, and what it declares.
pub struct Declaration {
    /// The mark of what it manages; `None` for none.
    pub name: Option<String>,
    pub declared: Declared,
}

/// The name of a declaration that has none.
const DEFAULT_NAME: &str = "default";

/// The longest name of a declaration, in characters.
const LONGEST_NAME: usize = 36;

#[derive(Clone)]
pub struct DeclaredUser {
    pub id: Reference<UserId>,
    pub sent: Patch,
    pub password: DeclaredSecret,
    pub password_at: String,
    pub temporary_password: DeclaredSecret,
    pub temporary_password_at: String,
    pub subject: Option<String>,
    pub api_keys: Vec<DeclaredKey>,
}

#[derive(Clone)]
pub struct DeclaredKey {
    pub at: String,
    pub wanted: NewKey,
    /// The middle part, if it or the whole key is declared.
    pub id: Option<String>,
    /// The whole key, if it is declared in clear.
    pub token: Option<Token>,
    /// The hash of the last part, if the key or the hash is declared.
    pub hash: Option<Hash>,
    /// Whether the key was generated, and is used only if there is none yet.
    pub generated: bool,
    pub created_by: Option<Reference<UserId>>,
}

#[derive(Clone)]
pub struct DeclaredOrganization {
    pub id: Reference<OrganizationId>,
    pub sent: Patch,
    pub members: Vec<DeclaredMember<UserId>>,
    pub api_keys: Vec<DeclaredKey>,
}

/// An account, and its rights on an organization or a client.
#[derive(Clone, Debug)]
pub struct DeclaredMember<Id> {
    pub id: Reference<Id>,
    pub rights: Vec<Right>,
}

#[derive(Clone)]
pub struct DeclaredClient {
    pub id: Reference<ClientId>,
    /// A user or an organization.
    pub owner: Reference<String>,
    pub owner_kind: Option<String>,
    pub sent: Patch,
    pub secret: DeclaredSecret,
    pub secret_at: String,
    /// With the times at which they end, the newest first.
    pub older_secrets: Vec<(Hash, Time)>,
    pub collaborators: Vec<DeclaredMember<String>>,
}

/// What is said of a secret.
#[derive(Clone, PartialEq, Eq)]
pub enum DeclaredSecret {
    Unsaid,
    /// A public client has none.
    None,
    Plain(String),
    /// Used only where there is none yet.
    Generated(String),
    Hash(Hash),
}

impl DeclaredSecret {
    /// Returns it, if it is known in clear.
    pub fn text(&self) -> Option<&str> {
        match self {
            DeclaredSecret::Plain(text) | DeclaredSecret::Generated(text) => Some(text),
            DeclaredSecret::Unsaid | DeclaredSecret::None | DeclaredSecret::Hash(_) => None,
        }
    }
}

pub struct DeclaredAuthorization {
    pub user_id: Reference<UserId>,
    pub client_id: Reference<ClientId>,
    /// `None` for all that the client asks for.
    pub rights: Option<Vec<Right>>,
    /// `None` for all of them.
    pub agreed: Option<Vec<Right>>,
    /// The words of scopes that name no rights.
    pub words: Words,
}

impl Declaration {
    /// Reads a declaration.
    /// # Errors
    /// Those of [`check`]; `fixture_wrong_member` for what would be refused anywhere.
    pub fn read(declaration: &InputValue<'_>) -> Result<Declaration> {
        let members = check(&DECLARATION, declaration)?;
        let name = match members.get("name") {
            None => Some(DEFAULT_NAME.to_owned()),
            Some(none) if none.is_null() => None,
            Some(name) => Some(name.name(LONGEST_NAME)?.to_owned()),
        };
        Ok(Declaration { name, declared: Declared::read(&members)? })
    }
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
        check_distinct(keys.filter_map(|key| Some((key.id.as_deref()?, key.at.as_str()))))?;
        Ok(read)
    }
}

/// Reads what apps know a user by (OpenID Connect Core 1.0 section 2).
fn read_subject(value: &InputValue<'_>) -> Result<String> {
    let text = value.text()?;
    let is_subject = text.len() <= LONGEST_SUBJECT && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_subject {
        Ok(text.to_owned())
    } else {
        Err(value.wrong(format!("must have at most {LONGEST_SUBJECT} characters of ASCII and no blanks")))
    }
}

impl DeclaredUser {
    fn read(user: &InputValue<'_>) -> Result<DeclaredUser> {
        let members = members_of(user)?;
        let id: Reference<UserId> = Reference::read(&members.needed("user_id")?)?;
        let mut sent = patch(&members, user::FIELDS)?;
        sent.put("ids", serde_json::json!({"user_id": id.id.as_str()}));
        if let Some(email) = members.get("email") {
            sent.put("primary_email_address", email.value().clone());
        }
        check_email(&sent).map_err(|error| refused_at(&format!("{}/email", user.at()), error))?;
        let password = secret(members.get("password").as_ref(), |text, at| of_user(text, at, &id.id))?;
        let temporary_password = secret(members.get("temporary_password").as_ref(), |text, at| of_user(text, at, &id.id))?;
        if temporary_password != DeclaredSecret::Unsaid {
            // The rules for passwords are those for people who choose one.
            let text = temporary_password.text().map_or_else(|| password::generated(&id.id), str::to_owned);
            sent.put("temporary_password", text.into());
        }
        Ok(DeclaredUser {
            id,
            sent,
            password,
            password_at: format!("{}/password", user.at()),
            temporary_password,
            temporary_password_at: format!("{}/temporary_password", user.at()),
            subject: members.get("subject").map(|subject| read_subject(&subject)).transpose()?,
            api_keys: keys(&members)?,
        })
    }

    pub fn is_admin(&self) -> bool {
        self.sent.get("admin").is_some_and(|admin| *admin == Value::Bool(true))
    }

    /// Returns whether the user is to be an administrator who can act.
    pub fn is_acting_admin(&self) -> bool {
        let state = self.sent.text("state").and_then(State::from_name);
        self.is_admin() && state.is_none_or(|state| state == State::Approved)
    }
}

/// Checks a password of a user, which must be good enough.
fn of_user(text: &str, member: &InputValue<'_>, user: &UserId) -> Result<()> {
    password::check(text, user).map_err(|weak| member.wrong(format!("is not good enough: {}", weak.text())))
}

/// Reads a secret that was checked.
fn secret(member: Option<&InputValue<'_>>, check: impl Fn(&str, &InputValue<'_>) -> Result<()>) -> Result<DeclaredSecret> {
    let Some(member) = member else { return Ok(DeclaredSecret::Unsaid) };
    let text_of = |name: &str| member.value().get(name).and_then(Value::as_str);
    match (member.value(), text_of(GENERATED), text_of("hash")) {
        (Value::Null, ..) => Ok(DeclaredSecret::None),
        (_, Some(generated), _) => Ok(DeclaredSecret::Generated(generated.to_owned())),
        (_, None, Some(hash)) => Ok(DeclaredSecret::Hash(Hash::stored(hash.to_owned()))),
        (_, None, None) => {
            let text = member.text()?;
            check(text, member)?;
            Ok(DeclaredSecret::Plain(text.to_owned()))
        }
    }
}

fn older_secret(secret: &InputValue<'_>) -> Result<(Hash, Time)> {
    let members = members_of(secret)?;
    Ok((Hash::stored(members.needed("hash")?.text()?.to_owned()), members.needed("expires_at")?.time()?))
}

/// Reads the API keys of an account. Each is found again by its name or its ID.
fn keys(members: &InputObject<'_>) -> Result<Vec<DeclaredKey>> {
    let keys = each(members, "api_keys", DeclaredKey::read)?;
    let mut names = HashSet::new();
    let twice = keys.iter().find(|key| key.id.is_none() && !names.insert(&key.wanted.name));
    match twice {
        Some(key) => Err(wrong_at(
            &format!("{}/name", key.at),
            format!("must not be `{}`, which is there before: keys are found by their names", key.wanted.name),
        )),
        None => Ok(keys),
    }
}

impl DeclaredKey {
    fn read(key: &InputValue<'_>) -> Result<DeclaredKey> {
        let members = members_of(key)?;
        let rights = rights(&members)?.unwrap_or_default();
        let declared = secret(members.get("key").as_ref(), |_, _| Ok(()))?;
        let token = match &declared {
            DeclaredSecret::Plain(text) | DeclaredSecret::Generated(text) => Token::parse(text),
            DeclaredSecret::Unsaid | DeclaredSecret::None | DeclaredSecret::Hash(_) => None,
        };
        let generated = matches!(declared, DeclaredSecret::Generated(_));
        let given_id = members.get("api_key_id").map(|id| id.text().map(str::to_owned)).transpose()?;
        let hash = match declared {
            DeclaredSecret::Hash(_) if given_id.is_none() => {
                return Err(wrong_at(key.at(), "needs `api_key_id` with the hash of a key: the middle part of the key"));
            }
            DeclaredSecret::Hash(hash) => Some(hash),
            _ => token.as_ref().map(|token| Hash::of_generated(&token.key)),
        };
        let of_token = token.as_ref().map(|token| token.id.clone());
        if let (Some(given), Some(of_token)) = (&given_id, &of_token)
            && given != of_token
        {
            return Err(wrong_at(&format!("{}/api_key_id", key.at()), "must be the middle part of `key`: leave it out"));
        }
        let wanted = NewKey {
            name: members.needed("name")?.text()?.to_owned(),
            rights,
            expires_at: members.get("expires_at").map(|time| time.time()).transpose()?,
        };
        let created_by = members.get("created_by").map(|user| Reference::read(&user)).transpose()?;
        Ok(DeclaredKey { at: key.at().to_owned(), wanted, id: given_id.or(of_token), token, hash, generated, created_by })
    }

    /// Returns whether a key of the same name is meant if there is none of the ID.
    pub fn is_found_by_name(&self) -> bool {
        self.token.is_some() || self.id.is_none()
    }

    /// Sets the whole key.
    pub fn set_token(&mut self, token: Token) {
        self.id = Some(token.id.clone());
        self.hash = Some(Hash::of_generated(&token.key));
        self.token = Some(token);
    }
}

impl DeclaredOrganization {
    fn read(organization: &InputValue<'_>) -> Result<DeclaredOrganization> {
        let members = members_of(organization)?;
        let id: Reference<OrganizationId> = Reference::read(&members.needed("organization_id")?)?;
        let mut sent = patch(&members, organization::FIELDS)?;
        sent.put("ids", serde_json::json!({"organization_id": id.id.as_str()}));
        let member = |member: &InputValue<'_>| DeclaredMember::read(member, "user_id");
        let api_keys = keys(&members)?;
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
        let id: Reference<ClientId> = Reference::read(&members.needed("client_id")?)?;
        let mut sent = patch(&members, client::FIELDS)?;
        sent.put("ids", serde_json::json!({"client_id": id.id.as_str()}));
        let declared_secret = secret(members.get("secret").as_ref(), |_, _| Ok(()))?;
        let older_secrets = each(&members, "older_secrets", older_secret)?;
        if declared_secret == DeclaredSecret::None && !older_secrets.is_empty() {
            return Err(wrong_at(&format!("{}/older_secrets", client.at()), "must be left out: a public client has none"));
        }
        Ok(DeclaredClient {
            id,
            owner: Reference::read(&members.needed("owner")?)?,
            owner_kind: members.get("owner_kind").map(|kind| kind.text().map(str::to_owned)).transpose()?,
            sent,
            secret: declared_secret,
            secret_at: format!("{}/secret", client.at()),
            older_secrets,
            collaborators: each(&members, "collaborators", |member| DeclaredMember::read(member, "account"))?,
        })
    }
}

impl DeclaredAuthorization {
    /// Returns what the client is granted, of which this is the most, and what the user agreed to of it.
    pub fn granted(&self, all: Rights) -> (GrantedScope, GrantedScope) {
        let set = |rights: &Vec<Right>| rights.iter().copied().collect();
        let rights = self.rights.as_ref().map_or(all, set);
        let agreed = self.agreed.as_ref().map_or(rights, set).and(rights);
        let scope = |rights| GrantedScope { rights, words: self.words.clone() };
        (scope(rights), scope(agreed))
    }

    fn read(authorization: &InputValue<'_>) -> Result<DeclaredAuthorization> {
        let members = members_of(authorization)?;
        let (user_id, client_id) = (Reference::read(&members.needed("user_id")?)?, Reference::read(&members.needed("client_id")?)?);
        let words = each(&members, "scopes", |word| Ok(word.text()?.to_owned()))?;
        let (rights, agreed) = (rights(&members)?, rights_in(&members, "agreed")?);
        if let (Some(rights), Some(agreed)) = (&rights, &agreed)
            && let Some(more) = agreed.iter().find(|right| !rights.contains(right))
        {
            let why = format!("must have no more than `rights`, which has no {}", more.name());
            return Err(wrong_at(&format!("{}/agreed", authorization.at()), why));
        }
        Ok(DeclaredAuthorization { user_id, client_id, rights, agreed, words: Words::parse(&words.join(" ")) })
    }
}

/// Reads the items of a list that may be left out.
pub fn each<T>(members: &InputObject<'_>, name: &str, read: impl Fn(&InputValue<'_>) -> Result<T>) -> Result<Vec<T>> {
    let items = members.get(name).map(|list| list.list()).transpose()?.unwrap_or_default();
    items.iter().map(read).collect()
}

/// The fields that may be elsewhere or hashed.
const SECRETS: &[&str] = &["password", "temporary_password", "secret"];

/// Returns the fields of the API among the members.
fn patch<E>(members: &InputObject<'_>, fields: &'static [Field<E>]) -> Result<Patch> {
    let mut patch = Patch::default();
    for field in fields.iter().filter(|field| field.set_by != SetBy::Server && !SECRETS.contains(&field.name)) {
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
