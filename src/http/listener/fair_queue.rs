//! Chooses which request is sent upstream next. tiny_http hands requests out in the order in which they came, so a newcomer would wait for
//! all before it: only a few are sent at once, and the networks whose requests wait take turns.

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use mio::Waker;

use crate::base::network::Network;
use crate::http::listener::limits::UPSTREAM_FOR_EACH_WORKER;

/// The requests that wait for their turn, and what is in flight.
pub struct FairQueue {
    load: Arc<Load>,
    by_network: HashMap<Network, NetworkQueue>,
    /// How many requests wait, of all networks.
    waiting: usize,
    /// The networks with requests that wait, in the order of their turns.
    order: VecDeque<Network>,
    /// The most requests to work on at once.
    at_once: usize,
    /// The most requests in flight: the number of threads.
    most: usize,
}

/// A waiting request: the slot of its connection, and its number.
pub type RequestKey = (usize, u64);

struct NetworkQueue {
    share: Arc<Share>,
    waiting: VecDeque<RequestKey>,
}

/// What one network has in flight.
struct Share {
    load: Arc<Load>,
    in_flight: AtomicUsize,
}

/// What all have in flight; shared by the event loop and the workers.
struct Load {
    /// Requests that are worked on, or will be as soon as a worker is free. Not those that wait for something slow, such as the disk.
    worked_on: AtomicUsize,
    /// Those, and the ones that wait for something slow.
    in_flight: AtomicUsize,
    /// The event loop is woken when fewer than so many are worked on; 0 while no request waits.
    wake_below: AtomicUsize,
    waker: Arc<Waker>,
}

/// Counts a request that was sent upstream, until it is dropped.
pub struct InFlight {
    share: Arc<Share>,
    is_worked_on: Cell<bool>,
}

impl FairQueue {
    /// Sends nothing before [`FairQueue::open`].
    pub fn new(waker: Arc<Waker>) -> FairQueue {
        let (worked_on, in_flight, wake_below) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let load = Arc::new(Load { worked_on, in_flight, wake_below, waker });
        FairQueue { load, by_network: HashMap::new(), waiting: 0, order: VecDeque::new(), at_once: 0, most: 0 }
    }

    /// Begins to send, to this many threads, of which `workers` work at once and the others wait for something slow.
    pub fn open(&mut self, workers: usize, threads: usize) {
        (self.at_once, self.most) = (workers * UPSTREAM_FOR_EACH_WORKER, threads);
    }

    /// Returns how many requests wait.
    pub fn len(&self) -> usize {
        self.waiting
    }

    /// Returns permission to send a request of this network at once, or `None` if it has to wait.
    pub fn admit(&mut self, network: Network) -> Option<InFlight> {
        if !self.order.is_empty() {
            return None;
        }
        let share = self.line(network).share.clone();
        self.may_send(&share).then(|| InFlight::new(share))
    }

    pub fn push(&mut self, network: Network, waiter: RequestKey) {
        self.waiting += 1;
        let line = self.line(network);
        line.waiting.push_back(waiter);
        if line.waiting.len() == 1 {
            self.order.push_back(network);
        }
    }

    /// Returns the request whose turn it is, with permission to send it. If none may be sent, the event loop is woken when one may.
    pub fn pop(&mut self) -> Option<(RequestKey, InFlight)> {
        if self.order.is_empty() {
            return None;
        }
        self.choose().or_else(|| {
            self.load.wake_below.store(self.at_once / 2 + 1, SeqCst);
            // A request that ended just before has woken nobody.
            self.choose()
        })
    }

    fn choose(&mut self) -> Option<(RequestKey, InFlight)> {
        if self.free() == 0 {
            return None;
        }
        for _ in 0..self.order.len() {
            let network = self.order.pop_front()?;
            let share = self.line(network).share.clone();
            let may_send = self.may_send(&share);
            let line = self.line(network);
            let waiter = if may_send { line.waiting.pop_front() } else { None };
            if !line.waiting.is_empty() {
                self.order.push_back(network);
            }
            if let Some(waiter) = waiter {
                self.waiting -= 1;
                return Some((waiter, InFlight::new(share)));
            }
        }
        None
    }

    /// Removes requests that no longer wait, and networks without any.
    pub fn retain(&mut self, waits: impl Fn(RequestKey) -> bool) {
        for line in self.by_network.values_mut() {
            line.waiting.retain(|waiter| waits(*waiter));
        }
        self.waiting = self.by_network.values().map(|line| line.waiting.len()).sum();
        self.order.retain(|network| self.by_network.get(network).is_some_and(|line| !line.waiting.is_empty()));
        self.by_network.retain(|_, line| !line.waiting.is_empty() || line.share.in_flight.load(SeqCst) > 0);
    }

