//! What pages say to people: where they are, why something cannot be done, and in words of their own.

use keyfob::model::settings::Settings;
use serde_json::json;

use crate::browser::{Browser, authorize_target};
use crate::console::{new_client, signed_in_admin};
use crate::server::{Answer, Server};

const HTML: (&str, &str) = ("Accept", "text/html");
const MENU: &str = "<nav class=\"menu\" id=\"menu\" tabindex=\"-1\" aria-label=\"Console\">";

/// Headings begin with the first level, once, and leave none out on the way down, so that a screen reader's list of them is a table of contents.
#[track_caller]
pub fn headings_are_in_order(page: &str) {
    let levels: Vec<u32> = page.split("<h").filter_map(|rest| rest.chars().next()?.to_digit(10)).collect();
    assert_eq!((levels.first(), levels.iter().filter(|level| **level == 1).count()), (Some(&1), 1), "{levels:?} in {page}");
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?} in {page}");
}

#[test]
fn the_headings_of_the_page_that_asks_are_in_order() {
    let server = fixture();
    server.has_app("alice", "other-app", &["RIGHT_USER_INFO", "RIGHT_CLIENT_INFO"]);
    let page = server.signed_in("alice").opens(&server, &authorize_target("other-app", &[]));
    assert!(page.asks_for_consent(), "{}", page.text());
    let page = page.text();
    headings_are_in_order(&page);
    let heads: Vec<&str> = page.split("<h").filter(|rest| rest.starts_with(['2', '3'])).map(|rest| &rest[..1]).collect();
    assert_eq!(heads, ["2", "3", "3", "2"], "groups of rights stand below what is asked");
}

