//! What there is a limit for, and how much of it is used.

/// What there is a limit for.
#[derive(Clone, Copy, Debug)]
pub enum Resource {
    Connections,
    /// Bytes of requests that are not complete, or wait for their turn.
    Unfinished,
    /// Bytes of replies that their peers have not taken.
    Unsent,
}

/// How much of each [`Resource`] is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResourceUse {
    pub connections: usize,
    pub unfinished: usize,
    pub unsent: usize,
}

impl ResourceUse {
    pub fn of(self, resource: Resource) -> usize {
        match resource {
            Resource::Connections => self.connections,
            Resource::Unfinished => self.unfinished,
            Resource::Unsent => self.unsent,
        }
    }

    /// Replaces a part of the sum.
    pub fn replace(&mut self, before: ResourceUse, after: ResourceUse) {
        self.connections = self.connections - before.connections + after.connections;
        self.unfinished = self.unfinished - before.unfinished + after.unfinished;
        self.unsent = self.unsent - before.unsent + after.unsent;
    }
}
