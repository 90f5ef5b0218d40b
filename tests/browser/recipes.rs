//! Well-known apps are registered by their recipes.

use crate::looks;
use crate::server::Server;
use crate::webdriver::{Browser, Driver, Scripts};

/// Chooses the recipe, fills in where the app is, and registers it as the form then is.
fn registers(browser: &Browser, recipe: &str, app: &str) {
    browser.find(&format!("option[value={recipe}]")).press();
    browser.fill("app", app);
    browser.press("Fill in the form");
    browser.find(&format!("[value^='{app}/']"));
    browser.press("Create OAuth client");
    browser.tells("client-ready");
}

/// With scripts and without: what is pasted has the secret on the page that shows it once, and a word in its place afterwards.
pub fn an_app_is_registered_by_its_recipe_which_says_what_to_paste_where(driver: &Driver) {
    let server = Server::start("auto");
    for (scripts, recipe, id) in [(Scripts::Run, "grafana", "grafana"), (Scripts::Blocked, "nextcloud", "nextcloud")] {
        let browser = driver.browser(scripts);
        let app = format!("https://{recipe}.example.com");
        browser.signs_in(&server, "alice", "/console/add/client");
        registers(&browser, recipe, &app);
        let (secret, settings) = (browser.find("#client-secret").text(), browser.find("#recipe").text());
        assert!([&*secret, &server.url, id].iter().all(|word| settings.contains(word)), "{settings}");
        if scripts == Scripts::Run {
            browser.find("[data-copy=recipe]").press();
            browser.has_width(360);
            assert!(browser.script("return document.documentElement.scrollWidth").as_i64() <= Some(360));
            assert_eq!(looks::serious_on(&browser), Vec::<String>::new());
        }
        browser.open(&format!("{}/console/clients/{id}", server.url));
        let settings = browser.find("#recipe").text();
        assert!(settings.contains(&server.url) && !settings.contains(&secret), "{settings}");
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }
}

/// With scripts and without: what was typed before the recipe was chosen is still there, and Enter in a field registers the client.
pub fn a_recipe_keeps_what_was_typed_before_it_was_chosen(driver: &Driver) {
    let server = Server::start("auto");
    for (scripts, id) in [(Scripts::Run, "our-boards"), (Scripts::Blocked, "our-charts")] {
        let browser = driver.browser(scripts);
        browser.signs_in(&server, "alice", "/console/add/client");
        browser.fill("name", "Our Boards");
        browser.fill("id", id);
        browser.find("option[value=grafana]").press();
        browser.fill("app", "https://grafana.example.com");
        browser.press("Fill in the form");
        browser.find("[value^='https://grafana.example.com/']");
        assert_eq!((browser.find("#name").value(), browser.find("#id").value()), ("Our Boards".to_owned(), id.to_owned()));
        browser.find("#name").types("\u{e007}");
        browser.tells("client-ready");
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }
}

pub fn an_integration_of_the_things_stack_asks_for_the_rights_of_its_recipe(driver: &Driver) {
    let server = Server::start("auto");
    let browser = driver.browser(Scripts::Run);
    browser.signs_in(&server, "alice", "/console/add/client");
    browser.find("option[value=integration]").press();
    browser.press("Fill in the form");
    browser.explains("no_address");
    registers(&browser, "integration", "https://dashboard.example.com");
    browser.open(&format!("{}/console/clients/the-things-stack-integration", server.url));
    browser.sees("RIGHT_APPLICATION_TRAFFIC_READ");
    browser.sees("https://dashboard.example.com/oauth/callback");
}
