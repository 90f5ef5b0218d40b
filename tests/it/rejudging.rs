//! Verdicts of former rules are made again in the background.

use keyfob::model::settings::{Approval, Settings};
use keyfob::registry::rejudging::Rejudging;
use keyfob::review::rules::RULE_SET;
use serde_json::{Value, json};

use crate::server::Server;

/// Clients of alice's that wait, named after something that is protected.
fn fixture(count: usize) -> Server {
    let mut server = Server::with(Settings { approval: Approval::Manual, ..Settings::default() });
    server.has_user("alice");
    for n in 0..count {
        let client = json!({"client": {"ids": {"client_id": format!("map-{n}")}, "name": "The Things Stack", "grants": [],
            "description": "Shows the gateways of its users on a map.", "redirect_uris": ["https://app.example/cb"]}});
        server.check("alice", "POST", "/api/v3/users/alice/clients", &client.to_string(), "200");
    }
    server
}

/// As if rules had judged that found nothing.
fn has_former_verdicts(server: &Server) {
    server.execute("UPDATE client_verdicts SET rule_set = 0, findings = '[]', severity = 0");
}

fn review(server: &Server, id: &str) -> Value {
    server.check("admin", "GET", &format!("/api/v3/clients/{id}/review"), "", "200").json()
}

/// Takes all steps; returns how many.
fn judges_again(server: &Server) -> usize {
    let (mut rejudging, mut steps) = (Rejudging::default(), 0);
    while !rejudging.is_done() {
        server.app.store().write(|tx| rejudging.step(tx, server.app.settings())).expect("a step");
        steps += 1;
    }
    steps
}

#[test]
fn verdicts_of_former_rules_are_made_again_in_bounded_steps() {
    let server = fixture(45);
    has_former_verdicts(&server);
    assert_eq!(review(&server, "map-7")["stale"], true);
    let events = |server: &Server| -> i64 { server.value("SELECT count(*) FROM events") };
    let before = events(&server);
    assert!(judges_again(&server) >= 3, "a step judges few clients");
    for id in ["map-0", "map-7", "map-44"] {
        let review = review(&server, id);
        let verdict = &review["verdict"];
        assert_eq!((&review["stale"], &verdict["rule_set"], &verdict["outcome"]), (&json!(false), &json!(RULE_SET), &json!("judged")));
        assert_eq!(verdict["findings"][0]["rule"], "protected_name", "{verdict}");
        assert_eq!((&review["waits_for"], &review["state"]), (&json!("administrator"), &json!("STATE_REQUESTED")));
    }
    assert_eq!(events(&server), before, "nobody did anything");
    let stored = |server: &Server| -> i64 { server.value("SELECT sum(severity = 3) FROM client_verdicts") };
    assert_eq!(stored(&server), 45, "the queue is sorted by it");
    let changes: i64 = server.value("SELECT sum(verdict_number) FROM client_verdicts");
    judges_again(&server);
    assert_eq!(changes, server.value::<i64>("SELECT sum(verdict_number) FROM client_verdicts"), "once is enough");
}

#[test]
fn an_answer_stays_what_it_was_when_newer_rules_judge() {
    for (answer, state) in [("approve", "STATE_APPROVED"), ("ask", "STATE_REQUESTED"), ("reject", "STATE_REJECTED")] {
        let server = fixture(1);
        let seen = review(&server, "map-0")["seen"].clone();
        let mut body = json!({"answer": answer, "reason": "So", "seen": seen});
        if answer == "approve" {
            body["despite_blocking"] = true.into();
        }
        server.check("admin", "POST", "/api/v3/clients/map-0/review/answer", &body.to_string(), "200");
        has_former_verdicts(&server);
        judges_again(&server);
        let review = review(&server, "map-0");
        assert_eq!((&review["state"], &review["answer"]["reason"]), (&json!(state), &json!("So")), "{review}");
        assert_eq!(review["verdict"]["rule_set"], RULE_SET, "{review}");
        // The approval has not seen what is found now.
        assert_eq!(review["stale"], answer == "approve", "{answer}");
        let waits_for = review.get("waits_for");
        assert_eq!(waits_for, (answer == "ask").then_some(&json!("owner")), "{review}");
    }
}

#[test]
fn clients_that_were_never_judged_or_are_deleted_are_left_alone() {
    let server = fixture(2);
    server.execute("DELETE FROM client_verdicts WHERE client_number = (SELECT client_number FROM clients WHERE client_id = 'map-0')");
    has_former_verdicts(&server);
    server.check("alice", "DELETE", "/api/v3/clients/map-1", "", "200");
    judges_again(&server);
    assert_eq!(server.value::<i64>("SELECT count(*) FROM client_verdicts WHERE rule_set > 0"), 0);
}
