//! The stories of the Console, in a real browser.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::json;

use crate::server::{PASSWORD, Server};
use crate::webdriver::{Browser, Driver, Scripts};

impl Browser {
    /// Opens a page of the Console, signs in on the way, and comes back to it.
    #[track_caller]
    pub fn signs_in(&self, server: &Server, user: &str, target: &str) {
        self.open(&format!("{}{target}", server.url));
        self.fill("user_id", user);
        self.fill("password", PASSWORD);
        self.press("Sign in");
        self.sees("Signed in as");
        assert_eq!(self.address(), format!("{}{target}", server.url));
    }

    #[track_caller]
    fn signs_out(&self) {
        self.press("Sign out");
        self.find("[name=password]");
    }

    /// Fills in the form of a new client whose code is shown on a page of the server itself.
    #[track_caller]
    pub fn registers(&self, id: &str) {
        self.fill("id", id);
        self.fill("name", "Lamp");
        self.fill("description", "Shows your profile on a lamp.");
        self.fill("redirect_uris", "code");
        self.press("User account 0 of 15");
        self.find("input[value=RIGHT_USER_INFO]").press();
        self.press("Create OAuth client");
        self.find("#client-secret");
    }
}

/// The way of the guide: User settings, OAuth clients, + Add OAuth client; then the code flow with the secret that was shown.
pub fn a_client_is_registered_and_its_secret_completes_the_code_flow(driver: &Driver) {
    let server = Server::start("auto");
    let browser = driver.browser(Scripts::Run);
    browser.signs_in(&server, "alice", "/console");
    browser.press("User settings");
    browser.press("OAuth clients");
    browser.press("+ Add OAuth client");
    browser.fill("id", "console");
    browser.find(".live.bad");
    browser.fill("id", "lamp");
    browser.find(".live.good");
    browser.registers("lamp");
    let secret = browser.find("#client-secret").text();
    assert_eq!(secret.len(), 52);
    assert!(!browser.address().contains(&secret));
    browser.find("[data-copy=client-secret]").press();
    let authorize = browser.find("#snippet-authorize").text();
    browser.press("I have saved it: go to the client");
    browser.find("[data-state]");
    browser.does_not_see(&secret);

    browser.open(&authorize);
    browser.sees("Shows your profile on a lamp.");
    browser.press("Authorize Lamp");
    browser.tells("code");
    let code = browser.find("main code").text();
    let form = format!("grant_type=authorization_code&code={code}&redirect_uri=code&client_id=lamp&client_secret={secret}");
    let reply = server.send("POST", "/oauth/token", &[("Content-Type", "application/x-www-form-urlencoded")], &form);
    assert_eq!(reply.status, 200, "{}", reply.body);
    let token = reply.json()["access_token"].as_str().expect("a token").to_owned();
    let bearer = format!("Bearer {token}");
    let status = || server.send("GET", "/api/v3/users/alice", &[("Authorization", &bearer)], "").status;
    assert_eq!(status(), 200);

    browser.open(&format!("{}/console/clients/lamp", server.url));
    browser.sees("1 token in the last 30 days");
    browser.has_width(390);
    let tops = "return [...document.querySelectorAll('.picture figcaption span')].map(text => text.getBoundingClientRect().top)";
    let tops = browser.script(tops);
    assert!(tops[0].is_number() && tops[0] == tops[2], "on a phone the first day and the last stand at the two ends of a line: {tops}");
    browser.has_width(1280);
    browser.press("User settings");
    browser.press("OAuth client authorizations");
    browser.press("Lamp");
    browser.press("Revoke authorization …");
    browser.press("Revoke authorization");
    browser.explains("not_confirmed");
    assert_eq!(status(), 200);
    browser.fill("confirm", "lamp");
    browser.press("Revoke authorization");
    browser.tells("no-authorizations");
    assert_eq!(status(), 401);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// A page of another site, which redirects its readers.
fn leading_to(target: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://localhost:{}/", listener.local_addr().expect("an address").port());
    let page = format!("<!doctype html><title>Free lamps</title><script>location.href = {}</script>", json!(target));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a browser");
            let _ = stream.read(&mut [0; 4096]);
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
                page.len()
            );
        }
    });
    url
}

