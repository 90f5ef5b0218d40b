//! What is wrong with a server, and what to do about it: for `keyfob doctor`, which looks from outside, and for the dashboard of a running server.

mod addresses;
mod backups;
mod certificate;
pub mod deployment;
mod files;
pub mod rows;
pub mod running;
