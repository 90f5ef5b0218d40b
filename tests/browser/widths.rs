//! Every page of the table of routes, with the longest texts that there may be: how wide and how heavy it is, and what it asks for.

use keyfob::http::request::Method;
use keyfob::routes::{Guard, ROUTES, Route};
use serde_json::{Value, json};

use crate::server::Server;
use crate::webdriver::{Browser, Driver, Scripts};

/// The widths of screens, in pixels.
const WIDTHS: [u32; 9] = [360, 390, 480, 600, 768, 820, 1020, 1280, 1600];

/// The most bytes of a page.
const HEAVIEST: u64 = 60 * 1024;

/// Clients, so that lists are full.
const CLIENTS: usize = 30;

/// Names without a blank, as long as they may be.
struct Names {
    client: String,
    user: String,
    organization: String,
    redirect_uri: String,
    key: String,
    token: String,
}

fn long(length: usize) -> String {
    "w".repeat(length)
}

/// An approved client whom nobody has authorized.
fn unauthorized() -> String {
    format!("{}01", long(34))
}

/// A server on which everything is as long as it may be.
fn hostile() -> (Server, Names) {
    let server = Server::start("review");
    let (client, user, organization) = (long(36), format!("u{}", long(35)), format!("o{}", long(35)));
    let redirect_uri = format!("https://{}.example/", long(110));
    server.has_user(&user);
    server.is_told("POST", "/api/v3/users/admin/organizations", &json!({"organization": {"ids": {"organization_id": organization}}}));
    server.has_client("admin", &client);
    let texts = json!({"name": long(50), "description": long(2000), "attributes": {long(36): long(200)}});
    let of_client = json!({"redirect_uris": vec![&redirect_uri; 10], "logout_redirect_uris": [&redirect_uri], "state_description": long(128), "rights": ["RIGHT_ALL"]});
    let change = |kind: &str, id: &str, more: &Value| {
        let fields: serde_json::Map<String, Value> =
            [&texts, more].iter().flat_map(|fields| fields.as_object().expect("fields").clone()).collect();
        let mask = fields.keys().cloned().collect::<Vec<_>>().join(",");
        server.is_told("PUT", &format!("/api/v3/{kind}s/{id}"), &json!({kind: fields, "field_mask": mask}));
    };
    change("client", &client, &of_client);
    change("client", &client, &json!({"description": long(1999)}));
    change("user", &user, &json!({"state_description": long(128)}));
    change("organization", &organization, &json!({}));
    for n in 0..CLIENTS {
        let id = format!("{}{n:02}", long(34));
        server.has_client(&user, &id);
        change(
            "client",
            &id,
            &json!({"state": if n % 2 == 0 { "STATE_REQUESTED" } else { "STATE_APPROVED" }, "state_description": long(128)}),
        );
    }
    change("client", &unauthorized(), &of_client);
    let member = json!({"collaborator": {"ids": {"user_ids": {"user_id": user}}, "rights": ["RIGHT_CLIENT_ALL"]}});
    server.is_told("PUT", &format!("/api/v3/clients/{client}/collaborators"), &member);
    let member = json!({"collaborator": {"ids": {"user_ids": {"user_id": user}}, "rights": ["RIGHT_ORGANIZATION_INFO"]}});
    server.is_told("PUT", &format!("/api/v3/organizations/{organization}/collaborators"), &member);
    server.is_told("POST", &format!("/api/v3/clients/{client}/secret"), &json!({"grace": "86400s"}));
    let key = json!({"name": long(50), "rights": ["RIGHT_ORGANIZATION_INFO"]});
    let key =
        server.is_told("POST", &format!("/api/v3/organizations/{organization}/api-keys"), &key)["id"].as_str().expect("an ID").to_owned();
    (server, Names { client, user, organization, redirect_uri, key, token: String::new() })
}

