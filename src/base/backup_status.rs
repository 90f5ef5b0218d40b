//! What became of the last backups that this process made by itself, for those who watch it.

use std::sync::{Mutex, PoisonError};

use crate::base::time::Time;

/// The last backups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastBackups {
    /// When the newest good one was made, also if by an earlier process.
    pub succeeded_at: Option<Time>,
    /// Why the last attempt of this process failed; nothing if it succeeded, or if there was none.
    pub failure: Option<String>,
}

/// The same, shared between threads.
#[derive(Debug, Default)]
pub struct BackupStatus(Mutex<LastBackups>);

impl BackupStatus {
    /// Returns what is known now.
    pub fn now(&self) -> LastBackups {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes a good backup of an earlier process.
    pub fn found(&self, time: Time) {
        self.change(|last| last.succeeded_at = Some(time));
    }

    pub fn succeeded(&self, time: Time) {
        self.change(|last| *last = LastBackups { succeeded_at: Some(time), failure: None });
    }

    pub fn failed(&self, why: &str) {
        self.change(|last| last.failure = Some(why.to_owned()));
    }

    fn change(&self, change: impl FnOnce(&mut LastBackups)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
