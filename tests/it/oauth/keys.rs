//! The keys that sign tokens: when they are made, published, used and withdrawn.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use data_encoding::BASE64URL_NOPAD;
use keyfob::base::jws::{SigningAlgorithm, TokenType};
use keyfob::base::secret::{Token, TokenKind};
use keyfob::cli::args::values::Values;
use keyfob::cli::run::admin_operation::AdminOperation;
use keyfob::cli::run::declared_operations::EXPORT;
use keyfob::cli::run::keys as commands;
use keyfob::http::request::{Method, Request};
use keyfob::registry::expiry::sweep;
use keyfob::registry::signing_keys::{KeyPairs, verify};
use keyfob::store::backup::{Target, back_up};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::fixture;
use super::prompt::hint;
use crate::browser::{CALLBACK, authorize_target, form};
use crate::console::signed_in_admin;
use crate::folder::Folder;
use crate::process::Process;
use crate::server::{PEER, Server};

/// The published keys, as relying parties read them.
pub fn keys(server: &Server) -> Vec<Value> {
    server.check("anon", "GET", "/oauth/keys", "", "200").json()["keys"].as_array().expect("a list").clone()
}

/// Their IDs.
pub fn key_ids(server: &Server) -> Vec<String> {
    keys(server).iter().map(|key| key["kid"].as_str().expect("an ID").to_owned()).collect()
}

/// A token with these claims, signed as the server would at this time.
pub fn signed(server: &Server, algorithm: SigningAlgorithm, token_type: TokenType, claims: &Value) -> String {
    let pair = server.app.store().read(|tx| KeyPairs::default().signing(tx, algorithm)).expect("it is read").expect("there are keys");
    pair.sign(token_type, claims).expect("it is signed")
}

/// The claims of a token, if the server takes it for one that it has signed.
pub fn verified(server: &Server, token: &str, token_type: TokenType) -> Option<Value> {
    server.app.store().read(|tx| verify(tx, token, token_type)).expect("it is read")
}

#[test]
fn keys_are_made_when_they_are_first_asked_for_and_stay() {
    let server = Server::start();
    let stored = || server.value::<i64>("SELECT count(*) FROM signing_keys");
    assert_eq!(stored(), 0);
    let first = keys(&server);
    assert_eq!(first.iter().map(|key| key["alg"].as_str()).collect::<Vec<_>>(), [Some("RS256"), Some("ES256")]);
    assert_eq!(stored(), 2);
    server.wait_seconds(365 * 24 * 60 * 60);
    server.check("anon", "GET", "/oauth/keys", "", "200");
    assert_eq!(keys(&server), first);
}

fn request_for_keys() -> Request {
    let (target, id) = ("/oauth/keys".to_owned(), "x".to_owned());
    Request { method: Method::Get, target, headers: Vec::new(), body: Vec::new(), id, peer: PEER }
}

#[test]
fn all_who_ask_at_once_get_the_same_keys() {
    let server = Server::start();
    let app = &server.app;
    let ask = || app.answer(request_for_keys(), &|| ()).body;
    let answers: BTreeSet<Vec<u8>> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        asking.into_iter().map(|asked| asked.join().expect("it is answered")).collect()
    });
    assert_eq!(answers.len(), 1);
    assert_eq!(server.value::<i64>("SELECT count(*) FROM signing_keys"), 2);
    assert_eq!(server.value::<i64>("SELECT count(*) FROM server_keys"), 1);
}

#[test]
fn what_is_published_of_a_key_is_what_verifies_and_no_more() {
    let server = Server::start();
    let answer = server.check("anon", "GET", "/oauth/keys", "", "200");
    assert_eq!(answer.header("Cache-Control"), Some("public, max-age=900"));
    assert_eq!(answer.header("Access-Control-Allow-Origin"), Some("*"));
    let members = |key: &Value| key.as_object().expect("an object").keys().cloned().collect::<BTreeSet<_>>();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let keys = keys(&server);
    assert_eq!(members(&keys[0]), names(&["kty", "kid", "use", "alg", "n", "e"]));
    assert_eq!(members(&keys[1]), names(&["kty", "kid", "use", "alg", "crv", "x", "y"]));
    // 256 octets of modulus without a leading zero, and 65537 (RFC 7518 section 6.3.1).
    assert_eq!((keys[0]["n"].as_str().map(str::len), &keys[0]["e"]), (Some(342), &json!("AQAB")));
    assert!(!keys[0]["n"].as_str().expect("a text").starts_with("AA"));
}

