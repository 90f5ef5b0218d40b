//! Every row of the Console, walked: whom it refuses, and one example that succeeds.

use keyfob::http::request::Method;
use keyfob::routes::{ConsoleAccess, Guard, ROUTES, Route};

use crate::browser::{Browser, PASSWORD};
use crate::console::{Fields, Fixture};
use crate::pages::headings_are_in_order;

/// The path with the names of the fixture in it.
pub fn target(fixture: &Fixture, route: &Route) -> String {
    let own = route.path.starts_with("/console/users") || route.path.contains("/{kind}/");
    route
        .path
        .replace("{client_id}", "my-app")
        .replace("{organization_id}", "acme-corp")
        .replace("{user_id}", if route.name == "console.user.session.end" { "alice" } else { "mallory" })
        .replace("{kind}", "user")
        .replace("{account_id}", if own { "mallory" } else { "alice" })
        .replace("{secret_number}", &fixture.old_secret)
        .replace("{key_id}", if route.path.contains("{organization_id}") { &fixture.organization_key_id } else { &fixture.key_id })
        .replace("{token_id}", &fixture.token_id)
        .replace("{session_id}", &fixture.session_id)
        .replace("{event_number}", &fixture.event_number)
        .replace("{snippet}", "curl")
}

/// What a form sends. Rows that are not here need nothing.
pub fn fields(route: &Route) -> Fields {
    match route.name {
        "console.client.add" => &[
            ("id", "new-app"),
            ("owner", "user:alice"),
            ("redirect_uris", "https://new.example/cb"),
            ("grants", "GRANT_AUTHORIZATION_CODE"),
            ("rights", "RIGHT_USER_INFO"),
        ],
        "console.client.settings" => &[("name", "New name"), ("rights", "RIGHT_USER_INFO")],
        "console.client.secrets.rotate" => &[("grace", "3600")],
        "console.client.collaborator.add" => &[("kind", "user"), ("account", "stranger"), ("rights", "RIGHT_CLIENT_INFO")],
        "console.client.collaborator" => &[("rights", "RIGHT_CLIENT_INFO")],
        "console.organization.member.add" => &[("account", "stranger"), ("rights", "RIGHT_ORGANIZATION_INFO")],
        "console.organization.member" => &[("rights", "RIGHT_ORGANIZATION_INFO")],
        "console.client.purge"
        | "console.client.secrets.end"
        | "console.client.secrets.replace"
        | "console.client.secrets.remove"
        | "console.client.authorizations.revoke"
        | "console.authorization.revoke"
        | "console.token.end"
        | "console.token.end_all" => &[("confirm", "my-app")],
        "console.api_key.delete" => &[("confirm", "k")],
        "console.organization.api_key.delete" => &[("confirm", "ok")],
        "console.user.purge" => &[("confirm", "mallory")],
        "console.organization.purge" => &[("confirm", "acme-corp")],
        "console.review" => &[("client", "waiting-app"), ("approve", "")],
        "console.user.add" => {
            &[("id", "newcomer"), ("primary_email_address", "n@example.com"), ("password", "Good-passw0rd"), ("state", "STATE_APPROVED")]
        }
        "console.user" => &[("primary_email_address", "mallory@example.com"), ("state", "STATE_SUSPENDED")],
        "console.organization.add" => &[("id", "new-corp")],
        "console.organization" => &[("name", "New name")],
        "console.api_key" => &[("name", "k"), ("rights", "RIGHT_USER_INFO"), ("expires", "2030-01-31")],
        "console.organization.api_key" => &[("name", "ok"), ("rights", "RIGHT_ORGANIZATION_INFO"), ("expires", "2030-01-31")],
        "console.organization.api_key.add" => &[("name", "new"), ("rights", "RIGHT_ORGANIZATION_INFO")],
        "console.api_key.add" => &[("name", "new"), ("rights", "RIGHT_USER_INFO")],
        "console.profile" => &[("name", "New name"), ("primary_email_address", "other@example.com")],
        "console.theme" => &[("theme", "dark"), ("back", "/console/clients?page=2")],
        "console.password" => &[("old", PASSWORD), ("password", "Other-passw0rd")],
        _ => &[],
    }
}

/// Makes what a row needs before it can succeed, and returns the browser of somebody whom it admits.
pub fn prepared(fixture: &Fixture, route: &Route, access: ConsoleAccess) -> Browser {
    match route.name {
        "console.client.trial" | "console.client.review" => fixture.server.has_state("my-app", "STATE_REQUESTED"),
        "console.client.restore" => drop(fixture.server.check("alice", "DELETE", "/api/v3/clients/my-app", "", "200")),
        "console.organization.restore" => drop(fixture.server.check("alice", "DELETE", "/api/v3/organizations/acme-corp", "", "200")),
        "console.user.restore" => drop(fixture.server.check("admin", "DELETE", "/api/v3/users/mallory", "", "200")),
        _ => {}
    }
    if matches!(access, ConsoleAccess::Admin(_)) { fixture.admin.clone() } else { fixture.alice.clone() }
}

