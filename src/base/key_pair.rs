//! Keys that sign: made or read from PEM, stored as PKCS#8, and parsed by ring.

use data_encoding::BASE64URL_NOPAD;
use getrandom::SysRng;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::Value;
use yasna::models::ObjectIdentifier;

use crate::base::error::{Error, Result, errors};
use crate::base::jws::{PublicKey, SigningAlgorithm, TokenType, encoded};

errors! {
    NOT_PEM: InvalidArgument "keyfob" "private_key_unreadable" "the private key cannot be read: it must be in PEM, as PKCS#8 (BEGIN PRIVATE KEY), PKCS#1 (BEGIN RSA PRIVATE KEY) or SEC1 (BEGIN EC PRIVATE KEY)";
    IS_PUBLIC: InvalidArgument "keyfob" "private_key_public" "this is a public key or a certificate, which verifies and cannot sign: the private key is needed";
    IS_ENCRYPTED: InvalidArgument "keyfob" "private_key_encrypted" "the private key is encrypted with a passphrase: decrypt it first, such as with `openssl pkey -in FILE`";
    CANNOT_SIGN: InvalidArgument "keyfob" "private_key_unusable" "this key cannot sign tokens: it must be an RSA key of 2048 to 4096 bits, for RS256, or a key on the curve P-256, for ES256 ({reason})";
}

/// The size of the keys for RS256 that are made here, in bits.
const RSA_BITS: usize = 2048;

/// `rsaEncryption` (RFC 8017 appendix C).
const RSA_ENCRYPTION: &[u64] = &[1, 2, 840, 113_549, 1, 1, 1];

/// `id-ecPublicKey` and `secp256r1` (RFC 5480 section 2.1.1).
const EC_PUBLIC_KEY: &[u64] = &[1, 2, 840, 10045, 2, 1];
const P_256: &[u64] = &[1, 2, 840, 10045, 3, 1, 7];

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

    /// Reads a key in PEM. Whether it can sign, [`KeyPair::of`] says.
    pub fn read_pem(text: &str) -> Result<PrivateKey> {
        let begins = |what: &str| text.contains(&format!("-----BEGIN {what}"));
        match PrivateKeyDer::from_pem_slice(text.as_bytes()) {
            _ if begins("ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") => Err(IS_ENCRYPTED.error().into()),
            Ok(PrivateKeyDer::Pkcs8(key)) => Ok(PrivateKey(key.secret_pkcs8_der().to_vec())),
            Ok(PrivateKeyDer::Pkcs1(key)) => Ok(PrivateKey(pkcs8(RSA_ENCRYPTION, None, key.secret_pkcs1_der()))),
            Ok(PrivateKeyDer::Sec1(key)) => Ok(PrivateKey(pkcs8(EC_PUBLIC_KEY, Some(P_256), key.secret_sec1_der()))),
            Ok(_) | Err(_) if ["PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE"].into_iter().any(begins) => Err(IS_PUBLIC.error().into()),
            Ok(_) | Err(_) => Err(NOT_PEM.error().into()),
        }
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
    /// Parses a key of either algorithm.
    pub fn of(private_key: &PrivateKey) -> Result<KeyPair> {
        let rsa = KeyPair::parse(SigningAlgorithm::Rs256, private_key);
        let pair = match rsa {
            Err(reason) if reason == "WrongAlgorithm" => KeyPair::parse(SigningAlgorithm::Es256, private_key),
            parsed => parsed,
        };
        pair.map_err(|reason| CANNOT_SIGN.with("reason", reason).into())
    }

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
    Some(pkcs8(RSA_ENCRYPTION, None, &inner))
}

/// Wraps a private key of an algorithm, with its curve or none, as PKCS#8 (RFC 5958 section 2).
fn pkcs8(algorithm: &[u64], curve: Option<&[u64]>, key: &[u8]) -> Vec<u8> {
    yasna::construct_der(|writer| {
        writer.write_sequence(|members| {
            members.next().write_u8(0);
            members.next().write_sequence(|identifier| {
                identifier.next().write_oid(&ObjectIdentifier::from_slice(algorithm));
                match curve {
                    Some(curve) => identifier.next().write_oid(&ObjectIdentifier::from_slice(curve)),
                    None => identifier.next().write_null(),
                }
            });
            members.next().write_bytes(key);
        });
    })
}
