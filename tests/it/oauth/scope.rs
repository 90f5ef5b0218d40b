//! What `scope` asks for, and what is said of it (RFC 6749 sections 3.3, 5.1 and 6).

use serde_json::{Value, json};

use super::fixture;
use crate::browser::{CALLBACK, authorize_target, form};
use crate::server::{ADMIN_KEY, Answer, Server};

const BOTH: &str = "RIGHT_USER_CLIENTS_LIST RIGHT_USER_INFO";

/// `wide-app` may list clients and see users; `whole-app` may do everything.
fn apps() -> (Server, String, String) {
    let (server, _) = fixture();
    let wide = server.has_app("alice", "wide-app", &["RIGHT_USER_INFO", "RIGHT_USER_CLIENTS_LIST"]);
    let whole = server.has_app("alice", "whole-app", &["RIGHT_ALL"]);
    (server, wide, whole)
}

/// The answer to a code that bob agreed to for this scope.
fn granted(server: &Server, client: &str, secret: &str, scope: Option<&str>) -> Answer {
    let more: Vec<(&str, &str)> = scope.map(|scope| ("scope", scope)).into_iter().collect();
    let code = server.signed_in("bob").code(server, client, &more);
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("client_id", client),
        ("client_secret", secret),
    ];
    let answer = server.token(&pairs);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer
}

fn refresh(server: &Server, secret: &str, token: &str, scope: Option<&str>) -> Answer {
    let mut pairs = vec![("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", "wide-app"), ("client_secret", secret)];
    pairs.extend(scope.map(|scope| ("scope", scope)));
    server.token(&pairs)
}

fn part(answer: &Answer, name: &str) -> String {
    answer.json()[name].as_str().unwrap_or_else(|| panic!("no {name} in {}", answer.text())).to_owned()
}

/// The scope of a token, as introspection returns it.
fn introspected(server: &Server, token: &str) -> Value {
    let bearer = format!("Bearer {ADMIN_KEY}");
    server.send_with(Some(&bearer), &[], "POST", "/oauth/introspect", form(&[("token", token)]).as_bytes()).json()["scope"].clone()
}

#[test]
fn words_that_name_rights_narrow_what_is_granted_and_unknown_words_are_ignored() {
    let (server, wide, whole) = apps();
    for (client, secret, asked, expected, told) in [
        ("wide-app", &wide, None, BOTH, false),
        ("wide-app", &wide, Some(" "), BOTH, false),
        ("wide-app", &wide, Some(BOTH), BOTH, false),
        ("wide-app", &wide, Some("RIGHT_USER_INFO"), "RIGHT_USER_INFO", true),
        ("wide-app", &wide, Some("RIGHT_USER_INFO profile"), "RIGHT_USER_INFO", true),
        ("wide-app", &wide, Some("RIGHT_USER_INFO RIGHT_USER_DELETE RIGHT_ALL"), "RIGHT_USER_INFO", true),
        ("wide-app", &wide, Some("RIGHT_USER_INFO RIGHT_USER_CLIENTS_LIST RIGHT_CLIENT_ALL"), BOTH, true),
        ("wide-app", &wide, Some("profile email"), BOTH, true),
        ("wide-app", &wide, Some("USER_INFO right_user_info right_invalid"), BOTH, true),
        ("whole-app", &whole, None, "RIGHT_ALL", false),
        ("whole-app", &whole, Some("RIGHT_ALL"), "RIGHT_ALL", false),
        ("whole-app", &whole, Some("RIGHT_USER_INFO"), "RIGHT_USER_INFO", true),
    ] {
        let answer = granted(&server, client, secret, asked);
        let json = answer.json();
        assert_eq!(json["scope"], if told { json!(expected) } else { Value::Null }, "{client} {asked:?}");
        for token in ["access_token", "refresh_token"] {
            assert_eq!(introspected(&server, &part(&answer, token)), expected, "{client} {asked:?}");
        }
    }
}

#[test]
fn a_client_that_asks_only_for_rights_it_does_not_have_is_sent_back_with_invalid_scope() {
    let (server, ..) = apps();
    server.has_app("alice", "idle-app", &[]);
    let mut bob = server.signed_in("bob");
    for (client, scope) in [
        ("wide-app", "RIGHT_ALL"),
        ("wide-app", "RIGHT_USER_ALL RIGHT_USER_DELETE"),
        ("wide-app", "RIGHT_CLIENT_ALL profile"),
        ("idle-app", "RIGHT_USER_INFO"),
    ] {
        let target = authorize_target(client, &[("scope", scope), ("state", "abc")]);
        for answer in [bob.get(&server, &target), bob.post(&server, &target, &[("authorize", "true")])] {
            let said = |name: &str| answer.location_parameter(name).unwrap_or_default();
            assert!(
                answer.header("Location").is_some_and(|location| location.starts_with(CALLBACK)),
                "{client} {scope}: {}",
                answer.text()
            );
            assert_eq!((said("error").as_str(), said("state").as_str(), said("code").as_str()), ("invalid_scope", "abc", ""));
            assert!(!said("error_description").is_empty());
        }
    }
}

