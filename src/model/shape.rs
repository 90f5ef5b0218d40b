//! The shapes of fields: how each is decoded from JSON, checked, and when it is empty.
//!
//! Decoding and checking are two steps, because the API has two answers: input of the wrong type is malformed, whatever the field mask;
//! input that breaks a rule is invalid, and only if the mask names it (registry.md 0.4, 0.6, 1.6).

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value, json};

use crate::base::id::{self, AttributeKey, BadId, ClientId, OrganizationId, UserId};
use crate::base::time::Time;
use crate::base::validation::Invalid;
use crate::model::bounds::{ATTRIBUTES, Bound};
use crate::model::choice::Choices;
use crate::model::email;
use crate::model::scope::{LONGEST_SCOPE, OpenIdWord};

/// The input has the wrong type.
#[derive(Debug)]
pub struct Malformed {
    /// Where, within what was decoded: `ids.client_id`, `redirect_uris[1]`; empty for the whole.
    place: String,
    why: String,
}

impl Malformed {
    fn new(why: impl Into<String>) -> Malformed {
        Malformed { place: String::new(), why: why.into() }
    }

    /// Returns the same for the value that this one is in, where it has this name.
    pub fn at(self, name: &str) -> Malformed {
        let dot = if self.place.is_empty() || self.place.starts_with('[') { "" } else { "." };
        Malformed { place: format!("{name}{dot}{}", self.place), why: self.why }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() { f.write_str(&self.why) } else { write!(f, "{}: {}", self.place, self.why) }
    }
}

/// The identifiers of one kind of entity.
#[derive(Debug)]
pub struct Identifiers {
    /// The API's name of the message.
    pub message: &'static str,
    /// The key that holds the ID.
    pub key: &'static str,
    pub parse: fn(&str) -> Result<(), BadId>,
    /// The regular expression equivalent to `parse`, lengths aside.
    pub pattern: fn() -> String,
}

pub static USER_IDENTIFIERS: Identifiers =
    Identifiers { message: "UserIdentifiers", key: "user_id", parse: |text| UserId::from_str(text).map(drop), pattern: UserId::pattern };

pub static ORGANIZATION_IDENTIFIERS: Identifiers = Identifiers {
    message: "OrganizationIdentifiers",
    key: "organization_id",
    parse: |text| OrganizationId::from_str(text).map(drop),
    pattern: OrganizationId::pattern,
};

/// The longest value of an attribute, in characters.
pub const LONGEST_ATTRIBUTE: usize = 200;

/// A kind of words in a list.
#[derive(Debug)]
pub struct WordKind {
    /// What commands call a list of them.
    pub list_name: &'static str,
    pub check: fn(&str) -> Result<(), BadId>,
    /// The most characters.
    pub longest: usize,
    /// The regular expression that all of them match.
    pub pattern: fn() -> String,
}

/// A word of a scope that a client may declare: a scope-token (RFC 6749 section 3.3) that means nothing else here.
pub static SCOPE_WORD: WordKind =
    WordKind { list_name: "WORD,…", check: check_scope_word, longest: LONGEST_SCOPE, pattern: || "^[!#-\\[\\]-~]+$".to_owned() };

/// A group: an organization, or `admins`.
pub static GROUP: WordKind = WordKind {
    list_name: "ORGANIZATION,…",
    check: |text| OrganizationId::from_str(text).map(drop),
    longest: id::LONGEST,
    pattern: OrganizationId::pattern,
};

pub static CLIENT_ID_WORD: WordKind =
    WordKind {
        list_name: "CLIENT,…", check: |text| ClientId::from_str(text).map(drop), longest: id::LONGEST, pattern: ClientId::pattern
    };

fn check_scope_word(text: &str) -> Result<(), BadId> {
    let is_of_token = |letter: char| matches!(letter, '!' | '#'..='[' | ']'..='~');
    if text.is_empty() || text.chars().count() > LONGEST_SCOPE || !text.chars().all(is_of_token) {
        return Err(BadId(format!("value must be 1 to {LONGEST_SCOPE} printable ASCII characters without spaces, quotes and backslashes")));
    }
    if text.starts_with("RIGHT_") || OpenIdWord::from_name(text).is_some() {
        return Err(BadId("value must not be the name of a right or a word of OpenID Connect: these need no declaration".to_owned()));
    }
    Ok(())
}