    fn line(&mut self, network: Network) -> &mut NetworkQueue {
        self.by_network.entry(network).or_insert_with(|| {
            let share = Share { load: self.load.clone(), in_flight: AtomicUsize::new(0) };
            NetworkQueue { share: Arc::new(share), waiting: VecDeque::new() }
        })
    }

    /// Returns how many more could be in flight; 0 while enough are worked on.
    fn free(&self) -> usize {
        let has_work = self.load.worked_on.load(SeqCst) >= self.at_once;
        if has_work { 0 } else { self.most.saturating_sub(self.load.in_flight.load(SeqCst)) }
    }

    /// Returns whether one more may be sent. A network may have as much in flight as it leaves free: one alone half of all that can be, and
    /// several so much less that there is always room for a newcomer.
    fn may_send(&self, share: &Share) -> bool {
        share.in_flight.load(SeqCst) < self.free()
    }
}

impl InFlight {
    fn new(share: Arc<Share>) -> InFlight {
        for count in [&share.in_flight, &share.load.in_flight, &share.load.worked_on] {
            count.fetch_add(1, SeqCst);
        }
        InFlight { share, is_worked_on: Cell::new(true) }
    }

    /// Allows another request to be sent, because this one is about to wait for something slow. Does nothing the second time.
    pub fn before_blocking(&self) {
        if self.is_worked_on.replace(false) {
            self.share.load.worked_on.fetch_sub(1, SeqCst);
            self.share.load.wake();
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.share.in_flight.fetch_sub(1, SeqCst);
        self.share.load.in_flight.fetch_sub(1, SeqCst);
        if self.is_worked_on.get() {
            self.share.load.worked_on.fetch_sub(1, SeqCst);
        }
        self.share.load.wake();
    }
}

impl Load {
    /// Wakes the event loop if requests wait and the workers will soon have nothing to do.
    fn wake(&self) {
        if self.worked_on.load(SeqCst) < self.wake_below.load(SeqCst) && self.wake_below.swap(0, SeqCst) > 0 {
            // Errors are ignored: it fails only if the poll is gone, and then there is no event loop to wake.
            let _ = self.waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use mio::{Poll, Token};

    use super::*;

    fn network(n: u8) -> Network {
        Network::around([192, 0, 2, n].into())
    }

    fn open(workers: usize, threads: usize) -> FairQueue {
        let waker = Waker::new(Poll::new().unwrap().registry(), Token(0)).unwrap();
        let mut queue = FairQueue::new(Arc::new(waker));
        queue.open(workers, threads);
        queue
    }

    #[test]
    fn networks_take_turns_and_the_requests_of_each_keep_their_order() {
        let mut queue = open(1, 100);
        let (first, second) = (queue.admit(network(1)).unwrap(), queue.admit(network(1)).unwrap());
        assert!(queue.admit(network(2)).is_none());
        for (slot, n) in [1, 1, 1, 2, 3, 3].into_iter().enumerate() {
            queue.push(network(n), (slot, 0));
        }
        assert!(queue.pop().is_none());
        drop((first, second));
        let order: Vec<usize> = std::iter::from_fn(|| queue.pop().map(|((slot, _), _)| slot)).collect();
        assert_eq!(order, [0, 3, 4, 1, 5, 2]);
    }

    #[test]
    fn a_network_alone_has_half_of_what_can_be_in_flight_and_others_find_room_beside_it() {
        let mut queue = open(1, 12);
        let mut of = |n: u8| {
            std::iter::from_fn(|| {
                let sent = queue.admit(network(n))?;
                sent.before_blocking();
                Some(sent)
            })
            .collect::<Vec<_>>()
        };
        let in_flight = [1, 2, 3, 4].map(&mut of);
        assert_eq!([6, 3, 2, 1], [0, 1, 2, 3].map(|n: usize| in_flight[n].len()));
    }

    #[test]
    fn nothing_stays_of_what_is_over() {
        let mut queue = open(2, 100);
        let in_flight: Vec<InFlight> = (0..4).filter_map(|n| queue.admit(network(n))).collect();
        in_flight[0].before_blocking();
        in_flight[0].before_blocking();
        queue.push(network(9), (0, 0));
        queue.push(network(9), (1, 0));
        queue.retain(|(slot, _)| slot == 1);
        assert_eq!((queue.by_network.len(), queue.len()), (5, 1));
        drop(in_flight);
        assert_eq!(queue.pop().map(|(waiter, _)| waiter), Some((1, 0)));
        assert!(queue.pop().is_none());
        queue.retain(|_| true);
        assert!(queue.by_network.is_empty() && queue.order.is_empty() && queue.len() == 0);
        let Load { worked_on, in_flight, .. } = &*queue.load;
        assert_eq!([worked_on.load(SeqCst), in_flight.load(SeqCst)], [0, 0]);
    }
}
