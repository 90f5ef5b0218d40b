//! A counting semaphore: limits how many threads work at once; threads in reserve replace one that is about to wait without using a
//! processor. Few threads at work mean few that wake each other, and a warm cache.

use std::cell::Cell;
use std::sync::{Condvar, Mutex, PoisonError};

use crate::base::mutex::locked;

#[derive(Debug)]
pub struct Semaphore {
    free: Mutex<usize>,
    freed: Condvar,
}

/// A thread's permit to work, until it is released.
#[derive(Debug)]
pub struct Permit<'s> {
    semaphore: &'s Semaphore,
    is_held: Cell<bool>,
}

impl Semaphore {
    pub fn new(permits: usize) -> Semaphore {
        Semaphore { free: Mutex::new(permits), freed: Condvar::new() }
    }

    /// Waits for a permit.
    pub fn acquire(&self) -> Permit<'_> {
        let permit = Permit { semaphore: self, is_held: Cell::new(false) };
        permit.reacquire();
        permit
    }

    /// Adds permits.
    pub fn add(&self, permits: usize) {
        *locked(&self.free) += permits;
        self.freed.notify_all();
    }
}

impl Permit<'_> {
    /// Releases the permit to a thread in reserve. Does nothing if it is released already.
    pub fn release(&self) {
        if self.is_held.replace(false) {
            *locked(&self.semaphore.free) += 1;
            self.semaphore.freed.notify_one();
        }
    }

    /// Waits for a permit again. Does nothing if this one is held.
    pub fn reacquire(&self) {
        if !self.is_held.replace(true) {
            let free = locked(&self.semaphore.free);
            let mut free = self.semaphore.freed.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
            *free -= 1;
        }
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
        let first = semaphore.acquire();
        let second_has_a_permit = AtomicUsize::new(0);
        let (sender, receiver) = channel::<()>();
        std::thread::scope(|scope| {
            let (semaphore, second_has_a_permit) = (&semaphore, &second_has_a_permit);
            scope.spawn(move || {
                let _second = semaphore.acquire();
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
            first.reacquire();
        });
        assert_eq!(*semaphore.free.lock().unwrap(), 0);
        drop(first);
        assert_eq!(*semaphore.free.lock().unwrap(), 1);
    }
}
