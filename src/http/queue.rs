//! Work that keeps a processor busy for long: little of it at once, a bounded queue behind it, and nobody else waits.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The most that is done at once, on whatever machine.
const MOST_AT_ONCE: usize = 4;

/// The most that wait, and of these the most from one address.
const MOST_WAITING: usize = 32;
const MOST_WAITING_FROM_ONE: usize = MOST_WAITING / 2;

/// So many threads can be in a queue, working or waiting.
pub const MOST_INSIDE: usize = MOST_AT_ONCE + MOST_WAITING;

/// Who has waited for so long is sent away: a browser would not wait much longer either.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What sort of work it is. Where both wait they take turns, so that a flood of one does not hold up the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slow {
    Password,
    ClientSecret,
}

/// The queue is full, or moves too slowly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

#[derive(Debug)]
pub struct Queue {
    at_once: usize,
    longest_wait: Duration,
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct State {
    working: usize,
    /// First come, first served, within each sort of work.
    waiting: Vec<Waiter>,
    next_number: u64,
    last: Option<Slow>,
}

#[derive(Debug)]
struct Waiter {
    number: u64,
    work: Slow,
    from: String,
}

/// Leave to work, until this is dropped.
#[derive(Debug)]
pub struct Turn<'q>(&'q Queue);

impl Queue {
    /// For a machine with so many processors: at most half of them are kept busy, and at least one.
    pub fn new(processors: usize) -> Queue {
        Queue {
            at_once: (processors / 2).clamp(1, MOST_AT_ONCE),
            longest_wait: LONGEST_WAIT,
            state: Mutex::default(),
            moved: Condvar::new(),
        }
    }

    /// Waits for a turn, for somebody at this address.
    pub fn enter(&self, work: Slow, from: &str) -> Result<Turn<'_>, Full> {
        let mut state = self.state();
        let theirs = state.waiting.iter().filter(|waiter| waiter.from == from).count();
        if state.waiting.len() >= MOST_WAITING || theirs >= MOST_WAITING_FROM_ONE {
            return Err(Full);
        }
        let number = state.next_number;
        state.next_number += 1;
        state.waiting.push(Waiter { number, work, from: from.to_owned() });
        let until = Instant::now() + self.longest_wait;
        while state.working >= self.at_once || state.next() != Some(number) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                state.waiting.retain(|waiter| waiter.number != number);
                // It may have been this one's turn.
                self.moved.notify_all();
                return Err(Full);
            }
            state = self.moved.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.waiting.retain(|waiter| waiter.number != number);
        state.working += 1;
        state.last = Some(work);
        // Another processor may be free for the next one.
        self.moved.notify_all();
        Ok(Turn(self))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whose turn it is: the first whose work is not what was done last, or else the first.
    fn next(&self) -> Option<u64> {
        let other = self.waiting.iter().find(|waiter| Some(waiter.work) != self.last);
        other.or(self.waiting.first()).map(|waiter| waiter.number)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.state().working -= 1;
        self.0.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    /// Waits until so many wait.
    fn until_waiting(queue: &Queue, count: usize) {
        while queue.state().waiting.len() != count {
            std::thread::yield_now();
        }
    }

    #[test]
    fn half_of_the_processors_are_kept_busy_and_at_least_one() {
        let at_once = |processors| Queue::new(processors).at_once;
        assert_eq!([1, 2, 3, 4, 7, 8, 64].map(at_once), [1, 1, 1, 2, 3, 4, 4]);
    }

    #[test]
    fn those_who_wait_take_turns_by_their_work_and_then_by_when_they_came() {
        use Slow::{ClientSecret, Password};
        let queue = Queue::new(2);
        let (sender, receiver) = channel();
        std::thread::scope(|scope| {
            let first = queue.enter(Password, "a").unwrap();
            for (n, work) in [Password, Password, ClientSecret, Password, ClientSecret].into_iter().enumerate() {
                let (queue, sender) = (&queue, sender.clone());
                scope.spawn(move || {
                    let _turn = queue.enter(work, "a").unwrap();
                    sender.send(n).unwrap();
                });
                until_waiting(queue, n + 1);
            }
            drop(first);
        });
        drop(sender);
        assert_eq!(receiver.iter().collect::<Vec<_>>(), [2, 0, 4, 1, 3]);
        assert_eq!(queue.state().working, 0);
    }

    #[test]
    fn a_full_queue_sends_away_and_one_address_does_not_fill_it() {
        let queue = Queue::new(2);
        std::thread::scope(|scope| {
            let first = queue.enter(Slow::Password, "a").unwrap();
            for n in 0..MOST_WAITING {
                let from = if n < MOST_WAITING_FROM_ONE { "a" } else { "b" };
                let queue = &queue;
                scope.spawn(move || drop(queue.enter(Slow::Password, from).unwrap()));
                until_waiting(queue, n + 1);
                if n + 1 == MOST_WAITING_FROM_ONE {
                    assert_eq!(queue.enter(Slow::Password, "a").unwrap_err(), Full);
                }
            }
            assert_eq!(queue.enter(Slow::Password, "c").unwrap_err(), Full);
            drop(first);
        });
        assert!(queue.enter(Slow::Password, "c").is_ok());
    }

    #[test]
    fn who_has_waited_too_long_is_sent_away_and_leaves_nothing_behind() {
        let queue = Queue { longest_wait: Duration::ZERO, ..Queue::new(2) };
        let first = queue.enter(Slow::Password, "a").unwrap();
        assert_eq!(queue.enter(Slow::Password, "b").unwrap_err(), Full);
        drop(first);
        assert!(queue.enter(Slow::Password, "b").is_ok());
    }
}
