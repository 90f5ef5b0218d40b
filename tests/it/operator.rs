//! The operator's commands beside a running server, through its control socket.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use keyfob::cli::commands::{COMMANDS, Run};
use keyfob::cli::run::admin::OPERATIONS;

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
    "admin create-user eve --data nowhere.db",
    "admin create-user eve --password-rounds 7",
];

/// Without what is made anew each time.
fn masked(text: &str) -> String {
    let random = |word: &str| {
        let is_time = word.starts_with("20") && word.ends_with('Z') && !word.starts_with("2999");
        let is_secret = word.len() >= 32 && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'.');
        is_time || is_secret
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
            assert_eq!(command.name, format!("admin {}", operation.name));
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

#[test]
fn nothing_that_is_sent_to_the_control_socket_ends_the_server_or_holds_it_up() {
    let folder = data("operator-hostile");
    let server = Process::start(&folder.0, "", &[]);
    let long = format!(r#"{{"operation":"{}"}}"#, "x".repeat(1 << 20));
    let wrong_version = r#"{"version":"0.0.1","operation":"create-user","values":{"user-id":["eve"]}}"#;
    let rounds = |rounds: &str| {
        let version = env!("CARGO_PKG_VERSION");
        format!(r#"{{"operation":"create-user","version":"{version}","values":{{"user_id":["eve"]}},"password_rounds":{rounds}}}"#)
    };
    for (sent, says) in [
        ("", ""),
        ("{", ""),
        ("GET / HTTP/1.1\r\n\r\n", ""),
        (&long, ""),
        ("[]", "other_version"),
        (r#"{"operation":"purge-everything"}"#, "other_version"),
        (wrong_version, "keyfob 0.0.1: use the same version"),
        (&rounds("4000000000"), "password_rounds"),
        (&rounds("40000000000"), "password_rounds"),
        (&rounds("1"), "password_rounds"),
    ] {
        let mut stream = UnixStream::connect(socket(&folder)).expect("it accepts");
        let _ = stream.write_all(sent.as_bytes());
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        assert_eq!((answer.is_empty(), answer.contains(says)), (says.is_empty(), true), "{} {answer}", &sent[..sent.len().min(60)]);
    }
    let idle: Vec<_> = (0..3).map(|_| UnixStream::connect(socket(&folder)).expect("it accepts")).collect();
    assert_eq!(admin(&folder, "admin create-user ada").code, Some(0));
    drop(idle);
    assert_eq!(admin(&folder, "admin create-user eve").code, Some(0), "nobody made her with another version's command");
    drop(server);
}
