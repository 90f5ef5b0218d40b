//! What is remembered to notice a thief, and cannot be made forgotten by him (RFC 6749 section 4.1.2, RFC 9700 section 4.14.2).

use keyfob::base::secret::Hash;
use keyfob::model::bounds::{CODES, ROTATED_TOKENS};
use keyfob::model::grant::AccessToken;
use keyfob::store::access_tokens::Hashes;
use serde_json::Value;

use super::fixture;
use crate::browser::Tokens;
use crate::server::Server;

const WEEK: i64 = 7 * 24 * 60 * 60;

/// Refreshes so many times, each time with the newest token.
#[track_caller]
fn refreshed(server: &Server, secret: &str, from: &Tokens, times: usize) -> Tokens {
    (0..times).fold(from.clone(), |tokens, _| Tokens::of(&server.refresh("my-app", secret, &tokens.refresh)))
}

/// Sends a refresh token that is refused, and returns the reason that the history of the client tells.
#[track_caller]
fn refused(server: &Server, secret: &str, refresh: &str) -> String {
    let answer = server.refresh("my-app", secret, refresh);
    assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some("invalid_grant")), "{}", answer.text());
    let event = server.app.store().read(|tx| tx.events("client", "my-app")).expect("events are read").pop().expect("an event");
    assert_eq!(event.name, "client.token.refuse");
    let new: Value = serde_json::from_str(&event.new_values).expect("JSON");
    new["reason"].as_str().expect("a reason").to_owned()
}

/// Adds rotated tokens to the family of a token, without the time that refreshing takes.
fn was_refreshed(server: &Server, tokens: &Tokens, when: &str, times: usize) {
    let id = tokens.refresh.split('.').nth(1).expect("an ID");
    let filled = server.app.store().write(|tx| {
        let token = tx.stored_access_token(id)?.expect("the token").token;
        for n in 0..times {
            let old = AccessToken { id: format!("{when}-{n}"), ..token.clone() };
            tx.insert_access_token(&old, &Hashes { access: Hash::of_generated(&old.id), refresh: None })?;
            tx.rotate_access_token(&old.id, &token.id, &[], tx.now.plus_seconds(WEEK))?;
        }
        Ok(())
    });
    filled.expect("they are written");
}

#[test]
fn a_thief_who_refreshes_again_and_again_cannot_make_the_stolen_token_forgotten() {
    let (server, secret) = fixture();
    let stolen = server.tokens("my-app", &secret, &server.signed_in("bob").code(&server, "my-app", &[]));
    let of_the_thief = refreshed(&server, &secret, &stolen, 203);
    server.wait_seconds(32);
    assert_eq!(refused(&server, &secret, &stolen.refresh), "refresh_token_reused");
    assert_eq!(refused(&server, &secret, &of_the_thief.refresh), "refresh_token_unknown");
    assert_eq!(server.status_with(&of_the_thief.access, "/api/v3/users/bob"), 401);
}

#[test]
fn what_is_refreshed_more_often_in_a_week_than_is_remembered_ends() {
    let (server, secret) = fixture();
    let mut bob = server.signed_in("bob");
    let first = server.tokens("my-app", &secret, &bob.code(&server, "my-app", &[]));
    let untouched = server.tokens("my-app", &secret, &bob.code(&server, "my-app", &[]));
    // What is older than a week does not count, swept away or not.
    was_refreshed(&server, &first, "earlier", ROTATED_TOKENS.most);
    server.wait_seconds(WEEK);
    was_refreshed(&server, &first, "now", ROTATED_TOKENS.most - 2);
    let last = refreshed(&server, &secret, &first, 2);
    assert_eq!(server.status_with(&last.access, "/api/v3/users/bob"), 200);
    assert_eq!(refused(&server, &secret, &last.refresh), "refreshed_too_often");
    assert_eq!(server.status_with(&last.access, "/api/v3/users/bob"), 401);
    assert_eq!(refused(&server, &secret, &last.refresh), "refresh_token_unknown");
    refreshed(&server, &secret, &untouched, 1);
}

#[test]
fn a_used_code_that_comes_back_ends_its_tokens_however_many_codes_there_were_since() {
    let (server, secret) = fixture();
    let mut bob = server.signed_in("bob");
    let code = bob.code(&server, "my-app", &[]);
    let tokens = server.tokens("my-app", &secret, &code);
    for _ in 0..=CODES.most {
        bob.code(&server, "my-app", &[]);
    }
    assert_eq!(server.status_with(&tokens.access, "/api/v3/users/bob"), 200);
    let pairs = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", crate::browser::CALLBACK)];
    let credentials = [("client_id", "my-app"), ("client_secret", &secret)];
    let replayed = server.token(&[&pairs[..], &credentials].concat());
    assert_eq!(replayed.json()["error"], "invalid_grant");
    assert_eq!(server.status_with(&tokens.access, "/api/v3/users/bob"), 401);
}
