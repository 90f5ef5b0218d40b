//! Who is asking, and what the credentials allow (registry.md 4).

use crate::base::error::{Definition, Kind, Named, Result, errors};
use crate::base::id::{AccountId, ClientId, UserId};
use crate::base::request_id;
use crate::base::right::{Right, Rights, admin_rights};
use crate::base::secret::{self, Token, TokenKind};
use crate::base::time::Time;
use crate::model::api_key::ApiKey;
use crate::model::choice::State;
use crate::model::event::Actor;
use crate::model::grant::{AccessToken, RETRY_SECONDS};
use crate::model::member::expanded;
use crate::model::session::Session;
use crate::model::settings::{AdminRights, Settings};
use crate::model::user::Standing;
use crate::registry::rights::CLIENT_NOT_FOUND;
use crate::registry::sessions::{self, USER_SESSION_NOT_FOUND};
use crate::registry::tokens;
use crate::store::access_tokens::KeptToken;
use crate::store::{Deleted, Tx};

errors! {
    UNAUTHENTICATED: Unauthenticated "pkg/identityserver" "unauthenticated" "unauthenticated";
    TOKEN: InvalidArgument "pkg/auth" "token" "invalid token";
    UNSUPPORTED_AUTHORIZATION: Unauthenticated "pkg/identityserver" "unsupported_authorization" "unsupported authorization method";
    API_KEY_NOT_FOUND: Unauthenticated "pkg/identityserver" "api_key_not_found" "API key not found";
    KEPT_API_KEY_NOT_FOUND: NotFound "pkg/identityserver/store" "api_key_not_found" "api key with id `{api_key_id}` not found";
    NOT_FOUND: NotFound "pkg/util/store" "not_found" "no results found";
    INVALID_AUTHORIZATION: Unauthenticated "pkg/identityserver" "invalid_authorization" "invalid authorization";
    API_KEY_EXPIRED: Unauthenticated "pkg/identityserver" "api_key_expired" "api key expired";
    TOKEN_NOT_FOUND: Unauthenticated "pkg/identityserver" "token_not_found" "token not found";
    ACCESS_TOKEN_NOT_FOUND: NotFound "pkg/identityserver/store" "access_token_not_found" "access token with id `{access_token_id}` not found";
    TOKEN_EXPIRED: Unauthenticated "pkg/identityserver" "token_expired" "token expired";
    OAUTH_CLIENT_REJECTED: PermissionDenied "pkg/identityserver" "oauth_client_rejected" "OAuth client was rejected";
    OAUTH_CLIENT_SUSPENDED: PermissionDenied "pkg/identityserver" "oauth_client_suspended" "OAuth client was suspended";
    USER_REQUESTED: PermissionDenied "pkg/identityserver" "user_requested" "user account approval is pending";
    USER_REJECTED: PermissionDenied "pkg/identityserver" "user_rejected" "user account was rejected";
    USER_SUSPENDED: PermissionDenied "pkg/identityserver" "user_suspended" "user account was suspended";
}

/// What a request carries to prove who sends it.
#[derive(Clone, Debug)]
pub enum Credentials {
    None,
    Token(Token),
    /// A scheme that is not `Bearer`.
    Unsupported,
    /// No token of ours, and why it is refused as it is.
    Malformed(Kind),
}

impl Credentials {
    /// Reads an `Authorization` header (registry.md 4.2).
    ///
    /// A bearer without any dot is no attempt at a token: it is refused as malformed input, 400. What has dots but is no
    /// token of ours is an invalid token, 401 (RFC 6750 section 3.1).
    pub fn parse(header: Option<&str>) -> Credentials {
        let Some((scheme, token)) = header.and_then(|header| header.split_once(' ')) else { return Credentials::None };
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Credentials::Unsupported;
        }
        match token.trim() {
            "" => Credentials::None,
            token => match Token::parse(token) {
                Some(token) => Credentials::Token(token),
                None if token.contains('.') => Credentials::Malformed(Kind::Unauthenticated),
                None => Credentials::Malformed(Kind::InvalidArgument),
            },
        }
    }
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

