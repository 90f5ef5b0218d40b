//! Revocation and introspection (RFC 7009, RFC 7662, oauth.md 2.4 and 2.5).

use serde_json::json;

use super::fixture;
use crate::browser::{Tokens, form};
use crate::server::{ADMIN_KEY, Server};

fn granted(server: &Server, secret: &str) -> Tokens {
    let code = server.signed_in("bob").code(server, "my-app", &[]);
    server.tokens("my-app", secret, &code)
}

fn ask(server: &Server, target: &str, token: &str, client: &str, secret: &str) -> crate::server::Answer {
    server.post_form(target, &[("token", token), ("token_type_hint", "unheard_of"), ("client_id", client), ("client_secret", secret)])
}

#[test]
fn a_client_gives_a_token_up_by_either_part() {
    let (server, secret) = fixture();
    for by_refresh in [true, false] {
        let tokens = granted(&server, &secret);
        let part = if by_refresh { &tokens.refresh } else { &tokens.access };
        let answer = ask(&server, "/oauth/revoke", part, "my-app", &secret);
        // Clients that take every reply for JSON find some.
        assert_eq!((answer.status, answer.text().as_str(), answer.header("Content-Type")), (200, "{}\n", Some("application/json")));
        assert_eq!(server.status_with(&tokens.access, "/api/v3/users/bob"), 401);
        assert_eq!(server.refresh("my-app", &secret, &tokens.refresh).status, 400);
        assert_eq!(ask(&server, "/oauth/revoke", part, "my-app", &secret).status, 200, "what is gone stays gone");
    }
}

#[test]
fn garbage_is_revoked_already_and_what_is_not_ones_own_is_left_alone() {
    let (server, secret) = fixture();
    let other = server.has_app("alice", "other", &["RIGHT_USER_INFO"]);
    let tokens = granted(&server, &secret);
    let (id, _) = tokens.access.rsplit_once('.').expect("a key");
    for garbage in ["x", "MFRWG.A.B", "..", &format!("{id}.AAAA")] {
        assert_eq!(ask(&server, "/oauth/revoke", garbage, "my-app", &secret).status, 200, "{garbage}");
    }
    for (token, client, own, status, error) in [
        (tokens.access.as_str(), "other", other.as_str(), 400, "unauthorized_client"),
        (tokens.access.as_str(), "my-app", "wrong", 401, "invalid_client"),
        (ADMIN_KEY, "my-app", secret.as_str(), 400, "unsupported_token_type"),
        ("", "my-app", secret.as_str(), 400, "invalid_request"),
    ] {
        let answer = ask(&server, "/oauth/revoke", token, client, own);
        assert_eq!((answer.status, answer.json()["error"].as_str()), (status, Some(error)));
    }
    assert_eq!(server.status_with(&tokens.access, "/api/v3/users/bob"), 200);
    assert_eq!(server.send("anon", "GET", "/oauth/revoke", "").status, 405);
}

#[test]
fn who_asks_about_no_token_or_about_two_is_told_so() {
    let (server, secret) = fixture();
    for (body, told) in [("token=", "token missing"), ("token=a&token=b", "parameter repeated")] {
        for endpoint in ["/oauth/revoke", "/oauth/introspect"] {
            let body = format!("{body}&client_id=my-app&client_secret={secret}");
            let answer = server.send_with(None, &[], "POST", endpoint, body.as_bytes());
            let (json, told) = (answer.json(), format!("the request is not well-formed: {told}"));
            let said = (json["error"].as_str(), json["error_description"].as_str());
            assert_eq!((answer.status, said), (400, (Some("invalid_request"), Some(told.as_str()))), "{endpoint}");
        }
    }
}

