//! Which rights of a client's tokens admit requests, and which no token has used for long.
//!
//! A right counts as used on the day on which it admitted a request here, and with all others of its token where somebody else asked about
//! the token: what is decided elsewhere is not known.

use crate::base::error::Result;
use crate::base::right::Rights;
use crate::base::time::Time;
use crate::model::client::Client;
use crate::model::grant::AccessToken;
use crate::registry::principal::{Access, Principal};
use crate::store::Tx;
use crate::store::observations::Observation;

/// How many days a right may stay unused.
const UNUSED_DAYS: i64 = 90;

/// Notes that rights admitted a request, if it came with an access token. Writes nothing.
pub(super) fn note(tx: &Tx<'_>, by: &Principal, rights: Rights) {
    match &by.access {
        Access::AccessToken(token) => tx.note_right_use(&token.client_id, rights),
        Access::Anonymous | Access::ApiKey(_) | Access::Session(_) | Access::Operator => {}
    }
}

/// Notes that somebody asked about a token, and may have decided by any of its rights. Writes nothing.
pub fn note_all(tx: &Tx<'_>, token: &AccessToken) {
    tx.note_right_use(&token.client_id, token.rights);
}

/// Stores what was noted of at most `most` clients; returns of how many.
pub(super) fn store(tx: &Tx<'_>, most: usize) -> Result<usize> {
    tx.observe_first(Observation::RightUse)?;
    tx.store_right_use(most)
}

/// Returns what a client asks for and no token of it has used for 90 days: nothing if it asks for that only since then, if that much is
/// not known, and if it is not in use at all.
pub(crate) fn unused(tx: &Tx<'_>, client: &Client, last_token: Option<Time>) -> Result<Rights> {
    let begin = tx.now.plus_seconds(-UNUSED_DAYS * 24 * 60 * 60);
    let Some(known_since) = tx.observed_at(Observation::RightUse)? else { return Ok(Rights::NONE) };
    // A former client of this ID has events too.
    let asked_since = tx.client_rights_changed_at(&client.id)?.map_or(client.created_at, |at| at.max(client.created_at));
    let used = tx.rights_used_since(&client.id, begin.day())?;
    let is_in_use = !used.is_empty() || last_token.is_some_and(|last| last > begin);
    if known_since.max(asked_since) > begin || !is_in_use {
        return Ok(Rights::NONE);
    }
    Ok(client.rights.iter().copied().filter(|right| Rights::of(&[*right]).expanded().and(used).is_empty()).collect())
}
