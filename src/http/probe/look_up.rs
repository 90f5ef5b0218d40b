//! Looks up the addresses of a name. The system's resolver has no deadline, so each look-up has a thread, and there are few of those.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Mutex;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};

use crate::base::mutex::locked;
use crate::base::probe::ProbeOutcome;
use crate::http::probe::budget::Budget;
use crate::http::queue::Group;

/// The most look-ups at one time in this process, those included that nobody waits for any more.
const MOST: usize = 32;

/// The most of one caller, and of as large a network as has one turn in a round (`http/queue.rs`); those with more turns have more, up to half
/// of all.
const MOST_EACH: usize = 8;

static LOOK_UPS: LookUps = LookUps(Mutex::new(Vec::new()));

/// For whom each look-up is that is under way.
struct LookUps(Mutex<Vec<Vec<Group>>>);

/// A place among the look-ups, until this is dropped.
struct LookUpPlace<'l>(&'l LookUps, Vec<Group>);

impl LookUps {
    /// Returns a place, unless all are taken or one of these groups has its share.
    fn place(&self, callers: &[Group]) -> Option<LookUpPlace<'_>> {
        let mut under_way = locked(&self.0);
        let share = |group: &Group| (MOST_EACH * group.turns).min(MOST / 2);
        let has_share = |group: &Group| under_way.iter().filter(|others| others.contains(group)).count() >= share(group);
        if under_way.len() >= MOST || callers.iter().any(has_share) {
            return None;
        }
        under_way.push(callers.to_vec());
        Some(LookUpPlace(self, callers.to_vec()))
    }
}

impl Drop for LookUpPlace<'_> {
    fn drop(&mut self) {
        let mut under_way = locked(&self.0.0);
        let place = under_way.iter().position(|callers| *callers == self.1);
        place.map(|place| under_way.swap_remove(place));
    }
}

/// Returns the addresses of a host, which may be an address itself.
pub fn addresses(host: &str, port: u16, callers: &[Group], budget: &Budget) -> Result<Vec<SocketAddr>, ProbeOutcome> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(vec![(address, port).into()]);
    }
    let place = LOOK_UPS.place(callers).ok_or(ProbeOutcome::Busy)?;
    let (sender, receiver) = sync_channel(1);
    let name = host.to_owned();
    let looking = move || {
        let found = (name.as_str(), port).to_socket_addrs().map(|found| found.collect::<Vec<_>>());
        drop(place);
        // Nobody may wait for it any more.
        let _ = sender.send(found);
    };
    std::thread::Builder::new().name("look-up".to_owned()).spawn(looking).map_err(|_| ProbeOutcome::Busy)?;
    let left = budget.time().ok_or(ProbeOutcome::NoAnswer)?;
    match receiver.recv_timeout(left) {
        Ok(Ok(found)) if !found.is_empty() => Ok(found),
        Ok(_) => Err(ProbeOutcome::NoAddress),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Err(ProbeOutcome::NoAnswer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(user: &str, network: &str) -> Vec<Group> {
        [(user, 1), (network, 4)].map(|(name, turns)| Group { name: name.to_owned(), turns }).into()
    }

    #[test]
    fn one_caller_leaves_look_ups_for_others_and_all_together_have_a_bound() {
        let look_ups = LookUps(Mutex::default());
        let take = |callers: &[Group]| std::iter::from_fn(|| look_ups.place(callers)).take(2 * MOST).collect::<Vec<_>>();
        let of_alice = take(&caller("alice", "a"));
        assert_eq!(of_alice.len(), MOST_EACH);
        let of_bob = take(&caller("bob", "a"));
        assert_eq!((of_bob.len(), take(&caller("carol", "a")).len()), (MOST_EACH, 0), "a network has half of all at most");
        let others: Vec<_> = (0..MOST).flat_map(|n| take(&caller(&n.to_string(), &n.to_string()))).collect();
        assert_eq!(others.len(), MOST - 2 * MOST_EACH);
        drop(of_alice);
        assert_eq!(take(&caller("alice", "a")).len(), MOST_EACH, "those that ended leave room");
        drop((of_bob, others));
        assert!(locked(&look_ups.0).is_empty());
    }
}
