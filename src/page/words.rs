//! Turns texts for programs into sentences for people.

use crate::base::error::Named;

/// Returns the text with a capital first and one full stop at the end.
pub fn sentence(text: &str) -> String {
    format!("{}.", capitalised(text).trim_end_matches('.'))
}

/// The text that replaces an error's for the user, by the error's name.
const TO_THE_USER: &[(&str, &str, &str)] = &[
    ("user_suspended", "Your account is suspended", "Ask an administrator if you think that this is wrong."),
    ("user_rejected", "Your account was rejected", "Ask an administrator if you think that this is wrong."),
    ("user_requested", "Your account waits for approval", "An administrator has to approve it first."),
];

/// Returns the text of a refusal without the marks that the API has around values, with the administrators' reason if there is one.
pub fn refusal(named: &Named) -> String {
    let to_the_user = TO_THE_USER.iter().find(|(name, ..)| *name == named.definition.name);
    let said =
        to_the_user.map_or_else(|| named.text().replace('`', "").replace(" 1 seconds", " 1 second"), |(_, text, _)| (*text).to_owned());
    let said = match named.attributes.get("description").and_then(|reason| reason.as_str()) {
        Some(reason) => sentence(&format!("{said}: {reason}")),
        None => sentence(&said),
    };
    to_the_user.map_or_else(|| said.clone(), |(.., advice)| format!("{said} {advice}"))
}

/// Returns a number of things, in the plural unless it is 1.
pub fn counted(count: i64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
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
