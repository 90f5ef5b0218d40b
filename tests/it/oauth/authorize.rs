//! `/oauth/authorize`: who is asked, who is sent where (oauth.md 1.4).

use serde_json::json;

use super::fixture;
use crate::browser::{Browser, CALLBACK, authorize_target, form};
use crate::server::Server;

/// A redirect back to the client with this error.
#[track_caller]
fn is_sent_back(server: &Server, browser: &mut Browser, target: &str, error: &str) {
    let answer = browser.get(server, target);
    assert_eq!(answer.status, 302, "{target}\n{}", answer.text());
    let location = answer.header("Location").unwrap_or_default();
    assert!(location.starts_with(&format!("{CALLBACK}?error={error}&")), "{target} leads to {location}");
    assert_eq!(answer.location_parameter("iss").as_deref(), Some("http://127.0.0.1:1885"), "{location}");
    assert!(answer.location_parameter("error_description").is_some_and(|text| text.is_ascii() && !text.is_empty()), "{location}");
    assert_eq!(answer.location_parameter("code"), None, "{location}");
}

/// A refusal that sends nobody anywhere.
#[track_caller]
fn stays(server: &Server, browser: &mut Browser, target: &str, status: u16, error: &str) {
    let answer = browser.get(server, target);
    assert_eq!((answer.status, answer.error().as_str()), (status, error), "{target}\n{}", answer.text());
    assert_eq!(answer.header("Location"), None);
}

#[test]
fn who_is_not_signed_in_signs_in_first_and_comes_back() {
    let (server, _) = fixture();
    let mut browser = Browser::default();
    let target = authorize_target("my-app", &[("state", "a&b")]);
    let answer = browser.get(&server, &target);
    assert_eq!(answer.status, 302);
    assert_eq!(answer.location_parameter("n").as_deref(), Some(target.as_str()));
    // Even a request that is wrong in every way leads there: nothing is told to strangers.
    assert_eq!(browser.get(&server, "/oauth/authorize?client_id=nobody").status, 302);
    let back = browser.post(&server, "/oauth/login", &[("user_id", "bob"), ("password", crate::browser::PASSWORD), ("n", &target)]);
    assert_eq!((back.status, back.header("Location")), (303, Some(target.as_str())));
}

#[test]
fn the_page_says_who_asks_for_what_and_where_it_leads() {
    let (server, _) = fixture();
    let change = json!({"client": {"name": "<script>alert(1)</script>", "description": "Shows <b>you</b>", "rights": ["RIGHT_USER_INFO", "RIGHT_CLIENT_INFO"]},
        "field_mask": "name,description,rights"});
    server.check("admin", "PUT", "/api/v3/clients/my-app", &change.to_string(), "200");
    let answer = server.signed_in("bob").get(&server, &authorize_target("my-app", &[]));
    let page = answer.text();
    assert_eq!((answer.status, answer.header("Content-Type")), (200, Some("text/html; charset=utf-8")));
    for part in [
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "view your profile",
        "view OAuth clients",
        "You are signed in as <strong>bob</strong>",
        CALLBACK,
        "https://app.example",
        "\"client\":{\"ids\":{\"client_id\":\"my-app\"}",
        "name=\"authorize\" value=\"true\"",
        "name=\"authorize\" value=\"false\"",
        "name=\"_csrf\"",
    ] {
        assert!(page.contains(part), "{part} is missing in\n{page}");
    }
    assert!(!page.contains("<script>alert") && !page.contains("<b>you"), "{page}");
    assert_eq!(answer.messages(), Vec::<String>::new(), "nobody endorses anything here");
    for part in ["Until you revoke it", "href=\"/console/authorizations\"", "Use another account", "/oauth/login?n="] {
        assert!(page.contains(part), "{part} is missing in\n{page}");
    }
    let policy = answer.header("Content-Security-Policy").unwrap_or_default();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(answer.header("Referrer-Policy"), Some("same-origin"));
    assert!(answer.header("X-CSRF-Token").is_some());
}

