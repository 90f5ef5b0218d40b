//! Floor 2: what administrators validate about a client, as code. A rule is a pure function; what it has to know is in the [`reviewed_client`].

pub mod alike;
pub mod brand;
pub mod confusable;
pub mod finding;
pub mod names;
pub mod protected;
pub mod reviewed_client;
pub mod rule;
pub mod rules;
mod words;
