//! What an administrator's answer is about: what was read, all of it, and nothing else.

use keyfob::base::right::{Right, Rights};
use keyfob::model::settings::{Approval, ByPerson, Settings};
use serde_json::{Value, json};

use crate::console::{carried_by, signed_in_admin};
use crate::server::{Answer, Server};

const CLIENT: &str = "/api/v3/clients/my-app";
const REVIEW: &str = "/api/v3/clients/my-app/review";
const ANSWER: &str = "/api/v3/clients/my-app/review/answer";

/// A server on which the review decides; warnings need a person, and so do clients that delete users.
fn reviewing() -> Server {
    let review_by_person = ByPerson { rights: Rights::of(&[Right::UserDelete]), findings: vec!["warns".to_owned()] };
    let mut server = Server::with(Settings { approval: Approval::Review, review_by_person, ..Settings::default() });
    server.has_user("alice");
    server
}

/// Alice registers `my-app` with these changes to a good client.
#[track_caller]
fn registers(server: &Server, changes: Value) {
    let mut client = json!({
        "ids": {"client_id": "my-app"}, "name": "My App", "description": "Shows the gateways of my users on a map.",
        "redirect_uris": ["https://app.example/cb"], "grants": ["GRANT_AUTHORIZATION_CODE"], "rights": ["RIGHT_USER_INFO"],
    });
    for (name, value) in changes.as_object().expect("an object") {
        client[name] = value.clone();
    }
    server.check("alice", "POST", "/api/v3/users/alice/clients", &json!({"client": client}).to_string(), "200");
}

#[track_caller]
fn changes(server: &Server, field: &str, value: Value) {
    let body = json!({"client": {field: value}, "field_mask": field}).to_string();
    server.check("alice", "PUT", CLIENT, &body, "200");
}

fn review(server: &Server) -> Value {
    server.check("alice", "GET", REVIEW, "", "200").json()
}

fn state(server: &Server) -> Value {
    review(server)["state"].clone()
}

