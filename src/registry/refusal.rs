//! Refusals of the authorization server. The reply is as the RFCs say; the reason and what differed go to the log and to the client's
//! history.

use serde_json::{Map, Value, json};

use crate::base::counter::Counter;
use crate::base::error::{Definition, Named, Result, errors};
use crate::base::id::ClientId;
use crate::base::{log, uri};
use crate::model::event::Action;
use crate::registry::entity::CLIENT_NOT_FOUND;
use crate::registry::history;
use crate::registry::principal::Principal;
use crate::registry::standing::USER_REQUESTED;
use crate::store::Tx;

errors! {
    MISSING_GRANT_TYPE: InvalidArgument "pkg/oauth" "missing_grant_type" "missing grant type";
    MISSING_AUTHORIZATION_CODE: InvalidArgument "pkg/oauth" "missing_authorization_code" "missing authorization code";
    MISSING_REFRESH_TOKEN: InvalidArgument "pkg/oauth" "missing_refresh_token" "missing refresh token";
    INVALID_GRANT_TYPE: InvalidArgument "pkg/oauth" "invalid_grant_type" "only the grants authorization_code and refresh_token are known here";
    MISSING_CLIENT_ID: InvalidArgument "pkg/oauth" "missing_client_id" "missing client id";
    MISSING_CLIENT_SECRET: InvalidArgument "pkg/oauth" "missing_client_secret" "missing client secret";
    INVALID_CLIENT: Unauthenticated "pkg/oauth" "invalid_client" "the client is not known, or did not prove that it is this client";
    CLIENT_NOT_ALLOWED: InvalidArgument "pkg/oauth" "client_not_allowed" "the client may not do this";
    UNAUTHORIZED_CLIENT: PermissionDenied "pkg/oauth" "unauthorized_client" "the client has no redirect URI";
    INVALID_REDIRECT_URI: PermissionDenied "pkg/oauth" "invalid_redirect_uri" "invalid redirect URI";
    INVALID_REQUEST: InvalidArgument "pkg/oauth" "invalid_request" "the request is not well-formed: {reason}";
    INVALID_CODE_CHALLENGE: InvalidArgument "pkg/oauth" "invalid_code_challenge" "a code_challenge of 43 to 128 characters with the method S256 is needed";
    INVALID_GRANT: InvalidArgument "pkg/oauth" "invalid_grant" "the code or token is invalid, expired, used, or was issued to another client";
    CLIENT_MISSING_GRANT: InvalidArgument "pkg/oauth" "client_missing_grant" "OAuth client is missing the authorization code grant";
    CLIENT_NOT_APPROVED: InvalidArgument "pkg/oauth" "client_not_approved" "OAuth client was not approved";
    CLIENT_REJECTED: InvalidArgument "pkg/oauth" "client_rejected" "OAuth client was rejected";
    CLIENT_SUSPENDED: InvalidArgument "pkg/oauth" "client_suspended" "OAuth client was suspended";
    TOO_LONG_TO_LEAD_ON: InvalidArgument "keyfob" "request_too_long" "the request is longer than an address may be: send less in it; state, nonce and id_token_hint need no more than a few hundred characters";
    NOT_IN_ALLOWED_GROUPS: PermissionDenied "keyfob" "not_in_allowed_groups" "only members of certain groups may use this client, and the user is in none of them";
    ACCESS_DENIED: InvalidArgument "pkg/oauth" "access_denied" "the user did not agree";
    INVALID_SCOPE: InvalidArgument "pkg/oauth" "invalid_scope" "these rights cannot be granted: ask for others, or leave the scope out";
    UNSUPPORTED_RESPONSE_TYPE: InvalidArgument "pkg/oauth" "unsupported_response_type" "only the response type code is known here";
    TOO_MANY_AUTHORIZATIONS: FailedPrecondition
        "keyfob" "too_many_authorizations" "you have authorized {most} clients, the most there may be: revoke one in the Console first";
    LOGIN_REQUIRED: FailedPrecondition "keyfob" "login_required" "the user has to sign in, and the client wants nothing to be asked";
    ANOTHER_USER: FailedPrecondition "keyfob" "another_user" "somebody other than the user whom the client asks for has signed in";
    CONSENT_REQUIRED: FailedPrecondition "keyfob" "consent_required" "the user has to agree, and the client wants nothing to be asked";
    INTERACTION_REQUIRED: FailedPrecondition "keyfob" "interaction_required" "the user has to be told something, and the client wants nothing to be shown";
    ACCOUNT_SELECTION_REQUIRED: FailedPrecondition "keyfob" "account_selection_required" "somebody other than the user of the login_hint is signed in, and the client wants nothing to be asked";
    REQUEST_NOT_SUPPORTED: InvalidArgument "keyfob" "request_not_supported" "the parameter request is not supported: send what it holds as parameters";
    REQUEST_URI_NOT_SUPPORTED: InvalidArgument "keyfob" "request_uri_not_supported" "the parameter request_uri is not supported: send what lies there as parameters";
    REGISTRATION_NOT_SUPPORTED: InvalidArgument "keyfob" "registration_not_supported" "the parameter registration is not supported: register the client here";
    UNSUPPORTED_TOKEN_TYPE: InvalidArgument "pkg/oauth" "unsupported_token_type" "only access and refresh tokens can be revoked here";
}

