//! Tells what a token is good for, to those who may know of it (RFC 7662, oauth.md 2.5).

use crate::base::error::Result;
use crate::base::id::{AccountId, ClientId, UserId};
use crate::base::secret::{Token, TokenKind};
use crate::model::choice::State;
use crate::model::grant::AccessToken;
use crate::registry::credential_use::{Use, first_use};
use crate::registry::live_tokens::{proves, with_client};
use crate::registry::principal::{Access, Principal};
use crate::registry::standing;
use crate::store::{Deleted, Tx};

/// The caller of an introspection.
#[derive(Debug)]
pub enum Inquirer<'a> {
    /// A client, about its own tokens.
    Client(&'a ClientId),
    /// A user about their own tokens, an administrator about any, and a client acting for a user about its own for this user.
    Caller(&'a Principal),
}

/// The result of an introspection.
#[derive(Debug, Default)]
pub struct Introspection {
    /// The token, if it is valid and the caller may know of it.
    pub active: Option<(TokenKind, AccessToken)>,
    /// Asking about a token uses it, whatever the answer.
    pub use_to_record: Option<Use>,
}

/// Introspects a token (RFC 7662 section 2.2). To callers who may not know of it, it is inactive.
/// # Errors
/// Only those of the store.
pub fn introspect(tx: &Tx<'_>, inquirer: &Inquirer<'_>, text: &str) -> Result<Introspection> {
    let Some(presented) = Token::parse(text) else { return Ok(Introspection::default()) };
    let Some((kept, client)) = with_client(tx, &presented.id)?.filter(|(kept, _)| proves(kept, &presented)) else {
        return Ok(Introspection::default());
    };
    let use_to_record = first_use(&kept, tx.now);
    let end = match presented.kind {
        TokenKind::AccessToken => kept.token.expires_at,
        _ => kept.token.ends_at,
    };
    let may_know = match inquirer {
        Inquirer::Client(id) => kept.token.client_id == **id,
        Inquirer::Caller(by) => by.is_admin || (by.is(&AccountId::User(kept.token.user_id.clone())) && is_own(by, &kept.token)),
    };
    let client_is_good = client.is_live && !matches!(client.state, State::Rejected | State::Suspended);
    let is_good = may_know && client_is_good && end > tx.now && may_act(tx, &kept.token.user_id)?;
    Ok(Introspection { active: is_good.then_some((presented.kind, kept.token)), use_to_record })
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
