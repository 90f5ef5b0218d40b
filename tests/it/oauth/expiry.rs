//! What is over goes: the file does not grow for ever.

use keyfob::registry::expiry::{Swept, sweep};

use super::fixture;
use crate::browser::Tokens;
use crate::server::Server;

const DAY: i64 = 24 * 60 * 60;

/// Sweeps until nothing is left to sweep, and counts the rows that stayed.
fn left(server: &Server) -> Vec<(&'static str, i64)> {
    while server.app.store().write(sweep).expect("a sweep") == Swept::Partial {}
    ["access_tokens", "token_successors", "authorization_codes", "sessions", "sign_in_failures", "sign_in_addresses", "client_token_days"]
        .into_iter()
        .map(|table| (table, server.value(&format!("SELECT count(*) FROM {table}"))))
        .filter(|(_, count)| *count > 0)
        .collect()
}

#[test]
fn everything_that_is_over_is_removed_in_its_time() {
    let (server, secret) = fixture();
    let mut bob = server.signed_in("bob");
    let code = bob.code(&server, "my-app", &[]);
    let first = server.tokens("my-app", &secret, &code);
    Tokens::of(&server.refresh("my-app", &secret, &first.refresh));
    bob.code(&server, "my-app", &[]);
    server.post_form("/oauth/api/auth/login", &[("user_id", "alice"), ("password", "wrong")]);
    let full = [
        ("access_tokens", 2),
        ("token_successors", 1),
        ("authorization_codes", 2),
        ("sessions", 1),
        ("sign_in_failures", 2),
        ("sign_in_addresses", 1),
        ("client_token_days", 1),
    ];
    assert_eq!(left(&server), full, "nothing is over yet");
    server.wait_seconds(20 * 60);
    let unused = left(&server);
    assert_eq!((unused.len(), unused[1]), (5, ("authorization_codes", 1)), "failures are forgotten, and the code that nobody used");
    server.wait_seconds(2 * DAY);
    assert_eq!(left(&server)[1].0, "sessions", "codes are forgotten");
    server.wait_seconds(6 * DAY);
    assert_eq!(
        left(&server),
        [("access_tokens", 1), ("sign_in_addresses", 1), ("client_token_days", 1)],
        "rotated tokens and idle sessions are"
    );
    server.wait_seconds(90 * DAY);
    assert_eq!(left(&server), [("client_token_days", 1)], "refresh tokens that nobody uses are");
    server.wait_seconds(400 * DAY);
    assert_eq!(left(&server), []);
}

#[test]
fn a_sweep_takes_a_little_at_a_time_and_comes_to_an_end() {
    let (server, _) = fixture();
    for n in 0..450 {
        server.app.store().write(|tx| tx.count_sign_in_failure(&format!("user user-{n}"), tx.steady)).expect("a failure");
    }
    server.wait_seconds(20 * 60);
    let sweeps: Vec<Swept> = (0..4).map(|_| server.app.store().write(sweep).expect("a sweep")).collect();
    assert_eq!(sweeps, [Swept::Partial, Swept::Partial, Swept::All, Swept::All]);
}

#[test]
fn an_ended_grace_leaves_no_hash_behind() {
    let (server, _) = fixture();
    server.check("alice", "POST", "/api/v3/clients/my-app/secret", r#"{"grace":"60s"}"#, "200");
    let count = || server.value::<i64>("SELECT count(*) FROM client_secrets JOIN clients USING (client_number) WHERE client_id = 'my-app'");
    assert_eq!(count(), 2);
    server.wait_seconds(61);
    server.app.store().write(sweep).expect("a sweep");
    assert_eq!(count(), 1);
}

#[test]
fn nothing_that_a_purged_client_got_is_left() {
    let (server, secret) = fixture();
    server.has_app("alice", "other-app", &["RIGHT_USER_INFO"]);
    for user in ["alice", "bob"] {
        let mut browser = server.signed_in(user);
        let code = browser.code(&server, "my-app", &[]);
        Tokens::of(&server.refresh("my-app", &secret, &server.tokens("my-app", &secret, &code).refresh));
        browser.code(&server, "my-app", &[]);
    }
    let secret = server.check("alice", "POST", "/api/v3/clients/other-app/secret", "", "200").json()["secret"].clone();
    let code = server.signed_in("bob").code(&server, "other-app", &[]);
    server.tokens("other-app", secret.as_str().expect("a secret"), &code);
    server.check("admin", "DELETE", "/api/v3/clients/my-app/purge", "", "200");
    for table in ["access_tokens", "authorization_codes", "authorizations", "client_token_days"] {
        assert_eq!(server.value::<String>(&format!("SELECT group_concat(DISTINCT client_id) FROM {table}")), "other-app", "{table}");
    }
}
