//! The one integration binary: stories at the boundary.

mod golden;
mod server;
