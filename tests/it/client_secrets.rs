//! Secrets of clients: how they are made, shown once, replaced, and rotated with a grace.

use crate::client_life_cycle::EVERYTHING;
use crate::clients::alice_with_app;
use crate::server::{Answer, Server};

/// Whether this would get the client a token.
fn is_good(server: &Server, client: &str, secret: &str) -> bool {
    let id = client.parse().expect("a client ID");
    let kept = server.app.store().read(|tx| tx.client_secrets(&id)).expect("secrets are read");
    kept.iter().any(|kept| kept.hash.matches(secret))
}

fn secret_in(answer: &Answer) -> String {
    answer.json()["secret"].as_str().expect("a secret is shown").to_owned()
}

/// registry.md 1.8.
#[test]
fn a_generated_secret_is_52_characters_of_base32() {
    let mut server = Server::start();
    server.has_user("alice");
    let secret = server.has_client("alice", "my-app");
    assert_eq!(secret.len(), 52);
    assert!(secret.bytes().all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b)), "{secret}");
    assert!(is_good(&server, "my-app", &secret));
}

/// registry.md 1.3.
#[test]
fn a_secret_that_is_sent_at_creation_is_the_secret() {
    let mut server = Server::start();
    server.has_user("alice");
    let body = r#"{"client":{"ids":{"client_id":"foo"},"secret":"chosen by a person"}}"#;
    server.check("alice", "POST", "/api/v3/users/alice/clients", body, r#"200 {"secret":"chosen by a person"}"#);
    assert!(is_good(&server, "foo", "chosen by a person"));
}

/// registry.md 1.7.
#[test]
fn a_secret_that_is_put_is_the_only_one_from_then_on() {
    let mut server = Server::start();
    server.has_user("alice");
    let old = server.has_client("alice", "my-app");
    let body = r#"{"client":{"secret":"chosen by a person"},"field_mask":{"paths":["secret"]}}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-app", body, r#"200 {"secret":"chosen by a person"}"#);
    assert!(is_good(&server, "my-app", "chosen by a person"));
    assert!(!is_good(&server, "my-app", &old));
}

/// registry.md 1.8.
#[test]
fn a_secret_is_shown_in_the_reply_that_sets_it_and_never_again() {
    let server = alice_with_app();
    let body = r#"{"client":{"secret":"chosen by a person"},"field_mask":{"paths":["secret"]}}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-app", body, "200");
    for path in ["/api/v3/clients/my-app", "/api/v3/clients", "/api/v3/users/alice/clients", "/api/v3/search/clients"] {
        for who in ["alice", "admin"] {
            server.check(who, "GET", &format!("{path}?field_mask=secret"), "", "400");
            let answer = server.send(who, "GET", &format!("{path}?field_mask={EVERYTHING}"), "");
            let shown = String::from_utf8_lossy(&answer.body);
            assert!(!shown.contains("chosen") && !shown.contains("PBKDF2") && !shown.contains("secret"), "{who} {path} {shown}");
        }
    }
    let body = r#"{"client":{"name":"New"},"field_mask":{"paths":["name"]}}"#;
    let answer = server.check("alice", "PUT", "/api/v3/clients/my-app", body, "200");
    assert_eq!(answer.json().get("secret"), None);
}

#[test]
fn a_secret_that_the_mask_does_not_name_is_not_set() {
    let server = alice_with_app();
    let body = r#"{"client":{"name":"New","secret":"chosen by a person"},"field_mask":{"paths":["name"]}}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-app", body, "200");
    assert!(!is_good(&server, "my-app", "chosen by a person"));
}

#[test]
fn a_rotation_without_grace_ends_the_old_secret_at_once() {
    let mut server = Server::start();
    server.has_user("alice");
    let old = server.has_client("alice", "my-app");
    for body in ["", "{}", r#"{"grace":null}"#, r#"{"grace":"0s"}"#] {
        let new = secret_in(&server.check("alice", "POST", "/api/v3/clients/my-app/secret", body, r#"200 {"ids":{"client_id":"my-app"}}"#));
        assert!(new.len() == 52 && new != old, "{body}");
        assert!(is_good(&server, "my-app", &new) && !is_good(&server, "my-app", &old), "{body}");
    }
}

#[test]
fn a_rotation_with_grace_keeps_the_old_secret_until_the_grace_ends() {
    let mut server = Server::start();
    server.has_user("alice");
    let old = server.has_client("alice", "my-app");
    let new = secret_in(&server.check("alice", "POST", "/api/v3/clients/my-app/secret", r#"{"grace":"3600s"}"#, "200"));
    assert!(is_good(&server, "my-app", &new) && is_good(&server, "my-app", &old));
    server.wait_seconds(3_599);
    assert!(is_good(&server, "my-app", &old));
    server.wait_seconds(1);
    assert!(is_good(&server, "my-app", &new) && !is_good(&server, "my-app", &old));
}

#[test]
fn a_rotation_without_grace_ends_those_that_were_still_in_theirs() {
    let mut server = Server::start();
    server.has_user("alice");
    let first = server.has_client("alice", "my-app");
    let second = secret_in(&server.check("alice", "POST", "/api/v3/clients/my-app/secret", r#"{"grace":"3600s"}"#, "200"));
    let third = secret_in(&server.check("alice", "POST", "/api/v3/clients/my-app/secret", "", "200"));
    assert!(is_good(&server, "my-app", &third));
    assert!(!is_good(&server, "my-app", &first) && !is_good(&server, "my-app", &second));
}

#[test]
fn a_second_rotation_does_not_lengthen_the_grace_of_the_first() {
    let mut server = Server::start();
    server.has_user("alice");
    let first = server.has_client("alice", "my-app");
    let second = secret_in(&server.check("alice", "POST", "/api/v3/clients/my-app/secret", r#"{"grace":"60s"}"#, "200"));
    server.check("alice", "POST", "/api/v3/clients/my-app/secret", r#"{"grace":"3600s"}"#, "200");
    server.wait_seconds(60);
    assert!(!is_good(&server, "my-app", &first) && is_good(&server, "my-app", &second));
}

#[test]
fn a_bad_grace_is_refused_and_changes_nothing() {
    let mut server = Server::start();
    server.has_user("alice");
    let secret = server.has_client("alice", "my-app");
    for grace in [
        r#""""#,
        r#""s""#,
        r#""60""#,
        r#""1h""#,
        r#""-1s""#,
        r#""+1s""#,
        r#""1.5s""#,
        r#"" 60s""#,
        r#""60 s""#,
        r#""60S""#,
        r#""99999999999999999999s""#,
        r#""31536001s""#,
        "60",
        "true",
        "{}",
        "[]",
    ] {
        server.check("alice", "POST", "/api/v3/clients/my-app/secret", &format!(r#"{{"grace":{grace}}}"#), "400");
    }
    assert!(is_good(&server, "my-app", &secret));
}

#[test]
fn a_grace_of_a_year_is_the_longest() {
    alice_with_app().check("alice", "POST", "/api/v3/clients/my-app/secret", r#"{"grace":"31536000s"}"#, "200");
}

#[test]
fn a_secret_is_rotated_by_everyone_who_may_change_the_client() {
    let mut server = alice_with_app();
    server.has_user("bob");
    server.has_user("carol");
    server.gives_key("alice", "reader", &["RIGHT_CLIENT_INFO"]);
    server.gives_key("alice", "editor", &["RIGHT_CLIENT_SETTINGS_BASIC"]);
    let body = r#"{"collaborator":{"ids":{"user_ids":{"user_id":"carol"}},"rights":["RIGHT_CLIENT_SETTINGS_BASIC"]}}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-app/collaborators", body, "200");
    let path = "/api/v3/clients/my-app/secret";
    server.check("anon", "POST", path, "", "403 no_client_rights");
    server.check("bob", "POST", path, "", "403 no_client_rights");
    server.check("reader", "POST", path, "", "403 insufficient_client_rights");
    for who in ["alice", "editor", "carol", "admin"] {
        server.check(who, "POST", path, "", "200");
    }
}

#[test]
fn the_secret_of_a_deleted_client_is_not_rotated() {
    let server = alice_with_app();
    server.check("alice", "DELETE", "/api/v3/clients/my-app", "", "200");
    server.check("alice", "POST", "/api/v3/clients/my-app/secret", "", "403 no_client_rights");
    server.check("admin", "POST", "/api/v3/clients/my-app/secret", "", "404 client_not_found");
}
