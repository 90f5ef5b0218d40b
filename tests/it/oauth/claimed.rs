//! Clients without a secret: anybody can say that he is one (RFC 8252 section 8.6, RFC 9700 section 2.1.1).

use serde_json::json;

use super::fixture;
use crate::browser::{Tokens, authorize_target};
use crate::server::Server;

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &[(&str, &str)] = &[("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), ("code_challenge_method", "S256")];

/// A request that comes back there, with a challenge.
fn more(redirect_uri: &str) -> Vec<(&str, &str)> {
    [&[("redirect_uri", redirect_uri)], CHALLENGE].concat()
}

/// What an administrator makes of `my-app`: approved, and nobody is asked about it.
fn skips(server: &Server, redirect_uri: &str) {
    let body =
        json!({"client": {"redirect_uris": [redirect_uri], "skip_authorization": true}, "field_mask": "redirect_uris,skip_authorization"});
    server.check("admin", "PUT", "/api/v3/clients/my-app", &body.to_string(), "200");
}

fn loses_its_secret(server: &Server) {
    server.check("admin", "PUT", "/api/v3/clients/my-app", r#"{"client":{"secret":""},"field_mask":"secret"}"#, "200");
}

const ON_THE_DEVICE: &[&str] = &[
    "http://127.0.0.1/cb",
    "http://localhost:3000/cb",
    "http://[::1]:1/cb",
    "https://localhost/cb",
    "com.example.app:/cb",
    "local-callback",
    "code",
];

#[test]
fn every_client_without_a_secret_sends_a_challenge_and_cli_is_one() {
    let (server, _) = fixture();
    loses_its_secret(&server);
    let mut bob = server.signed_in("bob");
    for (client, redirect_uri) in [("my-app", "https://app.example/cb"), ("cli", "local-callback"), ("cli", "code")] {
        for without in
            [vec![("redirect_uri", redirect_uri)], vec![("redirect_uri", redirect_uri), CHALLENGE[0], ("code_challenge_method", "plain")]]
        {
            let answer = bob.get(&server, &authorize_target(client, &without));
            assert_eq!(
                answer.location_parameter("error").as_deref(),
                Some("invalid_request"),
                "{client} {redirect_uri}: {}",
                answer.text()
            );
        }
        assert!(!bob.code(&server, client, &more(redirect_uri)).is_empty());
    }
}

#[test]
fn a_client_without_a_secret_that_comes_back_to_the_device_is_asked_about_every_time() {
    for redirect_uri in ON_THE_DEVICE {
        let (server, _) = fixture();
        skips(&server, redirect_uri);
        loses_its_secret(&server);
        let mut bob = server.signed_in("bob");
        for round in ["first", "second"] {
            let page = bob.get(&server, &authorize_target("my-app", &more(redirect_uri)));
            assert!(page.status == 200 && page.asks_for_consent(), "{redirect_uri}, the {round} time: {}", page.text());
            page.tells("claimed-identity");
            bob.code(&server, "my-app", &more(redirect_uri));
        }
    }
}

#[test]
fn a_client_that_can_be_told_from_others_is_remembered_and_may_skip_the_question() {
    for redirect_uri in ON_THE_DEVICE {
        let (server, _) = fixture();
        skips(&server, redirect_uri);
        let answer = server.signed_in("bob").get(&server, &authorize_target("my-app", &more(redirect_uri)));
        assert!(answer.location_parameter("code").is_some(), "it has a secret: {redirect_uri}");
    }
    let (server, _) = fixture();
    skips(&server, "https://app.example/cb");
    loses_its_secret(&server);
    let answer = server.signed_in("bob").get(&server, &authorize_target("my-app", &more("https://app.example/cb")));
    assert!(answer.location_parameter("code").is_some(), "its site is its own");
}

#[test]
fn the_command_line_is_asked_about_every_time_in_words_that_people_know() {
    let (server, _) = fixture();
    let mut bob = server.signed_in("bob");
    for redirect_uri in ["local-callback", "/local-callback", "code"] {
        let target = authorize_target("cli", &more(redirect_uri));
        let answer = bob.get(&server, &target);
        let page = answer.text();
        for words in [
            "Did you start this yourself, just now?",
            if redirect_uri == "code" {
                "The next page shows a code. Anyone who has it can act as you"
            } else {
                "the program that waits on your computer"
            },
            "All possible rights. It can do here whatever you can do yourself",
            "see and change your account",
            "create API keys in your name",
            "until you sign out of it, or revoke Command line in the Console",
            if redirect_uri == "code" { "(<strong>this server</strong>)" } else { "(<strong>a program on your computer</strong>)" },
        ] {
            assert!(page.contains(words), "{redirect_uri}: no {words}\n{page}");
        }
        answer.does_not_tell("administrator-rights");
        let code = bob.code(&server, "cli", &more(redirect_uri));
        let exchange = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", redirect_uri), ("client_id", "cli")];
        assert_eq!(server.token(&exchange).json()["error"], "invalid_grant", "without the verifier");
        let tokens = Tokens::of(&server.token(&[&exchange[..], &[("code_verifier", VERIFIER)]].concat()));
        assert_eq!(server.status_with(&tokens.access, "/api/v3/users/bob/sessions"), 200);
        assert_eq!(bob.get(&server, &target).status, 200, "asked again");
    }
    let page = crate::console::signed_in_admin(&server).get(&server, &authorize_target("cli", &more("local-callback")));
    page.tells("administrator-rights");
}

#[test]
fn a_code_without_a_challenge_is_worth_nothing_once_the_secret_is_gone() {
    let (server, _) = fixture();
    let code = server.signed_in("bob").code(&server, "my-app", &[]);
    loses_its_secret(&server);
    let answer = server.token(&[
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", crate::browser::CALLBACK),
        ("client_id", "my-app"),
    ]);
    assert_eq!(answer.json()["error"], "invalid_grant", "{}", answer.text());
}

/// A code for bob that came without a question.
fn unasked_code(server: &Server, more: &[(&str, &str)]) -> String {
    let answer = server.signed_in("bob").get(server, &authorize_target("my-app", more));
    answer.location_parameter("code").unwrap_or_else(|| panic!("bob was asked: {}", answer.text()))
}

/// What the exchange of a code says, with a secret or without.
fn error_of_exchange(server: &Server, code: &str, redirect_uri: &str, secret: Option<&str>) -> String {
    let mut exchange = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("client_id", "my-app"),
        ("code_verifier", VERIFIER),
    ];
    exchange.extend(secret.map(|secret| ("client_secret", secret)));
    server.token(&exchange).json()["error"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_code_that_came_without_a_question_ends_with_the_secret_that_spared_it() {
    for redirect_uri in ["http://127.0.0.1/cb", "com.example.app:/cb"] {
        let (server, _) = fixture();
        skips(&server, redirect_uri);
        let code = unasked_code(&server, &more(redirect_uri));
        loses_its_secret(&server);
        assert_eq!(error_of_exchange(&server, &code, redirect_uri, None), "invalid_grant", "{redirect_uri}");
        let code = server.signed_in("bob").code(&server, "my-app", &more(redirect_uri));
        assert_eq!(error_of_exchange(&server, &code, redirect_uri, None), "", "a code from afterwards is good");
    }
}

#[test]
fn a_code_from_before_its_client_had_a_secret_is_no_longer_valid() {
    let rotates = |server: &Server| server.check("alice", "POST", "/api/v3/clients/my-app/secret", "", "200");
    let chooses = |server: &Server| {
        let body = r#"{"client":{"secret":"A-chosen-secret-of-alice-7"},"field_mask":"secret"}"#;
        server.check("admin", "PUT", "/api/v3/clients/my-app", body, "200")
    };
    for give in [&rotates as &dyn Fn(&Server) -> crate::server::Answer, &chooses] {
        let (server, _) = fixture();
        skips(&server, "https://app.example/cb");
        loses_its_secret(&server);
        let code = unasked_code(&server, &more("https://app.example/cb"));
        let given = give(&server).json();
        let secret = given["secret"].as_str().expect("a secret");
        assert_eq!(error_of_exchange(&server, &code, "https://app.example/cb", Some(secret)), "invalid_grant");
    }
}

#[test]
fn a_code_that_came_without_a_question_ends_when_nobody_vouches_for_the_client_any_more() {
    let ends = [
        ("alice", r#"{"client":{"description":"Your bank"},"field_mask":"description"}"#),
        ("admin", r#"{"client":{"skip_authorization":false},"field_mask":"skip_authorization"}"#),
    ];
    for (who, body) in ends {
        let (server, secret) = fixture();
        skips(&server, "https://app.example/cb");
        let code = unasked_code(&server, &more("https://app.example/cb"));
        server.check(who, "PUT", "/api/v3/clients/my-app", body, "200");
        assert_eq!(error_of_exchange(&server, &code, "https://app.example/cb", Some(&secret)), "invalid_grant", "{who}");
    }
}

#[test]
fn a_code_outlives_another_secret_beside_the_one_that_the_client_has() {
    let (server, secret) = fixture();
    skips(&server, "https://app.example/cb");
    let code = unasked_code(&server, &more("https://app.example/cb"));
    server.check("alice", "POST", "/api/v3/clients/my-app/secret", r#"{"grace":"600s"}"#, "200");
    assert_eq!(error_of_exchange(&server, &code, "https://app.example/cb", Some(&secret)), "");
}
