//! What is over goes in the background, a little at a time.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::app::App;
use crate::base::log;
use crate::registry::expiry::{Swept, sweep};

/// How long it rests when everything is swept.
const REST: Duration = Duration::from_secs(60);

/// How long it rests between two batches: other writers go first.
const BREATH: Duration = Duration::from_millis(50);

/// Sweeps until it is stopped.
#[derive(Debug)]
pub struct Sweeper {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Sweeper {
    pub fn start(app: Arc<App>) -> Sweeper {
        let (stop, stopped) = channel();
        Sweeper { stop, thread: std::thread::spawn(move || run(&app, &stopped)) }
    }

    /// Returns when the batch under way is done.
    pub fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            log::error("the sweeper panicked", &[]);
        }
    }
}

fn run(app: &App, stopped: &Receiver<()>) {
    app.store().remove_abandoned();
    loop {
        let rest = match app.store().write(sweep) {
            Ok(Swept::Partial) => BREATH,
            Ok(Swept::All) => REST,
            Err(error) => {
                log::error("the sweep failed", &[("cause", error.chain().into())]);
                REST
            }
        };
        if stopped.recv_timeout(rest) != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}
