//! A client signs its user out (oauth.md 1.7), and the helpers of the command line (oauth.md 1.8).

use super::fixture;
use crate::browser::{Browser, Tokens, authorize_target, form};
use crate::server::{Answer, Server};

fn granted(server: &Server, secret: &str) -> (Browser, Tokens, String) {
    let mut bob = server.signed_in("bob");
    let code = bob.code(server, "my-app", &[]);
    let tokens = server.tokens("my-app", secret, &code);
    let id = tokens.access.split('.').nth(1).expect("an ID").to_owned();
    (bob, tokens, id)
}

fn sign_out(server: &Server, browser: &mut Browser, pairs: &[(&str, &str)]) -> Answer {
    browser.get(server, &format!("/oauth/logout?{}", form(pairs)))
}

#[test]
fn it_leads_to_a_registered_place_and_ends_the_token_and_its_session() {
    for (wanted, place) in [
        (Some("https://app.example/bye?foo=bar"), "https://app.example/bye?foo=bar"),
        (Some("https://app.example/bye"), "https://app.example/bye"),
        (None, "https://app.example/bye"),
    ] {
        let (server, secret) = fixture();
        let (mut bob, tokens, id) = granted(&server, &secret);
        let mut pairs = vec![("access_token_id", id.as_str())];
        pairs.extend(wanted.map(|wanted| ("post_logout_redirect_uri", wanted)));
        let answer = sign_out(&server, &mut bob, &pairs);
        assert_eq!((answer.status, answer.header("Location")), (302, Some(place)));
        assert_eq!(server.status_with(&tokens.access, "/api/v3/users/bob"), 401);
        assert!(!bob.jar.holds_session());
        assert_eq!(bob.get(&server, "/oauth/api/me").status, 401);
    }
}

/// IDs of tokens are no secrets: collaborators of the client see them.
#[test]
fn who_names_a_token_ends_it_only_as_its_user_and_no_session_but_the_one_it_was_granted_in() {
    let (server, secret) = fixture();
    let (mut alice, mut bob_elsewhere, mut nobody) = (server.signed_in("alice"), server.signed_in("bob"), Browser::default());
    for (browser, status) in [(&mut alice, 200), (&mut bob_elsewhere, 401), (&mut nobody, 200)] {
        let (mut bob, tokens, id) = granted(&server, &secret);
        for unknown in ["unknown", "x"] {
            assert!(sign_out(&server, &mut bob, &[("access_token_id", unknown)]).all("Set-Cookie").is_empty(), "{unknown}");
        }
        let answer = sign_out(&server, browser, &[("access_token_id", &id)]);
        assert_eq!((answer.header("Location"), answer.all("Set-Cookie")), (Some("https://app.example/bye"), vec![]));
        assert_eq!(server.status_with(&tokens.access, "/api/v3/users/bob"), status, "only a browser of its user ends the token");
        assert_eq!(bob.get(&server, "/oauth/api/me").status, 200, "the session that it was granted in does not");
    }
    for browser in [&mut alice, &mut bob_elsewhere] {
        assert_eq!(browser.get(&server, "/oauth/api/me").status, 200);
    }
}

/// The session that it was granted in may be over for long: tokens stay good.
#[test]
fn a_token_of_a_session_that_is_over_signs_its_user_out() {
    let (server, secret) = fixture();
    let (mut bob, _, id) = granted(&server, &secret);
    bob.post(&server, "/oauth/api/auth/logout", &[]);
    let (mut bob, mut alice) = (server.signed_in("bob"), server.signed_in("alice"));
    let (_, _, other) = granted(&server, &secret);
    sign_out(&server, &mut bob, &[("access_token_id", &id)]);
    assert_eq!(bob.get(&server, "/oauth/api/me").status, 401);
    sign_out(&server, &mut alice, &[("access_token_id", &other)]);
    assert_eq!(alice.get(&server, "/oauth/api/me").status, 200);
}