/// Alice has `my-app`; bob waits for approval.
fn fixture() -> Server {
    let mut server = Server::start();
    server.has_user("alice");
    server.has_user("bob");
    server.has_app("alice", "my-app", &["RIGHT_USER_INFO"]);
    server.check("admin", "PUT", "/api/v3/users/bob", r#"{"user":{"state":"STATE_REQUESTED"},"field_mask":"state"}"#, "200");
    server
}

fn under(server: &Server, browser: &mut Browser, host: &str) -> Answer {
    browser.send(server, "GET", "/console/clients/my-app", &[("Host", host)], "")
}

#[test]
fn who_opened_a_page_under_another_name_is_told_that_its_addresses_name_the_public_url() {
    let server = fixture();
    let mut alice = server.signed_in("alice");
    for host in ["keyfob.home.arpa:1885", "192.0.2.7:1885", "127.0.0.1:1886", "evil.example"] {
        let page = under(&server, &mut alice, host);
        page.tells("other-host");
        let page = page.text();
        assert!(page.contains(&format!("<code>{host}</code>")) && page.contains("--public-url"), "{page}");
        assert!(
            page.contains("http://127.0.0.1:1885/oauth/token") && !page.contains(&format!("{host}/oauth")),
            "nobody's word is taken for it"
        );
    }
    let form = alice.form_of(&server, "/console/add/api-key", &[("name", "k"), ("rights", "RIGHT_USER_INFO")]);
    let headers = [("Host", "nas:1885"), ("Content-Type", "application/x-www-form-urlencoded")];
    let made = alice.send(&server, "POST", "/console/add/api-key", &headers, &form);
    assert!(made.status == 200 && made.text().contains("<code>nas:1885</code>"), "{}", made.text());
    let form = alice.form_of(&server, "/console/add/client", &new_client(&[]));
    let made = alice.send(&server, "POST", "/console/add/client", &headers, &form);
    assert!(made.status == 200 && made.text().contains("<code>nas:1885</code>"), "{}", made.text());

    for host in ["127.0.0.1:1885", "localhost:1885"] {
        under(&server, &mut alice, host).does_not_tell("other-host");
    }
    // A proxy with TLS may call it otherwise than the world does.
    let mut server = Server::with(Settings { public_url: "https://id.example".to_owned(), ..Settings::default() });
    server.has_user("alice");
    server.has_app("alice", "my-app", &[]);
    let page = under(&server, &mut server.signed_in("alice"), "127.0.0.1:1885");
    assert_eq!(page.status, 200);
    page.does_not_tell("other-host");
}

#[test]
fn who_waits_for_approval_is_offered_nothing_to_add_and_told_why() {
    let server = fixture();
    let (mut alice, mut bob) = (server.signed_in("alice"), server.signed_in("bob"));
    for target in ["/console", "/console/clients", "/console/api-keys", "/console/organizations"] {
        let adds = |page: &str| page.contains("href=\"/console/add/");
        let page = bob.get(&server, target);
        page.tells("account-waits");
        let page = page.text();
        assert!(!adds(&page) && page.contains(MENU), "{target}: {page}");
        assert!(adds(&alice.get(&server, target).text()), "{target}");
    }
}

#[test]
fn an_error_in_the_console_keeps_its_menu() {
    let server = fixture();
    let mut bob = server.signed_in("bob");
    for (who, target, status, error) in [
        ("alice", "/console/clients/no-such-app", 403, &["no_client_rights"][..]),
        ("alice", "/console/api-keys/none", 404, &["api_key_not_found"]),
        ("alice", "/console/users", 403, &["permission_denied"]),
        ("alice", "/console/organizations/NO!", 404, &[]),
        ("bob", "/console/add/client", 403, &["insufficient_user_rights"]),
    ] {
        let mut browser = server.signed_in(who);
        let page = browser.send(&server, "GET", target, &[HTML], "");
        assert_eq!((page.status, page.errors()), (status, error.iter().map(ToString::to_string).collect()), "{target}");
        if who == "bob" {
            page.tells("account-waits");
        }
        let text = page.text();
        assert!(text.contains(MENU), "{target}: {text}");
        assert!(text.contains(page.header("X-Request-Id").expect("an ID")), "{target}: {text}");
        let program = browser.get(&server, target);
        assert_eq!((program.status, program.json().is_object()), (status, true), "{target}");
    }
    let form = bob.form_of(&server, "/console", &[]);
    let headers = [HTML, ("Content-Type", "application/x-www-form-urlencoded")];
    let refused = bob.send(&server, "POST", "/console/clients/my-app/delete", &headers, &form);
    assert!(refused.status == 403 && refused.text().contains(MENU), "{} {}", refused.status, refused.text());
}

#[test]
fn a_form_says_in_words_what_an_id_is() {
    let server = fixture();
    let mut admin = signed_in_admin(&server);
    for (kind, rule) in [
        ("client", "Use 3 to 36 lowercase letters, digits and single dashes."),
        ("organization", "Use 3 to 36 lowercase letters, digits and single dashes."),
        ("user", "Use 2 to 36 lowercase letters, digits and single dashes."),
    ] {
        let long = "x".repeat(37);
        for id in ["Garden Lights!", "x", "", &long] {
            let page = admin.sends_form(&server, &format!("/console/add/{kind}"), &[("id", id), ("password", "Good-passw0rd")]);
            let text = page.text();
            assert!(page.status == 400 && text.contains(&format!("<p class=\"problem\" id=\"id-problem\">{rule}")), "{kind} {id}: {text}");
        }
        let check = admin.get(&server, &format!("/console/check/{kind}/Garden%20Lights!")).json();
        assert_eq!(check["problem"], rule, "{kind}");
    }
}

#[test]
fn one_is_no_plural() {
    let server = fixture();
    let secret = server.check("alice", "POST", "/api/v3/clients/my-app/secret", "", "200").json();
    let code = server.signed_in("alice").code(&server, "my-app", &[]);
    server.tokens("my-app", secret["secret"].as_str().expect("a secret"), &code);
    server.signed_in("alice").sees(&server, "/console/clients/my-app", &["1 token in the last 30 days"]);
    let mut stranger = Browser::default();
    let mut wrong = || stranger.post(&server, "/oauth/login", &[("user_id", "alice"), ("password", "wrong")]);
    let slow = (0..20).map(|_| wrong()).find(|answer| answer.status == 429).expect("it slows down");
    assert_eq!(slow.header("Retry-After"), Some("1"));
    assert!(slow.text().contains("try again in 1 second."), "{}", slow.text());
}

#[test]
fn the_review_queue_repeats_no_reason_that_is_that_of_all() {
    let server = fixture();
    server.has_state("my-app", "STATE_REQUESTED");
    let described = |text: &str| {
        let body = format!(r#"{{"client":{{"state_description":"{text}"}},"field_mask":"state_description"}}"#);
        server.check("admin", "PUT", "/api/v3/clients/my-app", &body, "200");
        signed_in_admin(&server).get(&server, "/console/review").text()
    };
    assert!(!described("admin approval required").contains("approval required"));
    let page = described("admin approval required again, for a change of name");
    assert!(page.contains("<p>Admin approval required again, for a change of Name.</p>"), "{page}");
    assert!(page.contains("As users read them when they are asked") && !page.contains("Your account"), "{page}");
}

#[test]
fn what_others_wrote_does_not_change_how_the_words_around_it_are_read() {
    let server = fixture();
    let steering = "Good \u{202e}ppa dab";
    let change = json!({"client": {"name": steering, "description": steering}, "field_mask": {"paths": ["name", "description"]}});
    server.check("admin", "PUT", "/api/v3/clients/my-app", &change.to_string(), "200");
    let consent = server.signed_in("alice").opens(&server, &authorize_target("my-app", &[]));
    assert!(consent.asks_for_consent(), "{}", consent.text());
    let consent = consent.text();
    assert!(consent.contains("Good \\u{202e}ppa dab") && !consent.contains('\u{202e}'), "{consent}");
    let settings = signed_in_admin(&server).get(&server, "/console/clients/my-app/settings").text();
    // What is edited is sent back as it was.
    let edited = format!("value=\"{steering}\"");
    assert!(settings.contains(&edited) && settings.contains(&format!(">{steering}</textarea>")), "{settings}");
    assert!(settings.contains("Good \\u{202e}ppa dab"), "{settings}");
}
