//! The mark of what a declaration manages: an attribute, so that everybody sees it, which only administrators and the operator change.

use std::collections::BTreeMap;

use crate::base::error::{Result, errors};
use crate::registry::principal::Principal;

/// The key of the attribute.
pub const MANAGED_BY: &str = "managed-by";

errors! {
    MANAGED_BY_RESERVED: PermissionDenied "keyfob" "managed_by_reserved" "the attribute `managed-by` names the declaration that manages this, and only administrators change it: send it as it is, or not at all if there is none";
}

/// Checks that an attribute which decides what declarations change and remove stays as it is, unless an administrator changes it.
/// # Errors
/// `managed_by_reserved`.
pub(super) fn check_kept(by: &Principal, was: &BTreeMap<String, String>, will: &BTreeMap<String, String>) -> Result<()> {
    if by.is_admin || was.get(MANAGED_BY) == will.get(MANAGED_BY) { Ok(()) } else { Err((&MANAGED_BY_RESERVED).into()) }
}
