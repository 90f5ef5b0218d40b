//! The Console, as a browser without scripts meets it.

use keyfob::model::settings::Settings;
use serde_json::json;

use crate::browser::{Browser, PASSWORD, form};
use crate::server::{Answer, Server};

/// What somebody fills in.
pub type Fields = &'static [(&'static str, &'static str)];

/// Alice with clients, an organization and a key; mallory, who is a collaborator of both; a stranger; and the administrator.
pub struct Fixture {
    pub server: Server,
    pub alice: Browser,
    pub stranger: Browser,
    pub admin: Browser,
    pub old_secret: String,
    pub key_id: String,
    pub organization_key_id: String,
    pub token_id: String,
    pub session_id: String,
    /// A change of `my-app` that can be undone.
    pub event_number: String,
}

impl Fixture {
    pub fn new() -> Fixture {
        Fixture::on(Server::start())
    }

    pub fn on(mut server: Server) -> Fixture {
        for user in ["alice", "mallory", "stranger"] {
            server.has_user(user);
        }
        let secret = server.has_app("alice", "my-app", &["RIGHT_USER_INFO"]);
        server.has_client("mallory", "waiting-app");
        server.has_organization("alice", "acme-corp");
        let member = |right: &str| json!({"collaborator": {"ids": {"user_ids": {"user_id": "mallory"}}, "rights": [right]}}).to_string();
        server.check("alice", "PUT", "/api/v3/clients/my-app/collaborators", &member("RIGHT_CLIENT_INFO"), "200");
        server.check("alice", "PUT", "/api/v3/organizations/acme-corp/collaborators", &member("RIGHT_ORGANIZATION_INFO"), "200");
        let mut alice = server.signed_in("alice");
        let code = alice.code(&server, "my-app", &[]);
        let tokens = server.tokens("my-app", &secret, &code);
        server.check("alice", "POST", "/api/v3/clients/my-app/secret", r#"{"grace":"86400s"}"#, "200");
        let key = server.check("alice", "POST", "/api/v3/users/alice/api-keys", r#"{"name":"k","rights":["RIGHT_USER_INFO"]}"#, "200");
        let organization_key = r#"{"name":"ok","rights":["RIGHT_ORGANIZATION_INFO"]}"#;
        let organization_key = server.check("alice", "POST", "/api/v3/organizations/acme-corp/api-keys", organization_key, "200").json();
        let sessions = server.check("alice", "GET", "/api/v3/users/alice/sessions", "", "200").json();
        let admin = signed_in_admin(&server);
        Fixture {
            event_number: server.changes_description("my-app"),
            stranger: server.signed_in("stranger"),
            admin,
            alice,
            // The first one ever made: rotated away, still good for a day.
            old_secret: "1".to_owned(),
            key_id: key.json()["id"].as_str().expect("an ID").to_owned(),
            organization_key_id: organization_key["id"].as_str().expect("an ID").to_owned(),
            token_id: tokens.access.split('.').nth(1).expect("an ID").to_owned(),
            session_id: sessions["sessions"][0]["session_id"].as_str().expect("an ID").to_owned(),
            server,
        }
    }
}

impl Server {
    /// Alice describes a client anew. The number of the event.
    pub fn changes_description(&self, client: &str) -> String {
        let body = json!({"client": {"description": "Another description"}, "field_mask": "description"}).to_string();
        self.check("alice", "PUT", &format!("/api/v3/clients/{client}"), &body, "200");
        self.app.store().read(|tx| tx.newest_event()).expect("a number").to_string()
    }
}

/// A browser of the administrator.
pub fn signed_in_admin(server: &Server) -> Browser {
    let mut browser = Browser::default();
    let answer = browser.post(server, "/oauth/api/auth/login", &[("user_id", "admin"), ("password", "Correct-horse-battery-staple-9")]);
    assert_eq!(answer.status, 204, "{}", answer.text());
    browser
}

impl Browser {
    /// The body of a form with what its page gives along: the token, and what it has seen.
    pub fn form_of(&mut self, server: &Server, target: &str, fields: &[(&str, &str)]) -> String {
        let token = self.form_token(server, "/console");
        let is_late = fields.iter().any(|(name, _)| *name == "seen");
        let carried = if is_late { Vec::new() } else { carried_by(&self.get(server, target)) };
        let carried: Vec<(&str, &str)> = carried.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        form(&[fields, &[("_csrf", &token)], &carried].concat())
    }

    /// Fills in a form and sends it.
    pub fn sends_form(&mut self, server: &Server, target: &str, fields: &[(&str, &str)]) -> Answer {
        let body = self.form_of(server, target, fields);
        self.send(server, "POST", target, &[("Content-Type", "application/x-www-form-urlencoded")], &body)
    }

    /// A page that is there and says this.
    #[track_caller]
    pub fn sees(&mut self, server: &Server, target: &str, texts: &[&str]) {
        let answer = self.get(server, target);
        assert_eq!(answer.status, 200, "{target}");
        for text in texts {
            assert!(answer.text().contains(text), "{target} does not say {text}\n{}", answer.text());
        }
    }
}

/// What the form of a page has seen.
pub fn seen_by(page: &Answer) -> Option<String> {
    carried_by(page).into_iter().find_map(|(name, value)| (name == "seen").then_some(value))
}

/// What a form sends along of what its page has seen: in the review queue of each client too.
pub fn carried_by(page: &Answer) -> Vec<(String, String)> {
    let page = page.text();
    let inputs = page.split("name=\"").filter_map(|rest| rest.split_once("\" value=\""));
    let seen = inputs.filter(|(name, _)| *name == "seen" || name.starts_with("seen-"));
    seen.map(|(name, rest)| (name.to_owned(), rest.split('"').next().unwrap_or_default().to_owned())).collect()
}

/// The form of a new client; more fields replace those of the same name.
pub fn new_client(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let usual = [
        ("id", "my-client"),
        ("owner", "user:alice"),
        ("name", "My <Client>"),
        ("description", "Does & undoes"),
        ("redirect_uris", "https://app.example/cb"),
        ("redirect_uris", ""),
        ("grants", "GRANT_AUTHORIZATION_CODE"),
        ("rights", "RIGHT_USER_INFO"),
    ];
    usual.into_iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name)).chain(more.iter().copied()).collect()
}

