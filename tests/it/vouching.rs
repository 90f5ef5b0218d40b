//! What administrators vouch for and approve stays what they saw.

use keyfob::model::settings::{Approval, Settings};
use serde_json::{Value, json};

use crate::browser::{Browser, authorize_target};
use crate::console::signed_in_admin;
use crate::server::{Answer, Server};

const CLIENT: &str = "/api/v3/clients/my-app";
const VOUCHED: &str =
    "What administrators vouched for was changed: the client is not endorsed any more, and its users are asked for consent";
const APPROVED: &str = "What administrators approved was changed: the client waits for their approval again";

/// Alice's `my-app`, approved, and endorsed by administrators who let it skip the question.
fn fixture(approval: Approval) -> (Server, String) {
    let mut server = Server::with(Settings { approval, ..Settings::default() });
    server.has_user("alice");
    server.has_user("bob");
    let secret = server.has_app("alice", "my-app", &["RIGHT_USER_INFO", "RIGHT_USER_SETTINGS_BASIC"]);
    let body = json!({"collaborator": {"ids": {"user_ids": {"user_id": "bob"}}, "rights": ["RIGHT_CLIENT_INFO"]}}).to_string();
    server.check("alice", "PUT", "/api/v3/clients/my-app/collaborators", &body, "200");
    vouches(&server);
    (server, secret)
}

fn vouches(server: &Server) {
    let body = r#"{"client":{"skip_authorization":true,"endorsed":true,"state":"STATE_APPROVED"},"field_mask":"skip_authorization,endorsed,state"}"#;
    server.check("admin", "PUT", CLIENT, body, "200");
}

fn changes(server: &Server, who: &str, field: &str, value: Value) -> Answer {
    let body = json!({"client": {field: value}, "field_mask": field}).to_string();
    server.check(who, "PUT", CLIENT, &body, "200")
}

/// What administrators decided, as it is now.
fn decided(server: &Server) -> (bool, bool, String) {
    let now = server.check("admin", "GET", "/api/v3/clients/my-app?field_mask=skip_authorization,endorsed,state", "", "200").json();
    (now["skip_authorization"] == true, now["endorsed"] == true, now["state"].as_str().unwrap_or("STATE_REQUESTED").to_owned())
}

fn warnings(answer: &Answer) -> Vec<&str> {
    answer.headers.iter().filter(|(name, _)| *name == "X-Warning").map(|(_, value)| &**value).collect()
}

/// Changes of what administrators saw.
fn seen() -> Vec<(&'static str, Value)> {
    vec![
        ("name", json!("Bank")),
        ("description", json!("Your bank")),
        ("rights", json!(["RIGHT_USER_INFO", "RIGHT_USER_SETTINGS_BASIC", "RIGHT_USER_DELETE"])),
        ("rights", json!(["RIGHT_USER_INFO"])),
        ("redirect_uris", json!(["https://evil.example/cb"])),
        ("redirect_uris", json!(["https://app.example/cb", "https://evil.example/cb"])),
        ("logout_redirect_uris", json!(["https://evil.example/bye"])),
        ("administrative_contact", json!({"user_ids": {"user_id": "bob"}})),
        ("secret", json!("")),
        ("scopes", json!(["invoices:read"])),
        ("resource_servers", json!(["my-app"])),
    ]
}

#[test]
fn a_change_of_what_administrators_vouch_for_ends_the_vouching() {
    for (field, value) in seen() {
        let (server, _) = fixture(Approval::Auto);
        let answer = changes(&server, "alice", field, value);
        assert_eq!(decided(&server), (false, false, "STATE_APPROVED".to_owned()), "{field}");
        assert_eq!(warnings(&answer), [VOUCHED], "{field}");
        let event = server.app.store().read(|tx| tx.events("client", "my-app")).expect("events").pop().expect("an event");
        let values = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
        assert_eq!(values(&event.old_values)["endorsed"], true, "{field}");
        assert_eq!((&values(&event.new_values)["skip_authorization"], event.name.as_str()), (&json!(false), "client.update"), "{field}");
    }
}

#[test]
fn what_administrators_change_themselves_they_vouch_for() {
    for (field, value) in seen() {
        let (server, _) = fixture(Approval::Manual);
        let answer = changes(&server, "admin", field, value);
        assert_eq!((decided(&server), warnings(&answer).len()), ((true, true, "STATE_APPROVED".to_owned()), 0), "{field}");
    }
}

