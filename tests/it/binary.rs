//! The built program over a real socket, as its users run it.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::send;
use crate::folder::Folder;
use crate::process::{left_out, ready};
use crate::server::ADMIN_KEY;

/// `keyfob` in a folder, without any setting from outside but that passwords are hashed in a moment.
pub fn keyfob(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyfob"));
    command.current_dir(folder).args(arguments).env_clear().env("KEYFOB_PASSWORD_ROUNDS", "1000").envs(environment.iter().copied());
    command
}

pub fn run(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    keyfob(folder, arguments, environment).output().expect("it runs")
}

/// A server that is killed when its story is over.
pub struct Running {
    child: Child,
    pub ready: Value,
}

impl Running {
    pub fn start(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Running {
        let arguments = [&["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        Running::spawn(&mut keyfob(folder, &arguments, environment))
    }

    fn spawn(command: &mut Command) -> Running {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let ready = ready(&mut child);
        Running::of(child, ready)
    }

    /// One that was started elsewhere and has said this.
    pub fn of(child: Child, ready: Value) -> Running {
        Running { child, ready }
    }

    /// One with a database that goes with it.
    pub fn ephemeral() -> Running {
        Running::start(&std::env::temp_dir(), &["--ephemeral"], &[])
    }

    /// The administrator's key, which only a temporary server tells.
    pub fn admin_key(&self) -> &str {
        self.ready["admin_api_key"].as_str().expect("a key")
    }

    pub fn address(&self) -> &str {
        self.ready["url"].as_str().and_then(|url| url.strip_prefix("http://")).expect("an address")
    }

    fn get(&self, target: &str, key: &str) -> crate::client::Reply {
        send(self.address(), "GET", target, &[("Authorization", &format!("Bearer {key}"))], "")
    }

    pub fn data(&self) -> PathBuf {
        PathBuf::from(self.ready["data"].as_str().expect("a path"))
    }

    /// What it writes on standard error, for a story to read itself.
    pub fn errors(&mut self) -> ChildStderr {
        self.child.stderr.take().expect("its errors")
    }

    pub fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.child.id().to_string()]).status().expect("kill runs").success());
    }

    /// Asks it to end, and gives back its exit code and what of its errors is unread.
    pub fn end(mut self, signal: &str) -> (Option<i32>, String) {
        self.signal(signal);
        let begun = Instant::now();
        let status = self.child.wait().expect("it ends");
        assert!(begun.elapsed() < Duration::from_secs(6), "it took too long to end");
        let mut errors = String::new();
        if let Some(mut stderr) = self.child.stderr.take() {
            stderr.read_to_string(&mut errors).expect("they are read");
        }
        (status.code(), errors)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub const KEY: (&str, &str) = ("KEYFOB_ADMIN_API_KEY", ADMIN_KEY);
pub const PASSWORD: (&str, &str) = ("KEYFOB_ADMIN_PASSWORD", "Correct-horse-battery-staple-9");

#[test]
fn the_seeds_request_registers_a_client_and_answers_its_secret() {
    let folder = Folder::new("seed");
    let server = Running::start(&folder.0, &["--admin-user", "testuser"], &[KEY]);
    let seed = include_str!("seed.md");
    let request = seed.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the seed's req.json");
    let shown = seed.lines().find(|line| line.starts_with("{\"ids\"")).expect("the seed's answer");
    let authorization = format!("Bearer {ADMIN_KEY}");
    let headers = [("Content-Type", "application/json"), ("Authorization", authorization.as_str())];
    let reply = send(server.address(), "POST", "/api/v3/users/testuser/clients", &headers, request);
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("application/json")), "{}", reply.body);
    let (got, shown): (Value, Value) = (reply.json(), serde_json::from_str(shown).expect("the seed's answer is JSON"));
    for (key, value) in shown.as_object().expect("an object") {
        match key.as_str() {
            "created_at" | "updated_at" => assert!(got[key].as_str().is_some_and(|time| time.ends_with('Z')), "{key}"),
            "secret" => assert_eq!(got[key].as_str().map(str::len), Some(52)),
            _ => assert_eq!(&got[key], value, "{key}"),
        }
    }
    assert_eq!(got["state"], "STATE_APPROVED");
}

