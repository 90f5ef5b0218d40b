//! What lists show beside each client, user or organization.

use crate::base::error::Result;
use crate::base::id::{AccountId, ClientId, OrganizationId, UserId};
use crate::base::time::Time;
use crate::registry::members;
use crate::store::Tx;
use crate::store::members::Owned;

pub struct ClientFacts {
    pub owners: Vec<AccountId>,
    /// When it last got a token, as far as days are kept.
    pub last_token: Option<Time>,
}

pub(crate) fn of_client(tx: &Tx<'_>, id: &ClientId) -> Result<ClientFacts> {
    Ok(ClientFacts { owners: members::owners(tx, &Owned::Client(id.clone()))?, last_token: tx.last_token(id)? })
}

pub(crate) fn owners_of(tx: &Tx<'_>, id: &OrganizationId) -> Result<Vec<AccountId>> {
    members::owners(tx, &Owned::Organization(id.clone()))
}

/// Returns when a user was last seen in a browser where the session has not ended.
pub(crate) fn last_seen(tx: &Tx<'_>, user: &UserId) -> Result<Option<Time>> {
    tx.session_last_used(user)
}

/// Returns how many live clients an account is a collaborator of.
pub(crate) fn clients_of(tx: &Tx<'_>, account: &AccountId) -> Result<i64> {
    tx.live_clients_of(account)
}
