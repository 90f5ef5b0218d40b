//! Whether everybody can use the pages.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::server::Server;
use crate::webdriver::{Browser, Driver, Scripts};

/// The five main views.
const MAIN: &[&str] = &["/console", "/console/clients?of=all", "/console/add/client", "/console/clients/lamp", "/console/review"];

/// Every other kind of page.
const OTHERS: &[&str] = &[
    "/console/add/client?recipe=grafana&app=https://grafana.example.com",
    "/console/add/client?recipe=grafana&app=nowhere",
    "/console/clients?q=nowhere",
    "/console/clients?of=deleted",
    "/console/clients/lamp/settings",
    "/console/clients/lamp/secrets",
    "/console/clients/lamp/secrets/1/end",
    "/console/clients/lamp/secrets/replace",
    "/console/clients/lamp/secrets/remove",
    "/console/clients/lamp/collaborators",
    "/console/clients/lamp/collaborators/add",
    "/console/clients/lamp/collaborators/user/alice",
    "/console/clients/lamp/review",
    "/console/clients/lamp/revoke",
    "/console/clients/lamp/activity",
    "/console/clients/lamp/danger",
    "/console/clients/lamp/purge",
    "/console/search?q=lamp",
    "/console/users",
    "/console/users/alice",
    "/console/add/user",
    "/console/organizations",
    "/console/add/organization",
    "/console/organizations/acme-corp",
    "/console/organizations/acme-corp/members",
    "/console/organizations/acme-corp/clients",
    "/console/organizations/acme-corp/api-keys",
    "/console/organizations/acme-corp/add/api-key",
    "/console/api-keys",
    "/console/add/api-key",
    "/console/authorizations",
    "/console/sessions",
    "/console/password",
    "/console/profile",
    "/console/activity",
    "/oauth/sign-in-link",
    "/oauth/login?again=1",
    "/oauth/end-session?client_id=lamp",
    "/oauth/authorize?client_id=lamp&response_type=code&scope=openid&prompt=select_account",
];

/// Where `.ci/run` puts it.
pub fn axe_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/axe/node_modules/axe-core/axe.min.js")
}

/// Clients in every state, used and unused.
fn furnished() -> Server {
    let server = Server::start("manual");
    for (id, state) in [
        ("lamp", "STATE_APPROVED"),
        ("gateway-onboarding", "STATE_APPROVED"),
        ("weather-map", "STATE_REQUESTED"),
        ("door-opener", "STATE_REQUESTED"),
        ("old-thing", "STATE_SUSPENDED"),
    ] {
        server.has_client("alice", id);
        server.is_told("PUT", &format!("/api/v3/clients/{id}"), &json!({"client": {"state": state}, "field_mask": "state"}));
    }
    server.is_told("POST", "/api/v3/users/admin/organizations", &json!({"organization": {"ids": {"organization_id": "acme-corp"}}}));
    server.is_told("POST", "/api/v3/clients/lamp/secret", &json!({"grace": "86400s"}));
    server.has_client("alice", "gone-thing");
    server.is_told("DELETE", "/api/v3/clients/gone-thing", &json!({}));
    server
}

/// Nothing serious for axe-core, light or dark.
pub fn everybody_can_use_every_page(driver: &Driver) {
    let server = furnished();
    let axe = std::fs::read_to_string(axe_path()).expect("axe-core is there");
    let browser = driver.browser(Scripts::Run);
    browser.brings(&axe);
    let mut findings = Vec::new();
    browser.open(&format!("{}/console", server.url));
    findings.extend(serious(&browser, EVERY_RULE));
    browser.script("document.querySelectorAll('label').forEach((label) => label.remove())");
    assert!(!serious(&browser, EVERY_RULE).is_empty(), "fields without labels are not noticed: the check does not work");
    browser.signs_in(&server, "admin", "/console");
    for target in MAIN.iter().chain(OTHERS) {
        browser.open(&format!("{}{target}", server.url));
        browser.has_width(360);
        browser.prefers("dark");
        findings.extend(serious(&browser, EVERY_RULE));
        browser.prefers("light");
        browser.has_width(1280);
        // What else differs where there is room, the main views show.
        let is_main = MAIN.contains(target);
        findings.extend(serious(&browser, if is_main { EVERY_RULE } else { COLOURS }));
    }
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// What axe-core is asked for.
const EVERY_RULE: &str = "{resultTypes: ['violations']}";
const COLOURS: &str = "{resultTypes: ['violations'], runOnly: ['color-contrast']}";

/// What axe-core finds on a page that no other story looks at; nothing where it is not there.
pub fn serious_on(browser: &Browser) -> Vec<String> {
    let Ok(axe) = std::fs::read_to_string(axe_path()) else { return Vec::new() };
    browser.script(&axe);
    serious(browser, EVERY_RULE)
}

/// What axe-core finds serious or critical on the page.
fn serious(browser: &Browser, asked: &str) -> Vec<String> {
    let found = browser.script_until_done(&format!(
        "const done = arguments[arguments.length - 1]; \
         axe.run(document, {asked}).then((found) => done(found.violations.map((one) => \
         ({{id: one.id, impact: one.impact, help: one.help, where: one.nodes.map((node) => node.html.slice(0, 160)).slice(0, 3)}}))), \
         (error) => done([{{id: 'axe', impact: 'critical', help: String(error), where: []}}]));"
    ));
    let found = found.as_array().cloned().unwrap_or_default();
    let is_serious = |finding: &&Value| matches!(finding["impact"].as_str(), Some("serious" | "critical"));
    found.iter().filter(is_serious).map(|finding| format!("{}: {finding}", browser.address())).collect()
}
