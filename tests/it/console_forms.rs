//! Forms of the Console: what they can change, and what they ask before.

use keyfob::model::settings::{ContactPolicy, Settings};
use serde_json::json;

use crate::browser::Browser;
use crate::console::{new_client, secret_of, server_with_alice, signed_in_admin};
use crate::server::Server;

pub const SETTINGS: &str = "/console/clients/my-client/settings";

/// What a browser sends of an untouched form of `Server::has_client`, more fields in the place of those of the same name.
pub fn settings(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let usual = [
        ("name", "my-client"),
        ("redirect_uris", "https://my-client.example.com/callback"),
        ("rights", "RIGHT_USER_INFO"),
        ("administrative_contact", "user:alice"),
        ("technical_contact", "user:alice"),
    ];
    usual.into_iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name)).chain(more.iter().copied()).collect()
}

#[test]
fn a_client_keeps_the_attributes_of_both_forms() {
    let (server, mut alice) = server_with_alice();
    let rows = [("attribute_key", "team"), ("attribute_value", "Lamps & <co>"), ("attribute_key", ""), ("attribute_value", "")];
    let made = alice.sends_form(&server, "/console/add/client", &new_client(&rows));
    assert_eq!(made.status, 200, "{}", made.text());
    let kept = || server.check("alice", "GET", "/api/v3/clients/my-client?field_mask=attributes", "", "200").json()["attributes"].clone();
    assert_eq!(kept(), json!({"team": "Lamps & <co>"}));
    alice.sees(&server, SETTINGS, &["value=\"team\"", "value=\"Lamps &amp; &lt;co&gt;\""]);
    alice.sees(&server, "/console/clients/my-client", &["<code>team</code> Lamps &amp; &lt;co&gt;"]);
    let rows = [("attribute_key", "floor"), ("attribute_value", "3"), ("attribute_key", "room"), ("attribute_value", "")];
    assert_eq!(alice.sends_form(&server, SETTINGS, &settings(&rows)).status, 303);
    assert_eq!(kept(), json!({"floor": "3", "room": ""}));
    assert_eq!(alice.sends_form(&server, SETTINGS, &settings(&[])).status, 303);
    assert_eq!(kept(), json!(null));
}

#[test]
fn a_key_that_is_there_twice_hides_nothing_else_that_is_wrong() {
    let (server, mut alice) = server_with_alice();
    server.has_client("alice", "my-client");
    let long = "0123456789012345678901234567890123456789012345678901";
    let twice = [("attribute_key", "floor"), ("attribute_value", "1"), ("attribute_key", "floor"), ("attribute_value", "2")];
    for target in [SETTINGS, "/console/add/client"] {
        let more = [&[("id", "other"), ("name", long)], &twice[..]].concat();
        let fields = if target == SETTINGS { settings(&more[1..]) } else { new_client(&more) };
        let answer = alice.sends_form(&server, target, &fields);
        assert_eq!((answer.status, answer.errors()), (400, vec!["validation".to_owned(); 2]), "{}", answer.text());
        for field in ["name", "attributes"] {
            assert!(answer.text().contains(&format!(" id=\"{field}-problem\"")), "nothing is said beside {field}\n{}", answer.text());
        }
    }
}

#[test]
fn wrong_attributes_are_told_beside_them_and_stay_typed() {
    let (server, mut alice) = server_with_alice();
    server.has_client("alice", "my-client");
    for target in [SETTINGS, "/console/add/client"] {
        let mut refused = |key: &'static str, text: &str| {
            let rows = [("attribute_key", "floor"), ("attribute_value", "first"), ("attribute_key", key), ("attribute_value", "second")];
            let fields = if target == SETTINGS { settings(&rows) } else { [new_client(&[("id", "other")]), rows.to_vec()].concat() };
            let answer = alice.sends_form(&server, target, &fields);
            answer.refuses("attributes", "validation");
            assert!(answer.text().contains(text), "{}", answer.text());
            assert!(answer.text().contains("value=\"first\"") && answer.text().contains("value=\"second\""), "{}", answer.text());
        };
        refused("Team", "“Team” cannot be a key: use 3 to 36 lowercase letters, digits and single dashes.");
        refused("", "“” cannot be a key: use 3 to 36 lowercase letters");
        refused("floor", "The key “floor” is there twice, and each can be used only once.");
    }
    let kept = r#"{"client":{"attributes":{"floor":"second"}},"field_mask":"attributes"}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-client", kept, "200");
    let twice = [("attribute_key", "floor"), ("attribute_value", "first"), ("attribute_key", "floor"), ("attribute_value", "second")];
    alice.sends_form(&server, SETTINGS, &settings(&twice)).refuses("attributes", "validation");
}