/// Why a request is refused: a stable name, the code of RFC 6749, the error of The Things Stack, and what to do about it.
#[derive(Debug, PartialEq, Eq)]
pub struct Reason {
    pub name: &'static str,
    /// `invalid_grant` and its like (RFC 6749 sections 4.1.2.1 and 5.2).
    pub code: &'static str,
    pub definition: &'static Definition,
    /// What its developer can do about it, in a sentence.
    pub advice: &'static str,
}

/// Defines reasons, one per row, and the list of all of them.
macro_rules! reasons {
    ($($id:ident: $name:literal $code:literal $definition:ident $advice:literal;)+) => {
        $(pub static $id: Reason = Reason { name: $name, code: $code, definition: &$definition, advice: $advice };)+
        /// Every reason.
        pub static REASONS: &[&Reason] = &[$(&$id),+];
        /// How often this process refused for each.
        static COUNTS: [Counter; [$($name),+].len()] = [const { Counter::new() }; [$($name),+].len()];
    };
}

reasons! {
    // Of any request.
    PARAMETER_REPEATED: "parameter_repeated" "invalid_request" INVALID_REQUEST
        "Send each parameter once.";
    BODY_MALFORMED: "body_malformed" "invalid_request" INVALID_REQUEST
        "Send the parameters in the body as a form: application/x-www-form-urlencoded, in UTF-8.";
    CREDENTIALS_IN_URL: "credentials_in_url" "invalid_request" INVALID_REQUEST
        "Send secrets and tokens in the body or in a header: an address is written to logs and histories.";
    TOKEN_MISSING: "token_missing" "invalid_request" INVALID_REQUEST
        "Send the token in the parameter token.";
    // Of a request for authorization.
    CLIENT_UNKNOWN_TO_US: "client_unknown" "invalid_request" CLIENT_NOT_FOUND
        "Check the client ID that the application sends: nothing is registered under it.";
    CLIENT_UNNAMED: "client_id_not_sent" "invalid_request" CLIENT_NOT_FOUND
        "Send the client ID in the parameter client_id: the request has none, or an empty one.";
    CLIENT_WITHOUT_REDIRECT_URI: "client_without_redirect_uri" "unauthorized_client" UNAUTHORIZED_CLIENT
        "Register a redirect URL for the client.";
    REDIRECT_URI_MISSING: "redirect_uri_missing" "invalid_request" INVALID_REQUEST
        "Several redirect URLs are registered: send in redirect_uri which of them is meant.";
    REDIRECT_URI_NOT_REGISTERED: "redirect_uri_not_registered" "invalid_request" INVALID_REDIRECT_URI
        "Register the redirect URL that the application sends, letter by letter, or have it send one that is registered.";
    STATE_TOO_LONG: "state_too_long" "invalid_request" INVALID_REQUEST
        "Keep what is long with the application, and send a short state that stands for it.";
    NONCE_TOO_LONG: "nonce_too_long" "invalid_request" INVALID_REQUEST
        "Send a nonce of random characters: some 20 are plenty.";
    RESPONSE_TYPE_MISSING: "response_type_missing" "invalid_request" INVALID_REQUEST
        "Send response_type=code.";
    RESPONSE_TYPE_UNSUPPORTED: "response_type_unsupported" "unsupported_response_type" UNSUPPORTED_RESPONSE_TYPE
        "Send response_type=code: the implicit and hybrid flows are not supported.";
    CODE_CHALLENGE_MALFORMED: "code_challenge_malformed" "invalid_request" INVALID_CODE_CHALLENGE
        "Send as code_challenge the SHA-256 of the verifier in base64url without padding: 43 characters.";
    CODE_CHALLENGE_METHOD_UNSUPPORTED: "code_challenge_method_unsupported" "invalid_request" INVALID_CODE_CHALLENGE
        "Send code_challenge_method=S256.";
    CODE_CHALLENGE_MISSING: "code_challenge_missing" "invalid_request" INVALID_CODE_CHALLENGE
        "A client without a secret must use PKCE: switch it on in the application's library, or give the client a secret.";
    CODE_GRANT_MISSING: "code_grant_missing" "invalid_grant" CLIENT_MISSING_GRANT
        "Tick the grant type Authorization code in the client's settings.";
    CLIENT_STATE_REQUESTED: "client_not_approved" "invalid_client" CLIENT_NOT_APPROVED
        "The client waits for an administrator's approval. Until then it can be tried by the user who registered it, and by collaborators who choose to.";
    CLIENT_STATE_REJECTED: "client_rejected" "invalid_client" CLIENT_REJECTED
        "Administrators rejected the client: see their reason in its review, change what it is about, and ask again.";
    CLIENT_STATE_SUSPENDED: "client_suspended" "invalid_client" CLIENT_SUSPENDED
        "Administrators suspended the client: ask them why.";
    AUTHORIZATIONS_FULL: "authorizations_full" "access_denied" TOO_MANY_AUTHORIZATIONS
        "The user has authorized as many clients as there may be, and has to revoke one first.";
    USER_NOT_APPROVED: "user_not_approved" "access_denied" USER_REQUESTED
        "The user waits for an administrator's approval.";
    USER_OUTSIDE_GROUPS: "user_outside_groups" "access_denied" NOT_IN_ALLOWED_GROUPS
        "The client is for the members of some groups: add the user to one, or see allowed_groups in the client's settings.";
    REQUEST_TOO_LONG: "request_too_long" "invalid_request" TOO_LONG_TO_LEAD_ON
        "Send less: state, nonce and id_token_hint need no more than a few hundred characters.";
    RESPONSE_MODE_UNSUPPORTED: "response_mode_unsupported" "invalid_request" INVALID_REQUEST
        "Send response_mode=query or leave it out; form_post is for redirect URLs of http and https.";
    PROMPT_UNSUPPORTED: "prompt_unsupported" "invalid_request" INVALID_REQUEST
        "Send in prompt some of login, consent and select_account, or none alone.";
    MAX_AGE_MALFORMED: "max_age_malformed" "invalid_request" INVALID_REQUEST
        "Send max_age as a number of seconds.";
    REQUEST_OBJECT: "request_object" "request_not_supported" REQUEST_NOT_SUPPORTED
        "Send the parameters one by one, without request.";
    REQUEST_OBJECT_ELSEWHERE: "request_object_elsewhere" "request_uri_not_supported" REQUEST_URI_NOT_SUPPORTED
        "Send the parameters one by one, without request_uri.";
    REGISTRATION_IN_REQUEST: "registration_in_request" "registration_not_supported" REGISTRATION_NOT_SUPPORTED
        "Register the client here, and leave out registration.";
    SIGN_IN_NEEDED: "sign_in_needed" "login_required" LOGIN_REQUIRED
        "Nobody suitable is signed in: ask again without prompt=none.";
    ANOTHER_USER_NEEDED: "another_user_needed" "login_required" ANOTHER_USER
        "Somebody other than the user of id_token_hint is signed in: go on without it, or sign that one out in the application.";
    CONSENT_NEEDED: "consent_needed" "consent_required" CONSENT_REQUIRED
        "The user has not agreed to all of this yet: ask again without prompt=none.";
    USER_NEEDED: "user_needed" "interaction_required" INTERACTION_REQUIRED
        "The user has to be told something first: ask again without prompt=none.";
    ACCOUNT_SELECTION_NEEDED: "account_selection_needed" "account_selection_required" ACCOUNT_SELECTION_REQUIRED
        "Somebody other than the user of login_hint is signed in: ask again without prompt=none.";
    SCOPE_WITHOUT_RIGHT: "scope_without_right" "invalid_scope" INVALID_SCOPE
        "The client asks for nothing that it is registered for: correct the scope, leave it out, or add the rights to the client.";
    CONSENT_DENIED: "consent_denied" "access_denied" ACCESS_DENIED
        "The user pressed Cancel. If many do, ask for fewer rights, and say in the description what they are for.";
    // Of a request for a token.
    GRANT_TYPE_MISSING: "grant_type_missing" "invalid_request" MISSING_GRANT_TYPE
        "Send grant_type=authorization_code or grant_type=refresh_token.";
    CODE_MISSING: "code_missing" "invalid_request" MISSING_AUTHORIZATION_CODE
        "Send in code the code that the redirect brought.";
    REFRESH_TOKEN_MISSING: "refresh_token_missing" "invalid_request" MISSING_REFRESH_TOKEN
        "Send the refresh token in the parameter refresh_token.";
    GRANT_TYPE_UNSUPPORTED: "grant_type_unsupported" "unsupported_grant_type" INVALID_GRANT_TYPE
        "Use authorization_code or refresh_token: others are not supported, passwords least of all.";
    CLIENT_ID_MISSING: "client_id_missing" "invalid_client" MISSING_CLIENT_ID
        "Send the client ID: by HTTP Basic authentication, or in client_id.";
    CLIENT_SECRET_MISSING: "client_secret_missing" "invalid_client" MISSING_CLIENT_SECRET
        "The client has a secret: send it by HTTP Basic authentication, or in client_secret.";
    TWO_AUTHENTICATIONS: "two_client_authentications" "invalid_request" INVALID_REQUEST
        "Send the client's credentials once: in the Authorization header or in the body, not differently in both.";
    AUTHORIZATION_MALFORMED: "authorization_malformed" "invalid_client" INVALID_CLIENT
        "Send Authorization: Basic and the base64 of ID:SECRET, both form-encoded.";
    CLIENT_UNAUTHENTICATED: "client_unauthenticated" "invalid_client" INVALID_CLIENT
        "Send the ID and the secret of a client: only clients with one may ask this.";
    CLIENT_UNKNOWN: "client_unknown_at_token" "invalid_client" INVALID_CLIENT
        "Check the client ID that the application sends: nothing is registered under it.";
    CLIENT_SECRET_WRONG: "client_secret_wrong" "invalid_client" INVALID_CLIENT
        "Check the secret that the application has: it may be of another client, replaced, or past its grace period. If it is lost, make a new one.";
    CLIENT_UNUSABLE: "client_without_redirect_uri_at_token" "unauthorized_client" CLIENT_NOT_ALLOWED
        "Register a redirect URL for the client.";
    CLIENT_REJECTED_AT_TOKEN: "client_rejected_at_token" "unauthorized_client" CLIENT_NOT_ALLOWED
        "Administrators rejected the client: see their reason in its review.";
    CLIENT_SUSPENDED_AT_TOKEN: "client_suspended_at_token" "unauthorized_client" CLIENT_NOT_ALLOWED
        "Administrators suspended the client: ask them why.";
    GRANT_NOT_ALLOWED: "grant_not_allowed" "unauthorized_client" CLIENT_NOT_ALLOWED
        "Tick this grant type in the client's settings, or don't use it.";
    CODE_UNKNOWN: "code_unknown" "invalid_grant" INVALID_GRANT
        "Send the code as the redirect brought it, whole and decoded once. It may also be of another server.";
    CODE_EXPIRED: "code_expired" "invalid_grant" INVALID_GRANT
        "Redeem a code at once: it ends after five minutes.";
    CODE_REPLAYED: "code_replayed" "invalid_grant" INVALID_GRANT
        "Redeem a code once. A page that is loaded again sends it again: redirect from it to another. If it was not the application, somebody has seen the code.";
    CODE_OF_ANOTHER_CLIENT: "code_of_another_client" "invalid_grant" INVALID_GRANT
        "Redeem a code as the client that asked for it: the application mixes up two client IDs.";
    REDIRECT_URI_DIFFERS: "redirect_uri_differs" "invalid_grant" INVALID_GRANT
        "Send in redirect_uri what the request for the code had, letter by letter.";
    CODE_VERIFIER_MISSING: "code_verifier_missing" "invalid_grant" INVALID_GRANT
        "The request for the code had a challenge: send its code_verifier, kept with the user's session.";
    CODE_VERIFIER_WRONG: "code_verifier_wrong" "invalid_grant" INVALID_GRANT
        "Send the code_verifier that this code's challenge was made of: sessions are mixed up, or a new one was made.";
    CODE_VERIFIER_UNEXPECTED: "code_verifier_unexpected" "invalid_grant" INVALID_GRANT
        "The request for the code had no challenge: send one there, or no code_verifier here.";
    USER_GONE: "user_gone" "invalid_grant" INVALID_GRANT
        "The user's account is gone: end the session in the application.";
    USER_NOT_APPROVED_AT_TOKEN: "user_not_approved_at_token" "invalid_grant" INVALID_GRANT
        "The user's account is not approved any more: end the session in the application.";
    USER_OUTSIDE_GROUPS_AT_TOKEN: "user_outside_groups_at_token" "invalid_grant" INVALID_GRANT
        "The client is for the members of some groups, which the user has left: see allowed_groups in the client's settings.";
    REFRESH_TOKEN_MALFORMED: "refresh_token_malformed" "invalid_grant" INVALID_GRANT
        "Send a refresh token as it was issued, whole; not an access token.";
    REFRESH_TOKEN_UNKNOWN: "refresh_token_unknown" "invalid_grant" INVALID_GRANT
        "It was revoked, perhaps by its user, or is of another server: have the user sign in again.";
    REFRESH_TOKEN_OF_ANOTHER_CLIENT: "refresh_token_of_another_client" "invalid_grant" INVALID_GRANT
        "Refresh as the client that the token was issued to: the application mixes up two client IDs.";
    REFRESH_TOKEN_EXPIRED: "refresh_token_expired" "invalid_grant" INVALID_GRANT
        "It was not used for too long: have the user sign in again.";
    REFRESH_TOKEN_REUSED: "refresh_token_reused" "invalid_grant" INVALID_GRANT
        "Store the new refresh token of each reply, and refresh in one place at a time. If it was not the application, somebody has the token.";
    REFRESH_SCOPE_WIDER: "refresh_scope_wider" "invalid_scope" INVALID_SCOPE
        "Ask for no more than was granted: leave the scope out.";
    REFRESH_SUCCESSOR_WIDER: "refresh_successor_wider" "invalid_scope" INVALID_SCOPE
        "Send the same scope when a refresh is sent again.";
    REFRESHED_TOO_OFTEN: "refreshed_too_often" "invalid_grant" INVALID_GRANT
        "Refresh when the access token is about to end, not with each request.";
    REFRESH_SUCCESSOR_GONE: "refresh_successor_gone" "invalid_grant" INVALID_GRANT
        "The reply can no longer be sent again: have the user sign in again.";
    REFRESH_SUCCESSOR_USED: "refresh_successor_used" "invalid_grant" INVALID_GRANT
        "Store the new refresh token before it is used: this one was replaced, and its successor is in use.";
    // Of a request to revoke.
    TOKEN_OF_ANOTHER_CLIENT: "token_of_another_client" "unauthorized_client" CLIENT_NOT_ALLOWED
        "Revoke a token as the client that it was issued to.";
    TOKEN_TYPE_UNSUPPORTED: "token_type_unsupported" "unsupported_token_type" UNSUPPORTED_TOKEN_TYPE
        "Revoke access and refresh tokens only.";
}

