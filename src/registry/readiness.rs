//! Whether this server can do its work: it reads, it writes durably, the file has its schema, and the disk has room.

use std::sync::{Mutex, MutexGuard};

use crate::base::log;
use crate::base::mutex::locked;
use crate::base::named::named;
use crate::base::time::Time;
use crate::store::Store;
use crate::store::observations::Observation;

/// How long what was found out by writing holds, in seconds: however many ask, there are no more writes than one in this time.
const WRITE_INTERVAL: i64 = 5;

/// A write that takes longer than this many seconds counts as failed.
const LONGEST_WRITE: i64 = 5;

/// With less room on the disk, in bytes, writes will soon fail.
pub const LEAST_ROOM: u64 = 16 * 1024 * 1024;

named! {
    /// What a check came to.
    pub enum CheckResult {
        Ok = "ok",
        Failed = "failed",
        /// It has not ended in time.
        Slow = "slow",
        /// Little is left.
        Low = "low",
        /// It could not be checked, because another check failed.
        Unknown = "unknown",
    }
}

/// The checks, and what each came to.
pub type Report = [(&'static str, CheckResult); 4];

/// Checks on request, and remembers what the last write came to.
pub struct Readiness(Mutex<ReadinessState>);

#[derive(Clone, Copy, Debug)]
struct ReadinessState {
    written: Written,
    /// When the last write ended, by the steady clock; `None` before the first.
    written_at: Option<Time>,
    /// When a write began that has not ended.
    writing_since: Option<Time>,
    is_ready: bool,
}

/// What is found out by writing.
#[derive(Clone, Copy, Debug)]
struct Written {
    write: CheckResult,
    disk: CheckResult,
}

impl Default for Readiness {
    /// Assumes that the server is ready: it has written at its start.
    fn default() -> Readiness {
        let written = Written { write: CheckResult::Ok, disk: CheckResult::Ok };
        Readiness(Mutex::new(ReadinessState { written, written_at: None, writing_since: None, is_ready: true }))
    }
}

impl Readiness {
    /// Checks everything. Calls `before_blocking` before it waits for the disk. Logs only when the server becomes ready, or is no longer.
    pub fn check(&self, store: &Store, before_blocking: &dyn Fn()) -> (bool, Report) {
        self.report(store, self.written(store, before_blocking))
    }

    /// Checks what can be checked without writing; of writing itself the last result counts, however old.
    pub fn look(&self, store: &Store) -> (bool, Report) {
        let state = *self.state();
        let written = state.under_way(store.steady()).unwrap_or(state.written);
        self.report(store, Written { disk: disk(store), ..written })
    }

    fn report(&self, store: &Store, written: Written) -> (bool, Report) {
        let Written { write, disk } = written;
        let schema = match store.read(|tx| tx.is_schema_current()) {
            Ok(true) => Ok(CheckResult::Ok),
            Ok(false) => Ok(CheckResult::Failed),
            Err(error) => Err(error.chain()),
        };
        let (read, schema, cause) = match schema {
            Ok(schema) => (CheckResult::Ok, schema, None),
            Err(cause) => (CheckResult::Failed, CheckResult::Unknown, Some(cause)),
        };
        let report = [("read", read), ("write", write), ("schema", schema), ("disk", disk)];
        let is_ready = report.iter().all(|(_, result)| *result == CheckResult::Ok);
        if std::mem::replace(&mut self.state().is_ready, is_ready) != is_ready {
            log_change(&report, is_ready, cause);
        }
        (is_ready, report)
    }

    /// Writes if the last write is long enough ago. Those who ask while one is under way do not wait for it.
    fn written(&self, store: &Store, before_blocking: &dyn Fn()) -> Written {
        let now = store.steady();
        {
            let mut state = self.state();
            if let Some(written) = state.under_way(now) {
                return written;
            }
            if state.written_at.is_some_and(|at| at.is_within(WRITE_INTERVAL, now)) {
                return state.written;
            }
            state.writing_since = Some(now);
        }
        before_blocking();
        let mut writing = Writing { readiness: self, store, written: Written { write: CheckResult::Failed, disk: CheckResult::Failed } };
        writing.written.disk = disk(store);
        match store.write(|tx| tx.observe(Observation::Ready)) {
            Ok(()) => writing.written.write = CheckResult::Ok,
            Err(error) if self.state().written.write == CheckResult::Ok => {
                log::error("the readiness check cannot write", &[("cause", error.chain().into())]);
            }
            Err(_) => {}
        }
        writing.written
    }

    fn state(&self) -> MutexGuard<'_, ReadinessState> {
        locked(&self.0)
    }
}

impl ReadinessState {
    /// Returns what counts while a write has not ended, if there is one.
    fn under_way(&self, now: Time) -> Option<Written> {
        let since = self.writing_since?;
        let write = if since.is_within(LONGEST_WRITE, now) { self.written.write } else { CheckResult::Slow };
        Some(Written { write, ..self.written })
    }
}

fn disk(store: &Store) -> CheckResult {
    store.free_bytes().map_or(CheckResult::Failed, room)
}

/// Judges the bytes that are left on the disk.
fn room(free: u64) -> CheckResult {
    if free < LEAST_ROOM { CheckResult::Low } else { CheckResult::Ok }
}

/// A write that is under way. Its end is noted however it ends.
struct Writing<'r> {
    readiness: &'r Readiness,
    store: &'r Store,
    written: Written,
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        let mut state = self.readiness.state();
        (state.written, state.written_at, state.writing_since) = (self.written, Some(self.store.steady()), None);
    }
}

fn log_change(report: &Report, is_ready: bool, cause: Option<String>) {
    let mut fields: Vec<(&str, log::Detail<'_>)> = report.iter().map(|(name, result)| (*name, result.name().into())).collect();
    fields.extend(cause.map(|cause| ("cause", cause.into())));
    if is_ready {
        log::info("ready again", &fields);
    } else {
        log::error("not ready", &fields);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_low_on_room_below_sixteen_mebibytes() {
        assert_eq!(
            [0, (16 << 20) - 1, 16 << 20, u64::MAX].map(room),
            [CheckResult::Low, CheckResult::Low, CheckResult::Ok, CheckResult::Ok]
        );
    }
}
