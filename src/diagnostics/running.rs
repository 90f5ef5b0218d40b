//! What a running server tells its administrators about itself.

use crate::base::error::Result;
use crate::diagnostics::finding::{Finding, Level};
use crate::diagnostics::{deployment, rows};
use crate::model::deployment::Deployment;
use crate::store::Tx;

/// Returns what is wrong or could be better, the worst first. What takes long, and what the dashboard shows anyway, is left to `keyfob doctor`.
/// # Errors
/// Only those of the store.
pub fn warnings(tx: &Tx<'_>, deployment: &Deployment) -> Result<Vec<Finding>> {
    let found = deployment::check(deployment, tx.now).into_iter().chain(rows::check(tx, tx.now)?);
    let mut warnings: Vec<Finding> = found.filter(|finding| finding.level != Level::Ok).collect();
    warnings.sort_by_key(|finding| finding.level != Level::Problem);
    Ok(warnings)
}
