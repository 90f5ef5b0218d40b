//! `scope` with `openid`: what a client that signs users in may ask for, and is granted.

use serde_json::{Value, json};

use super::fixture;
use super::sign_in::signed_in;
use crate::browser::{authorize_target, form};
use crate::server::{ADMIN_KEY, Answer, Server};

/// What bob's agreement to this scope brings `my-app`.
fn granted(server: &Server, secret: &str, scope: &str) -> Value {
    signed_in(server, "my-app", secret, &[("scope", scope)])
}

fn refresh(server: &Server, secret: &str, token: &Value, scope: Option<&str>) -> Answer {
    let token = token.as_str().expect("a refresh token");
    let mut pairs = vec![("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", "my-app"), ("client_secret", secret)];
    pairs.extend(scope.map(|scope| ("scope", scope)));
    server.token(&pairs)
}

/// The scope of a token, as introspection returns it.
fn introspected(server: &Server, token: &Value) -> Value {
    let bearer = format!("Bearer {ADMIN_KEY}");
    let body = form(&[("token", token.as_str().expect("a token"))]);
    server.send_with(Some(&bearer), &[], "POST", "/oauth/introspect", body.as_bytes()).json()["scope"].clone()
}

#[test]
fn with_openid_only_the_rights_that_are_named_are_granted_and_the_scope_is_always_told() {
    let (server, secret) = fixture();
    for (asked, told) in [
        ("openid", "openid"),
        ("email openid profile", "openid profile email"),
        ("groups openid unknown address phone", "openid groups"),
        ("RIGHT_USER_INFO openid", "openid RIGHT_USER_INFO"),
        ("openid RIGHT_USER_INFO RIGHT_USER_DELETE", "openid RIGHT_USER_INFO"),
        ("openid RIGHT_USER_DELETE", "openid"),
        ("openid openid", "openid"),
    ] {
        let answer = granted(&server, &secret, asked);
        assert_eq!((&answer["scope"], introspected(&server, &answer["access_token"])), (&json!(told), json!(told)), "{asked}");
    }
}

#[test]
fn words_of_openid_connect_ask_for_nothing_without_openid() {
    let (server, secret) = fixture();
    let answer = granted(&server, &secret, "profile email groups offline_access");
    assert_eq!(answer["scope"], "RIGHT_USER_INFO");
    assert!(answer["refresh_token"].is_string());
}

#[test]
fn with_openid_a_refresh_token_comes_with_offline_access_alone_and_only_for_a_client_with_the_grant() {
    let (server, secret) = fixture();
    assert_eq!(granted(&server, &secret, "openid").get("refresh_token"), None);
    let answer = granted(&server, &secret, "openid offline_access");
    assert_eq!(answer["scope"], "openid offline_access");
    assert!(answer["refresh_token"].is_string());
    let grants = r#"{"client":{"grants":["GRANT_AUTHORIZATION_CODE"]},"field_mask":"grants"}"#;
    server.check("admin", "PUT", "/api/v3/clients/my-app", grants, "200");
    let answer = granted(&server, &secret, "openid offline_access");
    assert_eq!((&answer["scope"], answer.get("refresh_token")), (&json!("openid"), None));
}

#[test]
fn a_refresh_narrows_the_words_of_a_scope_as_it_narrows_rights() {
    let (server, secret) = fixture();
    let first = granted(&server, &secret, "openid profile email offline_access RIGHT_USER_INFO");
    let less = refresh(&server, &secret, &first["refresh_token"], Some("openid email")).json();
    assert_eq!(less["scope"], "openid email");
    assert_eq!(introspected(&server, &less["access_token"]), "openid email");
    assert_eq!(introspected(&server, &less["refresh_token"]), "openid profile email offline_access RIGHT_USER_INFO");
    let more = refresh(&server, &secret, &less["refresh_token"], Some("openid groups"));
    assert_eq!((more.status, &more.json()["error"]), (400, &json!("invalid_scope")));
    let nothing = refresh(&server, &secret, &less["refresh_token"], Some("email"));
    assert_eq!((nothing.status, &nothing.json()["error"]), (400, &json!("invalid_scope")), "without openid it asks for nothing");
    let whole = refresh(&server, &secret, &less["refresh_token"], None).json();
    assert_eq!(whole["scope"], "openid profile email offline_access RIGHT_USER_INFO");
}

#[test]
fn a_user_who_agreed_to_some_words_is_asked_again_for_more_of_them() {
    let (server, _) = fixture();
    let mut bob = server.signed_in("bob");
    let target = |scope: &str| authorize_target("my-app", &[("scope", scope)]);
    let page = bob.opens(&server, &target("openid email"));
    assert!(page.asks_for_consent() && page.scopes_asked_for() == ["openid", "email"], "{}", page.text());
    assert!(page.text().contains("bob@example.com") && page.rights_asked_for().is_empty());
    bob.code(&server, "my-app", &[("scope", "openid email")]);
    for less in ["openid", "openid email", "openid email unknown"] {
        assert!(bob.get(&server, &target(less)).location_parameter("code").is_some(), "{less}");
    }
    for more in ["openid groups", "openid email offline_access", "openid RIGHT_USER_INFO"] {
        assert!(bob.opens(&server, &target(more)).asks_for_consent(), "{more}");
    }
    let agreed = server.check("bob", "GET", "/api/v3/users/bob/authorizations", "", "200").json();
    assert_eq!(agreed["authorizations"][0]["scopes"], json!(["openid", "email"]));
    // A form that showed less does not agree to more.
    let shown = [("authorize", "true"), ("shown", "0"), ("shown_words", "openid email")];
    assert!(bob.post(&server, &target("openid email groups"), &shown).asks_for_consent());
    assert_eq!(bob.post(&server, &target("openid email"), &shown).status, 303);
}

#[test]
fn a_nonce_is_at_most_512_bytes_long_and_sent_once() {
    let (server, _) = fixture();
    let mut bob = server.signed_in("bob");
    let error = |nonce: &str, scope: &str, more: &str, bob: &mut crate::browser::Browser| {
        let target = authorize_target("my-app", &[("scope", scope), ("nonce", nonce)]) + more;
        bob.post(&server, &target, &[("authorize", "true")]).location_parameter("error")
    };
    assert_eq!(error(&"n".repeat(512), "openid", "", &mut bob), None);
    assert_eq!(error(&"n".repeat(513), "openid", "", &mut bob).as_deref(), Some("invalid_request"));
    assert_eq!(error("n", "openid", "&nonce=n", &mut bob).as_deref(), Some("invalid_request"));
    assert_eq!(error(&"n".repeat(513), "RIGHT_USER_INFO", "", &mut bob), None, "plain OAuth knows no nonce");
}
