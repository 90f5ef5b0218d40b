//! The client `cli`, which every database has: nobody changes it.

use keyfob::http::request::Method;
use keyfob::model::client::BUILT_IN;
use keyfob::routes::{Guard, ROUTES};
use keyfob::store::Deleted;
use serde_json::json;

use crate::console::signed_in_admin;
use crate::server::Server;

/// All that is kept of it.
fn kept(server: &Server) -> String {
    let id = BUILT_IN.parse().expect("an ID");
    let rows = server.app.store().read(|tx| {
        Ok((
            tx.client(&id, Deleted::Either)?,
            tx.client_secrets(&id)?,
            tx.client_exists(&id, Deleted::No)?,
            tx.events("client", BUILT_IN)?.len(),
        ))
    });
    let members = server.check("admin", "GET", "/api/v3/clients/cli/collaborators", "", "200").text();
    format!("{:?} {members}", rows.expect("it is read"))
}

#[test]
fn nobody_changes_the_built_in_client() {
    let mut server = Server::with(keyfob::model::settings::Settings {
        admin_rights: keyfob::model::settings::AdminRights::All,
        ..keyfob::model::settings::Settings::default()
    });
    server.has_user("alice");
    let mut admin = signed_in_admin(&server);
    let before = kept(&server);
    let member = json!({"ids": {"user_ids": {"user_id": "alice"}}, "rights": ["RIGHT_CLIENT_ALL"]});
    let body = json!({
        "client": {"name": "Mine", "state": "STATE_REJECTED", "skip_authorization": true, "secret": "Chosen-by-me-9", "redirect_uris": ["https://evil.example/cb"]},
        "field_mask": "name,state,skip_authorization,secret,redirect_uris", "collaborator": member,
        "answer": "reject", "reason": "Mine", "text": "Please",
    });
    let fields = [
        ("name", "Mine"),
        ("redirect_uris", "https://evil.example/cb"),
        ("state", "STATE_REJECTED"),
        ("kind", "user"),
        ("account", "alice"),
        ("rights", "RIGHT_CLIENT_ALL"),
        ("confirm", BUILT_IN),
        ("grace", "60"),
        ("reject", BUILT_IN),
        ("reason", "none"),
    ];
    let mut tried = 0;
    for route in ROUTES.iter().filter(|route| route.method != Method::Get) {
        if !(route.path.contains("/clients/{client_id}") || route.name == "console.review") {
            continue;
        }
        let path = route.path.replace("{client_id}", BUILT_IN).replace("{kind}", "user").replace("{account_id}", "alice");
        let path = path.replace("{user_id}", "alice").replace("{organization_id}", "acme").replace("{secret_number}", "1");
        let answer = match route.guard {
            Guard::Console(_) => admin.sends_form(&server, &path, &fields),
            _ => server.send("admin", route.method.name(), &path, &body.to_string()),
        };
        assert!(matches!(answer.status, 400 | 403), "{} {path}: {} {}", route.method.name(), answer.status, answer.text());
        // The queue has those that wait, and it never does.
        assert!(
            answer.text().contains("is built in") || route.name == "console.review",
            "{} {path}: {}",
            route.method.name(),
            answer.text()
        );
        assert_eq!(kept(&server), before, "{} {path}", route.method.name());
        tried += 1;
    }
    assert!(tried >= 15, "{tried}");
    server.check("admin", "POST", "/api/v3/users/alice/clients", r#"{"client":{"ids":{"client_id":"cli"}}}"#, "400 forbidden_id");
    assert_eq!(server.check("admin", "GET", "/api/v3/clients/cli/rights", "", "200").rights(), ["RIGHT_CLIENT_INFO"]);
    assert_eq!(server.check("alice", "PUT", "/api/v3/clients/cli", &body.to_string(), "403").error(), "no_client_rights");
}

#[test]
fn nobody_is_asked_to_mend_the_built_in_client() {
    let server = Server::start();
    let mut admin = signed_in_admin(&server);
    for page in ["/console/clients/cli", "/console/clients/cli/review"] {
        let page = admin.opens(&server, page);
        assert!(!page.text().contains("data-finding"), "{}", page.text());
    }
    admin.opens(&server, "/console/clients/cli").tells("built-in");
}
