//! Searching clients, users, organizations and accounts.

use keyfob::base::page::Page;
use keyfob::base::time::Time;
use keyfob::model::client::Client;
use keyfob::store::clients::{ClientKey, ClientScope};
use keyfob::store::{Direction, Search, Store, TextSearch};
use rusqlite::Connection;
use serde_json::json;

use crate::folder::Folder;
use crate::server::Server;

fn client(id: &str, name: &str, description: &str, attributes: serde_json::Value) -> String {
    json!({"client": {"ids": {"client_id": id}, "name": name, "description": description, "attributes": attributes}}).to_string()
}

/// Alice and bob with five clients each; those with an even number are about testing.
fn two_owners() -> Server {
    let mut server = Server::start();
    for user in ["alice", "bob"] {
        server.has_user(user);
        for n in 1..=5 {
            let description = if n % 2 == 0 { "A test description" } else { "Something else" };
            let body = client(
                &format!("{user}-{n}"),
                &format!("Client {n} of {user}"),
                description,
                json!({"kind": format!("sort-{n}"), "owner": user}),
            );
            server.check(user, "POST", &format!("/api/v3/users/{user}/clients"), &body, "200");
        }
    }
    server
}

fn found(server: &Server, who: &str, what: &str, query: &str) -> Vec<String> {
    server.check(who, "GET", &format!("/api/v3/search/{what}?{query}"), "", "200").ids()
}

/// registry.md 9, item 45.
#[test]
fn an_administrator_finds_all_clients_that_a_description_names() {
    let ids = found(&two_owners(), "admin", "clients", "description_contains=test+description");
    assert_eq!(ids, ["alice-2", "alice-4", "bob-2", "bob-4"]);
}

/// registry.md 9, item 46.
#[test]
fn descriptions_of_users_and_organizations_are_searched_alike() {
    let server = two_owners();
    server.has_organization("alice", "acme-corp");
    let update = |what: &str| json!({what: {"description": "A test description"}, "field_mask": "description"}).to_string();
    server.check("alice", "PUT", "/api/v3/organizations/acme-corp", &update("organization"), "200");
    server.check("alice", "PUT", "/api/v3/users/alice", &update("user"), "200");
    assert_eq!(found(&server, "admin", "organizations", "description_contains=TEST"), ["acme-corp"]);
    assert_eq!(found(&server, "admin", "users", "description_contains=test"), ["alice"]);
}

/// registry.md 9, items 47 and 48.
#[test]
fn others_find_only_their_own_and_the_deleted_apart() {
    let server = two_owners();
    server.check("alice", "DELETE", "/api/v3/clients/alice-1", "", "200");
    server.check("bob", "DELETE", "/api/v3/clients/bob-1", "", "200");
    assert_eq!(found(&server, "alice", "clients", ""), ["alice-2", "alice-3", "alice-4", "alice-5"]);
    assert_eq!(found(&server, "alice", "clients", "deleted=true"), ["alice-1"]);
}

/// registry.md 9, item 49.
#[test]
fn others_find_only_the_organizations_they_belong_to() {
    let server = two_owners();
    for id in ["alice-org-1", "alice-org-2"] {
        server.has_organization("alice", id);
    }
    server.has_organization("bob", "bob-org");
    server.check("alice", "DELETE", "/api/v3/organizations/alice-org-1", "", "200");
    assert_eq!(found(&server, "alice", "organizations", ""), ["alice-org-2"]);
    assert_eq!(found(&server, "alice", "organizations", "deleted=true"), ["alice-org-1"]);
    assert_eq!(found(&server, "admin", "organizations", ""), ["alice-org-2", "bob-org"]);
}

/// registry.md 9, items 50 and 51.
#[test]
fn only_administrators_search_users() {
    let server = two_owners();
    for query in ["", "?deleted=true"] {
        server.check("alice", "GET", &format!("/api/v3/search/users{query}"), "", "403 search_forbidden");
    }
    server.check("bob", "DELETE", "/api/v3/users/bob", "", "200");
    assert_eq!(found(&server, "admin", "users", ""), ["admin", "alice"]);
    assert_eq!(found(&server, "admin", "users", "deleted=true"), ["bob"]);
}

