//! Forms of the Console: what they can change, what they ask before, and what they don't overwrite.

use crate::console::{is_refused, secret_of, server_with_alice};

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

#[test]
fn a_client_gets_a_secret_that_was_chosen_or_loses_all_it_has() {
    let (server, mut alice) = server_with_alice();
    let first = server.has_client("alice", "my-client");
    let is_good = |secret: &str| {
        server.post_form("/oauth/introspect", &[("client_id", "my-client"), ("client_secret", secret), ("token", "x")]).status == 200
    };
    let secrets = "/console/clients/my-client/secrets";
    let long = "x".repeat(129);
    is_refused(&alice.sends_form(&server, secrets, &[("secret", &long)]), "secret", "Invalid `secret`: value length must be at most 128");
    let answer = alice.sends_form(&server, secrets, &[("grace", "3600"), ("secret", " brought along ")]);
    assert_eq!(secret_of(&answer), " brought along ");
    assert!(is_good(" brought along ") && is_good(&first));
    is_refused(&alice.sends_form(&server, &format!("{secrets}/replace"), &[]), "confirm", "Type my-client to confirm.");
    let answer = alice.sends_form(&server, &format!("{secrets}/replace"), &[("confirm", "my-client")]);
    let newest = secret_of(&answer);
    assert!(is_good(&newest) && !is_good(" brought along ") && !is_good(&first), "the others ended at once");
    is_refused(&alice.sends_form(&server, &format!("{secrets}/remove"), &[]), "confirm", "Type my-client to confirm.");
    assert!(is_good(&newest));
    assert_eq!(alice.sends_form(&server, &format!("{secrets}/remove"), &[("confirm", "my-client")]).status, 303);
    assert!(!is_good(&newest));
    alice.sees(&server, secrets, &["a public client, which must use PKCE", "Give it a secret"]);
    let answer = alice.sends_form(&server, secrets, &[]);
    assert!(is_good(&secret_of(&answer)));
}
