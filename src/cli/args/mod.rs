//! What the arguments of a command say: its flags, their values, and what it is about.

pub mod flags;
pub mod nouns;
pub mod parse;
pub mod rights;
pub mod standard_input;
