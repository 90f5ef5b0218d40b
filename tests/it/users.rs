//! Users: registration, passwords, deletion.

use keyfob::model::settings::{Approval, Settings, UserRegistration};
use serde_json::json;

use crate::server::Server;

fn user(id: &str, password: &str) -> String {
    json!({"user": {"ids": {"user_id": id}, "primary_email_address": format!("{id}@example.com"), "password": password}}).to_string()
}

fn open() -> Server {
    Server::with(Settings { approval: Approval::Manual, user_registration: UserRegistration::Open, ..Settings::default() })
}

fn alice() -> Server {
    let mut server = Server::start();
    server.has_user("alice");
    server
}

/// registry.md 9, item 87.
#[test]
fn nobody_registers_where_registration_is_closed() {
    let server = Server::start();
    server.check("anon", "POST", "/api/v3/users", &user("newcomer", "Good-passw0rd"), "400 user_registration_disabled");
    server.check("admin", "GET", "/api/v3/users/newcomer", "", "404 user_not_found");
}

/// registry.md 9, item 87.
#[test]
fn a_user_who_registers_is_approved_and_nothing_more() {
    let server = open();
    let body = json!({"user": {"ids": {"user_id": "newcomer"}, "primary_email_address": "n@example.com", "password": "Good-passw0rd", "admin": true,
        "state": "STATE_FLAGGED", "state_description": "x", "primary_email_address_validated_at": "2020-01-01T00:00:00Z", "temporary_password": "Temp-passw0rd"}});
    let made = server.check("anon", "POST", "/api/v3/users", &body.to_string(), r#"200 {"state":"STATE_APPROVED"}"#).json();
    for field in ["admin", "state_description", "primary_email_address_validated_at", "temporary_password", "password"] {
        assert!(made.get(field).is_none(), "{field}");
    }
}

#[test]
fn bad_credentials_count_as_none_when_somebody_registers() {
    open().check("nobody-knows-him", "POST", "/api/v3/users", &user("newcomer", "Good-passw0rd"), "200");
}

/// registry.md 9, item 88.
#[test]
fn a_password_is_changed_by_who_knows_the_old_one() {
    let server = alice();
    let change = |old: &str, new: &str| json!({"old": old, "new": new}).to_string();
    let path = "/api/v3/users/alice/password";
    server.check("anon", "PUT", path, &change("wrong", "New-passw0rd"), "401 old_password");
    server.check("anon", "PUT", path, &change("Hunter2-hunter2", "weak"), "400 password_strength_min_length");
    let before = server.send("alice", "GET", "/api/v3/users/alice?field_mask=password_updated_at", "").json();
    server.check("anon", "PUT", path, &change("Hunter2-hunter2", "New-passw0rd"), "200 {}");
    let after = server.send("alice", "GET", "/api/v3/users/alice?field_mask=password_updated_at", "").json();
    assert_ne!(before["password_updated_at"], after["password_updated_at"]);
    server.check("anon", "PUT", path, &change("Hunter2-hunter2", "Another-passw0rd"), "401 old_password");
    server.check("anon", "PUT", path, &change("New-passw0rd", "Another-passw0rd"), "200");
}

#[test]
fn weak_passwords_are_told_what_they_lack() {
    let server = Server::start();
    for (password, error) in [
        ("Ab1", "password_strength_min_length"),
        ("lower-case-1", "password_strength_uppercase"),
        ("No-digits-here", "password_strength_digits"),
        ("My-NewComer-1", "password_contains_user_id"),
    ] {
        server.check("admin", "POST", "/api/v3/users", &user("newcomer", password), &format!("400 {error}"));
    }
}

#[test]
fn a_temporary_password_changes_the_password_once_and_not_after_its_end() {
    let server = alice();
    let set = json!({"user": {"temporary_password": "Temp-passw0rd-1", "temporary_password_expires_at": "2026-01-02T04:00:00Z"},
        "field_mask": {"paths": ["temporary_password", "temporary_password_expires_at"]}});
    let change = |new: &str| json!({"old": "Temp-passw0rd-1", "new": new}).to_string();
    server.check("alice", "PUT", "/api/v3/users/alice", &set.to_string(), "403 update_admin_field");
    server.check("admin", "PUT", "/api/v3/users/alice", &set.to_string(), r#"200 {"temporary_password":"Temp-passw0rd-1"}"#);
    server.check("anon", "PUT", "/api/v3/users/alice/password", &change("New-passw0rd-1"), "200");
    server.check("anon", "PUT", "/api/v3/users/alice/password", &change("New-passw0rd-2"), "401 old_password");
    server.check("admin", "PUT", "/api/v3/users/alice", &set.to_string(), "200");
    server.wait_seconds(3600);
    server.check("anon", "PUT", "/api/v3/users/alice/password", &change("New-passw0rd-3"), "401 temporary_password_expired");
}

/// registry.md 9, item 89.
#[test]
fn a_deleted_users_key_is_dead_and_he_is_not_found() {
    let server = alice();
    server.check("alice", "DELETE", "/api/v3/users/alice", "", "200 {}");
    server.check("alice", "GET", "/api/v3/auth_info", "", "401 api_key_not_found");
    server.check("admin", "GET", "/api/v3/users/alice", "", "404 user_not_found");
}

#[test]
fn an_address_is_unique_among_the_living_without_regard_to_case() {
    let mut server = alice();
    let other = json!({"user": {"ids": {"user_id": "other"}, "primary_email_address": "ALICE@example.com", "password": "Good-passw0rd"}})
        .to_string();
    server.check("admin", "POST", "/api/v3/users", &other, "409 already_exists");
    server.has_user("bob");
    let change = r#"{"user":{"primary_email_address":"Alice@Example.com"},"field_mask":"primary_email_address"}"#;
    server.check("bob", "PUT", "/api/v3/users/bob", change, "409 already_exists");
    server.check("alice", "DELETE", "/api/v3/users/alice", "", "200");
    server.check("admin", "POST", "/api/v3/users", &other, "200");
    server.check("admin", "POST", "/api/v3/users/alice/restore", "", "409 already_exists");
}

#[test]
fn an_odd_address_is_refused_by_its_own_error() {
    let body =
        json!({"user": {"ids": {"user_id": "newcomer"}, "primary_email_address": "Ada <ada@example.com>", "password": "Good-passw0rd"}});
    Server::start().check("admin", "POST", "/api/v3/users", &body.to_string(), "400 email");
}

#[test]
fn the_last_administrator_stays_one() {
    let server = alice();
    server.check("admin", "DELETE", "/api/v3/users/admin", "", "400 last_admin");
    let refused = server.check("admin", "PUT", "/api/v3/users/admin", r#"{"user":{"admin":true},"field_mask":"admin"}"#, "400 last_admin");
    assert_eq!(refused.json()["message"], "error:pkg/identityserver/store:last_admin (user `{user_id}` is the last admin)");
    server.check("admin", "PUT", "/api/v3/users/alice", r#"{"user":{"admin":true},"field_mask":"admin"}"#, "200");
    server.check("admin", "PUT", "/api/v3/users/admin", r#"{"user":{},"field_mask":"admin"}"#, "200");
}

#[test]
fn an_unknown_user_or_organization_cannot_be_purged() {
    let server = Server::start();
    server.check("admin", "DELETE", "/api/v3/users/nobody/purge", "", "404 entity_not_found");
    server.check("admin", "DELETE", "/api/v3/organizations/nobody/purge", "", "404 entity_not_found");
}

#[test]
fn contact_info_in_an_update_is_warned_of_and_ignored() {
    let body = r#"{"user":{"contact_info":[{"value":"x@example.com"}]},"field_mask":"contact_info"}"#;
    let answer = alice().check("alice", "PUT", "/api/v3/users/alice", body, "200");
    assert_eq!(answer.header("X-Warning"), Some("Contact info is deprecated and will be removed in the next major release"));
    assert!(answer.json().get("contact_info").is_none());
}
