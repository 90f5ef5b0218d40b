//! `/oauth/token` with a code (oauth.md 1.5).

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::fixture;
use crate::browser::{CALLBACK, Tokens, form};
use crate::server::{Answer, Server};

/// `401 invalid_client`: status and the code of RFC 6749.
#[track_caller]
fn is(answer: &Answer, expected: &str) {
    let json = answer.json();
    assert_eq!(format!("{} {}", answer.status, json["error"].as_str().unwrap_or_default()), expected, "{}", answer.text());
    if answer.status == 200 {
        return;
    }
    // RFC 6749 and The Things Stack in one body, neither to be cached.
    let description = json["error_description"].as_str().unwrap_or_default();
    assert!(!description.is_empty() && description.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'"' && b != b'\\'));
    assert!(json["code"].is_u64() && json["message"].as_str().is_some_and(|text| text.starts_with("error:")), "{}", answer.text());
    assert!(json["details"][0]["correlation_id"].is_string());
    assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    assert_eq!(answer.header("Pragma"), Some("no-cache"));
    assert_eq!(answer.header("WWW-Authenticate").is_some(), answer.status == 401);
}

/// A request for a token that only lacks what a test adds.
fn exchange<'a>(secret: &'a str, code: &'a str) -> Vec<(&'static str, &'a str)> {
    vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("client_id", "my-app"),
        ("client_secret", secret),
    ]
}

/// The same with one parameter changed, or taken away.
fn with<'a>(mut pairs: Vec<(&'static str, &'a str)>, name: &'static str, value: Option<&'a str>) -> Vec<(&'static str, &'a str)> {
    pairs.retain(|(found, _)| *found != name);
    pairs.extend(value.map(|value| (name, value)));
    pairs
}

fn with_basic(server: &Server, id: &str, secret: &str, pairs: &[(&str, &str)]) -> Answer {
    let header = format!("Basic {}", BASE64.encode(format!("{id}:{secret}").as_bytes()));
    server.send_with(
        Some(&header),
        &[("Content-Type", "application/x-www-form-urlencoded")],
        "POST",
        "/oauth/token",
        form(pairs).as_bytes(),
    )
}

#[test]
fn a_code_becomes_a_token_that_the_api_honours() {
    let (server, secret) = fixture();
    let code = server.signed_in("bob").code(&server, "my-app", &[]);
    assert!(code.starts_with("MF2XI.") && code.len() == 98);
    let answer = server.token(&exchange(&secret, &code));
    let json = answer.json();
    assert_eq!(json["token_type"], "bearer");
    assert_eq!(json["expires_in"], json!(3600));
    assert_eq!(json.as_object().map(|object| object.len()), Some(4));
    let tokens = Tokens::of(&answer);
    assert!(tokens.access.starts_with("MFRWG.") && tokens.refresh.starts_with("OJSWM."));
    assert_eq!(tokens.access.split('.').nth(1), tokens.refresh.split('.').nth(1));
    let me =
        server.send_with(Some(&format!("bearer {}", tokens.access)), &[], "GET", "/api/v3/users/bob?field_mask=primary_email_address", b"");
    assert_eq!(me.json()["primary_email_address"], "bob@example.com");
}

