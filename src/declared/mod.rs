//! Floor 4: what a file declares: users, organizations, clients, and what belongs to them. A seed declares the same, and more.
//!
//! `tables` says which members each object has. `check` refuses what is not in them, naming the member by its JSON pointer (`input`), and `read`
//! makes a `Declaration` of what was checked; where nothing else is said, they fail with `fixture_wrong_member`.
//! `create` creates it in a transaction, through `registry/` as the operator.
//!
//! `sources` looks up secrets that a file only refers to. `prepared` does what is slow about secrets, before the transaction. `plan` compares what
//! is declared with what there is (`found`), step by step (`step`), and finds in the history what was changed by hand (`drift`); `apply` does or
//! tries what the plan says. `managed` is the mark of what a declaration manages.
//! `export` writes what there is in the same format.

pub mod apply;
pub mod check;
pub mod create;
pub mod drift;
pub mod export;
pub mod fields;
pub mod found;
pub mod input;
pub mod managed;
pub mod names;
pub mod plan;
pub mod prepared;
pub mod read;
pub mod row;
pub mod sources;
pub mod step;
pub mod tables;
