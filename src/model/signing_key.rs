//! The keys that sign tokens. Which of them signs and which are published follows from their rows and the time alone.

use crate::base::jws::{PublicKey, SigningAlgorithm};
use crate::base::time::Time;
use crate::model::grant::ACCESS_SECONDS;

/// How long a key is published before it signs: relying parties read the keys again at least this often.
pub const PUBLISHED_AHEAD_SECONDS: i64 = 60 * 60;

/// How long a token that is signed here lasts at most, and five minutes for clocks that are behind.
const LONGEST_TOKEN_SECONDS: i64 = ACCESS_SECONDS + 300;

/// A key without what is secret of it.
#[derive(Clone, Debug)]
pub struct SigningKey {
    /// Greater for newer keys.
    pub number: i64,
    pub public_key: PublicKey,
    /// The same as a JWK (RFC 7517) in JSON.
    pub jwk: String,
    pub created_at: Time,
    pub signs_from: Time,
}

impl SigningKey {
    fn is_of(&self, algorithm: SigningAlgorithm) -> bool {
        self.public_key.algorithm == algorithm
    }
}

/// What becomes of the keys before a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handover {
    /// They sign until the new one has been published long enough, and stay published until their last token has ended.
    Overlapping,
    /// They may have been stolen: they go, and with them every token that they have signed.
    AtOnce,
}

/// Returns the key that was published last and does not sign yet.
pub fn waiting(keys: &[SigningKey], algorithm: SigningAlgorithm, now: Time) -> Option<&SigningKey> {
    let signing = signing(keys, algorithm, now)?;
    keys.iter().rfind(|key| key.is_of(algorithm) && key.number > signing.number)
}

/// Returns the key that signs: the newest whose time has come. Where the clock was set back to before all of them, the oldest.
pub fn signing(keys: &[SigningKey], algorithm: SigningAlgorithm, now: Time) -> Option<&SigningKey> {
    let mut of = keys.iter().filter(|key| key.is_of(algorithm));
    of.clone().rfind(|key| key.signs_from <= now).or_else(|| of.next())
}

/// Returns whether a key is the one of its algorithm that signs.
pub fn is_signing(keys: &[SigningKey], key: &SigningKey, now: Time) -> bool {
    signing(keys, key.public_key.algorithm, now).is_some_and(|signing| signing.number == key.number)
}

/// Returns when the last token of a key has ended; `None` for the newest of its algorithm, which no other follows yet.
pub fn ends_at(keys: &[SigningKey], key: &SigningKey) -> Option<Time> {
    let next = keys.iter().find(|next| next.is_of(key.public_key.algorithm) && next.number > key.number)?;
    Some(next.signs_from.max(key.signs_from).plus_seconds(LONGEST_TOKEN_SECONDS))
}

/// Returns the keys whose tokens may be valid now or later, those that sign first: some relying parties look at the first one only.
pub fn published(keys: &[SigningKey], now: Time) -> Vec<&SigningKey> {
    let mut published: Vec<&SigningKey> = keys.iter().filter(|key| ends_at(keys, key).is_none_or(|end| end > now)).collect();
    published.sort_by_key(|key| !is_signing(keys, key, now));
    published
}