/// The result of a request that may be refused. A refusal must not be the `Err` of a transaction, which would roll back what it records.
pub type Judged<T> = std::result::Result<T, Refusal>;

/// A refusal. Not an `Error`, because what it records (an event, a revocation) must be committed.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub reason: &'static Reason,
    /// The client whose history records it.
    pub client: Option<ClientId>,
    /// What was expected, and what was sent.
    pub difference: Option<Box<Difference>>,
    /// An attribute of the error in the reply.
    attribute: Option<(&'static str, String)>,
}

#[derive(Clone, Debug)]
pub struct Difference {
    pub field: &'static str,
    pub registered: String,
    pub received: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    Authorize,
    Token,
}

/// How much of an unauthenticated request is recorded, in bytes.
const LONGEST_KEPT: usize = 256;

impl Refusal {
    pub fn of(reason: &'static Reason) -> Refusal {
        Refusal { reason, client: None, difference: None, attribute: None }
    }

    pub fn to(reason: &'static Reason, client: &ClientId) -> Refusal {
        Refusal { client: Some(client.clone()), ..Refusal::of(reason) }
    }

    pub fn differing(self, field: &'static str, registered: &str, received: &str) -> Refusal {
        let cut = |text: &str| text.chars().take(LONGEST_KEPT).collect();
        let difference = Difference { field, registered: cut(registered), received: cut(received) };
        Refusal { difference: Some(Box::new(difference)), ..self }
    }

