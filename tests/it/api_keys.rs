//! API keys of users and organizations.

use serde_json::json;

use crate::server::Server;

fn alice() -> Server {
    let mut server = Server::start();
    server.has_user("alice");
    server
}

fn key(name: &str, rights: &[&str]) -> String {
    json!({"name": name, "rights": rights}).to_string()
}

/// registry.md 9, item 77.
#[test]
fn a_key_is_made_read_changed_listed_and_deleted() {
    let server = alice();
    let made = server.check("alice", "POST", "/api/v3/users/alice/api-keys", &key("first", &["RIGHT_USER_INFO"]), "200").json();
    let path = format!("/api/v3/users/alice/api-keys/{}", made["id"].as_str().expect("an ID"));
    let got = server.check("alice", "GET", &path, "", r#"200 {"name":"first","rights":["RIGHT_USER_INFO"]}"#).json();
    assert!(got.get("key").is_none(), "the key itself is shown once");
    server.check(
        "alice",
        "PUT",
        &path,
        r#"{"api_key":{"name":"second"},"field_mask":"name"}"#,
        r#"200 {"name":"second","rights":["RIGHT_USER_INFO"]}"#,
    );
    assert_eq!(server.check("alice", "GET", "/api/v3/users/alice/api-keys", "", "200").total(), "2");
    server.check("alice", "DELETE", &path, "", "200 {}");
    server.check("alice", "GET", &path, "", "404 api_key_not_found");
    server.check("alice", "PUT", &path, r#"{"api_key":{"name":"x"},"field_mask":"name"}"#, "404 api_key_not_found");
    server.check("alice", "DELETE", &path, "", "404 api_key_not_found");
}

#[test]
fn a_key_that_is_left_without_rights_is_deleted() {
    let server = alice();
    let made = server.check("alice", "POST", "/api/v3/users/alice/api-keys", &key("gone", &["RIGHT_USER_INFO"]), "200").json();
    let path = format!("/api/v3/users/alice/api-keys/{}", made["id"].as_str().expect("an ID"));
    assert_eq!(server.check("alice", "PUT", &path, r#"{"api_key":{"name":"x"}}"#, "200").json(), json!({}));
    server.check("alice", "GET", &path, "", "404 api_key_not_found");
}

#[test]
fn a_key_never_gives_a_right_that_its_maker_lacks() {
    let mut server = alice();
    server.gives_key("alice", "keeper", &["RIGHT_USER_ALL"]);
    let refused = server.check("keeper", "POST", "/api/v3/users/alice/api-keys", &key("x", &["RIGHT_ALL"]), "403 insufficient_user_rights");
    assert_eq!(refused.json()["details"][0]["attributes"]["missing"], json!(["RIGHT_ALL"]));
    server.check("keeper", "POST", "/api/v3/users/alice/api-keys", &key("x", &["RIGHT_USER_ALL"]), "200");
    server.check("keeper", "POST", "/api/v3/users/alice/api-keys", &key("x", &["RIGHT_CLIENT_INFO"]), "403 insufficient_user_rights");
}

#[test]
fn keys_come_in_pages_and_in_order() {
    let server = alice();
    for name in ["delta", "bravo", "charlie"] {
        server.check("alice", "POST", "/api/v3/users/alice/api-keys", &key(name, &["RIGHT_USER_INFO"]), "200");
    }
    let names = |query: &str| {
        let keys = server.check("alice", "GET", &format!("/api/v3/users/alice/api-keys?{query}"), "", "200").json();
        keys["api_keys"].as_array().into_iter().flatten().map(|key| key["name"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("order=name"), ["alice", "bravo", "charlie", "delta"]);
    assert_eq!(names("order=-created_at&limit=2"), ["charlie", "bravo"]);
    assert_eq!(names("order=name&limit=3&page=2"), ["delta"]);
    server.check("alice", "GET", "/api/v3/users/alice/api-keys?order=rights", "", "400 validation");
}

#[test]
fn an_expiry_in_the_past_is_refused_before_anyone_is_asked_who_he_is() {
    let body = r#"{"rights":["RIGHT_USER_INFO"],"expires_at":"2020-01-01T00:00:00Z"}"#;
    alice().check("anon", "POST", "/api/v3/users/alice/api-keys", body, "400 validation");
}

#[test]
fn administrators_leave_other_peoples_keys_alone() {
    alice().check("admin", "GET", "/api/v3/users/alice/api-keys", "", "403 insufficient_user_rights");
}

#[test]
fn a_weaker_key_cannot_bring_an_expired_stronger_key_back() {
    let mut server = alice();
    server.has_organization("alice", "acme-corp");
    let keeper = key("keeper", &["RIGHT_ORGANIZATION_SETTINGS_API_KEYS", "RIGHT_ORGANIZATION_INFO"]);
    let keeper = server.check("alice", "POST", "/api/v3/organizations/acme-corp/api-keys", &keeper, "200").json();
    server.knows_key("acme-keeper", keeper["key"].as_str().expect("a key"));
    server.gives_key("alice", "keeper", &["RIGHT_USER_SETTINGS_API_KEYS", "RIGHT_USER_INFO"]);
    for (keeper, owner, strong, weak) in [
        ("keeper", "users/alice", "RIGHT_ALL", "RIGHT_USER_INFO"),
        ("keeper", "users/alice", "RIGHT_USER_ALL", "RIGHT_USER_INFO"),
        ("acme-keeper", "organizations/acme-corp", "RIGHT_ORGANIZATION_ALL", "RIGHT_ORGANIZATION_INFO"),
    ] {
        let keys = format!("/api/v3/{owner}/api-keys");
        let ends = |rights: &[&str]| json!({"name": "k", "rights": rights, "expires_at": "2026-01-02T03:34:05Z"}).to_string();
        let made = Server::check(&server, "alice", "POST", &keys, &ends(&[strong]), "200").json();
        let path = format!("{keys}/{}", made["id"].as_str().expect("an ID"));
        let kind = if owner.starts_with("users") { "user" } else { "organization" };
        let refusal = format!("403 insufficient_{kind}_rights");
        for change in [
            json!({"api_key": {"expires_at": "2030-01-01T00:00:00Z"}, "field_mask": "expires_at"}),
            json!({"api_key": {}, "field_mask": "expires_at"}),
            json!({"api_key": {"name": "mine", "expires_at": null}, "field_mask": "name,expires_at"}),
            json!({"api_key": {"rights": [strong, weak]}, "field_mask": "rights"}),
            json!({"api_key": {"rights": [strong, weak], "expires_at": "2030-01-01T00:00:00Z"}, "field_mask": "rights,expires_at"}),
        ] {
            server.check(keeper, "PUT", &path, &change.to_string(), &refusal);
        }
        let kept = server.check("alice", "GET", &path, "", r#"200 {"name":"k","expires_at":"2026-01-02T03:34:05Z"}"#).json();
        assert_eq!(kept["rights"], json!([strong]));
        // It may name it, let it end sooner, and delete it; and do anything with a key that opens no more than itself.
        server.check(keeper, "PUT", &path, r#"{"api_key":{"name":"x"},"field_mask":"name"}"#, "200");
        let sooner = r#"{"api_key":{"expires_at":"2026-01-02T03:20:05Z"},"field_mask":"expires_at"}"#;
        server.check(keeper, "PUT", &path, sooner, "200");
        server.check(keeper, "DELETE", &path, "", "200");
        let made = server.check(keeper, "POST", &keys, &ends(&[weak]), "200").json();
        let path = format!("{keys}/{}", made["id"].as_str().expect("an ID"));
        server.check(keeper, "PUT", &path, r#"{"api_key":{"expires_at":"2030-01-01T00:00:00Z"},"field_mask":"expires_at"}"#, "200");
    }
}
