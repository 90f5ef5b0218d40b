//! Those who guess passwords and secrets, many at once and from many addresses.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};

use keyfob::app::App;
use keyfob::http::reply::Reply;
use keyfob::http::request::{Method, Request};
use serde_json::json;

use crate::browser::{PASSWORD, form};
use crate::server::{Answer, Server};

pub const LOGIN: &str = "/oauth/api/auth/login";

fn server_with_bob() -> Server {
    let mut server = Server::start();
    server.has_user("bob");
    server
}

pub fn sign_in_from(server: &Server, peer: &str, user: &str, password: &str) -> Answer {
    let body = json!({"user_id": user, "password": password}).to_string();
    server.send_from(peer.parse().expect("an address"), None, &[("Content-Type", "application/json")], "POST", LOGIN, body.as_bytes())
}

/// A client that names itself and shows this secret, from an address.
pub fn authenticate_from(server: &Server, peer: &str, client: &str, secret: &str) -> Answer {
    let body = form(&[("token", "x"), ("client_id", client), ("client_secret", secret)]);
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    server.send_from(peer.parse().expect("an address"), None, &headers, "POST", "/oauth/introspect", body.as_bytes())
}

/// A request: who sends it, where to, and what.
pub type Post = (IpAddr, &'static str, &'static str, String);

/// Sends one from whatever thread.
pub fn send_beside_others(app: &App, n: usize, (peer, target, content_type, body): Post) -> Answer {
    let headers = vec![("content-type".to_owned(), content_type.to_owned())];
    let (target, id) = (target.to_owned(), format!("guess-{n}"));
    let request = Request { method: Method::Post, target, headers, body: body.into_bytes(), id, peer };
    let Reply { status, headers, body, .. } = app.answer(request, &|| ());
    Answer { status, headers, body }
}

/// Sends so many requests, up to 64 at a time.
pub fn at_once(server: &Server, count: usize, request: impl Fn(usize) -> Post + Sync) -> Vec<Answer> {
    const THREADS: usize = 64;
    let (app, next, barrier, answers) = (&server.app, AtomicUsize::new(0), Barrier::new(THREADS), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                barrier.wait();
                loop {
                    let n = next.fetch_add(1, Ordering::SeqCst);
                    if n >= count {
                        return;
                    }
                    let answer = send_beside_others(app, n, request(n));
                    answers.lock().expect("no thread panics").push(answer);
                }
            });
        }
    });
    answers.into_inner().expect("no thread panicked")
}

/// How many answers have which status.
fn counted(answers: &[Answer]) -> BTreeMap<u16, usize> {
    answers.iter().fold(BTreeMap::new(), |mut counts, answer| {
        *counts.entry(answer.status).or_default() += 1;
        counts
    })
}

#[test]
fn of_three_hundred_passwords_guessed_at_once_no_more_are_compared_than_the_bound() {
    let server = server_with_bob();
    let answers = counted(&at_once(&server, 300, |n| {
        let peer = format!("198.51.100.{}", n % 250).parse().expect("an address");
        (peer, LOGIN, "application/json", json!({"user_id": "bob", "password": format!("Guess-{n}")}).to_string())
    }));
    assert!(answers.get(&400).is_some_and(|compared| (1..=5).contains(compared)), "{answers:?}");
    assert_eq!(answers.values().sum::<usize>(), 300, "{answers:?}");
    assert!(answers.keys().all(|status| [400, 429, 503].contains(status)), "{answers:?}");
}

