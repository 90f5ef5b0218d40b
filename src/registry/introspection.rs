//! Tells what a token is good for, to those who may know of it (RFC 7662, oauth.md 2.5).

use crate::base::error::Result;
use crate::base::id::{AccountId, ClientId, UserId};
use crate::base::secret::TokenKind;
use crate::model::choice::State;
use crate::model::grant::AccessToken;
use crate::registry::credential_use::{Use, first_use};
use crate::registry::live_tokens::{PresentedToken, proves, with_client};
use crate::registry::principal::{Access, Principal};
use crate::registry::standing;
use crate::store::{Deleted, Tx};

/// The caller of an introspection.
pub enum Inquirer<'a> {
    /// A client, about its own tokens, and about the access tokens of clients whose resource server it is.
    Client(&'a ClientId),
    /// A user about their own tokens, an administrator about any, and a client acting for a user about its own for this user.
    Caller(&'a Principal),
}

#[derive(Debug, Default)]
pub struct Introspection {
    /// The token, if it is valid and the caller may know of it.
    pub active: Option<(TokenKind, AccessToken)>,
    /// Asking about a token uses it, whatever the answer.
    pub use_to_record: Option<Use>,
}

/// Introspects a token (RFC 7662 section 2.2). To callers who may not know of it, it is inactive.
pub(crate) fn introspect(tx: &Tx<'_>, inquirer: &Inquirer<'_>, text: &str) -> Result<Introspection> {
    let Some(presented) = PresentedToken::read(tx, text)? else { return Ok(Introspection::default()) };
    let Some((kept, client)) = with_client(tx, presented.id())?.filter(|(kept, _)| proves(kept, &presented)) else {
        return Ok(Introspection::default());
    };
    let use_to_record = first_use(&kept, tx.now);
    let kind = presented.kind();
    let end = match kind {
        TokenKind::AccessToken => kept.token.expires_at,
        _ => kept.token.ends_at,
    };
    let may_know = match inquirer {
        Inquirer::Client(id) => {
            let is_for = || client.sign_in.resource_servers.iter().any(|server| server == id.as_str());
            kept.token.client_id == **id || (kind == TokenKind::AccessToken && is_for() && is_usable(tx, id)?)
        }
        Inquirer::Caller(by) => by.is_admin || (by.is(&AccountId::User(kept.token.user_id.clone())) && is_own(by, &kept.token)),
    };
    let client_is_good = client.is_live && is_good_state(client.state);
    let is_good = may_know && client_is_good && end > tx.now && may_act(tx, &kept.token.user_id)?;
    Ok(Introspection { active: is_good.then_some((kind, kept.token)), use_to_record })
}

/// Returns whether a resource server is neither rejected nor suspended.
fn is_usable(tx: &Tx<'_>, id: &ClientId) -> Result<bool> {
    Ok(tx.client(id, Deleted::No)?.is_some_and(|server| is_good_state(server.state)))
}

fn is_good_state(state: State) -> bool {
    !matches!(state, State::Rejected | State::Suspended)
}

/// Returns whether the caller may know of a token: a client doesn't learn of another client's.
fn is_own(by: &Principal, token: &AccessToken) -> bool {
    match &by.access {
        Access::AccessToken(own) => own.client_id == token.client_id,
        Access::Anonymous | Access::ApiKey(_) | Access::Session(_) | Access::Operator => true,
    }
}

fn may_act(tx: &Tx<'_>, user: &UserId) -> Result<bool> {
    Ok(tx.standing(user, Deleted::No)?.is_some_and(|standing| standing::is_approved(&standing)))
}
