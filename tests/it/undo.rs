//! The history of a client as the API tells it, and the undoing of changes.

use keyfob::model::settings::{Approval, Settings};
use serde_json::{Value, json};

use crate::console::{server_with_alice, signed_in_admin};
use crate::server::{Answer, Server, holds};

const CLIENT: &str = "/api/v3/clients/my-app";

fn fixture() -> Server {
    let mut server = Server::with(Settings::default());
    server.has_user("alice");
    server.has_user("bob");
    server.has_client("alice", "my-app");
    server
}

/// Changes fields of `my-app`. The number of the event.
fn sets(server: &Server, who: &str, fields: &Value) -> i64 {
    let paths: Vec<&String> = fields.as_object().expect("fields").keys().collect();
    server.check(who, "PUT", CLIENT, &json!({"client": fields, "field_mask": {"paths": paths}}).to_string(), "200");
    newest(server)
}

fn newest(server: &Server) -> i64 {
    server.app.store().read(|tx| tx.newest_event()).expect("a number")
}

/// The history of `my-app`, newest first.
fn events(server: &Server) -> Vec<Value> {
    server.check("admin", "GET", &format!("{CLIENT}/events"), "", "200").json()["events"].as_array().cloned().unwrap_or_default()
}

/// The changes of its fields.
fn changes(server: &Server) -> Vec<Value> {
    events(server).into_iter().filter(|event| event["name"] == "client.update").collect()
}

fn undoes(server: &Server, who: &str, number: i64, expected: &str) -> Answer {
    server.check(who, "POST", &format!("/api/v3/events/{number}/undo"), "", expected)
}

fn field(server: &Server, name: &str) -> Value {
    server.check("admin", "GET", &format!("{CLIENT}?field_mask={name}"), "", "200").json()[name].clone()
}

#[test]
fn the_history_of_a_client_is_read_page_by_page_newest_first() {
    let server = fixture();
    let alone = server.check("alice", "GET", &format!("{CLIENT}/events"), "", "200");
    assert_eq!((alone.total(), &alone.json()["events"][0]["name"]), ("1", &json!("client.create")));
    for n in 0..4 {
        sets(&server, "alice", &json!({"name": format!("Name {n}")}));
    }
    let page = |n: u32| server.check("alice", "GET", &format!("{CLIENT}/events?limit=2&page={n}"), "", "200");
    assert_eq!(page(1).total(), "5");
    let event = &page(1).json()["events"][0];
    let (old, new) = (json!({"name": "Name 2"}), json!({"name": "Name 3"}));
    assert_eq!(
        (&event["name"], &event["account_id"], &event["old"], &event["new"]),
        (&json!("client.update"), &json!("alice"), &old, &new)
    );
    let of = |n: u32| page(n).json()["events"].as_array().expect("events").len();
    assert_eq!((of(1), of(2), of(3)), (2, 2, 1));
    assert_eq!(page(3).json()["events"][0]["name"], "client.create");
}

#[test]
fn an_undone_change_sets_its_fields_back_and_is_a_change_itself() {
    let server = fixture();
    let both = sets(&server, "alice", &json!({"name": "Changed", "redirect_uris": ["https://new.example/cb"]}));
    sets(&server, "alice", &json!({"description": "What it does for its users"}));
    let answer = undoes(&server, "alice", both, "200").json();
    let before = json!({"name": "my-app", "redirect_uris": ["https://my-app.example.com/callback"]});
    assert!(holds(&answer, &before), "both are as they were: {answer}");
    assert_eq!(answer["description"], "What it does for its users", "other fields stay");
    let event = server.check("alice", "GET", &format!("{CLIENT}/events"), "", "200").json()["events"][0].clone();
    assert_eq!((&event["name"], &event["undoes"], &event["new"]["name"]), (&json!("client.update"), &json!(both), &json!("my-app")));
    undoes(&server, "alice", both, "400 changed_since");
    undoes(&server, "alice", newest(&server), "200");
    assert_eq!(field(&server, "name"), "Changed", "an undo is undone");
}

#[test]
fn what_was_changed_again_is_undone_only_after_the_later_change() {
    let server = fixture();
    let first = sets(&server, "alice", &json!({"name": "First"}));
    let second = sets(&server, "alice", &json!({"name": "Second"}));
    let refused = undoes(&server, "alice", first, "400 changed_since");
    assert!(refused.text().contains("`name`") && refused.text().contains("my-app"), "{}", refused.text());
    assert_eq!(field(&server, "name"), "Second", "nothing is changed");
    undoes(&server, "alice", second, "200");
    undoes(&server, "alice", first, "200");
    assert_eq!(field(&server, "name"), "my-app");
    // The same value once more is somebody's decision too.
    let first = sets(&server, "alice", &json!({"name": "First"}));
    sets(&server, "alice", &json!({"name": "Other"}));
    sets(&server, "alice", &json!({"name": "First"}));
    undoes(&server, "alice", first, "400 changed_since");
}

