//! What only administrators may change.

use crate::base::error::{Result, errors};
use crate::base::right::Right;
use crate::model::field::Field;
use crate::model::mask::Mask;
use crate::model::user::User;
use crate::registry::principal::Principal;

errors! {
    ADMINISTRATORS_ACCOUNT: PermissionDenied "keyfob" "administrators_account" "only the operator opens the account of an administrator: with `keyfob admin`, at the server. Administrators may if it was started with --admin-rights all";
    UPDATE_ADMIN_FIELD: PermissionDenied "pkg/identityserver" "update_admin_field" "only admins can update the `{field}` field";
}

/// Refuses fields that only administrators may change, and names the first in the alphabet (registry.md 3.4, E20).
pub(super) fn check_fields<E>(by: &Principal, fields: &'static [Field<E>], mask: &Mask) -> Result<()> {
    if by.is_admin {
        return Ok(());
    }
    let first = mask.fields(fields).into_iter().filter(|field| field.is_for_admins()).map(|field| field.name).min();
    first.map_or(Ok(()), |field| Err(UPDATE_ADMIN_FIELD.with("field", field).into()))
}

/// Clears the fields of a new entity that only administrators may set, unless the caller is one.
pub(super) fn clear_fields<E>(by: &Principal, fields: &'static [Field<E>], entity: &mut E) {
    for field in fields.iter().filter(|field| field.is_for_admins() && !by.is_admin) {
        (field.set)(entity, &field.shape.nothing());
    }
}

/// Returns whether the caller may give a user a temporary password or a sign-in link, and with it the account: an administrator's, their
/// own too, takes what other people's keys take.
pub fn opens(by: &Principal, user: &User) -> bool {
    !user.admin || by.universal.has(Right::UserSettingsApiKeys)
}

/// Checks that the caller may.
/// # Errors
/// `administrators_account`.
pub(super) fn check_opens(by: &Principal, user: &User) -> Result<()> {
    if opens(by, user) { Ok(()) } else { Err((&ADMINISTRATORS_ACCOUNT).into()) }
}
