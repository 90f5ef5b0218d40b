//! The document by which apps find everything: OpenID Connect Discovery 1.0 section 3, and RFC 8414.

use std::collections::BTreeSet;

use keyfob::routes::ROUTES;
use serde_json::{Value, json};

use super::keys::keys;
use super::sign_in::{id_token, signed_in, userinfo};
use super::{fixture, sign_in_fields};
use crate::server::Server;

fn metadata(server: &Server) -> Value {
    server.check("anon", "GET", "/.well-known/openid-configuration", "", "200").json()
}

fn texts(list: &Value) -> BTreeSet<String> {
    list.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text").to_owned()).collect()
}

#[test]
fn both_well_known_places_have_the_same_document_for_everyone() {
    let server = Server::start();
    let answers = ["oauth-authorization-server", "openid-configuration"]
        .map(|name| server.check("anon", "GET", &format!("/.well-known/{name}"), "", "200"));
    assert_eq!(answers[0].body, answers[1].body);
    for name in ["Content-Type", "Cache-Control", "Access-Control-Allow-Origin"] {
        assert_eq!(answers[0].header(name), answers[1].header(name), "{name}");
    }
    assert_eq!(answers[1].header("Access-Control-Allow-Origin"), Some("*"));
    assert_eq!(answers[1].header("Content-Type"), Some("application/json"));
    server.check("anon", "HEAD", "/.well-known/openid-configuration", "", "200");
    server.check("anon", "POST", "/.well-known/openid-configuration", "", "405");
}

#[test]
fn whatever_an_app_may_get_it_may_ask_the_head_of_but_only_get_issues_a_code_or_ends_a_session() {
    let server = Server::start();
    for path in ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/oauth/keys"] {
        let (got, head) = (server.send("anon", "GET", path, ""), server.send("anon", "HEAD", path, ""));
        assert_eq!((got.status, head.status, head.header("Content-Type")), (200, 200, got.header("Content-Type")), "{path}");
    }
    let head = server.send("anon", "HEAD", "/oauth/userinfo", "");
    assert!(head.status == 401 && head.header("WWW-Authenticate").is_some(), "{}", head.status);
    for path in ["/oauth/authorize", "/oauth/logout", "/oauth/end-session"] {
        let head = server.send("anon", "HEAD", path, "");
        assert!(head.status == 405 && head.header("Allow").is_some_and(|allowed| allowed.starts_with("GET")), "{path}");
    }
}

#[test]
fn the_metadata_has_every_member_that_is_required_and_says_no_to_what_there_is_not() {
    let server = Server::start();
    let told = metadata(&server);
    for name in [
        "issuer",
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "jwks_uri",
        "scopes_supported",
        "response_types_supported",
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
        "claims_supported",
    ] {
        assert!(!told[name].is_null(), "{name}");
    }
    assert_eq!(told["subject_types_supported"], json!(["public", "pairwise"]));
    assert_eq!(told["claim_types_supported"], json!(["normal"]));
    // What is left out would count as there (section 3: `request_uri_parameter_supported`).
    for name in ["claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported"] {
        assert_eq!(told[name], false, "{name}");
    }
    assert!(texts(&told["scopes_supported"]).is_superset(&texts(&json!(["openid", "profile", "email", "groups", "offline_access"]))));
    let signing: BTreeSet<String> = keys(&server).iter().map(|key| key["alg"].as_str().expect("a name").to_owned()).collect();
    assert_eq!(texts(&told["id_token_signing_alg_values_supported"]), signing);
}

#[test]
fn every_endpoint_that_the_metadata_names_is_there() {
    let server = Server::start();
    let told = metadata(&server);
    let issuer = told["issuer"].as_str().expect("an issuer");
    let endpoints = told.as_object().expect("an object").iter().filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri");
    let paths: Vec<&str> = endpoints.map(|(_, url)| url.as_str().and_then(|url| url.strip_prefix(issuer)).expect("a path")).collect();
    assert!(paths.len() >= 6, "{paths:?}");
    paths.iter().for_each(|path| assert!(ROUTES.iter().any(|route| route.path == *path), "{path}"));
}

#[test]
fn the_claims_that_are_told_are_those_that_the_metadata_names() {
    let (server, secret) = fixture();
    sign_in_fields::set(&server, json!({"claims_in_id_token": true}), "200");
    server.check("admin", "PUT", "/api/v3/users/bob", r#"{"user":{"name":"Bob"},"field_mask":"name"}"#, "200");
    let reply = signed_in(&server, "my-app", &secret, &[("scope", "openid profile email groups"), ("nonce", "n")]);
    let names = |claims: &Value| claims.as_object().expect("an object").keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&id_token(&server, &reply)), texts(&metadata(&server)["claims_supported"]));
    assert!(names(&userinfo(&server, &reply).json()).is_subset(&texts(&metadata(&server)["claims_supported"])));
}
