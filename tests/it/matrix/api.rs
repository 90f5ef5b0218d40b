//! The API: every route, asked by every caller.

use keyfob::http::request::Method;
use keyfob::routes::{ROUTES, RouteMatch, find};
use serde_json::{Value, json};

use super::callers::{Caller, Everybody, Names, Presented};
use super::model::Field::{Private, Public};
use super::model::{Answer, Rule, Set, Thing, Who, client, organization, user};
use super::world::{WORLD, open};
use crate::server;

const MINE: Thing = client("my-app");
const ALICE: Thing = user("alice");
const TEAM: Thing = organization("acme-corp");
const NO_CLIENT: Thing = client("not-there");
const NO_USER: Thing = user("not-there");
const NO_TEAM: Thing = organization("not-there");

/// A request, and what it asks of its caller.
struct Row {
    method: &'static str,
    target: String,
    body: Value,
    rule: Rule,
}

fn rows(names: &Names) -> Vec<Row> {
    let row = |method: &'static str, target: &str, body: Value, rule: Rule| {
        let target = target
            .replace("{key}", &names.key_id)
            .replace("{organization key}", &names.organization_key_id)
            .replace("{session}", &names.session_id)
            .replace("{token}", &names.token_id)
            .replace("{event}", &names.event_number);
        Row { method, target: format!("/api/v3/{target}"), body, rule }
    };
    let get = |target: &str, rule: Rule| row("GET", target, Value::Null, rule);
    let delete = |target: &str, rule: Rule| row("DELETE", target, Value::Null, rule);
    let post = |target: &str, body: Value, rule: Rule| row("POST", target, body, rule);
    let put = |target: &str, body: Value, rule: Rule| row("PUT", target, body, rule);
    let mut rows = of_clients(&get, &delete, &post, &put);
    rows.extend(of_users(&get, &delete, &post, &put));
    rows.extend(of_organizations(&get, &delete, &post, &put));
    rows.extend([
        get("auth_info", Rule::Anyone),
        get("openapi.json", Rule::Open),
        get("is/configuration", Rule::Open),
        get("search/accounts?query=alice", Rule::Approved),
        get("search/accounts?query=alice&client_ids.client_id=my-app", Rule::ApprovedHolds(MINE, "RIGHT_CLIENT_SETTINGS_COLLABORATORS")),
        get(
            "search/accounts?query=zo&organization_ids.organization_id=acme-corp&complement_collaborators=true",
            Rule::ApprovedHolds(TEAM, "RIGHT_ORGANIZATION_SETTINGS_MEMBERS"),
        ),
    ]);
    rows
}

type Without<'a> = &'a dyn Fn(&str, Rule) -> Row;
type With<'a> = &'a dyn Fn(&str, Value, Rule) -> Row;

fn member(right: &str) -> Value {
    json!({"collaborator": {"ids": {"user_ids": {"user_id": "zoe"}}, "rights": [right]}})
}

