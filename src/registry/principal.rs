//! The caller, and what the credentials allow (registry.md 4): types only. `authentication` creates a principal from credentials.

use crate::base::error::{Result, errors};
use crate::base::id::{AccountId, ClientId, UserId};
use crate::base::request_id;
use crate::base::right::Rights;
use crate::model::api_key::ApiKey;
use crate::model::event::Actor;
use crate::model::grant::AccessToken;
use crate::model::session::Session;
use crate::registry::credential_use::Use;
use crate::registry::standing::{USER_REQUESTED, described};

errors! {
    UNAUTHENTICATED: Unauthenticated "pkg/identityserver" "unauthenticated" "unauthenticated";
}

/// How the caller authenticated.
#[derive(Clone, Debug)]
pub enum Access {
    /// Not at all.
    Anonymous,
    ApiKey(ApiKey),
    /// A client that the user authorized.
    AccessToken(AccessToken),
    /// A browser's session.
    Session(Session),
    /// The operator, with access to the data file.
    Operator,
}

#[derive(Clone, Debug)]
pub struct Principal {
    pub access: Access,
    /// The account that holds the rights.
    pub account: Option<AccountId>,
    /// What the credentials allow, with implied rights, less what the state of the account takes away (registry.md 4.3).
    pub rights: Rights,
    /// The rights on every entity (registry.md 5.3): none without `is_admin`.
    pub universal: Rights,
    /// Whether this is an administrator's session, or an administrator's key or token that holds `RIGHT_ALL`.
    pub is_admin: bool,
    /// A use of the credentials to record.
    pub use_to_record: Option<Use>,
    /// How the state of the account restricts the caller.
    pub restriction: Option<Restriction>,
    /// A client that acts for itself and authenticated in the request (RFC 6749 section 2.3).
    pub client: Option<ClientId>,
    pub request_id: String,
}

/// An account that may do little until an administrator approves it.
#[derive(Clone, Debug)]
pub struct Restriction {
    /// For the header `X-Warning` (registry.md 0.3).
    pub warning: &'static str,
    /// The administrators' description of the state.
    pub description: String,
}

impl Principal {
    pub fn anonymous(request_id: &str) -> Principal {
        Principal {
            access: Access::Anonymous,
            account: None,
            rights: Rights::NONE,
            universal: Rights::NONE,
            is_admin: false,
            use_to_record: None,
            restriction: None,
            client: None,
            request_id: request_id.to_owned(),
        }
    }

    /// Returns the operator, who may do everything.
    pub fn operator() -> Principal {
        Principal {
            access: Access::Operator,
            rights: Rights::EVERY,
            universal: Rights::EVERY,
            is_admin: true,
            ..Principal::anonymous(request_id::OPERATOR)
        }
    }

    /// Returns the session of a caller in a browser.
    pub fn session(&self) -> Option<&Session> {
        match &self.access {
            Access::Session(session) => Some(session),
            Access::Anonymous | Access::ApiKey(_) | Access::AccessToken(_) | Access::Operator => None,
        }
    }

    /// Checks that the caller has signed in.
    /// # Errors
    /// `unauthenticated`.
    pub fn signed_in(&self) -> Result<()> {
        match self.access {
            Access::Anonymous => Err((&UNAUTHENTICATED).into()),
            Access::ApiKey(_) | Access::AccessToken(_) | Access::Session(_) | Access::Operator => Ok(()),
        }
    }

    /// Checks that the account does not wait for approval: such a one may only read what is its own (registry.md 3.4, E9).
    /// # Errors
    /// `user_requested`.
    pub(super) fn in_good_standing(&self) -> Result<()> {
        match &self.restriction {
            None => Ok(()),
            Some(restriction) => Err(described(&USER_REQUESTED, &restriction.description).into()),
        }
    }

    /// Returns the user who acts, also through an organization's key; `None` if unknown.
    pub fn person(&self) -> Option<&UserId> {
        let maker = match &self.access {
            Access::ApiKey(key) => key.created_by.as_ref(),
            Access::Anonymous | Access::AccessToken(_) | Access::Session(_) | Access::Operator => None,
        };
        maker.or(match &self.account {
            Some(AccountId::User(id)) => Some(id),
            Some(AccountId::Organization(_)) | None => None,
        })
    }

    pub fn is(&self, account: &AccountId) -> bool {
        self.account.as_ref() == Some(account)
    }

    /// Returns the same caller, as the client that authenticated in this request.
    pub fn proved_as(&self, client: &ClientId) -> Principal {
        Principal { client: Some(client.clone()), ..self.clone() }
    }

    /// Returns the actor to record in events.
    pub fn actor(&self) -> Actor {
        Actor {
            account_id: self.account.as_ref().map(|account| account.as_str().to_owned()),
            api_key_id: match &self.access {
                Access::ApiKey(key) => Some(key.id.clone()),
                Access::Anonymous | Access::AccessToken(_) | Access::Session(_) | Access::Operator => None,
            },
            client_id: match &self.access {
                Access::AccessToken(token) => Some(token.client_id.to_string()),
                Access::Anonymous | Access::ApiKey(_) | Access::Session(_) | Access::Operator => {
                    self.client.as_ref().map(ClientId::to_string)
                }
            },
            request_id: self.request_id.clone(),
        }
    }
}
