//! Forms of the Console: what they can change, what they ask before, and what they don't overwrite.

use crate::console::{is_refused, server_with_alice};

#[test]
fn a_key_whose_name_cannot_be_typed_is_deleted_by_its_id() {
    let (server, mut alice) = server_with_alice();
    let body = r#"{"name":" two  blanks","rights":["RIGHT_USER_INFO"]}"#;
    let key = server.check("alice", "POST", "/api/v3/users/alice/api-keys", body, "200").json();
    let id = key["id"].as_str().expect("an ID");
    assert_eq!(alice.sends_form(&server, &format!("/console/api-keys/{id}/delete"), &[("confirm", id)]).status, 303);
}

#[test]
fn every_token_of_a_client_is_ended_only_by_typing_its_id() {
    let (server, mut alice) = server_with_alice();
    let secret = server.has_app("alice", "my-client", &["RIGHT_USER_INFO"]);
    let tokens: Vec<_> = (0..3)
        .map(|_| {
            let code = alice.code(&server, "my-client", &[]);
            server.tokens("my-client", &secret, &code)
        })
        .collect();
    let status = |n: usize| server.status_with(&tokens[n].access, "/api/v3/users/alice");
    let id = tokens[0].access.split('.').nth(1).expect("an ID");
    let end = format!("/console/authorizations/my-client/tokens/{id}/end");
    is_refused(&alice.sends_form(&server, &end, &[("confirm", "my-app")]), "confirm", "Type my-client to confirm.");
    assert_eq!([status(0), status(1), status(2)], [200; 3]);
    assert_eq!(alice.sends_form(&server, &end, &[("confirm", "my-client")]).status, 303);
    assert_eq!([status(0), status(1), status(2)], [401, 200, 200]);
    alice.sees(&server, "/console/authorizations/my-client", &["Invalidate all …"]);
    let all = "/console/authorizations/my-client/tokens/end";
    is_refused(&alice.sends_form(&server, all, &[]), "confirm", "Type my-client to confirm.");
    assert_eq!(alice.sends_form(&server, all, &[("confirm", "my-client")]).status, 303);
    assert_eq!([status(1), status(2)], [401; 2]);
    alice.sees(&server, "/console/authorizations", &["my-client"]);
}
