//! What concerns the signed-in user: dashboard, activity, authorizations, API keys, sessions, password.

pub mod activity;
pub mod api_keys;
pub mod authorizations;
pub mod dashboard;
pub mod event_export;
pub mod event_sentence;
pub mod password;
pub mod search;
pub mod sessions;