/// What is marked on a page as shown once.
pub fn secret_of(answer: &Answer) -> String {
    answer.text_of("client-secret")
}

pub fn server_with_alice() -> (Server, Browser) {
    let mut server = Server::with(Settings::default());
    server.has_user("alice");
    let alice = server.signed_in("alice");
    (server, alice)
}

#[test]
fn the_way_of_the_guide_leads_to_the_form_of_a_new_client() {
    let (server, mut alice) = server_with_alice();
    alice.sees(&server, "/console", &["<a href=\"/console/clients\">OAuth clients</a>"]);
    alice.opens(&server, "/console/clients").tells("no-clients");
    alice.sees(&server, "/console/clients", &["href=\"/console/add/client\""]);
    let words = ["OAuth Client ID", "Name", "Description", "Redirect URLs", "Logout redirect URLs", "Grant types", "minimum set of rights"];
    alice.sees(&server, "/console/add/client", &words);
    let page = alice.get(&server, "/console/add/client").text();
    assert!(!page.contains("Advanced administrator options") && !page.contains("GRANT_PASSWORD"));
    let words = ["Advanced administrator options", "Skip Authorization", "Endorsed", "State description", "GRANT_PASSWORD"];
    signed_in_admin(&server).sees(&server, "/console/add/client", &words);
}

#[test]
fn a_new_clients_secret_is_shown_once_and_works() {
    let (server, mut alice) = server_with_alice();
    let answer = alice.sends_form(&server, "/console/add/client", &new_client(&[]));
    assert_eq!((answer.status, answer.header("Cache-Control")), (200, Some("no-store")), "{}", answer.text());
    assert_eq!(answer.header("Location"), None);
    let secret = secret_of(&answer);
    assert_eq!(secret.len(), 52);
    let code = alice.code(&server, "my-client", &[]);
    server.tokens("my-client", &secret, &code);
    for tab in ["", "/settings", "/secrets", "/activity", "/collaborators"] {
        let page = alice.get(&server, &format!("/console/clients/my-client{tab}"));
        assert_eq!(page.status, 200, "{tab}");
        assert!(!page.text().contains(&secret), "{tab} shows the secret again");
    }
    alice.sees(&server, "/console/clients/my-client", &["My &lt;Client&gt;", "Does &amp; undoes", "1 token in the last 30 days"]);
}

