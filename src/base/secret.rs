//! Generates, writes, hashes and compares secrets. Nothing here is ever logged.

use std::fmt;

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use pbkdf2::pbkdf2_hmac;
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;

use crate::base::named::named;

/// The most rounds of a hash to compare with: one with more, which somebody may have put into the file, matches nothing.
pub const MOST_ROUNDS: u32 = 2_000_000;

/// How long the page that shows a new secret can be reloaded, in seconds.
pub const REPEATABLE_SECONDS: i64 = 10 * 60;

named! {
    /// The kind of a token, which its first part names (registry.md 4.1): the base32 of `key`, `acc`, `ref`, `aut`, `ssn`, `lnk` or `pwd`.
    pub enum TokenKind {
        ApiKey = "NNSXS",
        AccessToken = "MFRWG",
        RefreshToken = "OJSWM",
        AuthorizationCode = "MF2XI",
        Session = "ONZW4",
        /// A link to hand over.
        SignInLink = "NRXGW",
        /// What lets a browser choose a new password.
        PasswordChoice = "OB3WI",
    }
}

/// `PREFIX.ID.KEY`: the ID finds the row, the key proves the holder (registry.md 4.1).
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    pub id: String,
    pub key: String,
}

impl Token {
    /// Generates a token: 24 random bytes of ID, 32 of key.
    pub fn fresh(kind: TokenKind) -> Token {
        Token { kind, id: fresh_id(), key: fresh_key() }
    }

    /// Derives a token from a key: the same `key` and `salt` always give the same one, which is unknown without them.
    pub fn derived(kind: TokenKind, key: &str, salt: &[u8]) -> Token {
        let id = BASE32_NOPAD.encode(&hmac(key.as_bytes(), salt, b"the ID of a token")[..24]);
        Token { kind, id, key: derived_key(key, salt, "the key of a token") }
    }

    /// Parses a token; checks only the kind and the number of parts (registry.md 4.1).
    pub fn parse(text: &str) -> Option<Token> {
        let (prefix, rest) = text.split_once('.')?;
        let (id, key) = rest.split_once('.')?;
        let kind = TokenKind::from_name(prefix)?;
        (!key.contains('.')).then(|| Token { kind, id: id.to_owned(), key: key.to_owned() })
    }

    /// Returns whether [`Token::fresh`] could have generated it: an ID of 24 and a key of 32 bytes.
    pub fn is_full_size(&self) -> bool {
        let base32 =
            |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b));
        base32(&self.id, 39) && base32(&self.key, 52)
    }

    /// Returns the token as its holder stores it. The only way to see the key.
    pub fn reveal(&self) -> String {
        format!("{}.{}.{}", self.kind.name(), self.id, self.key)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.…", self.kind.name(), self.id)
    }
}

/// Generates the ID of a token: 24 random bytes in base32, 39 characters.
pub fn fresh_id() -> String {
    BASE32_NOPAD.encode(&random::<24>())
}

/// Generates a key: 32 random bytes in base32, 52 characters (registry.md 1.8).
pub fn fresh_key() -> String {
    BASE32_NOPAD.encode(&random::<32>())
}

/// Generates a password: 20 random bytes in base32, 32 capitals and digits.
pub fn fresh_password() -> String {
    BASE32_NOPAD.encode(&random::<20>())
}

/// Generates what OpenID Connect calls a user by: 16 random bytes in base16.
pub fn fresh_subject() -> String {
    HEXLOWER.encode(&random::<16>())
}

/// Derives what a client alone calls a user by from a key of this server (HMAC-SHA256), in base64url.
pub fn pairwise_subject(key: &[u8], of: &str) -> String {
    BASE64URL_NOPAD.encode(&hmac(key, of.as_bytes(), &[]))
}

