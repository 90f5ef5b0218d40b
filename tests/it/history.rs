//! Who reads which history, and how much of it there can be.

use keyfob::model::settings::Settings;
use serde_json::json;

use crate::console::{seen_by, signed_in_admin};
use crate::console_forms::settings;
use crate::server::Server;
use crate::visitor::form;

#[test]
fn a_user_who_takes_the_id_of_a_purged_organization_reads_nothing_of_what_it_did() {
    let mut server = Server::start();
    server.has_user("alice");
    server.has_organization("alice", "acme-corp");
    let wanted = r#"{"name":"robot","rights":["RIGHT_ORGANIZATION_ALL"]}"#;
    let key = server.check("alice", "POST", "/api/v3/organizations/acme-corp/api-keys", wanted, "200").json();
    server.knows_key("robot", key["key"].as_str().expect("a key"));
    let client = json!({"client": {"ids": {"client_id": "secret-plan"}, "name": "Secret plan"}}).to_string();
    server.check("robot", "POST", "/api/v3/organizations/acme-corp/clients", &client, "200");
    server.check("admin", "DELETE", "/api/v3/organizations/acme-corp/purge", "", "200");
    server.has_user("acme-corp");
    let page = server.signed_in("acme-corp").get(&server, "/console/activity").text();
    assert!(!page.contains("secret-plan"), "the history of the organization is shown to the user\n{page}");
    assert!(page.contains("user.session.create"), "one's own is shown\n{page}");
    signed_in_admin(&server).sees(&server, "/console/activity?actor=acme-corp", &["secret-plan", "user.session.create"]);
}

/// How often something of this name happened to a client, and in how many rows that stands.
fn counted(server: &Server, client: &str, name: &str) -> (i64, usize) {
    let events = server.app.store().read(|tx| tx.events("client", client)).expect("events are read");
    let times: Vec<i64> = events.iter().filter(|event| event.name == name).map(|event| event.times).collect();
    (times.iter().sum(), times.len())
}

fn fixture() -> Server {
    let mut server = Server::with(Settings::default());
    server.has_user("alice");
    server.has_user("bob");
    server.has_client("alice", "my-app");
    server
}

fn renames(server: &Server, who: &str, name: &str) {
    let body = json!({"client": {"name": name}, "field_mask": "name"}).to_string();
    server.check(who, "PUT", "/api/v3/clients/my-app", &body, "200");
}

#[test]
fn a_flood_of_refusals_is_counted_and_hides_no_other_refusal() {
    let server = fixture();
    let wrong = [("grant_type", "refresh_token"), ("refresh_token", "OJSWM.A.B"), ("client_id", "my-app"), ("client_secret", "wrong")];
    // Each from an address of its own: one alone is slowed down.
    let flood = |network: u8| {
        for n in 0..150 {
            let headers = [("Content-Type", "application/x-www-form-urlencoded")];
            let answer = server.send_from([198, 18, network, n].into(), None, &headers, "POST", "/oauth/token", form(&wrong).as_bytes());
            assert_eq!(answer.status, 401);
        }
    };
    flood(1);
    let secret = server.check("alice", "POST", "/api/v3/clients/my-app/secret", "", "200").json()["secret"].clone();
    let replayed = [
        ("grant_type", "authorization_code"),
        ("code", "MF2XI.A.B"),
        ("client_id", "my-app"),
        ("client_secret", secret.as_str().expect("a secret")),
    ];
    assert_eq!(server.token(&replayed).status, 400);
    server.wait_seconds(60);
    flood(2);
    assert_eq!(counted(&server, "my-app", "client.token.refuse"), (301, 3), "the first, the last, and the one of another kind");
    server.signed_in("alice").sees(
        &server,
        "/console/clients/my-app/activity",
        &["code_unknown", "client_secret_wrong", "299 times since"],
    );
    server.wait_seconds(24 * 60 * 60);
    server.token(&wrong);
    assert_eq!(counted(&server, "my-app", "client.token.refuse"), (302, 4), "every day begins anew");
}

#[test]
fn a_flood_of_edits_is_counted_and_hides_no_change_of_another_kind() {
    let server = fixture();
    let bob = r#"{"collaborator":{"ids":{"user_ids":{"user_id":"bob"}},"rights":["RIGHT_CLIENT_ALL"]}}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-app/collaborators", bob, "200");
    let flood = |from: u32| (from..from + 150).for_each(|n| renames(&server, "bob", &format!("name {n}")));
    flood(0);
    let evil = r#"{"client":{"redirect_uris":["https://evil.example/cb"]},"field_mask":"redirect_uris"}"#;
    server.check("bob", "PUT", "/api/v3/clients/my-app", evil, "200");
    renames(&server, "alice", "What alice says");
    flood(200);
    let (times, rows) = counted(&server, "my-app", "client.update");
    assert_eq!(times, 302);
    assert!(rows <= 105, "{rows} rows");
    let wanted = ["https://evil.example/cb", "What alice says", "<ins>name 0</ins>", "<ins>name 349</ins>", "times since"];
    for text in wanted {
        assert!(pages(&server, "alice").iter().any(|page| page.contains(text)), "{text} is hidden");
    }
}