#[test]
fn two_servers_have_keys_of_their_own_and_verify_no_tokens_of_each_other() {
    let (one, other) = (Server::start(), Server::start());
    let ids: BTreeSet<String> = key_ids(&one).into_iter().chain(key_ids(&other)).collect();
    assert_eq!(ids.len(), 4);
    for algorithm in [SigningAlgorithm::Rs256, SigningAlgorithm::Es256] {
        let token = signed(&one, algorithm, TokenType::IdToken, &json!({"sub": "x"}));
        assert_eq!(verified(&one, &token, TokenType::IdToken), Some(json!({"sub": "x"})));
        assert_eq!(verified(&other, &token, TokenType::IdToken), None);
    }
}

/// What a command about the keys answers, done by the server.
fn command(server: &Server, operation: &AdminOperation, values: &[(&str, &str)]) -> Result<Value, String> {
    let values = values.iter().map(|(key, value)| ((*key).to_owned(), vec![(*value).to_owned()])).collect();
    let values = Values { values, ..Values::default() };
    (operation.run)(&values, server.app.store(), server.app.settings()).map_err(|failure| failure.to_json().to_string())
}

/// The state and the ID of each key of an algorithm, the oldest first.
fn states(server: &Server, algorithm: SigningAlgorithm) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let keys = command(server, &commands::LIST, &[]).expect("they are listed");
    let of = keys.as_array().expect("a list").iter().filter(|key| key["algorithm"] == algorithm.name());
    of.map(|key| (text(&key["state"]), text(&key["key_id"]))).collect()
}

fn only_states(server: &Server) -> Vec<String> {
    states(server, SigningAlgorithm::Es256).into_iter().map(|(state, _)| state).collect()
}

fn rotate(server: &Server, more: &[(&str, &str)]) -> Result<Value, String> {
    command(server, &commands::ROTATE, &[&[("algorithm", "ES256")], more].concat())
}

/// The ID of the key that signs at this time.
fn signing(server: &Server) -> String {
    let signing = states(server, SigningAlgorithm::Es256).into_iter().find(|(state, _)| state == "signs");
    let (_, id) = signing.expect("one signs");
    let token = signed(server, SigningAlgorithm::Es256, TokenType::IdToken, &json!({}));
    let header = BASE64URL_NOPAD.decode(token.split('.').next().expect("a header").as_bytes()).expect("base64url");
    assert_eq!(serde_json::from_slice::<Value>(&header).expect("JSON")["kid"], json!(id));
    id
}

#[test]
fn a_new_key_is_published_for_an_hour_before_it_signs_and_the_former_one_until_its_last_token_has_ended() {
    let server = Server::start();
    key_ids(&server);
    let first = signing(&server);
    rotate(&server, &[]).expect("it is rotated");
    assert_eq!(only_states(&server), ["signs", "waits"]);
    assert_eq!(key_ids(&server).len(), 3);
    server.wait_seconds(60 * 60 - 1);
    assert_eq!(signing(&server), first);
    let last = signed(&server, SigningAlgorithm::Es256, TokenType::IdToken, &json!({"sub": "x"}));
    server.wait_seconds(2);
    let second = signing(&server);
    assert_eq!(only_states(&server), ["verifies", "signs"]);
    // Those that sign come first.
    assert_eq!(key_ids(&server)[1..], [second.clone(), first.clone()]);
    server.wait_seconds(60 * 60);
    server.app.store().write(sweep).expect("it sweeps");
    assert!(verified(&server, &last, TokenType::IdToken).is_some());
    server.wait_seconds(5 * 60);
    assert_eq!(verified(&server, &last, TokenType::IdToken), None);
    assert!(!key_ids(&server).contains(&first) && only_states(&server) == ["ended", "signs"]);
    server.app.store().write(sweep).expect("it sweeps");
    assert_eq!(states(&server, SigningAlgorithm::Es256), [("signs".to_owned(), second)]);
    assert_eq!(key_ids(&server).len(), 2);
}

