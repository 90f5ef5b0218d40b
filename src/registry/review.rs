//! The registration review: what the rules find about a client.

use crate::base::error::Result;
use crate::model::client::Client;
use crate::model::settings::Settings;
use crate::review::finding::RuleFinding;
use crate::store::Tx;

/// Returns what the rules find about a client, worst first. It need not be registered.
/// # Errors
/// Only those of the store.
pub fn findings(_tx: &Tx<'_>, _settings: &Settings, _client: &Client) -> Result<Vec<RuleFinding>> {
    Ok(Vec::new())
}
