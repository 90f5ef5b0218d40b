//! Saving forms of the Console: nothing that others changed meanwhile is overwritten unseen.

use keyfob::registry::expiry::{Swept, sweep};
use serde_json::json;

use crate::browser::Browser;
use crate::console::{carried_by, new_client, secret_of, seen_by, server_with_alice, signed_in_admin};
use crate::console_forms::{SETTINGS, settings};
use crate::server::{Answer, Server};

/// Sends a form that had seen only this much.
fn sends_late(browser: &mut Browser, server: &Server, target: &str, seen: &str, fields: &[(&str, &str)]) -> Answer {
    browser.sends_form(server, target, &[fields, &[("seen", seen)]].concat())
}

#[test]
fn a_form_that_was_open_while_somebody_else_saved_overwrites_nothing_unseen() {
    let (server, mut alice) = server_with_alice();
    server.has_client("alice", "my-client");
    let seen = seen_by(&alice.get(&server, SETTINGS)).expect("the form has seen something");
    let body = r#"{"client":{"description":"Theirs","name":"Theirs too"},"field_mask":"name,description"}"#;
    server.check("admin", "PUT", "/api/v3/clients/my-client", body, "200");
    let name = || server.check("alice", "GET", "/api/v3/clients/my-client?field_mask=name", "", "200").json()["name"].clone();
    let mine = settings(&[("name", "Mine")]);
    let answer = sends_late(&mut alice, &server, SETTINGS, &seen, &mine);
    let page = answer.text();
    assert_eq!((answer.status, name()), (400, json!("Theirs too")), "{page}");
    answer.explains(400, "changed_meanwhile");
    for told in [
        "<strong>admin</strong> changed it",
        "<dt>Name</dt><dd><del>my-client</del>",
        "<ins>Theirs too</ins>",
        "<ins>Theirs</ins>",
        "value=\"Mine\"",
    ] {
        assert!(page.contains(told), "it does not tell {told}\n{page}");
    }
    let seen = seen_by(&answer).expect("the form that came back has seen it");
    assert_eq!(sends_late(&mut alice, &server, SETTINGS, &seen, &mine).status, 303, "now it is meant");
    assert_eq!(name(), json!("Mine"));
}

