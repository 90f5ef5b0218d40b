//! Refresh tokens: rotation, lost replies, thieves (oauth.md 1.5.4, 2.9).

use super::{VERIFIER, challenged, fixture};
use crate::browser::{CALLBACK, Tokens, form};
use crate::server::{ADMIN_KEY, Server};

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
    let (server, secret) = fixture();
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
    let (server, secret) = fixture();
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

/// `my-app` without a secret, and tokens of it.
fn granted_without_secret(server: &Server) -> Tokens {
    server.check("alice", "PUT", "/api/v3/clients/my-app", r#"{"client":{"secret":""},"field_mask":"secret"}"#, "200");
    let code = server.signed_in("bob").code(server, "my-app", &challenged());
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("client_id", "my-app"),
        ("code_verifier", VERIFIER),
    ];
    Tokens::of(&server.token(&pairs))
}

#[test]
fn a_client_that_authenticates_gets_the_same_successor_for_thirty_seconds_used_or_not() {
    let (server, secret) = fixture();
    let old = granted(&server, &secret);
    let new = Tokens::of(&server.refresh("my-app", &secret, &old.refresh));
    for seconds in [0, 9, 20] {
        server.wait_seconds(seconds);
        let again = server.refresh("my-app", &secret, &old.refresh);
        assert_eq!(Tokens::of(&again), new);
        assert!(again.json()["expires_in"].as_i64().is_some_and(|left| (3570..=3600).contains(&left)), "{}", again.text());
        assert_eq!(server.status_with(&new.access, "/api/v3/users/bob"), 200);
    }
    assert_eq!(server.status_with(&old.access, "/api/v3/users/bob"), 401, "what was rotated away stays away");
    Tokens::of(&server.refresh("my-app", &secret, &new.refresh));
}

#[test]
fn a_rotated_token_is_refused_without_harm_once_its_successor_was_rotated_too() {
    let (server, secret) = fixture();
    let first = granted(&server, &secret);
    let second = Tokens::of(&server.refresh("my-app", &secret, &first.refresh));
    server.wait_seconds(10);
    let third = Tokens::of(&server.refresh("my-app", &secret, &second.refresh));
    server.wait_seconds(10);
    is_refused(&server, &secret, &first.refresh);
    assert_eq!(Tokens::of(&server.refresh("my-app", &secret, &second.refresh)), third);
    assert_eq!(server.status_with(&third.access, "/api/v3/users/bob"), 200);
    // Thirty seconds count from the rotation of what is presented, not from the last one.
    server.wait_seconds(11);
    is_refused(&server, &secret, &first.refresh);
    assert_eq!(server.status_with(&third.access, "/api/v3/users/bob"), 401);
    is_refused(&server, &secret, &third.refresh);
}

#[test]
fn thirty_seconds_are_thirty_whichever_way_the_clock_is_set() {
    // Every request happens a millisecond after the one before.
    for (seconds, is_forgiven) in [(29, true), (30, false), (-29, true), (-31, false), (-3600, false)] {
        let (server, secret) = fixture();
        let old = granted(&server, &secret);
        let new = Tokens::of(&server.refresh("my-app", &secret, &old.refresh));
        server.wait_seconds(seconds);
        let again = server.refresh("my-app", &secret, &old.refresh);
        assert_eq!(again.status, if is_forgiven { 200 } else { 400 }, "{seconds}");
        assert_eq!(server.refresh("my-app", &secret, &new.refresh).status, again.status, "{seconds}: the family lives or is over");
        assert!(again.json()["expires_in"].as_i64().unwrap_or_default() <= 3600, "{seconds}");
    }
}

#[test]
fn a_client_without_a_secret_gets_the_same_successor_while_nobody_used_it() {
    let (server, _) = fixture();
    let old = granted_without_secret(&server);
    let new = Tokens::of(&server.refresh("my-app", "", &old.refresh));
    for _ in 0..3 {
        assert_eq!(Tokens::of(&server.refresh("my-app", "", &old.refresh)), new);
    }
    server.wait_seconds(29);
    assert_eq!(Tokens::of(&server.refresh("my-app", "", &old.refresh)), new);
    server.wait_seconds(1);
    is_refused(&server, "", &old.refresh);
    is_refused(&server, "", &new.refresh);
}

