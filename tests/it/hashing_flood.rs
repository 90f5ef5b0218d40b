//! Those who keep the hashing busy hold nobody up whose network asks for less, nor who is known.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use keyfob::model::settings::Settings;
use serde_json::json;

use crate::browser::{PASSWORD, form};
use crate::guessing::{LOGIN, Post, authenticate_from, send_beside_others, sign_in_from};
use crate::overload::during;
use crate::server::Server;

/// So many times as long as without a flood may a neighbour wait: its turn comes after the hashes that are being made, and at most one of each
/// other sort of work.
const MUCH: u32 = 50;

/// So many attackers share three addresses.
const ATTACKERS: usize = 48;

/// How long bob's sign-ins take on the average. Each is answered, and lets him in.
fn wait_of_bob(server: &Server) -> Duration {
    const ATTEMPTS: u32 = 4;
    let sign_in = |_| {
        let begun = Instant::now();
        assert_eq!(sign_in_from(server, "192.0.2.7", "bob", PASSWORD).status, 204);
        begun.elapsed()
    };
    (0..ATTEMPTS).map(sign_in).sum::<Duration>() / ATTEMPTS
}

/// Holds bob's wait under a flood of guesses against his wait without one, where he has signed in before. A guess is made of its number.
fn is_bearable(attack: &str, guess: impl Fn(usize) -> Post + Sync) {
    let server = server_with_bob(200_000);
    let unloaded = wait_of_bob(&server);
    let attacked = during_flood(&server, guess, || wait_of_bob(&server));
    assert!(attacked <= unloaded * MUCH, "{attacked:?} under {attack}, {unloaded:?} without");
}

fn server_with_bob(password_rounds: u32) -> Server {
    let mut server = Server::slowly(Settings { password_rounds, ..Settings::default() });
    server.has_user("bob");
    server
}

fn during_flood<T>(server: &Server, guess: impl Fn(usize) -> Post + Sync, neighbour: impl FnOnce() -> T) -> T {
    let (guesses, app) = (AtomicUsize::new(0), &server.app);
    let flood = || {
        let n = guesses.fetch_add(1, Ordering::SeqCst);
        let status = send_beside_others(app, n, guess(n)).status;
        assert!([400, 401, 429, 503].contains(&status), "{status}: this is no wrong guess");
        if [429, 503].contains(&status) {
            // As over a network: who is refused needs a moment to come again.
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    during(ATTACKERS, flood, neighbour)
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// A guess at the password of a user who is not there.
fn made_up_user(n: usize, peer: &str) -> Post {
    (address(peer), LOGIN, "application/json", json!({"user_id": format!("user-{n}"), "password": format!("Guess-{n}")}).to_string())
}

/// A guess at the secret of a client that is not there.
fn made_up_client(n: usize, peer: &str) -> Post {
    let body = form(&[("token", "x"), ("client_id", &format!("client-{n}")), ("client_secret", "wrong")]);
    (address(peer), "/oauth/introspect", "application/x-www-form-urlencoded", body)
}

/// One of so many networks that each of them has few of those who wait.
fn one_of_many_networks(n: usize) -> String {
    format!("127.0.{}.{}", n % 3, n % 100)
}

#[test]
fn three_addresses_that_guess_secrets_of_many_clients_keep_nobody_from_signing_in() {
    is_bearable("guesses at client secrets", |n| made_up_client(n, &format!("198.51.100.{}", n % 3)));
}

#[test]
fn three_addresses_that_guess_passwords_of_many_users_keep_nobody_from_signing_in() {
    is_bearable("guesses at passwords", |n| made_up_user(n, &format!("198.51.100.{}", n % 3)));
}

#[test]
fn however_many_networks_guess_who_has_signed_in_from_an_address_before_signs_in_there() {
    is_bearable("guesses at passwords from everywhere", |n| made_up_user(n, &one_of_many_networks(n)));
}

#[test]
fn however_many_networks_guess_who_is_signed_in_chooses_passwords_and_secrets() {
    let server = server_with_bob(60_000);
    server.has_client("bob", "my-app");
    let guess = |n: usize| if n.is_multiple_of(2) { made_up_user } else { made_up_client }(n, &one_of_many_networks(n));
    during_flood(&server, guess, || {
        let user = r#"{"user":{"ids":{"user_id":"carol"},"primary_email_address":"carol@example.com","password":"One-Passw0rd"}}"#;
        server.check("admin", "POST", "/api/v3/users", user, "200");
        server.check(
            "admin",
            "PUT",
            "/api/v3/users/carol",
            r#"{"user":{"temporary_password":"Two-Passw0rds"},"field_mask":"temporary_password"}"#,
            "200",
        );
        server.check("bob", "PUT", "/api/v3/clients/my-app", r#"{"client":{"secret":"b7Q2nK9xR4vT1mZ8"},"field_mask":"secret"}"#, "200");
    });
}

#[test]
fn one_ipv6_site_keeps_nobody_from_signing_in_who_was_never_there() {
    let server = server_with_bob(60_000);
    let statuses = during_flood(
        &server,
        |n| made_up_user(n, &format!("2001:db8:1:{n:x}::1")),
        || [7, 8, 9].map(|n| sign_in_from(&server, &format!("192.0.2.{n}"), "bob", PASSWORD).status),
    );
    assert_eq!(statuses, [204, 204, 204]);
}

#[test]
fn guesses_at_secrets_of_many_clients_slow_an_address_down() {
    let mut server = Server::start();
    server.has_user("bob");
    let secret = server.has_client("bob", "my-app");
    let statuses = |peer: fn(usize) -> String, clients: fn(usize) -> String, guesses: usize| -> Vec<u16> {
        (0..guesses).map(|n| authenticate_from(&server, &peer(n), &clients(n), "wrong").status).collect()
    };
    let unknown = statuses(|_| "192.0.2.1".to_owned(), |n| format!("client-{n}"), 101);
    assert_eq!((unknown.iter().position(|status| *status == 429), unknown[0]), (Some(100), 401));
    assert_eq!(authenticate_from(&server, "192.0.2.1", "my-app", "wrong").status, 429, "a client that is there is no other");
    assert_eq!(authenticate_from(&server, "192.0.2.1", "my-app", &secret).status, 200, "what was generated is no guess");
    assert_eq!(authenticate_from(&server, "192.0.2.2", "my-app", "wrong").status, 401, "elsewhere is elsewhere");
    let of_ipv6 = statuses(|n| format!("2001:db8::{n}"), |n| format!("client-{n}"), 101);
    assert_eq!(of_ipv6.iter().position(|status| *status == 429), Some(100));
}
