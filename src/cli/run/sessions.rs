//! The sessions of a user.

use crate::cli::args::nouns::USER;
use crate::cli::args::values::Values;
use crate::cli::failure::Failure;
use crate::cli::remote::http::{QueryPairs, Remote, segment};
use crate::cli::run::entities::{owner, path};
use crate::cli::run::pages;

const COLUMNS: &[&str] = &["session_id", "created_at", "expires_at"];

pub fn list(values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    pages::print(&sessions(values, remote)?, QueryPairs::new(), values, remote, COLUMNS)
}

pub fn delete(values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let id = segment(values.needed("session-id")?);
    remote.delete(&format!("{}/{id}", sessions(values, remote)?))
}

fn sessions(values: &Values, remote: &Remote) -> Result<String, Failure> {
    Ok(format!("{}/sessions", path(&USER, &owner(&USER, values, remote)?)))
}
