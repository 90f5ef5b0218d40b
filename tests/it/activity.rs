//! The activity as people read it, and as other programs do.

use keyfob::model::settings::{Approval, Settings};
use serde_json::{Value, json};

use crate::console::signed_in_admin;
use crate::server::{Answer, Server};

/// Alice with the app Grafana, which frank has authorized.
fn fixture() -> Server {
    let mut server = Server::with(Settings { approval: Approval::Auto, ..Settings::default() });
    ["alice", "frank"].iter().for_each(|user| server.has_user(user));
    server.has_app("alice", "grafana", &["RIGHT_USER_INFO"]);
    changes(&server, json!({"name": "Grafana"}));
    server.signed_in("frank").consents(&server, "grafana", &[]);
    server
}

fn changes(server: &Server, fields: Value) {
    let mask = fields.as_object().expect("fields").keys().cloned().collect::<Vec<_>>().join(",");
    let body = json!({"client": fields, "field_mask": mask}).to_string();
    server.check("alice", "PUT", "/api/v3/clients/grafana", &body, "200");
}

/// Where the link to the next page leads.
fn next_page(page: &Answer) -> Option<String> {
    let text = page.text();
    let next = text.split("rel=\"next\" href=\"").nth(1)?.split('"').next()?;
    Some(next.replace("&amp;", "&"))
}

/// The sentences of a page, without what they link to.
fn sentences(page: &Answer) -> Vec<String> {
    let without_tags = |text: &str| text.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect::<String>();
    let page = page.text();
    let spans = page.split("<span class=\"word\"").skip(1).filter_map(|rest| rest.split_once('>')?.1.split_once("</span>"));
    spans.map(|(sentence, _)| without_tags(sentence)).collect()
}

#[test]
fn an_event_is_told_in_a_sentence_that_leads_to_the_client() {
    let server = fixture();
    let page = signed_in_admin(&server).get(&server, "/console/activity");
    let told = sentences(&page);
    for sentence in ["frank authorized Grafana", "frank signed in", "alice changed the name of Grafana", "admin saved Grafana as it was"] {
        assert!(told.iter().any(|one| one == sentence), "{sentence}: {told:#?}");
    }
    assert!(page.text().contains("authorized <a href=\"/console/clients/grafana\">Grafana</a>"), "{}", page.text());
}

#[test]
fn sentences_name_fields_as_the_forms_do() {
    let server = fixture();
    for (path, entity) in [
        (
            "users/alice",
            json!({"user": {"primary_email_address_validated_at": "2026-01-01T00:00:00Z"}, "field_mask": "primary_email_address_validated_at"}),
        ),
        ("users/alice", json!({"user": {"temporary_password": "Temporary-9-words"}, "field_mask": "temporary_password"})),
        (
            "users/alice",
            json!({"user": {"primary_email_address": "a@example.org", "admin": true}, "field_mask": "primary_email_address,admin"}),
        ),
        ("clients/grafana", json!({"client": {"redirect_uris": ["https://g.example/a"]}, "field_mask": "redirect_uris"})),
    ] {
        server.check("admin", "PUT", &format!("/api/v3/{path}"), &entity.to_string(), "200");
    }
    let told = sentences(&signed_in_admin(&server).get(&server, "/console/activity"));
    for sentence in [
        "admin changed the confirmation of the e-mail address of the user alice",
        "admin changed the temporary password of the user alice",
        "admin changed the administrator's rights, e-mail address and confirmation of the e-mail address of the user alice",
        "admin changed the redirect URLs of Grafana",
    ] {
        assert!(told.iter().any(|one| one == sentence), "{sentence}: {told:#?}");
    }
}

#[test]
fn what_happened_to_a_former_client_is_not_told_of_the_next_one_of_its_id() {
    let server = fixture();
    server.check("admin", "DELETE", "/api/v3/clients/grafana/purge", "", "200");
    server.wait_seconds(1);
    server.has_client("alice", "grafana");
    changes(&server, json!({"name": "Another"}));
    let told = sentences(&signed_in_admin(&server).get(&server, "/console/activity"));
    assert!(told.iter().any(|one| one == "frank authorized grafana"), "{told:#?}");
}