#[test]
fn the_page_warns_of_everything_of_http_and_of_clients_nobody_vouches_for() {
    let (server, _) = fixture();
    let change =
        json!({"client": {"rights": ["RIGHT_ALL"], "redirect_uris": ["http://app.example/cb"]}, "field_mask": "rights,redirect_uris"});
    server.check("admin", "PUT", "/api/v3/clients/my-app", &change.to_string(), "200");
    let page = server.signed_in("bob").get(&server, &authorize_target("my-app", &[("redirect_uri", "http://app.example/cb")]));
    assert_eq!(page.messages(), ["all-rights", "not-encrypted"], "nobody endorses anything here");
    let endorses = |client: &str, yes: bool| {
        let body = json!({"client": {"endorsed": yes}, "field_mask": "endorsed"}).to_string();
        server.check("admin", "PUT", &format!("/api/v3/clients/{client}"), &body, "200");
    };
    server.has_app("bob", "other-app", &["RIGHT_USER_INFO"]);
    endorses("other-app", true);
    let page = server.signed_in("bob").get(&server, &authorize_target("my-app", &[("redirect_uri", "http://app.example/cb")]));
    assert_eq!(page.messages(), ["all-rights", "not-encrypted", "not-endorsed"]);
    endorses("other-app", false);
    endorses("my-app", true);
    let page = server.signed_in("bob").get(&server, &authorize_target("my-app", &[("redirect_uri", "http://app.example/cb")]));
    assert_eq!(page.messages(), ["endorsed", "all-rights", "not-encrypted"]);
}

#[test]
fn checks_come_in_the_order_of_the_contract() {
    let (server, _) = fixture();
    let mut bob = server.signed_in("bob");
    // Everything is wrong; then one thing less with each step.
    let mut wrong = vec![
        ("client_id", "nobody"),
        ("redirect_uri", "https://evil.example/"),
        ("response_type", "token"),
        ("code_challenge", "short"),
        ("code_challenge_method", "plain"),
        ("state", "st"),
    ];
    let target = |pairs: &[(&str, &str)]| format!("/oauth/authorize?{}", form(pairs));
    let no_grant = r#"{"client":{"grants":[],"state":"STATE_SUSPENDED"},"field_mask":"grants,state"}"#;
    server.check("admin", "PUT", "/api/v3/clients/my-app", no_grant, "200");
    stays(&server, &mut bob, &target(&wrong), 404, "client_not_found");
    wrong[0] = ("client_id", "my-app");
    stays(&server, &mut bob, &target(&wrong), 403, "invalid_redirect_uri");
    wrong[1] = ("redirect_uri", CALLBACK);
    is_sent_back(&server, &mut bob, &target(&wrong), "unsupported_response_type");
    wrong[2] = ("response_type", "code");
    is_sent_back(&server, &mut bob, &target(&wrong), "invalid_request");
    wrong.retain(|(name, _)| !name.starts_with("code_challenge"));
    is_sent_back(&server, &mut bob, &target(&wrong), "invalid_grant");
    let granted = r#"{"client":{"grants":["GRANT_AUTHORIZATION_CODE"]},"field_mask":"grants"}"#;
    server.check("admin", "PUT", "/api/v3/clients/my-app", granted, "200");
    is_sent_back(&server, &mut bob, &target(&wrong), "invalid_client");
    server.has_state("my-app", "STATE_APPROVED");
    assert_eq!(bob.get(&server, &target(&wrong)).status, 200);
}

#[test]
fn who_sends_no_client_id_is_told_so_and_not_that_there_is_no_client_of_that_name() {
    let (server, _) = fixture();
    let mut bob = server.signed_in("bob");
    for target in ["/oauth/authorize?response_type=code", "/oauth/authorize?client_id=&response_type=code"] {
        stays(&server, &mut bob, target, 404, "client_not_found");
        let page = bob.send(&server, "GET", target, &[("Accept", "text/html")], "").text();
        assert!(page.contains("client_id is missing") && page.contains("Send the client ID in the parameter client_id"), "{page}");
        assert!(!page.contains("There is no OAuth client"), "{page}");
    }
}