#[test]
fn one_new_key_waits_at_a_time() {
    let server = Server::start();
    key_ids(&server);
    rotate(&server, &[]).expect("it is rotated");
    let refused = rotate(&server, &[]).expect_err("one waits");
    assert!(refused.contains("next_signing_key_waits") && refused.contains("2026-01-02T04:04:05"), "{refused}");
    command(&server, &commands::ROTATE, &[("algorithm", "RS256")]).expect("another algorithm is another matter");
    server.wait_seconds(60 * 60);
    rotate(&server, &[]).expect("it is rotated");
    assert_eq!(only_states(&server), ["verifies", "signs", "waits"]);
}

#[test]
fn stolen_keys_go_at_once_and_their_tokens_with_them() {
    let server = Server::start();
    let before = key_ids(&server);
    rotate(&server, &[]).expect("it is rotated");
    let token = signed(&server, SigningAlgorithm::Es256, TokenType::AccessToken, &json!({"sub": "x"}));
    assert!(verified(&server, &token, TokenType::AccessToken).is_some());
    rotate(&server, &[("now", "true")]).expect("it is rotated");
    assert_eq!(verified(&server, &token, TokenType::AccessToken), None);
    assert_eq!(only_states(&server), ["signs"]);
    let after = key_ids(&server);
    // The other algorithm's key is as it was.
    assert!(after.len() == 2 && after[0] == before[0] && after[1] != before[1]);
    signing(&server);
}

#[test]
fn a_clock_that_is_set_back_leaves_a_key_to_sign_with() {
    let server = Server::start();
    key_ids(&server);
    let first = signing(&server);
    server.sets_clock(-24 * 60 * 60);
    assert_eq!(signing(&server), first);
    rotate(&server, &[]).expect("it is rotated");
    assert_eq!(signing(&server), first);
    let token = signed(&server, SigningAlgorithm::Es256, TokenType::IdToken, &json!({"sub": "x"}));
    server.wait_seconds(60 * 60);
    let second = signing(&server);
    assert_ne!(second, first);
    // The time at which the first was made comes once more: the newer one goes on, and the older is published as long as tokens of its may last.
    server.sets_clock(24 * 60 * 60);
    assert_eq!(signing(&server), second);
    assert!(verified(&server, &token, TokenType::IdToken).is_some());
}

fn pem(name: &str) -> String {
    std::fs::read_to_string(format!("{}/tests/keys/{name}.pem", env!("CARGO_MANIFEST_DIR"))).expect("it is read")
}

#[test]
fn a_key_of_ones_own_is_imported_in_each_form_that_openssl_writes() {
    for (name, same, algorithm) in [("rsa", "rsa-pkcs1", SigningAlgorithm::Rs256), ("p256", "p256-sec1", SigningAlgorithm::Es256)] {
        let server = Server::start();
        command(&server, &commands::IMPORT, &[("private-key", &pem(same))]).expect("it is imported");
        let listed = states(&server, algorithm);
        assert!(listed.len() == 1 && listed[0].0 == "signs", "the first signs at once: {listed:?}");
        assert!(key_ids(&server).contains(&listed[0].1), "the other algorithm's was made beside it");
        let token = signed(&server, algorithm, TokenType::IdToken, &json!({"sub": "x"}));
        assert!(verified(&server, &token, TokenType::IdToken).is_some());
        let refused = command(&server, &commands::IMPORT, &[("private-key", &pem(name))]).expect_err("it is the same key");
        assert!(refused.contains("signing_key_exists"), "{refused}");
    }
    let server = Server::start();
    key_ids(&server);
    command(&server, &commands::IMPORT, &[("private-key", &pem("p256"))]).expect("it is imported");
    assert_eq!(only_states(&server), ["signs", "waits"]);
}

#[test]
fn a_key_that_cannot_sign_is_refused_with_the_reason_and_never_shown() {
    let server = Server::start();
    for (text, error) in [
        (pem("rsa-1024"), "private_key_unusable"),
        (pem("p384"), "private_key_unusable"),
        (pem("ed25519"), "private_key_unusable"),
        (pem("rsa-public"), "private_key_public"),
        (pem("rsa-encrypted"), "private_key_encrypted"),
        (pem("rsa-pkcs1-encrypted"), "private_key_encrypted"),
        (pem("rsa").replace("PRIVATE KEY", "PUBLIC KEY"), "private_key_public"),
        (pem("p256").replace("MIGH", "MIGG"), "private_key_"),
        (pem("rsa")[..600].to_owned(), "private_key_unreadable"),
        ("nonsense".to_owned(), "private_key_unreadable"),
        ("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n".to_owned(), "private_key_"),
    ] {
        let refused = command(&server, &commands::IMPORT, &[("private-key", &text)]).expect_err("it cannot sign");
        assert!(refused.contains(error), "{error}: {refused}");
        assert!(text.lines().filter(|line| line.len() > 20 && !line.starts_with('-')).all(|line| !refused.contains(line)), "{refused}");
    }
    assert_eq!(server.value::<i64>("SELECT count(*) FROM signing_keys"), 0);
}