#[test]
fn the_ready_line_says_where_the_server_is() {
    let folder = Folder::new("ready");
    let server = Running::start(&folder.0, &[], &[KEY]);
    assert_eq!(server.ready["ready"], true);
    assert_eq!(server.ready["pid"], server.child.id());
    assert_eq!(server.ready["data"], "keyfob.db");
    assert_eq!(server.ready["version"], env!("CARGO_PKG_VERSION"));
    assert!(server.ready.get("admin_api_key").is_none());
    assert_eq!(server.get("/api/v3/auth_info", ADMIN_KEY).json()["is_admin"], true);
}

#[test]
fn what_is_generated_is_shown_once_and_works() {
    let folder = Folder::new("generated");
    let server = Running::start(&folder.0, &[], &[]);
    let address = server.address().to_owned();
    send(&address, "GET", "/api/v3/clients", &[], "");
    let (code, errors) = server.end("-TERM");
    assert_eq!(code, Some(0));
    let shown = |label: &str| errors.lines().find_map(|line| line.trim().strip_prefix(label)).map(|value| value.trim().to_owned());
    let (key, password) = (shown("export KEYFOB_API_KEY=").expect("a key is shown"), shown("password:").expect("a password is shown"));

    let server = Running::start(&folder.0, &[], &[]);
    assert_eq!(server.get("/api/v3/auth_info", &key).json()["is_admin"], true);
    let change = serde_json::json!({"old": password, "new": "Brand-new-passw0rd"}).to_string();
    assert_eq!(send(server.address(), "PUT", "/api/v3/users/admin/password", &[], &change).status, 200);
    let (_, errors) = server.end("-INT");
    for secret in [key.rsplit('.').next().expect("a key"), &password, "Brand-new-passw0rd", "export KEYFOB_API_KEY"] {
        assert!(!errors.contains(secret), "shown again: {secret}");
    }
}

#[test]
fn what_the_environment_gives_is_used_and_not_shown() {
    let folder = Folder::new("given");
    let file = folder.0.join("password");
    std::fs::write(&file, "Correct-horse-battery-staple-9\n").expect("a file");
    let server = Running::start(&folder.0, &[], &[KEY, ("KEYFOB_ADMIN_PASSWORD_FILE", file.to_str().expect("a path"))]);
    let change = r#"{"old":"Correct-horse-battery-staple-9","new":"Brand-new-passw0rd"}"#;
    assert_eq!(send(server.address(), "PUT", "/api/v3/users/admin/password", &[], change).status, 200);
    let (_, errors) = server.end("-TERM");
    for secret in [ADMIN_KEY.rsplit('.').next().expect("a key"), "Correct-horse", "Brand-new"] {
        assert!(!errors.contains(secret), "shown: {secret}");
    }
}

