//! What every page of the Console has around it, and what pages show.

pub mod charts;
pub mod layout;
pub mod listing;
pub mod new_secret;
pub mod paths;
pub mod refused;
pub mod table;
