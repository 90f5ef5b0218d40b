//! The server: its settings, its process, and its sweeper.

pub mod process;
pub mod settings;
pub mod sweeper;