#[test]
fn users_and_organizations_have_attributes_too() {
    let (server, mut alice) = server_with_alice();
    server.has_organization("alice", "acme-corp");
    let row = [("attribute_key", "team"), ("attribute_value", "lamps")];
    let sent = [("name", "acme-corp"), row[0], row[1]];
    assert_eq!(alice.sends_form(&server, "/console/organizations/acme-corp", &sent).status, 303);
    server.check("alice", "GET", "/api/v3/organizations/acme-corp?field_mask=attributes", "", r#"200 {"attributes":{"team":"lamps"}}"#);
    let sent = [("primary_email_address", "alice@example.com"), ("state", "STATE_APPROVED"), row[0], row[1]];
    assert_eq!(signed_in_admin(&server).sends_form(&server, "/console/users/alice", &sent).status, 303);
    server.check("alice", "GET", "/api/v3/users/alice?field_mask=attributes", "", r#"200 {"attributes":{"team":"lamps"}}"#);
}

#[test]
fn the_contacts_of_clients_and_organizations_are_chosen_among_their_members() {
    let (mut server, mut alice) = server_with_alice();
    server.has_user("bob");
    server.has_client("alice", "my-client");
    server.has_organization("alice", "acme-corp");
    for (path, right) in [("clients/my-client", "RIGHT_CLIENT_INFO"), ("organizations/acme-corp", "RIGHT_ORGANIZATION_INFO")] {
        let form = format!("/console/{}", if path == "clients/my-client" { "clients/my-client/settings" } else { path });
        assert!(!alice.get(&server, &form).text().contains("user:bob"));
        let bob = json!({"collaborator": {"ids": {"user_ids": {"user_id": "bob"}}, "rights": [right]}});
        server.check("alice", "PUT", &format!("/api/v3/{path}/collaborators"), &bob.to_string(), "200");
        alice.sees(&server, &form, &["value=\"user:bob\">bob (user)"]);
        assert_eq!(alice.sends_form(&server, &form, &settings(&[("technical_contact", "user:bob")])).status, 303);
        let contacts =
            r#"200 {"administrative_contact":{"user_ids":{"user_id":"alice"}},"technical_contact":{"user_ids":{"user_id":"bob"}}}"#;
        server.check("alice", "GET", &format!("/api/v3/{path}?field_mask=administrative_contact,technical_contact"), "", contacts);
        server.signed_in("bob").sees(&server, &format!("/console/{path}"), &["bob <span"]);
        for contact in ["administrative_contact", "technical_contact"] {
            let kept = [("administrative_contact", "user:alice"), ("technical_contact", "user:bob")];
            let sent: Vec<_> = kept.into_iter().map(|(name, kept)| (name, if name == contact { "user:admin" } else { kept })).collect();
            let stranger = alice.sends_form(&server, &form, &settings(&sent));
            stranger.refuses(contact, "contact_no_collaborator");
            assert!(stranger.text().contains("value=\"user:admin\" selected"), "{}", stranger.text());
        }
    }
}

#[test]
fn a_resource_server_that_is_no_client_is_refused_in_its_field() {
    let (server, mut alice) = server_with_alice();
    server.has_client("alice", "my-client");
    let refused = alice.sends_form(&server, SETTINGS, &settings(&[("resource_servers", "nobodys-api")]));
    refused.refuses("resource_servers", "resource_server_unknown");
    assert!(refused.text().contains("There is no OAuth client with the ID nobodys-api."), "{}", refused.text());
    assert_eq!(alice.sends_form(&server, SETTINGS, &settings(&[("resource_servers", "my-client")])).status, 303);
}

#[test]
fn a_contact_who_is_no_collaborator_any_more_hinders_no_other_change() {
    let (mut server, mut alice) = server_with_alice();
    server.has_user("bob");
    server.has_client("alice", "my-client");
    let bob = |rights: &[&str]| json!({"collaborator": {"ids": {"user_ids": {"user_id": "bob"}}, "rights": rights}}).to_string();
    server.check("alice", "PUT", "/api/v3/clients/my-client/collaborators", &bob(&["RIGHT_CLIENT_INFO"]), "200");
    assert_eq!(alice.sends_form(&server, SETTINGS, &settings(&[("technical_contact", "user:bob")])).status, 303);
    server.check("alice", "PUT", "/api/v3/clients/my-client/collaborators", &bob(&[]), "200");
    let sent = settings(&[("technical_contact", "user:bob"), ("name", "New name")]);
    let answer = alice.sends_form(&server, SETTINGS, &sent);
    assert_eq!(answer.status, 303, "{}", answer.text());
    server.check("alice", "GET", "/api/v3/clients/my-client?field_mask=name", "", r#"200 {"name":"New name"}"#);
}

#[test]
fn who_may_only_be_a_contact_oneself_is_offered_nobody_else_and_can_change_everything_else() {
    let mut server = Server::with(Settings { contacts: ContactPolicy::Oneself, ..Settings::default() });
    for user in ["alice", "bob", "carol"] {
        server.has_user(user);
    }
    let mut alice = server.signed_in("alice");
    server.has_client("alice", "my-client");
    for user in ["bob", "carol"] {
        let member = json!({"collaborator": {"ids": {"user_ids": {"user_id": user}}, "rights": ["RIGHT_CLIENT_INFO"]}});
        server.check("alice", "PUT", "/api/v3/clients/my-client/collaborators", &member.to_string(), "200");
    }
    let bob = [("technical_contact", "user:bob"), ("state", "STATE_APPROVED"), ("grants", "GRANT_AUTHORIZATION_CODE")];
    assert_eq!(signed_in_admin(&server).sends_form(&server, SETTINGS, &settings(&bob)).status, 303);
    alice.sees(&server, SETTINGS, &["value=\"user:bob\" selected", "value=\"user:alice\" selected"]);
    assert!(!alice.get(&server, SETTINGS).text().contains("user:carol"));
    assert_eq!(alice.sends_form(&server, SETTINGS, &settings(&[("technical_contact", "user:bob"), ("name", "New")])).status, 303);
    let others = alice.sends_form(&server, SETTINGS, &settings(&[("technical_contact", "user:carol")]));
    others.refuses("technical_contact", "contact_info_restricted");
}

#[test]
fn nobody_is_a_contact_only_as_long_as_there_is_none() {
    let (mut server, mut alice) = server_with_alice();
    server.has_user("bob");
    server.has_client("alice", "my-client");
    let bob = json!({"collaborator": {"ids": {"user_ids": {"user_id": "bob"}}, "rights": ["RIGHT_CLIENT_INFO"]}}).to_string();
    server.check("alice", "PUT", "/api/v3/clients/my-client/collaborators", &bob, "200");
    assert_eq!(alice.sends_form(&server, SETTINGS, &settings(&[("technical_contact", "user:bob")])).status, 303);
    assert!(!alice.get(&server, SETTINGS).text().contains(">nobody<"));
    server.check("admin", "DELETE", "/api/v3/users/bob/purge", "", "200");
    let page = alice.get(&server, SETTINGS).text();
    assert_eq!(page.matches("<option value=\"\" selected>nobody</option>").count(), 1, "{page}");
}

#[test]
fn who_is_a_collaborator_already_is_not_added_with_other_rights() {
    let (mut server, mut alice) = server_with_alice();
    server.has_user("bob");
    server.has_client("alice", "my-client");
    let add = |account: &'static str| [("kind", "user"), ("account", account), ("rights", "RIGHT_CLIENT_INFO")];
    let form = "/console/clients/my-client/collaborators/add";
    alice.sends_form(&server, form, &add("alice")).refuses("account", "already_member");
    assert_eq!(alice.sends_form(&server, form, &add("bob")).status, 303);
    server.check("admin", "DELETE", "/api/v3/users/bob", "", "200");
    alice.sends_form(&server, form, &add("bob")).refuses("account", "account_not_found");
}

#[test]
fn what_is_wrong_with_the_rights_that_a_form_gives_stands_beside_them() {
    let (mut server, mut alice) = server_with_alice();
    server.has_user("bob");
    server.has_user("carol");
    server.has_client("alice", "my-client");
    server.has_organization("alice", "acme-corp");
    for (path, rights) in [
        ("clients/my-client", ["RIGHT_CLIENT_INFO", "RIGHT_CLIENT_SETTINGS_COLLABORATORS"]),
        ("organizations/acme-corp", ["RIGHT_ORGANIZATION_SETTINGS_MEMBERS", "RIGHT_ORGANIZATION_SETTINGS_API_KEYS"]),
    ] {
        let bob = json!({"collaborator": {"ids": {"user_ids": {"user_id": "bob"}}, "rights": rights}}).to_string();
        server.check("alice", "PUT", &format!("/api/v3/{path}/collaborators"), &bob, "200");
    }
    let mut bob = server.signed_in("bob");
    let carol = [("account", "carol"), ("rights", "RIGHT_CLIENT_DELETE")];
    bob.sends_form(&server, "/console/clients/my-client/collaborators/add", &carol).refuses("rights", "insufficient_client_rights");
    let less = [("rights", "RIGHT_CLIENT_INFO")];
    bob.sends_form(&server, "/console/clients/my-client/collaborators/user/alice", &less).refuses("rights", "insufficient_client_rights");
    let key = [("name", "k"), ("rights", "RIGHT_ORGANIZATION_DELETE")];
    bob.sends_form(&server, "/console/organizations/acme-corp/add/api-key", &key).refuses("rights", "insufficient_organization_rights");
    let last = alice.sends_form(&server, "/console/clients/my-client/collaborators/user/alice", &less);
    last.refuses("rights", "client_needs_collaborator");
}

#[test]
fn accounts_are_found_by_a_part_of_their_id_as_far_as_one_may_search() {
    let (mut server, mut alice) = server_with_alice();
    for n in 10..22 {
        server.has_user(&format!("bobby-{n}"));
    }
    server.has_organization("alice", "bob-corp");
    let found = |browser: &mut Browser, asked: &str| {
        let answer = browser.get(&server, &format!("/console/search/accounts?{asked}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["accounts"].as_array().expect("a list").clone()
    };
    assert_eq!(found(&mut alice, "query=OB-C"), [json!({"id": "bob-corp", "kind": "organization"})]);
    assert_eq!(found(&mut alice, "query=bob").len(), 10);
    for nothing in ["", "query=b", "query=bob%25corp", "query=b_b", "only_users=true&query=bob-corp"] {
        assert_eq!(found(&mut alice, nothing), [json!(null); 0], "{nothing}");
    }
    assert_eq!(found(&mut signed_in_admin(&server), "query=b").len(), 10);
    let form = "/console/organizations/bob-corp/members/add";
    alice.sees(&server, form, &["data-suggest=\"/console/search/accounts?only_users=true&amp;query=\"", "<datalist id=\"suggestions\">"]);
}

#[test]
fn the_keys_of_an_organization_are_made_changed_and_deleted_by_those_who_may() {
    let (mut server, mut alice) = server_with_alice();
    server.has_user("bob");
    server.has_organization("alice", "acme-corp");
    let list = "/console/organizations/acme-corp/api-keys";
    alice.sees(&server, "/console/organizations/acme-corp", &[list]);
    alice.opens(&server, list).tells("no-api-keys");
    let add = "/console/organizations/acme-corp/add/api-key";
    let page = alice.get(&server, add).text();
    assert!(
        page.contains("value=\"RIGHT_ORGANIZATION_INFO\"") && !page.contains("value=\"RIGHT_USER_INFO\""),
        "only what such a key may hold is on offer"
    );
    alice.sends_form(&server, add, &[("name", "robot")]).refuses("rights", "no_rights");
    let made = alice.sends_form(&server, add, &[("name", "robot"), ("rights", "RIGHT_ORGANIZATION_INFO"), ("expires", "2030-01-31")]);
    let key = made.text_of("api-key");
    assert_eq!(server.status_with(&key, "/api/v3/organizations/acme-corp?field_mask=description"), 200);
    let id = key.split('.').nth(1).expect("an ID");
    assert!(!alice.get(&server, list).text().contains(&key));
    alice.opens(&server, list).lists(&[id]);
    alice.sees(&server, list, &["robot", "ORGANIZATION_INFO"]);

    let edit = format!("{list}/{id}");
    alice.sees(&server, &edit, &["value=\"robot\"", "value=\"2030-01-31\"", "value=\"RIGHT_ORGANIZATION_INFO\" checked"]);
    alice.sends_form(&server, &edit, &[("name", "robot")]).refuses("rights", "no_rights");
    assert_eq!(alice.sends_form(&server, &edit, &[("name", "two"), ("rights", "RIGHT_ORGANIZATION_DELETE")]).status, 303);
    let kept = server.check("alice", "GET", &format!("/api/v3/organizations/acme-corp/api-keys/{id}"), "", r#"200 {"name":"two"}"#);
    assert_eq!((kept.rights(), &kept.json()["expires_at"]), (vec!["RIGHT_ORGANIZATION_DELETE".to_owned()], &json!(null)));

    let bob = json!({"collaborator": {"ids": {"user_ids": {"user_id": "bob"}}, "rights": ["RIGHT_ORGANIZATION_INFO"]}});
    server.check("alice", "PUT", "/api/v3/organizations/acme-corp/collaborators", &bob.to_string(), "200");
    let mut bob = server.signed_in("bob");
    assert!(!bob.get(&server, "/console/organizations/acme-corp").text().contains(list));
    assert_eq!(bob.get(&server, list).status, 403);

    alice.sends_form(&server, &format!("{edit}/delete"), &[("confirm", "robot")]).refuses("confirm", "not_confirmed");
    assert_eq!(alice.sends_form(&server, &format!("{edit}/delete"), &[("confirm", "two")]).status, 303);
    assert_eq!(server.status_with(&key, "/api/v3/auth_info"), 401);
}

#[test]
fn ones_own_key_is_renamed_and_keeps_what_the_form_left_alone() {
    let (server, mut alice) = server_with_alice();
    let body = r#"{"name":"k","rights":["RIGHT_USER_INFO"],"expires_at":"2030-01-31T12:30:00Z"}"#;
    let key = server.check("alice", "POST", "/api/v3/users/alice/api-keys", body, "200").json();
    let edit = format!("/console/api-keys/{}", key["id"].as_str().expect("an ID"));
    alice.sees(&server, &edit, &["value=\"2030-01-31T12:30:00Z\""]);
    server.wait_seconds(400_000_000);
    let late = server.signed_in("alice").sends_form(
        &server,
        &edit,
        &[("name", "new"), ("rights", "RIGHT_USER_INFO"), ("expires", "2030-01-31T12:30:00Z")],
    );
    assert_eq!(late.status, 303, "an end that is over stays as it is: {}", late.text());
    let kept = r#"200 {"name":"new","expires_at":"2030-01-31T12:30:00Z"}"#;
    server.check("alice", "GET", &edit.replace("/console", "/api/v3/users/alice"), "", kept);
}

#[test]
fn a_key_whose_name_cannot_be_typed_is_deleted_by_its_id() {
    let (server, mut alice) = server_with_alice();
    let body = r#"{"name":" two  blanks","rights":["RIGHT_USER_INFO"]}"#;
    let key = server.check("alice", "POST", "/api/v3/users/alice/api-keys", body, "200").json();
    let id = key["id"].as_str().expect("an ID");
    assert_eq!(alice.sends_form(&server, &format!("/console/api-keys/{id}/delete"), &[("confirm", id)]).status, 303);
}

#[test]
fn every_token_of_a_client_is_ended_only_by_typing_its_id() {
    let (server, mut alice) = server_with_alice();
    let secret = server.has_app("alice", "my-client", &["RIGHT_USER_INFO"]);
    let tokens: Vec<_> = (0..3)
        .map(|_| {
            let code = alice.code(&server, "my-client", &[]);
            server.tokens("my-client", &secret, &code)
        })
        .collect();
    let status = |n: usize| server.status_with(&tokens[n].access, "/api/v3/users/alice");
    let id = tokens[0].access.split('.').nth(1).expect("an ID");
    let end = format!("/console/authorizations/my-client/tokens/{id}/end");
    alice.sends_form(&server, &end, &[("confirm", "my-app")]).refuses("confirm", "not_confirmed");
    assert_eq!([status(0), status(1), status(2)], [200; 3]);
    assert_eq!(alice.sends_form(&server, &end, &[("confirm", "my-client")]).status, 303);
    assert_eq!([status(0), status(1), status(2)], [401, 200, 200]);
    let all = "/console/authorizations/my-client/tokens/end";
    alice.sees(&server, "/console/authorizations/my-client", &[&format!("href=\"{all}\"")]);
    alice.sends_form(&server, all, &[]).refuses("confirm", "not_confirmed");
    assert_eq!(alice.sends_form(&server, all, &[("confirm", "my-client")]).status, 303);
    assert_eq!([status(1), status(2)], [401; 2]);
    alice.opens(&server, "/console/authorizations").lists(&["my-client"]);
}

#[test]
fn a_client_gets_a_secret_that_was_chosen_or_loses_all_it_has() {
    let (server, mut alice) = server_with_alice();
    let first = server.has_client("alice", "my-client");
    let is_good = |secret: &str| {
        server.post_form("/oauth/introspect", &[("client_id", "my-client"), ("client_secret", secret), ("token", "x")]).status == 200
    };
    let secrets = "/console/clients/my-client/secrets";
    let long = alice.sends_form(&server, secrets, &[("grace", "3600"), ("secret", &"x".repeat(129))]);
    long.refuses("secret", "validation");
    assert!(long.text().contains("<option value=\"3600\" selected>"), "the grace stays chosen");
    let answer = alice.sends_form(&server, secrets, &[("grace", "3600"), ("secret", " brought along ")]);
    assert_eq!(secret_of(&answer), " brought along ");
    assert!(is_good(" brought along ") && is_good(&first));
    alice.sends_form(&server, &format!("{secrets}/replace"), &[]).refuses("confirm", "not_confirmed");
    let answer = alice.sends_form(&server, &format!("{secrets}/replace"), &[("confirm", "my-client")]);
    let newest = secret_of(&answer);
    assert!(is_good(&newest) && !is_good(" brought along ") && !is_good(&first), "the others ended at once");
    alice.sends_form(&server, &format!("{secrets}/remove"), &[]).refuses("confirm", "not_confirmed");
    assert!(is_good(&newest));
    assert_eq!(alice.sends_form(&server, &format!("{secrets}/remove"), &[("confirm", "my-client")]).status, 303);
    assert!(!is_good(&newest));
    alice.opens(&server, secrets).tells("public");
    let answer = alice.sends_form(&server, secrets, &[]);
    assert!(is_good(&secret_of(&answer)));
}

#[test]
fn who_leaves_a_client_is_asked_before_and_led_to_what_remains() {
    let (mut server, mut alice) = server_with_alice();
    server.has_user("bob");
    server.has_client("alice", "my-client");
    let base = "/console/clients/my-client/collaborators";
    let mut bob = server.signed_in("bob");
    let add = [("kind", "user"), ("account", "bob"), ("rights", "RIGHT_CLIENT_ALL")];
    assert_eq!(alice.sends_form(&server, &format!("{base}/add"), &add).status, 303);
    alice.sees(
        &server,
        base,
        &[
            "href=\"/console/clients/my-client/collaborators/user/alice/remove\"",
            "action=\"/console/clients/my-client/collaborators/user/bob/remove\"",
        ],
    );
    bob.sends_form(&server, &format!("{base}/user/bob/remove"), &[]).refuses("confirm", "not_confirmed");
    let wrong = alice.sends_form(&server, &format!("{base}/user/bob/remove"), &[("confirm", "other")]);
    wrong.refuses("confirm", "not_confirmed");
    let left = bob.sends_form(&server, &format!("{base}/user/bob/remove"), &[("confirm", "my-client")]);
    assert_eq!((left.status, left.header("Location")), (303, Some("/console/clients?done=removed")));
    assert_eq!(alice.sends_form(&server, &format!("{base}/add"), &add).status, 303);
    let lost = bob.sends_form(&server, &format!("{base}/user/bob"), &[("rights", "RIGHT_CLIENT_INFO")]);
    assert_eq!((lost.status, lost.header("Location")), (303, Some("/console/clients?done=saved")));
    server.has_organization("bob", "bob-corp");
    let corp = [("kind", "organization"), ("account", "bob-corp"), ("rights", "RIGHT_CLIENT_ALL")];
    assert_eq!(alice.sends_form(&server, &format!("{base}/add"), &corp).status, 303);
    let last = bob.sends_form(&server, &format!("{base}/organization/bob-corp/remove"), &[]);
    assert_eq!((last.status, last.header("Location")), (303, Some("/console/clients?done=removed")), "it went with the organization");
}

#[test]
fn the_clients_of_an_organization_are_listed_there_and_the_way_to_a_new_one_leads_back_to_it() {
    let (server, mut alice) = server_with_alice();
    server.has_client("alice", "her-own");
    server.has_organization("alice", "acme-corp");
    let list = "/console/organizations/acme-corp/clients";
    alice.sees(&server, "/console/organizations/acme-corp", &[list]);
    alice.opens(&server, list).tells("no-clients");
    alice.sees(&server, list, &["/console/add/client?owner=organization:acme-corp"]);
    let owner = "<option value=\"organization:acme-corp\" selected>";
    alice.sees(&server, "/console/add/client?owner=organization:acme-corp", &[owner]);
    signed_in_admin(&server).sees(&server, "/console/add/client?owner=organization:acme-corp", &[owner]);
    let made = alice.sends_form(&server, "/console/add/client", &new_client(&[("owner", "organization:acme-corp")]));
    assert_eq!(made.status, 200, "{}", made.text());
    alice.opens(&server, list).lists(&["my-client"]);
    alice.opens(&server, &format!("{list}?q=nothing")).tells("no-match");
}

#[test]
fn an_administrator_registers_a_client_for_a_user_from_the_page_of_that_user() {
    let (server, mut alice) = server_with_alice();
    let mut admin = signed_in_admin(&server);
    let target = "/console/add/client?owner=user:alice";
    admin.sees(&server, "/console/users/alice", &[target]);
    admin.sees(&server, target, &["<option value=\"user:alice\" selected>"]);
    let made = admin.sends_form(&server, "/console/add/client", &new_client(&[("owner", "user:alice")]));
    assert_eq!(made.status, 200, "{}", made.text());
    alice.opens(&server, "/console/clients").lists(&["my-client"]);
    // A user who is not an administrator is not offered other users, and cannot register for them.
    let offered = alice.get(&server, "/console/add/client?owner=user:admin").text();
    assert!(!offered.contains("value=\"user:admin"), "{offered}");
    let refused = alice.sends_form(&server, "/console/add/client", &new_client(&[("id", "other"), ("owner", "user:admin")]));
    refused.explains(400, "no_user_rights");
}

#[test]
fn all_requests_of_a_page_are_answered_by_one_box_without_any_script() {
    let mut server = Server::start();
    server.has_user("alice");
    for id in ["one-app", "two-app", "three-app"] {
        server.has_client("alice", id);
    }
    let mut admin = signed_in_admin(&server);
    admin.sees(&server, "/console/review", &["name=\"every\"", "name=\"listed\" value=\"two-app\""]);
    let all = [("every", "true"), ("listed", "one-app"), ("listed", "two-app"), ("listed", "three-app"), ("reject", ""), ("reason", "No")];
    assert_eq!(admin.sends_form(&server, "/console/review", &all).status, 303);
    admin.opens(&server, "/console/review").tells("no-requests");
    admin.opens(&server, "/console/clients?of=all&state=rejected").lists(&["one-app", "three-app", "two-app"]);
}
