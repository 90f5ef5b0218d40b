//! The queue for work that keeps a processor busy for long: little at once, and a bounded number waiting.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::base::mutex::locked;

/// The most work done at once, on any machine.
const MOST_AT_ONCE: usize = 4;

/// The most that wait for one kind of hashing.
const MOST_WAITING: usize = 32;

/// The most threads in the queues for what is slow, working or waiting.
pub const MOST_SLOW: usize = MOST_AT_ONCE + 3 * MOST_WAITING + MOST_PROBES + MOST_WAITING_PROBES;

/// Waiting longer than this fails: a browser would not wait much longer either.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// How many kinds of work there are.
const KINDS: usize = 5;

/// The kind of work. The kinds in a queue take turns, so a flood of one does not hold up the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slow {
    /// Hashing for strangers.
    Password,
    /// Hashing for strangers.
    ClientSecret,
    /// Hashing of either, for users who are signed in or have signed in from there before.
    Known,
    /// Reading many rows.
    List,
    /// Waiting for other servers.
    Probe,
}

/// Whose requests are counted together: those of an address, a network, a user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Group {
    pub name: String,
    /// How many of its requests have a turn in one round.
    pub turns: usize,
}

/// The most clients whose URIs are tried at one time, and the most that wait for it.
const MOST_PROBES: usize = 2;
const MOST_WAITING_PROBES: usize = 8;

pub struct Queues {
    pub hashing: Queue,
    pub lists: Queue,
    pub probes: Queue,
}

impl Queues {
    /// Returns the queues of a machine with this many processors.
    pub fn of(processors: usize) -> Queues {
        let probes = Queue { at_once: MOST_PROBES, most_waiting: MOST_WAITING_PROBES, ..Queue::for_hashing(processors) };
        Queues { hashing: Queue::for_hashing(processors), lists: Queue::for_lists(processors), probes }
    }
}

/// The queue is full, or moves too slowly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

#[derive(Debug)]
pub struct Queue {
    at_once: usize,
    /// The most that wait for one kind of work.
    most_waiting: usize,
    longest_wait: Duration,
    state: Mutex<State>,
}

/// How much is being done, and how much waits.
#[derive(Clone, Copy, Debug)]
pub struct QueueLoad {
    pub working: u64,
    pub waiting: u64,
}

#[derive(Debug, Default)]
struct State {
    working: usize,
    waiting: Vec<Waiter>,
    next_number: u64,
    turns_taken: u64,
    /// When each kind had its last turn.
    last_turns: [u64; KINDS],
}

/// A request that waits. Groups take turns, round after round: the first waiters of a group are in the round that is under way, the others
/// in later ones.
#[derive(Debug)]
struct Waiter {
    number: u64,
    work: Slow,
    groups: Vec<Group>,
    round: u64,
    /// Told when it may be its turn, and when it was removed.
    told: Arc<Condvar>,
}

/// Permission to work, until this is dropped.
#[derive(Debug)]
pub struct Turn<'q>(&'q Queue);

impl Queue {
    pub fn load(&self) -> QueueLoad {
        let state = self.state();
        QueueLoad { working: state.working as u64, waiting: state.waiting.len() as u64 }
    }

    /// Returns a queue for hashing on this many processors: keeps at most half of them busy, and at least one.
    pub fn for_hashing(processors: usize) -> Queue {
        let at_once = (processors / 2).clamp(1, MOST_AT_ONCE);
        Queue { at_once, most_waiting: MOST_WAITING, longest_wait: LONGEST_WAIT, state: Mutex::default() }
    }

    /// The same for lists, of which as many may wait as there are threads.
    pub fn for_lists(processors: usize) -> Queue {
        Queue { most_waiting: usize::MAX, ..Queue::for_hashing(processors) }
    }

    /// Waits for a turn, on behalf of this network. Fails if the queue is full and no other network has more waiters.
    pub fn enter(&self, work: Slow, groups: Vec<Group>) -> Result<Turn<'_>, Full> {
        let mut state = self.state();
        let (number, told) = state.add(work, groups, self.most_waiting)?;
        let until = Instant::now() + self.longest_wait;
        while state.working >= self.at_once || state.next().map(|waiter| waiter.number) != Some(number) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || !state.waiting.iter().any(|waiter| waiter.number == number) {
                state.remove(number);
                // It may have been this one's turn.
                state.tell_next();
                return Err(Full);
            }
            state = told.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.working += 1;
        state.turns_taken += 1;
        state.last_turns[work as usize] = state.turns_taken;
        state.remove(number);
        if state.working < self.at_once {
            state.tell_next();
        }
        Ok(Turn(self))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

impl State {
    /// Adds a waiter and returns its number and where it is told of its turn, if there is room or somebody makes room.
    fn add(&mut self, work: Slow, groups: Vec<Group>, most: usize) -> Result<(u64, Arc<Condvar>), Full> {
        if self.of(work).count() >= most {
            let newest = self.who_makes_room(work, &groups).ok_or(Full)?;
            self.remove(newest);
        }
        let under_way = self.of(work).map(|waiter| waiter.round).min();
        let takes_turns_with = |waiter: &&Waiter| groups.iter().any(|group| group.turns == 1 && waiter.groups.contains(group));
        let after_theirs = self.of(work).filter(takes_turns_with).map(|waiter| waiter.round + 1).max();
        let first = after_theirs.or(under_way).unwrap_or_default();
        let turns = |group: &Group, round| self.of(work).filter(|waiter| waiter.round == round && waiter.groups.contains(group)).count();
        let round = (first..).find(|round| groups.iter().all(|group| turns(group, *round) < group.turns)).unwrap_or(first);
        let number = self.next_number;
        self.next_number += 1;
        let told = Arc::new(Condvar::new());
        self.waiting.push(Waiter { number, work, groups, round, told: told.clone() });
        Ok((number, told))
    }

