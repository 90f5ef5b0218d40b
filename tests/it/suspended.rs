//! Suspended and rejected people: whatever they hold, it opens nothing until an administrator thinks better of it.

use serde_json::json;

use crate::browser::{Browser, CALLBACK, PASSWORD, Tokens, authorize_target, form};
use crate::server::Server;

/// The states, and what people in them are told.
const TURNED_AWAY: &[(&str, &str, &str)] =
    &[("STATE_SUSPENDED", "user_suspended", "Your account is suspended"), ("STATE_REJECTED", "user_rejected", "Your account was rejected")];

/// Alice with a client, an organization and its key, and bob, signed in, who uses the client.
struct Fixture {
    server: Server,
    bob: Browser,
    secret: String,
    tokens: Tokens,
    unused_code: String,
}

fn fixture() -> Fixture {
    let mut server = Server::start();
    server.has_user("alice");
    server.has_user("bob");
    let secret = server.has_app("alice", "my-app", &["RIGHT_USER_INFO"]);
    let mut bob = server.signed_in("bob");
    let code = bob.code(&server, "my-app", &[]);
    let tokens = server.tokens("my-app", &secret, &code);
    let unused_code = bob.code(&server, "my-app", &[]);
    Fixture { server, bob, secret, tokens, unused_code }
}

fn set_state(server: &Server, user: &str, state: &str, why: &str) {
    let body = json!({"user": {"state": state, "state_description": why}, "field_mask": {"paths": ["state", "state_description"]}});
    server.check("admin", "PUT", &format!("/api/v3/users/{user}"), &body.to_string(), "200");
}

impl Fixture {
    fn redeem(&self, code: &str) -> crate::server::Answer {
        self.server.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("client_id", "my-app"),
            ("client_secret", &self.secret),
        ])
    }

    fn introspect(&self, token: &str) -> serde_json::Value {
        self.server.post_form("/oauth/introspect", &[("client_id", "my-app"), ("client_secret", &self.secret), ("token", token)]).json()
    }
}

#[test]
fn who_is_suspended_or_rejected_is_refused_by_key_token_and_session_alike() {
    for (state, refusal, _) in TURNED_AWAY {
        let Fixture { server, mut bob, tokens, .. } = fixture();
        set_state(&server, "bob", state, "too loud");
        let body = r#"{"user":{"name":"x"},"field_mask":"name"}"#;
        let routes = [
            ("GET", "users/bob"),
            ("GET", "auth_info"),
            ("GET", "clients"),
            ("GET", "users/bob/rights"),
            ("PUT", "users/bob"),
            ("DELETE", "users/bob"),
        ];
        for (method, target) in routes {
            let target = format!("/api/v3/{target}");
            let body = if method == "PUT" { body } else { "" };
            for token in [server.key("bob"), &tokens.access] {
                let answer = server.send_with(Some(&format!("Bearer {token}")), &[], method, &target, body.as_bytes());
                assert_eq!((answer.status, answer.error().as_str()), (403, *refusal), "{method} {target}: {}", answer.text());
                assert_eq!(answer.json()["details"][0]["attributes"], json!({"description": "too loud"}), "{method} {target}");
            }
            if method == "GET" {
                let answer = bob.clone().get(&server, &target);
                assert_eq!((answer.status, answer.error().as_str()), (403, *refusal), "{method} {target}: {}", answer.text());
            }
        }
        assert_eq!(bob.clone().get(&server, "/oauth/api/me").error(), *refusal);
        assert_eq!(bob.get(&server, "/console/clients").status, 403);
        server.check("admin", "GET", "/api/v3/users/bob", "", "200");
    }
}

