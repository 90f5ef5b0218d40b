//! Credentials that hold less than everything: of an administrator, and beside a stronger key.

use serde_json::{Value, json};

use crate::console::signed_in_admin;
use crate::server::{Answer, Server};

/// Alice with a client and an organization, and keys of the administrator: each with everything but `RIGHT_ALL`, and with one right.
fn fixture() -> Server {
    use keyfob::base::right::{RIGHTS, Right};
    let mut server = Server::start();
    server.has_user("alice");
    server.has_client("alice", "my-app");
    server.has_organization("alice", "acme-corp");
    let rights: Vec<&str> = RIGHTS.iter().copied().filter(|right| !matches!(right, Right::Invalid | Right::All)).map(Right::name).collect();
    server.gives_key("admin", "strong", &rights);
    server.gives_key("admin", "unrelated", &["RIGHT_USER_NOTIFICATIONS_READ"]);
    server
}

const LIMITED: &[&str] = &["strong", "unrelated"];

fn bearer(server: &Server, token: &str, method: &str, target: &str, body: &Value) -> Answer {
    server.send_with(Some(&format!("Bearer {token}")), &[], method, target, body.to_string().as_bytes())
}

/// A token of the administrator for a client of alice's that asks for these rights.
fn token(server: &Server, client: &str, rights: &[&str]) -> String {
    let secret = server.has_app("alice", client, rights);
    let code = signed_in_admin(server).code(server, client, &[]);
    server.tokens(client, &secret, &code).access
}

#[test]
fn a_limited_key_of_an_administrator_changes_nothing_that_is_other_peoples() {
    let server = fixture();
    let carol = json!({"user": {"ids": {"user_id": "carol"}, "primary_email_address": "c@example.com", "password": "Good-passw0rd", "admin": true}});
    let alice = json!({"collaborator": {"ids": {"user_ids": {"user_id": "admin"}}, "rights": ["RIGHT_CLIENT_INFO"]}});
    let client = json!({"client": {"ids": {"client_id": "new-app"}}});
    for who in LIMITED {
        for (method, target, body, refusal) in [
            ("POST", "users", &carol, "400 user_registration_disabled"),
            ("PUT", "users/alice", &json!({"user": {"admin": true}, "field_mask": "admin"}), "403 no_user_rights"),
            ("DELETE", "users/alice", &json!({}), "403 no_user_rights"),
            ("DELETE", "users/alice/purge", &json!({}), "403 admins_purge_users"),
            ("PUT", "clients/my-app", &json!({"client": {"name": "Mine"}, "field_mask": "name"}), "403 no_client_rights"),
            ("PUT", "clients/my-app", &json!({"client": {"state": "STATE_APPROVED"}, "field_mask": "state"}), "403 no_client_rights"),
            ("PUT", "clients/my-app/collaborators", &alice, "403 no_client_rights"),
            ("POST", "clients/my-app/secret", &json!({}), "403 no_client_rights"),
            ("DELETE", "clients/my-app", &json!({}), "403 no_client_rights"),
            ("DELETE", "clients/my-app/purge", &json!({}), "403 admins_purge_clients"),
            ("POST", "users/alice/clients", &client, "403 no_user_rights"),
            ("DELETE", "organizations/acme-corp", &json!({}), "403 no_organization_rights"),
            ("DELETE", "organizations/acme-corp/purge", &json!({}), "403 admins_purge_organizations"),
            ("DELETE", "users/alice/authorizations/my-app", &json!({}), "403 no_user_rights"),
        ] {
            server.check(who, method, &format!("/api/v3/{target}"), &body.to_string(), refusal);
        }
    }
}

#[test]
fn a_limited_key_of_an_administrator_reads_nothing_that_is_not_everybodys() {
    let server = fixture();
    for who in LIMITED {
        for (target, refusal) in [
            ("users", "403 permission_denied"),
            ("search/users", "403 search_forbidden"),
            ("users/alice?field_mask=primary_email_address", "403 no_user_rights"),
            ("users/not-there?field_mask=primary_email_address", "403 no_user_rights"),
            ("clients/my-app?field_mask=attributes", "403 no_client_rights"),
            ("organizations/acme-corp?field_mask=attributes", "403 no_organization_rights"),
            ("users/alice/clients", "403 no_user_rights"),
            ("users/alice/authorizations", "403 no_user_rights"),
            ("clients/my-app/collaborator/user/alice", "403 no_client_rights"),
        ] {
            server.check(who, "GET", &format!("/api/v3/{target}"), "", refusal);
        }
        for (target, found) in [("search/clients", "my-app"), ("search/organizations", "acme-corp"), ("clients/my-app/rights", "RIGHT")] {
            let answer = server.check(who, "GET", &format!("/api/v3/{target}"), "", "200");
            assert!(!answer.text().contains(found), "{who} {target}: {}", answer.text());
        }
        let members = server.check(who, "GET", "/api/v3/clients/my-app/collaborators", "", "200");
        assert!(!members.text().contains("RIGHT_ALL"), "{who} sees the rights of collaborators");
    }
}

