//! Requests that a browser sends because another site made it (oauth.md 1.6.3), and hosts that lie.

use keyfob::model::settings::Settings;

use super::fixture;
use crate::browser::{Browser, PASSWORD, authorize_target, form};
use crate::server::Server;

type Headers = &'static [(&'static str, &'static str)];

/// What a browser says of a page of this server, under each name that people may call a server on their own network.
const HERE: &[Headers] = &[
    &[("Origin", "http://127.0.0.1:1885")],
    &[("Referer", "http://127.0.0.1:1885/oauth/login")],
    &[("Sec-Fetch-Site", "same-origin"), ("Origin", "http://127.0.0.1:1885")],
    &[("Sec-Fetch-Site", "same-origin"), ("Origin", "null")],
    &[("Sec-Fetch-Site", "same-origin"), ("Host", "localhost:1885")],
    &[("Sec-Fetch-Site", "none")],
    &[("Host", "localhost:1885"), ("Origin", "http://localhost:1885")],
    &[("Host", "[::1]:1885"), ("Origin", "http://[::1]:1885")],
    &[("Host", "192.168.1.5:1885"), ("Origin", "http://192.168.1.5:1885")],
    &[("Host", "keyfob.local"), ("Origin", "http://keyfob.local")],
    &[("Host", "nas:1885"), ("Origin", "http://nas:1885")],
];

/// What it says of any other page.
const ELSEWHERE: &[Headers] = &[
    &[("Origin", "https://evil.example")],
    &[("Origin", "null")],
    &[("Referer", "https://evil.example/page")],
    &[("Sec-Fetch-Site", "cross-site")],
    &[("Sec-Fetch-Site", "same-site")],
    // Another port, another scheme, a sub-domain; and one word against the other.
    &[("Origin", "http://127.0.0.1:8000")],
    &[("Origin", "http://127.0.0.1")],
    &[("Origin", "https://127.0.0.1:1885")],
    &[("Host", "keyfob.local"), ("Origin", "http://keyfob.local:8080")],
    &[("Host", "keyfob.local"), ("Origin", "https://keyfob.local")],
    &[("Host", "keyfob.local"), ("Origin", "http://blog.keyfob.local")],
    &[("Sec-Fetch-Site", "same-site"), ("Origin", "http://127.0.0.1:1885")],
    &[("Sec-Fetch-Site", "same-origin"), ("Origin", "https://evil.example")],
    &[("Sec-Fetch-Site", "none"), ("Origin", "null")],
    &[("Origin", "https://evil.example"), ("Origin", "http://127.0.0.1:1885")],
    // A name that a stranger had point here (DNS rebinding).
    &[("Host", "evil.example:1885"), ("Origin", "http://evil.example:1885")],
    &[("Host", "evil.example:1885"), ("Sec-Fetch-Site", "same-origin")],
    &[("Host", "evil.example:1885"), ("Sec-Fetch-Site", "same-origin"), ("Origin", "null")],
];

/// Programs say nothing; nor does a browser behind something that takes such headers away.
const PROGRAM: &[Headers] = &[&[], &[("User-Agent", "curl/8.5.0")]];
const SILENT_BROWSER: &[Headers] = &[&[("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)")]];

/// What changes something, and whether it does without a token, with the right one, and with one of somebody else: sent from here, by a
/// program, by a browser that says nothing, and from elsewhere.
const DECISIONS: &[(Form, [&str; 4])] = &[
    (Form::SignIn, ["yes yes yes", "yes yes no", "no yes no", "no no no"]),
    (Form::SignInOfPrograms, ["yes yes yes", "yes yes no", "no yes no", "no no no"]),
    (Form::Consent, ["yes yes no", "yes yes no", "no yes no", "no no no"]),
    (Form::SignOut, ["yes yes no", "yes yes no", "no yes no", "no no no"]),
    (Form::Console, ["no yes no", "no yes no", "no yes no", "no no no"]),
    (Form::Api, ["no yes no", "no yes no", "no yes no", "no no no"]),
    // Nobody is signed in, and so no token can be right.
    (Form::Password, ["yes yes yes", "yes yes yes", "yes yes yes", "no no no"]),
];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    SignIn,
    SignInOfPrograms,
    Consent,
    SignOut,
    Console,
    Api,
    Password,
}

