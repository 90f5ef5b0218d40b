//! Cookies: whose they are, who may take them away, and what becomes of a session when another one begins.

use keyfob::model::settings::Settings;

use super::fixture;
use crate::browser::{Browser, PASSWORD, form};
use crate::server::Server;

fn server_at(public_url: &str) -> Server {
    let mut server = Server::with(Settings { public_url: public_url.to_owned(), ..Default::default() });
    server.has_user("bob");
    server
}

fn status_with(server: &Server, cookies: &str) -> u16 {
    server.send_with(None, &[("Cookie", cookies)], "GET", "/oauth/api/me", b"").status
}

fn session_of(browser: &Browser) -> String {
    let (name, value) = browser.jar.session();
    format!("{name}={value}")
}

fn clears_something(server: &Server, cookies: &str, target: &str) -> bool {
    let answer = server.send_with(None, &[("Cookie", cookies)], "GET", target, b"");
    answer.all("Set-Cookie").iter().any(|cookie| cookie.contains("Max-Age=0"))
}

#[test]
fn a_cookie_names_its_server() {
    for (public_url, secure, port) in [
        ("https://id.example", true, "443"),
        ("https://id.example:8443", true, "8443"),
        ("http://127.0.0.1:1885", false, "1885"),
        ("http://nas", false, "80"),
    ] {
        let server = server_at(public_url);
        let mut bob = Browser::default();
        let page = bob.get(&server, "/oauth/login");
        let signed_in = bob.post(&server, "/oauth/login", &[("user_id", "bob"), ("password", PASSWORD)]);
        let cookies = [page.all("Set-Cookie"), signed_in.all("Set-Cookie")].concat();
        assert!(cookies.len() >= 2);
        for cookie in cookies {
            let (name, attributes) = cookie.split_once('=').expect("a name");
            assert_eq!((name.starts_with("__Host-"), attributes.contains("; Secure")), (secure, secure), "{cookie}");
            assert!(name.ends_with(&format!("_{port}")) && attributes.contains("; Path=/; HttpOnly"), "{cookie}");
            assert!(!attributes.contains("Domain"), "{cookie}");
        }
    }
}

#[test]
fn two_servers_on_one_host_do_not_sign_each_other_out() {
    let (one, other) = (server_at("http://127.0.0.1:1885"), server_at("http://127.0.0.1:1886"));
    let mut bob = one.signed_in("bob");
    assert_eq!(bob.post(&other, "/oauth/api/auth/login", &[("user_id", "bob"), ("password", PASSWORD)]).status, 204);
    for server in [&one, &other, &one] {
        assert_eq!(bob.get(server, "/oauth/api/me").status, 200);
    }
    bob.post(&one, "/oauth/api/auth/logout", &[]);
    assert_eq!(bob.get(&one, "/oauth/api/me").status, 401);
    assert_eq!(bob.get(&other, "/oauth/api/me").status, 200);
}

#[test]
fn a_planted_session_does_not_override_the_right_one() {
    let (server, _) = fixture();
    let (alice, bob) = (server.signed_in("alice"), server.signed_in("bob"));
    let (name, theirs) = alice.jar.session();
    let mine = bob.jar.session().1;
    for garbage in ["x", "", "bob.ONZW4.a.b", &theirs.replacen("alice", "bob", 1)] {
        for cookies in [format!("{name}={garbage}; {name}={mine}"), format!("{name}={mine}; {name}={garbage}")] {
            assert_eq!(status_with(&server, &cookies), 200, "{cookies}");
            assert!(!clears_something(&server, &cookies, "/oauth/api/me"), "{cookies}");
            let info = server.send_with(None, &[("Cookie", &cookies)], "GET", "/api/v3/auth_info", b"").json();
            assert_eq!(info["user_session"]["user_ids"]["user_id"], "bob", "{cookies}");
        }
    }
    // Of two that are both good nobody can tell which one is right.
    for cookies in [format!("{name}={theirs}; {name}={mine}"), format!("{name}={mine}; {name}={theirs}")] {
        assert_eq!(status_with(&server, &cookies), 401, "{cookies}");
        assert_eq!(server.send_with(None, &[("Cookie", &cookies)], "GET", "/api/v3/auth_info", b"").json(), serde_json::json!({}));
        assert!(!clears_something(&server, &cookies, "/oauth/api/me"), "{cookies}");
    }
}

