//! Deletes expired rows in the background, in small batches, and has clients judged again that former rules judged.

use std::time::Duration;

use crate::app::App;
use crate::base::log;
use crate::cli::serve::background::Stopped;
use crate::registry::expiry::{Swept, sweep};
use crate::registry::rejudging::Rejudging;

/// How long it waits when nothing is left to delete.
const IDLE: Duration = Duration::from_secs(60);

/// How long it waits between two batches, for other writers to go first.
const BETWEEN_BATCHES: Duration = Duration::from_millis(50);

/// Sweeps until it is stopped.
pub fn run(app: &App, stopped: &Stopped) {
    app.store().remove_abandoned();
    let mut rejudging = Rejudging::default();
    loop {
        let swept = app.store().write(sweep).and_then(|swept| {
            if !rejudging.is_done() {
                app.store().write(|tx| rejudging.step(tx, app.settings()))?;
            }
            Ok(swept)
        });
        let wait = match swept {
            Ok(Swept::All) if rejudging.is_done() => IDLE,
            Ok(Swept::All | Swept::Partial) => BETWEEN_BATCHES,
            Err(error) => {
                log::error("the sweep failed", &[("cause", error.chain().into())]);
                IDLE
            }
        };
        if stopped.within(wait) {
            // What was only noted so far is stored.
            if let Err(error) = app.store().write(sweep) {
                log::error("the last sweep failed", &[("cause", error.chain().into())]);
            }
            return;
        }
    }
}