#[test]
fn what_nobody_vouches_for_can_be_changed_without_a_warning() {
    let (server, _) = fixture(Approval::Auto);
    for (field, value) in [
        ("attributes", json!({"team": "a"})),
        ("technical_contact", json!({"user_ids": {"user_id": "bob"}})),
        ("name", json!("my-app")),
        ("rights", json!(["RIGHT_USER_SETTINGS_BASIC", "RIGHT_USER_INFO"])),
        ("secret", json!("A-chosen-secret-of-alice-7")),
    ] {
        assert!(warnings(&changes(&server, "alice", field, value)).iter().all(|warning| *warning != VOUCHED), "{field}");
        assert_eq!(decided(&server), (true, true, "STATE_APPROVED".to_owned()), "{field}");
    }
    server.check("alice", "POST", "/api/v3/clients/my-app/secret", "", "200");
    server.check("alice", "DELETE", CLIENT, "", "200");
    server.check("alice", "POST", "/api/v3/clients/my-app/restore", "", "200");
    assert_eq!(decided(&server), (true, true, "STATE_APPROVED".to_owned()));
}

#[test]
fn a_first_secret_ends_the_vouching_for_a_client_without_one() {
    let rotated = |server: &Server| server.check("alice", "POST", "/api/v3/clients/my-app/secret", "", "200");
    let chosen = |server: &Server| changes(server, "alice", "secret", json!("A-chosen-secret-of-alice-7"));
    for give in [&rotated as &dyn Fn(&Server) -> Answer, &chosen] {
        let (server, _) = fixture(Approval::Auto);
        changes(&server, "admin", "secret", json!(""));
        let answer = give(&server);
        assert!(warnings(&answer).contains(&VOUCHED));
        assert_eq!(decided(&server), (false, false, "STATE_APPROVED".to_owned()));
        server.signed_in("alice").sees(&server, "/console/clients/my-app/activity", &["endorsed", "skip Authorization"]);
    }
}

#[test]
fn the_console_says_what_a_change_takes_away() {
    let (server, _) = fixture(Approval::Manual);
    let mut alice = server.signed_in("alice");
    let form = [
        ("name", "Bank"),
        ("redirect_uris", "https://app.example/cb"),
        ("logout_redirect_uris", "https://app.example/bye"),
        ("administrative_contact", "user:alice"),
        ("technical_contact", "user:alice"),
        ("rights", "RIGHT_USER_INFO"),
        ("rights", "RIGHT_USER_SETTINGS_BASIC"),
    ];
    alice.sees(&server, "/console/clients/my-app/settings", &["The administrators vouch for this client.", "approval again"]);
    let answer = alice.sends_form(&server, "/console/clients/my-app/settings", &form);
    let location = answer.header("Location").expect("it is saved").to_owned();
    alice.sees(&server, &location, &["no longer vouch for the client", "waits for their approval again"]);
    assert_eq!(decided(&server), (false, false, "STATE_REQUESTED".to_owned()));

    vouches(&server);
    let answer = alice.sends_form(&server, "/console/clients/my-app/secrets/remove", &[("confirm", "my-app")]);
    let location = answer.header("Location").expect("it is done").to_owned();
    alice.sees(&server, &location, &["no longer vouch for the client"]);
    vouches(&server);
    let page = alice.sends_form(&server, "/console/clients/my-app/secrets", &[("grace", "3600")]).text();
    assert!(page.contains(VOUCHED), "{page}");
    assert_eq!(decided(&server), (false, false, "STATE_APPROVED".to_owned()));
}

#[test]
fn an_owner_who_changes_what_was_approved_asks_for_approval_again() {
    let waits = [
        ("name", json!("Bank")),
        ("rights", json!(["RIGHT_USER_ALL"])),
        ("redirect_uris", json!(["https://evil.example/cb"])),
        ("redirect_uris", json!([])),
    ];
    for state in ["STATE_APPROVED", "STATE_FLAGGED"] {
        for (field, value) in waits.clone() {
            let (server, _) = fixture(Approval::Manual);
            server.has_state("my-app", state);
            let answer = changes(&server, "alice", field, value);
            assert!(warnings(&answer).contains(&APPROVED), "{field}");
            assert_eq!(decided(&server).2, "STATE_REQUESTED", "{field}");
            let why = server.check("alice", "GET", "/api/v3/clients/my-app?field_mask=state_description", "", "200").json();
            let why = why["state_description"].as_str().unwrap_or_default().to_owned();
            assert!(why.starts_with(&format!("admin approval required again, for a change of {field}")), "{why}");
            assert_eq!(why.contains("flagged"), state == "STATE_FLAGGED");
            let label = match field {
                "name" => "Name",
                "rights" => "Rights",
                _ => "Redirect URLs",
            };
            signed_in_admin(&server).sees(&server, "/console/review", &[&why["a".len()..].replace(field, label)]);
        }
    }
}

#[test]
fn other_changes_leave_an_approval_as_it_is() {
    for (field, value) in [
        ("description", json!("New")),
        ("rights", json!(["RIGHT_USER_INFO"])),
        ("logout_redirect_uris", json!([])),
        ("administrative_contact", json!({"user_ids": {"user_id": "bob"}})),
    ] {
        let (server, _) = fixture(Approval::Manual);
        changes(&server, "alice", field, value);
        assert_eq!(decided(&server).2, "STATE_APPROVED", "{field}");
    }
    for state in ["STATE_REJECTED", "STATE_SUSPENDED"] {
        let (server, _) = fixture(Approval::Manual);
        server.has_state("my-app", state);
        changes(&server, "alice", "name", json!("New"));
        assert_eq!(decided(&server).2, state, "a change is no way out of it");
    }
}