#[test]
fn who_is_suspended_or_rejected_cannot_sign_in_and_is_told_why() {
    for (state, refusal, sentence) in TURNED_AWAY {
        let Fixture { server, .. } = fixture();
        set_state(&server, "bob", state, "Too loud");
        let mut bob = Browser::default();
        let api = bob.post(&server, "/oauth/api/auth/login", &[("user_id", "bob"), ("password", PASSWORD)]);
        assert_eq!((api.status, api.error().as_str()), (403, *refusal), "{}", api.text());
        let page = bob.post(&server, "/oauth/login", &[("user_id", "bob"), ("password", PASSWORD), ("n", "/console")]);
        assert_eq!(page.status, 403);
        assert!(
            page.text().contains(&format!("{sentence}: Too loud. Ask an administrator if you think that this is wrong.")),
            "{}",
            page.text()
        );
        assert!(!bob.jar.holds_session(), "a session was begun");
        // Who does not know the password learns nothing of the state.
        let wrong = bob.post(&server, "/oauth/api/auth/login", &[("user_id", "bob"), ("password", "Wrong-passw0rd")]);
        assert_eq!(wrong.error(), "no_user_id_password_match");
        set_state(&server, "bob", state, "");
        let page = bob.post(&server, "/oauth/login", &[("user_id", "bob"), ("password", PASSWORD)]);
        assert!(page.text().contains(&format!("{sentence}.")), "{}", page.text());
    }
}

#[test]
fn who_is_suspended_or_rejected_does_not_change_a_password() {
    for (state, refusal, _) in TURNED_AWAY {
        let Fixture { server, .. } = fixture();
        set_state(&server, "bob", state, "");
        let change = |old: &str| json!({"old": old, "new": "Other-passw0rd"}).to_string();
        server.check("anon", "PUT", "/api/v3/users/bob/password", &change(PASSWORD), &format!("403 {refusal}"));
        server.check("anon", "PUT", "/api/v3/users/bob/password", &change("Wrong-passw0rd"), "401 old_password");
        set_state(&server, "bob", "STATE_APPROVED", "");
        server.signed_in("bob");
    }
}

#[test]
fn no_client_gets_anything_new_of_who_is_suspended_or_rejected() {
    for (state, ..) in TURNED_AWAY {
        let fixture = fixture();
        let mut bob = fixture.bob.clone();
        set_state(&fixture.server, "bob", state, "");
        let asked = bob.get(&fixture.server, &authorize_target("my-app", &[]));
        assert!(asked.status == 302 && asked.header("Location").is_some_and(|place| place.starts_with("/oauth/login")), "{}", asked.text());
        let mut bob = fixture.bob.clone();
        let agreed = bob.send(
            &fixture.server,
            "POST",
            &authorize_target("my-app", &[]),
            &[("Content-Type", "application/x-www-form-urlencoded")],
            &form(&[("authorize", "true")]),
        );
        assert_eq!(agreed.location_parameter("code"), None, "{}", agreed.text());
        let redeemed = fixture.redeem(&fixture.unused_code);
        assert_eq!((redeemed.status, redeemed.json()["error"].as_str()), (400, Some("invalid_grant")), "{}", redeemed.text());
        let refreshed = fixture.server.refresh("my-app", &fixture.secret, &fixture.tokens.refresh);
        assert_eq!((refreshed.status, refreshed.json()["error"].as_str()), (400, Some("invalid_grant")), "{}", refreshed.text());
        for token in [&fixture.tokens.access, &fixture.tokens.refresh] {
            assert_eq!(fixture.introspect(token), json!({"active": false}));
        }
    }
}

#[test]
fn a_lost_refresh_reply_is_not_repeated_for_who_was_suspended_meanwhile() {
    let fixture = fixture();
    Tokens::of(&fixture.server.refresh("my-app", &fixture.secret, &fixture.tokens.refresh));
    set_state(&fixture.server, "bob", "STATE_SUSPENDED", "");
    assert_eq!(fixture.server.refresh("my-app", &fixture.secret, &fixture.tokens.refresh).json()["error"], "invalid_grant");
    set_state(&fixture.server, "bob", "STATE_APPROVED", "");
    Tokens::of(&fixture.server.refresh("my-app", &fixture.secret, &fixture.tokens.refresh));
}

