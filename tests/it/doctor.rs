//! What `keyfob doctor` says about settings and files.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use keyfob::base::time::{Clock, Time};
use rusqlite::Connection;
use serde_json::Value;

use crate::binary::{PASSWORD, keyfob};
use crate::client::send;
use crate::folder::Folder;
use crate::process::Process;
use crate::tls;

/// The exit code, and the level and the text of each check.
fn doctor(folder: &Folder, arguments: &[&str]) -> (i32, BTreeMap<String, (String, String)>) {
    let output = keyfob(&folder.0, &[&["doctor", "--json"], arguments].concat(), &[]).output().expect("it runs");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let text = |finding: &Value, name: &str| finding[name].as_str().expect("a text").to_owned();
    let checks = found.as_array().expect("a list").iter().map(|finding| {
        let (level, remedy) = (text(finding, "level"), text(finding, "remedy"));
        assert_eq!(level == "ok", remedy.is_empty(), "{finding}");
        (text(finding, "check"), (level, text(finding, "found")))
    });
    (output.status.code().expect("an exit code"), checks.collect())
}

/// A folder with a data file that a server has made and left, and the file.
fn left_file(name: &str) -> (Folder, Connection) {
    let folder = Folder::new(name);
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o700)).expect("the folder is private");
    let mut server = Process::start(&folder.0, "", &["--data", "keyfob.db"]);
    server.kill();
    let file = Connection::open(folder.file("keyfob.db")).expect("the file opens");
    // The server's log becomes part of the file.
    file.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("it is copied");
    (folder, file)
}

#[test]
fn a_new_server_has_no_problems_and_nothing_is_changed_by_asking() {
    let folder = Folder::new("doctor");
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o700)).expect("the folder is private");
    let mut server = Process::start(&folder.0, "", &["--data", "keyfob.db"]);
    let (code, beside) = doctor(&folder, &[]);
    assert_eq!(code, 0, "{beside:?}");
    server.kill();
    let file = Connection::open(folder.file("keyfob.db")).expect("the file opens");
    file.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("it is copied");
    drop(file);
    let names = || {
        let mut names: Vec<_> = fs::read_dir(&folder.0).expect("the folder").map(|entry| entry.expect("an entry").file_name()).collect();
        names.sort();
        names
    };
    let (before, bytes) = (names(), fs::read(folder.file("keyfob.db")).expect("the file"));
    let (code, alone) = doctor(&folder, &[]);
    assert_eq!((code, &alone["integrity"].0[..], &alone["schema"].0[..]), (0, "ok", "ok"), "{alone:?}");
    assert_eq!((names(), fs::read(folder.file("keyfob.db")).expect("the file")), (before, bytes));
    assert_eq!(beside.keys().collect::<Vec<_>>(), alone.keys().collect::<Vec<_>>());
    let lines = keyfob(&folder.0, &["doctor"], &[]).output().expect("it runs").stdout;
    let lines = String::from_utf8_lossy(&lines).into_owned();
    assert_eq!(lines.lines().count(), alone.len(), "{lines}");
    assert!(lines.contains("advice   administrators `admin` is the only administrator: make somebody else one too"), "{lines}");
}

