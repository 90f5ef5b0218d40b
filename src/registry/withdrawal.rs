//! Takes back what a user authorized a client for.

use serde_json::json;

use crate::base::error::Result;
use crate::base::id::{ClientId, UserId};
use crate::model::event::Action;
use crate::registry::entity::Entity;
use crate::registry::history;
use crate::registry::principal::Principal;
use crate::store::Tx;

/// Deletes an authorization, with every code and token issued under it; returns false if there is none.
pub(super) fn withdraw(tx: &Tx<'_>, by: &Principal, user: &UserId, client: &ClientId) -> Result<bool> {
    if !tx.delete_authorization(user, client)? {
        return Ok(false);
    }
    let old = json!({"user_id": user.as_str()});
    history::record_values(tx, by, &Entity::Client(client.clone()), Action::DeleteAuthorization, old, json!({}))?;
    Ok(true)
}
