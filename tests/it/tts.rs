//! What The Things Stack takes over: the SQL, in a PostgreSQL with its tables, has what keyfob answers.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use keyfob::base::right::Right;
use keyfob::base::secret::{self, Hash};
use keyfob::base::time::Time;
use keyfob::model::choice::{Grant, State};
use keyfob::tts::export::{self, ExportReport};
use serde_json::{Map, Value, json};

use crate::binary::keyfob;
use crate::browser::{CALLBACK, PASSWORD, Tokens};
use crate::cli::{Done, done};
use crate::folder::Folder;
use crate::oauth::fixture;
use crate::postgres::Postgres;
use crate::process::{Process, left_out};
use crate::server::Server;

const TEXT: &str = "tab\tnew\nline\r\\N \\. 'quoted\" {é, 漢} \u{1f511} \u{202e}\u{2066} -- ; \\";

/// What is exported, and what is said about it.
fn exported(server: &Server) -> (String, ExportReport) {
    let mut sql = Vec::new();
    let report = server.app.store().read(|tx| export::write(tx, &mut sql)).expect("it is written");
    (String::from_utf8(sql).expect("UTF-8"), report)
}

fn left(report: &ExportReport, beginning: &str) -> u64 {
    report.left_out.iter().filter(|(what, _)| what.starts_with(beginning)).map(|(_, number)| *number).sum()
}

/// Users, an organization and clients, with what is hard to write in them, some deleted.
struct Story {
    server: Server,
    secret: String,
    organization_key: String,
    tokens: Tokens,
}