#[test]
fn private_keys_are_in_backups_and_in_nothing_that_is_shown_or_exported() {
    let server = Server::start();
    key_ids(&server);
    let private: Vec<u8> = server.value("SELECT private_key FROM signing_keys WHERE algorithm = 'ES256'");
    let folder = Folder::new("keys-backup");
    let target = Target::of(folder.file("backup.db").to_str().expect("a path"), None).expect("a target");
    let file = back_up(server.app.store().path(), &target, &|| true).expect("it is backed up").file;
    let holds = |bytes: &[u8]| bytes.windows(private.len()).any(|part| part == private);
    assert!(holds(&std::fs::read(&file).expect("it is read")));
    let secret = &private[36..68];
    let shown = [
        command(&server, &commands::LIST, &[]).expect("listed").to_string(),
        rotate(&server, &[]).expect("rotated").to_string(),
        command(&server, &EXPORT, &[]).expect("exported").to_string(),
        server.check("anon", "GET", "/oauth/keys", "", "200").text(),
        server.value("SELECT group_concat(old_values || new_values) FROM events WHERE entity_kind = 'server'"),
        signed_in_admin(&server).opens(&server, "/console/activity").text(),
    ];
    for text in shown {
        for encoded in [BASE64URL_NOPAD.encode(secret), data_encoding::BASE64.encode(secret), data_encoding::HEXLOWER.encode(secret)] {
            assert!(!text.contains(encoded.trim_end_matches('=')), "{text}");
        }
        assert!(!text.contains("private"), "{text}");
    }
}

#[test]
fn the_history_says_when_the_operator_added_a_key_and_which_went_for_it() {
    let server = Server::start();
    let first = key_ids(&server);
    let event = || {
        let row = "SELECT name || ' ' || entity_id || ' ' || coalesce(account_id, 'operator') || ' ' || new_values FROM events \
                   WHERE entity_kind = 'server' ORDER BY event_number DESC LIMIT 1";
        server.value::<String>(row)
    };
    assert_eq!(server.value::<i64>("SELECT count(*) FROM events WHERE entity_kind = 'server'"), 0, "the first keys are nobody's doing");
    rotate(&server, &[]).expect("it is rotated");
    let second = states(&server, SigningAlgorithm::Es256).pop().expect("it waits").1;
    assert!(event().starts_with("server.signing-key.create ES256 operator ") && event().contains(&second), "{}", event());
    rotate(&server, &[]).expect_err("one waits");
    rotate(&server, &[("now", "true")]).expect("all are replaced");
    assert!(event().contains(&second) && first.iter().any(|id| event().contains(id)), "{}", event());
    command(&server, &commands::IMPORT, &[("private-key", &pem("rsa")), ("now", "true")]).expect("it is imported");
    assert!(event().starts_with("server.signing-key.create RS256 operator "), "{}", event());
    assert_eq!(server.value::<i64>("SELECT count(*) FROM events WHERE entity_kind = 'server'"), 3);
    signed_in_admin(&server).sees(&server, "/console/activity", &["added a key that signs tokens by ES256"]);
}

#[test]
fn what_is_refused_makes_no_keys() {
    let (server, secret) = fixture();
    let mut bob = server.signed_in("bob");
    for more in
        [("prompt", "none"), ("prompt", "sing"), ("request", "x"), ("redirect_uri", "https://evil.example/cb"), ("client_id", "no-app")]
    {
        bob.get(&server, &authorize_target("my-app", &[("scope", "openid"), more]));
    }
    bob.post(&server, &authorize_target("my-app", &[("scope", "openid")]), &[("authorize", "false")]);
    let code = Token::fresh(TokenKind::AuthorizationCode).reveal();
    let client = [("client_id", "my-app"), ("client_secret", secret.as_str())];
    assert_eq!(server.token(&[&[("grant_type", "authorization_code"), ("code", &code)], &client[..]].concat()).status, 400);
    bob.get(&server, "/oauth/end-session?id_token_hint=a.b.c");
    assert_eq!(server.send_with(Some("Bearer a.b.c"), &[], "GET", "/oauth/userinfo", b"").status, 401);
    assert_eq!(server.value::<i64>("SELECT count(*) FROM signing_keys"), 0);
    hint(&server, &secret, &mut bob);
    assert_eq!(server.value::<i64>("SELECT count(*) FROM signing_keys"), 2);
}