#[test]
fn of_three_hundred_chosen_secrets_guessed_at_once_no_more_are_compared_than_the_bound() {
    let server = server_with_bob();
    server.has_client("bob", "my-app");
    server.check("bob", "PUT", "/api/v3/clients/my-app", r#"{"client":{"secret":"hunter2"},"field_mask":"secret"}"#, "200");
    let answers = counted(&at_once(&server, 300, |n| {
        let body = form(&[("token", "x"), ("client_id", "my-app"), ("client_secret", &format!("guess-{n}"))]);
        ("192.0.2.1".parse().expect("an address"), "/oauth/introspect", "application/x-www-form-urlencoded", body)
    }));
    assert!(answers.get(&401).is_some_and(|compared| (1..=20).contains(compared)), "{answers:?}");
    assert!(answers.keys().all(|status| [401, 429, 503].contains(status)), "{answers:?}");
}

#[test]
fn however_often_somebody_failed_the_wait_is_fifteen_minutes() {
    let server = server_with_bob();
    assert_eq!(sign_in_from(&server, "192.0.2.1", "bob", "wrong").status, 400);
    for failures in [16, 67, 68, 69, 70, 1_000_000] {
        server.execute(&format!("UPDATE sign_in_failures SET failures = {failures}"));
        let locked = sign_in_from(&server, "192.0.2.1", "bob", PASSWORD);
        assert_eq!((locked.status, locked.header("Retry-After")), (429, Some("900")), "after {failures} failures");
    }
}

#[test]
fn a_clock_that_is_set_neither_locks_anybody_out_for_longer_nor_forgets_who_guessed() {
    for set_by in [-3600, 3600] {
        let server = server_with_bob();
        for _ in 0..6 {
            sign_in_from(&server, "192.0.2.1", "bob", "wrong");
            server.wait_seconds(1);
        }
        assert_eq!(sign_in_from(&server, "192.0.2.1", "bob", "wrong").status, 429);
        server.sets_clock(set_by);
        let locked = sign_in_from(&server, "192.0.2.1", "bob", PASSWORD);
        assert_eq!((locked.status, locked.header("Retry-After")), (429, Some("1")), "set by {set_by}");
        server.wait_seconds(2);
        assert_eq!(sign_in_from(&server, "192.0.2.1", "bob", "wrong").status, 400, "set by {set_by}");
        assert_eq!(sign_in_from(&server, "192.0.2.1", "bob", PASSWORD).header("Retry-After"), Some("4"), "nothing is forgotten");
    }
}

#[test]
fn failures_that_lie_in_the_future_after_a_restart_lock_nobody_out() {
    let server = server_with_bob();
    for _ in 0..5 {
        sign_in_from(&server, "192.0.2.1", "bob", "wrong");
    }
    server.execute("UPDATE sign_in_failures SET last_at = last_at + 3600000000");
    assert_eq!(sign_in_from(&server, "192.0.2.1", "bob", "wrong").status, 400, "one more is compared");
    assert_eq!(sign_in_from(&server, "192.0.2.1", "bob", PASSWORD).header("Retry-After"), Some("2"), "and counted");
    server.wait_seconds(2);
    assert_eq!(sign_in_from(&server, "192.0.2.1", "bob", PASSWORD).status, 204);
}

#[test]
fn guessing_from_many_networks_of_one_ipv6_site_is_slowed_down() {
    let server = Server::start();
    let guesses = |network: &dyn Fn(usize) -> String| {
        let compared = (0..400).take_while(|n| sign_in_from(&server, &network(*n), &format!("user-{n}"), "wrong").status == 400);
        compared.count()
    };
    assert_eq!(guesses(&|n| format!("2001:db8:1:1::{n:x}")), 20, "in one /64");
    assert_eq!(guesses(&|n| format!("2001:db8:2:{:x}::1", n % 256)), 80, "in one /56");
    assert_eq!(guesses(&|n| format!("2001:db8:3:{:x}::1", n * 100)), 320, "in one /48");
}

#[test]
fn a_client_is_guessed_at_from_many_ipv6_networks_no_more_freely() {
    let server = Server::start();
    let guesses = |client: &str, network: &dyn Fn(usize) -> String| {
        (0..400).take_while(|n| authenticate_from(&server, &network(*n), client, "wrong").status == 401).count()
    };
    assert_eq!(guesses("app-one", &|n| format!("2001:db8:1:1::{n:x}")), 20, "in one /64");
    assert_eq!(guesses("app-two", &|n| format!("2001:db8:2:{:x}::1", n % 256)), 80, "in one /56");
}

#[test]
fn an_address_is_counted_also_where_its_users_have_signed_in() {
    let mut server = Server::start();
    let users: Vec<String> = (0..30).map(|n| format!("user-{n}")).collect();
    for user in &users {
        server.has_user(user);
        assert_eq!(sign_in_from(&server, "192.0.2.1", user, PASSWORD).status, 204);
    }
    let guesses = users.iter().cycle().take(150).take_while(|user| sign_in_from(&server, "192.0.2.1", user, "wrong").status == 400);
    assert_eq!(guesses.count(), 100, "more than from where nobody has signed in, but not without end");
}

#[test]
fn who_guesses_elsewhere_or_at_others_locks_nobody_out_of_where_the_user_has_signed_in() {
    let server = server_with_bob();
    assert_eq!(sign_in_from(&server, "192.0.2.1", "bob", PASSWORD).status, 204);
    for n in 0..40 {
        sign_in_from(&server, "192.0.2.1", &format!("user-{n}"), "wrong");
        sign_in_from(&server, "198.51.100.7", "bob", "wrong");
        server.wait_seconds(n);
    }
    assert_eq!(sign_in_from(&server, "192.0.2.1", "somebody", "wrong").status, 429, "the address is slowed down");
    assert_eq!(sign_in_from(&server, "203.0.113.9", "bob", PASSWORD).status, 429, "so is the user elsewhere");
    assert_eq!(sign_in_from(&server, "192.0.2.1", "bob", PASSWORD).status, 204);
}

#[test]
fn a_right_password_counts_as_no_failure() {
    let mut server = server_with_bob();
    for n in 0..19 {
        sign_in_from(&server, "192.0.2.1", &format!("user-{n}"), "wrong");
    }
    for n in 0..5 {
        server.has_user(&format!("alice-{n}"));
        assert_eq!(sign_in_from(&server, "192.0.2.1", &format!("alice-{n}"), PASSWORD).status, 204);
    }
    assert_eq!(sign_in_from(&server, "192.0.2.1", "one-more", "wrong").status, 400);
    assert_eq!(sign_in_from(&server, "192.0.2.1", "another", "wrong").status, 429);
}

#[test]
fn many_right_passwords_at_once_are_all_let_in() {
    let server = server_with_bob();
    assert_eq!(server.value::<i64>("SELECT count(*) FROM sign_in_failures"), 0);
    let answers = counted(&at_once(&server, 64, |_| {
        let body = json!({"user_id": "bob", "password": PASSWORD}).to_string();
        ("192.0.2.1".parse().expect("an address"), LOGIN, "application/json", body)
    }));
    // Where the queue is full, one is to come again.
    assert!(answers.keys().all(|status| [204, 503].contains(status)) && answers[&204] >= 16, "{answers:?}");
    assert_eq!(server.value::<i64>("SELECT count(*) FROM sign_in_failures"), 0);
}

#[test]
fn what_is_remembered_of_those_who_guess_is_bounded_and_the_worst_are_remembered_longest() {
    let server = server_with_bob();
    let at = server.value::<i64>("SELECT max(created_at) FROM accounts");
    for _ in 0..5 {
        sign_in_from(&server, "192.0.2.1", "bob", "wrong");
    }
    server.execute(&format!(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 30000) \
             INSERT INTO sign_in_failures (subject, failures, last_at) SELECT 'user stranger-' || n, 1, {at} FROM n"
    ));
    assert_eq!(sign_in_from(&server, "198.51.100.1", "somebody", "wrong").status, 400);
    assert!(server.value::<i64>("SELECT count(*) FROM sign_in_failures") <= 20_000);
    assert_eq!(sign_in_from(&server, "192.0.2.2", "bob", PASSWORD).status, 429, "no flood makes it forget bob");
}

