//! Whether the state of a user lets the user act.

use crate::base::error::{Definition, Named, Result, errors};
use crate::base::id::UserId;
use crate::model::choice::State;
use crate::model::user::Standing;
use crate::store::{Deleted, Tx};

errors! {
    USER_REQUESTED: PermissionDenied "pkg/identityserver" "user_requested" "user account approval is pending";
    USER_REJECTED: PermissionDenied "pkg/identityserver" "user_rejected" "user account was rejected";
    USER_SUSPENDED: PermissionDenied "pkg/identityserver" "user_suspended" "user account was suspended";
}

/// Returns a refusal with the administrators' description, if there is one.
pub(super) fn described(definition: &'static Definition, description: &str) -> Named {
    if description.is_empty() { definition.error() } else { definition.with("description", description) }
}

/// Refuses suspended and rejected users, with any credentials.
pub(super) fn check(standing: &Standing) -> Result<()> {
    let refusal = match standing.state {
        State::Requested | State::Approved | State::Flagged => return Ok(()),
        State::Rejected => &USER_REJECTED,
        State::Suspended => &USER_SUSPENDED,
    };
    Err(described(refusal, &standing.state_description).into())
}

/// Returns whether clients may act for a user: not for those who are refused here, nor for those who wait for approval.
pub(super) fn is_approved(standing: &Standing) -> bool {
    standing.state.is_approved()
}

/// Refuses the same for a user who presented only a password. An unknown user is not refused here.
pub(super) fn check_user(tx: &Tx<'_>, id: &UserId) -> Result<()> {
    tx.standing(id, Deleted::No)?.as_ref().map_or(Ok(()), check)
}
