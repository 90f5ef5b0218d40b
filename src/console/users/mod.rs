//! The pages of users, for administrators.

pub mod belongings;
pub mod list;
pub mod recovery;
pub mod settings;
