//! What former versions hashed opens what it did, and is hashed as The Things Stack reads it once it is used.

use std::net::IpAddr;

use keyfob::base::secret;
use keyfob::registry::client_authentication::{self, Presented};
use keyfob::registry::refusal::CLIENT_SECRET_MISSING;

use crate::browser::Tokens;
use crate::oauth::fixture;
use crate::server::Server;

const KEY: &str = "SELECT key_hash FROM api_keys WHERE account_id = 'bob'";
const SECRET: &str = "SELECT secret_hash FROM client_secrets";
const ACCESS: &str = "SELECT access_hash FROM access_tokens WHERE rotated_at IS NULL";
const REFRESH: &str = "SELECT refresh_hash FROM access_tokens WHERE rotated_at IS NULL";

/// Bob's API key, the secret of the client `my-app`, and bob's tokens of it, all hashed as former versions did.
fn before_the_update() -> (Server, String, Tokens) {
    let (server, secret) = fixture();
    let code = server.signed_in("bob").code(&server, "my-app", &[]);
    let tokens = server.tokens("my-app", &secret, &code);
    let hash = |token: &str| format!("SHA256${}", secret::digest(token.rsplit('.').next().expect("a key")));
    server.execute(&format!("UPDATE api_keys SET key_hash = '{}' WHERE account_id = 'bob'", hash(server.key("bob"))));
    server.execute(&format!("UPDATE client_secrets SET secret_hash = '{}'", hash(&secret)));
    let (access, refresh) = (hash(&tokens.access), hash(&tokens.refresh));
    server.execute(&format!("UPDATE access_tokens SET access_hash = '{access}', refresh_hash = '{refresh}'"));
    (server, secret, tokens)
}

fn is_former(server: &Server, stored: &str) -> bool {
    server.value::<String>(stored).starts_with("SHA256$")
}

/// Checks that using a credential stores it anew, once, and that nothing else does.
fn is_renewed(server: &Server, stored: &str, wrong: impl Fn() -> u16, good: impl Fn() -> u16) {
    assert!(wrong() >= 400 && is_former(server, stored), "{stored}");
    assert_eq!(good(), 200, "{stored}");
    let renewed: String = server.value(stored);
    assert!(renewed.starts_with("PBKDF2$sha256$1$"), "{stored}: {renewed}");
    assert_eq!((good(), server.value::<String>(stored)), (200, renewed), "{stored}: once is enough");
    assert!(wrong() >= 400, "{stored}");
}

#[test]
fn an_api_key_and_an_access_token_are_hashed_anew_when_they_are_used() {
    let (server, _, tokens) = before_the_update();
    for (stored, token) in [(KEY, server.key("bob")), (ACCESS, &tokens.access)] {
        let wrong = format!("{token}A");
        let with = |token: &str| server.status_with(token, "/api/v3/users/bob");
        is_renewed(&server, stored, || with(&wrong), || with(token));
    }
}

#[test]
fn a_client_secret_is_hashed_anew_wherever_it_is_used() {
    for endpoint in ["/oauth/introspect", "/oauth/revoke"] {
        let (server, secret, _) = before_the_update();
        let with = |secret: &str| server.post_form(endpoint, &[("token", "x"), ("client_id", "my-app"), ("client_secret", secret)]).status;
        is_renewed(&server, SECRET, || with("wrong"), || with(&secret));
    }
}

#[test]
fn a_refresh_token_and_its_client_secret_are_hashed_anew_when_they_are_used() {
    let (server, secret, tokens) = before_the_update();
    let new = Tokens::of(&server.refresh("my-app", &secret, &tokens.refresh));
    assert!([SECRET, ACCESS, REFRESH].iter().all(|stored| !is_former(&server, stored)));
    assert_eq!(server.status_with(&new.access, "/api/v3/users/bob"), 200);
    assert_eq!(Tokens::of(&server.refresh("my-app", &secret, &tokens.refresh)), new, "a lost reply is given again");
}

#[test]
fn a_secret_that_took_the_place_of_a_former_one_keeps_its_own_hash() {
    let (server, secret, _) = before_the_update();
    let (client_id, peer) = ("my-app".to_owned(), IpAddr::from([127, 0, 0, 1]));
    let presented = Presented { client_id, secrets: vec![secret], without_secret: &CLIENT_SECRET_MISSING, peer };
    let kept = server.app.store().read(|tx| client_authentication::look_up(tx, &presented)).expect("it is looked up");
    let judged = client_authentication::judge_at_once(&kept, &presented, server.app.store().now()).expect("it is generated");
    let proof = judged.expect("it is right");
    server.execute("UPDATE client_secrets SET secret_hash = 'of another'");
    server.app.store().write(|tx| client_authentication::renew(tx, &proof)).expect("it is no error");
    assert!(proof.is_due() && server.value::<String>(SECRET) == "of another");
}