#[test]
fn where_an_application_runs_decides_whether_it_gets_a_secret() {
    let (server, mut alice) = server_with_alice();
    for (id, kind, has_secret) in [("of-server", "server", true), ("of-browser", "app", false), ("of-device", "device", false)] {
        let page = alice.sends_form(&server, "/console/add/client", &new_client(&[("id", id), ("kind", kind)]));
        assert_eq!(page.status, 200, "{}", page.text());
        page.tells("client-ready");
        assert_eq!(page.text().contains("id=\"client-secret\""), has_secret, "{kind}");
        assert_eq!(page.text().contains("OAUTH_CLIENT_SECRET="), has_secret, "{kind}");
        let secrets = alice.opens(&server, &format!("/console/clients/{id}/secrets"));
        if has_secret {
            secrets.does_not_tell("public")
        } else {
            secrets.tells("public")
        }
        // One registration is one event.
        let events = alice.opens(&server, &format!("/console/clients/{id}/activity"));
        assert_eq!(events.items(), ["client.create"], "{kind}");
    }
    let page = alice.opens(&server, "/console/add/client?kind=device").text();
    assert!(page.contains("value=\"device\" checked") && page.contains("value=\"GRANT_REFRESH_TOKEN\" checked"), "{page}");
}

#[test]
fn an_id_that_is_left_empty_is_made_from_the_name() {
    let (server, mut alice) = server_with_alice();
    for id in ["gateway-manager", "gateway-manager-2"] {
        let page = alice.sends_form(&server, "/console/add/client", &new_client(&[("id", ""), ("name", "Gateway Manager")]));
        assert_eq!(page.status, 200, "{}", page.text());
        server.check("alice", "GET", &format!("/api/v3/clients/{id}"), "", "200");
    }
    let page = alice.sends_form(&server, "/console/add/client", &new_client(&[("id", ""), ("name", "日本")]));
    page.refuses("id", "validation");
}

#[test]
fn what_is_wrong_is_said_beside_its_field_and_what_was_typed_stays() {
    let (server, mut alice) = server_with_alice();
    let mut refused = |more: &[(&'static str, &'static str)], field: &str, error: &str, text: &str| {
        let answer = alice.sends_form(&server, "/console/add/client", &new_client(more));
        answer.refuses(field, error);
        assert!(answer.text().contains(text), "{}", answer.text());
        assert!(answer.text().contains("Does &amp; undoes") && answer.text().contains("value=\"RIGHT_USER_INFO\" checked"));
    };
    refused(&[("id", "My Client")], "id", "validation", "Use 3 to 36 lowercase letters, digits and single dashes.");
    refused(&[("id", "console")], "id", "forbidden_id", "The ID console is reserved for the service itself.");
    refused(&[("redirect_uris", "")], "redirect_uris", "no_redirect_url", "Enter at least one redirect URL.");
    let long = "0123456789012345678901234567890123456789012345678901";
    refused(&[("name", long)], "name", "validation", "The name may have at most 50 characters.");
    server.has_client("alice", "my-client");
    let answer = alice.sends_form(&server, "/console/add/client", &new_client(&[]));
    answer.refuses("id", "id_taken");
}

#[test]
fn all_rights_of_a_group_are_chosen_by_one_box_without_any_script() {
    let (server, mut alice) = server_with_alice();
    alice.sends_form(&server, "/console/add/client", &new_client(&[("rights_of", "CLIENT")]));
    let rights = server.check("alice", "GET", "/api/v3/clients/my-client?field_mask=rights", "", "200").rights();
    let expected = ["CLIENT_ALL", "CLIENT_DELETE", "CLIENT_INFO", "CLIENT_SETTINGS_BASIC", "CLIENT_SETTINGS_COLLABORATORS", "USER_INFO"];
    assert_eq!(rights, expected.map(|right| format!("RIGHT_{right}")));
}

#[test]
fn a_client_cannot_be_registered_for_somebody_else() {
    let (mut server, mut alice) = server_with_alice();
    server.has_user("bob");
    let answer = alice.sends_form(&server, "/console/add/client", &new_client(&[("owner", "user:bob")]));
    answer.explains(400, "no_user_rights");
    server.check("admin", "GET", "/api/v3/clients/my-client", "", "404");
}

