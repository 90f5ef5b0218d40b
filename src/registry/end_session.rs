//! An app that signed its user in asks to end the session here (OpenID Connect RP-Initiated Logout 1.0).

use crate::base::error::{Error, Result, errors};
use crate::base::uri;
use crate::model::client::Client;
use crate::model::session::Session;
use crate::model::settings::Settings;
use crate::registry::claims;
use crate::registry::entity::{CLIENT_NOT_FOUND, live_user};
use crate::registry::refusal::CLIENT_NOT_APPROVED;
use crate::store::{Deleted, Tx};

errors! {
    CLIENT_OF_HINT_DIFFERS: InvalidArgument "keyfob" "client_of_hint_differs" "client_id names a client other than that of id_token_hint: send the ID token that this client was given, or only one of the two";
    POST_LOGOUT_WITHOUT_CLIENT: InvalidArgument "keyfob" "post_logout_without_client" "it is not known which client the post_logout_redirect_uri belongs to: send the client_id too, or as id_token_hint an ID token of this server";
    POST_LOGOUT_NOT_REGISTERED: InvalidArgument "keyfob" "post_logout_not_registered" "post_logout_redirect_uri is not one of the logout redirect URLs of the client: register it, letter by letter";
}

/// What an app asks for. Empty parameters are absent.
#[derive(Debug, Default)]
pub struct EndSessionRequest {
    pub id_token_hint: Option<String>,
    pub client_id: Option<String>,
    pub post_logout_redirect_uri: Option<String>,
}

/// What is known of the request.
pub struct EndSessionAsked {
    pub client: Option<Client>,
    /// Where the browser goes afterwards, if the app says so.
    pub place: Option<String>,
    pub proof: SessionProof,
}

/// Whether the app has proved that it means the session of this browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionProof {
    /// By an ID token of this session.
    OfSession,
    Missing,
}

/// Reads who asks, whether the session of this browser is meant, and where the browser goes.
/// # Errors
/// `client_of_hint_differs`, `client_not_found`, `post_logout_without_client`, `post_logout_not_registered`; `client_not_approved` for a client
/// without an ID token of this session that nobody has approved: anybody can register one, and would have links here that lead anywhere.
pub fn judge(tx: &Tx<'_>, settings: &Settings, session: Option<&Session>, request: &EndSessionRequest) -> Result<EndSessionAsked> {
    let hint = request.id_token_hint.as_ref().map(|hint| claims::of_hint(tx, settings, hint)).transpose()?.flatten();
    let of_hint = hint.as_ref().and_then(|claims| claims["aud"].as_str());
    if let (Some(named), Some(of_hint)) = (request.client_id.as_deref(), of_hint)
        && named != of_hint
    {
        return Err((&CLIENT_OF_HINT_DIFFERS).into());
    }
    let client = match request.client_id.as_deref().or(of_hint) {
        None => None,
        Some(id) => {
            let client = id.parse().map_or(Ok(None), |id| tx.client(&id, Deleted::No))?;
            Some(client.ok_or_else(|| Error::from(CLIENT_NOT_FOUND.with("client_id", id)))?)
        }
    };
    let proof = match (&hint, &client, session) {
        (Some(claims), Some(client), Some(session))
            if claims["sid"] == claims::sid(client, &session.id)
                && claims["sub"] == claims::subject(tx, client, &live_user(tx, &session.user_id)?)? =>
        {
            SessionProof::OfSession
        }
        _ => SessionProof::Missing,
    };
    let place = match (&request.post_logout_redirect_uri, &client) {
        (None, _) => None,
        (Some(_), None) => return Err((&POST_LOGOUT_WITHOUT_CLIENT).into()),
        (Some(_), Some(client)) if proof == SessionProof::Missing && !client.state.is_approved() => {
            return Err((&CLIENT_NOT_APPROVED).into());
        }
        (Some(wanted), Some(client)) => {
            let registered = client.logout_redirect_uris.contains(wanted).then(|| uri::place(wanted)).flatten();
            Some(registered.ok_or(Error::from(&POST_LOGOUT_NOT_REGISTERED))?)
        }
    };
    Ok(EndSessionAsked { client, place, proof })
}
