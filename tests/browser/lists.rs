//! Lists, and what stands where something is not, or not any more.

use serde_json::json;

use crate::looks::serious_on;
use crate::server::Server;
use crate::webdriver::{Driver, Scripts};

pub fn a_page_beyond_the_last_leads_to_the_last(driver: &Driver) {
    let server = Server::start("auto");
    server.has_client("alice", "lamp");
    let browser = driver.browser(Scripts::Blocked);
    browser.signs_in(&server, "admin", "/console/clients?of=all&page=99");
    browser.tells("no-such-page");
    browser.does_not_see("There are no clients yet");
    browser.press("Go to the last page");
    browser.find("[data-item=lamp]");
    for list in ["/console/users", "/console/sessions", "/console/review"] {
        browser.open(&format!("{}{list}?page=99", server.url));
        browser.tells(if list.ends_with("review") { "no-requests" } else { "no-such-page" });
    }
}

pub fn what_is_deleted_says_so_and_offers_to_be_restored(driver: &Driver) {
    let server = Server::start("auto");
    server.has_client("alice", "lamp");
    let browser = driver.browser(Scripts::Blocked);
    browser.signs_in(&server, "alice", "/console/clients/lamp/danger");
    browser.press("Delete OAuth client");
    browser.tells("deleted");
    browser.sees("Deleted lamp");
    assert_eq!(browser.find("[data-item=lamp] [data-state]").text(), "Deleted");
    for page in ["", "/settings", "/secrets"] {
        browser.open(&format!("{}/console/clients/lamp{page}", server.url));
        browser.tells("deleted-entity");
        assert_eq!(browser.find("h1").text(), "lamp is deleted");
    }
    browser.press("Restore");
    browser.tells("restored");
    browser.find("[data-state=approved]");
    // Others learn nothing of it.
    server.is_told("DELETE", "/api/v3/clients/lamp", &json!({}));
    server.has_user("bob");
    let other = driver.browser(Scripts::Blocked);
    other.signs_in(&server, "bob", "/console");
    other.open(&format!("{}/console/clients/lamp", server.url));
    other.explains("no_client_rights");
}

pub fn the_page_of_a_new_secret_can_be_reloaded(driver: &Driver) {
    let server = Server::start("auto");
    let browser = driver.browser(Scripts::Run);
    browser.signs_in(&server, "alice", "/console/add/client");
    browser.registers("lamp");
    let secret = browser.find("#client-secret").text();
    browser.reload();
    assert_eq!(browser.find("#client-secret").text(), secret);
    browser.open(&format!("{}/console/clients/lamp/secrets", server.url));
    browser.press("Make a new secret");
    let rotated = browser.find("#client-secret").text();
    assert_ne!(rotated, secret);
    browser.reload();
    assert_eq!(browser.find("#client-secret").text(), rotated);
    browser.open(&format!("{}/console/clients/lamp/secrets", server.url));
    assert_eq!(browser.script("return document.querySelectorAll('[data-item]').length"), 2, "a reload makes no other secret");
    browser.does_not_see(&rotated);
}

pub fn dates_have_one_form_with_and_without_scripts(driver: &Driver) {
    let server = Server::start("auto");
    server.has_client("alice", "lamp");
    server.is_told("POST", "/api/v3/clients/lamp/secret", &json!({"grace": "86400s"}));
    for (scripts, zone) in [(Scripts::Run, ""), (Scripts::Blocked, " UTC")] {
        let browser = driver.browser(scripts);
        browser.signs_in(&server, "alice", "/console/clients/lamp/secrets");
        let odd = browser.script(&format!(
            "const form = /^[1-9]\\d? [A-Z][a-z]{{2}} \\d{{4}}, \\d\\d:\\d\\d{zone}$/; \
             const texts = [...document.querySelectorAll('time')].map((time) => time.title || time.textContent); \
             return texts.length > 2 ? texts.filter((text) => !form.test(text)) : 'too few'"
        ));
        assert_eq!(odd, json!([]), "{zone}");
    }
}

pub fn a_suspended_user_sees_nothing_more(driver: &Driver) {
    let server = Server::start("auto");
    server.has_client("alice", "lamp");
    let browser = driver.browser(Scripts::Run);
    browser.signs_in(&server, "alice", "/console/clients/lamp");
    server.is_told("PUT", "/api/v3/users/alice", &json!({"user": {"state": "STATE_SUSPENDED"}, "field_mask": "state"}));
    browser.open(&format!("{}/console/clients/lamp", server.url));
    browser.explains("user_suspended");
    browser.does_not_see("lamp.example");
    browser.open(&format!("{}/console", server.url));
    browser.find("[name=password]");
}