#[test]
fn the_line_end_of_a_secret_in_the_environment_is_cut_as_that_of_one_in_a_file() {
    let folder = Folder::new("line-end");
    let key = format!("{ADMIN_KEY}\r\n");
    let password = ("KEYFOB_ADMIN_PASSWORD", "Correct-horse-battery-staple-9\n");
    let server = Running::start(&folder.0, &[], &[password, ("KEYFOB_ADMIN_API_KEY", &key)]);
    let change = r#"{"old":"Correct-horse-battery-staple-9","new":"Brand-new-passw0rd"}"#;
    assert_eq!(send(server.address(), "PUT", "/api/v3/users/admin/password", &[], change).status, 200);
    let output = run(&folder.0, &["auth-info", "--server", &format!("http://{}", server.address())], &[("KEYFOB_API_KEY", &key)]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn an_unknown_variable_is_a_warning_with_the_nearest_name() {
    let folder = Folder::new("unknown");
    let typos = [("KEYFOB_LISTN", "x"), ("KEYFOB_ADMIN_PASSWORD_FILES", "x"), ("KEYFOB_ZEBRA_CROSSING", "a-value"), ("KEYFOBS", "x")];
    let warned = |told: &str| {
        for (name, tip) in [
            ("KEYFOB_LISTN", "did you mean KEYFOB_LISTEN?"),
            ("KEYFOB_ADMIN_PASSWORD_FILES", "did you mean KEYFOB_ADMIN_PASSWORD_FILE?"),
            ("KEYFOB_ZEBRA_CROSSING", "list the variables"),
        ] {
            let line =
                told.lines().find(|line| line.contains(&format!("the variable {name} "))).unwrap_or_else(|| panic!("{name}: {told}"));
            assert!(line.contains("warn") && line.contains(tip), "{line}");
        }
        assert!(told.lines().filter(|line| line.contains("the variable")).count() == 3 && !told.contains("a-value"), "{told}");
    };
    // Those of the command line are known to the server too, and the one by which test suites find the program.
    let known = [("KEYFOB_SERVER", "http://127.0.0.1:1"), ("KEYFOB_API_KEY_FILE", "/nowhere"), ("KEYFOB_CA", "x"), ("KEYFOB_BIN", "x")];
    let server = Running::start(&folder.0, &[], &[&typos[..], &known, &[KEY, PASSWORD]].concat());
    let (_, log) = server.end("-TERM");
    warned(&log);
    let refused = run(&folder.0, &["serve", "--workers", "0"], &typos);
    let errors = String::from_utf8_lossy(&refused.stderr);
    assert!(errors.lines().next().is_some_and(|first| first.contains("--workers")), "programs read the first line: {errors}");
    warned(&errors);
    warned(&String::from_utf8_lossy(&run(&folder.0, &["clients", "list", "--server", "http://127.0.0.1:1"], &typos).stderr));
}

/// Arguments, environment, and what the error names.
type Call<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], &'a str);

#[test]
fn a_wrong_call_exits_with_2_and_names_what_is_wrong() {
    let folder = Folder::new("usage");
    let calls: &[Call] = &[
        (&[], &[], "command"),
        (&["surve"], &[], "surve"),
        (&["serve", "--nope"], &[], "--nope"),
        (&["serve", "extra"], &[], "extra"),
        (&["serve", "--workers", "0"], &[], "--workers"),
        (&["serve", "--workers"], &[], "--workers"),
        (&["serve", "--workers=2", "--workers=3"], &[], "--workers"),
        (&["serve"], &[("KEYFOB_WORKERS", "many")], "KEYFOB_WORKERS"),
        (&["serve", "--listen", "nowhere"], &[], "--listen"),
        (&["serve", "--approval", "maybe"], &[], "--approval"),
        (&["serve"], &[("KEYFOB_EPHEMERAL", "perhaps")], "KEYFOB_EPHEMERAL"),
        (&["serve"], &[("KEYFOB_DATA", "keyfob.db\r")], "KEYFOB_DATA must have no line end, such as that of a Windows file"),
        (&["serve"], &[("KEYFOB_ADMIN_USER", "admin\r")], "not `admin\\r`"),
        (&["clients", "list"], &[("KEYFOB_SERVER", "http://127.0.0.1:1\n")], "not `http://127.0.0.1:1\\n`"),
        (&["serve", "--public-url", "ftp://x"], &[], "--public-url"),
        (&["serve", "--log", "loud"], &[], "--log"),
        (&["serve", "--listen", "0.0.0.0:0"], &[], "say with --public-url"),
        (&["serve", "--listen", "[::]:0"], &[], "say with --public-url"),
        (&["serve"], &[("KEYFOB_LISTEN", "0:0")], "--public-url https://id.example.com"),
        (&["serve", "--public-url", "https://x/a/../b"], &[], "--public-url"),
        (&["serve", "--public-url", "https://x/a//b"], &[], "--public-url"),
        (&["serve", "--public-url", "https://x/a?b"], &[], "--public-url"),
        (&["serve", "--public-url", "https://x/a\"b"], &[], "--public-url"),
        (&["serve", "--public-url", "https://x/oauth/"], &[], "/oauth, which is one of this server's own"),
        (&["serve", "--public-url", "https://x/console/keyfob"], &[], "/console, which is one of this server's own"),
        (&["serve", "--ephemeral", "--data", "x.db"], &[], "--data"),
        (&["serve"], &[PASSWORD, ("KEYFOB_ADMIN_PASSWORD_FILE", "/nowhere")], "KEYFOB_ADMIN_PASSWORD_FILE"),
        (&["serve"], &[("KEYFOB_ADMIN_API_KEY_FILE", "/nowhere")], "KEYFOB_ADMIN_API_KEY_FILE"),
        (&["serve", "--ephemeral", "--listen=127.0.0.1:0"], &[("KEYFOB_ADMIN_PASSWORD", "weak")], "KEYFOB_ADMIN_PASSWORD"),
        (
            &["serve", "--ephemeral", "--listen=127.0.0.1:0"],
            &[("KEYFOB_ADMIN_PASSWORD", "Admin-pass-1")],
            "a good one has 8 characters or more, an uppercase letter and a digit, and does not contain the user ID",
        ),
        (&["serve", "--ephemeral", "--listen=127.0.0.1:0"], &[("KEYFOB_ADMIN_API_KEY", "NNSXS.A.B")], "KEYFOB_ADMIN_API_KEY"),
        (&["serve", "--ephemeral", "--listen=127.0.0.1:0", "--admin-user", "No Body"], &[], "--admin-user"),
    ];
    for (arguments, environment, named) in calls {
        let output = run(&folder.0, arguments, environment);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?} {environment:?}: {errors}");
        assert!(errors.contains(named), "{arguments:?} {environment:?}: {errors}");
        assert!(!errors.contains("NNSXS.A.B") && !errors.contains("weak\n"), "a secret is shown: {errors}");
    }
}