#[test]
fn the_dashboard_of_a_running_server_shows_what_is_wrong_with_its_settings_and_files() {
    let folder = Folder::new("doctor-dashboard");
    let password = format!("export {}={}", PASSWORD.0, PASSWORD.1);
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o777)).expect("everybody may replace what is in it");
    let server = Process::start(&folder.0, &password, &["--data", "keyfob.db", "--public-url", "http://id.example.com"]);
    let sign_in = format!(r#"{{"user_id":"admin","password":"{}"}}"#, PASSWORD.1);
    let json = [("Content-Type", "application/json")];
    let signed_in = send(&server.address, "POST", "/oauth/api/auth/login", &json, &sign_in);
    let cookie = signed_in.header("set-cookie").and_then(|cookie| cookie.split(';').next()).expect("a cookie").to_owned();
    let looks = || send(&server.address, "GET", "/console", &[("Cookie", &cookie)], "");
    // The files are looked at beside the requests.
    let seen = (0..100).map(|_| looks()).find(|page| {
        let has_looked = page.body.contains("data-message=\"permissions\"");
        has_looked || {
            std::thread::sleep(Duration::from_millis(50));
            false
        }
    });
    let page = seen.unwrap_or_else(looks);
    for check in ["public-url", "permissions", "backups", "administrators"] {
        assert!(page.body.contains(&format!("data-message=\"{check}\"")), "{check}: {} {}", page.status, page.body);
    }
}

#[test]
fn the_exit_code_is_the_number_of_problems() {
    let (folder, file) = left_file("doctor-problems");
    file.execute_batch("UPDATE events SET happened_at = happened_at + 86400000000; UPDATE users SET admin = 0").expect("it is changed");
    fs::set_permissions(folder.file("keyfob.db"), fs::Permissions::from_mode(0o644)).expect("others may read it");
    let (code, found) = doctor(&folder, &["--listen", "0.0.0.0:80", "--public-url", "http://id.example.com"]);
    let problems: Vec<&str> = found.iter().filter(|(_, (level, _))| level == "problem").map(|(check, _)| check.as_str()).collect();
    assert_eq!(problems, ["administrators", "history", "permissions", "public-url"], "{found:?}");
    assert_eq!(code, 4);
    assert!(found["permissions"].1.contains("keyfob.db (mode 644)"), "{found:?}");
    fs::set_permissions(folder.file("keyfob.db"), fs::Permissions::from_mode(0o600)).expect("nobody else may");
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o777)).expect("everybody may replace it");
    assert_eq!(doctor(&folder, &[]).1["permissions"].0, "problem");
}

#[test]
fn what_only_concerns_some_day_is_advice_and_counts_if_asked() {
    let (folder, file) = left_file("doctor-advice");
    file.execute_batch(
        "UPDATE clients SET client_id = 'old-app', created_at = created_at - 91 * 86400000000;
         UPDATE users SET password_updated_at = password_updated_at + 1",
    )
    .expect("it is changed");
    let (code, found) = doctor(&folder, &[]);
    assert_eq!(code, 0, "{found:?}");
    assert_eq!(found["clients"], ("advice".to_owned(), "1 client got no token for 90 days: `old-app`".to_owned()));
    assert_eq!(found["secrets"], ("advice".to_owned(), "0 client secrets and 1 API key never end".to_owned()));
    assert_eq!((&found["passwords"].0[..], &found["administrators"].0[..], &found["approval"].0[..]), ("ok", "advice", "ok"));
    file.execute_batch("UPDATE users SET state = 0, password_updated_at = NULL; UPDATE clients SET state = 0").expect("it is changed");
    let (_, found) = doctor(&folder, &[]);
    assert_eq!(found["approval"].1, "1 user and 1 client wait for an administrator");
    let (code, found) = doctor(&folder, &["--strict"]);
    assert_eq!(usize::try_from(code).expect("a number"), found.values().filter(|(level, _)| level != "ok").count());
}

#[test]
fn a_damaged_file_or_one_of_another_version_is_told() {
    let (folder, file) = left_file("doctor-damage");
    file.execute_batch("PRAGMA user_version = 99").expect("a newer version");
    assert_eq!(doctor(&folder, &[]).1["schema"].0, "problem");
    file.execute_batch("PRAGMA user_version = 5").expect("an older version");
    let (code, found) = doctor(&folder, &[]);
    assert_eq!((code, &found["schema"].0[..]), (0, "advice"));
    drop(file);
    let path = folder.file("keyfob.db");
    let mut bytes = fs::read(&path).expect("the file");
    bytes[8192..40960].fill(0x5a);
    fs::write(&path, bytes).expect("it is damaged");
    let (code, found) = doctor(&folder, &[]);
    assert_eq!((code, &found["integrity"].0[..]), (1, "problem"), "{found:?}");
    fs::write(&path, "no database ".repeat(1000)).expect("it is something else");
    assert_eq!(doctor(&folder, &[]).1["integrity"].0, "problem");
}

