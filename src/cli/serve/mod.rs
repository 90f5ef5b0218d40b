//! The server: its settings, its process, its addresses, what it reloads, and its sweeper.

pub mod process;
pub mod public_url;
pub mod reload;
pub mod settings;
pub mod sweeper;