fn of_clients(get: Without<'_>, delete: Without<'_>, post: With<'_>, put: With<'_>) -> Vec<Row> {
    const BASIC: &str = "RIGHT_CLIENT_SETTINGS_BASIC";
    const MANAGE: &str = "RIGHT_CLIENT_SETTINGS_COLLABORATORS";
    const INFO: &str = "RIGHT_CLIENT_INFO";
    let new = || json!({"client": {"ids": {"client_id": "new-app"}}});
    let name = || json!({"client": {"name": "New"}, "field_mask": "name"});
    let of_alice = || json!({"client": {"ids": {"client_id": "new-app"}}, "collaborator": {"user_ids": {"user_id": "alice"}}});
    vec![
        post("users/alice/clients", new(), Rule::Holds(ALICE, "RIGHT_USER_CLIENTS_CREATE")),
        post("users/not-there/clients", new(), Rule::Holds(NO_USER, "RIGHT_USER_CLIENTS_CREATE")),
        post("organizations/acme-corp/clients", new(), Rule::Holds(TEAM, "RIGHT_ORGANIZATION_CLIENTS_CREATE")),
        post("clients/check", of_alice(), Rule::ApprovedHolds(ALICE, "RIGHT_USER_CLIENTS_CREATE")),
        get("clients/my-app?field_mask=name", Rule::Reads(MINE, INFO, Public)),
        get("clients/my-app?field_mask=attributes", Rule::Reads(MINE, INFO, Private)),
        get("clients/not-there?field_mask=name", Rule::Reads(NO_CLIENT, INFO, Public)),
        get("clients/not-there?field_mask=attributes", Rule::Reads(NO_CLIENT, INFO, Private)),
        get("clients/old-app?field_mask=attributes", Rule::Reads(client("old-app"), INFO, Private)),
        get("clients", Rule::OwnList("RIGHT_USER_CLIENTS_LIST", Ok("RIGHT_ORGANIZATION_CLIENTS_LIST"))),
        get("users/alice/clients", Rule::ListsOf(ALICE, "RIGHT_USER_CLIENTS_LIST")),
        get("clients?collaborator.user_ids.user_id=alice", Rule::ListsOf(ALICE, "RIGHT_USER_CLIENTS_LIST")),
        get("organizations/acme-corp/clients", Rule::ListsOf(TEAM, "RIGHT_ORGANIZATION_CLIENTS_LIST")),
        put("clients/my-app", name(), Rule::Holds(MINE, BASIC)),
        put("clients/not-there", name(), Rule::Holds(NO_CLIENT, BASIC)),
        put("clients/old-app", name(), Rule::Holds(client("old-app"), BASIC)),
        post("clients/my-app/secret", json!({}), Rule::Holds(MINE, BASIC)),
        delete("clients/my-app", Rule::Holds(MINE, "RIGHT_CLIENT_DELETE")),
        post("clients/old-app/restore", json!({}), Rule::HoldsDeleted(client("old-app"), "RIGHT_CLIENT_DELETE")),
        delete("clients/my-app/purge", Rule::Purges(MINE, "admins_purge_clients")),
        delete("clients/old-app/purge", Rule::Purges(client("old-app"), "admins_purge_clients")),
        delete("clients/not-there/purge", Rule::Purges(NO_CLIENT, "admins_purge_clients")),
        post("clients/my-app/review/probe", json!({}), Rule::Holds(MINE, BASIC)),
        post("clients/not-there/review/probe", json!({}), Rule::Holds(NO_CLIENT, BASIC)),
        get("clients/my-app/events", Rule::Holds(MINE, INFO)),
        get("clients/not-there/events", Rule::Holds(NO_CLIENT, INFO)),
        get("clients/old-app/events", Rule::HoldsDeleted(client("old-app"), INFO)),
        post("events/{event}/undo", json!({}), Rule::Undoes(MINE, INFO, BASIC)),
        get("search/clients", Rule::Account("search_forbidden")),
        get("clients/my-app/rights", Rule::Rights(MINE)),
        get("clients/not-there/rights", Rule::Rights(NO_CLIENT)),
        get("clients/my-app/review", Rule::Holds(MINE, INFO)),
        get("clients/not-there/review", Rule::Holds(NO_CLIENT, INFO)),
        post("clients/waiting-app/review", json!({"text": "Please"}), Rule::Holds(client("waiting-app"), BASIC)),
        post("clients/waiting-app/review/answer", json!({"answer": "reject", "reason": "No"}), Rule::Admin("permission_denied")),
        get("reviews", Rule::Admin("permission_denied")),
        get("clients/my-app/collaborators", Rule::Lists(MINE)),
        get("clients/not-there/collaborators", Rule::Lists(NO_CLIENT)),
        put("clients/my-app/collaborators", member(MANAGE), Rule::Holds(MINE, MANAGE)),
        get("clients/my-app/collaborators/search?query=bob", Rule::Holds(MINE, MANAGE)),
        get("clients/not-there/collaborators/search?query=bob", Rule::Holds(NO_CLIENT, MANAGE)),
        get("clients/my-app/collaborator/user/bob", Rule::Holds(MINE, MANAGE)),
        get("clients/my-app/collaborator/organization/acme-corp", Rule::Holds(MINE, MANAGE)),
        delete("clients/my-app/collaborators/user/bob", Rule::Holds(MINE, MANAGE)),
        delete("clients/my-app/collaborators/organization/acme-corp", Rule::Holds(MINE, MANAGE)),
    ]
}

