//! The pages of users, for administrators.

pub mod list;
pub mod recovery;
pub mod settings;
