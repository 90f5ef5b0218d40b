//! Opening files: new, old, newer, foreign, held.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use keyfob::model::choice::State;
use keyfob::registry::bootstrap::{Administrator, administrator};
use keyfob::store::schema::UPGRADES;
use keyfob::store::{OpenError, Store};
use rusqlite::types::Value;
use rusqlite::{Connection, Row};

use crate::folder::Folder;

fn text(connection: &Connection, sql: &str) -> String {
    connection.query_row(sql, [], |row| row.get(0)).expect("a text")
}

/// Type, name and definition of everything in the schema.
fn schema(path: &Path) -> Vec<(String, String, Option<String>)> {
    let connection = Connection::open(path).expect("the file opens");
    let mut select = connection.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY type, name").expect("the schema is read");
    let definition = |sql: Option<String>| sql.map(|sql| without_comments(&sql));
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, definition(row.get(2)?)))).expect("rows");
    rows.collect::<Result<_, _>>().expect("rows are read")
}

/// A definition without comments and blanks: `ALTER TABLE` adds a column to the text as it was written.
fn without_comments(sql: &str) -> String {
    sql.lines().flat_map(|line| line.split("--").next()).flat_map(str::split_whitespace).collect()
}

/// Makes an empty file of an old schema: the first one, and the upgrades up to `version`.
fn old_file(path: &Path, version: usize) -> Connection {
    let old = Connection::open(path).expect("a file");
    old.pragma_update(None, "foreign_keys", false).expect("as an upgrade runs");
    for step in std::iter::once(&include_str!("../schemas/1.sql")).chain(&UPGRADES[..version - 1]) {
        old.execute_batch(step).expect("a step");
    }
    old.pragma_update(None, "user_version", version as i64).expect("its number");
    old
}

/// Upgrades an old file, and opens it as it is then.
fn upgraded(old: Connection, path: &Path) -> Connection {
    drop(old);
    drop(Store::open(path).expect("it is upgraded"));
    Connection::open(path).expect("the file opens")
}

fn number(path: &Path, pragma: &str) -> i64 {
    let connection = Connection::open(path).expect("the file opens");
    connection.pragma_query_value(None, pragma, |row| row.get(0)).expect("a number")
}

#[test]
fn a_file_that_is_reopened_is_as_it_was() {
    let folder = Folder::new("reopen");
    let path = folder.file("keyfob.db");
    let store = Store::open(&path).expect("a new file");
    let wanted = || Administrator { user_id: "admin".to_owned(), password: None, api_key: None, password_rounds: 1000 };
    assert!(administrator(&store, wanted()).expect("it is made").is_some());
    drop(store);
    let before = schema(&path);
    let store = Store::open(&path).expect("the same file");
    assert!(administrator(&store, wanted()).expect("it is there").is_none());
    drop(store);
    assert_eq!(schema(&path), before);
}

#[test]
fn whatever_was_made_of_the_built_in_client_is_undone_when_the_server_starts() {
    let folder = Folder::new("built-in");
    let path = folder.file("keyfob.db");
    let wanted = || Administrator { user_id: "admin".to_owned(), password: None, api_key: None, password_rounds: 1000 };
    let start = || {
        let store = Store::open(&path).expect("the file opens");
        administrator(&store, wanted()).expect("it starts");
    };
    let text = |sql: &str| text(&Connection::open(&path).expect("the file"), sql);
    let kept = || {
        text(
            "SELECT coalesce(deleted_at, 'live') || name || description || state || skip_authorization || endorsed \
             || redirect_uris || rights || (SELECT count(*) FROM client_members WHERE client_id = 'cli') \
             || (SELECT count(*) FROM client_secrets s WHERE s.client_number = c.client_number AND expires_at IS NULL) \
             FROM clients c WHERE client_id = 'cli'",
        )
    };
    let events = || text("SELECT group_concat(name) FROM events WHERE entity_id = 'cli'");
    start();
    let meant = kept();
    start();
    assert_eq!(events(), "client.create", "nothing is written where nothing differs");
    let changes = [
        "UPDATE clients SET skip_authorization = 1, description = 'Signs in the command line of this server' WHERE client_id = 'cli'",
        "UPDATE clients SET deleted_at = 1, state = 3, state_description = 'odd' WHERE client_id = 'cli'",
        "UPDATE clients SET redirect_uris = '[\"https://evil.example\",\"code\"]' WHERE client_id = 'cli'",
        "INSERT INTO client_members (client_number, client_id, account_id, rights) SELECT client_number, client_id, 'admin', '[63]' FROM clients WHERE client_id = 'cli'",
        "INSERT INTO client_secrets (client_number, secret_number, secret_hash, created_at) SELECT client_number, 1, '', 1 FROM clients WHERE client_id = 'cli'",
        "UPDATE clients SET rights = '[]' WHERE client_id = 'cli'",
        "DELETE FROM clients WHERE client_id = 'cli'",
    ];
    for change in changes {
        let connection = Connection::open(&path).expect("the file");
        connection.pragma_update(None, "foreign_keys", true).expect("a setting");
        connection.execute_batch(change).expect(change);
        drop(connection);
        start();
        assert_eq!(kept(), meant, "{change}");
    }
    assert_eq!(events(), "client.create,client.update,client.update,client.update,client.update,client.update,client.update,client.create");
}

