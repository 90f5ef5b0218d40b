//! Users without their password: temporary passwords and sign-in links.

use keyfob::model::settings::{AdminRights, Settings};
use serde_json::json;

use crate::browser::{Browser, PASSWORD, authorize_target};
use crate::console::signed_in_admin;
use crate::server::{Answer, Server};

const TEMPORARY: &str = "Temp-passw0rd-1";
const NEW: &str = "New-passw0rd-1";
const DAY: i64 = 24 * 60 * 60;

/// Bob, who has forgotten his password, and an administrator beside the first.
fn fixture() -> Server {
    fixture_with(Settings::default())
}

fn fixture_with(settings: Settings) -> Server {
    let mut server = Server::with(settings);
    ["alice", "bob", "carol"].iter().for_each(|user| server.has_user(user));
    let carol = r#"{"user":{"admin":true},"field_mask":"admin"}"#;
    server.check("admin", "PUT", "/api/v3/users/carol", carol, "200");
    server
}

fn set_temporary(server: &Server, by: &str, user: &str, expects: &str) -> Answer {
    let body = json!({"user": {"temporary_password": TEMPORARY}, "field_mask": "temporary_password"});
    server.check(by, "PUT", &format!("/api/v3/users/{user}"), &body.to_string(), expects)
}

/// A new sign-in link for bob; what is behind its `#`.
fn link(server: &Server) -> String {
    let made = server.check("admin", "POST", "/api/v3/users/bob/sign-in-link", "", "200").json();
    let link = made["link"].as_str().expect("a link");
    let (page, token) = link.split_once('#').expect("a token that browsers send to nobody");
    assert!(page.ends_with("/oauth/sign-in-link") && token.starts_with("NRXGW."), "{link}");
    token.to_owned()
}

fn sign_in(server: &Server, browser: &mut Browser, password: &str, next: &str) -> Answer {
    browser.post(server, "/oauth/login", &[("user_id", "bob"), ("password", password), ("n", next)])
}

fn choose(server: &Server, browser: &mut Browser, password: &str, next: &str) -> Answer {
    browser.post(server, "/oauth/new-password", &[("password", password), ("n", next)])
}

fn is_signed_in(server: &Server, browser: &Browser) -> bool {
    browser.clone().get(server, "/oauth/api/me").status == 200
}

/// The names of bob's events, the newest last.
fn events(server: &Server) -> Vec<String> {
    server.app.store().read(|tx| tx.events("user", "bob")).expect("events").into_iter().map(|event| event.name).collect()
}

#[test]
fn a_temporary_password_leads_to_choosing_a_new_one_and_then_to_where_the_user_was_going() {
    let server = fixture();
    let (mut old, mut browser) = (server.signed_in("bob"), Browser::default());
    set_temporary(&server, "admin", "bob", "200");
    let going = "/console/api-keys?order=name";
    let entered = sign_in(&server, &mut browser, TEMPORARY, going);
    let place = entered.header("Location").expect("a redirect").to_owned();
    assert!(entered.status == 303 && place.starts_with("/oauth/new-password?n="), "{} {place}", entered.status);
    assert!(!browser.jar.holds_session() && !place.contains("OB3WI"), "{place}");
    let page = browser.get(&server, &place);
    assert!(page.status == 200 && page.text().contains("Choose a new password"), "{}", page.text());
    let chosen = choose(&server, &mut browser, NEW, going);
    assert_eq!((chosen.status, chosen.header("Location")), (303, Some(going)), "{}", chosen.text());
    assert!(is_signed_in(&server, &browser));
    assert_eq!(old.get(&server, "/oauth/api/me").status, 401, "the other sessions end");
    assert_eq!(sign_in(&server, &mut Browser::default(), PASSWORD, "").status, 400, "the old password is no more");
    assert_eq!(sign_in(&server, &mut Browser::default(), NEW, going).header("Location"), Some(going));
    let user =
        server.check("admin", "GET", "/api/v3/users/bob?field_mask=temporary_password_created_at,temporary_password_expires_at", "", "200");
    assert!(!user.text().contains("temporary"), "{}", user.text());
}

