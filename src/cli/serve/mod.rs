//! The server: its settings, its life, and its sweeper.

pub mod process;
pub mod settings;
pub mod sweeper;