#[test]
fn every_old_schema_becomes_the_present_one() {
    let folder = Folder::new("upgrade");
    let fresh = folder.file("fresh.db");
    drop(Store::open(&fresh).expect("a new file"));
    let present = number(&fresh, "user_version");
    for version in 1..=UPGRADES.len() {
        let path = folder.file(&version.to_string());
        drop(upgraded(old_file(&path, version), &path));
        assert_eq!(schema(&path), schema(&fresh), "version {version}");
        assert_eq!(number(&path, "user_version"), present);
    }
}

#[test]
fn what_is_in_an_old_file_is_there_afterwards() {
    let folder = Folder::new("kept");
    let path = folder.file("keyfob.db");
    let rows = "
        INSERT INTO accounts (account_id, kind, created_at, updated_at, description) VALUES ('ada', 'user', 1, 1, '');
        INSERT INTO clients (client_id, created_at, updated_at, deleted_at, description, state, state_description, skip_authorization, endorsed)
            VALUES ('live-1', 1, 1, NULL, '', 0, '', 0, 0), ('live-2', 1, 1, NULL, '', 0, '', 0, 0), ('gone', 1, 1, 2, '', 0, '', 0, 0);
        INSERT INTO client_members (client_id, account_id) VALUES ('live-1', 'ada'), ('gone', 'ada');
        INSERT INTO client_member_rights (client_id, account_id, position, right) VALUES ('live-1', 'ada', 0, 3), ('gone', 'ada', 0, 4);";
    let old = old_file(&path, 1);
    old.execute_batch(rows).expect("rows");
    let new = upgraded(old, &path);
    let text = |sql: &str| text(&new, sql);
    let members =
        "SELECT group_concat(client_id || ' ' || is_live || ' ' || rights) FROM (SELECT * FROM client_members ORDER BY client_id)";
    assert_eq!(text(members), "gone 0 [4],live-1 1 [3]");
    assert_eq!(text("SELECT unused_numbers || ' ' || deleted FROM client_counts"), "0 1");
    assert_eq!(text(ACCOUNT_COUNTS), "ada 1 1 0");
}

const ACCOUNT_COUNTS: &str =
    "SELECT group_concat(account_id || ' ' || live_clients || ' ' || deleted_clients || ' ' || registered_clients) FROM account_counts";