fn rows() -> impl Iterator<Item = (&'static Route, ConsoleAccess)> {
    ROUTES.iter().filter_map(|route| match route.guard {
        Guard::Console(pass) => Some((route, pass)),
        _ => None,
    })
}

#[test]
fn one_example_of_every_row_of_the_console_succeeds() {
    for (route, pass) in rows() {
        let fixture = Fixture::new();
        let mut browser = prepared(&fixture, route, pass);
        let target = target(&fixture, route);
        let answer = match route.method {
            Method::Get => browser.get(&fixture.server, &target),
            _ => browser.sends_form(&fixture.server, &target, fields(route)),
        };
        assert!(matches!(answer.status, 200 | 303), "{} {target}: {}\n{}", route.method.name(), answer.status, answer.text());
        if route.method == Method::Get && answer.header("Content-Type").is_some_and(|kind| kind.starts_with("text/html")) {
            let page = answer.text();
            headings_are_in_order(&page);
            assert!(!page.contains("style=\"") && !page.contains("<script>") && !page.contains("onclick"), "{target} has something inline");
            let (posts, tokens) = (page.matches("method=\"post\"").count(), page.matches("name=\"_csrf\"").count());
            assert_eq!(posts, tokens, "{target} has a form that does not prove to be of this page");
        }
    }
}

#[test]
fn who_is_not_signed_in_is_led_to_sign_in_and_back() {
    let fixture = Fixture::new();
    for (route, _) in rows().filter(|(route, _)| route.method == Method::Get) {
        let target = target(&fixture, route);
        let answer = fixture.server.send("anon", "GET", &format!("{target}?page=2"), "");
        assert_eq!(answer.status, 302, "{target}");
        assert_eq!(answer.location_parameter("n"), Some(format!("{target}?page=2")), "{target}");
    }
}

#[test]
fn a_stranger_sees_and_changes_nothing_of_others() {
    let fixture = Fixture::new();
    for (route, pass) in rows() {
        let mut stranger = fixture.stranger.clone();
        let target = target(&fixture, route);
        let answer = match route.method {
            Method::Get => stranger.get(&fixture.server, &target),
            _ => stranger.sends_form(&fixture.server, &target, fields(route)),
        };
        if matches!(pass, ConsoleAccess::Admin(_) | ConsoleAccess::Holds(_) | ConsoleAccess::HoldsEvenDeleted(_)) {
            assert_eq!(answer.status, 403, "{} {target}\n{}", route.method.name(), answer.text());
        }
        // A refusal may repeat what the address says.
        if route.method == Method::Get && answer.status == 200 {
            assert!(![&fixture.key_id, &fixture.token_id, &fixture.session_id].iter().any(|id| answer.text().contains(*id)), "{target}");
        }
    }
    // Where anybody may knock, what is named must still be one's own.
    let Fixture { server, key_id, token_id, session_id, .. } = &fixture;
    for (list, id) in [("api-keys", key_id), ("authorizations/my-app/tokens", token_id), ("sessions", session_id)] {
        assert!(server.check("alice", "GET", &format!("/api/v3/users/alice/{list}"), "", "200").text().contains(id), "{list}");
    }
}

#[test]
fn nothing_is_changed_without_the_token_of_a_page_or_from_another_site() {
    let fixture = Fixture::new();
    for (route, pass) in rows().filter(|(route, _)| route.method == Method::Post) {
        let mut browser = if matches!(pass, ConsoleAccess::Admin(_)) { fixture.admin.clone() } else { fixture.alice.clone() };
        let target = target(&fixture, route);
        let without = browser.post(&fixture.server, &target, fields(route));
        assert_eq!(without.status, 403, "{target}");
        let body = browser.form_of(&fixture.server, &target, fields(route));
        let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Sec-Fetch-Site", "cross-site")];
        let elsewhere = browser.send(&fixture.server, "POST", &target, &headers, &body);
        assert_eq!(elsewhere.status, 403, "{target}");
    }
    let made = fixture.server.send("admin", "GET", "/api/v3/clients/my-app?field_mask=name", "");
    assert_eq!((made.status, made.json()["name"].as_str()), (200, Some("my-app")));
}

#[test]
fn an_address_that_only_takes_forms_says_so_to_a_reader_and_leads_back() {
    let fixture = Fixture::new();
    let mut admin = crate::console::signed_in_admin(&fixture.server);
    let has_page = |path: &str| ROUTES.iter().any(|other| other.path == path && other.method == Method::Get);
    let routes: Vec<&Route> = ROUTES.iter().filter(|route| route.path.starts_with("/console/") && !has_page(route.path)).collect();
    assert!(routes.len() >= 10, "only {}", routes.len());
    for route in routes {
        let target = target(&fixture, route);
        let answer = admin.send(&fixture.server, "GET", &target, &[("Accept", "text/html")], "");
        let page = answer.text();
        assert_eq!((answer.status, answer.header("Allow")), (405, Some("POST")), "{target}");
        assert!(page.contains("has no page of its own") && page.contains("href=\"/console\"") && !page.contains("POST"), "{target} {page}");
    }
}
