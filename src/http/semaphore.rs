//! A counting semaphore: limits how many threads work at once; threads in reserve replace one that is about to wait without using a
//! processor. Few threads at work mean few that wake each other, and a warm cache.

use std::cell::Cell;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::base::mutex::locked;

pub struct Semaphore {
    permits: Mutex<Permits>,
    freed: Condvar,
}

struct Permits {
    free: usize,
    /// How many threads wait for one.
    waiting: usize,
}

/// Whether there is a thread for a permit that was released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Successor {
    Waits,
    None,
}

/// A thread's permit to work, until it is released.
pub struct Permit<'s> {
    semaphore: &'s Semaphore,
    is_held: Cell<bool>,
}

impl Semaphore {
    pub fn new(permits: usize) -> Semaphore {
        Semaphore { permits: Mutex::new(Permits { free: permits, waiting: 0 }), freed: Condvar::new() }
    }

    /// Returns a place for a permit, which is not held yet.
    pub fn permit(&self) -> Permit<'_> {
        Permit { semaphore: self, is_held: Cell::new(false) }
    }

    pub fn has_free(&self) -> bool {
        locked(&self.permits).free > 0
    }

    pub fn add(&self, permits: usize) {
        locked(&self.permits).free += permits;
        self.freed.notify_all();
    }
}

impl Permit<'_> {
    /// Releases the permit to a thread in reserve, and returns whether one waits for it. Does nothing if it is released already.
    pub fn release(&self) -> Successor {
        if !self.is_held.replace(false) {
            return Successor::Waits;
        }
        let mut permits = locked(&self.semaphore.permits);
        permits.free += 1;
        let Permits { free, waiting } = *permits;
        // A thread that wakes takes the lock at once.
        drop(permits);
        if waiting > 0 {
            self.semaphore.freed.notify_one();
        }
        if free <= waiting { Successor::Waits } else { Successor::None }
    }

    /// Waits for a permit again, and returns whether it was given one in time. Does nothing if this one is held.
    pub fn reacquire(&self, within: Duration) -> bool {
        if self.is_held.get() {
            return true;
        }
        let mut permits = locked(&self.semaphore.permits);
        permits.waiting += 1;
        let waited = self.semaphore.freed.wait_timeout_while(permits, within, |permits| permits.free == 0);
        let mut permits = waited.unwrap_or_else(PoisonError::into_inner).0;
        permits.waiting -= 1;
        if permits.free > 0 {
            permits.free -= 1;
            self.is_held.set(true);
        }
        self.is_held.get()
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_permit_that_is_released_goes_to_a_thread_that_waits_for_one() {
        let semaphore = Semaphore::new(1);
        let long = Duration::from_secs(3600);
        let first = semaphore.permit();
        assert!(first.reacquire(long) && !semaphore.permit().reacquire(Duration::from_millis(1)));
        let second_has_a_permit = AtomicUsize::new(0);
        let (sender, receiver) = channel::<()>();
        std::thread::scope(|scope| {
            let (semaphore, second_has_a_permit) = (&semaphore, &second_has_a_permit);
            scope.spawn(move || {
                let second = semaphore.permit();
                second.reacquire(long);
                second_has_a_permit.store(1, Ordering::SeqCst);
                let _ = receiver.recv();
            });
            assert_eq!(second_has_a_permit.load(Ordering::SeqCst), 0);
            first.release();
            first.release();
            while second_has_a_permit.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            drop(sender);
            assert!(first.reacquire(long));
        });
        assert_eq!(semaphore.permits.lock().unwrap().free, 0);
        assert_eq!(first.release(), Successor::None);
        drop(first);
        assert_eq!(semaphore.permits.lock().unwrap().free, 1);
    }
}
