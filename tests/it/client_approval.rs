//! Approval of clients, at once or by an administrator.

use keyfob::model::settings::{Approval, Settings};

use crate::clients::alice_with_app;
use crate::console::signed_in_admin;
use crate::server::Server;

fn approving(approval: Approval) -> Server {
    let mut server = Server::with(Settings { approval, ..Settings::default() });
    server.has_user("alice");
    server
}

#[test]
fn a_new_client_is_approved_at_once_for_every_caller() {
    let server = approving(Approval::Auto);
    let body = r#"{"client":{"ids":{"client_id":"hers"}}}"#;
    let answer = server.check("alice", "POST", "/api/v3/users/alice/clients", body, r#"200 {"state":"STATE_APPROVED"}"#);
    assert_eq!(answer.json().get("state_description"), None);
    let body = r#"{"client":{"ids":{"client_id":"theirs"}}}"#;
    server.check("admin", "POST", "/api/v3/users/admin/clients", body, r#"200 {"state":"STATE_APPROVED"}"#);
}

#[test]
fn a_user_who_asks_for_another_state_is_approved_too() {
    let server = approving(Approval::Auto);
    let body = r#"{"client":{"ids":{"client_id":"foo"},"state":"STATE_SUSPENDED","state_description":"mine"}}"#;
    let answer = server.check("alice", "POST", "/api/v3/users/alice/clients", body, r#"200 {"state":"STATE_APPROVED"}"#);
    assert_eq!(answer.json().get("state_description"), None);
}

#[test]
fn an_administrator_who_asks_for_a_state_gets_it() {
    let server = approving(Approval::Auto);
    let body = r#"{"client":{"ids":{"client_id":"foo"},"state":"STATE_REQUESTED"}}"#;
    server.check("admin", "POST", "/api/v3/users/alice/clients", body, "200");
    let answer = server.check("alice", "GET", "/api/v3/clients/foo?field_mask=state", "", "200");
    assert_eq!(answer.json().get("state"), None, "a state that is asked for is not written");
    let body = r#"{"client":{"ids":{"client_id":"bar"},"state":"STATE_FLAGGED"}}"#;
    server.check("admin", "POST", "/api/v3/users/alice/clients", body, r#"200 {"state":"STATE_FLAGGED"}"#);
}

#[test]
fn only_an_administrator_makes_a_client_that_is_endorsed_or_skips_authorization() {
    for approval in [Approval::Auto, Approval::Manual] {
        let server = approving(approval);
        let body = r#"{"client":{"ids":{"client_id":"hers"},"skip_authorization":true,"endorsed":true}}"#;
        let answer = server.check("alice", "POST", "/api/v3/users/alice/clients", body, "200");
        assert_eq!((answer.json().get("skip_authorization"), answer.json().get("endorsed")), (None, None), "{approval:?}");
        let body = r#"{"client":{"ids":{"client_id":"theirs"},"skip_authorization":true,"endorsed":true}}"#;
        let wanted = r#"200 {"skip_authorization":true,"endorsed":true}"#;
        server.check("admin", "POST", "/api/v3/users/alice/clients", body, wanted);
    }
}

#[test]
fn a_client_that_is_approved_by_hand_waits_for_it() {
    let server = approving(Approval::Manual);
    let body = r#"{"client":{"ids":{"client_id":"foo"},"state":"STATE_APPROVED","state_description":"please"}}"#;
    let wanted = r#"200 {"state_description":"admin approval required"}"#;
    let answer = server.check("alice", "POST", "/api/v3/users/alice/clients", body, wanted);
    assert_eq!(answer.json().get("state"), None);
}

#[test]
fn an_administrators_client_without_a_state_waits_where_approval_is_by_hand() {
    let server = approving(Approval::Manual);
    let answer = server.check("admin", "POST", "/api/v3/users/alice/clients", r#"{"client":{"ids":{"client_id":"foo"}}}"#, "200");
    assert_eq!((answer.json().get("state"), answer.json().get("state_description")), (None, None));
    let body = r#"{"client":{"ids":{"client_id":"bar"},"state":"STATE_APPROVED"}}"#;
    server.check("admin", "POST", "/api/v3/users/alice/clients", body, r#"200 {"state":"STATE_APPROVED"}"#);
}

#[test]
fn what_an_administrator_endorses_stays_endorsed() {
    let server = alice_with_app();
    let body = r#"{"client":{"endorsed":true},"field_mask":{"paths":["endorsed"]}}"#;
    server.check("admin", "PUT", "/api/v3/clients/my-app", body, r#"200 {"endorsed":true}"#);
    server.check("alice", "GET", "/api/v3/clients/my-app?field_mask=endorsed", "", r#"200 {"endorsed":true}"#);
    server.check("alice", "PUT", "/api/v3/clients/my-app", body, "403 update_admin_field");
}

#[test]
fn a_request_shows_where_its_client_signs_users_out_and_that_it_has_no_secret() {
    let server = approving(Approval::Manual);
    server.has_client("alice", "my-app");
    let review = |server: &Server| signed_in_admin(server).get(server, "/console/review").text();
    assert!(!review(&server).contains("public client"));
    let body = r#"{"client":{"secret":"","logout_redirect_uris":["https://app.example/bye"]},"field_mask":"secret,logout_redirect_uris"}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-app", body, "200");
    let page = review(&server);
    assert!(page.contains("none: a public client") && page.contains("https://app.example/bye"), "{page}");
}
