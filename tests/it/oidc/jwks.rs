//! What a relying party does with an ID token: it checks the signature by the published keys, with nothing of the server's own.

use data_encoding::BASE64URL_NOPAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;

use crate::oauth::keys::keys;
use crate::server::Server;

fn decoded(text: &str) -> Vec<u8> {
    BASE64URL_NOPAD.decode(text.as_bytes()).expect("base64url without padding")
}

/// The claims of a token that one of the published keys has signed.
#[track_caller]
pub fn verified(server: &Server, token: &str) -> Value {
    let (message, signature) = token.rsplit_once('.').expect("a signature");
    let (header, claims) = message.split_once('.').expect("claims");
    let header: Value = serde_json::from_slice(&decoded(header)).expect("a header");
    let key = keys(server).into_iter().find(|key| key["kid"] == header["kid"]).expect("a published key");
    assert_eq!(key["alg"], header["alg"]);
    let part = |name: &str| decoded(key[name].as_str().unwrap_or_else(|| panic!("no {name} in {key}")));
    let good = match header["alg"].as_str() {
        Some("RS256") => {
            let key = RsaPublicKeyComponents { n: part("n"), e: part("e") };
            key.verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &decoded(signature))
        }
        Some("ES256") => {
            let point = [&[4], &*part("x"), &*part("y")].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message.as_bytes(), &decoded(signature))
        }
        other => panic!("signed by {other:?}"),
    };
    good.expect("a good signature");
    serde_json::from_slice(&decoded(claims)).expect("claims")
}
