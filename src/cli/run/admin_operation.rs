//! An operation of the operator on a store.

use std::time::Duration;

use serde_json::Value;

use crate::cli::args::values::Values;
use crate::cli::failure::Failure;
use crate::model::settings::Settings;
use crate::store::Store;

/// Hashing a password and a slow disk are in it.
pub const SHORT: Duration = Duration::from_secs(60);

/// Hashing many passwords is in it: two users take a second, on slow boards much longer. A server that ends closes the connection.
pub const LONG: Duration = Duration::from_secs(6 * 60 * 60);

/// What one of the operator's commands does. It neither reads nor prints anything, so a running server can do it as well.
#[derive(Debug)]
pub struct AdminOperation {
    /// The command, without `admin` where it begins with that.
    pub name: &'static str,
    /// The member of the answer that `--secret-out` keeps from the terminal; empty if there is none.
    pub secret: &'static str,
    /// How long to wait for a server that does it.
    pub answer_timeout: Duration,
    /// Returns what is printed; null for nothing.
    pub run: fn(&Values, &Store, &Settings) -> Result<Value, Failure>,
}