    pub fn with(self, name: &'static str, value: &str) -> Refusal {
        Refusal { attribute: Some((name, value.to_owned())), ..self }
    }

    /// Adds what administrators wrote beside a state, if they did.
    pub fn described(self, description: &str) -> Refusal {
        if description.is_empty() { self } else { self.with("description", description) }
    }

    /// Returns the error for the reply.
    pub fn named(&self) -> Named {
        let definition = self.reason.definition;
        match &self.attribute {
            Some((name, value)) => definition.with(name, value.as_str()),
            // This error stands for many reasons; the reason's name says what is wrong.
            None if std::ptr::eq(definition, &INVALID_REQUEST) => definition.with("reason", self.reason.name.replace('_', " ")),
            None => definition.error(),
        }
    }

    /// Records the refusal in the client's history, which counts repeated ones because anyone can cause them. Where clients authenticate,
    /// an unknown client is recorded too: otherwise the time taken would tell it from a known one (RFC 6749 section 5.2).
    pub(crate) fn record(&self, tx: &Tx<'_>, by: &Principal, endpoint: Endpoint) -> Result<()> {
        let client_id = match (&self.client, endpoint) {
            (Some(client), _) => client.as_str(),
            (None, Endpoint::Token) => history::UNKNOWN_CLIENT,
            (None, Endpoint::Authorize) => return Ok(()),
        };
        let action = match endpoint {
            Endpoint::Authorize => Action::RefuseAuthorization,
            Endpoint::Token => Action::RefuseToken,
        };
        let (mut old, mut new) = (Map::new(), Map::from_iter([("reason".to_owned(), Value::from(self.reason.name))]));
        if let Some(Difference { field, registered, received }) = self.difference.as_deref() {
            old.insert((*field).to_owned(), registered.as_str().into());
            new.insert((*field).to_owned(), received.as_str().into());
            new.insert("first_difference".to_owned(), uri::first_difference(registered, received).into());
        }
        history::record_refusal(tx, by, client_id, action, old.into(), new.into())
    }

