//! The registration review's flows: what waits and why, requests for review, answers, and what is stored of them.

use keyfob::base::right::{Right, Rights};
use keyfob::model::bounds::REVIEW_REQUESTS;
use keyfob::model::settings::{Approval, ByPerson, Settings};
use serde_json::{Value, json};

use crate::console::signed_in_admin;
use crate::server::{Answer, Server};

const CLIENT: &str = "/api/v3/clients/my-app";
const REVIEW: &str = "/api/v3/clients/my-app/review";
const ANSWER: &str = "/api/v3/clients/my-app/review/answer";

/// A server on which the review decides, and a person about clients that delete users.
fn reviewing() -> Server {
    let review_by_person = ByPerson { rights: Rights::of(&[Right::UserDelete]), findings: Vec::new() };
    let mut server = Server::with(Settings { approval: Approval::Review, review_by_person, ..Settings::default() });
    server.has_user("alice");
    server
}

fn client(rights: &[&str]) -> Value {
    json!({
        "ids": {"client_id": "my-app"}, "name": "My App", "description": "Shows the gateways of my users on a map.",
        "redirect_uris": ["https://app.example/cb"], "grants": ["GRANT_AUTHORIZATION_CODE"], "rights": rights,
    })
}

/// Alice registers `my-app` with these rights.
#[track_caller]
fn registers(server: &Server, rights: &[&str]) -> Answer {
    server.check("alice", "POST", "/api/v3/users/alice/clients", &json!({"client": client(rights)}).to_string(), "200")
}

#[track_caller]
fn changes(server: &Server, who: &str, field: &str, value: Value) -> Answer {
    let body = json!({"client": {field: value}, "field_mask": field}).to_string();
    server.check(who, "PUT", CLIENT, &body, "200")
}

fn review(server: &Server) -> Value {
    server.check("alice", "GET", REVIEW, "", "200").json()
}

fn state(server: &Server) -> String {
    review(server)["state"].as_str().unwrap_or_default().to_owned()
}

