//! The rights that flags name: by a switch each, or in a list.

use crate::cli::args::nouns::Noun;
use crate::cli::args::parse::Given;
use crate::cli::failure::Usage;

/// Full names, each once.
pub fn named(noun: &'static Noun, given: &Given) -> Result<Vec<String>, Usage> {
    let mut rights: Vec<String> = listed(given);
    for row in noun.rights.iter() {
        if given.switch(row.key())? {
            rights.push(row.key().to_uppercase().replace('-', "_"));
        }
    }
    let mut seen = Vec::new();
    rights.retain(|right| {
        let fresh = !seen.contains(right);
        seen.push(right.clone());
        fresh
    });
    Ok(rights)
}

/// Those of `--rights`, the short names made full.
pub fn listed(given: &Given) -> Vec<String> {
    let full = |name: String| if name.starts_with("RIGHT_") { name } else { format!("RIGHT_{name}") };
    given.list("rights").into_iter().filter(|name| !name.is_empty()).map(full).collect()
}
