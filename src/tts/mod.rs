//! Everything that The Things Stack's Identity Server can take over, as SQL for its database (PostgreSQL or CockroachDB, version 3.32).
//!
//! `export` says what is written in which order and what is left out, `tables` has the columns, `copy` the format.

pub mod copy;
pub mod export;
pub mod tables;
