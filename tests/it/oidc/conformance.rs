//! The Basic and Config plans of the OpenID conformance suite, module by module: each story is named after one, and looks at what that looks at.
//! The suite itself needs a database that is not to be had everywhere.

use data_encoding::BASE64URL_NOPAD;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use super::jwks::verified;
use crate::browser::{Browser, CALLBACK, authorize_target, form};
use crate::server::{Answer, Server};

pub const ISSUER: &str = "http://127.0.0.1:1885";

/// A relying party, and the browser of its user.
pub struct Party {
    pub server: Server,
    pub secret: String,
    pub browser: Browser,
}

/// What the token endpoint gave.
pub struct Got {
    pub reply: Value,
    pub claims: Value,
}

impl Got {
    pub fn access(&self) -> &str {
        self.reply["access_token"].as_str().expect("an access token")
    }
}

impl Party {
    /// Alice has a name and a validated address, belongs to `crew`, and is signed in.
    pub fn new() -> Party {
        let mut server = Server::start();
        server.has_user("alice");
        server.has_organization("admin", "crew");
        let member = json!({"collaborator": {"ids": {"user_ids": {"user_id": "alice"}}, "rights": ["RIGHT_ORGANIZATION_INFO"]}});
        server.check("admin", "PUT", "/api/v3/organizations/crew/collaborators", &member.to_string(), "200");
        let alice = json!({"user": {"name": "Alice", "primary_email_address": "alice@example.com",
            "primary_email_address_validated_at": "2026-01-02T03:04:05Z"},
            "field_mask": "name,primary_email_address,primary_email_address_validated_at"});
        server.check("admin", "PUT", "/api/v3/users/alice", &alice.to_string(), "200");
        let secret = server.has_app("alice", "my-app", &[]);
        let browser = server.signed_in("alice");
        Party { server, secret, browser }
    }

    /// Sets these fields of the client.
    pub fn has(&self, fields: Value) {
        let mask: Vec<&str> = fields.as_object().expect("fields").keys().map(String::as_str).collect();
        let body = json!({"client": fields, "field_mask": mask.join(",")});
        self.server.check("admin", "PUT", "/api/v3/clients/my-app", &body.to_string(), "200");
    }

    /// Where the client is sent back to: the browser agrees if it is asked.
    #[track_caller]
    pub fn authorizes(&mut self, scope: &str, more: &[(&str, &str)]) -> Answer {
        let target = authorize_target("my-app", &[&[("scope", scope)], more].concat());
        let answer = self.browser.get(&self.server, &target);
        let answer = if answer.status == 200 { self.browser.post(&self.server, &target, &[("authorize", "true")]) } else { answer };
        assert!(matches!(answer.status, 302 | 303), "{}: {}", answer.status, answer.text());
        answer
    }

    #[track_caller]
    fn code(&mut self, scope: &str, more: &[(&str, &str)]) -> String {
        let answer = self.authorizes(scope, more);
        answer.location_parameter("code").unwrap_or_else(|| panic!("no code in {:?}", answer.header("Location")))
    }

