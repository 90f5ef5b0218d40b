//! The real binary on a real file, with as many clients in it as a measure wants.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::load::{once, request};

pub const KEYFOB: &str = env!("CARGO_BIN_EXE_keyfob");
pub const KEY: &str = "NNSXS.ADMINADMINADMINADMINADMINADMINADMINADMI.ADMINADMINADMINADMINADMINADMINADMINADMINADMINADMINAD";
pub const PASSWORD: &str = "Correct-horse-battery-staple-9";

/// Every field that a caller may see.
pub const FULL_MASK: &str = "name,description,attributes,administrative_contact,technical_contact,redirect_uris,logout_redirect_uris,state,\
    state_description,skip_authorization,endorsed,grants,rights";

/// What belongs to a client, in an order that foreign keys allow.
const TABLES: &[&str] = &["clients", "client_secrets", "client_members"];

/// A running server; it ends in order when dropped: after a kill the next start would check the whole file.
pub struct World {
    child: Child,
    pub address: String,
    /// From the start of the process to its ready line.
    pub started_in: Duration,
}

impl World {
    pub fn start(file: &Path) -> World {
        World::start_with(&["--data", &file.display().to_string()])
    }

    pub fn start_with(arguments: &[&str]) -> World {
        let begun = Instant::now();
        let mut child = Command::new(KEYFOB)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .env("KEYFOB_ADMIN_API_KEY", KEY)
            .env("KEYFOB_ADMIN_PASSWORD", PASSWORD)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("its output")).read_line(&mut line).expect("a line");
        let started_in = begun.elapsed();
        let ready: Value = serde_json::from_str(&line).expect("the ready line");
        let address = ready["url"].as_str().and_then(|url| url.strip_prefix("http://")).expect("an address").to_owned();
        World { child, address, started_in }
    }

    /// Resident memory in MiB.
    pub fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        line.split_whitespace().next().and_then(|kib| kib.parse::<f64>().ok()).map_or(f64::NAN, |kib| kib / 1024.0)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

pub fn authorized() -> String {
    format!("Authorization: Bearer {KEY}\r\n")
}

/// The body that registers a client, of about 600 bytes when it is read again.
pub fn client(id: &str) -> String {
    json!({"client": {
        "ids": {"client_id": id}, "name": "A client of the benchmark", "description": "It stands for those that people register.",
        "redirect_uris": ["https://app.example.com/oauth/callback"], "grants": ["GRANT_AUTHORIZATION_CODE", "GRANT_REFRESH_TOKEN"],
        "rights": ["RIGHT_USER_INFO", "RIGHT_USER_CLIENTS_LIST"],
    }})
    .to_string()
}

pub fn create(id: &str) -> Vec<u8> {
    request("POST", "/api/v3/users/admin/clients", &authorized(), &client(id))
}

pub fn get(id: &str) -> Vec<u8> {
    request("GET", &format!("/api/v3/clients/{id}?field_mask={FULL_MASK}"), &authorized(), "")
}

/// A file with so many clients beside the template, made if it is not in the folder: one is registered through the API, the others
/// are copies of its rows.
pub fn file_with(folder: &Path, clients: usize) -> PathBuf {
    let path = folder.join(format!("{clients}.db"));
    if path.exists() {
        return path;
    }
    let unfinished = unfinished_file(folder, &clients.to_string());
    let world = World::start(&unfinished);
    let reply = once(&world.address, &create("template"));
    assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
    drop(world);
    multiply(&unfinished, clients);
    std::fs::rename(&unfinished, &path).expect("it gets its name");
    path
}

/// What a file is called until it is complete; what an interrupted run left under that name is removed.
pub fn unfinished_file(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(format!("{name}-unfinished.db"));
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", path.display()));
    }
    path
}

fn multiply(file: &Path, clients: usize) {
    let mut database = Connection::open(file).expect("the file opens");
    database.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; PRAGMA foreign_keys = OFF").expect("pragmas");
    let transaction = database.transaction().expect("a transaction");
    for table in TABLES {
        let columns: Vec<String> = {
            let mut select = transaction.prepare("SELECT name FROM pragma_table_info(?1) ORDER BY cid").expect("a statement");
            select.query_map([table], |row| row.get(0)).expect("columns").collect::<Result<_, _>>().expect("columns")
        };
        let value = |column: &'_ String| match column.as_str() {
            "client_number" => "client_number + n".to_owned(),
            "client_id" => "printf('bench-%07d', n)".to_owned(),
            // The copies have no history.
            "only_event" => "NULL".to_owned(),
            _ => column.clone(),
        };
        let values: Vec<String> = columns.iter().map(value).collect();
        let statement = format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {clients})
             INSERT INTO {table} ({}) SELECT {} FROM numbers, {table}
                WHERE client_number = (SELECT client_number FROM clients WHERE client_id = 'template')",
            columns.join(", "),
            values.join(", "),
        );
        transaction.execute(&statement, []).expect("copies");
    }
    // What waits is indexed here, for the first who writes would do it otherwise.
    let index = "INSERT INTO client_text (client_text) VALUES ('rebuild');
        UPDATE client_text_end SET client_number = (SELECT max(client_number) FROM clients)";
    transaction.execute_batch(index).expect("an index");
    transaction.commit().expect("a commit");
    database.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("a checkpoint");
}

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
const CALLBACK: &str = "https%3A%2F%2Fapp.example.com%2Foauth%2Fcallback";

