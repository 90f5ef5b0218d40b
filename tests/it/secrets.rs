//! Secrets at rest: nowhere in clear.

use serde_json::Value;

use crate::server::{ADMIN_KEY, Server};

/// All bytes that the store has put on the disk.
fn bytes_at_rest(server: &Server) -> Vec<u8> {
    let path = server.app.store().path();
    let mut bytes = std::fs::read(path).expect("the file is read");
    bytes.extend(std::fs::read(path.with_extension("db-wal")).expect("the log of the file is read"));
    bytes
}

/// Whether the text stands in these bytes.
pub fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// The part of a token, or of something shorter, that must not be known.
pub fn key_of(token: &str) -> &str {
    token.rsplit('.').next().unwrap_or_default()
}

#[test]
fn no_secret_stands_in_the_file_or_its_log() {
    let mut server = Server::start();
    server.has_user("alice");
    let generated = server.has_client("alice", "my-app");
    let body = r#"{"client":{"ids":{"client_id":"other-app"},"secret":"chosen-by-a-person"}}"#;
    server.check("alice", "POST", "/api/v3/users/alice/clients", body, r#"200 {"secret":"chosen-by-a-person"}"#);
    let rotated =
        server.check("alice", "POST", "/api/v3/clients/my-app/secret", "", "200").json()["secret"].as_str().expect("a secret").to_owned();
    let bytes = bytes_at_rest(&server);
    assert!(holds(&bytes, "other-app"), "the bytes are those of the database");
    for secret in [
        &generated,
        &rotated,
        "chosen-by-a-person",
        "Hunter2-hunter2",
        "Correct-horse-battery-staple-9",
        key_of(ADMIN_KEY),
        key_of(server.key("alice")),
    ] {
        assert!(!holds(&bytes, secret), "{secret}");
    }
}

#[test]
fn a_hash_carries_its_algorithm() {
    let mut server = Server::start();
    server.has_user("alice");
    server.has_client("alice", "my-app");
    let hash = || {
        let id = "my-app".parse().expect("an ID");
        let secrets = server.app.store().read(|tx| tx.client_secrets(&id)).expect("secrets are read");
        secrets[0].hash.as_str().to_owned()
    };
    assert!(hash().starts_with("PBKDF2$sha256$1$"));
    server.check("alice", "PUT", "/api/v3/clients/my-app", r#"{"client":{"secret":"chosen"},"field_mask":"secret"}"#, "200");
    assert!(hash().starts_with("PBKDF2$sha256$20000$"));
    let passwords = server.app.store().read(|tx| tx.passwords(&"alice".parse().expect("an ID"))).expect("passwords are read");
    assert!(passwords.expect("alice has one").password.as_str().starts_with("PBKDF2$sha256$1000$"), "as the settings say");
}

#[test]
fn a_secret_is_shown_once() {
    let mut server = Server::start();
    server.has_user("alice");
    let secret = server.has_client("alice", "my-app");
    let mask = "name,description,attributes,contact_info,redirect_uris,state,state_description,grants,rights";
    for target in [
        format!("/api/v3/clients/my-app?field_mask={mask}"),
        format!("/api/v3/users/alice/clients?field_mask={mask}"),
        format!("/api/v3/search/clients?field_mask={mask}"),
    ] {
        for who in ["alice", "admin"] {
            let answer = server.check(who, "GET", &target, "", "200");
            assert!(!holds(&answer.body, &secret) && !holds(&answer.body, "PBKDF2$"), "{who} {target}");
        }
    }
    for who in ["alice", "admin", "anon"] {
        server.check(who, "GET", "/api/v3/clients/my-app?field_mask=secret", "", "400 field_mask_paths");
    }
}

#[test]
fn no_refusal_repeats_a_secret() {
    let mut server = Server::start();
    server.has_user("alice");
    let long = format!("chosen-by-a-person-{}", "x".repeat(128));
    let client = |secret: &Value| {
        serde_json::json!({"client": {"ids": {"client_id": "my-app"}, "secret": secret, "name": "x".repeat(51)}}).to_string()
    };
    let answers = [
        server.send("alice", "POST", "/api/v3/users/alice/clients", &client(&long.as_str().into())),
        server.send("alice", "POST", "/api/v3/users/alice/clients", &client(&serde_json::json!([long]))),
        server.send(
            "anon",
            "PUT",
            "/api/v3/users/alice/password",
            &serde_json::json!({"old": long, "new": format!("A1{long}")}).to_string(),
        ),
        server.send_with(Some(&format!("Bearer NNSXS.A.{long}")), &[], "GET", "/api/v3/auth_info", b""),
    ];
    for answer in answers {
        assert!(answer.status >= 400 && !holds(&answer.body, "chosen-by-a-person"), "{}", String::from_utf8_lossy(&answer.body));
    }
}
