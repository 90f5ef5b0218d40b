//! There is always an approved administrator left, whichever way one goes.

use serde_json::json;

use crate::console::{Fixture, signed_in_admin};
use crate::server::Server;

fn change(user: &str, value: serde_json::Value) -> (String, String) {
    let paths: Vec<&String> = value.as_object().expect("fields").keys().collect();
    (format!("/api/v3/users/{user}"), json!({"user": value, "field_mask": {"paths": paths}}).to_string())
}

/// The administrator, and bob, who is one too, in a state in which he can do nothing.
fn with_helpless_bob(state: &str) -> Server {
    let mut server = Server::start();
    server.has_user("bob");
    let (target, body) = change("bob", json!({"admin": true, "state": state}));
    server.check("admin", "PUT", &target, &body, "200");
    server
}

#[test]
fn the_last_approved_administrator_stays_even_if_others_are_one_by_name() {
    for state in ["STATE_REQUESTED", "STATE_SUSPENDED", "STATE_REJECTED", "STATE_FLAGGED"] {
        let server = with_helpless_bob(state);
        for fields in [
            json!({"state": "STATE_SUSPENDED"}),
            json!({"state": "STATE_REJECTED"}),
            json!({"state": "STATE_FLAGGED"}),
            json!({"state": "STATE_REQUESTED"}),
            json!({"admin": false}),
            json!({"admin": false, "state": "STATE_APPROVED"}),
            json!({"admin": true, "state": "STATE_SUSPENDED"}),
        ] {
            let (target, body) = change("admin", fields);
            server.check("admin", "PUT", &target, &body, "400 last_admin");
        }
        server.check("admin", "DELETE", "/api/v3/users/admin", "", "400 last_admin");
        server.check("admin", "DELETE", "/api/v3/users/admin/purge", "", "400 last_admin");
        server.check("admin", "GET", "/api/v3/users", "", "200");
        // Bob is none who could be missed.
        server.check("admin", "DELETE", "/api/v3/users/bob", "", "200");
        server.check("admin", "DELETE", "/api/v3/users/bob/purge", "", "200");
    }
}

#[test]
fn a_deleted_administrator_does_not_let_the_last_one_go() {
    let server = with_helpless_bob("STATE_APPROVED");
    server.check("admin", "DELETE", "/api/v3/users/bob", "", "200");
    server.check("admin", "DELETE", "/api/v3/users/admin", "", "400 last_admin");
    server.check("admin", "DELETE", "/api/v3/users/admin/purge", "", "400 last_admin");
}

#[test]
fn one_of_two_approved_administrators_may_go_in_any_way() {
    for way in ["suspend", "demote", "delete", "purge"] {
        let server = with_helpless_bob("STATE_APPROVED");
        let (target, body) = change("admin", if way == "suspend" { json!({"state": "STATE_SUSPENDED"}) } else { json!({"admin": false}) });
        match way {
            "suspend" | "demote" => server.check("admin", "PUT", &target, &body, "200"),
            "delete" => server.check("admin", "DELETE", "/api/v3/users/admin", "", "200"),
            _ => server.check("admin", "DELETE", "/api/v3/users/admin/purge", "", "200"),
        };
        server.check("bob", "DELETE", "/api/v3/users/bob", "", "400 last_admin");
        server.check("bob", "GET", "/api/v3/users", "", "200");
    }
}

#[test]
fn the_console_keeps_the_last_approved_administrator_too() {
    let Fixture { server, .. } = Fixture::new();
    let mut admin = signed_in_admin(&server);
    let own = [("primary_email_address", "admin@localhost"), ("state", "STATE_SUSPENDED"), ("admin", "true")];
    for state in ["STATE_SUSPENDED", "STATE_REJECTED", "STATE_FLAGGED", "STATE_REQUESTED"] {
        let mut fields = own;
        fields[1].1 = state;
        let answer = admin.sends_form(&server, "/console/users/admin", &fields);
        assert!(
            answer.status == 400
                && answer.text().contains("This is the last approved administrator. Make somebody else an administrator first."),
            "{state}: {} {}",
            answer.status,
            answer.text()
        );
    }
    let demoted = [("primary_email_address", "admin@localhost"), ("state", "STATE_APPROVED")];
    assert_eq!(admin.sends_form(&server, "/console/users/admin", &demoted).status, 400);
    assert_eq!(admin.sends_form(&server, "/console/users/admin/delete", &[]).status, 400);
    assert_eq!(admin.sends_form(&server, "/console/users/admin/purge", &[("confirm", "admin")]).status, 400);
    admin.sees(&server, "/console/users", &["admin"]);
}

#[test]
fn the_last_approved_administrator_may_change_what_keeps_him_one() {
    let server = with_helpless_bob("STATE_SUSPENDED");
    let (target, body) = change("admin", json!({"name": "Ada", "state": "STATE_APPROVED"}));
    server.check("admin", "PUT", &target, &body, "200");
}