#[test]
fn what_cannot_be_done_exits_with_1_and_one_clear_line() {
    let folder = Folder::new("refused");
    let server = Running::start(&folder.0, &[], &[KEY]);
    std::fs::create_dir_all(folder.0.join("a-folder")).expect("a folder");
    std::fs::write(folder.0.join("notes.txt"), "no database ".repeat(100)).expect("a text");
    let half_made = rusqlite::Connection::open(folder.0.join("half-made.db")).expect("a database");
    half_made.execute_batch("PRAGMA application_id = 0x6b666f62; CREATE TABLE users (x)").expect("a table");
    let foreign = rusqlite::Connection::open(folder.0.join("foreign.db")).expect("a database");
    foreign.execute_batch("CREATE TABLE users (x)").expect("a table");
    let taken = server.address().to_owned();
    let free = "127.0.0.1:0";
    let calls: &[(&[&str], &str)] = &[
        (&["serve", "--listen", free], "another keyfob is using this data file"),
        (&["serve", "--listen", free, "--data", "a-folder"], "a-folder: cannot open the data file"),
        (&["serve", "--listen", free, "--data", "no/such/place.db"], "/no/such: create it"),
        (&["serve", "--listen", free, "--data", "notes.txt"], "not a keyfob database"),
        (&["serve", "--listen", free, "--data", "foreign.db"], "not a keyfob database"),
        (&["serve", "--listen", free, "--data", "half-made.db"], "the data file has tables but no schema version"),
        (&["serve", "--listen", &taken, "--data", "other.db"], "choose another address with --listen: Address already in use"),
    ];
    for (arguments, says) in calls {
        let output = run(&folder.0, arguments, &[]);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {errors}");
        assert!(errors.contains(says) && errors.lines().count() == 1, "{arguments:?}: {errors}");
    }
    for database in [half_made, foreign] {
        assert_eq!(database.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0)).expect("a mode"), "delete");
    }
    assert!(!folder.0.join("other.db").exists(), "a taken port leaves no file behind");
}

/// A copy of the program that everybody can run. Another process makes it: a handle for writing that a child of this one inherited for a moment
/// would keep it from being started.
fn copied_program(folder: &Folder) -> std::path::PathBuf {
    let program = folder.file("keyfob");
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_keyfob")).arg(&program).status();
    assert!(copied.is_ok_and(|status| status.success()), "a copy");
    program
}