    pub fn redeems(&self, code: &str, more: &[(&str, &str)]) -> Answer {
        let basic = format!("Basic {}", data_encoding::BASE64.encode(format!("my-app:{}", self.secret).as_bytes()));
        let pairs = [&[("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)], more].concat();
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        self.server.send_with(Some(&basic), &headers, "POST", "/oauth/token", form(&pairs).as_bytes())
    }

    #[track_caller]
    pub fn got(&self, answer: &Answer) -> Got {
        assert_eq!(answer.status, 200, "{}", answer.text());
        let reply = answer.json();
        let claims = verified(&self.server, reply["id_token"].as_str().expect("an ID token"));
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!(ISSUER), &json!("my-app")));
        Got { reply, claims }
    }

    #[track_caller]
    pub fn signs_in(&mut self, scope: &str, more: &[(&str, &str)]) -> Got {
        let code = self.code(scope, more);
        self.got(&self.redeems(&code, &[]))
    }

    pub fn userinfo(&self, access: &str) -> Answer {
        self.server.send_with(Some(&format!("Bearer {access}")), &[], "GET", "/oauth/userinfo", b"")
    }

    /// The claims of these scopes.
    #[track_caller]
    fn claims(&mut self, scope: &str) -> Value {
        let got = self.signs_in(scope, &[]);
        let answer = self.userinfo(got.access());
        assert_eq!(answer.status, 200, "{}", answer.text());
        let claims = answer.json();
        assert_eq!(claims["sub"], got.claims["sub"], "userinfo is about somebody else");
        claims
    }
}

#[test]
fn oidcc_server_the_whole_flow_keeps_state_and_nonce() {
    let mut party = Party::new();
    let answer = party.authorizes("openid", &[("state", "s t&te"), ("nonce", "n0nce")]);
    assert_eq!(answer.location_parameter("state").as_deref(), Some("s t&te"));
    let got = party.got(&party.redeems(&answer.location_parameter("code").expect("a code"), &[]));
    assert_eq!(got.claims["nonce"], "n0nce");
    let lasts = got.claims["exp"].as_i64().expect("an end") - got.claims["iat"].as_i64().expect("a beginning");
    assert_eq!(lasts, 3600);
    let hash = digest(&SHA256, got.access().as_bytes());
    assert_eq!(got.claims["at_hash"], BASE64URL_NOPAD.encode(&hash.as_ref()[..16]));
    assert_eq!(got.reply["token_type"].as_str().map(str::to_lowercase).as_deref(), Some("bearer"));
    assert!(got.claims["sub"].as_str().is_some_and(|sub| sub.is_ascii() && (1..=255).contains(&sub.len())));
}

#[test]
fn oidcc_response_type_missing_is_refused() {
    let mut party = Party::new();
    let answer =
        party.browser.get(&party.server, &format!("/oauth/authorize?client_id=my-app&scope=openid&redirect_uri={CALLBACK}&state=s"));
    let error = answer.location_parameter("error");
    assert!(matches!(error.as_deref(), Some("invalid_request" | "unsupported_response_type")) || answer.status == 400, "{}", answer.status);
    assert!(answer.location_parameter("code").is_none());
}

#[test]
fn oidcc_userinfo_get_answers_by_the_header() {
    assert_eq!(Party::new().claims("openid profile")["preferred_username"], "alice");
}

#[test]
fn oidcc_userinfo_post_header_answers_the_same() {
    let mut party = Party::new();
    let got = party.signs_in("openid email", &[]);
    let answer = party.server.send_with(Some(&format!("Bearer {}", got.access())), &[], "POST", "/oauth/userinfo", b"");
    assert_eq!((answer.status, answer.json()), (200, party.userinfo(got.access()).json()));
}

#[test]
fn oidcc_userinfo_post_body_answers_the_same() {
    let mut party = Party::new();
    let got = party.signs_in("openid email", &[]);
    let answer = party.server.post_form("/oauth/userinfo", &[("access_token", got.access())]);
    assert_eq!((answer.status, answer.json()), (200, party.userinfo(got.access()).json()));
}

#[test]
fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow() {
    assert_eq!(Party::new().signs_in("openid", &[]).claims.get("nonce"), None);
}

#[test]
fn oidcc_scope_profile_gives_the_claims_of_a_profile() {
    let claims = Party::new().claims("openid profile");
    assert_eq!((&claims["name"], &claims["preferred_username"]), (&json!("Alice"), &json!("alice")));
    assert!(claims["updated_at"].is_number(), "{claims}");
    assert_eq!(claims.get("email"), None);
}

#[test]
fn oidcc_scope_email_gives_the_address_and_whether_it_is_validated() {
    let claims = Party::new().claims("openid email");
    assert_eq!((&claims["email"], &claims["email_verified"]), (&json!("alice@example.com"), &json!(true)));
    assert_eq!(claims.get("name"), None);
}

/// The suite skips what the server does not list; a client that asks for it all the same gets the rest.
#[track_caller]
fn left_out(scope: &str) {
    let mut party = Party::new();
    let listed = party.server.check("anon", "GET", "/.well-known/openid-configuration", "", "200").json()["scopes_supported"].clone();
    assert!(!listed.as_array().expect("scopes").contains(&json!(scope)), "{scope} is listed");
    let got = party.signs_in(&format!("openid {scope}"), &[]);
    assert_eq!(got.reply["scope"], "openid");
}

#[test]
fn oidcc_scope_address_is_left_out_and_said_to_be() {
    left_out("address");
}

#[test]
fn oidcc_scope_phone_is_left_out_and_said_to_be() {
    left_out("phone");
}

#[test]
fn oidcc_scope_all_gives_the_claims_of_every_scope_there_is() {
    let claims = Party::new().claims("openid profile email groups");
    assert_eq!((&claims["name"], &claims["email"], &claims["groups"]), (&json!("Alice"), &json!("alice@example.com"), &json!(["crew"])));
}

#[test]
fn oidcc_alternate_happy_flow_takes_scopes_and_parameters_in_another_order() {
    let mut party = Party::new();
    assert_eq!(party.claims("email openid profile openid")["email"], "alice@example.com");
    let target = authorize_target("my-app", &[("scope", "email openid"), ("state", "some"), ("nonce", "once")]);
    let (path, query) = target.split_once('?').expect("a query");
    let reversed = format!("{path}?{}", query.split('&').rev().collect::<Vec<_>>().join("&"));
    let answer = party.browser.get(&party.server, &reversed);
    assert_eq!(answer.location_parameter("state").as_deref(), Some("some"));
    let code = answer.location_parameter("code").expect("a code, as she has agreed to more before");
    assert_eq!(party.got(&party.redeems(&code, &[])).claims["nonce"], "once");
}

#[test]
fn oidcc_display_page_changes_nothing() {
    Party::new().signs_in("openid", &[("display", "page")]);
}

#[test]
fn oidcc_display_popup_changes_nothing() {
    Party::new().signs_in("openid", &[("display", "popup")]);
}

#[test]
fn oidcc_ensure_request_with_unknown_parameter_succeeds() {
    Party::new().signs_in("openid", &[("extra", "foobar")]);
}

#[test]
fn oidcc_ui_locales_changes_nothing() {
    Party::new().signs_in("openid", &[("ui_locales", "se")]);
}

#[test]
fn oidcc_claims_locales_changes_nothing() {
    Party::new().signs_in("openid", &[("claims_locales", "se")]);
}

#[test]
fn oidcc_ensure_request_with_acr_values_succeeds() {
    Party::new().signs_in("openid", &[("acr_values", "1 2")]);
}

#[test]
fn oidcc_codereuse_a_code_works_once() {
    let mut party = Party::new();
    let code = party.code("openid", &[]);
    party.got(&party.redeems(&code, &[]));
    let again = party.redeems(&code, &[]);
    assert_eq!((again.status, &again.json()["error"]), (400, &json!("invalid_grant")));
}

#[test]
fn oidcc_codereuse_30seconds_ends_the_tokens_of_the_code() {
    let mut party = Party::new();
    let code = party.code("openid", &[]);
    let got = party.got(&party.redeems(&code, &[]));
    party.server.wait_seconds(30);
    let again = party.redeems(&code, &[]);
    assert_eq!((again.status, &again.json()["error"]), (400, &json!("invalid_grant")));
    let answer = party.userinfo(got.access());
    assert_eq!(answer.status, 401);
    assert!(answer.header("WWW-Authenticate").is_some_and(|challenge| challenge.contains("invalid_token")));
}

#[test]
fn oidcc_ensure_registered_redirect_uri_stays_on_a_page_of_the_server() {
    let mut party = Party::new();
    let target = authorize_target("my-app", &[("scope", "openid"), ("redirect_uri", "https://app.example/cb?unregistered")]);
    let answer = party.browser.get(&party.server, &target);
    assert_eq!((answer.status, answer.header("Location")), (403, None));
}

#[test]
fn oidcc_server_client_secret_post_takes_the_secret_in_the_form() {
    let mut party = Party::new();
    let code = party.code("openid", &[]);
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("client_id", "my-app"),
        ("client_secret", &party.secret),
    ];
    party.got(&party.server.post_form("/oauth/token", &pairs));
}

