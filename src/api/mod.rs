//! Floor 5, the REST edge: JSON in, one registry call, JSON out.

pub mod api_keys;
pub mod auth_info;
pub mod authorizations;
pub mod body;
pub mod clients;
pub mod configuration;
pub mod deletion;
pub mod entity;
pub mod events;
pub mod members;
pub mod names;
pub mod openapi;
pub mod operation;
pub mod organizations;
pub mod probes;
pub mod query;
pub mod reply;
pub mod review;
pub mod review_queue;
pub mod rights;
pub mod search;
pub mod sessions;
pub mod sign_in_links;
pub mod users;
