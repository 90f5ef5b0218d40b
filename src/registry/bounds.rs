//! Enforces the bounds on how many of each thing there may be.

use crate::base::error::{Error, Result, errors};
use crate::base::id::AccountId;
use crate::model::bounds::{Beyond, Bound};
use crate::registry::principal::Principal;

errors! {
    TOO_MANY: FailedPrecondition "keyfob" "too_many" "`{of}` has {has} {field}, of which there may be at most {most}: {remedy}";
}

/// Checks that there may be another one where there are `has`. `of` is the owner.
/// # Errors
/// `too_many`.
pub(super) fn check(bound: &'static Bound, of: &str, has: i64) -> Result<()> {
    if has < bound.most as i64 {
        return Ok(());
    }
    let remedy = match bound.beyond {
        Beyond::Refused(remedy) => remedy,
        Beyond::Replaces(_) | Beyond::Ends(_) | Beyond::Continues | Beyond::Shortens(_) | Beyond::Delays(_) => {
            return Err(Error::Internal(format!("{} are not refused", bound.name).into()));
        }
    };
    let refusal = TOO_MANY.with("of", of).with("field", bound.name).with("has", has).with("most", bound.most).with("remedy", remedy);
    Err(refusal.into())
}

/// Checks the same for what the caller registers or creates. Administrators, who can purge, may go beyond.
/// # Errors
/// `too_many`.
pub(super) fn check_may_add(by: &Principal, bound: &'static Bound, has: impl Fn(&AccountId) -> Result<i64>) -> Result<()> {
    match &by.account {
        Some(account) if !by.is_admin => check(bound, account.as_str(), has(account)?),
        Some(_) | None => Ok(()),
    }
}