#[test]
fn a_folder_that_the_user_may_not_write_in_is_named_with_the_user_and_what_to_do() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    let folder = Folder::new("unwritable");
    // Root may write everywhere: it runs the program as somebody else, in a copy that everybody can reach.
    let program = copied_program(&folder);
    let is_root = std::fs::metadata(&program).expect("metadata").uid() == 0;
    for name in ["fresh", "made"] {
        let place = folder.file(name);
        std::fs::create_dir(&place).expect("a folder");
        let serve = |user: Option<u32>| {
            let mut command = Command::new(&program);
            command.args(["serve", "--listen", "127.0.0.1:0"]).current_dir(&place).env_clear().envs([KEY, PASSWORD]);
            user.map(|user| command.uid(user).gid(user));
            command
        };
        if name == "made" {
            Running::spawn(&mut serve(None)).end("-TERM");
            for entry in std::fs::read_dir(&place).expect("the folder") {
                let path = entry.expect("an entry").path();
                let _ = std::os::unix::fs::chown(&path, Some(65534).filter(|_| is_root), None);
            }
        }
        std::fs::set_permissions(&place, PermissionsExt::from_mode(0o555)).expect("a mode");
        let output = serve(Some(65534).filter(|_| is_root)).output().expect("it runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        std::fs::set_permissions(&place, PermissionsExt::from_mode(0o755)).expect("a mode");
        assert!(output.status.code() == Some(1) && errors.lines().count() == 1, "{name}: {errors}");
        for part in ["the user ", &format!(" may not write in the folder {},", place.display()), "chown "] {
            assert!(errors.contains(part), "{name}: {part}: {errors}");
        }
    }
}

#[test]
fn a_command_on_somebody_elses_data_file_says_whose_it_is_or_that_it_cannot_be_seen() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    let folder = Folder::new("somebody-else");
    let program = copied_program(&folder);
    let uid = std::fs::metadata(&program).expect("metadata").uid();
    if uid != 0 {
        return left_out("a command on somebody else's data file", "only root can run the program as somebody else");
    }
    let place = folder.file("data");
    std::fs::create_dir(&place).expect("a folder");
    let run = |arguments: &[&str], user: u32| {
        let mut command = Command::new(&program);
        command.args(arguments).current_dir("/").env_clear().envs([KEY, PASSWORD]).uid(user).gid(user);
        command
    };
    let file = place.join("keyfob.db").display().to_string();
    let mut serve = run(&["serve", "--listen", "127.0.0.1:0", "--data", &file], 0);
    Running::spawn(&mut serve).end("-TERM");
    for (mode, expected) in [(0o700, "hidden_data"), (0o755, "belongs to the user root (0): run the command as that user")] {
        std::fs::set_permissions(&place, PermissionsExt::from_mode(mode)).expect("a mode");
        let output = run(&["admin", "reset-password", "admin", "--data", &file], 65534).output().expect("it runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && errors.contains(expected) && !errors.contains("chown"), "{mode:o}: {errors}");
    }
}

#[test]
fn a_flag_goes_before_the_environment_and_the_environment_before_the_default() {
    let folder = Folder::new("precedence");
    let server = Running::start(&folder.0, &["--data", "flag.db"], &[KEY, ("KEYFOB_DATA", "environment.db")]);
    assert_eq!(server.ready["data"], "flag.db");
    drop(server);
    let server = Running::start(&folder.0, &[], &[KEY, ("KEYFOB_DATA", "environment.db"), ("KEYFOB_WORKERS", "")]);
    assert_eq!(server.ready["data"], "environment.db");
}

#[test]
fn an_ephemeral_server_tells_its_key_and_leaves_nothing_behind() {
    let folder = Folder::new("ephemeral");
    let server = Running::start(&folder.0, &["--ephemeral"], &[]);
    let key = server.ready["admin_api_key"].as_str().expect("a key").to_owned();
    assert_eq!(server.get("/api/v3/auth_info", &key).json()["is_admin"], true);
    let data = server.data();
    assert!(data.exists());
    let (code, _) = server.end("-TERM");
    assert_eq!(code, Some(0));
    assert!(!data.parent().expect("a folder").exists());
    assert_eq!(std::fs::read_dir(&folder.0).expect("the folder").count(), 0);
}

#[test]
fn a_server_on_every_address_is_called_localhost_if_it_is_ephemeral_and_as_it_is_told_otherwise() {
    let folder = Folder::new("wildcard");
    let issuer = |server: &Running| {
        let port = server.address().strip_prefix("localhost:").expect("localhost");
        send(&format!("127.0.0.1:{port}"), "GET", "/.well-known/oauth-authorization-server", &[], "").json()["issuer"].clone()
    };
    for listen in ["0.0.0.0:0", "[::]:0"] {
        let mut command = keyfob(&folder.0, &["serve", "--ephemeral", "--listen", listen], &[]);
        let server = Running::spawn(&mut command);
        assert_eq!(issuer(&server), server.ready["url"]);
    }
    let mut command = keyfob(&folder.0, &["serve", "--listen", "0.0.0.0:0", "--public-url", "https://id.example.com"], &[]);
    assert_eq!(issuer(&Running::spawn(&mut command)), "https://id.example.com");
}

