//! What the arguments of a command say: its flags, their values, its settings, and the entity that it is about.

pub mod flags;
pub mod nouns;
pub mod parse;
pub mod settings;
pub mod standard_input;
pub mod suggestion;
pub mod values;
