//! The server: its settings, its process, its addresses, what it reloads, its background threads, and its control socket.

pub mod background;
pub mod backups;
pub mod certificate;
pub mod checkpoints;
pub mod control_socket;
pub mod declaration;
pub mod file_checks;
pub mod introduction;
pub mod key_maker;
pub mod metrics_listener;
pub mod observer;
pub mod opening;
pub mod prober;
pub mod process;
pub mod protected_names;
pub mod public_url;
pub mod reload;
pub mod review;
pub mod seed;
pub mod service;
pub mod service_manager;
pub mod settings;
pub mod site_logo;
pub mod sockets;
pub mod starter;
pub mod sweeper;