/// Whether somebody else could read and write after the first keys were asked for, and before they were there.
fn others_went_on() -> bool {
    let mut server = Server::start();
    server.has_user("alice");
    let (begins, begun) = channel();
    std::thread::scope(|scope| {
        let app = &server.app;
        let asking = scope.spawn(move || {
            let request = request_for_keys();
            app.answer(request, &|| begins.send(()).unwrap_or_default())
        });
        begun.recv().expect("keys are made");
        server.check("alice", "PUT", "/api/v3/users/alice", r#"{"user":{"name":"Alice"},"field_mask":"name"}"#, "200");
        server.check("alice", "GET", "/api/v3/users/alice?field_mask=name", "", r#"200 {"name":"Alice"}"#);
        !asking.is_finished()
    })
}

#[test]
fn others_read_and_write_while_the_first_keys_are_made() {
    // A key is now and then found at once.
    assert!((0..5).any(|_| others_went_on()));
}

/// How many keys are in the data file of a server that runs in this folder.
fn stored_in(folder: &Folder) -> i64 {
    let file = Connection::open(folder.file("keyfob.db")).expect("the file opens");
    file.query_row("SELECT count(*) FROM signing_keys", [], |row| row.get(0)).expect("they are counted")
}

#[test]
fn keys_are_made_in_the_background_when_an_app_has_somebody_sign_in() {
    let folder = Folder::new("keys-in-the-background");
    let server = Process::start(&folder.0, "", &["--data", "keyfob.db"]);
    assert_eq!(stored_in(&folder), 0);
    assert_eq!(server.send("GET", &authorize_target("my-app", &[("scope", "openid")]), "").status, 302);
    let begun = Instant::now();
    while stored_in(&folder) != 2 {
        assert!(begun.elapsed() < Duration::from_secs(60), "nobody made them");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn who_asks_for_keys_that_are_made_in_the_background_gets_the_same_ones() {
    let folder = Folder::new("keys-asked-for");
    let mut server = Process::start(&folder.0, "", &["--data", "keyfob.db"]);
    server.send("GET", &authorize_target("my-app", &[("scope", "openid")]), "");
    let [first, second] = [(); 2].map(|()| server.send("GET", "/oauth/keys", ""));
    assert_eq!((first.status, &first.body), (200, &second.body));
    server.stop();
    assert_eq!(stored_in(&folder), 2);
}

#[test]
fn a_server_at_which_nobody_signs_in_to_an_app_makes_no_keys() {
    let folder = Folder::new("no-keys");
    let mut server = Process::start(&folder.0, "", &["--data", "keyfob.db"]);
    server.registers("app", 1);
    let refused = authorize_target("no-app", &[("scope", "openid"), ("prompt", "none")]);
    for (target, status) in
        [("/.well-known/openid-configuration", 200), (&authorize_target("app-0", &[]), 302), (&refused, 404), ("/oauth/userinfo", 401)]
    {
        assert_eq!(server.send("GET", target, "").status, status, "{target}");
    }
    // It ends when what it began is done.
    server.stop();
    assert_eq!(stored_in(&folder), 0);
}

#[test]
fn a_code_is_not_used_up_before_the_keys_that_its_reply_needs_are_there() {
    let (server, secret) = fixture();
    let code = server.signed_in("bob").code(&server, "my-app", &[("scope", "openid")]);
    let body = form(&[
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("client_id", "my-app"),
        ("client_secret", &secret),
    ]);
    let headers = vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())];
    let (target, id) = ("/oauth/token".to_owned(), "x".to_owned());
    let request = Request { method: Method::Post, target, headers, body: body.into_bytes(), id, peer: PEER };
    let used = RefCell::new(Vec::new());
    let note = || used.borrow_mut().push(server.value::<i64>("SELECT count(*) FROM authorization_codes WHERE family_id IS NOT NULL"));
    assert_eq!(server.app.answer(request, &note).status, 200);
    assert!(used.borrow().iter().all(|used| *used == 0), "it waited for the keys before: {:?}", used.borrow());
}
