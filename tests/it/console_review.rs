//! The registration review in the Console: checking a form, asking, and answering.

use serde_json::json;

use crate::console::signed_in_admin;
use crate::server::Server;

const GOOD: &[(&str, &str)] = &[
    ("id", "alice-gateway-map"),
    ("owner", "user:alice"),
    ("name", "Alice Gateway Map"),
    ("description", "Shows the gateways of its users on a map."),
    ("redirect_uris", "https://alice.example.com/cb"),
    ("grants", "GRANT_AUTHORIZATION_CODE"),
    ("rights", "RIGHT_USER_GATEWAYS_LIST"),
];

fn with<'a>(fields: &[(&'a str, &'a str)], name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    fields.iter().copied().filter(|(field, _)| *field != name).chain([(name, value)]).collect()
}

fn fixture() -> Server {
    let mut server = Server::start();
    server.has_user("alice");
    server
}

fn has_waiting(server: &Server, id: &str, rights: &[&str], description: &str) {
    let client = json!({"client": {
        "ids": {"client_id": id}, "name": id, "description": description, "redirect_uris": ["https://alice.example.com/cb"],
        "grants": ["GRANT_AUTHORIZATION_CODE"], "rights": rights,
    }});
    server.check("alice", "POST", "/api/v3/users/alice/clients", &client.to_string(), "200");
}

#[test]
fn a_form_is_checked_without_being_saved_and_shows_what_is_found_beside_its_fields() {
    let server = fixture();
    let mut alice = server.signed_in("alice");
    let bad = with(&with(GOOD, "redirect_uris", "https://alice.example.com/*"), "description", "todo");
    let page = alice.sends_form(&server, "/console/add/client", &[&bad[..], &[("check", "true")]].concat());
    assert_eq!(page.status, 200);
    page.tells("checked");
    let findings = page.findings();
    assert!(findings.iter().any(|rule| rule == "redirect_uri_unsafe") && findings.iter().any(|rule| rule == "description"), "{findings:?}");
    let (field, button) = (page.text().find("data-finding=\"description\""), page.text().find("name=\"redirect_uris\""));
    assert!(field < button && field > page.text().find("name=\"description\""), "it stands beside its field");
    assert!(page.text().contains("value=\"https://alice.example.com/*\""), "what was typed is still there");
    server.check("alice", "GET", "/api/v3/clients/alice-gateway-map", "", "404");
    // What is malformed is said as when it is saved.
    alice
        .sends_form(&server, "/console/add/client", &[&with(GOOD, "id", "x")[..], &[("check", "true")]].concat())
        .refuses("id", "validation");
    let page = alice.sends_form(&server, "/console/add/client", &[GOOD, &[("check", "true")]].concat());
    page.tells("checked");
    assert!(!page.findings().iter().any(|rule| rule == "description"), "{:?}", page.findings());
}

#[test]
fn a_change_is_checked_without_being_saved() {
    let server = fixture();
    server.has_client("alice", "my-app");
    let mut alice = server.signed_in("alice");
    let change = [
        ("name", "my-app"),
        ("description", "The Things Stack Console"),
        ("redirect_uris", "javascript:alert(1)"),
        ("grants", "GRANT_AUTHORIZATION_CODE"),
        ("rights", "RIGHT_USER_INFO"),
        ("check", "true"),
    ];
    let page = alice.sends_form(&server, "/console/clients/my-app/settings", &change);
    assert_eq!(page.status, 200, "{}", page.text());
    page.tells("checked");
    assert!(page.findings().iter().any(|rule| rule == "redirect_uri_unsafe"), "{:?}", page.findings());
    let kept = server.check("alice", "GET", "/api/v3/clients/my-app?field_mask=redirect_uris,description", "", "200").json();
    assert_eq!((&kept["redirect_uris"], kept.get("description")), (&json!(["https://my-app.example.com/callback"]), None));
}

#[test]
fn the_queue_shows_findings_the_worst_first_marks_dangerous_rights_and_counts_what_waits() {
    let server = fixture();
    has_waiting(&server, "alice-map", &["RIGHT_USER_GATEWAYS_LIST"], "Shows the gateways of its users on a map.");
    has_waiting(&server, "the-th1ngs-stack", &["RIGHT_USER_DELETE", "RIGHT_USER_INFO"], "Shows the users of the things network.");
    let page = signed_in_admin(&server).opens(&server, "/console/review");
    assert_eq!(page.items(), ["the-th1ngs-stack", "alice-map"]);
    assert!(page.findings().iter().any(|rule| rule == "protected_name"), "{:?}", page.findings());
    assert_eq!(page.dangerous_rights(), ["RIGHT_USER_DELETE"]);
    assert!(page.text().contains("data-count=\"2\"") && page.text().contains("less than a minute old"), "{}", page.text());
    let dashboard = server.signed_in("alice").opens(&server, "/console");
    assert!(!dashboard.text().contains("data-count"), "nobody else is told what waits");
}

