//! What a client that signs users in learns of them (OpenID Connect Core 1.0 section 5).

use crate::base::error::Result;
use crate::base::id::OrganizationId;
use crate::model::user::User;
use crate::store::Tx;

/// The group of the administrators. No organization gets this ID.
pub const ADMINS: &str = "admins";

/// Returns the groups of a user, sorted: the organizations that count as such, and `admins` for an administrator.
/// # Errors
/// Only those of the store.
pub fn groups(tx: &Tx<'_>, user: &User) -> Result<Vec<String>> {
    let organizations = tx.groups_of(&user.id)?;
    let mut groups: Vec<String> = organizations.iter().map(OrganizationId::to_string).filter(|id| id != ADMINS).collect();
    if user.is_acting_admin() {
        groups.push(ADMINS.to_owned());
        groups.sort();
    }
    Ok(groups)
}