#[test]
fn what_a_form_has_not_shown_it_does_not_come_to_know_by_another_mistake() {
    let (server, mut alice) = server_with_alice();
    server.has_client("alice", "my-client");
    let seen = seen_by(&alice.get(&server, SETTINGS)).expect("the form has seen something");
    let wrong = settings(&[("name", "0123456789012345678901234567890123456789012345678901")]);
    let answer = sends_late(&mut alice, &server, SETTINGS, &seen, &wrong);
    assert_eq!((answer.status, seen_by(&answer)), (400, Some(seen.clone())));
    server.check("admin", "PUT", "/api/v3/clients/my-client", r#"{"client":{"name":"Theirs"},"field_mask":"name"}"#, "200");
    let answer = sends_late(&mut alice, &server, SETTINGS, &seen, &wrong);
    assert!(answer.status == 400 && answer.text().contains("<ins>Theirs</ins>"), "{}", answer.text());
}

#[test]
fn what_others_change_beside_the_form_does_not_stand_in_its_way() {
    let (mut server, mut alice) = server_with_alice();
    server.has_user("bob");
    server.has_client("alice", "my-client");
    let seen = seen_by(&alice.get(&server, SETTINGS)).expect("the form has seen something");
    server.has_state("my-client", "STATE_FLAGGED");
    let bob = r#"{"collaborator":{"ids":{"user_ids":{"user_id":"bob"}},"rights":["RIGHT_CLIENT_INFO"]}}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-client/collaborators", bob, "200");
    server.check("alice", "POST", "/api/v3/clients/my-client/secret", "{}", "200");
    assert_eq!(sends_late(&mut alice, &server, SETTINGS, &seen, &settings(&[("name", "Mine")])).status, 303);
}

/// A form, where the API changes the same thing meanwhile and how, and what the form sends.
type Overwritten<'a> = (&'a str, &'a str, &'a str, &'a [(&'a str, &'a str)]);

#[test]
fn no_form_that_changes_something_saves_over_what_it_has_not_seen() {
    let (mut server, mut alice) = server_with_alice();
    let mut admin = signed_in_admin(&server);
    server.has_user("bob");
    server.has_client("alice", "my-client");
    server.has_organization("alice", "acme-corp");
    let key = r#"{"name":"k","rights":["RIGHT_USER_INFO"]}"#;
    let key = server.check("alice", "POST", "/api/v3/users/alice/api-keys", key, "200").json()["id"].as_str().expect("an ID").to_owned();
    let member = |right: &str| json!({"collaborator": {"ids": {"user_ids": {"user_id": "bob"}}, "rights": [right]}}).to_string();
    let rights = "/api/v3/clients/my-client/collaborators";
    server.check("alice", "PUT", rights, &member("RIGHT_CLIENT_INFO"), "200");
    let api_key = format!("/api/v3/users/alice/api-keys/{key}");
    let changed_member = member("RIGHT_CLIENT_DELETE");
    let forms: [Overwritten<'_>; 4] = [
        (
            "/console/organizations/acme-corp",
            "/api/v3/organizations/acme-corp",
            r#"{"organization":{"name":"Theirs"},"field_mask":"name"}"#,
            &[("name", "Mine")],
        ),
        (
            "/console/users/bob",
            "/api/v3/users/bob",
            r#"{"user":{"name":"Theirs"},"field_mask":"name"}"#,
            &[("name", "Mine"), ("primary_email_address", "bob@example.com"), ("state", "STATE_APPROVED")],
        ),
        ("/console/clients/my-client/collaborators/user/bob", rights, &changed_member, &[("rights", "RIGHT_CLIENT_SETTINGS_BASIC")]),
        (
            &format!("/console/api-keys/{key}"),
            &api_key,
            r#"{"api_key":{"name":"theirs"},"field_mask":"name"}"#,
            &[("name", "mine"), ("rights", "RIGHT_USER_INFO")],
        ),
    ];
    for (form, target, change, mine) in forms {
        let browser = if form.starts_with("/console/users") { &mut admin } else { &mut alice };
        let seen = seen_by(&browser.get(&server, form)).unwrap_or_else(|| panic!("{form} says nothing of what it has seen"));
        let who = if form.starts_with("/console/users") { "admin" } else { "alice" };
        server.check(who, "PUT", target, change, "200");
        let answer = sends_late(browser, &server, form, &seen, mine);
        answer.explains(400, "changed_meanwhile");
        assert!(answer.text().contains("<ins>"), "{form} does not tell what changed\n{}", answer.text());
        let seen = seen_by(&answer).expect("the form that came back has seen it");
        assert_eq!(sends_late(browser, &server, form, &seen, mine).status, 303, "{form}");
    }
}

#[test]
fn an_administrator_approves_what_was_shown_and_nothing_else() {
    let mut server = Server::start();
    server.has_user("alice");
    server.has_client("alice", "my-client");
    let mut admin = signed_in_admin(&server);
    let approves = |admin: &mut Browser, page: &Answer| {
        let carried = carried_by(page);
        let carried = carried.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        admin.sends_form(&server, "/console/review", &carried.chain([("approve", "my-client")]).collect::<Vec<_>>())
    };
    let page = admin.get(&server, "/console/review");
    let more = r#"{"client":{"rights":["RIGHT_ALL"]},"field_mask":"rights"}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-client", more, "200");
    let late = approves(&mut admin, &page);
    late.explains(400, "client_changed");
    let state = || server.check("admin", "GET", "/api/v3/clients/my-client?field_mask=state", "", "200").json()["state"].clone();
    assert_eq!(state(), json!(null), "it is still requested");
    assert_eq!(approves(&mut admin, &late).status, 303, "the page that came back shows what it asks for now");
    assert_eq!(state(), json!("STATE_APPROVED"));
}

#[test]
fn a_form_tells_nothing_of_those_who_had_the_id_before() {
    let (mut server, _) = server_with_alice();
    server.has_user("bob");
    server.has_client("alice", "my-client");
    let plan = r#"{"client":{"description":"A secret plan"},"field_mask":"description"}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-client", plan, "200");
    server.check("admin", "DELETE", "/api/v3/clients/my-client/purge", "", "200");
    server.has_client("bob", "my-client");
    let answer = sends_late(&mut server.signed_in("bob"), &server, SETTINGS, "0", &settings(&[("name", "Mine")]));
    assert!(answer.status == 400 && answer.text().contains("<strong>bob</strong> changed it"), "{}", answer.text());
    assert!(!answer.text().contains("A secret plan"), "{}", answer.text());
}

#[test]
fn a_form_that_missed_very_much_is_told_the_latest_of_it() {
    let (server, mut alice) = server_with_alice();
    server.has_client("alice", "my-client");
    for n in 1..=60 {
        let body = json!({"client": {"name": format!("Name {n}")}, "field_mask": "name"}).to_string();
        server.check("alice", "PUT", "/api/v3/clients/my-client", &body, "200");
    }
    let answer = sends_late(&mut alice, &server, SETTINGS, "0", &settings(&[("name", "Mine")]));
    let page = answer.text();
    assert_eq!((answer.status, answer.messages()), (400, vec!["changed".to_owned(); 50]), "{page}");
    assert!(page.contains("<ins>Name 60</ins>") && !page.contains("<ins>Name 10</ins>"), "{page}");
    let seen = seen_by(&answer).expect("the form that came back has seen it");
    assert_eq!(sends_late(&mut alice, &server, SETTINGS, &seen, &settings(&[("name", "Mine")])).status, 303);
}

#[test]
fn a_change_is_noticed_though_the_events_that_the_form_knew_of_are_gone() {
    let (server, mut alice) = server_with_alice();
    server.has_client("alice", "my-client");
    server.token(&[("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", "my-client"), ("client_secret", "wrong")]);
    let seen = seen_by(&alice.get(&server, SETTINGS)).expect("the form has seen something");
    server.wait_seconds(31 * 24 * 60 * 60);
    while server.app.store().write(sweep).expect("a sweep") == Swept::Partial {}
    server.check("alice", "PUT", "/api/v3/clients/my-client", r#"{"client":{"name":"Theirs"},"field_mask":"name"}"#, "200");
    let answer = sends_late(&mut server.signed_in("alice"), &server, SETTINGS, &seen, &settings(&[("name", "Mine")]));
    assert!(answer.status == 400 && answer.text().contains("<ins>Theirs</ins>"), "{}", answer.text());
}

#[test]
fn a_form_that_is_left_alone_changes_nothing_however_it_was_written() {
    let (server, mut alice) = server_with_alice();
    server.has_client("alice", "my-client");
    let client = json!({
        "description": " Two lines,\r\nand a blank ",
        "rights": ["RIGHT_USER_INFO", "RIGHT_CLIENT_INFO", "RIGHT_APPLICATION_INFO"],
        "grants": ["GRANT_REFRESH_TOKEN", "GRANT_AUTHORIZATION_CODE"],
        "attributes": {"team": " lamps "},
    });
    let body = json!({"client": client, "field_mask": "description,rights,grants,attributes"});
    server.check("admin", "PUT", "/api/v3/clients/my-client", &body.to_string(), "200");
    let left_alone = [
        ("description", " Two lines,\r\nand a blank "),
        ("rights", "RIGHT_APPLICATION_INFO"),
        ("rights", "RIGHT_CLIENT_INFO"),
        ("rights", "RIGHT_USER_INFO"),
        ("grants", "GRANT_AUTHORIZATION_CODE"),
        ("grants", "GRANT_REFRESH_TOKEN"),
        ("state", "STATE_APPROVED"),
        ("attribute_key", "team"),
        ("attribute_value", " lamps "),
    ];
    let events = || server.app.store().read(|tx| tx.events("client", "my-client")).expect("events are read").len();
    let before = events();
    for browser in [&mut alice, &mut signed_in_admin(&server)] {
        assert_eq!(browser.sends_form(&server, SETTINGS, &settings(&left_alone)).status, 303);
        assert_eq!(events(), before);
    }
}

#[test]
fn the_rights_of_who_was_removed_meanwhile_are_not_given_again() {
    let (mut server, mut alice) = server_with_alice();
    server.has_user("bob");
    server.has_client("alice", "my-client");
    let bob = json!({"collaborator": {"ids": {"user_ids": {"user_id": "bob"}}, "rights": ["RIGHT_CLIENT_INFO"]}}).to_string();
    server.check("alice", "PUT", "/api/v3/clients/my-client/collaborators", &bob, "200");
    let form = "/console/clients/my-client/collaborators/user/bob";
    let seen = seen_by(&alice.get(&server, form)).expect("the form has seen something");
    server.check("admin", "DELETE", "/api/v3/users/bob/purge", "", "200");
    server.has_user("bob");
    let answer = sends_late(&mut alice, &server, form, &seen, &[("rights", "RIGHT_CLIENT_ALL")]);
    answer.explains(400, "membership_not_found");
    let members = server.check("alice", "GET", "/api/v3/clients/my-client/collaborators", "", "200");
    assert!(!members.text().contains("bob"), "{}", members.text());
}

/// The number of a form, which its page gives along.
const ONCE: (&str, &str) = ("once", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ");

#[test]
fn a_form_of_a_client_that_is_sent_again_shows_its_secret_and_one_that_was_changed_does_not() {
    let (server, mut alice) = server_with_alice();
    let registers = |alice: &mut Browser, name| alice.sends_form(&server, "/console/add/client", &new_client(&[ONCE, ("name", name)]));
    let secret = secret_of(&registers(&mut alice, "Lamp"));
    assert_eq!(secret_of(&registers(&mut alice, "Lamp")), secret);
    registers(&mut alice, "Another lamp").refuses("id", "id_taken");
    let rotates = |alice: &mut Browser, grace| alice.sends_form(&server, "/console/clients/my-client/secrets", &[ONCE, ("grace", grace)]);
    let rotated = secret_of(&rotates(&mut alice, "3600"));
    assert_eq!(secret_of(&rotates(&mut alice, "3600")), rotated);
    assert_ne!(secret_of(&rotates(&mut alice, "0")), rotated);
    let replaces =
        |alice: &mut Browser| alice.sends_form(&server, "/console/clients/my-client/secrets/replace", &[ONCE, ("confirm", "my-client")]);
    let replaced = secret_of(&replaces(&mut alice));
    assert_eq!(secret_of(&replaces(&mut alice)), replaced);
}

#[test]
fn a_form_of_a_client_without_a_secret_that_is_sent_again_shows_the_client_and_makes_no_other() {
    let (server, mut alice) = server_with_alice();
    server.has_organization("alice", "acme-corp");
    let mut registers_for = |owner, id, name, uri| {
        let fields = [ONCE, ("kind", "app"), ("owner", owner), ("id", id), ("name", name), ("redirect_uris", uri), ("description", "")];
        alice.sends_form(&server, "/console/add/client", &new_client(&fields))
    };
    let mut registers = |id, name, uri| registers_for("user:alice", id, name, uri);
    let uri = "https://lamp.example/cb";
    for id in ["", "", "lamp"] {
        registers(id, "Lamp", uri).tells("client-ready");
    }
    server.check("alice", "GET", "/api/v3/clients/lamp-2", "", "404");
    registers("lamp", "Another lamp", uri).refuses("id", "id_taken");
    registers("", "Lamp", "https://lamp.example/another").tells("client-ready");
    server.check("alice", "GET", "/api/v3/clients/lamp-2", "", "200");
    registers("lamp", "Lamp", "not a URL").does_not_tell("client-ready");
    server.wait_seconds(601);
    registers("lamp", "Lamp", uri).refuses("id", "id_taken");
    registers("porch", "Porch", uri).tells("client-ready");
    registers_for("organization:acme-corp", "porch", "Porch", uri).refuses("id", "id_taken");
}

#[test]
fn a_form_of_an_api_key_that_is_sent_again_shows_its_key_and_makes_no_other() {
    let (server, mut alice) = server_with_alice();
    server.has_organization("alice", "acme-corp");
    for (add, list, right) in [
        ("/console/add/api-key", "/console/api-keys", "RIGHT_USER_INFO"),
        ("/console/organizations/acme-corp/add/api-key", "/console/organizations/acme-corp/api-keys", "RIGHT_ORGANIZATION_INFO"),
    ] {
        let creates =
            |alice: &mut Browser, name| alice.sends_form(&server, add, &[ONCE, ("name", name), ("rights", right)]).text_of("api-key");
        let before = alice.opens(&server, list).items().len();
        let key = creates(&mut alice, "script");
        assert_eq!(creates(&mut alice, "script"), key);
        assert_eq!(server.status_with(&key, "/api/v3/auth_info"), 200);
        assert_eq!(alice.opens(&server, list).items().len(), before + 1);
        assert_ne!(creates(&mut alice, "another"), key);
        assert_eq!(alice.opens(&server, list).items().len(), before + 2);
    }
}
