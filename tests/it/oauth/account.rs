//! Signing in and out, sessions, and those who guess passwords (oauth.md 1.6).

use std::net::IpAddr;

use serde_json::json;

use super::fixture;
use crate::browser::{Browser, PASSWORD, authorize_target, form};
use crate::server::{Answer, Server};

const LOGIN: &str = "/oauth/api/auth/login";

fn sign_in(server: &Server, user: &str, password: &str) -> Answer {
    server.post_form(LOGIN, &[("user_id", user), ("password", password)])
}

/// The same, from somewhere else.
fn sign_in_from(server: &Server, peer: &str, user: &str, password: &str) -> Answer {
    let peer: IpAddr = peer.parse().expect("an address");
    let body = form(&[("user_id", user), ("password", password)]);
    server.send_from(peer, None, &[("Content-Type", "application/x-www-form-urlencoded")], "POST", LOGIN, body.as_bytes())
}

#[test]
fn who_knows_the_password_gets_a_cookie_that_no_script_sees() {
    let (server, _) = fixture();
    let answer = server.send_with(
        None,
        &[("Content-Type", "application/json")],
        "POST",
        LOGIN,
        br#"{"user_id":"bob","password":"Hunter2-hunter2"}"#,
    );
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    let cookie = answer.header("Set-Cookie").expect("a cookie");
    assert!(cookie.contains("=bob.ONZW4.") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
    let secret = cookie.split(';').next().and_then(|pair| pair.rsplit('.').next()).expect("a secret").to_owned();
    let file = std::fs::read(server.app.store().path()).expect("the file");
    let wal = std::fs::read(server.app.store().path().with_extension("db-wal")).expect("what was last written");
    for bytes in [file, wal] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "the secret is in the file");
    }
}

#[test]
fn the_cookie_is_for_https_alone_where_the_world_comes_by_https() {
    let settings = keyfob::model::settings::Settings { public_url: "https://id.example".to_owned(), ..Default::default() };
    let mut server = Server::with(settings);
    server.has_user("bob");
    assert!(sign_in(&server, "bob", PASSWORD).header("Set-Cookie").is_some_and(|cookie| cookie.contains("; Secure")));
}

#[test]
fn a_sign_in_whose_session_was_written_sends_its_cookie() {
    let (server, _) = fixture();
    let sessions = || {
        let events = server.app.store().read(|tx| tx.events("user", "bob")).expect("events");
        events.iter().filter(|event| event.name == "user.session.create").map(|event| event.times).sum::<i64>()
    };
    let long = format!("/console?{}", "x".repeat(60_000));
    let places = ["", "/console", "/oauth/authorize?x", "/oauth/login", "//evil.example", "/a\r\nX-Y: z", "/\u{fc}/\u{1f511}", "%", &long];
    for (place, target) in places.iter().flat_map(|place| [(place, "/oauth/login"), (place, LOGIN)]) {
        for (password, user_agent) in [(PASSWORD, "curl"), ("wrong", "curl"), (PASSWORD, "Mozilla/5.0")] {
            let mut browser = server.signed_in("alice");
            let before = sessions();
            let sent = form(&[("user_id", "bob"), ("password", password), ("n", place)]);
            let headers = [("User-Agent", user_agent), ("Content-Type", "application/x-www-form-urlencoded")];
            let answer = browser.send(&server, "POST", target, &headers, &sent);
            let is_signed_in = browser.get(&server, "/oauth/api/me").json()["user"]["ids"]["user_id"] == "bob";
            assert_eq!(sessions() - before, i64::from(is_signed_in), "{target} {place:?} {}", answer.text());
            assert_eq!(is_signed_in, password == PASSWORD && user_agent == "curl", "{target} {place:?} {}", answer.text());
        }
        server.wait_seconds(3600);
    }
}

#[test]
fn what_is_wrong_with_a_sign_in_is_said() {
    let (server, _) = fixture();
    for (user, password, error) in [
        ("", "x", "missing_user_id"),
        ("  ", "x", "missing_user_id"),
        ("bob", "", "missing_password"),
        ("No User", "x", "validation"),
        ("bob", "wrong", "no_user_id_password_match"),
        ("nobody", "wrong", "no_user_id_password_match"),
        ("bob@example.com", PASSWORD, "validation"),
    ] {
        let answer = sign_in(&server, user, password);
        assert_eq!((answer.status, answer.error().as_str()), (400, error), "{user}");
        assert_eq!(answer.header("Set-Cookie"), None);
    }
    for body in [&b"{"[..], b"[]", b"{\"user_id\":5}"] {
        assert_eq!(server.send_with(None, &[("Content-Type", "application/json")], "POST", LOGIN, body).status, 400);
    }
}