/// Generates a UUID of 122 random bits (RFC 9562 section 5.4): the ID of a session (registry.md 4.1).
pub fn fresh_uuid() -> String {
    let mut bytes = random::<16>();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = HEXLOWER.encode(&bytes);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// Derives a key from another (HMAC-SHA256): the same `key` always gives the same one, which is unknown without it.
pub fn derived_key(key: &str, salt: &[u8], purpose: &str) -> String {
    BASE32_NOPAD.encode(&hmac(key.as_bytes(), salt, purpose.as_bytes()))
}

/// Returns the HMAC-SHA256 of a message in two parts.
fn hmac(key: &[u8], begin: &[u8], end: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any size");
    mac.update(begin);
    mac.update(end);
    mac.finalize().into_bytes().into()
}

/// Returns PBKDF2-SHA256 of one round in base64url: of one round it is the HMAC of the salt and the number of the block.
fn one_round(secret: &str, salt: &str) -> String {
    BASE64URL_NOPAD.encode(&hmac(secret.as_bytes(), salt.as_bytes(), &1_u32.to_be_bytes()))
}

fn fresh_salt() -> String {
    BASE64URL_NOPAD.encode(&random::<12>())
}

/// Returns the SHA-256 of a text in base64url.
pub fn digest(text: &str) -> String {
    BASE64URL_NOPAD.encode(&Sha256::digest(text))
}

/// Compares in constant time.
pub fn equal(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// Returns random bytes from the operating system.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has randomness");
    bytes
}

/// A hash with its algorithm, the only stored form of a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Hash(String);

/// The beginning of the hash of a generated secret: 256 random bits need no more than one round, which takes less than a microsecond.
const GENERATED: &str = "PBKDF2$sha256$1$";

/// The beginning of the hash of a generated secret in former versions, which The Things Stack cannot read.
const GENERATED_FORMERLY: &str = "SHA256$";

impl Hash {
    /// Hashes a generated secret in The Things Stack's format, in one round.
    pub fn of_generated(secret: &str) -> Hash {
        let salt = fresh_salt();
        Hash(format!("{GENERATED}{salt}${}", one_round(secret, &salt)))
    }

    /// Hashes a secret that a person chose: PBKDF2-SHA256 in The Things Stack's format. Slow: never call it in a write transaction.
    pub fn of_chosen(secret: &str, rounds: u32) -> Hash {
        let salt = fresh_salt();
        let mut key = [0; 32];
        pbkdf2_hmac::<Sha256>(secret.as_bytes(), salt.as_bytes(), rounds, &mut key);
        Hash(format!("PBKDF2$sha256${rounds}${salt}${}", BASE64URL_NOPAD.encode(&key)))
    }

    /// Returns the hash to replace this one with, which `secret` has matched, if it is in a format of former versions.
    pub fn renewed(&self, secret: &str) -> Option<Hash> {
        self.0.starts_with(GENERATED_FORMERLY).then(|| Hash::of_generated(secret))
    }

    /// Returns whether The Things Stack can compare with it.
    pub fn is_portable(&self) -> bool {
        self.parts().is_some()
    }

    /// Returns whether something may match it.
    pub fn is_readable(&self) -> bool {
        let formerly = self.0.strip_prefix(GENERATED_FORMERLY);
        self.is_portable() || formerly.is_some_and(|kept| BASE64URL_NOPAD.decode(kept.as_bytes()).is_ok_and(|kept| kept.len() == 32))
    }

    /// Returns whether others do not match it by chance, as they do a key of a few bytes.
    pub fn is_strong(&self) -> bool {
        self.parts().is_none_or(|parts| parts.rounds > 0 && parts.key.len() >= 16)
    }

    pub fn stored(text: String) -> Hash {
        Hash(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether it is the hash of a chosen secret, which is slow to compare with.
    pub fn is_of_chosen(&self) -> bool {
        !self.0.starts_with(GENERATED) && !self.0.starts_with(GENERATED_FORMERLY)
    }

    /// Returns the rounds that comparing takes; 0 for a hash of former versions, or one that matches nothing.
    pub fn rounds(&self) -> u32 {
        self.parts().map_or(0, |parts| parts.rounds)
    }

    /// Parses a hash in The Things Stack's format; `None` for any other, or if comparing would take too long.
    fn parts(&self) -> Option<Parts<'_>> {
        let parts: Vec<&str> = self.0.split('$').collect();
        let [method, algorithm, rounds, salt, key] = parts.as_slice() else { return None };
        // A key longer than the algorithm's output would take the rounds several times.
        let (algorithm, longest) = match *algorithm {
            "sha256" => (Algorithm::Sha256, 32),
            "sha512" => (Algorithm::Sha512, 64),
            _ => return None,
        };
        let rounds = rounds.parse().ok().filter(|rounds| *rounds <= MOST_ROUNDS)?;
        let key = BASE64URL_NOPAD.decode(key.as_bytes()).ok().filter(|key| (1..=longest).contains(&key.len()))?;
        method.eq_ignore_ascii_case("PBKDF2").then_some(Parts { algorithm, rounds, salt, key })
    }

    /// Returns whether this is the hash of `secret`. Compares in constant time; takes all parameters from the hash. A hash of an unknown
    /// algorithm matches nothing.
    pub fn matches(&self, secret: &str) -> bool {
        if let Some(kept) = self.0.strip_prefix(GENERATED_FORMERLY) {
            match_no_generated(secret);
            return BASE64URL_NOPAD.decode(kept.as_bytes()).is_ok_and(|kept| kept.ct_eq(&Sha256::digest(secret)).into());
        }
        if let Some((salt, key)) = self.0.strip_prefix(GENERATED).and_then(|rest| rest.split_once('$')).filter(|(_, key)| key.len() == 43) {
            return equal(&one_round(secret, salt), key);
        }
        let Some(Parts { algorithm, rounds, salt, key }) = self.parts() else { return false };
        let mut made = vec![0; key.len()];
        match algorithm {
            Algorithm::Sha256 => pbkdf2_hmac::<Sha256>(secret.as_bytes(), salt.as_bytes(), rounds, &mut made),
            Algorithm::Sha512 => pbkdf2_hmac::<Sha512>(secret.as_bytes(), salt.as_bytes(), rounds, &mut made),
        }
        key.ct_eq(&made).into()
    }
}

/// The parts of a hash in The Things Stack's format.
struct Parts<'h> {
    algorithm: Algorithm,
    rounds: u32,
    salt: &'h str,
    key: Vec<u8>,
}

enum Algorithm {
    Sha256,
    Sha512,
}

/// Returns the index of the first hash of one of the secrets. If there is none, takes `cost` rounds for each secret, whatever the hashes:
/// the time must not tell who exists or what is stored. Slow: never call it in a transaction.
pub fn matching<'h>(hashes: impl IntoIterator<Item = &'h Hash>, secrets: &[&str], cost: u32) -> Option<usize> {
    let mut taken = 0_u32;
    for (n, hash) in hashes.into_iter().enumerate() {
        if secrets.iter().any(|secret| hash.matches(secret)) {
            return Some(n);
        }
        taken = taken.saturating_add(hash.rounds());
    }
    for secret in secrets {
        if taken < cost {
            std::hint::black_box(Hash::of_chosen(secret, cost - taken));
        }
    }
    None
}

