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

/// Contract 9, item 77.
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