#[test]
fn a_secret_is_never_set_back() {
    let server = fixture();
    let secret = "A-secret-of-my-own-0123456789";
    let both = sets(&server, "alice", &json!({"name": "Named", "secret": secret}));
    let answer = undoes(&server, "alice", both, "200");
    assert!(answer.all("X-Warning").iter().any(|warning| warning.contains("secret")), "it says that the secret stays");
    assert_eq!(field(&server, "name"), "my-app");
    let only = sets(&server, "alice", &json!({"secret": "Another-secret-of-mine-0123456789"}));
    undoes(&server, "alice", only, "400 event_not_undoable");
    server.check("alice", "POST", &format!("{CLIENT}/secret"), "", "200");
    undoes(&server, "alice", newest(&server), "400 event_not_undoable");
    let all = server.check("alice", "GET", &format!("{CLIENT}/events"), "", "200").text();
    assert!(!all.contains(secret), "the history has no secret");
}

#[test]
fn only_who_may_set_each_field_undoes_its_change_and_others_are_told_of_no_event() {
    let mut server = fixture();
    server.has_user("carol");
    let member = json!({"collaborator": {"ids": {"user_ids": {"user_id": "bob"}}, "rights": ["RIGHT_CLIENT_INFO"]}}).to_string();
    server.check("alice", "PUT", &format!("{CLIENT}/collaborators"), &member, "200");
    let named = sets(&server, "alice", &json!({"name": "Named"}));
    undoes(&server, "bob", named, "403 insufficient_client_rights");
    for number in [named, 1, 0, i64::MAX, i64::MIN] {
        undoes(&server, "carol", number, "404 event_not_found");
    }
    server.check("alice", "POST", "/api/v3/events/x/undo", "", "404 event_not_found");
    server.check("carol", "GET", &format!("{CLIENT}/events"), "", "403 no_client_rights");
    let flagged = sets(&server, "admin", &json!({"state": "STATE_FLAGGED", "state_description": "looks odd"}));
    undoes(&server, "alice", flagged, "403 update_admin_field");
    assert_eq!(field(&server, "state"), "STATE_FLAGGED");
    undoes(&server, "admin", flagged, "200");
    assert_eq!((field(&server, "state"), field(&server, "state_description")), (json!("STATE_APPROVED"), Value::Null));
}

#[test]
fn an_administrator_undoes_a_change_with_all_that_followed_from_it() {
    let mut server = Server::with(Settings { approval: Approval::Manual, ..Settings::default() });
    server.has_user("alice");
    server.has_client("alice", "my-app");
    sets(&server, "admin", &json!({"state": "STATE_APPROVED", "endorsed": true}));
    let moved = sets(&server, "alice", &json!({"redirect_uris": ["https://other.example/cb"]}));
    assert_eq!(field(&server, "state"), Value::Null, "it waits");
    undoes(&server, "admin", moved, "200");
    assert_eq!((field(&server, "state"), field(&server, "endorsed")), (json!("STATE_APPROVED"), json!(true)));
}

#[test]
fn collaborators_undo_a_change_that_withdrew_what_administrators_decided_and_that_stays_withdrawn() {
    for (approval, state) in [(Approval::Manual, Value::Null), (Approval::Review, json!("STATE_APPROVED"))] {
        let mut server = Server::with(Settings { approval, ..Settings::default() });
        server.has_user("alice");
        server.has_client("alice", "my-app");
        sets(&server, "admin", &json!({"state": "STATE_APPROVED", "endorsed": true}));
        sets(&server, "alice", &json!({"redirect_uris": ["https://other.example/cb"]}));
        let moved = changes(&server)[0]["number"].as_i64().expect("a number");
        let answer = undoes(&server, "alice", moved, "200");
        assert!(answer.all("X-Warning").iter().any(|warning| warning.contains("administrators")), "{approval:?}: it says what stays");
        assert_eq!(field(&server, "redirect_uris"), json!(["https://my-app.example.com/callback"]), "{approval:?}");
        assert_eq!((field(&server, "state"), field(&server, "endorsed")), (state, Value::Null), "{approval:?}");
    }
}

#[test]
fn the_change_that_undoes_an_event_says_so_whatever_follows_from_it() {
    for approval in [Approval::Auto, Approval::Manual, Approval::Review] {
        let mut server = Server::with(Settings { approval, ..Settings::default() });
        server.has_user("alice");
        server.has_client("alice", "my-app");
        server.check("admin", "PUT", CLIENT, &json!({"client": {"state": "STATE_APPROVED"}, "field_mask": "state"}).to_string(), "200");
        sets(&server, "alice", &json!({"name": "the-things-network"}));
        let named = changes(&server)[0]["number"].as_i64().expect("a number");
        undoes(&server, "alice", named, "200");
        let marked: Vec<Value> = events(&server).into_iter().filter(|event| event["undoes"] == named).collect();
        assert_eq!(
            (marked.len(), &marked[0]["name"], &marked[0]["new"]["name"]),
            (1, &json!("client.update"), &json!("my-app")),
            "{approval:?}"
        );
    }
}