#[test]
fn a_client_learns_about_its_own_tokens() {
    let (server, secret) = fixture();
    let tokens = granted(&server, &secret);
    let answer = ask(&server, "/oauth/introspect", &tokens.access, "my-app", &secret).json();
    let iat = answer["iat"].as_i64().expect("seconds");
    assert_eq!(
        answer,
        json!({"active": true, "scope": "RIGHT_USER_INFO", "client_id": "my-app", "username": "bob", "sub": "bob",
               "iss": "http://127.0.0.1:1885", "iat": iat, "token_type": "bearer", "exp": iat + 3600})
    );
    let refresh = ask(&server, "/oauth/introspect", &tokens.refresh, "my-app", &secret).json();
    assert_eq!((&refresh["active"], refresh.get("token_type")), (&json!(true), None));
    server.wait_seconds(3600);
    assert_eq!(ask(&server, "/oauth/introspect", &tokens.access, "my-app", &secret).json(), json!({"active": false}));
    assert_eq!(ask(&server, "/oauth/introspect", &tokens.refresh, "my-app", &secret).json()["active"], true);
}

#[test]
fn everybody_else_learns_nothing() {
    let (mut server, secret) = fixture();
    server.has_user("carol");
    let other = server.has_app("alice", "other", &["RIGHT_USER_INFO"]);
    let tokens = granted(&server, &secret);
    let inactive = json!({"active": false});
    for garbage in ["x", "MFRWG.A.B", ADMIN_KEY] {
        assert_eq!(ask(&server, "/oauth/introspect", garbage, "my-app", &secret).json(), inactive, "{garbage}");
    }
    assert_eq!(ask(&server, "/oauth/introspect", &tokens.access, "other", &other).json(), inactive);
    assert_eq!(ask(&server, "/oauth/introspect", &tokens.access, "my-app", "wrong").status, 401);
    for pairs in [&[("token", tokens.access.as_str())][..], &[("token", &tokens.access), ("client_id", "my-app")]] {
        let answer = server.post_form("/oauth/introspect", pairs);
        assert_eq!((answer.status, answer.json()["error"].as_str()), (401, Some("invalid_client")));
        assert!(answer.header("WWW-Authenticate").is_some());
    }
    server.check("alice", "PUT", "/api/v3/clients/other", r#"{"client":{"secret":""},"field_mask":"secret"}"#, "200");
    let without_secret = server.post_form("/oauth/introspect", &[("token", &tokens.access), ("client_id", "other")]);
    assert_eq!(without_secret.status, 401, "a client that can prove nothing learns nothing");
    let with_key = |key: &str| {
        server.send_with(Some(&format!("Bearer {key}")), &[], "POST", "/oauth/introspect", form(&[("token", &tokens.access)]).as_bytes())
    };
    assert_eq!(with_key(ADMIN_KEY).json()["active"], true);
    assert_eq!(with_key(server.key("bob")).json()["active"], true, "bob's own");
    assert_eq!(with_key(server.key("carol")).json(), inactive);
    let bad = with_key("NNSXS.A.B");
    assert_eq!((bad.status, bad.json()["error"].as_str()), (401, Some("invalid_token")));
    assert!(bad.header("WWW-Authenticate").is_some_and(|challenge| challenge.starts_with("Bearer")));
    // A token of bob's that another client holds is not bob.
    let third = server.has_app("alice", "third-app", &["RIGHT_USER_INFO"]);
    let code = server.signed_in("bob").code(&server, "third-app", &[]);
    let others = server.tokens("third-app", &third, &code);
    assert_eq!(with_key(&others.access).json(), inactive);
    assert_eq!(with_key(&tokens.access).json()["active"], true, "of itself");
}

#[test]
fn a_token_that_opens_nothing_is_not_active() {
    let (server, secret) = fixture();
    let tokens = granted(&server, &secret);
    let inactive = json!({"active": false});
    let active = || {
        server
            .send_with(
                Some(&format!("Bearer {ADMIN_KEY}")),
                &[],
                "POST",
                "/oauth/introspect",
                form(&[("token", &tokens.access)]).as_bytes(),
            )
            .json()
    };
    assert_eq!(active()["active"], true);
    server.has_state("my-app", "STATE_SUSPENDED");
    assert_eq!(active(), inactive);
    server.has_state("my-app", "STATE_APPROVED");
    server.check("alice", "DELETE", "/api/v3/clients/my-app", "", "200");
    assert_eq!(active(), inactive);
    server.check("alice", "POST", "/api/v3/clients/my-app/restore", "", "200");
    assert_eq!(active()["active"], true);
    server.check("admin", "DELETE", "/api/v3/users/bob", "", "200");
    assert_eq!(active(), inactive);
}
