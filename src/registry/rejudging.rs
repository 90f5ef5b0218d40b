//! Makes the verdicts of former rules again. A program has one version of the rules, so going once through the registry is enough.

use crate::base::error::Result;
use crate::model::settings::Settings;
use crate::registry::verdicts;
use crate::review::rules::RULE_SET;
use crate::store::{Deleted, Tx};

/// How many clients one transaction looks at, and how many it judges: writers wait for it.
const MOST_LOOKED_AT: usize = 500;
const MOST_JUDGED: usize = 20;

/// How far this process has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rejudging {
    /// All clients up to this number have verdicts of today's rules, or none.
    after: i64,
    is_done: bool,
}

impl Rejudging {
    pub fn is_done(self) -> bool {
        self.is_done
    }

    /// Judges a few clients again.
    /// # Errors
    /// Only those of the store.
    pub fn step(&mut self, tx: &Tx<'_>, settings: &Settings) -> Result<()> {
        let looked_at = tx.clients_with_verdicts(self.after, MOST_LOOKED_AT)?;
        let former = looked_at.iter().filter(|(_, _, rule_set)| *rule_set != i64::from(RULE_SET));
        let judged: Vec<_> = former.take(MOST_JUDGED).collect();
        for (_, id, _) in &judged {
            if let Some(client) = tx.client(id, Deleted::No)? {
                verdicts::judge_again(tx, settings, &client)?;
            }
        }
        let is_full = judged.len() == MOST_JUDGED;
        let last = if is_full { judged.last().map(|(number, ..)| *number) } else { looked_at.last().map(|(number, ..)| *number) };
        self.is_done = !is_full && looked_at.len() < MOST_LOOKED_AT;
        self.after = last.unwrap_or(self.after);
        Ok(())
    }
}
