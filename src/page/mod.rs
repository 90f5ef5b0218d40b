//! Floor 2: what every page for people has around it. It knows no entity; markup escapes its texts by type.

pub mod frame;
pub mod rights;
pub mod words;
