//! The commands for users alone: passwords, and creation with one.

use serde_json::{Map, json};

use crate::base::id::BadId;
use crate::base::secret;
use crate::cli::args::nouns::USER;
use crate::cli::args::standard_input::{self, InputEntity};
use crate::cli::args::values::{Values, missing};
use crate::cli::failure::Failure;
use crate::cli::remote::http::Remote;
use crate::cli::run::entities::{change, path, prepare, print};
use crate::cli::run::secret_file::{Secret, SecretFile};
use crate::cli::terminal::{ask_hidden, is_typed};
use crate::http::request::Method::{Post, Put};
use crate::model::password;

/// Creates one user from flags, or those on standard input. Asks for a missing password on a terminal.
pub fn create(values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let flags = USER.sent(values)?;
    for InputEntity { mut fields, .. } in standard_input::entities(&USER, values)? {
        let id = prepare(&USER, values, &flags, &mut fields)?;
        if !fields.contains_key("password") && is_typed() {
            fields.insert("password".to_owned(), new_password()?.into());
        }
        let mut body = json!({"user": fields});
        if let Some(token) = values.one("invitation-token") {
            body["invitation_token"] = token.into();
        }
        let answer = remote.write(Post, "users", Some(&body))?;
        print(&USER, &mut SecretFile::of(values, 0)?, &id, answer.body)?;
    }
    Ok(())
}

/// Changes a password. Without flags asks for both passwords; from a pipe they are two lines.
pub fn update_password(values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let id = values.needed("user-id")?;
    let old = match values.one("old") {
        Some(old) => old.to_owned(),
        None => asked("old", ask_hidden("Old password: "))?,
    };
    let new = match values.one("new") {
        Some(new) => new.to_owned(),
        None if is_typed() => new_password()?,
        None => asked("new", ask_hidden("New password: "))?,
    };
    let revokes = !values.has("revoke-all-access") || values.switch("revoke-all-access")?;
    let body = json!({"old": old, "new": new, "revoke_all_access": revokes});
    remote.write(Put, &format!("{}/password", path(&USER, id)), Some(&body))?;
    Ok(())
}

/// Sets a temporary password that is generated here, and shows it.
pub fn create_temporary_password(values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    const MEMBER: &str = "temporary_password";
    let id = values.needed("user-id")?;
    let generated = match id.parse() {
        Ok(id) => password::generated(&id),
        // The server says what is wrong with the ID.
        Err(BadId(_)) => secret::fresh_password(),
    };
    let mut secrets = SecretFile::of(values, 1)?;
    let fields = Map::from_iter([(MEMBER.to_owned(), generated.into())]);
    let answer = change(&USER, id, &fields, &[MEMBER], remote)?;
    secrets.print(&Secret { of: id, member: MEMBER }, &["ids.user_id", "temporary_password_expires_at"], answer)?;
    secrets.end();
    Ok(())
}

pub fn delete_temporary_password(values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    change(&USER, values.needed("user-id")?, &Map::new(), &["temporary_password"], remote).map(drop)
}

pub fn create_sign_in_link(values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let id = values.needed("user-id")?;
    let mut secrets = SecretFile::of(values, 1)?;
    let answer = remote.write(Post, &sign_in_link(id), None)?;
    secrets.print(&Secret { of: id, member: "link" }, &["user_ids.user_id", "expires_at"], answer.body)?;
    secrets.end();
    Ok(())
}

pub fn delete_sign_in_link(values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    remote.delete(&sign_in_link(values.needed("user-id")?))
}

fn sign_in_link(id: &str) -> String {
    format!("{}/sign-in-link", path(&USER, id))
}

fn new_password() -> Result<String, Failure> {
    let once = asked("password", ask_hidden("New password: "))?;
    match asked("password", ask_hidden("The same again: "))? == once {
        true => Ok(once),
        false => Err(Failure::Refused("the two passwords are not the same".to_owned())),
    }
}

fn asked(key: &str, answer: std::io::Result<String>) -> Result<String, Failure> {
    answer.ok().filter(|answer| !answer.is_empty()).ok_or_else(|| missing(key).into())
}