/// A client of a server, and the browser of its user.
pub struct App {
    address: String,
    id: String,
    secret: String,
    cookies: String,
}

impl App {
    /// Registers a client, and signs the administrator in. Fails while there is no authorization server.
    pub fn register(address: &str, id: &str) -> Result<App, String> {
        let made = once(address, &create(id));
        let made: Value = made.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok()).ok_or("no client was made")?;
        let secret = made["secret"].as_str().ok_or("the client has no secret")?.to_owned();
        let signed_in = once(address, &request("POST", "/oauth/api/auth/login", FORM, &format!("user_id=admin&password={PASSWORD}")));
        if signed_in.starts_with("HTTP/1.1 404") {
            return Err("/oauth is not there".to_owned());
        }
        let cookies = signed_in.lines().filter_map(|line| line.strip_prefix("Set-Cookie: ")).filter_map(|cookie| cookie.split(';').next());
        Ok(App { address: address.to_owned(), id: id.to_owned(), secret, cookies: cookies.collect::<Vec<_>>().join("; ") })
    }

    /// Has its ID tokens signed so.
    pub fn signs_with(&self, algorithm: &str) {
        let body = json!({"client": {"id_token_signed_response_alg": algorithm}, "field_mask": "id_token_signed_response_alg"});
        let reply = once(&self.address, &request("PUT", &format!("/api/v3/clients/{}", self.id), &authorized(), &body.to_string()));
        assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
    }

    /// As many pairs of tokens as wanted: access and refresh.
    pub fn pairs(&self, wanted: usize) -> Result<Vec<(String, String)>, String> {
        let pair = |_| {
            let tokens = once(&self.address, &self.exchange(&self.agree("")?));
            tokens_in(tokens.as_bytes()).ok_or_else(|| format!("no tokens: {}", first_line(&tokens)))
        };
        (0..wanted).map(pair).collect()
    }

    /// Agrees to a scope, or to all rights; the code.
    pub fn agree(&self, scope: &str) -> Result<String, String> {
        let headers = format!("{FORM}Cookie: {}\r\n", self.cookies);
        let agreed = once(&self.address, &request("POST", &self.authorization(scope), &headers, "authorize=true"));
        code_in(agreed.as_bytes()).ok_or_else(|| format!("no code: {}", first_line(&agreed)))
    }

    /// Asks for a code once the user has agreed.
    pub fn authorize(&self, scope: &str) -> Vec<u8> {
        request("GET", &self.authorization(scope), &format!("Cookie: {}\r\n", self.cookies), "")
    }

    fn authorization(&self, scope: &str) -> String {
        let scope = scope.replace(' ', "+");
        format!("/oauth/authorize?client_id={}&response_type=code&redirect_uri={CALLBACK}&scope={scope}", self.id)
    }

    pub fn exchange(&self, code: &str) -> Vec<u8> {
        self.sends("/oauth/token", &format!("grant_type=authorization_code&code={code}&redirect_uri={CALLBACK}"))
    }

    pub fn refresh(&self, token: &str) -> Vec<u8> {
        self.sends("/oauth/token", &format!("grant_type=refresh_token&refresh_token={token}"))
    }

    pub fn introspect(&self, token: &str) -> Vec<u8> {
        self.sends("/oauth/introspect", &format!("token={token}"))
    }

    fn sends(&self, target: &str, form: &str) -> Vec<u8> {
        request("POST", target, FORM, &format!("{form}&client_id={}&client_secret={}", self.id, self.secret))
    }
}

fn first_line(reply: &str) -> &str {
    reply.lines().next().unwrap_or_default()
}

/// The code in a redirect to a client.
pub fn code_in(reply: &[u8]) -> Option<String> {
    let (_, rest) = std::str::from_utf8(reply).ok()?.split_once("code=")?;
    rest.split(['&', '\r']).next().map(str::to_owned)
}

/// The access and the refresh token in a reply.
pub fn tokens_in(reply: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(reply).ok()?;
    let json: Value = serde_json::from_str(text.split_once("\r\n\r\n")?.1).ok()?;
    Some((json["access_token"].as_str()?.to_owned(), json["refresh_token"].as_str()?.to_owned()))
}
