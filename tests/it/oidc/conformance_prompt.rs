//! The modules of the Basic plan about when people sign in, and what a client says about them.

use serde_json::json;

use super::conformance::Party;
use crate::browser::{Browser, CALLBACK, authorize_target, form};
use crate::oauth::prompt::{sign_in_page, signs_in};

/// Whether the browser is shown the page to sign in on.
#[track_caller]
fn asked_to_sign_in(party: &mut Party, more: &[(&str, &str)]) -> String {
    let target = authorize_target("my-app", &[&[("scope", "openid")], more].concat());
    sign_in_page(&party.browser.get(&party.server, &target))
}

#[test]
fn oidcc_prompt_login_asks_for_the_password_though_somebody_is_signed_in() {
    let mut party = Party::new();
    let first = party.signs_in("openid", &[]);
    party.server.wait_seconds(10);
    let place = asked_to_sign_in(&mut party, &[("prompt", "login")]);
    let back = signs_in(&party.server, &mut party.browser, "alice", &place);
    let answer = party.browser.get(&party.server, &back);
    let second = party.got(&party.redeems(&answer.location_parameter("code").expect("a code"), &[]));
    assert_eq!(second.claims["sub"], first.claims["sub"]);
    assert!(second.claims["auth_time"].as_i64() > first.claims["auth_time"].as_i64());
}

#[test]
fn oidcc_prompt_none_not_logged_in_is_answered_with_an_error() {
    let mut party = Party::new();
    party.browser = Browser::default();
    let answer = party.authorizes("openid", &[("prompt", "none"), ("state", "s")]);
    assert_eq!(answer.location_parameter("error").as_deref(), Some("login_required"));
    assert_eq!(answer.location_parameter("state").as_deref(), Some("s"));
}

#[test]
fn oidcc_prompt_none_logged_in_gives_a_code_of_the_same_sign_in() {
    let mut party = Party::new();
    let first = party.signs_in("openid", &[]);
    party.server.wait_seconds(10);
    let second = party.signs_in("openid", &[("prompt", "none")]);
    for same in ["sub", "auth_time"] {
        assert_eq!(second.claims[same], first.claims[same], "{same}");
    }
}

#[test]
fn oidcc_max_age_1_asks_again_when_the_sign_in_is_older() {
    let mut party = Party::new();
    let first = party.signs_in("openid", &[]);
    party.server.wait_seconds(2);
    let place = asked_to_sign_in(&mut party, &[("max_age", "1")]);
    let back = signs_in(&party.server, &mut party.browser, "alice", &place);
    let answer = party.browser.get(&party.server, &back);
    let second = party.got(&party.redeems(&answer.location_parameter("code").expect("a code"), &[]));
    assert!(second.claims["auth_time"].as_i64() > first.claims["auth_time"].as_i64());
}

#[test]
fn oidcc_max_age_10000_asks_nobody_who_signed_in_lately() {
    let mut party = Party::new();
    let first = party.signs_in("openid", &[]);
    party.server.wait_seconds(60);
    let second = party.signs_in("openid", &[("max_age", "10000")]);
    assert!(second.claims["auth_time"].is_number());
    assert_eq!(second.claims["auth_time"], first.claims["auth_time"]);
}

#[test]
fn oidcc_id_token_hint_with_prompt_none_gives_a_code_of_the_same_user() {
    let mut party = Party::new();
    let first = party.signs_in("openid", &[]);
    let hint = first.reply["id_token"].as_str().expect("an ID token").to_owned();
    let second = party.signs_in("openid", &[("prompt", "none"), ("id_token_hint", &hint)]);
    assert_eq!(second.claims["sub"], first.claims["sub"]);
}

#[test]
fn oidcc_login_hint_stands_in_the_form() {
    let mut party = Party::new();
    party.browser = Browser::default();
    let place = asked_to_sign_in(&mut party, &[("login_hint", "alice")]);
    assert!(party.browser.get(&party.server, &place).text().contains(r#"value="alice""#));
}

#[test]
fn oidcc_ensure_post_request_succeeds_as_a_get_does() {
    let mut party = Party::new();
    party.signs_in("openid", &[]);
    let request = [("client_id", "my-app"), ("response_type", "code"), ("redirect_uri", CALLBACK), ("scope", "openid"), ("state", "s")];
    // The form is on a page of the client.
    let headers =
        [("Content-Type", "application/x-www-form-urlencoded"), ("Origin", "https://app.example"), ("Sec-Fetch-Site", "cross-site")];
    let answer = party.browser.send(&party.server, "POST", "/oauth/authorize", &headers, &form(&request));
    let place = answer.header("Location").unwrap_or_else(|| panic!("{}: {}", answer.status, answer.text())).to_owned();
    let answer = party.browser.get(&party.server, &place);
    assert!(answer.location_parameter("code").is_some(), "{}: {}", answer.status, answer.text());
}

#[test]
fn oidcc_unsigned_request_object_is_rejected_as_unsupported() {
    let mut party = Party::new();
    let metadata = party.server.check("anon", "GET", "/.well-known/openid-configuration", "", "200").json();
    assert_eq!(metadata["request_parameter_supported"], false);
    // {"alg":"none"} over {"client_id":"my-app"}, without a signature.
    let object = "eyJhbGciOiJub25lIn0.eyJjbGllbnRfaWQiOiJteS1hcHAifQ.";
    let answer = party.authorizes("openid", &[("request", object), ("state", "s")]);
    assert_eq!(answer.location_parameter("error").as_deref(), Some("request_not_supported"));
    assert_eq!(answer.location_parameter("state").as_deref(), Some("s"));
}

#[test]
fn oidcc_ensure_request_object_with_redirect_uri_leads_nowhere_else() {
    let mut party = Party::new();
    // {"alg":"none"} over {"redirect_uri":"https://evil.example/"}.
    let object = "eyJhbGciOiJub25lIn0.eyJyZWRpcmVjdF91cmkiOiJodHRwczovL2V2aWwuZXhhbXBsZS8ifQ.";
    let answer = party.authorizes("openid", &[("request", object)]);
    assert!(answer.header("Location").is_some_and(|place| place.starts_with(CALLBACK)), "{:?}", answer.header("Location"));
    assert_eq!(answer.location_parameter("error").as_deref(), Some("request_not_supported"));
    assert_eq!(json!(answer.location_parameter("code")), json!(null));
}