#[test]
fn a_client_authenticates_by_basic_or_in_the_body_and_sends_a_form_or_json() {
    let (server, secret) = fixture();
    let mut bob = server.signed_in("bob");
    let bare = |code: &str| {
        vec![("grant_type", "authorization_code".to_owned()), ("code", code.to_owned()), ("redirect_uri", CALLBACK.to_owned())]
    };
    let borrowed = |pairs: &[(&'static str, String)]| form(&pairs.iter().map(|(n, v)| (*n, v.as_str())).collect::<Vec<_>>());
    let code = bob.code(&server, "my-app", &[]);
    let header = format!("basic {}", BASE64.encode(format!("my-app:{secret}").as_bytes()));
    is(&server.send_with(Some(&header), &[], "POST", "/oauth/token", borrowed(&bare(&code)).as_bytes()), "200 ");
    for media_type in ["application/json", "application/json; charset=utf-8", "Application/JSON"] {
        let code = bob.code(&server, "my-app", &[]);
        let body: Value = exchange(&secret, &code)
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .collect::<serde_json::Map<_, _>>()
            .into();
        is(&server.send_with(None, &[("Content-Type", media_type)], "POST", "/oauth/token", body.to_string().as_bytes()), "200 ");
    }
}

#[test]
fn what_is_missing_is_said_before_anything_is_looked_up() {
    let (server, secret) = fixture();
    let whole = || exchange(&secret, "MF2XI.A.B");
    let refresh = || with(with(whole(), "grant_type", Some("refresh_token")), "code", None);
    for (pairs, expected, name) in [
        (with(whole(), "grant_type", None), "400 invalid_request", "missing_grant_type"),
        (with(whole(), "grant_type", Some("  ")), "400 invalid_request", "missing_grant_type"),
        (with(whole(), "code", None), "400 invalid_request", "missing_authorization_code"),
        (with(whole(), "code", Some("")), "400 invalid_request", "missing_authorization_code"),
        (refresh(), "400 invalid_request", "missing_refresh_token"),
        (with(whole(), "grant_type", Some("password")), "400 unsupported_grant_type", "invalid_grant_type"),
        (with(whole(), "grant_type", Some("client_credentials")), "400 unsupported_grant_type", "invalid_grant_type"),
        (with(whole(), "client_id", None), "400 invalid_client", "missing_client_id"),
        (with(whole(), "client_secret", None), "400 invalid_client", "missing_client_secret"),
        (with(whole(), "client_secret", Some(" ")), "400 invalid_client", "missing_client_secret"),
        (with(whole(), "client_id", Some("nobody")), "401 invalid_client", "invalid_client"),
        (with(whole(), "client_id", Some("No Id")), "401 invalid_client", "invalid_client"),
        (with(whole(), "client_secret", Some("wrong")), "401 invalid_client", "invalid_client"),
        (whole(), "400 invalid_grant", "invalid_grant"),
        (with(whole(), "code", Some("garbage")), "400 invalid_grant", "invalid_grant"),
    ] {
        let answer = server.token(&pairs);
        is(&answer, expected);
        assert_eq!(answer.error(), name, "{pairs:?}");
    }
    is(&with_basic(&server, "my-app", "", &[("grant_type", "authorization_code"), ("code", "MF2XI.A.B")]), "401 invalid_client");
}

#[test]
fn credentials_stand_in_one_place_and_never_in_the_url() {
    let (server, secret) = fixture();
    let pairs = exchange(&secret, "MF2XI.A.B");
    for target in [
        format!("/oauth/token?client_secret={secret}"),
        "/oauth/token?code=MF2XI.A.B".to_owned(),
        "/oauth/token?refresh_token=x".to_owned(),
    ] {
        is(&server.post_form(&target, &pairs), "400 invalid_request");
    }
    is(
        &with_basic(&server, "my-app", &secret, &[("grant_type", "authorization_code"), ("code", "x"), ("client_id", "other")]),
        "400 invalid_request",
    );
    is(
        &with_basic(&server, "my-app", &secret, &[("grant_type", "authorization_code"), ("code", "x"), ("client_secret", "other")]),
        "400 invalid_request",
    );
    // The same twice contradicts nothing.
    is(&with_basic(&server, "my-app", &secret, &pairs), "400 invalid_grant");
    for header in ["Basic", "Basic !!!", "Basic YQ==", "Bearer x", "Digest x"] {
        let answer = server.send_with(Some(header), &[], "POST", "/oauth/token", form(&pairs).as_bytes());
        is(&answer, "401 invalid_client");
    }
    let twice = format!("{}&grant_type=authorization_code", form(&pairs));
    is(&server.send_with(None, &[], "POST", "/oauth/token", twice.as_bytes()), "400 invalid_request");
}

#[test]
fn a_body_that_cannot_be_read_is_refused() {
    let (server, _) = fixture();
    for (media_type, body) in [
        ("application/json", &b"{"[..]),
        ("application/json", b"[]"),
        ("application/json", b"{\"grant_type\":5}"),
        ("application/json", b"{\"grant_type\":{\"a\":1}}"),
        ("application/x-www-form-urlencoded", b"grant_type=%ff"),
        ("application/x-www-form-urlencoded", b"\xff\xfe"),
        ("text/plain", b"grant_type=%00"),
    ] {
        is(&server.send_with(None, &[("Content-Type", media_type)], "POST", "/oauth/token", body), "400 invalid_request");
    }
}

#[test]
fn a_secret_of_ones_own_may_hold_anything() {
    let (server, _) = fixture();
    for secret in ["50%+more", "a:b:c", "pä ss", "a%2Bb", "+"] {
        let body = json!({"client": {"secret": secret}, "field_mask": "secret"}).to_string();
        server.check("alice", "PUT", "/api/v3/clients/my-app", &body, "200");
        let pairs = [("grant_type", "authorization_code"), ("code", "MF2XI.A.B")];
        let encoded = keyfob::base::uri::form_encoded(secret.as_bytes());
        // The client is who it says; only the code is none.
        is(&with_basic(&server, "my-app", &encoded, &pairs), "400 invalid_grant");
        is(&with_basic(&server, "my-app", secret, &pairs), "400 invalid_grant");
        is(&server.token(&exchange(secret, "MF2XI.A.B")), "400 invalid_grant");
        is(&with_basic(&server, "my-app", "other", &pairs), "401 invalid_client");
    }
}

#[test]
fn a_secret_in_grace_is_still_good_and_an_ended_one_is_not() {
    let (server, old) = fixture();
    let rotated = server.check("alice", "POST", "/api/v3/clients/my-app/secret", r#"{"grace":"600s"}"#, "200").json();
    let new = rotated["secret"].as_str().expect("a secret").to_owned();
    for secret in [&old, &new] {
        is(&server.token(&exchange(secret, "MF2XI.A.B")), "400 invalid_grant");
    }
    server.wait_seconds(601);
    is(&server.token(&exchange(&old, "MF2XI.A.B")), "401 invalid_client");
    is(&server.token(&exchange(&new, "MF2XI.A.B")), "400 invalid_grant");
}

#[test]
fn a_code_is_good_once_and_its_second_use_ends_what_came_of_the_first() {
    let (server, secret) = fixture();
    let code = server.signed_in("bob").code(&server, "my-app", &[]);
    let tokens = server.tokens("my-app", &secret, &code);
    let newer = Tokens::of(&server.refresh("my-app", &secret, &tokens.refresh));
    assert_eq!(server.status_with(&newer.access, "/api/v3/users/bob"), 200);
    is(&server.token(&exchange(&secret, &code)), "400 invalid_grant");
    assert_eq!(server.status_with(&newer.access, "/api/v3/users/bob"), 401);
    is(&server.refresh("my-app", &secret, &newer.refresh), "400 invalid_grant");
    server.check("bob", "GET", "/api/v3/users/bob/authorizations/my-app/tokens", "", "200 {}");
    // Other tokens of the same user and client live on.
    let other = server.signed_in("bob").code(&server, "my-app", &[]);
    let other = server.tokens("my-app", &secret, &other);
    is(&server.token(&exchange(&secret, &code)), "400 invalid_grant");
    assert_eq!(server.status_with(&other.access, "/api/v3/users/bob"), 200);
}

#[test]
fn a_code_is_good_for_five_minutes() {
    let (server, secret) = fixture();
    let (mut bob, mut carol) = (server.signed_in("bob"), server.signed_in("alice"));
    let (early, late) = (bob.code(&server, "my-app", &[]), carol.code(&server, "my-app", &[]));
    server.wait_seconds(290);
    is(&server.token(&exchange(&secret, &early)), "200 ");
    server.wait_seconds(10);
    is(&server.token(&exchange(&secret, &late)), "400 invalid_grant");
}

#[test]
fn a_code_is_good_for_its_own_client_and_place_alone_and_a_failed_try_does_not_use_it_up() {
    let (server, secret) = fixture();
    let other = server.has_app("alice", "other", &["RIGHT_USER_INFO"]);
    let two = format!(r#"{{"client":{{"redirect_uris":["{CALLBACK}","https://app.example/two"]}},"field_mask":"redirect_uris"}}"#);
    server.check("admin", "PUT", "/api/v3/clients/my-app", &two, "200");
    let code = server.signed_in("bob").code(&server, "my-app", &[]);
    is(&server.token(&with(with(exchange(&other, &code), "client_id", Some("other")), "client_secret", Some(&other))), "400 invalid_grant");
    for uri in ["https://app.example/two", "https://evil.example/", "https://app.example/cb/", "javascript:x"] {
        is(&server.token(&with(exchange(&secret, &code), "redirect_uri", Some(uri))), "400 invalid_grant");
    }
    let (id, key) = code.rsplit_once('.').expect("a key");
    let forged = format!("{id}.{}", key.chars().rev().collect::<String>());
    is(&server.token(&exchange(&secret, &forged)), "400 invalid_grant");
    is(&server.token(&exchange(&secret, &code)), "200 ");
}

#[test]
fn the_place_may_be_left_out_where_it_is_plain() {
    let (server, secret) = fixture();
    let mut bob = server.signed_in("bob");
    let left_out = |code: &str| server.token(&with(exchange(&secret, code), "redirect_uri", None));
    is(&left_out(&bob.code(&server, "my-app", &[])), "200 ");
    let two = format!(r#"{{"client":{{"redirect_uris":["{CALLBACK}","https://app.example/two"]}},"field_mask":"redirect_uris"}}"#);
    server.check("admin", "PUT", "/api/v3/clients/my-app", &two, "200");
    is(&left_out(&bob.code(&server, "my-app", &[])), "200 ");
    is(&left_out(&bob.code(&server, "my-app", &[("redirect_uri", "https://app.example/two")])), "400 invalid_grant");
}

#[test]
fn a_challenge_wants_its_verifier_and_a_verifier_its_challenge() {
    let (server, secret) = fixture();
    let mut bob = server.signed_in("bob");
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let challenge = [("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), ("code_challenge_method", "S256")];
    let code = bob.code(&server, "my-app", &challenge);
    is(&server.token(&exchange(&secret, &code)), "400 invalid_grant");
    for wrong in ["short", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", &"a".repeat(43)] {
        is(&server.token(&with(exchange(&secret, &code), "code_verifier", Some(wrong))), "400 invalid_grant");
    }
    is(&server.token(&with(exchange(&secret, &code), "code_verifier", Some(verifier))), "200 ");
    // A verifier that fits and is too short to be one.
    let short = keyfob::base::pkce::challenge("short");
    let weak = bob.code(&server, "my-app", &[("code_challenge", &short), ("code_challenge_method", "S256")]);
    is(&server.token(&with(exchange(&secret, &weak), "code_verifier", Some("short"))), "400 invalid_grant");
    let plain = bob.code(&server, "my-app", &[]);
    is(&server.token(&with(exchange(&secret, &plain), "code_verifier", Some(verifier))), "400 invalid_grant");
    is(&server.token(&exchange(&secret, &plain)), "200 ");
}

#[test]
fn a_client_without_a_secret_presents_none() {
    let (server, _) = fixture();
    server.check("alice", "PUT", "/api/v3/clients/my-app", r#"{"client":{"secret":""},"field_mask":"secret"}"#, "200");
    let challenge = [("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), ("code_challenge_method", "S256")];
    let code = server.signed_in("bob").code(&server, "my-app", &challenge);
    let verifier = Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    is(&server.token(&with(exchange("guess", &code), "code_verifier", verifier)), "401 invalid_client");
    is(&server.token(&with(with(exchange("", &code), "client_secret", None), "code_verifier", verifier)), "200 ");
}

#[test]
fn a_refresh_token_comes_only_with_its_grant() {
    let (server, secret) = fixture();
    server.check(
        "admin",
        "PUT",
        "/api/v3/clients/my-app",
        r#"{"client":{"grants":["GRANT_AUTHORIZATION_CODE"]},"field_mask":"grants"}"#,
        "200",
    );
    let code = server.signed_in("bob").code(&server, "my-app", &[]);
    let answer = server.token(&exchange(&secret, &code));
    is(&answer, "200 ");
    assert_eq!(answer.json().get("refresh_token"), None);
}

#[test]
fn a_secret_that_a_person_chose_cannot_be_guessed_at_will() {
    let (server, generated) = fixture();
    let guess = |peer: &str, secret: &str| {
        let body = form(&exchange(secret, "MF2XI.A.B"));
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        server.send_from(peer.parse().expect("an address"), None, &headers, "POST", "/oauth/token", body.as_bytes())
    };
    for _ in 0..20 {
        is(&guess("192.0.2.3", "wrong"), "401 invalid_client");
    }
    assert_eq!(guess("192.0.2.3", "wrong").status, 429, "nothing tells that there is nothing to guess");
    is(&guess("192.0.2.3", &generated), "400 invalid_grant");
    server.check("alice", "PUT", "/api/v3/clients/my-app", r#"{"client":{"secret":"hunter2"},"field_mask":"secret"}"#, "200");
    for _ in 0..20 {
        is(&guess("192.0.2.1", "wrong"), "401 invalid_client");
    }
    let locked = guess("192.0.2.1", "hunter2");
    assert_eq!((locked.status, locked.header("Retry-After")), (429, Some("1")));
    assert_eq!(locked.json()["error"], "temporarily_unavailable");
    is(&guess("192.0.2.2", "hunter2"), "400 invalid_grant");
    server.wait_seconds(2);
    is(&guess("192.0.2.1", "hunter2"), "400 invalid_grant");
}

#[test]
fn a_user_or_a_grant_that_is_gone_ends_the_exchange() {
    let (server, secret) = fixture();
    let mut bob = server.signed_in("bob");
    let (one, two) = (bob.code(&server, "my-app", &[]), bob.code(&server, "my-app", &[]));
    server.check("admin", "PUT", "/api/v3/clients/my-app", r#"{"client":{"grants":[]},"field_mask":"grants"}"#, "200");
    is(&server.token(&exchange(&secret, &one)), "400 unauthorized_client");
    let both = r#"{"client":{"grants":["GRANT_AUTHORIZATION_CODE","GRANT_REFRESH_TOKEN"]},"field_mask":"grants"}"#;
    server.check("admin", "PUT", "/api/v3/clients/my-app", both, "200");
    let tokens = server.tokens("my-app", &secret, &one);
    server.check("admin", "DELETE", "/api/v3/users/bob", "", "200");
    is(&server.token(&exchange(&secret, &two)), "400 invalid_grant");
    is(&server.refresh("my-app", &secret, &tokens.refresh), "400 invalid_grant");
    assert_eq!(server.status_with(&tokens.access, "/api/v3/users/bob"), 401);
    server.check("admin", "POST", "/api/v3/users/bob/restore", "", "200");
    assert_eq!(server.status_with(&tokens.access, "/api/v3/users/bob"), 200);
}

#[test]
fn guessing_tells_a_stranger_nothing_of_why() {
    let (server, secret) = fixture();
    let code = server.signed_in("bob").code(&server, "my-app", &[]);
    server.tokens("my-app", &secret, &code);
    let told = |pairs: &[(&str, &str)]| {
        let json = server.token(pairs).json();
        (json["error"].clone(), json["error_description"].clone(), json["message"].clone())
    };
    let unknown = told(&exchange(&secret, "MF2XI.A.B"));
    assert_eq!(told(&exchange(&secret, &code)), unknown, "a used code is told from an unknown one");
    let nobody = told(&with(exchange(&secret, &code), "client_id", Some("nobody")));
    assert_eq!(told(&exchange("wrong", &code)), nobody, "a client that exists is told from one that does not");
}