#[test]
fn passwords_take_the_rounds_that_are_set_and_a_thousand_on_an_ephemeral_server() {
    let folder = Folder::new("rounds");
    let rounds = |arguments: &[&str], environment: &[(&str, &str)]| {
        let server = Running::start(&folder.0, arguments, environment);
        let file = rusqlite::Connection::open(folder.0.join(server.ready["data"].as_str().expect("a path"))).expect("the file opens");
        let hash: String = file.query_row("SELECT password_hash FROM users", [], |row| row.get(0)).expect("a hash");
        hash.split('$').nth(2).and_then(|rounds| rounds.parse::<u32>().ok()).expect("a number")
    };
    let unset = ("KEYFOB_PASSWORD_ROUNDS", "");
    assert_eq!(rounds(&["--data", "default.db"], &[unset]), 600_000);
    assert_eq!(rounds(&["--data", "fewer.db", "--password-rounds", "100000"], &[unset]), 100_000);
    assert_eq!(rounds(&["--ephemeral"], &[unset]), 1000);
    assert_eq!(rounds(&["--ephemeral"], &[("KEYFOB_PASSWORD_ROUNDS", "2000")]), 2000);
    for bad in ["999", "2000001", "many", "0", "-1"] {
        let refused = run(&folder.0, &["serve", "--ephemeral", "--password-rounds", bad], &[]);
        let errors = String::from_utf8_lossy(&refused.stderr);
        assert!(refused.status.code() == Some(2) && errors.contains("--password-rounds must be a number from 1000 to 2000000"), "{errors}");
    }
}

#[test]
fn the_log_has_one_line_of_json_a_request() {
    let folder = Folder::new("log");
    let server = Running::start(&folder.0, &[], &[KEY, PASSWORD]);
    send(server.address(), "GET", "/api/v3/clients/a-secret-place", &[("X-Request-Id", "my-request")], "");
    send(server.address(), "GET", "/nothing", &[("X-Request-Id", "not good")], "");
    let (_, errors) = server.end("-TERM");
    let lines: Vec<Value> = errors.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let requests: Vec<&Value> = lines.iter().filter(|line| line["message"] == "request").collect();
    assert_eq!(requests.len(), 2);
    assert_eq!(
        (&requests[0]["route"], &requests[0]["status"], &requests[0]["request_id"]),
        (&"client.get".into(), &401.into(), &"my-request".into())
    );
    assert_eq!((&requests[1]["route"], requests[1]["request_id"].as_str().map(str::len)), (&"none".into(), Some(32)));
    assert!(requests.iter().all(|line| line["method"] == "GET" && line["duration_us"].is_u64()));
    assert!(!errors.contains("a-secret-place"));
}

#[test]
fn a_failure_of_the_database_is_told_to_the_log_with_its_code_and_to_nobody_else() {
    let folder = Folder::new("cause");
    let server = Running::start(&folder.0, &[], &[KEY, PASSWORD]);
    let file = rusqlite::Connection::open(folder.0.join("keyfob.db")).expect("the file opens");
    file.execute_batch("CREATE TRIGGER broken BEFORE INSERT ON clients BEGIN SELECT RAISE(ABORT, 'broken on purpose'); END")
        .expect("a trigger");
    let authorization = format!("Bearer {ADMIN_KEY}");
    let body = r#"{"client":{"ids":{"client_id":"my-app"}}}"#;
    let reply = send(server.address(), "POST", "/api/v3/users/admin/clients", &[("Authorization", &authorization)], body);
    assert!(reply.status == 500 && !reply.body.contains("on purpose"), "{} {}", reply.status, reply.body);
    let (_, log) = server.end("-TERM");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let failure = lines.iter().find(|line| line["level"] == "error").expect("a line about the failure");
    // SQLITE_CONSTRAINT_TRIGGER.
    assert!(failure["message"].as_str().is_some_and(|text| text.starts_with("broken on purpose: Error code 1811: ")), "{failure}");
    assert_eq!(failure["route"], "client.create");
}

