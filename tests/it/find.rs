//! Finding things in the Console: lists, their search, the search over everything, and the dashboard.

use keyfob::base::time::Clock;
use keyfob::diagnostics::running::look_at_files;
use keyfob::model::deployment::Deployment;
use keyfob::model::settings::Settings;
use serde_json::json;

use crate::browser::Browser;
use crate::console::signed_in_admin;
use crate::server::Server;

/// Alice with Grafana on her own host, and bob with a lamp.
fn fixture() -> Server {
    let mut server = Server::start();
    ["alice", "bob"].iter().for_each(|user| server.has_user(user));
    server.has_organization("alice", "acme-corp");
    server.has_client("alice", "grafana");
    server.has_client("bob", "lamp");
    let body =
        json!({"client": {"redirect_uris": ["https://graphs.alice.example/login"], "name": "Grafana"}, "field_mask": "redirect_uris,name"});
    server.check("alice", "PUT", "/api/v3/clients/grafana", &body.to_string(), "200");
    server
}

#[test]
fn clients_are_searched_by_owner_and_redirect_host_in_what_one_may_see() {
    let server = fixture();
    let (mut admin, mut alice) = (signed_in_admin(&server), server.signed_in("alice"));
    for (query, all, own) in [
        ("owner=alice", vec!["grafana"], vec!["grafana"]),
        ("owner=bob", vec!["lamp"], vec![]),
        ("owner=no+ID", vec![], vec![]),
        ("host=graphs.alice.example", vec!["grafana"], vec!["grafana"]),
        ("host=https%3A%2F%2Flamp.example.com%2Fcallback", vec!["lamp"], vec![]),
        ("host=alice.example", vec![], vec![]),
        ("host=localhost", vec![], vec![]),
        ("host=graphs.alice.example&owner=bob", vec![], vec![]),
    ] {
        admin.get(&server, &format!("/console/clients?of=all&{query}")).lists(&all);
        alice.get(&server, &format!("/console/clients?{query}")).lists(&own);
    }
    admin.get(&server, "/console/clients?of=all&host=alice.example").tells("no-match");
    // Also once the sweeper has stored by what hosts are found.
    server.app.store().write(|tx| keyfob::registry::likeness::store_keys(tx, 100)).expect("keys are stored");
    admin.get(&server, "/console/clients?of=all&host=graphs.alice.example").lists(&["grafana"]);
}

#[test]
fn lists_show_owners_and_last_use_and_say_by_what_they_are_sorted() {
    let server = fixture();
    let mut admin = signed_in_admin(&server);
    let page = admin.opens(&server, "/console/clients?of=all&size=1").text();
    assert!(
        page.contains("data-label=\"Owner\"><span class=\"word\">bob<")
            && page.contains("data-label=\"Last used\"><span class=\"quiet\">never"),
        "{page}"
    );
    assert!(page.contains("aria-sort=\"descending\"><a href=\"/console/clients?of=all&amp;sort=created&amp;size=1\">Created"), "{page}");
    assert!(page.contains("Page 1 of 2, 2 in all") && page.contains("size=1&amp;page=2"), "{page}");
    let users = admin.opens(&server, "/console/users").text();
    assert!(users.contains("data-label=\"Clients\">1<") && users.contains("data-label=\"Last seen\"><time"), "{users}");
    let organizations = admin.opens(&server, "/console/organizations").text();
    assert!(organizations.contains("data-label=\"Owner\"><span class=\"word\">alice<"), "{organizations}");
}

#[test]
fn a_short_list_is_sorted_by_each_column_and_a_long_one_only_by_those_with_an_index() {
    let server = fixture();
    server.has_state("grafana", "STATE_APPROVED");
    server.execute(
        "INSERT INTO client_token_days (client_id, day, issued, last_issued_at) SELECT 'lamp', 20000, 1, happened_at FROM events LIMIT 1",
    );
    let mut admin = signed_in_admin(&server);
    let sorted = |admin: &mut Browser, target: &str| admin.opens(&server, target).items();
    for (column, ids) in [("owner", ["grafana", "lamp"]), ("state", ["lamp", "grafana"]), ("used", ["grafana", "lamp"])] {
        let of = "/console/clients?of=all&sort=";
        assert_eq!(sorted(&mut admin, &format!("{of}{column}")), ids, "{column}");
        assert_eq!(sorted(&mut admin, &format!("{of}-{column}")), [ids[1], ids[0]], "{column}");
        assert_eq!(sorted(&mut admin, &format!("{of}{column}&size=1&page=2")), [ids[1]], "{column}");
        let head = admin.opens(&server, &format!("{of}{column}")).text();
        assert!(head.contains(&format!("aria-sort=\"ascending\"><a href=\"/console/clients?of=all&amp;sort=-{column}")), "{head}");
    }
    assert_eq!(sorted(&mut admin, "/console/users?sort=clients")[0], "admin");
    assert_eq!(sorted(&mut admin, "/console/users?sort=-seen")[0], "admin");
    server.execute(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) \
         INSERT INTO accounts (account_id, kind, created_at, updated_at, description) SELECT 'org-' || i, 'organization', 1, 1, '' FROM n; \
         INSERT INTO organizations (organization_id) SELECT account_id FROM accounts WHERE created_at = 1",
    );
    let long = admin.opens(&server, "/console/organizations?sort=-owner").text();
    assert!(long.contains("sort=name") && !long.contains("sort=owner") && !long.contains("sort=clients"), "{long}");
}

