//! The operator's commands beside a running server, through its control socket.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use keyfob::cli::commands::{COMMANDS, Run};
use keyfob::cli::run::admin::OPERATIONS;
use keyfob::store::Store;
use serde_json::Value;

use crate::binary::keyfob;
use crate::cli::{Done, done};
use crate::cli_files::{admin, data};
use crate::folder::Folder;
use crate::process::Process;

fn socket(folder: &Folder) -> PathBuf {
    folder.file("keyfob.db-control/socket")
}

/// Every command of the operator, right and wrong; what one makes others use.
const LINES: &[&str] = &[
    "admin create-user ada --email ada@example.com --admin",
    "admin create-user ada",
    "admin create-user Eve",
    "admin create-user eve --password weak",
    "admin create-user eve --email nonsense",
    "admin create-user sam --password-rounds 2000 --name Sam",
    "admin create-user",
    "admin reset-password ada",
    "admin reset-password ada --password-file good",
    "admin reset-password ada --password Weak",
    "admin reset-password nobody",
    "admin create-temporary-password sam",
    "admin create-temporary-password ada --secret-out temporary --password-rounds 3000",
    "admin create-temporary-password nobody",
    "admin create-temporary-password",
    "admin create-sign-in-link sam --public-url https://id.example",
    "admin create-sign-in-link ada --secret-out link --public-url https://id.example",
    "admin create-sign-in-link nobody",
    "admin create-sign-in-link Ada",
    "admin create-sign-in-link ada --public-url nonsense",
    "admin create-api-key ada --name laptop",
    "admin create-api-key ada --rights USER_INFO --api-key-expiry 2999-01-31T00:00:00Z --secret-out key",
    "admin create-api-key ada --secret-out key",
    "admin create-api-key ada --rights NOTHING",
    "admin create-api-key ada --api-key-expiry soon",
    "admin create-api-key nobody --secret-out unused",
    "admin create-client my-app --user-id ada --redirect-uris https://a.example --rights RIGHT_ALL --skip-authorization --endorsed --attributes a=1,b=2",
    "admin create-client weak-app --user-id ada --secret-file good --secret-out client-secret",
    "admin create-client my-app --user-id ada",
    "admin create-client other-app --user-id nobody",
    "admin create-client other-app",
    "admin create-client other-app --user-id ada --grants NONSENSE",
    "admin revoke-authorizations my-app",
    "admin revoke-authorizations nothing",
    "admin revoke-authorizations",
    "admin create-user eve --data nowhere.db",
    "admin create-user eve --password-rounds 7",
    "keys list",
    "keys import good",
    "keys import missing.pem",
    "keys import own.pem",
    "keys import own.pem --now=false",
    "keys rotate --algorithm HS256",
    "keys rotate --algorithm ES256",
    "keys rotate --now",
    "keys list",
];

/// Without what is made anew each time.
fn masked(text: &str) -> String {
    let random = |word: &str| {
        let is_time = word.starts_with("20") && word.ends_with('Z') && !word.starts_with("2999");
        let is_key_id = word.len() == 43;
        let is_secret = word.len() >= 32 && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'.');
        is_time || is_key_id || is_secret
    };
    text.split(['"', '#']).map(|word| if random(word) { "*" } else { word }).collect::<Vec<_>>().join("\"")
}