#[test]
fn a_client_without_a_secret_gets_nothing_again_once_a_token_of_the_successor_was_used_anywhere() {
    for used in
        ["api", "refresh", "introspect access", "introspect refresh", "introspect by itself", "revoke by another", "refresh by another"]
    {
        let (server, _) = fixture();
        let other = server.has_app("alice", "other", &["RIGHT_USER_INFO"]);
        let old = granted_without_secret(&server);
        let mut new = Tokens::of(&server.refresh("my-app", "", &old.refresh));
        let introspect = |bearer: &str, token: &str| {
            let answer =
                server.send_with(Some(&format!("Bearer {bearer}")), &[], "POST", "/oauth/introspect", form(&[("token", token)]).as_bytes());
            assert_eq!(answer.status, 200, "{used}: {}", answer.text());
        };
        match used {
            "api" => assert_eq!(server.status_with(&new.access, "/api/v3/auth_info"), 200),
            "refresh" => new = Tokens::of(&server.refresh("my-app", "", &new.refresh)),
            "introspect access" => introspect(ADMIN_KEY, &new.access),
            "introspect refresh" => introspect(server.key("bob"), &new.refresh),
            "introspect by itself" => introspect(&new.access, "MFRWG.A.B"),
            "revoke by another" => {
                let pairs = [("token", new.refresh.as_str()), ("client_id", "other"), ("client_secret", &other)];
                assert_eq!(server.post_form("/oauth/revoke", &pairs).status, 400);
            }
            _ => assert_eq!(server.refresh("other", &other, &new.refresh).status, 400),
        }
        is_refused(&server, "", &old.refresh);
        assert_eq!(server.status_with(&new.access, "/api/v3/users/bob"), 200, "{used}: the family lives");
        server.wait_seconds(31);
        is_refused(&server, "", &old.refresh);
        assert_eq!(server.status_with(&new.access, "/api/v3/users/bob"), 401, "{used}: late it is a thief's");
    }
}

#[test]
fn nobody_gets_a_successor_again_after_it_was_revoked() {
    for part in [|tokens: &Tokens| tokens.access.clone(), |tokens: &Tokens| tokens.refresh.clone()] {
        let (server, secret) = fixture();
        let old = granted(&server, &secret);
        let new = Tokens::of(&server.refresh("my-app", &secret, &old.refresh));
        let pairs = [("token", part(&new)), ("client_id", "my-app".to_owned()), ("client_secret", secret.clone())];
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(server.post_form("/oauth/revoke", &pairs).status, 200);
        is_refused(&server, &secret, &old.refresh);
        is_refused(&server, &secret, &new.refresh);
    }
}

#[test]
fn a_lost_reply_is_not_answered_again_when_the_user_or_the_grant_is_gone() {
    for (who, method, target, body) in [
        ("admin", "DELETE", "/api/v3/users/bob", ""),
        ("admin", "PUT", "/api/v3/clients/my-app", r#"{"client":{"grants":["GRANT_AUTHORIZATION_CODE"]},"field_mask":"grants"}"#),
    ] {
        let (server, secret) = fixture();
        let old = granted(&server, &secret);
        Tokens::of(&server.refresh("my-app", &secret, &old.refresh));
        server.check(who, method, target, body, "200");
        assert_eq!(server.refresh("my-app", &secret, &old.refresh).status, 400, "{target}");
    }
}

#[test]
fn a_refresh_token_that_comes_back_late_ends_the_family() {
    let (server, secret) = fixture();
    let old = granted(&server, &secret);
    let new = Tokens::of(&server.refresh("my-app", &secret, &old.refresh));
    server.wait_seconds(31);
    is_refused(&server, &secret, &old.refresh);
    is_refused(&server, &secret, &new.refresh);
    assert_eq!(server.status_with(&new.access, "/api/v3/users/bob"), 401);
}

#[test]
fn a_refresh_token_is_of_its_client_and_of_its_kind() {
    let (server, secret) = fixture();
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
    let (server, secret) = fixture();
    let tokens = granted(&server, &secret);
    server.check("alice", "PUT", "/api/v3/clients/my-app", r#"{"client":{},"field_mask":"redirect_uris"}"#, "200");
    let answer = server.refresh("my-app", &secret, &tokens.refresh);
    assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some("unauthorized_client")));
}

#[test]
fn a_client_that_lost_the_grant_refreshes_no_more() {
    let (server, secret) = fixture();
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