#[test]
fn only_what_differs_is_changed_and_only_administrators_change_what_is_theirs() {
    let (server, mut alice) = server_with_alice();
    server.has_client("alice", "my-client");
    let sent = [
        ("name", "New name"),
        ("redirect_uris", "https://my-client.example.com/callback"),
        ("rights", "RIGHT_USER_INFO"),
        ("administrative_contact", "user:alice"),
        ("technical_contact", "user:alice"),
        ("state", "STATE_SUSPENDED"),
        ("endorsed", "true"),
    ];
    let answer = alice.sends_form(&server, "/console/clients/my-client/settings", &sent);
    assert_eq!((answer.status, answer.header("Location")), (303, Some("/console/clients/my-client/settings?done=saved")));
    let client = server.check("alice", "GET", "/api/v3/clients/my-client?field_mask=name,state,endorsed", "", "200").json();
    assert_eq!(
        (client["name"].as_str(), client["state"].as_str(), client["endorsed"].as_bool()),
        (Some("New name"), Some("STATE_APPROVED"), None)
    );
    alice.sees(&server, "/console/clients/my-client/activity", &["client.update", "New name"]);
    let answer = signed_in_admin(&server).sends_form(&server, "/console/clients/my-client/settings", &sent);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let client = server.check("alice", "GET", "/api/v3/clients/my-client?field_mask=state,endorsed", "", "200").json();
    assert_eq!((client["state"].as_str(), client["endorsed"].as_bool()), (Some("STATE_SUSPENDED"), Some(true)));
}

#[test]
fn a_rotated_secret_ends_when_it_is_told_to_and_the_newest_stays() {
    let (server, mut alice) = server_with_alice();
    let old = server.has_client("alice", "my-client");
    let answer = alice.sends_form(&server, "/console/clients/my-client/secrets", &[("grace", "86400")]);
    let new = secret_of(&answer);
    let is_good = |secret: &str| {
        server.post_form("/oauth/introspect", &[("client_id", "my-client"), ("client_secret", secret), ("token", "x")]).status == 200
    };
    assert!(is_good(&old) && is_good(&new));
    let answer = alice.sends_form(&server, "/console/clients/my-client/secrets/2/end", &[("confirm", "my-client")]);
    answer.explains(400, "newest_secret");
    alice.sees(&server, "/console/clients/my-client/secrets/1/end", &["<code>my-client</code>", "name=\"confirm\""]);
    let unconfirmed = alice.sends_form(&server, "/console/clients/my-client/secrets/1/end", &[("confirm", "my-app")]);
    unconfirmed.refuses("confirm", "not_confirmed");
    assert_eq!(alice.sends_form(&server, "/console/clients/my-client/secrets/1/end", &[("confirm", "my-client")]).status, 303);
    assert!(!is_good(&old) && is_good(&new));
    alice.sees(&server, "/console/clients/my-client/activity", &["client.secret.rotate", "client.secret.delete"]);
}

#[test]
fn a_deleted_client_is_restored_and_purged_only_by_typing_its_id() {
    let (server, mut alice) = server_with_alice();
    server.has_client("alice", "my-client");
    let answer = alice.sends_form(&server, "/console/clients/my-client/delete", &[]);
    assert_eq!(answer.header("Location"), Some("/console/clients?of=deleted&done=deleted&what=my-client"));
    alice.opens(&server, "/console/clients?of=deleted").lists(&["my-client"]);
    alice.sees(&server, "/console/clients?of=deleted", &["action=\"/console/clients/my-client/restore\""]);
    assert_eq!(alice.sends_form(&server, "/console/clients/my-client/restore", &[]).status, 303);
    let mut admin = signed_in_admin(&server);
    admin.sends_form(&server, "/console/clients/my-client/purge", &[("confirm", "my-clien")]).refuses("confirm", "not_confirmed");
    server.check("alice", "GET", "/api/v3/clients/my-client", "", "200");
    assert_eq!(admin.sends_form(&server, "/console/clients/my-client/purge", &[("confirm", "my-client")]).status, 303);
    server.check("admin", "GET", "/api/v3/clients/my-client", "", "404");
}

