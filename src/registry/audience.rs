//! How much of an entity the caller may read (registry.md 1.4, 1.5).

use crate::base::error::Result;
use crate::base::right::{Right, Rights};
use crate::model::field::{Audience, Field};
use crate::model::mask::Mask;
use crate::registry::entity::Entity;
use crate::registry::principal::Principal;
use crate::registry::{right_use, rights};
use crate::store::{Deleted, Tx};

/// Returns `Holder` for a caller with the `_INFO` right, and otherwise `Public` for one in good standing.
/// # Errors
/// Those of [`rights::on`]; `user_requested`; [`rights::refused`] for a mask that asks for more than that.
pub(super) fn of<E>(
    tx: &Tx<'_>,
    by: &Principal,
    entity: &Entity,
    info: Right,
    fields: &'static [Field<E>],
    mask: &Mask,
) -> Result<Audience> {
    if by.is_admin && by.universal.has(info) {
        // A missing entity is reported by the reader.
        right_use::note(tx, by, Rights::of(&[info]));
        return Ok(Audience::Holder);
    }
    let rights = rights::on(tx, by, entity, Deleted::No)?;
    if rights.has(info) {
        right_use::note(tx, by, Rights::of(&[info]));
        return Ok(Audience::Holder);
    }
    by.in_good_standing()?;
    if mask.is_public(fields) { Ok(Audience::Public) } else { Err(rights::refused(entity, rights, Rights::of(&[info]))) }
}

/// Returns the same for an item of a list, whose fields are left out instead of refused. What holds for all items is decided without a look
/// at each.
/// # Errors
/// Those of [`rights::on`].
pub(super) fn of_item(tx: &Tx<'_>, by: &Principal, entity: &Entity, info: Right) -> Result<Audience> {
    let holds = by.universal.has(info) || (by.rights.has(info) && rights::on(tx, by, entity, Deleted::Either)?.has(info));
    if holds {
        right_use::note(tx, by, Rights::of(&[info]));
    }
    Ok(if holds { Audience::Holder } else { Audience::Public })
}