#[test]
fn a_limited_token_of_an_administrator_changes_nobody_elses_client() {
    let server = fixture();
    let limited = token(&server, "changer", &["RIGHT_CLIENT_SETTINGS_BASIC", "RIGHT_CLIENT_INFO", "RIGHT_USER_INFO", "RIGHT_CLIENT_ALL"]);
    let change = json!({"client": {"name": "Mine"}, "field_mask": "name"});
    let refused = bearer(&server, &limited, "PUT", "/api/v3/clients/my-app", &change);
    assert_eq!((refused.status, refused.error().as_str()), (403, "no_client_rights"), "{}", refused.text());
    let refused = bearer(&server, &limited, "GET", "/api/v3/users/alice?field_mask=primary_email_address", &json!({}));
    assert_eq!((refused.status, refused.error().as_str()), (403, "no_user_rights"), "{}", refused.text());
    let whole = token(&server, "whole", &["RIGHT_ALL"]);
    assert_eq!(bearer(&server, &whole, "PUT", "/api/v3/clients/my-app", &change).status, 200);
}

#[test]
fn a_limited_key_opens_what_its_rights_open_on_the_administrators_own_things() {
    let mut server = fixture();
    server.has_client("admin", "own-app");
    server.has_organization("admin", "own-corp");
    server.gives_key("admin", "clients", &["RIGHT_CLIENT_ALL", "RIGHT_USER_CLIENTS_LIST", "RIGHT_USER_INFO"]);
    server.check("clients", "PUT", "/api/v3/clients/own-app", r#"{"client":{"name":"New"},"field_mask":"name"}"#, "200");
    server.check("clients", "GET", "/api/v3/users/admin?field_mask=primary_email_address", "", "200");
    server.check("clients", "GET", "/api/v3/organizations/own-corp?field_mask=attributes", "", "403 insufficient_organization_rights");
    assert_eq!(server.check("clients", "GET", "/api/v3/clients", "", "200").ids(), ["own-app"]);
    assert_eq!(server.check("clients", "GET", "/api/v3/search/clients", "", "200").ids(), ["own-app"]);
    // What only administrators decide, a limited key of theirs does not, not even on their own things.
    let state = r#"{"client":{"state":"STATE_SUSPENDED"},"field_mask":"state"}"#;
    server.check("clients", "PUT", "/api/v3/clients/own-app", state, "403 update_admin_field");
    let made = r#"{"client":{"ids":{"client_id":"new-app"},"skip_authorization":true,"endorsed":true,"state":"STATE_APPROVED"}}"#;
    let made = server.check("strong", "POST", "/api/v3/users/admin/clients", made, "200").json();
    assert!(made.get("skip_authorization").is_none() && made.get("endorsed").is_none() && made.get("state").is_none(), "{made}");
    server.check(
        "strong",
        "PUT",
        "/api/v3/users/admin",
        r#"{"user":{"state_description":"x"},"field_mask":"state_description"}"#,
        "403 update_admin_field",
    );
}

#[test]
fn auth_info_says_administrator_only_of_credentials_that_are_an_administrators() {
    let server = fixture();
    for who in LIMITED {
        let info = server.check(who, "GET", "/api/v3/auth_info", "", "200").json();
        assert!(info.get("is_admin").is_none() && info.get("universal_rights").is_none(), "{who}: {info}");
    }
    let limited = token(&server, "small", &["RIGHT_USER_ALL"]);
    let info = bearer(&server, &limited, "GET", "/api/v3/auth_info", &json!({})).json();
    assert!(info.get("is_admin").is_none() && info.get("universal_rights").is_none(), "{info}");
    let whole = token(&server, "whole", &["RIGHT_ALL"]);
    let info = bearer(&server, &whole, "GET", "/api/v3/auth_info", &json!({})).json();
    assert_eq!(info["is_admin"], true);
}

#[test]
fn a_limited_key_of_an_administrator_learns_of_nobody_elses_token() {
    let server = fixture();
    let secret = server.has_app("alice", "reader", &["RIGHT_USER_INFO"]);
    let code = server.signed_in("alice").code(&server, "reader", &[]);
    let tokens = server.tokens("reader", &secret, &code);
    let introspect = |who: &str| {
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        let body = format!("token={}", tokens.access);
        server.send_with(Some(&format!("Bearer {}", server.key(who))), &headers, "POST", "/oauth/introspect", body.as_bytes()).json()
    };
    for who in LIMITED {
        assert_eq!(introspect(who), json!({"active": false}), "{who}");
    }
    assert_eq!(introspect("admin")["active"], true);
}

#[test]
fn a_session_of_an_administrator_is_an_administrators() {
    let server = fixture();
    let mut admin = signed_in_admin(&server);
    admin.sees(&server, "/console/users", &["alice"]);
    assert_eq!(
        admin
            .sends_form(&server, "/console/users/alice", &[("primary_email_address", "alice@example.com"), ("state", "STATE_SUSPENDED")])
            .status,
        303
    );
}
