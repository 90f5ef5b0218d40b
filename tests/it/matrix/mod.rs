//! Who may do what: every request that is answered, asked by every kind of caller. What should be answered is computed from the rules of
//! `model`, which are written down here once more and know nothing of how the program decides.

mod api;
mod callers;
mod console;
mod model;
mod world;
