//! What a client says of its user's sign-in: `prompt`, `max_age` and hints (OpenID Connect Core 1.0 section 3.1.2.1).

use super::fixture;
use super::sign_in::{exchanged, id_token};
use crate::browser::{Browser, PASSWORD, authorize_target, form};
use crate::server::{Answer, Server};

/// A request of `my-app` with `openid`.
fn asked(more: &[(&str, &str)]) -> String {
    authorize_target("my-app", &[&[("scope", "openid"), ("state", "s")], more].concat())
}

/// Bob, who has agreed to `openid` before.
fn agreed(server: &Server) -> Browser {
    let mut bob = server.signed_in("bob");
    bob.code(server, "my-app", &[("scope", "openid")]);
    bob
}

/// The place that a redirect to the sign-in page comes from.
#[track_caller]
pub fn sign_in_page(answer: &Answer) -> String {
    let place = answer.header("Location").unwrap_or_else(|| panic!("{}: {}", answer.status, answer.text()));
    assert!(place.starts_with("/oauth/login?"), "{place}");
    place.to_owned()
}

/// Signs in on that page; where it leads.
#[track_caller]
pub fn signs_in(server: &Server, browser: &mut Browser, user: &str, page: &str) -> String {
    assert!(browser.get(server, page).text().contains("name=\"password\""), "the page is shown, also to a user who is signed in");
    let answer = browser.post(server, page, &[("user_id", user), ("password", PASSWORD)]);
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("Location").expect("a place").to_owned()
}

#[track_caller]
fn code_of(answer: &Answer) -> String {
    answer
        .location_parameter("code")
        .unwrap_or_else(|| panic!("no code: {} {:?} {}", answer.status, answer.header("Location"), answer.text()))
}

#[track_caller]
fn error_of(answer: &Answer) -> String {
    assert_eq!(answer.location_parameter("state").as_deref(), Some("s"), "{}: {}", answer.status, answer.text());
    answer.location_parameter("error").unwrap_or_else(|| panic!("no error in {:?}", answer.header("Location")))
}

/// An ID token of bob's for `my-app`.
pub fn hint(server: &Server, secret: &str, browser: &mut Browser) -> String {
    let reply = exchanged(server, "my-app", secret, &browser.code(server, "my-app", &[("scope", "openid")]));
    reply["id_token"].as_str().expect("an ID token").to_owned()
}

#[test]
fn prompt_login_and_an_age_that_is_exceeded_lead_over_the_sign_in_page_once_and_the_id_token_tells_the_new_sign_in() {
    for demand in [&[("prompt", "login")][..], &[("max_age", "0")], &[("max_age", "9")], &[("prompt", "login consent"), ("max_age", "0")]] {
        let (server, secret) = fixture();
        let mut bob = agreed(&server);
        server.wait_seconds(10);
        let page = sign_in_page(&bob.get(&server, &asked(demand)));
        server.wait_seconds(60);
        let asked_at = server.app.store().now().seconds();
        let back = signs_in(&server, &mut bob, "bob", &page);
        server.wait_seconds(60);
        let answer = bob.get(&server, &back);
        let answer = if answer.asks_for_consent() { bob.post(&server, &back, &[("authorize", "true")]) } else { answer };
        let claims = id_token(&server, &exchanged(&server, "my-app", &secret, &code_of(&answer)));
        assert_eq!(claims["auth_time"], asked_at, "{demand:?}");
    }
}

#[test]
fn an_age_that_is_not_exceeded_asks_nobody() {
    let (server, _) = fixture();
    let mut bob = agreed(&server);
    server.wait_seconds(10);
    for age in ["11", "10000", "99999999999999999999999999"] {
        code_of(&bob.get(&server, &asked(&[("max_age", age)])));
    }
    for age in ["-1", "1.5", "a", "1 ", "0x10"] {
        assert_eq!(error_of(&bob.get(&server, &asked(&[("max_age", age)]))), "invalid_request", "{age}");
    }
}

