//! Floor 5: the human edge. Forms in, one registry call, pages out. Every task works without the script.

pub mod activity;
pub mod add_client;
pub mod api_keys;
pub mod authorizations;
pub mod client_draft;
pub mod client_overview;
pub mod client_pages;
pub mod client_secrets;
pub mod client_settings;
pub mod clients;
pub mod dashboard;
pub mod farewell;
pub mod fields;
pub mod listing;
pub mod members;
pub mod names;
pub mod organizations;
pub mod password;
pub mod picture;
pub mod problem;
pub mod review;
pub mod rights_picker;
pub mod sessions;
pub mod shown_once;
pub mod users;
pub mod view;
