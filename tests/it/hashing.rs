//! What people choose is hashed slowly: how slowly, where, and at whose cost.

use keyfob::base::secret::Hash;
use keyfob::model::settings::Settings;
use keyfob::registry::users;

use crate::browser::{PASSWORD, form};
use crate::console::server_with_alice;
use crate::guessing::{at_once, authenticate_from, sign_in_from};
use crate::server::Server;

const GOOD_SECRET: &str = "b7Q2nK9xR4vT1mZ8";

fn password_hash(server: &Server, user: &str) -> Hash {
    let id = user.parse().expect("an ID");
    server.app.store().read(|tx| tx.passwords(&id)).expect("passwords are read").expect("the user has one").password
}

fn with_rounds(password_rounds: u32) -> Settings {
    Settings { password_rounds, ..Settings::default() }
}

/// Gives a user the password of all users, hashed in so many rounds.
fn has_hash_of(server: &Server, user: &str, rounds: u32) {
    let hash = Hash::of_chosen(PASSWORD, rounds);
    server.execute(&format!("UPDATE users SET password_hash = '{}' WHERE user_id = '{user}'", hash.as_str()));
}

#[test]
fn a_password_takes_six_hundred_thousand_rounds_unless_it_is_set_otherwise() {
    assert_eq!(Settings::default().password_rounds, 600_000);
    let mut server = Server::slowly(with_rounds(3000));
    server.has_user("bob");
    assert_eq!((password_hash(&server, "admin").rounds(), password_hash(&server, "bob").rounds()), (3000, 3000));
}

#[test]
fn a_password_that_took_fewer_rounds_than_are_set_is_hashed_anew_when_it_is_used() {
    let mut server = Server::slowly(with_rounds(3000));
    server.has_user("bob");
    for (kept, afterwards) in [(1, 3000), (2999, 3000), (3000, 3000), (5000, 5000)] {
        has_hash_of(&server, "bob", kept);
        assert_eq!(sign_in_from(&server, "192.0.2.1", "bob", "wrong").status, 400);
        assert_eq!(password_hash(&server, "bob").rounds(), kept, "nobody proved to know it");
        assert_eq!(sign_in_from(&server, "192.0.2.1", "bob", PASSWORD).status, 204);
        assert_eq!(password_hash(&server, "bob").rounds(), afterwards, "from {kept}");
        assert_eq!(sign_in_from(&server, "192.0.2.1", "bob", PASSWORD).status, 204, "it is the same password");
    }
}

#[test]
fn a_hash_of_the_things_stack_lets_its_user_in() {
    let mut server = Server::start();
    server.has_user("bob");
    // PBKDF2 of `password`, salt `saltsaltsaltsalt`, one round, computed with Python's hashlib.
    for hash in [
        "PBKDF2$sha256$1$saltsaltsaltsalt$sT1ml-mc1tF0XaCX7gPkvlATQedv6RYaeI3j1M0L4hk",
        "pbkdf2$sha512$1$saltsaltsaltsalt$zMa9LL9XW9NEyc9UKHf8bpNyy_Hx4d85LGz19gOLtXQ",
    ] {
        server.execute(&format!("UPDATE users SET password_hash = '{hash}' WHERE user_id = 'bob'"));
        assert_eq!(sign_in_from(&server, "192.0.2.1", "bob", "password").status, 204, "{hash}");
        assert!(password_hash(&server, "bob").as_str().starts_with("PBKDF2$sha256$1000$"), "it is hashed as is set");
    }
}

#[test]
fn a_hash_that_would_take_for_ever_lets_nobody_in_and_takes_no_time() {
    let mut server = Server::start();
    server.has_user("bob");
    let slow = password_hash(&server, "bob").as_str().replace("$1000$", "$4000000000$");
    server.execute(&format!("UPDATE users SET password_hash = '{slow}' WHERE user_id = 'bob'"));
    assert_eq!(sign_in_from(&server, "192.0.2.1", "bob", PASSWORD).status, 400);
}

#[test]
fn comparing_takes_as_many_rounds_for_somebody_unknown_as_for_anybody_else() {
    let mut server = Server::start();
    server.has_user("bob");
    let settings = with_rounds(3000);
    let rounds = |user: &str| {
        let id = user.parse().expect("an ID");
        server.app.store().read(|tx| users::compared(tx, &settings, &id)).expect("what it is compared with").rounds
    };
    for (kept, expected) in [(1000, 3000), (50_000, 50_000), (2_000_000, 2_000_000), (2_000_001, 3000)] {
        let hash = password_hash(&server, "bob")
            .as_str()
            .split('$')
            .enumerate()
            .map(|(n, part)| if n == 2 { kept.to_string() } else { part.to_owned() })
            .collect::<Vec<_>>()
            .join("$");
        server.execute(&format!("UPDATE users SET password_hash = '{hash}' WHERE user_id = 'bob'"));
        assert_eq!((rounds("bob"), rounds("admin"), rounds("nobody")), (expected, expected, expected), "{kept}");
    }
}

