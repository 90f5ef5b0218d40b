//! Who works: so many threads at once, and others in reserve, one of whom steps in for a thread that is about to wait for something
//! slow that needs no processor. Few threads that work mean few that wake each other, and a warm cache.

use std::cell::Cell;
use std::sync::{Condvar, Mutex, PoisonError};

#[derive(Debug)]
pub struct Places {
    free: Mutex<usize>,
    freed: Condvar,
}

/// A thread's own place, until it is left.
#[derive(Debug)]
pub struct Place<'p> {
    places: &'p Places,
    is_held: Cell<bool>,
}

impl Places {
    pub fn new(count: usize) -> Places {
        Places { free: Mutex::new(count), freed: Condvar::new() }
    }

    /// Waits for a place.
    pub fn take(&self) -> Place<'_> {
        let place = Place { places: self, is_held: Cell::new(false) };
        place.take_again();
        place
    }

    /// Makes room for so many more.
    pub fn add(&self, count: usize) {
        *self.free.lock().unwrap_or_else(PoisonError::into_inner) += count;
        self.freed.notify_all();
    }
}

impl Place<'_> {
    /// Lets a thread from the reserve step in; a second time it does nothing.
    pub fn leave(&self) {
        if self.is_held.replace(false) {
            *self.places.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            self.places.freed.notify_one();
        }
    }

    /// Waits for a place again, if this one was left.
    pub fn take_again(&self) {
        if !self.is_held.replace(true) {
            let free = self.places.free.lock().unwrap_or_else(PoisonError::into_inner);
            let mut free = self.places.freed.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
            *free -= 1;
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_place_that_is_left_is_taken_by_who_waits_for_one() {
        let places = Places::new(1);
        let first = places.take();
        let second_has_a_place = AtomicUsize::new(0);
        let (sender, receiver) = channel::<()>();
        std::thread::scope(|scope| {
            let (places, second_has_a_place) = (&places, &second_has_a_place);
            scope.spawn(move || {
                let _second = places.take();
                second_has_a_place.store(1, Ordering::SeqCst);
                let _ = receiver.recv();
            });
            assert_eq!(second_has_a_place.load(Ordering::SeqCst), 0);
            first.leave();
            first.leave();
            while second_has_a_place.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            drop(sender);
            first.take_again();
        });
        assert_eq!(*places.free.lock().unwrap(), 0);
        drop(first);
        assert_eq!(*places.free.lock().unwrap(), 1);
    }
}
