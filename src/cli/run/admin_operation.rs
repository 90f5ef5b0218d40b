//! An operation of the operator on a store.

use serde_json::Value;

use crate::cli::args::values::Values;
use crate::cli::failure::Failure;
use crate::model::settings::Settings;
use crate::store::Store;

/// What one of the operator's commands does. It neither reads nor prints anything, so a running server can do it as well.
#[derive(Debug)]
pub struct AdminOperation {
    /// The command, without `admin`.
    pub name: &'static str,
    /// The member of the answer that `--secret-out` keeps from the terminal; empty if there is none.
    pub secret: &'static str,
    /// Returns what is printed; null for nothing.
    pub run: fn(&Values, &Store, &Settings) -> Result<Value, Failure>,
}
