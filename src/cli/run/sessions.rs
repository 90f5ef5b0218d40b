//! Where a user is signed in.

use crate::cli::args::nouns::USER;
use crate::cli::args::parse::Given;
use crate::cli::failure::Failure;
use crate::cli::remote::http::{Query, Remote, segment};
use crate::cli::run::entities::path;
use crate::cli::run::output::Format;
use crate::cli::run::pages;
use crate::http::request::Method::Delete;

const COLUMNS: &[&str] = &["session_id", "created_at", "expires_at"];

pub fn list(given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    let format = Format::of(given)?;
    pages::print(&sessions(given, remote)?, Query::new(), given, remote, &format, COLUMNS)
}

pub fn delete(given: &Given, remote: &mut Remote) -> Result<(), Failure> {
    let id = segment(given.needed("session-id")?);
    remote.write(Delete, &format!("{}/{id}", sessions(given, remote)?), None)?;
    Ok(())
}

fn sessions(given: &Given, remote: &Remote) -> Result<String, Failure> {
    Ok(format!("{}/sessions", path(&USER, &remote.owner(&USER, given)?)))
}
