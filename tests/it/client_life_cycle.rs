//! Clients from creation to purge: what is created, read back, changed, deleted, and restored within a day.

use serde_json::{Value, json};

use crate::clients::{alice_with_app, full_client};
use crate::server::Server;

/// Every path that may be read, but `contact_info`.
pub const EVERYTHING: &str = "name,description,attributes,administrative_contact,technical_contact,redirect_uris,logout_redirect_uris,state,\
                          state_description,skip_authorization,endorsed,grants,rights,deleted_at";

const A_DAY: i64 = 24 * 60 * 60;

fn everything_of(server: &Server, who: &str, id: &str) -> Value {
    server.check(who, "GET", &format!("/api/v3/clients/{id}?field_mask={EVERYTHING}"), "", "200").json()
}

fn without(mut object: Value, key: &str) -> Value {
    object.as_object_mut().expect("an object").remove(key);
    object
}

/// registry.md 9, item 23.
#[test]
fn an_owner_deletes_his_client() {
    let server = alice_with_app();
    let answer = server.check("alice", "DELETE", "/api/v3/clients/my-app", "", "200");
    assert_eq!(answer.json(), json!({}));
    server.check("alice", "GET", "/api/v3/clients/my-app", "", "404 client_not_found");
}

/// registry.md 9, item 24.
#[test]
fn only_an_administrator_purges_a_client() {
    let server = alice_with_app();
    server.check("alice", "DELETE", "/api/v3/clients/my-app", "", "200");
    server.check("alice", "DELETE", "/api/v3/clients/my-app/purge", "", "403 admins_purge_clients");
    server.check("admin", "DELETE", "/api/v3/clients/my-app/purge", "", "200");
    server.check("alice", "POST", "/api/v3/clients/my-app/restore", "", "403 no_client_rights");
}

/// registry.md 9, item 58.
#[test]
fn a_created_client_is_told_with_all_that_was_sent() {
    let mut server = Server::start();
    server.has_user("alice");
    let created = server.check("alice", "POST", "/api/v3/users/alice/clients", &full_client("foo"), "200").json();
    let mut wanted: Value = serde_json::from_str(&full_client("foo")).expect("JSON");
    let wanted = wanted["client"].as_object_mut().expect("a client");
    wanted.insert("administrative_contact".to_owned(), json!({"user_ids": {"user_id": "alice"}}));
    wanted.insert("technical_contact".to_owned(), json!({"user_ids": {"user_id": "alice"}}));
    for (key, value) in wanted {
        assert_eq!(created[key.as_str()], *value, "{key}");
    }
}

/// registry.md 9, item 58.
#[test]
fn the_contact_of_an_organizations_client_is_the_organization() {
    let mut server = Server::start();
    server.has_user("alice");
    server.has_organization("alice", "acme");
    let wanted = r#"200 {"administrative_contact":{"organization_ids":{"organization_id":"acme"}},"technical_contact":{"organization_ids":{"organization_id":"acme"}}}"#;
    server.check("alice", "POST", "/api/v3/organizations/acme/clients", &full_client("foo"), wanted);
}

/// registry.md 9, item 58.
#[test]
fn a_created_client_is_as_old_as_the_request() {
    let mut server = Server::start();
    server.has_user("alice");
    server.wait_seconds(3_600);
    let created = server.check("alice", "POST", "/api/v3/users/alice/clients", &full_client("foo"), "200").json();
    assert!(created["created_at"].as_str().is_some_and(|at| at.starts_with("2026-01-02T04:04:05.")), "{created}");
    assert_eq!(created["created_at"], created["updated_at"]);
}