/// Somebody who asks for something.
#[derive(Clone, Debug)]
pub struct Principal {
    pub access: Access,
    /// Whose rights they are.
    pub account: Option<AccountId>,
    /// What the credentials allow, with all that is implied, less what the state of the account takes away (registry.md 4.3).
    pub rights: Rights,
    /// What is allowed on everything (registry.md 5.3): nothing without `is_admin`.
    pub universal: Rights,
    /// Whether it may do what only administrators may: an administrator's session, or a key or token of his that holds `RIGHT_ALL`.
    pub is_admin: bool,
    /// A use of the credentials that is worth writing down.
    pub noteworthy: Option<Use>,
    /// What the state of the account takes away.
    pub restriction: Option<Restriction>,
    /// A client that acts by itself and has proved in the request who it is (RFC 6749 section 2.3).
    pub client: Option<ClientId>,
    pub request_id: String,
}

/// Credentials that were used, by their ID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// The first in a while: the session goes on.
    Session(String),
    /// The first of a fresh token: whoever refreshed for it has it, and cannot ask for it again.
    AccessToken(String),
}

/// Writes a use down.
pub fn note(tx: &Tx<'_>, used: &Use) -> Result<()> {
    match used {
        Use::Session(id) => tx.touch_session(id),
        Use::AccessToken(id) => tx.touch_access_token(id),
    }
}

/// An account that may do little until an administrator approves it.
#[derive(Clone, Debug)]
pub struct Restriction {
    /// For the header `X-Warning` (registry.md 0.3).
    pub warning: &'static str,
    /// What administrators wrote beside the state.
    description: String,
}

impl Principal {
    pub fn anonymous(request_id: &str) -> Principal {
        Principal {
            access: Access::Anonymous,
            account: None,
            rights: Rights::NONE,
            universal: Rights::NONE,
            is_admin: false,
            noteworthy: None,
            restriction: None,
            client: None,
            request_id: request_id.to_owned(),
        }
    }

    /// Whoever can open the file may do everything.
    pub fn operator() -> Principal {
        Principal {
            access: Access::Operator,
            rights: Rights::EVERY,
            universal: Rights::EVERY,
            is_admin: true,
            ..Principal::anonymous(request_id::OPERATOR)
        }
    }

    /// Learns who it is. Refusals are those of registry.md 3.4, E2 to E8.
    pub fn of(tx: &Tx<'_>, settings: &Settings, credentials: &Credentials, request_id: &str) -> Result<Principal> {
        match credentials {
            Credentials::None => Ok(Principal::anonymous(request_id)),
            Credentials::Unsupported => Err((&UNSUPPORTED_AUTHORIZATION).into()),
            Credentials::Malformed(kind) => Err(TOKEN.error().of_kind(*kind).into()),
            Credentials::Token(token) => match token.kind {
                TokenKind::ApiKey => of_api_key(tx, settings, token, request_id),
                TokenKind::AccessToken => of_access_token(tx, settings, token, request_id),
                TokenKind::Session => of_session_token(tx, settings, token, request_id),
                TokenKind::RefreshToken | TokenKind::AuthorizationCode => Err((&UNSUPPORTED_AUTHORIZATION).into()),
            },
        }
    }

    /// Somebody in a browser: with everything the user may do.
    pub fn of_session(tx: &Tx<'_>, settings: &Settings, session: Session, request_id: &str) -> Result<Principal> {
        let standing = standing(tx, &session.user_id, &TOKEN_NOT_FOUND)?;
        let principal = Principal {
            account: Some(AccountId::User(session.user_id.clone())),
            rights: Rights::EVERY,
            noteworthy: session.use_is_worth_writing(tx.now).then(|| Use::Session(session.id.clone())),
            access: Access::Session(session),
            ..Principal::anonymous(request_id)
        };
        principal.limited_by(&standing, settings)
    }

