//! Which tokens the server takes for its own: those that a published key of its has signed, as what they are, and no others (RFC 8725).

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use keyfob::base::jws::{SigningAlgorithm, TokenType};
use serde_json::{Value, json};
use sha2::Sha256;

use super::keys::{keys, signed, verified};
use crate::server::Server;

const ALGORITHMS: [(SigningAlgorithm, &str); 2] = [(SigningAlgorithm::Rs256, "RS256"), (SigningAlgorithm::Es256, "ES256")];

fn part(value: &Value) -> String {
    BASE64URL_NOPAD.encode(value.to_string().as_bytes())
}

/// A token with another header, and the signature that it came with.
fn with_header(token: &str, header: &Value) -> String {
    format!("{}.{}", part(header), token.split_once('.').expect("it has parts").1)
}

/// Fails if the server takes any of these for its own, whatever type it is asked for.
#[track_caller]
fn refuses(server: &Server, tokens: &[String]) {
    for token in tokens {
        for token_type in [TokenType::IdToken, TokenType::AccessToken] {
            assert_eq!(verified(server, token, token_type), None, "{token}");
        }
    }
}

/// A server with keys; for each of them, what it publishes of it, and a token that it has signed.
fn fixture() -> (Server, Vec<(Value, String)>) {
    let server = Server::start();
    let published = keys(&server);
    let tokens = ALGORITHMS.map(|(algorithm, name)| {
        let key = published.iter().find(|key| key["alg"] == name).expect("a key of each").clone();
        (key, signed(&server, algorithm, TokenType::IdToken, &json!({"sub": "alice"})))
    });
    (server, tokens.into())
}

#[test]
fn a_token_says_by_which_key_it_is_signed_and_what_it_is() {
    let (server, tokens) = fixture();
    for (key, token) in &tokens {
        let parts: Vec<&str> = token.split('.').collect();
        let header: Value = serde_json::from_slice(&BASE64URL_NOPAD.decode(parts[0].as_bytes()).expect("base64url")).expect("JSON");
        assert_eq!(header, json!({"alg": key["alg"], "typ": "JWT", "kid": key["kid"]}));
        assert_eq!(parts.len(), 3);
        assert_eq!(verified(&server, token, TokenType::IdToken), Some(json!({"sub": "alice"})));
    }
    let access = signed(&server, SigningAlgorithm::Es256, TokenType::AccessToken, &json!({"sub": "alice"}));
    assert_eq!(verified(&server, &access, TokenType::AccessToken), Some(json!({"sub": "alice"})));
    assert!(access.starts_with(&part(&json!({"alg": "ES256", "typ": "at+jwt", "kid": tokens[1].0["kid"]}))));
}

#[test]
fn an_id_token_is_no_access_token_and_the_reverse() {
    let (server, _) = fixture();
    for (algorithm, _) in ALGORITHMS {
        let [id, access] = [TokenType::IdToken, TokenType::AccessToken].map(|of| signed(&server, algorithm, of, &json!({"sub": "alice"})));
        assert_eq!(verified(&server, &id, TokenType::AccessToken), None);
        assert_eq!(verified(&server, &access, TokenType::IdToken), None);
    }
}

#[test]
fn a_token_without_a_signature_is_refused() {
    let (server, tokens) = fixture();
    for (key, token) in &tokens {
        let claims = token.split('.').nth(1).expect("claims");
        for name in ["none", "None", "NONE", "nOnE", ""] {
            let header = part(&json!({"alg": name, "typ": "JWT", "kid": key["kid"]}));
            let signature = token.rsplit_once('.').expect("a signature").1;
            refuses(&server, &[format!("{header}.{claims}."), format!("{header}.{claims}"), format!("{header}.{claims}.{signature}")]);
        }
        let own = token.split('.').next().expect("a header");
        refuses(&server, &[format!("{own}.{claims}."), format!("{own}.{claims}")]);
    }
}

