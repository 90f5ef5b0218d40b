//! The rules for passwords (registry.md 2.4).

use crate::base::error::{Named, errors};
use crate::base::id::UserId;
use crate::base::secret;

errors! {
    TOO_SHORT: InvalidArgument "pkg/identityserver" "password_strength_min_length" "need at least `{n}` characters";
    TOO_LONG: InvalidArgument "pkg/identityserver" "password_strength_max_length" "need at most `{n}` characters";
    UPPERCASE: InvalidArgument "pkg/identityserver" "password_strength_uppercase" "need at least `{n}` uppercase letter(s)";
    DIGITS: InvalidArgument "pkg/identityserver" "password_strength_digits" "need at least `{n}` digit(s)";
    CONTAINS_USER_ID: InvalidArgument "pkg/identityserver" "password_contains_user_id" "must not contain user ID";
}

pub const MIN_LENGTH: usize = 8;
pub const MAX_LENGTH: usize = 1000;
pub const MIN_UPPERCASE: usize = 1;
pub const MIN_DIGITS: usize = 1;
/// None are required.
pub const MIN_SPECIAL: usize = 0;

/// Generates a password that passes [`check`], trying again if it happens to contain a short user ID.
pub fn generated(user: &UserId) -> String {
    loop {
        let password = secret::fresh_password();
        if check(&password, user).is_ok() {
            return password;
        }
    }
}

/// Checks a password; lengths count bytes.
pub fn check(password: &str, user: &UserId) -> Result<(), Named> {
    problems(password, Some(user)).next().map_or(Ok(()), Err)
}

/// Returns all that is wrong with a password, of a user who may not be known yet.
pub fn problems(password: &str, user: Option<&UserId>) -> impl Iterator<Item = Named> {
    let count = |is: fn(char) -> bool| password.chars().filter(|c| is(*c)).count();
    let contains_user = || user.is_some_and(|user| password.to_lowercase().contains(user.as_str()));
    let found = [
        (password.len() < MIN_LENGTH).then(|| TOO_SHORT.with("n", MIN_LENGTH)),
        (password.len() > MAX_LENGTH).then(|| TOO_LONG.with("n", MAX_LENGTH)),
        (count(char::is_uppercase) < MIN_UPPERCASE).then(|| UPPERCASE.with("n", MIN_UPPERCASE)),
        (count(char::is_numeric) < MIN_DIGITS).then(|| DIGITS.with("n", MIN_DIGITS)),
        contains_user().then(|| CONTAINS_USER_ID.error()),
    ];
    found.into_iter().flatten()
}
