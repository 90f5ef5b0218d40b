//! All public connections, what they use of what there is a limit for, and which of them makes room at a limit.

use std::collections::HashMap;
use std::time::Instant;

use crate::http::listener::connection::{Connection, Stay};
use crate::http::listener::limits::SHARE;
use crate::http::listener::proxies::Network;

/// The open connections, each in a slot that is used again when it is closed.
#[derive(Debug, Default)]
pub struct Connections {
    all: Vec<Option<Connection>>,
    free: Vec<usize>,
    total: Usage,
    /// What each address uses; of IPv6 each /64. Trusted proxies are left out: each of their connections may be another client's.
    by_network: HashMap<Network, Usage>,
}

/// What there is a limit for.
#[derive(Clone, Copy, Debug)]
pub enum Resource {
    /// Connections.
    Connections,
    /// Bytes of requests that are not complete, or wait for their turn.
    Unfinished,
    /// Bytes of replies that their peers have not taken.
    Unsent,
}

/// How much of each [`Resource`] is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    pub connections: usize,
    pub unfinished: usize,
    pub unsent: usize,
}

impl Usage {
    fn of(self, resource: Resource) -> usize {
        match resource {
            Resource::Connections => self.connections,
            Resource::Unfinished => self.unfinished,
            Resource::Unsent => self.unsent,
        }
    }

    /// Replaces a part of the sum.
    fn replace(&mut self, before: Usage, after: Usage) {
        self.connections = self.connections - before.connections + after.connections;
        self.unfinished = self.unfinished - before.unfinished + after.unfinished;
        self.unsent = self.unsent - before.unsent + after.unsent;
    }
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
        self.free.pop().unwrap_or_else(|| {
            self.all.push(None);
            self.all.len() - 1
        })
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
            self.count(connection.network, connection.counted, Usage::default());
            self.free.push(slot);
        }
    }

    /// Updates the sums with what a connection uses now. Must follow every change of that.
    pub fn recount(&mut self, slot: usize) {
        if let Some(connection) = self.all[slot].as_mut() {
            let (before, after) = (connection.counted, connection.usage());
            connection.counted = after;
            let network = connection.network;
            self.count(network, before, after);
        }
    }

    fn count(&mut self, network: Option<Network>, before: Usage, after: Usage) {
        if before == after {
            return;
        }
        self.total.replace(before, after);
        if let Some(network) = network {
            let usage = self.by_network.entry(network).or_default();
            usage.replace(before, after);
            if *usage == Usage::default() {
                self.by_network.remove(&network);
            }
        }
    }

    /// Chooses the connection that makes room when this much is the most that all may use: of the address that uses the most, if that is
    /// more than its share, and otherwise of all, the one that has waited longest. For a new connection no request goes that waits for its turn,
    /// except one of such an address. Returns `None` if none can go, because workers have all that use any of it.
    pub fn longest_waiting(&self, resource: Resource, limit: usize, instant: impl Fn(u64) -> Instant + Copy) -> Option<usize> {
        let heaviest = self.by_network.iter().max_by_key(|(_, usage)| usage.of(resource));
        let heaviest = heaviest.filter(|(_, usage)| usage.of(resource) > limit / SHARE).map(|(network, _)| *network);
        let among = |network: Option<Network>, last: Stay| {
            let waiting = self.all.iter().enumerate().filter_map(|(slot, connection)| {
                let connection = connection.as_ref()?;
                let is_meant = connection.counted.of(resource) > 0 && (network.is_none() || connection.network == network);
                Some((connection.waiting_since(instant).filter(|(stay, _)| is_meant && *stay <= last)?, slot))
            });
            waiting.min().map(|(_, slot)| slot)
        };
        let last = match resource {
            Resource::Connections => Stay::Open,
            Resource::Unfinished | Resource::Unsent => Stay::Asking,
        };
        heaviest.and_then(|network| among(Some(network), Stay::Asking)).or_else(|| among(None, last))
    }
}
