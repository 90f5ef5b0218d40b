//! Deletes expired rows in the background, in small batches.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::app::App;
use crate::base::log;
use crate::registry::expiry::{Swept, sweep};

/// How long it waits when nothing is left to delete.
const IDLE: Duration = Duration::from_secs(60);

/// How long it waits between two batches, for other writers to go first.
const BETWEEN_BATCHES: Duration = Duration::from_millis(50);

/// A thread that sweeps until it is stopped.
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

    /// Stops, and returns when the running batch is done.
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
        let wait = match app.store().write(sweep) {
            Ok(Swept::Partial) => BETWEEN_BATCHES,
            Ok(Swept::All) => IDLE,
            Err(error) => {
                log::error("the sweep failed", &[("cause", error.chain().into())]);
                IDLE
            }
        };
        if stopped.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}
