//! What the operator's commands do to a store: [`OPERATIONS`]. `operator` runs them.

use serde_json::{Map, Value, json};

use crate::base::id::{AccountId, BadId, ClientId, UserId};
use crate::base::printable::printable;
use crate::base::right::Right;
use crate::base::secret::Hash;
use crate::base::time::Time;
use crate::cli::api_error::ApiError;
use crate::cli::args::nouns::CLIENT;
use crate::cli::args::values::{Values, missing};
use crate::cli::failure::{Failure, UsageError};
use crate::cli::run::admin_operation::{AdminOperation, LONG, SHORT};
use crate::cli::run::declared_operations::{APPLY, EXPORT, PLAN};
use crate::cli::run::entities::prepare;
use crate::cli::run::keys;
use crate::model::field::Audience;
use crate::model::mask::Mask;
use crate::model::patch::Patch;
use crate::model::settings::Settings;
use crate::model::shape::Malformed;
use crate::model::view::render;
use crate::model::{client, password, user};
use crate::registry::entity::Entity;
use crate::registry::principal::Principal;
use crate::registry::secrets::NewSecret;
use crate::registry::{api_keys, authorizations, clients, recovery, rights, users};
use crate::store::{Deleted, Store, Tx};

pub static CREATE_USER: AdminOperation = AdminOperation { name: "create-user", secret: "", answer_timeout: SHORT, run: create_user };
pub static RESET_PASSWORD: AdminOperation =
    AdminOperation { name: "reset-password", secret: "", answer_timeout: SHORT, run: reset_password };
pub static CREATE_TEMPORARY_PASSWORD: AdminOperation = AdminOperation {
    name: "create-temporary-password",
    secret: "temporary_password",
    answer_timeout: SHORT,
    run: create_temporary_password,
};
pub static CREATE_SIGN_IN_LINK: AdminOperation =
    AdminOperation { name: "create-sign-in-link", secret: "link", answer_timeout: SHORT, run: create_sign_in_link };
pub static CREATE_API_KEY: AdminOperation =
    AdminOperation { name: "create-api-key", secret: "key", answer_timeout: SHORT, run: create_api_key };
pub static CREATE_CLIENT: AdminOperation =
    AdminOperation { name: "create-client", secret: "secret", answer_timeout: SHORT, run: create_client };

pub static REVOKE_AUTHORIZATIONS: AdminOperation =
    AdminOperation { name: "revoke-authorizations", secret: "", answer_timeout: LONG, run: revoke_authorizations };

/// All of them: a server finds the one it is asked for by its name.
pub static OPERATIONS: &[&AdminOperation] = &[
    &CREATE_USER,
    &RESET_PASSWORD,
    &CREATE_TEMPORARY_PASSWORD,
    &CREATE_SIGN_IN_LINK,
    &CREATE_API_KEY,
    &CREATE_CLIENT,
    &REVOKE_AUTHORIZATIONS,
    &PLAN,
    &APPLY,
    &EXPORT,
    &keys::LIST,
    &keys::ROTATE,
    &keys::IMPORT,
];

/// Creates an approved user with a validated address.
fn create_user(values: &Values, store: &Store, settings: &Settings) -> Result<Value, Failure> {
    let id: UserId = parsed(values.needed("user-id")?, "--user-id")?;
    let by = Principal::operator();
    let generated = generated_password(values, &id);
    let chosen = values.one("password").or(generated.as_deref()).unwrap_or_default();
    let email = values.one("email").map_or_else(|| format!("{id}@localhost"), str::to_owned);
    let wanted = json!({
        "ids": {"user_id": id.as_str()},
        "name": values.one("name").unwrap_or_default(),
        "primary_email_address": email,
        "primary_email_address_validated_at": store.now().to_string(),
        "password": chosen,
        "state": "STATE_APPROVED",
        "admin": values.switch("admin")?,
    });
    let sent = Patch::decode(user::FIELDS, wanted.as_object().unwrap_or(&Map::new())).map_err(malformed)?;
    sent.check(user::FIELDS, "User", None).map_err(refused)?;
    users::check_email(&sent).map_err(refused)?;
    users::check_registration(&by, settings, &id, &sent).map_err(refused)?;
    let passwords = users::NewPasswords { password: Hash::of_chosen(chosen, settings.password_rounds), temporary: None };
    let made = store.write(|tx| users::create(tx, &by, settings, id, &sent, &passwords)).map_err(refused)?;
    let mask = Mask::everything(user::FIELDS).without(user::FIELDS, "contact_info");
    let mut shown = json!(render(user::FIELDS, &made, &mask, Audience::Holder));
    if let Some(password) = generated {
        shown["password"] = password.into();
    }
    Ok(shown)
}

