//! Collaborators of clients: who may see, give and take which rights. These run with `--admin-rights all`, as the check list does.

use keyfob::model::settings::{AdminRights, Approval, Settings};
use serde_json::json;

use crate::server::Server;

const MEMBERS: &str = "/api/v3/clients/my-app/collaborators";

/// Alice, who owns `my-app`, bob and carol, who do not; `manager` is a key of alice's that may only manage collaborators.
fn team() -> Server {
    let mut server = Server::with(Settings { approval: Approval::Manual, admin_rights: AdminRights::All, ..Settings::default() });
    for name in ["alice", "bob", "carol"] {
        server.has_user(name);
    }
    server.has_client("alice", "my-app");
    server.gives_key("alice", "manager", &["RIGHT_CLIENT_SETTINGS_COLLABORATORS"]);
    server.gives_key("alice", "powerless", &["RIGHT_USER_INFO"]);
    server
}

/// The body that gives a user these rights.
pub fn member(user: &str, rights: &[&str]) -> String {
    json!({"collaborator": {"ids": {"user_ids": {"user_id": user}}, "rights": rights}}).to_string()
}

fn organization(id: &str, rights: &[&str]) -> String {
    json!({"collaborator": {"ids": {"organization_ids": {"organization_id": id}}, "rights": rights}}).to_string()
}

/// registry.md 9, item 26.
#[test]
fn who_is_no_collaborator_is_not_found() {
    team().check("alice", "GET", "/api/v3/clients/my-app/collaborator/user/bob", "", "404 membership_not_found");
}

/// registry.md 9, items 27 to 29.
#[test]
fn strangers_neither_set_nor_get_nor_list_collaborators() {
    let server = team();
    server.check("anon", "PUT", MEMBERS, &member("bob", &["RIGHT_CLIENT_INFO"]), "403 no_client_rights");
    server.check("anon", "GET", "/api/v3/clients/my-app/collaborator/user/alice", "", "403 no_client_rights");
    server.check("anon", "GET", MEMBERS, "", "401 unauthenticated");
}

/// registry.md 9, item 30.
#[test]
fn a_key_without_rights_on_the_client_neither_sets_nor_gets_collaborators() {
    let server = team();
    server.check("powerless", "PUT", MEMBERS, &member("bob", &["RIGHT_CLIENT_INFO"]), "403 no_client_rights");
    server.check("powerless", "GET", "/api/v3/clients/my-app/collaborator/user/alice", "", "403 no_client_rights");
}

/// registry.md 9, items 31 to 33.
#[test]
fn administrators_and_managers_add_somebody_with_exactly_the_rights_they_give() {
    for who in ["admin", "manager"] {
        let server = team();
        server.check("alice", "PUT", MEMBERS, &member("bob", &["RIGHT_CLIENT_INFO"]), "200 {}");
        server.check(who, "PUT", MEMBERS, &member("carol", &["RIGHT_CLIENT_SETTINGS_COLLABORATORS"]), "200 {}");
        let listed = server.check("alice", "GET", MEMBERS, "", "200");
        assert_eq!((listed.ids(), listed.total()), (vec!["alice".to_owned(), "bob".to_owned(), "carol".to_owned()], "3"), "{who}");
        assert_eq!(listed.json()["collaborators"][2]["rights"], json!(["RIGHT_CLIENT_SETTINGS_COLLABORATORS"]));
        let got = server.check("alice", "GET", "/api/v3/clients/my-app/collaborator/user/carol", "", "200");
        assert_eq!(got.rights(), ["RIGHT_CLIENT_SETTINGS_COLLABORATORS"]);
    }
}

/// registry.md 9, items 34 and 35.
#[test]
fn a_collaborator_is_removed_by_no_rights_and_by_the_delete_route() {
    let server = team();
    let bob = "/api/v3/clients/my-app/collaborator/user/bob";
    server.check("alice", "PUT", MEMBERS, &member("bob", &["RIGHT_CLIENT_INFO"]), "200");
    server.check("alice", "PUT", MEMBERS, &member("bob", &[]), "200 {}");
    server.check("alice", "GET", bob, "", "404 membership_not_found");
    server.check("alice", "PUT", MEMBERS, &member("bob", &["RIGHT_CLIENT_INFO"]), "200");
    let removed = server.check("alice", "DELETE", "/api/v3/clients/my-app/collaborators/user/bob", "", "200");
    assert_eq!(removed.json(), json!({}));
    server.check("alice", "GET", bob, "", "404 membership_not_found");
}

/// registry.md 9, item 36.
#[test]
fn removing_somebody_who_is_no_owner_takes_only_the_right_to_manage() {
    let server = team();
    server.check("alice", "PUT", MEMBERS, &member("bob", &["RIGHT_CLIENT_INFO"]), "200");
    server.check("manager", "DELETE", "/api/v3/clients/my-app/collaborators/user/bob", "", "200 {}");
}

/// registry.md 9, item 37.
#[test]
fn the_last_owner_stays() {
    let server = team();
    server.check("alice", "PUT", MEMBERS, &member("bob", &["RIGHT_CLIENT_INFO"]), "200");
    let contacts = json!({"client": {"administrative_contact": {"user_ids": {"user_id": "bob"}}, "technical_contact": {"user_ids": {"user_id": "bob"}}},
        "field_mask": {"paths": ["administrative_contact", "technical_contact"]}});
    server.check("alice", "PUT", "/api/v3/clients/my-app", &contacts.to_string(), "200");
    server.check("alice", "DELETE", "/api/v3/clients/my-app/collaborators/user/alice", "", "400 client_needs_collaborator");
    server.check("alice", "PUT", MEMBERS, &member("alice", &["RIGHT_CLIENT_INFO"]), "400 client_needs_collaborator");
}

