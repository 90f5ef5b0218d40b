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

pub fn all_that_is_wrong_is_said_at_once_in_the_words_of_the_fields(driver: &Driver) {
    let server = Server::start("auto");
    let browser = driver.browser(Scripts::Run);
    browser.signs_in(&server, "admin", "/console/add/user");
    browser.fill("id", "Garden Lights!");
    browser.fill("password", "lamp");
    browser.fill("name", &"w".repeat(51));
    browser.fill("primary_email_address", "nowhere");
    browser.press("Create user");
    browser.sees("4 things need your attention");
    for (field, text) in [
        ("id", "Use 2 to 36 lowercase letters, digits and single dashes."),
        ("password", "Use at least 8 characters. Use at least one uppercase letter. Use at least one digit."),
        ("name", "The name may have at most 50 characters."),
        ("primary_email_address", "Enter an e-mail address, such as name@example.com."),
    ] {
        assert_eq!(browser.find(&format!("#{field}-problem")).text(), text);
        assert_eq!(browser.script(&format!("return document.querySelector('#{field}').ariaInvalid")), "true", "{field}");
    }
    assert!(browser.script("return document.title").as_str().is_some_and(|title| title.starts_with("Error: ")));
    assert_eq!(browser.script("return document.activeElement.getAttribute('role')"), "alert", "the browser begins at what is wrong");
    assert_eq!(browser.find("#password").value(), "", "a password is never sent back");
    assert_eq!(browser.find("#id").value(), "Garden Lights!");
    let required = browser
        .script("return [...document.querySelectorAll('.required')].map((mark) => mark.closest('.field').querySelector('input').name)");
    assert_eq!(required, serde_json::json!(["id", "password", "primary_email_address"]));

    browser.fill("id", "gardener");
    browser.fill("password", "Good-passw0rd");
    browser.fill("name", "");
    browser.fill("primary_email_address", "alice@example.com");
    browser.press("Create user");
    browser.sees("Another user has this e-mail address");
    assert_eq!(browser.script("return document.activeElement.id"), "primary_email_address", "the browser begins at the only problem");
}

pub fn a_redirect_url_that_can_never_work_is_refused_beside_its_field(driver: &Driver) {
    let server = Server::start("auto");
    let browser = driver.browser(Scripts::Blocked);
    browser.signs_in(&server, "alice", "/console/add/client");
    browser.fill("id", "lamp");
    for (url, why) in [
        ("thethings.example.com", "it is not a whole address"),
        ("javascript:alert(1)", "browsers are never sent to an address of this scheme"),
        ("*", "wildcards are not supported"),
    ] {
        browser.fill("redirect_uris", url);
        browser.press("Create OAuth client");
        browser.explains("unusable_url");
        let said = browser.find("#redirect_uris-problem").text();
        assert!(said.contains(url) && said.contains(why), "{said}");
        assert_eq!(browser.find("[name=redirect_uris]").value(), url);
    }
    // What was there before stays nobody's obstacle.
    server.has_client("alice", "old-lamp");
    let change = serde_json::json!({"client": {"redirect_uris": ["old.example/cb"]}, "field_mask": "redirect_uris"});
    server.is_told("PUT", "/api/v3/clients/old-lamp", &change);
    browser.open(&format!("{}/console/clients/old-lamp/settings", server.url));
    browser.fill("name", "Old lamp");
    browser.press("Save changes");
    browser.tells("saved");
}
