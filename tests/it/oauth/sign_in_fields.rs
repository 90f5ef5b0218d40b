//! The fields of a client that say how it signs users in.

use keyfob::base::jws::TokenType;
use serde_json::{Value, json};

use super::fixture;
use super::keys::verified;
use super::sign_in::{exchanged, id_token, signed_in, userinfo};
use crate::browser::authorize_target;
use crate::server::{Answer, Server};

/// Sets fields of `my-app`.
#[track_caller]
pub fn set(server: &Server, fields: Value, expected: &str) -> Answer {
    let paths: Vec<String> = fields.as_object().expect("fields").keys().cloned().collect();
    let body = json!({"client": fields, "field_mask": paths.join(",")}).to_string();
    server.check("alice", "PUT", "/api/v3/clients/my-app", &body, expected)
}

fn has_group(server: &Server, id: &str) {
    let body = json!({"organization": {"ids": {"organization_id": id}}}).to_string();
    server.check("admin", "POST", "/api/v3/users/bob/organizations", &body, "200");
}

fn introspected(server: &Server, client: &str, secret: &str, token: &Value) -> Value {
    let token = token.as_str().expect("a token");
    server.post_form("/oauth/introspect", &[("token", token), ("client_id", client), ("client_secret", secret)]).json()
}

#[test]
fn a_client_that_says_nothing_has_no_member_for_it_and_what_it_sets_is_read_again() {
    let (server, _) = fixture();
    let all = "/api/v3/clients/my-app?field_mask=scopes,id_token_signed_response_alg,subject_type,claims_in_id_token,group_filter,\
               allowed_groups,access_token_format,resource_servers";
    let members = |answer: &Value| answer.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    assert_eq!(members(&server.check("alice", "GET", all, "", "200").json()), ["ids", "created_at", "updated_at"]);
    assert_eq!(server.value::<Option<String>>("SELECT sign_in FROM clients WHERE client_id = 'my-app'"), None);
    let fields = json!({
        "scopes": ["invoices:read", "invoices:write"], "id_token_signed_response_alg": "ES256", "subject_type": "pairwise",
        "claims_in_id_token": true, "group_filter": ["crew"], "allowed_groups": ["crew", "admins"], "access_token_format": "jwt",
        "resource_servers": ["my-api"],
    });
    server.has_app("alice", "my-api", &[]);
    set(&server, fields.clone(), "200");
    let read = server.check("alice", "GET", all, "", "200").json();
    fields.as_object().expect("fields").iter().for_each(|(name, value)| assert_eq!(read[name], *value, "{name}"));
    for wrong in [
        json!({"scopes": ["openid"]}),
        json!({"scopes": ["RIGHT_USER_INFO"]}),
        json!({"scopes": ["two words"]}),
        json!({"scopes": [""]}),
        json!({"allowed_groups": ["No Group"]}),
        json!({"resource_servers": ["x"]}),
        json!({"resource_servers": ["my-api", "my-api"]}),
        json!({"scopes": ["invoices:read", "invoices:read"]}),
    ] {
        set(&server, wrong, "400 validation");
    }
    set(&server, json!({"id_token_signed_response_alg": "HS256"}), "400");
    set(&server, json!({"id_token_signed_response_alg": "none"}), "400");
}

#[test]
fn words_of_a_clients_own_are_agreed_to_and_passed_through_and_others_are_not() {
    let (server, secret) = fixture();
    let scope = [("scope", "openid invoices:read invoices:write")];
    assert_eq!(signed_in(&server, "my-app", &secret, &scope)["scope"], "openid");
    set(&server, json!({"scopes": ["invoices:read"]}), "200");
    let mut bob = server.signed_in("bob");
    assert_eq!(bob.opens(&server, &authorize_target("my-app", &scope)).scopes_asked_for(), ["openid", "invoices:read"]);
    let reply = signed_in(&server, "my-app", &secret, &scope);
    assert_eq!(reply["scope"], "openid invoices:read");
    assert_eq!(introspected(&server, "my-app", &secret, &reply["access_token"])["scope"], "openid invoices:read");
    // Without openid they stand beside rights.
    let plain = signed_in(&server, "my-app", &secret, &[("scope", "invoices:read RIGHT_USER_INFO unknown")]);
    assert_eq!((&plain["scope"], plain.get("id_token")), (&json!("invoices:read RIGHT_USER_INFO"), None));
    // What the client declares no more, its tokens are for no more.
    set(&server, json!({"scopes": []}), "200");
    assert_eq!(introspected(&server, "my-app", &secret, &reply["access_token"])["scope"], "openid");
}

