//! The groups of users, by which the apps that they sign in to decide what they may do there.

use crate::base::error::Result;
use crate::base::id::{OrganizationId, UserId};
use crate::model::client::Client;
use crate::model::sign_in::SignInSettings;
use crate::model::user::User;
use crate::store::{Deleted, Tx};

/// The group of the administrators. No organization gets this ID.
pub const ADMINS: &str = "admins";

/// Returns those of a user's groups that a client is told of.
pub(crate) fn told(tx: &Tx<'_>, client: &Client, user: &User) -> Result<Vec<String>> {
    of(tx, user, &client.sign_in.group_filter)
}

/// Returns whether a user may use a client at all: everyone may, unless it is for the members of some groups.
pub(crate) fn may_use(tx: &Tx<'_>, client: &SignInSettings, user_id: &UserId) -> Result<bool> {
    let allowed = &client.allowed_groups;
    if allowed.is_empty() {
        return Ok(true);
    }
    let Some(user) = tx.user(user_id, Deleted::No)? else { return Ok(false) };
    Ok(!of(tx, &user, allowed)?.is_empty())
}

/// Returns the groups of a user, sorted: the organizations that count as such, and `admins` for an administrator. If there are any in `only`, no
/// others.
fn of(tx: &Tx<'_>, user: &User, only: &[String]) -> Result<Vec<String>> {
    let organizations = tx.groups_of(&user.id, only)?;
    let mut groups: Vec<String> = organizations.iter().map(OrganizationId::to_string).filter(|id| id != ADMINS).collect();
    if user.is_acting_admin() && (only.is_empty() || only.iter().any(|group| group == ADMINS)) {
        groups.push(ADMINS.to_owned());
        groups.sort();
    }
    Ok(groups)
}