#[test]
fn an_operators_command_does_the_same_beside_a_running_server_as_without_one() {
    let (beside, alone) = (data("operator-beside"), data("operator-alone"));
    let server = Process::start(&beside.0, "", &["--approval", "manual", "--client-creation", "admins"]);
    let mut commands = BTreeSet::new();
    for folder in [&beside, &alone] {
        std::fs::write(folder.file("good"), "Good-passw0rd").expect("a file");
        std::fs::write(folder.file("own.pem"), include_str!("../keys/rsa.pem")).expect("a file");
    }
    for line in LINES {
        let [one, other] = [&beside, &alone].map(|folder| admin(folder, line));
        let seen = |done: &Done| (done.code, masked(&done.out), masked(&done.err));
        assert_eq!(seen(&one), seen(&other), "{line}");
        if one.code == Some(0) {
            commands.insert(line.split(' ').take(2).collect::<Vec<_>>().join(" "));
        }
        for file in ["key", "unused", "client-secret", "temporary", "link"] {
            let [one, other] = [&beside, &alone].map(|folder| std::fs::metadata(folder.file(file)).ok().map(|file| file.len()));
            assert_eq!(one, other, "{line}: {file}");
        }
    }
    let all = COMMANDS.iter().filter(|command| matches!(command.run, Run::Operator(_)));
    assert_eq!(commands, all.map(|command| command.name.to_owned()).collect(), "each succeeds once");
    // The server knows at once what was made beside it.
    let key = std::fs::read_to_string(beside.file("key")).expect("the key");
    let url = server.ready["url"].as_str().expect("an address");
    let mut asked = keyfob(&beside.0, &["users", "get", "ada", "--all", "--server", url], &[("KEYFOB_API_KEY", key.trim())]);
    asked.env("XDG_CONFIG_HOME", &beside.0);
    let asked = done(asked, "");
    assert!(asked.code == Some(0) && asked.out.contains("ada@example.com"), "{}", asked.err);
    let link = admin(&beside, "admin create-sign-in-link sam").out;
    assert!(link.contains(&format!("{url}/oauth/sign-in-link#NRXGW.")), "the server knows its own address: {link}");
    assert!(admin(&alone, "admin create-sign-in-link sam").out.contains("http://127.0.0.1:1885/oauth/sign-in-link#"));
    let log = server.log_so_far();
    drop(server);

    let history = |folder: &Folder| {
        let database = rusqlite::Connection::open(folder.file("keyfob.db")).expect("the data file");
        let mut events = database.prepare("SELECT name, entity_id, request_id FROM events ORDER BY event_number").expect("a statement");
        let row = |row: &rusqlite::Row<'_>| Ok::<(String, String, String), _>((row.get(0)?, row.get(1)?, row.get(2)?));
        events.query_map([], row).expect("rows").map(|row| row.expect("a row")).collect::<Vec<_>>()
    };
    assert_eq!(history(&beside), history(&alone));
    assert!(log.contains("create-api-key") && !log.contains("Good-passw0rd") && !log.contains(key.trim()), "{log}");
}

#[test]
fn a_server_finds_every_operation_that_a_command_has() {
    for command in COMMANDS {
        if let Run::Operator(operation) = command.run {
            assert_eq!(command.name.strip_prefix("admin ").unwrap_or(command.name), operation.name);
            assert!(OPERATIONS.iter().any(|known| std::ptr::eq(*known, operation)), "{}", command.name);
        }
    }
}

#[test]
fn the_control_socket_is_its_owners_alone_and_goes_with_the_server() {
    let folder = data("operator-socket");
    let mode = |path: &Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    let mut server = Process::start(&folder.0, "", &[]);
    assert_eq!((mode(&folder.file("keyfob.db-control")), mode(&socket(&folder))), (0o700, 0o600));
    let second = done(keyfob(&folder.0, &["serve", "--listen", "127.0.0.1:0"], &[]), "");
    assert!(second.code == Some(1) && second.err.contains("another keyfob is using this data file"), "{}", second.err);
    assert_eq!(admin(&folder, "admin create-user one").code, Some(0), "the second took nothing from the first");

    server.kill();
    assert!(socket(&folder).exists(), "a killed server leaves it");
    assert_eq!(admin(&folder, "admin create-user two").code, Some(0), "nobody holds the file");
    // Others could enter by now.
    std::fs::set_permissions(folder.file("keyfob.db-control"), PermissionsExt::from_mode(0o755)).expect("its mode is set");
    let mut server = Process::start(&folder.0, "", &[]);
    assert_eq!((mode(&folder.file("keyfob.db-control")), mode(&socket(&folder))), (0o700, 0o600));
    assert_eq!(admin(&folder, "admin create-user three").code, Some(0));
    server.stop();
    assert!(!folder.file("keyfob.db-control").exists(), "an orderly end removes it");
    assert_eq!(admin(&folder, "admin create-user four").code, Some(0));
}

