//! Those who keep the hashing busy hold nobody up whose network asks for less.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use keyfob::model::settings::Settings;
use serde_json::json;

use crate::guessing::{LOGIN, authenticate_from, send_beside_others, sign_in_from};
use crate::overload::during;
use crate::server::Server;
use crate::visitor::{PASSWORD, form};

/// So many times as long as without a flood may a neighbour wait: its turn comes after the hash that is being made, and one of each network.
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

/// Holds bob's wait under a flood of guesses against his wait without one. A guess is made of its number: where it goes, and what it is.
fn is_bearable(attack: &str, guess: impl Fn(usize) -> (&'static str, &'static str, String) + Sync) {
    let mut server = Server::slowly(Settings { password_rounds: 200_000, ..Settings::default() });
    server.has_user("bob");
    let (unloaded, guesses, app) = (wait_of_bob(&server), AtomicUsize::new(0), &server.app);
    let flood = || {
        let n = guesses.fetch_add(1, Ordering::SeqCst);
        let (target, content_type, body) = guess(n);
        let peer = format!("198.51.100.{}", n % 3).parse().expect("an address");
        if [429, 503].contains(&send_beside_others(app, n, (peer, target, content_type, body)).status) {
            // As over a network: who is refused needs a moment to come again.
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let attacked = during(ATTACKERS, flood, || wait_of_bob(&server));
    assert!(attacked <= unloaded * MUCH, "{attacked:?} under {attack}, {unloaded:?} without");
}

#[test]
fn three_addresses_that_guess_secrets_of_many_clients_keep_nobody_from_signing_in() {
    is_bearable("guesses at client secrets", |n| {
        let body = form(&[("token", "x"), ("client_id", &format!("client-{n}")), ("client_secret", "wrong")]);
        ("/oauth/introspect", "application/x-www-form-urlencoded", body)
    });
}

#[test]
fn three_addresses_that_guess_passwords_of_many_users_keep_nobody_from_signing_in() {
    is_bearable("guesses at passwords", |n| {
        let body = json!({"user_id": format!("user-{n}"), "password": format!("Guess-{n}")}).to_string();
        (LOGIN, "application/json", body)
    });
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