#[test]
fn a_redirect_uri_may_be_left_out_only_where_there_is_one() {
    let (server, _) = fixture();
    let mut bob = server.signed_in("bob");
    let target = "/oauth/authorize?client_id=my-app&response_type=code";
    assert_eq!(bob.get(&server, target).status, 200);
    let set = |uris: &str| {
        let body = format!(r#"{{"client":{{"redirect_uris":{uris}}},"field_mask":"redirect_uris"}}"#);
        server.check("alice", "PUT", "/api/v3/clients/my-app", &body, "200");
    };
    set(r#"["https://a.example/","https://b.example/"]"#);
    stays(&server, &mut bob, target, 400, "invalid_request");
    set("[]");
    stays(&server, &mut bob, target, 403, "unauthorized_client");
}

#[test]
fn the_state_and_the_query_of_the_client_come_back_as_they_were() {
    let (server, _) = fixture();
    let uri = "https://app.example/cb?x=1&a=b";
    let body = json!({"client": {"redirect_uris": [uri, "com.example:/cb"]}, "field_mask": "redirect_uris"});
    server.check("alice", "PUT", "/api/v3/clients/my-app", &body.to_string(), "200");
    let long = "s".repeat(2000);
    for state in ["a&b=c+d%20e", "ä/€?#", long.as_str()] {
        let mut bob = server.signed_in("bob");
        let more = [("redirect_uri", uri), ("state", state)];
        let denied = bob.post(&server, &authorize_target("my-app", &more), &[("authorize", "false")]);
        // After the first round the consent is remembered, and the user is no longer asked.
        let agreed = bob.consents(&server, "my-app", &more);
        server.has_state("my-app", "STATE_SUSPENDED");
        let suspended = bob.get(&server, &authorize_target("my-app", &more));
        server.has_state("my-app", "STATE_APPROVED");
        for answer in [denied, agreed, suspended] {
            assert_eq!(answer.location_parameter("state").as_deref(), Some(state));
            assert_eq!(answer.location_parameter("x").as_deref(), Some("1"));
            assert!(answer.header("Location").is_some_and(|location| location.starts_with("https://app.example/cb?a=b&")));
        }
    }
    let custom = server.signed_in("bob").consents(&server, "my-app", &[("redirect_uri", "com.example:/cb")]);
    assert!(custom.header("Location").is_some_and(|location| location.starts_with("com.example:/cb?code=MF2XI.")));
    assert_eq!(custom.location_parameter("state"), None);
}

#[test]
fn who_says_no_or_nothing_gives_nothing() {
    let (server, _) = fixture();
    let target = authorize_target("my-app", &[("state", "st")]);
    for said in [&[("authorize", "false")][..], &[("authorize", "yes")], &[]] {
        let answer = server.signed_in("bob").post(&server, &target, said);
        assert_eq!(answer.location_parameter("error").as_deref(), Some("access_denied"), "{said:?}");
    }
    // A link is no answer, and neither is a body that is no form.
    let by_link = server.signed_in("bob").post(&server, &format!("{target}&authorize=true"), &[]);
    assert_eq!(by_link.location_parameter("error").as_deref(), Some("access_denied"));
    let json = server.signed_in("bob").send(&server, "POST", &target, &[("Content-Type", "application/json")], r#"{"authorize":"true"}"#);
    assert_eq!(json.location_parameter("error").as_deref(), Some("access_denied"));
    server.check("bob", "GET", "/api/v3/users/bob/authorizations", "", r#"200 {}"#);
}

#[test]
fn consent_is_remembered_until_the_client_asks_for_more() {
    let (server, _) = fixture();
    let mut bob = server.signed_in("bob");
    let target = authorize_target("my-app", &[]);
    let rights = |rights: &str| {
        let body = format!(r#"{{"client":{{"rights":{rights}}},"field_mask":"rights"}}"#);
        server.check("admin", "PUT", "/api/v3/clients/my-app", &body, "200");
    };
    assert_eq!(bob.get(&server, &target).status, 200);
    bob.code(&server, "my-app", &[]);
    let first = server.check("bob", "GET", "/api/v3/users/bob/authorizations", "", "200").json();
    assert_eq!(bob.get(&server, &target).status, 302, "the user agreed");
    rights("[]");
    assert_eq!(bob.get(&server, &target).status, 302, "less than the user agreed to");
    rights(r#"["RIGHT_USER_INFO","RIGHT_CLIENT_INFO"]"#);
    assert_eq!(bob.get(&server, &target).status, 200, "more than the user agreed to");
    bob.code(&server, "my-app", &[]);
    let second = server.check("bob", "GET", "/api/v3/users/bob/authorizations", "", "200").json();
    let (first, second) = (&first["authorizations"][0], &second["authorizations"][0]);
    assert_eq!(first["created_at"], second["created_at"]);
    assert_ne!(first["updated_at"], second["updated_at"]);
    assert_eq!(second["rights"], json!(["RIGHT_CLIENT_INFO", "RIGHT_USER_INFO"]));
    server.check("bob", "DELETE", "/api/v3/users/bob/authorizations/my-app", "", "200");
    assert_eq!(bob.get(&server, &target).status, 200, "the user took it back");
}

#[test]
fn nobody_agrees_to_more_than_was_shown() {
    let (server, _) = fixture();
    let mut bob = server.signed_in("bob");
    let target = authorize_target("my-app", &[]);
    let page = bob.get(&server, &target).text();
    let shown = page.split("name=\"shown\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("what was shown").to_owned();
    server.check("admin", "PUT", "/api/v3/clients/my-app", r#"{"client":{"rights":["RIGHT_ALL"]},"field_mask":"rights"}"#, "200");
    let again = bob.post(&server, &target, &[("authorize", "true"), ("shown", &shown)]);
    assert_eq!(again.status, 200);
    again.tells("all-rights");
    server.check("bob", "GET", "/api/v3/users/bob/authorizations", "", "200 {}");
    server.check("admin", "PUT", "/api/v3/clients/my-app", r#"{"client":{"rights":[]},"field_mask":"rights"}"#, "200");
    assert_eq!(bob.post(&server, &target, &[("authorize", "true"), ("shown", &shown)]).status, 303, "less is fine");
}

#[test]
fn agreeing_to_less_keeps_what_was_agreed_to_before() {
    let (server, _) = fixture();
    server.has_app("alice", "wide-app", &["RIGHT_USER_INFO", "RIGHT_USER_CLIENTS_LIST"]);
    let mut bob = server.signed_in("bob");
    bob.code(&server, "wide-app", &[("scope", "RIGHT_USER_INFO")]);
    assert_eq!(bob.get(&server, &authorize_target("wide-app", &[("scope", "RIGHT_USER_INFO")])).status, 302);
    assert_eq!(bob.get(&server, &authorize_target("wide-app", &[])).status, 200, "the rest was never shown");
    bob.code(&server, "wide-app", &[]);
    bob.code(&server, "wide-app", &[("scope", "RIGHT_USER_INFO")]);
    assert_eq!(bob.get(&server, &authorize_target("wide-app", &[])).status, 302);
}

#[test]
fn a_state_that_no_place_could_hold_is_refused() {
    let (server, _) = fixture();
    let mut bob = server.signed_in("bob");
    let state = "s".repeat(8 * 1024 + 1);
    let answer = bob.post(&server, &authorize_target("my-app", &[]), &[("authorize", "true"), ("state", &state)]);
    assert_eq!(answer.location_parameter("error").as_deref(), Some("invalid_request"));
    assert_eq!(answer.location_parameter("state"), None);
}

#[test]
fn a_request_that_does_not_fit_into_the_address_of_the_sign_in_page_is_refused_before_it_leads_there() {
    let (server, _) = fixture();
    for scope in ["RIGHT_USER_INFO", "openid"] {
        let asked = |state: &str| Browser::default().get(&server, &authorize_target("my-app", &[("scope", scope), ("state", state)]));
        assert_eq!(asked(&"s".repeat(8 * 1024)).status, 302, "{scope}");
        let refused = asked(&"\"".repeat(3000));
        assert_eq!((refused.status, refused.header("Location")), (400, None), "{scope}: {}", refused.text());
        assert_eq!(refused.error(), "request_too_long");
        assert!(refused.text().contains("send less in it"), "{}", refused.text());
    }
}

#[test]
fn a_client_that_asks_for_nothing_still_asks() {
    let (server, _) = fixture();
    server.check("alice", "PUT", "/api/v3/clients/my-app", r#"{"client":{"rights":[]},"field_mask":"rights"}"#, "200");
    let page = server.signed_in("bob").get(&server, &authorize_target("my-app", &[]));
    assert_eq!(page.status, 200);
    page.tells("no-rights");
}

#[test]
fn administrators_can_spare_everyone_the_question() {
    let (server, _) = fixture();
    server.check(
        "admin",
        "PUT",
        "/api/v3/clients/my-app",
        r#"{"client":{"skip_authorization":true},"field_mask":"skip_authorization"}"#,
        "200",
    );
    let answer = server.signed_in("bob").get(&server, &authorize_target("my-app", &[]));
    assert!(answer.location_parameter("code").is_some());
    let listed = server.check("bob", "GET", "/api/v3/users/bob/authorizations", "", "200").json();
    assert_eq!(listed["authorizations"][0]["client_ids"]["client_id"], "my-app");
}

#[test]
fn a_client_that_waits_for_approval_can_be_tried_by_who_registered_it() {
    let (server, secret) = fixture();
    server.has_state("my-app", "STATE_REQUESTED");
    let mut alice = server.signed_in("alice");
    let page = alice.get(&server, &authorize_target("my-app", &[]));
    assert_eq!(page.status, 200);
    page.tells("not-approved");
    let code = alice.code(&server, "my-app", &[]);
    let tokens = server.tokens("my-app", &secret, &code);
    assert_eq!(server.status_with(&tokens.access, "/api/v3/users/alice"), 200);
    let mut bob = server.signed_in("bob");
    is_sent_back(&server, &mut bob, &authorize_target("my-app", &[("state", "st")]), "invalid_client");
    let mut admin = Browser::default();
    admin.post(&server, "/oauth/api/auth/login", &[("user_id", "admin"), ("password", "Correct-horse-battery-staple-9")]);
    is_sent_back(&server, &mut admin, &authorize_target("my-app", &[]), "invalid_client");
}

#[test]
fn a_challenge_is_s256_or_refused() {
    let (server, _) = fixture();
    let mut bob = server.signed_in("bob");
    let good = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let long = "a".repeat(129);
    for (challenge, method) in [(good, "plain"), (good, ""), (good, "s256"), ("short", "S256"), (long.as_str(), "S256"), ("", "S256")] {
        let target = authorize_target("my-app", &[("code_challenge", challenge), ("code_challenge_method", method)]);
        is_sent_back(&server, &mut bob, &target, "invalid_request");
    }
    let odd = "!".repeat(43);
    is_sent_back(
        &server,
        &mut bob,
        &authorize_target("my-app", &[("code_challenge", &odd), ("code_challenge_method", "S256")]),
        "invalid_request",
    );
    assert_eq!(bob.get(&server, &authorize_target("my-app", &[("code_challenge", good), ("code_challenge_method", "S256")])).status, 200);
}

#[test]
fn what_is_sent_twice_is_refused() {
    let (server, _) = fixture();
    let mut bob = server.signed_in("bob");
    let target = authorize_target("my-app", &[]);
    stays(&server, &mut bob, &format!("{target}&client_id=my-app"), 400, "invalid_request");
    stays(&server, &mut bob, &format!("{target}&redirect_uri=https%3A%2F%2Fevil.example"), 400, "invalid_request");
    for twice in ["state=a&state=b", "response_type=code", "scope=a&scope=b"] {
        is_sent_back(&server, &mut bob, &format!("{target}&{twice}"), "invalid_request");
    }
    assert_eq!(bob.get(&server, &format!("{target}&unknown=1&unknown=2")).status, 200);
}

#[test]
fn what_cannot_be_read_is_refused_where_it_is() {
    let (server, _) = fixture();
    for target in ["/oauth/authorize?client_id=%ff", "/oauth/authorize?client_id=my-app&redirect_uri=%00"] {
        let answer = server.signed_in("bob").get(&server, target);
        assert_eq!((answer.status, answer.header("Location")), (400, None), "{target}");
    }
    // A header line cannot be ended from outside.
    let answer = server.signed_in("bob").consents(&server, "my-app", &[("state", "a\r\nSet-Cookie: x=y")]);
    let location = answer.header("Location").unwrap_or_default();
    assert!(location.contains("state=a%0D%0ASet-Cookie%3A+x%3Dy"), "{location}");
}

#[test]
fn a_refusal_is_written_down_with_its_reason_and_what_differs() {
    let (server, _) = fixture();
    let mut bob = server.signed_in("bob");
    bob.get(&server, &authorize_target("my-app", &[("redirect_uri", "https://app.example/cb/")]));
    bob.get(&server, &authorize_target("my-app", &[("response_type", "token")]));
    let events = server.app.store().read(|tx| tx.events("client", "my-app")).expect("events");
    let refused: Vec<_> = events.iter().filter(|event| event.name == "client.authorize.refuse").collect();
    assert_eq!(refused.len(), 2);
    let (old, new): (serde_json::Value, serde_json::Value) =
        (serde_json::from_str(&refused[0].old_values).unwrap(), serde_json::from_str(&refused[0].new_values).unwrap());
    assert_eq!(old, json!({"redirect_uri": CALLBACK}));
    assert_eq!(new, json!({"reason": "redirect_uri_not_registered", "redirect_uri": "https://app.example/cb/", "first_difference": 22}));
    assert!(refused[0].actor.request_id.starts_with("request-"));
    assert_eq!(refused[0].actor.account_id.as_deref(), Some("bob"));
}

#[test]
fn strangers_cannot_fill_the_history() {
    let (server, _) = fixture();
    // From many addresses: one alone is slowed down.
    for n in 0..70 {
        let peer = format!("192.0.2.{n}").parse().expect("an address");
        for token in [("refresh_token", "x"), ("code", "MF2XI.A.B")] {
            let grant_type = if token.0 == "code" { "authorization_code" } else { "refresh_token" };
            let body = form(&[("grant_type", grant_type), token, ("client_id", "my-app"), ("client_secret", "wrong")]);
            let headers = [("Content-Type", "application/x-www-form-urlencoded")];
            server.send_from(peer, None, &headers, "POST", "/oauth/token", body.as_bytes());
        }
    }
    let events = server.app.store().read(|tx| tx.events("client", "my-app")).expect("events");
    assert_eq!(events.iter().filter(|event| event.name == "client.token.refuse").count(), 2, "the first, and the last with their number");
}

/// The place that a browser comes to that signs in on a page which a client led it to.
fn after_signing_in(server: &Server, target: &str) -> (Browser, crate::server::Answer) {
    let mut browser = Browser::default();
    let led = browser.get(server, target);
    browser.get(server, led.header("Location").expect("a page to sign in"));
    let n = led.location_parameter("n").expect("where to");
    let signed_in = browser.post(server, "/oauth/login", &[("user_id", "bob"), ("password", crate::browser::PASSWORD), ("n", &n)]);
    let answer = browser.get(server, signed_in.header("Location").expect("a place"));
    (browser, answer)
}

#[test]
fn an_error_that_follows_straight_on_a_sign_in_leads_nowhere_by_itself() {
    let (server, _) = fixture();
    let wrong = authorize_target("my-app", &[("response_type", "token"), ("state", "s")]);
    let (mut browser, answer) = after_signing_in(&server, &wrong);
    assert_eq!((answer.status, answer.header("Location")), (400, None));
    let page = answer.text();
    assert!(page.contains("https://app.example") && page.contains(&format!("href=\"{CALLBACK}?error=")), "{page}");
    assert!(page.contains("state=s") && page.contains("iss=http"), "{page}");
    // A user who was signed in before is sent back.
    is_sent_back(&server, &mut browser, &wrong, "invalid_request");
    is_sent_back(&server, &mut server.signed_in("bob"), &wrong, "invalid_request");
    // The way to it may be longer.
    for detour in [format!("/oauth/login?{}", form(&[("n", &wrong)])), format!("/x/..{wrong}"), format!("/%2E%2e{wrong}")] {
        let mut browser = Browser::default();
        let fields = [("user_id", "bob"), ("password", crate::browser::PASSWORD), ("n", &detour)];
        let place = browser.post(&server, "/oauth/login", &fields).header("Location").expect("a place").to_owned();
        assert_eq!(place, "/oauth/", "{detour}");
    }
}

#[test]
fn who_says_no_after_signing_in_is_sent_back() {
    let (server, _) = fixture();
    let target = authorize_target("my-app", &[]);
    let (mut browser, page) = after_signing_in(&server, &target);
    assert_eq!(page.status, 200);
    let answer = browser.post(&server, &target, &[("authorize", "false")]);
    assert_eq!((answer.status, answer.location_parameter("error").as_deref()), (303, Some("access_denied")));
    is_sent_back(&server, &mut browser, &authorize_target("my-app", &[("response_type", "token")]), "invalid_request");
}

#[test]
fn what_is_posted_is_answered_with_a_place_to_look_at() {
    let (server, _) = fixture();
    let mut browser = Browser::default();
    let target = authorize_target("my-app", &[]);
    assert_eq!(browser.post(&server, &target, &[("authorize", "true")]).status, 303);
    assert_eq!(browser.post(&server, "/oauth/login", &[("user_id", "bob"), ("password", crate::browser::PASSWORD)]).status, 303);
    let agreed = browser.post(&server, &target, &[("authorize", "true")]);
    assert_eq!((agreed.status, agreed.header("Content-Type")), (303, None));
    assert!(agreed.location_parameter("code").is_some());
}

#[test]
fn a_request_that_was_posted_is_not_lost_on_the_way_to_sign_in() {
    let (server, _) = fixture();
    let answer = Browser::default().post(
        &server,
        "/oauth/authorize?state=a%26b",
        &[("client_id", "my-app"), ("redirect_uri", CALLBACK), ("response_type", "code"), ("authorize", "true")],
    );
    let n = answer.location_parameter("n").expect("where to");
    let page = server.signed_in("bob").get(&server, &n);
    assert!(page.status == 200 && page.asks_for_consent(), "{n}\n{}", page.text());
    assert!(n.contains("state=a%26b") && !n.contains("authorize="), "{n}");
}

#[test]
fn rights_that_are_risky_are_marked_on_the_page() {
    let (server, _) = fixture();
    let change = json!({"client": {"rights": ["RIGHT_USER_INFO", "RIGHT_USER_DELETE"]}, "field_mask": "rights"}).to_string();
    server.check("admin", "PUT", "/api/v3/clients/my-app", &change, "200");
    let page = server.signed_in("bob").get(&server, &authorize_target("my-app", &[])).text();
    assert!(page.contains("data-risk=\"RIGHT_USER_DELETE\"") && !page.contains("data-risk=\"RIGHT_USER_INFO\""), "{page}");
}

#[test]
fn an_error_page_says_what_to_change_and_to_collaborators_what_was_received() {
    let (server, _) = fixture();
    let target = authorize_target("my-app", &[("redirect_uri", "https://<other>.example/cb")]);
    let opened = |user: &str| server.signed_in(user).send(&server, "GET", &target, &[("Accept", "text/html")], "");
    let page = opened("alice");
    page.explains(403, "invalid_redirect_uri");
    assert_eq!(page.messages(), ["advice", "received", "difference"]);
    let difference = "Both begin with <code>https://</code>. Then <code>&lt;other&gt;.example/cb</code> was received, and \
                      <code>app.example/cb</code> is registered.";
    assert!(!page.text().contains("code_challenge_method"), "it has nothing to do with it: {}", page.text());
    for said in [
        difference,
        "redirect_uri_not_registered",
        "letter by letter",
        "https://&lt;other&gt;.example/cb",
        "href=\"/console/clients/my-app\"",
    ] {
        assert!(page.text().contains(said), "{said} is not in {}", page.text());
    }
    let page = opened("bob");
    assert_eq!(page.messages(), ["advice"], "others learn nothing of the client");
    assert!(!page.text().contains("other&gt;") && page.text().contains("redirect_uri_not_registered"), "{}", page.text());
    let unknown = authorize_target("nobody-app", &[]);
    let page = server.signed_in("alice").send(&server, "GET", &unknown, &[("Accept", "text/html")], "");
    assert_eq!((page.status, page.messages()), (404, vec!["advice".to_owned()]));
}