#[test]
fn a_data_file_with_a_long_path_or_another_name_has_its_control_socket_too() {
    let folder = data("operator-path");
    let deep = folder.file(&"long-".repeat(30));
    std::fs::create_dir(&deep).expect("a folder");
    let path = deep.join("keyfob.db");
    std::fs::rename(folder.file("keyfob.db"), &path).expect("it is moved");
    symlink(&path, folder.file("link.db")).expect("a link");
    let _server = Process::start(&folder.0, "", &["--data", path.to_str().expect("a path")]);
    assert_eq!(admin(&folder, &format!("admin create-user ada --data {}", path.display())).err, "");
    assert_eq!(admin(&folder, "admin create-user bob --data link.db").err, "");
}

#[test]
fn commands_at_the_same_time_wait_for_each_other() {
    let folder = data("operator-at-once");
    let made = std::thread::scope(|scope| {
        let commands: Vec<_> = (0..4)
            .map(|n| {
                scope.spawn({
                    let folder = &folder;
                    move || admin(folder, &format!("admin create-user user-{n}"))
                })
            })
            .collect();
        commands.into_iter().map(|command| command.join().expect("it ends")).collect::<Vec<_>>()
    });
    made.iter().for_each(|done| assert_eq!((done.code, done.err.as_str()), (Some(0), "")));
}

#[test]
fn a_temporary_server_has_a_control_socket_beside_its_file() {
    let folder = Folder::new("operator-ephemeral");
    let mut server = Process::start(&folder.0, "", &["--ephemeral"]);
    let file = server.ready["data"].as_str().expect("its file").to_owned();
    let made = admin(&folder, &format!("admin create-user ada --data {file}"));
    assert!(made.code == Some(0) && made.out.contains("\"password\""), "{}", made.err);
    server.stop();
    assert!(!Path::new(&file).parent().expect("a folder").exists());
}

/// What the server answers to this, word for word.
fn answer_to(folder: &Folder, sent: &str) -> String {
    let mut stream = UnixStream::connect(socket(folder)).expect("it accepts");
    let _ = stream.write_all(sent.as_bytes());
    let _ = stream.shutdown(Shutdown::Write);
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it is whole");
    answer
}

