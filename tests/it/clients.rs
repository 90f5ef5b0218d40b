//! Clients: who may create, read, change and list them.

use serde_json::json;

use keyfob::model::settings::{ContactPolicy, Creators, Settings};

use crate::server::Server;

/// Alice, and her client `my-app`.
pub fn alice_with_app() -> Server {
    let mut server = Server::start();
    server.has_user("alice");
    server.has_client("alice", "my-app");
    server
}

/// A client with as many fields set as its owner can set.
pub fn full_client(id: &str) -> String {
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

#[test]
fn a_refusal_says_which_right_is_not_known() {
    let mut server = Server::start();
    server.has_user("alice");
    let body = r#"{"client":{"ids":{"client_id":"my-app"},"rights":["RIGHT_USER_INFO","RIGHT_USER_INF"]}}"#;
    let refused = server.check("alice", "POST", "/api/v3/users/alice/clients", body, "400");
    assert!(refused.text().contains(r#"\"RIGHT_USER_INF\" is no known name or number"#), "{}", refused.text());
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
fn alice_and_bob_with_app(contacts: ContactPolicy) -> Server {
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
    let server = alice_and_bob_with_app(ContactPolicy::Oneself);
    server.check("alice", "PUT", "/api/v3/clients/my-app", BOB_IS_ADMINISTRATIVE, "403 contact_info_restricted");
    server.check("bob", "PUT", "/api/v3/clients/my-app", BOB_IS_ADMINISTRATIVE, "200");
}

/// registry.md 9, item 17.
#[test]
fn where_contacts_are_oneself_an_administrator_names_others() {
    let server = alice_and_bob_with_app(ContactPolicy::Oneself);
    let wanted = r#"200 {"administrative_contact":{"user_ids":{"user_id":"bob"}}}"#;
    server.check("admin", "PUT", "/api/v3/clients/my-app", BOB_IS_ADMINISTRATIVE, wanted);
}

/// registry.md 9, item 18.
#[test]
fn an_owner_names_another_collaborator_as_a_contact() {
    let server = alice_and_bob_with_app(ContactPolicy::Anyone);
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

#[test]
fn a_value_of_the_wrong_type_is_named_by_its_place_in_the_body() {
    let server = Server::start();
    server.has_client("admin", "foo-bar");
    let create = "/api/v3/users/admin/clients";
    for (method, target, body, message) in [
        ("POST", create, r#"{"client":{"ids":{"client_id":5}}}"#, "client.ids.client_id: expected a string"),
        ("POST", create, r#"{"client":{"redirect_uris":["/a",7]}}"#, "client.redirect_uris[1]: expected a string"),
        ("POST", create, r#"{"client":{"attributes":{"a":true}}}"#, "client.attributes.a: expected a string"),
        ("POST", create, r#"{"client":{"rights":["NONE"]}}"#, r#"client.rights[0]: "NONE" is no known name or number"#),
        ("POST", create, r#"{"client":{"technical_contact":{"user_ids":1}}}"#, "client.technical_contact.user_ids: expected an object"),
        ("POST", create, r#"{"client":1}"#, "client: expected an object"),
        ("POST", create, r#"{"collaborator":{"user_ids":{"user_id":1}}}"#, "collaborator.user_ids.user_id: expected a string"),
        (
            "PUT",
            "/api/v3/clients/foo-bar/collaborators",
            r#"{"collaborator":{"ids":{"user_ids":{"user_id":7}}}}"#,
            "collaborator.ids.user_ids.user_id: expected a string",
        ),
        ("PUT", "/api/v3/clients/foo-bar/collaborators", r#"{"collaborator":{"rights":1}}"#, "collaborator.rights: expected a list"),
        ("POST", "/api/v3/users/admin/api-keys", r#"{"rights":[[]]}"#, "rights[0]: [] is no known name or number"),
    ] {
        let answer = server.send("admin", method, target, body);
        assert_eq!((answer.status, answer.json()["message"].as_str()), (400, Some(message)), "{body}");
    }
}

#[test]
fn a_redirect_uri_that_can_never_work_is_taken_with_a_warning() {
    let server = alice_with_app();
    let uris = ["https://app.example/cb", "thethings.example.com", "javascript:alert(1)", "*", "https://*.app.example/cb"];
    let warnings = |answer: &crate::server::Answer| answer.all("X-Warning").into_iter().map(str::to_owned).collect::<Vec<_>>();
    let client = json!({"client": {"ids": {"client_id": "new-app"}, "redirect_uris": uris, "logout_redirect_uris": ["*"]}});
    let told = warnings(&server.check("alice", "POST", "/api/v3/users/alice/clients", &client.to_string(), "200"));
    for (n, told) in told.iter().take(4).enumerate() {
        assert!(told.starts_with(&format!("nobody can be redirected to redirect_uris[{}]: ", n + 1)), "{told}");
    }
    assert!(told.len() == 5 && told[4].contains("logout_redirect_uris[0]"), "{told:?}");
    let change = |field: &str, value: serde_json::Value| {
        let body = json!({"client": {field: value}, "field_mask": field}).to_string();
        warnings(&server.check("alice", "PUT", "/api/v3/clients/new-app", &body, "200")).len()
    };
    assert_eq!(change("name", json!("New")), 0);
    assert_eq!(change("redirect_uris", json!(["https://app.example/cb"])), 0);
    assert_eq!(change("redirect_uris", json!(["app.example/cb"])), 1);
}