#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// `{"<key>": "<id>"}`.
    Ids(&'static Identifiers),
    Time,
    /// The most characters.
    Text(usize),
    Email,
    /// The most texts, and the most characters of each.
    Texts(&'static Bound, usize),
    /// The most words, and of what kind they are.
    Words(&'static WordKind, &'static Bound),
    /// Pairs of a key and a text of at most [`LONGEST_ATTRIBUTE`] characters.
    Attributes,
    Flag,
    /// A flag that may also be absent.
    OptionalFlag,
    Choice(&'static Choices),
    /// The most values; repeated ones are dropped.
    ChoiceList(&'static Choices, &'static Bound),
    /// `{"user_ids":{"user_id":…}}` or `{"organization_ids":{"organization_id":…}}`.
    Account,
    /// A list of messages that only the server sets.
    ContactInfo,
    /// A message whose content is not stored.
    Opaque,
}

/// How many characters of a value a refusal shows.
const LONGEST_SHOWN: usize = 60;

impl Shape {
    /// Returns the value of an absent field.
    pub fn nothing(self) -> Value {
        match self {
            Shape::Text(_) | Shape::Email => json!(""),
            Shape::Texts(..) | Shape::Words(..) | Shape::ChoiceList(..) | Shape::ContactInfo => json!([]),
            Shape::Attributes => json!({}),
            Shape::Flag => json!(false),
            Shape::Choice(choices) => (choices.name)(0).into(),
            Shape::Ids(_) | Shape::Time | Shape::OptionalFlag | Shape::Account | Shape::Opaque => Value::Null,
        }
    }

    /// Returns whether this is the value of an absent field, or null.
    pub fn is_nothing(self, value: &Value) -> bool {
        match (self, value) {
            (_, Value::Null) => true,
            (Shape::Text(_) | Shape::Email, Value::String(text)) => text.is_empty(),
            (Shape::Texts(..) | Shape::Words(..) | Shape::ChoiceList(..) | Shape::ContactInfo, Value::Array(items)) => items.is_empty(),
            (Shape::Attributes, Value::Object(members)) => members.is_empty(),
            (Shape::Flag, Value::Bool(flag)) => !flag,
            (Shape::Choice(choices), Value::String(name)) => (choices.name)(0) == Some(name.as_str()),
            _ => false,
        }
    }

    /// Decodes JSON to the form that the API writes. `null` is absent, except for flags and choices (registry.md 0.4). Reads no more of a
    /// list that is too long than [`Shape::check`] needs to refuse it.
    pub fn decode(self, value: &Value) -> Result<Value, Malformed> {
        let wrong = |expected: &str| Malformed::new(format!("expected {expected}"));
        match (self, value) {
            (Shape::Flag, Value::Bool(_)) => Ok(value.clone()),
            (Shape::Flag, _) => Err(wrong("true or false")),
            (Shape::Choice(choices), _) => decode_choice(choices, value),
            (_, Value::Null) => Ok(self.nothing()),
            (Shape::Ids(ids), Value::Object(object)) => ids.decode(object),
            (Shape::Time, Value::String(text)) => {
                Time::parse(text).map(|time| time.to_string().into()).ok_or_else(|| wrong("an RFC 3339 time in UTC"))
            }
            (Shape::Text(_) | Shape::Email, Value::String(_)) => Ok(value.clone()),
            (Shape::Texts(bound, _) | Shape::Words(_, bound), Value::Array(items)) => each(items, bound, text),
            (Shape::Attributes, Value::Object(pairs)) => {
                let read = pairs.iter().take(ATTRIBUTES.most + 1);
                read.map(|(key, value)| Ok((key.clone(), text(value).map_err(|inner| inner.at(key))?)))
                    .collect::<Result<Map<_, _>, _>>()
                    .map(Value::Object)
            }
            (Shape::OptionalFlag, Value::Bool(_)) => Ok(value.clone()),
            (Shape::ChoiceList(choices, bound), Value::Array(items)) => each(items, bound, |item| decode_choice(choices, item)),
            (Shape::Account, Value::Object(object)) => decode_account(object),
            (Shape::ContactInfo, Value::Array(_)) | (Shape::Opaque, Value::Object(_)) => Ok(self.nothing()),
            _ => Err(wrong(self.expected())),
        }
    }

    /// Decodes a value that is at this place in what was sent.
    pub fn decode_at(self, place: &str, value: &Value) -> Result<Value, Malformed> {
        self.decode(value).map_err(|inner| inner.at(place))
    }

    /// The same; nothing if it is absent.
    pub fn decode_or_nothing(self, place: &str, value: Option<&Value>) -> Result<Value, Malformed> {
        value.map_or_else(|| Ok(self.nothing()), |value| self.decode_at(place, value))
    }

    /// Checks a decoded value. `message` and `name` are the API's names of the place.
    pub fn check(self, message: &str, name: &str, value: &Value) -> Result<(), Invalid> {
        let items = value.as_array().map_or(&[][..], Vec::as_slice);
        match self {
            Shape::Ids(_) if value.is_null() => Err(Invalid::required(message, name)),
            Shape::Ids(ids) => ids.check(value).map_err(|inner| inner.inside(message, name)),
            Shape::Text(longest) => check_text(message, name, value, longest),
            Shape::Email if email::is_mailbox(value.as_str().unwrap_or_default()) => Ok(()),
            Shape::Email => Err(Invalid::new(message, name, "value must be a valid email address")),
            Shape::Texts(bound, _) | Shape::Words(_, bound) | Shape::ChoiceList(_, bound) if items.len() > bound.most => {
                Err(Invalid::new(message, name, format!("value must contain no more than {} item(s)", bound.most)))
            }
            Shape::Texts(_, longest) => {
                items.iter().enumerate().try_for_each(|(i, item)| check_text(message, &format!("{name}[{i}]"), item, longest))
            }
            Shape::Words(kind, _) => items.iter().enumerate().try_for_each(|(i, item)| {
                let wrong = |BadId(reason)| Invalid::new(message, &format!("{name}[{i}]"), reason);
                if items[..i].contains(item) {
                    return Err(wrong(BadId("value must be in the list only once".to_owned())));
                }
                (kind.check)(item.as_str().unwrap_or_default()).map_err(wrong)
            }),
            Shape::Attributes => check_attributes(message, name, value, LONGEST_ATTRIBUTE),
            Shape::Choice(_) if value.is_number() => Err(undefined(message, name)),
            Shape::ChoiceList(..) => match items.iter().position(Value::is_number) {
                Some(i) => Err(undefined(message, &format!("{name}[{i}]"))),
                None => Ok(()),
            },
            Shape::Account if !value.is_null() => check_account(value).map_err(|inner| inner.inside(message, name)),
            Shape::Time | Shape::Flag | Shape::OptionalFlag | Shape::Choice(_) | Shape::Account | Shape::ContactInfo | Shape::Opaque => {
                Ok(())
            }
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Shape::Text(_) | Shape::Email | Shape::Time => "a string",
            Shape::Texts(..) | Shape::Words(..) | Shape::ChoiceList(..) | Shape::ContactInfo => "a list",
            Shape::Flag | Shape::OptionalFlag => "true or false",
            Shape::Choice(_) => "a known name or a number",
            Shape::Ids(_) | Shape::Attributes | Shape::Account | Shape::Opaque => "an object",
        }
    }
}

impl Identifiers {
    /// Decodes `{"client_id": "…"}`, or camelCase.
    pub fn decode(&self, object: &Map<String, Value>) -> Result<Value, Malformed> {
        let id = member(object, self.key).map_or(Ok(json!("")), text).map_err(|inner| inner.at(self.key))?;
        Ok(json!({ self.key: id }))
    }

    pub fn check(&self, value: &Value) -> Result<(), Invalid> {
        let id = value[self.key].as_str().unwrap_or_default();
        (self.parse)(id).map_err(|BadId(reason)| Invalid::new(self.message, self.key, reason))
    }
}

/// Returns the member of an object with this name or its lowerCamelCase spelling; the last one wins (registry.md 0.4).
pub fn member<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.iter().rev().find(|(key, _)| is_spelling(key, name)).map(|(_, value)| value)
}

/// Converts `redirect_uris` to `redirectUris`.
pub fn camel_case(name: &str) -> String {
    camel_letters(name).collect()
}

/// Returns whether a key is the name, in snake_case or lowerCamelCase.
pub fn is_spelling(key: &str, name: &str) -> bool {
    key == name || camel_letters(name).eq(key.chars())
}

fn camel_letters(name: &str) -> impl Iterator<Item = char> {
    let mut begins_a_word = false;
    name.chars().filter_map(move |letter| {
        let begins = std::mem::replace(&mut begins_a_word, letter == '_');
        (letter != '_').then_some(if begins { letter.to_ascii_uppercase() } else { letter })
    })
}

/// Decodes the items of a list, and no more of one that is too long than is needed to refuse it.
fn each(items: &[Value], bound: &Bound, decode: impl Fn(&Value) -> Result<Value, Malformed>) -> Result<Value, Malformed> {
    let read = items.iter().take(bound.most + 1).enumerate();
    read.map(|(at, item)| decode(item).map_err(|inner| inner.at(&format!("[{at}]")))).collect()
}

fn text(value: &Value) -> Result<Value, Malformed> {
    match value {
        Value::String(_) => Ok(value.clone()),
        Value::Null => Ok(json!("")),
        _ => Err(Malformed::new("expected a string")),
    }
}

/// Reads a value of an enumeration. A refusal shows the value, as JSON and so without control characters, and not all of a long one.
fn decode_choice(choices: &Choices, value: &Value) -> Result<Value, Malformed> {
    choices.decode(value).ok_or_else(|| {
        let shown = value.to_string();
        let beginning: String = shown.chars().take(LONGEST_SHOWN).collect();
        let rest = if beginning.len() < shown.len() { "…" } else { "" };
        Malformed::new(format!("{beginning}{rest} is no known name or number"))
    })
}

/// Decodes an account. Only one of the two arms may be set.
pub fn decode_account(object: &Map<String, Value>) -> Result<Value, Malformed> {
    let arm = |name: &str, ids: &Identifiers| match member(object, name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(inner)) => ids.decode(inner).map(Some).map_err(|inner| inner.at(name)),
        Some(_) => Err(Malformed::new("expected an object").at(name)),
    };
    match (arm("user_ids", &USER_IDENTIFIERS)?, arm("organization_ids", &ORGANIZATION_IDENTIFIERS)?) {
        (Some(_), Some(_)) => Err(Malformed::new("user_ids and organization_ids are both set: only one of them may be")),
        (Some(user), None) => Ok(json!({ "user_ids": user })),
        (None, Some(organization)) => Ok(json!({ "organization_ids": organization })),
        (None, None) => Ok(json!({})),
    }
}

