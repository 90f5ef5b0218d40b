//! The activity.

use serde_json::json;

use crate::server::Server;
use crate::webdriver::{Driver, Scripts};

pub fn who_did_what_is_read_filtered_and_downloaded(driver: &Driver) {
    let server = Server::start("auto");
    server.has_client("alice", "grafana");
    server.is_told("PUT", "/api/v3/clients/grafana", &json!({"client": {"name": "Grafana"}, "field_mask": "name"}));
    let browser = driver.browser(Scripts::Blocked);
    browser.signs_in(&server, "admin", "/console/activity");
    browser.sees("admin changed the name of Grafana");
    assert_eq!(browser.find("section.day h2").text(), "Today");
    browser.does_not_see("Event ");
    browser.press("Details");
    browser.sees("Event ");
    browser.find("#kind option[value=sign-ins]").press();
    browser.press("Filter");
    browser.sees("admin signed in");
    browser.does_not_see("Grafana");
    let name = "return [...document.querySelectorAll('[data-item]')].every((item) => item.dataset.item.startsWith('user.'))";
    assert_eq!(browser.script(name), true);
    browser.press("Show everything");
    browser.press("Grafana");
    browser.find("[data-state=approved]");
}
