//! Clients: the check list of the contract, approval by both modes, the life of a secret, the day in which a client can be restored.

use serde_json::{Value, json};

use keyfob::model::settings::{Approval, Contacts, Creators, Settings};

use crate::server::{Answer, Server};

/// Every path that may be read, but `contact_info`.
const EVERYTHING: &str = "name,description,attributes,administrative_contact,technical_contact,redirect_uris,logout_redirect_uris,state,\
                          state_description,skip_authorization,endorsed,grants,rights,deleted_at";

const A_DAY: i64 = 24 * 60 * 60;

/// Alice, and her client `my-app`.
fn alice_with_app() -> Server {
    let mut server = Server::start();
    server.has_user("alice");
    server.has_client("alice", "my-app");
    server
}

/// A client with as many fields set as its owner can set.
fn full_client(id: &str) -> String {
    json!({"client": {
        "ids": {"client_id": id},
        "name": "Foo name",
        "description": "Foo description",
        "attributes": {"foo": "bar", "baz": "qux"},
        "redirect_uris": ["https://example.com/a", "https://example.com/b"],
        "logout_redirect_uris": ["https://example.com/bye"],
        "grants": ["GRANT_AUTHORIZATION_CODE", "GRANT_REFRESH_TOKEN"],
        "rights": ["RIGHT_USER_INFO", "RIGHT_APPLICATION_INFO"],
    }})
    .to_string()
}

fn everything_of(server: &Server, who: &str, id: &str) -> Value {
    server.check(who, "GET", &format!("/api/v3/clients/{id}?field_mask={EVERYTHING}"), "", "200").json()
}

/// Whether this would get the client a token.
fn is_good(server: &Server, client: &str, secret: &str) -> bool {
    let id = client.parse().expect("a client ID");
    let kept = server.app.store().read(|tx| tx.client_secrets(&id)).expect("secrets are read");
    kept.iter().any(|kept| kept.hash.matches(secret))
}

fn secret_in(answer: &Answer) -> String {
    answer.json()["secret"].as_str().expect("a secret is shown").to_owned()
}

fn without(mut object: Value, key: &str) -> Value {
    object.as_object_mut().expect("an object").remove(key);
    object
}

// Without credentials.

