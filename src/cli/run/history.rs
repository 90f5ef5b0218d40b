//! The history of a client, and the undoing of a change.

use crate::cli::args::nouns::CLIENT;
use crate::cli::args::values::Values;
use crate::cli::failure::Failure;
use crate::cli::remote::http::{QueryPairs, Remote, segment};
use crate::cli::run::entities::{path, print};
use crate::cli::run::pages;
use crate::cli::run::secret_file::SecretFile;
use crate::http::request::Method::Post;

const COLUMNS: &[&str] = &["number", "happened_at", "name", "account_id", "old", "new"];

pub fn list(values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let events = format!("{}/events", path(&CLIENT, values.needed("client-id")?));
    pages::print(&events, QueryPairs::new(), values, remote, COLUMNS)
}

/// Prints the client as it is then.
pub fn undo(values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let number = values.needed("event")?;
    let client = remote.write(Post, &format!("events/{}/undo", segment(number)), None)?.body;
    let id = client["ids"]["client_id"].as_str().unwrap_or_default().to_owned();
    print(&CLIENT, &mut SecretFile::of(values, 0)?, &id, client)
}
