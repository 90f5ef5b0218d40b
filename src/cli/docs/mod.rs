//! Documents generated from the table of commands: help, the manual page, completions.

pub mod completions;
pub mod help;
pub mod man;
