//! Who is told what before, and after, a client proved who it is (RFC 6749 sections 2.3 and 5.2).

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};

use data_encoding::BASE64;
use serde_json::Value;

use super::{VERIFIER, challenged, fixture};
use crate::browser::{CALLBACK, Tokens, form};
use crate::server::{Answer, Server};

const SAME_SIZE_AS_A_CODE: &str = "MF2XI.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// All that a stranger sees of an answer: status, headers and body, without the numbers of the request.
fn seen(answer: &Answer) -> (u16, Vec<(String, String)>, Value) {
    let headers = answer.headers.iter().filter(|(name, _)| *name != "X-Request-Id").map(|(n, v)| ((*n).to_owned(), v.clone().into_owned()));
    let mut body = answer.json();
    body["details"][0]["correlation_id"] = Value::Null;
    (answer.status, headers.collect(), body)
}

/// A form to an endpoint, with the client's ID and secret in the body or in the header. Each comes from an address of its own: those who
/// guess from one are slowed down.
fn presents(server: &Server, target: &str, pairs: &[(&str, &str)], client: &str, secret: Option<&str>, in_header: &str) -> Answer {
    let mut pairs = pairs.to_vec();
    let mut header = None;
    if in_header == "Basic" {
        header = Some(format!("Basic {}", BASE64.encode(format!("{client}:{}", secret.unwrap_or_default()).as_bytes())));
    } else {
        pairs.push(("client_id", client));
        pairs.extend(secret.map(|secret| ("client_secret", secret)));
    }
    static SENT: AtomicU32 = AtomicU32::new(0);
    let peer = Ipv4Addr::from(u32::from(Ipv4Addr::new(198, 18, 0, 0)) + SENT.fetch_add(1, Ordering::SeqCst));
    server.send_from(peer.into(), header.as_deref(), &[], "POST", target, form(&pairs).as_bytes())
}

#[test]
fn a_client_is_authenticated_before_its_code_or_token_is_looked_at() {
    let (server, secret) = fixture();
    let code = server.signed_in("bob").code(&server, "my-app", &[]);
    let tokens = server.tokens("my-app", &secret, &server.signed_in("bob").code(&server, "my-app", &[]));
    let wrong = [
        ("authorization_code", "code", "garbage"),
        ("authorization_code", "code", ".."),
        ("authorization_code", "code", &tokens.access),
        ("authorization_code", "code", SAME_SIZE_AS_A_CODE),
        ("authorization_code", "code", &code),
        ("refresh_token", "refresh_token", "garbage"),
        ("refresh_token", "refresh_token", &tokens.access),
        ("refresh_token", "refresh_token", "OJSWM.A.B"),
        ("refresh_token", "refresh_token", &tokens.refresh),
        ("refresh_token", "code", &tokens.refresh),
    ];
    for (grant, name, value) in wrong {
        for (client, secret) in [("my-app", "wrong"), ("nobody", "wrong")] {
            for in_header in ["", "Basic"] {
                let pairs = [("grant_type", grant), (name, value)];
                let answer = presents(&server, "/oauth/token", &pairs, client, Some(secret), in_header);
                assert_eq!((answer.status, answer.json()["error"].as_str()), (401, Some("invalid_client")), "{client} {grant} {value}");
            }
        }
    }
    for target in ["/oauth/revoke", "/oauth/introspect"] {
        for token in ["garbage", &tokens.refresh] {
            let answer = presents(&server, target, &[("token", token)], "my-app", Some("wrong"), "");
            assert_eq!((answer.status, answer.json()["error"].as_str()), (401, Some("invalid_client")), "{target}");
        }
    }
    // Nothing of that harmed the code or the token.
    server.tokens("my-app", &secret, &code);
    Tokens::of(&server.refresh("my-app", &secret, &tokens.refresh));
}

