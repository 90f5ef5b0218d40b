//! What a client's page shows beside how it is used: who authorized it, and what the review finds.

use keyfob::model::scope::GrantedScope;
use serde_json::json;

use crate::browser::Browser;
use crate::console::signed_in_admin;
use crate::server::Server;

const PAGE: &str = "/console/clients/my-app";
const REVOKE: &str = "/console/clients/my-app/revoke";

fn with_users(users: &[&str]) -> Server {
    let mut server = Server::start();
    users.iter().for_each(|user| server.has_user(user));
    server
}

fn events(server: &Server, name: &str) -> Vec<serde_json::Value> {
    let events = server.check("admin", "GET", "/api/v3/clients/my-app/events?limit=1000", "", "200").json();
    let events = events["events"].as_array().cloned().unwrap_or_default();
    events.into_iter().filter(|event| event["name"] == name).collect()
}

#[test]
fn every_authorization_of_a_client_is_revoked_only_by_typing_its_id() {
    let server = with_users(&["alice", "bob", "carol"]);
    let secret = server.has_app("alice", "my-app", &["RIGHT_USER_INFO"]);
    let other = server.has_app("alice", "other-app", &["RIGHT_USER_INFO"]);
    let tokens: Vec<_> = ["alice", "bob", "carol"]
        .map(|user| {
            let mut browser = server.signed_in(user);
            let code = browser.code(&server, "my-app", &[]);
            (user, server.tokens("my-app", &secret, &code))
        })
        .into();
    let mut bob = server.signed_in("bob");
    let unredeemed = bob.code(&server, "my-app", &[]);
    let code = bob.code(&server, "other-app", &[]);
    let kept = server.tokens("other-app", &other, &code);
    let status = |n: usize| server.status_with(&tokens[n].1.access, &format!("/api/v3/users/{}", tokens[n].0));
    let mut alice = server.signed_in("alice");
    alice.sees(&server, PAGE, &["3 users authorized it", &format!("href=\"{REVOKE}\"")]);
    alice.sees(&server, REVOKE, &["3 users authorized my-app"]);
    alice.sends_form(&server, REVOKE, &[("confirm", "other-app")]).refuses("confirm", "not_confirmed");
    assert_eq!([status(0), status(1), status(2)], [200; 3]);
    let answer = alice.sends_form(&server, REVOKE, &[("confirm", "my-app")]);
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!([status(0), status(1), status(2)], [401; 3]);
    assert_eq!(server.refresh("my-app", &secret, &tokens[0].1.refresh).status, 400);
    let late = server.token(&[
        ("grant_type", "authorization_code"),
        ("code", &unredeemed),
        ("redirect_uri", crate::browser::CALLBACK),
        ("client_id", "my-app"),
        ("client_secret", &secret),
    ]);
    assert_eq!(late.status, 400, "a code that was not redeemed yet ends too");
    assert_eq!(server.status_with(&kept.access, "/api/v3/users/bob"), 200, "another client keeps its tokens");
    alice.opens(&server, answer.header("Location").expect("a page")).tells("revoked-all");
    let page = alice.opens(&server, PAGE);
    assert!(page.text().contains("0 users authorized it") && !page.text().contains(REVOKE), "{}", page.text());
    // Its users are asked again, with the secret that it has.
    let code = bob.code(&server, "my-app", &[]);
    server.tokens("my-app", &secret, &code);
    let told = events(&server, "client.authorization.delete-all");
    assert_eq!((told.len(), &told[0]["old"]), (1, &json!({"users": 3})), "{told:?}");
}

#[test]
fn many_authorizations_are_revoked_in_steps_each_of_which_is_bounded() {
    let mut server = Server::start();
    server.has_user("alice");
    server.has_app("alice", "my-app", &["RIGHT_USER_INFO"]);
    let users: Vec<String> = (0..205).map(|n| format!("user-{n}")).collect();
    for user in &users {
        server.has_user(user);
    }
    let scope = GrantedScope::default();
    let authorized = server.app.store().write(|tx| {
        let client = "my-app".parse().expect("an ID");
        users.iter().try_for_each(|user| tx.set_authorization(&user.parse().expect("an ID"), &client, &scope, &scope))
    });
    authorized.expect("they are stored");
    assert_eq!(server.signed_in("alice").sends_form(&server, REVOKE, &[("confirm", "my-app")]).status, 303);
    server.signed_in("alice").sees(&server, PAGE, &["0 users authorized it"]);
    let steps: Vec<i64> =
        events(&server, "client.authorization.delete-all").iter().filter_map(|event| event["old"]["users"].as_i64()).collect();
    assert_eq!((steps.len(), steps.iter().sum::<i64>()), (2, 205));
}

#[test]
fn who_may_only_read_a_client_revokes_nothing() {
    let server = with_users(&["alice", "bob"]);
    server.has_app("alice", "my-app", &["RIGHT_USER_INFO"]);
    let member = json!({"collaborator": {"ids": {"user_ids": {"user_id": "bob"}}, "rights": ["RIGHT_CLIENT_INFO"]}}).to_string();
    server.check("alice", "PUT", "/api/v3/clients/my-app/collaborators", &member, "200");
    let mut bob = server.signed_in("bob");
    bob.consents(&server, "my-app", &[]);
    let page = bob.opens(&server, PAGE);
    assert!(page.text().contains("1 user authorized it") && !page.text().contains(REVOKE), "{}", page.text());
    assert_eq!(bob.sends_form(&server, REVOKE, &[("confirm", "my-app")]).status, 403);
    bob.sees(&server, PAGE, &["1 user authorized it"]);
}

#[test]
fn a_clients_page_shows_what_the_review_finds_and_leads_to_all_of_it() {
    let server = with_users(&["alice"]);
    server.has_app("alice", "my-app", &["RIGHT_ALL"]);
    let found = |browser: &mut Browser, path: &str| browser.opens(&server, path).findings();
    let mut alice = server.signed_in("alice");
    let of_review = found(&mut alice, "/console/clients/my-app/review");
    let shown = found(&mut alice, PAGE);
    assert!(!shown.is_empty() && shown.len() <= 5 && shown.iter().all(|rule| of_review.contains(rule)), "{shown:?} of {of_review:?}");
    alice.sees(&server, PAGE, &["href=\"/console/clients/my-app/review\""]);
    assert_eq!(found(&mut signed_in_admin(&server), PAGE), shown);
}