#[test]
fn the_sign_in_page_names_the_client_that_waits_only_where_its_request_may_come_to_the_consent_page() {
    let (server, _) = fixture();
    let change = r#"{"client":{"name":"Weather <Station>"},"field_mask":"name"}"#;
    server.check("admin", "PUT", "/api/v3/clients/my-app", change, "200");
    let good = authorize_target("my-app", &[]);
    let page = |target: &str| Browser::default().get(&server, &format!("/oauth/login?{}", form(&[("n", target)]))).text();
    let names = |target: &str| page(target).contains("data-message=\"waiting-client\"");
    let named = "You will continue to <strong>Weather &lt;Station&gt;</strong> at <strong>https://app.example</strong>";
    assert!(page(&good).contains(named), "{}", page(&good));
    let mistyped = server.post_form("/oauth/login", &[("n", &good), ("user_id", "bob"), ("password", "wrong")]).text();
    assert!(mistyped.contains("data-message=\"waiting-client\""), "{mistyped}");
    for other in [
        "/console?client_id=my-app&response_type=code".to_owned(),
        "/oauth/authorize".to_owned(),
        "/oauth/authorize?%".to_owned(),
        authorize_target("nobody", &[]),
        authorize_target("My App", &[]),
        authorize_target("my-app", &[("redirect_uri", "https://evil.example/")]),
        authorize_target("my-app", &[("client_id", "my-app")]),
        "/oauth/authorize?client_id=my-app&response_type=code".to_owned(),
        good.replace("authorize?", "authorize?x=1#&"),
        authorize_target("my-app", &[("response_mode", "fragment")]),
    ] {
        assert!(!names(&other), "{other}");
    }
    for (state, is_named) in [("REQUESTED", false), ("REJECTED", false), ("SUSPENDED", false), ("FLAGGED", false)] {
        server.has_state("my-app", &format!("STATE_{state}"));
        assert_eq!(names(&good), is_named, "{state}");
    }
    server.has_state("my-app", "STATE_APPROVED");
    super::sign_in_fields::set(&server, json!({"allowed_groups": ["crew"]}), "200");
    assert!(!names(&good), "strangers learn of no client that is for some");
}

#[test]
fn a_deleted_user_does_not_sign_in_and_is_signed_out() {
    let (server, _) = fixture();
    let mut bob = server.signed_in("bob");
    assert_eq!(bob.get(&server, "/oauth/api/me").json()["user"]["ids"]["user_id"], "bob");
    server.check("admin", "DELETE", "/api/v3/users/bob", "", "200");
    let mut other = bob.clone();
    let answer = bob.get(&server, "/oauth/api/me");
    assert_eq!(answer.status, 401);
    assert!(!bob.jar.holds_session(), "a dead cookie is taken away");
    assert_eq!(other.get(&server, "/api/v3/auth_info").status, 401);
    assert_eq!(sign_in(&server, "bob", PASSWORD).error(), "no_user_id_password_match");
}

#[test]
fn the_page_signs_in_without_a_script() {
    let (server, _) = fixture();
    let mut browser = Browser::default();
    let page = browser.get(&server, "/oauth/login?n=%2Foauth%2Fcode%3Fcode%3Dx");
    assert!(page.status == 200 && page.text().contains("value=\"/oauth/code?code=x\""), "{}", page.text());
    let token = page.header("X-CSRF-Token").expect("a token").to_owned();
    assert!(page.text().contains(&format!("name=\"_csrf\" value=\"{token}\"")));
    let wrong =
        browser.post(&server, "/oauth/login", &[("user_id", "bob"), ("password", "wrong"), ("n", "/oauth/code"), ("_csrf", &token)]);
    assert_eq!(wrong.status, 400);
    for kept in ["Incorrect password or user ID.", "value=\"bob\"", "value=\"/oauth/code\""] {
        assert!(wrong.text().contains(kept), "{kept}\n{}", wrong.text());
    }
    assert!(!wrong.text().contains("wrong\""), "the password is not written back");
    let right =
        browser.post(&server, "/oauth/login", &[("user_id", "bob"), ("password", PASSWORD), ("n", "/oauth/code"), ("_csrf", &token)]);
    assert_eq!((right.status, right.header("Location")), (303, Some("/oauth/code")));
    let again = browser.get(&server, "/oauth/login?n=%2Foauth%2Fcode");
    assert_eq!((again.status, again.header("Location")), (302, Some("/oauth/code")));
    assert!(browser.get(&server, "/oauth/").text().contains("You are signed in as"));
    let out = browser.send(&server, "POST", "/oauth/api/auth/logout", &[("Accept", "text/html")], "");
    assert_eq!((out.status, out.header("Location")), (303, Some("/oauth/login")));
    assert_eq!(browser.get(&server, "/oauth/api/me").status, 401);
}

