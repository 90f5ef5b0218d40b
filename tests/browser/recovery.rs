//! Stories of users who have lost their password.

use serde_json::json;

use crate::server::Server;
use crate::webdriver::{Browser, Driver, Scripts};

impl Browser {
    /// Chooses a new password on the page that asks for one, and is signed in.
    #[track_caller]
    fn chooses(&self, server: &Server, password: &str, then: &str) {
        self.sees("Choose a new password");
        self.open(&format!("{}/console", server.url));
        self.find("input[name=user_id]");
        self.open(&format!("{}/oauth/new-password", server.url));
        self.fill("password", password);
        self.press("Set the password and sign in");
        self.sees(then);
    }
}

pub fn a_user_without_the_password_comes_in_by_a_link_or_a_temporary_password_and_chooses_a_new_one(driver: &Driver) {
    let server = Server::start("auto");
    let link = || {
        let made = server.is_told("POST", "/api/v3/users/alice/sign-in-link", &json!({}));
        made["link"].as_str().expect("a link").to_owned()
    };
    let browser = driver.browser(Scripts::Run);
    browser.open(&link());
    browser.find("[data-sign-in-link][hidden]");
    assert_eq!(browser.address(), format!("{}/oauth/sign-in-link", server.url), "the script takes the code out of the address");
    browser.press("Sign in");
    browser.chooses(&server, "Chosen-passw0rd-1", "You are signed in");

    let without_scripts = driver.browser(Scripts::Blocked);
    let pasted = link();
    without_scripts.open(&pasted);
    without_scripts.fill("link", &pasted);
    without_scripts.press("Sign in");
    without_scripts.chooses(&server, "Chosen-passw0rd-2", "You are signed in");

    let admin = driver.browser(Scripts::Run);
    admin.signs_in(&server, "admin", "/console/users/alice");
    admin.press("New temporary password");
    let temporary = admin.find("#temporary-password").text();
    admin.press("I have saved it: go to the user");
    admin.tells("outstanding");
    admin.does_not_see(&temporary);
    let third = driver.browser(Scripts::Run);
    third.open(&format!("{}/console/api-keys", server.url));
    third.fill("user_id", "alice");
    third.fill("password", &temporary);
    third.press("Sign in");
    third.chooses(&server, "Chosen-passw0rd-3", "You are signed in");
}
