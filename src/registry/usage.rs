//! How a client is used: when users last agreed, the tokens it got, the secrets that are valid.

use crate::base::error::Result;
use crate::base::id::ClientId;
use crate::base::right::Right;
use crate::base::time::Time;
use crate::store::Tx;
use crate::store::access_tokens::TokenDay;
use crate::store::client_secrets::ClientSecret;
use crate::store::events::RefusalCount;

/// How many days tokens are counted for, today included.
pub const DAYS: i64 = 30;

pub struct ClientUsage {
    /// When a user last authorized it.
    pub last_authorized: Option<Time>,
    /// When it last got a token.
    pub last_token: Option<Time>,
    /// The day and the number of tokens for each of the last [`DAYS`] days, oldest first.
    pub issued: Vec<(i64, i64)>,
    /// Why its requests were refused on these days, the most frequent reason first.
    pub refusals: Vec<RefusalCount>,
    /// How many users have authorized it.
    pub users: i64,
    /// The day on which each right was last used, of those that were.
    pub rights_used: Vec<(Right, i64)>,
    /// The secrets that are valid now, newest first.
    pub secrets: Vec<ClientSecret>,
}

/// Returns how a client is used. The caller may read the client.
pub(crate) fn of_client(tx: &Tx<'_>, id: &ClientId) -> Result<ClientUsage> {
    let known = tx.token_days(id, 0)?;
    let today = tx.now.day();
    let issued = |day: i64| known.iter().find(|known| known.day == day).map_or(0, |known| known.issued);
    Ok(ClientUsage {
        last_authorized: tx.last_authorized(id)?,
        last_token: known.iter().map(|day: &TokenDay| day.last_issued_at).max(),
        issued: (today - DAYS + 1..=today).map(|day| (day, issued(day))).collect(),
        refusals: tx.refusal_counts(id, tx.now.plus_seconds(-DAYS * 24 * 60 * 60))?,
        users: tx.users_who_authorized(id)?,
        rights_used: tx.days_of_right_use(id)?,
        secrets: tx.client_secrets(id)?,
    })
}
