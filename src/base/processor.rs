//! Lets others have the processor during work that keeps it for long.

use std::time::{Duration, Instant};

/// How long work goes on before others are let in. The scheduler alone makes a thread that has little to do wait for up to 4 ms.
const SLICE: Duration = Duration::from_micros(200);

/// The time for which work has kept its processor.
pub struct ProcessorSlice {
    begun: Instant,
}

impl ProcessorSlice {
    pub fn begin() -> ProcessorSlice {
        ProcessorSlice { begun: Instant::now() }
    }

    /// Lets other threads have the processor if the slice is over. To be called between parts of the work that are shorter than that.
    pub fn end_if_over(&mut self) {
        if self.begun.elapsed() >= SLICE {
            std::thread::yield_now();
            self.begun = Instant::now();
        }
    }
}
