//! Floor 5: the Console. Forms in, one registry call, pages out. Every task works without the script.
//!
//! Its own floors: `page`, then `form`, then `clients` and `users`, then `organizations`, then `account`.

pub mod account;
pub mod clients;
pub mod form;
pub mod organizations;
pub mod page;
pub mod users;