/// The client of the command line has no secret: only the user knows who asks for a code in its name.
pub fn a_website_gets_no_code_of_the_command_line_without_a_click(driver: &Driver) {
    let server = Server::start("auto");
    let browser = driver.browser(Scripts::Run);
    browser.signs_in(&server, "alice", "/console");
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let challenge = "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
    let authorize = format!("{}/oauth/authorize?client_id=cli&redirect_uri=code&response_type=code&{challenge}", server.url);
    let site = leading_to(&authorize);
    browser.open(&site);
    browser.tells("claimed-identity");
    browser.tells("all-rights");
    browser.does_not_see("because you are an administrator");
    assert_eq!(browser.address(), authorize);
    browser.press("Cancel");
    browser.explains("access_denied");

    browser.open(&authorize);
    browser.press("Authorize Command line");
    browser.tells("code");
    let code = browser.find("main code").text();
    let form = format!("grant_type=authorization_code&code={code}&redirect_uri=code&client_id=cli&code_verifier={verifier}");
    let reply = server.send("POST", "/oauth/token", &[("Content-Type", "application/x-www-form-urlencoded")], &form);
    assert_eq!(reply.status, 200, "{}", reply.body);
    // A yes to one program is none to the next.
    browser.open(&site);
    browser.tells("claimed-identity");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

pub fn a_client_is_edited_and_its_secret_rotated(driver: &Driver) {
    let server = Server::start("auto");
    server.has_client("alice", "lamp");
    let browser = driver.browser(Scripts::Run);
    browser.signs_in(&server, "alice", "/console/clients/lamp/settings");
    browser.fill("name", "Better lamp");
    browser.press("+ Add redirect URL");
    browser.script("document.activeElement.value = 'https://lamp.example/second'");
    browser.fill("attribute_key", "room");
    browser.fill("attribute_value", "kitchen");
    browser.press("+ Add attribute");
    browser.script("document.activeElement.value = 'floor'");
    browser.find("#rights-filter").types("gateways list");
    browser.sees("2 rights match.");
    browser.press("Save changes");
    browser.tells("saved");
    browser.press("Overview");
    browser.sees("Better lamp");
    browser.sees("https://lamp.example/second");
    browser.sees("room kitchen");
    browser.sees("USER_GATEWAYS_LIST");

    browser.press("Secrets");
    browser.press("Make a new secret");
    assert_eq!(browser.find("#client-secret").text().len(), 52);
    browser.press("I have saved it: go to the client");
    browser.press("Secrets");
    browser.press("Expire now …");
    browser.fill("confirm", "lamp");
    browser.press("Expire the secret now");
    browser.tells("ended");
    browser.sees("newest");
    browser.does_not_see("Expire now");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

pub fn an_administrator_approves_many_requests_and_rejects_one_with_a_reason(driver: &Driver) {
    let server = Server::start("manual");
    for id in ["lamp", "lamp-two", "bad-lamp"] {
        server.has_client("alice", id);
        server.is_told("PUT", &format!("/api/v3/clients/{id}"), &json!({"client": {"state": "STATE_REQUESTED"}, "field_mask": "state"}));
    }
    let browser = driver.browser(Scripts::Run);
    browser.signs_in(&server, "admin", "/console");
    browser.press("Open the review queue");
    browser.press("Reject bad-lamp");
    browser.explains("no_reason");
    browser.fill("reason", "We have lamps.");
    browser.press("Reject bad-lamp");
    browser.tells("rejected");
    browser.find("input[name=every]").press();
    browser.press("Approve selected");
    browser.tells("no-requests");
    browser.signs_out();
    browser.signs_in(&server, "alice", "/console/clients/bad-lamp");
    browser.sees("We have lamps.");
    browser.open(&format!("{}/console/clients/lamp", server.url));
    browser.find("[data-state=approved]");
}

pub fn a_client_is_deleted_restored_and_purged(driver: &Driver) {
    let server = Server::start("auto");
    server.has_client("alice", "lamp");
    let browser = driver.browser(Scripts::Run);
    browser.signs_in(&server, "admin", "/console/clients/lamp/danger");
    browser.press("Delete OAuth client");
    browser.tells("deleted");
    browser.press("Restore");
    browser.tells("restored");
    browser.press("Danger zone");
    browser.press("Purge OAuth client …");
    browser.fill("confirm", "lam");
    browser.press("Purge lamp");
    browser.explains("not_confirmed");
    browser.fill("confirm", "lamp");
    browser.press("Purge lamp");
    browser.tells("purged");
    browser.open(&format!("{}/console/clients/lamp", server.url));
    browser.explains("client_not_found");
}

pub fn a_collaborator_is_added_and_removed(driver: &Driver) {
    let server = Server::start("auto");
    server.has_user("bob");
    server.has_client("alice", "lamp");
    server.is_told("POST", "/api/v3/users/admin/organizations", &json!({"organization": {"ids": {"organization_id": "bob-corp"}}}));
    let browser = driver.browser(Scripts::Run);
    browser.signs_in(&server, "alice", "/console/clients/lamp/collaborators");
    browser.press("+ Add collaborator");
    browser.fill("account", "corp");
    browser.find("#suggestions option[value=bob-corp]");
    browser.fill("account", "bob-corp");
    assert_eq!(browser.find("[name=kind]").value(), "organization");
    browser.fill("account", "bob");
    browser.find("#suggestions option[value=bob]");
    assert_eq!(browser.find("[name=kind]").value(), "user");
    browser.press("OAuth clients 0 of 5");
    browser.find("input[value=CLIENT]").press();
    browser.sees("5 of 5");
    browser.press("Add collaborator");
    browser.tells("added");
    browser.press("bob");
    browser.press("Remove collaborator");
    browser.tells("removed");
    browser.does_not_see("bob");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// What needs no script is done without any.
pub fn a_client_is_registered_and_approved_with_scripts_blocked(driver: &Driver) {
    let server = Server::start("manual");
    let browser = driver.browser(Scripts::Blocked);
    browser.signs_in(&server, "alice", "/console/add/client");
    assert!(!browser.text().contains("Filter rights"), "a script ran");
    browser.fill("id", "x");
    browser.fill("redirect_uris", "https://lamp.example/callback");
    browser.press("Create OAuth client");
    browser.explains("validation");
    assert_eq!(browser.find("[name=redirect_uris]").value(), "https://lamp.example/callback");
    browser.registers("lamp");
    browser.tells("client-waits");
    assert_eq!(browser.find("#client-secret").text().len(), 52);
    browser.signs_out();
    browser.signs_in(&server, "admin", "/console/review");
    browser.press("Approve lamp");
    browser.explains("blocking_findings");
    browser.find("[name=despite-lamp]").press();
    browser.press("Approve lamp");
    browser.sees("Approved lamp.");
    browser.tells("approved");
    browser.tells("no-requests");
}

pub fn what_somebody_else_saved_meanwhile_is_shown_before_it_is_overwritten(driver: &Driver) {
    let server = Server::start("auto");
    server.has_client("alice", "lamp");
    let browser = driver.browser(Scripts::Run);
    browser.signs_in(&server, "alice", "/console/clients/lamp/settings");
    browser.fill("name", "My lamp");
    let long = format!("https://lamp.example/{}", "callback-".repeat(10));
    let theirs = json!({"name": "Our lamp", "redirect_uris": [long], "attributes": {"room": "kitchen", "floor": "3"}});
    server.is_told("PUT", "/api/v3/clients/lamp", &json!({"client": theirs, "field_mask": "name,redirect_uris,attributes"}));
    browser.has_width(360);
    browser.press("Save changes");
    browser.explains("changed_meanwhile");
    browser.tells("changed");
    browser.sees("floor: 3, room: kitchen");
    browser.sees("Our lamp");
    assert_eq!(browser.script("return document.documentElement.scrollWidth"), 360, "nothing is wider than the narrowest screen");
    assert_eq!(browser.find("[name=name]").value(), "My lamp");
    browser.press("Save changes");
    browser.tells("saved");
    assert_eq!(browser.find("h1").text(), "My lamp");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

pub fn an_organization_gets_a_key_that_is_changed_and_deleted(driver: &Driver) {
    let server = Server::start("auto");
    let browser = driver.browser(Scripts::Run);
    browser.signs_in(&server, "alice", "/console/add/organization");
    browser.fill("id", "acme-corp");
    browser.press("Create organization");
    browser.find("[href='/console/organizations/acme-corp/api-keys']").press();
    browser.press("Create your first API key");
    browser.fill("name", "robot");
    browser.find("#rights-filter").types("RIGHT_ORGANIZATION_INFO");
    browser.find("input[value=RIGHT_ORGANIZATION_INFO]").press();
    browser.press("Create API key");
    let key = browser.find("#api-key").text();
    let id = key.split('.').nth(1).expect("an ID");
    let bearer = format!("Bearer {key}");
    let status = || server.send("GET", "/api/v3/auth_info", &[("Authorization", &bearer)], "").status;
    assert_eq!(status(), 200);
    browser.press("I have saved it: go to the API keys");
    browser.press(id);
    browser.fill("name", "old robot");
    browser.press("Save changes");
    browser.tells("saved");
    browser.press("Delete …");
    browser.fill("confirm", "old robot");
    browser.press("Delete the API key old robot");
    browser.tells("no-api-keys");
    assert_eq!(status(), 401);
}

/// The kind of application, then a name; its ID and its grants follow until somebody chooses others.
pub fn what_is_chosen_for_a_new_client_follows_from_where_it_runs_and_what_it_is_called(driver: &Driver) {
    let server = Server::start("auto");
    let browser = driver.browser(Scripts::Run);
    browser.signs_in(&server, "alice", "/console/add/client");
    browser.find("input[value=device]").press();
    let ticked = || browser.script("return [...document.querySelectorAll('input[name=grants]:checked')].map((box) => box.value)");
    assert_eq!(ticked(), json!(["GRANT_AUTHORIZATION_CODE", "GRANT_REFRESH_TOKEN"]));
    browser.find("input[value=server]").press();
    assert_eq!(ticked(), json!(["GRANT_AUTHORIZATION_CODE"]));
    browser.fill("name", "Größe of Things!");
    assert_eq!(browser.find("#id").value(), "groesse-of-things");
    browser.find(".live.good");
    browser.fill("id", "mine");
    browser.fill("name", "Another name");
    assert_eq!(browser.find("#id").value(), "mine");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