pub fn check_account(value: &Value) -> Result<(), Invalid> {
    const MESSAGE: &str = "OrganizationOrUserIdentifiers";
    if let Some(user) = value.get("user_ids") {
        USER_IDENTIFIERS.check(user).map_err(|inner| inner.inside(MESSAGE, "user_ids"))
    } else if let Some(organization) = value.get("organization_ids") {
        ORGANIZATION_IDENTIFIERS.check(organization).map_err(|inner| inner.inside(MESSAGE, "organization_ids"))
    } else {
        Err(Invalid::required(MESSAGE, "ids"))
    }
}

/// Checks attributes: the number of pairs, the keys, and that each value has at most `longest` characters.
pub fn check_attributes(message: &str, name: &str, value: &Value, longest: usize) -> Result<(), Invalid> {
    let Some(pairs) = value.as_object() else { return Ok(()) };
    if pairs.len() > ATTRIBUTES.most {
        return Err(Invalid::new(message, name, format!("value must contain no more than {} pair(s)", ATTRIBUTES.most)));
    }
    pairs.iter().try_for_each(|(key, value)| {
        let place = format!("{name}[{key}]");
        AttributeKey::from_str(key).map_err(|BadId(reason)| Invalid::new(message, &place, reason))?;
        check_text(message, &place, value, longest)
    })
}

