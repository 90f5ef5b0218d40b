//! Uses of credentials that must be remembered.

use crate::base::error::Result;
use crate::base::time::Time;
use crate::model::grant::RETRY_SECONDS;
use crate::store::Tx;
use crate::store::access_tokens::StoredToken;

/// Credentials that were used, by their ID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// The first in a while: the session goes on.
    Session(String),
    /// The first of a fresh token: whoever refreshed for it has it, and cannot ask for it again.
    AccessToken(String),
}

/// Records a use, so that the next one tells.
pub fn record(tx: &Tx<'_>, used: &Use) -> Result<()> {
    match used {
        Use::Session(id) => tx.touch_session(id),
        Use::AccessToken(id) => tx.touch_access_token(id),
    }
}

/// Returns the first use of a token whose predecessor could still bring it again: of a client without a secret it cannot from then on.
pub fn first_use(kept: &StoredToken, now: Time) -> Option<Use> {
    // Only the first token of a family has no predecessor.
    let is_repeatable = kept.token.id != kept.token.family_id && now.is_within(RETRY_SECONDS, kept.token.created_at);
    (is_repeatable && kept.used_at.is_none()).then(|| Use::AccessToken(kept.token.id.clone()))
}
