//! Signing in to apps (OpenID Connect), as relying parties see it.

mod attacks;
mod conformance;
mod conformance_prompt;
mod jwks;
