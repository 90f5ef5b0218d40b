//! The keys that sign tokens: made when they are first needed, published before they sign and until their last token has ended.

use std::sync::{Arc, Mutex, OnceLock};

use serde_json::{Value, json};

use crate::base::error::{Error, Result, errors};
use crate::base::jws::{ALGORITHMS, SigningAlgorithm, TokenType};
use crate::base::key_pair::{KeyPair, PrivateKey};
use crate::base::mutex::locked;
use crate::base::secret;
use crate::base::time::Time;
use crate::model::client::Client;
use crate::model::event::Action;
use crate::model::sign_in::SubjectType;
use crate::model::signing_key::{self, Handover, PUBLISHED_AHEAD_SECONDS, SigningKey};
use crate::registry::history;
use crate::registry::principal::Principal;
use crate::store::{Store, Tx};

errors! {
    NEXT_KEY_WAITS: FailedPrecondition "keyfob" "next_signing_key_waits" "a new key for {algorithm} is published already and signs from {signs_from}: wait until then or, if a key was stolen, replace all of them with --now";
    KEY_EXISTS: AlreadyExists "keyfob" "signing_key_exists" "there already is a signing key `{key_id}`";
}

/// The name of the key from which the subjects of pairwise clients are derived.
const PAIRWISE: &str = "pairwise";

/// The parsed key that signs, of each algorithm, and whose turn it is to make the first ones.
#[derive(Default)]
pub struct KeyPairs {
    parsed: [Mutex<Option<Arc<KeyPair>>>; ALGORITHMS.len()],
    making: Mutex<()>,
    /// What has them made in the background.
    when_foreseen: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl KeyPairs {
    /// Says what is done when it is foreseen that keys are needed. If nothing is, who needs them first makes them.
    pub fn when_foreseen(&self, act: impl Fn() + Send + Sync + 'static) {
        self.when_foreseen.get_or_init(|| Box::new(act));
    }

    /// Says that keys will probably be needed soon.
    pub fn foresee(&self) {
        if let Some(act) = self.when_foreseen.get() {
            act();
        }
    }

    /// Makes the keys that sign tokens, if they are not there yet. Who needs them meanwhile waits for the same ones.
    /// # Errors
    /// Internal if one cannot be made; those of the store.
    pub fn make_missing(&self, store: &Store, before_blocking: &dyn Fn()) -> Result<()> {
        if store.read_kept(missing)?.is_empty() {
            return Ok(());
        }
        before_blocking();
        let making = locked(&self.making);
        let made = store.read(missing)?.into_iter().map(NewSigningKey::generate).collect::<Result<Vec<_>>>()?;
        if !made.is_empty() {
            store.write(|tx| store_first(tx, &made))?;
        }
        drop(making);
        Ok(())
    }

    /// Returns a token with these claims, signed by the key that signs now. In no transaction, because it takes a processor up to a millisecond.
    /// # Errors
    /// Those of [`KeyPairs::make_missing`].
    pub fn sign(
        &self,
        store: &Store,
        before_blocking: &dyn Fn(),
        algorithm: SigningAlgorithm,
        token_type: TokenType,
        claims: &Value,
    ) -> Result<String> {
        self.make_missing(store, before_blocking)?;
        let pair = store.read_kept(|tx| self.signing(tx, algorithm))?;
        pair.ok_or_else(|| Error::Internal("the key that signs is gone".into()))?.sign(token_type, claims)
    }

    /// Returns the key that signs now; `None` if none was made yet.
    /// # Errors
    /// Internal if it cannot be parsed.
    pub fn signing(&self, tx: &Tx<'_>, algorithm: SigningAlgorithm) -> Result<Option<Arc<KeyPair>>> {
        let keys = tx.signing_keys()?;
        let Some(key) = signing_key::signing(&keys, algorithm, tx.now) else { return Ok(None) };
        let mut parsed = locked(&self.parsed[algorithm as usize]);
        if parsed.as_ref().is_none_or(|pair| pair.public_key != key.public_key) {
            let Some(private_key) = tx.private_key(key)? else { return Ok(None) };
            let pair = KeyPair::parse(algorithm, &private_key).map_err(|error| Error::Internal(error.into()))?;
            *parsed = Some(Arc::new(pair));
        }
        Ok(parsed.clone())
    }
}

/// A key that was made and is not stored yet.
pub struct NewSigningKey {
    pair: KeyPair,
    private_key: PrivateKey,
}

impl NewSigningKey {
    /// Makes a key, which takes long ([`PrivateKey::generate`]).
    /// # Errors
    /// Internal if it cannot be made.
    pub fn generate(algorithm: SigningAlgorithm) -> Result<NewSigningKey> {
        let private_key = PrivateKey::generate(algorithm)?;
        let pair = KeyPair::parse(algorithm, &private_key).map_err(|error| Error::Internal(error.into()))?;
        Ok(NewSigningKey { pair, private_key })
    }

