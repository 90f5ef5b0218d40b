//! *Try it*: the code flow of a client, run against this server in the name of its developer.

use serde_json::json;

use crate::browser::Browser;
use crate::console::{new_client, secret_of, server_with_alice};
use crate::server::Server;

const FLOW: &str = "/console/clients/my-client/flow";

fn authorizations(server: &Server) -> usize {
    let listed = server.check("alice", "GET", "/api/v3/users/alice/authorizations", "", "200").json();
    listed["authorizations"].as_array().map_or(0, Vec::len)
}

fn registered(more: &[(&'static str, &'static str)]) -> (Server, Browser, String) {
    let (server, mut alice) = server_with_alice();
    let page = alice.sends_form(&server, "/console/add/client", &new_client(more));
    assert!(page.text().contains(&format!("action=\"{FLOW}\"")), "{}", page.text());
    let secret = if page.text().contains("client-secret\"") { secret_of(&page) } else { String::new() };
    (server, alice, secret)
}

#[test]
fn trying_a_client_runs_its_whole_flow_and_leaves_nothing_behind() {
    for kind in ["server", "app"] {
        let (server, mut alice, secret) =
            registered(&[("kind", kind), ("grants", "GRANT_AUTHORIZATION_CODE"), ("grants", "GRANT_REFRESH_TOKEN")]);
        let page = alice.sends_form(&server, FLOW, &[("client_secret", &secret)]);
        page.tells("flow-works");
        assert_eq!(page.items(), ["200", "303", "200", "200", "200"], "{}", page.text());
        let text = page.text().split("<ol class=\"exchanges\">").nth(1).expect("the exchanges").to_owned();
        for said in ["POST /oauth/token", "code_challenge_method=S256", "Location: https://app.example/cb", "&quot;token_type&quot;"] {
            assert!(text.contains(said), "{said} is not in {text}");
        }
        // Tokens have three parts of which the last is the key; none is whole.
        assert!(secret.is_empty() || !text.contains(&secret));
        let is_key = |word: &str| word.len() == 52 && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        let shown: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| is_key(word)).collect();
        let public = |word: &&str| text.contains(&format!("state={word}")) || text.contains(&format!("code_verifier={word}"));
        assert!(shown.iter().all(public), "{shown:?} in {text}");
        assert_eq!(authorizations(&server), 0);
    }
}

#[test]
fn trying_a_client_without_rights_signs_the_developer_in() {
    let (server, mut alice, secret) = registered(&[]);
    let body = json!({"client": {"rights": []}, "field_mask": "rights"}).to_string();
    server.check("alice", "PUT", "/api/v3/clients/my-client", &body, "200");
    let page = alice.sends_form(&server, FLOW, &[("client_secret", &secret)]);
    page.tells("flow-works");
    for said in ["scope=openid+profile+email", "&quot;id_token&quot;", "GET /oauth/userinfo", "&quot;sub&quot;"] {
        assert!(page.text().contains(said), "{said} is not in {}", page.text());
    }
    assert_eq!(authorizations(&server), 0);
}

#[test]
fn what_the_developer_had_authorized_before_stays_as_it_was() {
    let (server, mut alice, secret) = registered(&[]);
    let code = alice.code(&server, "my-client", &[]);
    let tokens = server.tokens("my-client", &secret, &code);
    let body = json!({"client": {"rights": ["RIGHT_USER_INFO", "RIGHT_ALL"]}, "field_mask": "rights"}).to_string();
    server.check("alice", "PUT", "/api/v3/clients/my-client", &body, "200");
    alice.sends_form(&server, FLOW, &[("client_secret", &secret)]).tells("flow-works");
    assert_eq!(server.status_with(&tokens.access, "/api/v3/users/alice"), 200);
    // More than she had agreed to is asked for again.
    let page = alice.get(&server, &crate::browser::authorize_target("my-client", &[]));
    assert!(page.asks_for_consent(), "{}", page.text());
}

#[test]
fn a_flow_that_is_refused_says_where_and_what_to_do() {
    let (server, mut alice, secret) = registered(&[]);
    let page = alice.sends_form(&server, FLOW, &[("client_secret", "wrong")]);
    assert_eq!((page.status, page.errors()), (200, vec!["client_secret_wrong".to_owned()]), "{}", page.text());
    assert!(page.text().contains("make a new one") && page.items() == ["200", "303", "401"], "{}", page.text());
    assert_eq!(authorizations(&server), 0);
    server.has_state("my-client", "STATE_SUSPENDED");
    let page = alice.sends_form(&server, FLOW, &[("client_secret", &secret)]);
    assert_eq!((page.status, page.errors()), (200, vec!["client_suspended".to_owned()]), "{}", page.text());
}

#[test]
fn a_clients_page_says_why_its_requests_were_refused_and_what_to_do_and_when_its_rights_were_used() {
    let (server, mut alice, secret) = registered(&[]);
    alice.sees(&server, "/console/clients/my-client", &["0 users authorized it", "not used yet"]);
    let code = alice.code(&server, "my-client", &[]);
    let tokens = server.tokens("my-client", &secret, &code);
    assert_eq!(server.status_with(&tokens.access, "/api/v3/users/alice"), 200);
    for _ in 0..3 {
        assert_eq!(server.refresh("my-client", "wrong", "x").status, 401);
    }
    alice.get(&server, &crate::browser::authorize_target("my-client", &[("redirect_uri", "https://elsewhere.example/")]));
    let page = alice.opens(&server, "/console/clients/my-client");
    assert_eq!(page.items(), ["client_secret_wrong", "redirect_uri_not_registered"], "{}", page.text());
    for said in ["1 user authorized it", "3 times", "Check the secret that the application has", "letter by letter"] {
        assert!(page.text().contains(said), "{said} is not in {}", page.text());
    }
    // Its developer finds what to copy before anything else.
    let at = |id: &str| page.text().find(id).expect("it is there");
    assert!(at("the-client-id") < at("Tokens per day") && at("Tokens per day") < at("What it asks for"));
    server.wait_seconds(40 * 24 * 60 * 60);
    let mut alice = server.signed_in("alice");
    assert_eq!(alice.opens(&server, "/console/clients/my-client").items(), Vec::<String>::new());
}
