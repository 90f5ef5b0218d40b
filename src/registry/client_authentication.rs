//! Client authentication (RFC 6749 section 2.3, oauth.md 1.5.1).

use std::net::IpAddr;

use crate::base::error::Result;
use crate::base::id::ClientId;
use crate::base::secret::{self, Hash};
use crate::base::time::Time;
use crate::model::bounds::CHOSEN_SECRETS;
use crate::model::choice::State;
use crate::model::client::{Client, ClientType};
use crate::registry::refusal::{
    CLIENT_REJECTED_AT_TOKEN, CLIENT_SECRET_WRONG, CLIENT_SUSPENDED_AT_TOKEN, CLIENT_UNKNOWN, CLIENT_UNUSABLE, Judged, Reason, Refusal,
};
use crate::registry::secrets;
use crate::registry::throttle::Subject;
use crate::store::client_secrets::ClientSecret;
use crate::store::{Deleted, Tx};

/// The credentials that a client presents.
pub struct Presented {
    pub client_id: String,
    /// The possible readings of the secret; empty for a client without one.
    pub secrets: Vec<String>,
    /// The refusal if a secret is required and none was sent.
    pub without_secret: &'static Reason,
    pub peer: IpAddr,
}

/// The stored secrets that the presented one is compared with.
pub struct StoredSecrets {
    /// `None` if there is no such client.
    client_id: Option<ClientId>,
    secrets: Vec<ClientSecret>,
}

pub struct ProvenClient {
    pub client_id: ClientId,
    pub client_type: ClientType,
    secret_to_touch: Option<i64>,
    renewal: Option<SecretRenewal>,
}

/// The hash of a former version, and the one that replaces it.
struct SecretRenewal {
    number: i64,
    former: Hash,
    renewed: Hash,
}

/// The use of a secret is recorded at most this often.
const TOUCH_SECONDS: i64 = 60;

/// Wrong secrets that a client may send from one address without a wait: one that a person chose may be short enough to guess.
const FREE_FOR_A_CLIENT: i64 = 20;

/// Wrong secrets that may come from one address without a wait, for any clients: comparing takes processor time, and several clients may
/// share an address.
const FREE_FROM_AN_ADDRESS: i64 = 100;

/// The hash rounds that a wrong secret costs: as many as for a client with as many chosen secrets as it can have.
const ROUNDS: u32 = CHOSEN_SECRETS.most as u32 * secrets::ROUNDS;

/// Returns the stored secrets of the client.
/// # Errors
/// Only those of the store.
pub fn look_up(tx: &Tx<'_>, presented: &Presented) -> Result<StoredSecrets> {
    let nobody = StoredSecrets { client_id: None, secrets: Vec::new() };
    let Ok(id) = presented.client_id.parse::<ClientId>() else { return Ok(nobody) };
    if !tx.client_exists(&id, Deleted::No)? {
        return Ok(nobody);
    }
    Ok(StoredSecrets { secrets: tx.client_secrets(&id)?, client_id: Some(id) })
}

/// Judges a client without slow hashing: one that sends no secret, or one that was generated and so cannot be guessed. Returns `None` for a
/// guess, which [`verify`] compares.
pub fn judge_at_once(kept: &StoredSecrets, presented: &Presented, now: Time) -> Option<Judged<ProvenClient>> {
    let Some(client_id) = &kept.client_id else {
        return presented.secrets.is_empty().then(|| Err(Refusal::of(presented.without_secret)));
    };
    if presented.secrets.is_empty() {
        // Without a secret only a public client is authenticated (RFC 6749 section 2.1).
        let is_public = kept.secrets.is_empty();
        let proof = is_public.then(|| ProvenClient {
            client_id: client_id.clone(),
            client_type: ClientType::Public,
            secret_to_touch: None,
            renewal: None,
        });
        return Some(proof.ok_or_else(|| Refusal::to(presented.without_secret, client_id)));
    }
    let mut generated = kept.secrets.iter().filter(|secret| !secret.hash.is_of_chosen());
    let matching = generated.find_map(|secret| Some((secret, presented.secrets.iter().find(|sent| secret.hash.matches(sent))?)));
    matching.map(|(secret, sent)| {
        let renewed = secret.hash.renewed(sent);
        let renewal = renewed.map(|renewed| SecretRenewal { number: secret.number, former: secret.hash.clone(), renewed });
        Ok(ProvenClient { renewal, ..proof(client_id, secret, now) })
    })
}

