//! Threads beside the requests, which work until the server stops.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::app::App;
use crate::base::log;

/// A thread that works until it is stopped.
pub struct Background {
    calls: Sender<BackgroundCall>,
    thread: JoinHandle<()>,
}

/// What a background thread is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BackgroundCall {
    Wake,
    Stop,
}

/// Whether a background thread has to end.
pub struct Stopped(Receiver<BackgroundCall>);

impl Background {
    pub fn start(app: &Arc<App>, work: impl FnOnce(&App, &Stopped) + Send + 'static) -> Background {
        let ((calls, called), app) = (channel(), app.clone());
        Background { calls, thread: std::thread::spawn(move || work(&app, &Stopped(called))) }
    }

    /// Returns what wakes it from [`Stopped::or_woken`].
    pub fn waker(&self) -> impl Fn() + Send + Sync + 'static {
        let calls = self.calls.clone();
        // Errors are ignored: a thread that has nothing more to do is gone.
        move || calls.send(BackgroundCall::Wake).unwrap_or_default()
    }

    /// Stops, and returns when what was begun is done.
    pub fn stop(self) {
        self.calls.send(BackgroundCall::Stop).unwrap_or_default();
        drop(self.calls);
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

    /// Waits until the thread is woken, once or several times; returns true if it has to end instead.
    pub fn or_woken(&self) -> bool {
        self.0.recv() != Ok(BackgroundCall::Wake) || self.0.try_iter().any(|call| call == BackgroundCall::Stop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_was_woken_several_times_meanwhile_works_once_and_ends_as_soon_as_it_is_told() {
        let (calls, called) = channel();
        let stopped = Stopped(called);
        let call = |all: &[BackgroundCall]| all.iter().for_each(|call| calls.send(*call).unwrap());
        call(&[BackgroundCall::Wake; 3]);
        assert!(!stopped.or_woken());
        call(&[BackgroundCall::Wake, BackgroundCall::Wake, BackgroundCall::Stop]);
        assert!(stopped.or_woken());
    }
}
