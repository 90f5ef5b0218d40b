//! Secrets: how they are made, written, hashed and compared. Nothing here is ever logged.

use std::fmt;

use data_encoding::{BASE32_NOPAD, BASE64URL_NOPAD};
use pbkdf2::pbkdf2_hmac;
use sha2::{Digest, Sha256, Sha512};
use subtle::ConstantTimeEq;

/// Rounds for what a person chose (contract 4.4).
const CHOSEN_ROUNDS: u32 = 20_000;

/// What a token is good for; its first part says it (contract 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    ApiKey,
    AccessToken,
    RefreshToken,
    AuthorizationCode,
    Session,
}

impl TokenKind {
    /// Base32 of `key`, `acc`, `ref`, `aut` and `ssn`.
    pub fn prefix(self) -> &'static str {
        match self {
            TokenKind::ApiKey => "NNSXS",
            TokenKind::AccessToken => "MFRWG",
            TokenKind::RefreshToken => "OJSWM",
            TokenKind::AuthorizationCode => "MF2XI",
            TokenKind::Session => "ONZW4",
        }
    }
}

/// `PREFIX.ID.KEY`: the ID finds the row, the key proves the right to it (contract 4.1).
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    pub id: String,
    pub key: String,
}

impl Token {
    /// 24 random bytes of ID, 32 of key.
    pub fn fresh(kind: TokenKind) -> Token {
        Token { kind, id: BASE32_NOPAD.encode(&random::<24>()), key: fresh_key() }
    }

    /// Only the kind and the number of parts are checked (contract 4.1).
    pub fn parse(text: &str) -> Option<Token> {
        let (prefix, rest) = text.split_once('.')?;
        let (id, key) = rest.split_once('.')?;
        let kinds = [TokenKind::ApiKey, TokenKind::AccessToken, TokenKind::RefreshToken, TokenKind::AuthorizationCode, TokenKind::Session];
        let kind = kinds.into_iter().find(|kind| kind.prefix() == prefix)?;
        (!key.contains('.')).then(|| Token { kind, id: id.to_owned(), key: key.to_owned() })
    }

    /// True for what [`Token::fresh`] could have made: an ID of 24 and a key of 32 bytes.
    pub fn is_full_size(&self) -> bool {
        let base32 =
            |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b));
        base32(&self.id, 39) && base32(&self.key, 52)
    }

    /// The token as its holder keeps it. The one way to see the key.
    pub fn reveal(&self) -> String {
        format!("{}.{}.{}", self.kind.prefix(), self.id, self.key)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.…", self.kind.prefix(), self.id)
    }
}

/// 32 random bytes in base32: 52 characters (contract 1.8).
pub fn fresh_key() -> String {
    BASE32_NOPAD.encode(&random::<32>())
}

/// A password nobody chose, with the capitals and digits that the rules ask for.
pub fn fresh_password() -> String {
    loop {
        let password = BASE32_NOPAD.encode(&random::<20>());
        if password.bytes().any(|b| b.is_ascii_digit()) && password.bytes().any(|b| b.is_ascii_uppercase()) {
            return password;
        }
    }
}

/// So many bytes from the operating system.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has randomness");
    bytes
}

/// A hash that carries its algorithm: all that is kept of a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Hash(String);

impl Hash {
    /// Of a secret that we generated: with 256 random bits nothing slower than SHA-256 is needed.
    pub fn of_generated(secret: &str) -> Hash {
        Hash(format!("SHA256${}", BASE64URL_NOPAD.encode(&Sha256::digest(secret))))
    }

    /// Of a secret that a person chose: PBKDF2-SHA256 in The Things Stack's format. Slow: never call it in a write transaction.
    pub fn of_chosen(secret: &str) -> Hash {
        let salt = BASE64URL_NOPAD.encode(&random::<12>());
        let mut key = [0; 32];
        pbkdf2_hmac::<Sha256>(secret.as_bytes(), salt.as_bytes(), CHOSEN_ROUNDS, &mut key);
        Hash(format!("PBKDF2$sha256${CHOSEN_ROUNDS}${salt}${}", BASE64URL_NOPAD.encode(&key)))
    }

    /// A hash as it was kept.
    pub fn kept(text: String) -> Hash {
        Hash(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True when this is the hash of `secret`. Compares in constant time; takes all parameters from the hash. A hash
    /// of an unknown algorithm matches nothing.
    pub fn matches(&self, secret: &str) -> bool {
        let parts: Vec<&str> = self.0.split('$').collect();
        let (kept, made) = match parts.as_slice() {
            ["SHA256", kept] => (kept, Sha256::digest(secret).to_vec()),
            [method, algorithm, rounds, salt, kept] if method.eq_ignore_ascii_case("PBKDF2") => {
                let (Ok(rounds), Some(length)) = (rounds.parse(), BASE64URL_NOPAD.decode(kept.as_bytes()).ok().map(|k| k.len())) else {
                    return false;
                };
                let mut key = vec![0; length];
                match *algorithm {
                    "sha256" => pbkdf2_hmac::<Sha256>(secret.as_bytes(), salt.as_bytes(), rounds, &mut key),
                    "sha512" => pbkdf2_hmac::<Sha512>(secret.as_bytes(), salt.as_bytes(), rounds, &mut key),
                    _ => return false,
                }
                (kept, key)
            }
            _ => return false,
        };
        BASE64URL_NOPAD.decode(kept.as_bytes()).is_ok_and(|kept| !kept.is_empty() && bool::from(kept.ct_eq(&made)))
    }
}

/// Compares with nothing, at the cost of a secret that we generated: an unknown ID must not answer faster than a wrong key.
pub fn match_no_generated(secret: &str) {
    std::hint::black_box(Hash::of_generated(secret));
}

/// Compares with nothing, at the cost of a secret that a person chose.
pub fn match_no_chosen(secret: &str) {
    std::hint::black_box(Hash::of_chosen(secret));
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
        for hash in [Hash::of_generated("secret"), Hash::of_chosen("secret")] {
            assert!(hash.matches("secret"));
            assert!(!hash.matches("Secret") && !hash.matches(""));
        }
    }

    #[test]
    fn hashes_of_the_things_stack_verify() {
        // PBKDF2 of `password`, salt `saltsaltsaltsalt`, one round, computed with Python's hashlib.
        let sha256 = Hash::kept("PBKDF2$sha256$1$saltsaltsaltsalt$sT1ml-mc1tF0XaCX7gPkvlATQedv6RYaeI3j1M0L4hk".to_owned());
        let sha512 = Hash::kept("pbkdf2$sha512$1$saltsaltsaltsalt$zMa9LL9XW9NEyc9UKHf8bpNyy_Hx4d85LGz19gOLtXQ".to_owned());
        assert!(sha256.matches("password"));
        assert!(sha512.matches("password"));
    }

    #[test]
    fn a_hash_that_cannot_be_read_matches_nothing() {
        for bad in ["", "SHA256$", "MD5$x", "PBKDF2$sha1$1$s$AAAA", "PBKDF2$sha256$x$s$AAAA", "PBKDF2$sha256$1$s$"] {
            assert!(!Hash::kept(bad.to_owned()).matches(""), "{bad}");
        }
    }
}
