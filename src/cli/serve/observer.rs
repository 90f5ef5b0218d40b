//! Writes down what the listener noticed, for `keyfob doctor`.

use std::time::Duration;

use crate::app::App;
use crate::base::log;
use crate::cli::serve::background::Stopped;
use crate::http::listener::counts::ListenerCounts;
use crate::store::observations::Observation;

/// How often it is looked at what was noticed.
const INTERVAL: Duration = Duration::from_secs(2);

/// How often it is written down at most.
const WRITTEN_EVERY: Duration = Duration::from_secs(3600);

/// Runs until it is stopped.
pub fn run(counts: &ListenerCounts, app: &App, stopped: &Stopped) {
    let (mut seen, mut wait) = (0, INTERVAL);
    while !stopped.within(wait) {
        let now = counts.forwarded_by_untrusted.get();
        wait = INTERVAL;
        if now != seen {
            (seen, wait) = (now, WRITTEN_EVERY);
            if let Err(error) = app.store().write(|tx| tx.observe(Observation::UntrustedProxy)) {
                log::error("cannot record that an untrusted proxy was seen", &[("cause", error.chain().into())]);
            }
        }
    }
}