impl Story {
    fn new() -> Story {
        let (mut server, _) = fixture();
        server.has_organization("alice", "acme");
        server.has_user("gone");
        let does = |who: &str, method: &str, target: &str, body: &Value| {
            server.check(who, method, &format!("/api/v3/{target}"), &body.to_string(), "200").json()
        };
        let acme = json!({"organization_ids": {"organization_id": "acme"}});
        for (ids, right) in [(&acme, "RIGHT_CLIENT_ALL"), (&json!({"user_ids": {"user_id": "gone"}}), "RIGHT_CLIENT_INFO")] {
            does("alice", "PUT", "clients/my-app/collaborators", &json!({"collaborator": {"ids": ids, "rights": [right]}}));
        }
        let attributes = json!({"plain": "value", "odd-key": TEXT.repeat(2)});
        let alice = json!({"user_ids": {"user_id": "alice"}});
        for (kind, id, fields) in [
            ("user", "bob", json!({"name": "Bob \\ \"B\"", "temporary_password": "Temporary-1-word"})),
            ("organization", "acme", json!({"name": "ACME", "fanout_notifications": false, "administrative_contact": alice})),
            (
                "client",
                "my-app",
                json!({"state": "STATE_FLAGGED", "state_description": "why, \\?", "skip_authorization": true, "endorsed": true}),
            ),
            ("client", "my-app", json!({"redirect_uris": [CALLBACK, "https://app.example/'x',{y}?a=%5C"], "logout_redirect_uris": []})),
            ("client", "my-app", json!({"technical_contact": acme})),
        ] {
            let mut fields = fields.as_object().expect("fields").clone();
            fields.extend([("description".to_owned(), TEXT.into()), ("attributes".to_owned(), attributes.clone())]);
            let mask: Vec<&str> = fields.keys().map(String::as_str).collect();
            does("admin", "PUT", &format!("{kind}s/{id}"), &json!({kind: fields, "field_mask": mask.join(",")}));
        }
        let secret = text(&does("alice", "POST", "clients/my-app/secret", &json!({"grace": "3600s"}))["secret"]);
        let key = json!({"name": "for ACME", "rights": ["RIGHT_ORGANIZATION_INFO"], "expires_at": "2100-01-02T03:04:05.000006Z"});
        let organization_key = text(&does("alice", "POST", "organizations/acme/api-keys", &key)["key"]);
        server.has_client("alice", "deleted");
        does("alice", "DELETE", "clients/deleted", &Value::Null);
        does("admin", "DELETE", "users/gone", &Value::Null);
        let code = server.signed_in("bob").code(&server, "my-app", &[]);
        let rotated = server.tokens("my-app", &secret, &code);
        let tokens = Tokens::of(&server.refresh("my-app", &secret, &rotated.refresh));
        Story { server, secret, organization_key, tokens }
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// What an answer of the API and a row have in common: names for numbers, times as numbers, and nothing where a value is the default.
fn plain(value: &Value) -> Value {
    let Value::Object(object) = value else { return value.clone() };
    let is_default = |value: &Value| match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
        Value::Number(_) => false,
    };
    let entry = |(key, value): (&String, &Value)| {
        let value = match (key.as_str(), value) {
            (key, Value::String(text)) if key.ends_with("_at") => {
                json!(Time::parse(&text.replace("+00:00", "Z")).expect("a time").micros())
            }
            ("state", Value::Number(number)) if number.as_i64() == Some(0) => Value::Null,
            ("state", Value::Number(number)) => json!(State::from_number(number.as_i64().unwrap_or(-1)).map(State::name)),
            ("rights", list) => sorted(list, |number| Right::from_number(number).map(Right::name)),
            ("grants", list) => sorted(list, |number| Grant::from_number(number).map(Grant::name)),
            (_, value) => plain(value),
        };
        Some((key.clone(), value)).filter(|(key, value)| !is_default(value) && key != "user_session_id")
    };
    Value::Object(object.iter().filter_map(entry).collect())
}

fn sorted(list: &Value, name: impl Fn(i64) -> Option<&'static str>) -> Value {
    let names = list.as_array().into_iter().flatten().map(|item| match item {
        Value::Number(number) => name(number.as_i64().unwrap_or(-1)).map(str::to_owned).expect("a number of the API"),
        other => other.as_str().expect("a name").to_owned(),
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    json!(names)
}

/// Rows by a text that they begin with.
fn by_id(rows: &[Value], id: impl Fn(&Value) -> &Value) -> BTreeMap<String, Value> {
    rows.iter().map(|row| (id(row).to_string(), plain(row))).collect()
}

/// Everything that a list of the API has, live and deleted.
fn listed(server: &Server, kind: &str, mask: &str) -> Vec<Value> {
    let lists = ["", "&deleted=true"]
        .map(|deleted| server.check("admin", "GET", &format!("/api/v3/search/{kind}?field_mask={mask}{deleted}"), "", "200"));
    lists.iter().flat_map(|list| list.json()[kind].as_array().cloned().unwrap_or_default()).collect()
}

/// The select list that makes JSON of the columns of the view or table `t` of the same names.
fn columns(mask: &str) -> String {
    mask.split(',')
        .filter(|field| !["attributes", "administrative_contact", "technical_contact"].contains(field))
        .map(|field| format!("'{field}', t.{field}, "))
        .collect()
}

fn has_entities(story: &Story, postgres: &Postgres) {
    let own = "name,description";
    let contacts = ",administrative_contact,technical_contact";
    let times = "'created_at', t.created_at, 'updated_at', t.updated_at, 'deleted_at', t.deleted_at";
    for (kind, id, table, uid, mask) in [
        (
            "users",
            "user",
            "user_accounts",
            "account_uid",
            format!(
                "{own},attributes,primary_email_address,primary_email_address_validated_at,password_updated_at,require_password_update,state,state_description,admin,temporary_password_created_at,temporary_password_expires_at"
            ),
        ),
        (
            "organizations",
            "organization",
            "organization_accounts",
            "account_uid",
            format!("{own},attributes,fanout_notifications{contacts}"),
        ),
        (
            "clients",
            "client",
            "clients",
            "client_id",
            format!(
                "{own},attributes,redirect_uris,logout_redirect_uris,state,state_description,skip_authorization,endorsed,grants,rights{contacts}"
            ),
        ),
    ] {
        let with_contacts = if mask.ends_with(contacts) {
            "'administrative_contact', contact(t.administrative_contact_id), 'technical_contact', contact(t.technical_contact_id), "
        } else {
            ""
        };
        let there = postgres.rows(&format!(
            "SELECT json_build_object('ids', json_build_object('{id}_id', t.{uid}), {}{with_contacts}'attributes', attributes_of('{id}', t.id), {times}) FROM {table} t",
            columns(&mask)
        ));
        // The client that is always there is in no list.
        let there: Vec<Value> = there.into_iter().filter(|row| row["ids"]["client_id"] != "cli").collect();
        let here = listed(&story.server, kind, &mask);
        assert!(!here.is_empty(), "{kind}");
        assert_eq!(by_id(&there, |row| &row["ids"]), by_id(&here, |row| &row["ids"]), "{kind}");
    }
}

fn has_what_belongs_to_them(story: &Story, postgres: &Postgres) {
    let get = |target: &str| story.server.check("admin", "GET", &format!("/api/v3/{target}"), "", "200").json();
    for (kind, id) in [("client", "my-app"), ("organization", "acme")] {
        let there = postgres.rows(&format!(
            "SELECT json_build_object('ids', json_build_object(member_type || '_ids', json_build_object(member_type || '_id', member)), 'rights', rights) \
             FROM direct_members WHERE entity_type = '{kind}' AND entity = '{id}'"
        ));
        let here = get(&format!("{kind}s/{id}/collaborators"))["collaborators"].as_array().cloned().unwrap_or_default();
        assert!(!here.is_empty());
        assert_eq!(by_id(&there, |row| &row["ids"]), by_id(&here, |row| &row["ids"]), "{id}");
    }
    let through = postgres.rows("SELECT to_json(i) FROM indirect_members i");
    assert_eq!(
        through.iter().map(|row| [&row["member"], &row["organization"], &row["entity"]]).collect::<Vec<_>>(),
        [["alice", "acme", "my-app"]]
    );
    for (kind, id) in [("user", "alice"), ("user", "bob"), ("organization", "acme")] {
        let there = postgres.rows(&format!(
            "SELECT json_build_object('id', api_key_id, 'name', k.name, 'rights', rights, 'expires_at', expires_at, 'created_at', k.created_at, 'updated_at', k.updated_at) \
             FROM api_keys k JOIN {kind}_accounts o ON k.entity_type = '{kind}' AND o.id = k.entity_id WHERE account_uid = '{id}'"
        ));
        // An administrator sees no keys of others.
        let here = story
            .server
            .check(if id == "bob" { "bob" } else { "alice" }, "GET", &format!("/api/v3/{kind}s/{id}/api-keys"), "", "200")
            .json();
        assert_eq!(by_id(&there, |row| &row["id"]), by_id(here["api_keys"].as_array().expect("keys"), |row| &row["id"]), "{id}");
    }
    let of_grant = "'user_ids', json_build_object('user_id', account_uid), 'client_ids', json_build_object('client_id', c.client_id), 'rights', g.rights, 'created_at', g.created_at";
    let joined = "JOIN user_accounts u ON u.id = g.user_id JOIN clients c ON c.id = g.client_id";
    let there =
        postgres.rows(&format!("SELECT json_build_object({of_grant}, 'updated_at', g.updated_at) FROM client_authorizations g {joined}"));
    let bob = |target: &str, member: &str| {
        story.server.check("bob", "GET", target, "", "200").json()[member].as_array().cloned().unwrap_or_default()
    };
    let here = bob("/api/v3/users/bob/authorizations", "authorizations");
    assert_eq!(by_id(&there, |row| &row["client_ids"]), by_id(&here, |row| &row["client_ids"]));
    let there = postgres
        .rows(&format!("SELECT json_build_object({of_grant}, 'id', token_id, 'expires_at', expires_at) FROM access_tokens g {joined}"));
    let here = bob("/api/v3/users/bob/authorizations/my-app/tokens", "tokens");
    assert_eq!((by_id(&there, |row| &row["id"]), here.len()), (by_id(&here, |row| &row["id"]), 1));
}

fn has_hashes(story: &Story, postgres: &Postgres) {
    let parts = |token: &str| {
        let (id, key) = token[token.find('.').expect("an ID") + 1..].split_once('.').expect("a key");
        (id.to_owned(), key.to_owned())
    };
    let matches = |table: &str, column: &str, id_column: &str, id: &str, key: &str| {
        postgres
            .does(&format!("SELECT is_hash_of({column}, '{key}'), is_hash_of({column}, '{key}x') FROM {table} WHERE {id_column} = '{id}'"))
    };
    for token in [story.server.key("bob"), &story.organization_key, crate::server::ADMIN_KEY] {
        let (id, key) = parts(token);
        assert_eq!(matches("api_keys", "key", "api_key_id", &id, &key), "t|f");
    }
    for (token, column) in [(&story.tokens.access, "access_token"), (&story.tokens.refresh, "refresh_token")] {
        let (id, key) = parts(token);
        assert_eq!(matches("access_tokens", column, "token_id", &id, &key), "t|f");
    }
    assert_eq!(matches("clients", "client_secret", "client_id", "my-app", &story.secret), "t|f");
    let password = |column: &str| Hash::stored(postgres.does(&format!("SELECT {column} FROM user_accounts WHERE account_uid = 'bob'")));
    assert!(password("password").matches(PASSWORD) && password("temporary_password").matches("Temporary-1-word"));
    assert_eq!(postgres.does("SELECT count(client_secret) FROM clients WHERE client_id = 'cli'"), "0", "it has none");
}

fn is_loaded_whole_or_not_at_all(story: &Story, postgres: &Postgres) {
    let count = "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM clients), (SELECT count(*) FROM api_keys)";
    let before = postgres.does(count);
    postgres.does("DELETE FROM clients; DELETE FROM users; DELETE FROM api_keys");
    assert!(!postgres.sends(&exported(&story.server).0).status.success(), "the accounts are there");
    assert_eq!(postgres.does(count), "0|0|0");
    postgres.does("DELETE FROM accounts; DELETE FROM organizations; DELETE FROM attributes; DELETE FROM memberships; DELETE FROM client_authorizations; DELETE FROM access_tokens");
    postgres.does(&exported(&story.server).0);
    assert_eq!(postgres.does(count), before);
}

#[test]
fn the_identity_server_has_what_keyfob_answers_and_the_same_keys_open_it() {
    let postgres = match Postgres::start() {
        Ok(postgres) => postgres,
        Err(why) => return left_out("the_identity_server_has_what_keyfob_answers_and_the_same_keys_open_it", why),
    };
    postgres.does(include_str!("../tts/schema.sql"));
    let story = Story::new();
    postgres.does(&exported(&story.server).0);
    has_entities(&story, &postgres);
    has_what_belongs_to_them(&story, &postgres);
    has_hashes(&story, &postgres);
    is_loaded_whole_or_not_at_all(&story, &postgres);
}

#[test]
fn what_is_left_out_is_counted() {
    let Story { server, secret, tokens, .. } = Story::new();
    let (sql, report) = exported(&server);
    assert_eq!(sql, exported(&server).0, "the same at every time");
    assert!(sql.ends_with("COMMIT;\n"));
    let carried: Map<String, Value> = report.carried.iter().map(|(table, rows)| ((*table).to_owned(), (*rows).into())).collect();
    assert_eq!(
        Value::Object(carried),
        json!({"users": 4, "organizations": 1, "accounts": 5, "clients": 3, "attributes": 6, "memberships": 5, "api_keys": 5, "client_authorizations": 1, "access_tokens": 1})
    );
    for (what, number) in [("older client secrets", 1), ("sessions", 1), ("rotated", 1), ("API keys", 0), ("refresh tokens that", 0)] {
        assert_eq!(left(&report, what), number, "{what} {:?}", report.left_out);
    }
    assert!(left(&report, "events") > 10);
    // As a former version stored them.
    let former = |token: &str| format!("SHA256${}", secret::digest(token.rsplit('.').next().expect("a key")));
    server.execute(&format!("UPDATE api_keys SET key_hash = '{}' WHERE account_id = 'bob'", former(server.key("bob"))));
    server.execute(&format!("UPDATE client_secrets SET secret_hash = '{}' WHERE expires_at IS NULL AND client_number = (SELECT client_number FROM clients WHERE client_id = 'my-app')", former(&secret)));
    server.execute(&format!(
        "UPDATE access_tokens SET access_hash = '{}', refresh_hash = '{}'",
        former(&tokens.access),
        former(&tokens.refresh)
    ));
    let (sql, report) = exported(&server);
    assert!(!sql.contains("SHA256$"));
    for (what, number) in [("API keys", 1), ("client secrets that", 1), ("access tokens", 1), ("refresh tokens", 1)] {
        assert_eq!(left(&report, what), number, "{what} {:?}", report.left_out);
    }
    let secrets =
        sql.split("COPY clients ").nth(1).and_then(|rest| rest.split("\\.\n").next()).expect("the clients").matches("PBKDF2$").count();
    assert_eq!(secrets, 2, "no client becomes one without a secret");
    server.status_with(server.key("bob"), "/api/v3/users/bob");
    server.refresh("my-app", &secret, &tokens.refresh);
    let (_, report) = exported(&server);
    for what in ["API keys", "client secrets that", "access tokens", "refresh tokens that a"] {
        assert_eq!(left(&report, what), 0, "{what} {:?}", report.left_out);
    }
}

fn run(folder: &Folder, arguments: &[&str]) -> Done {
    done(keyfob(&folder.0, arguments, &[]), "")
}

#[test]
fn the_export_is_the_same_beside_a_running_server_and_without_one() {
    let folder = Folder::new("tts");
    let mut server = Process::start(&folder.0, "", &["--data", "keyfob.db"]);
    let (file, beside) = (folder.file("keyfob.sql"), run(&folder, &["export", "--to", "tts"]));
    fs::write(&file, "former").expect("a file");
    let writes = |arguments: &[&str]| {
        let written = run(&folder, arguments);
        assert_eq!((written.code, written.out.as_str(), &written.err), (Some(0), "", &beside.err));
        assert_eq!(fs::read_to_string(&file).expect("it is there"), beside.out);
        assert_eq!(file.metadata().expect("it is there").permissions().mode() & 0o777, 0o600);
    };
    writes(&["export", "--to", "tts", "--output", "keyfob.sql"]);
    server.stop();
    fs::remove_file(&file).expect("it is there");
    writes(&["export", "--output", "keyfob.sql", "--to=tts", "--data=keyfob.db"]);
    assert!(
        beside.out.ends_with("COMMIT;\n") && beside.err.contains("carried: 1 users, 0 organizations, 1 accounts, 1 clients"),
        "{}",
        beside.err
    );
    assert!(beside.err.contains("left out: 3 events of the history"), "{}", beside.err);
}

#[test]
fn an_export_says_what_of_openid_connect_is_not_in_it() {
    let folder = Folder::new("tts");
    let mut server = Process::start(&folder.0, "", &["--data", "keyfob.db"]);
    let client = |id: &str, fields: Value| {
        let mut client = json!({"ids": {"client_id": id}, "redirect_uris": ["https://app.example/cb"], "rights": ["RIGHT_USER_INFO"]});
        client.as_object_mut().expect("an object").extend(fields.as_object().expect("fields").clone());
        assert_eq!(server.send("POST", "/api/v3/users/admin/clients", &json!({"client": client}).to_string()).status, 200);
    };
    client("plain-app", json!({}));
    client("es-app", json!({"id_token_signed_response_alg": "ES256"}));
    client("closed-app", json!({"allowed_groups": ["crew"]}));
    assert_eq!(server.send("GET", "/oauth/keys", "").status, 200);
    server.stop();
    let told = run(&folder, &["export", "--to", "tts"]);
    for line in ["left out: 2 clients that say how", "left out: 1 clients that are for the members", "left out: 2 keys that sign tokens"] {
        assert!(told.err.contains(line), "{line}: {}", told.err);
    }
    assert!(!told.out.contains("crew") && !told.out.contains("ES256"));
}

#[test]
fn nothing_is_exported_from_what_cannot_be_read_or_to_what_cannot_be_written() {
    let folder = Folder::new("tts");
    Process::start(&folder.0, "", &["--data", "keyfob.db"]).stop();
    let refused = |arguments: &[&str], code: i32, why: &str| {
        let done = run(&folder, &[&["export", "--to", "tts"], arguments].concat());
        assert!(done.code == Some(code) && done.out.is_empty() && done.err.contains(why), "{:?} {}{}", done.code, done.out, done.err);
    };
    refused(&["--to", "sql"], 2, "to");
    refused(&["--data", "nowhere.db"], 1, "nowhere.db");
    refused(&["--output", "nowhere/keyfob.sql"], 1, "nowhere/keyfob.sql");
    refused(&["--output", "/dev/full"], 1, "/dev/full");
    let database = rusqlite::Connection::open(folder.file("keyfob.db")).expect("the file opens");
    database.pragma_update(None, "user_version", 5).expect("it is changed");
    drop(database);
    refused(&[], 1, "start the server once");
}