/// registry.md 9, item 1.
#[test]
fn a_stranger_without_credentials_cannot_create_a_client() {
    let server = alice_with_app();
    server.check("anon", "POST", "/api/v3/users/alice/clients", r#"{"client":{"ids":{"client_id":"foo"}}}"#, "403 no_user_rights");
    server.check("admin", "GET", "/api/v3/clients/foo", "", "404 client_not_found");
}

/// registry.md 9, item 2.
#[test]
fn a_client_is_not_read_without_credentials() {
    alice_with_app().check("anon", "GET", "/api/v3/clients/my-app?field_mask=name", "", "401 unauthenticated");
}

/// registry.md 9, item 3.
#[test]
fn the_list_of_nobodys_clients_is_empty() {
    let answer = alice_with_app().check("anon", "GET", "/api/v3/clients", "", "200");
    assert_eq!(answer.json(), json!({}));
    assert_eq!(answer.header("X-Total-Count"), None);
}

/// registry.md 9, item 4.
#[test]
fn the_clients_of_a_user_are_not_listed_without_credentials() {
    alice_with_app().check("anon", "GET", "/api/v3/users/alice/clients", "", "403 no_user_rights");
}

/// registry.md 9, item 5.
#[test]
fn a_client_is_not_changed_without_credentials() {
    let server = alice_with_app();
    let body = r#"{"client":{"name":"Mine"},"field_mask":{"paths":["name"]}}"#;
    server.check("anon", "PUT", "/api/v3/clients/my-app", body, "403 no_client_rights");
    server.check("alice", "GET", "/api/v3/clients/my-app?field_mask=name", "", r#"200 {"name":"my-app"}"#);
}

/// registry.md 9, item 6.
#[test]
fn a_client_is_not_deleted_without_credentials() {
    let server = alice_with_app();
    server.check("anon", "DELETE", "/api/v3/clients/my-app", "", "403 no_client_rights");
    server.check("alice", "GET", "/api/v3/clients/my-app", "", "200");
}

// Who may create.

/// registry.md 9, item 7.
#[test]
fn where_administrators_create_clients_nobody_else_does() {
    let mut server = Server::with(Settings { client_creators: Creators::Admins, ..Settings::default() });
    server.has_user("alice");
    let body = r#"{"client":{"ids":{"client_id":"foo"}}}"#;
    server.check("alice", "POST", "/api/v3/users/alice/clients", body, "403 admins_create_clients");
    server.check("admin", "POST", "/api/v3/users/alice/clients", body, "200");
}

/// registry.md 1.3.
#[test]
fn where_administrators_create_clients_organizations_still_do() {
    let mut server = Server::with(Settings { client_creators: Creators::Admins, ..Settings::default() });
    server.has_user("alice");
    server.has_organization("alice", "acme");
    server.check("alice", "POST", "/api/v3/organizations/acme/clients", r#"{"client":{"ids":{"client_id":"foo"}}}"#, "200");
}

/// registry.md 9, item 8.
#[test]
fn a_user_creates_a_client_and_is_told_its_name() {
    let server = alice_with_app();
    let body = r#"{"client":{"ids":{"client_id":"foo"},"name":"Foo Client"}}"#;
    server.check("alice", "POST", "/api/v3/users/alice/clients", body, r#"200 {"ids":{"client_id":"foo"},"name":"Foo Client"}"#);
}

// Reading.

/// registry.md 9, item 9.
#[test]
fn an_owner_reads_the_name_that_he_masks() {
    alice_with_app().check("alice", "GET", "/api/v3/clients/my-app?field_mask=name", "", r#"200 {"name":"my-app"}"#);
}

/// registry.md 9, item 10.
#[test]
fn a_key_without_rights_reads_the_id() {
    let mut server = alice_with_app();
    server.gives_key("alice", "weak", &["RIGHT_USER_INFO"]);
    server.check("weak", "GET", "/api/v3/clients/my-app?field_mask=ids", "", r#"200 {"ids":{"client_id":"my-app"}}"#);
}

/// registry.md 9, item 11.
#[test]
fn a_key_without_rights_does_not_read_attributes() {
    let mut server = alice_with_app();
    server.gives_key("alice", "weak", &["RIGHT_USER_INFO"]);
    server.check("weak", "GET", "/api/v3/clients/my-app?field_mask=attributes", "", "403 no_client_rights");
}

/// registry.md 9, item 12.
#[test]
fn the_contact_info_is_the_address_of_both_contacts() {
    let answer = alice_with_app().check("alice", "GET", "/api/v3/clients/my-app?field_mask=contact_info", "", "200");
    let wanted = json!([
        {"contact_method": "CONTACT_METHOD_EMAIL", "value": "alice@example.com"},
        {"contact_type": "CONTACT_TYPE_TECHNICAL", "contact_method": "CONTACT_METHOD_EMAIL", "value": "alice@example.com"},
    ]);
    assert_eq!(answer.json()["contact_info"], wanted);
}

/// registry.md 9, item 13.
#[test]
fn a_key_without_rights_sees_no_contact_info() {
    let mut server = alice_with_app();
    server.gives_key("alice", "weak", &["RIGHT_USER_INFO"]);
    let answer = server.check("weak", "GET", "/api/v3/clients/my-app?field_mask=contact_info", "", r#"200 {"ids":{"client_id":"my-app"}}"#);
    assert_eq!(answer.json().get("contact_info"), None);
}

/// Anybody may make anybody a collaborator, and a contact of what is his.
#[test]
fn nobody_learns_an_address_by_naming_its_owner_as_a_contact() {
    let mut server = alice_with_app();
    server.has_user("bob");
    server.has_organization("alice", "acme");
    server.check("alice", "POST", "/api/v3/organizations/acme/clients", &full_client("of-acme"), "200");
    server.gives_key("bob", "narrow", &["RIGHT_CLIENT_ALL", "RIGHT_USER_CLIENTS_LIST"]);
    let bob = json!({"user_ids": {"user_id": "bob"}});
    for (noun, id, rights) in [("client", "my-app", "RIGHT_CLIENT_ALL"), ("organization", "acme", "RIGHT_ORGANIZATION_ALL")] {
        let path = format!("/api/v3/{noun}s/{id}");
        let member = json!({"collaborator": {"ids": bob, "rights": [rights]}}).to_string();
        server.check("alice", "PUT", &format!("{path}/collaborators"), &member, "200");
        let contact = json!({noun: {"technical_contact": bob}, "field_mask": "technical_contact"}).to_string();
        server.check("alice", "PUT", &path, &contact, "200");
    }
    let reads = |who: &str, path: &str| server.check(who, "GET", &format!("/api/v3/{path}field_mask=contact_info"), "", "200").text();
    for (path, shows) in [
        ("clients/my-app?", "my-app"),
        ("clients/of-acme?", "of-acme"),
        ("organizations/acme?", "acme"),
        ("clients?", "my-app"),
        ("organizations/acme/clients?", "of-acme"),
        ("organizations?", "acme"),
        ("search/clients?", "my-app"),
        ("search/organizations?", "acme"),
    ] {
        let alice = reads("alice", path);
        assert!(alice.contains(shows) && alice.contains("alice@example.com") && !alice.contains("bob@example.com"), "{path}: {alice}");
    }
    for path in ["clients/my-app?", "clients/of-acme?", "organizations/acme?", "search/clients?", "search/organizations?"] {
        assert!(reads("admin", path).contains("bob@example.com"), "{path}");
    }
    let own = reads("bob", "clients/my-app?");
    assert!(own.contains("bob@example.com") && !own.contains("alice@example.com"), "{own}");
    let narrow = reads("narrow", "clients/my-app?");
    assert!(narrow.contains("technical_contact") && !narrow.contains("@example.com"), "{narrow}");
}

// Changing.

/// registry.md 9, item 14.
#[test]
fn an_update_of_the_name_returns_the_new_name() {
    let server = alice_with_app();
    let body = r#"{"client":{"name":"Updated Name"},"field_mask":{"paths":["name"]}}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-app", body, r#"200 {"name":"Updated Name"}"#);
    server.check("alice", "GET", "/api/v3/clients/my-app?field_mask=name", "", r#"200 {"name":"Updated Name"}"#);
}

/// registry.md 9, item 15.
#[test]
fn an_owner_adds_another_owner() {
    let mut server = alice_with_app();
    server.has_user("bob");
    let body = r#"{"collaborator":{"ids":{"user_ids":{"user_id":"bob"}},"rights":["RIGHT_ALL"]}}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-app/collaborators", body, "200");
    server.check("bob", "GET", "/api/v3/clients/my-app/collaborator/user/bob", "", r#"200 {"rights":["RIGHT_ALL"]}"#);
}

/// Alice and Bob both own `my-app`.
fn alice_and_bob_with_app(contacts: Contacts) -> Server {
    let mut server = Server::with(Settings { contacts, ..Settings::default() });
    server.has_user("alice");
    server.has_user("bob");
    server.has_client("alice", "my-app");
    let body = r#"{"collaborator":{"ids":{"user_ids":{"user_id":"bob"}},"rights":["RIGHT_ALL"]}}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-app/collaborators", body, "200");
    server
}

const BOB_IS_ADMINISTRATIVE: &str =
    r#"{"client":{"administrative_contact":{"user_ids":{"user_id":"bob"}}},"field_mask":{"paths":["administrative_contact"]}}"#;
const BOB_IS_TECHNICAL: &str =
    r#"{"client":{"technical_contact":{"user_ids":{"user_id":"bob"}}},"field_mask":{"paths":["technical_contact"]}}"#;

/// registry.md 9, item 16.
#[test]
fn where_contacts_are_oneself_an_owner_names_no_other() {
    let server = alice_and_bob_with_app(Contacts::Oneself);
    server.check("alice", "PUT", "/api/v3/clients/my-app", BOB_IS_ADMINISTRATIVE, "403 contact_info_restricted");
    server.check("bob", "PUT", "/api/v3/clients/my-app", BOB_IS_ADMINISTRATIVE, "200");
}

/// registry.md 9, item 17.
#[test]
fn where_contacts_are_oneself_an_administrator_names_others() {
    let server = alice_and_bob_with_app(Contacts::Oneself);
    let wanted = r#"200 {"administrative_contact":{"user_ids":{"user_id":"bob"}}}"#;
    server.check("admin", "PUT", "/api/v3/clients/my-app", BOB_IS_ADMINISTRATIVE, wanted);
}

/// registry.md 9, item 18.
#[test]
fn an_owner_names_another_collaborator_as_a_contact() {
    let server = alice_and_bob_with_app(Contacts::Anyone);
    let wanted = r#"200 {"technical_contact":{"user_ids":{"user_id":"bob"}}}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-app", BOB_IS_TECHNICAL, wanted);
}

/// registry.md 1.7.
#[test]
fn who_is_no_collaborator_becomes_no_contact() {
    let mut server = alice_with_app();
    server.has_user("bob");
    server.check("alice", "PUT", "/api/v3/clients/my-app", BOB_IS_TECHNICAL, "400 contact_no_collaborator");
}

/// registry.md 9, item 19.
#[test]
fn an_administrator_flags_a_client_and_says_why() {
    let server = alice_with_app();
    let body = r#"{"client":{"state":"STATE_FLAGGED","state_description":"something is wrong"},"field_mask":{"paths":["state","state_description"]}}"#;
    let wanted = r#"200 {"state":"STATE_FLAGGED","state_description":"something is wrong"}"#;
    server.check("admin", "PUT", "/api/v3/clients/my-app", body, wanted);
    server.check("alice", "PUT", "/api/v3/clients/my-app", body, "403 update_admin_field");
}

/// registry.md 9, item 20.
#[test]
fn an_administrator_approves_a_client() {
    let body = r#"{"client":{"state":"STATE_APPROVED"},"field_mask":{"paths":["state"]}}"#;
    alice_with_app().check("admin", "PUT", "/api/v3/clients/my-app", body, r#"200 {"state":"STATE_APPROVED"}"#);
}

/// registry.md 9, item 21.
#[test]
fn a_new_state_without_a_description_clears_the_old_description() {
    let server = alice_with_app();
    let mask = "/api/v3/clients/my-app?field_mask=state,state_description";
    server.check("alice", "GET", mask, "", r#"200 {"state_description":"admin approval required"}"#);
    let body = r#"{"client":{"state":"STATE_APPROVED"},"field_mask":{"paths":["state"]}}"#;
    server.check("admin", "PUT", "/api/v3/clients/my-app", body, "200");
    let answer = server.check("alice", "GET", mask, "", r#"200 {"state":"STATE_APPROVED"}"#);
    assert_eq!(answer.json().get("state_description"), None);
}

// Listing.

/// registry.md 9, item 22.
#[test]
fn the_callers_list_and_the_users_list_hold_all_clients() {
    let server = alice_with_app();
    for n in 1..=5 {
        server.has_client("alice", &format!("client-{n}"));
    }
    let body = r#"{"client":{"name":"Updated Name"},"field_mask":{"paths":["name"]}}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-app", body, "200");
    for path in ["/api/v3/clients?field_mask=name", "/api/v3/users/alice/clients?field_mask=name"] {
        let answer = server.check("alice", "GET", path, "", "200");
        assert_eq!(answer.ids(), ["client-1", "client-2", "client-3", "client-4", "client-5", "my-app"]);
        assert_eq!(answer.json()["clients"][5]["name"], "Updated Name");
        assert_eq!(answer.total(), "6");
    }
}

/// registry.md 9, item 25.
#[test]
fn a_list_of_three_has_two_pages_of_two() {
    let mut server = Server::start();
    server.has_user("alice");
    for n in 1..=3 {
        server.has_client("alice", &format!("client-{n}"));
    }
    for (page, ids) in [(1, vec!["client-1", "client-2"]), (2, vec!["client-3"]), (3, vec![])] {
        let answer = server.check("alice", "GET", &format!("/api/v3/users/alice/clients?limit=2&page={page}"), "", "200");
        assert_eq!((answer.ids(), answer.total()), (ids.into_iter().map(str::to_owned).collect(), "3"), "page {page}");
    }
}

/// registry.md 9, item 69.
#[test]
fn seven_clients_are_four_pages_of_two_in_the_order_of_their_ids() {
    let mut server = Server::start();
    server.has_user("alice");
    for n in [4, 7, 1, 6, 2, 5, 3] {
        server.has_client("alice", &format!("client-{n}"));
    }
    let mut seen = Vec::new();
    for (page, length) in [(1, 2), (2, 2), (3, 2), (4, 1)] {
        let answer = server.check("alice", "GET", &format!("/api/v3/clients?limit=2&page={page}"), "", "200");
        assert_eq!((answer.ids().len(), answer.total()), (length, "7"), "page {page}");
        seen.extend(answer.ids());
    }
    assert_eq!(seen, (1..=7).map(|n| format!("client-{n}")).collect::<Vec<_>>());
}

/// registry.md 9, item 70.
#[test]
fn a_page_without_a_limit_has_a_hundred_clients() {
    let mut server = Server::start();
    server.has_user("alice");
    for n in 0..201 {
        server.has_client("alice", &format!("client-{n:03}"));
    }
    for (page, length, first) in [(1, 100, "client-000"), (2, 100, "client-100"), (3, 1, "client-200")] {
        let answer = server.check("alice", "GET", &format!("/api/v3/clients?page={page}"), "", "200");
        assert_eq!((answer.ids().len(), answer.ids()[0].as_str(), answer.total()), (length, first, "201"));
    }
}

/// registry.md 1.5: the rights of the key decide, not only those of its user.
#[test]
fn a_list_is_cut_to_public_fields_for_a_key_without_client_info() {
    let mut server = Server::start();
    server.has_user("alice");
    server.check("alice", "POST", "/api/v3/users/alice/clients", &full_client("foo"), "200");
    server.gives_key("alice", "lister", &["RIGHT_USER_CLIENTS_LIST"]);
    let path = "/api/v3/clients?field_mask=name,attributes,state_description";
    let cut = server.check("lister", "GET", path, "", r#"200 {"clients":[{"name":"Foo name"}]}"#);
    assert_eq!(cut.json()["clients"][0].get("attributes"), None);
    assert_eq!(cut.json()["clients"][0].get("state_description"), None);
    server.check("alice", "GET", path, "", r#"200 {"clients":[{"name":"Foo name","attributes":{"foo":"bar"}}]}"#);
}

// Deleting, restoring, purging.

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

// Approval.

fn approving(approval: Approval) -> Server {
    let mut server = Server::with(Settings { approval, ..Settings::default() });
    server.has_user("alice");
    server
}

#[test]
fn a_new_client_is_approved_at_once_whoever_registers_it() {
    let server = approving(Approval::Auto);
    let body = r#"{"client":{"ids":{"client_id":"hers"}}}"#;
    let answer = server.check("alice", "POST", "/api/v3/users/alice/clients", body, r#"200 {"state":"STATE_APPROVED"}"#);
    assert_eq!(answer.json().get("state_description"), None);
    let body = r#"{"client":{"ids":{"client_id":"theirs"}}}"#;
    server.check("admin", "POST", "/api/v3/users/admin/clients", body, r#"200 {"state":"STATE_APPROVED"}"#);
}

#[test]
fn a_user_who_asks_for_another_state_is_approved_too() {
    let server = approving(Approval::Auto);
    let body = r#"{"client":{"ids":{"client_id":"foo"},"state":"STATE_SUSPENDED","state_description":"mine"}}"#;
    let answer = server.check("alice", "POST", "/api/v3/users/alice/clients", body, r#"200 {"state":"STATE_APPROVED"}"#);
    assert_eq!(answer.json().get("state_description"), None);
}

#[test]
fn an_administrator_who_asks_for_a_state_gets_it() {
    let server = approving(Approval::Auto);
    let body = r#"{"client":{"ids":{"client_id":"foo"},"state":"STATE_REQUESTED"}}"#;
    server.check("admin", "POST", "/api/v3/users/alice/clients", body, "200");
    let answer = server.check("alice", "GET", "/api/v3/clients/foo?field_mask=state", "", "200");
    assert_eq!(answer.json().get("state"), None, "a state that is asked for is not written");
    let body = r#"{"client":{"ids":{"client_id":"bar"},"state":"STATE_FLAGGED"}}"#;
    server.check("admin", "POST", "/api/v3/users/alice/clients", body, r#"200 {"state":"STATE_FLAGGED"}"#);
}

#[test]
fn only_an_administrator_makes_a_client_that_is_endorsed_or_skips_authorization() {
    for approval in [Approval::Auto, Approval::Manual] {
        let server = approving(approval);
        let body = r#"{"client":{"ids":{"client_id":"hers"},"skip_authorization":true,"endorsed":true}}"#;
        let answer = server.check("alice", "POST", "/api/v3/users/alice/clients", body, "200");
        assert_eq!((answer.json().get("skip_authorization"), answer.json().get("endorsed")), (None, None), "{approval:?}");
        let body = r#"{"client":{"ids":{"client_id":"theirs"},"skip_authorization":true,"endorsed":true}}"#;
        let wanted = r#"200 {"skip_authorization":true,"endorsed":true}"#;
        server.check("admin", "POST", "/api/v3/users/alice/clients", body, wanted);
    }
}

#[test]
fn a_client_that_is_approved_by_hand_waits_for_it() {
    let server = approving(Approval::Manual);
    let body = r#"{"client":{"ids":{"client_id":"foo"},"state":"STATE_APPROVED","state_description":"please"}}"#;
    let wanted = r#"200 {"state_description":"admin approval required"}"#;
    let answer = server.check("alice", "POST", "/api/v3/users/alice/clients", body, wanted);
    assert_eq!(answer.json().get("state"), None);
}

#[test]
fn an_administrators_client_without_a_state_waits_where_approval_is_by_hand() {
    let server = approving(Approval::Manual);
    let answer = server.check("admin", "POST", "/api/v3/users/alice/clients", r#"{"client":{"ids":{"client_id":"foo"}}}"#, "200");
    assert_eq!((answer.json().get("state"), answer.json().get("state_description")), (None, None));
    let body = r#"{"client":{"ids":{"client_id":"bar"},"state":"STATE_APPROVED"}}"#;
    server.check("admin", "POST", "/api/v3/users/alice/clients", body, r#"200 {"state":"STATE_APPROVED"}"#);
}

#[test]
fn what_an_administrator_endorses_stays_endorsed() {
    let server = alice_with_app();
    let body = r#"{"client":{"endorsed":true},"field_mask":{"paths":["endorsed"]}}"#;
    server.check("admin", "PUT", "/api/v3/clients/my-app", body, r#"200 {"endorsed":true}"#);
    server.check("alice", "GET", "/api/v3/clients/my-app?field_mask=endorsed", "", r#"200 {"endorsed":true}"#);
    server.check("alice", "PUT", "/api/v3/clients/my-app", body, "403 update_admin_field");
}

// Secrets.

/// registry.md 1.8.
#[test]
fn a_generated_secret_is_52_characters_of_base32() {
    let mut server = Server::start();
    server.has_user("alice");
    let secret = server.has_client("alice", "my-app");
    assert_eq!(secret.len(), 52);
    assert!(secret.bytes().all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b)), "{secret}");
    assert!(is_good(&server, "my-app", &secret));
}

/// registry.md 1.3.
#[test]
fn a_secret_that_is_sent_at_creation_is_the_secret() {
    let mut server = Server::start();
    server.has_user("alice");
    let body = r#"{"client":{"ids":{"client_id":"foo"},"secret":"chosen by a person"}}"#;
    server.check("alice", "POST", "/api/v3/users/alice/clients", body, r#"200 {"secret":"chosen by a person"}"#);
    assert!(is_good(&server, "foo", "chosen by a person"));
}

/// registry.md 1.7.
#[test]
fn a_secret_that_is_put_is_the_only_one_from_then_on() {
    let mut server = Server::start();
    server.has_user("alice");
    let old = server.has_client("alice", "my-app");
    let body = r#"{"client":{"secret":"chosen by a person"},"field_mask":{"paths":["secret"]}}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-app", body, r#"200 {"secret":"chosen by a person"}"#);
    assert!(is_good(&server, "my-app", "chosen by a person"));
    assert!(!is_good(&server, "my-app", &old));
}

/// registry.md 1.8.
#[test]
fn a_secret_is_shown_in_the_reply_that_sets_it_and_never_again() {
    let server = alice_with_app();
    let body = r#"{"client":{"secret":"chosen by a person"},"field_mask":{"paths":["secret"]}}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-app", body, "200");
    for path in ["/api/v3/clients/my-app", "/api/v3/clients", "/api/v3/users/alice/clients", "/api/v3/search/clients"] {
        for who in ["alice", "admin"] {
            server.check(who, "GET", &format!("{path}?field_mask=secret"), "", "400");
            let answer = server.send(who, "GET", &format!("{path}?field_mask={EVERYTHING}"), "");
            let shown = String::from_utf8_lossy(&answer.body);
            assert!(!shown.contains("chosen") && !shown.contains("PBKDF2") && !shown.contains("secret"), "{who} {path} {shown}");
        }
    }
    let body = r#"{"client":{"name":"New"},"field_mask":{"paths":["name"]}}"#;
    let answer = server.check("alice", "PUT", "/api/v3/clients/my-app", body, "200");
    assert_eq!(answer.json().get("secret"), None);
}

#[test]
fn a_secret_that_the_mask_does_not_name_is_not_set() {
    let server = alice_with_app();
    let body = r#"{"client":{"name":"New","secret":"chosen by a person"},"field_mask":{"paths":["name"]}}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-app", body, "200");
    assert!(!is_good(&server, "my-app", "chosen by a person"));
}

#[test]
fn a_rotation_without_grace_ends_the_old_secret_at_once() {
    let mut server = Server::start();
    server.has_user("alice");
    let old = server.has_client("alice", "my-app");
    for body in ["", "{}", r#"{"grace":null}"#, r#"{"grace":"0s"}"#] {
        let new = secret_in(&server.check("alice", "POST", "/api/v3/clients/my-app/secret", body, r#"200 {"ids":{"client_id":"my-app"}}"#));
        assert!(new.len() == 52 && new != old, "{body}");
        assert!(is_good(&server, "my-app", &new) && !is_good(&server, "my-app", &old), "{body}");
    }
}

#[test]
fn a_rotation_with_grace_keeps_the_old_secret_until_the_grace_ends() {
    let mut server = Server::start();
    server.has_user("alice");
    let old = server.has_client("alice", "my-app");
    let new = secret_in(&server.check("alice", "POST", "/api/v3/clients/my-app/secret", r#"{"grace":"3600s"}"#, "200"));
    assert!(is_good(&server, "my-app", &new) && is_good(&server, "my-app", &old));
    server.wait_seconds(3_599);
    assert!(is_good(&server, "my-app", &old));
    server.wait_seconds(1);
    assert!(is_good(&server, "my-app", &new) && !is_good(&server, "my-app", &old));
}

#[test]
fn a_rotation_without_grace_ends_those_that_were_still_in_theirs() {
    let mut server = Server::start();
    server.has_user("alice");
    let first = server.has_client("alice", "my-app");
    let second = secret_in(&server.check("alice", "POST", "/api/v3/clients/my-app/secret", r#"{"grace":"3600s"}"#, "200"));
    let third = secret_in(&server.check("alice", "POST", "/api/v3/clients/my-app/secret", "", "200"));
    assert!(is_good(&server, "my-app", &third));
    assert!(!is_good(&server, "my-app", &first) && !is_good(&server, "my-app", &second));
}

#[test]
fn a_second_rotation_does_not_lengthen_the_grace_of_the_first() {
    let mut server = Server::start();
    server.has_user("alice");
    let first = server.has_client("alice", "my-app");
    let second = secret_in(&server.check("alice", "POST", "/api/v3/clients/my-app/secret", r#"{"grace":"60s"}"#, "200"));
    server.check("alice", "POST", "/api/v3/clients/my-app/secret", r#"{"grace":"3600s"}"#, "200");
    server.wait_seconds(60);
    assert!(!is_good(&server, "my-app", &first) && is_good(&server, "my-app", &second));
}

#[test]
fn a_bad_grace_is_refused_and_changes_nothing() {
    let mut server = Server::start();
    server.has_user("alice");
    let secret = server.has_client("alice", "my-app");
    for grace in [
        r#""""#,
        r#""s""#,
        r#""60""#,
        r#""1h""#,
        r#""-1s""#,
        r#""+1s""#,
        r#""1.5s""#,
        r#"" 60s""#,
        r#""60 s""#,
        r#""60S""#,
        r#""99999999999999999999s""#,
        r#""31536001s""#,
        "60",
        "true",
        "{}",
        "[]",
    ] {
        server.check("alice", "POST", "/api/v3/clients/my-app/secret", &format!(r#"{{"grace":{grace}}}"#), "400");
    }
    assert!(is_good(&server, "my-app", &secret));
}

#[test]
fn a_grace_of_a_year_is_the_longest() {
    alice_with_app().check("alice", "POST", "/api/v3/clients/my-app/secret", r#"{"grace":"31536000s"}"#, "200");
}

#[test]
fn a_secret_is_rotated_by_whoever_may_change_the_client() {
    let mut server = alice_with_app();
    server.has_user("bob");
    server.has_user("carol");
    server.gives_key("alice", "reader", &["RIGHT_CLIENT_INFO"]);
    server.gives_key("alice", "editor", &["RIGHT_CLIENT_SETTINGS_BASIC"]);
    let body = r#"{"collaborator":{"ids":{"user_ids":{"user_id":"carol"}},"rights":["RIGHT_CLIENT_SETTINGS_BASIC"]}}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-app/collaborators", body, "200");
    let path = "/api/v3/clients/my-app/secret";
    server.check("anon", "POST", path, "", "403 no_client_rights");
    server.check("bob", "POST", path, "", "403 no_client_rights");
    server.check("reader", "POST", path, "", "403 insufficient_client_rights");
    for who in ["alice", "editor", "carol", "admin"] {
        server.check(who, "POST", path, "", "200");
    }
}

#[test]
fn the_secret_of_a_deleted_client_is_not_rotated() {
    let server = alice_with_app();
    server.check("alice", "DELETE", "/api/v3/clients/my-app", "", "200");
    server.check("alice", "POST", "/api/v3/clients/my-app/secret", "", "403 no_client_rights");
    server.check("admin", "POST", "/api/v3/clients/my-app/secret", "", "404 client_not_found");
}
