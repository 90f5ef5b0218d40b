//! Who reads which history, and how much of it there can be.

use keyfob::base::id::AccountId;
use keyfob::base::right::Rights;
use keyfob::model::bounds::{ACCOUNT_EVENTS, ENTITY_EVENTS, EVENT};
use keyfob::model::settings::Settings;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::browser::form;
use crate::console::{seen_by, signed_in_admin};
use crate::console_forms::settings;
use crate::server::Server;

#[test]
fn a_user_who_takes_the_id_of_a_purged_organization_reads_nothing_of_what_it_did() {
    let mut server = Server::start();
    server.has_user("alice");
    server.has_organization("alice", "acme-corp");
    let wanted = r#"{"name":"robot","rights":["RIGHT_ORGANIZATION_ALL"]}"#;
    let key = server.check("alice", "POST", "/api/v3/organizations/acme-corp/api-keys", wanted, "200").json();
    server.knows_key("robot", key["key"].as_str().expect("a key"));
    let client = json!({"client": {"ids": {"client_id": "secret-plan"}, "name": "Secret plan"}}).to_string();
    server.check("robot", "POST", "/api/v3/organizations/acme-corp/clients", &client, "200");
    server.check("admin", "DELETE", "/api/v3/organizations/acme-corp/purge", "", "200");
    server.has_user("acme-corp");
    let page = server.signed_in("acme-corp").get(&server, "/console/activity").text();
    assert!(!page.contains("secret-plan"), "the history of the organization is shown to the user\n{page}");
    assert!(page.contains("user.session.create"), "one's own is shown\n{page}");
    signed_in_admin(&server).sees(&server, "/console/activity?actor=acme-corp", &["secret-plan", "user.session.create"]);
}