#[test]
fn no_redirect_uri_is_hidden_among_many_and_beyond_the_bound_only_administrators_change_it() {
    let server = fixture();
    let sends = |who: &str, uri: &str, expected: &str| {
        let body = json!({"client": {"redirect_uris": [uri]}, "field_mask": "redirect_uris"}).to_string();
        server.check(who, "PUT", "/api/v3/clients/my-app", &body, expected);
    };
    (0..110).for_each(|n| sends("alice", &format!("https://good.example/{n}"), "200"));
    sends("alice", "https://evil.example/cb", "200");
    (110..298).for_each(|n| sends("alice", &format!("https://good.example/{n}"), "200"));
    assert!(pages(&server, "alice").iter().any(|page| page.contains("https://evil.example/cb")), "it is hidden");
    (0..20).for_each(|n| sends("admin", &format!("https://more.example/{n}"), "200"));
    sends("alice", "https://worse.example/cb", "429 too_many_changes");
    sends("admin", "https://better.example/cb", "200");
}

/// Every page of the history of the client.
fn pages(server: &Server, who: &str) -> Vec<String> {
    let mut visitor = server.signed_in(who);
    let (mut pages, mut target) = (Vec::new(), Some("/console/clients/my-app/activity".to_owned()));
    while let Some(at) = target {
        let page = visitor.get(server, &at).text();
        let next = page.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
        target = next.map(|next| next.replace("&amp;", "&"));
        pages.push(page);
    }
    pages
}

#[test]
fn a_form_notices_a_change_that_was_counted() {
    let server = fixture();
    (0..130).for_each(|n| renames(&server, "alice", &format!("name {n}")));
    let mut alice = server.signed_in("alice");
    let target = "/console/clients/my-app/settings";
    let seen = seen_by(&alice.get(&server, target)).expect("the form has seen something");
    renames(&server, "alice", "meanwhile");
    let answer = alice.sends_form(&server, target, &[&settings(&[("name", "Mine")])[..], &[("seen", seen.as_str())]].concat());
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert!(answer.text().contains("changed while the form was open"));
}

#[test]
fn what_is_counted_of_a_purged_client_is_not_mixed_with_what_happens_to_the_next_of_its_id() {
    let server = fixture();
    (0..130).for_each(|n| renames(&server, "admin", &format!("old {n}")));
    server.check("admin", "DELETE", "/api/v3/clients/my-app/purge", "", "200");
    server.has_client("bob", "my-app");
    (0..130).for_each(|n| renames(&server, "admin", &format!("new {n}")));
    assert_eq!(counted(&server, "my-app", "client.update").0, 260);
    for page in pages(&server, "bob") {
        assert!(page.contains("new ") && !page.contains("old "), "{page}");
    }
}

#[test]
fn an_event_names_the_oauth_client_that_acted() {
    let mut server = Server::with(Settings::default());
    server.has_user("alice");
    server.has_user("bob");
    let secret = server.has_app("alice", "my-app", &["RIGHT_USER_ALL"]);
    let code = server.signed_in("bob").code(&server, "my-app", &[]);
    let tokens = server.tokens("my-app", &secret, &code);
    let body = br#"{"user":{"name":"Robert"},"field_mask":"name"}"#;
    let answer = server.send_with(Some(&format!("Bearer {}", tokens.access)), &[], "PUT", "/api/v3/users/bob", body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    server.refresh("my-app", &secret, "OJSWM.A.B");
    server.post_form("/oauth/revoke", &[("token", &tokens.access), ("client_id", "my-app"), ("client_secret", &secret)]);
    let events = |kind: &str, id: &str| server.app.store().read(|tx| tx.events(kind, id)).expect("events are read");
    let actor = |kind: &str, id: &str, name: &str| {
        let event = events(kind, id).into_iter().rfind(|event| event.name == name).expect("there is an event");
        (event.actor.account_id, event.actor.client_id)
    };
    let client = Some("my-app".to_owned());
    assert_eq!(actor("user", "bob", "user.update"), (Some("bob".to_owned()), client.clone()));
    assert_eq!(actor("client", "my-app", "client.token.delete"), (None, client.clone()));
    assert_eq!(actor("client", "my-app", "client.token.refuse"), (None, client));
    assert_eq!(actor("client", "my-app", "client.authorization.update"), (Some("bob".to_owned()), None), "the user in the browser acted");
    server.signed_in("bob").sees(&server, "/console/activity", &["user.update", "OAuth client <code>my-app</code>"]);
}
