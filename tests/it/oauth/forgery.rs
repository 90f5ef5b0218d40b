//! Requests that a browser sends because another site made it (OAuth contract 1.6.3), and hosts that lie.

use super::town;
use crate::visitor::{PASSWORD, authorize_target, form};

const EVIL: &[&[(&str, &str)]] = &[
    &[("Origin", "https://evil.example")],
    &[("Origin", "null")],
    &[("Referer", "https://evil.example/page")],
    &[("Sec-Fetch-Site", "cross-site")],
    &[("Sec-Fetch-Site", "same-site"), ("Origin", "http://127.0.0.1:1885")],
];

const HONEST: &[&[(&str, &str)]] = &[
    &[],
    &[("Origin", "http://127.0.0.1:1885")],
    &[("Referer", "http://127.0.0.1:1885/oauth/login")],
    &[("Sec-Fetch-Site", "same-origin"), ("Origin", "null")],
    &[("Sec-Fetch-Site", "none")],
    &[("Host", "keyfob.local"), ("Origin", "http://keyfob.local")],
];

#[test]
fn another_site_can_neither_sign_in_nor_out_nor_authorize() {
    let (server, _) = town();
    let posts = [
        ("/oauth/api/auth/login".to_owned(), form(&[("user_id", "bob"), ("password", PASSWORD)])),
        ("/oauth/login".to_owned(), form(&[("user_id", "bob"), ("password", PASSWORD)])),
        (authorize_target("my-app", &[]), form(&[("authorize", "true")])),
        ("/oauth/api/auth/logout".to_owned(), String::new()),
    ];
    for (target, body) in &posts {
        for headers in EVIL {
            let answer = server.signed_in("bob").send(&server, "POST", target, headers, body);
            assert_eq!((answer.status, answer.error().as_str()), (403, "invalid_csrf_token"), "{target} {headers:?}");
        }
        for headers in HONEST {
            let answer = server.signed_in("bob").send(&server, "POST", target, headers, body);
            assert!(matches!(answer.status, 204 | 302), "{target} {headers:?}: {}", answer.text());
        }
    }
}

#[test]
fn the_token_of_a_page_proves_that_it_was_meant() {
    let (server, _) = town();
    let mut bob = server.signed_in("bob");
    let target = authorize_target("my-app", &[]);
    bob.get(&server, &target);
    let token = bob.jar.get("_csrf").expect("a token").to_owned();
    let other = "A".repeat(52);
    let headers = [("Origin", "null"), ("Content-Type", "application/x-www-form-urlencoded")];
    let answer = bob.send(&server, "POST", &target, &headers, &form(&[("authorize", "true"), ("_csrf", &other)]));
    assert_eq!(answer.status, 403);
    let answer = bob.send(&server, "POST", &target, &headers, &form(&[("authorize", "true"), ("_csrf", &token)]));
    assert_eq!(answer.status, 302);
}

#[test]
fn a_session_changes_something_in_the_api_only_with_a_token() {
    let (server, _) = town();
    let mut alice = server.signed_in("alice");
    let (method, target, body) = ("PUT", "/api/v3/clients/my-app", r#"{"client":{"name":"New"},"field_mask":"name"}"#);
    assert_eq!(alice.get(&server, "/api/v3/clients/my-app?field_mask=name").status, 200);
    assert_eq!(alice.send(&server, method, target, &[], body).error(), "invalid_csrf_token");
    assert_eq!(alice.send(&server, method, target, &[("X-CSRF-Token", "x")], body).error(), "invalid_csrf_token");
    alice.get(&server, &authorize_target("my-app", &[]));
    let token = alice.jar.get("_csrf").expect("a token").to_owned();
    let with_token = [("X-CSRF-Token", token.as_str())];
    assert_eq!(alice.send(&server, method, target, &with_token, body).status, 200);
    let from_elsewhere = [("X-CSRF-Token", token.as_str()), ("Origin", "https://evil.example")];
    assert_eq!(alice.send(&server, method, target, &from_elsewhere, body).status, 403);
    // A session as a bearer is a session; a key is a key, and goes before the cookie.
    let ticket = alice.jar.get("_session").expect("a cookie").to_owned();
    let bearer = format!("Bearer {}", ticket.split_once('.').expect("a ticket").1);
    assert_eq!(server.send_with(Some(&bearer), &[], method, target, body.as_bytes()).error(), "invalid_csrf_token");
    assert_eq!(server.send_with(Some(&bearer), &[], "GET", "/api/v3/users/alice/sessions", b"").status, 200);
    let cookie = format!("_session={ticket}");
    let by_nobody = server.send_with(Some("Bearer NNSXS.A.B"), &[("Cookie", &cookie)], method, target, body.as_bytes());
    assert_eq!(by_nobody.error(), "api_key_not_found");
    // Also where nobody need be signed in.
    let password = r#"{"old":"Hunter2-hunter2","new":"Another-passw0rd"}"#;
    assert_eq!(alice.send(&server, "PUT", "/api/v3/users/alice/password", &[], password).error(), "invalid_csrf_token");
}

#[test]
fn what_a_request_says_of_its_host_changes_nothing_that_is_told() {
    let (server, _) = town();
    let headers = [("Host", "evil.example"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https")];
    let metadata = server.send_with(None, &headers, "GET", "/.well-known/oauth-authorization-server", b"");
    assert!(!metadata.text().contains("evil"));
    assert_eq!(metadata.json()["issuer"], "http://127.0.0.1:1885");
    let sent = server.signed_in("bob").send(&server, "GET", &authorize_target("my-app", &[("response_type", "x")]), &headers, "");
    assert_eq!(sent.location_parameter("iss").as_deref(), Some("http://127.0.0.1:1885"));
}

#[test]
fn the_metadata_names_what_is_there() {
    let (server, _) = town();
    let answer = server.check("anon", "GET", "/.well-known/oauth-authorization-server", "", "200");
    let json = answer.json();
    assert_eq!(answer.header("Access-Control-Allow-Origin"), Some("*"));
    for (name, path) in [
        ("authorization_endpoint", "/oauth/authorize"),
        ("token_endpoint", "/oauth/token"),
        ("revocation_endpoint", "/oauth/revoke"),
        ("introspection_endpoint", "/oauth/introspect"),
    ] {
        assert_eq!(json[name], format!("http://127.0.0.1:1885{path}"));
    }
    assert_eq!(json["code_challenge_methods_supported"], serde_json::json!(["S256"]));
    assert_eq!(json["authorization_response_iss_parameter_supported"], true);
    // Pages and endpoints under /oauth are of this origin alone.
    let token = server.token(&[]);
    assert_eq!(token.header("Access-Control-Allow-Origin"), None);
}