#[test]
fn before_the_new_password_is_chosen_the_browser_opens_nothing() {
    let server = fixture();
    server.has_app("alice", "alices-app", &["RIGHT_USER_INFO"]);
    set_temporary(&server, "admin", "bob", "200");
    let mut browser = Browser::default();
    let to_client = authorize_target("alices-app", &[]);
    let entered = sign_in(&server, &mut browser, TEMPORARY, &to_client);
    assert_eq!(entered.status, 303);
    for target in [
        "/console",
        "/console/password",
        "/oauth/api/me",
        "/api/v3/users/bob?field_mask=primary_email_address",
        "/api/v3/clients?collaborator.user_ids.user_id=bob",
        &to_client,
    ] {
        let answer = browser.get(&server, target);
        let leads = answer.header("Location").unwrap_or("/oauth/login").to_owned();
        assert!(matches!(answer.status, 302 | 401 | 403) && leads.starts_with("/oauth/login"), "{target}: {} {leads}", answer.status);
    }
    let agreed = browser.post(&server, &to_client, &[("authorize", "true")]);
    assert!(agreed.location_parameter("code").is_none(), "{:?}", agreed.header("Location"));
    // What the cookie holds proves nothing as a key, a session or a token either.
    let choice = entered
        .headers
        .iter()
        .find_map(|(_, value)| value.split(['=', ';']).find(|part| part.starts_with("OB3WI.")))
        .expect("the cookie")
        .to_owned();
    for authorization in [format!("Bearer {choice}"), format!("Bearer {}", choice.replace("OB3WI", "ONZW4"))] {
        assert_eq!(server.send_with(Some(&authorization), &[], "GET", "/api/v3/auth_info", b"").status, 401);
    }
    let chosen = choose(&server, &mut browser, NEW, &to_client);
    assert_eq!(chosen.header("Location"), Some(to_client.as_str()));
    assert!(browser.get(&server, &to_client).text().contains("alices-app"), "the client asks for consent now");
}

#[test]
fn a_temporary_password_works_once_and_ends_after_a_day() {
    let server = fixture();
    let reply = set_temporary(&server, "admin", "bob", "200").json();
    assert!(reply["temporary_password_expires_at"].as_str().is_some_and(|end| end.starts_with("2026-01-03T03:04:05")), "{reply}");
    assert_eq!(sign_in(&server, &mut Browser::default(), TEMPORARY, "").status, 303);
    let again = sign_in(&server, &mut Browser::default(), TEMPORARY, "");
    assert!(again.status == 400 && again.text().contains("Incorrect password or user ID"), "{}", again.text());
    server.check("anon", "PUT", "/api/v3/users/bob/password", &json!({"old": TEMPORARY, "new": NEW}).to_string(), "401 old_password");

    set_temporary(&server, "admin", "bob", "200");
    server.wait_seconds(DAY - 1);
    let mut browser = Browser::default();
    assert_eq!(sign_in(&server, &mut browser, TEMPORARY, "").status, 303);
    server.wait_seconds(15 * 60);
    assert_eq!(choose(&server, &mut browser, NEW, "").status, 400, "the browser had a quarter of an hour");
    set_temporary(&server, "admin", "bob", "200");
    server.wait_seconds(DAY);
    let late = sign_in(&server, &mut Browser::default(), TEMPORARY, "");
    assert!(late.status == 401 && late.text().contains("Temporary password expired"), "{}", late.text());
    assert_eq!(
        sign_in(&server, &mut Browser::default(), PASSWORD, "/console").header("Location"),
        Some("/console"),
        "the old one works all along"
    );
    for end in ["2027-01-01T00:00:00Z", "2026-01-09T00:00:00Z"] {
        let body = json!({"user": {"temporary_password": TEMPORARY, "temporary_password_expires_at": end},
            "field_mask": {"paths": ["temporary_password", "temporary_password_expires_at"]}});
        server.check("admin", "PUT", "/api/v3/users/bob", &body.to_string(), "400 temporary_password_too_long");
    }
}

