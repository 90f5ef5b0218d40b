//! The arguments of a command: flags, values, settings, and the entity that it is about.

pub mod flags;
pub mod nouns;
pub mod parse;
pub mod settings;
pub mod standard_input;
pub mod unknown_variables;
pub mod values;
