//! Work that keeps a processor busy for long: little of it at once, a bounded queue behind it, and nobody else waits.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The most that is done at once, on whatever machine.
const MOST_AT_ONCE: usize = 4;

/// The most that wait for one sort of work.
const MOST_WAITING: usize = 32;

/// So many threads can be in a queue, working or waiting.
pub const MOST_INSIDE: usize = MOST_AT_ONCE + SORTS * MOST_WAITING;

/// Who has waited for so long is sent away: a browser would not wait much longer either.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// How many sorts of work there are.
const SORTS: usize = 2;

/// What sort of work it is. Each sort has waiters of its own, and where both wait they take turns: so a flood of one does not hold up the
/// other.
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
    waiting: Vec<Waiter>,
    next_number: u64,
    last: Option<Slow>,
}

/// Somebody who waits. Networks take turns, round after round: a network's first waiter is in the round that is under way, and each of its
/// others one round after the one before.
#[derive(Debug)]
struct Waiter {
    number: u64,
    work: Slow,
    network: String,
    round: u64,
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

    /// Waits for a turn, for somebody in this network. Refused where too many wait and no other network has more of them.
    pub fn enter(&self, work: Slow, network: &str) -> Result<Turn<'_>, Full> {
        let mut state = self.state();
        let number = state.add(work, network)?;
        // Somebody else may have had to make room.
        self.moved.notify_all();
        let until = Instant::now() + self.longest_wait;
        while state.working >= self.at_once || state.next() != Some(number) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || !state.waiting.iter().any(|waiter| waiter.number == number) {
                state.remove(number);
                // It may have been this one's turn.
                self.moved.notify_all();
                return Err(Full);
            }
            state = self.moved.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.working += 1;
        state.last = Some(work);
        state.remove(number);
        // Another processor may be free for the next one.
        self.moved.notify_all();
        Ok(Turn(self))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Adds a waiter and returns its number. Where there is no room, the newest of the network that has the most waiters goes, if it still
    /// has as many as the newcomer's network then.
    fn add(&mut self, work: Slow, network: &str) -> Result<u64, Full> {
        let count = |of: &str| self.of(work).filter(|waiter| waiter.network == of).count();
        if self.of(work).count() >= MOST_WAITING {
            let most = self.of(work).map(|waiter| (count(&waiter.network), waiter.number)).max();
            let (_, newest) = most.filter(|(waiters, _)| *waiters > count(network) + 1).ok_or(Full)?;
            self.remove(newest);
        }
        let under_way = self.of(work).map(|waiter| waiter.round).min();
        let after_theirs = self.of(work).filter(|waiter| waiter.network == network).map(|waiter| waiter.round + 1).max();
        let round = after_theirs.or(under_way).unwrap_or_default();
        let number = self.next_number;
        self.next_number += 1;
        self.waiting.push(Waiter { number, work, network: network.to_owned(), round });
        Ok(number)
    }

    fn of(&self, work: Slow) -> impl Iterator<Item = &Waiter> {
        self.waiting.iter().filter(move |waiter| waiter.work == work)
    }

    fn remove(&mut self, number: u64) {
        self.waiting.retain(|waiter| waiter.number != number);
    }

    /// Whose turn it is: that of who waits for other work than was done last, if anybody does, in the earliest round.
    fn next(&self) -> Option<u64> {
        let first = self.waiting.iter().min_by_key(|waiter| (Some(waiter.work) == self.last, waiter.round, waiter.number));
        first.map(|waiter| waiter.number)
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

    /// The networks of those who wait for one sort of work, in the order in which they have their turn.
    fn order(state: &mut State, work: Slow) -> String {
        let mut order = String::new();
        while let Some(first) = state.of(work).min_by_key(|waiter| (waiter.round, waiter.number)) {
            let number = first.number;
            order.push_str(&first.network);
            state.remove(number);
        }
        order
    }

    #[test]
    fn networks_take_turns() {
        let mut state = State::default();
        for network in ["a", "a", "a", "a", "b", "b", "c"] {
            state.add(Slow::Password, network).unwrap();
        }
        state.remove(0);
        state.add(Slow::Password, "d").unwrap();
        assert_eq!(order(&mut state, Slow::Password), "bcdabaa");
    }

    #[test]
    fn the_network_that_has_the_most_makes_room_for_one_that_has_fewer() {
        let mut state = State::default();
        for _ in 0..MOST_WAITING {
            state.add(Slow::ClientSecret, "a").unwrap();
        }
        assert_eq!(state.add(Slow::ClientSecret, "a"), Err(Full));
        for n in 1..=MOST_WAITING / 2 {
            state.add(Slow::ClientSecret, "b").unwrap();
            assert_eq!(state.of(Slow::ClientSecret).filter(|waiter| waiter.network == "b").count(), n);
        }
        assert_eq!(state.add(Slow::ClientSecret, "b"), Err(Full), "it has as many");
        state.add(Slow::ClientSecret, "c").unwrap();
        state.add(Slow::Password, "a").unwrap();
        assert_eq!(state.waiting.len(), MOST_WAITING + 1);
        assert_eq!(state.waiting[0].number, 0, "the oldest of a network stays");
    }

    #[test]
    fn where_every_network_has_one_nobody_makes_room() {
        let mut state = State::default();
        for n in 0..MOST_WAITING {
            state.add(Slow::Password, &n.to_string()).unwrap();
        }
        assert_eq!(state.add(Slow::Password, "another"), Err(Full));
    }

    #[test]
    fn who_makes_room_is_sent_away_at_once() {
        let queue = Queue { longest_wait: Duration::from_secs(3600), ..Queue::new(2) };
        std::thread::scope(|scope| {
            let first = queue.enter(Slow::Password, "a").unwrap();
            let of_a: Vec<_> = (0..MOST_WAITING).map(|_| scope.spawn(|| queue.enter(Slow::Password, "a").map(drop))).collect();
            until_waiting(&queue, MOST_WAITING);
            let of_b = scope.spawn(|| queue.enter(Slow::Password, "b").map(drop));
            while !of_a.iter().any(|waiter| waiter.is_finished()) {
                std::thread::yield_now();
            }
            drop(first);
            assert_eq!(of_b.join().unwrap(), Ok(()));
            assert_eq!(of_a.into_iter().filter_map(|waiter| waiter.join().unwrap().err()).count(), 1);
        });
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
