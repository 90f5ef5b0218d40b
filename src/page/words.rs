//! How texts that programs share become sentences for people.

/// Begins with a capital and ends with one full stop.
pub fn sentence(text: &str) -> String {
    format!("{}.", capitalised(text).trim_end_matches('.'))
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