#[test]
fn a_sign_in_counts_once_for_the_very_request_that_asked_for_it() {
    let (server, _) = fixture();
    let mut bob = agreed(&server);
    let first = asked(&[("prompt", "login")]);
    let page = sign_in_page(&bob.get(&server, &first));
    let back = signs_in(&server, &mut bob, "bob", &page);
    let other = back.replace("state=s", "state=t");
    assert_ne!(other, back);
    for edited in [other, first.clone(), format!("{back}&sign_in_id=x"), format!("{first}&sign_in_id=x")] {
        sign_in_page(&bob.get(&server, &edited));
    }
    code_of(&bob.get(&server, &back));
    sign_in_page(&bob.get(&server, &back));
    // Nor does one that is long ago.
    let page = sign_in_page(&bob.get(&server, &first));
    let back = signs_in(&server, &mut bob, "bob", &page);
    server.wait_seconds(15 * 60);
    sign_in_page(&bob.get(&server, &back));
    // A sign-in on the way to nowhere in particular is none for this request.
    let mut bob = server.signed_in("bob");
    sign_in_page(&bob.get(&server, &back));
    // A wrong password leads nowhere.
    let page = sign_in_page(&bob.get(&server, &first));
    assert_eq!(bob.post(&server, &page, &[("user_id", "bob"), ("password", "Wrong-wrong-1")]).status, 400);
    sign_in_page(&bob.get(&server, &first));
}

