//! Signing in to an app: the ID token and userinfo (OpenID Connect Core 1.0).

use data_encoding::BASE64URL_NOPAD;
use keyfob::base::jws::TokenType;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::fixture;
use super::keys::verified;
use crate::browser::{CALLBACK, form};
use crate::server::{Answer, Server};

/// What bob's agreement to this scope brings the client.
pub fn signed_in(server: &Server, client: &str, secret: &str, more: &[(&str, &str)]) -> Value {
    let code = server.signed_in("bob").code(server, client, more);
    exchanged(server, client, secret, &code)
}

pub fn exchanged(server: &Server, client: &str, secret: &str, code: &str) -> Value {
    let answer = server.token(&[
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("client_id", client),
        ("client_secret", secret),
    ]);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// The claims of the ID token of a reply.
#[track_caller]
pub fn id_token(server: &Server, reply: &Value) -> Value {
    let token = reply["id_token"].as_str().unwrap_or_else(|| panic!("no ID token in {reply}"));
    verified(server, token, TokenType::IdToken).expect("it is signed by this server")
}

pub fn userinfo(server: &Server, reply: &Value) -> Answer {
    let bearer = format!("Bearer {}", reply["access_token"].as_str().expect("an access token"));
    server.send_with(Some(&bearer), &[], "GET", "/oauth/userinfo", b"")
}

#[test]
fn an_id_token_says_who_signed_in_where_when_and_for_whom() {
    let (server, secret) = fixture();
    let before = server.app.store().now().seconds();
    let mut bob = server.signed_in("bob");
    server.wait_seconds(100);
    let code = bob.code(&server, "my-app", &[("scope", "openid"), ("nonce", "n-0S6_WzA2Mj")]);
    server.wait_seconds(10);
    let reply = exchanged(&server, "my-app", &secret, &code);
    let claims = id_token(&server, &reply);
    let now = server.app.store().now().seconds();
    assert_eq!(claims["iss"], server.app.settings().public_url);
    assert_eq!((&claims["aud"], &claims["nonce"]), (&json!("my-app"), &json!("n-0S6_WzA2Mj")));
    assert_eq!((&claims["iat"], &claims["exp"], &claims["auth_time"]), (&json!(now), &json!(now + 3600), &json!(before)));
    let access = reply["access_token"].as_str().expect("an access token");
    assert_eq!(claims["at_hash"], BASE64URL_NOPAD.encode(&Sha256::digest(access)[..16]));
    let subject = claims["sub"].as_str().expect("a subject");
    assert!(subject.len() == 32 && subject != "bob", "{subject}");
    let session: String = server.value("SELECT session_id FROM sessions WHERE user_id = 'bob'");
    assert!(claims["sid"].as_str().is_some_and(|sid| sid.len() == 43 && !sid.contains(&session)));
    assert_eq!(claims.get("azp"), None);
    assert_eq!(userinfo(&server, &reply).json(), json!({"sub": subject}));
}

#[test]
fn without_openid_there_is_no_id_token_and_no_userinfo() {
    let (server, secret) = fixture();
    let reply = signed_in(&server, "my-app", &secret, &[("nonce", "n"), ("scope", "RIGHT_USER_INFO profile email")]);
    assert_eq!(reply.get("id_token"), None);
    let refused = userinfo(&server, &reply);
    assert_eq!((refused.status, refused.json()["error"].as_str()), (403, Some("insufficient_scope")));
    let challenge = refused.header("WWW-Authenticate").expect("a challenge");
    assert_eq!(challenge, r#"Bearer realm="keyfob", error="insufficient_scope", scope="openid""#);
}

#[test]
fn a_refresh_brings_an_id_token_of_the_same_sign_in_without_nonce() {
    let (server, secret) = fixture();
    let first = signed_in(&server, "my-app", &secret, &[("scope", "openid offline_access"), ("nonce", "n")]);
    server.wait_seconds(5000);
    let refresh = first["refresh_token"].as_str().expect("a refresh token");
    let next = server.refresh("my-app", &secret, refresh).json();
    let (before, after) = (id_token(&server, &first), id_token(&server, &next));
    for same in ["iss", "sub", "aud", "auth_time", "sid"] {
        assert_eq!(before[same], after[same], "{same}");
    }
    assert_eq!(after.get("nonce"), None);
    assert_eq!(after["iat"], json!(before["iat"].as_i64().expect("a time") + 5000));
    assert_ne!(before["at_hash"], after["at_hash"]);
    // Asked again, because the reply was lost.
    let again = server.refresh("my-app", &secret, refresh).json();
    assert_eq!(id_token(&server, &again)["at_hash"], after["at_hash"]);
    let less = server.token(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", next["refresh_token"].as_str().expect("a refresh token")),
        ("client_id", "my-app"),
        ("client_secret", &secret),
        ("scope", "openid"),
    ]);
    assert!(less.json()["id_token"].is_string() && less.json()["refresh_token"].is_string());
}

#[test]
fn userinfo_tells_what_the_scope_asks_for_and_nothing_else() {
    let (server, secret) = fixture();
    let change = r#"{"user":{"name":"Bob B."},"field_mask":"name"}"#;
    server.check("bob", "PUT", "/api/v3/users/bob", change, "200");
    let organization = r#"{"organization":{"ids":{"organization_id":"crew"}}}"#;
    server.check("admin", "POST", "/api/v3/users/bob/organizations", organization, "200");
    let told = |scope: &str| {
        let mut told = userinfo(&server, &signed_in(&server, "my-app", &secret, &[("scope", scope)])).json();
        told.as_object_mut().expect("an object").remove("sub").expect("a subject");
        told
    };
    assert_eq!(told("openid"), json!({}));
    assert_eq!(told("openid email"), json!({"email": "bob@example.com", "email_verified": false}));
    assert_eq!(told("openid groups"), json!({"groups": ["crew"]}));
    let profile = told("openid profile");
    assert_eq!((&profile["name"], &profile["preferred_username"]), (&json!("Bob B."), &json!("bob")));
    assert!(profile["updated_at"].is_i64() && profile.as_object().is_some_and(|profile| profile.len() == 3));
}

#[test]
fn userinfo_takes_the_token_in_the_header_or_in_a_form_and_never_twice_or_in_the_url() {
    let (server, secret) = fixture();
    let reply = signed_in(&server, "my-app", &secret, &[("scope", "openid")]);
    let token = reply["access_token"].as_str().expect("a token");
    let bearer = format!("Bearer {token}");
    let form_type = [("Content-Type", "application/x-www-form-urlencoded")];
    let body = form(&[("access_token", token)]);
    for (method, header, body) in [("GET", Some(&bearer), ""), ("POST", Some(&bearer), ""), ("POST", None, body.as_str())] {
        let answer = server.send_with(header.map(String::as_str), &form_type, method, "/oauth/userinfo", body.as_bytes());
        assert_eq!((answer.status, answer.json()["sub"].is_string()), (200, true), "{method} {body}");
        assert_eq!(answer.header("Cache-Control"), Some("no-store"));
    }
    let twice = format!("{body}&{body}");
    let in_url = format!("/oauth/userinfo?access_token={token}");
    for (method, target, header, body) in [
        ("POST", "/oauth/userinfo", Some(&bearer), body.as_str()),
        ("POST", "/oauth/userinfo", None, &twice),
        ("GET", &in_url, None, ""),
        ("POST", &in_url, Some(&bearer), ""),
    ] {
        let answer = server.send_with(header.map(String::as_str), &form_type, method, target, body.as_bytes());
        assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some("invalid_request")), "{method} {target} {body}");
        let challenge = answer.header("WWW-Authenticate").expect("a challenge");
        assert_eq!(challenge, r#"Bearer realm="keyfob", error="invalid_request""#);
    }
    // A body of another type is no form.
    let json = [("Content-Type", "application/json")];
    let body = json!({"access_token": token}).to_string();
    assert_eq!(server.send_with(None, &json, "POST", "/oauth/userinfo", body.as_bytes()).status, 401);
}