#[test]
fn too_many_guesses_at_once_are_told_when_to_come_again() {
    let server = Server::slowly(with_rounds(60_000));
    let sign_in = |n| format!(r#"{{"user_id":"user-{n}","password":"Guess-{n}"}}"#);
    let sign_in_page = |n| form(&[("user_id", &format!("user-{n}")), ("password", "Guess")]);
    let client = |n| form(&[("token", "x"), ("client_id", &format!("app-{n}")), ("client_secret", "guess")]);
    type Body<'b> = &'b (dyn Fn(usize) -> String + Sync);
    let surfaces: [(&str, &str, Body<'_>, u16); 3] = [
        ("/oauth/api/auth/login", "application/json", &sign_in, 400),
        ("/oauth/login", "application/x-www-form-urlencoded", &sign_in_page, 400),
        ("/oauth/introspect", "application/x-www-form-urlencoded", &client, 401),
    ];
    for (target, content_type, body, wrong) in surfaces {
        let answers = at_once(&server, 64, |n| ([198, 51, 100, n as u8].into(), target, content_type, body(n)));
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        let told: Vec<_> = answers.iter().filter(|answer| answer.status == 503).collect();
        assert!(statuses.iter().all(|status| [wrong, 503].contains(status)), "{target}: {statuses:?}");
        assert!(statuses.contains(&wrong) && told.len() > 5, "{target}: {statuses:?}");
        for answer in told {
            assert_eq!(answer.header("Retry-After"), Some("5"), "{target}");
            let text = answer.text().to_lowercase();
            assert!(text.contains("too many passwords and secrets are being checked just now"), "{target}: {text}");
        }
    }
}

#[test]
fn choosing_a_weak_client_secret_gets_a_warning() {
    let (server, mut alice) = server_with_alice();
    let warned = |method: &str, target: &str, client: serde_json::Value| {
        let body = serde_json::json!({"client": client, "field_mask": "secret"}).to_string();
        server.check("alice", method, target, &body, "200").header("X-Warning").map(str::to_owned)
    };
    for (n, weak) in ["hunter2", "aaaaaaaaaaaaaaaaaaaaaaaa", "b7Q2nK9xR4vT1mZ"].into_iter().enumerate() {
        let made =
            warned("POST", "/api/v3/users/alice/clients", serde_json::json!({"ids": {"client_id": format!("app-{n}")}, "secret": weak}));
        let changed = warned("PUT", &format!("/api/v3/clients/app-{n}"), serde_json::json!({"secret": weak}));
        assert!(made.as_deref().is_some_and(|warning| warning.starts_with("The client secret is weak: ")), "{weak}: {made:?}");
        assert_eq!(made, changed, "{weak}");
        let page = alice.sends_form(&server, &format!("/console/clients/app-{n}/secrets"), &[("secret", weak)]);
        assert!(page.status == 200 && page.text().contains("The client secret is weak"), "{}", page.text());
    }
    for good in [GOOD_SECRET, ""] {
        let id = format!("good-{}", good.len());
        let made = warned("POST", "/api/v3/users/alice/clients", serde_json::json!({"ids": {"client_id": id}, "secret": good}));
        assert_eq!(made, None, "{good:?}");
        assert_eq!(warned("PUT", &format!("/api/v3/clients/{id}"), serde_json::json!({"secret": good})), None, "{good:?}");
        let page = alice.sends_form(&server, &format!("/console/clients/{id}/secrets"), &[("secret", good)]);
        assert!(page.status == 200 && !page.text().contains("weak"), "{}", page.text());
    }
}

#[test]
fn a_right_secret_is_found_among_generated_and_chosen_ones() {
    let mut server = Server::start();
    server.has_user("bob");
    let generated = server.has_client("bob", "my-app");
    let hash = |secret: &str| Hash::of_chosen(secret, 20_000).as_str().to_owned();
    for (number, secret) in [(2, "first"), (3, "second")] {
        let row = format!(
            "INSERT INTO client_secrets (client_number, secret_number, secret_hash, created_at)
                SELECT client_number, {number}, '{}', 0 FROM clients WHERE client_id = 'my-app'",
            hash(secret)
        );
        server.execute(&row);
    }
    for (secret, status) in [(generated.as_str(), 200), ("first", 200), ("second", 200), ("third", 401)] {
        assert_eq!(authenticate_from(&server, "192.0.2.1", "my-app", secret).status, status, "{secret}");
    }
}
