//! What is done with clients alone: decisions of administrators, and secrets.

use serde_json::{Map, json};

use crate::cli::args::nouns::CLIENT;
use crate::cli::args::parse::Given;
use crate::cli::failure::Failure;
use crate::cli::remote::http::Remote;
use crate::cli::run::entities::{change, path, shown_with_secret};
use crate::cli::run::output::Format;
use crate::cli::run::secret_file::{SecretFile, seconds};
use crate::http::request::Method::Post;
use crate::model::choice::State;

/// Approves, rejects, suspends or flags a client. Without a reason the old one goes.
pub fn decide(state: State, given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    let id = given.needed("client-id")?;
    let format = Format::of(given)?;
    let mut fields = Map::from_iter([("state".to_owned(), state.name().into())]);
    if let Some(reason) = given.one("reason") {
        fields.insert("state_description".to_owned(), reason.into());
    }
    let client = change(&CLIENT, id, &fields, &["state", "state_description"], remote)?;
    shown_with_secret(&CLIENT, &format, &mut SecretFile::of(given, 0)?, id, client)
}

pub fn rotate_secret(given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    let id = given.needed("client-id")?;
    let format = Format::of(given)?;
    let body = match given.one("grace") {
        Some(grace) => json!({"grace": format!("{}s", seconds("--grace", grace)?)}),
        None => json!({}),
    };
    let mut secrets = SecretFile::of(given, 1)?;
    let answer = remote.write(Post, &format!("{}/secret", path(&CLIENT, id)), Some(&body))?;
    shown_with_secret(&CLIENT, &format, &mut secrets, id, answer.body)?;
    secrets.end();
    Ok(())
}
