//! Records uses of credentials that have later effects.

use crate::base::error::Result;
use crate::base::secret::Hash;
use crate::base::time::Time;
use crate::model::grant::RETRY_SECONDS;
use crate::store::Tx;
use crate::store::access_tokens::StoredToken;

/// The credentials that were used, by ID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// The first use in a while, which extends the session.
    Session(String),
    /// The first use of an API key in a day.
    ApiKey(String),
    /// The first use of a refreshed token, after which it cannot be requested again.
    AccessToken(String),
    /// The first use of an API key that a former version hashed, with the hash that replaces that.
    FormerApiKey(String, Hash),
    /// The same of an access token.
    FormerAccessToken(String, Hash),
}

pub(crate) fn record(tx: &Tx<'_>, used: &Use) -> Result<()> {
    match used {
        Use::Session(id) => tx.touch_session(id),
        Use::ApiKey(id) => tx.touch_api_key(id),
        Use::AccessToken(id) => tx.touch_access_token(id),
        Use::FormerApiKey(id, hash) => tx.renew_api_key_hash(id, hash),
        Use::FormerAccessToken(id, hash) => tx.renew_access_token_hash(id, hash),
    }
}

/// Records the first use of a token, also of one that was refused.
pub(super) fn record_first(tx: &Tx<'_>, kept: &StoredToken) -> Result<()> {
    first_use(kept, tx.now).map_or(Ok(()), |used| record(tx, &used))
}

/// Returns the first use of a token that its predecessor could still be exchanged for; afterwards a client without a secret cannot do that.
pub fn first_use(kept: &StoredToken, now: Time) -> Option<Use> {
    // Only the first token of a family has no predecessor.
    let is_repeatable = kept.token.id != kept.token.family_id && now.is_within(RETRY_SECONDS, kept.token.created_at);
    (is_repeatable && kept.used_at.is_none()).then(|| Use::AccessToken(kept.token.id.clone()))
}
