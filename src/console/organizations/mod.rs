//! The pages of organizations, and the members of organizations and clients.

pub mod clients;
pub mod list;
pub mod members;
pub mod page;
pub mod settings;
