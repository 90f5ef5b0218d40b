//! Floor 4: what a file declares: users, organizations, clients, and what belongs to them. A seed declares the same, and more.
//!
//! `tables` says which members each object has. `check` refuses what is not in them, naming the member by its JSON pointer (`input`), and `read`
//! makes a `Declared` of what was checked. `create` creates it in a transaction, through `registry/` as the operator.

pub mod check;
pub mod create;
pub mod input;
pub mod names;
pub mod read;
pub mod row;
pub mod tables;
