//! What only administrators may change.

use crate::base::error::{Result, errors};
use crate::model::field::Field;
use crate::model::mask::Mask;
use crate::registry::principal::Principal;

errors! {
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
