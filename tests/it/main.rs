//! The one integration binary: stories at the boundary.

mod access;
mod api_keys;
mod binary;
mod cli;
mod cli_commands;
mod cli_files;
mod cli_login;
mod client;
mod clients;
mod documents;
mod events;
mod golden;
mod hostile;
mod members;
mod oauth;
mod organizations;
mod property;
mod search;
mod secrets;
mod server;
mod sweep;
mod tidy;
mod upgrade;
mod users;
mod visitor;
