//! The parameter `login_hint`: the account that a client expects its user to have (OpenID Connect Core 1.0 section 3.1.2.1).

use std::fmt;

use crate::base::id::UserId;
use crate::model::email;
use crate::model::user::User;

/// A user ID or an e-mail address. Nobody is looked up for it: to a stranger it says only what the client has said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountHint {
    User(UserId),
    Address(String),
}

impl AccountHint {
    /// Parses a hint; `None` if it can be neither.
    pub fn parse(text: &str) -> Option<AccountHint> {
        let address = || (email::is_mailbox(text) && email::is_plain(text)).then(|| AccountHint::Address(text.to_owned()));
        text.parse().ok().map(AccountHint::User).or_else(address)
    }

    /// Returns whether it is about this user.
    pub fn names(&self, user: &User) -> bool {
        match self {
            AccountHint::User(id) => *id == user.id,
            AccountHint::Address(address) => user.primary_email_address.eq_ignore_ascii_case(address),
        }
    }
}

impl fmt::Display for AccountHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AccountHint::User(id) => f.write_str(id.as_str()),
            AccountHint::Address(address) => f.write_str(address),
        }
    }
}