#[test]
fn who_is_approved_again_comes_back_to_everything() {
    let fixture = fixture();
    let mut bob = fixture.bob.clone();
    set_state(&fixture.server, "bob", "STATE_SUSPENDED", "");
    fixture.server.check("bob", "GET", "/api/v3/users/bob", "", "403 user_suspended");
    fixture.server.refresh("my-app", &fixture.secret, &fixture.tokens.refresh);
    set_state(&fixture.server, "bob", "STATE_APPROVED", "");
    fixture.server.check("bob", "GET", "/api/v3/users/bob", "", "200");
    assert_eq!(fixture.server.status_with(&fixture.tokens.access, "/api/v3/users/bob"), 200);
    assert_eq!(fixture.introspect(&fixture.tokens.refresh)["active"], true);
    bob.sees(&fixture.server, "/console", &["Dashboard"]);
    Tokens::of(&fixture.redeem(&fixture.unused_code));
    Tokens::of(&fixture.server.refresh("my-app", &fixture.secret, &fixture.tokens.refresh));
}

/// Alice and bob share `acme-corp`; alice has given it a key, and with that key another one, for a client's right. Bob gave it one, too.
fn organization() -> Server {
    let mut server = Server::start();
    server.has_user("alice");
    server.has_user("bob");
    server.has_organization("alice", "acme-corp");
    let bob = r#"{"collaborator":{"ids":{"user_ids":{"user_id":"bob"}},"rights":["RIGHT_ORGANIZATION_ALL","RIGHT_ALL"]}}"#;
    server.check("alice", "PUT", "/api/v3/organizations/acme-corp/collaborators", bob, "200");
    for (maker, key) in [("alice", "alices"), ("alices", "alices-second"), ("bob", "bobs")] {
        let body = json!({"name": key, "rights": ["RIGHT_ORGANIZATION_ALL"]}).to_string();
        let made = server.check(maker, "POST", "/api/v3/organizations/acme-corp/api-keys", &body, "200").json();
        server.knows_key(key, made["key"].as_str().expect("a key"));
    }
    server
}

const ACME: &str = "/api/v3/organizations/acme-corp?field_mask=attributes";