#[test]
fn events_are_grouped_by_day() {
    let server = fixture();
    server.wait_seconds(24 * 60 * 60);
    changes(&server, json!({"name": "Grafana 2"}));
    let page = signed_in_admin(&server).get(&server, "/console/activity").text();
    let (today, yesterday) = (page.find("<h2>Today</h2>"), page.find("<h2>Yesterday</h2>"));
    assert!(today.is_some() && today < yesterday, "{page}");
    server.wait_seconds(24 * 60 * 60);
    let page = signed_in_admin(&server).get(&server, "/console/activity").text();
    assert!(page.contains("<h2>2 Jan 2026</h2>"), "{page}");
}

#[test]
fn the_activity_is_filtered_by_kind_person_client_and_day() {
    let server = fixture();
    server.wait_seconds(24 * 60 * 60);
    changes(&server, json!({"name": "Grafana 2"}));
    let mut admin = signed_in_admin(&server);
    for (query, names) in [
        ("kind=authorizations", vec!["client.authorization.update"]),
        ("kind=changes&client=grafana", vec!["client.update", "client.update", "client.update", "client.create"]),
        ("kind=changes&client=grafana&actor=frank", vec![]),
        ("kind=changes&actor=alice&day=2026-01-03", vec!["client.update"]),
        ("kind=changes&actor=alice&day=2026-01-02", vec!["client.update", "client.create"]),
        ("actor=alice&day=2025-12-31", vec![]),
        ("kind=refusals&day=2026-01-02", vec![]),
    ] {
        let page = admin.get(&server, &format!("/console/activity?{query}"));
        assert_eq!(page.items(), names, "{query}");
        if names.is_empty() {
            page.tells("no-events");
        }
    }
    let page = admin.get(&server, "/console/clients/grafana/activity?kind=secrets&actor=alice");
    page.tells("no-events");
}

fn has_sign_ins_of_frank(server: &Server, count: u32) {
    server.execute(&format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) INSERT INTO events \
         (happened_at, name, entity_kind, entity_id, request_id, old_values, new_values) \
         SELECT (SELECT max(happened_at) FROM events), 'user.session.create', 'user', 'frank', 'r', '{{}}', '{{}}' FROM n"
    ));
}

#[test]
fn a_filter_that_is_no_day_or_no_kind_finds_nothing_on_the_page_and_in_files() {
    let server = fixture();
    let mut admin = signed_in_admin(&server);
    for filter in ["day=yesterday", "day=2026-02-30", "day=-2026-01-02", "kind=nonsense", "kind=nonsense&client=grafana"] {
        let page = admin.get(&server, &format!("/console/activity?{filter}"));
        assert!(page.items().is_empty(), "{filter}");
        page.tells("no-events");
        let file = admin.get(&server, &format!("/console/activity?{filter}&as=json"));
        assert_eq!(file.json()["events"], json!([]), "{filter}");
    }
    assert!(admin.get(&server, "/console/clients/grafana/activity?day=yesterday").items().is_empty());
}

#[test]
fn a_search_that_no_index_narrows_down_looks_at_a_bounded_number_of_events() {
    let server = fixture();
    has_sign_ins_of_frank(&server, 3000);
    let mut admin = signed_in_admin(&server);
    let page = admin.get(&server, "/console/activity?kind=authorizations");
    page.tells("no-events");
    let further = page
        .text()
        .split("href=\"/console/activity?kind=authorizations&amp;")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .map(str::to_owned);
    let page = admin.get(&server, &format!("/console/activity?kind=authorizations&{}", further.expect("a link")));
    assert_eq!(page.items(), ["client.authorization.update"]);
}

