//! A summary of the clients that a user may see: all for administrators, the user's own for others. What it costs does not grow with the registry.

use crate::base::error::Result;
use crate::base::id::ClientId;
use crate::base::time::Time;
use crate::registry::principal::Principal;
use crate::registry::usage::DAYS;
use crate::store::Tx;
use crate::store::observations::Observation;

const SECONDS_A_DAY: i64 = 24 * 60 * 60;

/// How many clients each list of it names, and within how many days a secret ends soon.
const MOST: u32 = 5;
pub const SOON_DAYS: i64 = 14;

pub struct Overview {
    /// The day and the number of tokens of each of the last days, oldest first; less than [`DAYS`] where that are too many to look at.
    pub tokens: Vec<(i64, i64)>,
    /// How many requests were refused in the last [`DAYS`] days.
    pub refusals: i64,
    /// The clients of which a secret ends soon, and when.
    pub ending: Vec<(ClientId, Time)>,
    /// Clients that got no token in the last [`DAYS`] days.
    pub unused: Vec<ClientId>,
}

pub(crate) fn of(tx: &Tx<'_>, by: &Principal) -> Result<Overview> {
    let whose = by.account.as_ref().filter(|_| !by.is_admin);
    let (today, since) = (tx.now.day(), tx.now.plus_seconds(-DAYS * SECONDS_A_DAY));
    let first = today - DAYS + 1;
    let (known, ends_early) = tx.tokens_by_day(whose, first)?;
    let first_shown = if ends_early { known.first().map_or(today, |(day, _)| *day) } else { first };
    let issued = |day: i64| known.iter().find(|(known, _)| *known == day).map_or(0, |(_, issued)| *issued);
    Ok(Overview {
        tokens: (first_shown..=today).map(|day| (day, issued(day))).collect(),
        refusals: tx.refusals_since(whose, since)?,
        ending: tx.secrets_ending(whose, tx.now.plus_seconds(SOON_DAYS * SECONDS_A_DAY), MOST)?,
        unused: tx.clients_without_tokens(whose, since, first, MOST)?,
    })
}

/// Returns when the server last made a backup by itself, and when it last failed to.
pub(crate) fn backups(tx: &Tx<'_>) -> Result<(Option<Time>, Option<Time>)> {
    Ok((tx.observed_at(Observation::Backup)?, tx.observed_at(Observation::FailedBackup)?))
}

/// Notes that the server made a backup by itself.
pub(crate) fn note_backup(tx: &Tx<'_>) -> Result<()> {
    tx.observe(Observation::Backup)
}

/// Notes that it failed to.
pub(crate) fn note_failed_backup(tx: &Tx<'_>) -> Result<()> {
    tx.observe(Observation::FailedBackup)
}