fn reset_password(values: &Values, store: &Store, settings: &Settings) -> Result<Value, Failure> {
    let id: UserId = parsed(values.needed("user-id")?, "--user-id")?;
    let generated = generated_password(values, &id);
    let chosen = values.one("password").or(generated.as_deref()).unwrap_or_default();
    password::check(chosen, &id).map_err(refused)?;
    let hash = Hash::of_chosen(chosen, settings.password_rounds);
    store.write(|tx| users::reset_password(tx, &Principal::operator(), &id, &hash)).map_err(refused)?;
    Ok(generated.map_or(Value::Null, |password| json!({"ids": {"user_id": id.as_str()}, "password": password})))
}

fn create_temporary_password(values: &Values, store: &Store, settings: &Settings) -> Result<Value, Failure> {
    let id: UserId = parsed(values.needed("user-id")?, "--user-id")?;
    let plain = password::generated(&id);
    let hash = Hash::of_chosen(&plain, settings.password_rounds);
    let set = |tx: &Tx<'_>| users::set_temporary_password(tx, &Principal::operator(), &id, &plain, &hash);
    let user = store.write(set).map_err(refused)?;
    let mut mask = Mask::default();
    mask.add(user::FIELDS, "temporary_password");
    Ok(json!(render(user::FIELDS, &user, &users::shown_after_update(mask), Audience::Holder)))
}

/// Creates a link of the server's public URL.
fn create_sign_in_link(values: &Values, store: &Store, settings: &Settings) -> Result<Value, Failure> {
    let id: UserId = parsed(values.needed("user-id")?, "--user-id")?;
    let (link, token) = store.write(|tx| recovery::create_link(tx, &Principal::operator(), &id)).map_err(refused)?;
    Ok(link.to_json(&settings.public_url, &token.reveal()))
}

/// Creates an API key with the rights named, or with every right.
fn create_api_key(values: &Values, store: &Store, _: &Settings) -> Result<Value, Failure> {
    let owner = AccountId::User(parsed(values.needed("user-id")?, "--user-id")?);
    let mut rights = Vec::new();
    for name in values.rights() {
        rights.push(Right::from_name(&name).ok_or_else(|| UsageError(format!("--rights: there is no right `{}`", printable(&name))))?);
    }
    let expires_at = match values.one("api-key-expiry") {
        Some(text) => {
            Some(Time::parse(text).ok_or_else(|| UsageError("--api-key-expiry is a time such as 2030-01-31T00:00:00Z".to_owned()))?)
        }
        None => None,
    };
    let wanted = api_keys::NewKey {
        name: values.one("name").unwrap_or_default().to_owned(),
        rights: if rights.is_empty() { vec![Right::All] } else { rights },
        expires_at,
    };
    let (key, token) = store.write(|tx| api_keys::create(tx, &Principal::operator(), &owner, wanted)).map_err(refused)?;
    let mut shown = key.to_json();
    shown["key"] = token.reveal().into();
    Ok(shown)
}

fn revoke_authorizations(values: &Values, store: &Store, _: &Settings) -> Result<Value, Failure> {
    let id: ClientId = parsed(values.needed("client-id")?, "--client-id")?;
    let step = || store.write(|tx| authorizations::revoke_some(tx, &Principal::operator(), &id));
    let users = authorizations::revoke_all(step).map_err(refused)?;
    Ok(json!({"client_id": id.as_str(), "users": users}))
}

fn create_client(values: &Values, store: &Store, settings: &Settings) -> Result<Value, Failure> {
    let mut fields = Map::new();
    prepare(&CLIENT, values, &CLIENT.sent(values)?, &mut fields)?;
    let owner = match values.account()? {
        Some(("users", id)) => AccountId::User(parsed(&id, "--user-id")?),
        Some((_, id)) => AccountId::Organization(parsed(&id, "--organization-id")?),
        None => return Err(missing("collaborator").into()),
    };
    let sent = Patch::decode(client::FIELDS, &fields).map_err(malformed)?;
    sent.check(client::FIELDS, "Client", None).map_err(refused)?;
    let by = Principal::operator();
    let secret = sent.text("secret").map_or_else(NewSecret::fresh, NewSecret::chosen);
    let made = store.write(|tx| {
        // Fails if the owner does not exist.
        rights::on(tx, &by, &Entity::from(&owner), Deleted::No)?;
        let id = sent.id("client_id").ok_or_else(|| crate::base::validation::Invalid::required("Client", "ids"))?;
        clients::create(tx, &by, settings, id, &owner, &sent, Some(secret))
    });
    Ok(json!(render(client::FIELDS, &made.map_err(refused)?, &Mask::everything(client::FIELDS), Audience::Holder)))
}

fn generated_password(values: &Values, id: &UserId) -> Option<String> {
    values.one("password").is_none().then(|| password::generated(id))
}

fn parsed<T: std::str::FromStr<Err = BadId>>(text: &str, flag: &str) -> Result<T, UsageError> {
    text.parse().map_err(|BadId(reason)| UsageError(format!("{flag}: {reason}")))
}

fn malformed(malformed: Malformed) -> Failure {
    UsageError(malformed.to_string()).into()
}

fn refused(error: impl Into<crate::base::error::Error>) -> Failure {
    ApiError::from(error.into()).into()
}