    /// The session, for whoever is in a browser.
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

    /// The user who acts, behind a key of somebody else too; nobody where that is not known.
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

    /// The same caller, as the client that proved itself in this request.
    pub fn proved_as(&self, client: &ClientId) -> Principal {
        Principal { client: Some(client.clone()), ..self.clone() }
    }

    /// As the events name who acted.
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

/// A refusal with the administrators' words, if there are any.
fn described(definition: &'static Definition, description: &str) -> Named {
    if description.is_empty() { definition.error() } else { definition.with("description", description) }
}

fn of_api_key(tx: &Tx<'_>, settings: &Settings, token: &Token, request_id: &str) -> Result<Principal> {
    let Some(kept) = tx.kept_api_key(&token.id)? else {
        // As much work as for a key that exists: its ID must not be learned from the time.
        secret::match_no_generated(&token.key);
        let cause = KEPT_API_KEY_NOT_FOUND.with("api_key_id", token.id.as_str());
        return Err(API_KEY_NOT_FOUND.error().caused_by(cause).into());
    };
    if !kept.hash.matches(&token.key) {
        return Err((&INVALID_AUTHORIZATION).into());
    }
    if !kept.owner_is_live {
        return Err(API_KEY_NOT_FOUND.error().caused_by(NOT_FOUND.error()).into());
    }
    if kept.key.expires_at.is_some_and(|end| end <= tx.now) {
        return Err((&API_KEY_EXPIRED).into());
    }
    let rights = expanded(&kept.key.rights);
    let owner = kept.key.owner.clone();
    let standing = match &owner {
        AccountId::User(id) => Some(standing(tx, id, &API_KEY_NOT_FOUND)?),
        AccountId::Organization(_) => None,
    };
    // Who made a key of somebody else may hold it still, deleted or not.
    let maker = kept.key.created_by.as_ref().filter(|maker| owner.as_str() != maker.as_str());
    if let Some(maker) = maker.map(|maker| tx.standing(maker, Deleted::Either)).transpose()?.flatten() {
        check_may_act(&maker)?;
    }
    let principal = Principal { access: Access::ApiKey(kept.key), account: Some(owner), rights, ..Principal::anonymous(request_id) };
    match standing {
        Some(standing) => principal.limited_by(&standing, settings),
        None => Ok(principal),
    }
}

/// How the owner of the credentials stands; without one they are none.
fn standing(tx: &Tx<'_>, id: &UserId, refusal: &'static Definition) -> Result<Standing> {
    tx.standing(id, Deleted::No)?.ok_or_else(|| refusal.error().caused_by(NOT_FOUND.error()).into())
}

/// Refuses suspended and rejected users, whatever they present: nothing is theirs to do until an administrator decides otherwise.
pub(super) fn check_may_act(standing: &Standing) -> Result<()> {
    let refusal = match standing.state {
        State::Requested | State::Approved | State::Flagged => return Ok(()),
        State::Rejected => &USER_REJECTED,
        State::Suspended => &USER_SUSPENDED,
    };
    Err(described(refusal, &standing.state_description).into())
}

/// The same for a user of whom a password is all that was presented. An unknown one is not refused here.
pub(super) fn check_user_may_act(tx: &Tx<'_>, id: &UserId) -> Result<()> {
    tx.standing(id, Deleted::No)?.as_ref().map_or(Ok(()), check_may_act)
}

/// A client in a user's name: what the user allowed it, expanded (oauth.md 1.10).
fn of_access_token(tx: &Tx<'_>, settings: &Settings, token: &Token, request_id: &str) -> Result<Principal> {
    let Some((kept, client)) = tokens::with_client(tx, &token.id)? else {
        secret::match_no_generated(&token.key);
        let cause = ACCESS_TOKEN_NOT_FOUND.with("access_token_id", token.id.as_str());
        return Err(TOKEN_NOT_FOUND.error().caused_by(cause).into());
    };
    if !kept.hashes.access.matches(&token.key) {
        return Err((&INVALID_AUTHORIZATION).into());
    }
    if !client.is_live {
        // The Things Stack names no client here.
        return Err(TOKEN_NOT_FOUND.error().caused_by(CLIENT_NOT_FOUND.with("client_id", "")).into());
    }
    let standing = standing(tx, &kept.token.user_id, &TOKEN_NOT_FOUND)?;
    if kept.token.expires_at <= tx.now {
        return Err((&TOKEN_EXPIRED).into());
    }
    let refusal = match client.state {
        State::Requested | State::Approved | State::Flagged => None,
        State::Rejected => Some(&OAUTH_CLIENT_REJECTED),
        State::Suspended => Some(&OAUTH_CLIENT_SUSPENDED),
    };
    if let Some(refusal) = refusal {
        return Err(described(refusal, &client.state_description).into());
    }
    let noteworthy = first_use(&kept, tx.now);
    let principal = Principal {
        account: Some(AccountId::User(kept.token.user_id.clone())),
        rights: kept.token.rights.expanded(),
        noteworthy,
        access: Access::AccessToken(kept.token),
        ..Principal::anonymous(request_id)
    };
    principal.limited_by(&standing, settings)
}

/// The first use of a token that its predecessor could still bring again: of a client without a secret it cannot from then on.
pub fn first_use(kept: &KeptToken, now: Time) -> Option<Use> {
    // Only the first token of a family has no predecessor.
    let is_repeatable = kept.token.id != kept.token.family_id && now.is_within(RETRY_SECONDS, kept.token.created_at);
    (is_repeatable && kept.used_at.is_none()).then(|| Use::AccessToken(kept.token.id.clone()))
}

fn of_session_token(tx: &Tx<'_>, settings: &Settings, token: &Token, request_id: &str) -> Result<Principal> {
    match sessions::proved(tx, token)? {
        Some(session) => Principal::of_session(tx, settings, session, request_id),
        None => {
            let cause = USER_SESSION_NOT_FOUND.with("session_id", token.id.as_str()).with("user_id", "");
            Err(TOKEN_NOT_FOUND.error().caused_by(cause).into())
        }
    }
}

impl Principal {
    /// What the state of a user takes away, and what being an administrator adds (registry.md 4.3).
    fn limited_by(mut self, standing: &Standing, settings: &Settings) -> Result<Principal> {
        const OWN: Rights = Rights::of(&[Right::UserInfo, Right::UserSettingsBasic, Right::UserDelete]);
        check_may_act(standing)?;
        if standing.state == State::Requested {
            self.rights = self.rights.and(OWN);
            let warning = "Restricted rights while account pending";
            self.restriction = Some(Restriction { warning, description: standing.state_description.clone() });
        }
        // Sessions hold every right. Who made a key or a token with less meant it to open less.
        if standing.admin && standing.state == State::Approved && self.rights.has(Right::All) {
            self.is_admin = true;
            self.universal = match settings.admin_rights {
                AdminRights::Standard => admin_rights(),
                AdminRights::All => Rights::EVERY,
            };
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_read_as_the_contract_says() {
        assert!(matches!(Credentials::parse(None), Credentials::None));
        assert!(matches!(Credentials::parse(Some("NNSXS.A.B")), Credentials::None));
        assert!(matches!(Credentials::parse(Some("Bearer ")), Credentials::None));
        assert!(matches!(Credentials::parse(Some("BEARER NNSXS.A.B")), Credentials::Token(_)));
        assert!(matches!(Credentials::parse(Some("Basic YTpi")), Credentials::Unsupported));
        assert!(matches!(Credentials::parse(Some("Bearer missing")), Credentials::Malformed(Kind::InvalidArgument)));
        assert!(matches!(Credentials::parse(Some("Bearer ..")), Credentials::Malformed(Kind::Unauthenticated)));
    }
}