#[test]
fn the_new_password_is_a_good_one_and_not_the_temporary_one() {
    let server = fixture();
    for weak in ["weak", "all-lower-case-1", "Bob-is-my-name-1"] {
        let body = json!({"user": {"temporary_password": weak}, "field_mask": "temporary_password"}).to_string();
        assert_eq!(server.send("admin", "PUT", "/api/v3/users/bob", &body).status, 400, "{weak}");
    }
    set_temporary(&server, "admin", "bob", "200");
    let mut browser = Browser::default();
    sign_in(&server, &mut browser, TEMPORARY, "/console");
    for (password, says) in [("", "at least"), ("weak", "at least"), (TEMPORARY, "The new password must differ from the old one")] {
        let refused = choose(&server, &mut browser, password, "/console");
        assert!(
            refused.status == 400 && refused.text().contains(says) && refused.text().contains("value=\"/console\""),
            "{}",
            refused.text()
        );
    }
    let refused = choose(&server, &mut browser, "weak", "/console").text();
    assert!(refused.contains("Use at least 8 characters.") && !refused.contains('`'), "{refused}");
    assert_eq!(choose(&server, &mut browser, NEW, "/console").status, 303);
    let twice = choose(&server, &mut browser, "Other-passw0rd-1", "/console");
    assert_eq!((twice.status, twice.error().as_str()), (400, "recovery_ended"), "it was chosen once");
}

#[test]
fn a_program_with_a_temporary_password_is_told_what_to_do_and_gets_no_session() {
    let server = fixture();
    set_temporary(&server, "admin", "bob", "200");
    for _ in 0..2 {
        let answer = server.post_form("/oauth/api/auth/login", &[("user_id", "bob"), ("password", TEMPORARY)]);
        assert_eq!((answer.status, answer.error().as_str(), answer.header("Set-Cookie")), (400, "temporary_password", None));
    }
    server.check("anon", "PUT", "/api/v3/users/bob/password", &json!({"old": TEMPORARY, "new": NEW}).to_string(), "200");
}

#[test]
fn a_sign_in_link_works_once_for_a_quarter_of_an_hour_and_looking_at_it_uses_nothing_up() {
    let server = fixture();
    let token = link(&server);
    let mut browser = Browser::default();
    for _ in 0..3 {
        let page = browser.get(&server, "/oauth/sign-in-link");
        assert!(page.status == 200 && page.text().contains("<button class=\"main\">Sign in</button>"), "{}", page.text());
        assert!(
            page.header("Content-Security-Policy")
                .is_some_and(|policy| policy.contains("script-src 'self'") && policy.contains("form-action 'self'"))
        );
        assert!(matches!(page.header("Referrer-Policy"), Some("same-origin" | "no-referrer")));
    }
    // Pasted whole, or the part behind the `#`.
    let used = browser.post(&server, "/oauth/sign-in-link", &[("link", &format!(" http://id.example/oauth/sign-in-link#{token}\n"))]);
    assert_eq!(used.status, 303, "{}", used.text());
    assert!(!browser.jar.holds_session());
    let again = Browser::default().post(&server, "/oauth/sign-in-link", &[("link", &token)]);
    assert!(again.status == 400 && again.text().contains("ask for another"), "{}", again.text());
    let chosen = choose(&server, &mut browser, NEW, "");
    assert_eq!((chosen.status, chosen.header("Location")), (303, Some("/oauth/")));
    assert!(is_signed_in(&server, &browser));

    let (first, second) = (link(&server), link(&server));
    let newest = |token: &str| Browser::default().post(&server, "/oauth/sign-in-link", &[("link", token)]).status;
    assert_eq!((newest(&first), newest(&second)), (400, 303), "a new link takes the place of the one before");
    let late = link(&server);
    server.wait_seconds(15 * 60);
    assert_eq!(newest(&late), 400);
    let forged =
        [String::new(), "x".to_owned(), late.replace("NRXGW", "OB3WI"), late[..late.len() - 1].to_owned() + "A", ADMIN_KEY.to_owned()];
    for token in forged {
        assert_eq!(newest(&token), 400, "{token}");
    }
    let fresh = link(&server);
    let elsewhere = [("Content-Type", "application/x-www-form-urlencoded"), ("Sec-Fetch-Site", "cross-site")];
    let sent = crate::browser::form(&[("link", &fresh)]);
    assert_eq!(
        Browser::default().send(&server, "POST", "/oauth/sign-in-link", &elsewhere, &sent).status,
        403,
        "nobody is signed in by another site"
    );
    assert_eq!(newest(&fresh), 303);
}

