//! Tries in the background whether the redirect URIs of new clients, and of those that wait for approval, work.

use std::time::Duration;

use crate::app::App;
use crate::base::error::Result;
use crate::base::log;
use crate::cli::serve::background::Stopped;
use crate::http::probe::attempt::{ProbeRules, attempts};
use crate::http::queue::Group;
use crate::registry::probes;

/// How long it waits before it looks for new clients again.
const IDLE: Duration = Duration::from_secs(5);

/// How many clients it looks for at a time.
const AT_A_TIME: usize = 8;

/// Tries until it is stopped.
pub fn run(app: &App, stopped: &Stopped) {
    loop {
        if let Err(error) = try_some(app, stopped) {
            log::error("redirect URIs could not be tried", &[("cause", error.chain().into())]);
        }
        if stopped.within(IDLE) {
            return;
        }
    }
}

fn try_some(app: &App, stopped: &Stopped) -> Result<()> {
    let rules = ProbeRules::of(&app.settings().review_probe_networks, vec![Group { name: "the server itself".to_owned(), turns: 1 }]);
    for id in app.store().read(|tx| probes::untried(tx, AT_A_TIME))? {
        // Somebody may have deleted it, or asked for it, meanwhile.
        let Ok(uris) = app.store().read(|tx| probes::begin(tx, &app.shared.tries, &id)) else { continue };
        let outcomes = attempts(&uris, &rules);
        app.store().write(|tx| probes::store(tx, &id, &uris, &outcomes)).map(drop)?;
        if stopped.is_now() {
            return Ok(());
        }
    }
    Ok(())
}