#[test]
fn nobody_passes_for_the_operator_in_the_history() {
    let folder = Folder::new("operator");
    let server = Running::start(&folder.0, &["--user-registration", "open"], &[KEY]);
    for (n, id) in ["operator", "Operator", "the-operator", "mine"].into_iter().enumerate() {
        let user = format!(
            r#"{{"user":{{"ids":{{"user_id":"user-{n}"}},"primary_email_address":"u{n}@example.com","password":"Hunter2-hunter2"}}}}"#
        );
        let reply = send(server.address(), "POST", "/api/v3/users", &[("X-Request-Id", id)], &user);
        assert_eq!((reply.status, reply.header("x-request-id") == Some(id)), (200, id == "mine"), "{id}");
    }
    drop(server);
    let database = rusqlite::Connection::open(folder.0.join("keyfob.db")).expect("the data file");
    let count = |id: &str| {
        let sql = format!("SELECT count(*) FROM events WHERE entity_id LIKE 'user-%' AND account_id IS NULL AND request_id LIKE '{id}'");
        database.query_row(&sql, [], |row| row.get::<_, i64>(0)).expect("a count")
    };
    assert_eq!((count("%operator%"), count("mine"), count("%")), (0, 1, 4));
}

#[test]
fn a_change_that_was_acknowledged_survives_a_kill() {
    let folder = Folder::new("kill");
    let server = Running::start(&folder.0, &[], &[KEY]);
    let authorization = format!("Bearer {ADMIN_KEY}");
    for n in 0..20 {
        let body = format!(r#"{{"client":{{"ids":{{"client_id":"client-{n}"}}}}}}"#);
        assert_eq!(send(server.address(), "POST", "/api/v3/users/admin/clients", &[("Authorization", &authorization)], &body).status, 200);
    }
    drop(server);
    let server = Running::start(&folder.0, &[], &[]);
    assert_eq!(server.get("/api/v3/clients?limit=1", ADMIN_KEY).header("x-total-count"), Some("20"));
}

#[test]
fn a_body_over_one_mebibyte_is_refused() {
    let folder = Folder::new("large");
    let server = Running::start(&folder.0, &["--ephemeral"], &[]);
    let reply = send(server.address(), "POST", "/api/v3/users", &[], &" ".repeat(1024 * 1024 + 1));
    assert_eq!((reply.status, &reply.json()["code"]), (413, &3.into()));
    assert!(reply.body.contains("error:pkg/webmiddleware:request_body_too_large ("), "{}", reply.body);
    let reply = send(server.address(), "POST", "/api/v3/users", &[], &" ".repeat(1024 * 1024));
    assert!(reply.body.contains("CreateUserRequestValidationError"), "{}", reply.body);
}

#[test]
fn help_version_and_the_openapi_document_are_printed() {
    let folder = Folder::new("print");
    for arguments in [&["help", "serve"][..], &["serve", "--help"], &["serve", "--listen", "nowhere", "-h"]] {
        let output = run(&folder.0, arguments, &[]);
        let help = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && help.contains("--listen HOST:PORT") && help.contains("KEYFOB_ADMIN_API_KEY"), "{help}");
    }
    assert_eq!(run(&folder.0, &["--version"], &[]).stdout, format!("keyfob {}\n", env!("CARGO_PKG_VERSION")).into_bytes());
    let document: Value = serde_json::from_slice(&run(&folder.0, &["openapi"], &[]).stdout).expect("the document is JSON");
    assert_eq!(document["openapi"], "3.1.0");
}

#[test]
fn a_server_starts_without_a_folder_for_temporary_files() {
    let folder = Folder::new("no-tmp");
    let nowhere = ("TMPDIR", "/nowhere");
    let server = Running::start(&folder.0, &[], &[KEY, PASSWORD, nowhere]);
    assert_eq!(server.get("/api/v3/auth_info", ADMIN_KEY).status, 200);
    assert_eq!(server.end("-TERM").0, Some(0));
    let server = Running::start(&folder.0, &["--ephemeral"], &[KEY, nowhere]);
    assert_eq!(server.get("/api/v3/auth_info", ADMIN_KEY).status, 200);
}
