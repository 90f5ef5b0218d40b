//! The rules of the registration review, as callers of the API see them.

use keyfob::model::settings::{Approval, Settings};
use serde_json::{Value, json};

use crate::server::Server;

fn fixture() -> Server {
    let mut server = Server::with(Settings { approval: Approval::Auto, ..Settings::default() });
    server.has_user("alice");
    server.has_user("bob");
    server.has_organization("alice", "acme");
    server
}

fn good() -> Value {
    json!({
        "ids": {"client_id": "acme-gateway-onboarding"},
        "name": "Acme Gateway Onboarding",
        "description": "Connect and set up your Acme gateways from the browser, step by step",
        "redirect_uris": ["https://onboarding.acme.example/callback"],
        "grants": ["GRANT_AUTHORIZATION_CODE"],
        "rights": ["RIGHT_USER_INFO", "RIGHT_USER_GATEWAYS_LIST", "RIGHT_GATEWAY_INFO"],
    })
}

fn with(changes: Value) -> Value {
    let mut client = good();
    for (name, value) in changes.as_object().expect("an object") {
        client[name] = value.clone();
    }
    client
}

fn check(server: &Server, who: &str, client: &Value, owner: &Value, status: &str) -> Value {
    let body = json!({"client": client, "collaborator": owner}).to_string();
    server.check(who, "POST", "/api/v3/clients/check", &body, status).json()
}

fn acme() -> Value {
    json!({"organization_ids": {"organization_id": "acme"}})
}

fn user(id: &str) -> Value {
    json!({"user_ids": {"user_id": id}})
}

/// What is found, as `severity rule field`.
fn found(answer: &Value) -> Vec<String> {
    let text = |finding: &Value, key: &str| finding[key].as_str().expect("a text").to_owned();
    let findings = answer["findings"].as_array().expect("findings");
    findings.iter().map(|finding| ["severity", "rule", "field"].map(|key| text(finding, key)).join(" ")).collect()
}

fn found_for_acme(server: &Server, client: &Value) -> Vec<String> {
    found(&check(server, "alice", client, &acme(), "200"))
}

#[test]
fn nothing_is_found_about_a_good_client_and_nothing_is_changed() {
    let server = fixture();
    let answer = check(&server, "alice", &good(), &acme(), "200");
    assert_eq!(answer["findings"], json!([]));
    assert_eq!(answer["would_be"], "approved");
    assert!(answer["rule_set"].as_u64().is_some_and(|version| version > 0));
    server.check("alice", "GET", "/api/v3/clients/acme-gateway-onboarding", "", "404");
}

#[test]
fn a_finding_says_the_rule_the_guideline_the_field_what_was_seen_why_and_what_to_do() {
    let server = fixture();
    let answer = check(&server, "alice", &with(json!({"grants": ["GRANT_AUTHORIZATION_CODE", "GRANT_PASSWORD"]})), &acme(), "200");
    let finding = answer["findings"][0].as_object().expect("a finding");
    assert_eq!(finding.keys().map(String::as_str).collect::<Vec<_>>(), ["rule", "guideline", "severity", "field", "seen", "why", "do"]);
    assert_eq!(finding["rule"], "password_grant");
    assert_eq!(finding["severity"], "blocks");
    assert_eq!(finding["field"], "grants");
    assert!(finding.values().all(|value| value.as_str().is_some_and(|text| !text.is_empty())));
}

#[test]
fn the_worst_is_said_first() {
    let server = fixture();
    let client = with(json!({
        "description": "Short", "redirect_uris": ["javascript:alert(1)", "https://elsewhere.example/"], "rights": ["RIGHT_USER_DELETE"],
    }));
    let severities: Vec<String> = found_for_acme(&server, &client);
    let expected = [
        "blocks redirect_uri_unsafe redirect_uris[0]",
        "warns description description",
        "notes dangerous_rights rights",
        "notes rights_not_mentioned rights",
        "notes redirect_uri_host redirect_uris[1]",
    ];
    assert_eq!(severities, expected);
}

#[test]
fn clients_of_other_owners_that_are_like_it_are_found_before_and_after_their_keys_are_stored() {
    let server = fixture();
    let body = json!({"client": with(json!({"ids": {"client_id": "acme-gateway-onboarding"}}))}).to_string();
    server.check("alice", "POST", "/api/v3/organizations/acme/clients", &body, "200");
    let likes = ["acme-gateway-onb0arding", "acmee-gateway-onboarding", "acme-gateway-onboardign", "acne-gateway-onboarding"];
    for _ in 0..2 {
        for id in likes {
            let client = with(json!({"ids": {"client_id": id}, "name": "Something of Bob"}));
            let found = found(&check(&server, "bob", &client, &user("bob"), "200"));
            assert!(found.contains(&"warns like_another_client ids.client_id".to_owned()), "{id}: {found:?}");
            assert!(found.contains(&"warns redirect_uri_of_another_owner redirect_uris[0]".to_owned()), "{id}: {found:?}");
            // The same owner may have as many as it likes.
            let own = check(&server, "alice", &client, &acme(), "200");
            assert!(!own.to_string().contains("another owner"), "{own}");
        }
        server.app.store().write(keyfob::registry::expiry::sweep).expect("it sweeps");
    }
    // What changed afterwards is known as it is now.
    let change = json!({"client": {"redirect_uris": ["https://new.acme.example/"]}, "field_mask": "redirect_uris"}).to_string();
    server.check("alice", "PUT", "/api/v3/clients/acme-gateway-onboarding", &change, "200");
    let at = |uri: &str| {
        let client = with(json!({"ids": {"client_id": "other-brand"}, "name": "Bob's", "redirect_uris": [uri]}));
        found(&check(&server, "bob", &client, &user("bob"), "200")).join(" ").contains("redirect_uri_of_another_owner")
    };
    for _ in 0..2 {
        assert!(at("https://new.acme.example/x") && !at("https://onboarding.acme.example/callback"));
        server.app.store().write(keyfob::registry::expiry::sweep).expect("it sweeps");
    }
}

