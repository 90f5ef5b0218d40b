//! Issues and rotates client secrets, which are shown once and stored as hashes.

use std::collections::BTreeSet;

use crate::base::error::{Result, errors};
use crate::base::id::ClientId;
use crate::base::secret::{Hash, REPEATABLE_SECONDS, fresh_key};
use crate::base::time::Time;
use crate::model::bounds::{CHOSEN_SECRETS, SECRETS};
use crate::model::client::{Client, FIELDS};
use crate::model::event::Action;
use crate::model::settings::Settings;
use crate::model::view::MASKED;
use crate::registry::approval::{self, ChangedClient, Secretlessness, Withdrawn};
use crate::registry::entity::{Entity, live_client};
use crate::registry::principal::Principal;
use crate::registry::verdicts::{self, Settled};
use crate::registry::{bounds, consent, history};
use crate::store::{Deleted, Tx};

errors! {
    CLIENT_SECRET_NOT_FOUND: NotFound "keyfob" "client_secret_not_found" "client `{client_id}` has no such secret any more";
    NEWEST_SECRET: FailedPrecondition
        "keyfob" "newest_secret" "the newest secret cannot be ended: a client without a secret is taken for a public one. Rotate it instead";
}

/// Hash rounds for a secret that a person chose (registry.md 4.4): clients send theirs all day, so fewer than for a password, and the
/// secret must be better than one.
pub const ROUNDS: u32 = 20_000;

/// A secret that is shorter, or has fewer different characters, can be guessed from its hash.
const SHORTEST_STRONG: usize = 16;
const FEWEST_DIFFERENT: usize = 8;

/// A secret to be shown once. Created before the transaction, because hashing a chosen one is slow.
pub struct NewSecret {
    plain: String,
    hash: Hash,
}

impl NewSecret {
    /// Generates a secret (registry.md 1.8).
    pub fn fresh() -> NewSecret {
        NewSecret::generated(fresh_key())
    }

    /// Takes a secret that was generated, or derived from keys that were.
    pub fn generated(plain: String) -> NewSecret {
        NewSecret { hash: Hash::of_generated(&plain), plain }
    }

    /// Hashes a secret that a person chose. Slow: never call it in a transaction.
    pub fn chosen(chosen: &str) -> NewSecret {
        NewSecret { plain: chosen.to_owned(), hash: Hash::of_chosen(chosen, ROUNDS) }
    }

    /// Takes a secret that only its hash is known of.
    pub fn of_hash(hash: Hash) -> NewSecret {
        NewSecret { plain: MASKED.to_owned(), hash }
    }

    pub fn hash(&self) -> &Hash {
        &self.hash
    }

    /// Hashes a secret that a test chose for its fixture, fast: it protects nothing.
    pub fn of_fixture(chosen: &str) -> NewSecret {
        NewSecret { plain: chosen.to_owned(), hash: Hash::of_generated(chosen) }
    }
}

/// Returns the warning about a weak secret that a person chose, or `None`.
pub fn warning(chosen: &str) -> Option<&'static str> {
    let different = chosen.chars().collect::<BTreeSet<_>>().len();
    let is_weak = chosen.chars().count() < SHORTEST_STRONG || different < FEWEST_DIFFERENT;
    is_weak.then_some("The client secret is weak: use 16 random characters or more, or leave it out and a good one is made")
}

/// Adds a secret. By itself only for a client that was just registered, which has nothing that this could end.
pub(super) fn add(tx: &Tx<'_>, client: &mut Client, secret: NewSecret) -> Result<()> {
    tx.insert_client_secret(&client.id, &secret.hash)?;
    client.secret = Some(secret.plain);
    Ok(())
}

/// Gives a client that was just registered older secrets too, which end when they would have elsewhere; the newest first.
/// # Errors
/// `too_many` secrets that would be valid at once.
pub fn add_older(tx: &Tx<'_>, id: &ClientId, older: &[(Hash, Time)]) -> Result<()> {
    if older.is_empty() {
        return Ok(());
    }
    older.iter().rev().filter(|(_, end)| *end > tx.now).try_for_each(|(hash, end)| tx.insert_older_client_secret(id, hash, *end))?;
    let good = tx.client_secrets(id)?;
    let chosen = good.iter().filter(|secret| secret.hash.is_of_chosen()).count();
    bounds::check(&SECRETS, id.as_str(), good.len() as i64 - 1)?;
    bounds::check(&CHOSEN_SECRETS, id.as_str(), chosen as i64 - 1)
}