/// Schema 7 made most tables of clients anew.
#[test]
fn a_client_of_schema_6_and_all_that_belongs_to_it_are_as_they_were() {
    let folder = Folder::new("lists");
    let path = folder.file("keyfob.db");
    let old = old_file(&path, 6);
    old.execute_batch(
        r#"INSERT INTO accounts (account_id, kind, created_at, updated_at, description)
             VALUES ('ada', 'user', 1, 1, ''), ('bob', 'user', 1, 1, ''), ('org', 'organization', 1, 1, '');
         INSERT INTO account_attributes (account_id, key, value) VALUES ('ada', 'b', 'a "quoted" word'), ('ada', 'a', 'x');
         INSERT INTO users (user_id, primary_email_address, password_hash, require_password_update, state, state_description, admin)
             VALUES ('ada', 'a@x', '', 0, 1, '', 0), ('bob', 'b@x', '', 0, 1, '', 0);
         INSERT INTO organizations (organization_id) VALUES ('org');
         INSERT INTO organization_members (organization_id, account_id) VALUES ('org', 'bob');
         INSERT INTO organization_member_rights (organization_id, account_id, position, right) VALUES ('org', 'bob', 0, 44), ('org', 'bob', 1, 41);
         INSERT INTO api_keys (api_key_id, account_id, key_hash, created_at, updated_at, created_by) VALUES ('KEY', 'ada', '', 1, 1, 'ada'), ('BARE', 'ada', '', 1, 1, 'ada');
         INSERT INTO api_key_rights (api_key_id, position, right) VALUES ('KEY', 0, 11), ('KEY', 1, 10);
         INSERT INTO clients (client_number, client_id, created_at, updated_at, deleted_at, name, description, administrative_contact, technical_contact,
                 state, state_description, skip_authorization, endorsed, registered_by, approved_rights)
             VALUES (3, 'full', 5, 6, NULL, 'The name', 'The description', 'ada', 'bob', 1, 'because', 1, 1, 'ada', 7),
                 (5, 'bare', 5, 6, 7, NULL, '', NULL, NULL, 0, '', 0, 0, NULL, 0);
         INSERT INTO client_attributes (client_id, key, value) VALUES ('full', 'z', 'last'), ('full', 'k', 'a "quoted" \ word');
         INSERT INTO client_redirect_uris (client_id, position, uri) VALUES ('full', 0, 'https://z.example'), ('full', 1, 'https://a.example/"');
         INSERT INTO client_logout_redirect_uris (client_id, position, uri) VALUES ('full', 0, 'https://out.example');
         INSERT INTO client_grants (client_id, position, grant_type) VALUES ('full', 0, 2), ('full', 1, 0);
         INSERT INTO client_rights (client_id, position, right) VALUES ('full', 0, 10), ('full', 1, 1);
         INSERT INTO client_secrets (secret_number, client_id, secret_hash, created_at, expires_at, last_used_at)
             VALUES (4, 'full', 'SHA256$old', 5, 9000000000000000, NULL), (9, 'full', 'SHA256$new', 6, NULL, 8);
         INSERT INTO client_members (client_id, account_id) VALUES ('full', 'ada'), ('full', 'bob');
         INSERT INTO client_members (client_id, account_id, is_live) VALUES ('bare', 'bob', 0);
         INSERT INTO client_member_rights (client_id, account_id, position, right) VALUES ('full', 'ada', 0, 63), ('full', 'bob', 0, 51), ('full', 'bob', 1, 50);
         INSERT INTO client_testers (client_id, user_id, created_at) VALUES ('full', 'bob', 1);
         INSERT INTO client_token_days (client_id, day, issued, last_issued_at) VALUES ('full', 1, 1, 1);
         INSERT INTO authorizations (user_id, client_id, rights, created_at, updated_at) VALUES ('bob', 'full', 6, 5, 5);
         INSERT INTO authorization_codes (code_id, code_hash, user_id, client_id, session_id, rights, redirect_uri, created_at, expires_at)
             VALUES ('CODE', '', 'bob', 'full', '', 6, '', 1, 1);
         INSERT INTO access_tokens (token_id, family_id, user_id, client_id, session_id, rights, access_hash, refresh_hash, created_at, expires_at, ends_at,
                 used_at, rotated_at, successor_id, successor_salt, refresh_rights)
             VALUES ('NEXT', 'FIRST', 'bob', 'full', 'S', 6, 'a', 'r', 2, 3, 4, 5, NULL, NULL, NULL, 7),
                 ('FIRST', 'FIRST', 'bob', 'full', 'S', 6, 'a', NULL, 1, 3, 4, NULL, 2, 'NEXT', x'01', 6),
                 ('STRAY', 'STRAY', 'ada', 'full', 'S', 6, 'a', NULL, 1, 3, 4, NULL, NULL, NULL, NULL, 6);
         INSERT INTO events (happened_at, name, entity_kind, entity_id, account_id, request_id, old_values, new_values) VALUES
             (5, 'client.create', 'client', 'full', 'ada', 'r', '{"name":null}', '{"name":"The name"}'),
             (6, 'client.update', 'client', 'full', 'ada', 'r', '{}', '{"endorsed":true}');
         INSERT INTO event_counts (entity_kind, entity_id, day, kind, times, event_number) VALUES ('rows', 'ada', 1, '', 2, 0), ('client', 'full', 1, '[]', 2, 2);"#,
    )
    .expect("rows");
    let new = upgraded(old, &path);
    let rows = |sql: &str| {
        let mut select = new.prepare(sql).expect("a statement");
        let columns = select.column_count();
        let row = |row: &Row<'_>| (0..columns).map(|n| row.get(n)).collect::<rusqlite::Result<Vec<Value>>>();
        select.query_map([], row).expect("rows").collect::<Result<Vec<_>, _>>().expect("rows")
    };
    let same = |sql: &str, expected: &str| assert_eq!(rows(sql), rows(&format!("VALUES {expected}")), "{sql}");
    same(
        "SELECT * FROM clients ORDER BY client_number",
        r#"(3, 'full', 5, 6, NULL, 'The name', 'The description', 'ada', 'bob', 1, 'because', 1, 1, '{"k":"a \"quoted\" \\ word","z":"last"}',
                '["https://z.example","https://a.example/\""]', '["https://out.example"]', '[2,0]', '[10,1]', 'ada', 7, NULL, NULL),
            (5, 'bare', 5, 6, 7, NULL, '', NULL, NULL, 0, '', 0, 0, NULL, '[]', '[]', '[]', '[]', NULL, 0, NULL, NULL)"#,
    );
    same(
        "SELECT * FROM client_secrets ORDER BY secret_number",
        "(3, 4, 'SHA256$old', 5, 9000000000000000, NULL), (3, 9, 'SHA256$new', 6, NULL, 8)",
    );
    same(
        "SELECT * FROM client_members ORDER BY client_number, account_id",
        "(3, 'ada', '[63]', 'full', 1), (3, 'bob', '[51,50]', 'full', 1), (5, 'bob', '[]', 'bare', 0)",
    );
    same("SELECT account_id, rights FROM organization_members", "('bob', '[44,41]')");
    same("SELECT api_key_id, rights FROM api_keys ORDER BY api_key_id", "('BARE', '[]'), ('KEY', '[11,10]')");
    same(
        "SELECT account_id, attributes FROM accounts ORDER BY account_id",
        r#"('ada', '{"a":"x","b":"a \"quoted\" word"}'), ('bob', NULL), ('org', NULL)"#,
    );
    same("SELECT * FROM client_counts", "(3, 1)");
    same("SELECT * FROM account_counts ORDER BY account_id", "('ada', 1, 0, 1, 1, 2), ('bob', 1, 1, 0, 0, 0)");
    same("SELECT entity_id, times FROM event_counts", "('full', 2)");
    same("SELECT event_number, old_values, is_only FROM events", r#"(1, '{"name":null}', NULL), (2, '{}', NULL)"#);
    same(
        "SELECT * FROM access_tokens ORDER BY token_number",
        "(1, 'FIRST', 'FIRST', 'bob', 'full', 'S', 6, 'a', NULL, 1, 3, 4, NULL, 2, 6, '', '', NULL),
            (2, 'NEXT', 'FIRST', 'bob', 'full', 'S', 6, 'a', 'r', 2, 3, 4, 5, NULL, 7, '', '', NULL)",
    );
    same("SELECT * FROM token_successors", "(2, 1, 'NEXT', x'01')");
    for table in ["client_testers", "client_token_days", "authorizations", "authorization_codes"] {
        same(&format!("SELECT client_id FROM {table}"), "('full')");
    }
    same("SELECT count(*) FROM pragma_foreign_key_check", "(0)");
    new.execute("INSERT INTO client_text (client_text, rank) VALUES ('integrity-check', 1)", []).expect("all texts are indexed");
}

