//! What is made from the table of commands: help, the manual page, completions, suggestions.

pub mod completions;
pub mod help;
pub mod man;
pub mod suggestion;
