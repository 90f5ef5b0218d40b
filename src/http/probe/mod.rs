//! Tries whether a URI works, as little as possible: HEAD, then GET where that is refused, at a public address, without credentials.

pub mod address;
pub mod attempt;
mod budget;
mod look_up;
mod transport;