/// Schema 2 counted clients for a while before schema 3 did.
#[test]
fn a_file_of_schema_2_that_counts_its_clients_already_becomes_the_present_one() {
    let folder = Folder::new("counted");
    let (path, fresh) = (folder.file("keyfob.db"), folder.file("fresh.db"));
    drop(Store::open(&fresh).expect("a new file"));
    let old = old_file(&path, 3);
    old.pragma_update(None, "user_version", 2).expect("its old number");
    old.execute_batch(
        "INSERT INTO accounts (account_id, kind, created_at, updated_at, description) VALUES ('ada', 'user', 1, 1, '');
         INSERT INTO clients (client_id, created_at, updated_at, description, state, state_description, skip_authorization, endorsed)
             VALUES ('live-1', 1, 1, '', 0, '', 0, 0);
         INSERT INTO client_members (client_id, account_id) VALUES ('live-1', 'ada');
         INSERT INTO client_member_rights (client_id, account_id, position, right) VALUES ('live-1', 'ada', 0, 3);",
    )
    .expect("rows");
    drop(old);
    drop(Store::open(&path).expect("it is upgraded"));
    assert_eq!(schema(&path), schema(&fresh));
    let new = Connection::open(&path).expect("the file opens");
    let text = |sql: &str| text(&new, sql);
    assert_eq!(text("SELECT client_id || ' ' || rights FROM client_members"), "live-1 [3]");
    assert_eq!(text("SELECT unused_numbers || ' ' || deleted FROM client_counts"), "0 0");
    assert_eq!(text(ACCOUNT_COUNTS), "ada 1 0 0");
}

