//! Counts that many threads add to, for the metrics: adding is one atomic operation, and nothing waits for it.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A number that goes up, or that is set to what there is now.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub const fn new() -> Counter {
        Counter(AtomicU64::new(0))
    }

    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Relaxed);
    }

    pub fn set(&self, value: u64) {
        self.0.store(value, Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// How many values were at most each bound, and their sum.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    /// One for each bound, and one for larger values.
    counts: Box<[Counter]>,
    sum: Counter,
}

/// What a histogram held at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    pub bounds: &'static [u64],
    /// How many values were above the bound before and at most each bound; the last, above all bounds.
    pub counts: Vec<u64>,
    pub sum: u64,
}

impl Histogram {
    /// Returns an empty one. The bounds ascend.
    pub fn new(bounds: &'static [u64]) -> Histogram {
        Histogram { bounds, counts: (0..=bounds.len()).map(|_| Counter::new()).collect(), sum: Counter::new() }
    }

    pub fn observe(&self, value: u64) {
        self.counts[self.bounds.partition_point(|bound| *bound < value)].add(1);
        self.sum.add(value);
    }

    pub fn read(&self) -> Distribution {
        Distribution { bounds: self.bounds, counts: self.counts.iter().map(Counter::get).collect(), sum: self.sum.get() }
    }
}

impl Distribution {
    /// Adds what another one with the same bounds holds.
    pub fn add(&mut self, other: &Distribution) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(count, more)| *count += more);
        self.sum += other.sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_below_the_first_bound_that_it_does_not_exceed() {
        let histogram = Histogram::new(&[1, 10, 100]);
        for value in [0, 1, 2, 10, 11, 1000] {
            histogram.observe(value);
        }
        let mut read = histogram.read();
        assert_eq!((&read.counts[..], read.sum), (&[2, 2, 1, 1][..], 1024));
        read.add(&histogram.read());
        assert_eq!((&read.counts[..], read.sum), (&[4, 4, 2, 2][..], 2048));
    }
}