#[test]
fn an_organization_that_takes_the_id_of_a_purged_user_reads_nothing_of_what_the_user_did() {
    let mut server = Server::start();
    for user in ["alice", "bob"] {
        server.has_user(user);
    }
    let client = json!({"client": {"ids": {"client_id": "secret-plan"}, "name": "Conquer the world"}}).to_string();
    server.check("bob", "POST", "/api/v3/users/bob/clients", &client, "200");
    server.signed_in("bob");
    server.check("admin", "DELETE", "/api/v3/users/bob/purge", "", "200");
    server.has_organization("alice", "bob");
    let client = json!({"client": {"ids": {"client_id": "open-plan"}, "name": "Plant a tree"}}).to_string();
    let key = server.check("alice", "POST", "/api/v3/organizations/bob/api-keys", r#"{"rights":["RIGHT_ORGANIZATION_ALL"]}"#, "200").json();
    server.knows_key("robot", key["key"].as_str().expect("a key"));
    server.check("robot", "POST", "/api/v3/organizations/bob/clients", &client, "200");
    let mut alice = server.signed_in("alice");
    for place in ["activity", "activity?actor=bob", "clients/open-plan/activity", "organizations/bob", "organizations/bob/clients"] {
        let page = alice.get(&server, &format!("/console/{place}"));
        assert_eq!(page.status, 200, "{place}");
        assert!(!page.text().contains("Conquer") && !page.text().contains("secret-plan"), "{place}\n{}", page.text());
    }
    assert_eq!(alice.get(&server, "/console/activity?client=secret-plan").status, 403);
    alice.sees(&server, "/console/clients/open-plan/activity", &["Plant a tree", ">bob created <a"]);
    for who in ["alice", "robot"] {
        server.check(who, "GET", "/api/v3/clients/secret-plan?field_mask=attributes", "", "403 no_client_rights");
    }
    signed_in_admin(&server).sees(&server, "/console/activity?actor=bob", &["Conquer the world", "Plant a tree"]);
}

/// How often something of this name happened to a client, and in how many rows that stands.
fn counted(server: &Server, client: &str, name: &str) -> (i64, usize) {
    let events = server.app.store().read(|tx| tx.events("client", client)).expect("events are read");
    let times: Vec<i64> = events.iter().filter(|event| event.name == name).map(|event| event.times).collect();
    (times.iter().sum(), times.len())
}

fn fixture() -> Server {
    let mut server = Server::with(Settings::default());
    server.has_user("alice");
    server.has_user("bob");
    server.has_client("alice", "my-app");
    server
}

/// Changes a field of `my-app`.
fn sets(server: &Server, who: &str, field: &str, value: &Value, expected: &str) {
    let body = json!({"client": {field: value}, "field_mask": field}).to_string();
    server.check(who, "PUT", "/api/v3/clients/my-app", &body, expected);
}

/// Changes what the history does not keep every value of.
fn notes(server: &Server, who: &str, text: &str) {
    sets(server, who, "attributes", &json!({"note": text}), "200");
}

#[test]
fn a_flood_of_refusals_is_counted_and_hides_no_other_refusal() {
    let server = fixture();
    let wrong = [("grant_type", "refresh_token"), ("refresh_token", "OJSWM.A.B"), ("client_id", "my-app"), ("client_secret", "wrong")];
    // Each from an address of its own: one alone is slowed down.
    let flood = |network: u8| {
        for n in 0..150 {
            let headers = [("Content-Type", "application/x-www-form-urlencoded")];
            let answer = server.send_from([198, 18, network, n].into(), None, &headers, "POST", "/oauth/token", form(&wrong).as_bytes());
            assert_eq!(answer.status, 401);
        }
    };
    flood(1);
    let secret = server.check("alice", "POST", "/api/v3/clients/my-app/secret", "", "200").json()["secret"].clone();
    let replayed = [
        ("grant_type", "authorization_code"),
        ("code", "MF2XI.A.B"),
        ("client_id", "my-app"),
        ("client_secret", secret.as_str().expect("a secret")),
    ];
    assert_eq!(server.token(&replayed).status, 400);
    server.wait_seconds(60);
    flood(2);
    assert_eq!(counted(&server, "my-app", "client.token.refuse"), (301, 3), "the first, the last, and the one of another kind");
    server.signed_in("alice").sees(
        &server,
        "/console/clients/my-app/activity",
        &["code_unknown", "client_secret_wrong", "299 times since"],
    );
    server.wait_seconds(24 * 60 * 60);
    server.token(&wrong);
    assert_eq!(counted(&server, "my-app", "client.token.refuse"), (302, 4), "every day begins anew");
}

#[test]
fn a_flood_of_edits_is_counted_and_hides_no_change_of_another_kind() {
    let server = fixture();
    let bob = r#"{"collaborator":{"ids":{"user_ids":{"user_id":"bob"}},"rights":["RIGHT_CLIENT_ALL"]}}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-app/collaborators", bob, "200");
    let flood = |from: u32| (from..from + 150).for_each(|n| notes(&server, "bob", &format!("text {n}")));
    flood(0);
    sets(&server, "bob", "redirect_uris", &json!(["https://evil.example/cb"]), "200");
    notes(&server, "alice", "What alice says");
    flood(200);
    let (times, rows) = counted(&server, "my-app", "client.update");
    assert_eq!(times, 302);
    assert!(rows <= 105, "{rows} rows");
    let wanted = ["https://evil.example/cb", "What alice says", "<ins>note: text 0</ins>", "<ins>note: text 349</ins>", "times since"];
    for text in wanted {
        assert!(pages(&server, "alice").iter().any(|page| page.contains(text)), "{text} is hidden");
    }
}

#[test]
fn no_value_that_administrators_review_is_hidden_among_many() {
    for field in ["redirect_uris", "logout_redirect_uris", "name", "description"] {
        let server = fixture();
        let value = |text: String| if field.ends_with("uris") { json!([text]) } else { json!(text) };
        (0..106).for_each(|n| sets(&server, "alice", field, &value(format!("https://good.example/{n}")), "200"));
        sets(&server, "alice", field, &value("https://evil.example/cb".to_owned()), "200");
        (106..109).for_each(|n| sets(&server, "alice", field, &value(format!("https://good.example/{n}")), "200"));
        let is_found = pages(&server, "alice").iter().any(|page| page.contains("<ins>https://evil.example/cb</ins>"));
        assert!(is_found, "a value of {field} is hidden");
    }
}

#[test]
fn no_collaborator_and_no_contact_is_hidden_among_many() {
    let mut server = fixture();
    server.has_user("mallory");
    let gives = |user: &str, rights: &[&str]| {
        let body = json!({"collaborator": {"ids": {"user_ids": {"user_id": user}}, "rights": rights}}).to_string();
        server.check("alice", "PUT", "/api/v3/clients/my-app/collaborators", &body, "200");
    };
    let has_contact = |user: &str| sets(&server, "alice", "administrative_contact", &json!({"user_ids": {"user_id": user}}), "200");
    let flood = |times: usize| {
        for n in 0..times {
            gives("bob", &["RIGHT_CLIENT_INFO"][n % 2..]);
            has_contact("alice");
        }
    };
    flood(110);
    gives("bob", &["RIGHT_CLIENT_SETTINGS_BASIC"]);
    gives("mallory", &["RIGHT_CLIENT_ALL"]);
    has_contact("mallory");
    has_contact("alice");
    gives("mallory", &[]);
    flood(20);
    let pages = pages(&server, "alice");
    for text in [
        "RIGHT_CLIENT_SETTINGS_BASIC</ins>",
        "RIGHT_CLIENT_ALL</ins>",
        "RIGHT_CLIENT_ALL</del>",
        "<ins>mallory</ins>",
        "<del>mallory</del>",
    ] {
        assert!(pages.iter().any(|page| page.contains(text)), "{text} is hidden");
    }
}

#[test]
fn beyond_the_bound_of_an_entity_only_administrators_give_values_and_everybody_takes_away() {
    let mut server = fixture();
    server.has_user("attributes");
    collaborates(&server, "alice", "bob", &["RIGHT_CLIENT_INFO"], "200");
    (0..ENTITY_EVENTS.most - 2).for_each(|n| sets(&server, "alice", "name", &json!(format!("name {n}")), "200"));
    sets(&server, "alice", "name", &json!("one too many"), "429 too_many_changes");
    collaborates(&server, "alice", "bob", &["RIGHT_CLIENT_ALL"], "429 too_many_changes");
    let mut alice = server.signed_in("alice");
    let target = "/console/clients/my-app/settings";
    let seen = seen_by(&alice.get(&server, target)).expect("the form has seen something");
    let answer = alice.sends_form(&server, target, &[&settings(&[("name", "Mine")])[..], &[("seen", seen.as_str())]].concat());
    assert_eq!(answer.status, 429, "{}", answer.text());
    assert!(answer.text().contains("make this change tomorrow"), "{}", answer.text());

    collaborates(&server, "alice", "bob", &[], "200");
    collaborates(&server, "alice", "attributes", &["RIGHT_CLIENT_ALL"], "429 too_many_changes");
    notes(&server, "alice", "counted");
    sets(&server, "admin", "redirect_uris", &json!(["https://better.example/cb"]), "200");
    // The first secret of a client takes the endorsement away.
    sets(&server, "admin", "secret", &json!(""), "200");
    sets(&server, "admin", "endorsed", &json!(true), "200");
    server.check("alice", "POST", "/api/v3/clients/my-app/secret", "", "200");
    server.check("admin", "GET", "/api/v3/clients/my-app?field_mask=endorsed", "", "200 {}");
    server.wait_seconds(24 * 60 * 60);
    sets(&server, "alice", "name", &json!("the next day"), "200");
}

/// Makes this user a collaborator of `my-app`; without rights, none any more.
fn collaborates(server: &Server, by: &str, user: &str, rights: &[&str], expected: &str) {
    let body = json!({"collaborator": {"ids": {"user_ids": {"user_id": user}}, "rights": rights}}).to_string();
    server.check(by, "PUT", "/api/v3/clients/my-app/collaborators", &body, expected);
}

#[test]
fn a_collaborator_who_uses_up_his_rows_keeps_nobody_else_from_anything() {
    let server = fixture();
    collaborates(&server, "alice", "bob", &["RIGHT_CLIENT_SETTINGS_BASIC", "RIGHT_CLIENT_INFO"], "200");
    (0..ENTITY_EVENTS.most).for_each(|n| sets(&server, "bob", "redirect_uris", &json!([format!("https://evil.example/{n}")]), "200"));
    sets(&server, "bob", "redirect_uris", &json!(["https://evil.example/more"]), "429 too_many_changes");
    collaborates(&server, "alice", "bob", &["RIGHT_CLIENT_INFO"], "200");
    sets(&server, "alice", "redirect_uris", &json!(["https://good.example/cb"]), "200");
    sets(&server, "alice", "name", &json!("Mine"), "200");
}

#[test]
fn what_a_member_does_with_a_key_of_an_organization_counts_for_himself() {
    let mut server = fixture();
    server.has_organization("alice", "acme-corp");
    let body = r#"{"collaborator":{"ids":{"user_ids":{"user_id":"bob"}},"rights":["RIGHT_ORGANIZATION_ALL"]}}"#;
    server.check("alice", "PUT", "/api/v3/organizations/acme-corp/collaborators", body, "200");
    let key = server.check("bob", "POST", "/api/v3/organizations/acme-corp/api-keys", r#"{"rights":["RIGHT_ORGANIZATION_ALL"]}"#, "200");
    server.knows_key("robot", key.json()["key"].as_str().expect("a key"));
    let rows = |user: &str| {
        let account = AccountId::User(user.parse().expect("a user ID"));
        server.app.store().read(|tx| tx.event_rows_by(&account)).expect("rows are counted")
    };
    let (alice, bob) = (rows("alice"), rows("bob"));
    server.check("robot", "POST", "/api/v3/organizations/acme-corp/clients", r#"{"client":{"ids":{"client_id":"robots-app"}}}"#, "200");
    assert_eq!((rows("alice"), rows("bob")), (alice, bob + 1));
}

#[test]
fn no_removal_is_hidden_among_many() {
    let mut server = fixture();
    let names = ["sock-one", "sock-two", "victim", "sock-three", "sock-four"];
    for name in names {
        server.has_user(name);
        collaborates(&server, "alice", name, &["RIGHT_CLIENT_ALL"], "200");
    }
    (names.len() + 1..ENTITY_EVENTS.most).for_each(|n| sets(&server, "alice", "name", &json!(format!("name {n}")), "200"));
    sets(&server, "alice", "redirect_uris", &json!(["https://more.example/cb"]), "429 too_many_changes");
    names.iter().for_each(|name| collaborates(&server, "alice", name, &[], "200"));
    sets(&server, "alice", "redirect_uris", &json!([]), "200");
    let pages = pages(&server, "alice");
    for text in ["<dt>victim</dt><dd><del>RIGHT_CLIENT_ALL", "<del>https://my-app.example.com"] {
        assert!(pages.iter().any(|page| page.contains(text)), "{text} is hidden");
    }
}

#[test]
fn no_consent_is_hidden_among_those_of_many_others() {
    let mut server = Server::with(Settings::default());
    server.has_user("alice");
    server.has_app("alice", "my-app", &["RIGHT_USER_INFO"]);
    let users: Vec<String> = (0..110).map(|n| format!("user-{n}")).collect();
    for user in &users {
        server.has_user(user);
        server.signed_in(user).code(&server, "my-app", &[]);
        server.check(user, "DELETE", &format!("/api/v3/users/{user}/authorizations/my-app"), "", "200");
    }
    let events = server.app.store().read(|tx| tx.events("client", "my-app")).expect("events are read");
    for user in &users {
        let told = |name: &str| events.iter().any(|event| event.name == name && event.actor.account_id.as_ref() == Some(user));
        assert!(told("client.authorization.update") && told("client.authorization.delete"), "{user} is hidden");
    }
}

/// Every page of the history of the client.
fn pages(server: &Server, who: &str) -> Vec<String> {
    let mut browser = server.signed_in(who);
    let (mut pages, mut target) = (Vec::new(), Some("/console/clients/my-app/activity".to_owned()));
    while let Some(at) = target {
        let page = browser.get(server, &at).text();
        let next = page.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
        target = next.map(|next| next.replace("&amp;", "&"));
        pages.push(page);
    }
    pages
}

#[test]
fn a_form_notices_a_change_that_was_counted() {
    let server = fixture();
    (0..130).for_each(|n| notes(&server, "alice", &format!("text {n}")));
    let mut alice = server.signed_in("alice");
    let target = "/console/clients/my-app/settings";
    let seen = seen_by(&alice.get(&server, target)).expect("the form has seen something");
    notes(&server, "alice", "meanwhile");
    let answer = alice.sends_form(&server, target, &[&settings(&[("name", "Mine")])[..], &[("seen", seen.as_str())]].concat());
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert!(answer.text().contains("changed while the form was open"));
}

#[test]
fn what_is_counted_of_a_purged_client_is_not_mixed_with_what_happens_to_the_next_of_its_id() {
    let server = fixture();
    (0..130).for_each(|n| notes(&server, "admin", &format!("old {n}")));
    server.check("admin", "DELETE", "/api/v3/clients/my-app/purge", "", "200");
    server.has_client("bob", "my-app");
    (0..130).for_each(|n| notes(&server, "admin", &format!("new {n}")));
    assert_eq!(counted(&server, "my-app", "client.update").0, 260);
    for page in pages(&server, "bob") {
        assert!(page.contains("new ") && !page.contains("old "), "{page}");
    }
}

/// Values as long as they may be, and each time others.
fn longest(n: usize) -> Value {
    let repeated = |character: &str, times: usize| format!("{n:04}{}", character.repeat(times - 4));
    let text = |characters: usize| repeated("\u{1f511}", characters);
    let uris = |kind: &str| -> Value { (0..10).map(|at| format!("https://{kind}.example/{at}/{}", text(100))).collect() };
    let attributes: Value = Value::Object((0..10).map(|at| (format!("{at}{}", "k".repeat(35)), repeated("\u{1}", 200).into())).collect());
    let rights = Rights::EVERY.names();
    json!({
        "name": text(50), "description": text(2000), "attributes": attributes, "rights": rights[..rights.len() - n % 2],
        "redirect_uris": uris("login"), "logout_redirect_uris": uris("logout")
    })
}

/// How many rows of events there are by `alice` and the organization that she created, and how many bytes of values the rows and the
/// largest of them have.
fn by_alice(server: &Server) -> [usize; 3] {
    let file = Connection::open(server.app.store().path()).expect("the file opens");
    let values = "length(CAST(old_values AS BLOB)) + length(CAST(new_values AS BLOB))";
    let select = format!("SELECT count(*), sum({values}), max({values}) FROM events WHERE account_id IN ('alice', 'acme-corp')");
    [0, 1, 2].map(|at| file.query_row(&select, [], |row| row.get::<_, i64>(at)).expect("a figure") as usize)
}

#[test]
fn an_account_fills_the_history_of_a_day_no_further_than_its_bound() {
    let mut server = fixture();
    server.has_organization("alice", "acme-corp");
    let wanted = r#"{"name":"robot","rights":["RIGHT_ALL"]}"#;
    let key = server.check("alice", "POST", "/api/v3/organizations/acme-corp/api-keys", wanted, "200").json();
    server.knows_key("robot", key["key"].as_str().expect("a key"));
    let registers = |who: &str, owner: &str, id: &str, expected: &str| {
        let body = json!({"client": {"ids": {"client_id": id}}}).to_string();
        server.check(who, "POST", &format!("/api/v3/{owner}/clients"), &body, expected);
    };
    let updates = |who: &str, id: &str, n: usize| {
        let mask = if n < 20 { "name,description,attributes,rights,redirect_uris,logout_redirect_uris" } else { "name" };
        let body = json!({"client": longest(n), "field_mask": mask}).to_string();
        let answer = server.send(who, "PUT", &format!("/api/v3/clients/{id}"), &body);
        assert!(matches!(answer.status, 200 | 429), "{}", answer.text());
        answer.status
    };
    let mut statuses = Vec::new();
    for app in 0..8 {
        let (who, owner) = if app % 2 == 0 { ("alice", "users/alice") } else { ("robot", "organizations/acme-corp") };
        let id = format!("app-{app}");
        registers(if statuses.contains(&429) { "admin" } else { who }, owner, &id, "200");
        statuses.extend((0..280).map(|n| updates(who, &id, n)));
    }
    let [rows, bytes, largest] = by_alice(&server);
    assert_eq!(rows, ACCOUNT_EVENTS.most + 1, "with her key, which an administrator made, and no more was taken");
    assert!(largest <= EVENT.most, "{largest} bytes in one event");
    assert!(largest > EVENT.most / 2 && bytes <= ACCOUNT_EVENTS.most * EVENT.most, "{bytes} bytes");
    registers("robot", "organizations/acme-corp", "one-too-many", "429 too_many_changes");
    registers("bob", "users/bob", "bobs-app", "200");
    server.signed_in("alice");
    server.check("alice", "POST", "/api/v3/clients/app-2/secret", "", "200");
    server.check("alice", "DELETE", "/api/v3/clients/app-2", "", "200");
    server.wait_seconds(24 * 60 * 60);
    assert_eq!(updates("alice", "app-0", 0), 200, "every day begins anew");
    server.signed_in("alice").sees(&server, "/console/clients/app-0/activity", &["(2000 characters, SHA-256 ", "https://login.example/9/"]);
}

#[test]
fn an_event_names_the_oauth_client_that_acted() {
    let mut server = Server::with(Settings::default());
    server.has_user("alice");
    server.has_user("bob");
    let secret = server.has_app("alice", "my-app", &["RIGHT_USER_ALL"]);
    let code = server.signed_in("bob").code(&server, "my-app", &[]);
    let tokens = server.tokens("my-app", &secret, &code);
    let body = br#"{"user":{"name":"Robert"},"field_mask":"name"}"#;
    let answer = server.send_with(Some(&format!("Bearer {}", tokens.access)), &[], "PUT", "/api/v3/users/bob", body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    server.refresh("my-app", &secret, "OJSWM.A.B");
    server.post_form("/oauth/revoke", &[("token", &tokens.access), ("client_id", "my-app"), ("client_secret", &secret)]);
    let events = |kind: &str, id: &str| server.app.store().read(|tx| tx.events(kind, id)).expect("events are read");
    let actor = |kind: &str, id: &str, name: &str| {
        let event = events(kind, id).into_iter().rfind(|event| event.name == name).expect("there is an event");
        (event.actor.account_id, event.actor.client_id)
    };
    let client = Some("my-app".to_owned());
    assert_eq!(actor("user", "bob", "user.update"), (Some("bob".to_owned()), client.clone()));
    assert_eq!(actor("client", "my-app", "client.token.delete"), (None, client.clone()));
    assert_eq!(actor("client", "my-app", "client.token.refuse"), (None, client));
    assert_eq!(actor("client", "my-app", "client.authorization.update"), (Some("bob".to_owned()), None), "the user in the browser acted");
    server.signed_in("bob").sees(&server, "/console/activity", &["user.update", "OAuth client <code>my-app</code>"]);
}