const ADMIN_KEY: &str = crate::server::ADMIN_KEY;

#[test]
fn neither_opens_the_account_of_somebody_suspended_rejected_or_deleted() {
    let server = fixture();
    let state = |state: &str| {
        let body = json!({"user": {"state": state}, "field_mask": "state"}).to_string();
        server.check("admin", "PUT", "/api/v3/users/bob", &body, "200");
    };
    let token = link(&server);
    set_temporary(&server, "admin", "bob", "200");
    let mut waiting = Browser::default();
    sign_in(&server, &mut waiting, TEMPORARY, "");
    set_temporary(&server, "carol", "bob", "200");
    assert_eq!(choose(&server, &mut waiting, NEW, "").status, 400, "another temporary password takes the place of the first");
    let mut waiting = Browser::default();
    sign_in(&server, &mut waiting, TEMPORARY, "");
    for refused in ["STATE_SUSPENDED", "STATE_REJECTED"] {
        state(refused);
        let answer = Browser::default().post(&server, "/oauth/sign-in-link", &[("link", &token)]);
        assert!(answer.status == 403 && answer.text().contains("Your account"), "{}", answer.text());
        assert_eq!(choose(&server, &mut waiting, NEW, "").status, 403);
    }
    set_temporary(&server, "admin", "bob", "200");
    assert_eq!(sign_in(&server, &mut Browser::default(), TEMPORARY, "").status, 403);
    state("STATE_APPROVED");
    assert_eq!(sign_in(&server, &mut Browser::default(), TEMPORARY, "").status, 303, "a refusal uses nothing up");
    let token = link(&server);
    server.check("admin", "DELETE", "/api/v3/users/bob", "", "200");
    assert_eq!(Browser::default().post(&server, "/oauth/sign-in-link", &[("link", &token)]).status, 400);
    server.check("admin", "POST", "/api/v3/users/bob/restore", "", "200");
    assert_eq!(Browser::default().post(&server, "/oauth/sign-in-link", &[("link", &token)]).status, 400, "nor after they are restored");
}

#[test]
fn an_administrator_opens_the_account_of_no_administrator_unless_the_server_says_so() {
    let server = fixture();
    for user in ["carol", "admin"] {
        set_temporary(&server, "admin", user, "403 administrators_account");
        server.check("admin", "POST", &format!("/api/v3/users/{user}/sign-in-link"), "", "403 administrators_account");
        let promotes =
            json!({"user": {"temporary_password": TEMPORARY, "admin": true}, "field_mask": "temporary_password,admin"}).to_string();
        server.check("admin", "PUT", "/api/v3/users/bob", &promotes, "403 administrators_account");
        let page = signed_in_admin(&server).get(&server, &format!("/console/users/{user}"));
        page.tells("administrators-account");
        for form in ["temporary-password", "sign-in-link"] {
            assert!(!page.text().contains(&format!("/console/users/{user}/{form}")), "{}", page.text());
            let answer = signed_in_admin(&server).sends_form(&server, &format!("/console/users/{user}/{form}"), &[]);
            assert_eq!(answer.status, 403, "{}", answer.text());
        }
    }
    for user in ["alice", "bob", "anon"] {
        set_temporary(&server, user, "bob", "403");
        server.check(user, "POST", "/api/v3/users/bob/sign-in-link", "", "403 permission_denied");
    }
    let server = fixture_with(Settings { admin_rights: AdminRights::All, ..Settings::default() });
    set_temporary(&server, "admin", "carol", "200");
    server.check("admin", "POST", "/api/v3/users/carol/sign-in-link", "", "200");
}

