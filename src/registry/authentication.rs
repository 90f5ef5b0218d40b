//! Authenticates credentials as a principal, with what they allow (registry.md 4).

use crate::base::error::{Definition, Kind, Result, errors};
use crate::base::id::{AccountId, UserId};
use crate::base::right::{Right, Rights, admin_rights};
use crate::base::secret::{self, Token, TokenKind};
use crate::model::choice::State;
use crate::model::member::expanded;
use crate::model::session::Session;
use crate::model::settings::{AdminRights, Settings};
use crate::model::user::Standing;
use crate::registry::api_keys::STORED_API_KEY_NOT_FOUND;
use crate::registry::authorizations::ACCESS_TOKEN_NOT_FOUND;
use crate::registry::credential_use::{Use, first_use};
use crate::registry::entity::{CLIENT_NOT_FOUND, NOT_FOUND};
use crate::registry::live_tokens::{self, PresentedToken};
use crate::registry::principal::{Access, Principal, Restriction};
use crate::registry::sessions::{self, USER_SESSION_NOT_FOUND};
use crate::registry::standing::{self, described};
use crate::store::{Deleted, Tx};

errors! {
    TOKEN: InvalidArgument "pkg/auth" "token" "invalid token";
    UNSUPPORTED_AUTHORIZATION: Unauthenticated "pkg/identityserver" "unsupported_authorization" "unsupported authorization method";
    API_KEY_NOT_FOUND: Unauthenticated "pkg/identityserver" "api_key_not_found" "API key not found";
    INVALID_AUTHORIZATION: Unauthenticated "pkg/identityserver" "invalid_authorization" "invalid authorization";
    API_KEY_EXPIRED: Unauthenticated "pkg/identityserver" "api_key_expired" "api key expired";
    TOKEN_NOT_FOUND: Unauthenticated "pkg/identityserver" "token_not_found" "token not found";
    TOKEN_EXPIRED: Unauthenticated "pkg/identityserver" "token_expired" "token expired";
    OAUTH_CLIENT_REJECTED: PermissionDenied "pkg/identityserver" "oauth_client_rejected" "OAuth client was rejected";
    OAUTH_CLIENT_SUSPENDED: PermissionDenied "pkg/identityserver" "oauth_client_suspended" "OAuth client was suspended";
    TOKEN_WITHOUT_RIGHTS: PermissionDenied "keyfob" "token_without_rights" "this token has no rights here: name some in the scope that the user is asked for";
}

#[derive(Clone, Debug)]
pub enum Credentials {
    None,
    Token(Token),
    /// What may be an access token that this server has signed.
    Signed(String),
    /// A scheme that is not `Bearer`.
    Unsupported,
    /// Not a token of ours, and the kind of the refusal.
    Malformed(Kind),
}

impl Credentials {
    /// Parses an `Authorization` header (registry.md 4.2).
    ///
    /// A bearer token without a dot is malformed input, 400. With dots, but not a token of ours, it is an invalid token, 401 (RFC 6750
    /// section 3.1).
    pub fn parse(header: Option<&str>) -> Credentials {
        let Some((scheme, token)) = header.and_then(|header| header.split_once(' ')) else { return Credentials::None };
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Credentials::Unsupported;
        }
        match token.trim() {
            "" => Credentials::None,
            token => match Token::parse(token) {
                Some(token) => Credentials::Token(token),
                None if token.starts_with("eyJ") => Credentials::Signed(token.to_owned()),
                None if token.contains('.') => Credentials::Malformed(Kind::Unauthenticated),
                None => Credentials::Malformed(Kind::InvalidArgument),
            },
        }
    }
}

/// Returns the caller.
/// # Errors
/// Those of [`holder`]; `token_without_rights` for an access token that only signs a user in, or is only for a resource server of its client.
pub fn principal(tx: &Tx<'_>, settings: &Settings, credentials: &Credentials, request_id: &str) -> Result<Principal> {
    let by = holder(tx, settings, credentials, request_id)?;
    match &by.access {
        Access::AccessToken(token) if token.rights.is_empty() && !token.words.is_empty() => Err((&TOKEN_WITHOUT_RIGHTS).into()),
        Access::Anonymous | Access::AccessToken(_) | Access::ApiKey(_) | Access::Session(_) | Access::Operator => Ok(by),
    }
}

/// Returns the holder of the credentials, also of an access token that opens nothing but `/oauth/userinfo`.
/// # Errors
/// E2 to E8 of registry.md 3.4: `unsupported_authorization`, `token`, `api_key_not_found`, `token_not_found`, `invalid_authorization`,
/// `api_key_expired`, `token_expired`, `oauth_client_rejected`, `oauth_client_suspended`, `user_rejected` and `user_suspended`.
pub fn holder(tx: &Tx<'_>, settings: &Settings, credentials: &Credentials, request_id: &str) -> Result<Principal> {
    match credentials {
        Credentials::None => Ok(Principal::anonymous(request_id)),
        Credentials::Unsupported => Err((&UNSUPPORTED_AUTHORIZATION).into()),
        Credentials::Malformed(kind) => Err(TOKEN.error().of_kind(*kind).into()),
        Credentials::Signed(text) => match PresentedToken::of_signed(tx, text)? {
            Some(presented) => of_access_token(tx, settings, &presented, request_id),
            None => Err(TOKEN.error().of_kind(Kind::Unauthenticated).into()),
        },
        Credentials::Token(token) => match token.kind {
            TokenKind::ApiKey => of_api_key(tx, settings, token, request_id),
            TokenKind::AccessToken => of_access_token(tx, settings, &PresentedToken::Whole(token.clone()), request_id),
            TokenKind::Session => of_session_token(tx, settings, token, request_id),
            TokenKind::RefreshToken | TokenKind::AuthorizationCode | TokenKind::SignInLink | TokenKind::PasswordChoice => {
                Err((&UNSUPPORTED_AUTHORIZATION).into())
            }
        },
    }
}