#[test]
fn a_certificate_is_looked_at_with_its_key() {
    let folder = Folder::new("doctor-certificate");
    let look = |certificate: &str, key: &str| {
        let arguments = ["--ephemeral", "--tls-cert", &tls::argument(certificate), "--tls-key", &tls::argument(key)];
        doctor(&folder, &arguments).1["certificate"].clone()
    };
    let (level, found) = look("first.pem", "first-key.pem");
    assert!(level == "ok" && found.contains(" ends on 2"), "{found}");
    assert_eq!(look("first.pem", "second-key.pem").0, "problem");
    assert_eq!(look("first-key.pem", "first-key.pem").0, "problem");
}

/// The time in so many seconds, as `20260102T030405Z`.
fn in_seconds(seconds: i64) -> String {
    let whole = (Clock::System.now().seconds() + seconds) * 1_000_000;
    Time::from_micros(whole).to_string().replace(['-', ':'], "")
}

/// Writes a certificate that is as that of the tests, but valid for other times, in seconds from now. Nobody has signed it, which the server
/// does not look at either.
fn write_certificate(folder: &Folder, from: i64, until: i64) -> String {
    let pem = include_str!("tls/first.pem");
    let is_of_first = |line: &&str| !line.starts_with("-----");
    let lines: String = pem.lines().skip(1).take_while(is_of_first).collect();
    let mut der = BASE64.decode(lines.as_bytes()).expect("a certificate");
    let text = |seconds: i64| in_seconds(seconds).replace('T', "");
    // The times of this certificate: UTCTime until 2050, GeneralizedTime afterwards.
    let start = der.windows(4).position(|bytes| bytes == [0x30, 0x20, 0x17, 13]).expect("its times");
    der[start + 4..start + 17].copy_from_slice(&text(from).as_bytes()[2..]);
    assert_eq!(der[start + 17..start + 19], [0x18, 15]);
    der[start + 19..start + 34].copy_from_slice(text(until).as_bytes());
    let file = folder.file("certificate.pem");
    fs::write(&file, format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", BASE64.encode(&der))).expect("it is written");
    file.display().to_string()
}

#[test]
fn a_certificate_should_be_renewed_in_its_last_third_or_its_last_three_weeks_if_those_are_shorter() {
    const HOUR: i64 = 3600;
    const DAY: i64 = 24 * HOUR;
    let folder = Folder::new("doctor-renewal");
    let key = tls::argument("first-key.pem");
    // A minute is added to each end, for the time that passes until the question.
    for (from, until, level, text) in [
        (-DAY, -HOUR, "problem", " ended on "),
        (DAY, 90 * DAY, "problem", " is not valid before "),
        (-DAY, 23 * HOUR + DAY, "ok", ", in 47 hours"),
        (-HOUR, 23 * HOUR, "ok", ", in 23 hours"),
        (-17 * HOUR, 7 * HOUR, "problem", ", in 7 hours"),
        (-59 * DAY, 31 * DAY, "ok", ", in 31 days"),
        (-60 * DAY, 20 * DAY, "problem", ", in 20 days"),
        (-300 * DAY, 22 * DAY, "ok", ", in 22 days"),
    ] {
        let certificate = write_certificate(&folder, from, until + 60);
        let found = &doctor(&folder, &["--ephemeral", "--tls-cert", &certificate, "--tls-key", &key]).1["certificate"];
        assert!(found.0 == level && found.1.contains(text), "{from} {until}: {found:?}");
    }
}

#[test]
fn a_certificate_is_for_the_public_host_unless_a_proxy_has_one() {
    let folder = Folder::new("doctor-names");
    let (certificate, key) = (tls::argument("first.pem"), tls::argument("first-key.pem"));
    let level = |url: &str, more: &[&str]| {
        let arguments = ["--ephemeral", "--tls-cert", &certificate, "--tls-key", &key, "--public-url", url];
        doctor(&folder, &[&arguments, more].concat()).1["certificate"].0.clone()
    };
    assert_eq!(level("https://first.test:8443/keyfob", &[]), "ok");
    assert_eq!(level("https://[::1]:8443", &[]), "ok");
    assert_eq!(level("https://second.test", &[]), "problem");
    assert_eq!(level("https://192.0.2.1", &[]), "problem");
    assert_eq!(level("https://second.test", &["--trusted-proxies", "127.0.0.1"]), "ok");
}

#[test]
fn backups_that_are_missing_or_too_old_are_a_problem_and_none_by_the_server_advice() {
    let (folder, _file) = left_file("doctor-backups");
    let look = |arguments: &[&str]| doctor(&folder, arguments).1["backups"].clone();
    assert_eq!(look(&[]), ("advice".to_owned(), "the server makes no backups by itself".to_owned()));
    let (every, backups) = (["--backup-folder", "backups", "--backup-every", "12h"], folder.file("backups"));
    assert_eq!(look(&every), ("problem".to_owned(), "there is no backup in backups".to_owned()));
    fs::create_dir(&backups).expect("a folder");
    let write = |hours: i64| {
        let time = in_seconds(-hours * 3600);
        fs::write(backups.join(format!("keyfob-{time}.db")), "").expect("a file");
    };
    write(240);
    write(25);
    let text = "2 backups in backups: the newest is 25 hours old, the oldest 10 days; one should be made every 12 hours";
    assert_eq!(look(&every), ("problem".to_owned(), text.to_owned()));
    write(23);
    assert_eq!(look(&every).0, "ok");
    fs::remove_dir_all(&backups).expect("it is removed");
    fs::write(&backups, "no folder").expect("a file");
    let (level, found) = look(&every);
    assert!(level == "problem" && found.starts_with("cannot look into backups: "), "{found}");
}

#[test]
fn a_proxy_that_is_not_trusted_is_remembered() {
    let folder = Folder::new("doctor-proxy");
    fs::set_permissions(&folder.0, fs::Permissions::from_mode(0o700)).expect("the folder is private");
    let server = Process::start(&folder.0, "", &["--data", "keyfob.db"]);
    assert_eq!(doctor(&folder, &[]).1["proxies"].0, "ok");
    send(&server.address, "GET", "/healthz", &[("X-Forwarded-For", "192.0.2.1")], "");
    let begun = Instant::now();
    while doctor(&folder, &[]).1["proxies"].0 == "ok" {
        assert!(begun.elapsed() < Duration::from_secs(60), "it is never told");
    }
    let (code, found) = doctor(&folder, &[]);
    assert_eq!((code, &found["proxies"].0[..]), (1, "problem"));
}

#[test]
fn a_file_that_is_not_there_is_a_problem_and_a_wrong_setting_a_wrong_call() {
    let folder = Folder::new("doctor-nothing");
    let (code, found) = doctor(&folder, &["--data", "nowhere.db"]);
    assert_eq!((code, &found["data"].0[..]), (1, "problem"));
    assert!(!folder.file("nowhere.db").exists());
    assert_eq!(doctor(&folder, &["--ephemeral"]).0, 0);
    for wrong in [&["--listen", "nowhere"][..], &["--nothing"], &["--output-format", ""]] {
        let output = keyfob(&folder.0, &[&["doctor"], wrong].concat(), &[PASSWORD]).output().expect("it runs");
        assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(2), true), "{wrong:?}");
    }
}