#[test]
fn the_user_sees_and_agrees_to_the_narrowed_rights_alone() {
    let (server, ..) = apps();
    let mut bob = server.signed_in("bob");
    let narrow = authorize_target("whole-app", &[("scope", "RIGHT_USER_INFO RIGHT_USER_CLIENTS_LIST profile")]);
    assert_eq!(bob.opens(&server, &narrow).rights_asked_for(), ["RIGHT_USER_INFO", "RIGHT_USER_CLIENTS_LIST"]);
    bob.code(&server, "whole-app", &[("scope", "RIGHT_USER_INFO RIGHT_USER_CLIENTS_LIST profile")]);
    let agreed = server.check("bob", "GET", "/api/v3/users/bob/authorizations", "", "200").json();
    assert_eq!(agreed["authorizations"][0]["rights"], json!(["RIGHT_USER_CLIENTS_LIST", "RIGHT_USER_INFO"]));
    // Less than was agreed to is agreed to; more is asked about.
    assert!(bob.get(&server, &authorize_target("whole-app", &[("scope", "RIGHT_USER_INFO")])).location_parameter("code").is_some());
    bob.opens(&server, &authorize_target("whole-app", &[])).tells("all-rights");
    bob.code(&server, "whole-app", &[]);
    assert!(bob.get(&server, &authorize_target("whole-app", &[("scope", "RIGHT_USER_DELETE")])).location_parameter("code").is_some());
}

#[test]
fn a_refresh_for_less_brings_an_access_token_for_less_and_the_refresh_token_keeps_the_whole() {
    let (server, secret, _) = apps();
    let first = granted(&server, "wide-app", &secret, None);
    let less = refresh(&server, &secret, &part(&first, "refresh_token"), Some("RIGHT_USER_INFO"));
    assert_eq!(part(&less, "scope"), "RIGHT_USER_INFO");
    let (access, token) = (part(&less, "access_token"), part(&less, "refresh_token"));
    assert_eq!((introspected(&server, &access), introspected(&server, &token)), (json!("RIGHT_USER_INFO"), json!(BOTH)));
    assert_eq!((server.status_with(&access, "/api/v3/users/bob"), server.status_with(&access, "/api/v3/users/bob/clients")), (200, 403));
    // Unknown words are ignored here too, and what was granted is said.
    let whole = refresh(&server, &secret, &token, Some("profile email"));
    assert_eq!(part(&whole, "scope"), BOTH);
    assert_eq!(server.status_with(&part(&whole, "access_token"), "/api/v3/users/bob/clients"), 200);
    let again = refresh(&server, &secret, &part(&whole, "refresh_token"), None);
    assert_eq!(again.json().get("scope"), None, "nothing was asked, and all was granted");
}

#[test]
fn a_refresh_for_more_is_refused_and_the_refresh_token_stays_good() {
    let (server, secret, _) = apps();
    let narrow = granted(&server, "wide-app", &secret, Some("RIGHT_USER_INFO"));
    let token = part(&narrow, "refresh_token");
    for scope in [BOTH, "RIGHT_USER_CLIENTS_LIST", "RIGHT_ALL", "RIGHT_USER_INFO RIGHT_USER_DELETE"] {
        let refused = refresh(&server, &secret, &token, Some(scope));
        assert_eq!((refused.status, refused.json()["error"].as_str()), (400, Some("invalid_scope")), "{scope}");
    }
    assert_eq!(part(&refresh(&server, &secret, &token, None), "scope"), "RIGHT_USER_INFO", "less than the client has, also unasked");
}

#[test]
fn a_refresh_that_is_repeated_tells_the_scope_of_its_successor_and_brings_no_more_than_asked() {
    let (server, secret, _) = apps();
    let first = part(&granted(&server, "wide-app", &secret, None), "refresh_token");
    let whole = refresh(&server, &secret, &first, None);
    let refused = refresh(&server, &secret, &first, Some("RIGHT_USER_INFO"));
    assert_eq!((refused.status, refused.json()["error"].as_str()), (400, Some("invalid_scope")), "its successor opens more");
    assert_eq!(refresh(&server, &secret, &first, Some("RIGHT_ALL")).json()["error"], "invalid_scope");
    assert_eq!(refresh(&server, &secret, &first, Some(BOTH)).json()["access_token"], whole.json()["access_token"]);

    let second = part(&whole, "refresh_token");
    let less = refresh(&server, &secret, &second, Some("RIGHT_USER_INFO"));
    for scope in [None, Some("RIGHT_USER_INFO"), Some(BOTH)] {
        let again = refresh(&server, &secret, &second, scope);
        assert_eq!((part(&again, "access_token"), part(&again, "scope")), (part(&less, "access_token"), "RIGHT_USER_INFO".to_owned()));
    }
}

#[test]
fn a_client_whose_rights_were_taken_meanwhile_is_told_what_is_left() {
    let (server, secret, _) = apps();
    let code = server.signed_in("bob").code(&server, "wide-app", &[("scope", BOTH)]);
    let first = part(&granted(&server, "wide-app", &secret, None), "refresh_token");
    let fewer = r#"{"client":{"rights":["RIGHT_USER_INFO"]},"field_mask":"rights"}"#;
    server.check("alice", "PUT", "/api/v3/clients/wide-app", fewer, "200");
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("client_id", "wide-app"),
        ("client_secret", &secret),
    ];
    assert_eq!(part(&server.token(&pairs), "scope"), "RIGHT_USER_INFO");
    assert_eq!(part(&refresh(&server, &secret, &first, None), "scope"), "RIGHT_USER_INFO");
}