#[test]
fn oidcc_claims_essential_is_ignored_as_the_metadata_say() {
    let mut party = Party::new();
    let metadata = party.server.check("anon", "GET", "/.well-known/openid-configuration", "", "200").json();
    assert_eq!(metadata["claims_parameter_supported"], false);
    let got = party.signs_in("openid", &[("claims", r#"{"userinfo":{"name":{"essential":true}}}"#)]);
    assert_eq!(party.userinfo(got.access()).json().get("name"), None, "a claim without its scope");
}

#[test]
fn oidcc_refresh_token_gives_a_new_id_token_of_the_same_sign_in() {
    let mut party = Party::new();
    let got = party.signs_in("openid offline_access", &[("nonce", "n0nce")]);
    party.server.wait_seconds(60);
    let newer = party.got(&party.server.refresh("my-app", &party.secret, got.reply["refresh_token"].as_str().expect("a refresh token")));
    for same in ["iss", "sub", "aud", "auth_time"] {
        assert_eq!(newer.claims[same], got.claims[same], "{same}");
    }
    assert!(newer.claims["iat"].as_i64() > got.claims["iat"].as_i64());
    assert_eq!(newer.claims.get("nonce"), None);
}

#[test]
fn oidcc_ensure_request_with_valid_pkce_succeeds() {
    let mut party = Party::new();
    let code = party.code("openid", &crate::oauth::challenged());
    party.got(&party.redeems(&code, &[("code_verifier", crate::oauth::VERIFIER)]));
}

#[test]
fn oidcc_discovery_endpoint_verification_finds_all_that_clients_need() {
    let party = Party::new();
    let metadata = party.server.check("anon", "GET", "/.well-known/openid-configuration", "", "200").json();
    assert_eq!(metadata["issuer"], ISSUER);
    let endpoints = ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "introspection_endpoint"];
    for endpoint in endpoints {
        assert!(metadata[endpoint].as_str().is_some_and(|url| url.starts_with(&format!("{ISSUER}/"))), "{endpoint}");
    }
    for (list, entry) in [
        ("response_types_supported", "code"),
        ("grant_types_supported", "authorization_code"),
        ("subject_types_supported", "public"),
        ("id_token_signing_alg_values_supported", "RS256"),
        ("token_endpoint_auth_methods_supported", "client_secret_basic"),
        ("token_endpoint_auth_methods_supported", "client_secret_post"),
        ("scopes_supported", "openid"),
        ("claims_supported", "sub"),
        ("code_challenge_methods_supported", "S256"),
    ] {
        assert!(metadata[list].as_array().is_some_and(|words| words.contains(&json!(entry))), "{list}: {}", metadata[list]);
    }
    assert_eq!(metadata["request_uri_parameter_supported"], false, "it is true where it is left out");
    let keys = party.server.check("anon", "GET", "/oauth/keys", "", "200").json();
    let keys = keys["keys"].as_array().expect("keys");
    assert!(keys.iter().any(|key| key["kty"] == "RSA" && key["alg"] == "RS256" && key["use"] == "sig"));
    let mut ids: Vec<&Value> = keys.iter().map(|key| &key["kid"]).collect();
    ids.dedup();
    assert_eq!(ids.len(), keys.len(), "two keys have one ID");
    for secret in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        assert!(keys.iter().all(|key| key.get(secret).is_none()), "a private part: {secret}");
    }
}
