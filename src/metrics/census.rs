//! How many rows of a kind there are: counted by the store, and not at every scrape.

use std::sync::Mutex;

use crate::base::error::Result;
use crate::base::mutex::locked;
use crate::base::time::Time;
use crate::model::choice::State;
use crate::store::{Store, Tx};

/// How long a census holds, in seconds: with a million clients it takes as long as some hundred reads.
const HOLDS: i64 = 60;

/// The newest census, and when it was taken by the steady clock.
#[derive(Debug, Default)]
pub struct Census(Mutex<Option<(Time, Population)>>);

#[derive(Clone, Debug)]
pub struct Population {
    pub live_tokens: u64,
    pub clients: Vec<(State, u64)>,
    pub deleted_clients: u64,
}

impl Census {
    /// Returns the newest census, or takes another if that is too old.
    pub fn of(&self, store: &Store) -> Result<Population> {
        let mut newest = locked(&self.0);
        let now = store.steady();
        match &*newest {
            Some((at, found)) if at.is_within(HOLDS, now) => Ok(found.clone()),
            _ => {
                let found = store.read(count)?;
                *newest = Some((now, found.clone()));
                Ok(found)
            }
        }
    }
}

fn count(tx: &Tx<'_>) -> Result<Population> {
    Ok(Population {
        live_tokens: tx.count_live_tokens()?,
        clients: tx.count_clients_by_state()?,
        deleted_clients: tx.count_deleted_clients()?,
    })
}