#[test]
fn whatever_is_sent_to_the_control_socket_has_an_answer_that_says_what_is_wrong() {
    let folder = data("operator-hostile");
    let server = Process::start(&folder.0, "", &[]);
    let long = format!(r#"{{"operation":"{}"}}"#, "x".repeat(1 << 26));
    let deep = "[".repeat(100_000);
    let version = env!("CARGO_PKG_VERSION");
    let request = |more: &str| format!(r#"{{"operation":"create-user","version":"{version}","values":{{"user-id":["eve"]}}{more}}}"#);
    let unknown = format!(r#"{{"operation":"purge-everything","version":"{version}"}}"#);
    for (sent, says) in [
        ("", "not a request"),
        ("{", "not a request"),
        (&deep, "not a request"),
        ("GET / HTTP/1.1\r\n\r\n", "not a request"),
        ("null", "not a request"),
        ("[]", "not a request"),
        (r#"{"operation":7}"#, "not a request"),
        (&long, "the message is too long"),
        (r#"{"operation":"purge-everything"}"#, "there is no operation `purge-everything`: there are create-user, "),
        (&unknown, "there is no operation `purge-everything`"),
        (r#"{"version":"0.0.1","operation":"purge-everything"}"#, "keyfob 0.0.1: use the same version"),
        (r#"{"version":"0.0.1","operation":"create-user","values":{"user-id":["eve"]}}"#, "keyfob 0.0.1: use the same version"),
        (&request(r#","password_rounds":4000000000"#), "password_rounds"),
        (&request(r#","password_rounds":40000000000"#), "password_rounds"),
        (&request(r#","password_rounds":1"#), "password_rounds"),
        (&request(r#","public_url":"javascript:alert(1)""#), "public_url"),
        (&request(r#","public_url":7"#), "public_url"),
    ] {
        let answer = answer_to(&folder, sent);
        let is_failure = serde_json::from_str::<Value>(&answer).is_ok_and(|answer| answer["failure"].is_object());
        assert!(is_failure && answer.contains(says), "{} {answer}", &sent[..sent.len().min(60)]);
    }
    assert_eq!(admin(&folder, "admin create-user eve").code, Some(0), "nobody made her");
    drop(server);
}

#[test]
fn peers_of_the_control_socket_that_send_nothing_hold_nobody_up() {
    let folder = data("operator-idle");
    let server = Process::start(&folder.0, "", &[]);
    // One after the other they would take longer than a command waits for its answer.
    let mut idle: Vec<_> = (0..40).map(|_| UnixStream::connect(socket(&folder)).expect("it accepts")).collect();
    idle[0].write_all(b"{").expect("it is sent");
    assert_eq!(admin(&folder, "admin create-user ada").code, Some(0));
    for stream in &mut idle {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it is told");
        assert!(answer.contains("did not end in 2 seconds"), "{answer}");
    }
    drop(server);
}

#[test]
fn a_command_takes_no_answer_that_a_server_of_its_version_would_not_give() {
    let folder = data("operator-answers");
    let _held = Store::open(&folder.file("keyfob.db")).expect("the data file");
    let control = folder.file("keyfob.db-control");
    std::fs::create_dir_all(&control).expect("a folder");
    std::fs::set_permissions(&control, PermissionsExt::from_mode(0o700)).expect("its mode is set");
    let _ = std::fs::remove_file(socket(&folder));
    let listener = UnixListener::bind(socket(&folder)).expect("a socket");
    let link = "admin create-sign-in-link admin";
    let answers = [
        (link, r#"{"answer":{"link":"javascript:alert(1)//http://id.example/oauth/sign-in-link#x"}}"#, Some(1)),
        (link, r#"{"answer":{"link":"http://a;b/oauth/sign-in-link#x"}}"#, Some(1)),
        (link, r#"{"answer":{"link":"http://id.example@evil.example/oauth/sign-in-link#x"}}"#, Some(1)),
        (link, r#"{"answer":{"link":"http://id.example/oauth/sign-in-link#\u001b[2J"}}"#, Some(1)),
        (link, r#"{"answer":{"link":"http://id.example/elsewhere#x"}}"#, Some(1)),
        (link, r#"{"answer":{"link":7}}"#, Some(1)),
        (link, r#"{"answer":{"user_ids":{"user_id":"admin"}}}"#, Some(1)),
        (link, r#"{"answer":null}"#, Some(1)),
        (link, "{}", Some(1)),
        (link, "[]", Some(1)),
        (link, r#"{"failure":{}}"#, Some(1)),
        (link, "", Some(1)),
        (link, r#"{"answer":{"link":"https://id.example/keyfob/oauth/sign-in-link#NRXGW.AB.CD"}}"#, Some(0)),
        ("admin reset-password admin --password Good-passw0rd", r#"{"answer":null}"#, Some(0)),
    ];
    for (line, answer, code) in answers {
        let done = std::thread::scope(|scope| {
            scope.spawn(|| {
                let (mut stream, _) = listener.accept().expect("a command");
                let mut request = String::new();
                stream.read_to_string(&mut request).expect("a request");
                stream.write_all(answer.as_bytes()).expect("it is sent");
            });
            admin(&folder, line)
        });
        assert_eq!(done.code, code, "{answer}: {} {}", done.out, done.err);
        assert!(
            code == Some(0) || (done.out.is_empty() && done.err.lines().count() > 0 && !done.err.contains('\u{1b}')),
            "{answer}: {}",
            done.err
        );
    }
}
