//! The one integration binary: stories at the boundary.

mod access;
mod api_keys;
mod binary;
<<<<<<< HEAD
mod bounds;
=======
mod built_in;
>>>>>>> b13a868 (Ask about clients without a secret every time, with PKCE, and let nobody change cli)
mod cli;
mod cli_commands;
mod cli_files;
mod cli_login;
mod client;
mod clients;
mod console;
mod console_forms;
mod console_saving;
mod console_sweep;
mod crash;
mod disk;
mod documents;
mod door;
mod events;
mod golden;
mod hostile;
mod leaks;
mod members;
mod oauth;
mod organizations;
mod process;
mod property;
mod search;
mod secrets;
mod server;
mod siege;
mod sweep;
mod tidy;
mod upgrade;
mod users;
mod visitor;
