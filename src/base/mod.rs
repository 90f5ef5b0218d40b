//! Floor 0: basic types. No SQL, no HTTP.

pub mod backup_status;
pub mod counter;
pub mod descriptors;
pub mod error;
pub mod id;
pub mod links;
pub mod log;
pub mod log_writer;
pub mod mutex;
pub mod network;
pub mod output;
pub mod page;
pub mod pkce;
pub mod printable;
pub mod private_file;
pub mod probe;
pub mod request_id;
pub mod right;
pub mod secret;
pub mod strict_json;
pub mod suggestion;
pub mod temporary_directory;
pub mod time;
pub mod uri;
pub mod user;
pub mod validation;
