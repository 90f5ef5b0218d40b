//! Floor 2: what all pages share. Knows no entity; markup escapes its texts by type.

pub mod compact;
pub mod frame;
pub mod icon;
pub mod look;
pub mod message;
pub mod rights;
pub mod scope_words;
pub mod times;
pub mod words;
