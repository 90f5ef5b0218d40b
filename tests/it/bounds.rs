//! Every list has a most, and an ordinary user who fills them all hurts nobody else.

use serde_json::{Value, json};

use keyfob::model::bounds::{ATTRIBUTES, CLIENTS, GRANTS, LOGOUT_REDIRECT_URIS, ORGANIZATIONS, PAGE, REDIRECT_URIS, REPLY, RIGHTS};

use crate::server::{Answer, Server};

/// A server on which `alice` is an ordinary user.
fn server() -> Server {
    let mut server = Server::start();
    server.has_user("alice");
    server
}

fn client(id: &str, more: Value) -> String {
    let mut client = json!({"ids": {"client_id": id}});
    for (name, value) in more.as_object().into_iter().flatten() {
        client[name] = value.clone();
    }
    json!({"client": client}).to_string()
}

#[test]
fn a_repeated_right_or_grant_is_kept_once_where_it_stood_first() {
    let mut server = server();
    server.has_user("bob");
    let sent = json!({
        "rights": ["RIGHT_USER_ALL", "USER_INFO", 1, "RIGHT_USER_ALL", "RIGHT_CLIENT_ALL"],
        "grants": ["GRANT_REFRESH_TOKEN", "GRANT_AUTHORIZATION_CODE", "GRANT_REFRESH_TOKEN"],
    });
    let kept = r#"200 {"rights":["RIGHT_USER_ALL","RIGHT_USER_INFO","RIGHT_CLIENT_ALL"],"grants":["GRANT_REFRESH_TOKEN","GRANT_AUTHORIZATION_CODE"]}"#;
    server.check("alice", "POST", "/api/v3/users/alice/clients", &client("my-app", sent), kept);
    server.check("alice", "GET", "/api/v3/clients/my-app?field_mask=rights,grants", "", kept);
    let update = r#"{"client":{"rights":[2,1,2,1]},"field_mask":"rights"}"#;
    let changed = r#"200 {"rights":["RIGHT_USER_SETTINGS_BASIC","RIGHT_USER_INFO"]}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-app", update, changed);
    server.check("alice", "GET", "/api/v3/clients/my-app?field_mask=rights", "", changed);

    server.has_organization("alice", "my-org");
    for (path, all) in [("clients/my-app", "RIGHT_CLIENT_ALL"), ("organizations/my-org", "RIGHT_ORGANIZATION_ALL")] {
        let member = json!({"collaborator": {"ids": {"user_ids": {"user_id": "bob"}}, "rights": [all, all, "RIGHT_USER_INFO", all]}});
        server.check("alice", "PUT", &format!("/api/v3/{path}/collaborators"), &member.to_string(), "200");
        let kept = format!(r#"200 {{"rights":["{all}","RIGHT_USER_INFO"]}}"#);
        server.check("alice", "GET", &format!("/api/v3/{path}/collaborator/user/bob"), "", &kept);
    }
}

/// Deleted ones count: otherwise deleting what was registered would allow registering for ever.
#[test]
fn only_an_administrator_registers_or_creates_without_an_end() {
    let server = server();
    let path = |kind: &str, owner: &str| format!("/api/v3/users/{owner}/{kind}s");
    for (kind, bound) in [("client", &CLIENTS), ("organization", &ORGANIZATIONS)] {
        let body = |id: String| json!({kind: {"ids": {format!("{kind}_id"): id}}}).to_string();
        for n in 0..bound.most {
            server.check("alice", "POST", &path(kind, "alice"), &body(format!("{kind}-{n}")), "200");
        }
        server.check("alice", "DELETE", &format!("/api/v3/{kind}s/{kind}-0"), "", "200");
        let refused = server.check("alice", "POST", &path(kind, "alice"), &body(format!("{kind}-more")), "400 too_many");
        assert!(refused.text().contains(&format!("`alice` has {} {kind}s, of which there may be at most {0}: purge", bound.most)));
        server.check("admin", "GET", &format!("/api/v3/{kind}s/{kind}-more"), "", "404");
        server.check("admin", "DELETE", &format!("/api/v3/{kind}s/{kind}-0/purge"), "", "200");
        server.check("alice", "POST", &path(kind, "alice"), &body(format!("{kind}-more")), "200");
        // What an administrator registers for a user is not the user's doing.
        server.check("admin", "POST", &path(kind, "alice"), &body(format!("{kind}-by-admin")), "200");
    }
}

#[test]
fn a_member_who_fills_an_organization_leaves_its_creator_his_own_room() {
    let mut server = server();
    server.has_user("bob");
    server.has_organization("alice", "acme-corp");
    let bob = r#"{"collaborator":{"ids":{"user_ids":{"user_id":"bob"}},"rights":["RIGHT_ORGANIZATION_ALL"]}}"#;
    server.check("alice", "PUT", "/api/v3/organizations/acme-corp/collaborators", bob, "200");
    let key = server.check("bob", "POST", "/api/v3/organizations/acme-corp/api-keys", r#"{"rights":["RIGHT_ORGANIZATION_ALL"]}"#, "200");
    server.knows_key("robot", key.json()["key"].as_str().expect("a key"));
    let register = |who: &str, owner: &str, id: &str, expected: &str| {
        server.check(who, "POST", &format!("/api/v3/{owner}/clients"), &client(id, json!({})), expected).text()
    };
    (0..CLIENTS.most).for_each(|n| drop(register("robot", "organizations/acme-corp", &format!("client-{n}"), "200")));
    let refused = register("robot", "organizations/acme-corp", "more", "400 too_many");
    assert!(refused.contains(&format!("`acme-corp` has {} clients", CLIENTS.most)), "{refused}");
    register("alice", "users/alice", "own", "200");
    register("admin", "organizations/acme-corp", "by-admin", "200");
}

/// Filling the lists of others leaves room for what they may add themselves.
#[test]
fn a_client_counts_for_the_user_who_registered_it_and_not_for_its_collaborators() {
    let mut server = server();
    server.has_user("bob");
    for n in 0..CLIENTS.most {
        let id = format!("client-{n}");
        server.check("alice", "POST", "/api/v3/users/alice/clients", &client(&id, json!({})), "200");
        if n % 100 == 0 {
            let bob = json!({"collaborator": {"ids": {"user_ids": {"user_id": "bob"}}, "rights": ["RIGHT_CLIENT_ALL"]}}).to_string();
            server.check("alice", "PUT", &format!("/api/v3/clients/{id}/collaborators"), &bob, "200");
            let leaves = r#"{"collaborator":{"ids":{"user_ids":{"user_id":"alice"}}}}"#;
            server.check("bob", "PUT", &format!("/api/v3/clients/{id}/collaborators"), leaves, "200");
        }
    }
    server.check("alice", "POST", "/api/v3/users/alice/clients", &client("client-more", json!({})), "400 too_many");
    server.check("bob", "POST", "/api/v3/users/bob/clients", &client("client-of-bob", json!({})), "200");
}

/// What is in the way of everyone who comes from The Things Stack is only refused where it is too much.
#[test]
fn a_list_that_is_too_long_is_refused_before_it_is_read() {
    let mut server = server();
    server.has_user("bob");
    server.has_client("alice", "my-app");
    let many = |most: usize| json!(vec!["RIGHT_CLIENT_ALL"; most + 1]);
    let member = json!({"collaborator": {"ids": {"user_ids": {"user_id": "bob"}}, "rights": many(RIGHTS.most)}});
    server.check("alice", "PUT", "/api/v3/clients/my-app/collaborators", &member.to_string(), "400 validation");
    let key = json!({"rights": many(RIGHTS.most)}).to_string();
    server.check("alice", "POST", "/api/v3/users/alice/api-keys", &key, "400 validation");
    let refused = server.check("alice", "POST", "/api/v3/users/alice/clients", &client("new-app", json!({"rights": many(100_000)})), "400");
    assert!(refused.text().contains("value must contain no more than 64 item(s)"), "{}", refused.text());
}

/// A client of 24 KiB as JSON: control characters take six letters each.
fn fat_client(id: &str) -> String {
    let attributes: Value = (0..10).map(|n| (format!("key-{n}"), "\u{1}".repeat(200).into())).collect::<serde_json::Map<_, _>>().into();
    client(id, json!({"description": "\u{1}".repeat(2000), "attributes": attributes}))
}

#[test]
fn a_page_that_would_be_too_large_ends_early_and_links_lead_to_the_end() {
    let server = server();
    let all: Vec<String> = (0..400).map(|n| format!("client-{n:03}")).collect();
    for id in &all {
        server.check("alice", "POST", "/api/v3/users/alice/clients", &fat_client(id), "200");
    }
    let is_cut = |answer: &Answer| answer.header("X-Warning").is_some_and(|warning| warning.contains("this page ends after"));
    let mask = "field_mask=description,attributes";
    for (target, limit) in [("users/alice/clients", 1000), ("clients", 311), ("search/clients", 1000), ("clients", 100)] {
        let mut next = Some(format!("/api/v3/{target}?limit={limit}&{mask}&name_contains=&order=client_id"));
        let (mut ids, mut cut) = (Vec::new(), 0);
        while let Some(target) = next {
            let answer = server.check("alice", "GET", &target, "", "200");
            assert!(answer.body.len() <= REPLY.most + 2, "{}", answer.body.len());
            assert_eq!(answer.total(), "400");
            ids.extend(answer.ids());
            cut += usize::from(is_cut(&answer));
            next = answer.header("Link").map(|link| {
                let target = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")).expect("a link");
                assert!(target.contains("description%2Cattributes"), "{target}");
                target.to_owned()
            });
        }
        assert_eq!(ids, all, "{target}");
        assert_eq!(cut > 0, limit > 100, "{target}");
    }
    for (page, items, has_next) in [("limit=1000", 400, false), ("page=3", 100, true), ("page=4", 100, false), ("page=5", 0, false)] {
        let answer = server.check("alice", "GET", &format!("/api/v3/clients?{page}"), "", "200");
        assert_eq!((answer.ids().len(), answer.header("Link").is_some(), is_cut(&answer)), (items, has_next, false), "{page}");
    }
}

#[test]
fn the_openapi_document_says_how_long_a_list_may_be() {
    let document = keyfob::openapi::document();
    let client = &document["components"]["schemas"]["Client"]["properties"];
    for bound in [&RIGHTS, &GRANTS, &REDIRECT_URIS, &LOGOUT_REDIRECT_URIS] {
        assert_eq!(client[bound.name]["maxItems"], bound.most, "{}", bound.name);
    }
    assert_eq!(client["attributes"]["maxProperties"], ATTRIBUTES.most);
    for schema in ["Collaborator", "APIKey"] {
        assert_eq!(document["components"]["schemas"][schema]["properties"]["rights"]["maxItems"], RIGHTS.most, "{schema}");
    }
    let listed = document["paths"]["/api/v3/clients"]["get"]["responses"]["200"].to_string();
    assert!(listed.contains(&format!("\"maxItems\":{}", PAGE.most)) && listed.contains(&REPLY.most.to_string()), "{listed}");
}
