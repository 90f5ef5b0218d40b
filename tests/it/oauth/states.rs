//! Five states of a client, and what is open in each (oauth.md 1.4.4).

use super::fixture;
use crate::browser::{Tokens, authorize_target};

/// `authorize` by a stranger, `token` with a code, `refresh`, and the API with an access token.
const TABLE: &[(&str, &str, &str, &str, u16)] = &[
    ("STATE_REQUESTED", "invalid_client", "200", "200", 200),
    ("STATE_APPROVED", "code", "200", "200", 200),
    ("STATE_REJECTED", "invalid_client", "400 unauthorized_client", "400 unauthorized_client", 403),
    ("STATE_FLAGGED", "code", "200", "200", 200),
    ("STATE_SUSPENDED", "invalid_client", "400 unauthorized_client", "400 unauthorized_client", 403),
];

#[test]
fn each_state_of_a_client_opens_what_it_says() {
    for (state, authorize, token, refresh, api) in TABLE {
        let (server, secret) = fixture();
        let mut bob = server.signed_in("bob");
        let (code, unused) = (bob.code(&server, "my-app", &[]), bob.code(&server, "my-app", &[]));
        let tokens = server.tokens("my-app", &secret, &code);
        server.has_state("my-app", state);

        let answer = bob.get(&server, &authorize_target("my-app", &[]));
        let got = answer.location_parameter("error").unwrap_or_else(|| "code".to_owned());
        assert_eq!((answer.status, got.as_str()), (302, *authorize), "{state}");
        assert_eq!(server.status_with(&tokens.access, "/api/v3/users/bob"), *api, "{state}");

        let pairs = [("grant_type", "authorization_code"), ("code", unused.as_str()), ("client_id", "my-app"), ("client_secret", &secret)];
        let said = |answer: &crate::server::Answer| {
            format!("{} {}", answer.status, answer.json()["error"].as_str().unwrap_or_default()).trim().to_owned()
        };
        assert_eq!(said(&server.token(&pairs)), *token, "{state}");
        assert_eq!(said(&server.refresh("my-app", &secret, &tokens.refresh)), *refresh, "{state}");

        // What was refused was not used up: it is all there again when the client is.
        if *api == 403 {
            server.has_state("my-app", "STATE_APPROVED");
            assert_eq!(server.status_with(&tokens.access, "/api/v3/users/bob"), 200, "{state}");
            Tokens::of(&server.token(&pairs));
            Tokens::of(&server.refresh("my-app", &secret, &tokens.refresh));
        }
    }
}

#[test]
fn a_collaborator_goes_the_whole_way_before_approval() {
    let (server, secret) = fixture();
    server.has_state("my-app", "STATE_REQUESTED");
    let code = server.signed_in("alice").code(&server, "my-app", &[]);
    let tokens = server.tokens("my-app", &secret, &code);
    let newer = Tokens::of(&server.refresh("my-app", &secret, &tokens.refresh));
    assert_eq!(server.status_with(&newer.access, "/api/v3/users/alice"), 200);
}

#[test]
fn a_client_that_was_turned_away_is_told_where_it_reads_and_has_no_rights_elsewhere() {
    let (server, secret) = fixture();
    let code = server.signed_in("bob").code(&server, "my-app", &[]);
    let token = server.tokens("my-app", &secret, &code).access;
    let body = r#"{"client":{"state":"STATE_REJECTED","state_description":"spam"},"field_mask":"state,state_description"}"#;
    server.check("admin", "PUT", "/api/v3/clients/my-app", body, "200");
    for (method, target, expected) in [
        ("GET", "/api/v3/auth_info", "403 oauth_client_rejected"),
        ("GET", "/api/v3/users/bob", "403 oauth_client_rejected"),
        ("GET", "/api/v3/users/bob/clients", "403 oauth_client_rejected"),
        ("GET", "/api/v3/search/clients", "403 oauth_client_rejected"),
        ("GET", "/api/v3/clients/my-app/collaborators", "403 oauth_client_rejected"),
        ("POST", "/api/v3/users/bob/clients", "403 no_user_rights"),
        ("DELETE", "/api/v3/clients/my-app", "403 no_client_rights"),
        ("GET", "/api/v3/users/bob/rights", "200"),
        ("GET", "/api/v3/clients/my-app/rights", "200"),
        ("DELETE", "/api/v3/clients/my-app/purge", "403 admins_purge_clients"),
    ] {
        let answer =
            server.send_with(Some(&format!("Bearer {token}")), &[], method, target, br#"{"client":{"ids":{"client_id":"new-app"}}}"#);
        assert_eq!(format!("{} {}", answer.status, answer.error()).trim(), expected, "{method} {target}");
        if expected.ends_with("oauth_client_rejected") {
            assert_eq!(answer.json()["details"][0]["attributes"]["description"], "spam");
        }
    }
}

#[test]
fn tokens_of_a_deleted_client_sleep_until_it_is_restored() {
    let (server, secret) = fixture();
    let code = server.signed_in("bob").code(&server, "my-app", &[]);
    let tokens = server.tokens("my-app", &secret, &code);
    server.check("alice", "DELETE", "/api/v3/clients/my-app", "", "200");
    assert_eq!(server.status_with(&tokens.access, "/api/v3/users/bob"), 401);
    assert_eq!(server.refresh("my-app", &secret, &tokens.refresh).status, 401);
    assert_eq!(server.signed_in("bob").get(&server, &authorize_target("my-app", &[])).status, 404);
    server.check("alice", "POST", "/api/v3/clients/my-app/restore", "", "200");
    assert_eq!(server.status_with(&tokens.access, "/api/v3/users/bob"), 200);
    Tokens::of(&server.refresh("my-app", &secret, &tokens.refresh));
}
