//! An app signs its user out (OpenID Connect RP-Initiated Logout 1.0).

use data_encoding::BASE64URL_NOPAD;
use serde_json::json;

use super::fixture;
use super::prompt::hint;
use crate::browser::{Browser, form};
use crate::server::{Answer, Server};

const BYE: &str = "https://app.example/bye";

/// Bob, who has signed in to `my-app`, and his ID token.
fn signed_in(server: &Server, secret: &str) -> (Browser, String) {
    let mut bob = server.signed_in("bob");
    let id_token = hint(server, secret, &mut bob);
    (bob, id_token)
}

fn target(pairs: &[(&str, &str)]) -> String {
    format!("/oauth/end-session?{}", form(pairs))
}

fn is_signed_in(server: &Server, browser: &mut Browser) -> bool {
    browser.get(server, "/oauth/api/me").status == 200
}

/// The page that asks; its user presses the button.
#[track_caller]
fn agrees(server: &Server, browser: &mut Browser, asked: &[(&str, &str)]) -> Answer {
    let page = browser.get(server, &target(asked));
    page.tells("sign-out");
    let token = page.header("X-CSRF-Token").expect("a form").to_owned();
    browser.post(server, "/oauth/end-session", &[asked, &[("_csrf", token.as_str()), ("sign_out", "true")]].concat())
}

#[test]
fn an_id_token_of_the_session_ends_it_at_once_and_leads_back_also_when_it_has_expired() {
    for seconds in [0, 3 * 3600] {
        for state in [None, Some("a b&c=d")] {
            let (server, secret) = fixture();
            let (mut bob, token) = signed_in(&server, &secret);
            let mut elsewhere = server.signed_in("bob");
            server.wait_seconds(seconds);
            let mut pairs = vec![("id_token_hint", token.as_str()), ("post_logout_redirect_uri", BYE)];
            pairs.extend(state.map(|state| ("state", state)));
            let answer = bob.get(&server, &target(&pairs));
            assert_eq!((answer.status, answer.location_parameter("state").as_deref()), (302, state), "{}", answer.text());
            assert!(answer.header("Location").is_some_and(|place| place.split('?').next() == Some(BYE)));
            assert!(!bob.jar.holds_session() && !is_signed_in(&server, &mut bob));
            assert!(is_signed_in(&server, &mut elsewhere), "another session of the same user is not meant");
            // To say it twice does no harm.
            assert_eq!(bob.get(&server, &target(&pairs)).status, 302);
        }
    }
}

#[test]
fn a_user_whom_an_app_leads_here_wrongly_can_sign_out_all_the_same() {
    let (server, secret) = fixture();
    let (mut bob, _) = signed_in(&server, &secret);
    let wrong = target(&[("client_id", "my-app"), ("post_logout_redirect_uri", "https://app.example/elsewhere")]);
    let page = bob.send(&server, "GET", &wrong, &[("Accept", "text/html")], "");
    page.explains(400, "post_logout_not_registered");
    page.tells("still-signed-in");
    assert!(page.text().contains("href=\"/oauth/end-session\"") && is_signed_in(&server, &mut bob), "{}", page.text());
    agrees(&server, &mut bob, &[]).tells("signed-out");
    let nobody = Browser::default().send(&server, "GET", &wrong, &[("Accept", "text/html")], "");
    nobody.does_not_tell("still-signed-in");
}

