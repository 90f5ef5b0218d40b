//! A user's authorizations, and the tokens issued under them (registry.md 6.7, oauth.md 1.11).

use serde_json::json;

use crate::base::error::{Error, Result, errors};
use crate::base::id::{ClientId, UserId};
use crate::base::page::{Listed, Page};
use crate::base::right::Rights;
use crate::model::event::Action;
use crate::model::grant::{AccessToken, Authorization};
use crate::model::scope::GrantedScope;
use crate::registry::entity::{Entity, NOT_FOUND, live_client};
use crate::registry::principal::Principal;
use crate::registry::withdrawal::withdraw;
use crate::registry::{history, live_tokens, revocation};
use crate::store::{Deleted, Direction, Tx};

errors! {
    AUTHORIZATION_NOT_FOUND: NotFound "pkg/identityserver/store" "authorization_not_found"
        "authorization of user with id `{user_id}` on client with id `{client_id}` not found";
    ACCESS_TOKEN_NOT_FOUND: NotFound "pkg/identityserver/store" "access_token_not_found" "access token with id `{access_token_id}` not found";
    ACCESS_TOKEN_MISMATCH: InvalidArgument
        "pkg/identityserver" "access_token_mismatch" "access token ID did not match user or client identifiers";
}

/// How many users' authorizations of a client one step revokes.
const STEP: usize = 200;

pub(crate) fn list(tx: &Tx<'_>, user: &UserId, direction: Direction, page: Page) -> Result<Listed<Authorization>> {
    tx.authorizations(user, direction, page)
}

/// Returns what a user authorized a client for.
/// # Errors
/// `authorization_not_found`.
pub fn get(tx: &Tx<'_>, user: &UserId, client: &ClientId) -> Result<Authorization> {
    tx.authorization(user, client)?.ok_or_else(|| not_found(user, client))
}

/// Returns what a user authorized a client for, if it did.
pub(crate) fn find(tx: &Tx<'_>, user: &UserId, client: &ClientId) -> Result<Option<Authorization>> {
    tx.authorization(user, client)
}

/// Puts an authorization back as it was found before: without one, it is deleted again.
/// # Errors
/// Those of [`delete`].
pub fn restore(tx: &Tx<'_>, by: &Principal, user: &UserId, client: &ClientId, before: Option<Authorization>) -> Result<()> {
    match (before, tx.authorization(user, client)?) {
        (Some(before), Some(_)) => {
            let granted = GrantedScope { rights: before.rights, words: before.words };
            tx.set_authorization(user, client, &granted, &GrantedScope { rights: before.agreed, words: before.agreed_words })
        }
        (None, Some(_)) => delete(tx, by, user, client),
        (_, None) => Ok(()),
    }
}

/// Deletes an authorization, with every code and token issued under it.
/// # Errors
/// `not_found` for an unknown client, `authorization_not_found`.
pub fn delete(tx: &Tx<'_>, by: &Principal, user: &UserId, client: &ClientId) -> Result<()> {
    check_client(tx, client)?;
    if withdraw(tx, by, user, client)? { Ok(()) } else { Err(not_found(user, client)) }
}

/// Returns how many users have authorized a client.
pub(crate) fn user_count(tx: &Tx<'_>, client: &ClientId) -> Result<i64> {
    tx.users_who_authorized(client)
}

/// Whether everyone's authorization of a client is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoked {
    All {
        users: usize,
    },
    /// There may be more: another step is needed.
    Partly {
        users: usize,
    },
}

/// Deletes the authorizations of a client by at most [`STEP`] users, with every code and token issued under them. The caller may change the
/// client.
/// # Errors
/// `client_not_found`.
pub fn revoke_some(tx: &Tx<'_>, by: &Principal, client: &ClientId) -> Result<Revoked> {
    live_client(tx, client)?;
    let users = tx.first_users_who_authorized(client, STEP)?;
    for user in &users {
        tx.delete_authorization(user, client)?;
    }
    if !users.is_empty() {
        let old = json!({"users": users.len()});
        history::record_values(tx, by, &Entity::Client(client.clone()), Action::DeleteAuthorizations, old, json!({}))?;
    }
    Ok(if users.len() < STEP { Revoked::All { users: users.len() } } else { Revoked::Partly { users: users.len() } })
}

/// Takes such steps, each in a transaction of its own so that other writers wait for none of them long, until nobody's authorization is left;
/// returns how many users had authorized the client.
/// # Errors
/// Those of the steps. What was revoked before stays so.
pub fn revoke_all(mut step: impl FnMut() -> Result<Revoked>) -> Result<usize> {
    let mut all = 0;
    loop {
        match step()? {
            Revoked::All { users } => return Ok(all + users),
            Revoked::Partly { users } => all += users,
        }
    }
}

/// Lists the tokens that a client has for a user, with what they allow now.
/// # Errors
/// `not_found` for an unknown client.
pub fn tokens(tx: &Tx<'_>, user: &UserId, client: &ClientId, direction: Direction, page: Page) -> Result<Listed<AccessToken>> {
    check_client(tx, client)?;
    let kept = tx.client(client, Deleted::Either)?;
    let limit = kept.map_or(Ok(Rights::NONE), |kept| live_tokens::limit(tx, client, user, kept.state, kept.all_rights(), kept.approved))?;
    Ok(tx.access_tokens(user, client, direction, page)?.map(|token| AccessToken { rights: token.rights.within(limit), ..token }))
}

/// Returns a token of this user and this client, without checking the caller.
/// # Errors
/// `access_token_not_found`; `access_token_mismatch` if it is another user's or client's.
pub fn token(tx: &Tx<'_>, user: &UserId, client: &ClientId, id: &str) -> Result<AccessToken> {
    let Some(kept) = tx.stored_access_token(id)?.filter(|kept| kept.rotated.is_none()) else {
        return Err(ACCESS_TOKEN_NOT_FOUND.with("access_token_id", id).into());
    };
    if kept.token.user_id != *user || kept.token.client_id != *client {
        return Err((&ACCESS_TOKEN_MISMATCH).into());
    }
    Ok(kept.token)
}

/// Deletes an access token and its refresh token.
/// # Errors
/// Those of [`token`].
pub fn delete_token(tx: &Tx<'_>, by: &Principal, user: &UserId, client: &ClientId, id: &str) -> Result<()> {
    let token = token(tx, user, client, id)?;
    tx.delete_token_family(&token.family_id)?;
    revocation::record_end(tx, by, &token)
}

/// Deletes every token that a client has for a user; the authorization stays.
/// # Errors
/// `not_found` for an unknown client.
pub fn delete_tokens(tx: &Tx<'_>, by: &Principal, user: &UserId, client: &ClientId) -> Result<()> {
    // Deleting one may delete others: tokens that were refreshed are of one family.
    while let Some(token) = tokens(tx, user, client, Direction::Ascending, Page::new(1, 1))?.items.first() {
        delete_token(tx, by, user, client, &token.id)?;
    }
    Ok(())
}

fn not_found(user: &UserId, client: &ClientId) -> Error {
    AUTHORIZATION_NOT_FOUND.with("client_id", client.as_str()).with("user_id", user.as_str()).into()
}

/// Refuses an unknown client, without an attribute that names it (registry.md 3.4, E38).
fn check_client(tx: &Tx<'_>, client: &ClientId) -> Result<()> {
    if tx.client_exists(client, Deleted::Either)? { Ok(()) } else { Err((&NOT_FOUND).into()) }
}