/// registry.md 9, item 52.
#[test]
fn contact_info_of_users_is_their_address() {
    let server = two_owners();
    let answer = server.check("admin", "GET", "/api/v3/search/users?field_mask=contact_info&id_contains=alice", "", "200");
    assert_eq!(
        answer.json()["users"][0]["contact_info"],
        json!([{"contact_method": "CONTACT_METHOD_EMAIL", "value": "alice@example.com"}])
    );
}

/// registry.md 9, item 81.
#[test]
fn each_condition_finds_exactly_what_it_means() {
    let server = two_owners();
    server.check("admin", "PUT", "/api/v3/clients/alice-3", r#"{"client":{"state":"STATE_FLAGGED"},"field_mask":"state"}"#, "200");
    for (query, ids) in [
        ("query=CE-1", &["alice-1"][..]),
        ("query=of+bob", &["bob-1", "bob-2", "bob-3", "bob-4", "bob-5"]),
        ("id_contains=b-2", &["bob-2"]),
        ("name_contains=client+4", &["alice-4", "bob-4"]),
        ("attributes_contain[kind]=rt-5", &["alice-5", "bob-5"]),
        ("attributes_contain[kind]=rt-5&attributes_contain[owner]=bob", &["bob-5"]),
        ("state=STATE_FLAGGED", &["alice-3"]),
        ("state=STATE_FLAGGED&name_contains=bob", &[]),
    ] {
        assert_eq!(found(&server, "admin", "clients", query), ids, "{query}");
    }
    assert_eq!(found(&server, "admin", "clients", "").len(), 10);
    assert_eq!(found(&server, "bob", "clients", "query=-1"), ["bob-1"]);
}

/// registry.md 9, item 82.
#[test]
fn live_and_deleted_are_never_mixed() {
    let server = two_owners();
    server.check("alice", "DELETE", "/api/v3/clients/alice-1", "", "200");
    let all = |query: &str| server.check("admin", "GET", &format!("/api/v3/search/clients?{query}"), "", "200").total().to_owned();
    assert_eq!((all("deleted=false"), all("deleted=true")), ("9".to_owned(), "1".to_owned()));
}

#[test]
fn texts_are_found_whatever_they_hold() {
    let mut server = Server::start();
    server.has_user("alice");
    for (id, name) in
        [("one-app", "100% \"sure\""), ("two-app", "under_score"), ("three-app", "Ünïcode Straße"), ("four-app", "back\\slash")]
    {
        server.check("alice", "POST", "/api/v3/users/alice/clients", &client(id, name, "", json!({})), "200");
    }
    for (pattern, ids) in [
        ("100%25", &["one-app"][..]),
        ("%22sure%22", &["one-app"]),
        ("r_s", &["two-app"]),
        ("under\\_score", &["two-app"]),
        ("%C3%BCN%C3%8F", &["three-app"]),
        ("%C3%BC", &["three-app"]),
        ("k\\\\s", &["four-app"]),
        ("u", &["one-app", "two-app"]),
        ("'", &[]),
        ("a%25b", &[]),
        ("\" OR name:", &[]),
    ] {
        let pattern = pattern.replace(' ', "+");
        let mut ids: Vec<&str> = ids.to_vec();
        ids.sort_unstable();
        assert_eq!(found(&server, "alice", "clients", &format!("name_contains={pattern}")), ids, "{pattern}");
    }
}

#[test]
fn a_changed_or_purged_text_is_no_longer_found() {
    let mut server = Server::start();
    server.has_user("alice");
    server.has_client("alice", "my-app");
    server.check("alice", "PUT", "/api/v3/clients/my-app", r#"{"client":{"name":"Zebra"},"field_mask":"name"}"#, "200");
    assert_eq!(found(&server, "alice", "clients", "name_contains=zebra"), ["my-app"]);
    server.check("alice", "PUT", "/api/v3/clients/my-app", r#"{"client":{"name":"Heron"},"field_mask":"name"}"#, "200");
    assert!(found(&server, "alice", "clients", "name_contains=zebra").is_empty());
    server.check("admin", "DELETE", "/api/v3/clients/my-app/purge", "", "200");
    assert!(found(&server, "admin", "clients", "name_contains=heron").is_empty());
}

#[test]
fn a_page_of_a_search_is_as_long_as_asked_for() {
    let mut server = Server::start();
    server.has_user("alice");
    for n in 0..120 {
        server.has_client("alice", &format!("client-{n:03}"));
    }
    assert_eq!(found(&server, "alice", "clients", "limit=1000").len(), 120);
    assert_eq!(found(&server, "alice", "clients", "").len(), 100);
    assert_eq!(found(&server, "alice", "clients", "page=2"), (100..120).map(|n| format!("client-{n:03}")).collect::<Vec<_>>());
}

#[test]
fn accounts_are_found_by_a_part_of_their_id_once_somebody_has_signed_in() {
    let server = two_owners();
    server.has_organization("alice", "alice-org");
    server.check("anon", "GET", "/api/v3/search/accounts?query=al", "", "401 unauthenticated");
    for pattern in ["%25%25", "__", "%25a%25", "a_", "--"] {
        assert_eq!(server.check("bob", "GET", &format!("/api/v3/search/accounts?query={pattern}"), "", "200").json(), json!({}));
    }
    let answer = server.check("bob", "GET", "/api/v3/search/accounts?query=al", "", "200");
    assert_eq!((answer.ids(), answer.total()), (vec!["alice".to_owned(), "alice-org".to_owned()], "2"));
    assert_eq!(server.send("bob", "GET", "/api/v3/search/accounts?query=al&only_users=true", "").ids(), ["alice"]);
    assert_eq!(server.check("bob", "GET", "/api/v3/search/accounts?query=a", "", "200").json(), json!({}));
    assert_eq!(server.send("admin", "GET", "/api/v3/search/accounts", "").ids(), ["admin", "alice", "alice-org", "bob"]);
}

#[test]
fn accounts_are_found_among_a_clients_collaborators_or_among_all_others() {
    let server = two_owners();
    let search =
        |query: &str| server.check("alice", "GET", &format!("/api/v3/clients/alice-1/collaborators/search?{query}"), "", "200").ids();
    assert_eq!(search("query=li"), ["alice"]);
    assert_eq!(search("complement_collaborators=true&query=bo"), ["bob"]);
    for query in ["", "complement_collaborators=true", "query=a", "complement_collaborators=true&query=%25%25", "query=%25l%25"] {
        assert!(search(query).is_empty(), "{query}");
    }
    server.check("admin", "GET", "/api/v3/search/accounts?client_ids.client_id=not-there", "", "404 client_not_found");
}

#[test]
fn accounts_are_searched_within_an_entity_by_those_who_may_manage_its_members() {
    let mut server = two_owners();
    server.has_organization("alice", "acme-corp");
    server.gives_key("alice", "viewer", &["RIGHT_CLIENT_INFO", "RIGHT_ORGANIZATION_INFO"]);
    for (entity, parameter, kind) in [
        ("clients/alice-1", "client_ids.client_id=alice-1", "client"),
        ("organizations/acme-corp", "organization_ids.organization_id=acme-corp", "organization"),
    ] {
        for more in ["query=al", "query=bo&complement_collaborators=true"] {
            for target in [format!("/api/v3/{entity}/collaborators/search?{more}"), format!("/api/v3/search/accounts?{parameter}&{more}")] {
                server.check("bob", "GET", &target, "", &format!("403 no_{kind}_rights"));
                server.check("viewer", "GET", &target, "", &format!("403 insufficient_{kind}_rights"));
                assert_eq!(server.check("alice", "GET", &target, "", "200").ids().len(), 1, "{target}");
                assert_eq!(server.check("admin", "GET", &target, "", "200").ids().len(), 1, "{target}");
            }
        }
    }
}

#[test]
fn a_search_for_accounts_comes_in_pages() {
    let server = two_owners();
    for n in 0..5 {
        server.has_organization("bob", &format!("team-{n}"));
    }
    for who in ["alice", "admin"] {
        let page = |more: &str| {
            let target = format!("/api/v3/clients/alice-1/collaborators/search?query=team&complement_collaborators=true&{more}");
            server.check(who, "GET", &target, "", "200")
        };
        assert_eq!((page("limit=2").ids(), page("limit=2").total()), (vec!["team-0".to_owned(), "team-1".to_owned()], "5"));
        assert_eq!(page("limit=2&page=3").ids(), ["team-4"]);
        assert_eq!(page("").ids().len(), 5);
        let target = "/api/v3/clients/alice-1/collaborators/search?query=team&limit=1001";
        server.check(who, "GET", target, "", "400 validation");
    }
    assert_eq!(server.check("admin", "GET", "/api/v3/search/accounts?limit=3&page=2", "", "200").total(), "8");
}

/// New clients come into the index of texts when there are many of them, whatever else became of them before.
#[test]
fn what_a_client_was_called_last_before_its_commit_is_what_it_is_found_by() {
    let folder = Folder::new("texts");
    let path = folder.file("keyfob.db");
    let store = Store::open(&path).expect("a new file");
    let named = |id: &str, name: &str| Client { name: name.to_owned(), ..Client::new(id.parse().expect("an ID"), Time::from_micros(1)) };
    let changes = store.write(|tx| {
        for (id, name) in [("kept", "First of three"), ("renamed", "Second of three"), ("purged", "Third of three")] {
            assert!(tx.insert_client(&named(id, name), None)?);
        }
        tx.update_client(&named("renamed", "Another name"))?;
        tx.purge_client(&"purged".parse().expect("an ID"))
    });
    changes.expect("they are made");
    let found = |name: &str| {
        let texts = TextSearch { name_contains: Some(name.to_owned()), ..TextSearch::default() };
        let search = Search { texts, ..Search::live(ClientKey::Id, Direction::Ascending, Page::new(1000, 1)) };
        let listed = store.read(|tx| tx.client_ids(&ClientScope::Everyone, &search)).expect("a search");
        listed.items.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("of three"), ["kept"]);
    assert_eq!(found("Another"), ["renamed"]);
    store.write(|tx| tx.update_client(&named("kept", "Another name, too"))).expect("it is renamed later");
    assert_eq!(found("Another"), ["kept", "renamed"]);
    let odd = ["İzmir", "Ünïcode", "ΟΔΟΣ", "ЁЖИК", "ᲐᲑᲒᲓ", "東京都庁", "ꭰꭱꭲꭳ"];
    let by_odd_names = || odd.map(|name| (found(name), found(&name.to_lowercase()), found(&name.to_uppercase())));
    for (n, name) in odd.iter().enumerate() {
        assert!(store.write(|tx| tx.insert_client(&named(&format!("odd-{n}"), name), None)).expect("it is made"));
    }
    let before = by_odd_names();
    assert!(before.iter().enumerate().all(|(n, found)| found.0 == [format!("odd-{n}")]), "{before:?}");
    let insert = |n: usize| {
        let made = store.write(|tx| tx.insert_client(&named(&format!("many-{n:03}"), "One of many"), None));
        assert!(made.expect("it is made"));
    };
    let file = Connection::open(&path).expect("the file");
    let waiting = || {
        let waiting = "SELECT (SELECT max(client_number) FROM clients) - client_number FROM client_text_end";
        file.query_row(waiting, [], |row| row.get::<_, i64>(0)).expect("a number")
    };
    // Fails if the index and the table differ in anything.
    let agree = || file.execute("INSERT INTO client_text (client_text, rank) VALUES ('integrity-check', 1)", []).expect("they agree");
    let indexed = (0..200).find(|n| {
        insert(*n);
        assert_eq!(found("ne of man").len(), n + 1);
        waiting() == 0
    });
    let indexed = indexed.expect("few wait");
    agree();
    assert_eq!(by_odd_names(), before, "what is found does not depend on when the index was written");
    assert_eq!(found("Another"), ["kept", "renamed"]);
    // The number of the newest is given again.
    let newest = format!("many-{indexed:03}").parse().expect("an ID");
    store.write(|tx| tx.purge_client(&newest)).expect("it is purged");
    agree();
    insert(500);
    assert_eq!((found("ne of man").len(), waiting()), (indexed + 1, 1));
    store.write(|tx| tx.update_client(&named("renamed", "A third name"))).expect("it is renamed");
    assert_eq!((found("Another"), found("third name")), (vec!["kept".to_owned()], vec!["renamed".to_owned()]));
}

#[test]
fn the_index_of_texts_is_written_only_where_a_text_changed() {
    let mut server = Server::start();
    server.has_user("alice");
    server.has_client("alice", "my-app");
    // Few new clients wait for the index.
    (0..150).for_each(|n| drop(server.has_client("alice", &format!("other-{n}"))));
    server.has_organization("alice", "acme-corp");
    let indexes = || {
        let file = Connection::open(server.app.store().path()).expect("the file");
        ["client_text_data", "account_text_data"].map(|table| {
            let mut select = file.prepare(&format!("SELECT id, block FROM {table} ORDER BY id")).expect("the index");
            let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("rows");
            rows.collect::<rusqlite::Result<Vec<(i64, Vec<u8>)>>>().expect("blocks")
        })
    };
    let change = |field: &str, value: serde_json::Value| {
        for (path, what) in [("clients/my-app", "client"), ("users/alice", "user"), ("organizations/acme-corp", "organization")] {
            let body = json!({what: {(field): value}, "field_mask": field}).to_string();
            server.check("alice", "PUT", &format!("/api/v3/{path}"), &body, "200");
        }
    };
    let before = indexes();
    change("attributes", json!({"kind": "other"}));
    assert!(indexes() == before, "nothing that is searched was changed");
    change("description", json!("Another description"));
    let after = indexes();
    assert!(after[0] != before[0] && after[1] != before[1], "what was changed is found");
}

#[test]
fn new_clients_are_found_by_their_texts_in_whatever_order_others_were_purged() {
    // More than wait for the text index together.
    const MANY: usize = 200;
    let server = Server::start();
    let register = |id: &str, name: &str| {
        server.check("admin", "POST", "/api/v3/users/admin/clients", &client(id, name, "", json!({})), "200");
    };
    let purge = |id: &str| drop(server.check("admin", "DELETE", &format!("/api/v3/clients/{id}/purge"), "", "200"));
    let orders: [&dyn Fn(usize) -> usize; 3] = [&|n| n, &|n| MANY - 1 - n, &|n| n * 77 % MANY];
    for (turn, order) in orders.into_iter().enumerate() {
        (0..MANY).for_each(|n| register(&format!("old-{n}"), "Aardvark"));
        (0..MANY).for_each(|n| purge(&format!("old-{}", order(n))));
        (0..100).for_each(|n| register(&format!("new-{n}"), "Zebra portal"));
        for (text, total) in [("zebra", 100), ("aardvark", 0), ("ze", 100)] {
            assert_eq!(found(&server, "admin", "clients", &format!("query={text}")).len(), total, "{text} in turn {turn}");
        }
        let rename = json!({"client": {"name": "Okapi"}, "field_mask": {"paths": ["name"]}}).to_string();
        (0..100).for_each(|n| drop(server.check("admin", "PUT", &format!("/api/v3/clients/new-{n}"), &rename, "200")));
        assert_eq!(found(&server, "admin", "clients", "query=okapi").len(), 100, "in turn {turn}");
        (0..100).for_each(|n| purge(&format!("new-{n}")));
    }
}
