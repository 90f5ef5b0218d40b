//! A client's page: what the review finds, and taking back what its users allowed.

use serde_json::json;

use crate::server::Server;
use crate::webdriver::{Driver, Scripts};

pub fn what_users_allowed_a_client_is_taken_back_for_all_of_them(driver: &Driver) {
    let server = Server::start("auto");
    server.has_client("alice", "lamp");
    let change = json!({"client": {"redirect_uris": ["code"], "rights": ["RIGHT_ALL"]}, "field_mask": "redirect_uris,rights"});
    server.is_told("PUT", "/api/v3/clients/lamp", &change);
    let authorize = "/oauth/authorize?client_id=lamp&response_type=code&redirect_uri=code";
    let browser = driver.browser(Scripts::Blocked);
    browser.signs_in(&server, "alice", "/console");
    browser.open(&format!("{}{authorize}", server.url));
    browser.sees("Continue to The lamp?");
    browser.find("a[href*='/oauth/login?n=']").press();
    browser.find("[name=password]");
    browser.open(&format!("{}{authorize}", server.url));
    browser.find("[name=authorize][value=true]").press();
    browser.open(&format!("{}/console/clients/lamp", server.url));
    browser.sees("1 user authorized it");
    browser.find("[data-finding]");
    browser.press("Revoke all …");
    browser.find("[name=confirm]").types("lamp");
    browser.press("Revoke all authorizations");
    browser.tells("revoked-all");
    browser.sees("0 users authorized it");
    browser.open(&format!("{}{authorize}", server.url));
    browser.find("[name=authorize][value=true]");
}
