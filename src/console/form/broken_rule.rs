//! Says in the words of a form which rule of the API a field breaks.

use crate::base::error::Named;
use crate::base::validation::VALIDATION;

/// Fields, what a sentence about one begins with, and what there may be several of.
const NOUNS: &[(&str, &str, &str)] = &[
    ("name", "The name", ""),
    ("description", "The description", ""),
    ("state_description", "The state description", ""),
    ("primary_email_address", "The e-mail address", ""),
    ("redirect_uris", "A redirect URL", "redirect URLs"),
    ("logout_redirect_uris", "A logout redirect URL", "logout redirect URLs"),
    ("attributes", "An attribute", "attributes"),
    ("rights", "A right", "rights"),
    ("grants", "A grant type", "grant types"),
    ("scopes", "A scope", "scopes"),
    ("allowed_groups", "A group", "groups"),
    ("group_filter", "A group", "groups"),
    ("resource_servers", "A server", "servers"),
];

const LETTERS: &str = "lowercase letters, digits and single dashes";

/// Returns what to do about a broken rule; `None` if the refusal is about something else.
pub fn in_words(named: &Named) -> Option<String> {
    let attribute = |name: &str| named.attributes.get(name).and_then(|value| value.as_str()).filter(|_| named.definition == &VALIDATION);
    let (place, reason) = (attribute("field")?, attribute("reason")?);
    let field = place.split(['[', '.']).next().unwrap_or_default();
    let key = place.strip_prefix("attributes[").and_then(|rest| rest.strip_suffix(']')).unwrap_or_default();
    let (_, one, several) = NOUNS.iter().find(|(name, ..)| *name == field).copied().unwrap_or(("", "It", "of them"));
    let number: String = reason.chars().filter(char::is_ascii_digit).collect();
    match (place, reason) {
        ("user_id", _) => Some(format!("Use 2 to 36 {LETTERS}.")),
        ("client_id" | "organization_id", _) => Some(format!("Use 3 to 36 {LETTERS}.")),
        _ if matches!(field, "allowed_groups" | "group_filter" | "resource_servers") && reason.contains("regex pattern") => {
            Some(format!("{one} has an ID of 3 to 36 {LETTERS}."))
        }
        (_, reason) if reason.contains("regex pattern") => Some(format!("“{key}” cannot be a key: use 3 to 36 {LETTERS}.")),
        (_, "a key can be used only once") => Some(format!("The key “{key}” is there twice, and each can be used only once.")),
        (_, reason) if reason.starts_with("value length must be at most") => Some(format!("{one} may have at most {number} characters.")),
        (_, reason) if reason.starts_with("value must contain no more than") => Some(format!("There may be at most {number} {several}.")),
        (_, "value must be in the list only once") => Some("One of them is listed twice: list each only once.".to_owned()),
        (_, "value must not contain a NUL character") => Some(format!("{one} has a character that cannot be stored (NUL).")),
        (_, "value must be a valid email address") => Some("Enter an e-mail address, such as name@example.com.".to_owned()),
        (_, "value is required") => Some("Fill this in.".to_owned()),
        (_, reason) if reason.contains("enum values") => Some("Choose one of those that are offered.".to_owned()),
        _ => None,
    }
}