/// The administrator approves `my-app` as it is, whatever was found.
#[track_caller]
fn approves(server: &Server) {
    let body = json!({"answer": "approve", "seen": review(server)["seen"], "despite_blocking": true}).to_string();
    server.check("admin", "POST", ANSWER, &body, r#"200 {"state":"STATE_APPROVED"}"#);
}

#[test]
fn another_name_with_the_same_hidden_character_was_not_approved() {
    let server = reviewing();
    registers(&server, json!({"name": "My\u{200b} App"}));
    approves(&server);
    changes(&server, "name", json!("Your\u{200b} Bank"));
    assert_eq!(state(&server), "STATE_REQUESTED");
}

#[test]
fn another_address_on_the_same_host_was_not_approved_and_another_order_was() {
    let mut server = reviewing();
    server.has_user("bob");
    let other = json!({"client": {"ids": {"client_id": "bob-test"}, "name": "Bob's test", "description": "My own test of gateways, nothing else",
        "redirect_uris": ["https://portal.bobco.example/cb"], "grants": ["GRANT_AUTHORIZATION_CODE"]}});
    server.check("bob", "POST", "/api/v3/users/bob/clients", &other.to_string(), r#"200 {"state":"STATE_APPROVED"}"#);
    let (here, there) = ("https://app.example/cb", "https://portal.bobco.example/cb");
    registers(&server, json!({"redirect_uris": [here, there]}));
    approves(&server);
    changes(&server, "redirect_uris", json!([there, here]));
    assert_eq!(state(&server), "STATE_APPROVED");
    changes(&server, "redirect_uris", json!([here, "https://portal.bobco.example/steal"]));
    assert_eq!(state(&server), "STATE_REQUESTED");
}

#[test]
fn another_name_of_the_owner_with_the_same_hidden_character_was_not_approved() {
    let server = reviewing();
    let renames = |name: &str| {
        let body = json!({"user": {"name": name}, "field_mask": "name"}).to_string();
        server.check("alice", "PUT", "/api/v3/users/alice", &body, "200");
    };
    renames("Alice\u{200b}");
    registers(&server, json!({}));
    approves(&server);
    changes(&server, "description", json!("Shows the gateways of all my users on a map."));
    assert_eq!(state(&server), "STATE_APPROVED");
    renames("Your\u{200b} Bank");
    changes(&server, "description", json!("Shows the gateways of my users on another map."));
    assert_eq!(state(&server), "STATE_REQUESTED");
}

#[test]
fn the_queue_refuses_to_approve_what_was_not_on_the_page_and_says_what_changed() {
    let named = r#"{"user":{"name":"Mallory & Sons"},"field_mask":"name"}"#;
    let member = r#"{"collaborator":{"ids":{"user_ids":{"user_id":"bob"}},"rights":["RIGHT_CLIENT_INFO"]}}"#;
    let renamed = r#"{"client":{"name":"Mallory & Sons"},"field_mask":"name"}"#;
    let collaborators = format!("{CLIENT}/collaborators");
    for (target, change, told) in [
        ("/api/v3/users/alice", named, "Mallory &amp; Sons"),
        (CLIENT, renamed, "<ins>Mallory &amp; Sons</ins>"),
        (collaborators.as_str(), member, "bob"),
    ] {
        let mut server = reviewing();
        server.has_user("bob");
        registers(&server, json!({"rights": ["RIGHT_USER_DELETE"]}));
        let mut admin = signed_in_admin(&server);
        let sends = |admin: &mut crate::browser::Browser, page: &Answer| {
            let carried = carried_by(page);
            let fields = carried.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain([("approve", "my-app")]);
            admin.sends_form(&server, "/console/review", &fields.collect::<Vec<_>>())
        };
        let page = admin.opens(&server, "/console/review");
        server.check("alice", "PUT", target, change, "200");
        let late = sends(&mut admin, &page);
        late.explains(400, "client_changed");
        let note = late.text().split_once("data-message=\"changed\"").map(|(_, rest)| rest.to_owned()).unwrap_or_default();
        let note = note.split("</article>").next().unwrap_or_default();
        assert!(note.contains(told), "{target}: {note}");
        assert_eq!(state(&server), "STATE_REQUESTED");
        assert_eq!(sends(&mut admin, &late).status, 303, "{target}");
    }
}

#[test]
fn a_request_whose_text_was_exchanged_is_answered_only_once_it_was_read() {
    let server = reviewing();
    registers(&server, json!({"rights": ["RIGHT_USER_DELETE"]}));
    server.check("alice", "POST", REVIEW, r#"{"text":"It is for my own tests."}"#, "200");
    let seen = review(&server)["seen"].clone();
    server.check("alice", "POST", REVIEW, r#"{"text":"You promised me to approve it."}"#, "200");
    server.check("admin", "POST", ANSWER, &json!({"answer": "approve", "seen": seen}).to_string(), "400 client_changed");
}

#[test]
fn what_blocks_a_client_is_approved_only_by_who_says_so_and_the_history_tells() {
    let server = reviewing();
    registers(&server, json!({"name": "The Things Stack", "grants": ["GRANT_AUTHORIZATION_CODE", "GRANT_PASSWORD"]}));
    let answer = |more: Value| {
        let mut body = json!({"answer": "approve", "seen": review(&server)["seen"]});
        body.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
        body.to_string()
    };
    for more in [json!({}), json!({"despite_blocking": false})] {
        let refused = server.check("admin", "POST", ANSWER, &answer(more), "400 blocking_findings");
        for rule in ["protected_name", "password_grant"] {
            assert!(refused.text().contains(rule), "{}", refused.text());
        }
    }
    server.check("admin", "POST", ANSWER, &answer(json!({"despite_blocking": "yes"})), "400");
    server.check("admin", "POST", ANSWER, r#"{"answer":"reject","reason":"No","despite_blocking":true}"#, "400 validation");
    assert_eq!(state(&server), "STATE_REQUESTED");
    server.check("admin", "POST", ANSWER, &answer(json!({"despite_blocking": true})), r#"200 {"state":"STATE_APPROVED"}"#);
    let events = server.check("admin", "GET", "/api/v3/clients/my-app/events", "", "200").json();
    let verdict = &events["events"].as_array().expect("events").iter().find(|event| event["name"] == "client.verdict.create").expect("one");
    assert_eq!(verdict["new"]["verdict"]["despite_blocking"], json!(["protected_name", "password_grant"]), "{verdict}");
}

#[test]
fn the_queue_approves_what_is_blocked_only_with_a_box_of_its_own() {
    for button in [("approve", "my-app"), ("approve", "")] {
        let server = reviewing();
        registers(&server, json!({"name": "The Things Stack"}));
        let mut admin = signed_in_admin(&server);
        let page = admin.opens(&server, "/console/review");
        let carried = carried_by(&page);
        let carried: Vec<(&str, &str)> = carried.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let chosen = [&carried[..], &[button, ("client", "my-app")]].concat();
        admin.sends_form(&server, "/console/review", &chosen).refuses("despite-my-app", "blocking_findings");
        assert_eq!(state(&server), "STATE_REQUESTED");
        let done = admin.sends_form(&server, "/console/review", &[&chosen[..], &[("despite-my-app", "true")]].concat());
        assert_eq!(done.status, 303, "{}", done.text());
        assert_eq!(state(&server), "STATE_APPROVED");
    }
}

#[test]
fn a_reason_that_was_given_for_one_thing_is_none_for_what_comes_later() {
    let server = reviewing();
    registers(&server, json!({"grants": ["GRANT_AUTHORIZATION_CODE", "GRANT_REFRESH_TOKEN"]}));
    assert_eq!(state(&server), "STATE_REQUESTED");
    server.check("alice", "POST", REVIEW, r#"{"text":"It copies measurements to your archive at night."}"#, "200");
    approves(&server);
    for n in 0..30 {
        changes(&server, "description", json!(format!("Shows the gateways of all my users on a map, number {n}.")));
    }
    assert_eq!(state(&server), "STATE_APPROVED", "the reason is still one for what was approved");
    changes(&server, "rights", json!(["RIGHT_USER_INFO", "RIGHT_GATEWAY_ALL"]));
    assert_eq!(state(&server), "STATE_REQUESTED");
}

#[test]
fn a_client_that_was_handed_on_is_looked_at_by_a_person() {
    let mut server = reviewing();
    server.has_user("mallory");
    registers(&server, json!({}));
    let member = |who: &str, rights: &[&str]| {
        let ids = json!({"user_ids": {"user_id": who}});
        json!({"collaborator": {"ids": ids, "rights": rights}}).to_string()
    };
    let collaborators = format!("{CLIENT}/collaborators");
    server.check("alice", "PUT", &collaborators, &member("mallory", &["RIGHT_ALL"]), "200");
    server.check("mallory", "PUT", &collaborators, &member("alice", &[]), "200");
    let body = r#"{"client":{"description":"Shows the gateways of my users on another map."},"field_mask":"description"}"#;
    server.check("mallory", "PUT", CLIENT, body, "200");
    let review = server.check("mallory", "GET", REVIEW, "", "200").json();
    assert_eq!(review["state"], "STATE_REQUESTED", "{review}");
    let seen = review["findings"][0]["seen"].as_str().unwrap_or_default();
    assert!(seen.contains("registered for `alice`"), "{review}");
}

#[test]
fn nobody_is_named_as_the_contact_of_a_client_of_others_unseen() {
    let mut server = reviewing();
    server.has_user("victim");
    server.has_user("carol");
    registers(&server, json!({}));
    for who in ["victim", "carol"] {
        let member = json!({"collaborator": {"ids": {"user_ids": {"user_id": who}}, "rights": ["RIGHT_CLIENT_INFO"]}});
        server.check("alice", "PUT", &format!("{CLIENT}/collaborators"), &member.to_string(), "200");
    }
    changes(&server, "technical_contact", json!({"user_ids": {"user_id": "carol"}}));
    assert_eq!(state(&server), "STATE_APPROVED", "users are not told of that contact");
    changes(&server, "administrative_contact", json!({"user_ids": {"user_id": "victim"}}));
    assert_eq!(state(&server), "STATE_REQUESTED");
    assert_eq!(review(&server)["findings"][0]["rule"], "contact_of_another", "{}", review(&server));
    // The queue names who owns it, and not whom the owner names.
    let page = signed_in_admin(&server).opens(&server, "/console/review").text();
    assert!(page.contains("owned by user <strong>alice</strong>") && !page.contains("owned by user <strong>victim"), "{page}");
}

#[test]
fn a_person_is_shown_all_that_an_approval_is_about() {
    let server = reviewing();
    registers(&server, json!({"rights": ["RIGHT_USER_DELETE"], "attributes": {"rights-reason": "It deletes what you choose"}}));
    changes(&server, "name", json!("My Other App"));
    let review = review(&server);
    let shown = &review["shown"];
    assert_eq!(
        (&shown["name"], &shown["owners"], &shown["rights"]),
        (&json!("My Other App"), &json!(["alice"]), &json!(["RIGHT_USER_DELETE"]))
    );
    let page = signed_in_admin(&server).opens(&server, "/console/review").text();
    assert!(page.contains("rights-reason") && page.contains("It deletes what you choose"), "{page}");
}

#[test]
fn the_settings_of_a_client_that_is_blocked_approve_it_only_with_a_box_of_its_own() {
    let server = reviewing();
    registers(&server, json!({"name": "The Things Stack"}));
    let mut admin = signed_in_admin(&server);
    let target = "/console/clients/my-app/settings";
    let fields = [
        ("name", "The Things Stack"),
        ("description", "Shows the gateways of my users on a map."),
        ("redirect_uris", "https://app.example/cb"),
        ("grants", "GRANT_AUTHORIZATION_CODE"),
        ("rights", "RIGHT_USER_INFO"),
        ("administrative_contact", "user:alice"),
        ("technical_contact", "user:alice"),
        ("state", "STATE_APPROVED"),
    ];
    let page = admin.sends_form(&server, target, &fields);
    page.refuses("despite", "blocking_findings");
    assert_eq!(state(&server), "STATE_REQUESTED");
    let done = admin.sends_form(&server, target, &[&fields[..], &[("despite", "true")]].concat());
    assert_eq!((done.status, state(&server)), (303, json!("STATE_APPROVED")), "{}", done.text());
    let saved = admin.sends_form(&server, target, &fields);
    assert_eq!(saved.status, 303, "it is approved already");
}