/// registry.md 9, items 38 and 39.
#[test]
fn a_contact_stays_until_another_is_named() {
    let server = team();
    server.check("alice", "PUT", MEMBERS, &member("bob", &["RIGHT_CLIENT_INFO"]), "200");
    let contact = |user: &str| {
        json!({"client": {"administrative_contact": {"user_ids": {"user_id": user}}}, "field_mask": "administrative_contact"}).to_string()
    };
    server.check("alice", "PUT", "/api/v3/clients/my-app", &contact("bob"), "200");
    server.check("alice", "DELETE", "/api/v3/clients/my-app/collaborators/user/bob", "", "400 collaborator_is_contact");
    server.check("alice", "PUT", "/api/v3/clients/my-app", &contact("alice"), "200");
    server.check("alice", "DELETE", "/api/v3/clients/my-app/collaborators/user/bob", "", "200 {}");
}

/// registry.md 9, items 71 and 72.
#[test]
fn setting_a_collaborator_again_replaces_the_rights_in_the_order_sent() {
    let server = team();
    for rights in [&["RIGHT_CLIENT_INFO"][..], &["RIGHT_CLIENT_DELETE", "RIGHT_CLIENT_INFO"], &["RIGHT_CLIENT_ALL"]] {
        server.check("alice", "PUT", MEMBERS, &member("bob", rights), "200");
        let got = server.check("alice", "GET", "/api/v3/clients/my-app/collaborator/user/bob", "", "200");
        assert_eq!(got.json()["rights"], json!(rights));
    }
    assert_eq!(server.check("bob", "GET", "/api/v3/clients", "", "200").ids(), ["my-app"]);
}

/// registry.md 9, items 73 and 74.
#[test]
fn a_member_of_an_organization_reaches_its_clients_and_direct_rights_add_up() {
    let server = team();
    server.has_organization("bob", "acme-corp");
    server.check(
        "bob",
        "PUT",
        "/api/v3/organizations/acme-corp/collaborators",
        &member("carol", &["RIGHT_CLIENT_INFO", "RIGHT_ORGANIZATION_INFO"]),
        "200",
    );
    server.check("alice", "PUT", MEMBERS, &organization("acme-corp", &["RIGHT_CLIENT_INFO", "RIGHT_CLIENT_DELETE"]), "200");
    // What carol has on the organization and what the organization has on the client meet in one right.
    assert_eq!(server.send("carol", "GET", "/api/v3/clients/my-app/rights", "").rights(), ["RIGHT_CLIENT_INFO"]);
    assert_eq!(server.send("carol", "GET", "/api/v3/clients", "").ids(), ["my-app"]);
    assert!(server.send("carol", "GET", "/api/v3/users/carol/clients", "").ids().is_empty());
    server.check("alice", "PUT", MEMBERS, &member("carol", &["RIGHT_CLIENT_SETTINGS_BASIC"]), "200");
    assert_eq!(
        server.send("carol", "GET", "/api/v3/clients/my-app/rights", "").rights(),
        ["RIGHT_CLIENT_INFO", "RIGHT_CLIENT_SETTINGS_BASIC"]
    );
}

/// registry.md 9, item 75.
#[test]
fn a_deleted_organization_gives_no_rights() {
    let server = team();
    server.has_organization("bob", "acme-corp");
    server.check("alice", "PUT", MEMBERS, &organization("acme-corp", &["RIGHT_CLIENT_INFO"]), "200");
    assert_eq!(server.send("bob", "GET", "/api/v3/clients/my-app/rights", "").rights(), ["RIGHT_CLIENT_INFO"]);
    server.check("bob", "DELETE", "/api/v3/organizations/acme-corp", "", "200");
    assert!(server.send("bob", "GET", "/api/v3/clients/my-app/rights", "").rights().is_empty());
    assert_eq!(server.check("alice", "GET", MEMBERS, "", "200").ids(), ["alice"]);
}

/// registry.md 9, item 76.
#[test]
fn collaborators_are_paged_and_sorted_by_id() {
    let server = team();
    for name in ["bob", "carol"] {
        server.check("alice", "PUT", MEMBERS, &member(name, &["RIGHT_CLIENT_INFO"]), "200");
    }
    for (query, ids) in [("", &["alice", "bob", "carol"][..]), ("?order=-id", &["carol", "bob", "alice"]), ("?limit=2&page=2", &["carol"])]
    {
        let answer = server.check("alice", "GET", &format!("{MEMBERS}{query}"), "", "200");
        assert_eq!(answer.ids(), ids, "{query}");
        assert_eq!(answer.total(), "3");
    }
}

#[test]
fn nobody_gives_or_takes_what_he_does_not_have() {
    let server = team();
    let refused = server.check("manager", "PUT", MEMBERS, &member("bob", &["RIGHT_CLIENT_DELETE"]), "403 insufficient_client_rights");
    assert_eq!(refused.json()["details"][0]["attributes"]["missing"], json!(["RIGHT_CLIENT_DELETE"]));
    server.check("alice", "PUT", MEMBERS, &member("bob", &["RIGHT_CLIENT_DELETE", "RIGHT_CLIENT_INFO"]), "200");
    server.check("manager", "PUT", MEMBERS, &member("bob", &["RIGHT_CLIENT_INFO"]), "403 insufficient_client_rights");
    server.check("manager", "PUT", MEMBERS, &member("bob", &[]), "200 {}");
}
