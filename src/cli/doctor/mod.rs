//! `keyfob doctor`: reads the settings and the data file, and says what is wrong and what to do.

mod data;
pub mod run;
