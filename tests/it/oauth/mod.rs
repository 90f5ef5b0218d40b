//! The authorization server, at its boundary.

mod access;
mod account;
mod authentication;
mod authorize;
mod claimed;
mod cookies;
mod cors;
mod discovery;
mod end_session;
mod expiry;
mod forgery;
mod form_post;
pub mod keys;
mod library;
mod logout;
pub mod prompt;
mod races;
mod refresh;
mod revocation;
mod scope;
mod sign_in;
mod sign_in_fields;
mod sign_in_scope;
mod signatures;
mod states;
mod theft;
mod token;

use crate::server::Server;

/// A verifier, and what a client sends of it when it asks for authorization (RFC 7636 appendix B).
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

pub fn challenged() -> [(&'static str, &'static str); 2] {
    [("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), ("code_challenge_method", "S256")]
}

/// Alice, who has an approved client `my-app` with the right to see users; bob, who uses it. The server, and the client's secret.
pub fn fixture() -> (Server, String) {
    let mut server = Server::start();
    server.has_user("alice");
    server.has_user("bob");
    let secret = server.has_app("alice", "my-app", &["RIGHT_USER_INFO"]);
    (server, secret)
}
