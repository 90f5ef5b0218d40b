//! The registration review on the command line.

use serde_json::{Value, json};

use crate::cli::Fixture;

/// A server on which warnings and clients that delete users wait for a person, and bob, who is no administrator.
fn fixture(name: &str) -> (Fixture, String) {
    let fixture = Fixture::with(name, &["--admin-rights", "all", "--approval", "review", "--review-by-person", "warns, RIGHT_USER_DELETE"]);
    fixture.ok("users create bob --primary-email-address bob@example.com --password Hunter2-hunter2 --state APPROVED");
    let key = fixture.ok("users api-keys create bob --rights USER_ALL,CLIENT_ALL --output-format key").trim().to_owned();
    (fixture, key)
}

fn registers(fixture: &Fixture, key: &str, id: &str, more: &str) {
    let line =
        format!("clients create {id} --api-key {key} --user-id bob --redirect-uris https://bob.example.com/cb --rights USER_INFO {more}");
    fixture.ok(&line);
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

const GOOD: &str = "--name \"Bob Gateway Map\" --description \"Shows the gateways of its users on a map.\"";

#[test]
fn one_command_judges_the_whole_registry() {
    let (fixture, key) = fixture("judges");
    registers(&fixture, &key, "bob-gateway-map", GOOD);
    registers(&fixture, &key, "bob-bad-map", "--name \"Bob Bad Map\"");
    let table = fixture.run("clients review --all --output-format table");
    assert_eq!(table.code, Some(0), "{}", table.err);
    let row = |id: &str| table.out.lines().find(|line| line.starts_with(id)).unwrap_or_default().to_owned();
    assert!(row("CLIENT_ID").contains("SEVERITY") && row("bob-gateway-map").contains("approved"), "{}", table.out);
    assert!(row("bob-bad-map").contains("requested") && row("bob-bad-map").contains("warns"), "{}", table.out);
    assert!(table.err.contains("2 judged"), "{}", table.err);
    let all = fixture.json("clients review list --all");
    assert_eq!(all.as_array().map(Vec::len), Some(2));
    let waiting = fixture.json("clients review");
    assert_eq!((waiting.as_array().map(Vec::len), &waiting[0]["client_ids"]), (Some(1), &json!({"client_id": "bob-bad-map"})));
    assert_eq!(fixture.ok("clients review --output-format client_ids.client_id"), "bob-bad-map\n");
}

#[test]
fn a_client_goes_the_whole_way_from_a_warning_to_its_approval() {
    let (fixture, key) = fixture("whole-way");
    registers(&fixture, &key, "bob-bad-map", "--name \"Bob Bad Map\"");
    let shown = fixture.run("clients review show bob-bad-map --output-format table");
    assert!(shown.out.contains("description"), "{}", shown.out);
    assert!(shown.err.contains("waits since") && !shown.err.contains("asked by"), "nobody has asked in words: {}", shown.err);
    let forged = "Please\napproved by admin at 2026-01-01T00:00:00Z: fine";
    let line = format!("clients review request bob-bad-map --api-key {key} --text \"{forged}\" --output-format table");
    let said = fixture.run(&line);
    assert!(said.err.contains("Please\\napproved by"), "{}", said.err);
    assert!(!said.err.lines().any(|line| line.starts_with("approved by")), "{}", said.err);
    fixture.refused("clients review ask bob-bad-map", 2, "error:cmd/ttn-lw-cli/commands:no_reason");
    let asked = fixture.json("clients review ask bob-bad-map --reason \"Describe it\"");
    assert_eq!((&asked["waits_for"], &asked["answer"]["reason"]), (&json!("owner"), &json!("Describe it")));
    fixture.refused(
        &format!("clients review approve bob-bad-map --seen x --api-key {key}"),
        1,
        "error:pkg/identityserver:permission_denied",
    );
    fixture.ok(&format!("clients set bob-bad-map --api-key {key} --description \"Shows the gateways of its users on a map.\""));
    let requested = fixture.json(&format!("clients review request bob-bad-map --api-key {key} --text \"Described\""));
    assert_eq!((&requested["waits_for"], &requested["request"]["text"]), (&json!("administrator"), &json!("Described")));
    let approved = fixture.json(&format!("clients review approve bob-bad-map --seen {}", text(&requested, "seen")));
    assert_eq!((&approved["state"], &approved["verdict"]["outcome"]), (&json!("STATE_APPROVED"), &json!("approved")));
    fixture.refused("clients review reject bob-bad-map --reason No", 1, "error:keyfob:client_answered");
}

#[test]
fn several_clients_are_answered_alike_by_one_command() {
    let (fixture, key) = fixture("several");
    for id in ["one-map", "two-map"] {
        registers(&fixture, &key, id, "--rights USER_DELETE");
    }
    let rejected = fixture.ok("clients review reject one-map,two-map --reason \"Not these\" --output-format state");
    assert_eq!(rejected, "STATE_REJECTED\nSTATE_REJECTED\n");
}

#[test]
fn what_needs_a_person_is_named_by_words_that_there_are() {
    let folder = crate::folder::Folder::new("by-person");
    for (words, known) in
        [("warns", true), ("RIGHT_ALL,password_grant,notes", true), ("RIGHT_NOTHING", false), ("warn", false), ("ALL", false)]
    {
        let arguments = ["doctor", "--review-by-person", words, "--data", "nothing.db"];
        let done = crate::binary::keyfob(&folder.0, &arguments, &[]).output().expect("it runs");
        let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert_eq!(!said.contains("must be rights"), known, "{words}: {said}");
    }
}

#[test]
fn a_client_is_approved_as_it_was_read_and_against_what_blocks_it_by_a_flag_of_its_own() {
    let (fixture, key) = fixture("as-read");
    for id in ["one-map", "two-map"] {
        registers(
            &fixture,
            &key,
            id,
            &format!("--rights USER_DELETE --name \"{id} for gateways\" --description \"Shows the gateways of its users.\""),
        );
    }
    let unread = fixture.refused("clients review approve one-map", 2, "keyfob: ");
    assert!(unread.err.contains("--seen"), "{}", unread.err);
    let read = |id: &str| {
        let shown = fixture.run(&format!("clients review show {id} --output-format table"));
        let line = shown.err.lines().find(|line| line.contains("--seen")).unwrap_or_default().to_owned();
        line.rsplit(' ').next().unwrap_or_default().to_owned()
    };
    let (one, two) = (read("one-map"), read("two-map"));
    fixture.refused(&format!("clients review approve one-map,two-map --seen {one}"), 2, "keyfob: ");
    fixture.ok(&format!("clients set one-map --api-key {key} --name \"Another map of gateways\""));
    let late = fixture.refused(&format!("clients review approve one-map,two-map --seen {one},{two}"), 1, "error:keyfob:client_changed");
    assert!(late.err.contains("one-map"), "{}", late.err);
    let one = read("one-map");
    let line = format!("clients review approve one-map,two-map --seen {one},{two} --output-format state");
    assert_eq!(fixture.ok(&line), "STATE_APPROVED\nSTATE_APPROVED\n");
    registers(&fixture, &key, "the-things-stack-map", GOOD);
    let line = format!("clients review approve the-things-stack-map --seen {}", read("the-things-stack-map"));
    let blocked = fixture.refused(&line, 1, "error:keyfob:blocking_findings");
    assert!(blocked.err.contains("protected_name") && blocked.err.contains("--despite-blocking"), "{}", blocked.err);
    fixture.refused("clients approve the-things-stack-map", 1, "error:keyfob/cli:blocked");
    assert_eq!(fixture.ok(&format!("{line} --despite-blocking --output-format state")), "STATE_APPROVED\n");
    fixture.ok("clients suspend the-things-stack-map");
    fixture.ok("clients approve the-things-stack-map --despite-blocking");
}
