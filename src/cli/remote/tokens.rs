//! Gets, refreshes and revokes tokens as the client `cli` (RFC 6749, 7009, 7636).

use data_encoding::BASE64URL_NOPAD;
use serde_json::Value;

use crate::base::pkce;
use crate::base::secret::{Token, TokenKind, random};
use crate::base::time::Clock;
use crate::cli::api_error::{ApiError, LOGIN};
use crate::cli::remote::credentials::{Keyring, RemoteCredentials, Tokens};
use crate::cli::remote::http::{Remote, encoded};

/// The client ID of all command lines. This client has no secret.
const CLIENT: &str = "cli";

/// A token is refreshed this long before it expires: it must last until the request arrives.
const MARGIN_SECONDS: i64 = 30;

/// Uses the credentials that `keyfob login` stored for the server, unless a key was given, and refreshes a token that is about to expire.
pub fn recall_credentials(remote: &mut Remote) -> Result<(), ApiError> {
    let Some(path) = remote.keyring.clone().filter(|path| !remote.has_credentials() && path.exists()) else { return Ok(()) };
    let mut keyring = Keyring::open(&path)?;
    let Some(mut credentials) = keyring.of(&remote.server) else { return Ok(()) };
    if let RemoteCredentials::Tokens(Tokens { refresh_token: Some(refresh_token), expires_at: Some(end), .. }) = &credentials
        && *end <= Clock::System.now().plus_seconds(MARGIN_SECONDS)
    {
        credentials = RemoteCredentials::Tokens(refresh(remote, refresh_token)?);
        keyring.keep(&remote.server, &credentials)?;
    }
    remote.speak_with(credentials);
    Ok(())
}

/// One attempt to log in: its state and its code verifier (RFC 7636).
pub struct LoginAttempt {
    pub state: String,
    verifier: String,
    pub redirect_uri: String,
}

impl LoginAttempt {
    pub fn new(redirect_uri: String) -> LoginAttempt {
        let fresh = || BASE64URL_NOPAD.encode(&random::<32>());
        LoginAttempt { state: fresh(), verifier: fresh(), redirect_uri }
    }

    /// Returns the address at which the user consents.
    pub fn authorize_url(&self, server: &str) -> String {
        let challenge = pkce::challenge(&self.verifier);
        format!(
            "{server}/oauth/authorize?client_id={CLIENT}&redirect_uri={}&response_type=code&state={}&code_challenge={challenge}&code_challenge_method=S256",
            encoded(&self.redirect_uri),
            self.state
        )
    }

    pub fn redeem(&self, remote: &Remote, code: &str) -> Result<Tokens, ApiError> {
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", CLIENT),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", &self.verifier),
        ];
        ask(remote, &fields)
    }
}

fn refresh(remote: &Remote, refresh_token: &str) -> Result<Tokens, ApiError> {
    let asked = ask(remote, &[("grant_type", "refresh_token"), ("client_id", CLIENT), ("refresh_token", refresh_token)]);
    asked.map_err(|refusal| if refusal.status.is_some() { refusal.with("remedy", "run `keyfob login` again") } else { refusal })
}

/// Returns whether a text has the form of an authorization code.
pub fn is_code(text: &str) -> bool {
    Token::parse(text).is_some_and(|token| token.kind == TokenKind::AuthorizationCode)
}

/// Revokes a token and its family. Returns false if the server has no such endpoint; The Things Stack has none.
pub fn revoke(remote: &Remote, token: &str) -> Result<bool, ApiError> {
    match remote.form("/oauth/revoke", &[("client_id", CLIENT), ("token", token)])? {
        (200, _) => Ok(true),
        (404 | 405 | 501, _) => Ok(false),
        (status, body) => Err(refused(status, &body)),
    }
}

fn ask(remote: &Remote, fields: &[(&str, &str)]) -> Result<Tokens, ApiError> {
    let (status, body) = remote.form("/oauth/token", fields)?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    // Some servers send the number as a string.
    let seconds = body.get("expires_in").and_then(|value| value.as_i64().or_else(|| value.as_str()?.parse().ok()));
    match text("access_token") {
        Some(access_token) if status == 200 => Ok(Tokens {
            access_token,
            refresh_token: text("refresh_token"),
            expires_at: seconds.map(|seconds| Clock::System.now().plus_seconds(seconds)),
        }),
        _ => Err(refused(status, &body)),
    }
}

/// Words a refusal as the API does if the body is one of the API's, or else as OAuth does.
fn refused(status: u16, body: &Value) -> ApiError {
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let reason = text("error_description").or(text("error")).map_or_else(|| format!("HTTP {status}"), str::to_owned);
    let plain = || ApiError::from(LOGIN.with("reason", reason)).of_status(status);
    ApiError::of_reply(status, body).unwrap_or_else(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_made_of_the_verifier_as_rfc_7636_says() {
        let attempt = LoginAttempt {
            state: "xyz".to_owned(),
            verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned(),
            redirect_uri: "local-callback".to_owned(),
        };
        let url = attempt.authorize_url("http://server");
        assert!(url.starts_with("http://server/oauth/authorize?client_id=cli&redirect_uri=local-callback&"), "{url}");
        assert!(url.contains("&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&"), "{url}");
        assert_eq!(LoginAttempt::new(String::new()).verifier.len(), 43);
    }
}
