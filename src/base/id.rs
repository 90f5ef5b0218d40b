//! Identifiers. They can only be created by parsing, so every one is well-formed (registry.md 2.1).

use std::fmt;
use std::str::FromStr;

/// The longest ID, in characters.
pub const LONGEST: usize = 36;

/// Why a text is not an ID, as the API words it.
#[derive(Debug, PartialEq, Eq)]
pub struct BadId(pub String);

/// Defines a kind of ID and its shortest length in characters.
macro_rules! id {
    ($(#[$doc:meta])* $id:ident, $shortest:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $id(String);

        impl FromStr for $id {
            type Err = BadId;

            fn from_str(text: &str) -> Result<$id, BadId> {
                check(text, $shortest).map(|()| $id(text.to_owned()))
            }
        }

        impl $id {
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Returns the regular expression that matches exactly the IDs of this kind, among texts of at most [`LONGEST`] characters.
            pub fn pattern() -> String {
                pattern($shortest)
            }
        }

        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// Names a client. Never changes.
    ClientId, 3
);
id!(
    /// Names a user, in one namespace with organizations. Never changes.
    UserId, 2
);
id!(
    /// Names an organization, in one namespace with users. Never changes.
    OrganizationId, 3
);
id!(
    /// The key of an attribute.
    AttributeKey, 3
);

/// A user or an organization: who can own things and hold keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccountId {
    User(UserId),
    Organization(OrganizationId),
}

impl AccountId {
    /// Every kind: they share one namespace of IDs.
    pub const KINDS: [&str; 2] = ["user", "organization"];

    /// Returns `user` or `organization`.
    pub fn kind(&self) -> &'static str {
        match self {
            AccountId::User(_) => "user",
            AccountId::Organization(_) => "organization",
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            AccountId::User(id) => id.as_str(),
            AccountId::Organization(id) => id.as_str(),
        }
    }
}

/// Checks that an ID has only lower-case letters and digits, with single dashes between them.
fn check(text: &str, shortest: usize) -> Result<(), BadId> {
    if text.chars().count() > LONGEST {
        return Err(BadId(format!("value length must be at most {LONGEST} runes")));
    }
    if is_id(text, shortest) { Ok(()) } else { Err(BadId(format!("value does not match regex pattern \"{}\"", pattern(shortest)))) }
}

/// Returns the pattern as the API shows it.
fn pattern(shortest: usize) -> String {
    format!("^[a-z0-9](?:[-]?[a-z0-9]){{{},}}$", shortest - 1)
}

/// Returns whether [`pattern`] matches: at least `shortest` letters and digits, in which each dash is between two of them.
fn is_id(text: &str, shortest: usize) -> bool {
    let letters = text.bytes().filter(|b| *b != b'-').count();
    letters >= shortest
        && text.split('-').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_lower_case_letters_and_digits_with_single_dashes() {
        for good in ["abc", "1-2-3", "a1b2", "my-test-client"] {
            assert!(ClientId::from_str(good).is_ok(), "{good}");
        }
        // `a-b` has three characters but only two letters: the pattern asks for three.
        for bad in ["", "ab", "a-b", "-ab", "abc-", "a--bc", "aBc", "a.b", "a b", "äbc", "abc\n"] {
            assert!(ClientId::from_str(bad).is_err(), "{bad}");
        }
        assert!(UserId::from_str("ab").is_ok() && UserId::from_str("a-b").is_ok() && UserId::from_str("a").is_err());
    }

    #[test]
    fn length_is_judged_before_the_pattern() {
        assert_eq!(ClientId::from_str(&"A".repeat(37)), Err(BadId("value length must be at most 36 runes".to_owned())));
        assert!(ClientId::from_str(&"a".repeat(36)).is_ok());
    }
}
