//! Databases that former keyfobs made, with every kind of row: each is upgraded, and has what it had.
//!
//! `tests/databases/schema-N.sql` was written by the keyfob whose schema was N. Before it is released, that schema may still change: then
//! `KEYFOB_WRITE=1 cargo test --test it kept_databases` writes the newest of them again. Those of released schemas are never written again.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use keyfob::registry::expiry::sweep;
use keyfob::store::Store;
use rusqlite::Connection;
use rusqlite::types::Value;
use serde_json::json;

use crate::browser::Browser;
use crate::documents::is_writing;
use crate::folder::Folder;
use crate::server::Server;

/// What is never in a database between two commits.
const NEVER_LEFT: &str = "client_text_pending";

/// What changes with every commit.
const ALWAYS_CHANGES: &str = "file_stamp";

/// What an upgrade moved: its number, the table or column, what was in it, and where that is now.
#[rustfmt::skip]
const MOVED: &[(i64, &str, &str, &str)] = &[
    (7, "account_attributes", "SELECT account_id || key || value FROM account_attributes ORDER BY 1", "SELECT account_id || key || value FROM accounts, json_each(attributes) ORDER BY 1"),
    (7, "client_attributes", "SELECT client_id || key || value FROM client_attributes ORDER BY 1", "SELECT client_id || key || value FROM clients, json_each(attributes) ORDER BY 1"),
    (7, "client_redirect_uris", "SELECT client_id || position || uri FROM client_redirect_uris ORDER BY 1", "SELECT client_id || key || value FROM clients, json_each(redirect_uris) ORDER BY 1"),
    (7, "client_logout_redirect_uris", "SELECT client_id || position || uri FROM client_logout_redirect_uris ORDER BY 1", "SELECT client_id || key || value FROM clients, json_each(logout_redirect_uris) ORDER BY 1"),
    (7, "client_grants", "SELECT client_id || position || grant_type FROM client_grants ORDER BY 1", "SELECT client_id || key || value FROM clients, json_each(grants) ORDER BY 1"),
    (7, "client_rights", "SELECT client_id || position || right FROM client_rights ORDER BY 1", "SELECT client_id || key || value FROM clients, json_each(rights) ORDER BY 1"),
    (7, "client_member_rights", "SELECT client_id || account_id || position || right FROM client_member_rights ORDER BY 1", "SELECT client_id || account_id || key || value FROM client_members, json_each(rights) ORDER BY 1"),
    (7, "organization_member_rights", "SELECT organization_id || account_id || position || right FROM organization_member_rights ORDER BY 1", "SELECT organization_id || account_id || key || value FROM organization_members, json_each(rights) ORDER BY 1"),
    (7, "api_key_rights", "SELECT api_key_id || position || right FROM api_key_rights ORDER BY 1", "SELECT api_key_id || key || value FROM api_keys, json_each(rights) ORDER BY 1"),
    (7, "account_client_counts", "SELECT account_id || sum(iif(is_live, clients, 0)) || sum(iif(is_live, 0, clients)) FROM account_client_counts GROUP BY account_id ORDER BY 1", "SELECT account_id || live_clients || deleted_clients FROM account_counts WHERE live_clients + deleted_clients > 0 ORDER BY 1"),
    (7, "event_counts", "SELECT entity_id || day || kind || times || event_number FROM event_counts WHERE entity_kind <> 'rows' ORDER BY 1", "SELECT entity_id || day || kind || times || event_number FROM event_counts ORDER BY 1"),
    (7, "event_counts", "SELECT entity_id || day || times FROM event_counts WHERE entity_kind = 'rows' ORDER BY 1", "SELECT account_id || event_day || event_rows FROM account_counts WHERE event_rows > 0 ORDER BY 1"),
    (7, "client_counts", "SELECT clients || '' FROM client_counts WHERE NOT is_live", "SELECT deleted || '' FROM client_counts"),
    (7, "client_secrets.client_id", "SELECT client_id || secret_hash FROM client_secrets ORDER BY 1", "SELECT client_id || secret_hash FROM client_secrets JOIN clients USING (client_number) ORDER BY 1"),
    (7, "access_tokens.successor_id", "SELECT token_id || successor_id FROM access_tokens WHERE successor_salt IS NOT NULL ORDER BY 1", "SELECT token_id || successor_id FROM token_successors JOIN access_tokens USING (token_number) ORDER BY 1"),
    (7, "access_tokens.successor_salt", "SELECT hex(successor_salt) FROM access_tokens WHERE successor_salt IS NOT NULL ORDER BY 1", "SELECT hex(salt) FROM token_successors ORDER BY 1"),
];

fn kept() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/databases");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    assert!(files.len() > 1, "only {files:?}");
    files
}

fn number(database: &Connection, pragma: &str) -> i64 {
    database.pragma_query_value(None, pragma, |row| row.get(0)).expect("a number")
}

fn texts(database: &Connection, sql: &str) -> Vec<String> {
    let mut select = database.prepare(sql).expect("a statement");
    select.query_map([], |row| row.get(0)).expect("rows").collect::<Result<_, _>>().expect("rows are read")
}