/// Gives the client this secret; older ones end after the grace period. Fails if too many would be valid at once. The first secret ends
/// codes that were issued while the client was public.
pub(super) fn issue(tx: &Tx<'_>, client: &mut Client, secret: NewSecret, grace_seconds: i64) -> Result<()> {
    if consent::is_public(tx, &client.id)? {
        tx.delete_unredeemed_authorization_codes(&client.id)?;
    }
    tx.end_client_secrets(&client.id, tx.now.plus_seconds(grace_seconds))?;
    let good = tx.client_secrets(&client.id)?;
    bounds::check(&SECRETS, client.id.as_str(), good.len() as i64)?;
    if secret.hash.is_of_chosen() {
        let chosen = good.iter().filter(|secret| secret.hash.is_of_chosen());
        bounds::check(&CHOSEN_SECRETS, client.id.as_str(), chosen.count() as i64)?;
    }
    add(tx, client, secret)
}

/// Replaces all secrets with this one, or with none. Removing the last one ends codes: without a secret, their users might have been asked
/// (RFC 8252 section 8.6).
pub(super) fn replace(tx: &Tx<'_>, client: &mut Client, secret: Option<NewSecret>) -> Result<()> {
    match secret {
        Some(secret) => issue(tx, client, secret, 0),
        None => {
            tx.delete_unredeemed_authorization_codes(&client.id)?;
            tx.end_client_secrets(&client.id, tx.now)
        }
    }
}

/// Gives the client a new secret and returns the client with it. Older ones stay valid until the grace period ends.
/// # Errors
/// `client_not_found`; `too_many` secrets that would be valid at once.
pub fn rotate(
    tx: &Tx<'_>,
    by: &Principal,
    settings: &Settings,
    id: &ClientId,
    secret: NewSecret,
    grace_seconds: i64,
) -> Result<ChangedClient> {
    let entity = Entity::Client(id.clone());
    let before = live_client(tx, id)?;
    let mut client = Client { updated_at: tx.now, ..before.clone() };
    let secretlessness = if consent::is_public(tx, id)? { Secretlessness::Changes } else { Secretlessness::Stays };
    let judged = verdicts::before(tx, by, settings, &before)?;
    let until: Time = tx.now.plus_seconds(grace_seconds);
    issue(tx, &mut client, secret, grace_seconds)?;
    let Settled { withdrawn, verdict } = judged.settle(tx, by, settings, &mut client, secretlessness)?;
    approval::save(tx, by, &before, &mut client)?;
    if withdrawn != Withdrawn::default() || client.state != before.state {
        let changed = Client { secret: None, ..client.clone() };
        history::record(tx, by, &entity, Action::Update, FIELDS, Some(&before), Some(&changed))?;
    }
    verdict.map_or(Ok(()), |verdict| verdicts::store(tx, by, settings, id, verdict))?;
    let old = serde_json::json!({"value": MASKED, "expires_at": until.to_string()});
    history::record_part(tx, by, &entity, Action::RotateSecret, "secret", old, MASKED.into())?;
    Ok(ChangedClient { client, withdrawn })
}

/// Returns the client with this secret, if it is its newest one and was issued just now: the request that issued it was sent again.
pub(crate) fn issued_just_now(tx: &Tx<'_>, id: &ClientId, secret: &str) -> Result<Option<Client>> {
    let newest = tx.client_secrets(id)?.into_iter().next();
    let is_it = newest.is_some_and(|newest| newest.created_at.plus_seconds(REPEATABLE_SECONDS) > tx.now && newest.hash.matches(secret));
    let client = if is_it { tx.client(id, Deleted::No)? } else { None };
    Ok(client.map(|client| Client { secret: Some(secret.to_owned()), ..client }))
}

/// Ends an older secret before its grace period does.
/// # Errors
/// `newest_secret`, which stays; `client_secret_not_found`.
pub fn end(tx: &Tx<'_>, by: &Principal, id: &ClientId, number: i64) -> Result<()> {
    let secrets = tx.client_secrets(id)?;
    if secrets.first().is_some_and(|newest| newest.number == number) {
        return Err((&NEWEST_SECRET).into());
    }
    let Some(ended) = secrets.iter().find(|secret| secret.number == number) else {
        return Err(CLIENT_SECRET_NOT_FOUND.with("client_id", id.as_str()).into());
    };
    tx.end_client_secret(id, number)?;
    let old = serde_json::json!({"value": MASKED, "expires_at": ended.expires_at.map(|end| end.to_string())});
    history::record_part(tx, by, &Entity::Client(id.clone()), Action::EndSecret, "secret", old, serde_json::Value::Null)
}
