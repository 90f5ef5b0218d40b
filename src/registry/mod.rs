//! Floor 3: the rules of the domain. One function is one operation, given a transaction.
//!
//! `# Errors` names the refusals of a function. What is not repeated: every function fails with the store's errors ([`store`]), and every
//! change by somebody other than an administrator with `too_many_changes` ([`history::record_values`]). Functions that fail with nothing else are
//! `pub(crate)`, unless tests call them.
//!
//! [`store`]: crate::store

#![warn(clippy::missing_errors_doc)]

pub mod accounts;
pub mod administrators;
pub mod api_keys;
pub mod approval;
pub mod audience;
pub mod authentication;
pub mod authorizations;
pub mod bootstrap;
pub mod bounds;
pub mod claims;
pub mod client_authentication;
pub mod client_check;
pub mod clients;
pub mod consent;
pub mod contacts;
pub mod credential_use;
pub mod deletion;
pub mod end_session;
pub mod entity;
pub mod expiry;
pub mod groups;
pub mod guidelines;
pub mod history;
pub mod introspection;
pub mod likeness;
pub mod listed;
pub mod live_tokens;
pub mod marks;
pub mod members;
pub mod organizations;
pub mod overview;
pub mod principal;
pub mod probes;
pub mod readiness;
pub mod recovery;
pub mod refusal;
pub mod rejudging;
pub mod repetition;
pub mod resource_servers;
pub mod review;
pub mod review_queue;
pub mod revocation;
pub mod right_use;
pub mod rights;
pub mod secrets;
pub mod sessions;
pub mod sign_in;
pub mod sign_in_demands;
pub mod signing_keys;
pub mod standing;
pub mod throttle;
pub mod tokens;
pub mod trials;
pub mod undo;
pub mod usage;
pub mod users;
pub mod verdicts;
pub mod withdrawal;
