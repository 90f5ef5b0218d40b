//! Floor 10: the command line, its settings, and exit codes.

pub mod api_error;
pub mod args;
pub mod commands;
pub mod control;
pub mod dispatch;
pub mod docs;
pub mod doctor;
pub mod failure;
pub mod remote;
pub mod run;
pub mod serve;
pub mod terminal;
