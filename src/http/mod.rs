//! Floor 1: the mechanism of HTTP. It knows no entity.

pub mod base_path;
pub mod certificate;
pub mod cookie;
pub mod csrf;
pub mod form;
pub mod listener;
pub mod origin;
pub mod pairs;
pub mod path;
pub mod probe;
pub mod queue;
pub mod reply;
pub mod request;
pub mod semaphore;
pub mod server;