#[test]
fn an_event_of_a_purged_client_is_not_undone_on_the_next_client_of_its_id() {
    let server = fixture();
    let named = sets(&server, "alice", &json!({"name": "Named"}));
    server.check("alice", "DELETE", CLIENT, "", "200");
    undoes(&server, "alice", named, "403 no_client_rights");
    server.check("admin", "DELETE", &format!("{CLIENT}/purge"), "", "200");
    undoes(&server, "admin", named, "404 event_not_found");
    server.has_client("bob", "my-app");
    // As the event left it.
    server.execute("UPDATE clients SET name = 'Named'");
    for caller in ["alice", "bob", "admin"] {
        undoes(&server, caller, named, "404 event_not_found");
    }
    assert_eq!(field(&server, "name"), "Named");
    let page = signed_in_admin(&server).get(&server, "/console/clients/my-app/activity").text();
    assert!(!page.contains("/undo\""), "no button leads to the former client's events");
}

#[test]
fn what_the_history_has_only_the_beginning_of_is_not_set_back() {
    let server = fixture();
    let long = |letter: &str| {
        json!({"redirect_uris": (0..10).map(|n| format!("https://{n}.example/{}", letter.repeat(100))).collect::<Vec<_>>(),
        "description": "\u{1f600}".repeat(2000), "attributes": (0..10).map(|n| (format!("key-{n}"), json!(letter.repeat(200)))).collect::<serde_json::Map<_, _>>()})
    };
    sets(&server, "alice", &long("a"));
    let mut other = long("b");
    other["description"] = json!("\u{1f601}".repeat(2000));
    let number = sets(&server, "alice", &other);
    let refused = undoes(&server, "alice", number, "400 event_not_undoable");
    assert!(refused.text().contains("beginning"), "{}", refused.text());
}

#[test]
fn the_console_asks_before_it_undoes_a_change() {
    let (server, mut alice) = server_with_alice();
    server.has_client("alice", "my-app");
    let number = server.changes_description("my-app");
    let action = format!("/console/activity/{number}/undo");
    for page in ["/console/clients/my-app/activity", "/console/activity"] {
        assert_eq!(alice.get(&server, page).text().matches("/undo\"").count(), 1, "{page}");
    }
    let asked = alice.opens(&server, &action).text();
    let described = server.check("alice", "GET", &format!("{CLIENT}?field_mask=description"), "", "200").json()["description"].clone();
    let described = format!("<dt>Description</dt><dd><del>{}</del>", described.as_str().expect("a text"));
    assert!(asked.contains("everybody who uses the client") && asked.contains(&described), "{asked}");
    assert!(!asked.contains("This cannot be undone"), "{asked}");
    assert!(field(&server, "description").is_string(), "nothing is undone yet");
    let done = alice.sends_form(&server, &action, &[]);
    assert_eq!((done.status, done.header("Location")), (303, Some("/console/clients/my-app/activity?done=undone")));
    assert_eq!(field(&server, "description"), Value::Null);
    let page = alice.get(&server, "/console/clients/my-app/activity").text();
    assert!(page.contains(&format!("undoes event {number}")) && !page.contains(&action), "{page}");
    signed_in_admin(&server).sends_form(&server, &action, &[]);
    let again = alice.sends_form(&server, &action, &[]);
    assert!(again.status == 400 && again.text().contains("changed again afterwards"), "not twice: {}", again.text());
}

#[test]
fn undo_sets_back_how_a_client_signs_users_in() {
    let server = fixture();
    let first = json!({"scopes": ["bills:read"], "subject_type": "pairwise", "allowed_groups": ["crew"]});
    sets(&server, "alice", &first);
    let names = [
        "scopes",
        "id_token_signed_response_alg",
        "subject_type",
        "claims_in_id_token",
        "group_filter",
        "allowed_groups",
        "access_token_format",
        "resource_servers",
    ];
    let read = || names.map(|name| field(&server, name));
    let before = read();
    let changed = sets(
        &server,
        "alice",
        &json!({
            "scopes": [], "id_token_signed_response_alg": "ES256", "subject_type": "public", "claims_in_id_token": true,
            "group_filter": ["crew"], "allowed_groups": [], "access_token_format": "jwt", "resource_servers": ["my-app"],
        }),
    );
    assert!(names.iter().zip(read().iter().zip(&before)).all(|(_, (now, then))| now != then));
    undoes(&server, "alice", changed, "200");
    assert_eq!(read(), before);
}
