//! The keys that sign tokens: when they are made, published, used and withdrawn.

use std::collections::BTreeSet;

use keyfob::base::jws::{SigningAlgorithm, TokenType};
use keyfob::registry::signing_keys::{KeyPairs, verify};
use serde_json::{Value, json};

use crate::server::Server;

/// The published keys, as relying parties read them.
pub fn keys(server: &Server) -> Vec<Value> {
    server.check("anon", "GET", "/oauth/keys", "", "200").json()["keys"].as_array().expect("a list").clone()
}

/// Their IDs.
pub fn key_ids(server: &Server) -> Vec<String> {
    keys(server).iter().map(|key| key["kid"].as_str().expect("an ID").to_owned()).collect()
}

/// A token with these claims, signed as the server would at this time.
pub fn signed(server: &Server, algorithm: SigningAlgorithm, token_type: TokenType, claims: &Value) -> String {
    let pair = server.app.store().read(|tx| KeyPairs::default().signing(tx, algorithm)).expect("it is read").expect("there are keys");
    pair.sign(token_type, claims).expect("it is signed")
}

/// The claims of a token, if the server takes it for one that it has signed.
pub fn verified(server: &Server, token: &str, token_type: TokenType) -> Option<Value> {
    server.app.store().read(|tx| verify(tx, token, token_type)).expect("it is read")
}

#[test]
fn keys_are_made_when_they_are_first_asked_for_and_stay() {
    let server = Server::start();
    let stored = || server.value::<i64>("SELECT count(*) FROM signing_keys");
    assert_eq!(stored(), 0);
    let first = keys(&server);
    assert_eq!(first.iter().map(|key| key["alg"].as_str()).collect::<Vec<_>>(), [Some("RS256"), Some("ES256")]);
    assert_eq!(stored(), 2);
    server.wait_seconds(365 * 24 * 60 * 60);
    server.check("anon", "GET", "/oauth/keys", "", "200");
    assert_eq!(keys(&server), first);
}

#[test]
fn all_who_ask_at_once_get_the_same_keys() {
    let server = Server::start();
    let app = &server.app;
    let ask = || {
        let request = keyfob::http::request::Request {
            method: keyfob::http::request::Method::Get,
            target: "/oauth/keys".to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            id: "x".to_owned(),
            peer: crate::server::PEER,
        };
        app.answer(request, &|| ()).body
    };
    let answers: BTreeSet<Vec<u8>> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        asking.into_iter().map(|asked| asked.join().expect("it is answered")).collect()
    });
    assert_eq!(answers.len(), 1);
    assert_eq!(server.value::<i64>("SELECT count(*) FROM signing_keys"), 2);
    assert_eq!(server.value::<i64>("SELECT count(*) FROM server_keys"), 1);
}

#[test]
fn what_is_published_of_a_key_is_what_verifies_and_no_more() {
    let server = Server::start();
    let answer = server.check("anon", "GET", "/oauth/keys", "", "200");
    assert_eq!(answer.header("Cache-Control"), Some("public, max-age=900"));
    assert_eq!(answer.header("Access-Control-Allow-Origin"), Some("*"));
    let members = |key: &Value| key.as_object().expect("an object").keys().cloned().collect::<BTreeSet<_>>();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let keys = keys(&server);
    assert_eq!(members(&keys[0]), names(&["kty", "kid", "use", "alg", "n", "e"]));
    assert_eq!(members(&keys[1]), names(&["kty", "kid", "use", "alg", "crv", "x", "y"]));
    // 256 octets of modulus without a leading zero, and 65537 (RFC 7518 section 6.3.1).
    assert_eq!((keys[0]["n"].as_str().map(str::len), &keys[0]["e"]), (Some(342), &json!("AQAB")));
    assert!(!keys[0]["n"].as_str().expect("a text").starts_with("AA"));
}

#[test]
fn two_servers_have_keys_of_their_own_and_verify_no_tokens_of_each_other() {
    let (one, other) = (Server::start(), Server::start());
    let ids: BTreeSet<String> = key_ids(&one).into_iter().chain(key_ids(&other)).collect();
    assert_eq!(ids.len(), 4);
    for algorithm in [SigningAlgorithm::Rs256, SigningAlgorithm::Es256] {
        let token = signed(&one, algorithm, TokenType::IdToken, &json!({"sub": "x"}));
        assert_eq!(verified(&one, &token, TokenType::IdToken), Some(json!({"sub": "x"})));
        assert_eq!(verified(&other, &token, TokenType::IdToken), None);
    }
}
