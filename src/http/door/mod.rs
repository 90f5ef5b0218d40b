//! The door: it owns the public socket, and hands tiny_http only requests that are whole and well-formed.
//!
//! tiny_http trusts whoever connects to it, so nobody but the door does. One thread (`watch`) waits for all public connections at once
//! (`listening`, `line`, `connection`, `connections`), reads requests out of what they send (`head`, `chunks`, `reading`), and writes each whole one into
//! one of a few private connections (`lanes`). A worker takes it from tiny_http, redeems its ticket (`gate`) and writes the reply
//! straight to the public socket; what the peer does not take at once, the door sends when it does. What cannot be handed on is
//! answered here (`refusal`).
//!
//! TLS would go into `line`, the only place that reads from and writes to a public connection.

mod chunks;
mod connection;
mod connections;
pub mod gate;
pub mod head;
pub mod lanes;
pub mod limits;
mod line;
pub mod listening;
pub mod proxies;
pub mod reading;
pub mod refusal;
mod sending;
pub mod watch;
