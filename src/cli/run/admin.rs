//! Commands of an operator on the data file, while no server uses it.

use std::path::PathBuf;

use pico_args::Arguments;
use serde_json::{Map, json};

use crate::base::id::{AccountId, BadId, UserId};
use crate::base::printable::printable;
use crate::base::right::Right;
use crate::base::secret::Hash;
use crate::base::time::Time;
use crate::cli::api_error::{ApiError, NO_DATA};
use crate::cli::args::nouns::CLIENT;
use crate::cli::args::settings::SettingKind::Value;
use crate::cli::args::settings::{self as args, Setting};
use crate::cli::args::values::{Values, missing};
use crate::cli::failure::{Failure, UsageError};
use crate::cli::run::entities::{prepare, print};
use crate::cli::run::output;
use crate::cli::run::secret_file::{Secret, SecretFile};
use crate::cli::terminal::note;
use crate::model::field::Audience;
use crate::model::mask::Mask;
use crate::model::patch::Patch;
use crate::model::settings::Settings;
use crate::model::shape::Malformed;
use crate::model::view::render;
use crate::model::{client, password, user};
use crate::registry::entity::Entity;
use crate::registry::principal::Principal;
use crate::registry::rights;
use crate::registry::secrets::{self, NewSecret};
use crate::registry::{api_keys, clients, users};
use crate::store::{Deleted, Store};

/// The settings of these commands.
#[rustfmt::skip]
pub static DATA: &[Setting] = &[
    Setting { name: "data", flag: "--data", variable: "KEYFOB_DATA", value: "FILE", default: "keyfob.db", kind: Value, doc: "The data file." },
    Setting { name: "password_rounds", flag: "--password-rounds", variable: "KEYFOB_PASSWORD_ROUNDS", value: "N", default: "600000", kind: Value, doc: "Rounds of PBKDF2-SHA256 for a password, as the server has it." },
];

/// Creates an approved user with a validated address.
pub fn create_user(values: &Values, arguments: Arguments) -> Result<(), Failure> {
    let (store, settings) = open(arguments)?;
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
    users::check_registration(&by, &settings, &id, &sent).map_err(refused)?;
    let passwords = users::NewPasswords { password: Hash::of_chosen(chosen, settings.password_rounds), temporary: None };
    let made = store.write(|tx| users::create(tx, &by, &settings, id, &sent, &passwords)).map_err(refused)?;
    let mask = Mask::everything(user::FIELDS).without(user::FIELDS, "contact_info");
    let mut shown = json!(render(user::FIELDS, &made, &mask, Audience::Holder));
    if let Some(password) = generated {
        shown["password"] = password.into();
    }
    output::object(values, &[], &shown)
}

pub fn reset_password(values: &Values, arguments: Arguments) -> Result<(), Failure> {
    let (store, settings) = open(arguments)?;
    let id: UserId = parsed(values.needed("user-id")?, "--user-id")?;
    let generated = generated_password(values, &id);
    let chosen = values.one("password").or(generated.as_deref()).unwrap_or_default();
    password::check(chosen, &id).map_err(refused)?;
    let hash = Hash::of_chosen(chosen, settings.password_rounds);
    store.write(|tx| users::reset_password(tx, &Principal::operator(), &id, &hash)).map_err(refused)?;
    match generated {
        Some(password) => output::object(values, &[], &json!({"ids": {"user_id": id.as_str()}, "password": password})),
        None => Ok(()),
    }
}

/// Creates an API key with the rights named, or with every right.
pub fn create_api_key(values: &Values, arguments: Arguments) -> Result<(), Failure> {
    let (store, _) = open(arguments)?;
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
    let mut secret_file = SecretFile::of(values, 1)?;
    let (key, token) = store.write(|tx| api_keys::create(tx, &Principal::operator(), &owner, wanted)).map_err(refused)?;
    let mut shown = key.to_json();
    shown["key"] = token.reveal().into();
    secret_file.print(&Secret { of: "", member: "key" }, &[], shown)?;
    secret_file.end();
    Ok(())
}

pub fn create_client(values: &Values, arguments: Arguments) -> Result<(), Failure> {
    let (store, settings) = open(arguments)?;
    let mut fields = Map::new();
    let id = prepare(&CLIENT, values, &CLIENT.sent(values)?, &mut fields)?;
    let owner = match values.account()? {
        Some(("users", id)) => AccountId::User(parsed(&id, "--user-id")?),
        Some((_, id)) => AccountId::Organization(parsed(&id, "--organization-id")?),
        None => return Err(missing("collaborator").into()),
    };
    let sent = Patch::decode(client::FIELDS, &fields).map_err(malformed)?;
    sent.check(client::FIELDS, "Client", None).map_err(refused)?;
    let by = Principal::operator();
    let chosen = sent.text("secret");
    if let Some(warning) = chosen.and_then(secrets::warning) {
        note(&format!("warning: {warning}"));
    }
    let secret = chosen.map_or_else(NewSecret::fresh, NewSecret::chosen);
    let mut secret_file = SecretFile::of(values, 1)?;
    let made = store.write(|tx| {
        // Fails if the owner does not exist.
        rights::on(tx, &by, &Entity::from(&owner), Deleted::No)?;
        let id = sent.id("client_id").ok_or_else(|| crate::base::validation::Invalid::required("Client", "ids"))?;
        clients::create(tx, &by, &settings, id, &owner, &sent, secret)
    });
    let shown = json!(render(client::FIELDS, &made.map_err(refused)?, &Mask::everything(client::FIELDS), Audience::Holder));
    print(&CLIENT, &mut secret_file, &id, shown)?;
    secret_file.end();
    Ok(())
}

/// Opens the data file. Fails if there is none: a mistyped name must not create one.
fn open(arguments: Arguments) -> Result<(Store, Settings), Failure> {
    let found = args::SettingValues::read(DATA, arguments)?;
    let path = PathBuf::from(found.of("data").text());
    let defaults = Settings::default();
    let password_rounds = found.of("password_rounds").rounds(defaults.password_rounds)?;
    if !path.exists() {
        return Err(ApiError::from(NO_DATA.error()).with("data", path.display()).into());
    }
    let store = Store::open(&path).map_err(|error| Failure::Refused(format!("{}: {error}", path.display())))?;
    Ok((store, Settings { password_rounds, ..defaults }))
}

fn generated_password(values: &Values, id: &UserId) -> Option<String> {
    values.one("password").is_none().then(|| password::generated(id))
}

fn parsed<T: std::str::FromStr<Err = BadId>>(text: &str, flag: &str) -> Result<T, UsageError> {
    text.parse().map_err(|BadId(reason)| UsageError(format!("{flag}: {reason}")))
}

fn malformed(Malformed(why): Malformed) -> Failure {
    UsageError(why).into()
}

fn refused(error: impl Into<crate::base::error::Error>) -> Failure {
    ApiError::from(error.into()).into()
}