#[test]
fn a_key_of_an_organization_is_refused_while_who_made_it_is_suspended_or_rejected() {
    for (state, refusal, _) in TURNED_AWAY {
        let server = organization();
        // Who renames a key, or gives it fewer rights, does not come to hold it.
        let keys = server.check("bob", "GET", "/api/v3/organizations/acme-corp/api-keys", "", "200").json();
        for key in keys["api_keys"].as_array().expect("keys") {
            let path = format!("/api/v3/organizations/acme-corp/api-keys/{}", key["id"].as_str().expect("an ID"));
            server.check("bob", "PUT", &path, r#"{"api_key":{"name":"renamed"},"field_mask":"name"}"#, "200");
        }
        set_state(&server, "alice", state, "Too loud");
        let carol = r#"{"collaborator":{"ids":{"user_ids":{"user_id":"bob"}},"rights":["RIGHT_ORGANIZATION_INFO"]}}"#;
        for key in ["alices", "alices-second"] {
            for (method, target, body) in [
                ("GET", ACME, ""),
                ("GET", "/api/v3/auth_info", ""),
                ("PUT", "/api/v3/organizations/acme-corp/collaborators", carol),
                ("POST", "/api/v3/organizations/acme-corp/api-keys", r#"{"rights":["RIGHT_ORGANIZATION_INFO"]}"#),
                ("POST", "/api/v3/organizations/acme-corp/clients", r#"{"client":{"ids":{"client_id":"new-app"}}}"#),
            ] {
                server.check(key, method, target, body, &format!("403 {refusal}"));
            }
        }
        // What is not hers goes on, and she is a member still.
        server.check("bobs", "GET", ACME, "", "200");
        server.check("bob", "GET", "/api/v3/organizations/acme-corp/collaborator/user/alice", "", "200");
        set_state(&server, "alice", "STATE_APPROVED", "");
        server.check("alices", "GET", ACME, "", "200");
        server.check("alices-second", "GET", ACME, "", "200");
    }
}

#[test]
fn a_key_of_an_organization_outlives_who_made_it_unless_that_was_a_suspended_user() {
    let server = organization();
    server.check("admin", "DELETE", "/api/v3/users/alice", "", "200");
    server.check("alices", "GET", ACME, "", "200");
    server.check("admin", "DELETE", "/api/v3/users/alice/purge", "", "200");
    server.check("alices-second", "GET", ACME, "", "200");

    let server = organization();
    set_state(&server, "alice", "STATE_SUSPENDED", "");
    server.check("admin", "DELETE", "/api/v3/users/alice", "", "200");
    server.check("alices", "GET", ACME, "", "403 user_suspended");
    server.check("admin", "DELETE", "/api/v3/users/alice/purge", "", "200");
    server.check("alices", "GET", ACME, "", "401");
    server.check("alices-second", "GET", ACME, "", "401");
    server.check("bobs", "GET", ACME, "", "200");
}

#[test]
fn a_page_of_the_console_says_once_that_one_was_suspended_and_then_asks_who_is_there() {
    let Fixture { server, mut bob, .. } = fixture();
    set_state(&server, "bob", "STATE_SUSPENDED", "Too loud");
    let page = bob.send(&server, "GET", "/console/clients", &[("Accept", "text/html")], "");
    assert!(page.status == 403 && page.text().contains("Your account is suspended: Too loud."), "{}", page.text());
    let next = bob.get(&server, "/console/clients");
    assert_eq!((next.status, next.header("Location")), (302, Some("/oauth/login?n=%2Fconsole%2Fclients")));
}

#[test]
fn no_client_gets_anything_of_who_waits_for_approval() {
    let fixture = fixture();
    let (server, mut bob) = (&fixture.server, fixture.bob.clone());
    // Neither where an administrator lets the client skip the question.
    for skips in [false, true] {
        set_state(server, "bob", "STATE_REQUESTED", "We look at it on Mondays");
        let body = json!({"client": {"skip_authorization": skips}, "field_mask": "skip_authorization"}).to_string();
        server.check("admin", "PUT", "/api/v3/clients/my-app", &body, "200");
        let target = authorize_target("my-app", &[]);
        let asked = bob.send(server, "GET", &target, &[("Accept", "text/html")], "");
        let told = "Your account waits for approval: We look at it on Mondays. An administrator has to approve it first.";
        assert!(asked.status == 403 && asked.text().contains(told), "{}", asked.text());
        let agreed = bob.post(server, &target, &[("authorize", "true")]);
        assert_eq!((agreed.status, agreed.error().as_str(), agreed.header("Location")), (403, "user_requested", None));
        for refused in [fixture.redeem(&fixture.unused_code), server.refresh("my-app", &fixture.secret, &fixture.tokens.refresh)] {
            assert_eq!((refused.status, refused.json()["error"].as_str()), (400, Some("invalid_grant")), "{}", refused.text());
        }
        for token in [&fixture.tokens.access, &fixture.tokens.refresh] {
            assert_eq!(fixture.introspect(token), json!({"active": false}));
        }
        set_state(server, "bob", "STATE_APPROVED", "");
        assert_eq!(fixture.introspect(&fixture.tokens.access)["active"], true);
        bob.code(server, "my-app", &[]);
    }
    Tokens::of(&fixture.redeem(&fixture.unused_code));
    Tokens::of(&server.refresh("my-app", &fixture.secret, &fixture.tokens.refresh));
}

#[test]
fn somebody_who_waits_for_approval_does_no_more_in_a_browser_than_with_a_key() {
    let Fixture { server, mut bob, .. } = fixture();
    set_state(&server, "bob", "STATE_REQUESTED", "");
    bob.opens(&server, "/console").tells("account-waits");
    let new_key = [("name", "new"), ("rights", "RIGHT_USER_INFO"), ("rights", "RIGHT_USER_CLIENTS_CREATE")];
    bob.sends_form(&server, "/console/add/api-key", &new_key).refuses("rights", "insufficient_user_rights");
    let new_app = [
        ("id", "new-app"),
        ("owner", "user:bob"),
        ("redirect_uris", "https://new.example/cb"),
        ("grants", "GRANT_AUTHORIZATION_CODE"),
        ("rights", "RIGHT_USER_INFO"),
    ];
    let answer = bob.sends_form(&server, "/console/add/client", &new_app);
    assert_eq!(answer.status, 403, "{}", answer.text());
    let answer = bob.sends_form(&server, "/console/add/organization", &[("id", "new-corp")]);
    assert_eq!(answer.status, 400, "{}", answer.text());
    server.check("admin", "GET", "/api/v3/clients/new-app", "", "404");
    server.check("admin", "GET", "/api/v3/organizations/new-corp", "", "404");
}
