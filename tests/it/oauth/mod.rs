//! The authorization server, at its boundary.

mod access;
mod account;
mod authorize;
mod dance;
mod expiry;
mod forgery;
mod logout;
mod races;
mod refresh;
mod revocation;
mod states;
mod token;

use crate::server::Server;

/// Alice, who has an approved client `my-app` with the right to see users; bob, who uses it. The server, and the client's secret.
pub fn town() -> (Server, String) {
    let mut server = Server::start();
    server.has_user("alice");
    server.has_user("bob");
    let secret = server.has_app("alice", "my-app", &["RIGHT_USER_INFO"]);
    (server, secret)
}
