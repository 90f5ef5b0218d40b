//! Floor 5: the OAuth edge. Forms and redirects in; tokens, pages or the refusals of RFC 6749 out.

pub mod account;
pub mod account_page;
pub mod answer;
pub mod authorize;
pub mod callback;
pub mod client;
pub mod consent_page;
pub mod end_session;
pub mod error_page;
pub mod introspect;
pub mod keys;
pub mod login;
pub mod logout;
pub mod metadata;
pub mod parameters;
pub mod posted;
pub mod recovery;
pub mod refused;
pub mod revoke;
pub mod token;
pub mod userinfo;