#[test]
fn userinfo_refuses_without_a_valid_access_token_with_a_challenge() {
    let (server, secret) = fixture();
    let mut bob = server.signed_in("bob");
    let none = bob.get(&server, "/oauth/userinfo");
    assert_eq!((none.status, none.header("WWW-Authenticate")), (401, Some(r#"Bearer realm="keyfob""#)), "the cookie counts for nothing");
    let reply = signed_in(&server, "my-app", &secret, &[("scope", "openid offline_access")]);
    let refresh = reply["refresh_token"].as_str().expect("a refresh token");
    let (access, id) = (reply["access_token"].as_str().expect("a token"), reply["id_token"].as_str().expect("an ID token"));
    let (name, _) = access.rsplit_once('.').expect("parts");
    let wrong_key = format!("{name}.WRONG");
    for token in [refresh, id, wrong_key.as_str(), "nonsense", "a.b.c", crate::server::ADMIN_KEY] {
        let answer = server.send_with(Some(&format!("Bearer {token}")), &[], "GET", "/oauth/userinfo", b"");
        assert_eq!((answer.status, answer.json()["error"].as_str()), (401, Some("invalid_token")), "{token}");
        let challenge = answer.header("WWW-Authenticate").expect("a challenge");
        assert_eq!(challenge, r#"Bearer realm="keyfob", error="invalid_token""#);
    }
    let suspended = r#"{"user":{"state":"STATE_SUSPENDED"},"field_mask":"state"}"#;
    server.check("admin", "PUT", "/api/v3/users/bob", suspended, "200");
    assert_eq!(userinfo(&server, &reply).status, 401);
    let approved = r#"{"user":{"state":"STATE_APPROVED"},"field_mask":"state"}"#;
    server.check("admin", "PUT", "/api/v3/users/bob", approved, "200");
    assert_eq!(userinfo(&server, &reply).status, 200);
    server.wait_seconds(3600);
    assert_eq!(userinfo(&server, &reply).status, 401, "it has ended");
}

#[test]
fn a_token_that_signs_in_opens_userinfo_and_nothing_else() {
    let (server, secret) = fixture();
    let reply = signed_in(&server, "my-app", &secret, &[("scope", "openid profile")]);
    let token = reply["access_token"].as_str().expect("a token");
    let bearer = format!("Bearer {token}");
    for target in ["/api/v3/users/bob", "/api/v3/auth_info", "/api/v3/clients/my-app", "/api/v3/clients", "/api/v3/users/bob/rights"] {
        let answer = server.send_with(Some(&bearer), &[], "GET", target, b"");
        assert_eq!((answer.status, answer.error().as_str()), (403, "token_without_rights"), "{target}");
    }
    let introspected = server.send_with(Some(&bearer), &[], "POST", "/oauth/introspect", form(&[("token", token)]).as_bytes());
    assert_eq!(introspected.status, 403);
    // With a right beside, it opens what that allows.
    let reply = signed_in(&server, "my-app", &secret, &[("scope", "openid RIGHT_USER_INFO")]);
    let token = reply["access_token"].as_str().expect("a token");
    assert_eq!((server.status_with(token, "/api/v3/users/bob"), userinfo(&server, &reply).status), (200, 200));
}

#[test]
fn a_subject_stays_with_its_user_and_is_never_given_again() {
    let (mut server, secret) = fixture();
    let subject = |server: &Server| id_token(server, &signed_in(server, "my-app", &secret, &[("scope", "openid")]))["sub"].clone();
    let first = subject(&server);
    server.check("bob", "PUT", "/api/v3/users/bob", r#"{"user":{"name":"Another"},"field_mask":"name"}"#, "200");
    assert_eq!(subject(&server), first);
    server.check("admin", "DELETE", "/api/v3/users/bob", "", "200");
    server.check("admin", "DELETE", "/api/v3/users/bob/purge", "", "200");
    server.has_user("bob");
    assert_ne!(subject(&server), first);
}

#[test]
fn an_address_is_verified_only_if_this_very_one_was_validated() {
    let (server, secret) = fixture();
    let reply = signed_in(&server, "my-app", &secret, &[("scope", "openid email")]);
    let is_verified = || userinfo(&server, &reply).json()["email_verified"].clone();
    let change = |by: &str, fields: Value| {
        let paths: Vec<String> = fields.as_object().expect("fields").keys().cloned().collect();
        let body = json!({"user": fields, "field_mask": paths.join(",")}).to_string();
        server.check(by, "PUT", "/api/v3/users/bob", &body, "200");
    };
    let validated_at = "primary_email_address_validated_at";
    assert_eq!(is_verified(), false);
    change("admin", json!({validated_at: "2026-01-01T00:00:00Z"}));
    assert_eq!(is_verified(), true);
    change("admin", json!({"primary_email_address": "other@example.com"}));
    assert_eq!(is_verified(), false, "an administrator's change leaves no validation of another address");
    change("admin", json!({"primary_email_address": "third@example.com", validated_at: "2026-01-01T00:00:00Z"}));
    assert_eq!(is_verified(), true);
    change("admin", json!({"name": "Bob"}));
    assert_eq!(is_verified(), true);
    change("bob", json!({"primary_email_address": "bob@example.com"}));
    assert_eq!(is_verified(), false);
}

#[test]
fn the_groups_of_a_user_are_the_organizations_that_administrators_made_and_admins() {
    let (server, secret) = fixture();
    let create = |by: &str, id: &str| {
        let body = json!({"organization": {"ids": {"organization_id": id}}}).to_string();
        server.check(by, "POST", "/api/v3/users/bob/organizations", &body, "200");
    };
    create("admin", "crew");
    create("admin", "alumni");
    create("bob", "bobs-own");
    let reply = signed_in(&server, "my-app", &secret, &[("scope", "openid groups")]);
    let groups = || userinfo(&server, &reply).json()["groups"].clone();
    assert_eq!(groups(), json!(["alumni", "crew"]), "nobody makes themselves a member of a group that an app may know");
    let counts = |by: &str, id: &str, counts: Value, status: &str| {
        let body = json!({"organization": {"group": counts}, "field_mask": "group"}).to_string();
        server.check(by, "PUT", &format!("/api/v3/organizations/{id}"), &body, status);
    };
    counts("bob", "bobs-own", json!(true), "403 update_admin_field");
    counts("admin", "bobs-own", json!(true), "200");
    counts("admin", "alumni", json!(false), "200");
    assert_eq!(groups(), json!(["bobs-own", "crew"]));
    server.check("admin", "DELETE", "/api/v3/organizations/crew", "", "200");
    server.check("admin", "PUT", "/api/v3/users/bob", r#"{"user":{"admin":true},"field_mask":"admin"}"#, "200");
    assert_eq!(groups(), json!(["admins", "bobs-own"]));
    let reserved = r#"{"organization":{"ids":{"organization_id":"admins"}}}"#;
    server.check("admin", "POST", "/api/v3/users/bob/organizations", reserved, "400 forbidden_id");
}