#[test]
fn nobody_is_led_away_by_a_link_to_the_sign_in_page() {
    let (server, _) = fixture();
    for place in
        ["//evil.example", "/\\evil.example", "https://evil.example", "////evil.example", "javascript:x", "/\r\nX: y", "evil", "/ä"]
    {
        let answer = server.signed_in("bob").get(&server, &format!("/oauth/login?{}", form(&[("n", place)])));
        assert_eq!(answer.header("Location"), Some("/oauth/"), "{place:?}");
        let answer = Browser::default().post(&server, "/oauth/login", &[("user_id", "bob"), ("password", PASSWORD), ("n", place)]);
        assert_eq!(answer.header("Location"), Some("/oauth/"), "{place:?}");
    }
}

#[test]
fn a_session_ends_when_nobody_uses_it_and_when_it_is_old() {
    let (server, _) = fixture();
    let day = 24 * 60 * 60;
    let mut bob = server.signed_in("bob");
    for _ in 0..4 {
        server.wait_seconds(6 * day);
        assert_eq!(bob.get(&server, "/oauth/api/me").status, 200, "it is used");
    }
    server.wait_seconds(6 * day);
    assert_eq!(bob.get(&server, "/oauth/api/me").status, 401, "it is a month old");
    let mut idle = server.signed_in("bob");
    server.wait_seconds(7 * day);
    assert_eq!(idle.get(&server, "/oauth/api/me").status, 401, "nobody used it for a week");
}

#[test]
fn sessions_are_listed_and_ended_one_by_one() {
    let (server, _) = fixture();
    let (mut one, mut two) = (server.signed_in("bob"), server.signed_in("bob"));
    let listed = server.check("bob", "GET", "/api/v3/users/bob/sessions?order=-created_at", "", "200");
    assert_eq!(listed.header("X-Total-Count"), Some("2"));
    let newest = listed.json()["sessions"][0]["session_id"].as_str().expect("an ID").to_owned();
    server.check("alice", "DELETE", &format!("/api/v3/users/bob/sessions/{newest}"), "", "403 no_user_rights");
    server.check("alice", "DELETE", &format!("/api/v3/users/alice/sessions/{newest}"), "", "404 user_session_not_found");
    server.check("bob", "DELETE", &format!("/api/v3/users/bob/sessions/{newest}"), "", "200");
    server.check("bob", "DELETE", "/api/v3/users/bob/sessions/no-uuid", "", "404 user_session_not_found");
    assert_eq!((one.get(&server, "/oauth/api/me").status, two.get(&server, "/oauth/api/me").status), (200, 401));
}

#[test]
fn a_session_cookie_that_was_tampered_with_is_none() {
    let (server, _) = fixture();
    let bob = server.signed_in("bob");
    let (name, good) = bob.jar.session();
    let (head, key) = good.rsplit_once('.').expect("a key");
    let forged = [
        format!("{head}.{}", key.chars().rev().collect::<String>()),
        good.replacen("bob", "alice", 1),
        good.replacen("bob", "admin", 1),
        "x".to_owned(),
        "bob.ONZW4..".to_owned(),
        format!("bob.NNSXS.{}", &head[10..]),
    ];
    for cookie in forged {
        let answer = server.send_with(None, &[("Cookie", &format!("{name}={cookie}"))], "GET", "/oauth/api/me", b"");
        assert_eq!(answer.status, 401, "{cookie}");
    }
}

#[test]
fn guessing_slows_down_for_everyone_who_guesses() {
    let (server, _) = fixture();
    for _ in 0..5 {
        assert_eq!(sign_in_from(&server, "192.0.2.1", "bob", "wrong").status, 400);
    }
    let locked = sign_in_from(&server, "192.0.2.1", "bob", PASSWORD);
    assert_eq!((locked.status, locked.error().as_str()), (429, "too_many_failures"));
    assert_eq!(locked.header("Retry-After"), Some("1"));
    server.wait_seconds(2);
    assert_eq!(sign_in_from(&server, "192.0.2.1", "bob", "wrong").status, 400);
    assert_eq!(sign_in_from(&server, "192.0.2.1", "bob", "wrong").header("Retry-After"), Some("2"));
    // Elsewhere, too, and the page says so as well.
    assert_eq!(sign_in_from(&server, "192.0.2.2", "bob", PASSWORD).status, 429);
    server.wait_seconds(3);
    assert_eq!(sign_in_from(&server, "192.0.2.2", "bob", PASSWORD).status, 204);
    assert_eq!(sign_in_from(&server, "192.0.2.1", "bob", PASSWORD).status, 204, "who signs in starts anew");
}