/// Repeated rights, more secrets than may be good at once, and who registered what.
#[test]
fn an_old_file_that_exceeds_a_bound_is_brought_within_it() {
    let folder = Folder::new("bounds");
    let path = folder.file("keyfob.db");
    let old = old_file(&path, 5);
    old.execute_batch(
        "INSERT INTO accounts (account_id, kind, created_at, updated_at, description) VALUES ('ada', 'user', 1, 1, ''), ('org', 'organization', 1, 1, '');
         INSERT INTO organizations (organization_id) VALUES ('org');
         INSERT INTO clients (client_id, created_at, updated_at, description, state, state_description, skip_authorization, endorsed)
             VALUES ('one', 1, 1, '', 0, '', 0, 0), ('two', 1, 1, '', 0, '', 0, 0);
         INSERT INTO client_members (client_id, account_id) VALUES ('one', 'ada');
         INSERT INTO client_rights (client_id, position, right) VALUES ('one', 0, 3), ('one', 1, 1), ('one', 2, 3), ('one', 3, 1), ('two', 0, 3);
         INSERT INTO client_grants (client_id, position, grant_type) VALUES ('one', 0, 2), ('one', 1, 0), ('one', 2, 2);
         INSERT INTO client_member_rights (client_id, account_id, position, right) VALUES ('one', 'ada', 0, 55), ('one', 'ada', 1, 55);
         INSERT INTO events (happened_at, name, entity_kind, entity_id, account_id, request_id, old_values, new_values) VALUES
             (1, 'client.create', 'client', 'two', 'bob', 'r', '{}', '{}'), (2, 'user.purge', 'user', 'ada', NULL, 'r', '{}', '{}'),
             (3, 'client.create', 'client', 'one', 'ada', 'r', '{}', '{}'), (4, 'organization.create', 'organization', 'org', 'ada', 'r', '{}', '{}');",
    )
    .expect("rows");
    for n in 0..20 {
        let hash = if n % 2 == 0 { "SHA256$x" } else { "PBKDF2$sha256$20000$x$x" };
        let secret = "INSERT INTO client_secrets (client_id, secret_hash, created_at) VALUES (?1, ?2, 1)";
        old.execute(secret, ["one", hash]).expect("a secret");
        old.execute(secret, ["two", "PBKDF2$sha256$20000$x$x"]).expect("a secret");
    }
    let new = upgraded(old, &path);
    let text = |sql: &str| text(&new, sql);
    assert_eq!(text("SELECT rights || ' ' || grants FROM clients WHERE client_id = 'one'"), "[3,1] [2,0]");
    assert_eq!(text("SELECT rights FROM client_members"), "[55]");
    assert_eq!(text(ACCOUNT_COUNTS), "ada 1 0 1");
    assert_eq!(text("SELECT group_concat(registered_by) || ' ' || count(*) FROM clients"), "ada 2");
    assert_eq!(text("SELECT created_by FROM organizations"), "ada");
    let secrets = "SELECT count(*) || ' ' || sum(secret_hash LIKE 'PBKDF2%') || ' ' || max(secret_number) FROM client_secrets JOIN clients USING (client_number) WHERE client_id = ";
    assert_eq!(text(&format!("{secrets} 'one'")), "8 3 39");
    assert_eq!(text(&format!("{secrets} 'two'")), "3 3 40");
}