#[test]
fn an_id_token_is_signed_as_its_client_takes_it() {
    let (server, secret) = fixture();
    for (algorithm, header) in [("RS256", "eyJhbGciOiJSUzI1NiIs"), ("ES256", "eyJhbGciOiJFUzI1NiIs")] {
        set(&server, json!({"id_token_signed_response_alg": algorithm}), "200");
        let reply = signed_in(&server, "my-app", &secret, &[("scope", "openid")]);
        assert!(reply["id_token"].as_str().is_some_and(|token| token.starts_with(header)), "{algorithm}: {reply}");
        id_token(&server, &reply);
    }
}

#[test]
fn claims_are_in_the_id_token_too_for_a_client_that_wants_them_there() {
    let (server, secret) = fixture();
    let scope = [("scope", "openid email")];
    assert_eq!(id_token(&server, &signed_in(&server, "my-app", &secret, &scope)).get("email"), None);
    set(&server, json!({"claims_in_id_token": true}), "200");
    let claims = id_token(&server, &signed_in(&server, "my-app", &secret, &scope));
    assert_eq!((&claims["email"], &claims["email_verified"], claims.get("groups")), (&json!("bob@example.com"), &json!(false), None));
    assert_eq!(claims["aud"], "my-app");
}

#[test]
fn a_pairwise_subject_is_of_one_client_and_of_no_later_client_of_its_id() {
    let (server, secret) = fixture();
    let other_secret = server.has_app("alice", "other-app", &[]);
    let public = id_token(&server, &signed_in(&server, "my-app", &secret, &[("scope", "openid")]))["sub"].clone();
    let old = signed_in(&server, "my-app", &secret, &[("scope", "openid")]);
    set(&server, json!({"subject_type": "pairwise"}), "200");
    assert_eq!(userinfo(&server, &old).status, 200, "also with a token from before");
    let body = r#"{"client":{"subject_type":"pairwise"},"field_mask":"subject_type"}"#;
    server.check("alice", "PUT", "/api/v3/clients/other-app", body, "200");
    let subject = |client: &str, secret: &str| {
        let reply = signed_in(&server, client, secret, &[("scope", "openid")]);
        let subject = id_token(&server, &reply)["sub"].clone();
        assert_eq!(userinfo(&server, &reply).json()["sub"], subject);
        let told = introspected(&server, client, secret, &reply["access_token"]);
        assert_eq!((&told["sub"], told.get("username")), (&subject, None));
        subject
    };
    let (mine, others) = (subject("my-app", &secret), subject("other-app", &other_secret));
    assert!(mine != public && mine != others && mine.as_str().is_some_and(|subject| subject.len() == 43), "{mine} {others}");
    assert_eq!(subject("my-app", &secret), mine);
    server.check("admin", "DELETE", "/api/v3/clients/my-app", "", "200");
    server.check("admin", "DELETE", "/api/v3/clients/my-app/purge", "", "200");
    let again = server.has_app("alice", "my-app", &[]);
    set(&server, json!({"subject_type": "pairwise"}), "200");
    assert_ne!(subject("my-app", &again), mine);
}

#[test]
fn a_client_is_told_only_of_the_groups_that_it_filters_for() {
    let (server, secret) = fixture();
    ["crew", "painters", "secret-club"].into_iter().for_each(|id| has_group(&server, id));
    set(&server, json!({"group_filter": ["painters", "crew", "nobodys"]}), "200");
    let reply = signed_in(&server, "my-app", &secret, &[("scope", "openid groups")]);
    assert_eq!(userinfo(&server, &reply).json()["groups"], json!(["crew", "painters"]));
    let mut carl = server.signed_in("bob");
    let page = carl.get(&server, &authorize_target("my-app", &[("scope", "openid groups email")])).text();
    assert!(page.contains("crew, painters") && !page.contains("secret-club"), "{page}");
}

