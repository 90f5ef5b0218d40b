//! All public connections, what they use of what there is a limit for, and which of them makes room at a limit.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Instant;

use crate::base::network::Network;
use crate::http::listener::connection::{Connection, Stay};
use crate::http::listener::resource::{Resource, ResourceUse};

/// How many slots there may be, and after how many uses the numbers of a slot come again.
const MOST_SLOTS: usize = 1 << (usize::BITS / 2);
const MOST_USES: usize = MOST_SLOTS / 2;

/// The open connections, each in a slot that is used again when it is closed.
#[derive(Debug, Default)]
pub struct Connections {
    all: Vec<Option<Connection>>,
    free: Vec<usize>,
    /// How often each slot was used.
    uses: Vec<usize>,
    total: ResourceUse,
    /// What each address uses; of IPv6 each /64, /56 and /48. Of trusted proxies only what is known to be for a client, as that client's.
    by_network: HashMap<Network, ResourceUse>,
}

impl Connections {
    /// Returns how much of this is used by all.
    pub fn used(&self, resource: Resource) -> usize {
        self.total.of(resource)
    }

    /// Returns the end of the slots: all are below it.
    pub fn end(&self) -> usize {
        self.all.len()
    }

    pub fn get(&self, slot: usize) -> Option<&Connection> {
        self.all.get(slot)?.as_ref()
    }

    pub fn get_mut(&mut self, slot: usize) -> Option<&mut Connection> {
        self.all.get_mut(slot)?.as_mut()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Connection> {
        self.all.iter().flatten()
    }

    /// Returns a slot for the next connection.
    pub fn reserve(&mut self) -> usize {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.all.push(None);
            self.uses.push(0);
            self.all.len() - 1
        });
        self.uses[slot] = (self.uses[slot] + 1) % MOST_USES;
        slot
    }

    /// Returns a number for the present use of a slot. A worker may hold the socket of a connection a little longer than it is here, and its events
    /// are none of the connection that comes after it.
    pub fn key(&self, slot: usize) -> usize {
        self.uses[slot] * MOST_SLOTS + slot
    }

    /// Returns the slot of such a number, unless that use is over.
    pub fn slot_of(&self, key: usize) -> Option<usize> {
        let slot = key % MOST_SLOTS;
        (slot < self.uses.len() && self.key(slot) == key).then_some(slot)
    }

    /// Puts a connection into a slot that was reserved, or frees the slot.
    pub fn insert(&mut self, slot: usize, connection: Option<Connection>) {
        match connection {
            Some(connection) => {
                self.all[slot] = Some(connection);
                self.recount(slot);
            }
            None => self.free.push(slot),
        }
    }

    /// Closes a connection, by dropping its socket.
    pub fn close(&mut self, slot: usize) {
        if let Some(connection) = self.all[slot].take() {
            self.count(connection.counted_in, connection.counted, ResourceUse::default());
            self.free.push(slot);
        }
    }

    /// Updates the sums with what a connection uses now, and for which network. Must follow every change of that.
    pub fn recount(&mut self, slot: usize) {
        if let Some(connection) = self.all[slot].as_mut() {
            let (before, after) = (connection.counted, connection.usage());
            let (network_before, network) = (connection.counted_in, connection.network);
            (connection.counted, connection.counted_in) = (after, network);
            if network_before == network {
                self.count(network, before, after);
            } else {
                self.count(network_before, before, ResourceUse::default());
                self.count(network, ResourceUse::default(), after);
            }
        }
    }

    fn count(&mut self, network: Option<Network>, before: ResourceUse, after: ResourceUse) {
        if before == after {
            return;
        }
        self.total.replace(before, after);
        for network in std::iter::successors(network, Network::wider) {
            let usage = self.by_network.entry(network).or_default();
            usage.replace(before, after);
            if *usage == ResourceUse::default() {
                self.by_network.remove(&network);
            }
        }
    }

    /// Chooses the connection that makes room when no more of this may be used. It is one of the network that uses the most, if that is more
    /// than its share when a newcomer has one too; otherwise one of all, and for a new connection none whose request waits for its turn. Of
    /// those it is the one that uses the most, and where several do, the one that has waited longest. Returns `None` if none can go, because
    /// workers have all that use any of it.
    pub fn choose_leaving(&self, resource: Resource, instant: impl Fn(u64) -> Instant + Copy) -> Option<usize> {
        // A connection of a trusted proxy that has not said for whom it asks is a network of its own.
        let unknown = self.iter().filter(|connection| connection.counted_in.is_none()).map(|connection| connection.counted);
        let networks = self.by_network.values().copied().chain(unknown).filter(|usage| usage.of(resource) > 0).count();
        // The only connection of one network does not go for the first one of another.
        let share = (self.used(resource) / (networks + 1)).max(1);
        let shares = self.by_network.iter().map(|(network, usage)| (usage.of(resource) / network.shares(), *network));
        let heaviest = shares.max_by_key(|(used, _)| *used).filter(|(used, _)| *used > share).map(|(_, network)| network);
        let among = |network: Option<Network>, last: Stay| {
            let leaving = self.all.iter().enumerate().filter_map(|(slot, connection)| {
                let connection = connection.as_ref()?;
                let used = connection.counted.of(resource);
                let is_meant = used > 0 && network.is_none_or(|network| connection.counted_in.is_some_and(|own| network.includes(own)));
                let (stay, since) = connection.waiting_since(instant).filter(|(stay, _)| is_meant && *stay <= last)?;
                Some((Reverse(used), stay, since, slot))
            });
            leaving.min().map(|(_, _, _, slot)| slot)
        };
        let last = match resource {
            Resource::Connections => Stay::Open,
            Resource::Unfinished | Resource::Unsent => Stay::Asking,
        };
        heaviest.and_then(|network| among(Some(network), Stay::Asking)).or_else(|| among(None, last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_a_connection_that_is_closed_is_none_of_the_next_in_its_slot() {
        let mut connections = Connections::default();
        let former = connections.reserve();
        let (key, other) = (connections.key(former), connections.reserve());
        assert_eq!((connections.slot_of(key), connections.slot_of(connections.key(other))), (Some(former), Some(other)));
        connections.insert(former, None);
        assert_eq!(connections.reserve(), former);
        assert_eq!((connections.slot_of(key), connections.slot_of(connections.key(former))), (None, Some(former)));
        assert_eq!(connections.slot_of(MOST_SLOTS + 2), None);
    }
}
