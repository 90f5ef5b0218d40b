//! Finds variables of the environment that nothing reads: a mistyped one would change nothing, and nobody would notice.

use crate::base::printable::printable;
use crate::base::suggestion::nearest;
use crate::cli::args::settings::{Setting, variable_names};

/// What the names of our variables begin with.
const PREFIX: &str = "KEYFOB_";

/// Read by programs that start this one: `fixtures/` says which one to start.
const OF_STARTERS: &[&str] = &["KEYFOB_BIN"];

/// Returns a sentence about each variable with our prefix that belongs to none of these settings.
pub fn unknown_variables(settings: impl Iterator<Item = &'static Setting>) -> Vec<String> {
    let known: Vec<String> = settings.flat_map(Setting::variables).collect();
    let is_known = |name: &String| known.contains(name) || OF_STARTERS.contains(&name.as_str());
    let mut unknown: Vec<String> = variable_names().filter(|name| name.starts_with(PREFIX) && !is_known(name)).collect();
    unknown.sort_unstable();
    unknown.iter().map(|name| warning(name, &known)).collect()
}

fn warning(name: &str, known: &[String]) -> String {
    let own = |name| str::strip_prefix(name, PREFIX);
    let tip = match nearest(own(name).unwrap_or_default(), known.iter().filter_map(|known| own(known.as_str()))) {
        Some(near) => format!("did you mean {PREFIX}{near}?"),
        None => "`keyfob help serve` and doc/settings.md list the variables".to_owned(),
    };
    format!("the variable {} of the environment is unknown and changes nothing: {tip}", printable(name))
}