#[test]
fn who_registered_a_client_and_what_users_agreed_to_are_known_in_an_old_file() {
    let folder = Folder::new("registrars");
    let path = folder.file("keyfob.db");
    let old = old_file(&path, 5);
    old.execute_batch(
        "INSERT INTO accounts (account_id, kind, created_at, updated_at, description)
             VALUES ('ada', 'user', 1, 1, ''), ('later', 'user', 9, 9, ''), ('acme', 'organization', 1, 1, '');
         INSERT INTO users (user_id, primary_email_address, password_hash, require_password_update, state, state_description, admin)
             VALUES ('ada', 'a@x', '', 0, 1, '', 0), ('later', 'l@x', '', 0, 1, '', 0);
         INSERT INTO clients (client_id, created_at, updated_at, description, state, state_description, skip_authorization, endorsed)
             VALUES ('adas', 5, 5, '', 0, '', 0, 0), ('acmes', 5, 5, '', 1, '', 1, 0), ('orphan', 5, 5, '', 0, '', 0, 0), ('again', 7, 7, '', 0, '', 0, 0), ('left', 7, 7, '', 0, '', 0, 0);
         INSERT INTO events (happened_at, name, entity_kind, entity_id, account_id, request_id, old_values, new_values) VALUES
             (5, 'client.create', 'client', 'adas', 'ada', '', '{}', '{}'), (6, 'client.update', 'client', 'adas', 'later', '', '{}', '{}'),
             (5, 'client.create', 'client', 'acmes', 'acme', '', '{}', '{}'), (5, 'client.create', 'client', 'orphan', 'later', '', '{}', '{}'), (4, 'client.create', 'client', 'left', 'ada', '', '{}', '{}'),
             (5, 'client.create', 'client', 'left', 'later', '', '{}', '{}'), (6, 'organization.purge', 'organization', 'later', NULL, '', '{}', '{}'),
             (5, 'client.create', 'client', 'again', 'later', '', '{}', '{}'), (6, 'client.purge', 'client', 'again', 'ada', '', '{}', '{}'),
             (7, 'client.create', 'client', 'again', 'ada', '', '{}', '{}');
         INSERT INTO authorizations (user_id, client_id, rights, created_at, updated_at) VALUES ('ada', 'adas', 6, 5, 5), ('ada', 'acmes', 6, 5, 5);",
    )
    .expect("rows");
    let new = upgraded(old, &path);
    let text = |sql: &str| text(&new, sql);
    let registrars = "SELECT group_concat(client_id || ' ' || registered_by) FROM (SELECT * FROM clients ORDER BY client_id)";
    assert_eq!(text(registrars), "acmes acme,adas ada,again ada", "a user made since a purge is another one of the same ID");
    assert_eq!(text("SELECT group_concat(client_id || ' ' || agreed) FROM authorizations"), "acmes 0,adas 6");
}

#[test]
fn only_what_is_approved_or_flagged_in_an_old_file_counts_as_approved() {
    let folder = Folder::new("approved");
    let path = folder.file("keyfob.db");
    let old = old_file(&path, 5);
    for state in State::EVERY {
        old.execute_batch(&format!(
            "INSERT INTO clients (client_id, created_at, updated_at, description, state, state_description, skip_authorization, endorsed)
                 VALUES ('app-{0}', 5, 5, '', {0}, '', 0, 0);
             INSERT INTO client_rights (client_id, position, right) VALUES ('app-{0}', 0, 1), ('app-{0}', 1, 63);",
            state.number()
        ))
        .expect("rows");
    }
    let new = upgraded(old, &path);
    for state in State::EVERY {
        let approved: i64 = new
            .query_row("SELECT approved_rights FROM clients WHERE state = ?1", [state.number()], |row| row.get(0))
            .expect("a set of rights");
        let all = i64::MIN + 2;
        assert_eq!(approved, if matches!(state, State::Approved | State::Flagged) { all } else { 0 }, "{}", state.name());
    }
}

