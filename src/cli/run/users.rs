//! What is done with users alone: their passwords.

use std::io::IsTerminal;

use serde_json::json;

use crate::cli::args::nouns::USER;
use crate::cli::args::parse::{Given, missing};
use crate::cli::args::standard_input::{self, Entity, ask_password};
use crate::cli::failure::Failure;
use crate::cli::remote::http::Remote;
use crate::cli::run::entities::{path, prepare, shown_with_secret};
use crate::cli::run::output::Format;
use crate::cli::run::secret_file::SecretFile;
use crate::http::request::Method::{Post, Put};

/// One user by flags, or those of standard input. A password that is missing is asked for on a terminal.
pub fn create(given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    let flags = USER.sent(given)?;
    let format = Format::of(given)?;
    for Entity { mut fields, .. } in standard_input::entities(&USER, given)? {
        let id = prepare(&USER, given, &flags, &mut fields)?;
        if !fields.contains_key("password") && std::io::stdin().is_terminal() {
            fields.insert("password".to_owned(), new_password()?.into());
        }
        let mut body = json!({"user": fields});
        if let Some(token) = given.one("invitation-token") {
            body["invitation_token"] = token.into();
        }
        let answer = remote.write(Post, "users", Some(&body))?;
        shown_with_secret(&USER, &format, &mut SecretFile::of(given, 0)?, &id, answer.body)?;
    }
    Ok(())
}

/// Without flags both passwords are asked for; from a pipe they are two lines.
pub fn update_password(given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    let id = given.needed("user-id")?;
    let old = match given.one("old") {
        Some(old) => old.to_owned(),
        None => asked("old", ask_password("Old password: "))?,
    };
    let new = match given.one("new") {
        Some(new) => new.to_owned(),
        None if std::io::stdin().is_terminal() => new_password()?,
        None => asked("new", ask_password("New password: "))?,
    };
    let revokes = !given.has("revoke-all-access") || given.switch("revoke-all-access")?;
    let body = json!({"old": old, "new": new, "revoke_all_access": revokes});
    remote.write(Put, &format!("{}/password", path(&USER, id)), Some(&body))?;
    Ok(())
}

fn new_password() -> Result<String, Failure> {
    let once = asked("password", ask_password("New password: "))?;
    match asked("password", ask_password("The same again: "))? == once {
        true => Ok(once),
        false => Err(Failure::Refused("the two passwords are not the same".to_owned())),
    }
}

fn asked(key: &str, answer: std::io::Result<String>) -> Result<String, Failure> {
    answer.ok().filter(|answer| !answer.is_empty()).ok_or_else(|| missing(key).into())
}