#[test]
fn requests_are_approved_many_at_once_and_rejected_with_a_reason_only() {
    let mut server = Server::start();
    server.has_user("alice");
    for id in ["one-app", "two-app", "bad-app"] {
        server.has_client("alice", id);
    }
    let mut admin = signed_in_admin(&server);
    admin.sees(&server, "/console", &["href=\"/console/review\"", "bad-app"]);
    admin.opens(&server, "/console/review").lists(&["bad-app", "one-app", "two-app"]);
    admin.sees(&server, "/console/review", &["view your profile", "Authorization code"]);
    let answer = admin.sends_form(&server, "/console/review", &[("reject", "bad-app")]);
    answer.refuses("reason-bad-app", "no_reason");
    let answer = admin.sends_form(&server, "/console/review", &[("reject", "bad-app"), ("reason", "Too <much>")]);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let both = [("client", "one-app"), ("client", "two-app"), ("approve", "")];
    assert_eq!(admin.sends_form(&server, "/console/review", &both).status, 303);
    let state =
        |id: &str| server.check("alice", "GET", &format!("/api/v3/clients/{id}?field_mask=state"), "", "200").json()["state"].clone();
    assert_eq!([state("one-app"), state("two-app"), state("bad-app")], ["STATE_APPROVED", "STATE_APPROVED", "STATE_REJECTED"]);
    let mut alice = server.signed_in("alice");
    assert_eq!(alice.opens(&server, "/console/clients/bad-app").states(), ["rejected"]);
    alice.sees(&server, "/console/clients/bad-app", &["Too &lt;much&gt;"]);
    admin.opens(&server, "/console/review").tells("no-requests");
}

#[test]
fn the_last_owner_stays_and_is_told_why() {
    let (mut server, mut alice) = server_with_alice();
    server.has_client("alice", "my-client");
    server.has_user("bob");
    let base = "/console/clients/my-client/collaborators";
    let answer =
        alice.sends_form(&server, &format!("{base}/add"), &[("kind", "user"), ("account", "nobody"), ("rights", "RIGHT_CLIENT_INFO")]);
    answer.refuses("account", "account_not_found");
    let answer =
        alice.sends_form(&server, &format!("{base}/add"), &[("kind", "user"), ("account", "bob"), ("rights", "RIGHT_CLIENT_INFO")]);
    assert_eq!(answer.status, 303, "{}", answer.text());
    alice.opens(&server, base).lists(&["alice", "bob"]);
    alice.sees(&server, base, &["CLIENT_INFO"]);
    server.signed_in("bob").opens(&server, "/console/clients").lists(&["my-client"]);
    let answer = alice.sends_form(&server, &format!("{base}/user/alice/remove"), &[("confirm", "my-client")]);
    answer.explains(400, "collaborator_is_contact");
    assert_eq!(alice.sends_form(&server, &format!("{base}/user/bob/remove"), &[]).status, 303);
    assert_eq!(server.signed_in("bob").get(&server, "/console/clients/my-client").status, 403);
}

#[test]
fn guessing_the_password_in_a_session_slows_down() {
    let (server, mut alice) = server_with_alice();
    let wrong = [("old", "wrong"), ("password", "Another-passw0rd")];
    for _ in 0..5 {
        assert_eq!(alice.sends_form(&server, "/console/password", &wrong).status, 400);
    }
    let right = [("old", PASSWORD), ("password", "Another-passw0rd")];
    let locked = alice.sends_form(&server, "/console/password", &right);
    locked.explains(429, "too_many_failures");
    server.wait_seconds(2);
    assert_eq!(alice.sends_form(&server, "/console/password", &right).status, 303);
}

#[test]
fn what_administrators_say_of_a_client_is_for_those_who_may_read_it() {
    let (mut server, mut alice) = server_with_alice();
    server.has_user("bob");
    server.has_client("alice", "my-client");
    let bob = r#"{"collaborator":{"ids":{"user_ids":{"user_id":"bob"}},"rights":["RIGHT_CLIENT_SETTINGS_COLLABORATORS"]}}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-client/collaborators", bob, "200");
    let body = r#"{"client":{"state":"STATE_REJECTED","state_description":"smells odd"},"field_mask":"state,state_description"}"#;
    server.check("admin", "PUT", "/api/v3/clients/my-client", body, "200");
    alice.sees(&server, "/console/clients/my-client/collaborators", &["smells odd"]);
    let page = server.signed_in("bob").get(&server, "/console/clients/my-client/collaborators");
    assert!(page.status == 200 && !page.text().contains("smells odd"), "{}", page.text());
}