/// Returns the user of a session, with all of the user's rights.
/// # Errors
/// `token_not_found` without the user; `user_rejected` and `user_suspended`.
pub fn of_session(tx: &Tx<'_>, settings: &Settings, session: Session, request_id: &str) -> Result<Principal> {
    let standing = standing(tx, &session.user_id, &TOKEN_NOT_FOUND)?;
    let principal = Principal {
        account: Some(AccountId::User(session.user_id.clone())),
        rights: Rights::EVERY,
        use_to_record: session.use_is_worth_writing(tx.now).then(|| Use::Session(session.id.clone())),
        access: Access::Session(session),
        ..Principal::anonymous(request_id)
    };
    limited(principal, &standing, settings)
}

fn of_api_key(tx: &Tx<'_>, settings: &Settings, token: &Token, request_id: &str) -> Result<Principal> {
    let Some(kept) = tx.stored_api_key(&token.id)? else {
        // As much work as for a key that exists: its ID must not be learned from the time.
        secret::match_no_generated(&token.key);
        let cause = STORED_API_KEY_NOT_FOUND.with("api_key_id", token.id.as_str());
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
    let renewed = kept.hash.renewed(&token.key).map(|hash| Use::FormerApiKey(token.id.clone(), hash));
    let use_to_record = renewed.or_else(|| kept.key.use_is_worth_writing(tx.now).then(|| Use::ApiKey(token.id.clone())));
    let rights = expanded(&kept.key.rights);
    let owner = kept.key.owner.clone();
    let standing = match &owner {
        AccountId::User(id) => Some(standing(tx, id, &API_KEY_NOT_FOUND)?),
        AccountId::Organization(_) => None,
    };
    // The user who created a key for another account may still hold it, deleted or not.
    let maker = kept.key.created_by.as_ref().filter(|maker| owner.as_str() != maker.as_str());
    if let Some(maker) = maker.map(|maker| tx.standing(maker, Deleted::Either)).transpose()?.flatten() {
        standing::check(&maker)?;
    }
    let principal =
        Principal { access: Access::ApiKey(kept.key), account: Some(owner), rights, use_to_record, ..Principal::anonymous(request_id) };
    match standing {
        Some(standing) => limited(principal, &standing, settings),
        None => Ok(principal),
    }
}

/// Returns the standing of the credentials' owner. Fails with `refusal` if there is no owner.
fn standing(tx: &Tx<'_>, id: &UserId, refusal: &'static Definition) -> Result<Standing> {
    tx.standing(id, Deleted::No)?.ok_or_else(|| refusal.error().caused_by(NOT_FOUND.error()).into())
}

/// Returns a client that acts for a user, with the rights that the user granted, expanded (oauth.md 1.10).
fn of_access_token(tx: &Tx<'_>, settings: &Settings, presented: &PresentedToken, request_id: &str) -> Result<Principal> {
    let Some((kept, client)) = live_tokens::with_client(tx, presented.id())? else {
        if let PresentedToken::Whole(token) = presented {
            secret::match_no_generated(&token.key);
        }
        let cause = ACCESS_TOKEN_NOT_FOUND.with("access_token_id", presented.id());
        return Err(TOKEN_NOT_FOUND.error().caused_by(cause).into());
    };
    if !live_tokens::proves(&kept, presented) {
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
    let renewed = || match presented {
        PresentedToken::Whole(token) => kept.hashes.access.renewed(&token.key).map(|hash| Use::FormerAccessToken(token.id.clone(), hash)),
        PresentedToken::Signed(_) => None,
    };
    let use_to_record = first_use(&kept, tx.now).or_else(renewed);
    let principal = Principal {
        account: Some(AccountId::User(kept.token.user_id.clone())),
        rights: kept.token.rights.expanded(),
        use_to_record,
        access: Access::AccessToken(kept.token),
        ..Principal::anonymous(request_id)
    };
    limited(principal, &standing, settings)
}

fn of_session_token(tx: &Tx<'_>, settings: &Settings, token: &Token, request_id: &str) -> Result<Principal> {
    match sessions::proved(tx, token)? {
        Some(session) => of_session(tx, settings, session, request_id),
        None => {
            let cause = USER_SESSION_NOT_FOUND.with("session_id", token.id.as_str()).with("user_id", "");
            Err(TOKEN_NOT_FOUND.error().caused_by(cause).into())
        }
    }
}

/// Restricts a principal by the state of its user, and adds what administrators may do (registry.md 4.3).
fn limited(mut principal: Principal, standing: &Standing, settings: &Settings) -> Result<Principal> {
    const OWN: Rights = Rights::of(&[Right::UserInfo, Right::UserSettingsBasic, Right::UserDelete]);
    standing::check(standing)?;
    if standing.state == State::Requested {
        principal.rights = principal.rights.and(OWN);
        let warning = "Restricted rights while account pending";
        principal.restriction = Some(Restriction { warning, description: standing.state_description.clone() });
    }
    // A session holds every right. A key or token with fewer was made to allow less.
    if standing.admin && standing.state == State::Approved && principal.rights.has(Right::All) {
        principal.is_admin = true;
        principal.universal = match settings.admin_rights {
            AdminRights::Standard => admin_rights(),
            AdminRights::All => Rights::EVERY,
        };
    }
    Ok(principal)
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
