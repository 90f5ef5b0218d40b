//! Slows guessing down: failures are counted by whose secret is guessed and by where the guess comes from (oauth.md 2.1, item 15).
//!
//! A guess counts before it is compared: it is held in memory ([`GuessesInProgress`]) until its failure is recorded. Many guesses at once
//! get no more compared than the same number one after the other.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard};

use crate::base::counter::Counter;
use crate::base::error::{Result, errors};
use crate::base::id::UserId;
use crate::base::mutex::locked;
use crate::base::time::Time;
use crate::http::queue::Group;
use crate::store::Tx;
use crate::store::sign_ins::Failures;

errors! {
    TOO_MANY_FAILURES: ResourceExhausted "keyfob" "too_many_failures" "too many failed attempts: try again in {seconds} seconds";
}

/// Failures within this time of each other are one attack. Also the longest wait.
const WINDOW_SECONDS: i64 = 15 * 60;

/// The most subjects whose failures are stored. Beyond it those with the fewest are deleted first, so no flood makes a long attack
/// forgotten.
const MOST_SUBJECTS: usize = 20_000;

/// How many times more failures are free in the next larger kind of network.
const MORE_FREE: i64 = 4;
const MORE_TURNS: usize = 2;

/// The guesses that this process refused to compare.
static THROTTLED: Counter = Counter::new();

/// Returns how many guesses this process refused to compare.
pub fn throttled() -> u64 {
    THROTTLED.get()
}

/// What failures are counted against, and how many are free.
#[derive(Clone, Debug)]
pub struct Subject {
    pub name: String,
    pub free: i64,
}

impl Subject {
    /// Returns the networks of an address: for IPv4 the address alone; for IPv6, where one person may have very many, the /64, /56 and /48,
    /// each with a higher bound.
    pub fn networks(what: &str, peer: IpAddr, free: i64) -> Vec<Subject> {
        let subject = |(network, step)| Subject { name: format!("{what} {network}"), free: free * MORE_FREE.pow(step) };
        networks(peer).map(subject).collect()
    }
}

/// Returns the networks of an address with their numbers, the smallest first.
fn networks(peer: IpAddr) -> impl Iterator<Item = (String, u32)> {
    let prefixes: &[u32] = if peer.to_canonical().is_ipv4() { &[32] } else { &[64, 56, 48] };
    prefixes.iter().zip(0..).map(move |(prefix, step)| (network(peer, *prefix), step))
}

/// Returns whom a request that waits in the queue for slow work counts for: the user, if one is known, and the networks.
pub fn groups(known: Option<&UserId>, peer: IpAddr) -> Vec<Group> {
    let user = known.map(|user| Group { name: format!("user {user}"), turns: 1 });
    user.into_iter().chain(networks(peer).map(|(name, step)| Group { name, turns: MORE_TURNS.pow(step) })).collect()
}

/// The guesses that are being compared, by the names of their subjects.
#[derive(Debug, Default)]
pub struct GuessesInProgress(Mutex<HashMap<String, i64>>);

/// A guess that is being compared, until this is dropped.
pub struct GuessInProgress<'u> {
    under_way: &'u GuessesInProgress,
    /// Each with the number of guesses that were in progress when this one began.
    subjects: Vec<(Subject, i64)>,
}

impl GuessesInProgress {
    /// Counts a guess. Call it before beginning the transaction in which [`GuessInProgress::check`] looks for failures: every guess that began
    /// before this one was still in progress now, or the transaction sees its failure.
    pub fn begin(&self, subjects: Vec<Subject>) -> GuessInProgress<'_> {
        let mut counts = self.counts();
        let counted = subjects.into_iter().map(|subject| {
            let count = counts.entry(subject.name.clone()).or_default();
            *count += 1;
            (subject, *count - 1)
        });
        GuessInProgress { subjects: counted.collect(), under_way: self }
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<String, i64>> {
        locked(&self.0)
    }
}

impl GuessInProgress<'_> {
    /// Checks that the guess may be compared.
    /// # Errors
    /// `too_many_failures` if too many failed or are in progress.
    pub fn check(&self, tx: &Tx<'_>) -> Result<()> {
        let failures = |subject: &Subject| tx.sign_in_failures(&subject.name);
        self.subjects.iter().try_for_each(|(subject, others)| refuse(subject, failures(subject)?, *others, tx.steady))
    }

    /// Records the guess as a failure.
    pub(crate) fn fail(&self, tx: &Tx<'_>) -> Result<()> {
        self.subjects.iter().try_for_each(|(subject, _)| tx.count_sign_in_failure(&subject.name, forgotten(tx.steady)))?;
        tx.delete_least_sign_in_failures(MOST_SUBJECTS)
    }
}

impl Drop for GuessInProgress<'_> {
    fn drop(&mut self) {
        let mut counts = self.under_way.counts();
        for (Subject { name, .. }, _) in &self.subjects {
            match counts.get_mut(name) {
                Some(count) if *count > 1 => *count -= 1,
                _ => drop(counts.remove(name)),
            }
        }
    }
}

