//! Looks at the files of the server from time to time, for the dashboard.

use std::time::Duration;

use crate::app::App;
use crate::cli::serve::background::Stopped;
use crate::diagnostics::running;

/// How old what the dashboard shows may be.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(60);

/// Runs until it is stopped.
pub fn run(app: &App, stopped: &Stopped) {
    loop {
        running::look_at_files(&app.settings().deployment, app.store().now());
        if stopped.within(LOOKED_AT_EVERY) {
            return;
        }
    }
}
