//! Floor 8, the operator's edge: commands, their settings, and what a result means to the shell.

pub mod api_error;
pub mod args;
pub mod commands;
pub mod dispatch;
pub mod docs;
pub mod failure;
pub mod remote;
pub mod run;
pub mod serve;
pub mod terminal;
