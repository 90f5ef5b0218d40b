//! Trying a client before it is approved: for the user who registered it, and for collaborators who chose to. Being a collaborator is not
//! enough, because anyone can make anyone one.

use serde_json::json;

use crate::base::error::{Result, errors};
use crate::base::id::{AccountId, ClientId, UserId};
use crate::model::bounds::TRIALS;
use crate::model::choice::State;
use crate::model::event::Action;
use crate::model::grant::Authorization;
use crate::registry::entity::{Entity, live_client};
use crate::registry::principal::Principal;
use crate::registry::withdrawal::withdraw;
use crate::registry::{bounds, history};
use crate::store::members::Owned;
use crate::store::{Deleted, Tx};

errors! {
    CLIENT_ANSWERED: FailedPrecondition "keyfob" "client_answered" "client `{client_id}` no longer waits for an answer";
    ONLY_COLLABORATORS_TRY: PermissionDenied
        "keyfob" "only_collaborators_try" "only collaborators of client `{client_id}` can try it before it is approved";
}

/// What a user may do with a client that waits for approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trial {
    /// Nothing: the user is no collaborator.
    None,
    /// Choose to try it.
    Offered,
    /// Authorize it, as the user who registered it.
    Registrar,
    /// Authorize it, because the user chose to try it.
    Begun,
}

/// Returns what a user may do with a client that waits for approval. A tester who is no longer a collaborator cannot try it; an
/// administrator who registered it for somebody else can.
pub(crate) fn of(tx: &Tx<'_>, client: &ClientId, user: &UserId) -> Result<Trial> {
    let is_registrar = tx.client_registrar(client)?.is_some_and(|registrar| registrar == *user);
    if !is_collaborator(tx, client, user)? {
        let is_admin = tx.standing(user, Deleted::No)?.is_some_and(|standing| standing.admin);
        return Ok(if is_registrar && is_admin { Trial::Registrar } else { Trial::None });
    }
    Ok(match tx.trial_begun_at(client, user)? {
        _ if is_registrar => Trial::Registrar,
        Some(_) => Trial::Begun,
        None => Trial::Offered,
    })
}

/// Returns the user who registered a client, if known.
pub(crate) fn registrar(tx: &Tx<'_>, client: &ClientId) -> Result<Option<UserId>> {
    tx.client_registrar(client)
}

/// Returns whether a user may authorize a client that waits for approval.
pub(super) fn may_try(tx: &Tx<'_>, client: &ClientId, user: &UserId) -> Result<bool> {
    Ok(matches!(of(tx, client, user)?, Trial::Registrar | Trial::Begun))
}

/// Records that a collaborator tries a client, until it is approved or rejected.
/// # Errors
/// `built_in_client`, `client_not_found`, `client_answered` if it does not wait, `only_collaborators_try`, `too_many` trials.
pub fn begin(tx: &Tx<'_>, by: &Principal, user: &UserId, client: &ClientId) -> Result<()> {
    let entity = Entity::Client(client.clone());
    entity.check_not_built_in()?;
    let waiting = live_client(tx, client)?;
    if waiting.state != State::Requested {
        return Err(CLIENT_ANSWERED.with("client_id", client.as_str()).into());
    }
    match of(tx, client, user)? {
        Trial::None => Err(ONLY_COLLABORATORS_TRY.with("client_id", client.as_str()).into()),
        Trial::Registrar | Trial::Begun => Ok(()),
        Trial::Offered => {
            bounds::check(&TRIALS, user.as_str(), tx.trial_count(user)?)?;
            tx.insert_client_tester(client, user)?;
            history::record_values(tx, by, &entity, Action::BeginTrial, json!({}), json!({"user_id": user.as_str()}))
        }
    }
}

/// Ends that, with what the user has authorized the client for meanwhile.
/// # Errors
/// `built_in_client`.
pub fn end(tx: &Tx<'_>, by: &Principal, user: &UserId, client: &ClientId) -> Result<()> {
    Entity::Client(client.clone()).check_not_built_in()?;
    if tx.trial_begun_at(client, user)?.is_some() { stop(tx, by, client, user) } else { Ok(()) }
}

/// Ends the trials of a client that was refused: what they allowed must not work again when it is approved after all.
pub(super) fn end_all(tx: &Tx<'_>, by: &Principal, client: &ClientId) -> Result<()> {
    tx.client_testers(&Owned::Client(client.clone()), None)?.iter().try_for_each(|(client, user)| stop(tx, by, client, user))
}

/// Makes a change that may remove collaborators, and ends their trials, so those who come back are asked again. With `user`, only that user
/// is checked.
pub(super) fn ending(tx: &Tx<'_>, by: &Principal, owned: &Owned, user: Option<&UserId>, change: impl FnOnce() -> Result<()>) -> Result<()> {
    let mut trying = Vec::new();
    for (client, user) in tx.client_testers(owned, user)? {
        if may_try(tx, &client, &user)? {
            trying.push((client, user));
        }
    }
    change()?;
    for (client, user) in trying {
        if !may_try(tx, &client, &user)? {
            stop(tx, by, &client, &user)?;
        }
    }
    Ok(())
}

/// Ends the trial of a tester, or of the user who registered the client, with the authorization that it has brought or renewed. What was
/// authorized before, while the client was open to everyone, stays; of the user who registered it, whose trial has no beginning, nothing does.
fn stop(tx: &Tx<'_>, by: &Principal, client: &ClientId, user: &UserId) -> Result<()> {
    let begun_at = tx.trial_begun_at(client, user)?;
    if begun_at.is_some() {
        tx.delete_client_tester(client, user)?;
        let old = json!({"user_id": user.as_str()});
        history::record_values(tx, by, &Entity::Client(client.clone()), Action::EndTrial, old, json!({}))?;
    }
    let is_of_trial = |authorization: Authorization| begun_at.is_none_or(|begun_at| authorization.updated_at >= begun_at);
    if tx.authorization(user, client)?.is_some_and(is_of_trial) {
        withdraw(tx, by, user, client)?;
    }
    Ok(())
}

/// Returns whether a user is a collaborator, directly or through an organization.
fn is_collaborator(tx: &Tx<'_>, client: &ClientId, user: &UserId) -> Result<bool> {
    let account = AccountId::User(user.clone());
    let is_direct = tx.member(&Owned::Client(client.clone()), &account)?.is_some();
    Ok(is_direct || !tx.rights_through_organizations(client, user)?.is_empty())
}
