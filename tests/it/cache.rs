//! What was read stays in memory while it holds, and no longer.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use keyfob::http::request::{Method, Request};
use serde_json::{Value, json};

use crate::server::{ADMIN_KEY, PEER, Server};

/// How many clients are renamed over and over, each by a writer of its own.
const WRITERS: usize = 4;
const READERS: usize = 12;
const RENAMES: u64 = 60;

fn send(server: &keyfob::app::App, key: &str, method: Method, target: &str, body: &str) -> (u16, Value) {
    let request = Request {
        method,
        target: target.to_owned(),
        headers: vec![("authorization".to_owned(), format!("Bearer {key}"))],
        body: body.as_bytes().to_vec(),
        id: "cache".to_owned(),
        peer: PEER,
    };
    let reply = server.answer(request, &|| ());
    (reply.status, serde_json::from_slice(&reply.body).unwrap_or_default())
}

/// The number at the end of a name.
fn number(client: &Value) -> u64 {
    client["name"].as_str().and_then(|name| name.rsplit(' ').next()).and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

#[test]
fn no_read_is_older_than_a_write_that_was_acknowledged_before_it() {
    let server = Server::start();
    (0..WRITERS).for_each(|n| drop(server.has_client("admin", &format!("client-{n}"))));
    let (app, acknowledged, ended) = (&server.app, [const { AtomicU64::new(0) }; WRITERS], AtomicBool::new(false));
    let (acknowledged, ended) = (&acknowledged, &ended);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|n| {
                scope.spawn(move || {
                    for name in 1..=RENAMES {
                        let body = json!({"client": {"name": format!("Name {name}")}, "field_mask": {"paths": ["name"]}}).to_string();
                        let (status, _) = send(app, ADMIN_KEY, Method::Put, &format!("/api/v3/clients/client-{n}"), &body);
                        assert_eq!(status, 200);
                        acknowledged[n].store(name, Ordering::SeqCst);
                    }
                })
            })
            .collect();
        let readers: Vec<_> = (0..READERS)
            .map(|reader| {
                scope.spawn(move || {
                    let mut last = [0; WRITERS];
                    for turn in reader.. {
                        let n = turn % WRITERS;
                        let least = acknowledged[n].load(Ordering::SeqCst).max(last[n]);
                        let (_, one) = send(app, ADMIN_KEY, Method::Get, &format!("/api/v3/clients/client-{n}?field_mask=name"), "");
                        let (_, all) = send(app, ADMIN_KEY, Method::Get, "/api/v3/clients?field_mask=name&limit=100", "");
                        let listed =
                            all["clients"].as_array().and_then(|all| all.iter().find(|client| client["ids"] == one["ids"])).map(number);
                        last[n] = number(&one);
                        assert!(last[n] >= least && listed >= Some(last[n]), "{least} was acknowledged: {one} {all}");
                        if ended.load(Ordering::SeqCst) {
                            break;
                        }
                    }
                    last
                })
            })
            .collect();
        writers.into_iter().for_each(|writer| writer.join().expect("a writer"));
        ended.store(true, Ordering::SeqCst);
        assert!(readers.into_iter().all(|reader| reader.join().expect("a reader").iter().any(|last| *last > 0)));
    });
}

#[test]
fn what_was_just_taken_away_opens_nothing_any_more() {
    let mut server = Server::start();
    server.has_user("bob");
    server.has_user("eve");
    server.has_client("bob", "my-app");
    let read = |server: &Server, expected: &str| {
        // Twice: the second one finds what the first has left.
        (0..2).for_each(|_| drop(server.check("eve", "GET", "/api/v3/clients/my-app?field_mask=attributes", "", expected)));
    };
    let collaborator = |rights: &[&str]| json!({"collaborator": {"ids": {"user_ids": {"user_id": "eve"}}, "rights": rights}}).to_string();
    let set = |server: &Server, rights: &[&str]| {
        drop(server.check("bob", "PUT", "/api/v3/clients/my-app/collaborators", &collaborator(rights), "200"))
    };
    read(&server, "403 no_client_rights");
    set(&server, &["RIGHT_CLIENT_ALL"]);
    read(&server, "200");
    set(&server, &[]);
    read(&server, "403 no_client_rights");
    set(&server, &["RIGHT_CLIENT_ALL"]);
    read(&server, "200");
    let suspend = json!({"user": {"state": "STATE_SUSPENDED"}, "field_mask": {"paths": ["state"]}}).to_string();
    server.check("admin", "PUT", "/api/v3/users/eve", &suspend, "200");
    read(&server, "403 user_suspended");
    server.check("admin", "DELETE", "/api/v3/users/eve", "", "200");
    read(&server, "401 api_key_not_found");
}