#[test]
fn a_client_that_exists_is_judged_as_it_would_be_with_the_change_by_those_who_may_read_it() {
    let server = fixture();
    server.check("alice", "POST", "/api/v3/organizations/acme/clients", &json!({"client": good()}).to_string(), "200");
    let client = json!({"ids": {"client_id": "acme-gateway-onboarding"}, "description": "Short"});
    let answer = check(&server, "alice", &client, &Value::Null, "200");
    assert_eq!(found(&answer), ["warns description description"]);
    let body = json!({"client": client}).to_string();
    assert_eq!(server.check("bob", "POST", "/api/v3/clients/check", &body, "409").error(), "id_taken");
    // Ninety days later nobody has used it.
    server.wait_seconds(100 * 24 * 60 * 60);
    let answer = check(&server, "alice", &json!({"ids": {"client_id": "acme-gateway-onboarding"}}), &Value::Null, "200");
    assert_eq!(found(&answer), ["notes never_used ids.client_id"]);
}

#[test]
fn only_those_who_may_register_a_client_for_an_account_check_one_for_it() {
    let server = fixture();
    check(&server, "bob", &good(), &acme(), "403");
    check(&server, "anon", &good(), &acme(), "401");
    check(&server, "admin", &good(), &acme(), "200");
    check(&server, "alice", &good(), &json!({"organization_ids": {"organization_id": "Not An ID"}}), "400");
    check(&server, "alice", &with(json!({"ids": {"client_id": "X"}})), &acme(), "400");
}

#[test]
fn a_name_that_is_turned_around_is_compared_as_it_is_read() {
    let server = fixture();
    let is_found = |name: &str, rule: &str| found_for_acme(&server, &with(json!({"name": name}))).contains(&format!("{rule} name"));
    for name in [
        "\u{202e}krowteN sgnihT ehT",
        "Portal \u{202e}krowteN sgnihT ehT\u{202c}",
        "\u{2067}\u{202e}krowteN sgnihT ehT",
        "\u{202b}Network\u{200f} Things\u{200f} The",
    ] {
        assert!(is_found(name, "blocks protected_name"), "{name:?}");
    }
    let bobs = json!({"client": {"ids": {"client_id": "bobtech-gateway-hub"}, "name": "Bobtech Hub"}});
    server.check("bob", "POST", "/api/v3/users/bob/clients", &bobs.to_string(), "200");
    assert!(is_found("\u{202e}buH hcetboB", "warns like_another_client"));
    server.app.store().write(keyfob::registry::expiry::sweep).expect("it is swept");
    assert!(is_found("\u{202e}buH hcetboB", "warns like_another_client"), "also by its keys");
    assert!(!is_found("krowteN sgnihT ehT", "blocks protected_name"), "without such a character it is read as it is written");
}

#[test]
fn a_malformed_owner_is_told_from_one_that_is_missing() {
    let server = fixture();
    let field = |owner: Value, field: &str| {
        let body = json!({"client": good(), "collaborator": owner}).to_string();
        let refused = server.check("alice", "POST", "/api/v3/clients/check", &body, "400 validation");
        assert!(refused.text().contains(&format!("\"field\":\"{field}\"")), "{}", refused.text());
    };
    field(json!({"user_ids": {"user_id": "Not an ID"}}), "user_id");
    field(json!({"organization_ids": {"organization_id": "-"}}), "organization_id");
    field(json!({}), "ids");
}

#[test]
fn letters_of_flags_are_letters() {
    let server = fixture();
    let is_found = |name: &str| found_for_acme(&server, &with(json!({"name": name}))).contains(&"blocks protected_name name".to_owned());
    assert!(is_found("\u{1f1f9}\u{1f1f9}\u{1f1f3}") && is_found("\u{1f1f9}\u{1f1f9}\u{1f1f3} Login"));
    assert!(!is_found("Acme Hub \u{1f1f3}\u{1f1f1}"));
}

#[test]
fn an_account_that_somebody_made_a_member_lends_no_brand() {
    let server = fixture();
    let user = json!({"user": {
        "ids": {"user_id": "sam"}, "primary_email_address": "sam@siemens.example", "primary_email_address_validated_at": "2026-01-01T00:00:00Z",
        "password": "Good-passw0rd", "state": "STATE_APPROVED",
    }});
    server.check("admin", "POST", "/api/v3/users", &user.to_string(), "200");
    server.has_organization("bob", "mllry");
    let member = json!({"collaborator": {"ids": {"user_ids": {"user_id": "sam"}}, "rights": ["RIGHT_ORGANIZATION_INFO"]}});
    server.check("bob", "PUT", "/api/v3/organizations/mllry/collaborators", &member.to_string(), "200");
    let contact =
        json!({"organization": {"administrative_contact": {"user_ids": {"user_id": "sam"}}}, "field_mask": "administrative_contact"});
    server.check("bob", "PUT", "/api/v3/organizations/mllry", &contact.to_string(), "200");
    let client = with(json!({
        "ids": {"client_id": "siemens-gateways"}, "name": "Siemens Gateways", "redirect_uris": ["https://login.siemens.example/cb"],
        "description": "Connect and set up your Siemens gateways from the browser, step by step",
    }));
    let owner = json!({"organization_ids": {"organization_id": "mllry"}});
    let found = found(&check(&server, "bob", &client, &owner, "200"));
    assert!(found.contains(&"warns owner_is_not_brand collaborators".to_owned()), "{found:?}");
}
