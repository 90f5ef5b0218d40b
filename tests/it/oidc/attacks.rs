//! What RFC 9700 and RFC 8725 warn of, at the boundary: mixed-up servers, forged tokens, and users who are more than an app expects.

use std::time::{Duration, Instant};

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::conformance::{ISSUER, Party};
use crate::browser::authorize_target;
use crate::oauth::keys::keys;
use crate::server::Answer;

/// The value of `iss` in an answer to an app: in a redirect, or in a form.
fn issuer_told(answer: &Answer) -> Option<String> {
    let in_form = || Some(answer.text().split_once("name=\"iss\" value=\"")?.1.split('"').next()?.to_owned());
    answer.location_parameter("iss").or_else(in_form)
}

#[test]
fn every_answer_to_an_app_names_the_issuer_refusals_too() {
    let mut party = Party::new();
    let metadata = party.server.check("anon", "GET", "/.well-known/openid-configuration", "", "200").json();
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    for mode in ["query", "form_post"] {
        let target = |more: &[(&str, &str)]| authorize_target("my-app", &[&[("scope", "openid"), ("response_mode", mode)], more].concat());
        let refused = [
            &[("prompt", "none"), ("max_age", "0")][..],
            &[("prompt", "sing")],
            &[("max_age", "soon")],
            &[("request", "x")],
            &[("request_uri", "https://app.example/x")],
            &[("state", "a"), ("state", "b")],
            &[("code_challenge", "short")],
            &[("nonce", &"n".repeat(513))],
        ];
        for more in refused {
            let answer = party.browser.get(&party.server, &target(more));
            assert!(answer.location_parameter("code").is_none() && !answer.text().contains("name=\"code\""), "{more:?}");
            assert_eq!(issuer_told(&answer).as_deref(), Some(ISSUER), "{mode} {more:?}: {} {}", answer.status, answer.text());
        }
        let wrong_type = target(&[]).replace("response_type=code", "response_type=id_token");
        assert_eq!(issuer_told(&party.browser.get(&party.server, &wrong_type)).as_deref(), Some(ISSUER));
        for says in ["false", "true"] {
            let answer = party.browser.post(&party.server, &target(&[("prompt", "consent")]), &[("authorize", says)]);
            assert_eq!(issuer_told(&answer).as_deref(), Some(ISSUER), "{mode} {says}: {} {}", answer.status, answer.text());
        }
    }
}

#[test]
fn a_code_of_one_server_is_worth_nothing_at_another_where_the_app_is_called_the_same() {
    let (mut honest, attacker) = (Party::new(), Party::new());
    let code = honest.authorizes("openid", &[]).location_parameter("code").expect("a code");
    assert_eq!(attacker.redeems(&code, &[]).json()["error"], "invalid_grant");
    honest.got(&honest.redeems(&code, &[]));
}

/// Tokens with the claims of this one that nobody has signed, or somebody with what is published of the keys.
fn forgeries(party: &Party, token: &str) -> Vec<String> {
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let mut parts = token.split('.');
    let (header, claims) = (parts.next().expect("a header"), parts.next().expect("claims"));
    let header: Value = serde_json::from_slice(&BASE64URL_NOPAD.decode(header.as_bytes()).expect("base64url")).expect("JSON");
    let with_algorithm = |name: &str| part(&json!({"alg": name, "typ": header["typ"], "kid": header["kid"]}));
    let mut forged = vec![format!("{}.{claims}.", with_algorithm("none")), token.rsplit_once('.').expect("a signature").0.to_owned() + "."];
    for key in keys(&party.server) {
        let number = ["n", "x"].iter().find_map(|name| key[*name].as_str()).expect("a number");
        for secret in
            [key.to_string().into_bytes(), number.as_bytes().to_vec(), BASE64URL_NOPAD.decode(number.as_bytes()).expect("base64url")]
        {
            let signed = format!("{}.{claims}", with_algorithm("HS256"));
            let mut mac = Hmac::<Sha256>::new_from_slice(&secret).expect("HMAC takes keys of any size");
            mac.update(signed.as_bytes());
            forged.push(format!("{signed}.{}", BASE64URL_NOPAD.encode(&mac.finalize().into_bytes())));
        }
    }
    forged
}

