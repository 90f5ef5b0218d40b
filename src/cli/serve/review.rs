//! What the settings say of the registration review.

use crate::base::right::{Right, Rights};
use crate::cli::args::settings::SettingValue;
use crate::cli::failure::UsageError;
use crate::model::settings::ByPerson;
use crate::review::finding::Severity;
use crate::review::rules::RULES;

/// The weights that may need a person; those that block always do.
const WEIGHTS: [Severity; 3] = [Severity::Notes, Severity::Warns, Severity::Blocks];

/// Reads what needs a person: rights, names of rules, and weights of findings.
pub(crate) fn by_person(found: &SettingValue) -> Result<ByPerson, UsageError> {
    let mut marked = ByPerson::default();
    for word in found.given().into_iter().flat_map(|words| words.split(',')).map(str::trim).filter(|word| !word.is_empty()) {
        if let Some(right) = Right::from_name(word).filter(|_| word.starts_with("RIGHT_")) {
            marked.rights = marked.rights.or(Rights::of(&[right]));
        } else if is_finding(word) {
            marked.findings.push(word.to_owned());
        } else {
            return Err(found.wrong("must be rights (RIGHT_…), names of rules, warns or notes, joined by commas"));
        }
    }
    Ok(marked)
}

fn is_finding(word: &str) -> bool {
    WEIGHTS.iter().any(|severity| severity.name() == word) || RULES.iter().any(|rule| rule.name == word)
}
