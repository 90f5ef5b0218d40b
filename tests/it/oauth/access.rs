//! What an access token opens in the API, and who may see and end it (oauth.md 1.10, 1.11).

use serde_json::json;

use super::fixture;
use crate::browser::{Browser, PASSWORD, Tokens, authorize_target};
use crate::server::Server;

/// Bob's token of a client that asks for these rights.
fn token_with(server: &Server, user: &str, client: &str, rights: &[&str]) -> String {
    let secret = server.has_app("alice", client, rights);
    let code = server.signed_in(user).code(server, client, &[]);
    server.tokens(client, &secret, &code).access
}

#[track_caller]
fn sends(server: &Server, token: &str, method: &str, target: &str, body: &str, expected: &str) {
    let answer = server.send_with(Some(&format!("Bearer {token}")), &[], method, target, body.as_bytes());
    assert_eq!(format!("{} {}", answer.status, answer.error()).trim(), expected, "{method} {target}\n{}", answer.text());
}

#[test]
fn a_token_opens_what_was_granted_and_what_the_user_may_do() {
    let (server, _) = fixture();
    let token = token_with(&server, "bob", "reader", &["RIGHT_USER_INFO", "RIGHT_CLIENT_ALL"]);
    sends(&server, &token, "GET", "/api/v3/users/bob?field_mask=primary_email_address", "", "200");
    sends(&server, &token, "PUT", "/api/v3/users/bob", r#"{"user":{"name":"x"},"field_mask":"name"}"#, "403 insufficient_user_rights");
    sends(&server, &token, "GET", "/api/v3/users/alice?field_mask=primary_email_address", "", "403 no_user_rights");
    // The right was granted, but bob has nothing to do with the client.
    sends(&server, &token, "DELETE", "/api/v3/clients/my-app", "", "403 no_client_rights");
    let bob = r#"{"collaborator":{"ids":{"user_ids":{"user_id":"bob"}},"rights":["RIGHT_CLIENT_INFO"]}}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-app/collaborators", bob, "200");
    sends(&server, &token, "GET", "/api/v3/clients/my-app?field_mask=attributes", "", "200");
    sends(&server, &token, "DELETE", "/api/v3/clients/my-app", "", "403 insufficient_client_rights");
}

#[test]
fn auth_info_of_a_token_shows_what_it_means_and_no_secret() {
    let (server, _) = fixture();
    let token = token_with(&server, "bob", "reader", &["RIGHT_CLIENT_ALL"]);
    let answer = server.send_with(Some(&format!("Bearer {token}")), &[], "GET", "/api/v3/auth_info", b"");
    let info = &answer.json()["oauth_access_token"];
    assert_eq!(info["user_ids"], json!({"user_id": "bob"}));
    assert_eq!(info["client_ids"], json!({"client_id": "reader"}));
    assert_eq!(info["rights"].as_array().map(Vec::len), Some(5));
    assert!(info["user_session_id"].is_string() && info["expires_at"].is_string());
    let key = token.rsplit('.').next().expect("a key");
    assert!(!answer.text().contains(key));
}

#[test]
fn bearers_that_are_no_access_tokens_are_told_why() {
    let (server, secret) = fixture();
    let code = server.signed_in("bob").code(&server, "my-app", &[]);
    let tokens = server.tokens("my-app", &secret, &code);
    let (id, key) = tokens.access.rsplit_once('.').expect("a key");
    let target = "/api/v3/users/bob";
    sends(&server, &tokens.refresh, "GET", target, "", "401 unsupported_authorization");
    sends(&server, &code, "GET", target, "", "401 unsupported_authorization");
    sends(&server, "MFRWG.AAAA.BBBB", "GET", target, "", "401 token_not_found");
    sends(&server, &format!("{id}.{}", key.chars().rev().collect::<String>()), "GET", target, "", "401 invalid_authorization");
    server.wait_seconds(3600);
    let expired = server.send_with(Some(&format!("Bearer {}", tokens.access)), &[], "GET", target, b"");
    assert_eq!((expired.status, expired.error().as_str()), (401, "token_expired"));
    assert!(expired.header("WWW-Authenticate").is_some_and(|challenge| challenge.contains("invalid_token")));
}

#[test]
fn a_client_of_an_administrator_is_no_administrator_unless_it_was_given_everything() {
    let (server, _) = fixture();
    let mut admin = Browser::default();
    let password = "Correct-horse-battery-staple-9";
    admin.post(&server, "/oauth/api/auth/login", &[("user_id", "admin"), ("password", password)]);
    for (client, rights, is_admin) in [("small", &["RIGHT_USER_INFO", "RIGHT_CLIENT_INFO"][..], false), ("whole", &["RIGHT_ALL"], true)] {
        let secret = server.has_app("alice", client, rights);
        let code = admin.code(&server, client, &[]);
        let token = server.tokens(client, &secret, &code).access;
        let info = server.send_with(Some(&format!("Bearer {token}")), &[], "GET", "/api/v3/auth_info", b"").json();
        assert_eq!(info["is_admin"] == true, is_admin, "{client}: {info}");
        for (method, target, body, refusal) in [
            ("GET", "/api/v3/users", "", "403 permission_denied"),
            ("DELETE", "/api/v3/clients/nobody/purge", "", "403 admins_purge_clients"),
        ] {
            let allowed = if method == "GET" { "200" } else { "404 client_not_found" };
            sends(&server, &token, method, target, body, if is_admin { allowed } else { refusal });
        }
        let refusal = if is_admin { "200" } else { "403 no_client_rights" };
        sends(&server, &token, "GET", "/api/v3/clients/my-app?field_mask=attributes", "", refusal);
    }
}

#[test]
fn tokens_are_listed_and_ended_by_their_user_and_by_themselves() {
    let (server, secret) = fixture();
    let code = server.signed_in("bob").code(&server, "my-app", &[]);
    let tokens = server.tokens("my-app", &secret, &code);
    let listed = server.check("bob", "GET", "/api/v3/users/bob/authorizations/my-app/tokens", "", "200");
    assert!(!listed.text().contains(tokens.access.rsplit('.').next().expect("a key")));
    let id = listed.json()["tokens"][0]["id"].as_str().expect("an ID").to_owned();
    server.check("alice", "GET", "/api/v3/users/bob/authorizations/my-app/tokens", "", "403 no_user_rights");
    server.check("alice", "DELETE", &format!("/api/v3/users/alice/authorizations/my-app/tokens/{id}"), "", "400 access_token_mismatch");
    server.check("bob", "DELETE", &format!("/api/v3/users/bob/authorizations/third-app/tokens/{id}"), "", "400 access_token_mismatch");
    sends(&server, &tokens.access, "GET", "/api/v3/users/bob/authorizations/my-app/tokens", "", "200");
    sends(&server, &tokens.access, "GET", "/api/v3/users/bob/authorizations", "", "403 insufficient_user_rights");
    sends(&server, &tokens.access, "DELETE", &format!("/api/v3/users/bob/authorizations/my-app/tokens/{id}"), "", "200");
    sends(&server, &tokens.access, "GET", "/api/v3/users/bob", "", "401 token_not_found");
    assert_eq!(server.refresh("my-app", &secret, &tokens.refresh).status, 400);
}

#[test]
fn taking_an_authorization_back_ends_every_token_of_it() {
    let (server, secret) = fixture();
    let mut bob = server.signed_in("bob");
    let code = bob.code(&server, "my-app", &[]);
    let tokens = server.tokens("my-app", &secret, &code);
    let unused = bob.code(&server, "my-app", &[]);
    server.check("bob", "DELETE", "/api/v3/users/bob/authorizations/my-app", "", "200");
    sends(&server, &tokens.access, "GET", "/api/v3/users/bob", "", "401 token_not_found");
    assert_eq!(server.refresh("my-app", &secret, &tokens.refresh).status, 400);
    let answer =
        server.token(&[("grant_type", "authorization_code"), ("code", &unused), ("client_id", "my-app"), ("client_secret", &secret)]);
    assert_eq!(answer.status, 400);
    server.check("bob", "DELETE", "/api/v3/users/bob/authorizations/nobody", "", "404 not_found");
}

#[test]
fn a_new_password_can_end_all_access_but_keys() {
    for (revoke, status) in [(false, 200), (true, 401)] {
        let (server, secret) = fixture();
        let mut bob = server.signed_in("bob");
        let code = bob.code(&server, "my-app", &[]);
        let tokens = server.tokens("my-app", &secret, &code);
        let body = json!({"old": PASSWORD, "new": "Another-passw0rd", "revoke_all_access": revoke});
        server.check("anon", "PUT", "/api/v3/users/bob/password", &body.to_string(), "200");
        assert_eq!(server.status_with(&tokens.access, "/api/v3/users/bob"), status);
        assert_eq!(bob.get(&server, "/oauth/api/me").status, status);
        server.check("bob", "GET", "/api/v3/users/bob", "", "200");
    }
}

#[test]
fn purging_a_client_or_a_user_ends_everything_of_it() {
    for purge in ["clients/my-app", "users/bob"] {
        let (server, secret) = fixture();
        let mut bob = server.signed_in("bob");
        let code = bob.code(&server, "my-app", &[]);
        let tokens = server.tokens("my-app", &secret, &code);
        server.check("admin", "DELETE", &format!("/api/v3/{purge}/purge"), "", "200");
        sends(&server, &tokens.access, "GET", "/api/v3/users/bob", "", "401 token_not_found");
        let left = server.app.store().read(|tx| tx.stored_access_token(tokens.access.split('.').nth(1).unwrap())).expect("read");
        assert!(left.is_none());
        assert_eq!(bob.get(&server, &authorize_target("my-app", &[])).status, if purge.starts_with("users") { 302 } else { 404 });
    }
}

#[test]
fn a_token_is_not_taken_from_a_url_or_a_body() {
    let (server, secret) = fixture();
    let code = server.signed_in("bob").code(&server, "my-app", &[]);
    let Tokens { access, .. } = server.tokens("my-app", &secret, &code);
    server.check("anon", "GET", &format!("/api/v3/users/bob?access_token={access}"), "", "401 unauthenticated");
}

#[test]
fn authorizations_are_for_who_may_see_them() {
    let (server, _) = fixture();
    server.signed_in("bob").code(&server, "my-app", &[]);
    server.check("alice", "GET", "/api/v3/users/bob/authorizations", "", "403 no_user_rights");
    server.check("anon", "GET", "/api/v3/users/bob/authorizations", "", "403 no_user_rights");
    server.check(
        "admin",
        "GET",
        "/api/v3/users/bob/authorizations",
        "",
        r#"200 {"authorizations":[{"client_ids":{"client_id":"my-app"}}]}"#,
    );
    // Sessions want `RIGHT_USER_ALL` itself, which an administrator does not have on others.
    server.check("admin", "GET", "/api/v3/users/bob/sessions", "", "403 insufficient_user_rights");
}