impl Form {
    fn sent(self) -> (&'static str, String, String) {
        let sign_in = form(&[("user_id", "bob"), ("password", PASSWORD)]);
        match self {
            Form::SignIn => ("POST", "/oauth/login".to_owned(), sign_in),
            Form::SignInOfPrograms => ("POST", "/oauth/api/auth/login".to_owned(), sign_in),
            Form::Consent => ("POST", authorize_target("my-app", &[]), form(&[("authorize", "true")])),
            Form::SignOut => ("POST", "/oauth/api/auth/logout".to_owned(), String::new()),
            Form::Console => ("POST", "/console/add/api-key".to_owned(), form(&[("name", "k"), ("rights", "RIGHT_USER_INFO")])),
            Form::Api => ("PUT", "/api/v3/users/bob".to_owned(), r#"{"user":{"name":"B"},"field_mask":"name"}"#.to_owned()),
            Form::Password => ("PUT", "/api/v3/users/bob/password".to_owned(), format!(r#"{{"old":"{PASSWORD}","new":"{PASSWORD}"}}"#)),
        }
    }

    /// Where the token of this form stands, for somebody who is signed in or not.
    fn page(self) -> &'static str {
        if self.is_signed_in() { "/console" } else { "/oauth/login" }
    }

    fn is_signed_in(self) -> bool {
        !matches!(self, Form::SignIn | Form::SignInOfPrograms | Form::Password)
    }
}

fn sends(server: &Server, browser: &mut Browser, form: Form, headers: Headers, token: Option<&str>) -> bool {
    let (method, target, body) = form.sent();
    let mut all = headers.to_vec();
    all.push(("Content-Type", if method == "PUT" { "application/json" } else { "application/x-www-form-urlencoded" }));
    all.extend(token.map(|token| ("X-CSRF-Token", token)));
    let answer = browser.send(server, method, &target, &all, &body);
    if answer.status == 403 {
        assert!(answer.error() == "invalid_csrf_token" || answer.errors() == ["invalid_csrf_token"], "{}", answer.text());
    } else if form == Form::Password {
        assert_eq!(answer.error(), "password_equals_old");
    } else {
        assert!(matches!(answer.status, 200 | 204 | 302 | 303), "{form:?} {headers:?}: {}", answer.text());
    }
    answer.status != 403
}

#[test]
fn a_form_counts_where_its_sender_and_its_token_say_that_it_was_meant() {
    let (server, _) = fixture();
    let other = server.signed_in("alice").form_token(&server, "/console");
    for (form, decisions) in DECISIONS {
        // Anew for each form: of a user's sessions the oldest make room.
        let bob = server.signed_in("bob");
        for (senders, decision) in [HERE, PROGRAM, SILENT_BROWSER, ELSEWHERE].into_iter().zip(decisions) {
            for headers in senders {
                let got = [None, Some(true), Some(false)].map(|token| {
                    let mut browser = match form {
                        Form::SignOut => server.signed_in("bob"),
                        form if form.is_signed_in() => bob.clone(),
                        _ => Browser::default(),
                    };
                    let right = browser.form_token(&server, form.page());
                    let token = token.map(|is_right| if is_right { &right } else { &other });
                    if sends(&server, &mut browser, *form, headers, token.map(String::as_str)) { "yes" } else { "no" }
                });
                assert_eq!(got.join(" "), *decision, "{form:?} with {headers:?}");
            }
        }
    }
}

#[test]
fn behind_https_only_the_public_url_is_here() {
    let settings = Settings { public_url: "https://id.example".to_owned(), ..Default::default() };
    let mut server = Server::with(settings);
    server.has_user("bob");
    let here: &[Headers] = &[
        &[("Origin", "https://id.example")],
        &[("Origin", "https://id.example"), ("Host", "127.0.0.1:1885")],
        &[("Origin", "https://id.example:443"), ("Host", "id.example")],
    ];
    let elsewhere: &[Headers] = &[
        &[("Origin", "http://id.example"), ("Host", "id.example")],
        &[("Origin", "https://id.example:8443"), ("Host", "id.example")],
        &[("Origin", "https://blog.id.example")],
        &[("Origin", "http://127.0.0.1:1885"), ("Host", "127.0.0.1:1885")],
        &[("Origin", "https://evil.example"), ("Host", "evil.example")],
    ];
    for headers in here {
        assert!(sends(&server, &mut Browser::default(), Form::SignIn, headers, None), "{headers:?}");
    }
    for headers in elsewhere {
        assert!(!sends(&server, &mut Browser::default(), Form::SignIn, headers, None), "{headers:?}");
    }
}

#[test]
fn a_cookie_that_repeats_the_token_of_a_form_proves_nothing() {
    let (server, _) = fixture();
    let planted = "A".repeat(52);
    let silent = SILENT_BROWSER[0];
    let mut bob = server.signed_in("bob");
    let mut nobody = Browser::default();
    nobody.get(&server, "/oauth/login");
    for name in nobody.jar.names().into_iter().chain(["_csrf".to_owned()]) {
        for browser in [&mut bob, &mut nobody] {
            browser.jar.plant(&name, &planted);
        }
    }
    assert!(!sends(&server, &mut bob, Form::Consent, silent, Some(&planted)));
    assert!(!sends(&server, &mut bob, Form::Console, silent, Some(&planted)));
    assert!(!sends(&server, &mut nobody, Form::SignIn, silent, Some(&planted)));
}

#[test]
fn two_cookies_of_one_name_are_none() {
    let (server, _) = fixture();
    let (mut mine, mut theirs) = (Browser::default(), Browser::default());
    let (token, _) = (mine.form_token(&server, "/oauth/login"), theirs.form_token(&server, "/oauth/login"));
    let sign_in = |cookies: &str| {
        let headers = [("User-Agent", "Mozilla/5.0"), ("Cookie", cookies), ("X-CSRF-Token", &token)];
        let body = form(&[("user_id", "bob"), ("password", PASSWORD)]);
        server.send_with(None, &headers, "POST", "/oauth/login", body.as_bytes()).status
    };
    let (mine, theirs) = (mine.jar.header().expect("a cookie"), theirs.jar.header().expect("a cookie"));
    assert_eq!(sign_in(&format!("{theirs}; {mine}")), 403);
    assert_eq!(sign_in(&format!("{mine}; {theirs}")), 403);
    assert_eq!(sign_in(&mine), 303);
}

#[test]
fn other_sites_cannot_use_up_the_guesses_of_a_user() {
    let (server, _) = fixture();
    let change = r#"{"old":"wrong","new":"Another-passw0rd"}"#;
    let from_elsewhere = [("Origin", "https://evil.example"), ("Content-Type", "text/plain")];
    for _ in 0..10 {
        for (method, target, body) in [
            ("PUT", "/api/v3/users/bob/password", change.to_owned()),
            ("POST", "/oauth/login", form(&[("user_id", "bob"), ("password", "wrong")])),
            ("POST", "/oauth/api/auth/login", form(&[("user_id", "bob"), ("password", "wrong")])),
        ] {
            let answer = server.send_with(None, &from_elsewhere, method, target, body.as_bytes());
            assert_eq!((answer.status, answer.error().as_str()), (403, "invalid_csrf_token"), "{target}");
            assert_eq!(answer.header("Access-Control-Allow-Origin"), None, "{target}");
        }
    }
    // A browser that asks before it sends is told nothing that would let it.
    for target in ["/api/v3/users/bob/password", "/oauth/login", "/oauth/api/auth/login"] {
        let headers = [("Origin", "https://evil.example"), ("Access-Control-Request-Method", "PUT")];
        let answer = server.send_with(None, &headers, "OPTIONS", target, b"");
        assert!(answer.headers.iter().all(|(name, _)| !name.starts_with("Access-Control-")), "{target}: {:?}", answer.headers);
    }
    assert_eq!(server.send_with(None, &[], "OPTIONS", "/api/v3/users/bob", b"").header("Access-Control-Allow-Origin"), Some("*"));
    server.signed_in("bob");
}

#[test]
fn a_session_changes_something_in_the_api_only_with_a_token() {
    let (server, _) = fixture();
    let mut alice = server.signed_in("alice");
    let (method, target, body) = ("PUT", "/api/v3/clients/my-app", r#"{"client":{"name":"New"},"field_mask":"name"}"#);
    assert_eq!(alice.get(&server, "/api/v3/clients/my-app?field_mask=name").status, 200);
    assert_eq!(alice.send(&server, method, target, &[], body).error(), "invalid_csrf_token");
    assert_eq!(alice.send(&server, method, target, &[("X-CSRF-Token", "x")], body).error(), "invalid_csrf_token");
    let token = alice.form_token(&server, &authorize_target("my-app", &[]));
    let with_token = [("X-CSRF-Token", token.as_str())];
    assert_eq!(alice.send(&server, method, target, &with_token, body).status, 200);
    let from_elsewhere = [("X-CSRF-Token", token.as_str()), ("Origin", "https://evil.example")];
    assert_eq!(alice.send(&server, method, target, &from_elsewhere, body).status, 403);
    // A session as a bearer is a session; a key is a key, and goes before the cookie.
    let (name, value) = alice.jar.session();
    let bearer = format!("Bearer {}", value.split_once('.').expect("a session cookie").1);
    assert_eq!(server.send_with(Some(&bearer), &[], method, target, body.as_bytes()).error(), "invalid_csrf_token");
    assert_eq!(server.send_with(Some(&bearer), &[], "GET", "/api/v3/users/alice/sessions", b"").status, 200);
    let cookie = format!("{name}={value}");
    let by_nobody = server.send_with(Some("Bearer NNSXS.A.B"), &[("Cookie", &cookie)], method, target, body.as_bytes());
    assert_eq!(by_nobody.error(), "api_key_not_found");
    // Also where nobody need be signed in.
    let password = r#"{"old":"Hunter2-hunter2","new":"Another-passw0rd"}"#;
    assert_eq!(alice.send(&server, "PUT", "/api/v3/users/alice/password", &[], password).error(), "invalid_csrf_token");
}

#[test]
fn what_a_request_says_of_its_host_changes_nothing_that_is_told() {
    let (server, _) = fixture();
    let headers = [("Host", "evil.example"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https")];
    let metadata = server.send_with(None, &headers, "GET", "/.well-known/oauth-authorization-server", b"");
    assert!(!metadata.text().contains("evil"));
    assert_eq!(metadata.json()["issuer"], "http://127.0.0.1:1885");
    let sent = server.signed_in("bob").send(&server, "GET", &authorize_target("my-app", &[("response_type", "x")]), &headers, "");
    assert_eq!(sent.location_parameter("iss").as_deref(), Some("http://127.0.0.1:1885"));
}

#[test]
fn the_metadata_names_what_is_there() {
    let (server, _) = fixture();
    let answer = server.check("anon", "GET", "/.well-known/oauth-authorization-server", "", "200");
    let json = answer.json();
    for (name, path) in [
        ("authorization_endpoint", "/oauth/authorize"),
        ("token_endpoint", "/oauth/token"),
        ("revocation_endpoint", "/oauth/revoke"),
        ("introspection_endpoint", "/oauth/introspect"),
    ] {
        assert_eq!(json[name], format!("http://127.0.0.1:1885{path}"));
    }
    assert_eq!(json["code_challenge_methods_supported"], serde_json::json!(["S256"]));
    assert_eq!(json["authorization_response_iss_parameter_supported"], true);
}
