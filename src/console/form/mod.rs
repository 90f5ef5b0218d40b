//! What forms share: fields, reading, saving, confirmation.

pub mod account_search;
pub mod broken_rule;
pub mod confirmation;
pub mod contacts;
pub mod deletion;
pub mod entity;
pub mod fields;
pub mod findings;
pub mod id_check;
pub mod problem;
pub mod refused;
pub mod repeatable_secret;
pub mod rights_picker;
pub mod saving;
