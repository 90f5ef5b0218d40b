//! How long what was deleted can come back.

use crate::base::error::{Result, errors};
use crate::base::time::Time;
use crate::store::Tx;

errors! {
    RESTORE_WINDOW_EXPIRED: FailedPrecondition "pkg/identityserver" "restore_window_expired" "this entity can no longer be restored";
}

/// A day (registry.md 4.6).
const RESTORE_WINDOW_SECONDS: i64 = 24 * 60 * 60;

pub(super) fn check_restore_window(tx: &Tx<'_>, deleted_at: Option<Time>) -> Result<()> {
    let expired = deleted_at.is_some_and(|deleted_at| deleted_at.plus_seconds(RESTORE_WINDOW_SECONDS) < tx.now);
    if expired { Err((&RESTORE_WINDOW_EXPIRED).into()) } else { Ok(()) }
}
