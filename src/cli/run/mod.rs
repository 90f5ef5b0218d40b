//! The commands: one file per noun, and what they share.

pub mod admin;
pub mod admin_operation;
pub mod api_keys;
pub mod authorizations;
pub mod backup;
pub mod client_check;
pub mod clients;
pub mod collaborators;
pub mod data_file;
pub mod declaration_file;
pub mod declarations;
pub mod declared_operations;
pub mod drill;
pub mod entities;
pub mod healthcheck;
pub mod history;
pub mod login;
pub mod operator;
pub mod output;
pub mod pages;
pub mod plan_text;
pub mod reviews;
pub mod secret_file;
pub mod sessions;
pub mod tts_export;
pub mod users;