fn tables(database: &Connection) -> Vec<String> {
    texts(database, "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name")
}

fn columns(database: &Connection, table: &str) -> Vec<String> {
    texts(database, &format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid"))
}

/// The rows of a table, in these columns.
fn rows(database: &Connection, table: &str, columns: &[String]) -> Vec<Vec<Value>> {
    let list = columns.join(", ");
    let mut select = database.prepare(&format!("SELECT {list} FROM {table} ORDER BY {list}")).expect("a statement");
    let row = |row: &rusqlite::Row<'_>| (0..columns.len()).map(|n| row.get(n)).collect();
    select.query_map([], row).expect("rows").collect::<Result<_, _>>().expect("rows are read")
}

/// Everything in a database as statements that make it again: triggers last, so that they don't count what is counted already.
fn dump(database: &Connection) -> String {
    let mut text = String::from("-- See tests/it/kept_databases.rs.\n");
    let definitions =
        |kind: &str| texts(database, &format!("SELECT sql || ';' FROM sqlite_schema WHERE {kind} AND sql IS NOT NULL ORDER BY rowid"));
    let shadows = "(SELECT name FROM pragma_table_list WHERE type IN ('shadow', 'virtual'))";
    let mut add = |line: &str| writeln!(text, "{line}").expect("it is written");
    definitions(&format!("type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT IN {shadows}")).iter().for_each(|sql| add(sql));
    for table in tables(database) {
        let quoted: Vec<String> = columns(database, &table).iter().map(|column| format!("quote({column})")).collect();
        let values = quoted.join(" || ', ' || ");
        texts(database, &format!("SELECT 'INSERT INTO {table} VALUES (' || {values} || ');' FROM {table}")).iter().for_each(|sql| add(sql));
    }
    definitions("type = 'table' AND sql LIKE 'CREATE VIRTUAL%'").iter().for_each(|sql| add(sql));
    for index in texts(database, "SELECT name FROM pragma_table_list WHERE type = 'virtual' ORDER BY name") {
        add(&format!("INSERT INTO {index} ({index}) VALUES ('rebuild');"));
    }
    definitions("type IN ('index', 'trigger')").iter().for_each(|sql| add(sql));
    for pragma in ["application_id", "user_version"] {
        add(&format!("PRAGMA {pragma} = {};", number(database, pragma)));
    }
    text
}

/// Makes a database from a dump.
fn restored(dump: &str, path: &Path) -> Connection {
    let database = Connection::open(path).expect("a file");
    database.execute_batch(&format!("PRAGMA foreign_keys = OFF; BEGIN; {dump} COMMIT;")).expect("the dump is run");
    database
}

/// Does everything that leaves a row somewhere.
fn everything(server: &mut Server) {
    for user in ["alice", "bob"] {
        server.has_user(user);
    }
    server.has_organization("alice", "acme");
    let member =
        json!({"collaborator": {"ids": {"user_ids": {"user_id": "bob"}}, "rights": ["RIGHT_CLIENT_INFO", "RIGHT_ORGANIZATION_INFO"]}})
            .to_string();
    server.check("alice", "PUT", "/api/v3/organizations/acme/collaborators", &member, "200");
    server.check("alice", "POST", "/api/v3/organizations/acme/api-keys", r#"{"name":"key","rights":["RIGHT_ORGANIZATION_INFO"]}"#, "200");
    let user = r#"{"user":{"name":"Alice","attributes":{"key":"value"}},"field_mask":{"paths":["name","attributes"]}}"#;
    server.check("alice", "PUT", "/api/v3/users/alice", user, "200");
    let secret = server.has_app("alice", "my-app", &["RIGHT_USER_INFO"]);
    let client = r#"{"client":{"description":"An app","attributes":{"key":"value"}},"field_mask":{"paths":["description","attributes"]}}"#;
    server.check("alice", "PUT", "/api/v3/clients/my-app", client, "200");
    server.has_client("alice", "waiting");
    server.has_state("waiting", "STATE_REQUESTED");
    for client in ["my-app", "waiting"] {
        let member = json!({"collaborator": {"ids": {"user_ids": {"user_id": "bob"}}, "rights": ["RIGHT_CLIENT_INFO"]}}).to_string();
        server.check("alice", "PUT", &format!("/api/v3/clients/{client}/collaborators"), &member, "200");
    }
    let mut bob = server.signed_in("bob");
    assert_eq!(bob.sends_form(server, "/console/clients/waiting/trial", &[]).status, 303);
    let code = bob.code(server, "my-app", &[]);
    let tokens = server.tokens("my-app", &secret, &code);
    assert_eq!(server.status_with(&tokens.access, "/api/v3/users/bob?field_mask=primary_email_address"), 200);
    assert_eq!(server.refresh("my-app", &secret, &tokens.refresh).status, 200);
    bob.code(server, "my-app", &[]);
    assert_eq!(server.refresh("my-app", &secret, "MFRGG.none.none").status, 400);
    server.check("alice", "POST", "/api/v3/clients/my-app/secret", r#"{"grace":"3600s"}"#, "200");
    Browser::default().post(server, "/oauth/api/auth/login", &[("user_id", "bob"), ("password", "Wrong-passw0rd")]);
    server.check("admin", "POST", "/api/v3/users/bob/sign-in-link", "", "200");
    let client = r#"{"client":{"redirect_uris":["http://127.0.0.1:1/cb"]},"field_mask":"redirect_uris"}"#;
    server.check("alice", "PUT", "/api/v3/clients/waiting", client, "200");
    server.check("alice", "POST", "/api/v3/clients/waiting/review/probe", "", "200");
    server.has_client("alice", "deleted");
    server.check("alice", "DELETE", "/api/v3/clients/deleted", "", "200");
    server.check("anon", "GET", "/readyz", "", "200");
    server.check("anon", "GET", "/oauth/keys", "", "200");
    server.app.store().write(sweep).expect("it sweeps");
    server.check("alice", "PUT", "/api/v3/clients/my-app", r#"{"client":{"name":"My App"},"field_mask":"name"}"#, "200");
}

#[test]
fn a_database_with_every_kind_of_row_is_kept_of_this_schema() {
    let mut server = Server::start();
    everything(&mut server);
    let made = Connection::open(server.app.store().path()).expect("the file");
    for table in tables(&made).iter().filter(|table| *table != NEVER_LEFT) {
        assert!(!rows(&made, table, &columns(&made, table)).is_empty(), "nothing is in {table}: do what leaves a row there");
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/databases/schema-{}.sql", number(&made, "user_version")));
    if is_writing() {
        std::fs::write(&file, dump(&made)).expect("it is written");
    }
    let folder = Folder::new("kept-schema");
    let dump = std::fs::read_to_string(file).expect("one is kept of this schema: KEYFOB_WRITE=1 cargo test --test it kept_databases");
    let kept = restored(&dump, &folder.file("kept.db"));
    let shape = |database: &Connection| texts(database, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name");
    assert_eq!(shape(&kept), shape(&made), "the schema has changed: KEYFOB_WRITE=1 cargo test --test it kept_databases");
    for table in tables(&kept).iter().filter(|table| *table != NEVER_LEFT) {
        assert!(!rows(&kept, table, &columns(&kept, table)).is_empty(), "nothing is kept in {table}");
    }
}

#[test]
fn every_kept_database_is_upgraded_with_all_that_is_in_it() {
    for file in kept() {
        let folder = Folder::new("kept-upgrade");
        let path = folder.file("keyfob.db");
        let dump = std::fs::read_to_string(&file).expect("it is read");
        let before = restored(&dump, &folder.file("before.db"));
        let version = number(&before, "user_version");
        drop(restored(&dump, &path));
        drop(Store::open(&path).expect("it is upgraded"));
        let after = Connection::open(&path).expect("the file");
        assert_eq!(texts(&after, "PRAGMA integrity_check"), ["ok"]);
        assert!(!after.prepare("PRAGMA foreign_key_check").expect("a statement").exists([]).expect("it is checked"));
        for table in tables(&before).iter().filter(|table| *table != ALWAYS_CHANGES && *table != NEVER_LEFT) {
            let there = columns(&after, table);
            let (still, gone): (Vec<String>, Vec<String>) = columns(&before, table).into_iter().partition(|column| there.contains(column));
            let moved: Vec<_> = MOVED.iter().filter(|(by, name, ..)| version < *by && name.split('.').next() == Some(table)).collect();
            for (_, name, then, now) in &moved {
                let what_was = texts(&before, then);
                assert!(!what_was.is_empty(), "{}: nothing of {name} was there to be moved", file.display());
                assert_eq!(texts(&after, now), what_was, "{}: {name}", file.display());
            }
            if moved.iter().any(|(_, name, ..)| name == table) {
                continue;
            }
            assert_eq!(rows(&after, table, &still), rows(&before, table, &still), "{}: {table}", file.display());
            for column in gone.iter().map(|column| format!("{table}.{column}")) {
                assert!(moved.iter().any(|(_, name, ..)| *name == column), "say where {column} is now");
            }
        }
        let found =
            |database: &Connection| texts(database, "SELECT rowid || '' FROM client_text WHERE client_text MATCH 'app' ORDER BY rowid");
        assert_eq!(found(&after), found(&before), "the search index");
        assert!(!found(&after).is_empty());
    }
}

#[test]
fn a_dump_makes_the_database_that_was_dumped() {
    let mut server = Server::start();
    everything(&mut server);
    let made = Connection::open(server.app.store().path()).expect("the file");
    let folder = Folder::new("kept-dump");
    let again = restored(&dump(&made), &folder.file("again.db"));
    let all = |database: &Connection| -> BTreeMap<String, Vec<Vec<Value>>> {
        tables(database).into_iter().map(|table| (table.clone(), rows(database, &table, &columns(database, &table)))).collect()
    };
    assert_eq!(all(&again), all(&made));
}
