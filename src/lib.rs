//! keyfob: a registry of OAuth clients, and the authorization server beside it. ARCHITECTURE.md is the map.

pub mod api;
pub mod app;
pub mod base;
pub mod call;
pub mod cli;
pub mod http;
pub mod model;
pub mod openapi;
pub mod registry;
pub mod routes;
pub mod store;
