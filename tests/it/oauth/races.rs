//! Many at once: one code has one winner, one refresh token one successor.

use std::sync::{Arc, Barrier};

use keyfob::http::request::{Method, Request};

use super::fixture;
use crate::browser::{CALLBACK, form};
use crate::server::{PEER, Server};

const THREADS: usize = 16;

/// The bodies of so many equal requests for a token that start together, with their status.
fn together(server: &Server, body: &str) -> Vec<(u16, String)> {
    let app = &server.app;
    let barrier = Arc::new(Barrier::new(THREADS));
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|n| {
                let barrier = barrier.clone();
                scope.spawn(move || {
                    let request = Request {
                        method: Method::Post,
                        target: "/oauth/token".to_owned(),
                        headers: Vec::new(),
                        body: body.as_bytes().to_vec(),
                        id: format!("race-{n}"),
                        peer: PEER,
                    };
                    barrier.wait();
                    let reply = app.answer(request, &|| ());
                    (reply.status, String::from_utf8_lossy(&reply.body).into_owned())
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("a thread ends well")).collect()
    })
}

fn field(text: &str, name: &str) -> String {
    let json: serde_json::Value = serde_json::from_str(text).expect("JSON");
    json[name].as_str().unwrap_or_default().to_owned()
}

#[test]
fn one_code_has_one_winner() {
    let (server, secret) = fixture();
    for _ in 0..5 {
        let code = server.signed_in("bob").code(&server, "my-app", &[]);
        let pairs = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("client_id", "my-app"),
            ("client_secret", &secret),
        ];
        let replies = together(&server, &form(&pairs));
        assert_eq!(replies.iter().filter(|(status, _)| *status == 200).count(), 1);
        assert!(replies.iter().all(|(status, body)| *status == 200 || (*status == 400 && field(body, "error") == "invalid_grant")));
    }
}

#[test]
fn one_refresh_token_has_one_successor_for_all_who_race_for_it() {
    let (server, secret) = fixture();
    for _ in 0..5 {
        let code = server.signed_in("bob").code(&server, "my-app", &[]);
        let tokens = server.tokens("my-app", &secret, &code);
        let pairs =
            [("grant_type", "refresh_token"), ("refresh_token", &tokens.refresh), ("client_id", "my-app"), ("client_secret", &secret)];
        let replies = together(&server, &form(&pairs));
        let pair = |body: &str| (field(body, "access_token"), field(body, "refresh_token"));
        let (_, first) = &replies[0];
        for (status, body) in &replies {
            assert_eq!((*status, pair(body)), (200, pair(first)));
        }
        assert_eq!(server.status_with(&pair(first).0, "/api/v3/users/bob"), 200);
        assert_eq!(server.refresh("my-app", &secret, &pair(first).1).status, 200);
    }
}
