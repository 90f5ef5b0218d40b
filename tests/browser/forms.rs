//! Forms, as somebody meets them who fills them in.

use serde_json::Value;

use crate::server::Server;
use crate::webdriver::{Browser, Driver, Scripts};

impl Browser {
    /// How many boxes of rights are ticked.
    fn ticked(&self) -> i64 {
        self.script("return document.querySelectorAll('input[name=rights]:checked').length").as_i64().expect("a number")
    }

    fn is_open(&self, group: &str) -> bool {
        self.script(&format!("return document.querySelector('[data-group={group}]').open")) == Value::Bool(true)
    }
}

pub fn select_all_means_the_rights_that_are_shown(driver: &Driver) {
    let server = Server::start("auto");
    server.has_client("alice", "lamp");
    let browser = driver.browser(Scripts::Run);
    browser.signs_in(&server, "alice", "/console/clients/lamp/settings");
    assert!(browser.is_open("GATEWAY") && !browser.is_open("APPLICATION"));
    browser.find("#rights-filter").types("delete");
    browser.sees("Select the 1 shown");
    browser.find("#rights-filter").types(" ");
    assert!(browser.is_open("APPLICATION"));
    browser.find("[data-group=USER] [data-whole]").press();
    browser.find("[data-group=APPLICATION] [data-whole]").press();
    assert_eq!(browser.ticked(), 5, "more was chosen than is shown");
    browser.script("const field = document.querySelector('#rights-filter'); field.value = ''; field.dispatchEvent(new Event('input'));");
    assert!(browser.is_open("GATEWAY") && !browser.is_open("ORGANIZATION"), "a cleared filter leaves groups open");
    browser.find("#rights-filter").types("delete");
    browser.press("Save changes");
    browser.tells("saved");
    let rights = server.is_told("GET", "/api/v3/clients/lamp?field_mask=rights", &Value::Null)["rights"].to_string();
    assert!(rights.contains("USER_DELETE") && rights.contains("APPLICATION_DELETE"), "{rights}");
    assert!(!rights.contains("USER_ALL") && !rights.contains("USER_SETTINGS"), "{rights}");
}

pub fn a_right_that_another_implies_is_greyed_and_stays_as_it_was(driver: &Driver) {
    let server = Server::start("auto");
    server.has_client("alice", "lamp");
    let browser = driver.browser(Scripts::Run);
    browser.signs_in(&server, "alice", "/console/clients/lamp/settings");
    let state = |right: &str| {
        browser
            .script(&format!("const {{checked, disabled}} = document.querySelector('[value=RIGHT_{right}]'); return [checked, disabled]"))
    };
    assert_eq!(state("USER_INFO"), serde_json::json!([true, false]));
    browser.find("[value=RIGHT_USER_ALL]").press();
    assert_eq!(state("USER_INFO"), serde_json::json!([true, true]));
    assert_eq!(state("USER_DELETE"), serde_json::json!([true, true]));
    assert_eq!(state("GATEWAY_INFO"), serde_json::json!([true, false]));
    browser.find("[value=RIGHT_USER_ALL]").press();
    assert_eq!(state("USER_INFO"), serde_json::json!([true, false]));
    assert_eq!(state("USER_DELETE"), serde_json::json!([false, false]));
    browser.find("[value=RIGHT_USER_ALL]").press();
    browser.press("Save changes");
    browser.tells("saved");
    let rights = server.is_told("GET", "/api/v3/clients/lamp?field_mask=rights", &Value::Null)["rights"].clone();
    assert_eq!(rights, serde_json::json!(["RIGHT_USER_INFO", "RIGHT_USER_GATEWAYS_LIST", "RIGHT_USER_ALL", "RIGHT_GATEWAY_INFO"]));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
