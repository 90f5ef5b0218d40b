//! Stories of the command line: the built program against a running server, as people and scripts call it.

use std::cell::Cell;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::binary::{KEY, PASSWORD, keyfob};
use crate::folder::Folder;
use crate::process::{log_so_far, ready};
use crate::server::ADMIN_KEY;

#[test]
fn a_secret_that_is_issued_is_told_whatever_is_printed() {
    let fixture = Fixture::new("secrets-told");
    for (n, format) in ["table", "ids.client_id", "name"].iter().enumerate() {
        let made = fixture.run(&format!("clients create told-{n} --name Told --redirect-uris https://a.example --output-format {format}"));
        assert_eq!(made.code, Some(0), "{}", made.err);
        let secret = made.err.split("shown only once: ").nth(1).and_then(|rest| rest.lines().next()).unwrap_or_default();
        assert_eq!(secret.len(), 52, "{format}: {}", made.err);
    }
    let rotated = fixture.run("clients rotate-secret told-0 --output-format table");
    assert!(rotated.code == Some(0) && rotated.err.contains("the secret of told-0, shown only once: "), "{}", rotated.err);
    let printed = fixture.run("clients rotate-secret told-0 --output-format secret");
    assert!(printed.out.trim().len() == 52 && !printed.err.contains(printed.out.trim()), "{}", printed.err);
}

