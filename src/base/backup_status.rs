//! What became of the last backups that this process made by itself, for those who watch it.

use std::sync::Mutex;

use crate::base::mutex::locked;
use crate::base::time::Time;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastBackups {
    /// When the newest good one was made, also if by an earlier process.
    pub succeeded_at: Option<Time>,
    /// The last attempt of this process failed.
    pub is_failing: bool,
}

/// The same, shared between threads.
#[derive(Debug, Default)]
pub struct BackupStatus(Mutex<LastBackups>);

impl BackupStatus {
    /// Returns what is known now.
    pub fn now(&self) -> LastBackups {
        *locked(&self.0)
    }

    /// Notes a good backup of an earlier process.
    pub fn found(&self, time: Time) {
        self.change(|last| last.succeeded_at = Some(time));
    }

    pub fn succeeded(&self, time: Time) {
        self.change(|last| *last = LastBackups { succeeded_at: Some(time), is_failing: false });
    }

    pub fn failed(&self) {
        self.change(|last| last.is_failing = true);
    }

    fn change(&self, change: impl FnOnce(&mut LastBackups)) {
        change(&mut locked(&self.0));
    }
}