#[test]
fn an_owner_is_told_what_to_change_and_asks_again() {
    let server = fixture();
    has_waiting(&server, "alice-map", &["RIGHT_USER_GATEWAYS_LIST"], "Shows the gateways of its users on a map.");
    let (mut admin, mut alice) = (signed_in_admin(&server), server.signed_in("alice"));
    let reason = [("reason-alice-map", "Say <who> you are"), ("reason", "not this one"), ("ask", "alice-map")];
    assert_eq!(admin.sends_form(&server, "/console/review", &reason).status, 303);
    let page = alice.opens(&server, "/console/clients/alice-map/review");
    page.tells("waits-for-owner");
    assert!(page.text().contains("Say &lt;who&gt; you are") && !page.text().contains("not this one"), "{}", page.text());
    admin.opens(&server, "/console/review").tells("waits-for-owner");
    assert!(!admin.opens(&server, "/console").text().contains("data-count"), "it waits for its owner");
    let asked = alice.sends_form(&server, "/console/clients/alice-map/review", &[("text", "I am <b>Alice</b>")]);
    assert_eq!(asked.header("Location"), Some("/console/clients/alice-map/review?done=review-requested"));
    let page = admin.opens(&server, "/console/review");
    page.does_not_tell("waits-for-owner");
    assert!(page.text().contains("I am &lt;b&gt;Alice&lt;/b&gt;") && page.text().contains("data-count=\"1\""), "{}", page.text());
    assert_eq!(admin.sends_form(&server, "/console/review", &[("approve", "alice-map")]).status, 303);
    alice.opens(&server, "/console/clients/alice-map/review").does_not_tell("stale-verdict");
    server.check("alice", "PUT", "/api/v3/clients/alice-map", r#"{"client":{"description":"New"},"field_mask":"description"}"#, "200");
    let page = alice.opens(&server, "/console/clients/alice-map/review");
    page.tells("stale-verdict");
    page.tells("changed-since-approval");
    let late = alice.sends_form(&server, "/console/clients/alice-map/review", &[("text", "Again")]);
    late.explains(400, "no_review_needed");
}

#[test]
fn a_rejected_client_is_asked_for_again_and_the_queue_shows_what_changed_since_its_approval() {
    let server = fixture();
    has_waiting(&server, "alice-map", &["RIGHT_USER_GATEWAYS_LIST"], "Shows the gateways of its users on a map.");
    let (mut admin, mut alice) = (signed_in_admin(&server), server.signed_in("alice"));
    assert_eq!(admin.sends_form(&server, "/console/review", &[("approve", "alice-map")]).status, 303);
    let change = r#"{"client":{"redirect_uris":["https://evil.example/cb"]},"field_mask":"redirect_uris"}"#;
    server.check("alice", "PUT", "/api/v3/clients/alice-map", change, "200");
    let page = admin.opens(&server, "/console/review");
    page.tells("changed-since-approval");
    assert!(
        page.text().contains("<dt>Redirect URLs</dt><dd><del>https://alice.example.com/cb</del> <ins>https://evil.example/cb</ins>"),
        "{}",
        page.text()
    );
    assert_eq!(admin.sends_form(&server, "/console/review", &[("reject", "alice-map"), ("reason-alice-map", "Evil")]).status, 303);
    alice.opens(&server, "/console/clients/alice-map/review").tells("rejected-review");
    assert_eq!(alice.sends_form(&server, "/console/clients/alice-map/review", &[("text", "")]).status, 303);
    admin.opens(&server, "/console/review").lists(&["alice-map"]);
}

#[test]
fn many_requests_are_handed_back_at_once_with_one_reason() {
    let server = fixture();
    for id in ["one-app", "two-app", "six-app"] {
        server.has_client("alice", id);
    }
    let mut admin = signed_in_admin(&server);
    admin.sends_form(&server, "/console/review", &[("client", "one-app"), ("ask", "")]).refuses("reason", "no_reason");
    let both = [("client", "one-app"), ("client", "two-app"), ("ask", ""), ("reason", "Describe it")];
    assert_eq!(admin.sends_form(&server, "/console/review", &both).status, 303);
    for (id, waits_for) in [("one-app", "owner"), ("two-app", "owner"), ("six-app", "administrator")] {
        server.check("alice", "GET", &format!("/api/v3/clients/{id}/review"), "", &format!(r#"200 {{"waits_for":"{waits_for}"}}"#));
    }
}