#[test]
fn a_request_that_was_answered_meanwhile_is_not_answered_again() {
    let (server, _) = server_with_alice();
    server.has_client("alice", "my-client");
    server.has_state("my-client", "STATE_APPROVED");
    let late = signed_in_admin(&server).sends_form(&server, "/console/review", &[("reject", "my-client"), ("reason", "too late")]);
    late.explains(400, "client_answered");
    server.check("admin", "GET", "/api/v3/clients/my-client?field_mask=state", "", r#"200 {"state":"STATE_APPROVED"}"#);
}

#[test]
fn the_next_owner_of_an_id_does_not_get_its_past() {
    let (mut server, _) = server_with_alice();
    server.has_client("alice", "my-client");
    server.check(
        "alice",
        "PUT",
        "/api/v3/clients/my-client",
        r#"{"client":{"description":"a secret plan"},"field_mask":"description"}"#,
        "200",
    );
    server.check("admin", "DELETE", "/api/v3/clients/my-client/purge", "", "200");
    server.has_user("bob");
    server.has_client("bob", "my-client");
    let page = server.signed_in("bob").get(&server, "/console/clients/my-client/activity");
    assert!(page.status == 200 && page.text().contains("client.create") && !page.text().contains("a secret plan"), "{}", page.text());
    let all = signed_in_admin(&server).get(&server, "/console/clients/my-client/activity");
    assert!(all.text().contains("a secret plan"), "administrators see it all");
}

#[test]
fn lists_are_searched_sorted_and_paged() {
    let (server, mut alice) = server_with_alice();
    for n in 10..40 {
        server.has_client("alice", &format!("app-{n}"));
    }
    let ids = |numbers: std::ops::Range<usize>| numbers.map(|n| format!("app-{n}")).collect::<Vec<_>>();
    let newest_first = alice.opens(&server, "/console/clients");
    assert_eq!(newest_first.items(), ids(15..40).into_iter().rev().collect::<Vec<_>>());
    assert!(newest_first.text().contains("Page 1 of 2, 30 in all"));
    assert_eq!(alice.opens(&server, "/console/clients?page=2").items(), ids(10..15).into_iter().rev().collect::<Vec<_>>());
    assert_eq!(alice.opens(&server, "/console/clients?sort=id").items(), ids(10..35), "the first of the alphabet are on the first page");
    let found = alice.opens(&server, "/console/clients?q=app-3&sort=id");
    assert_eq!(found.items(), ids(30..40));
    assert!(found.text().contains("aria-sort=\"ascending\"") && found.text().contains("sort=-id"));
    alice.opens(&server, "/console/clients?q=nowhere").tells("no-match");
    alice.opens(&server, "/console/clients?state=suspended").tells("no-match");
}

#[test]
fn a_user_takes_back_what_a_client_was_allowed() {
    let (server, mut alice) = server_with_alice();
    let secret = server.has_app("alice", "my-client", &["RIGHT_USER_INFO"]);
    let code = alice.code(&server, "my-client", &[]);
    let tokens = server.tokens("my-client", &secret, &code);
    let token_id = tokens.access.split('.').nth(1).expect("an ID");
    alice.opens(&server, "/console/authorizations").lists(&["my-client"]);
    alice.opens(&server, "/console/authorizations/my-client").lists(&[token_id]);
    alice.sees(&server, "/console/authorizations/my-client", &["view your profile"]);
    assert_eq!(server.status_with(&tokens.access, "/api/v3/users/alice"), 200);
    alice.sees(&server, "/console/authorizations/my-client/revoke", &["<code>my-client</code>", "name=\"confirm\""]);
    let unconfirmed = alice.sends_form(&server, "/console/authorizations/my-client/revoke", &[]);
    unconfirmed.refuses("confirm", "not_confirmed");
    assert_eq!(server.status_with(&tokens.access, "/api/v3/users/alice"), 200);
    assert_eq!(alice.sends_form(&server, "/console/authorizations/my-client/revoke", &[("confirm", "my-client")]).status, 303);
    assert_eq!(server.status_with(&tokens.access, "/api/v3/users/alice"), 401);
    alice.opens(&server, "/console/authorizations").tells("no-authorizations");
}

#[test]
fn users_are_made_and_suspended_and_see_what_happened_to_them() {
    let (server, _) = server_with_alice();
    let mut admin = signed_in_admin(&server);
    let newcomer = [("id", "carol"), ("primary_email_address", "carol@example.com"), ("password", PASSWORD), ("state", "STATE_APPROVED")];
    let mut weak = newcomer;
    weak[2].1 = "short";
    admin.sends_form(&server, "/console/add/user", &weak).refuses("password", "password_strength_min_length");
    let answer = admin.sends_form(&server, "/console/add/user", &newcomer);
    assert_eq!(answer.header("Location"), Some("/console/users/carol?done=created"), "{}", answer.text());
    admin.sends_form(&server, "/console/add/user", &newcomer).refuses("id", "already_exists");
    let mut carol = server.signed_in("carol");
    let suspended = [("primary_email_address", "carol@example.com"), ("state", "STATE_SUSPENDED"), ("state_description", "Too loud")];
    assert_eq!(admin.sends_form(&server, "/console/users/carol", &suspended).status, 303);
    let page = carol.send(&server, "GET", "/console", &[("Accept", "text/html")], "");
    page.explains(403, "user_suspended");
    assert!(page.text().contains("Your account is suspended: Too loud."), "{}", page.text());
    admin.sees(&server, "/console/activity?actor=admin", &["user.create", "STATE_SUSPENDED"]);
}

#[test]
fn the_activity_shows_to_each_what_is_theirs() {
    let (mut server, mut alice) = server_with_alice();
    server.has_user("bob");
    server.has_client("alice", "my-client");
    server.has_client("bob", "bobs-client");
    alice.sees(&server, "/console/activity", &["my-client"]);
    let page = alice.get(&server, "/console/activity?actor=bob").text();
    assert!(!page.contains("bobs-client"), "another's doings are shown");
    assert_eq!(alice.get(&server, "/console/activity?client=bobs-client").status, 403);
    signed_in_admin(&server).sees(&server, "/console/activity?client=bobs-client&actor=bob", &["client.create", "bobs-client"]);
}

#[test]
fn an_api_key_is_shown_once_and_works() {
    let (server, mut alice) = server_with_alice();
    alice.sends_form(&server, "/console/add/api-key", &[("name", "k")]).refuses("rights", "no_rights");
    let fields = [("name", "script"), ("rights", "RIGHT_USER_INFO"), ("expires", "2030-01-31")];
    let answer = alice.sends_form(&server, "/console/add/api-key", &fields);
    let key = answer.text_of("api-key");
    assert_eq!(server.status_with(&key, "/api/v3/users/alice?field_mask=primary_email_address"), 200);
    alice.sees(&server, "/console/api-keys", &["script", "USER_INFO", "31 Jan 2030"]);
    assert!(!alice.get(&server, "/console/api-keys").text().contains(&key));
}

#[test]
fn ending_the_session_of_this_browser_leads_to_sign_in() {
    let (server, mut alice) = server_with_alice();
    let sessions = server.check("alice", "GET", "/api/v3/users/alice/sessions", "", "200").json();
    let id = sessions["sessions"][0]["session_id"].as_str().expect("an ID");
    assert_eq!(alice.sends_form(&server, &format!("/console/sessions/{id}/end"), &[]).status, 303);
    let answer = alice.get(&server, "/console/sessions");
    assert_eq!((answer.status, answer.location_parameter("n").as_deref()), (302, Some("/console/sessions")));
}

#[test]
fn pages_keep_scripts_and_frames_of_others_out() {
    let (server, mut alice) = server_with_alice();
    let page = alice.get(&server, "/console");
    let policy = page.header("Content-Security-Policy").expect("a policy");
    for part in ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "form-action 'self'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    assert_eq!(page.header("X-Frame-Options"), Some("DENY"));
}

#[test]
fn whether_an_id_is_free_is_told_while_it_is_typed() {
    let (server, mut alice) = server_with_alice();
    server.has_client("alice", "my-client");
    let told = |browser: &mut Browser, kind: &str, id: &str| {
        browser.get(&server, &format!("/console/check/{kind}/{id}")).json()["problem"].as_str().map(str::to_owned)
    };
    for kind in ["user", "organization"] {
        assert_eq!(told(&mut signed_in_admin(&server), kind, "other"), None);
        assert_eq!(
            told(&mut signed_in_admin(&server), kind, "alice").as_deref(),
            Some("This is already taken. Choose another."),
            "users and organizations share IDs"
        );
    }
    let mut problem = |id: &str| told(&mut alice, "client", id);
    assert_eq!(problem("other-client"), None);
    assert_eq!(problem("my-client").as_deref(), Some("This ID is already taken, perhaps by something that was deleted. Choose another."));
    assert_eq!(problem("console").as_deref(), Some("The ID console is reserved for the service itself. Choose another."));
    assert!(problem("x").is_some_and(|text| text.starts_with("Use 3 to 36")));
}
