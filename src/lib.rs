//! keyfob: a registry of OAuth clients, and the authorization server beside it. ARCHITECTURE.md is the map.

pub mod api;
pub mod app;
pub mod assets;
pub mod base;
pub mod call;
pub mod cli;
pub mod console;
pub mod declared;
pub mod diagnostics;
pub mod failure;
pub mod fixture;
pub mod health;
pub mod http;
pub mod metrics;
pub mod model;
pub mod oauth;
pub mod openapi;
pub mod page;
pub mod registry;
pub mod review;
pub mod routes;
pub mod store;
pub mod tts;