/// Anybody's page can hold such an image, or such a frame.
#[test]
fn nothing_but_a_page_that_is_opened_signs_anybody_out_or_ends_a_token() {
    let (server, secret) = fixture();
    for purpose in ["image", "iframe", "frame", "empty", "script", "style", "embed", "object", "fencedframe", "", "Document"] {
        let (mut bob, tokens, id) = granted(&server, &secret);
        for site in ["cross-site", "same-site", "same-origin"] {
            let headers = [("Sec-Fetch-Dest", purpose), ("Sec-Fetch-Site", site)];
            let answer = bob.send(&server, "GET", &format!("/oauth/logout?access_token_id={id}"), &headers, "");
            assert_eq!((answer.status, answer.all("Set-Cookie")), (302, vec![]), "{purpose}");
        }
        assert_eq!(bob.get(&server, "/oauth/api/me").status, 200, "{purpose}");
        assert_eq!(server.status_with(&tokens.access, "/api/v3/users/bob"), 200, "{purpose}");
    }
    for headers in [&[("Sec-Fetch-Dest", "document"), ("Sec-Fetch-Site", "cross-site")][..], &[]] {
        let (mut bob, _, id) = granted(&server, &secret);
        bob.send(&server, "GET", &format!("/oauth/logout?access_token_id={id}"), headers, "");
        assert_eq!(bob.get(&server, "/oauth/api/me").status, 401, "{headers:?}");
    }
    let (mut bob, _, id) = granted(&server, &secret);
    let two_things = [("Sec-Fetch-Dest", "document"), ("Sec-Fetch-Dest", "image")];
    let ahead_of_a_click = [("Sec-Fetch-Dest", "document"), ("Sec-Purpose", "prefetch;prerender")];
    for headers in [two_things, ahead_of_a_click] {
        bob.send(&server, "GET", &format!("/oauth/logout?access_token_id={id}"), &headers, "");
        assert_eq!(bob.get(&server, "/oauth/api/me").status, 200, "{headers:?}");
    }
}

#[test]
fn it_never_leads_to_an_unregistered_place_and_then_ends_nothing() {
    let (server, secret) = fixture();
    let (mut bob, tokens, id) = granted(&server, &secret);
    for place in [
        "https://evil.example/bye",
        "https://app.example/bye/x",
        "//evil.example",
        "/oauth/code",
        "javascript:x",
        "https://app.example/bye#x",
    ] {
        let answer = sign_out(&server, &mut bob, &[("access_token_id", &id), ("post_logout_redirect_uri", place)]);
        assert_eq!((answer.status, answer.error().as_str()), (400, "invalid_logout_redirect_uri"), "{place}");
    }
    assert_eq!(server.status_with(&tokens.access, "/api/v3/users/bob"), 200);
    assert_eq!(bob.get(&server, "/oauth/api/me").status, 200);
}