fn of_users(get: Without<'_>, delete: Without<'_>, post: With<'_>, put: With<'_>) -> Vec<Row> {
    const INFO: &str = "RIGHT_USER_INFO";
    const KEYS: &str = "RIGHT_USER_SETTINGS_API_KEYS";
    const AUTHORIZED: &str = "RIGHT_USER_AUTHORIZED_CLIENTS";
    let new = json!({"user": {"ids": {"user_id": "newcomer"}, "primary_email_address": "n@example.com", "password": "Good-passw0rd"}});
    let name = || json!({"user": {"name": "New"}, "field_mask": "name"});
    vec![
        post("users", new, Rule::Registers),
        get("users", Rule::Admin("permission_denied")),
        get("users?deleted=true", Rule::Admin("permission_denied")),
        get("users/alice?field_mask=name,state,admin", Rule::Reads(ALICE, INFO, Public)),
        get("users/alice?field_mask=primary_email_address", Rule::Reads(ALICE, INFO, Private)),
        get("users/not-there?field_mask=name", Rule::Reads(NO_USER, INFO, Public)),
        get("users/not-there?field_mask=primary_email_address", Rule::Reads(NO_USER, INFO, Private)),
        get("users/gina?field_mask=primary_email_address", Rule::Reads(user("gina"), INFO, Private)),
        put("users/alice", name(), Rule::Holds(ALICE, "RIGHT_USER_SETTINGS_BASIC")),
        put("users/not-there", name(), Rule::Holds(NO_USER, "RIGHT_USER_SETTINGS_BASIC")),
        put("users/alice/password", json!({"old": crate::browser::PASSWORD, "new": "Other-passw0rd"}), Rule::Open),
        delete("users/alice", Rule::Holds(ALICE, "RIGHT_USER_DELETE")),
        post("users/gina/restore", json!({}), Rule::HoldsDeleted(user("gina"), "RIGHT_USER_DELETE")),
        delete("users/alice/purge", Rule::Purges(ALICE, "admins_purge_users")),
        delete("users/gina/purge", Rule::Purges(user("gina"), "admins_purge_users")),
        delete("users/not-there/purge", Rule::Purges(NO_USER, "admins_purge_users")),
        get("users/alice/rights", Rule::Rights(ALICE)),
        get("users/not-there/rights", Rule::Rights(NO_USER)),
        get("search/users", Rule::Admin("search_forbidden")),
        post("users/alice/api-keys", json!({"rights": [KEYS]}), Rule::Holds(ALICE, KEYS)),
        get("users/alice/api-keys", Rule::Holds(ALICE, KEYS)),
        get("users/alice/api-keys/{key}", Rule::Holds(ALICE, KEYS)),
        put("users/alice/api-keys/{key}", json!({"api_key": {"name": "x"}, "field_mask": "name"}), Rule::Holds(ALICE, KEYS)),
        delete("users/alice/api-keys/{key}", Rule::Holds(ALICE, KEYS)),
        post("users/alice/sign-in-link", json!({}), Rule::Admin("permission_denied")),
        delete("users/alice/sign-in-link", Rule::Admin("permission_denied")),
        get("users/alice/sessions", Rule::Holds(ALICE, "RIGHT_USER_ALL")),
        delete("users/alice/sessions/{session}", Rule::Holds(ALICE, "RIGHT_USER_ALL")),
        get("users/alice/authorizations", Rule::Holds(ALICE, AUTHORIZED)),
        get("users/not-there/authorizations", Rule::Holds(NO_USER, AUTHORIZED)),
        delete("users/alice/authorizations/my-app", Rule::Holds(ALICE, AUTHORIZED)),
        get("users/alice/authorizations/my-app/tokens", Rule::HoldsOrIsToken(ALICE, AUTHORIZED, "my-app")),
        delete("users/alice/authorizations/my-app/tokens/{token}", Rule::HoldsOrIsToken(ALICE, AUTHORIZED, "my-app")),
    ]
}

