//! What is written down about changes.

use keyfob::store::events::Event;
use serde_json::{Value, json};

use crate::server::{ADMIN_KEY, Server};

fn events(server: &Server, kind: &str, id: &str) -> Vec<Event> {
    server.app.store().read(|tx| tx.events(kind, id)).expect("events are read")
}

fn last(server: &Server, kind: &str, id: &str) -> Event {
    events(server, kind, id).pop().expect("there is an event")
}

fn values(text: &str) -> Value {
    serde_json::from_str(text).expect("values are JSON")
}

/// Alice with a client and an organization.
fn fixture() -> Server {
    let mut server = Server::start();
    server.has_user("alice");
    server.has_user("bob");
    server.has_client("alice", "my-app");
    server.has_organization("alice", "acme-corp");
    server
}

#[test]
fn every_change_leaves_one_event_and_nothing_else_does_but_an_answer_leaves_its_verdict_too() {
    let server = fixture();
    let bob = r#"{"collaborator":{"ids":{"user_ids":{"user_id":"bob"}},"rights":["RIGHT_CLIENT_INFO"]}}"#;
    let steps: &[(&str, &str, &str, &str, &[&str])] = &[
        ("alice", "PUT", "/api/v3/clients/my-app", r#"{"client":{"name":"New"},"field_mask":"name"}"#, &["client.update"]),
        ("alice", "GET", "/api/v3/clients/my-app?field_mask=name", "", &[]),
        ("bob", "PUT", "/api/v3/clients/my-app", r#"{"client":{"name":"Mine"},"field_mask":"name"}"#, &[]),
        ("alice", "PUT", "/api/v3/clients/my-app", r#"{"client":{"state":1},"field_mask":"state"}"#, &[]),
        (
            "admin",
            "PUT",
            "/api/v3/clients/my-app",
            r#"{"client":{"state":1},"field_mask":"state"}"#,
            &["client.update", "client.verdict.create"],
        ),
        ("alice", "POST", "/api/v3/clients/my-app/secret", r#"{"grace":"60s"}"#, &["client.secret.rotate"]),
        ("alice", "PUT", "/api/v3/clients/my-app/collaborators", bob, &["client.collaborator.update"]),
        ("alice", "DELETE", "/api/v3/clients/my-app/collaborators/user/bob", "", &["client.collaborator.delete"]),
        ("alice", "DELETE", "/api/v3/clients/my-app/collaborators/user/bob", "", &[]),
        ("alice", "DELETE", "/api/v3/clients/my-app", "", &["client.delete"]),
        ("alice", "POST", "/api/v3/clients/my-app/restore", "", &["client.restore"]),
        ("admin", "DELETE", "/api/v3/clients/my-app/purge", "", &["client.purge"]),
    ];
    let mut expected = vec!["client.create".to_owned()];
    for (who, method, target, body, left) in steps {
        server.send(who, method, target, body);
        expected.extend(left.iter().map(|name| (*name).to_owned()));
        let names: Vec<String> = events(&server, "client", "my-app").into_iter().map(|event| event.name).collect();
        assert_eq!(names, expected, "after {who} {method} {target}");
    }
}

#[test]
fn an_event_says_who_did_it_with_which_key_in_which_request_and_what_changed() {
    let server = fixture();
    let answer = server.check("alice", "PUT", "/api/v3/clients/my-app", r#"{"client":{"name":"New"},"field_mask":"name"}"#, "200");
    let event = last(&server, "client", "my-app");
    assert_eq!(event.actor.account_id.as_deref(), Some("alice"));
    assert_eq!(event.actor.api_key_id.as_deref(), server.key("alice").split('.').nth(1));
    assert_eq!(Some(event.actor.request_id.as_str()), answer.header("X-Request-Id"));
    assert_eq!((values(&event.old_values), values(&event.new_values)), (json!({"name": "my-app"}), json!({"name": "New"})));
    assert_eq!(answer.json()["updated_at"], event.happened_at.to_string());
}

#[test]
fn an_error_names_the_request_that_it_was_the_answer_to() {
    let server = fixture();
    for (method, target, body) in [
        ("GET", "/api/v3/clients/not-there", ""),
        ("POST", "/api/v3/users/alice/clients", r#"{"client":{"ids":{"client_id":"x"}}}"#),
        ("POST", "/oauth/token", "grant_type=authorization_code&code=x&client_id=my-app&client_secret=x"),
        ("POST", "/oauth/revoke", "token=x&client_id=my-app&client_secret=x"),
        ("GET", "/nothing", ""),
    ] {
        let answer = server.send("alice", method, target, body);
        let mut at = &answer.json()["details"][0];
        assert!(at.is_object(), "{target}: {}", answer.text());
        while at.is_object() {
            assert_eq!(at["correlation_id"].as_str(), answer.header("X-Request-Id"), "{target}: {}", answer.text());
            at = &at["cause"];
        }
    }
}

#[test]
fn users_organizations_and_keys_leave_events_too() {
    let server = fixture();
    server.check("anon", "PUT", "/api/v3/users/alice/password", r#"{"old":"Hunter2-hunter2","new":"Other-passw0rd"}"#, "200");
    assert_eq!(last(&server, "user", "alice").name, "user.password.update");
    let made = server.check("alice", "POST", "/api/v3/users/alice/api-keys", r#"{"name":"k","rights":["RIGHT_USER_INFO"]}"#, "200").json();
    assert_eq!(last(&server, "user", "alice").name, "user.api-key.create");
    let path = format!("/api/v3/users/alice/api-keys/{}", made["id"].as_str().expect("an ID"));
    server.check("alice", "PUT", &path, r#"{"api_key":{"name":"l"},"field_mask":"name"}"#, "200");
    assert_eq!(last(&server, "user", "alice").name, "user.api-key.update");
    server.check("alice", "DELETE", &path, "", "200");
    assert_eq!(last(&server, "user", "alice").name, "user.api-key.delete");
    server.check("alice", "DELETE", "/api/v3/organizations/acme-corp", "", "200");
    assert_eq!(last(&server, "organization", "acme-corp").name, "organization.delete");
    server.check("admin", "DELETE", "/api/v3/users/bob/purge", "", "200");
    assert_eq!(last(&server, "user", "bob").name, "user.purge");
}

#[test]
fn no_event_holds_a_secret() {
    let server = fixture();
    let rotated =
        server.check("alice", "POST", "/api/v3/clients/my-app/secret", "", "200").json()["secret"].as_str().expect("a secret").to_owned();
    server.check("alice", "PUT", "/api/v3/clients/my-app", r#"{"client":{"secret":"chosen-by-alice"},"field_mask":"secret"}"#, "200");
    let temporary = r#"{"user":{"temporary_password":"Temp-passw0rd"},"field_mask":"temporary_password"}"#;
    server.check("admin", "PUT", "/api/v3/users/alice", temporary, "200");
    let all: String = [("client", "my-app"), ("user", "alice"), ("user", "admin"), ("organization", "acme-corp")]
        .iter()
        .flat_map(|(kind, id)| events(&server, kind, id))
        .map(|event| event.old_values + &event.new_values)
        .collect();
    let key = |token: &str| token.rsplit('.').next().unwrap_or_default().to_owned();
    for secret in [&rotated, "chosen-by-alice", "Temp-passw0rd", "Hunter2-hunter2", &key(ADMIN_KEY), &key(server.key("alice"))] {
        assert!(!all.contains(secret), "{secret}");
    }
    assert_eq!(values(&last(&server, "client", "my-app").new_values), json!({"secret": "***"}));
}
