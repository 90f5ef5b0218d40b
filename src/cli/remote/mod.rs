//! A server over HTTP, and the credentials for it.

pub mod callback;
pub mod connection;
pub mod credentials;
pub mod http;
pub mod tokens;