#[test]
fn a_way_in_that_was_handed_over_ends_when_its_user_becomes_or_is_no_longer_an_administrator() {
    let server = fixture();
    let becomes = |admin: bool| {
        let body = json!({"user": {"admin": admin}, "field_mask": "admin"}).to_string();
        server.check("admin", "PUT", "/api/v3/users/bob", &body, "200");
    };
    let mut chooser = Browser::default();
    chooser.post(&server, "/oauth/sign-in-link", &[("link", &link(&server))]);
    let token = link(&server);
    set_temporary(&server, "admin", "bob", "200");
    let count = events(&server).len();
    becomes(true);
    assert_eq!(events(&server).split_off(count), ["user.update", "user.sign-in-link.delete", "user.update"]);
    assert_eq!(sign_in(&server, &mut Browser::default(), TEMPORARY, "").status, 400);
    assert_eq!(Browser::default().post(&server, "/oauth/sign-in-link", &[("link", &token)]).status, 400);
    becomes(false);
    let mut waiting = Browser::default();
    set_temporary(&server, "admin", "bob", "200");
    sign_in(&server, &mut waiting, TEMPORARY, "");
    becomes(true);
    for browser in [&mut chooser, &mut waiting] {
        assert_eq!(choose(&server, browser, NEW, "").status, 400);
    }
    becomes(false);
    // A change of anything else withdraws nothing.
    set_temporary(&server, "admin", "bob", "200");
    server.check("admin", "PUT", "/api/v3/users/bob", r#"{"user":{"name":"Bob"},"field_mask":"name,admin"}"#, "200");
    assert_eq!(sign_in(&server, &mut Browser::default(), TEMPORARY, "").status, 303);
}

#[test]
fn a_temporary_password_ends_when_its_user_is_deleted() {
    let server = fixture();
    set_temporary(&server, "admin", "bob", "200");
    server.check("admin", "DELETE", "/api/v3/users/bob", "", "200");
    server.check("admin", "POST", "/api/v3/users/bob/restore", "", "200");
    assert_eq!(sign_in(&server, &mut Browser::default(), TEMPORARY, "").status, 400);
    signed_in_admin(&server).opens(&server, "/console/users/bob").does_not_tell("outstanding");
}

#[test]
fn what_is_outstanding_is_shown_to_the_user_and_to_administrators_and_can_be_withdrawn() {
    let server = fixture();
    let (mut admin, mut bob) = (signed_in_admin(&server), server.signed_in("bob"));
    admin.opens(&server, "/console/users/bob").does_not_tell("outstanding");
    let shown = admin.sends_form(&server, "/console/users/bob/temporary-password", &[]);
    let page = shown.text();
    let password = page.split("id=\"temporary-password\">").nth(1).and_then(|rest| rest.split('<').next()).expect("it is shown").to_owned();
    assert_eq!((shown.status, password.len()), (200, 32));
    let shown = admin.sends_form(&server, "/console/users/bob/sign-in-link", &[]).text();
    let token =
        shown.split('#').find_map(|part| part.starts_with("NRXGW.").then(|| part.split('<').next())).flatten().expect("a token").to_owned();
    for (browser, page) in [(&mut admin, "/console/users/bob"), (&mut bob, "/console/password")] {
        let page = browser.get(&server, page);
        page.tells("outstanding");
        let page = page.text();
        assert!(page.contains("A temporary password is valid until") && page.contains("A sign-in link is valid until"), "{page}");
        assert!(!page.contains(&password) && !page.contains(&token));
    }
    let withdrawn = bob.sends_form(&server, "/console/password/withdraw", &[]);
    assert_eq!(withdrawn.header("Location"), Some("/console/password?done=withdrawn"));
    assert_eq!(sign_in(&server, &mut Browser::default(), &password, "").status, 400);
    assert_eq!(Browser::default().post(&server, "/oauth/sign-in-link", &[("link", &token)]).status, 400);
    bob.opens(&server, "/console/password").does_not_tell("outstanding");

    set_temporary(&server, "admin", "bob", "200");
    let mut waiting = Browser::default();
    sign_in(&server, &mut waiting, TEMPORARY, "");
    assert_eq!(admin.sends_form(&server, "/console/users/bob/withdraw", &[]).status, 303);
    assert_eq!(choose(&server, &mut waiting, NEW, "").status, 400, "nor does a browser that has used it");
    set_temporary(&server, "admin", "bob", "200");
    server.check("admin", "PUT", "/api/v3/users/bob", r#"{"user":{},"field_mask":"temporary_password"}"#, "200");
    assert_eq!(sign_in(&server, &mut Browser::default(), TEMPORARY, "").status, 400);
    server.check("admin", "DELETE", "/api/v3/users/bob/sign-in-link", "", "404 sign_in_link_not_found");
    let token = link(&server);
    server.check("admin", "DELETE", "/api/v3/users/bob/sign-in-link", "", "200");
    assert_eq!(Browser::default().post(&server, "/oauth/sign-in-link", &[("link", &token)]).status, 400);
}

#[test]
fn every_step_leaves_an_event_without_the_secret() {
    let server = fixture();
    let count = events(&server).len();
    set_temporary(&server, "admin", "bob", "200");
    let mut browser = Browser::default();
    sign_in(&server, &mut browser, TEMPORARY, "");
    choose(&server, &mut browser, NEW, "");
    let token = link(&server);
    let mut browser = Browser::default();
    browser.post(&server, "/oauth/sign-in-link", &[("link", &token)]);
    choose(&server, &mut browser, PASSWORD, "");
    link(&server);
    server.check("admin", "DELETE", "/api/v3/users/bob/sign-in-link", "", "200");
    let names: Vec<String> = events(&server).split_off(count).iter().map(|name| name.replace("user.", "")).collect();
    assert_eq!(
        names,
        [
            "update",
            "temporary-password.use",
            "password.update",
            "session.create",
            "sign-in-link.create",
            "sign-in-link.use",
            "password.update",
            "session.create",
            "sign-in-link.create",
            "sign-in-link.delete"
        ]
    );
    for event in server.app.store().read(|tx| tx.events("user", "bob")).expect("events") {
        let text = format!("{} {}", event.old_values, event.new_values);
        assert!([TEMPORARY, NEW, "NRXGW", "OB3WI"].iter().all(|secret| !text.contains(secret)), "{text}");
    }
    let set = server.app.store().read(|tx| tx.events("user", "bob")).expect("events").into_iter().nth(count).expect("an event");
    assert!(set.new_values.contains(r#""temporary_password":"***""#), "{}", set.new_values);
    let by: Vec<_> = server
        .app
        .store()
        .read(|tx| tx.events("user", "bob"))
        .expect("events")
        .into_iter()
        .skip(count)
        .map(|event| event.actor.account_id.unwrap_or_default())
        .collect();
    assert_eq!(by, ["admin", "bob", "bob", "bob", "admin", "bob", "bob", "bob", "admin", "admin"]);
}

#[test]
fn guesses_at_a_temporary_password_slow_down_like_all_guesses() {
    let server = fixture();
    set_temporary(&server, "admin", "bob", "200");
    for _ in 0..5 {
        assert_eq!(sign_in(&server, &mut Browser::default(), "Wrong-passw0rd", "").status, 400);
    }
    assert_eq!(sign_in(&server, &mut Browser::default(), TEMPORARY, "").status, 429);
    server.wait_seconds(2);
    assert_eq!(sign_in(&server, &mut Browser::default(), TEMPORARY, "").status, 303);
}

#[test]
fn what_has_ended_is_deleted_from_the_file() {
    let server = fixture();
    link(&server);
    let count = || server.value::<i64>("SELECT count(*) FROM recoveries");
    assert_eq!(count(), 1);
    server.wait_seconds(15 * 60);
    server.app.store().write(keyfob::registry::expiry::sweep).expect("a sweep");
    assert_eq!(count(), 0);
}
