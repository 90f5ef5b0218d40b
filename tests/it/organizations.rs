//! Organizations: members, keys, ownership.

use keyfob::model::settings::{Approval, Creators, Settings};
use serde_json::json;

use crate::members::member;
use crate::server::Server;

const MEMBERS: &str = "/api/v3/organizations/acme-corp/collaborators";

fn acme() -> Server {
    let mut server = Server::start();
    for name in ["alice", "bob"] {
        server.has_user(name);
    }
    server.has_organization("alice", "acme-corp");
    server
}

/// registry.md 9, item 90.
#[test]
fn members_are_set_read_listed_and_removed() {
    let server = acme();
    server.check("alice", "PUT", MEMBERS, &member("bob", &["RIGHT_ORGANIZATION_INFO"]), "200 {}");
    let bob = server.check("alice", "GET", "/api/v3/organizations/acme-corp/collaborator/user/bob", "", "200");
    assert_eq!(bob.rights(), ["RIGHT_ORGANIZATION_INFO"]);
    assert_eq!(server.check("alice", "GET", MEMBERS, "", "200").ids(), ["alice", "bob"]);
    server.check("alice", "DELETE", &format!("{MEMBERS}/user/bob"), "", "200 {}");
    server.check("alice", "GET", "/api/v3/organizations/acme-corp/collaborator/user/bob", "", "404 membership_not_found");
}

/// registry.md 9, item 90.
#[test]
fn the_last_owner_and_the_contacts_stay() {
    let server = acme();
    server.check("alice", "PUT", MEMBERS, &member("alice", &[]), "400 organization_needs_collaborator");
    server.check("alice", "DELETE", &format!("{MEMBERS}/user/alice"), "", "400 collaborator_is_contact");
}

/// registry.md 9, item 90.
#[test]
fn organizations_are_not_nested() {
    let server = acme();
    server.has_organization("alice", "other-corp");
    let body =
        json!({"collaborator": {"ids": {"organization_ids": {"organization_id": "other-corp"}}, "rights": ["RIGHT_ORGANIZATION_INFO"]}});
    server.check("alice", "PUT", MEMBERS, &body.to_string(), "400 nested_organizations");
}

/// registry.md 9, item 90.
#[test]
fn keys_of_an_organization_act_for_it() {
    let mut server = acme();
    let body = r#"{"name":"ci","rights":["RIGHT_ORGANIZATION_CLIENTS_CREATE","RIGHT_ORGANIZATION_CLIENTS_LIST"]}"#;
    let made = server.check("alice", "POST", "/api/v3/organizations/acme-corp/api-keys", body, "200").json();
    server.knows_key("acme", made["key"].as_str().expect("a key"));
    server.check("acme", "POST", "/api/v3/organizations/acme-corp/clients", r#"{"client":{"ids":{"client_id":"acme-app"}}}"#, "200");
    assert_eq!(server.check("acme", "GET", "/api/v3/clients", "", "200").ids(), ["acme-app"]);
    server.check("acme", "GET", "/api/v3/organizations", "", "400 nested_organizations");
    let path = format!("/api/v3/organizations/acme-corp/api-keys/{}", made["id"].as_str().expect("an ID"));
    assert_eq!(server.check("alice", "PUT", &path, r#"{"api_key":{"rights":[]},"field_mask":"rights"}"#, "200").json(), json!({}));
    server.check("acme", "GET", "/api/v3/auth_info", "", "401 api_key_not_found");
}

#[test]
fn only_administrators_found_organizations_where_that_is_the_rule() {
    let mut server = Server::with(Settings { approval: Approval::Manual, organization_creators: Creators::Admins, ..Settings::default() });
    server.has_user("alice");
    let body = r#"{"organization":{"ids":{"organization_id":"acme-corp"}}}"#;
    server.check("alice", "POST", "/api/v3/users/alice/organizations", body, "403 admins_create_organizations");
    server.check("admin", "POST", "/api/v3/users/alice/organizations", body, "200");
}

#[test]
fn an_id_is_shared_with_users_and_stays_taken() {
    let server = acme();
    server.check(
        "alice",
        "POST",
        "/api/v3/users/alice/organizations",
        r#"{"organization":{"ids":{"organization_id":"bob"}}}"#,
        "409 already_exists",
    );
    server.check("alice", "DELETE", "/api/v3/organizations/acme-corp", "", "200");
    server.check(
        "alice",
        "POST",
        "/api/v3/users/alice/organizations",
        r#"{"organization":{"ids":{"organization_id":"acme-corp"}}}"#,
        "409 already_exists",
    );
    server.check("alice", "POST", "/api/v3/organizations/acme-corp/restore", "", "200");
    server.check("alice", "GET", "/api/v3/organizations/acme-corp", "", "200");
}

#[test]
fn a_wrapped_flag_prints_even_when_it_is_false() {
    let body = r#"{"organization":{"fanout_notifications":false},"field_mask":"fanout_notifications"}"#;
    acme().check("alice", "PUT", "/api/v3/organizations/acme-corp", body, r#"200 {"fanout_notifications":false}"#);
}