    /// Returns the newest waiter of the group that has the most, if it still has as many as each of the newcomer's then. Groups that they
    /// share do not count.
    fn who_makes_room(&self, work: Slow, newcomers: &[Group]) -> Option<u64> {
        let mut counts = HashMap::<&Group, usize>::new();
        self.of(work).flat_map(|waiter| &waiter.groups).for_each(|group| *counts.entry(group).or_default() += 1);
        let count = |group: &Group| counts.get(group).copied().unwrap_or_default();
        let most = |of: &[Group], but: &[Group]| of.iter().filter(|group| !but.contains(group)).map(count).max().unwrap_or_default();
        let has_more = |waiter: &&Waiter| most(&waiter.groups, newcomers) > most(newcomers, &waiter.groups) + 1;
        // Of a site, first those of the network in it that has the most.
        let of_all = |waiter: &Waiter| waiter.groups.iter().map(count).sum::<usize>();
        let newest = self.of(work).filter(has_more).max_by_key(|w| (most(&w.groups, newcomers), of_all(w), w.number));
        newest.map(|waiter| waiter.number)
    }

    fn of(&self, work: Slow) -> impl Iterator<Item = &Waiter> {
        self.waiting.iter().filter(move |waiter| waiter.work == work)
    }

    fn remove(&mut self, number: u64) {
        self.waiting.extract_if(.., |waiter| waiter.number == number).for_each(|waiter| waiter.told.notify_one());
    }

    /// Returns whose turn it is: of the kind that has had none for longest, the first in the earliest round.
    fn next(&self) -> Option<&Waiter> {
        self.waiting.iter().min_by_key(|waiter| (self.last_turns[waiter.work as usize], waiter.round, waiter.number))
    }