pub fn a_slash_opens_a_search_over_the_page_that_needs_no_script(driver: &Driver) {
    let server = Server::start("auto");
    server.has_client("alice", "lamp");
    let browser = driver.browser(Scripts::Run);
    browser.signs_in(&server, "admin", "/console/clients?of=all");
    browser.find("#q").types("/");
    assert_eq!(browser.find("#q").value(), "/", "where somebody types it is a letter");
    browser.script("document.activeElement.blur()");
    browser.find("body").types("/");
    browser.find("dialog input").types("la");
    browser.find("dialog [data-message=too-short]");
    browser.find("dialog input").types("m");
    browser.find("dialog [data-item=lamp] a");
    assert_eq!(serious_on(&browser), Vec::<String>::new());
    browser.find("dialog input").types("\u{e00c}");
    assert_eq!(browser.script("return document.querySelector('dialog[open]')"), serde_json::Value::Null, "Escape closes it");
    assert!(browser.address().ends_with("/console/clients?of=all"), "{}", browser.address());
    browser.find("body").types("/");
    browser.find("dialog input").types("lamp\u{e007}");
    browser.find(".newest [data-item=lamp]");
    assert!(browser.address().ends_with("/console/search?q=lamp"), "{}", browser.address());
    let without = driver.browser(Scripts::Blocked);
    without.signs_in(&server, "alice", "/console");
    without.press("Search");
    without.fill("q", "lam");
    without.find(".search button").press();
    without.find("[data-item=lamp] a").press();
    without.find("[data-state=approved]");
}

pub fn the_dashboard_begins_with_first_steps_and_then_tells_what_there_is(driver: &Driver) {
    let server = Server::start("auto");
    let browser = driver.browser(Scripts::Blocked);
    browser.signs_in(&server, "alice", "/console");
    browser.tells("no-clients");
    browser.press("Add the first OAuth client");
    browser.find("[name=kind]");
    server.has_client("alice", "lamp");
    server.is_told("POST", "/api/v3/clients/lamp/secret", &json!({"grace": "86400s"}));
    browser.open(&format!("{}/console", server.url));
    browser.tells("secrets-end");
    browser.sees("100% of clients");
    browser.press("see its secrets");
    browser.find("[data-item]");
}

pub fn on_a_phone_filters_are_as_wide_as_the_page_and_a_session_begins_with_its_browser_on_one_line(driver: &Driver) {
    let server = Server::start("auto");
    let browser = driver.browser(Scripts::Blocked);
    browser.has_width(390);
    browser.signs_in(&server, "admin", "/console/sessions");
    let of_first = "const cell = document.querySelector('td'); const badge = cell.querySelector('.badge');";
    let is_line = "return badge.getBoundingClientRect().height < 2 * parseFloat(getComputedStyle(badge).lineHeight)";
    assert_eq!(browser.script(&format!("{of_first} {is_line}")), true, "the badge of this browser is no column beside the others");
    for page in ["/console/activity", "/console/add/client"] {
        browser.open(&format!("{}{page}", server.url));
        let narrow = browser.script(
            "const wide = document.querySelector('.filters').clientWidth; \
             return [...document.querySelectorAll('.filters .field')].filter(field => field.offsetWidth < wide).length",
        );
        assert_eq!(narrow, 0, "{page}");
    }
}

pub fn on_a_phone_lists_can_be_sorted_and_buttons_stay_whole(driver: &Driver) {
    let server = Server::start("auto");
    server.has_client("alice", "lamp");
    server.is_told("PUT", "/api/v3/clients/lamp", &json!({"client": {"name": "Lamp"}, "field_mask": "name"}));
    let browser = driver.browser(Scripts::Run);
    browser.has_width(390);
    browser.signs_in(&server, "admin", "/console/activity");
    let undo = "[...document.querySelectorAll('.events .button')].find((button) => button.textContent.includes('Undo'))";
    assert_eq!(browser.script(&format!("return {undo}.clientHeight < 40 && {undo}.scrollWidth <= {undo}.clientWidth")), true);
    browser.open(&format!("{}/console/clients?of=all", server.url));
    browser.press("Name");
    browser.find("th[aria-sort=ascending]");
    let broken =
        "[...document.querySelectorAll('td .word')].filter((word) => word.getClientRects().length > 1).map((word) => word.textContent)";
    assert_eq!(browser.script(&format!("return {broken}")), json!([]));
    browser.open(&format!("{}/console/search", server.url));
    assert_eq!(browser.script("return document.activeElement.id"), "q");
}