/// Authorizes the client, so that there is something to take back; the ID of the token.
fn authorize(server: &Server, browser: &Browser, names: &Names) -> String {
    let uri = json!({"client": {"redirect_uris": ["code"]}, "field_mask": "redirect_uris"});
    server.is_told("PUT", &format!("/api/v3/clients/{}", names.client), &uri);
    browser.open(&format!("{}/oauth/authorize?client_id={}&response_type=code&redirect_uri=code", server.url, names.client));
    browser.find("[name=authorize][value=true]").press();
    browser.tells("code");
    let code = browser.find("main code").text();
    let secret = server.is_told("POST", &format!("/api/v3/clients/{}/secret", names.client), &json!({}))["secret"].clone();
    let form = format!(
        "grant_type=authorization_code&code={code}&redirect_uri=code&client_id={}&client_secret={}",
        names.client,
        secret.as_str().expect("a secret")
    );
    let reply = server.send("POST", "/oauth/token", &[("Content-Type", "application/x-www-form-urlencoded")], &form);
    assert_eq!(reply.status, 200, "{}", reply.body);
    let uri = json!({"client": {"redirect_uris": [names.redirect_uri]}, "field_mask": "redirect_uris"});
    server.is_told("PUT", &format!("/api/v3/clients/{}", names.client), &uri);
    reply.json()["access_token"].as_str().and_then(|token| token.split('.').nth(1)).expect("an ID").to_owned()
}

fn target(route: &Route, names: &Names) -> String {
    route
        .path
        .replace("{client_id}", &names.client)
        .replace("{user_id}", &names.user)
        .replace("{organization_id}", &names.organization)
        .replace("{kind}", "user")
        .replace("{account_id}", &names.user)
        .replace("{secret_number}", "1")
        .replace("{key_id}", &names.key)
        .replace("{token_id}", &names.token)
}

/// The pages of the table, and some that it has only with a query.
fn targets(names: &Names) -> Vec<String> {
    let pages = ROUTES.iter().filter(|route| route.method == Method::Get);
    let of_console = pages.filter(|route| {
        matches!(route.guard, Guard::Console(_)) && !route.path.contains("/check/") && !route.path.contains("/search/accounts")
    });
    let more = [
        format!("/console/clients?of=all&q={}", long(50)),
        "/console/clients?of=all&sort=-name".to_owned(),
        "/console/clients?of=deleted".to_owned(),
        "/console/nowhere".to_owned(),
        format!("/console/clients/{}", long(30)),
        format!("/oauth/authorize?client_id={}&response_type=code&redirect_uri={}", unauthorized(), names.redirect_uri),
        format!("/oauth/authorize?client_id={}&response_type=code&redirect_uri=https://{}.example/", names.client, long(300)),
        "/oauth/".to_owned(),
        "/oauth/sign-in-link".to_owned(),
        format!("/{}", long(300)),
    ];
    of_console.map(|route| target(route, names)).chain(more).collect()
}

pub fn no_page_scrolls_sideways_is_heavy_or_asks_elsewhere(driver: &Driver) {
    let (server, names) = hostile();
    let browser = driver.browser(Scripts::Run);
    browser.signs_in(&server, "admin", "/console");
    let token = authorize(&server, &browser, &names);
    let names = Names { token, ..names };
    let mut findings = Vec::new();
    for target in targets(&names) {
        browser.open(&format!("{}{target}", server.url));
        let weight = browser.script("return performance.getEntriesByType('navigation')[0].decodedBodySize").as_u64();
        assert!(weight > Some(0), "{target}: its weight was not seen");
        if weight > Some(HEAVIEST) {
            findings.push(format!("{target} has {weight:?} bytes"));
        }
        for screen in WIDTHS {
            browser.has_width(screen);
            let width = browser.script("return document.documentElement.scrollWidth").as_i64();
            if width > Some(i64::from(screen)) {
                findings.push(format!("{target} is {width:?} wide on a screen of {screen}"));
            }
        }
        let entries = browser
            .script("return ['navigation', 'resource'].flatMap((kind) => performance.getEntriesByType(kind)).map((entry) => entry.name)");
        let entries = entries.as_array().cloned().unwrap_or_default();
        assert!(entries.len() > 1, "{target}: what it asks for was not seen: {}", json!(entries));
        let elsewhere = entries.iter().filter(|entry| !entry.as_str().is_some_and(|name| name.starts_with(&server.url)));
        findings.extend(elsewhere.map(|entry| format!("{target} asks for {entry}")));
    }
    assert!(findings.is_empty(), "{} findings\n{}", findings.len(), findings.join("\n"));
}
