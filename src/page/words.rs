//! How texts that programs share become sentences for people.

use crate::base::error::Named;

/// Begins with a capital and ends with one full stop.
pub fn sentence(text: &str) -> String {
    format!("{}.", capitalised(text).trim_end_matches('.'))
}

/// What a refusal says, with the reason that administrators gave for it, if they gave one.
pub fn refusal(named: &Named) -> String {
    match named.attributes.get("description").and_then(|reason| reason.as_str()) {
        Some(reason) => sentence(&format!("{}: {reason}", named.text())),
        None => sentence(&named.text()),
    }
}

pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}", first.to_uppercase(), letters.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_begins_with_a_capital_and_ends_with_one_full_stop() {
        assert_eq!(sentence("élan is missing"), "Élan is missing.");
        assert_eq!(sentence("`x` is not valid."), "`x` is not valid.");
        assert_eq!(capitalised(""), "");
    }
}
