//! What concerns the signed-in user: dashboard, activity, profile, authorizations, API keys, sessions, password, theme.

pub mod activity;
pub mod api_keys;
pub mod authorizations;
pub mod dashboard;
pub mod event_export;
pub mod event_sentence;
pub mod password;
pub mod profile;
pub mod search;
pub mod sessions;
pub mod theme;