#[test]
fn without_a_valid_hint_of_this_session_the_user_is_asked_first() {
    let (server, secret) = fixture();
    let (_, of_another_session) = signed_in(&server, &secret);
    let (mut bob, token) = signed_in(&server, &secret);
    let mut alice = server.signed_in("alice");
    let (claims, unsigned) = (token.split('.').nth(1).expect("claims"), BASE64URL_NOPAD.encode(br#"{"alg":"none","typ":"JWT"}"#));
    let unsigned = format!("{unsigned}.{claims}.");
    let cut = &token[..token.len() - 4];
    let back = [("client_id", "my-app"), ("post_logout_redirect_uri", BYE)];
    for hint in [None, Some(of_another_session.as_str()), Some(&unsigned), Some(cut), Some("nonsense")] {
        let pairs = [&back[..], hint.map(|hint| ("id_token_hint", hint)).as_slice()].concat();
        bob.get(&server, &target(&pairs)).tells("sign-out");
        assert!(is_signed_in(&server, &mut bob), "{hint:?}");
    }
    bob.get(&server, &target(&[])).tells("sign-out");
    alice.get(&server, &target(&[("id_token_hint", &token)])).tells("sign-out");
    assert!(is_signed_in(&server, &mut alice));
    let answer = agrees(&server, &mut bob, &[&back[..], &[("state", "s")]].concat());
    assert_eq!((answer.status, answer.header("Location")), (303, Some("https://app.example/bye?state=s")));
    assert!(!is_signed_in(&server, &mut bob));
    agrees(&server, &mut alice, &[]).tells("signed-out");
    assert!(!is_signed_in(&server, &mut alice));
}

#[test]
fn a_page_of_a_stranger_signs_nobody_out() {
    let (server, secret) = fixture();
    let (mut bob, token) = signed_in(&server, &secret);
    // Neither by a form that says that the user agrees,
    for body in ["sign_out=true".to_owned(), form(&[("sign_out", "true"), ("id_token_hint", &token), ("_csrf", "x")])] {
        let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Origin", "https://evil.example")];
        assert_eq!(bob.send(&server, "POST", "/oauth/end-session", &headers, &body).status, 403);
    }
    // nor by an image or a frame, even with a hint of the session.
    for purpose in ["image", "iframe", "empty"] {
        let answer = bob.send(&server, "GET", &target(&[("id_token_hint", &token)]), &[("Sec-Fetch-Dest", purpose)], "");
        answer.tells("sign-out");
        assert_eq!(answer.header("X-Frame-Options"), Some("DENY"));
    }
    assert_eq!(bob.send(&server, "HEAD", &target(&[("id_token_hint", &token)]), &[], "").status, 405);
    assert!(is_signed_in(&server, &mut bob));
    // Nor is it where one is led after signing in.
    let page = format!("/oauth/login?n={}", keyfob::base::uri::form_encoded(target(&[("id_token_hint", &token)]).as_bytes()));
    assert_eq!(bob.get(&server, &page).header("Location"), Some("/oauth/"));
}

#[test]
fn it_leads_to_what_the_client_registered_letter_by_letter_and_otherwise_ends_nothing() {
    let (server, secret) = fixture();
    let (mut bob, token) = signed_in(&server, &secret);
    server.has_app("alice", "other-app", &["RIGHT_USER_INFO"]);
    let hint = ("id_token_hint", token.as_str());
    for place in [
        "https://evil.example/bye",
        "https://app.example/bye?x=1",
        "https://app.example/bye/",
        "https://app.example/bye#x",
        "https://app.example/cb",
        "HTTPS://app.example/bye",
        "//evil.example",
        "/console",
        "javascript:alert(1)",
        " https://app.example/bye",
    ] {
        for who in [hint, ("client_id", "my-app")] {
            let answer = bob.get(&server, &target(&[who, ("post_logout_redirect_uri", place)]));
            assert_eq!((answer.error().as_str(), answer.header("Location")), ("post_logout_not_registered", None), "{place}");
        }
    }
    let bye = ("post_logout_redirect_uri", BYE);
    for (pairs, error) in [
        (&[bye][..], "post_logout_without_client"),
        (&[bye, ("id_token_hint", "nonsense")], "post_logout_without_client"),
        (&[bye, ("client_id", "unknown")], "client_not_found"),
        (&[bye, ("client_id", "No Such")], "client_not_found"),
        (&[bye, hint, ("client_id", "other-app")], "client_of_hint_differs"),
        (&[bye, hint, bye], "invalid_request"),
    ] {
        for browser in [&mut bob, &mut Browser::default()] {
            let answer = browser.get(&server, &target(pairs));
            assert_eq!((answer.error().as_str(), answer.header("Location")), (error, None), "{pairs:?}");
        }
    }
    assert!(is_signed_in(&server, &mut bob));
    // What is registered may be a script, which nobody is led to.
    for (registered, leads) in [("javascript:alert(1)", false), ("/console", true), ("https://app.example/bye?x=1", true)] {
        let body = json!({"client": {"logout_redirect_uris": [registered]}, "field_mask": "logout_redirect_uris"});
        if server.send("admin", "PUT", "/api/v3/clients/my-app", &body.to_string()).status == 200 {
            let answer = Browser::default().get(&server, &target(&[hint, ("post_logout_redirect_uri", registered)]));
            assert_eq!(answer.header("Location").is_some(), leads, "{registered}");
        }
    }
}

#[test]
fn a_client_that_nobody_approved_leads_only_its_own_users_away() {
    let (server, secret) = fixture();
    let (mut bob, token) = signed_in(&server, &secret);
    server.has_state("my-app", "STATE_REQUESTED");
    let bye = ("post_logout_redirect_uri", BYE);
    // An ID token that somebody has put into a link is none of this browser.
    let (hinted, of_nobody) = ([("id_token_hint", token.as_str()), bye], [("client_id", "my-app"), bye]);
    for browser in [&mut Browser::default(), &mut server.signed_in("alice")] {
        for pairs in [&hinted, &of_nobody] {
            let answer = browser.get(&server, &target(pairs));
            assert_eq!((answer.error().as_str(), answer.header("Location")), ("client_not_approved", None), "{pairs:?}");
        }
    }
    assert_eq!(bob.get(&server, &target(&hinted)).header("Location"), Some(BYE));
    assert!(!is_signed_in(&server, &mut bob));
}

#[test]
fn what_a_page_of_the_client_posts_is_led_to_the_same_as_get() {
    let (server, secret) = fixture();
    let (mut bob, token) = signed_in(&server, &secret);
    let headers =
        [("Content-Type", "application/x-www-form-urlencoded"), ("Origin", "https://app.example"), ("Sec-Fetch-Site", "cross-site")];
    let body = form(&[("id_token_hint", &token), ("post_logout_redirect_uri", BYE), ("unknown", "x")]);
    // Browsers send no cookie with it.
    let answer = Browser::default().send(&server, "POST", "/oauth/end-session", &headers, &body);
    let place = answer.header("Location").expect("a place").to_owned();
    assert_eq!((answer.status, place.split('?').next(), place.contains("unknown")), (303, Some("/oauth/end-session"), false));
    assert_eq!(bob.get(&server, &place).header("Location"), Some(BYE));
    assert!(!is_signed_in(&server, &mut bob));
    let long = form(&[("state", &"x".repeat(10_000))]);
    assert_eq!(bob.send(&server, "POST", "/oauth/end-session", &headers, &long).status, 400);
}

#[test]
fn who_is_signed_in_nowhere_is_told_so_or_led_back() {
    let (server, _) = fixture();
    let mut nobody = Browser::default();
    nobody.get(&server, "/oauth/end-session").tells("signed-out");
    let back = [("client_id", "my-app"), ("post_logout_redirect_uri", BYE), ("state", "s")];
    assert_eq!(nobody.get(&server, &target(&back)).header("Location"), Some("https://app.example/bye?state=s"));
}
