//! Who can try a client before it is approved.

use serde_json::json;

use crate::browser::{Browser, CALLBACK, authorize_target};
use crate::console::signed_in_admin;
use crate::server::{Answer, Server};

/// Alice has registered `my-app`, which waits for approval; bob and carol know her.
fn fixture() -> Server {
    let mut server = Server::start();
    for user in ["alice", "bob", "carol"] {
        server.has_user(user);
    }
    server.has_app("alice", "my-app", &["RIGHT_USER_INFO"]);
    server.has_state("my-app", "STATE_REQUESTED");
    server
}

fn makes_collaborator(server: &Server, who: &str, user: &str, rights: &[&str]) {
    let body = json!({"collaborator": {"ids": {"user_ids": {"user_id": user}}, "rights": rights}}).to_string();
    server.check(who, "PUT", "/api/v3/clients/my-app/collaborators", &body, "200");
}

/// Whether the client can ask this user.
fn can_ask(server: &Server, browser: &mut Browser, client: &str) -> bool {
    let answer = browser.get(server, &authorize_target(client, &[]));
    match answer.status {
        200 => true,
        302 => {
            assert_eq!(answer.location_parameter("error").as_deref(), Some("invalid_client"), "{}", answer.text());
            false
        }
        status => panic!("{status}: {}", answer.text()),
    }
}

fn begins(server: &Server, browser: &mut Browser) -> Answer {
    browser.sends_form(server, "/console/clients/my-app/trial", &[])
}

#[test]
fn who_is_made_a_collaborator_cannot_be_asked_by_a_client_that_is_not_approved() {
    let server = fixture();
    makes_collaborator(&server, "alice", "bob", &["RIGHT_CLIENT_ALL"]);
    let mut bob = server.signed_in("bob");
    assert!(!can_ask(&server, &mut bob, "my-app"));
    let answer = bob.post(&server, &authorize_target("my-app", &[]), &[("authorize", "true")]);
    assert_eq!(answer.location_parameter("error").as_deref(), Some("invalid_client"));
    assert!(can_ask(&server, &mut server.signed_in("alice"), "my-app"), "who registered it can be asked");
}

#[test]
fn a_collaborator_who_says_so_can_try_a_client_and_take_it_back() {
    let server = fixture();
    makes_collaborator(&server, "alice", "bob", &["RIGHT_CLIENT_INFO"]);
    let mut bob = server.signed_in("bob");
    bob.sees(
        &server,
        "/console/clients/my-app",
        &["Until then only <strong>alice</strong>, who registered it", "Try it before it is approved"],
    );
    bob.sees(&server, "/console/clients/my-app/trial", &["I want to try it"]);
    assert_eq!(begins(&server, &mut bob).header("Location"), Some("/console/clients/my-app?done=trial-begun"));
    assert!(can_ask(&server, &mut bob, "my-app"));
    bob.sees(&server, "/console/clients/my-app", &["You chose to try it.", "Stop trying it"]);
    assert_eq!(bob.sends_form(&server, "/console/clients/my-app/trial/end", &[]).status, 303);
    assert!(!can_ask(&server, &mut bob, "my-app"));
    server.signed_in("alice").sees(&server, "/console/clients/my-app/activity", &["client.trial.create", "client.trial.delete"]);
    server.signed_in("alice").sees(&server, "/console/clients/my-app", &["You registered it, so you can try it now."]);
}

#[test]
fn who_no_longer_tries_a_client_leaves_it_nothing_that_was_allowed_meanwhile() {
    type End<'s> = (&'s str, &'s dyn Fn(&Server, &mut Browser));
    let ends: [End<'_>; 2] = [
        ("stops", &|server, bob| drop(bob.sends_form(server, "/console/clients/my-app/trial/end", &[]))),
        ("is removed", &|server, _| drop(server.check("alice", "DELETE", "/api/v3/clients/my-app/collaborators/user/bob", "", "200"))),
    ];
    for (how, end) in ends {
        let (server, secret) = crate::oauth::fixture();
        server.has_state("my-app", "STATE_REQUESTED");
        makes_collaborator(&server, "alice", "bob", &["RIGHT_CLIENT_INFO"]);
        let mut bob = server.signed_in("bob");
        begins(&server, &mut bob);
        let asked = [("scope", "openid offline_access email")];
        let code = bob.code(&server, "my-app", &asked);
        let tokens = server.tokens("my-app", &secret, &bob.code(&server, "my-app", &asked));
        assert_eq!(server.status_with(&tokens.access, "/oauth/userinfo"), 200);
        end(&server, &mut bob);
        assert_eq!(server.status_with(&tokens.access, "/oauth/userinfo"), 401, "bob {how}");
        assert_eq!(server.refresh("my-app", &secret, &tokens.refresh).status, 400);
        let exchange = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK)];
        let client = [("client_id", "my-app"), ("client_secret", secret.as_str())];
        assert_eq!(server.token(&[&exchange[..], &client].concat()).status, 400);
        server.has_state("my-app", "STATE_APPROVED");
        assert!(can_ask(&server, &mut bob, "my-app"), "he agrees anew");
    }
}

