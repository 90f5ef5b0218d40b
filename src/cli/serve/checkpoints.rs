//! Copies the log into the data file from time to time, so that the file alone is nearly up to date.

use std::time::Duration;

use crate::app::App;
use crate::base::log;
use crate::cli::serve::background::Stopped;

/// How far the file may be behind while it is not written much; under load SQLite itself copies more often.
const INTERVAL: Duration = Duration::from_secs(5);

/// Runs until it is stopped.
pub fn run(app: &App, stopped: &Stopped) {
    while !stopped.within(INTERVAL) {
        checkpoint(app);
    }
}

/// Makes the file complete, if no reader is in the way.
pub fn checkpoint(app: &App) {
    if let Err(error) = app.store().checkpoint() {
        log::warn("the log could not be copied into the data file", &[("cause", error.chain().into())]);
    }
}
