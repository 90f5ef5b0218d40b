//! Keys that sign: made, stored as PKCS#8, and parsed by ring.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use getrandom::SysRng;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use serde_json::Value;
use yasna::models::ObjectIdentifier;

use crate::base::error::{Error, Result};
use crate::base::jws::{PublicKey, SigningAlgorithm, TokenType, encoded};

/// The size of the keys for RS256 that are made here, in bits.
const RSA_BITS: usize = 2048;

/// `rsaEncryption` (RFC 8017 appendix C).
const RSA_ENCRYPTION: &[u64] = &[1, 2, 840, 113_549, 1, 1, 1];

/// A private key in PKCS#8 (RFC 5958), in DER.
pub struct PrivateKey(pub Vec<u8>);

impl PrivateKey {
    /// Makes a key, which takes a processor a twentieth of a second for RS256, or several times as long.
    pub fn generate(algorithm: SigningAlgorithm) -> Result<PrivateKey> {
        match algorithm {
            SigningAlgorithm::Rs256 => rsa::PrivateKey::new(&mut SysRng, RSA_BITS)
                .ok()
                .and_then(|key| rsa_pkcs8(&key))
                .map(PrivateKey)
                .ok_or_else(|| fault("a key for RS256 could not be made")),
            SigningAlgorithm::Es256 => {
                let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
                document.map(|document| PrivateKey(document.as_ref().to_vec())).map_err(|_| fault("a key for ES256 could not be made"))
            }
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey")
    }
}

/// A key that signs, ready for use.
pub struct KeyPair {
    pub public_key: PublicKey,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ecdsa(EcdsaKeyPair),
}

impl KeyPair {
    /// Parses a key; fails with what is wrong with it.
    pub fn parse(algorithm: SigningAlgorithm, private_key: &PrivateKey) -> std::result::Result<KeyPair, String> {
        let PrivateKey(pkcs8) = private_key;
        let (pair, public_key) = match algorithm {
            SigningAlgorithm::Rs256 => {
                let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|error| error.to_string())?;
                let public_key = pair.public_key().as_ref().to_vec();
                (Pair::Rsa(pair), public_key)
            }
            SigningAlgorithm::Es256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &SystemRandom::new());
                let pair = pair.map_err(|error| error.to_string())?;
                let public_key = pair.public_key().as_ref().to_vec();
                (Pair::Ecdsa(pair), public_key)
            }
        };
        let public_key = PublicKey::of(algorithm, public_key).ok_or_else(|| "its public key cannot be read".to_owned())?;
        Ok(KeyPair { public_key, pair })
    }

    /// Returns a token with these claims, signed.
    pub fn sign(&self, token_type: TokenType, claims: &Value) -> Result<String> {
        let signed = format!("{}.{}", self.public_key.header(token_type), encoded(claims));
        let (random, message) = (SystemRandom::new(), signed.as_bytes());
        let signature = match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map(|()| signature)
            }
            Pair::Ecdsa(pair) => pair.sign(&random, message).map(|signature| signature.as_ref().to_vec()),
        };
        let signature = signature.map_err(|_| fault("a token could not be signed"))?;
        Ok(format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature)))
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPair {:?}", self.public_key)
    }
}

/// Returns the error for what ring and rsa refuse without a reason: there was no randomness, or the processor has miscalculated.
fn fault(what: &'static str) -> Error {
    Error::Internal(what.into())
}

/// Returns a key as PKCS#8 around an RSAPrivateKey (RFC 8017 appendix A.1.2).
fn rsa_pkcs8(key: &rsa::PrivateKey) -> Option<Vec<u8>> {
    let [p, q] = key.primes() else { return None };
    let (dp, dq, inverse) = (key.dp()?, key.dq()?, key.crt_coefficient()?);
    let inner = yasna::construct_der(|writer| {
        writer.write_sequence(|members| {
            members.next().write_u8(0);
            members.next().write_bigint_bytes(&key.n_bytes(), true);
            members.next().write_bigint_bytes(&key.e_bytes(), true);
            for number in [key.d(), p.as_ref(), q.as_ref(), dp, dq, &inverse] {
                members.next().write_bigint_bytes(&number.to_be_bytes(), true);
            }
        });
    });
    Some(yasna::construct_der(|writer| {
        writer.write_sequence(|members| {
            members.next().write_u8(0);
            members.next().write_sequence(|algorithm| {
                algorithm.next().write_oid(&ObjectIdentifier::from_slice(RSA_ENCRYPTION));
                algorithm.next().write_null();
            });
            members.next().write_bytes(&inner);
        });
    }))
}