/// Takes as long as comparing a generated secret: an unknown ID must not answer faster than a wrong key.
pub fn match_no_generated(secret: &str) {
    std::hint::black_box(equal(&one_round(secret, "AAAAAAAAAAAAAAAA"), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written() {
        let token = Token::fresh(TokenKind::ApiKey);
        assert_eq!(token.reveal().len(), 98);
        assert!(token.is_full_size());
        assert_eq!(Token::parse(&token.reveal()), Some(token));
        for bad in ["", "..", "NNSXS", "NNSXS.A", "NNSXS.A.B.C", "nnsxs.A.B", "XXXXX.A.B"] {
            assert_eq!(Token::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_shown_of_a_token_or_a_hash_is_no_secret() {
        let token = Token::fresh(TokenKind::ApiKey);
        assert!(!format!("{token:?}").contains(&token.key));
        assert_eq!(format!("{:?}", Hash::of_generated("x")), "Hash(…)");
    }

    #[test]
    fn a_hash_matches_its_secret_and_no_other() {
        let former = Hash::stored(format!("SHA256${}", digest("secret")));
        for hash in [Hash::of_generated("secret"), Hash::of_chosen("secret", 10), former] {
            assert!(hash.matches("secret"));
            assert!(!hash.matches("Secret") && !hash.matches(""));
        }
    }

    #[test]
    fn the_hash_of_a_generated_secret_is_one_round_in_the_format_of_the_things_stack() {
        let hash = Hash::of_generated("secret");
        let parts: Vec<&str> = hash.as_str().split('$').collect();
        assert_eq!(parts[..3], ["PBKDF2", "sha256", "1"]);
        assert_eq!((parts[3].len(), parts[4].len(), parts.len()), (16, 43, 5));
        assert!(!hash.is_of_chosen() && hash.is_portable() && hash.renewed("secret").is_none());
        assert!(Hash::of_chosen("secret", 2).is_of_chosen());
    }

    #[test]
    fn a_hash_of_former_versions_is_renewed_as_one_that_the_things_stack_can_read() {
        let former = Hash::stored(format!("SHA256${}", digest("secret")));
        assert!(!former.is_of_chosen() && !former.is_portable());
        assert!(former.renewed("secret").is_some_and(|hash| hash.is_portable() && hash.matches("secret")));
    }

    #[test]
    fn hashes_of_the_things_stack_verify() {
        // PBKDF2 of `password`, salt `saltsaltsaltsalt`, one round, computed with Python's hashlib.
        let sha256 = Hash::stored("PBKDF2$sha256$1$saltsaltsaltsalt$sT1ml-mc1tF0XaCX7gPkvlATQedv6RYaeI3j1M0L4hk".to_owned());
        let sha512 = Hash::stored("pbkdf2$sha512$1$saltsaltsaltsalt$zMa9LL9XW9NEyc9UKHf8bpNyy_Hx4d85LGz19gOLtXQ".to_owned());
        assert!(sha256.matches("password"));
        assert!(sha512.matches("password"));
    }

    #[test]
    fn a_uuid_says_that_it_is_random() {
        let uuid = fresh_uuid();
        assert_eq!(uuid.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert!(uuid[14..].starts_with('4') && ["8", "9", "a", "b"].contains(&&uuid[19..20]), "{uuid}");
        assert_ne!(uuid, fresh_uuid());
    }

    #[test]
    fn a_derived_key_follows_from_key_salt_and_purpose_alone() {
        let key = derived_key("key", b"salt", "access");
        assert_eq!(key.len(), 52);
        assert_eq!(key, derived_key("key", b"salt", "access"));
        for other in [derived_key("Key", b"salt", "access"), derived_key("key", b"Salt", "access"), derived_key("key", b"salt", "refresh")]
        {
            assert_ne!(key, other);
        }
    }

    #[test]
    fn the_challenge_of_the_rfc_is_that_of_its_verifier() {
        // RFC 7636 appendix B.
        assert_eq!(digest("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_hash_that_cannot_be_read_matches_nothing() {
        for bad in ["", "SHA256$", "MD5$x", "PBKDF2$sha1$1$s$AAAA", "PBKDF2$sha256$x$s$AAAA", "PBKDF2$sha256$1$s$"] {
            assert!(!Hash::stored(bad.to_owned()).matches(""), "{bad}");
        }
    }

    #[test]
    fn a_hash_that_would_take_too_long_matches_nothing_at_once() {
        let key = |bytes: usize| BASE64URL_NOPAD.encode(&vec![0; bytes]);
        for long in [format!("PBKDF2$sha256$2000001$salt${}", key(32)), format!("PBKDF2$sha256$1$salt${}", key(33))] {
            let hash = Hash::stored(long);
            assert_eq!((hash.rounds(), hash.matches("x")), (0, false), "{}", hash.as_str());
        }
        assert_eq!(Hash::stored(format!("PBKDF2$sha256$2000000$salt${}", key(32))).rounds(), MOST_ROUNDS);
    }

    #[test]
    fn the_first_hash_that_matches_is_found() {
        let hashes = [Hash::of_chosen("one", 3), Hash::of_chosen("two", 5), Hash::of_generated("three")];
        assert_eq!(["one", "two", "three", "four"].map(|sent| matching(&hashes, &["none", sent], 20)), [Some(0), Some(1), Some(2), None]);
    }
}
