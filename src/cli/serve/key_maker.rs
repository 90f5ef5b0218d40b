//! Makes the keys that sign tokens in the background, as soon as an app has somebody sign in.

use crate::app::App;
use crate::base::log;
use crate::cli::serve::background::Stopped;

/// Runs until they are made, or until it is stopped.
pub fn run(app: &App, stopped: &Stopped) {
    while !stopped.or_woken() {
        match app.shared.key_pairs.make_missing(app.store(), &|| ()) {
            Ok(()) => return,
            Err(error) => log::error("the keys that sign tokens could not be made", &[("cause", error.chain().into())]),
        }
    }
}
