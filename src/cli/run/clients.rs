//! The commands for clients alone: decisions of administrators, and secrets.

use serde_json::{Map, Value, json};

use crate::cli::args::nouns::CLIENT;
use crate::cli::args::values::{Values, seconds};
use crate::cli::failure::Failure;
use crate::cli::remote::http::Remote;
use crate::cli::run::entities::{change, path, print};
use crate::cli::run::secret_file::SecretFile;
use crate::cli::run::{output, reviews};
use crate::http::request::Method::Post;
use crate::model::choice::State;

/// Approves, rejects, suspends or flags a client. Without a reason the old one is removed.
pub fn decide(state: State, values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let id = values.needed("client-id")?;
    if state == State::Approved {
        reviews::check_not_blocked(id, values, remote)?;
    }
    let mut fields = Map::from_iter([("state".to_owned(), state.name().into())]);
    if let Some(reason) = values.one("reason") {
        fields.insert("state_description".to_owned(), reason.into());
    }
    let client = change(&CLIENT, id, &fields, &["state", "state_description"], remote)?;
    print(&CLIENT, &mut SecretFile::of(values, 0)?, id, client)
}

pub fn rotate_secret(values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let id = values.needed("client-id")?;
    let body = match values.one("grace") {
        Some(grace) => json!({"grace": format!("{}s", seconds("--grace", grace)?)}),
        None => json!({}),
    };
    let mut secrets = SecretFile::of(values, 1)?;
    let answer = remote.write(Post, &format!("{}/secret", path(&CLIENT, id)), Some(&body))?;
    print(&CLIENT, &mut secrets, id, answer.body)?;
    secrets.end();
    Ok(())
}

/// Prints what came of trying each redirect URI.
pub fn probe(values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let id = values.needed("client-id")?;
    let answer = remote.write(Post, &format!("{}/review/probe", path(&CLIENT, id)), None)?;
    let probes = answer.body.get("probes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    output::list(values, &["uri", "works", "outcome", "status", "text"], probes)
}
