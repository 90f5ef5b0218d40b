//! Creates the first administrator of an empty database, and the client `cli`, which every database has.

use std::str::FromStr;

use crate::base::error::{Error, Result, errors};
use crate::base::id::{AccountId, BadId, ClientId, UserId};
use crate::base::right::Right;
use crate::base::secret::{Hash, Token, TokenKind};
use crate::model::choice::{Grant, State};
use crate::model::client::{self, BUILT_IN, Client};
use crate::model::event::Action;
use crate::model::password;
use crate::model::user::{FIELDS, User};
use crate::model::view::changes;
use crate::registry::entity::Entity;
use crate::registry::principal::Principal;
use crate::registry::{api_keys, history};
use crate::store::members::Owned;
use crate::store::{Deleted, Store, Tx};

errors! {
    ADMIN_USER: InvalidArgument "keyfob" "admin_user" "the administrator's user ID is not valid: {reason}";
    ADMIN_PASSWORD: InvalidArgument "keyfob" "admin_password" "the administrator's password is not good enough, {reason}: a good one has 8 characters or more, an uppercase letter and a digit, and does not contain the user ID";
    ADMIN_API_KEY: InvalidArgument
        "keyfob" "admin_api_key" "the administrator's API key must be NNSXS.<39 characters>.<52 characters>, both of A-Z and 2-7";
}

/// What the operator specified; the rest is generated.
pub struct Administrator {
    pub user_id: String,
    pub password: Option<String>,
    pub api_key: Option<String>,
    pub password_rounds: u32,
}

/// The password and API key of the first administrator.
#[derive(Clone)]
pub struct FirstCredentials {
    pub user_id: String,
    /// Only if it was generated.
    pub password: Option<String>,
    pub api_key: String,
    pub api_key_generated: bool,
}

/// Creates the administrator, approved, with a key that holds `RIGHT_ALL`, and the client `cli`. In a database that already has users, only
/// renews `cli`.
/// # Errors
/// `admin_user`, `admin_password` and `admin_api_key` for what cannot be one.
pub fn administrator(store: &Store, wanted: Administrator) -> Result<Option<FirstCredentials>> {
    if store.read(|tx| tx.has_users())? {
        store.write(renew_built_in)?;
        return Ok(None);
    }
    let id = UserId::from_str(&wanted.user_id).map_err(|BadId(reason)| Error::from(ADMIN_USER.with("reason", reason)))?;
    if let Some(chosen) = &wanted.password {
        password::check(chosen, &id).map_err(|weak| Error::from(ADMIN_PASSWORD.with("reason", weak.text())))?;
    }
    let token = match &wanted.api_key {
        None => Token::fresh(TokenKind::ApiKey),
        Some(given) => Token::parse(given)
            .filter(|token| token.kind == TokenKind::ApiKey && token.is_full_size())
            .ok_or_else(|| Error::from(&ADMIN_API_KEY))?,
    };
    let generated = wanted.password.is_none().then(|| password::generated(&id));
    let hash = Hash::of_chosen(generated.as_deref().or(wanted.password.as_deref()).unwrap_or_default(), wanted.password_rounds);
    store.write(|tx| insert(tx, &id, &hash, &token))?;
    Ok(Some(FirstCredentials {
        user_id: wanted.user_id,
        password: generated,
        api_key: token.reveal(),
        api_key_generated: wanted.api_key.is_none(),
    }))
}

fn insert(tx: &Tx<'_>, id: &UserId, password: &Hash, token: &Token) -> Result<()> {
    let by = Principal::operator();
    let user = User {
        primary_email_address: format!("{id}@localhost"),
        primary_email_address_validated_at: Some(tx.now),
        password_updated_at: Some(tx.now),
        state: State::Approved,
        admin: true,
        ..User::new(id.clone(), tx.now)
    };
    if !tx.insert_user(&user, password)? {
        return Err(Error::Internal("the first user's ID is taken".into()));
    }
    history::record(tx, &by, &Entity::User(id.clone()), Action::Create, FIELDS, None, Some(&user))?;
    let wanted = api_keys::NewKey { name: "admin-api-key".to_owned(), rights: vec![Right::All], expires_at: None };
    api_keys::insert(tx, &by, &AccountId::User(id.clone()), wanted, &token.id, &Hash::of_generated(&token.key))?;
    let contact = Some(AccountId::User(id.clone()));
    insert_built_in(tx, &by, Client { administrative_contact: contact.clone(), technical_contact: contact, ..built_in(tx)? })
}

/// Returns the client that the command line signs in with. It cannot keep a secret and so has none (oauth.md 1.8); anyone can claim to be
/// it, so the user is asked about everything that it gets.
fn built_in(tx: &Tx<'_>) -> Result<Client> {
    let id = ClientId::from_str(BUILT_IN).map_err(|_| Error::Internal("the built-in client has no good ID".into()))?;
    Ok(Client {
        name: "Command line".to_owned(),
        description: "A program in a terminal, such as `keyfob login`".to_owned(),
        redirect_uris: vec!["local-callback".to_owned(), "code".to_owned()],
        state: State::Approved,
        endorsed: true,
        grants: vec![Grant::AuthorizationCode, Grant::RefreshToken],
        rights: vec![Right::All],
        ..Client::new(id, tx.now)
    })
}

fn insert_built_in(tx: &Tx<'_>, by: &Principal, client: Client) -> Result<()> {
    if !tx.insert_client(&client, None)? {
        return Err(Error::Internal("the ID of the built-in client is taken".into()));
    }
    history::record(tx, by, &Entity::Client(client.id.clone()), Action::Create, client::FIELDS, None, Some(&client))
}

/// Resets the client `cli` to what it is in a new database.
fn renew_built_in(tx: &Tx<'_>) -> Result<()> {
    let (by, meant) = (Principal::operator(), built_in(tx)?);
    let Some(old) = tx.client(&meant.id, Deleted::Either)? else { return insert_built_in(tx, &by, meant) };
    let new = Client {
        created_at: old.created_at,
        updated_at: old.updated_at,
        administrative_contact: old.administrative_contact.clone(),
        technical_contact: old.technical_contact.clone(),
        ..meant
    };
    let had_members = tx.remove_members(&Owned::Client(new.id.clone()))?;
    let had_secrets = !tx.client_secrets(&new.id)?.is_empty();
    if changes(client::FIELDS, Some(&old), Some(&new)).0 == changes(client::FIELDS, Some(&new), Some(&new)).0
        && !had_members
        && !had_secrets
    {
        return Ok(());
    }
    let new = Client { updated_at: tx.now, ..new };
    tx.end_client_secrets(&new.id, tx.now)?;
    tx.set_client_deleted(&new.id, None)?;
    tx.update_client(&new)?;
    history::record(tx, &by, &Entity::Client(new.id.clone()), Action::Update, client::FIELDS, Some(&old), Some(&new))
}
