//! The public socket and its event loop: hands tiny_http only requests that are complete and well-formed.
//!
//! tiny_http trusts its peers, so only the listener connects to it. One thread (`event_loop`) waits for all public connections at once
//! (`acceptor`, `socket`, `connection`, `connections`), reads requests from what they send (`head`, `chunks`, `reading`), and writes each
//! complete one, when its turn comes (`fair_queue`), to one of a few private connections (`upstream`). A worker receives it from tiny_http,
//! takes the pending request that belongs to it (`pending`) and writes the reply straight to the public socket; what the peer does not
//! take at once, the event loop sends later. What cannot be passed on is answered here (`rejection`).
//!
//! What the listener listens on is opened before it (`public_socket`). TLS is spoken in `socket` (`tls`), the only place that reads from and
//! writes to a public connection.

pub mod acceptor;
mod chunks;
mod connection;
mod connections;
pub mod counts;
pub mod event_loop;
mod fair_queue;
pub mod head;
pub mod limits;
mod network_turns;
pub mod pending;
pub mod proxies;
pub mod public_socket;
pub mod reading;
pub mod rejection;
mod resource;
mod sending;
mod socket;
mod stream;
mod tls;
pub mod upstream;