#[test]
fn a_forged_id_token_is_believed_nowhere() {
    let mut party = Party::new();
    let got = party.signs_in("openid", &[]);
    let token = got.reply["id_token"].as_str().expect("an ID token").to_owned();
    let hinted = |party: &mut Party, hint: &str| party.authorizes("openid", &[("prompt", "none"), ("id_token_hint", hint)]);
    assert!(hinted(&mut party, &token).location_parameter("code").is_some());
    for forged in forgeries(&party, &token) {
        assert_eq!(hinted(&mut party, &forged).location_parameter("error").as_deref(), Some("login_required"), "{forged}");
        let page = party.browser.get(&party.server, &format!("/oauth/end-session?id_token_hint={forged}"));
        page.tells("sign-out");
        assert_eq!(party.userinfo(&forged).status, 401);
    }
    assert_eq!(party.userinfo(&token).status, 401, "an ID token is no access token");
    assert_eq!(party.browser.get(&party.server, "/oauth/api/me").status, 200);
}

#[test]
fn a_forged_access_token_opens_nothing_and_ends_nothing() {
    let mut party = Party::new();
    party.has(json!({"access_token_format": "jwt"}));
    let got = party.signs_in("openid", &[]);
    let introspected = |party: &Party, token: &str| {
        let form = [("token", token), ("client_id", "my-app"), ("client_secret", &party.secret)];
        party.server.post_form("/oauth/introspect", &form).json()
    };
    for forged in forgeries(&party, got.access()) {
        assert_eq!(party.userinfo(&forged).status, 401, "{forged}");
        assert_eq!(party.server.status_with(&forged, "/api/v3/users/alice"), 401);
        assert_eq!(introspected(&party, &forged), json!({"active": false}));
        let revoke = [("token", forged.as_str()), ("client_id", "my-app"), ("client_secret", &party.secret)];
        assert_eq!(party.server.post_form("/oauth/revoke", &revoke).status, 200);
    }
    assert_eq!(party.userinfo(got.access()).status, 200);
    assert_eq!(introspected(&party, got.access())["active"], true);
}

#[test]
fn a_user_of_ten_thousand_groups_signs_in_as_others_do() {
    const LONGEST_WAIT: Duration = Duration::from_secs(10);
    let mut party = Party::new();
    party.server.execute(
        "BEGIN;
         CREATE TEMP TABLE more AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
            SELECT printf('a-group-of-many-users-number-%05d', i) AS id FROM n;
         INSERT INTO accounts (account_id, kind, created_at, updated_at, description) SELECT id, 'organization', 0, 0, '' FROM more;
         INSERT INTO organizations (organization_id, made_by_admin) SELECT id, 1 FROM more;
         INSERT INTO organization_members (organization_id, account_id) SELECT id, 'alice' FROM more;
         COMMIT;",
    );
    party.has(json!({"claims_in_id_token": true, "allowed_groups": ["crew", "a-group-of-many-users-number-09999"]}));
    let begun = Instant::now();
    let scope = "openid groups offline_access";
    let page = party.browser.get(&party.server, &authorize_target("my-app", &[("scope", scope)])).text();
    assert!(page.contains("a-group-of-many-users-number-00001") && page.contains("and 9980 more"), "{page}");
    assert!(page.len() < 64 * 1024, "{} bytes", page.len());
    let got = party.signs_in(scope, &[]);
    let count = |claims: &Value| claims["groups"].as_array().map(Vec::len);
    assert_eq!(count(&got.claims), Some(10_000));
    let userinfo = party.userinfo(got.access());
    assert_eq!((userinfo.status, count(&userinfo.json())), (200, Some(10_000)));
    assert!(userinfo.headers.iter().all(|(_, value)| value.len() < 1024), "groups are in no header");
    let refreshed = party.server.refresh("my-app", &party.secret, got.reply["refresh_token"].as_str().expect("a refresh token"));
    assert_eq!(count(&party.got(&refreshed).claims), Some(10_000));
    // Such an ID token is too long for an address. The app is told so, or asks without.
    let token = got.reply["id_token"].as_str().expect("an ID token");
    let posted = party.server.post_form("/oauth/end-session", &[("id_token_hint", token)]);
    assert_eq!(posted.status, 400, "{}", posted.text());
    assert!(party.authorizes("openid", &[("prompt", "none")]).location_parameter("code").is_some());
    // What the client needs is few of them.
    party.has(json!({"group_filter": ["crew"]}));
    assert_eq!(party.signs_in(scope, &[]).claims["groups"], json!(["crew"]));
    assert!(begun.elapsed() < LONGEST_WAIT, "{:?}", begun.elapsed());
}