    /// Reads a key in PEM.
    /// # Errors
    /// `private_key_unreadable`, `private_key_public`, `private_key_encrypted`, `private_key_unusable`.
    pub fn read_pem(text: &str) -> Result<NewSigningKey> {
        let private_key = PrivateKey::read_pem(text)?;
        Ok(NewSigningKey { pair: KeyPair::of(&private_key)?, private_key })
    }
}

/// Adds a key for its algorithm, after which the one that signs now will sign no longer. The first of an algorithm signs at once.
/// # Errors
/// `next_signing_key_waits`, `signing_key_exists`.
pub fn add(tx: &Tx<'_>, by: &Principal, key: &NewSigningKey, handover: Handover) -> Result<()> {
    let (keys, public_key) = (tx.signing_keys()?, &key.pair.public_key);
    let algorithm = public_key.algorithm;
    let of_algorithm = || keys.iter().filter(|key| key.public_key.algorithm == algorithm);
    let (signs_from, deleted) = match handover {
        Handover::Overlapping => {
            if let Some(next) = signing_key::waiting(&keys, algorithm, tx.now) {
                return Err(NEXT_KEY_WAITS.with("algorithm", algorithm.name()).with("signs_from", next.signs_from.to_string()).into());
            }
            let is_first = signing_key::signing(&keys, algorithm, tx.now).is_none();
            (if is_first { tx.now } else { tx.now.plus_seconds(PUBLISHED_AHEAD_SECONDS) }, Vec::new())
        }
        Handover::AtOnce => {
            of_algorithm().try_for_each(|key| tx.delete_signing_key(key))?;
            (tx.now, of_algorithm().map(|key| key.public_key.id.as_str()).collect())
        }
    };
    if !tx.insert_signing_key(public_key, &key.private_key, tx.now, signs_from)? {
        return Err(KEY_EXISTS.with("key_id", public_key.id.as_str()).into());
    }
    let new = json!({"key_id": public_key.id, "signs_from": signs_from.to_string(), "deleted_keys": deleted});
    history::record_of_server(tx, by, algorithm.name(), Action::AddSigningKey, json!({}), new)?;
    make_pairwise(tx)
}

/// Returns every key that is stored.
pub(crate) fn list(tx: &Tx<'_>) -> Result<Arc<[SigningKey]>> {
    tx.signing_keys()
}

/// Returns the algorithms that no key was made for yet.
fn missing(tx: &Tx<'_>) -> Result<Vec<SigningAlgorithm>> {
    Ok(missing_in(&tx.signing_keys()?, tx.now))
}

fn missing_in(keys: &[SigningKey], now: Time) -> Vec<SigningAlgorithm> {
    ALGORITHMS.into_iter().filter(|algorithm| signing_key::signing(keys, *algorithm, now).is_none()).collect()
}

/// Stores the first keys, which sign at once. Those that somebody else has stored meanwhile stay.
fn store_first(tx: &Tx<'_>, made: &[NewSigningKey]) -> Result<()> {
    let missing = missing(tx)?;
    for key in made.iter().filter(|key| missing.contains(&key.pair.public_key.algorithm)) {
        tx.insert_signing_key(&key.pair.public_key, &key.private_key, tx.now, tx.now)?;
    }
    make_pairwise(tx)
}

fn make_pairwise(tx: &Tx<'_>) -> Result<()> {
    if tx.server_key(PAIRWISE)?.is_some() { Ok(()) } else { tx.insert_server_key(PAIRWISE, &secret::random::<32>()) }
}

/// Makes the key from which the subjects of a pairwise client are derived, if it is not there yet.
pub(super) fn make_for(tx: &Tx<'_>, client: &Client) -> Result<()> {
    match client.sign_in.subject_type {
        SubjectType::Pairwise => make_pairwise(tx),
        SubjectType::Public => Ok(()),
    }
}

/// Returns the keys whose tokens may be valid now or later, those that sign first, as a JWK Set (RFC 7517 section 5); `None` while some have to
/// be made.
pub(crate) fn published_as_json(tx: &Tx<'_>) -> Result<Option<String>> {
    let keys = tx.signing_keys()?;
    if !missing_in(&keys, tx.now).is_empty() {
        return Ok(None);
    }
    let jwks: Vec<&str> = signing_key::published(&keys, tx.now).into_iter().map(|key| key.jwk.as_str()).collect();
    Ok(Some(format!("{{\"keys\":[{}]}}", jwks.join(","))))
}

/// Returns the claims of a token of this type that a published key of this server has signed; `None` of any other. Whether it has ended, and
/// for whom it is, is not looked at.
/// # Errors
/// Only those of the store.
pub fn verify(tx: &Tx<'_>, token: &str, token_type: TokenType) -> Result<Option<Value>> {
    let keys = tx.signing_keys()?;
    Ok(signing_key::published(&keys, tx.now).into_iter().find_map(|key| key.public_key.verify(token, token_type)))
}

/// Returns the key from which the subjects of pairwise clients are derived; `None` before there was one.
pub(crate) fn pairwise(tx: &Tx<'_>) -> Result<Option<Arc<[u8]>>> {
    tx.server_key(PAIRWISE)
}

/// Replaces the data of a store with that of a former state, and puts the keys that it had into the new data: apps have read them, and may not read them again soon.
/// # Errors
/// Those of `replace`, and those of the store.
pub fn keep(store: &Store, replace: impl FnOnce() -> Result<()>) -> Result<()> {
    // A read after each replacement would have SQLite parse the schema anew, which takes as long as the replacement itself.
    if !store.may_have_had_keys() {
        return replace();
    }
    let (signing, pairwise_key) = store.read(|tx| {
        let mut signing = Vec::new();
        for key in tx.signing_keys()?.iter() {
            signing.extend(tx.private_key(key)?.map(|private_key| (key.clone(), private_key)));
        }
        Ok((signing, pairwise(tx)?))
    })?;
    replace()?;
    if signing.is_empty() && pairwise_key.is_none() {
        return Ok(());
    }
    store.write(|tx| {
        for (key, private_key) in &signing {
            tx.insert_signing_key(&key.public_key, private_key, key.created_at, key.signs_from)?;
        }
        match &pairwise_key {
            Some(value) if pairwise(tx)?.is_none() => tx.insert_server_key(PAIRWISE, value),
            _ => Ok(()),
        }
    })
}

/// Deletes the keys whose last token has ended; returns how many were deleted.
pub(crate) fn delete_ended(tx: &Tx<'_>) -> Result<usize> {
    let keys = tx.signing_keys()?;
    let ended = keys.iter().filter(|key| signing_key::ends_at(&keys, key).is_some_and(|end| end <= tx.now));
    ended.clone().try_for_each(|key| tx.delete_signing_key(key))?;
    Ok(ended.count())
}