    /// Logs and counts the refusal.
    pub fn log(&self, request_id: &str) {
        if let Some(place) = REASONS.iter().position(|reason| std::ptr::eq(*reason, self.reason)) {
            COUNTS[place].add(1);
        }
        let mut fields = vec![("reason", log::Detail::from(self.reason.name)), ("request_id", request_id.into())];
        if let Some(client) = &self.client {
            fields.push(("client_id", client.as_str().into()));
        }
        if let Some(Difference { field, registered, received }) = self.difference.as_deref() {
            let at = uri::first_difference(registered, received);
            fields.push(("difference", json!({"field": field, "registered": registered, "received": received, "at": at}).into()));
        }
        log::info("refused", &fields);
    }
}

impl Reason {
    /// Returns whether it only answers `prompt=none`: the client asks again with a page, and nothing is wrong with it.
    pub fn asks_for_page(&self) -> bool {
        self.code.ends_with("_required")
    }

    pub fn named(name: &str) -> Option<&'static Reason> {
        REASONS.iter().copied().find(|reason| reason.name == name)
    }

    pub fn in_words(&self) -> String {
        let in_words = |word| match word {
            "uri" => "URL",
            "id" => "ID",
            word => word,
        };
        self.name.trim_end_matches("_at_token").split('_').map(in_words).collect::<Vec<_>>().join(" ")
    }
}

/// Returns how often this process refused for each reason.
pub fn counts() -> impl Iterator<Item = (&'static str, u64)> {
    REASONS.iter().map(|reason| reason.name).zip(COUNTS.iter().map(Counter::get))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_name_of_its_own() {
        for (n, reason) in REASONS.iter().enumerate() {
            assert!(!REASONS[n + 1..].iter().any(|other| other.name == reason.name), "{}", reason.name);
        }
    }
}
