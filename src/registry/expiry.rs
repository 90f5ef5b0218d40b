//! Deletes expired rows in small batches.

use crate::base::error::Result;
use crate::model::grant::RETRY_SECONDS;
use crate::model::session::{IDLE_SECONDS, LONGEST_SECONDS};
use crate::registry::{likeness, right_use, signing_keys, throttle};
use crate::store::Tx;

/// The most rows of a kind that one transaction deletes: writers wait for it.
const BATCH: usize = 200;

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// Used codes are stored for a day to detect a second use.
const CODE_STORED_SECONDS: i64 = DAY_SECONDS;

/// An address from which nobody has signed in this long is no longer known.
const ADDRESS_STORED_SECONDS: i64 = 90 * DAY_SECONDS;

/// Refusals are stored to help people find mistakes.
const REFUSAL_STORED_SECONDS: i64 = 30 * DAY_SECONDS;

/// At least as far back as a chart of daily tokens reaches.
pub const COUNTS_STORED_DAYS: i64 = 400;

/// Whether a sweep deleted everything that has expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Swept {
    All,
    /// There may be more.
    Partial,
}

/// Deletes a batch of everything that has expired.
/// # Errors
/// Only those of the store.
pub fn sweep(tx: &Tx<'_>) -> Result<Swept> {
    let ago = |seconds: i64| tx.now.plus_seconds(-seconds);
    let removed = [
        tx.delete_old_token_successors(ago(RETRY_SECONDS), BATCH)?,
        tx.delete_ended_access_tokens(BATCH)?,
        tx.delete_expired_authorization_codes(BATCH)?,
        tx.delete_old_authorization_codes(ago(CODE_STORED_SECONDS), BATCH)?,
        tx.delete_ended_sessions(ago(LONGEST_SECONDS), ago(IDLE_SECONDS), BATCH)?,
        tx.delete_ended_recoveries(BATCH)?,
        tx.delete_ended_client_secrets(BATCH)?,
        tx.delete_old_sign_in_failures(throttle::forgotten(tx.steady), BATCH)?,
        tx.delete_old_sign_in_addresses(ago(ADDRESS_STORED_SECONDS), BATCH)?,
        tx.delete_old_refusals(ago(REFUSAL_STORED_SECONDS), BATCH)?,
        signing_keys::delete_ended(tx)?,
        tx.delete_old_event_counts(tx.now.day(), BATCH)?,
        // Nothing to delete, but something that registrations and other requests leave for when there is time.
        likeness::store_keys(tx, BATCH)?,
        right_use::store(tx, BATCH)?,
        tx.delete_old_token_days(tx.now.day() - COUNTS_STORED_DAYS, BATCH)?,
    ];
    Ok(if removed.contains(&BATCH) { Swept::Partial } else { Swept::All })
}
