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
    let count = |is: fn(char) -> bool| password.chars().filter(|c| is(*c)).count();
    if password.len() < MIN_LENGTH {
        return Err(TOO_SHORT.with("n", MIN_LENGTH));
    }
    if password.len() > MAX_LENGTH {
        return Err(TOO_LONG.with("n", MAX_LENGTH));
    }
    if count(char::is_uppercase) < MIN_UPPERCASE {
        return Err(UPPERCASE.with("n", MIN_UPPERCASE));
    }
    if count(char::is_numeric) < MIN_DIGITS {
        return Err(DIGITS.with("n", MIN_DIGITS));
    }
    if password.to_lowercase().contains(user.as_str()) {
        return Err(CONTAINS_USER_ID.error());
    }
    Ok(())
}
