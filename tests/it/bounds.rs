//! Every list has a most, and an ordinary user who fills them all hurts nobody else.

use serde_json::{Value, json};

use keyfob::model::bounds::{CLIENTS, ORGANIZATIONS};

use crate::server::Server;

/// A server on which `alice` is an ordinary user.
fn server() -> Server {
    let mut server = Server::start();
    server.has_user("alice");
    server
}

fn client(id: &str, more: Value) -> String {
    let mut client = json!({"ids": {"client_id": id}});
    for (name, value) in more.as_object().into_iter().flatten() {
        client[name] = value.clone();
    }
    json!({"client": client}).to_string()
}

#[test]
fn a_repeated_right_or_grant_is_kept_once_where_it_stood_first() {
    let mut server = server();
    server.has_user("bob");
    let sent = json!({
        "rights": ["RIGHT_USER_ALL", "USER_INFO", 1, "RIGHT_USER_ALL", "RIGHT_CLIENT_ALL"],
        "grants": ["GRANT_REFRESH_TOKEN", "GRANT_AUTHORIZATION_CODE", "GRANT_REFRESH_TOKEN"],
    });
    let kept = r#"200 {"rights":["RIGHT_USER_ALL","RIGHT_USER_INFO","RIGHT_CLIENT_ALL"],"grants":["GRANT_REFRESH_TOKEN","GRANT_AUTHORIZATION_CODE"]}"#;
    server.check("alice", "POST", "/api/v3/users/alice/clients", &client("my-app", sent), kept);
    server.check("alice", "GET", "/api/v3/clients/my-app?field_mask=rights,grants", "", kept);
    let update = r#"{"client":{"rights":[2,1,2,1]},"field_mask":"rights"}"#;
    let changed = r#"200 {"rights":["RIGHT_USER_SETTINGS_BASIC","RIGHT_USER_INFO"]}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-app", update, changed);
    server.check("alice", "GET", "/api/v3/clients/my-app?field_mask=rights", "", changed);

    server.has_organization("alice", "my-org");
    for (path, all) in [("clients/my-app", "RIGHT_CLIENT_ALL"), ("organizations/my-org", "RIGHT_ORGANIZATION_ALL")] {
        let member = json!({"collaborator": {"ids": {"user_ids": {"user_id": "bob"}}, "rights": [all, all, "RIGHT_USER_INFO", all]}});
        server.check("alice", "PUT", &format!("/api/v3/{path}/collaborators"), &member.to_string(), "200");
        let kept = format!(r#"200 {{"rights":["{all}","RIGHT_USER_INFO"]}}"#);
        server.check("alice", "GET", &format!("/api/v3/{path}/collaborator/user/bob"), "", &kept);
    }
}

/// Deleted ones count: otherwise whoever deletes what was registered could register for ever.
#[test]
fn nobody_but_an_administrator_registers_or_creates_without_an_end() {
    let server = server();
    let path = |kind: &str, owner: &str| format!("/api/v3/users/{owner}/{kind}s");
    for (kind, bound) in [("client", &CLIENTS), ("organization", &ORGANIZATIONS)] {
        let body = |id: String| json!({kind: {"ids": {format!("{kind}_id"): id}}}).to_string();
        for n in 0..bound.most {
            server.check("alice", "POST", &path(kind, "alice"), &body(format!("{kind}-{n}")), "200");
        }
        server.check("alice", "DELETE", &format!("/api/v3/{kind}s/{kind}-0"), "", "200");
        let refused = server.check("alice", "POST", &path(kind, "alice"), &body(format!("{kind}-more")), "400 too_many");
        assert!(refused.text().contains(&format!("`alice` has {} {kind}s, of which there may be at most {0}: purge", bound.most)));
        server.check("admin", "GET", &format!("/api/v3/{kind}s/{kind}-more"), "", "404");
        server.check("admin", "DELETE", &format!("/api/v3/{kind}s/{kind}-0/purge"), "", "200");
        server.check("alice", "POST", &path(kind, "alice"), &body(format!("{kind}-more")), "200");
        // What an administrator registers for a user is not the user's doing.
        server.check("admin", "POST", &path(kind, "alice"), &body(format!("{kind}-by-admin")), "200");
    }
}

/// Whoever fills the lists of others fills none of what they may add themselves.
#[test]
fn a_client_counts_for_who_registered_it_whoever_its_collaborators_are() {
    let mut server = server();
    server.has_user("bob");
    for n in 0..CLIENTS.most {
        let id = format!("client-{n}");
        server.check("alice", "POST", "/api/v3/users/alice/clients", &client(&id, json!({})), "200");
        if n % 100 == 0 {
            let bob = json!({"collaborator": {"ids": {"user_ids": {"user_id": "bob"}}, "rights": ["RIGHT_CLIENT_ALL"]}}).to_string();
            server.check("alice", "PUT", &format!("/api/v3/clients/{id}/collaborators"), &bob, "200");
            let leaves = r#"{"collaborator":{"ids":{"user_ids":{"user_id":"alice"}}}}"#;
            server.check("bob", "PUT", &format!("/api/v3/clients/{id}/collaborators"), leaves, "200");
        }
    }
    server.check("alice", "POST", "/api/v3/users/alice/clients", &client("client-more", json!({})), "400 too_many");
    server.check("bob", "POST", "/api/v3/users/bob/clients", &client("client-of-bob", json!({})), "200");
}