#[test]
fn only_members_of_the_allowed_groups_sign_in_and_stay_signed_in() {
    let (server, secret) = fixture();
    let reply = signed_in(&server, "my-app", &secret, &[("scope", "openid offline_access")]);
    let mut bob = server.signed_in("bob");
    let code = bob.code(&server, "my-app", &[("scope", "openid")]);
    set(&server, json!({"allowed_groups": ["crew"]}), "200");
    // Also for a client of The Things Stack.
    for scope in ["openid", "RIGHT_USER_INFO"] {
        let target = authorize_target("my-app", &[("scope", scope), ("state", "s")]);
        for answer in [bob.get(&server, &target), bob.post(&server, &target, &[("authorize", "true")])] {
            assert_eq!(answer.location_parameter("error").as_deref(), Some("access_denied"), "{}", answer.text());
            assert_eq!(answer.location_parameter("code"), None);
            assert!(!answer.location_parameter("error_description").expect("a description").contains("crew"));
        }
    }
    let exchange = server.token(&[
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", crate::browser::CALLBACK),
        ("client_id", "my-app"),
        ("client_secret", &secret),
    ]);
    assert_eq!((exchange.status, &exchange.json()["error"]), (400, &json!("invalid_grant")));
    let refresh = reply["refresh_token"].as_str().expect("a refresh token");
    assert_eq!(server.refresh("my-app", &secret, refresh).json()["error"], "invalid_grant");
    assert_eq!(userinfo(&server, &reply).status, 401);
    assert_eq!(introspected(&server, "my-app", &secret, &reply["access_token"]), json!({"active": false}));
    // A group that bob makes himself is none.
    server.check("bob", "POST", "/api/v3/users/bob/organizations", r#"{"organization":{"ids":{"organization_id":"crew"}}}"#, "200");
    assert_eq!(server.refresh("my-app", &secret, refresh).json()["error"], "invalid_grant");
    let counts = r#"{"organization":{"group":true},"field_mask":"group"}"#;
    server.check("admin", "PUT", "/api/v3/organizations/crew", counts, "200");
    assert!(server.refresh("my-app", &secret, refresh).json()["id_token"].is_string());
    assert!(exchanged(&server, "my-app", &secret, &code)["id_token"].is_string());
}

#[test]
fn consent_names_the_resource_servers_at_which_a_client_does_what_its_own_words_say() {
    let (server, _) = fixture();
    let mut bob = server.signed_in("bob");
    let target = authorize_target("my-app", &[("scope", "openid invoices:read")]);
    ["my-api", "another-api"].into_iter().for_each(|id| drop(server.has_app("alice", id, &[])));
    for (servers, said) in [(json!([]), "at a service of its own"), (json!(["my-api", "another-api"]), "at my-api, another-api")] {
        set(&server, json!({"resource_servers": servers, "scopes": ["invoices:read"]}), "200");
        let page = bob.get(&server, &target).text();
        assert!(page.contains(said), "{page}");
    }
}

#[test]
fn a_signed_access_token_says_what_it_is_for_and_opens_what_an_opaque_one_does() {
    let (server, secret) = fixture();
    server.has_app("alice", "my-api", &[]);
    set(&server, json!({"access_token_format": "jwt", "resource_servers": ["my-api"], "scopes": ["invoices:read"]}), "200");
    let scope = [("scope", "openid offline_access invoices:read RIGHT_USER_INFO")];
    let reply = signed_in(&server, "my-app", &secret, &scope);
    let token = reply["access_token"].as_str().expect("a token");
    let claims = verified(&server, token, TokenType::AccessToken).expect("it is signed as an access token");
    let now = server.app.store().now().seconds();
    assert_eq!(claims["iss"], server.app.settings().public_url);
    assert_eq!((&claims["aud"], &claims["client_id"]), (&json!("my-api"), &json!("my-app")));
    assert_eq!(claims["scope"], reply["scope"]);
    assert_eq!((&claims["iat"], &claims["exp"]), (&json!(now), &json!(now + 3600)));
    assert_eq!(claims["sub"], id_token(&server, &reply)["sub"]);
    let id: String = server.value("SELECT token_id FROM access_tokens");
    assert_eq!(claims["jti"], id);
    assert_eq!((server.status_with(token, "/api/v3/users/bob"), userinfo(&server, &reply).status), (200, 200));
    let told = introspected(&server, "my-app", &secret, &reply["access_token"]);
    assert_eq!((&told["active"], &told["aud"], &told["sub"]), (&json!(true), &json!("my-api"), &claims["sub"]));
    // One that is changed, or of another type, is none.
    let (signed, signature) = token.rsplit_once('.').expect("a signature");
    for wrong in [format!("{signed}."), format!("{signed}.{}", &signature[1..]), reply["id_token"].as_str().expect("a token").to_owned()] {
        assert_eq!(server.status_with(&wrong, "/api/v3/users/bob"), 401, "{wrong}");
    }
    // Refreshed or revoked, it ends here as others do.
    let next = server.refresh("my-app", &secret, reply["refresh_token"].as_str().expect("a refresh token")).json();
    assert_eq!(userinfo(&server, &reply).status, 401);
    assert_eq!(userinfo(&server, &next).status, 200);
    let revoke = [("token", next["access_token"].as_str().expect("a token")), ("client_id", "my-app"), ("client_secret", secret.as_str())];
    assert_eq!(server.post_form("/oauth/revoke", &revoke).status, 200);
    assert_eq!(userinfo(&server, &next).status, 401);
}

#[test]
fn a_resource_server_introspects_access_tokens_that_are_for_it_and_no_others() {
    let (server, secret) = fixture();
    let api = server.has_app("alice", "my-api", &[]);
    server.has_app("alice", "another-api", &[]);
    let reply = signed_in(&server, "my-app", &secret, &[("scope", "openid offline_access")]);
    let active = |token: &Value| introspected(&server, "my-api", &api, token)["active"].clone();
    assert_eq!(active(&reply["access_token"]), false);
    set(&server, json!({"resource_servers": ["my-api", "another-api"]}), "200");
    let told = introspected(&server, "my-api", &api, &reply["access_token"]);
    assert_eq!((&told["active"], &told["client_id"], &told["aud"]), (&json!(true), &json!("my-app"), &json!(["my-api", "another-api"])));
    assert_eq!(active(&reply["refresh_token"]), false, "a refresh token is its client's alone");
    let bad = server.post_form("/oauth/introspect", &[("token", "x"), ("client_id", "my-api"), ("client_secret", "wrong")]);
    assert_eq!(bad.status, 401);
}

#[test]
fn a_resource_server_is_a_client_that_is_registered_when_it_is_named() {
    let (server, _) = fixture();
    server.has_app("alice", "my-api", &[]);
    server.has_app("alice", "former-api", &[]);
    let servers = json!({"resource_servers": ["my-api", "my-app", "former-api"]});
    set(&server, servers, "200");
    server.check("alice", "DELETE", "/api/v3/clients/former-api", "", "200");
    // What was named before stays until somebody takes it out.
    set(&server, json!({"resource_servers": ["former-api"], "name": "My app"}), "200");
    set(&server, json!({"resource_servers": ["my-api"]}), "200");
    for wrong in ["former-api", "nobodys-api"] {
        let refused = set(&server, json!({"resource_servers": ["my-api", wrong]}), "400 resource_server_unknown");
        assert!(refused.text().contains(wrong) && refused.text().contains("register it first"), "{}", refused.text());
        let new = json!({"client": {"ids": {"client_id": "new-app"}, "resource_servers": [wrong]}}).to_string();
        server.check("alice", "POST", "/api/v3/users/alice/clients", &new, "400 resource_server_unknown");
    }
    let new = json!({"client": {"ids": {"client_id": "new-app"}, "resource_servers": ["new-app", "my-api"]}}).to_string();
    server.check("alice", "POST", "/api/v3/users/alice/clients", &new, "200");
}

#[test]
fn a_resource_server_that_may_not_be_used_is_told_of_no_tokens() {
    let (server, secret) = fixture();
    let api = server.has_app("alice", "my-api", &[]);
    set(&server, json!({"resource_servers": ["my-api"]}), "200");
    let reply = signed_in(&server, "my-app", &secret, &[("scope", "openid")]);
    for (state, is_active) in [("STATE_SUSPENDED", false), ("STATE_APPROVED", true), ("STATE_REJECTED", false)] {
        server.has_state("my-api", state);
        let told = introspected(&server, "my-api", &api, &reply["access_token"]);
        assert_eq!((&told["active"], told["username"].is_string()), (&json!(is_active), is_active), "{state}");
    }
}