#[test]
fn prompt_none_shows_nothing_whatever_would_have_to_be_asked() {
    let (server, secret) = fixture();
    let none = ("prompt", "none");
    let mut nobody = Browser::default();
    assert_eq!(error_of(&nobody.get(&server, &asked(&[none]))), "login_required");
    let mut bob = server.signed_in("bob");
    assert_eq!(error_of(&bob.get(&server, &asked(&[none]))), "consent_required");
    let token = hint(&server, &secret, &mut bob);
    code_of(&bob.get(&server, &asked(&[none])));
    server.wait_seconds(10);
    for (more, error) in [
        (("max_age", "9"), "login_required"),
        (("max_age", "0"), "login_required"),
        (("id_token_hint", "nonsense"), "login_required"),
        (("login_hint", "alice"), "account_selection_required"),
        (("scope", "openid email"), "consent_required"),
    ] {
        let target = asked(&[none, more]).replacen("scope=openid&", if more.0 == "scope" { "" } else { "scope=openid&" }, 1);
        assert_eq!(error_of(&bob.get(&server, &target)), error, "{more:?}");
    }
    let mut alice = server.signed_in("alice");
    assert_eq!(error_of(&alice.get(&server, &asked(&[none, ("id_token_hint", &token)]))), "login_required");
    for more in [("max_age", "11"), ("login_hint", "bob"), ("login_hint", "bob@example.com"), ("id_token_hint", token.as_str())] {
        code_of(&bob.get(&server, &asked(&[none, more])));
    }
    server.check("admin", "PUT", "/api/v3/users/bob", r#"{"user":{"state":"STATE_REQUESTED"},"field_mask":"state"}"#, "200");
    assert_eq!(error_of(&bob.get(&server, &asked(&[none]))), "interaction_required");
}

#[test]
fn prompt_none_writes_nothing_down_and_ends_at_no_client_that_nobody_approved() {
    let (server, _) = fixture();
    let events = |server: &Server| server.value::<i64>("SELECT count(*) FROM events");
    let before = events(&server);
    let mut nobody = Browser::default();
    assert_eq!(error_of(&nobody.get(&server, &asked(&[("prompt", "none")]))), "login_required");
    assert_eq!(events(&server), before);
    for state in ["STATE_REQUESTED", "STATE_REJECTED", "STATE_SUSPENDED"] {
        server.has_state("my-app", state);
        let answer = nobody.get(&server, &asked(&[("prompt", "none")]));
        assert_eq!((answer.status / 100, answer.header("Location")), (4, None), "{state}");
    }
    for wrong in [("redirect_uri", "https://evil.example/cb"), ("client_id", "unknown")] {
        let answer = nobody
            .get(&server, &format!("/oauth/authorize?{}&scope=openid&prompt=none&response_type=code&client_id=my-app", form(&[wrong])));
        assert_eq!(answer.header("Location"), None, "{wrong:?}");
    }
}

#[test]
fn a_frame_learns_from_prompt_none_of_no_one_who_has_not_agreed() {
    let (server, _) = fixture();
    let mut bob = server.signed_in("bob");
    let framed = |browser: &mut Browser, more: &[(&str, &str)]| {
        let target = asked(&[&[("prompt", "none")], more].concat());
        browser.send(&server, "GET", &target, &[("Sec-Fetch-Dest", "iframe")], "")
    };
    for more in [&[][..], &[("login_hint", "bob")], &[("login_hint", "alice")], &[("max_age", "10000")], &[("max_age", "0")]] {
        assert_eq!(error_of(&framed(&mut bob, more)), "login_required", "{more:?}");
    }
    // Nor whether somebody is signed in at all, who may not use the client or is not approved.
    let is_told_nothing = |browser: &mut Browser| {
        let told = [framed(browser, &[]), framed(&mut Browser::default(), &[])];
        let [somebody, nobody] = told.map(|answer| (answer.status, answer.header("Location").map(str::to_owned)));
        assert_eq!(somebody, nobody);
    };
    server.has_state("my-app", "STATE_REQUESTED");
    is_told_nothing(&mut bob);
    server.has_state("my-app", "STATE_APPROVED");
    for body in
        [r#"{"client":{"allowed_groups":["crew"]},"field_mask":"allowed_groups"}"#, r#"{"client":{},"field_mask":"allowed_groups"}"#]
    {
        server.check("admin", "PUT", "/api/v3/clients/my-app", body, "200");
        is_told_nothing(&mut bob);
    }
    bob.code(&server, "my-app", &[("scope", "openid")]);
    code_of(&framed(&mut bob, &[]));
    server.check("admin", "PUT", "/api/v3/users/bob", r#"{"user":{"state":"STATE_REQUESTED"},"field_mask":"state"}"#, "200");
    is_told_nothing(&mut bob);
}

#[test]
fn nobody_who_has_not_agreed_is_found_out_by_login_hints() {
    let (server, _) = fixture();
    let mut bob = server.signed_in("bob");
    let guessed = |bob: &mut Browser, hint: &str| bob.get(&server, &asked(&[("prompt", "none"), ("login_hint", hint)]));
    for hint in ["bob", "alice", "no-such-user"] {
        assert_eq!(error_of(&guessed(&mut bob, hint)), "consent_required", "{hint}");
    }
    bob.code(&server, "my-app", &[("scope", "openid")]);
    assert_eq!(error_of(&guessed(&mut bob, "alice")), "account_selection_required");
    code_of(&guessed(&mut bob, "bob"));
}

#[test]
fn a_sign_in_does_not_count_for_what_a_form_makes_of_its_request() {
    let (server, _) = fixture();
    let mut bob = agreed(&server);
    let page = sign_in_page(&bob.get(&server, &asked(&[("prompt", "login")])));
    let back = signs_in(&server, &mut bob, "bob", &page);
    for edit in [("state", "t"), ("nonce", "n"), ("redirect_uri", crate::browser::CALLBACK), ("max_age", "5"), ("id_token_hint", "x")] {
        sign_in_page(&bob.post(&server, &back, &[("authorize", "true"), edit]));
    }
    code_of(&bob.post(&server, &back, &[("authorize", "true")]));
}

#[test]
fn a_refusal_uses_up_the_sign_in_that_its_request_asked_for() {
    let (server, _) = fixture();
    let mut bob = server.signed_in("bob");
    let page = sign_in_page(&bob.get(&server, &asked(&[("prompt", "login")])));
    let back = signs_in(&server, &mut bob, "bob", &page);
    assert!(bob.get(&server, &back).asks_for_consent());
    assert_eq!(error_of(&bob.post(&server, &back, &[("authorize", "false")])), "access_denied");
    sign_in_page(&bob.get(&server, &back));
}

#[test]
fn prompt_consent_asks_again_each_time_who_has_agreed_and_where_administrators_did_for_all() {
    let (server, _) = fixture();
    let mut bob = agreed(&server);
    let target = asked(&[("prompt", "consent")]);
    for _ in 0..2 {
        assert!(bob.opens(&server, &target).asks_for_consent());
        code_of(&bob.post(&server, &target, &[("authorize", "true")]));
    }
    assert_eq!(error_of(&bob.post(&server, &target, &[("authorize", "false")])), "access_denied");
    let skip = r#"{"client":{"skip_authorization":true},"field_mask":"skip_authorization"}"#;
    server.check("admin", "PUT", "/api/v3/clients/my-app", skip, "200");
    assert!(server.signed_in("alice").opens(&server, &target).asks_for_consent());
    // An answer from elsewhere is none.
    let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Origin", "https://evil.example")];
    assert_eq!(bob.send(&server, "POST", &target, &headers, "authorize=true").status, 403);
}

#[test]
fn prompt_select_account_lets_the_user_go_on_or_sign_in_as_another() {
    let (server, secret) = fixture();
    let mut bob = agreed(&server);
    agreed_by(&server, "alice");
    for (more, asks) in [(&[("prompt", "select_account")][..], true), (&[("login_hint", "alice")], true), (&[("login_hint", "bob")], false)]
    {
        let page = bob.get(&server, &asked(more));
        assert_eq!(page.text().contains("data-message=\"choose-account\""), asks, "{more:?}");
        if !asks {
            code_of(&page);
            continue;
        }
        let [this, another] = links(&page);
        code_of(&bob.get(&server, &this));
        let mut alice = bob.clone();
        let back = signs_in(&server, &mut alice, "alice", &another);
        let reply = exchanged(&server, "my-app", &secret, &code_of(&alice.get(&server, &back)));
        let subject: String = server.value("SELECT subject FROM users WHERE user_id = 'alice'");
        assert_eq!(id_token(&server, &reply)["sub"], subject);
        bob = agreed(&server);
    }
    // Who is not signed in chooses by signing in.
    let mut nobody = Browser::default();

    let page = sign_in_page(&nobody.get(&server, &asked(&[("prompt", "select_account login")])));
    let back = signs_in(&server, &mut nobody, "bob", &page);
    code_of(&nobody.get(&server, &back));
}

fn agreed_by(server: &Server, user: &str) {
    server.signed_in(user).code(server, "my-app", &[("scope", "openid")]);
}

/// The two links of the page that asks for an account.
fn links(page: &Answer) -> [String; 2] {
    let text = page.text().replace("&amp;", "&");
    let links: Vec<String> =
        text.split("href=\"/oauth/").skip(2).filter_map(|rest| rest.split('"').next()).map(|link| format!("/oauth/{link}")).collect();
    links.try_into().unwrap_or_else(|links| panic!("{links:?} in {text}"))
}

#[test]
fn a_login_hint_stands_in_the_form_if_it_can_be_a_user_id_and_tells_nothing_of_accounts() {
    let (server, _) = fixture();
    for (hint, shown) in
        [("alice", "alice"), ("nobody-knows-me", "nobody-knows-me"), ("alice@example.com", ""), ("\"><script>", ""), ("A B", "")]
    {
        let mut nobody = Browser::default();
        let page = sign_in_page(&nobody.get(&server, &asked(&[("login_hint", hint)])));
        let text = nobody.get(&server, &page).text();
        assert!(text.contains(&format!("name=\"user_id\" type=\"text\" value=\"{shown}\"")), "{hint}: {text}");
    }
}

#[test]
fn an_e_mail_address_as_a_hint_is_named_to_who_signs_in_and_says_nothing_of_accounts() {
    let (server, _) = fixture();
    let page_of = |browser: &mut Browser, more: &[(&str, &str)]| {
        let page = sign_in_page(&browser.get(&server, &asked(more)));
        browser.get(&server, &page).text()
    };
    for address in ["bob@example.com", "nobody@example.com", "b+o&b=1@example.com"] {
        let text = page_of(&mut Browser::default(), &[("login_hint", address)]);
        assert!(text.contains(&format!("<strong>{}</strong>", address.replace('&', "&amp;"))), "{text}");
        assert!(text.contains("name=\"user_id\" type=\"text\" value=\"\""), "{text}");
    }
    // Who is signed in has shown who they are.
    let mut bob = agreed(&server);
    for (address, id) in [("BOB@example.com", "bob"), ("alice@example.com", ""), ("nobody@example.com", "")] {
        let text = page_of(&mut bob, &[("login_hint", address), ("prompt", "login")]);
        assert!(text.contains(&format!("name=\"user_id\" type=\"text\" value=\"{id}\"")), "{address}: {text}");
    }
}

#[test]
fn an_e_mail_address_as_a_hint_chooses_the_account_of_who_is_signed_in_or_asks_them() {
    let (server, _) = fixture();
    let mut bob = agreed(&server);
    for address in ["bob@example.com", "BOB@EXAMPLE.com"] {
        code_of(&bob.get(&server, &asked(&[("login_hint", address)])));
    }
    for address in ["alice@example.com", "nobody@example.com"] {
        let page = bob.get(&server, &asked(&[("login_hint", address)]));
        page.tells("choose-account");
        let [this, another] = links(&page);
        assert!(bob.get(&server, &another).text().contains(&format!("<strong>{address}</strong>")));
        code_of(&bob.get(&server, &this));
        // The client is told nothing of addresses, so it finds none by guesses.
        code_of(&bob.get(&server, &asked(&[("login_hint", address), ("prompt", "none")])));
    }
}

#[test]
fn an_id_token_hint_of_another_user_has_that_one_sign_in_and_no_other_gets_a_code() {
    let (server, secret) = fixture();
    let mut bob = server.signed_in("bob");
    let token = hint(&server, &secret, &mut bob);
    agreed_by(&server, "alice");
    server.wait_seconds(2 * 3600);
    let target = asked(&[("id_token_hint", &token)]);
    code_of(&bob.get(&server, &target));
    let mut alice = server.signed_in("alice");
    let page = sign_in_page(&alice.get(&server, &target));
    let mut still = alice.clone();
    let back = signs_in(&server, &mut still, "alice", &page);
    let refused = still.get(&server, &back);
    assert_eq!((refused.status, refused.header("Location")), (400, None), "who has just typed a password is led nowhere at once");
    assert!(refused.text().contains("/cb?error=login_required&amp;"), "{}", refused.text());
    let back = signs_in(&server, &mut alice, "bob", &page);
    code_of(&alice.get(&server, &back));
}

#[test]
fn a_hint_that_this_server_did_not_sign_for_the_client_is_not_believed() {
    let (server, secret) = fixture();
    let mut bob = server.signed_in("bob");
    let token = hint(&server, &secret, &mut bob);
    server.has_app("alice", "other-app", &["RIGHT_USER_INFO"]);
    bob.code(&server, "other-app", &[("scope", "openid")]);
    let claims = token.split('.').nth(1).expect("claims");
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.");
    let (cut, _) = token.rsplit_once('.').expect("a signature");
    for wrong in [unsigned.as_str(), cut, "a.b.c", "nonsense"] {
        let target = |more: &[(&str, &str)]| asked(&[&[("id_token_hint", wrong)], more].concat());
        assert_eq!(error_of(&bob.get(&server, &target(&[("prompt", "none")]))), "login_required", "{wrong}");
        // Whose it is nobody knows, so who signs in is the one.
        let page = sign_in_page(&bob.get(&server, &target(&[])));
        let back = signs_in(&server, &mut bob, "bob", &page);
        code_of(&bob.get(&server, &back));
    }
    let of_other = authorize_target("other-app", &[("scope", "openid"), ("state", "s"), ("prompt", "none"), ("id_token_hint", &token)]);
    assert_eq!(error_of(&bob.get(&server, &of_other)), "login_required");
}

#[test]
fn what_is_not_supported_is_refused_by_its_name_and_what_is_ignored_is_not() {
    let (server, _) = fixture();
    let mut bob = agreed(&server);
    for (more, error) in [
        (("request", "eyJhbGciOiJub25lIn0.e30."), "request_not_supported"),
        (("request_uri", "https://app.example/request"), "request_uri_not_supported"),
        (("registration", "{}"), "registration_not_supported"),
        (("prompt", "create"), "invalid_request"),
        (("prompt", "none login"), "invalid_request"),
        (("prompt", "consent none"), "invalid_request"),
        (("prompt", "LOGIN"), "invalid_request"),
        (("response_mode", "fragment"), "invalid_request"),
        (("response_mode", "web_message"), "invalid_request"),
    ] {
        assert_eq!(error_of(&bob.get(&server, &asked(&[more]))), error, "{more:?}");
    }
    for name in ["prompt", "max_age", "id_token_hint", "login_hint", "response_mode"] {
        let twice = form(&[(name, "1"), (name, "1")]);
        assert_eq!(error_of(&bob.get(&server, &format!("{}&{twice}", asked(&[])))), "invalid_request", "{name}");
    }
    for ignored in
        [("claims", r#"{"userinfo":{"email":null}}"#), ("ui_locales", "de fr"), ("acr_values", "2"), ("display", "popup"), ("unknown", "x")]
    {
        code_of(&bob.get(&server, &asked(&[ignored])));
        code_of(&bob.get(&server, &format!("{}&{}", asked(&[ignored]), form(&[ignored]))));
    }
}

#[test]
fn without_openid_these_parameters_change_nothing() {
    let (server, _) = fixture();
    let mut bob = server.signed_in("bob");
    bob.code(&server, "my-app", &[]);
    server.wait_seconds(10);
    for more in
        [("prompt", "login"), ("prompt", "none none"), ("max_age", "0"), ("id_token_hint", "x"), ("login_hint", "alice"), ("request", "x")]
    {
        code_of(&bob.get(&server, &authorize_target("my-app", &[more])));
        let target = authorize_target("my-app", &[("scope", "RIGHT_USER_INFO"), more]);
        let page = Browser::default().get(&server, &target);
        assert_eq!(
            page.header("Location"),
            Some(format!("/oauth/login?n={}", keyfob::base::uri::form_encoded(target.as_bytes())).as_str())
        );
    }
}

#[test]
fn a_request_that_a_page_of_the_client_posts_is_led_to_the_same_request_as_get() {
    let (server, _) = fixture();
    let mut bob = agreed(&server);
    let elsewhere =
        [("Content-Type", "application/x-www-form-urlencoded"), ("Origin", "https://app.example"), ("Sec-Fetch-Site", "cross-site")];
    let (_, query) = asked(&[("prompt", "none"), ("max_age", "100"), ("nonce", "a&b=c")])
        .split_once('?')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .expect("a query");
    for (target, body) in [("/oauth/authorize".to_owned(), query.clone()), (format!("/oauth/authorize?{query}"), String::new())] {
        let answer = Browser::default().send(&server, "POST", &target, &elsewhere, &body);
        assert_eq!(answer.status, 303);
        let place = answer.header("Location").expect("a place").to_owned();
        assert!(place.starts_with("/oauth/authorize?") && place.contains("nonce=a%26b%3Dc") && place.contains("max_age=100"), "{place}");
        code_of(&bob.get(&server, &place));
    }
    // An answer of the user, and plain OAuth, are protected as ever.
    let answers = form(&[("authorize", "true"), ("scope", "openid")]);
    for (target, body) in [(asked(&[]), answers.as_str()), (asked(&[]), "authorize="), (authorize_target("my-app", &[]), "state=x")] {
        assert_eq!(bob.send(&server, "POST", &target, &elsewhere, body).status, 403, "{target} {body}");
    }
    // Names that nobody knows are left out, and what is far too long is refused.
    let answer = bob.send(&server, "POST", "/oauth/authorize", &elsewhere, &format!("{query}&unknown={}", "x".repeat(100_000)));
    assert!(answer.status == 303 && answer.header("Location").is_some_and(|place| place.len() < 1000));
    let answer = bob.send(&server, "POST", "/oauth/authorize", &elsewhere, &format!("{query}&login_hint={}", "x".repeat(10_000)));
    assert_eq!((answer.status, answer.header("Location")), (400, None));
}

#[test]
fn an_e_mail_address_as_a_hint_does_nothing_in_a_frame_so_that_none_is_guessed() {
    let (server, _) = fixture();
    let mut bob = agreed(&server);
    for address in ["bob@example.com", "alice@example.com"] {
        code_of(&bob.send(&server, "GET", &asked(&[("login_hint", address)]), &[("Sec-Fetch-Dest", "iframe")], ""));
    }
}

#[test]
fn another_account_is_offered_only_where_its_link_is_not_too_long_for_a_browser() {
    let (server, _) = fixture();
    let mut bob = server.signed_in("bob");
    let (short, long) = ("x".repeat(2000), "\"".repeat(2500));
    for more in [&[][..], &[("prompt", "select_account")]] {
        for (state, is_offered) in [(&short, true), (&long, false)] {
            let target = authorize_target("my-app", &[&[("scope", "openid"), ("state", state)], more].concat());
            let page = bob.get(&server, &target);
            assert_eq!(page.status, 200);
            assert_eq!(page.text().contains("Use another account"), is_offered, "{more:?}");
        }
    }
}

#[test]
fn the_wanted_address_is_named_again_after_a_wrong_password_and_only_beside_the_app_that_wants_it() {
    let (server, _) = fixture();
    let mut nobody = Browser::default();
    let page = sign_in_page(&nobody.get(&server, &asked(&[("login_hint", "bob@example.com")])));
    let shown = nobody.get(&server, &page);
    shown.tells("address-wanted");
    assert!(shown.text().contains("name=\"login_hint\" value=\"bob@example.com\""), "{}", shown.text());
    let wrong = nobody.post(&server, &page, &[("user_id", "bob"), ("password", "wrong")]);
    assert_eq!(wrong.status, 400);
    wrong.tells("address-wanted");
    nobody.get(&server, "/oauth/login?login_hint=call.0800@example.com").does_not_tell("address-wanted");
}
