//! Lets others have the processor during work that keeps it for long.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// How long a thread works before others are let in. The scheduler alone makes one that has little to do wait for up to 4 ms.
const SLICE: Duration = Duration::from_micros(200);

thread_local! {
    /// When the thread began what it does, or last let others in.
    static BEGUN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Begins a slice of the processor for what the thread does next.
pub fn begin_slice() {
    BEGUN.set(Some(Instant::now()));
}

/// Lets other threads have the processor if the slice is over. To be called between parts of the work that are shorter than that.
pub fn end_slice_if_over() {
    match BEGUN.get() {
        Some(begun) if begun.elapsed() < SLICE => return,
        Some(_) => std::thread::yield_now(),
        None => {}
    }
    begin_slice();
}