/// registry.md 9, item 59.
#[test]
fn an_id_is_taken_once() {
    let server = alice_with_app();
    server.check("alice", "POST", "/api/v3/users/alice/clients", &full_client("my-app"), "409 id_taken");
    server.check("alice", "GET", "/api/v3/clients/my-app?field_mask=name", "", r#"200 {"name":"my-app"}"#);
}

/// registry.md 9, item 60.
#[test]
fn a_client_reads_as_it_was_created_but_for_its_secret() {
    let mut server = Server::start();
    server.has_user("alice");
    let created = server.check("alice", "POST", "/api/v3/users/alice/clients", &full_client("foo"), "200").json();
    assert_eq!(everything_of(&server, "alice", "foo"), without(created, "secret"));
}

/// registry.md 9, item 61.
#[test]
fn nothing_can_be_done_with_an_unknown_client() {
    let server = Server::start();
    let body = r#"{"client":{"name":"New"},"field_mask":{"paths":["name"]}}"#;
    for (method, path, body) in [
        ("GET", "/api/v3/clients/nobody", ""),
        ("PUT", "/api/v3/clients/nobody", body),
        ("DELETE", "/api/v3/clients/nobody", ""),
        ("POST", "/api/v3/clients/nobody/restore", ""),
        ("DELETE", "/api/v3/clients/nobody/purge", ""),
        ("POST", "/api/v3/clients/nobody/secret", ""),
    ] {
        server.check("admin", method, path, body, "404 client_not_found");
    }
}

/// registry.md 9, item 62.
#[test]
fn one_client_is_counted_and_found_as_one() {
    let answer = alice_with_app().check("admin", "GET", "/api/v3/search/clients", "", "200");
    assert_eq!((answer.ids(), answer.total()), (vec!["my-app".to_owned()], "1"));
}

/// registry.md 9, item 63.
#[test]
fn an_update_changes_what_its_mask_names_and_swaps_the_contacts() {
    let mut server = Server::start();
    server.has_user("alice");
    server.has_organization("alice", "acme");
    let created = server.check("alice", "POST", "/api/v3/users/alice/clients", &full_client("foo"), "200").json();
    let body = r#"{"collaborator":{"ids":{"organization_ids":{"organization_id":"acme"}},"rights":["RIGHT_ALL"]}}"#;
    server.check("alice", "PUT", "/api/v3/clients/foo/collaborators", body, "200");
    let alice_and_acme = json!({
        "administrative_contact": {"user_ids": {"user_id": "alice"}},
        "technical_contact": {"organization_ids": {"organization_id": "acme"}},
    });
    let paths = ["administrative_contact", "technical_contact"];
    let body = json!({"client": alice_and_acme, "field_mask": {"paths": paths}});
    server.check("alice", "PUT", "/api/v3/clients/foo", &body.to_string(), &format!("200 {alice_and_acme}"));

    let changed = json!({
        "name": "New Foo Name",
        "description": "New Foo description",
        "attributes": {"attribute": "new"},
        "administrative_contact": {"organization_ids": {"organization_id": "acme"}},
        "technical_contact": {"user_ids": {"user_id": "alice"}},
    });
    let paths = ["name", "description", "attributes", "administrative_contact", "technical_contact"];
    let body = json!({"client": changed, "field_mask": {"paths": paths}});
    let updated = server.check("alice", "PUT", "/api/v3/clients/foo", &body.to_string(), "200").json();

    for (key, value) in changed.as_object().expect("an object") {
        assert_eq!(updated[key], *value, "{key}");
    }
    assert_eq!(updated["created_at"], created["created_at"]);
    assert!(updated["updated_at"].as_str() > created["updated_at"].as_str());
    let path = format!("/api/v3/clients/foo?field_mask={}", paths.join(","));
    assert_eq!(server.check("alice", "GET", &path, "", "200").json(), updated);
}

/// registry.md 1.6.
#[test]
fn an_update_leaves_alone_what_its_mask_does_not_name() {
    let server = alice_with_app();
    let body = r#"{"client":{"name":"New","description":"New"},"field_mask":{"paths":["description"]}}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-app", body, r#"200 {"description":"New"}"#);
    server.check("alice", "GET", "/api/v3/clients/my-app?field_mask=name", "", r#"200 {"name":"my-app"}"#);
}

/// registry.md 9, item 64.
#[test]
fn a_deleted_client_is_neither_got_nor_found() {
    let server = alice_with_app();
    server.check("alice", "DELETE", "/api/v3/clients/my-app", "", "200");
    server.check("admin", "GET", "/api/v3/clients/my-app", "", "404 client_not_found");
    for path in ["/api/v3/clients", "/api/v3/users/alice/clients", "/api/v3/search/clients"] {
        let answer = server.check("alice", "GET", path, "", "200");
        assert_eq!((answer.json(), answer.total()), (json!({}), "0"), "{path}");
    }
}

/// registry.md 9, item 65.
#[test]
fn a_deleted_client_is_among_the_deleted_as_it_was() {
    let server = alice_with_app();
    let before = everything_of(&server, "alice", "my-app");
    server.check("alice", "DELETE", "/api/v3/clients/my-app", "", "200");
    let path = format!("/api/v3/clients?deleted=true&field_mask={EVERYTHING}");
    let mut found = server.check("alice", "GET", &path, "", "200").json()["clients"][0].take();
    assert!(found["deleted_at"].as_str() > before["created_at"].as_str(), "{found}");
    found = without(found, "deleted_at");
    assert_eq!(found, before);
}

/// registry.md 9, item 66.
#[test]
fn a_restored_client_is_as_it_was() {
    let server = alice_with_app();
    let before = everything_of(&server, "alice", "my-app");
    server.check("alice", "DELETE", "/api/v3/clients/my-app", "", "200");
    server.check("alice", "POST", "/api/v3/clients/my-app/restore", "", "200");
    assert_eq!(everything_of(&server, "alice", "my-app"), before);
}

/// registry.md 9, item 67.
#[test]
fn a_live_client_can_be_purged() {
    let server = alice_with_app();
    server.check("admin", "DELETE", "/api/v3/clients/my-app/purge", "", "200");
    server.check("admin", "GET", "/api/v3/clients/my-app", "", "404 client_not_found");
    server.check("alice", "GET", "/api/v3/clients?deleted=true", "", "200");
}

/// registry.md 9, item 68.
#[test]
fn an_id_is_free_again_after_a_purge() {
    let mut server = Server::start();
    server.has_user("alice");
    for _ in 0..3 {
        server.has_client("alice", "my-app");
        server.check("alice", "DELETE", "/api/v3/clients/my-app", "", "200");
        server.check("alice", "POST", "/api/v3/clients/my-app/restore", "", "200");
        server.check("alice", "GET", "/api/v3/clients/my-app?field_mask=name", "", r#"200 {"name":"my-app"}"#);
        server.check("alice", "DELETE", "/api/v3/clients/my-app", "", "200");
        server.check("admin", "DELETE", "/api/v3/clients/my-app/purge", "", "200");
    }
}

/// registry.md 1.3.
#[test]
fn an_id_stays_taken_after_a_deletion() {
    let server = alice_with_app();
    server.check("alice", "DELETE", "/api/v3/clients/my-app", "", "200");
    server.check("alice", "POST", "/api/v3/users/alice/clients", &full_client("my-app"), "409 id_taken");
}

/// registry.md 1.10.
#[test]
fn what_is_not_deleted_is_not_restored() {
    alice_with_app().check("alice", "POST", "/api/v3/clients/my-app/restore", "", "404 client_not_found");
}

/// registry.md 1.10.
#[test]
fn a_client_can_be_restored_for_a_day() {
    let server = alice_with_app();
    server.check("alice", "DELETE", "/api/v3/clients/my-app", "", "200");
    server.wait_seconds(A_DAY - 1);
    server.check("alice", "POST", "/api/v3/clients/my-app/restore", "", "200");
    server.check("alice", "GET", "/api/v3/clients/my-app", "", "200");
}

/// registry.md 1.10.
#[test]
fn a_client_cannot_be_restored_after_a_day() {
    let server = alice_with_app();
    server.check("alice", "DELETE", "/api/v3/clients/my-app", "", "200");
    server.wait_seconds(A_DAY);
    server.check("alice", "POST", "/api/v3/clients/my-app/restore", "", "400 restore_window_expired");
    server.check("admin", "POST", "/api/v3/clients/my-app/restore", "", "400 restore_window_expired");
    server.check("admin", "GET", "/api/v3/clients/my-app", "", "404 client_not_found");
}

/// What an account registered is looked for in the history, and where it is another's contact in an index.
#[test]
fn who_takes_the_id_of_a_purged_account_is_neither_contact_nor_registrant_of_its_clients() {
    let mut server = Server::start();
    ["alice", "bob"].iter().for_each(|name| server.has_user(name));
    server.has_organization("bob", "acme-corp");
    server.has_client("alice", "own");
    server.has_client("bob", "other");
    server.check("bob", "POST", "/api/v3/organizations/acme-corp/clients", r#"{"client":{"ids":{"client_id":"of-acme"}}}"#, "200");
    let alice = r#"{"user_ids":{"user_id":"alice"}}"#;
    for (path, body) in [
        ("other/collaborators", format!(r#"{{"collaborator":{{"ids":{alice},"rights":["RIGHT_CLIENT_ALL"]}}}}"#)),
        ("other", format!(r#"{{"client":{{"technical_contact":{alice}}},"field_mask":"technical_contact"}}"#)),
    ] {
        server.check("bob", "PUT", &format!("/api/v3/clients/{path}"), &body, "200");
    }
    let accounts = || {
        let row = "client_id || ' ' || coalesce(registered_by, '-') || ' ' || coalesce(administrative_contact, '-') || ' ' || coalesce(technical_contact, '-')";
        server.value::<String>(&format!(
            "SELECT group_concat({row}) FROM (SELECT * FROM clients WHERE client_id <> 'cli' ORDER BY client_id)"
        ))
    };
    assert_eq!(accounts(), "of-acme bob acme-corp acme-corp,other bob bob alice,own alice alice alice");
    server.check("admin", "DELETE", "/api/v3/users/alice/purge", "", "200");
    assert_eq!(accounts(), "of-acme bob acme-corp acme-corp,other bob bob -,own - - -");
    server.check("admin", "DELETE", "/api/v3/organizations/acme-corp/purge", "", "200");
    assert_eq!(accounts(), "of-acme bob - -,other bob bob -,own - - -");
    server.check("admin", "DELETE", "/api/v3/users/bob/purge", "", "200");
    assert_eq!(accounts(), "of-acme - - -,other - - -,own - - -");
}