fn of_organizations(get: Without<'_>, delete: Without<'_>, post: With<'_>, put: With<'_>) -> Vec<Row> {
    const INFO: &str = "RIGHT_ORGANIZATION_INFO";
    const KEYS: &str = "RIGHT_ORGANIZATION_SETTINGS_API_KEYS";
    const MANAGE: &str = "RIGHT_ORGANIZATION_SETTINGS_MEMBERS";
    let new = json!({"organization": {"ids": {"organization_id": "new-corp"}}});
    let name = || json!({"organization": {"name": "New"}, "field_mask": "name"});
    vec![
        post("users/alice/organizations", new, Rule::Holds(ALICE, "RIGHT_USER_ORGANIZATIONS_CREATE")),
        get("organizations", Rule::OwnList("RIGHT_USER_ORGANIZATIONS_LIST", Err("nested_organizations"))),
        get("users/alice/organizations", Rule::ListsOf(ALICE, "RIGHT_USER_ORGANIZATIONS_LIST")),
        get("organizations?collaborator.user_ids.user_id=alice", Rule::ListsOf(ALICE, "RIGHT_USER_ORGANIZATIONS_LIST")),
        get("organizations/acme-corp?field_mask=name", Rule::Reads(TEAM, INFO, Public)),
        get("organizations/acme-corp?field_mask=attributes", Rule::Reads(TEAM, INFO, Private)),
        get("organizations/not-there?field_mask=attributes", Rule::Reads(NO_TEAM, INFO, Private)),
        put("organizations/acme-corp", name(), Rule::Holds(TEAM, "RIGHT_ORGANIZATION_SETTINGS_BASIC")),
        put("organizations/old-corp", name(), Rule::Holds(organization("old-corp"), "RIGHT_ORGANIZATION_SETTINGS_BASIC")),
        delete("organizations/acme-corp", Rule::Holds(TEAM, "RIGHT_ORGANIZATION_DELETE")),
        post("organizations/old-corp/restore", json!({}), Rule::HoldsDeleted(organization("old-corp"), "RIGHT_ORGANIZATION_DELETE")),
        delete("organizations/acme-corp/purge", Rule::Purges(TEAM, "admins_purge_organizations")),
        delete("organizations/not-there/purge", Rule::Purges(NO_TEAM, "admins_purge_organizations")),
        get("organizations/acme-corp/rights", Rule::Rights(TEAM)),
        get("search/organizations", Rule::Account("search_forbidden")),
        get("organizations/acme-corp/collaborators", Rule::Lists(TEAM)),
        put("organizations/acme-corp/collaborators", member(MANAGE), Rule::Holds(TEAM, MANAGE)),
        get("organizations/acme-corp/collaborators/search?query=bob", Rule::Holds(TEAM, MANAGE)),
        get("organizations/acme-corp/collaborator/user/bob", Rule::Holds(TEAM, MANAGE)),
        delete("organizations/acme-corp/collaborators/user/bob", Rule::Holds(TEAM, MANAGE)),
        post("organizations/acme-corp/api-keys", json!({"rights": [KEYS]}), Rule::Holds(TEAM, KEYS)),
        get("organizations/acme-corp/api-keys", Rule::Holds(TEAM, KEYS)),
        get("organizations/acme-corp/api-keys/{organization key}", Rule::Holds(TEAM, KEYS)),
        put(
            "organizations/acme-corp/api-keys/{organization key}",
            json!({"api_key": {"name": "x"}, "field_mask": "name"}),
            Rule::Holds(TEAM, KEYS),
        ),
        delete("organizations/acme-corp/api-keys/{organization key}", Rule::Holds(TEAM, KEYS)),
    ]
}

/// Status and error; let in is any status below 300.
fn said(answer: &server::Answer) -> Answer {
    if answer.status < 300 { Answer::LetIn } else { Answer::No(answer.status, answer.error()) }
}

