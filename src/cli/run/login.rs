//! `login` stores credentials for a server, `logout` revokes and deletes them.

use std::path::PathBuf;

use crate::base::printable::printable;
use crate::cli::api_error::{ApiError, CREDENTIALS, LOGIN};
use crate::cli::args::values::Values;
use crate::cli::failure::Failure;
use crate::cli::remote::callback::Callback;
use crate::cli::remote::credentials::{Keyring, RemoteCredentials, Tokens};
use crate::cli::remote::http::{QueryPairs, Remote, segment};
use crate::cli::remote::tokens::{self, LoginAttempt};
use crate::cli::run::output;
use crate::cli::terminal::{ask, note};

/// Gets credentials, checks and stores them.
pub fn login(values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let by_callback = !values.has("callback") || values.switch("callback")?;
    let place = keyring(remote)?;
    // The browser sends a password and gets a code there too.
    remote.warn_of_plain_text();
    let credentials = match remote.given_key.clone() {
        Some(key) => RemoteCredentials::ApiKey(key),
        None => RemoteCredentials::Tokens(if by_callback { by_browser(remote)? } else { by_paste(remote)? }),
    };
    remote.speak_with(credentials.clone());
    let who = match remote.caller()? {
        Some((kind, id)) => format!("the {} `{}`", kind.trim_end_matches('s'), printable(&id)),
        None => return Err(ApiError::from(LOGIN.with("reason", "the server does not know whose these credentials are")).into()),
    };
    Keyring::open(&place)?.keep(&remote.server, &credentials)?;
    note(&format!("logged in to {} as {who}", remote.server));
    Ok(())
}

/// Revokes and deletes the credentials; deletes them also if revoking fails. An API key is not revoked: it may be used elsewhere.
pub fn logout(_: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let mut keyring = Keyring::open(&keyring(remote)?)?;
    let Some(kept) = keyring.of(&remote.server) else {
        note(&format!("nothing is kept for {}", remote.server));
        return Ok(());
    };
    remote.speak_with(kept.clone());
    let revoked = match &kept {
        RemoteCredentials::ApiKey(_) => Ok(()),
        RemoteCredentials::Tokens(tokens) => revoke(remote, tokens),
    };
    keyring.forget(&remote.server)?;
    note(&format!("logged out of {}", remote.server));
    revoked
}

pub fn auth_info(values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let answer = remote.read("auth_info", &QueryPairs::new())?;
    output::object(values, &["api_key.entity_ids", "oauth_access_token.user_ids", "is_admin"], &answer.body)
}

fn keyring(remote: &Remote) -> Result<PathBuf, ApiError> {
    remote.keyring.clone().ok_or_else(|| CREDENTIALS.with("reason", "neither XDG_CONFIG_HOME nor HOME says where it is").into())
}

fn by_browser(remote: &Remote) -> Result<Tokens, ApiError> {
    let callback = Callback::listen()?;
    let attempt = LoginAttempt::new("local-callback".to_owned());
    let url = attempt.authorize_url(&remote.server);
    note(&format!("Log in with your browser, here:\n\n  {url}\n"));
    callback.open_browser(&url);
    let code = callback.wait(&attempt.state)?;
    attempt.redeem(remote, &code)
}

/// Logs in with a browser that may be on another machine: it shows the code, which is pasted here.
fn by_paste(remote: &Remote) -> Result<Tokens, ApiError> {
    let attempt = LoginAttempt::new("code".to_owned());
    note(&format!("Log in with a browser, here:\n\n  {}\n", attempt.authorize_url(&remote.server)));
    let code = ask("Paste the code that it shows: ").unwrap_or_default();
    if !tokens::is_code(code.trim()) {
        return Err(LOGIN.with("reason", "that is no code: one begins with MF2XI and has two dots in it").into());
    }
    attempt.redeem(remote, code.trim())
}

/// Revokes the tokens. If the server has no endpoint for that, deletes the access token with itself.
fn revoke(remote: &Remote, tokens: &Tokens) -> Result<(), Failure> {
    if tokens::revoke(remote, tokens.refresh_token.as_deref().unwrap_or(&tokens.access_token))? {
        return Ok(());
    }
    let info = remote.read("auth_info", &QueryPairs::new())?.body;
    let text = |path: &str| info.pointer(path).and_then(|value| value.as_str()).map(segment);
    let (user, client, id) =
        (text("/oauth_access_token/user_ids/user_id"), text("/oauth_access_token/client_ids/client_id"), text("/oauth_access_token/id"));
    if let (Some(user), Some(client), Some(id)) = (user, client, id) {
        remote.delete(&format!("users/{user}/authorizations/{client}/tokens/{id}"))?;
    }
    Ok(())
}
