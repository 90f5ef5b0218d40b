//! Floor 7: what a monitor can ask of the server in numbers, in the text format of Prometheus.

pub mod census;
pub mod process;
pub mod requests;
pub mod scrape;
pub mod table;
pub mod text;
