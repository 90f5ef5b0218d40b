//! Locks that a panic does not keep from the next user.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a mutex, also if its holder panicked: the next user repairs what it guards, if there is something to repair.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
