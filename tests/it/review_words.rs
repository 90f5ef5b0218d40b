//! What the Console's pages of the review say, and to whom.

use keyfob::model::settings::{Approval, Settings};
use serde_json::json;

use crate::console::{new_client, signed_in_admin};
use crate::server::{Answer, Server};

const REVIEW: &str = "/console/clients/my-app/review";

/// Alice's `my-app`, whose name is a protected one, which shares a URL with nobody and waits.
fn fixture(approval: Approval) -> Server {
    let mut server = Server::with(Settings { approval, ..Settings::default() });
    server.has_user("alice");
    let client = json!({"client": {
        "ids": {"client_id": "my-app"}, "name": "The Things Stack", "description": "Shows the gateways of my users on a map.",
        "redirect_uris": ["https://app.example/*"], "grants": ["GRANT_AUTHORIZATION_CODE"], "rights": ["RIGHT_USER_INFO"],
    }});
    server.check(
        "alice",
        "POST",
        "/api/v3/users/alice/clients",
        &client.to_string(),
        r#"200 {"state_description":"admin approval required"}"#,
    );
    server
}

/// What people read of a page: no tags, and what is in them.
fn read(page: &Answer) -> String {
    page.text().split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect::<Vec<_>>().join(" ")
}

#[test]
fn who_answers_is_not_told_to_make_the_changes_and_the_owner_is() {
    let server = fixture(Approval::Review);
    server.check("admin", "POST", "/api/v3/clients/my-app/review/answer", r#"{"answer":"ask","reason":"Another name"}"#, "200");
    let (mut admin, mut alice) = (signed_in_admin(&server), server.signed_in("alice"));
    for page in [admin.opens(&server, "/console/review"), admin.opens(&server, REVIEW)] {
        page.tells("waits-for-owner");
        assert!(!read(&page).contains("ask again"), "{}", read(&page));
    }
    let page = alice.opens(&server, REVIEW);
    page.tells("waits-for-owner");
    assert!(read(&page).contains("ask again"), "{}", read(&page));
}

#[test]
fn nobody_is_said_to_have_asked_who_only_registered_a_client() {
    let server = fixture(Approval::Review);
    let mut admin = signed_in_admin(&server);
    assert!(!read(&admin.opens(&server, "/console/review")).contains("Asked"));
    server.check("alice", "POST", "/api/v3/clients/my-app/review", r#"{"text":"Please"}"#, "200");
    assert!(read(&admin.opens(&server, "/console/review")).contains("Asked by"));
}

#[test]
fn findings_and_changes_name_fields_as_the_forms_do() {
    let server = fixture(Approval::Review);
    let named = r#"{"user":{"name":"The Things Stack"},"field_mask":"name"}"#;
    server.check("alice", "PUT", "/api/v3/users/alice", named, "200");
    let mut admin = signed_in_admin(&server);
    let seen = server.check("admin", "GET", "/api/v3/clients/my-app/review", "", "200").json()["seen"].clone();
    let body = json!({"answer": "approve", "seen": seen, "despite_blocking": true}).to_string();
    server.check("admin", "POST", "/api/v3/clients/my-app/review/answer", &body, "200");
    let change =
        r#"{"client":{"redirect_uris":["https://other.example/*"],"name":"The Things Console"},"field_mask":"name,redirect_uris"}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-app", change, "200");
    for page in [admin.opens(&server, "/console/review"), admin.opens(&server, REVIEW)] {
        page.tells("changed-since-approval");
        let read = read(&page);
        for word in ["OAuth client ID", "Redirect URL 1", "Owner", "Name"] {
            assert!(read.to_lowercase().contains(&word.to_lowercase()), "{word}: {read}");
        }
        for name in ["ids.client_id", "redirect_uris", "collaborator", "owner_names"] {
            assert!(!read.contains(name), "{name}: {read}");
        }
    }
}

#[test]
fn the_activity_tells_in_words_what_was_done() {
    let server = fixture(Approval::Review);
    server.check("alice", "PUT", "/api/v3/clients/my-app", r#"{"client":{"name":"Other"},"field_mask":"name"}"#, "200");
    server.check("alice", "POST", "/api/v3/clients/my-app/secret", "{}", "200");
    for target in ["/console/activity", "/console/clients/my-app/activity"] {
        let page = server.signed_in("alice").opens(&server, target);
        let read = read(&page);
        for words in ["alice created", "alice changed the name of", "alice made a new secret for", "The rules looked at"] {
            assert!(read.contains(words), "{words}: {read}");
        }
        assert!(!read.contains("client.") && page.text().contains("client.verdict.create"), "{read}");
    }
}

#[test]
fn what_waits_is_counted_in_the_menu_also_while_administration_is_folded() {
    let server = fixture(Approval::Review);
    let page = signed_in_admin(&server).opens(&server, "/console");
    let folded = page.text().split("<details>").find(|part| part.contains("Administration")).unwrap_or_default().to_owned();
    let summary = folded.split("</summary>").next().unwrap_or_default();
    assert!(summary.contains("data-count=\"1\""), "{summary}");
}

#[test]
fn the_page_with_the_secret_of_a_client_that_waits_says_why() {
    for (approval, has_findings) in [(Approval::Review, true), (Approval::Manual, false)] {
        let mut server = Server::with(Settings { approval, ..Settings::default() });
        server.has_user("alice");
        let fields = new_client(&[("id", "alice-map"), ("name", "The Things Stack"), ("description", "Shows gateways on a map.")]);
        let page = server.signed_in("alice").sends_form(&server, "/console/add/client", &fields);
        page.tells("client-waits");
        assert_eq!(page.findings().iter().any(|rule| rule == "protected_name"), has_findings, "{}", read(&page));
        assert!(!page.findings().iter().any(|rule| rule == "owner_is_a_person"), "{approval:?}: a note makes nothing wait");
        assert_eq!(read(&page).contains("looks at every new client"), !has_findings, "{}", read(&page));
    }
}

#[test]
fn a_form_that_cannot_be_saved_is_checked_all_the_same() {
    let mut server = Server::with(Settings { approval: Approval::Review, ..Settings::default() });
    server.has_user("alice");
    server.has_client("alice", "my-app");
    let mut alice = server.signed_in("alice");
    let long = "x".repeat(300);
    for (changes, field) in [
        (vec![("name", long.as_str())], "name"),
        (vec![("id", "my-app")], "id"),
        (vec![("id", "My App")], "id"),
        (vec![("attribute_key", "NO"), ("attribute_value", "x")], "attributes"),
    ] {
        let more = [&[("description", "todo"), ("check", "true")], &changes[..]].concat();
        let fields: Vec<(&str, &str)> =
            new_client(&[]).into_iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name)).collect();
        let page = alice.sends_form(&server, "/console/add/client", &[fields, more].concat());
        page.refuses(field, if changes[0].1 == "my-app" { "id_taken" } else { "validation" });
        assert!(page.findings().iter().any(|rule| rule == "description"), "{field}: {:?}", page.findings());
    }
    let change = [
        ("name", long.as_str()),
        ("description", "todo"),
        ("redirect_uris", "javascript:alert(1)"),
        ("grants", "GRANT_AUTHORIZATION_CODE"),
        ("rights", "RIGHT_USER_INFO"),
        ("check", "true"),
    ];
    let page = alice.sends_form(&server, "/console/clients/my-app/settings", &change);
    page.refuses("name", "validation");
    for rule in ["description", "redirect_uri_unsafe"] {
        assert!(page.findings().iter().any(|found| found == rule), "{:?}", page.findings());
    }
}

#[test]
fn what_began_at_a_time_says_at_which_and_not_how_long_ago_twice() {
    let server = fixture(Approval::Review);
    server.wait_seconds(3 * 60 * 60);
    let queue = read(&signed_in_admin(&server).opens(&server, "/console/review"));
    assert!(queue.contains("3 hours old") && !queue.contains("Waiting since  3 h ago"), "{queue}");
    server.check("alice", "POST", "/api/v3/clients/my-app/secret", "{}", "200");
    server.wait_seconds(2 * 60 * 60);
    let secrets = read(&server.signed_in("alice").opens(&server, "/console/clients/my-app/secrets"));
    assert!(secrets.contains("2 hours old") && !secrets.contains("2 h ago"), "{secrets}");
}
