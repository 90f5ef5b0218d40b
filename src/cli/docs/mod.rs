//! What is made from the table of commands: help, the manual page, and what shells offer.

pub mod completions;
pub mod help;
pub mod man;
