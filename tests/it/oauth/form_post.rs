//! Answers that the browser posts to the client (OAuth 2.0 Form Post Response Mode).

use data_encoding::BASE64;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::fixture;
use crate::browser::{Browser, authorize_target, form};
use crate::server::{Answer, Server};

fn asked(more: &[(&str, &str)]) -> String {
    authorize_target("my-app", &[&[("scope", "openid"), ("response_mode", "form_post")], more].concat())
}

/// The address that the form of a page posts to, and its fields.
#[track_caller]
fn posted(page: &Answer) -> (String, Vec<(String, String)>) {
    let text = page.text();
    assert_eq!((page.status, page.header("Location")), (200, None), "{text}");
    let unescaped = |text: &str| text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    let within = |text: &str, before: &str| Some(unescaped(text.split_once(before)?.1.split('"').next()?));
    let (head, fields) = text.split_once("<form method=\"post\" action=\"").expect("a form").1.split_once('>').expect("its fields");
    let fields = fields.split("</form>").next().expect("its end").split("<input type=\"hidden\" ").skip(1);
    let fields = fields.map(|field| (within(field, "name=\"").expect("a name"), within(field, "value=\"").expect("a value")));
    (unescaped(head.trim_end_matches('"')), fields.collect())
}

fn field<'f>(fields: &'f [(String, String)], name: &str) -> Option<&'f str> {
    fields.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

fn comes_back_to(server: &Server, redirect_uri: &str) {
    let body = json!({"client": {"redirect_uris": [redirect_uri]}, "field_mask": "redirect_uris"});
    server.check("admin", "PUT", "/api/v3/clients/my-app", &body.to_string(), "200");
}

#[test]
fn a_code_and_an_error_are_posted_with_state_and_issuer_and_the_code_is_good() {
    let (server, secret) = fixture();
    let mut bob = server.signed_in("bob");
    let state = "a&b=\"><script>alert(1)</script>' \u{202e}ä";
    let target = asked(&[("state", state)]);
    let (action, fields) = posted(&bob.post(&server, &target, &[("authorize", "false")]));
    assert_eq!(
        (action.as_str(), field(&fields, "error"), field(&fields, "state")),
        ("https://app.example/cb", Some("access_denied"), Some(state))
    );
    let page = bob.post(&server, &target, &[("authorize", "true")]);
    assert!(!page.text().contains("<script>alert"), "{}", page.text());
    let (action, fields) = posted(&page);
    assert_eq!((action.as_str(), field(&fields, "state")), ("https://app.example/cb", Some(state)));
    assert_eq!(field(&fields, "iss"), Some(server.app.settings().public_url.as_str()));
    assert_eq!(fields.len(), 3);
    server.tokens("my-app", &secret, field(&fields, "code").expect("a code"));
    // The same for who has agreed before, and for who is not asked.
    assert!(field(&posted(&bob.get(&server, &target)).1, "code").is_some());
    let silent = asked(&[("prompt", "none")]);
    assert_eq!(field(&posted(&Browser::default().get(&server, &silent)).1, "error"), Some("login_required"));
    assert_eq!(field(&posted(&bob.get(&server, &asked(&[("request", "x")]))).1, "error"), Some("request_not_supported"));
    // In plain OAuth too.
    let plain = authorize_target("my-app", &[("response_mode", "form_post")]);
    assert!(field(&posted(&bob.post(&server, &plain, &[("authorize", "true")])).1, "code").is_some());
    let query = authorize_target("my-app", &[("response_mode", "query")]);
    assert!(bob.get(&server, &query).location_parameter("code").is_some());
}

#[test]
fn the_page_may_run_its_one_script_and_post_to_the_client_and_nothing_else() {
    let (server, _) = fixture();
    let mut bob = server.signed_in("bob");
    bob.code(&server, "my-app", &[("scope", "openid")]);
    for (redirect_uri, source) in [
        ("https://app.example/cb", "https://app.example:443"),
        ("https://app.example:8443/cb?a='b'&c=;d", "https://app.example:8443"),
        ("http://localhost:3000/cb", "http://localhost:3000"),
    ] {
        comes_back_to(&server, redirect_uri);
        let page = bob.get(&server, &asked(&[("redirect_uri", redirect_uri)]));
        let (action, _) = posted(&page);
        assert_eq!(action, redirect_uri);
        let text = page.text();
        let script = text.split_once("<script>").and_then(|(_, rest)| rest.split_once("</script>")).expect("a script").0;
        let hash = BASE64.encode(&Sha256::digest(script));
        let policy = format!(
            "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'sha256-{hash}'; form-action {source}; base-uri 'none'; \
             frame-ancestors 'none'"
        );
        assert_eq!(page.all("Content-Security-Policy"), [policy]);
        assert_eq!((page.header("Cache-Control"), page.header("X-Frame-Options")), (Some("no-store"), Some("DENY")));
        assert_eq!(page.header("Referrer-Policy"), Some("no-referrer"));
    }
}

#[test]
fn where_no_form_can_be_posted_the_mode_is_refused_in_the_query() {
    let (server, _) = fixture();
    let mut bob = server.signed_in("bob");
    for redirect_uri in [
        "com.example.app:/cb",
        "code",
        "local-callback",
        "/console/oauth/callback",
        "http://[::1]/cb",
        "https://app.example;x/cb",
        "https://*/cb",
    ] {
        comes_back_to(&server, redirect_uri);
        let answer = bob.get(&server, &asked(&[("redirect_uri", redirect_uri), ("state", "s")]));
        assert_eq!(answer.location_parameter("error").as_deref(), Some("invalid_request"), "{redirect_uri}: {}", answer.text());
        assert!(answer.all("Content-Security-Policy").is_empty());
    }
    comes_back_to(&server, "https://app.example/cb");
    let twice = format!("{}&{}", asked(&[]), form(&[("response_mode", "form_post")]));
    assert_eq!(bob.get(&server, &twice).location_parameter("error").as_deref(), Some("invalid_request"));
}