#[test]
fn users_are_found_by_the_beginning_of_their_e_mail_address() {
    let server = fixture();
    let mut admin = signed_in_admin(&server);
    let address: String = server.value("SELECT primary_email_address FROM users WHERE user_id = 'bob'");
    for target in ["/console/users", "/console/search"] {
        admin.get(&server, &format!("{target}?q={}", address.to_uppercase().replace('@', "%40"))).lists(&["bob"]);
        admin.get(&server, &format!("{target}?q=nobody%40")).tells("no-match");
    }
}

#[test]
fn a_search_finds_of_everything_what_one_may_see() {
    let server = fixture();
    let mut alice = server.signed_in("alice");
    for (query, all, own) in [
        ("grafa", vec!["grafana"], vec!["grafana"]),
        ("lamp", vec!["lamp"], vec![]),
        ("acme", vec!["acme-corp"], vec!["acme-corp"]),
        ("bob", vec!["bob"], vec![]),
        ("%25%25%25", vec![], vec![]),
    ] {
        signed_in_admin(&server).opens(&server, &format!("/console/search?q={query}")).lists(&all);
        alice.opens(&server, &format!("/console/search?q={query}")).lists(&own);
    }
    server.signed_in("bob").get(&server, "/console/search?q=acme").tells("no-match");
    for short in ["", "gr"] {
        alice.get(&server, &format!("/console/search?q={short}")).tells("too-short");
    }
}

#[test]
fn the_dashboard_begins_with_first_steps() {
    let mut server = Server::start();
    server.has_user("alice");
    let page = server.signed_in("alice").opens(&server, "/console");
    page.tells("no-clients");
    assert!(page.text().contains("First steps") && !page.text().contains("Newest backup"), "{}", page.text());
}

#[test]
fn the_dashboard_warns_administrators_of_what_doctor_would() {
    let deployment = Deployment {
        listen: vec!["0.0.0.0:80".to_owned()],
        public_url: "http://id.example".to_owned(),
        tls: Some(("nowhere.pem".into(), "nowhere.key".into())),
        ..Deployment::default()
    };
    let mut server = Server::with(Settings { deployment: deployment.clone(), ..Settings::default() });
    server.has_user("alice");
    let (mut admin, mut alice) = (signed_in_admin(&server), server.signed_in("alice"));
    server.execute("UPDATE events SET happened_at = happened_at + 86400000000");
    admin.opens(&server, "/console").does_not_tell("certificate");
    // No request looks at files: a thread beside them does.
    look_at_files(&deployment, Clock::System.now());
    let page = admin.opens(&server, "/console");
    ["public-url", "certificate", "history", "administrators"].iter().for_each(|warning| page.tells(warning));
    page.does_not_tell("proxies");
    let alices = alice.opens(&server, "/console");
    ["public-url", "certificate", "history", "administrators"].iter().for_each(|warning| alices.does_not_tell(warning));
}

#[test]
fn the_dashboard_tells_what_needs_attention_to_those_whom_it_concerns() {
    let server = fixture();
    server.has_state("grafana", "STATE_APPROVED");
    server.check("alice", "POST", "/api/v3/clients/grafana/secret", &json!({"grace": "86400s"}).to_string(), "200");
    server.check("bob", "POST", "/api/v3/clients/lamp/secret", &json!({"grace": "86400s"}).to_string(), "200");
    let refused = [("grant_type", "authorization_code"), ("code", "x"), ("client_id", "grafana"), ("client_secret", "wrong")];
    assert_ne!(server.token(&refused).status, 200);
    server.execute(
        "INSERT INTO client_token_days SELECT 'grafana', day, 7, 0 FROM (SELECT happened_at / 86400000000 AS day FROM events LIMIT 1)",
    );
    let (mine, all) = (server.signed_in("alice").opens(&server, "/console"), signed_in_admin(&server).opens(&server, "/console"));
    for page in [&mine, &all] {
        page.tells("secrets-end");
        page.does_not_tell("unused");
        assert!(page.text().contains("7 tokens in the last 30 days") && page.text().contains("1 request refused"), "{}", page.text());
    }
    mine.lists(&["grafana"]);
    mine.does_not_tell("backup");
    all.lists(&["grafana", "lamp"]);
    all.tells("backup");
    assert!(all.text().contains("50% of clients"), "{}", all.text());
    let bobs = server.signed_in("bob").opens(&server, "/console");
    bobs.lists(&["lamp"]);
    assert!(bobs.text().contains("No tokens in the last 30 days") && bobs.text().contains("No request was refused"), "{}", bobs.text());
    server.wait_seconds(31 * 24 * 60 * 60);
    let later = server.signed_in("alice").opens(&server, "/console");
    later.tells("unused");
    later.lists(&["grafana"]);
}