/// The administrator approves `my-app` as it is.
#[track_caller]
fn approves(server: &Server) {
    let body = json!({"answer": "approve", "seen": review(server)["seen"]}).to_string();
    server.check("admin", "POST", ANSWER, &body, r#"200 {"state":"STATE_APPROVED"}"#);
}

fn warnings(answer: &Answer) -> usize {
    answer.all("X-Warning").len()
}

#[test]
fn with_review_a_client_without_findings_is_approved_at_once_and_the_verdict_is_stored() {
    let server = reviewing();
    let answer = registers(&server, &["RIGHT_USER_INFO"]).json();
    assert_eq!((&answer["state"], answer.get("state_description")), (&json!("STATE_APPROVED"), None));
    let review = review(&server);
    assert_eq!((&review["verdict"]["outcome"], &review["verdict"]["judge"]), (&json!("approved"), &json!("rules")), "{review}");
    assert_eq!((&review["verdict"]["shown"]["name"], &review["stale"]), (&json!("My App"), &json!(false)), "{review}");
    assert_eq!((review.get("waits_for"), review.get("request")), (None, None), "{review}");
    server.signed_in("alice").sees(&server, "/console/clients/my-app/activity", &["client.verdict.create", "outcome: approved"]);
}

#[test]
fn with_review_what_an_operator_marked_waits_for_a_person() {
    for rights in [&["RIGHT_USER_DELETE"][..], &["RIGHT_USER_ALL"], &["RIGHT_ALL"]] {
        let server = reviewing();
        let answer = registers(&server, rights).json();
        assert_eq!(answer["state_description"], "admin approval required", "{rights:?}");
        let review = review(&server);
        assert_eq!((&review["state"], &review["waits_for"]), (&json!("STATE_REQUESTED"), &json!("administrator")), "{review}");
        assert_eq!((&review["verdict"]["outcome"], &review["request"]["account_id"]), (&json!("judged"), &json!("alice")), "{review}");
    }
}

#[test]
fn with_review_an_administrator_who_registers_is_trusted() {
    let server = reviewing();
    let body = json!({"client": client(&["RIGHT_USER_DELETE"])}).to_string();
    server.check("admin", "POST", "/api/v3/users/alice/clients", &body, r#"200 {"state":"STATE_APPROVED"}"#);
    let review = review(&server);
    let verdict = &review["verdict"];
    assert_eq!([&verdict["judge"], &verdict["account_id"], &verdict["outcome"]], ["account", "admin", "approved"], "{review}");
}

#[test]
fn with_review_a_change_that_needs_a_person_waits_and_any_other_is_approved_at_once() {
    let server = reviewing();
    registers(&server, &["RIGHT_USER_INFO"]);
    assert_eq!(warnings(&changes(&server, "alice", "redirect_uris", json!(["https://app.example/other"]))), 0);
    assert_eq!(state(&server), "STATE_APPROVED");
    assert_eq!(review(&server)["verdict"]["shown"]["redirect_uris"], json!(["https://app.example/other"]));
    let answer = changes(&server, "alice", "rights", json!(["RIGHT_USER_INFO", "RIGHT_USER_DELETE"]));
    assert_eq!((warnings(&answer), state(&server).as_str()), (1, "STATE_REQUESTED"));
    let why = server.check("alice", "GET", "/api/v3/clients/my-app?field_mask=state_description", "", "200").json();
    assert_eq!(why["state_description"], "admin approval required again, for a change of rights");
    let changed = &review(&server)["approval"]["changes"];
    assert_eq!(changed["rights"], json!({"was": ["RIGHT_USER_INFO"], "is": ["RIGHT_USER_INFO", "RIGHT_USER_DELETE"]}), "{changed}");
    // Only the rules made it wait: without what they found, nothing does.
    changes(&server, "alice", "rights", json!(["RIGHT_USER_INFO"]));
    assert_eq!(state(&server), "STATE_APPROVED");
}

#[test]
fn what_a_person_approved_is_not_asked_for_again() {
    let server = reviewing();
    registers(&server, &["RIGHT_USER_DELETE"]);
    approves(&server);
    changes(&server, "alice", "description", json!("Shows the gateways of my users on a map, and deletes users."));
    assert_eq!(state(&server), "STATE_APPROVED");
}

#[test]
fn a_client_that_waits_for_its_approval_again_has_only_the_rights_that_were_approved() {
    let server = reviewing();
    registers(&server, &["RIGHT_USER_INFO"]);
    changes(&server, "alice", "rights", json!(["RIGHT_USER_INFO", "RIGHT_USER_DELETE"]));
    let approved: i64 = server.value("SELECT approved_rights FROM clients WHERE client_id = 'my-app'");
    assert_eq!(Rights::from_bits(approved.cast_unsigned()), Rights::of(&[Right::UserInfo]));
}

#[test]
fn a_person_who_said_no_is_asked_again_and_no_edit_is_a_way_around() {
    for answer in ["reject", "ask"] {
        let server = reviewing();
        registers(&server, &["RIGHT_USER_DELETE"]);
        let body = json!({"answer": answer, "reason": "Take the deleting out"}).to_string();
        server.check("admin", "POST", ANSWER, &body, "200");
        changes(&server, "alice", "rights", json!(["RIGHT_USER_INFO"]));
        assert_ne!(state(&server), "STATE_APPROVED", "{answer}");
        assert_eq!(review(&server)["answer"]["reason"], "Take the deleting out");
        let review = server.check("alice", "POST", REVIEW, r#"{"text":"It is out"}"#, "200").json();
        assert_eq!((&review["state"], &review["waits_for"]), (&json!("STATE_REQUESTED"), &json!("administrator")), "{review}");
        assert_eq!((&review["request"]["text"], &review["request"]["account_id"]), (&json!("It is out"), &json!("alice")));
        changes(&server, "alice", "name", json!("My Application"));
        assert_eq!(state(&server), "STATE_REQUESTED", "{answer}");
        approves(&server);
        let review = self::review(&server);
        assert_eq!((&review["state"], &review["answer"]["request"]), (&json!("STATE_APPROVED"), &json!("It is out")), "{review}");
    }
}

#[test]
fn an_administrator_who_asks_for_changes_hands_the_client_back_to_its_owner() {
    let mut server = Server::start();
    server.has_user("alice");
    registers(&server, &["RIGHT_USER_INFO"]);
    let reason = "Say in the description what the gateways are for. ".repeat(5);
    let body = json!({"answer": "ask", "reason": reason}).to_string();
    let review = server.check("admin", "POST", ANSWER, &body, r#"200 {"state":"STATE_REQUESTED","waits_for":"owner"}"#).json();
    assert_eq!((&review["answer"]["reason"], review.get("request")), (&json!(reason), None), "{review}");
    let shown = server.check("alice", "GET", "/api/v3/clients/my-app?field_mask=state_description", "", "200").json();
    assert!(
        shown["state_description"].as_str().is_some_and(|text| text.starts_with("Say in the") && text.chars().count() == 128),
        "{shown}"
    );
    // It can still be answered, and be asked for.
    server.check("alice", "POST", REVIEW, r#"{"text":"Done"}"#, r#"200 {"waits_for":"administrator"}"#);
    let shown = server.check("alice", "GET", "/api/v3/clients/my-app?field_mask=state_description", "", "200").json();
    assert_eq!(shown["state_description"], "admin approval required");
}

#[test]
fn a_request_for_review_leads_no_suspended_client_out_of_it_and_none_that_is_open() {
    for (state, refusal) in
        [("STATE_SUSPENDED", "400 suspended_client"), ("STATE_APPROVED", "400 no_review_needed"), ("STATE_FLAGGED", "400 no_review_needed")]
    {
        let mut server = Server::start();
        server.has_user("alice");
        server.has_client("alice", "my-app");
        server.has_state("my-app", state);
        server.check("alice", "POST", REVIEW, r#"{"text":"Please"}"#, refusal);
        assert_eq!(self::state(&server), state);
    }
}

#[test]
fn a_review_is_asked_for_a_few_times_a_day_and_again_the_next_day() {
    let mut server = Server::start();
    server.has_user("alice");
    server.has_client("alice", "my-app");
    let asked_at = review(&server)["request"]["asked_at"].clone();
    for n in 0..REVIEW_REQUESTS.most {
        server.check("alice", "POST", REVIEW, &json!({"text": format!("Please {n}")}).to_string(), "200");
    }
    let refused = server.check("alice", "POST", REVIEW, r#"{"text":"Now"}"#, "429 too_many_review_requests");
    assert!(refused.header("Retry-After").is_some());
    let request = &review(&server)["request"];
    assert_eq!((&request["text"], &request["asked_at"]), (&json!("Please 9"), &asked_at), "it waits as long as it did");
    server.wait_seconds(24 * 60 * 60);
    server.check("alice", "POST", REVIEW, r#"{"text":"Now"}"#, "200");
    server.check("alice", "POST", REVIEW, &json!({"text": "a".repeat(2001)}).to_string(), "400 validation");
    server.check("alice", "POST", REVIEW, r#"{"text":7}"#, "400");
}

#[test]
fn an_answer_has_a_reason_and_is_given_once() {
    let mut server = Server::start();
    server.has_user("alice");
    server.has_client("alice", "my-app");
    for body in [
        r#"{"answer":"approve"}"#,
        r#"{"answer":"reject"}"#,
        r#"{"answer":"ask","reason":" "}"#,
        r#"{"answer":"maybe"}"#,
        "{}",
        r#"{"reason":"x"}"#,
    ] {
        server.check("admin", "POST", ANSWER, body, "400 validation");
    }
    assert_eq!(state(&server), "STATE_REQUESTED");
    server.check("admin", "POST", ANSWER, r#"{"answer":"reject","reason":"No"}"#, r#"200 {"state":"STATE_REJECTED"}"#);
    server.check("admin", "POST", ANSWER, r#"{"answer":"approve","seen":"x"}"#, "400 client_answered");
    server.check("admin", "POST", "/api/v3/clients/not-there/review/answer", r#"{"answer":"approve","seen":"x"}"#, "404 client_not_found");
}

#[test]
fn every_way_to_approve_and_reject_stores_a_verdict() {
    let answers = |server: &Server| -> Vec<(String, String)> {
        let review = review(server);
        vec![(
            review["answer"]["outcome"].as_str().unwrap_or("none").to_owned(),
            review["answer"]["account_id"].as_str().unwrap_or_default().to_owned(),
        )]
    };
    for approval in [Approval::Auto, Approval::Manual, Approval::Review] {
        let mut server = Server::with(Settings { approval, ..Settings::default() });
        server.has_user("alice");
        server.has_client("alice", "my-app");
        changes(&server, "admin", "state", json!("STATE_REJECTED"));
        assert_eq!(answers(&server), [("rejected".to_owned(), "admin".to_owned())], "{approval:?}");
        changes(&server, "admin", "state", json!("STATE_APPROVED"));
        assert_eq!(answers(&server), [("approved".to_owned(), "admin".to_owned())], "{approval:?}");
        changes(&server, "admin", "state", json!("STATE_REQUESTED"));
        signed_in_admin(&server).sends_form(&server, "/console/review", &[("approve", "my-app")]);
        assert_eq!(answers(&server), [("approved".to_owned(), "admin".to_owned())], "{approval:?}");
    }
}

#[test]
fn a_verdict_is_stale_once_what_it_is_about_changes() {
    let mut server = Server::with(Settings::default());
    server.has_user("alice");
    server.has_client("alice", "my-app");
    assert_eq!((review(&server).get("verdict"), &review(&server)["stale"]), (None, &json!(false)), "nobody judged it");
    changes(&server, "admin", "state", json!("STATE_REJECTED"));
    changes(&server, "admin", "state", json!("STATE_APPROVED"));
    assert_eq!(review(&server)["stale"], false);
    for (field, value) in [
        ("name", json!("Other")),
        ("description", json!("Other")),
        ("redirect_uris", json!(["https://other.example/cb"])),
        ("attributes", json!({"why": "so"})),
        ("secret", json!("")),
    ] {
        changes(&server, "alice", field, value);
        let review = review(&server);
        let name = if field == "secret" { "secretless" } else { field };
        assert_eq!(review["stale"], true, "{field}");
        assert!(review["verdict"]["changed"].as_array().is_some_and(|changed| changed.contains(&name.into())), "{review}");
    }
    server.execute("UPDATE client_verdicts SET shown = json_object(), rule_set = 0");
    assert_eq!(review(&server)["stale"], true);
}

#[test]
fn an_approval_without_question_stores_nothing_at_a_registration() {
    let mut server = Server::with(Settings::default());
    server.has_user("alice");
    server.has_client("alice", "my-app");
    let rows: i64 = server.value("SELECT (SELECT count(*) FROM client_verdicts) + (SELECT count(*) FROM client_review_requests)");
    assert_eq!(rows, 0);
}

#[test]
fn the_reviews_of_all_clients_are_listed_for_administrators_and_those_that_wait_the_worst_first() {
    let mut server = Server::start();
    server.has_user("alice");
    for id in ["one-app", "two-app", "six-app"] {
        server.has_client("alice", id);
    }
    server.has_state("two-app", "STATE_APPROVED");
    server.execute(
        "UPDATE client_verdicts SET severity = 3 WHERE client_number = (SELECT client_number FROM clients WHERE client_id = 'six-app')",
    );
    let ids = |target: &str| {
        let answer = server.check("admin", "GET", target, "", "200");
        let reviews = answer.json()["reviews"].as_array().cloned().unwrap_or_default();
        let ids: Vec<String> =
            reviews.iter().map(|review| review["client_ids"]["client_id"].as_str().unwrap_or_default().to_owned()).collect();
        (ids.join(" "), answer.total().to_owned())
    };
    assert_eq!(ids("/api/v3/reviews"), ("one-app six-app two-app".to_owned(), "3".to_owned()));
    assert_eq!(ids("/api/v3/reviews?limit=1&page=2"), ("six-app".to_owned(), "3".to_owned()));
    assert_eq!(ids("/api/v3/reviews?waiting=true"), ("six-app one-app".to_owned(), "2".to_owned()));
    server.check("admin", "POST", "/api/v3/clients/six-app/review/answer", r#"{"answer":"ask","reason":"Change it"}"#, "200");
    assert_eq!(ids("/api/v3/reviews?waiting=true").0, "one-app six-app", "what waits for its owner comes last");
    server.check("alice", "GET", "/api/v3/reviews", "", "403 permission_denied");
}

#[test]
fn a_client_that_was_rejected_or_flagged_waits_for_a_person_whatever_is_stored_about_it() {
    for (state, is_stored) in [("STATE_REJECTED", true), ("STATE_REJECTED", false), ("STATE_FLAGGED", true), ("STATE_FLAGGED", false)] {
        let server = reviewing();
        registers(&server, &["RIGHT_USER_INFO"]);
        changes(&server, "admin", "state", json!(state));
        if !is_stored {
            server.execute("DELETE FROM client_verdicts; DELETE FROM client_review_requests");
        }
        match state {
            "STATE_REJECTED" => drop(server.check("alice", "POST", REVIEW, r#"{"text":"Please"}"#, "200")),
            _ => drop(changes(&server, "alice", "redirect_uris", json!(["https://*.example/cb"]))),
        }
        assert_eq!(self::state(&server), "STATE_REQUESTED", "{state}");
        for uri in ["https://app.example/other", "https://app.example/cb"] {
            changes(&server, "alice", "redirect_uris", json!([uri]));
            server.check("alice", "POST", REVIEW, r#"{"text":"Please"}"#, "200");
            changes(&server, "alice", "description", json!(format!("Shows the gateways of my users on a map, at {uri}")));
            assert_eq!(self::state(&server), "STATE_REQUESTED", "{state}, stored: {is_stored}");
        }
    }
}

#[test]
fn a_client_without_any_verdict_that_waits_is_approved_by_a_person_alone() {
    let server = reviewing();
    registers(&server, &["RIGHT_USER_DELETE"]);
    server.execute("DELETE FROM client_verdicts; DELETE FROM client_review_requests");
    server.check("alice", "POST", REVIEW, r#"{"text":"Please"}"#, "200");
    changes(&server, "alice", "rights", json!(["RIGHT_USER_INFO"]));
    assert_eq!(state(&server), "STATE_REQUESTED");
}

#[test]
fn what_blocks_and_was_not_seen_by_an_approval_waits_at_the_next_change_and_makes_it_stale() {
    let mut server = Server::with(Settings { approval: Approval::Review, ..Settings::default() });
    server.has_user("alice");
    registers(&server, &["RIGHT_USER_INFO"]);
    let named = r#"{"user":{"name":"The Things Stack"},"field_mask":"name"}"#;
    server.check("alice", "PUT", "/api/v3/users/alice", named, "200");
    assert_eq!((&review(&server)["stale"], state(&server).as_str()), (&json!(true), "STATE_APPROVED"));
    changes(&server, "alice", "description", json!("Shows the gateways of all my users on a map."));
    assert_eq!(state(&server), "STATE_REQUESTED");
}

#[test]
fn what_blocks_a_client_that_was_approved_without_question_waits_at_its_next_change() {
    let server = reviewing();
    registers(&server, &["RIGHT_USER_INFO"]);
    server.execute(
        "DELETE FROM client_verdicts; DELETE FROM client_review_requests; UPDATE clients SET name = 'The Things Stack' WHERE client_id = 'my-app'",
    );
    changes(&server, "alice", "description", json!("Shows the gateways of all my users on a map."));
    assert_eq!(state(&server), "STATE_REQUESTED");
}

#[test]
fn an_account_that_a_collaborator_adds_vouches_for_nothing() {
    let mut server = reviewing();
    server.has_user("mallory");
    server.has_user("victim");
    let client = |id: &str, name: &str| {
        json!({"client": {"ids": {"client_id": id}, "name": name, "redirect_uris": ["https://portal.victim.example/cb"],
            "description": "Shows the gateways of its users on a map.", "grants": ["GRANT_AUTHORIZATION_CODE"]}})
    };
    server.check("victim", "POST", "/api/v3/users/victim/clients", &client("victim-portal", "Victim Portal").to_string(), "200");
    server.check("mallory", "POST", "/api/v3/users/mallory/clients", &client("victim-porta1", "Victim Porta1").to_string(), "200");
    let rules = || -> Vec<Value> {
        let review = server.check("mallory", "GET", "/api/v3/clients/victim-porta1/review", "", "200").json();
        review["findings"].as_array().expect("findings").iter().map(|finding| finding["rule"].clone()).collect()
    };
    let before = rules();
    for rule in ["like_another_client", "owner_is_not_brand", "redirect_uri_of_another_owner"] {
        assert!(before.contains(&json!(rule)), "{before:?}");
    }
    for account in ["victim", "admin"] {
        let body = json!({"collaborator": {"ids": {"user_ids": {"user_id": account}}, "rights": ["RIGHT_ALL"]}}).to_string();
        server.check("mallory", "PUT", "/api/v3/clients/victim-porta1/collaborators", &body, "200");
        assert_eq!(rules(), before, "{account}");
    }
    let body = r#"{"client":{"name":"The Things Stack Console"},"field_mask":"name"}"#;
    server.check("mallory", "PUT", "/api/v3/clients/victim-porta1", body, "200");
    server.check("mallory", "GET", "/api/v3/clients/victim-porta1/review", "", r#"200 {"state":"STATE_REQUESTED"}"#);
}

#[test]
fn an_administrator_approves_what_was_read_and_nothing_else() {
    let mut server = reviewing();
    server.has_user("bob");
    registers(&server, &["RIGHT_USER_DELETE"]);
    let named = r#"{"user":{"name":"Mallory & Sons"},"field_mask":"name"}"#;
    let member = r#"{"collaborator":{"ids":{"user_ids":{"user_id":"bob"}},"rights":["RIGHT_CLIENT_INFO"]}}"#;
    let uris = r#"{"client":{"redirect_uris":["https://evil.example/cb"]},"field_mask":"redirect_uris"}"#;
    let collaborators = format!("{CLIENT}/collaborators");
    for (target, change) in [("/api/v3/users/alice", named), (collaborators.as_str(), member), (CLIENT, uris)] {
        let seen = review(&server)["seen"].clone();
        assert_eq!(review(&server)["seen"], seen, "it stays while nothing changes");
        server.check("alice", "PUT", target, change, "200");
        let body = json!({"answer": "approve", "seen": seen}).to_string();
        server.check("admin", "POST", ANSWER, &body, "400 client_changed");
    }
    assert_eq!(state(&server), "STATE_REQUESTED");
    approves(&server);
}

#[test]
fn a_name_with_characters_that_are_not_seen_or_turn_it_around_waits() {
    for name in ["\u{202e}kcatS sgnihT ehT", "My\u{200b} App", "My\u{200d} App", "My\u{ad} App", "My\u{7} App"] {
        let server = reviewing();
        registers(&server, &["RIGHT_USER_INFO"]);
        changes(&server, "alice", "name", json!(name));
        assert_eq!(state(&server), "STATE_REQUESTED", "{name:?}");
    }
    for name in ["My App 👨\u{200d}👩\u{200d}👧 ❤\u{fe0f}", "שלום\u{200f} My App"] {
        let server = reviewing();
        registers(&server, &["RIGHT_USER_INFO"]);
        changes(&server, "alice", "name", json!(name));
        assert_eq!(state(&server), "STATE_APPROVED", "{name:?}");
    }
}

#[test]
fn a_flagged_client_whose_longest_fields_change_waits_with_a_description_that_fits() {
    let mut server = reviewing();
    server.has_user("bob");
    registers(&server, &["RIGHT_USER_INFO"]);
    let member = r#"{"collaborator":{"ids":{"user_ids":{"user_id":"bob"}},"rights":["RIGHT_CLIENT_INFO"]}}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-app/collaborators", member, "200");
    changes(&server, "admin", "state", json!("STATE_FLAGGED"));
    let client = json!({
        "administrative_contact": {"user_ids": {"user_id": "bob"}}, "technical_contact": {"user_ids": {"user_id": "bob"}},
        "logout_redirect_uris": ["javascript:alert(1)"],
    });
    let mask = "administrative_contact,technical_contact,logout_redirect_uris";
    server.check("alice", "PUT", CLIENT, &json!({"client": client, "field_mask": mask}).to_string(), "200");
    assert_eq!(state(&server), "STATE_REQUESTED");
    let answer = server.check("alice", "GET", "/api/v3/clients/my-app?field_mask=state_description", "", "200").json();
    let described = answer["state_description"].as_str().unwrap_or_default();
    assert!(described.ends_with("; it was flagged before") && described.contains("several fields"), "{described}");
}
