//! Signs the claims of tokens, and verifies what was signed: JWS in its compact serialization (RFC 7515), by ring.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm};
use serde_json::{Value, json};

use crate::base::named::named;
use crate::base::secret;

named! {
    /// How a token is signed (RFC 7518 section 3.1).
    #[derive(Default)]
    pub enum SigningAlgorithm {
        /// RSA, which every relying party can verify.
        #[default]
        Rs256 = "RS256",
        /// ECDSA on P-256.
        Es256 = "ES256",
    }
}

pub const ALGORITHMS: [SigningAlgorithm; 2] = [SigningAlgorithm::Rs256, SigningAlgorithm::Es256];

impl SigningAlgorithm {
    fn verification(self) -> &'static dyn VerificationAlgorithm {
        match self {
            SigningAlgorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
            SigningAlgorithm::Es256 => &ECDSA_P256_SHA256_FIXED,
        }
    }
}

named! {
    /// What a token is, which its header says (RFC 8725 section 3.11): one is never taken for another.
    pub enum TokenType {
        IdToken = "JWT",
        /// RFC 9068 section 2.1.
        AccessToken = "at+jwt",
    }
}

/// A key that verifies.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// The thumbprint (RFC 7638), so that no two keys share one.
    pub id: String,
    pub algorithm: SigningAlgorithm,
    /// As ring has it: an RSAPublicKey (RFC 8017 appendix A.1.1) in DER, or an uncompressed point (SEC 1 section 2.3.3).
    pub bytes: Vec<u8>,
}

impl PublicKey {
    /// Returns the key of these bytes; `None` if they are none.
    pub fn of(algorithm: SigningAlgorithm, bytes: Vec<u8>) -> Option<PublicKey> {
        let members = members(algorithm, &bytes)?;
        // The required members in the order of their names (RFC 7638 section 3.2): `serde_json` keeps the order in which they are given.
        let id = secret::digest(&members.to_string());
        Some(PublicKey { id, algorithm, bytes })
    }

    /// Returns the key as a JWK (RFC 7517).
    pub fn to_jwk(&self) -> Value {
        let mut jwk = json!({"kid": self.id, "use": "sig", "alg": self.algorithm.name()});
        let members = members(self.algorithm, &self.bytes);
        members.iter().filter_map(Value::as_object).flatten().for_each(|(name, value)| jwk[name] = value.clone());
        jwk
    }

    /// Returns the first part of every token of this type that this key has signed.
    pub fn header(&self, token_type: TokenType) -> String {
        encoded(&json!({"alg": self.algorithm.name(), "typ": token_type.name(), "kid": self.id}))
    }

    /// Returns the claims of a token of this type that this key has signed; `None` of any other. Whether it has ended is not looked at.
    ///
    /// Its header must be the very one that this key writes, so nothing in it is obeyed: no other algorithm, no `none`, no key that it brings
    /// along (RFC 8725 section 3.1).
    pub fn verify(&self, token: &str, token_type: TokenType) -> Option<Value> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        if header != self.header(token_type) {
            return None;
        }
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?;
        UnparsedPublicKey::new(self.algorithm.verification(), &self.bytes).verify(signed.as_bytes(), &signature).ok()?;
        serde_json::from_slice(&BASE64URL_NOPAD.decode(claims.as_bytes()).ok()?).ok()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.algorithm.name(), self.id)
    }
}

/// Returns JSON in base64url.
pub fn encoded(value: &Value) -> String {
    BASE64URL_NOPAD.encode(value.to_string().as_bytes())
}

/// Returns the members of a JWK that are the key itself, in the order of their names (RFC 7518 section 6).
fn members(algorithm: SigningAlgorithm, bytes: &[u8]) -> Option<Value> {
    let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    // Without the sign's octet (RFC 7518 section 2).
    let number = |bytes: Vec<u8>| text(bytes.strip_prefix(&[0]).unwrap_or(&bytes));
    match algorithm {
        SigningAlgorithm::Rs256 => {
            let (modulus, exponent) = yasna::parse_der(bytes, |key| {
                key.read_sequence(|key| Ok((key.next().read_bigint_bytes()?.0, key.next().read_bigint_bytes()?.0)))
            })
            .ok()?;
            Some(json!({"e": number(exponent), "kty": "RSA", "n": number(modulus)}))
        }
        SigningAlgorithm::Es256 => match bytes {
            [4, point @ ..] if point.len() == 64 => {
                Some(json!({"crv": "P-256", "kty": "EC", "x": text(&point[..32]), "y": text(&point[32..])}))
            }
            _ => None,
        },
    }
}
