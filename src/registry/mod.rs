//! Floor 3: what may be done, in the users' words. One function is one operation, given a transaction.

pub mod accounts;
pub mod administrators;
pub mod api_keys;
pub mod approval;
pub mod audience;
pub mod authorizations;
pub mod bootstrap;
pub mod client_authentication;
pub mod clients;
pub mod consent;
pub mod contacts;
pub mod deletion;
pub mod expiry;
pub mod guidelines;
pub mod history;
pub mod members;
pub mod organizations;
pub mod principal;
pub mod refusal;
pub mod rights;
pub mod secrets;
pub mod sessions;
pub mod sign_in;
pub mod throttle;
pub mod tokens;
pub mod users;
