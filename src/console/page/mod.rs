//! What pages of the Console share: layout, lists, tables, charts, paths.

pub mod charts;
pub mod layout;
pub mod listing;
pub mod menu;
pub mod new_secret;
pub mod paths;
pub mod table;