#[test]
fn the_addresses_that_are_known_of_a_user_are_bounded() {
    let server = server_with_bob();
    for n in 0..110 {
        assert_eq!(sign_in_from(&server, &format!("198.51.100.{n}"), "bob", PASSWORD).status, 204);
    }
    assert_eq!(server.value::<i64>("SELECT count(*) FROM sign_in_addresses WHERE user_id = 'bob'"), 100);
    assert_eq!(server.value::<i64>("SELECT count(*) FROM sign_in_addresses WHERE address = '198.51.100.109'"), 1, "the newest stay");
}

#[test]
fn a_client_that_is_not_there_is_slowed_down_like_one_that_is() {
    let server = server_with_bob();
    let generated = server.has_client("bob", "generated-app");
    server.has_client("bob", "chosen-app");
    server.check("bob", "PUT", "/api/v3/clients/chosen-app", r#"{"client":{"secret":"hunter2"},"field_mask":"secret"}"#, "200");
    server.has_client("bob", "public-app");
    server.check("bob", "PUT", "/api/v3/clients/public-app", r#"{"client":{"secret":""},"field_mask":"secret"}"#, "200");
    let told = |client: &str| {
        let answers = (0..22).map(|_| authenticate_from(&server, "192.0.2.1", client, "wrong"));
        answers.map(|answer| (answer.status, answer.error(), answer.header("Retry-After").map(str::to_owned))).collect::<Vec<_>>()
    };
    let unknown = told("ghost-app");
    assert_eq!((unknown[19].0, unknown[20].0), (401, 429));
    for client in ["generated-app", "chosen-app", "public-app"] {
        assert_eq!(told(client), unknown, "{client}");
    }
    assert_eq!(authenticate_from(&server, "192.0.2.1", "generated-app", &generated).status, 200, "what nobody can guess is let in");
    assert_eq!(authenticate_from(&server, "192.0.2.1", "chosen-app", "hunter2").status, 429);
}
