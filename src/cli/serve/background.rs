//! Threads beside the requests, which work until the server stops.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::app::App;
use crate::base::log;

/// A thread that works until it is stopped.
pub struct Background {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

/// Whether a background thread has to end.
pub struct Stopped(Receiver<()>);

impl Background {
    pub fn start(app: &Arc<App>, work: impl FnOnce(&App, &Stopped) + Send + 'static) -> Background {
        let ((stop, stopped), app) = (channel(), app.clone());
        Background { stop, thread: std::thread::spawn(move || work(&app, &Stopped(stopped))) }
    }

    /// Stops, and returns when what was begun is done.
    pub fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            log::error("a background thread panicked", &[]);
        }
    }
}

impl Stopped {
    pub fn is_now(&self) -> bool {
        self.within(Duration::ZERO)
    }

    /// Waits; returns true at once when the thread has to end.
    pub fn within(&self, wait: Duration) -> bool {
        self.0.recv_timeout(wait) != Err(RecvTimeoutError::Timeout)
    }
}