    /// Wakes the one whose turn it is: waking all each time takes longer than most of their work.
    fn tell_next(&self) {
        self.next().into_iter().for_each(|waiter| waiter.told.notify_one());
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.working -= 1;
        state.tell_next();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    /// The address of this name.
    fn group(name: &str) -> Vec<Group> {
        vec![Group { name: name.to_owned(), turns: 1 }]
    }

    /// An address in a site of which two have a turn in a round.
    fn in_site(site: &str, address: &str) -> Vec<Group> {
        [group(address), vec![Group { name: site.to_owned(), turns: 2 }]].concat()
    }

    fn until_waiting(queue: &Queue, count: usize) {
        while queue.state().waiting.len() != count {
            std::thread::yield_now();
        }
    }

    #[test]
    fn half_of_the_processors_are_kept_busy_and_at_least_one() {
        let at_once = |processors| Queue::for_hashing(processors).at_once;
        assert_eq!([1, 2, 3, 4, 7, 8, 64].map(at_once), [1, 1, 1, 2, 3, 4, 4]);
    }

    #[test]
    fn those_who_wait_take_turns_by_their_work_and_then_by_when_they_came() {
        use Slow::{ClientSecret, Password};
        let queue = Queue::for_hashing(2);
        let (sender, receiver) = channel();
        std::thread::scope(|scope| {
            let first = queue.enter(Password, group("a")).unwrap();
            for (n, work) in [Password, Password, ClientSecret, Password, ClientSecret].into_iter().enumerate() {
                let (queue, sender) = (&queue, sender.clone());
                scope.spawn(move || {
                    let _turn = queue.enter(work, group("a")).unwrap();
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

    /// The networks of those who wait for one kind of work, in the order in which they have their turn.
    fn order(state: &mut State, work: Slow) -> String {
        let mut order = String::new();
        while let Some(first) = state.of(work).min_by_key(|waiter| (waiter.round, waiter.number)) {
            let number = first.number;
            order.push_str(&first.groups[0].name);
            state.remove(number);
        }
        order
    }

    #[test]
    fn networks_take_turns() {
        let mut state = State::default();
        for network in ["a", "a", "a", "a", "b", "b", "c"] {
            state.add(Slow::Password, group(network), MOST_WAITING).unwrap();
        }
        state.remove(0);
        state.add(Slow::Password, group("d"), MOST_WAITING).unwrap();
        assert_eq!(order(&mut state, Slow::Password), "bcdabaa");
    }

    #[test]
    fn a_site_has_few_turns_in_a_round_however_many_networks_it_has() {
        let mut state = State::default();
        for address in ["a", "b", "c", "d", "e", "a"] {
            state.add(Slow::Password, in_site("s", address), MOST_WAITING).unwrap();
        }
        state.add(Slow::Password, group("x"), MOST_WAITING).unwrap();
        state.add(Slow::Password, in_site("t", "y"), MOST_WAITING).unwrap();
        assert_eq!(order(&mut state, Slow::Password), "abxycdea");
    }

    #[test]
    fn the_kind_that_has_had_no_turn_for_longest_is_next() {
        let mut state = State::default();
        for (number, work) in [Slow::Password, Slow::ClientSecret, Slow::Password, Slow::Known].into_iter().enumerate() {
            state.add(work, group("a"), MOST_WAITING).unwrap();
            state.last_turns[work as usize] = 4 - number as u64;
        }
        assert_eq!(state.next().map(|waiter| waiter.number), Some(3));
    }

    /// A state in which as many wait for this work as may, of these groups.
    fn full(work: Slow, groups: impl Fn(usize) -> Vec<Group>) -> State {
        let mut state = State::default();
        (0..MOST_WAITING).for_each(|n| drop(state.add(work, groups(n), MOST_WAITING).unwrap()));
        state
    }

    #[test]
    fn a_site_makes_room_even_if_each_network_of_it_has_little() {
        let mut state = full(Slow::Known, |n| in_site("s", &n.to_string()));
        assert_eq!(state.add(Slow::Known, in_site("s", "one-more"), MOST_WAITING).err(), Some(Full), "it has as many");
        for n in 1..=MOST_WAITING / 2 {
            state.add(Slow::Known, in_site("t", &format!("t{n}")), MOST_WAITING).unwrap();
        }
        assert_eq!(state.add(Slow::Known, in_site("t", "one-more"), MOST_WAITING).err(), Some(Full));
        assert_eq!(state.of(Slow::Known).filter(|waiter| waiter.groups[1].name == "s").count(), MOST_WAITING / 2);
    }

    #[test]
    fn within_a_site_the_network_that_has_the_most_makes_room() {
        let mut state = full(Slow::Known, |n| in_site("s", if n < 20 { "a" } else { "b" }));
        for newcomer in [in_site("s", "c"), group("x")] {
            state.add(Slow::Known, newcomer, MOST_WAITING).unwrap();
        }
        assert_eq!(state.of(Slow::Known).filter(|waiter| waiter.groups[0].name == "a").count(), 18);
    }

    #[test]
    fn the_network_that_has_the_most_makes_room_for_one_that_has_fewer() {
        let mut state = full(Slow::ClientSecret, |_| group("a"));
        assert_eq!(state.add(Slow::ClientSecret, group("a"), MOST_WAITING).err(), Some(Full));
        for n in 1..=MOST_WAITING / 2 {
            state.add(Slow::ClientSecret, group("b"), MOST_WAITING).unwrap();
            assert_eq!(state.of(Slow::ClientSecret).filter(|waiter| waiter.groups == group("b")).count(), n);
        }
        assert_eq!(state.add(Slow::ClientSecret, group("b"), MOST_WAITING).err(), Some(Full), "it has as many");
        state.add(Slow::ClientSecret, group("c"), MOST_WAITING).unwrap();
        state.add(Slow::Password, group("a"), MOST_WAITING).unwrap();
        assert_eq!(state.waiting.len(), MOST_WAITING + 1);
        assert_eq!(state.waiting[0].number, 0, "the oldest of a network stays");
    }

    #[test]
    fn where_every_network_has_one_nobody_makes_room() {
        let mut state = full(Slow::Password, |n| group(&n.to_string()));
        assert_eq!(state.add(Slow::Password, group("another"), MOST_WAITING).err(), Some(Full));
    }

    #[test]
    fn who_makes_room_is_sent_away_at_once() {
        let queue = Queue { longest_wait: Duration::from_secs(3600), ..Queue::for_hashing(2) };
        std::thread::scope(|scope| {
            let first = queue.enter(Slow::Password, group("a")).unwrap();
            let of_a: Vec<_> = (0..MOST_WAITING).map(|_| scope.spawn(|| queue.enter(Slow::Password, group("a")).map(drop))).collect();
            until_waiting(&queue, MOST_WAITING);
            let of_b = scope.spawn(|| queue.enter(Slow::Password, group("b")).map(drop));
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
        let queue = Queue { longest_wait: Duration::ZERO, ..Queue::for_hashing(2) };
        let first = queue.enter(Slow::Password, group("a")).unwrap();
        assert_eq!(queue.enter(Slow::Password, group("b")).unwrap_err(), Full);
        drop(first);
        assert!(queue.enter(Slow::Password, group("b")).is_ok());
    }
}
