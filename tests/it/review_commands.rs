//! `keyfob clients check`, `keyfob explain` and `--protected-names`, by the built program.

use std::time::Duration;

use serde_json::{Value, json};

use crate::binary::{KEY, PASSWORD, Running};
use crate::cli::Fixture;
use crate::client::send;
use crate::folder::Folder;

fn client(changes: Value) -> String {
    let mut client = json!({
        "ids": {"client_id": "acme-gateway-hub"},
        "name": "Acme Gateway Hub",
        "description": "Watch over your Acme gateways from the browser",
        "redirect_uris": ["https://hub.acme.example/callback"],
        "grants": ["GRANT_AUTHORIZATION_CODE"],
    });
    for (name, value) in changes.as_object().expect("an object") {
        client[name] = value.clone();
    }
    client.to_string()
}

#[test]
fn the_exit_code_of_a_check_is_that_of_the_worst_finding() {
    let fixture = Fixture::new("check");
    fixture.ok("organizations create acme --name Acme");
    let line = "clients check --organization-id acme";
    let fine = fixture.pipe(line, &client(json!({})));
    assert_eq!((fine.code, serde_json::from_str::<Value>(&fine.out).expect("JSON")["findings"].clone()), (Some(0), json!([])));
    assert_eq!(fixture.pipe(line, &client(json!({"rights": ["RIGHT_GATEWAY_DELETE"]}))).code, Some(0));
    assert_eq!(fixture.pipe(line, &client(json!({"description": "Short"}))).code, Some(3));
    let blocked =
        fixture.pipe(&format!("{line} --output-format table"), &client(json!({"grants": ["GRANT_PASSWORD"], "description": "Short"})));
    assert_eq!(blocked.code, Some(4));
    let lines: Vec<Vec<&str>> = blocked.out.lines().map(|line| line.split_whitespace().take(3).collect()).collect();
    assert_eq!(lines, [["SEVERITY", "RULE", "FIELD"], ["blocks", "password_grant", "grants"], ["warns", "description", "description"]]);
    // Several at once: each is told apart.
    let both = format!("[{}, {}]", client(json!({})), client(json!({"ids": {"client_id": "acme-other-hub"}, "description": ""})));
    let answers = fixture.pipe(line, &both);
    let answers_json: Value = serde_json::from_str(&answers.out).expect("JSON");
    assert_eq!((answers.code, &answers_json[1]["ids"]["client_id"]), (Some(3), &json!("acme-other-hub")));
    assert_eq!(fixture.json("clients list"), json!([]), "nothing was registered");
}

#[test]
fn a_client_that_exists_is_checked_by_its_id_as_it_is_or_as_it_would_be() {
    let fixture = Fixture::new("check-existing");
    fixture.ok("organizations create acme --name Acme");
    assert_eq!(fixture.pipe("clients create --organization-id acme", &client(json!({}))).code, Some(0));
    fixture.ok("clients check acme-gateway-hub");
    assert_eq!(fixture.run("clients check acme-gateway-hub --description Short").code, Some(3));
    fixture.refused("clients check not-there", 1, "error:pkg/identityserver/store:client_not_found");
}

#[test]
fn a_rule_is_explained_by_its_name_and_all_without_one() {
    let fixture = Fixture::new("explain");
    let all = fixture.ok("explain");
    for rule in keyfob::review::rules::RULES {
        assert!(all.lines().any(|line| line.split_whitespace().take(2).eq([rule.severity.name(), rule.name])), "{}", rule.name);
        let one = fixture.ok(&format!("explain {}", rule.name));
        assert!([rule.finds, rule.why, rule.guideline].iter().all(|text| one.contains(text)), "{one}");
    }
    let refused = fixture.refused("explain pasword-grant", 2, "keyfob: ");
    assert!(refused.err.contains("password_grant"), "{}", refused.err);
}

#[test]
fn the_operators_names_are_protected_and_read_again_on_a_hangup() {
    let folder = Folder::new("protected-names");
    let names = folder.file("names.txt");
    std::fs::write(&names, "# Ours\nExample Networks\n").expect("a file");
    let server = Running::start(&folder.0, &["--protected-names", names.to_str().expect("a path")], &[KEY, PASSWORD]);
    let bearer = format!("Bearer {}", KEY.1);
    let post = |target: &str, body: &Value| send(server.address(), "POST", target, &[("Authorization", &bearer)], &body.to_string());
    let user = json!({"user": {"ids": {"user_id": "zoe"}, "primary_email_address": "zoe@example.com", "password": "Good-passw0rd"}});
    assert_eq!(post("/api/v3/users", &user).status, 200);
    let is_protected = |id: &str| {
        let body = json!({"client": {"ids": {"client_id": id}}, "collaborator": {"user_ids": {"user_id": "zoe"}}});
        let answer = post("/api/v3/clients/check", &body);
        assert_eq!(answer.status, 200);
        answer.body.contains("\"protected_name\"")
    };
    assert!(is_protected("example-networks-portal") && !is_protected("other-networks-portal"));
    std::fs::write(&names, "Other Networks\n").expect("a file");
    server.signal("-HUP");
    let begun = std::time::Instant::now();
    while !is_protected("other-networks-portal") {
        assert!(begun.elapsed() < Duration::from_secs(20), "the file is not read again");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(!is_protected("example-networks-portal"));
    // What cannot be read leaves the names as they are.
    std::fs::remove_file(&names).expect("it was there");
    server.signal("-HUP");
    std::thread::sleep(Duration::from_millis(300));
    assert!(is_protected("other-networks-portal"));
    assert_eq!(server.end("-TERM").0, Some(0));
}
