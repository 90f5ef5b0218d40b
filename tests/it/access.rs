//! What accounts in each state may do, and what `auth_info` tells them.

use keyfob::model::settings::{AdminRights, Approval, Settings};
use serde_json::json;

use crate::server::Server;

/// Alice in a state, with a text.
fn alice_in(state: &str, text: &str) -> Server {
    let mut server = Server::start();
    server.has_user("alice");
    server.has_client("alice", "my-app");
    let body = json!({"user": {"state": state, "state_description": text}, "field_mask": {"paths": ["state", "state_description"]}});
    server.check("admin", "PUT", "/api/v3/users/alice", &body.to_string(), "200");
    server
}

fn rights_of(server: &Server, who: &str) -> Vec<String> {
    let answer = server.check(who, "GET", "/api/v3/auth_info", "", "200");
    let mut rights: Vec<String> = answer.json()["api_key"]["api_key"]["rights"]
        .as_array()
        .expect("rights")
        .iter()
        .map(|r| r.as_str().unwrap_or_default().to_owned())
        .collect();
    rights.sort();
    rights
}

/// registry.md 9, item 53, as far as it is about the state.
#[test]
fn a_requested_user_may_read_change_and_delete_himself() {
    let server = alice_in("STATE_REQUESTED", "");
    let answer = server.check("alice", "GET", "/api/v3/auth_info", "", r#"200 {"universal_rights":{}}"#);
    assert_eq!(answer.header("X-Warning"), Some("Restricted rights while account pending"));
    assert_eq!(rights_of(&server, "alice"), ["RIGHT_USER_DELETE", "RIGHT_USER_INFO", "RIGHT_USER_SETTINGS_BASIC"]);
    server.check("alice", "GET", "/api/v3/clients/my-app", "", "403 user_requested");
}

/// registry.md 9, item 56.
#[test]
fn an_administrator_has_universal_rights() {
    let server = Server::start();
    let info = server.check("admin", "GET", "/api/v3/auth_info", "", r#"200 {"is_admin":true}"#).json();
    let universal = info["universal_rights"]["rights"].as_array().expect("universal rights").clone();
    assert!(universal.contains(&json!("RIGHT_CLIENT_DELETE")) && !universal.contains(&json!("RIGHT_CLIENT_ALL")));
}

#[test]
fn with_all_administrator_rights_nothing_is_left_out() {
    let server = Server::with(Settings { approval: Approval::Manual, admin_rights: AdminRights::All, ..Settings::default() });
    let info = server.check("admin", "GET", "/api/v3/auth_info", "", "200").json();
    assert_eq!(info["universal_rights"]["rights"].as_array().map(Vec::len), Some(63));
}

/// registry.md 9, item 57.
#[test]
fn an_expired_key_is_refused() {
    let mut server = Server::start();
    server.has_user("alice");
    let body = r#"{"name":"short","rights":["RIGHT_USER_INFO"],"expires_at":"2026-01-02T04:04:05Z"}"#;
    let made = server.check("alice", "POST", "/api/v3/users/alice/api-keys", body, "200").json();
    server.knows_key("short", made["key"].as_str().expect("a key"));
    server.check("short", "GET", "/api/v3/auth_info", "", "200");
    server.wait_seconds(3600);
    server.check("short", "GET", "/api/v3/auth_info", "", "401 api_key_expired");
}

#[test]
fn a_flagged_administrator_has_no_powers() {
    let mut server = Server::start();
    server.has_user("alice");
    server.check("admin", "PUT", "/api/v3/users/alice", r#"{"user":{"admin":true},"field_mask":"admin"}"#, "200");
    server.check("alice", "GET", "/api/v3/users", "", "200");
    server.check("admin", "PUT", "/api/v3/users/alice", r#"{"user":{"state":"STATE_FLAGGED"},"field_mask":"state"}"#, "200");
    server.check("alice", "GET", "/api/v3/users", "", "403 permission_denied");
}

#[test]
fn a_wrong_key_and_an_unknown_id_are_refused_alike() {
    let server = Server::start();
    let (id, key) = crate::server::ADMIN_KEY.rsplit_once('.').expect("three parts");
    let wrong = format!("Bearer {id}.{}", key.replace('A', "B"));
    let answer = server.send_with(Some(&wrong), &[], "GET", "/api/v3/auth_info", b"");
    assert_eq!((answer.status, answer.error()), (401, "invalid_authorization".to_owned()));
    let unknown = server.send_with(Some("Bearer NNSXS.A.B"), &[], "GET", "/api/v3/auth_info", b"");
    assert_eq!((unknown.status, unknown.error()), (401, "api_key_not_found".to_owned()));
    assert_eq!(answer.header("WWW-Authenticate"), unknown.header("WWW-Authenticate"));
}

#[test]
fn the_server_tells_what_it_expects_of_users() {
    let configuration = Server::start().check("anon", "GET", "/api/v3/is/configuration", "", "200").json();
    let registration = &configuration["configuration"]["user_registration"];
    assert_eq!(registration["password_requirements"]["min_length"], 8);
    assert!(registration.get("enabled").is_none());
    assert_eq!(configuration["configuration"]["profile_picture"], json!({"disable_upload": true, "use_gravatar": false}));
}
