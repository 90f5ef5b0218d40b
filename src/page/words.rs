//! How texts that programs share become sentences for people.

use crate::base::error::Named;

/// Begins with a capital and ends with one full stop.
pub fn sentence(text: &str) -> String {
    format!("{}.", capitalised(text).trim_end_matches('.'))
}

/// What programs are told of a user, by the name of the error, and what the user is told.
const TO_THE_USER: &[(&str, &str)] = &[("user_suspended", "Your account is suspended"), ("user_rejected", "Your account was rejected")];

/// What a refusal says, with the reason that administrators gave for it, if they gave one.
pub fn refusal(named: &Named) -> String {
    let to_the_user = TO_THE_USER.iter().find(|(name, _)| *name == named.definition.name).map(|(_, text)| *text);
    let said = to_the_user.map_or_else(|| named.text().replace(" 1 seconds", " 1 second"), str::to_owned);
    let said = match named.attributes.get("description").and_then(|reason| reason.as_str()) {
        Some(reason) => sentence(&format!("{said}: {reason}")),
        None => sentence(&said),
    };
    if to_the_user.is_some() { said + " Ask an administrator if you think that this is wrong." } else { said }
}

/// A number of things, which are more than one if it is not 1.
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