/// Checks a text; lengths count characters. Refuses NUL, which no database of The Things Stack could hold.
pub fn check_text(message: &str, name: &str, value: &Value, longest: usize) -> Result<(), Invalid> {
    let text = value.as_str().unwrap_or_default();
    if text.len() > longest && text.chars().count() > longest {
        return Err(Invalid::new(message, name, format!("value length must be at most {longest} runes")));
    }
    if text.contains('\0') {
        return Err(Invalid::new(message, name, "value must not contain a NUL character"));
    }
    Ok(())
}

fn undefined(message: &str, name: &str) -> Invalid {
    Invalid::new(message, name, "value must be one of the defined enum values")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::bounds::REDIRECT_URIS;

    #[test]
    fn names_are_written_in_camel_case_too() {
        assert_eq!(camel_case("logout_redirect_uris"), "logoutRedirectUris");
        assert_eq!(camel_case("name"), "name");
        assert!(is_spelling("redirectUris", "redirect_uris") && is_spelling("redirect_uris", "redirect_uris"));
        assert!(!is_spelling("redirecturis", "redirect_uris") && !is_spelling("redirectUri", "redirect_uris"));
    }

    #[test]
    fn null_is_an_absent_value_except_for_flags() {
        assert_eq!(Shape::Text(5).decode(&Value::Null).unwrap(), json!(""));
        assert_eq!(Shape::Texts(&REDIRECT_URIS, 128).decode(&Value::Null).unwrap(), json!([]));
        assert!(Shape::Flag.decode(&Value::Null).is_err());
    }

    #[test]
    fn an_account_is_a_user_or_an_organization_never_both() {
        let decode = |value: Value| Shape::Account.decode(&value);
        assert!(decode(json!({"user_ids": {"user_id": "ada"}, "organization_ids": {}})).is_err());
        assert_eq!(decode(json!({"userIds": {"userId": "ada"}})).unwrap(), json!({"user_ids": {"user_id": "ada"}}));
        assert!(check_account(&decode(json!({})).unwrap()).is_err());
    }

    #[test]
    fn length_counts_characters_not_bytes() {
        assert!(check_text("Client", "name", &json!("é".repeat(50)), 50).is_ok());
        assert!(check_text("Client", "name", &json!("é".repeat(51)), 50).is_err());
    }
}