/// Returns what a guess counts against: the client from this network, and the network alone, so nobody elsewhere can lock the client out.
/// Unknown clients, and those whose secrets cannot be guessed, count alike, so nothing tells them apart.
pub fn subjects(presented: &Presented) -> Vec<Subject> {
    let id = presented.client_id.parse::<ClientId>();
    let client = id.as_ref().map_or("that cannot be", ClientId::as_str);
    let mut subjects = Subject::networks(&format!("client {client} address"), presented.peer, FREE_FOR_A_CLIENT);
    subjects.extend(Subject::networks("client address", presented.peer, FREE_FROM_AN_ADDRESS));
    subjects
}

/// Compares with the secrets that a person chose. Slow: never call it in a transaction. An unknown client costs as much as a wrong secret.
/// # Errors
/// Refused as `client_unknown_at_token` or `client_secret_wrong`.
pub fn verify(kept: &StoredSecrets, presented: &Presented, now: Time) -> Judged<ProvenClient> {
    let sent: Vec<&str> = presented.secrets.iter().map(String::as_str).collect();
    let chosen: Vec<&ClientSecret> = kept.secrets.iter().filter(|secret| secret.hash.is_of_chosen()).collect();
    let matching = secret::matching(chosen.iter().map(|secret| &secret.hash), &sent, ROUNDS);
    match (&kept.client_id, matching.and_then(|n| chosen.get(n))) {
        (None, _) => Err(Refusal::of(&CLIENT_UNKNOWN)),
        (Some(client_id), None) => Err(Refusal::to(&CLIENT_SECRET_WRONG, client_id)),
        (Some(client_id), Some(secret)) => Ok(proof(client_id, secret, now)),
    }
}

fn proof(client_id: &ClientId, secret: &ClientSecret, now: Time) -> ProvenClient {
    let is_old_news = secret.last_used_at.is_some_and(|last| last.plus_seconds(TOUCH_SECONDS) > now);
    let secret_to_touch = (!is_old_news).then_some(secret.number);
    ProvenClient { client_id: client_id.clone(), client_type: ClientType::Confidential, secret_to_touch, renewal: None }
}

impl ProvenClient {
    /// Returns whether the secret that it authenticated with has to be stored anew, because a former version hashed it.
    pub fn is_due(&self) -> bool {
        self.renewal.is_some()
    }
}

/// Stores the hash anew of a secret that a former version hashed.
/// # Errors
/// Only those of the store.
pub fn renew(tx: &Tx<'_>, proof: &ProvenClient) -> Result<()> {
    let Some(SecretRenewal { number, former, renewed }) = &proof.renewal else { return Ok(()) };
    tx.renew_client_secret_hash(&proof.client_id, *number, former, renewed)
}

/// Records the use of the secret, and refuses clients that may get no tokens, as they are now. A public client is refused later, with the
/// code or token that it was given.
/// # Errors
/// Only those of the store. A refusal is an `Ok`: `client_unknown_at_token`, or one of [`check_usable`].
pub fn admit(tx: &Tx<'_>, proof: &ProvenClient) -> Result<Judged<Client>> {
    if let Some(number) = proof.secret_to_touch {
        tx.touch_client_secret(&proof.client_id, number)?;
    }
    let Some(client) = tx.client(&proof.client_id, Deleted::No)? else { return Ok(Err(Refusal::of(&CLIENT_UNKNOWN))) };
    Ok(match proof.client_type {
        ClientType::Confidential => check_usable(&client).map(|()| client),
        ClientType::Public => Ok(client),
    })
}

/// Checks that a client is neither suspended nor rejected (oauth.md 1.4.4), and has a redirect URI.
/// # Errors
/// Refused as `client_rejected_at_token`, `client_suspended_at_token` or `client_without_redirect_uri_at_token`.
pub(super) fn check_usable(client: &Client) -> Judged<()> {
    let reason = match client.state {
        State::Rejected => &CLIENT_REJECTED_AT_TOKEN,
        State::Suspended => &CLIENT_SUSPENDED_AT_TOKEN,
        State::Requested | State::Approved | State::Flagged if client.redirect_uris.is_empty() => &CLIENT_UNUSABLE,
        State::Requested | State::Approved | State::Flagged => return Ok(()),
    };
    Err(Refusal::to(reason, &client.id))
}