#[test]
fn what_was_allowed_before_a_trial_outlives_it() {
    let (server, secret) = crate::oauth::fixture();
    let mut bob = server.signed_in("bob");
    let tokens = server.tokens("my-app", &secret, &bob.code(&server, "my-app", &[("scope", "openid offline_access")]));
    server.has_state("my-app", "STATE_REQUESTED");
    makes_collaborator(&server, "alice", "bob", &["RIGHT_CLIENT_INFO"]);
    server.wait_seconds(1);
    begins(&server, &mut bob);
    assert_eq!(bob.sends_form(&server, "/console/clients/my-app/trial/end", &[]).status, 303);
    assert_eq!(server.status_with(&tokens.access, "/oauth/userinfo"), 200);
}

#[test]
fn only_a_collaborator_can_begin_a_trial() {
    let server = fixture();
    assert_eq!(begins(&server, &mut server.signed_in("carol")).status, 403);
    let mut admin = signed_in_admin(&server);
    assert_eq!(begins(&server, &mut admin).status, 403, "an administrator approves, and is no collaborator");
    assert!(!can_ask(&server, &mut admin, "my-app"));
    server.has_state("my-app", "STATE_APPROVED");
    makes_collaborator(&server, "alice", "bob", &["RIGHT_CLIENT_INFO"]);
    assert_eq!(begins(&server, &mut server.signed_in("bob")).status, 400, "there is nothing to try");
}

#[test]
fn a_trial_ends_with_the_decision_and_with_the_collaboration() {
    let server = fixture();
    makes_collaborator(&server, "alice", "bob", &["RIGHT_CLIENT_INFO"]);
    let mut bob = server.signed_in("bob");
    begins(&server, &mut bob);
    makes_collaborator(&server, "alice", "bob", &["RIGHT_CLIENT_INFO", "RIGHT_CLIENT_DELETE"]);
    assert!(can_ask(&server, &mut bob, "my-app"), "other rights change nothing");
    makes_collaborator(&server, "alice", "bob", &[]);
    assert!(!can_ask(&server, &mut bob, "my-app"));
    makes_collaborator(&server, "alice", "bob", &["RIGHT_CLIENT_INFO"]);
    assert!(!can_ask(&server, &mut bob, "my-app"), "who comes back is asked again");
    begins(&server, &mut bob);
    server.check("alice", "DELETE", "/api/v3/clients/my-app/collaborators/user/bob", "", "200");
    makes_collaborator(&server, "alice", "bob", &["RIGHT_CLIENT_INFO"]);
    assert!(!can_ask(&server, &mut bob, "my-app"), "who comes back is asked again");
    begins(&server, &mut bob);
    server.has_state("my-app", "STATE_APPROVED");
    server.has_state("my-app", "STATE_REQUESTED");
    assert!(!can_ask(&server, &mut bob, "my-app"), "what was tried was decided");
}

#[test]
fn an_organizations_client_can_be_tried_by_the_member_who_registered_it() {
    let server = fixture();
    server.has_organization("alice", "acme-corp");
    let carol = json!({"collaborator": {"ids": {"user_ids": {"user_id": "carol"}}, "rights": ["RIGHT_ORGANIZATION_ALL"]}}).to_string();
    server.check("alice", "PUT", "/api/v3/organizations/acme-corp/collaborators", &carol, "200");
    let client = json!({"client": {"ids": {"client_id": "acme-app"}, "redirect_uris": [CALLBACK],
        "grants": ["GRANT_AUTHORIZATION_CODE"], "rights": ["RIGHT_USER_INFO"]}});
    server.check("carol", "POST", "/api/v3/organizations/acme-corp/clients", &client.to_string(), "200");
    assert!(can_ask(&server, &mut server.signed_in("carol"), "acme-app"));
    let mut alice = server.signed_in("alice");
    assert!(!can_ask(&server, &mut alice, "acme-app"), "a member is not asked because another registered it");
    assert_eq!(alice.sends_form(&server, "/console/clients/acme-app/trial", &[]).status, 303);
    assert!(can_ask(&server, &mut alice, "acme-app"));
    server.check("alice", "DELETE", "/api/v3/organizations/acme-corp/collaborators/user/carol", "", "200");
    assert!(!can_ask(&server, &mut server.signed_in("carol"), "acme-app"), "who left the organization has nothing to do with it");
}

