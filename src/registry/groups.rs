//! The groups of users, by which the apps that they sign in to decide what they may do there.

use crate::base::error::Result;
use crate::base::id::OrganizationId;
use crate::model::user::User;
use crate::store::Tx;

/// The group of the administrators. No organization gets this ID.
pub const ADMINS: &str = "admins";

/// Returns the groups of a user, sorted: the organizations that count as such, and `admins` for an administrator.
/// # Errors
/// Only those of the store.
pub fn of(tx: &Tx<'_>, user: &User) -> Result<Vec<String>> {
    let organizations = tx.groups_of(&user.id)?;
    let mut groups: Vec<String> = organizations.iter().map(OrganizationId::to_string).filter(|id| id != ADMINS).collect();
    if user.is_acting_admin() {
        groups.push(ADMINS.to_owned());
        groups.sort();
    }
    Ok(groups)
}
