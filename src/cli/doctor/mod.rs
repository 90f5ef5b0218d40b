//! `keyfob doctor`: reads the settings and the data file, and says what is wrong and what to do.

mod addresses;
mod backups;
mod certificate;
mod data;
mod files;
mod finding;
pub mod run;
