//! What the scripts of other sites may read (Fetch, section 3.2): the endpoints that clients without a secret use in browsers.

use super::{VERIFIER, challenged, fixture};
use crate::browser::{CALLBACK, form};
use crate::server::{Answer, Server};

const APP: &str = "https://app.example";

fn from_app(server: &Server, method: &str, target: &str, body: &[(&str, &str)]) -> Answer {
    server.send_with(None, &[("Origin", APP), ("Sec-Fetch-Site", "cross-site")], method, target, form(body).as_bytes())
}

fn preflight(server: &Server, target: &str, method: &str) -> Answer {
    let headers = [("Origin", APP), ("Access-Control-Request-Method", method), ("Access-Control-Request-Headers", "content-type")];
    server.send_with(None, &headers, "OPTIONS", target, b"")
}

/// Whether a script of another site may read it; never with the cookies of the reader.
fn is_shared(answer: &Answer) -> bool {
    assert_eq!(answer.header("Access-Control-Allow-Credentials"), None);
    answer.header("Access-Control-Allow-Origin") == Some("*")
}

#[test]
fn a_client_in_a_browser_reads_all_that_it_is_told_about_its_tokens() {
    let (server, _) = fixture();
    server.check("alice", "PUT", "/api/v3/clients/my-app", r#"{"client":{"secret":""},"field_mask":"secret"}"#, "200");
    let metadata = from_app(&server, "GET", "/.well-known/oauth-authorization-server", &[]);
    assert!(metadata.status == 200 && is_shared(&metadata));

    let code = server.signed_in("bob").code(&server, "my-app", &challenged());
    let exchange = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("client_id", "my-app"),
        ("code_verifier", VERIFIER),
    ];
    let tokens = from_app(&server, "POST", "/oauth/token", &exchange);
    assert!(tokens.status == 200 && is_shared(&tokens));
    let refresh = tokens.json()["refresh_token"].as_str().expect("a refresh token").to_owned();
    let revoked = from_app(&server, "POST", "/oauth/revoke", &[("token", &refresh), ("client_id", "my-app")]);
    assert!(revoked.status == 200 && is_shared(&revoked));

    // Refusals too, with the headers that say what to do.
    for (method, target, body, status) in [
        ("POST", "/oauth/token", &exchange[..], 400),
        (
            "POST",
            "/oauth/token",
            &[("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", "x"), ("client_secret", "x")],
            401,
        ),
        ("POST", "/oauth/token", &[], 400),
        ("POST", "/oauth/revoke", &[], 400),
        ("GET", "/oauth/token", &[], 405),
        ("PUT", "/oauth/revoke", &[], 405),
        ("POST", "/.well-known/oauth-authorization-server", &[], 405),
        ("GET", "/oauth/userinfo", &[], 401),
    ] {
        let answer = from_app(&server, method, target, body);
        assert!(answer.status == status && is_shared(&answer), "{method} {target}: {}", answer.status);
        let exposed = answer.header("Access-Control-Expose-Headers").unwrap_or_default();
        assert!(["WWW-Authenticate", "Retry-After", "X-Request-Id"].iter().all(|name| exposed.contains(name)), "{exposed}");
    }
}

#[test]
fn a_browser_that_asks_first_is_answered_where_other_sites_may_read() {
    let (server, _) = fixture();
    for (target, method, allowed) in [
        ("/oauth/token", "POST", "POST"),
        ("/oauth/revoke", "POST", "POST"),
        ("/oauth/userinfo", "GET", "GET, HEAD, POST"),
        ("/.well-known/oauth-authorization-server", "GET", "GET, HEAD"),
        ("/.well-known/openid-configuration", "GET", "GET, HEAD"),
    ] {
        let answer = preflight(&server, target, method);
        assert!(answer.status == 200 && answer.body.is_empty() && is_shared(&answer), "{target}");
        assert_eq!(answer.header("Access-Control-Allow-Methods"), Some(allowed));
        assert_eq!(answer.header("Access-Control-Allow-Headers"), Some("Authorization, Content-Type"));
        assert_eq!(answer.header("Access-Control-Max-Age"), Some("600"));
    }
    // Who asks for something else learns which methods there are.
    let answer = server.send("anon", "OPTIONS", "/oauth/token", "");
    assert_eq!((answer.status, answer.header("Allow")), (405, Some("POST")));
}

#[test]
fn no_other_site_reads_pages_introspection_or_who_is_signed_in() {
    let (server, _) = fixture();
    for (method, target) in [
        ("GET", "/oauth/authorize?client_id=my-app&response_type=code"),
        ("GET", "/oauth/login"),
        ("POST", "/oauth/login"),
        ("POST", "/oauth/api/auth/login"),
        ("GET", "/oauth/api/me"),
        ("GET", "/oauth/logout"),
        ("POST", "/oauth/introspect"),
        ("GET", "/oauth/code?code=x"),
        ("GET", "/oauth/token/more"),
        ("GET", "/console"),
        ("GET", "/nothing"),
    ] {
        for answer in [from_app(&server, method, target, &[]), preflight(&server, target, method)] {
            let headers: Vec<_> = answer.headers.iter().filter(|(name, _)| name.starts_with("Access-Control-")).collect();
            assert!(headers.is_empty(), "{method} {target}: {headers:?}");
        }
        assert_ne!(preflight(&server, target, method).status, 200, "{target}");
    }
}