/// What the organization `acme-corp` has of `my-app`, or bob of the organization.
fn member_of(server: &Server, target: &str, ids: serde_json::Value, rights: &[&str]) {
    let body = json!({"collaborator": {"ids": ids, "rights": rights}}).to_string();
    server.check("alice", "PUT", &format!("/api/v3/{target}/collaborators"), &body, "200");
}

#[test]
fn a_trial_of_somebody_who_collaborates_through_an_organization_ends_with_that() {
    let server = fixture();
    server.has_organization("alice", "acme-corp");
    let organization = |server: &Server, rights: &[&str]| {
        member_of(server, "clients/my-app", json!({"organization_ids": {"organization_id": "acme-corp"}}), rights);
    };
    let bob_joins = |server: &Server, rights: &[&str]| {
        member_of(server, "organizations/acme-corp", json!({"user_ids": {"user_id": "bob"}}), rights);
    };
    let send = |server: &Server, who: &str, method: &str, target: &str| {
        server.check(who, method, &format!("/api/v3/{target}"), "", "200");
    };
    organization(&server, &["RIGHT_CLIENT_INFO"]);
    bob_joins(&server, &["RIGHT_CLIENT_INFO"]);
    let mut bob = server.signed_in("bob");
    type Step<'s> = (&'s str, &'s dyn Fn(&Server));
    let goes_and_comes: [Step<'_>; 7] = [
        ("the organization leaves the client", &|server| {
            organization(server, &[]);
            organization(server, &["RIGHT_CLIENT_INFO"]);
        }),
        ("the organization is removed from the client", &|server| {
            send(server, "alice", "DELETE", "clients/my-app/collaborators/organization/acme-corp");
            organization(server, &["RIGHT_CLIENT_INFO"]);
        }),
        ("the organization has other rights for a while", &|server| {
            organization(server, &["RIGHT_CLIENT_DELETE"]);
            organization(server, &["RIGHT_CLIENT_INFO"]);
        }),
        ("bob leaves the organization", &|server| {
            bob_joins(server, &[]);
            bob_joins(server, &["RIGHT_CLIENT_INFO"]);
        }),
        ("bob is removed from the organization", &|server| {
            send(server, "alice", "DELETE", "organizations/acme-corp/collaborators/user/bob");
            bob_joins(server, &["RIGHT_CLIENT_INFO"]);
        }),
        ("the organization is deleted and restored", &|server| {
            send(server, "alice", "DELETE", "organizations/acme-corp");
            send(server, "alice", "POST", "organizations/acme-corp/restore");
        }),
        ("the organization is purged, and founded anew", &|server| {
            send(server, "admin", "DELETE", "organizations/acme-corp/purge");
            let made = json!({"organization": {"ids": {"organization_id": "acme-corp"}}}).to_string();
            server.check("alice", "POST", "/api/v3/users/alice/organizations", &made, "200");
            organization(server, &["RIGHT_CLIENT_INFO"]);
            bob_joins(server, &["RIGHT_CLIENT_INFO"]);
        }),
    ];
    for (what, happens) in goes_and_comes {
        begins(&server, &mut bob);
        assert!(can_ask(&server, &mut bob, "my-app"), "before {what}");
        happens(&server);
        assert!(!can_ask(&server, &mut bob, "my-app"), "who comes back is asked again: {what}");
    }
}