#[test]
fn a_user_is_not_locked_out_from_where_the_user_has_signed_in() {
    let (server, _) = fixture();
    assert_eq!(sign_in_from(&server, "192.0.2.1", "bob", PASSWORD).status, 204);
    for _ in 0..8 {
        sign_in_from(&server, "198.51.100.7", "bob", "wrong");
    }
    assert_eq!(sign_in_from(&server, "198.51.100.7", "bob", PASSWORD).status, 429);
    assert_eq!(sign_in_from(&server, "203.0.113.9", "bob", PASSWORD).status, 429);
    assert_eq!(sign_in_from(&server, "192.0.2.1", "bob", PASSWORD).status, 204);
    for _ in 0..5 {
        sign_in_from(&server, "192.0.2.1", "bob", "wrong");
    }
    assert_eq!(sign_in_from(&server, "192.0.2.1", "bob", PASSWORD).status, 429, "even there one cannot guess for ever");
}

#[test]
fn an_address_that_tries_many_users_is_slowed_down_whether_they_exist_or_not() {
    let (server, _) = fixture();
    for n in 0..20 {
        assert_eq!(sign_in_from(&server, "2001:db8::1", &format!("user-{n}"), "wrong").status, 400);
    }
    assert_eq!(sign_in_from(&server, "2001:db8::2", "another", "wrong").status, 429, "the same network");
    assert_eq!(sign_in_from(&server, "2001:db8:0:1::1", "bob", PASSWORD).status, 204, "another one");
    for _ in 0..5 {
        sign_in_from(&server, "192.0.2.9", "ghost", "wrong");
    }
    assert_eq!(sign_in_from(&server, "192.0.2.8", "ghost", "wrong").status, 429, "nothing tells that there is no such user");
}

#[test]
fn guessing_where_a_password_is_changed_is_guessing_too() {
    let (server, _) = fixture();
    let change = |old: &str| {
        let body = format!(r#"{{"old":"{old}","new":"Another-passw0rd"}}"#);
        server.send_from("192.0.2.1".parse().expect("an address"), None, &[], "PUT", "/api/v3/users/bob/password", body.as_bytes())
    };
    for _ in 0..5 {
        assert_eq!(change("wrong").error(), "old_password");
    }
    let locked = change(PASSWORD);
    assert_eq!((locked.status, locked.error().as_str(), locked.header("Retry-After")), (429, "too_many_failures", Some("1")));
    assert_eq!(sign_in_from(&server, "192.0.2.2", "bob", PASSWORD).status, 429);
    server.wait_seconds(2);
    assert_eq!(change(PASSWORD).status, 200);
}

#[test]
fn a_flood_of_parameters_is_refused_unread() {
    let (server, _) = fixture();
    let flood = "q&".repeat(40_000);
    for target in ["/oauth/login", "/oauth/authorize", LOGIN, "/oauth/token"] {
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        assert_eq!(server.send_with(None, &form, "POST", &format!("{target}?{flood}"), flood.as_bytes()).status, 400, "{target}");
    }
    let members: String = (0..201).map(|n| format!(r#""m{n}":"","#)).collect();
    let body = format!(r#"{{{members}"user_id":"bob","password":"{PASSWORD}"}}"#);
    assert_eq!(server.send_with(None, &[("Content-Type", "application/json")], "POST", LOGIN, body.as_bytes()).status, 400);
}

#[test]
fn signing_in_and_out_is_written_down() {
    let (server, _) = fixture();
    let mut bob = server.signed_in("bob");
    bob.post(&server, "/oauth/api/auth/logout", &[]);
    let events = server.app.store().read(|tx| tx.events("user", "bob")).expect("events");
    let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
    assert!(names.ends_with(&["user.session.create", "user.session.delete"]), "{names:?}");
    assert!(events.iter().all(|event| !event.new_values.contains("ONZW4")));
    assert!(events.iter().rev().take(2).all(|event| event.actor.account_id.as_deref() == Some("bob")));
}

#[test]
fn the_page_takes_a_user_id_as_people_type_it_and_says_what_is_none() {
    let (server, _) = fixture();
    let typed = |user: &str| Browser::default().post(&server, "/oauth/login", &[("user_id", user), ("password", PASSWORD)]);
    for user in ["bob", " bob ", "Bob", "BOB\t"] {
        assert_eq!(typed(user).status, 303, "{user}");
    }
    for user in ["bob@example.com", "Bob Smith"] {
        let answer = typed(user);
        let text = answer.text();
        assert_eq!(answer.status, 400, "{text}");
        assert!(text.contains("Enter your user ID, not your name or e-mail address.") && !text.contains("regex"), "{text}");
    }
}

#[test]
fn a_place_with_a_fragment_is_none_to_go_on_to() {
    let (server, _) = fixture();
    let place = form(&[("n", "/console#x")]);
    let answer = server.signed_in("bob").get(&server, &format!("/oauth/login?{place}"));
    assert_eq!(answer.header("Location"), Some("/oauth/"));
}
