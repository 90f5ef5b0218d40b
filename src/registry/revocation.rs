//! Ends tokens before their time: for their client, and with the session of their user (oauth.md 1.7, 2.4).

use serde_json::json;

use crate::base::error::Result;
use crate::base::id::ClientId;
use crate::base::secret::TokenKind;
use crate::model::client::Client;
use crate::model::event::Action;
use crate::model::grant::AccessToken;
use crate::model::session::Session;
use crate::registry::entity::Entity;
use crate::registry::live_tokens::{PresentedToken, proves};
use crate::registry::principal::Principal;
use crate::registry::refusal::{Judged, Refusal, TOKEN_OF_ANOTHER_CLIENT, TOKEN_TYPE_UNSUPPORTED};
use crate::registry::{credential_use, history, sessions};
use crate::store::{Deleted, Tx};

/// Revokes a token with its family. An unknown or expired token needs no revocation (RFC 7009 section 2.2).
pub(crate) fn revoke(tx: &Tx<'_>, by: &Principal, client: &ClientId, text: &str) -> Result<Judged<()>> {
    let Some(presented) = PresentedToken::read(tx, text)? else { return Ok(Ok(())) };
    if !matches!(presented.kind(), TokenKind::AccessToken | TokenKind::RefreshToken) {
        return Ok(Err(Refusal::to(&TOKEN_TYPE_UNSUPPORTED, client)));
    }
    let Some(kept) = tx.stored_access_token(presented.id())?.filter(|kept| proves(kept, &presented)) else { return Ok(Ok(())) };
    if kept.token.client_id != *client {
        credential_use::record_first(tx, &kept)?;
        return Ok(Err(Refusal::to(&TOKEN_OF_ANOTHER_CLIENT, client)));
    }
    tx.delete_token_family(&kept.token.family_id)?;
    record_end(tx, by, &kept.token).map(Ok)
}

/// What signing out through a client ended.
#[derive(Debug, Default)]
pub struct SignedOut {
    /// The client of the token, if both exist; to others than the token's user, only one that is approved.
    pub client: Option<Client>,
    pub has_ended_session: bool,
}

/// Ends a token by its ID (oauth.md 1.7), for the token's user only, because the ID proves nothing. `session`, the browser's own, ends too
/// if the token was granted in it, or in one that has ended.
pub(crate) fn sign_out(tx: &Tx<'_>, by: &Principal, session: Option<&Session>, id: &str) -> Result<SignedOut> {
    let Some(kept) = tx.stored_access_token(id)?.filter(|kept| kept.rotated.is_none()) else { return Ok(SignedOut::default()) };
    let client = tx.client(&kept.token.client_id, Deleted::No)?;
    let Some(session) = session.filter(|session| session.user_id == kept.token.user_id) else {
        // Anybody can register a client, and would have links here that lead anywhere.
        let client = client.filter(|client| client.state.is_approved());
        return Ok(SignedOut { client, has_ended_session: false });
    };
    let granted_in = tx.session(&kept.token.session_id)?.map(|(session, _)| session).filter(|session| !session.has_ended(tx.now));
    let has_ended_session = granted_in.is_none_or(|granted_in| granted_in.id == session.id);
    if has_ended_session {
        sessions::delete(tx, by, &session.user_id, &session.id)?;
    }
    tx.delete_token_family(&kept.token.family_id)?;
    record_end(tx, by, &kept.token)?;
    Ok(SignedOut { client, has_ended_session })
}

pub(super) fn record_end(tx: &Tx<'_>, by: &Principal, token: &AccessToken) -> Result<()> {
    let old = json!({"token_id": token.id, "user_id": token.user_id.as_str()});
    history::record_values(tx, by, &Entity::Client(token.client_id.clone()), Action::DeleteToken, old, json!({}))
}