#[test]
fn nobody_clears_a_cookie_that_he_cannot_read_as_his_own() {
    let (server, _) = fixture();
    let mut bob = server.signed_in("bob");
    let (name, mine) = bob.jar.session();
    let (name, mine) = (name.to_owned(), mine.to_owned());
    let foreign = [format!("{name}=MTY5OTk5OTk5OXx4"), format!("{name}="), "_session=bob.ONZW4.a.b".to_owned(), String::new()];
    for cookies in foreign {
        for target in ["/oauth/api/me", "/oauth/login", "/oauth/logout?access_token_id=unknown", "/console"] {
            assert!(!clears_something(&server, &cookies, target), "{cookies} at {target}");
        }
    }
    bob.post(&server, "/oauth/api/auth/logout", &[]);
    for target in ["/oauth/api/me", "/oauth/login", "/console"] {
        assert!(clears_something(&server, &format!("{name}={mine}"), target), "{target}");
    }
}

#[test]
fn a_store_that_fails_clears_no_cookie() {
    let (server, _) = fixture();
    let mut bob = server.signed_in("bob");
    server.execute("ALTER TABLE sessions RENAME TO elsewhere");
    for target in ["/oauth/api/me", "/oauth/login", "/oauth/logout?access_token_id=unknown", "/console"] {
        let answer = bob.get(&server, target);
        assert_eq!((answer.status, answer.all("Set-Cookie")), (500, vec![]), "{target}");
    }
    server.execute("ALTER TABLE elsewhere RENAME TO sessions");
    assert_eq!(bob.get(&server, "/oauth/api/me").status, 200);
}

#[test]
fn an_old_session_ends_when_the_same_browser_signs_in_anew() {
    let (server, _) = fixture();
    for target in ["/oauth/login", "/oauth/api/auth/login"] {
        let mut browser = server.signed_in("bob");
        let old = browser.jar.header().expect("a cookie");
        let wrong = browser.post(&server, target, &[("user_id", "alice"), ("password", "wrong")]);
        assert_eq!((wrong.status, status_with(&server, &old)), (400, 200), "who fails to sign in ends nothing");
        browser.post(&server, target, &[("user_id", "alice"), ("password", PASSWORD)]);
        assert_eq!(browser.get(&server, "/oauth/api/me").json()["user"]["ids"]["user_id"], "alice");
        assert_eq!(status_with(&server, &old), 401);
    }
    let events = server.app.store().read(|tx| tx.events("user", "bob")).expect("events");
    assert_eq!(events.iter().filter(|event| event.name == "user.session.delete").count(), 2);
    assert!(events.iter().all(|event| event.name != "user.session.delete" || event.actor.account_id.as_deref() == Some("bob")));
}

/// Another port of the host can plant a cookie for a longer path, which no reply from here takes away.
#[test]
fn who_signs_in_is_signed_in_whatever_session_was_planted_beside() {
    let (server, _) = fixture();
    for target in ["/oauth/login", "/oauth/api/auth/login"] {
        let (planted, mut bob) = (session_of(&server.signed_in("alice")), server.signed_in("bob"));
        let old = session_of(&bob);
        let both = format!("{planted}; {}", bob.jar.header().expect("cookies"));
        let form = form(&[("user_id", "bob"), ("password", PASSWORD)]);
        let headers = [("Cookie", both.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
        let answer = server.send_with(None, &headers, "POST", target, form.as_bytes());
        bob.jar.keep(&answer);
        for cookies in [&planted, &old] {
            assert_eq!(status_with(&server, cookies), 401, "it came along, so it ends");
        }
        assert_eq!(status_with(&server, &format!("{planted}; {}", session_of(&bob))), 200, "{target}");
    }
}

#[test]
fn a_sign_in_page_that_is_too_old_keeps_where_to() {
    let (server, _) = fixture();
    let place = "/oauth/code?code=x&y=z";
    let headers = [("User-Agent", "Mozilla/5.0"), ("Accept", "text/html"), ("Content-Type", "application/x-www-form-urlencoded")];
    let sent = form(&[("user_id", "bob"), ("password", PASSWORD), ("n", place), ("_csrf", "of-yesterday")]);
    let answer = Browser::default().send(&server, "POST", "/oauth/login", &headers, &sent);
    let link = format!("href=\"/oauth/login?{}\"", form(&[("n", place)]));
    assert!(answer.text().contains(&link), "{}", answer.text());
    answer.explains(403, "invalid_csrf_token");
    let target = crate::browser::authorize_target("my-app", &[("state", "s")]);
    let answer = server.signed_in("bob").send(&server, "POST", &target, &headers, "authorize=true&_csrf=of-yesterday");
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains(&format!("href=\"{}\"", target.replace('&', "&amp;"))), "{}", answer.text());
}