#[test]
fn who_made_an_api_key_of_an_organization_is_known_in_an_old_file() {
    let folder = Folder::new("makers");
    let path = folder.file("keyfob.db");
    let old = old_file(&path, 5);
    old.execute_batch(
        "INSERT INTO accounts (account_id, kind, created_at, updated_at, description)
             VALUES ('ada', 'user', 1, 1, ''), ('later', 'user', 9, 9, ''), ('acme', 'organization', 1, 1, '');
         INSERT INTO users (user_id, primary_email_address, password_hash, require_password_update, state, state_description, admin)
             VALUES ('ada', 'a@x', '', 0, 1, '', 0), ('later', 'l@x', '', 0, 1, '', 0);",
    )
    .expect("rows");
    let event = |name: &str, id: &str, by: &str, with: Option<&str>| {
        let key = format!(r#"{{"api_key":{{"id":"{id}"}}}}"#);
        old.execute(
            "INSERT INTO events (happened_at, name, entity_kind, entity_id, account_id, api_key_id, request_id, old_values, new_values) \
             VALUES (5, ?1, 'organization', 'acme', ?2, ?3, '', '{}', ?4)",
            (name, by, with, key),
        )
        .expect("an event");
    };
    // The key that the second was made with is there no more; the one of `orphan` was made by who had the ID of `later` before.
    for (id, by, with) in
        [("gone", "ada", None), ("second", "acme", Some("gone")), ("third", "acme", Some("second")), ("orphan", "later", None)]
    {
        event("organization.api-key.create", id, by, with);
    }
    event("organization.api-key.update", "first", "later", None);
    event("organization.api-key.create", "first", "ada", None);
    old.execute_batch(
        "INSERT INTO events (happened_at, name, entity_kind, entity_id, request_id, old_values, new_values)
             VALUES (6, 'user.purge', 'user', 'later', '', '{}', '{}');
         INSERT INTO api_keys (api_key_id, account_id, key_hash, created_at, updated_at)
             SELECT column1, 'acme', '', 5, 5 FROM (VALUES ('first'), ('second'), ('third'), ('orphan'), ('unknown'));",
    )
    .expect("rows");
    let new = upgraded(old, &path);
    let makers: String = new
        .query_row(
            "SELECT group_concat(api_key_id || ' ' || coalesce(created_by, '-')) FROM (SELECT * FROM api_keys ORDER BY api_key_id)",
            [],
            |row| row.get(0),
        )
        .expect("a text");
    assert_eq!(makers, "first ada,orphan -,second ada,third ada,unknown -");
}

#[test]
fn a_mark_that_somebody_wrote_before_only_administrators_could_is_no_mark_of_a_declaration() {
    let folder = Folder::new("old-marks");
    let path = folder.file("keyfob.db");
    let old = old_file(&path, 8);
    old.execute_batch(
        r#"INSERT INTO accounts (account_id, kind, created_at, updated_at, description, attributes)
             SELECT column1, 'user', 1, 1, '', '{"a-key": "value", "managed-by": "prod"}' FROM (VALUES ('managed'), ('mallory'), ('purged'));
         INSERT INTO clients (client_id, created_at, updated_at, description, state, state_description, skip_authorization, endorsed, attributes)
             SELECT column1, 1, 1, '', 1, '', 0, 0, '{"managed-by": "prod"}' FROM (VALUES ('created'), ('changed'), ('of-mallory'));
         INSERT INTO events (happened_at, name, entity_kind, entity_id, request_id, old_values, new_values, is_only)
             SELECT 5, column1, column2, column3, column4, '{}', '{}', column5 FROM (VALUES
                 ('user.create', 'user', 'managed', 'operator.prod', NULL), ('user.update', 'user', 'managed', '01563df36481', NULL),
                 ('user.create', 'user', 'mallory', '01563df36482', NULL),
                 ('user.create', 'user', 'purged', 'operator.prod', NULL), ('user.purge', 'user', 'purged', 'operator', NULL),
                 ('client.create', 'client', 'created', 'operator.prod', 1),
                 ('client.create', 'client', 'changed', 'operator', NULL), ('client.update', 'client', 'changed', 'operator.prod', NULL),
                 ('client.create', 'client', 'of-mallory', 'operator.staging', 1));
         UPDATE clients SET only_event = (SELECT event_number FROM events WHERE entity_id = clients.client_id AND is_only = 1);"#,
    )
    .expect("rows");
    let new = upgraded(old, &path);
    let marks = |table: &str, id: &str| {
        text(&new, &format!("SELECT group_concat({id} || ' ' || attributes, ';') FROM (SELECT * FROM {table} ORDER BY {id})"))
    };
    assert_eq!(
        marks("accounts", "account_id"),
        r#"mallory {"a-key":"value","formerly-managed-by":"prod"};managed {"a-key": "value", "managed-by": "prod"};purged {"a-key":"value","formerly-managed-by":"prod"}"#
    );
    assert_eq!(
        marks("clients", "client_id"),
        r#"changed {"managed-by": "prod"};created {"managed-by": "prod"};of-mallory {"formerly-managed-by":"prod"}"#
    );
}

#[test]
fn a_newer_file_is_refused_and_left_alone() {
    let folder = Folder::new("newer");
    let path = folder.file("keyfob.db");
    drop(Store::open(&path).expect("a new file"));
    Connection::open(&path).expect("the file").pragma_update(None, "user_version", 999).expect("a newer number");
    let before = std::fs::read(&path).expect("bytes");
    assert!(matches!(Store::open(&path), Err(OpenError::Newer { found: 999, .. })));
    assert_eq!(std::fs::read(&path).expect("bytes"), before);
}

#[test]
fn files_of_others_are_refused_and_left_alone() {
    let folder = Folder::new("foreign");
    let text = folder.file("notes.txt");
    std::fs::write(&text, "Dear diary, this is no database at all, and it is long enough to look like one.\n".repeat(20)).expect("a text");
    let other = folder.file("other.db");
    Connection::open(&other).expect("a file").execute_batch("CREATE TABLE things (n INTEGER)").expect("a table");
    for path in [text, other] {
        let before = std::fs::read(&path).expect("bytes");
        let mode = std::fs::metadata(&path).expect("the file").permissions();
        assert!(matches!(Store::open(&path), Err(OpenError::NotOurs)), "{}", path.display());
        assert_eq!(std::fs::read(&path).expect("bytes"), before);
        assert_eq!(std::fs::metadata(&path).expect("the file").permissions(), mode);
    }
}

#[test]
fn a_file_has_one_server() {
    let folder = Folder::new("held");
    let path = folder.file("keyfob.db");
    let first = Store::open(&path).expect("a new file");
    assert!(matches!(Store::open(&path), Err(OpenError::Held)));
    drop(first);
    assert!(Store::open(&path).is_ok());
}

#[test]
fn a_new_file_is_its_owners_alone() {
    let folder = Folder::new("mode");
    let path = folder.file("keyfob.db");
    let store = Store::open(&path).expect("a new file");
    store.write(|tx| tx.has_users()).expect("a transaction");
    for file in ["keyfob.db", "keyfob.db-wal"] {
        let mode = std::fs::metadata(folder.file(file)).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn a_file_that_others_may_read_is_narrowed_to_its_owner_or_refused() {
    let folder = Folder::new("narrowed");
    let path = folder.file("keyfob.db");
    let mode = |file: &str| std::fs::metadata(folder.file(file)).expect("the file").permissions().mode() & 0o777;
    let open_to_all = |file: &str| std::fs::set_permissions(folder.file(file), PermissionsExt::from_mode(0o644)).expect("its mode is set");
    drop(Store::open(&path).expect("a new file"));
    for file in ["keyfob.db-wal", "keyfob.db-shm"] {
        std::fs::write(folder.file(file), "").expect("a file that a killed server left");
    }
    ["keyfob.db", "keyfob.db-wal", "keyfob.db-shm"].iter().for_each(|file| open_to_all(file));
    let store = Store::open(&path).expect("it opens");
    store.write(|tx| tx.has_users()).expect("a transaction");
    assert_eq!(["keyfob.db", "keyfob.db-wal", "keyfob.db-shm"].map(mode), [0o600; 3]);
    drop(store);
    // Only who may do everything can give a file away.
    open_to_all("keyfob.db");
    if std::os::unix::fs::chown(&path, Some(54_321), None).is_ok() {
        let refused = Store::open(&path).expect_err("it is somebody else's").to_string();
        assert!(refused.contains("keyfob.db") && refused.contains("somebody else's"), "{refused}");
        assert_eq!(mode("keyfob.db"), 0o644, "it is left alone");
    }
}

#[test]
fn a_temporary_database_leaves_nothing_behind() {
    let store = Store::ephemeral().expect("a temporary database");
    let path = store.path().to_owned();
    assert!(path.exists());
    drop(store);
    assert!(!path.parent().expect("a folder").exists());
}
