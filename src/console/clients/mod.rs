//! The pages of OAuth clients.

pub mod add;
pub mod app_kind;
pub mod client_review;
pub mod danger;
pub mod flow;
pub mod form;
pub mod issued;
pub mod list;
pub mod overview;
pub mod page;
pub mod probes;
pub mod recipe;
pub mod review;
pub mod secrets;
pub mod settings;
pub mod snippets;
pub mod trial;
pub mod users;