#[test]
fn without_a_registered_place_and_for_an_unknown_token_it_leads_home() {
    let (server, secret) = fixture();
    server.check("alice", "PUT", "/api/v3/clients/my-app", r#"{"client":{},"field_mask":"logout_redirect_uris"}"#, "200");
    let (mut bob, _, id) = granted(&server, &secret);
    let answer = sign_out(&server, &mut bob, &[("access_token_id", &id), ("post_logout_redirect_uri", "https://evil.example")]);
    assert_eq!((answer.status, answer.header("Location")), (302, Some("/oauth")));
    let again = sign_out(&server, &mut bob, &[("access_token_id", &id)]);
    assert_eq!((again.status, again.header("Location")), (302, Some("/oauth")));
    assert_eq!(sign_out(&server, &mut bob, &[]).error(), "missing_param_access_token_id");
}

#[test]
fn a_place_on_this_server_can_be_registered() {
    let (server, secret) = fixture();
    let body = r#"{"client":{"logout_redirect_uris":["/console"]},"field_mask":"logout_redirect_uris"}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-app", body, "200");
    let (mut bob, _, id) = granted(&server, &secret);
    let answer = sign_out(&server, &mut bob, &[("access_token_id", &id), ("post_logout_redirect_uri", "/console")]);
    assert_eq!(answer.header("Location"), Some("/console"));
    let answer = sign_out(&server, &mut bob, &[("access_token_id", "gone"), ("post_logout_redirect_uri", "/console?foo=bar")]);
    assert_eq!(answer.header("Location"), Some("/oauth"), "nothing is known of a token that is gone");
    let (mut bob, _, id) = granted(&server, &secret);
    let answer = sign_out(&server, &mut bob, &[("access_token_id", &id), ("post_logout_redirect_uri", "/console?foo=bar")]);
    assert_eq!(answer.header("Location"), Some("/console?foo=bar"));
}

#[test]
fn the_command_line_is_called_back_at_its_port() {
    let server = Server::start();
    for (query, place) in [
        ("code=x&state=y", "http://localhost:11885/oauth/callback?code=x&state=y"),
        ("port=8123&code=x", "http://localhost:8123/oauth/callback?code=x"),
        ("port=abc", "http://localhost:11885/oauth/callback"),
        ("port=0", "http://localhost:11885/oauth/callback"),
        ("port=99999", "http://localhost:11885/oauth/callback"),
        ("port=80%40evil.example&code=x", "http://localhost:11885/oauth/callback?code=x"),
        ("error=access_denied&x=%0D%0AY", "http://localhost:11885/oauth/callback?error=access_denied&x=%0D%0AY"),
    ] {
        let answer = server.send("anon", "GET", &format!("/oauth/local-callback?{query}"), "");
        assert_eq!((answer.status, answer.header("Location")), (302, Some(place)), "{query}");
    }
}

#[test]
fn a_code_can_be_copied_from_a_page_that_nobody_else_sees() {
    let server = Server::start();
    let page = server.send("anon", "GET", "/oauth/code?code=%3Cb%3EMF2XI", "");
    page.tells("code");
    assert!(page.text().contains("&lt;b&gt;MF2XI") && page.header("Referrer-Policy") == Some("no-referrer"));
    server.send("anon", "GET", "/oauth/code", "").tells("no-code");
}

#[test]
fn asking_for_the_headers_alone_ends_nothing_and_issues_no_code() {
    let (server, secret) = fixture();
    let (mut bob, tokens, id) = granted(&server, &secret);
    let answer = bob.send(&server, "HEAD", &format!("/oauth/logout?access_token_id={id}"), &[], "");
    assert_eq!((answer.status, answer.header("Allow")), (405, Some("GET")));
    assert_eq!(bob.get(&server, "/oauth/api/me").status, 200);
    assert_eq!(server.status_with(&tokens.access, "/api/v3/users/bob"), 200);
    // Bob has agreed before.
    let answer = bob.send(&server, "HEAD", &authorize_target("my-app", &[]), &[], "");
    assert_eq!((answer.status, answer.header("Location"), answer.header("Allow")), (405, None, Some("GET, POST")));
}

/// Anybody can register a client and try it, and so has IDs of its tokens to put into links.
#[test]
fn a_client_that_nobody_approved_signs_out_its_own_users_and_leads_nobody_else_away() {
    let (server, secret) = fixture();
    let (mut bob, _, id) = granted(&server, &secret);
    server.has_state("my-app", "STATE_REQUESTED");
    for browser in [&mut Browser::default(), &mut server.signed_in("alice")] {
        for more in [None, Some(("post_logout_redirect_uri", "https://app.example/bye?x=1"))] {
            let pairs: Vec<_> = [("access_token_id", id.as_str())].into_iter().chain(more).collect();
            assert_eq!(sign_out(&server, browser, &pairs).header("Location"), Some("/oauth"), "{more:?}");
        }
    }
    assert_eq!(sign_out(&server, &mut bob, &[("access_token_id", &id)]).header("Location"), Some("https://app.example/bye"));
}
