//! A server over HTTP, and the credentials to speak to it with.

pub mod callback;
pub mod connection;
pub mod credentials;
pub mod http;
pub mod tokens;