#[test]
fn a_public_key_is_no_secret_to_sign_with() {
    let (server, tokens) = fixture();
    for (key, token) in &tokens {
        let published: Vec<u8> = key.to_string().into_bytes();
        let stored: Vec<u8> =
            server.value(&format!("SELECT public_key FROM signing_keys WHERE key_id = '{}'", key["kid"].as_str().expect("an ID")));
        let modulus = ["n", "x"].iter().find_map(|name| key[*name].as_str()).expect("a number").as_bytes();
        let claims = token.split('.').nth(1).expect("claims");
        for secret in [&published[..], &stored, modulus, b""] {
            for name in ["HS256", key["alg"].as_str().expect("a name")] {
                let signed = format!("{}.{claims}", part(&json!({"alg": name, "typ": "JWT", "kid": key["kid"]})));
                let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any size");
                mac.update(signed.as_bytes());
                refuses(&server, &[format!("{signed}.{}", BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()))]);
            }
        }
    }
}

#[test]
fn a_token_is_verified_by_the_algorithm_of_its_key_alone() {
    let (server, tokens) = fixture();
    for (index, (key, token)) in tokens.iter().enumerate() {
        let other = &tokens[1 - index].0;
        let header = |alg: &Value, kid: &Value| json!({"alg": alg, "typ": "JWT", "kid": kid});
        refuses(
            &server,
            &[
                with_header(token, &header(&other["alg"], &key["kid"])),
                with_header(token, &header(&key["alg"], &other["kid"])),
                with_header(token, &header(&other["alg"], &other["kid"])),
                with_header(token, &header(&"PS256".into(), &key["kid"])),
                with_header(token, &header(&"RS512".into(), &key["kid"])),
                with_header(token, &header(&"ES256K".into(), &key["kid"])),
            ],
        );
    }
}

#[test]
fn nothing_but_the_id_of_a_published_key_leads_to_one() {
    let (server, tokens) = fixture();
    for (key, token) in &tokens {
        let own = key["kid"].as_str().expect("an ID");
        let ids =
            ["", "x", "../../etc/passwd", "'; DROP TABLE signing_keys; --", "\u{0}", "\u{202e}", &own.to_lowercase(), &format!("{own} ")];
        let mut headers: Vec<Value> = ids.iter().map(|id| json!({"alg": key["alg"], "typ": "JWT", "kid": id})).collect();
        headers.extend(
            [json!(null), json!(1), json!([own]), json!({"kid": own})].map(|id| json!({"alg": key["alg"], "typ": "JWT", "kid": id})),
        );
        headers.push(json!({"alg": key["alg"], "typ": "JWT"}));
        // What a header brings along is not looked at, and one that demands to be understood is not.
        headers.push(json!({"alg": key["alg"], "typ": "JWT", "kid": own, "jwk": key}));
        headers.push(json!({"alg": key["alg"], "typ": "JWT", "kid": own, "jku": "https://evil.example/keys"}));
        headers.push(json!({"alg": key["alg"], "typ": "JWT", "kid": own, "crit": ["exp"]}));
        refuses(&server, &headers.iter().map(|header| with_header(token, header)).collect::<Vec<_>>());
        let rest = token.split_once('.').expect("it has parts").1;
        let raw = [&b"\xff\xfe"[..], b"{\"kid\":\"\xc3\x28\"}", b"", b"{", b"[]"]
            .map(|bytes| format!("{}.{rest}", BASE64URL_NOPAD.encode(bytes)));
        refuses(&server, &raw);
        refuses(&server, &[String::new(), ".".to_owned(), "..".to_owned(), "...".to_owned(), rest.to_owned(), format!("{token}.{token}")]);
    }
    assert_eq!(keys(&server).len(), 2);
}

#[test]
fn a_token_of_which_a_letter_was_changed_is_refused() {
    let (server, tokens) = fixture();
    for (_, token) in &tokens {
        let mut changed: Vec<String> = vec![format!("{token}="), format!("{token}A"), format!(" {token}"), format!("{token}\n")];
        for place in (0..token.len()).step_by(7).chain([token.len() - 1]) {
            let old = token.as_bytes()[place];
            let new = if old == b'A' { "B" } else { "A" };
            changed.push(format!("{}{new}{}", &token[..place], &token[place + 1..]));
        }
        refuses(&server, &changed);
    }
}
