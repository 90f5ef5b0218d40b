//! Enumerations of the API: names, numbers, and accepted spellings (registry.md 0.4).

use serde_json::Value;

use crate::base::right::Right;

/// One enumeration. Unknown names are malformed input; unknown numbers are accepted by decoding and then invalid.
#[derive(Debug)]
pub struct Choices {
    /// The prefix that short names leave out.
    pub prefix: &'static str,
    pub name: fn(i64) -> Option<&'static str>,
    pub number: fn(&str) -> Option<i64>,
    /// Every name, for the OpenAPI document.
    pub names: fn() -> Vec<&'static str>,
}

impl Choices {
    /// Decodes a full name, a short name, a number or a decimal string. Returns the full name, or the number if it is unknown.
    pub fn decode(&self, value: &Value) -> Option<Value> {
        let number = match value {
            Value::String(text) => match (self.number)(text) {
                Some(number) => number,
                None => text.parse::<i32>().ok()?.into(),
            },
            Value::Number(number) => i32::try_from(number.as_i64()?).ok()?.into(),
            _ => return None,
        };
        Some((self.name)(number).map_or_else(|| number.into(), Into::into))
    }

    /// Decodes a query parameter: a full name or a number, not a short name (registry.md 0.5).
    pub fn decode_parameter(&self, text: &str) -> Option<Value> {
        let short = !text.starts_with(self.prefix) && text.parse::<i32>().is_err();
        if short { None } else { self.decode(&text.into()) }
    }
}

/// Defines an enumeration, one value per row.
macro_rules! choices {
    ($(#[$doc:meta])* $id:ident, $table:ident, $prefix:literal: $($value:ident = $number:literal $name:literal;)+) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum $id { #[default] $($value = $number),+ }

        impl $id {
            /// All of them, by number.
            pub const EVERY: &'static [$id] = &[$($id::$value),+];

            pub fn name(self) -> &'static str {
                match self { $($id::$value => $name),+ }
            }

            pub fn number(self) -> i64 {
                self as i64
            }

            pub fn from_number(number: i64) -> Option<$id> {
                match number { $($number => Some($id::$value),)+ _ => None }
            }

            pub fn from_name(name: &str) -> Option<$id> {
                let full = if name.starts_with($prefix) { name.to_owned() } else { format!("{}{name}", $prefix) };
                match full.as_str() { $($name => Some($id::$value),)+ _ => None }
            }
        }

        pub static $table: $crate::model::choice::Choices = $crate::model::choice::Choices {
            prefix: $prefix,
            name: |number| $id::from_number(number).map($id::name),
            number: |name| $id::from_name(name).map($id::number),
            names: || vec![$($name),+],
        };
    };
}

pub(super) use choices;

choices! {
    /// The approval state of a client or a user.
    State, STATES, "STATE_":
    Requested = 0 "STATE_REQUESTED";
    Approved = 1 "STATE_APPROVED";
    Rejected = 2 "STATE_REJECTED";
    Flagged = 3 "STATE_FLAGGED";
    Suspended = 4 "STATE_SUSPENDED";
}

impl State {
    /// Returns whether administrators have approved it; flagged, they keep an eye on it.
    pub fn is_approved(self) -> bool {
        match self {
            State::Approved | State::Flagged => true,
            State::Requested | State::Rejected | State::Suspended => false,
        }
    }
}

choices! {
    /// How a client may obtain tokens.
    Grant, GRANTS, "GRANT_":
    AuthorizationCode = 0 "GRANT_AUTHORIZATION_CODE";
    Password = 1 "GRANT_PASSWORD";
    RefreshToken = 2 "GRANT_REFRESH_TOKEN";
}

pub static RIGHT_CHOICES: Choices = Choices {
    prefix: "RIGHT_",
    name: |number| Right::from_number(number).map(Right::name),
    number: |name| Right::from_name(name).map(|right| right as i64),
    names: || crate::base::right::RIGHTS.iter().map(|right| right.name()).collect(),
};

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_choice_is_read_by_full_name_short_name_number_and_decimal_string() {
        for value in [json!("GRANT_PASSWORD"), json!("PASSWORD"), json!(1), json!("1")] {
            assert_eq!(GRANTS.decode(&value), Some(json!("GRANT_PASSWORD")), "{value}");
        }
        assert_eq!(GRANTS.decode(&json!(99)), Some(json!(99)));
        for value in [json!("grant_password"), json!(1.5), json!(null), json!(true), json!(1_i64 << 40)] {
            assert_eq!(GRANTS.decode(&value), None, "{value}");
        }
    }

    #[test]
    fn a_query_takes_no_short_name() {
        assert_eq!(STATES.decode_parameter("APPROVED"), None);
        assert_eq!(STATES.decode_parameter("STATE_APPROVED"), Some(json!("STATE_APPROVED")));
        assert_eq!(STATES.decode_parameter("1"), Some(json!("STATE_APPROVED")));
    }
}
