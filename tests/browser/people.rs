//! People: their profile, their sessions, and the theme that they like.

use crate::server::Server;
use crate::webdriver::{Driver, Scripts};

pub fn a_user_changes_the_own_profile_and_sees_in_which_browser_this_is(driver: &Driver) {
    let server = Server::start("auto");
    let browser = driver.browser(Scripts::Blocked);
    browser.signs_in(&server, "alice", "/console/profile");
    browser.fill("name", "Alice A.");
    browser.press("Save changes");
    browser.tells("saved");
    assert_eq!(browser.find("[name=name]").value(), "Alice A.");
    browser.open(&format!("{}/console/sessions", server.url));
    browser.sees("Chrome on Linux");
    browser.sees("127.0.0.0/24");
}

pub fn an_administrator_signs_a_user_out(driver: &Driver) {
    let server = Server::start("auto");
    let alice = driver.browser(Scripts::Blocked);
    alice.signs_in(&server, "alice", "/console");
    let admin = driver.browser(Scripts::Blocked);
    admin.signs_in(&server, "admin", "/console/users/alice");
    admin.sees("Chrome on Linux");
    admin.sees("No clients.");
    admin.press("Sign alice out");
    admin.tells("ended");
    alice.open(&format!("{}/console", server.url));
    alice.find("[name=password]");
}

pub fn a_theme_is_chosen_while_a_form_is_half_filled_in(driver: &Driver) {
    let server = Server::start("auto");
    let browser = driver.browser(Scripts::Run);
    browser.signs_in(&server, "alice", "/console/add/client");
    browser.find("[name=name]").types("Half a lamp");
    browser.script("document.querySelector('[name=theme][value=dark]').click()");
    browser.find("html[data-theme=dark]");
    browser.find("[name=theme][value=dark][aria-pressed=true]");
    assert_eq!(browser.script("return document.querySelector('[name=name]').value"), "Half a lamp");
    browser.script_until_done(
        "const done = arguments[0]; const is = ({name}) => name.endsWith('/console/theme'); \
         const wait = () => performance.getEntriesByType('resource').some(is) ? done() : setTimeout(wait, 10); wait()",
    );
    browser.open(&format!("{}/console", server.url));
    browser.find("html[data-theme=dark]");
}

pub fn a_theme_is_chosen_without_scripts_and_stays(driver: &Driver) {
    let server = Server::start("auto");
    let browser = driver.browser(Scripts::Blocked);
    let ground = |browser: &crate::webdriver::Browser| {
        browser.script("return getComputedStyle(document.body).backgroundColor").as_str().unwrap_or_default().to_owned()
    };
    browser.signs_in(&server, "alice", "/console/api-keys");
    browser.prefers("light");
    let light = ground(&browser);
    browser.find("[name=theme][value=dark]").press();
    assert!(browser.address().ends_with("/console/api-keys"), "{}", browser.address());
    assert_ne!(ground(&browser), light);
    browser.open(&format!("{}/oauth/", server.url));
    assert_ne!(ground(&browser), light, "where one signs in too");
    browser.open(&format!("{}/console", server.url));
    browser.find("[name=theme][value=system]").press();
    assert_eq!(ground(&browser), light);
    // A choice would empty a form that is half filled in.
    browser.open(&format!("{}/console/profile", server.url));
    assert_eq!(browser.script("return document.querySelector('.themes').checkVisibility()"), false);
}