#[test]
fn a_page_of_activity_is_small_whatever_is_in_it() {
    let server = fixture();
    for n in 0..60 {
        changes(
            &server,
            json!({"description": format!("{n:02}{}", "<".repeat(1998)), "redirect_uris": (0..10).map(|m| format!("https://{n}-{m}.example/{}", "&".repeat(80))).collect::<Vec<_>>()}),
        );
    }
    let mut admin = signed_in_admin(&server);
    let (mut target, mut seen) = (Some("/console/clients/grafana/activity".to_owned()), 0);
    while let Some(at) = target {
        let page = admin.get(&server, &at);
        assert!(page.status == 200 && page.body.len() < 60 * 1024, "{at} has {} bytes", page.body.len());
        seen += page.items().len();
        target = next_page(&page);
    }
    let all: i64 = server.value("SELECT count(*) FROM events WHERE entity_id = 'grafana'");
    assert_eq!(i64::try_from(seen), Ok(all), "every event is on one page");
}

#[test]
fn what_is_shown_can_be_had_as_json_and_as_csv_without_formulas() {
    let server = fixture();
    changes(&server, json!({"name": "=1+1", "description": "a \"quoted\" text"}));
    let mut alice = server.signed_in("alice");
    let target = "/console/clients/grafana/activity?kind=changes";
    let shown = alice.get(&server, target).items();
    let json = alice.get(&server, &format!("{target}&as=json"));
    assert_eq!(json.header("Content-Type"), Some("application/json"));
    let events = json.json()["events"].as_array().cloned().expect("events");
    assert_eq!(events.iter().map(|event| event["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>(), shown);
    assert_eq!((&events[0]["what"], &events[0]["new"]["name"]), (&json!("alice changed the description and name of =1+1"), &json!("=1+1")));
    assert_eq!(json.json()["next"], Value::Null);
    let csv = alice.get(&server, &format!("{target}&as=csv"));
    assert_eq!(csv.header("Content-Disposition"), Some("attachment; filename=\"activity.csv\""));
    let lines = csv.text().split("\r\n").map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(lines.len(), shown.len() + 2, "{lines:#?}");
    assert!(lines.iter().flat_map(|line| line.split("\",\"")).all(|cell| !cell.trim_start_matches('"').starts_with('=')), "{lines:#?}");
    assert_eq!(server.signed_in("frank").get(&server, &format!("{target}&as=csv")).status, 403);
}

#[test]
fn a_file_has_a_bounded_number_of_events_and_says_where_the_others_are() {
    let server = fixture();
    has_sign_ins_of_frank(&server, 1100);
    let mut admin = signed_in_admin(&server);
    let first = admin.get(&server, "/console/activity?as=json").json();
    assert_eq!(first["events"].as_array().map(Vec::len), Some(1000));
    let rest = admin.get(&server, first["next"].as_str().expect("an address")).json();
    let all: i64 = server.value("SELECT count(*) FROM events");
    assert_eq!((rest["events"].as_array().map(|events| events.len() as i64 + 1000), &rest["next"]), (Some(all), &Value::Null));
}

#[test]
fn a_page_of_the_review_queue_is_small_and_leads_to_all_that_waits() {
    let mut server = Server::start();
    server.has_user("alice");
    for n in 0..20 {
        let id = format!("app-{n:02}");
        server.has_client("alice", &id);
        let uris: Vec<String> = (0..10).map(|m| format!("https://{n}-{m}.example/{}", "&".repeat(80))).collect();
        let fields = json!({"description": "<".repeat(2000), "redirect_uris": uris, "rights": ["RIGHT_ALL"]});
        let body = json!({"client": fields, "field_mask": "description,redirect_uris,rights"}).to_string();
        server.check("alice", "PUT", &format!("/api/v3/clients/{id}"), &body, "200");
    }
    let mut admin = signed_in_admin(&server);
    let (mut target, mut seen) = (Some("/console/review".to_owned()), Vec::new());
    while let Some(at) = target {
        let page = admin.get(&server, &at);
        assert!(page.status == 200 && page.body.len() < 60 * 1024, "{at} has {} bytes", page.body.len());
        seen.extend(page.items());
        target = next_page(&page);
    }
    seen.sort();
    assert_eq!(seen, (0..20).map(|n| format!("app-{n:02}")).collect::<Vec<_>>());
}
