//! What tokens are good for now: never more than their client may ask for by now.

use crate::base::error::Result;
use crate::base::id::{ClientId, UserId};
use crate::base::jws::TokenType;
use crate::base::right::Rights;
use crate::base::secret::{Token, TokenKind};
use crate::model::choice::State;
use crate::model::grant::AccessToken;
use crate::registry::{groups, signing_keys, trials};
use crate::store::Tx;
use crate::store::access_tokens::{Hashes, StoredToken, TokenClient};

/// Returns a token that was not rotated, with its client, and with no more rights than [`limit`] leaves; `None` if its user has left the groups
/// that may use the client.
pub(super) fn with_client(tx: &Tx<'_>, id: &str) -> Result<Option<(StoredToken, TokenClient)>> {
    let Some((mut kept, client)) = tx.access_token_with_client(id)? else { return Ok(None) };
    if !groups::may_use(tx, &client.sign_in, &kept.token.user_id)? {
        return Ok(None);
    }
    narrow(tx, &mut kept.token, &client)?;
    Ok(Some((kept, client)))
}

/// Leaves a token no more rights than [`limit`] does, and no words that its client has no more.
fn narrow(tx: &Tx<'_>, token: &mut AccessToken, client: &TokenClient) -> Result<()> {
    let limit = limit(tx, &token.client_id, &token.user_id, client.state, client.rights, client.approved)?;
    (token.rights, token.refresh_rights) = (token.rights.within(limit), token.refresh_rights.within(limit));
    (token.words, token.refresh_words) = (client.sign_in.granting(&token.words), client.sign_in.granting(&token.refresh_words));
    Ok(())
}

/// Returns the most that a client's tokens may allow: what the client may ask for now. While it waits for approval, what was approved
/// before, except for users who try it.
pub(super) fn limit(tx: &Tx<'_>, client: &ClientId, user: &UserId, state: State, rights: Rights, approved: Rights) -> Result<Rights> {
    let is_open = match state {
        State::Requested => trials::may_try(tx, client, user)?,
        State::Approved | State::Flagged | State::Rejected | State::Suspended => true,
    };
    Ok(if is_open { rights } else { approved.within(rights) })
}

/// An access or refresh token as it was presented.
pub(super) enum PresentedToken {
    Whole(Token),
    /// An access token that this server has signed, by its ID.
    Signed(String),
}

impl PresentedToken {
    /// Reads a token; `None` if it is none of this server.
    pub(super) fn read(tx: &Tx<'_>, text: &str) -> Result<Option<PresentedToken>> {
        Ok(match Token::parse(text) {
            Some(token) => Some(PresentedToken::Whole(token)),
            None => PresentedToken::of_signed(tx, text)?,
        })
    }

    /// Reads an access token that may be signed. Whether it is valid still, its row says.
    pub(super) fn of_signed(tx: &Tx<'_>, text: &str) -> Result<Option<PresentedToken>> {
        let claims = signing_keys::verify(tx, text, TokenType::AccessToken)?;
        Ok(claims.and_then(|claims| claims["jti"].as_str().map(|id| PresentedToken::Signed(id.to_owned()))))
    }

    pub(super) fn id(&self) -> &str {
        match self {
            PresentedToken::Whole(token) => &token.id,
            PresentedToken::Signed(id) => id,
        }
    }

    pub(super) fn kind(&self) -> TokenKind {
        match self {
            PresentedToken::Whole(token) => token.kind,
            PresentedToken::Signed(_) => TokenKind::AccessToken,
        }
    }
}

/// Returns whether the presented token is one of the two in this row.
pub(super) fn proves(kept: &StoredToken, presented: &PresentedToken) -> bool {
    let PresentedToken::Whole(presented) = presented else { return true };
    match presented.kind {
        TokenKind::AccessToken => kept.hashes.access.matches(&presented.key),
        TokenKind::RefreshToken => kept.hashes.refresh.as_ref().is_some_and(|hash| hash.matches(&presented.key)),
        TokenKind::ApiKey | TokenKind::AuthorizationCode | TokenKind::Session | TokenKind::SignInLink | TokenKind::PasswordChoice => false,
    }
}

/// Visits every token that can be used or refreshed, for another server to take over, with no more rights than it gives here.
/// # Errors
/// Those of `visit`, and those of the store.
pub fn each(tx: &Tx<'_>, visit: &mut dyn FnMut(AccessToken, Hashes) -> Result<()>) -> Result<()> {
    tx.each_live_access_token(&mut |(mut kept, client)| {
        narrow(tx, &mut kept.token, &client)?;
        visit(kept.token, kept.hashes)
    })
}
