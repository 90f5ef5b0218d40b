//! Who acts, and what the credentials allow (registry.md 4): types only. `authentication` makes a principal of credentials.

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

/// How somebody got in.
#[derive(Clone, Debug)]
pub enum Access {
    /// Not at all.
    Anonymous,
    ApiKey(ApiKey),
    /// As a client that the user authorized.
    AccessToken(AccessToken),
    /// In a browser.
    Session(Session),
    /// At the machine, with the file in hand.
    Operator,
}

/// The caller.
#[derive(Clone, Debug)]
pub struct Principal {
    pub access: Access,
    /// The account that the rights are of.
    pub account: Option<AccountId>,
    /// What the credentials allow, with all that is implied, less what the state of the account takes away (registry.md 4.3).
    pub rights: Rights,
    /// What is allowed on everything (registry.md 5.3): nothing without `is_admin`.
    pub universal: Rights,
    /// Whether it may do what only administrators may: an administrator's session, or a key or token of his that holds `RIGHT_ALL`.
    pub is_admin: bool,
    /// A use of the credentials that is worth writing down.
    pub use_to_record: Option<Use>,
    /// What the state of the account takes away.
    pub restriction: Option<Restriction>,
    /// A client that acts by itself and has proved in the request who it is (RFC 6749 section 2.3).
    pub client: Option<ClientId>,
    pub request_id: String,
}

/// An account that may do little until an administrator approves it.
#[derive(Clone, Debug)]
pub struct Restriction {
    /// For the header `X-Warning` (registry.md 0.3).
    pub warning: &'static str,
    /// What administrators wrote beside the state.
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

    /// Returns the operator: who can open the file may do everything.
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

    /// Refuses who has not signed in.
    pub fn signed_in(&self) -> Result<()> {
        match self.access {
            Access::Anonymous => Err((&UNAUTHENTICATED).into()),
            Access::ApiKey(_) | Access::AccessToken(_) | Access::Session(_) | Access::Operator => Ok(()),
        }
    }

    /// Refuses accounts that wait for approval: they may not look at what is not theirs (registry.md 3.4, E9).
    pub fn in_good_standing(&self) -> Result<()> {
        match &self.restriction {
            None => Ok(()),
            Some(restriction) => Err(described(&USER_REQUESTED, &restriction.description).into()),
        }
    }

    /// Returns the user who acts, behind a key of somebody else too; nobody where that is not known.
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

    /// Returns the same caller, as the client that proved itself in this request.
    pub fn proved_as(&self, client: &ClientId) -> Principal {
        Principal { client: Some(client.clone()), ..self.clone() }
    }

    /// Returns who acted, as events name it.
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