/// Checks that nobody has to wait after failures. Cheap, so it comes first; [`GuessInProgress::check`] decides.
/// # Errors
/// `too_many_failures` until the wait is over.
pub fn check(tx: &Tx<'_>, subjects: &[Subject]) -> Result<()> {
    subjects.iter().try_for_each(|subject| refuse(subject, tx.sign_in_failures(&subject.name)?, 0, tx.steady))
}

/// Returns the time before which failures no longer count.
pub fn forgotten(now: Time) -> Time {
    now.plus_seconds(-WINDOW_SECONDS)
}

/// Returns the network that one person has: the address for IPv4, the /64 for IPv6.
pub fn address(peer: IpAddr) -> String {
    network(peer, 64)
}

fn network(peer: IpAddr, prefix: u32) -> String {
    match peer.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let masked = u128::from(address) & !(u128::MAX >> prefix);
            format!("{}/{prefix}", std::net::Ipv6Addr::from(masked))
        }
    }
}

fn refuse(subject: &Subject, failures: Option<Failures>, others_under_way: i64, now: Time) -> Result<()> {
    match wait_seconds(failures, others_under_way, subject.free, now) {
        0 => Ok(()),
        seconds => {
            THROTTLED.add(1);
            Err(TOO_MANY_FAILURES.with("seconds", seconds).into())
        }
    }
}

/// Returns the wait, which doubles with each failure beyond the free ones, up to the whole window. Guesses in progress count as failures of
/// this moment.
fn wait_seconds(failures: Option<Failures>, others_under_way: i64, free: i64, now: Time) -> i64 {
    let kept = failures.filter(|failures| failures.last_at > forgotten(now));
    let beyond = kept.map_or(0, |failures| failures.count) + others_under_way - free;
    if beyond < 0 {
        return 0;
    }
    let wait =
        u32::try_from(beyond).ok().and_then(|beyond| 2_i64.checked_pow(beyond)).map_or(WINDOW_SECONDS, |wait| wait.min(WINDOW_SECONDS));
    if others_under_way > 0 {
        return wait;
    }
    // If the clock was set back across a restart, failures may lie in the future: nobody waits for that time.
    let passed = kept.map_or(0, |failures| now.micros() - failures.last_at.micros());
    let left = if passed < 0 { 0 } else { wait * 1_000_000 - passed };
    (left + 999_999).div_euclid(1_000_000).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn the_wait_doubles_and_ends() {
        let now = Time::from_micros(0);
        let wait = |count| wait_seconds(Some(Failures { count, last_at: now }), 0, 5, now);
        assert_eq!([wait(4), wait(5), wait(6), wait(9), wait(15), wait(68), wait(1000)], [0, 1, 2, 16, 900, 900, 900]);
        assert_eq!(wait_seconds(None, 0, 5, now), 0);
        assert_eq!(wait_seconds(Some(Failures { count: 6, last_at: now }), 0, 5, now.plus_seconds(2)), 0);
        assert_eq!(wait_seconds(Some(Failures { count: 68, last_at: now }), 0, 5, now.plus_seconds(900)), 0);
    }

    #[test]
    fn guesses_under_way_count_until_they_are_done() {
        let now = Time::from_micros(0);
        let failures = |count| Some(Failures { count, last_at: now.plus_seconds(-60) });
        assert_eq!([3, 4, 5].map(|others| wait_seconds(failures(1), others, 5, now)), [0, 1, 2]);
        assert_eq!(wait_seconds(None, 5, 5, now), 1);
        let under_way = GuessesInProgress::default();
        let subject = Subject { name: "user bob".to_owned(), free: 5 };
        let (one, other) = (under_way.begin(vec![subject.clone()]), under_way.begin(vec![subject]));
        assert_eq!(under_way.counts()["user bob"], 2);
        drop(one);
        assert_eq!(under_way.counts()["user bob"], 1);
        drop(other);
        assert!(under_way.counts().is_empty());
    }

    #[test]
    fn a_guess_that_fails_while_another_is_checked_counts_for_that_one() {
        let (store, guesses) = (Store::ephemeral().unwrap(), GuessesInProgress::default());
        let begin = || guesses.begin(vec![Subject { name: "user bob".to_owned(), free: 1 }]);
        let (first, second) = (begin(), begin());
        let checked = store.read(|tx| {
            store.write(|tx| first.fail(tx))?;
            drop(first);
            second.check(tx)
        });
        assert!(checked.is_err());
    }

    #[test]
    fn an_address_is_told_by_its_networks() {
        let names = |peer: &str| {
            let subjects = Subject::networks("address", peer.parse().unwrap(), 20);
            subjects.into_iter().map(|subject| format!("{} {}", subject.name, subject.free)).collect::<Vec<_>>()
        };
        assert_eq!(names("192.0.2.1"), ["address 192.0.2.1 20"]);
        assert_eq!(names("::ffff:192.0.2.1"), ["address 192.0.2.1 20"]);
        let of_ipv6 = ["address 2001:db8:1:234::/64 20", "address 2001:db8:1:200::/56 80", "address 2001:db8:1::/48 320"];
        assert_eq!(names("2001:db8:1:234:3:4:5:6"), of_ipv6);
    }
}
