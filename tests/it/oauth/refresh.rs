//! Refresh tokens: rotation, lost replies, thieves (OAuth contract 1.5.4, 2.9).

use super::town;
use crate::server::Server;
use crate::visitor::Tokens;

fn granted(server: &Server, secret: &str) -> Tokens {
    let code = server.signed_in("bob").code(server, "my-app", &[]);
    server.tokens("my-app", secret, &code)
}

#[track_caller]
fn is_refused(server: &Server, secret: &str, refresh: &str) {
    let answer = server.refresh("my-app", secret, refresh);
    assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some("invalid_grant")), "{}", answer.text());
}

#[test]
fn a_refresh_brings_a_new_pair_and_ends_the_old_one() {
    let (server, secret) = town();
    let old = granted(&server, &secret);
    let new = Tokens::of(&server.refresh("my-app", &secret, &old.refresh));
    assert_ne!(new, old);
    assert_eq!(server.status_with(&old.access, "/api/v3/users/bob"), 401);
    assert_eq!(server.status_with(&new.access, "/api/v3/users/bob"), 200);
    let listed = server.check("bob", "GET", "/api/v3/users/bob/authorizations/my-app/tokens", "", "200").json();
    assert_eq!(listed["tokens"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_refresh_token_outlives_its_access_token_but_not_its_disuse() {
    let (server, secret) = town();
    let day = 24 * 60 * 60;
    let first = granted(&server, &secret);
    server.wait_seconds(3601);
    assert_eq!(server.status_with(&first.access, "/api/v3/users/bob"), 401);
    let second = Tokens::of(&server.refresh("my-app", &secret, &first.refresh));
    server.wait_seconds(89 * day);
    let third = Tokens::of(&server.refresh("my-app", &secret, &second.refresh));
    server.wait_seconds(91 * day);
    is_refused(&server, &secret, &third.refresh);
}

#[test]
fn a_lost_reply_can_be_asked_for_again_once_and_is_the_same() {
    let (server, secret) = town();
    let old = granted(&server, &secret);
    let lost = Tokens::of(&server.refresh("my-app", &secret, &old.refresh));
    server.wait_seconds(20);
    let again = server.refresh("my-app", &secret, &old.refresh);
    assert_eq!(Tokens::of(&again), lost);
    assert!(again.json()["expires_in"].as_i64().is_some_and(|seconds| (3570..3585).contains(&seconds)));
    // A third time is too often, and yet no proof of a thief.
    is_refused(&server, &secret, &old.refresh);
    assert_eq!(server.status_with(&lost.access, "/api/v3/users/bob"), 200);
    Tokens::of(&server.refresh("my-app", &secret, &lost.refresh));
}

#[test]
fn a_lost_reply_is_not_answered_again_when_the_user_or_the_grant_is_gone() {
    for (who, method, target, body) in [
        ("admin", "DELETE", "/api/v3/users/bob", ""),
        ("admin", "PUT", "/api/v3/clients/my-app", r#"{"client":{"grants":["GRANT_AUTHORIZATION_CODE"]},"field_mask":"grants"}"#),
    ] {
        let (server, secret) = town();
        let old = granted(&server, &secret);
        Tokens::of(&server.refresh("my-app", &secret, &old.refresh));
        server.check(who, method, target, body, "200");
        assert_eq!(server.refresh("my-app", &secret, &old.refresh).status, 400, "{target}");
    }
}

#[test]
fn a_refresh_token_that_comes_back_late_ends_the_family() {
    let (server, secret) = town();
    let old = granted(&server, &secret);
    let new = Tokens::of(&server.refresh("my-app", &secret, &old.refresh));
    server.wait_seconds(31);
    is_refused(&server, &secret, &old.refresh);
    is_refused(&server, &secret, &new.refresh);
    assert_eq!(server.status_with(&new.access, "/api/v3/users/bob"), 401);
}

#[test]
fn a_refresh_token_that_comes_back_after_its_successor_was_used_ends_the_family() {
    for use_refresh in [true, false] {
        let (server, secret) = town();
        let old = granted(&server, &secret);
        let new = Tokens::of(&server.refresh("my-app", &secret, &old.refresh));
        let newest = if use_refresh {
            Tokens::of(&server.refresh("my-app", &secret, &new.refresh))
        } else {
            assert_eq!(server.status_with(&new.access, "/api/v3/users/bob"), 200);
            new
        };
        is_refused(&server, &secret, &old.refresh);
        is_refused(&server, &secret, &newest.refresh);
        assert_eq!(server.status_with(&newest.access, "/api/v3/users/bob"), 401);
    }
}

#[test]
fn a_refresh_token_is_of_its_client_and_of_its_kind() {
    let (server, secret) = town();
    let other = server.has_app("alice", "other", &["RIGHT_USER_INFO"]);
    let tokens = granted(&server, &secret);
    let stolen = server.refresh("other", &other, &tokens.refresh);
    assert_eq!((stolen.status, stolen.json()["error"].as_str()), (400, Some("invalid_grant")));
    for wrong in [tokens.access.as_str(), "garbage", "OJSWM.A.B", "OJSWM.A", ".."] {
        is_refused(&server, &secret, wrong);
    }
    let (id, key) = tokens.refresh.rsplit_once('.').expect("a key");
    is_refused(&server, &secret, &format!("{id}.{}", key.chars().rev().collect::<String>()));
    // Nothing of that harmed the token. The Things Stack's guide sends it as a code.
    let answer =
        server.token(&[("grant_type", "refresh_token"), ("code", &tokens.refresh), ("client_id", "my-app"), ("client_secret", &secret)]);
    Tokens::of(&answer);
}

#[test]
fn a_client_without_a_redirect_uri_gets_nothing() {
    let (server, secret) = town();
    let tokens = granted(&server, &secret);
    server.check("alice", "PUT", "/api/v3/clients/my-app", r#"{"client":{},"field_mask":"redirect_uris"}"#, "200");
    let answer = server.refresh("my-app", &secret, &tokens.refresh);
    assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some("unauthorized_client")));
}

#[test]
fn a_client_that_lost_the_grant_refreshes_no_more() {
    let (server, secret) = town();
    let tokens = granted(&server, &secret);
    server.check(
        "admin",
        "PUT",
        "/api/v3/clients/my-app",
        r#"{"client":{"grants":["GRANT_AUTHORIZATION_CODE"]},"field_mask":"grants"}"#,
        "200",
    );
    let answer = server.refresh("my-app", &secret, &tokens.refresh);
    assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some("unauthorized_client")));
    assert_eq!(server.status_with(&tokens.access, "/api/v3/users/bob"), 200);
}