#[test]
fn every_route_of_the_api_answers_every_caller_as_the_rules_say() {
    let Everybody { folder, callers, names } = Everybody::gathered("api");
    let rows = rows(&names);
    for route in ROUTES.iter().filter(|route| route.path.starts_with("/api/")) {
        let is_asked = rows.iter().any(|row| {
            let segments: Vec<String> = row.target[1..].split('?').next().unwrap_or_default().split('/').map(str::to_owned).collect();
            matches!(find(Method::parse(row.method), &segments), RouteMatch::Route(found, _) if std::ptr::eq(found, route))
        });
        assert!(is_asked, "{} {} is asked by nobody here", route.method.name(), route.path);
    }
    let shared = open(&folder.world());
    let before = shared.app.store().read(|tx| tx.newest_event()).expect("a number");
    let (mut wrong, mut cells) = (Vec::new(), 0);
    for row in &rows {
        for caller in &callers {
            cells += 1;
            let wanted = WORLD.answer(&caller.who, row.rule);
            let body = if row.body.is_null() { String::new() } else { row.body.to_string() };
            let send = |server: &server::Server| caller.send(server, row.method, &row.target, &body);
            let changes = row.method != "GET" && wanted == Answer::LetIn;
            let answer = if changes { folder.on_a_copy(send) } else { send(&shared) };
            let place = || format!("{} asks for {} {}", caller.name, row.method, row.target);
            if said(&answer) != wanted {
                wrong.push(format!("{}: {:?} instead of {wanted:?}", place(), said(&answer)));
            } else if let Some(why) = shows_too_much(row, caller, &answer) {
                wrong.push(format!("{}: {why}", place()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {cells} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cells > 5000, "only {cells} cells");
    let after = shared.app.store().read(|tx| tx.newest_event()).expect("a number");
    assert_eq!(before, after, "a refused request changed something");
}

/// What is in an answer depends on the caller too.
fn shows_too_much(row: &Row, caller: &Caller, answer: &server::Answer) -> Option<String> {
    let by = match &caller.who {
        Who::Somebody(by) => Some(by),
        _ => None,
    };
    let wanted = |what: &str, shown: bool, wanted: bool| (shown != wanted).then(|| format!("{what} shown: {shown}"));
    let rights = |thing: Thing| by.map(|by| WORLD.rights(by, thing, &[])).unwrap_or_default();
    let text = answer.text();
    match (row.rule, row.target.trim_start_matches("/api/v3/")) {
        (Rule::Rights(thing), _) if answer.status == 200 => {
            let scope = super::model::scope(thing.kind);
            let wanted: Set = rights(thing).intersection(&scope).copied().collect();
            let names = answer.rights();
            let shown: Set = wanted.iter().copied().filter(|name| names.iter().any(|shown| shown == name)).collect();
            (shown != wanted || names.len() != wanted.len()).then(|| format!("rights {names:?} instead of {wanted:?}"))
        }
        (Rule::Lists(thing), _) if answer.status == 200 => {
            let manage = if thing == MINE { "RIGHT_CLIENT_SETTINGS_COLLABORATORS" } else { "RIGHT_ORGANIZATION_SETTINGS_MEMBERS" };
            wanted("the rights of members are", text.contains("\"rights\""), rights(thing).contains(manage))
        }
        (_, "auth_info") if answer.status == 200 => {
            let is_admin = by.is_some_and(super::model::Somebody::is_admin);
            wanted("is_admin is", answer.json()["is_admin"] == true, is_admin)
                .or_else(|| wanted("universal rights are", !answer.json()["universal_rights"]["rights"].is_null(), is_admin))
        }
        (_, target @ ("search/clients" | "search/organizations")) if answer.status == 200 => {
            let thing = if target.ends_with("clients") { MINE } else { TEAM };
            let is_reached = by.is_some_and(|by| by.is_admin() || WORLD.reaches(by.account, thing));
            wanted("the entity is", answer.ids().iter().any(|id| id == thing.id), is_reached)
        }
        _ => None,
    }
}

#[test]
fn a_token_is_told_of_to_its_user_to_its_client_and_to_administrators_with_everything_but_to_no_browser() {
    let Everybody { folder, callers, names } = Everybody::gathered("introspection");
    let server = open(&folder.world());
    for caller in &callers {
        let Who::Somebody(by) = &caller.who else { continue };
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        let answer = caller.send_with(&server, &headers, "POST", "/oauth/introspect", &format!("token={}", names.token));
        if matches!(caller.presented, Presented::Browser { .. }) {
            assert_eq!(answer.error(), "invalid_client", "{}", caller.name);
            continue;
        }
        let may_know = by.is_admin() || (by.account == ALICE && by.client.is_none_or(|client| client == "my-app"));
        assert_eq!(answer.json()["active"], may_know, "{}: {}", caller.name, answer.text());
    }
}
