//! Client secrets: issuing, rotating. They are shown once and kept as hashes.

use crate::base::error::Result;
use crate::base::id::ClientId;
use crate::base::secret::{Hash, fresh_key};
use crate::base::time::Time;
use crate::model::client::Client;
use crate::model::event::Action;
use crate::model::view::MASKED;
use crate::registry::history;
use crate::registry::principal::Principal;
use crate::registry::rights::Entity;
use crate::store::{Deleted, Tx};

/// A secret on its way to its one showing. Made before the transaction: hashing what a person chose is slow.
pub struct NewSecret {
    plain: String,
    hash: Hash,
}

impl NewSecret {
    /// The secret that was sent, or a fresh one (contract 1.8).
    pub fn of(sent: Option<&str>) -> NewSecret {
        match sent {
            Some(sent) => NewSecret { plain: sent.to_owned(), hash: Hash::of_chosen(sent) },
            None => {
                let plain = fresh_key();
                NewSecret { hash: Hash::of_generated(&plain), plain }
            }
        }
    }
}

impl std::fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewSecret(…)")
    }
}

/// Gives the client this secret; older ones end when the grace does, at once if it is zero.
pub(super) fn issue(tx: &Tx<'_>, client: &mut Client, secret: NewSecret, grace_seconds: i64) -> Result<()> {
    tx.end_client_secrets(&client.id, tx.now.plus_seconds(grace_seconds))?;
    tx.insert_client_secret(&client.id, &secret.hash)?;
    client.secret = Some(secret.plain);
    Ok(())
}

/// Gives the client this secret at once, or leaves it without any.
pub(super) fn replace(tx: &Tx<'_>, client: &mut Client, secret: Option<NewSecret>) -> Result<()> {
    match secret {
        Some(secret) => issue(tx, client, secret, 0),
        None => tx.end_client_secrets(&client.id, tx.now),
    }
}

/// Gives the client a fresh secret and answers the client with it. Older ones stay good until the grace ends.
pub fn rotate(tx: &Tx<'_>, by: &Principal, id: &ClientId, grace_seconds: i64) -> Result<Client> {
    let entity = Entity::Client(id.clone());
    let mut client = tx.client(id, Deleted::No)?.ok_or_else(|| entity.not_found())?;
    client.updated_at = tx.now;
    tx.update_client(&client)?;
    let until: Time = tx.now.plus_seconds(grace_seconds);
    issue(tx, &mut client, NewSecret::of(None), grace_seconds)?;
    let old = serde_json::json!({"value": MASKED, "expires_at": until.to_string()});
    history::record_part(tx, by, &entity, Action::RotateSecret, "secret", old, MASKED.into())?;
    Ok(client)
}