#[test]
fn a_stranger_cannot_tell_an_unknown_client_from_a_wrong_secret() {
    let (server, _) = fixture();
    for id in ["public-app", "deleted-app", "rejected-app", "suspended-app", "chosen-app", "bare-app"] {
        server.has_app("alice", id, &["RIGHT_USER_INFO"]);
    }
    server.check("alice", "PUT", "/api/v3/clients/public-app", r#"{"client":{"secret":""},"field_mask":"secret"}"#, "200");
    server.check("alice", "PUT", "/api/v3/clients/chosen-app", r#"{"client":{"secret":"Hunter2-hunter2"},"field_mask":"secret"}"#, "200");
    server.check("alice", "PUT", "/api/v3/clients/bare-app", r#"{"client":{},"field_mask":"redirect_uris"}"#, "200");
    server.check("alice", "DELETE", "/api/v3/clients/deleted-app", "", "200");
    server.has_state("rejected-app", "STATE_REJECTED");
    server.has_state("suspended-app", "STATE_SUSPENDED");
    let requests: [(&str, &[(&str, &str)]); 5] = [
        ("/oauth/token", &[("grant_type", "authorization_code"), ("code", SAME_SIZE_AS_A_CODE), ("redirect_uri", CALLBACK)]),
        ("/oauth/token", &[("grant_type", "authorization_code"), ("code", "garbage")]),
        ("/oauth/token", &[("grant_type", "refresh_token"), ("refresh_token", "OJSWM.A.B")]),
        ("/oauth/revoke", &[("token", "OJSWM.A.B")]),
        ("/oauth/introspect", &[("token", "OJSWM.A.B")]),
    ];
    for (target, pairs) in requests {
        for in_header in ["", "Basic"] {
            let unknown = seen(&presents(&server, target, pairs, "nobody", Some("wrong"), in_header));
            assert_eq!(unknown.0, 401, "{target}");
            for client in ["No Id", "my-app", "public-app", "deleted-app", "rejected-app", "suspended-app", "chosen-app", "bare-app", "cli"]
            {
                let known = seen(&presents(&server, target, pairs, client, Some("wrong"), in_header));
                assert_eq!(known, unknown, "{target} {client} {in_header}");
            }
            // Nor from one that forgot its secret.
            let unknown = seen(&presents(&server, target, pairs, "nobody", None, in_header));
            for client in ["No Id", "my-app", "deleted-app", "rejected-app", "suspended-app", "chosen-app", "bare-app"] {
                let known = seen(&presents(&server, target, pairs, client, None, in_header));
                assert_eq!(known, unknown, "{target} {client} {in_header} without a secret");
            }
        }
    }
}

#[test]
fn a_stranger_cannot_tell_an_unknown_client_by_what_is_written_before_the_reply() {
    let (server, _) = fixture();
    // Refusals that were written down, and in how many rows.
    let written = |client: &str| {
        let events = server.app.store().read(|tx| tx.events("client", client)).expect("events are read");
        let times: Vec<i64> = events.iter().filter(|event| event.name == "client.token.refuse").map(|event| event.times).collect();
        (times.iter().sum::<i64>(), times.len())
    };
    for _ in 0..3 {
        for (client, secret, in_header) in [("my-app", Some("wrong"), ""), ("my-app", None, ""), ("my-app", None, "Basic")] {
            presents(&server, "/oauth/revoke", &[("token", "OJSWM.A.B")], client, secret, in_header);
            for unknown in ["nobody", "No Id"] {
                presents(&server, "/oauth/revoke", &[("token", "OJSWM.A.B")], unknown, secret, in_header);
            }
        }
    }
    assert_eq!((written("my-app"), written("(unknown)")), ((9, 4), (18, 6)));
    // However many clients a stranger makes up, they are counted in the same rows: two a reason.
    for n in 0..20 {
        presents(&server, "/oauth/revoke", &[("token", "OJSWM.A.B")], &format!("made-up-{n}"), None, "");
    }
    assert_eq!(written("(unknown)"), (38, 6));
}

#[test]
fn a_client_that_was_turned_away_is_told_so_once_it_proved_who_it_is_or_shows_what_it_was_given() {
    for state in ["STATE_REJECTED", "STATE_SUSPENDED"] {
        let (server, secret) = fixture();
        server.has_app("alice", "public-app", &["RIGHT_USER_INFO"]);
        server.check("alice", "PUT", "/api/v3/clients/public-app", r#"{"client":{"secret":""},"field_mask":"secret"}"#, "200");
        let code = server.signed_in("bob").code(&server, "public-app", &challenged());
        server.has_state("my-app", state);
        server.has_state("public-app", state);
        let told = |client: &str, secret: &str, code: &str| {
            let pairs = [
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
                ("client_id", client),
                ("client_secret", secret),
            ];
            server.token(&pairs).json()["error"].as_str().unwrap_or_default().to_owned()
        };
        assert_eq!(told("my-app", &secret, "MF2XI.A.B"), "unauthorized_client", "{state}");
        // Anyone can say that he is a client without a secret.
        assert_eq!(told("public-app", "", "MF2XI.A.B"), "invalid_grant", "{state}");
        assert_eq!(told("public-app", "", &code), "unauthorized_client", "{state}");
        server.has_state("public-app", "STATE_APPROVED");
        assert_eq!(told("public-app", "", &code), "", "{state}: it was not used up");
    }
}