#[test]
fn a_bulk_that_ends_in_the_middle_says_where() {
    let fixture = Fixture::new("bulk-ends");
    let taken = fixture
        .pipe("clients create", r#"[{"ids":{"client_id":"one-app"}},{"ids":{"client_id":"one-app"}},{"ids":{"client_id":"two-app"}}]"#);
    assert_eq!(taken.code, Some(1));
    assert!(taken.err.contains("1 of 3 were made before `one-app`, where it ended") && taken.err.contains("id_taken"), "{}", taken.err);
}

/// A server with its log in a file, and a folder for those who speak to it.
pub struct Fixture {
    pub folder: Folder,
    pub server: Child,
    pub url: String,
    /// How many lines of the log were looked at.
    read: Cell<usize>,
}

/// What a command left behind.
pub struct Done {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Fixture {
    pub fn new(name: &str) -> Fixture {
        Fixture::with(name, &[])
    }

    pub fn with(name: &str, arguments: &[&str]) -> Fixture {
        let folder = Folder::new(&format!("cli-{name}"));
        let log = std::fs::File::create(folder.0.join("log")).expect("a log");
        let arguments = [&["serve", "--listen", "127.0.0.1:0", "--ephemeral", "--log", "all"], arguments].concat();
        let mut server = keyfob(&folder.0, &arguments, &[KEY, PASSWORD]).stdout(Stdio::piped()).stderr(log).spawn().expect("it starts");
        let url = ready(&mut server)["url"].as_str().expect("an address").to_owned();
        Fixture { folder, server, url, read: Cell::new(0) }
    }

    pub fn address(&self) -> &str {
        self.url.strip_prefix("http://").and_then(|rest| rest.split('/').next()).expect("an address")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.0.join(name)
    }

    /// A call that is ready to run: the administrator's, in the fixture's folder.
    pub fn command(&self, line: &str) -> Command {
        let home = self.folder.0.to_str().expect("a path");
        let environment = [("KEYFOB_SERVER", self.url.as_str()), ("KEYFOB_API_KEY", ADMIN_KEY), ("XDG_CONFIG_HOME", home)];
        keyfob(&self.folder.0, &words(line).iter().map(String::as_str).collect::<Vec<_>>(), &environment)
    }

    pub fn run(&self, line: &str) -> Done {
        self.pipe(line, "")
    }

    /// With this on standard input.
    pub fn pipe(&self, line: &str, input: &str) -> Done {
        done(self.command(line), input)
    }

    /// It succeeds; what it printed comes back.
    #[track_caller]
    pub fn ok(&self, line: &str) -> String {
        let done = self.run(line);
        assert_eq!(done.code, Some(0), "{line}\n{}", done.err);
        done.out
    }

    #[track_caller]
    pub fn json(&self, line: &str) -> Value {
        let out = self.ok(line);
        serde_json::from_str(&out).unwrap_or_else(|_| panic!("{line}\n{out}"))
    }

    /// It is refused with this exit code, and the first line of its errors begins so.
    #[track_caller]
    pub fn refused(&self, line: &str, code: i32, begins: &str) -> Done {
        let done = self.run(line);
        assert!(done.code == Some(code) && done.err.starts_with(begins), "{line}\n{:?} {}", done.code, done.err);
        done
    }

    /// The routes that the server was asked since the last look, in the words of its log.
    pub fn routes(&self) -> Vec<String> {
        let log = log_so_far(self.address(), &self.path("log"));
        let fresh = &log[self.read.replace(log.len())..];
        let lines = fresh.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["message"] == "request").map(|line| line["route"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The administrator's key with another secret in it.
pub fn wrong_key() -> String {
    let (id, _) = ADMIN_KEY.rsplit_once('.').expect("a key has three parts");
    format!("{id}.{}", "A".repeat(52))
}

pub fn done(mut command: Command, input: &str) -> Done {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let mut stdin = child.stdin.take().expect("its input");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || {
        // A command that does not read closes its end.
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("all is written");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Done { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// The words of a line, as a shell takes it apart: blanks between them, quotes around those that hold blanks, backslashes before new lines.
pub fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.replace("\\\n", " ").trim().chars() {
        match c {
            '"' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => words.push(String::new()),
            c => words.last_mut().expect("a word").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn the_seeds_command_works_as_it_stands_there() {
    let fixture = Fixture::new("seed");
    let seed = include_str!("seed.md");
    let command = seed.split("```\n").nth(1).expect("the seed's command");
    let filled = command
        .replace("<CLIENT-ID>", "my-client")
        .replace("<CLIENT-NAME>", "MyClient")
        .replace("<REDIRECT-URI>", "https://example.com/cb");
    let line = words(&filled);
    assert_eq!(line[..3], ["ttn-lw-cli", "clients", "create"]);
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_keyfob"), fixture.path("ttn-lw-cli")).expect("a symlink");
    let mut command = Command::new(fixture.path("ttn-lw-cli"));
    command
        .current_dir(&fixture.folder.0)
        .args(&line[1..])
        .env_clear()
        .envs([("KEYFOB_SERVER", fixture.url.as_str()), ("KEYFOB_API_KEY", ADMIN_KEY)]);
    let done = done(command, "");
    assert_eq!(done.code, Some(0), "{}", done.err);
    let client: Value = serde_json::from_str(&done.out).expect("the client as JSON");
    assert_eq!(client["ids"]["client_id"], "my-client");
    assert_eq!(client["description"], "My new OAuth client");
    assert_eq!(client["administrative_contact"]["user_ids"]["user_id"], "admin");
    assert_eq!(client["rights"].as_array().map(Vec::len), Some(8));
    assert_eq!((client["state"].as_str(), client["secret"].as_str().map(str::len)), (Some("STATE_APPROVED"), Some(52)));
    assert!(done.err.contains("shown only once"), "{}", done.err);
}

#[test]
fn standard_input_creates_a_thousand_clients() {
    let fixture = Fixture::new("bulk");
    let entity = |n: usize| json!({"ids": {"client_id": format!("client-{n:04}")}, "name": format!("Client {n}")}).to_string();
    let entities: Vec<String> = (0..1000).map(entity).collect();
    let (array, rest) = entities.split_at(400);
    let (lines, joined) = rest.split_at(300);
    for input in [format!("[{}]", array.join(",")), lines.join("\n"), joined.concat()] {
        let done = fixture.pipe("clients create --description bulk --secret-out secrets --grants GRANT_REFRESH_TOKEN", &input);
        assert_eq!(done.code, Some(0), "{}", done.err);
        assert!(!done.out.contains("\"secret\""));
        let secrets = std::fs::read_to_string(fixture.path("secrets")).expect("the secrets");
        assert!(secrets.lines().all(|line| line.split(' ').nth(1).is_some_and(|secret| secret.len() == 52)));
        std::fs::remove_file(fixture.path("secrets")).expect("the file is removed");
    }
    let all = fixture.ok("clients list --all-pages --limit 300 --output-format ids.client_id");
    assert_eq!(all.lines().map(str::to_owned).collect::<Vec<_>>(), (0..1000).map(|n| format!("client-{n:04}")).collect::<Vec<_>>());
    let client = fixture.json("clients get client-0999 --name --description --grants");
    assert_eq!(
        (&client["name"], &client["description"], &client["grants"]),
        (&"Client 999".into(), &"bulk".into(), &json!(["GRANT_REFRESH_TOKEN"]))
    );
    assert_eq!(
        serde_json::from_str::<Value>(&fixture.ok("clients search --query client --all-pages")).expect("a list").as_array().map(Vec::len),
        Some(1000)
    );
    let done = fixture.run("clients list --limit 10");
    assert!(done.err.contains("10 of 1000 are shown: --page 2"), "{}", done.err);
}

#[test]
fn a_list_is_whole_where_its_pages_are_too_large_for_one_reply() {
    let fixture = Fixture::new("fat");
    let text = |length: usize| "\u{1}".repeat(length);
    let attributes: serde_json::Map<_, _> = (0..10).map(|n| (format!("key-{n}"), text(200).into())).collect();
    let entity = |n: usize| json!({"ids": {"client_id": format!("client-{n:04}")}, "description": text(2000), "attributes": attributes});
    let entities: Vec<String> = (0..300).map(|n| entity(n).to_string()).collect();
    let done = fixture.pipe("clients create --secret-out secrets", &entities.concat());
    assert_eq!(done.code, Some(0), "{}", done.err);
    let all = fixture.ok("clients list --all-pages --description --attributes --output-format ids.client_id");
    assert_eq!(all.lines().map(str::to_owned).collect::<Vec<_>>(), (0..300).map(|n| format!("client-{n:04}")).collect::<Vec<_>>());
    let done = fixture.run("clients list --limit 1000 --description --attributes --output-format ids.client_id");
    assert!(done.err.contains("128 of 300 are shown: --limit 128 --page 2 shows the next"), "{}", done.err);
}

#[test]
fn nothing_is_created_when_a_part_of_standard_input_is_no_json() {
    let fixture = Fixture::new("half");
    let done = fixture.pipe("clients create", r#"{"ids":{"client_id":"first"}} {"ids":"#);
    assert!(done.code == Some(1) && done.err.starts_with("error:keyfob/cli:standard_input"), "{}", done.err);
    fixture.refused("clients get first", 1, "error:pkg/identityserver/store:client_not_found");
    let done = fixture.pipe("clients create one", r#"[{"name":"a"},{"name":"b"}]"#);
    assert!(done.code == Some(1) && done.err.contains("--client-id names one"), "{}", done.err);
}

#[test]
fn flags_go_over_what_standard_input_holds() {
    let fixture = Fixture::new("over");
    let entity =
        r#"{"ids":{"client_id":"piped"},"name":"Piped","redirectUris":["https://piped.example.com"],"state":"STATE_FLAGGED","grants":[]}"#;
    let client: Value =
        serde_json::from_str(&fixture.pipe("clients create flagged --redirect-uris https://flag.example.com", entity).out).expect("JSON");
    assert_eq!(client["ids"]["client_id"], "flagged");
    assert_eq!((&client["name"], &client["redirect_uris"]), (&"Piped".into(), &json!(["https://flag.example.com"])));
    assert_eq!((client["state"].as_str(), client.get("grants")), (Some("STATE_FLAGGED"), None));
    // The request of the HTTP API names the owner itself.
    fixture.ok("organizations create acme-corp");
    let request = r#"{"client":{"ids":{"client_id":"owned"}},"collaborator":{"organization_ids":{"organization_id":"acme-corp"}}}"#;
    let client: Value = serde_json::from_str(&fixture.pipe("clients create", request).out).expect("JSON");
    assert_eq!(client["administrative_contact"]["organization_ids"]["organization_id"], "acme-corp");
}

#[test]
fn an_idle_pipe_on_standard_input_does_not_hold_a_command_up_that_has_its_id() {
    let fixture = Fixture::new("idle");
    let mut child = fixture
        .command("clients create by-flag")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it runs");
    let _open = child.stdin.take().expect("its input stays open");
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn values_that_are_set_selected_and_cleared_arrive() {
    let fixture = Fixture::new("fields");
    fixture.ok("clients create my-app --name App --attributes one=1,two=2 --skip_authorization --endorsed=false --redirect_uris https://a.example.com,https://b.example.com --state STATE_FLAGGED --state-description odd");
    let client = fixture.json("clients get my-app --all");
    assert_eq!(client["attributes"], json!({"one": "1", "two": "2"}));
    assert_eq!((&client["skip_authorization"], client.get("endorsed"), &client["state"]), (&true.into(), None, &"STATE_FLAGGED".into()));
    assert_eq!(client["redirect_uris"], json!(["https://a.example.com", "https://b.example.com"]));
    let changed = fixture
        .json("clients set --client-id my-app --description \"Two words\" --skip-authorization=false --unset attributes,redirect-uris");
    assert_eq!(changed["description"], "Two words");
    let client = fixture.json("clients get my-app --field-mask name,attributes,redirect-uris,skip_authorization");
    assert_eq!(client["name"], "App");
    assert!(
        ["attributes", "redirect_uris", "skip_authorization", "description"].iter().all(|gone| client.get(*gone).is_none()),
        "{client}"
    );
    assert!(fixture.json("clients set my-app --unset secret").get("secret").is_none(), "it has none any more");
    assert!(fixture.run("clients set my-app").err.contains("nothing was changed"));
    fixture.refused("clients set my-app --name x --unset name", 2, "keyfob: --unset names name");
    fixture.refused("clients set my-app --unset nothing", 2, "keyfob: --unset: a client has no field");
}

#[test]
fn lists_are_printed_as_json_as_a_table_and_as_plain_values() {
    let fixture = Fixture::new("formats");
    assert_eq!(fixture.ok("clients list"), "[]\n");
    fixture.ok("clients create one --name One");
    fixture.ok("clients create two --rights RIGHT_USER_INFO,RIGHT_CLIENT_INFO");
    let list = fixture.ok("clients list --name");
    assert!(
        list.starts_with("[{\n  \"ids\": {\n    \"client_id\": \"one\"\n  },") && list.contains("\n}, {\n") && list.ends_with("\n}]\n"),
        "{list}"
    );
    assert_eq!(
        fixture.ok("clients list --output-format table"),
        "CLIENT_ID  NAME  STATE\none        One   STATE_APPROVED\ntwo              STATE_APPROVED\n"
    );
    assert_eq!(
        fixture.ok("clients list --output-format table --rights"),
        "CLIENT_ID  RIGHTS\none\ntwo        RIGHT_USER_INFO,RIGHT_CLIENT_INFO\n"
    );
    assert_eq!(fixture.ok("clients list --output-format ids.client_id --order -client_id"), "two\none\n");
    assert_eq!(fixture.ok("clients get one --output-format name"), "One\n");
    assert_eq!(fixture.ok("clients get two --output-format name"), "\n");
    fixture.refused("clients list --output-format yaml", 2, "keyfob: --output-format: a client has no field `yaml`: ids, created_at");
    fixture.refused("auth-info --output-format nothing.there", 1, "error:keyfob/cli:no_member");
}

#[test]
fn a_secret_goes_to_a_new_file_that_only_its_owner_can_read() {
    let fixture = Fixture::new("secret");
    let client = fixture.json("clients create my-app --secret-out secret");
    assert!(client.get("secret").is_none());
    let file = fixture.path("secret");
    assert_eq!(std::fs::metadata(&file).expect("the file").permissions().mode() & 0o777, 0o600);
    let secret = std::fs::read_to_string(&file).expect("the secret");
    assert_eq!(secret.trim_end().len(), 52);
    fixture.routes();
    fixture.refused("clients rotate-secret my-app --secret-out secret", 1, "error:keyfob/cli:secret_file");
    assert!(fixture.routes().is_empty(), "nothing is issued that cannot be kept");
    assert_eq!(std::fs::read_to_string(&file).expect("the secret"), secret);
    fixture.refused("clients rotate-secret not-there --secret-out other", 1, "error:pkg/identityserver/store:client_not_found");
    assert!(!fixture.path("other").exists(), "a file that holds nothing is removed");
    fixture.ok("clients rotate-secret my-app --grace 24h --secret-out other");
    assert_ne!(std::fs::read_to_string(fixture.path("other")).expect("the secret"), secret);
    let done = fixture.run("clients set my-app --secret Chosen-by-me --secret-out third");
    assert!(done.code == Some(0) && !done.out.contains("Chosen") && !done.err.contains("Chosen"), "{}", done.err);
}

#[test]
fn a_wrong_key_and_no_key_are_told_apart() {
    let fixture = Fixture::new("keys");
    let wrong = format!("clients list --api-key {}", wrong_key());
    let done = fixture.refused(&wrong, 1, "error:pkg/identityserver:invalid_authorization (invalid authorization)\n    correlation_id=");
    assert!(!done.err.contains("NNSXS"));
    fixture.refused("clients list --api-key NNSXS.A.B", 1, "error:pkg/identityserver:api_key_not_found (API key not found)");
    let mut command = fixture.command("clients list");
    let none = done_without_key(&mut command);
    assert!(
        none.code == Some(1) && none.err.starts_with("error:keyfob/cli:unauthenticated") && none.err.contains("keyfob login"),
        "{}",
        none.err
    );
    let file = fixture.path("key");
    std::fs::write(&file, format!("{ADMIN_KEY}\n")).expect("a file");
    let mut command = fixture.command("clients list");
    command.env("KEYFOB_API_KEY_FILE", &file);
    assert_eq!(done_without_key(&mut command).out, "[]\n");
}

fn done_without_key(command: &mut Command) -> Done {
    let output = command.env_remove("KEYFOB_API_KEY").stdin(Stdio::null()).output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Done { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Answers one request with these bytes and hangs up.
fn answering(reply: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a caller");
        let mut head = [0; 4096];
        let _ = stream.read(&mut head);
        let _ = stream.write_all(reply.as_bytes());
    });
    address
}

#[test]
fn a_server_that_is_not_there_or_not_whole_is_named() {
    let fixture = Fixture::new("broken");
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let calls = [
        (format!("http://{free}"), "error:keyfob/cli:unreachable (cannot reach the server: "),
        (answering("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"clients\":["), "error:keyfob/cli:cut_short (the reply broke off"),
        (answering("HTTP/1.1 200 OK\r\nContent-Le"), "error:keyfob/cli:cut_short"),
        (answering(""), "error:keyfob/cli:cut_short"),
        (
            answering("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>"),
            "error:keyfob/cli:not_the_api (what answered is not the API: HTTP 200)",
        ),
        (
            answering("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\n{}"),
            "error:keyfob/cli:not_the_api (what answered is not the API: HTTP 502)",
        ),
        (
            answering("HTTP/1.1 301 Moved\r\nLocation: https://elsewhere.example.com/\r\nContent-Length: 0\r\n\r\n"),
            "error:keyfob/cli:redirected",
        ),
    ];
    for (server, begins) in calls {
        let done = fixture.refused(&format!("clients list --server {server}"), 1, begins);
        assert!(done.err.contains(&format!("server={server}")), "{}", done.err);
        assert!(!done.err.contains("NNSXS"), "{}", done.err);
    }
    fixture.refused("clients list --server ftp://x", 2, "keyfob: --server must be http://host or https://host");
}

#[test]
fn nothing_that_others_wrote_steers_the_terminal_in_any_format() {
    let fixture = Fixture::new("steer");
    // C0, C1 and DEL, and what turns the direction of a text.
    let odd = "a\u{1b}[2J\u{9b}2J\u{7f}\u{85}\u{202e}\u{2066}b";
    let client =
        json!({"ids": {"client_id": "odd"}, "name": odd, "description": format!("{odd}\nsecond line"), "attributes": {"key": odd}});
    let is_safe = |text: &str| !text.contains(|c| c != '\n' && keyfob::base::printable::steers(c));
    let made = fixture.pipe("clients create", &client.to_string());
    assert_eq!(made.code, Some(0), "{}", made.err);
    let body: Value = serde_json::from_str(&made.out).expect("JSON");
    assert_eq!((&body["name"], &body["attributes"]["key"]), (&odd.into(), &odd.into()), "JSON says what is there");
    assert!(is_safe(&made.out) && made.out.contains("\\u001b[2J\\u009b2J\\u007f\\u0085\\u202e\\u2066b"), "{:?}", made.out);
    for line in [
        "clients get odd --all",
        "clients list --name --description --attributes",
        "clients list --output-format table --name --description --attributes",
        "clients list --output-format name",
        "clients get odd --output-format attributes",
        "clients search --query odd --all-pages --name",
    ] {
        let out = fixture.ok(line);
        assert!(is_safe(&out) && (out.contains("\\u{202e}") || out.contains("\\u202e")), "{line}: {out:?}");
    }
    for arguments in [
        vec!["clients", "get", odd],
        vec!["clients", "get", "--odd\u{1b}[2J\u{202e}"],
        vec![odd],
        vec!["clients", odd],
        vec!["clients", "list", "--server", odd],
        vec!["clients", "list", "--output-format", odd],
        vec!["clients", "list", "--limit", odd],
        vec!["serve", "--listen", odd],
        vec!["serve", odd],
        vec!["serve", "--data", "nowhere\u{9b}/x\u{202e}", "--listen", "127.0.0.1:0"],
        vec!["help", odd],
    ] {
        let mut command = keyfob(&fixture.folder.0, &arguments, &[("KEYFOB_SERVER", &fixture.url), ("KEYFOB_API_KEY", ADMIN_KEY)]);
        let output = command.stdin(Stdio::null()).output().expect("it runs");
        let told = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(!output.status.success() && !told.is_empty() && is_safe(&told), "{arguments:?}: {told:?}");
    }
    let server = answering(
        "HTTP/1.1 400 Bad Request\r\nX-Warning: w\u{9b}2J\r\n\r\n{\"code\":3,\"message\":\"error:a:b (\u{9b}2J \\u001b[2J \\u202e)\",\"details\":[]}",
    );
    let told = fixture.run(&format!("clients list --server {server}")).err;
    assert!(is_safe(&told) && told.contains("\\u{202e}"), "{told:?}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let fixture = Fixture::new("pipe");
    for n in 0..30 {
        let done = fixture
            .pipe("clients create", &json!({"ids": {"client_id": format!("client-{n}")}, "description": "x".repeat(2000)}).to_string());
        assert_eq!(done.code, Some(0), "{}", done.err);
    }
    let mut child = fixture
        .command("clients list --description --all-pages --limit 5")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn to_purge_takes_a_yes_or_force() {
    let fixture = Fixture::new("purge");
    fixture.ok("clients create my-app");
    fixture.refused("clients purge my-app", 1, "error:keyfob/cli:not_asked");
    fixture.ok("clients get my-app");
    assert_eq!(fixture.ok("clients purge my-app --force"), "");
    fixture.refused("clients get my-app", 1, "error:pkg/identityserver/store:client_not_found");
}

#[test]
fn a_wrong_call_is_told_what_to_do() {
    let fixture = Fixture::new("usage");
    for (line, says) in [
        ("clients", "keyfob: `clients` needs a command: list, search, get"),
        ("clients frobnicate", "keyfob: there is no command `frobnicate` in `clients`: there are list"),
        ("clients lits", "keyfob: there is no command `lits` in `clients`: did you mean `clients list`?"),
        ("clients get my-app --nmae", "keyfob: `clients get` has no flag --nmae: did you mean --name?"),
        ("clients get one two", "keyfob: `clients get` is given more arguments than it takes"),
        ("clients get", "error:cmd/ttn-lw-cli/commands:no_client_id (no client ID set)"),
        ("clients create", "error:cmd/ttn-lw-cli/commands:no_client_id (no client ID set)"),
        ("clients collaborators set my-app", "error:cmd/ttn-lw-cli/commands:no_collaborator (no collaborator set)"),
        (
            "clients collaborators set my-app --user-id admin",
            "error:cmd/ttn-lw-cli/commands:no_collaborator_rights (no collaborator rights set)",
        ),
        ("clients create my-app --user-id a --organization-id b", "keyfob: --user-id and --organization-id exclude each other"),
        ("clients rotate-secret my-app --grace soon", "keyfob: --grace is a number with s, m, h or d behind it"),
        ("clients list --limit", "keyfob: --limit needs a value"),
        ("clients list --limit many", "keyfob: --limit is a number"),
        ("clients create my-app --endorsed=maybe", "keyfob: --endorsed is true or false"),
        ("help nothing", "keyfob: there is no command `nothing`"),
        ("completions tcsh", "keyfob: there are completions for bash, zsh and fish"),
    ] {
        fixture.refused(line, 2, says);
    }
    assert!(fixture.routes().is_empty(), "a wrong call asks no server");
}

#[test]
fn help_is_everywhere() {
    let fixture = Fixture::new("help");
    let explained = fixture.ok("help clients create");
    assert!(explained.contains("POST /api/v3/users/{user_id}/clients") && explained.contains("--redirect-uris TEXT,…"), "{explained}");
    assert_eq!(fixture.ok("clients create my-app --name x --help"), explained);
    assert_eq!(fixture.ok("c add -h"), explained);
    assert!(fixture.ok("clients --help").contains("Also called: client, cli, c"));
    assert!(fixture.ok("--help").contains("clients …"));
    for line in ["--version", "-V", "clients list --version"] {
        assert_eq!(fixture.ok(line), fixture.ok("version"), "{line}");
    }
    assert!(fixture.ok("man").starts_with(".TH KEYFOB 1"));
    for shell in ["bash", "zsh", "fish"] {
        assert!(fixture.ok(&format!("completions {shell}")).contains("complete-words"));
    }
    assert!(fixture.ok("complete-words clients r").starts_with("reject\t"));
}

#[test]
fn bash_completes_what_the_tables_offer() {
    let fixture = Fixture::new("bash");
    let script = fixture.ok("completions bash");
    let program = env!("CARGO_BIN_EXE_keyfob");
    let ask = format!("{script}\nCOMP_WORDS=({program} clients crea); COMP_CWORD=2; _keyfob; echo \"${{COMPREPLY[*]}}\"");
    let Ok(output) = Command::new("bash").args(["-c", &ask]).output() else { return };
    assert_eq!(String::from_utf8_lossy(&output.stdout), "create\n", "{}", String::from_utf8_lossy(&output.stderr));
}