fn asks(server: &Server, browser: &mut Browser) -> u16 {
    browser.get(server, &authorize_target("my-app", &[])).status
}

#[test]
fn users_whom_nobody_asked_are_asked_once_the_vouching_ends() {
    let (server, _) = fixture(Approval::Auto);
    let mut bob = server.signed_in("bob");
    assert_eq!(asks(&server, &mut bob), 302, "an administrator lets the client skip the question");
    changes(&server, "alice", "description", json!("Your bank"));
    assert_eq!(asks(&server, &mut bob), 200, "bob has agreed to nothing");
    bob.consents(&server, "my-app", &[]);
    assert_eq!(asks(&server, &mut bob), 302, "bob has agreed");
}

#[test]
fn tokens_open_no_more_than_the_client_may_ask_for() {
    let (server, secret) = fixture(Approval::Manual);
    // Otherwise the change of the rights would end the code together with the vouching.
    changes(&server, "admin", "skip_authorization", json!(false));
    let mut bob = server.signed_in("bob");
    let code = bob.code(&server, "my-app", &[]);
    let (tokens, unused) = (server.tokens("my-app", &secret, &code), bob.code(&server, "my-app", &[]));
    let renames = |token: &str| {
        let body = br#"{"user":{"name":"Robert"},"field_mask":"name"}"#;
        server.send_with(Some(&format!("Bearer {token}")), &[], "PUT", "/api/v3/users/bob", body).status
    };
    let scope = |token: &str| {
        let answer = server.post_form("/oauth/introspect", &[("token", token), ("client_id", "my-app"), ("client_secret", &secret)]);
        answer.json()["scope"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(renames(&tokens.access), 200);
    changes(&server, "alice", "rights", json!(["RIGHT_USER_INFO"]));
    let refreshed = server.refresh("my-app", &secret, &tokens.refresh).json();
    let redeemed = server.tokens("my-app", &secret, &unused).access;
    let refreshed = refreshed["access_token"].as_str().expect("a token").to_owned();
    for token in [&refreshed, &redeemed] {
        assert_eq!((renames(token), scope(token).as_str()), (403, "RIGHT_USER_INFO"));
    }
}

#[test]
fn a_right_that_was_taken_away_does_not_come_back_to_tokens_before_it_is_approved() {
    let (server, secret) = fixture(Approval::Manual);
    let code = server.signed_in("bob").code(&server, "my-app", &[]);
    let token = server.tokens("my-app", &secret, &code).access;
    let renames = || {
        let body = br#"{"user":{"name":"Robert"},"field_mask":"name"}"#;
        server.send_with(Some(&format!("Bearer {token}")), &[], "PUT", "/api/v3/users/bob", body).status
    };
    changes(&server, "admin", "rights", json!(["RIGHT_USER_INFO"]));
    assert_eq!(renames(), 403);
    changes(&server, "alice", "rights", json!(["RIGHT_USER_INFO", "RIGHT_USER_SETTINGS_BASIC"]));
    assert_eq!(renames(), 403, "the owner asks for it, and nobody has approved it");
    let listed = server.check("bob", "GET", "/api/v3/users/bob/authorizations/my-app/tokens", "", "200").json();
    assert_eq!(listed["tokens"][0]["rights"], json!(["RIGHT_USER_INFO"]));
    server.has_state("my-app", "STATE_APPROVED");
    assert_eq!(renames(), 200);
}

#[test]
fn tokens_that_are_there_keep_what_was_approved_when_a_client_asks_for_more() {
    let (server, secret) = fixture(Approval::Manual);
    let code = server.signed_in("bob").code(&server, "my-app", &[]);
    let tokens = server.tokens("my-app", &secret, &code);
    changes(&server, "alice", "rights", json!(["RIGHT_USER_ALL"]));
    let refreshed = server.refresh("my-app", &secret, &tokens.refresh).json();
    let token = format!("Bearer {}", refreshed["access_token"].as_str().expect("a token"));
    let rename = br#"{"user":{"name":"Robert"},"field_mask":"name"}"#;
    assert_eq!(server.send_with(Some(&token), &[], "PUT", "/api/v3/users/bob", rename).status, 200);
    assert_eq!(server.send_with(Some(&token), &[], "GET", "/api/v3/users/bob/clients", b"").status, 403);
    let answer = server.signed_in("bob").get(&server, &authorize_target("my-app", &[]));
    assert_eq!(answer.location_parameter("error").as_deref(), Some("invalid_client"), "nobody agrees to more before it is approved");
}
