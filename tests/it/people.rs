//! What the Console shows of people: their profile, where they are signed in, and what is theirs.

use serde_json::json;

use crate::browser::{Browser, PASSWORD, form};
use crate::console::{server_with_alice, signed_in_admin};
use crate::server::Server;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// A browser that says what it is when its user signs in.
fn signed_in_with(server: &Server, user: &str, user_agent: &str) -> Browser {
    let mut browser = Browser::default();
    let token = browser.form_token(server, "/oauth/login");
    let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("User-Agent", user_agent)];
    let body = form(&[("user_id", user), ("password", PASSWORD), ("_csrf", &token)]);
    let answer = browser.send(server, "POST", "/oauth/login", &headers, &body);
    assert_eq!(answer.header("Location"), Some("/oauth/"), "{}", answer.text());
    browser
}

#[test]
fn a_user_changes_the_own_name_and_e_mail_address() {
    let (mut server, mut alice) = server_with_alice();
    server.has_user("bob");
    alice.sees(&server, "/console/profile", &["alice@example.com"]);
    let sent = |email: &'static str| [("name", "Alice A."), ("primary_email_address", email)];
    alice.sends_form(&server, "/console/profile", &sent("nonsense")).refuses("primary_email_address", "validation");
    alice.sends_form(&server, "/console/profile", &sent("bob@example.com")).refuses("primary_email_address", "already_exists");
    let answer = alice.sends_form(&server, "/console/profile", &sent("a@example.org"));
    assert_eq!(answer.header("Location"), Some("/console/profile?done=saved"), "{}", answer.text());
    let user = server.check("alice", "GET", "/api/v3/users/alice?field_mask=name,primary_email_address,state", "", "200").json();
    assert_eq!((&user["name"], &user["primary_email_address"]), (&json!("Alice A."), &json!("a@example.org")));
    // Nothing else of a user can be set there.
    alice.sends_form(&server, "/console/profile", &[("name", "A"), ("primary_email_address", "a@example.org"), ("admin", "true")]);
    server.check("alice", "GET", "/api/v3/users", "", "403 permission_denied");
}

#[test]
fn who_is_alone_is_told_why_to_add_others() {
    let (mut server, mut alice) = server_with_alice();
    server.has_user("bob");
    server.has_client("alice", "lamp");
    server.has_organization("alice", "acme-corp");
    for (path, right) in
        [("clients/lamp/collaborators", "RIGHT_CLIENT_INFO"), ("organizations/acme-corp/members", "RIGHT_ORGANIZATION_INFO")]
    {
        alice.opens(&server, &format!("/console/{path}")).tells("alone");
        let bob = json!({"collaborator": {"ids": {"user_ids": {"user_id": "bob"}}, "rights": [right]}}).to_string();
        server.check("alice", "PUT", &format!("/api/v3/{}", path.replace("members", "collaborators")), &bob, "200");
        alice.opens(&server, &format!("/console/{path}")).does_not_tell("alone");
    }
}

#[test]
fn a_session_is_known_by_its_browser_and_network_and_nothing_more_exact_is_stored() {
    let (server, _) = server_with_alice();
    let mut firefox = signed_in_with(&server, "alice", FIREFOX);
    firefox.sees(&server, "/console/sessions", &["Firefox on Linux", "127.0.0.0/24", "Unknown browser"]);
    let page = firefox.opens(&server, "/console/sessions").text();
    assert!(!page.contains("140") && !page.contains("127.0.0.1"), "{page}");
}

#[test]
fn an_administrator_sees_what_a_user_has_and_ends_a_session() {
    let (mut server, _) = server_with_alice();
    server.has_client("alice", "lamp");
    let mut firefox = signed_in_with(&server, "alice", FIREFOX);
    let mut admin = signed_in_admin(&server);
    let page = admin.opens(&server, "/console/users/alice");
    for said in ["Firefox on Linux", "/console/clients/lamp", "1 key"] {
        assert!(page.text().contains(said), "{said} is not in {}", page.text());
    }
    let session = page.text().split("/sessions/").nth(1).and_then(|rest| rest.split("/end").next()).expect("a session").to_owned();
    let end = format!("/console/users/alice/sessions/{session}/end");
    assert_eq!(admin.sends_form(&server, &end, &[]).header("Location"), Some("/console/users/alice?done=ended"));
    assert!(!admin.opens(&server, "/console/users/alice").text().contains(&session));
    assert_eq!(firefox.get(&server, "/console").status, 302, "the newest session has ended");
    server.has_user("bob");
    assert_eq!(server.signed_in("bob").sends_form(&server, &end, &[]).status, 403);
}

#[test]
fn an_api_key_shows_the_days_on_which_it_was_last_used_and_ends() {
    let (server, mut alice) = server_with_alice();
    let fields = [("name", "robot-key"), ("rights", "RIGHT_USER_INFO"), ("expires", "2199-01-31")];
    let key = alice.sends_form(&server, "/console/add/api-key", &fields).text_of("api-key");
    let of_key = |alice: &mut Browser| {
        let page = alice.opens(&server, "/console/api-keys").text();
        page.split("<tr").find(|row| row.contains("robot-key")).expect("the key").to_owned()
    };
    let row = of_key(&mut alice);
    assert!(row.contains("never") && row.contains("31 Jan 2199"), "{row}");
    assert_eq!(server.status_with(&key, "/api/v3/users/alice"), 200);
    assert!(!of_key(&mut alice).contains("never"));
    let edit = format!("/console/api-keys/{}", key.split('.').nth(1).expect("an ID"));
    alice.sees(&server, &edit, &["type=\"date\" value=\"2199-01-31\""]);
}

#[test]
fn every_page_of_organizations_that_begins_something_says_what_they_are_for() {
    let (server, mut alice) = server_with_alice();
    server.has_organization("alice", "acme-corp");
    for page in ["/console/organizations", "/console/add/organization", "/console/organizations/acme-corp"] {
        alice.sees(&server, page, &["its members share them"]);
    }
}