#[test]
fn a_trial_goes_on_while_there_is_another_way_to_collaborate() {
    let server = fixture();
    server.has_organization("alice", "acme-corp");
    member_of(&server, "clients/my-app", json!({"organization_ids": {"organization_id": "acme-corp"}}), &["RIGHT_CLIENT_INFO"]);
    member_of(&server, "organizations/acme-corp", json!({"user_ids": {"user_id": "bob"}}), &["RIGHT_CLIENT_INFO"]);
    makes_collaborator(&server, "alice", "bob", &["RIGHT_CLIENT_INFO"]);
    let mut bob = server.signed_in("bob");
    begins(&server, &mut bob);
    server.check("alice", "DELETE", "/api/v3/organizations/acme-corp", "", "200");
    assert!(can_ask(&server, &mut bob, "my-app"), "bob is a collaborator himself");
    server.check("alice", "POST", "/api/v3/organizations/acme-corp/restore", "", "200");
    makes_collaborator(&server, "alice", "bob", &[]);
    assert!(can_ask(&server, &mut bob, "my-app"), "his organization is one");
    server.check("alice", "DELETE", "/api/v3/organizations/acme-corp/collaborators/user/bob", "", "200");
    member_of(&server, "organizations/acme-corp", json!({"user_ids": {"user_id": "bob"}}), &["RIGHT_CLIENT_INFO"]);
    assert!(!can_ask(&server, &mut bob, "my-app"), "that was the last way");
}

#[test]
fn what_a_trial_renews_of_an_older_authorization_goes_with_it() {
    let (server, secret) = crate::oauth::fixture();
    let mut bob = server.signed_in("bob");
    let asked = [("scope", "openid offline_access email")];
    bob.code(&server, "my-app", &[("scope", "openid")]);
    server.has_state("my-app", "STATE_REQUESTED");
    makes_collaborator(&server, "alice", "bob", &["RIGHT_CLIENT_INFO"]);
    server.wait_seconds(1);
    begins(&server, &mut bob);
    server.wait_seconds(1);
    let tokens = server.tokens("my-app", &secret, &bob.code(&server, "my-app", &asked));
    bob.sends_form(&server, "/console/clients/my-app/trial/end", &[]);
    assert_eq!(server.status_with(&tokens.access, "/oauth/userinfo"), 401);
    server.has_state("my-app", "STATE_APPROVED");
    assert!(bob.get(&server, &authorize_target("my-app", &asked)).asks_for_consent(), "he agrees anew");
}

#[test]
fn who_registered_a_client_and_is_removed_while_it_waits_leaves_it_nothing() {
    let (server, secret) = crate::oauth::fixture();
    server.has_state("my-app", "STATE_REQUESTED");
    makes_collaborator(&server, "alice", "bob", &["RIGHT_CLIENT_ALL"]);
    let mut alice = server.signed_in("alice");
    let tokens = server.tokens("my-app", &secret, &alice.code(&server, "my-app", &[("scope", "openid offline_access")]));
    makes_collaborator(&server, "bob", "alice", &[]);
    server.has_state("my-app", "STATE_APPROVED");
    assert_eq!(server.status_with(&tokens.access, "/oauth/userinfo"), 401);
    assert_eq!(server.refresh("my-app", &secret, &tokens.refresh).status, 400);
}

#[test]
fn what_a_trial_allowed_does_not_outlive_a_refusal_of_the_client() {
    for state in ["STATE_REJECTED", "STATE_SUSPENDED"] {
        let (server, secret) = crate::oauth::fixture();
        server.has_state("my-app", "STATE_REQUESTED");
        makes_collaborator(&server, "alice", "bob", &["RIGHT_CLIENT_INFO"]);
        let mut bob = server.signed_in("bob");
        begins(&server, &mut bob);
        let tokens = server.tokens("my-app", &secret, &bob.code(&server, "my-app", &[("scope", "openid offline_access")]));
        for state in [state, "STATE_REQUESTED", "STATE_APPROVED"] {
            server.has_state("my-app", state);
        }
        assert_eq!(server.status_with(&tokens.access, "/oauth/userinfo"), 401, "{state}");
        assert_eq!(server.refresh("my-app", &secret, &tokens.refresh).status, 400, "{state}");
    }
}

#[test]
fn the_history_tells_of_a_trial_that_ends_with_the_collaboration_and_of_what_it_takes_along() {
    let (server, _) = crate::oauth::fixture();
    server.has_state("my-app", "STATE_REQUESTED");
    makes_collaborator(&server, "alice", "bob", &["RIGHT_CLIENT_INFO"]);
    let mut bob = server.signed_in("bob");
    begins(&server, &mut bob);
    bob.code(&server, "my-app", &[]);
    server.check("alice", "DELETE", "/api/v3/clients/my-app/collaborators/user/bob", "", "200");
    server.signed_in("alice").sees(&server, "/console/clients/my-app/activity", &["client.trial.delete", "client.authorization.delete"]);
}
