//! Backups: made while the server works, proven, tried, restored, and refused where a byte is wrong.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use keyfob::base::secret;
use rusqlite::Connection;
use serde_json::Value;

use crate::binary::keyfob;
use crate::cli::{Done, done};
use crate::crash::{is_whole, register};
use crate::folder::Folder;
use crate::process::Process;

impl Done {
    /// The one line of JSON of a command that succeeded.
    #[track_caller]
    fn line(&self) -> Value {
        assert_eq!((self.code, self.out.lines().count()), (Some(0), 1), "{}{}", self.out, self.err);
        serde_json::from_str(&self.out).expect("JSON")
    }

    #[track_caller]
    fn refused(&self, why: &str) {
        assert!(
            self.code == Some(1) && self.err.contains(why) && self.err.lines().count() == 1,
            "{:?} {}{}",
            self.code,
            self.out,
            self.err
        );
    }
}

fn run(folder: &Path, arguments: &[&str]) -> Done {
    done(keyfob(folder, arguments, &[]), "")
}

fn serve(folder: &Path, more: &[&str]) -> Process {
    Process::start(folder, "", &[&["--data", "keyfob.db"], more].concat())
}

fn total(server: &Process) -> Option<String> {
    server.send("GET", "/api/v3/clients?limit=1", "").header("x-total-count").map(str::to_owned)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn sha256sum(file: &Path) -> String {
    let output = Command::new("sha256sum").arg(file).output().expect("it is there");
    String::from_utf8_lossy(&output.stdout).split(' ').next().unwrap_or_default().to_owned()
}

#[test]
fn a_backup_of_a_running_server_is_proven_tried_and_restored() {
    let folder = Folder::new("backup");
    let mut server = serve(&folder.0, &[]);
    server.registers("early", 12);
    let made = run(&folder.0, &["backup", "copy.db"]).line();
    let copy = folder.file("copy.db");
    assert_eq!((made["file"].as_str(), made["counts"]["clients"].as_i64()), (Some("copy.db"), Some(13)), "with the built-in one: {made}");
    assert_eq!(made["sha256"], sha256sum(&copy));
    assert_eq!(made["bytes"], fs::metadata(&copy).expect("the copy").len());
    assert!(made["newest_event"].as_str().is_some_and(|time| time.ends_with('Z')) && made["schema"].is_i64(), "{made}");
    assert_eq!(fs::metadata(&copy).expect("the copy").permissions().mode() & 0o777, 0o600);
    server.registers("late", 3);

    run(&folder.0, &["restore", "copy.db"]).refused("another keyfob is using this data file");
    let before = fs::read(&copy).expect("the copy");
    let tried = run(&folder.0, &["restore", "--drill", "copy.db"]).line();
    assert_eq!(
        (&tried["ok"], &tried["clients_read"], &tried["bytes"]),
        (&true.into(), &13.into(), &"equal to those that were written".into())
    );
    assert_eq!(fs::read(&copy).expect("the copy"), before, "a drill changes nothing");
    assert_eq!(names(&folder.0), ["copy.db", "keyfob.db", "keyfob.db-control", "keyfob.db-lock", "keyfob.db-shm", "keyfob.db-wal", "log"]);

    server.kill();
    let restored = run(&folder.0, &["restore", "copy.db"]).line();
    let server = serve(&folder.0, &[]);
    assert_eq!(total(&server).as_deref(), Some("12"));
    // What was there before is whole, with what only its log has.
    let aside = folder.file(restored["before"].as_str().expect("a name"));
    assert!(restored["before"].as_str().is_some_and(|name| name.starts_with("keyfob.db.before-restore-2")), "{restored}");
    let clients: i64 =
        Connection::open(aside).expect("it opens").query_row("SELECT count(*) FROM clients", [], |row| row.get(0)).expect("a count");
    assert_eq!(clients, 16);
    drop(server);
    // A copy is a data file too: put in its place by hand, it works, and is none any more.
    for end in ["-wal", "-shm"] {
        fs::remove_file(folder.file(&format!("keyfob.db{end}"))).expect("a killed server left it");
    }
    fs::copy(&copy, folder.file("keyfob.db")).expect("a copy");
    let mut server = serve(&folder.0, &[]);
    assert_eq!(total(&server).as_deref(), Some("12"));
    server.stop();
    assert_eq!(
        run(&folder.0, &["restore", "--drill", "keyfob.db"]).line()["bytes"],
        "not compared: the file was not made by keyfob backup"
    );
}

#[test]
fn a_backup_that_lacks_a_byte_or_has_one_changed_is_refused_wherever_it_lies() {
    let folder = Folder::new("backup-bytes");
    let mut server = serve(&folder.0, &[]);
    server.registers("client", 20);
    server.stop();
    run(&folder.0, &["backup", "copy.db"]).line();
    let good = fs::read(folder.file("copy.db")).expect("the copy");
    let refused = |what: &str, bytes: &[u8]| {
        fs::write(folder.file("bad.db"), bytes).expect("a file");
        for arguments in [&["restore", "--drill", "bad.db"][..], &["restore", "bad.db"]] {
            let done = run(&folder.0, arguments);
            assert!(
                done.code == Some(1) && done.err.starts_with("keyfob: bad.db cannot be relied on: "),
                "{what}: {}{}",
                done.out,
                done.err
            );
        }
    };
    for at in (0..good.len()).step_by(good.len() / 12).chain([18, 24, good.len() - 1, good.len() - 4096]) {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        refused(&format!("byte {at} is another"), &bad);
    }
    for missing in [1, 4095, 4096, 4097, 8192, good.len() / 2] {
        refused(&format!("{missing} bytes are missing"), &good[..good.len() - missing]);
    }
    refused("there is one more", &[&good[..], b"x"].concat());
    refused("nothing is left", b"");
    let failed: Value = serde_json::from_str(&run(&folder.0, &["restore", "--drill", "bad.db"]).out).expect("JSON");
    assert!(failed["ok"] == false && failed["failed"].is_string(), "{failed}");
    assert_eq!(names(&folder.0), ["bad.db", "copy.db", "keyfob.db", "keyfob.db-lock", "log"], "what was refused leaves nothing");
    assert_eq!(run(&folder.0, &["restore", "--drill", "copy.db"]).line()["ok"], true);
}

#[test]
fn a_plain_copy_is_restored_with_its_log_and_refused_with_another() {
    let folder = Folder::new("backup-plain");
    let mut server = serve(&folder.0, &[]);
    server.registers("client", 5);
    server.kill();
    for end in ["", "-wal"] {
        fs::copy(folder.file(&format!("keyfob.db{end}")), folder.file(&format!("plain.db{end}"))).expect("a copy");
    }
    assert_eq!(run(&folder.0, &["restore", "--drill", "plain.db"]).line()["clients_read"], 6);
    let other = Folder::new("backup-plain-other");
    serve(&other.0, &[]).stop();
    fs::copy(other.file("keyfob.db"), folder.file("plain.db")).expect("a copy");
    for arguments in [&["restore", "--drill", "plain.db"][..], &["restore", "plain.db"]] {
        run(&folder.0, arguments).refused("plain.db cannot be relied on: plain.db-wal does not belong to it");
    }
}

#[test]
fn a_backup_goes_into_a_folder_by_its_time_and_only_older_backups_make_room() {
    let folder = Folder::new("backup-folder");
    serve(&folder.0, &[]).stop();
    let backups = folder.file("backups");
    fs::create_dir(&backups).expect("a folder");
    let others = ["keyfob-20200101T000000Z.db.old", "keyfob-2020.db", "notes.txt", "keyfob-20201301T000000Z.db"];
    for name in others.into_iter().chain(["keyfob-20200101T000000Z.db", "keyfob-20210101T000000Z.db"]) {
        fs::write(backups.join(name), "").expect("a file");
    }
    let made = run(&folder.0, &["backup", "backups", "--keep", "2"]).line();
    assert_eq!(made["deleted"], serde_json::json!(["backups/keyfob-20200101T000000Z.db"]));
    let mut expected: Vec<String> = others.iter().map(|name| (*name).to_owned()).collect();
    expected.push("keyfob-20210101T000000Z.db".to_owned());
    expected.push(made["file"].as_str().and_then(|file| file.strip_prefix("backups/")).expect("a name").to_owned());
    expected.sort();
    assert_eq!(names(&backups), expected);
    assert_eq!(run(&folder.0, &["backup", "new/"]).line()["file"].as_str().map(|file| file.starts_with("new/keyfob-2")), Some(true));
    assert_eq!(fs::metadata(folder.file("new")).expect("it is there").permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_backup_waits_for_another_that_is_being_written_into_its_folder() {
    let folder = Folder::new("backup-beside-another");
    Process::start(&folder.0, "", &["--data", "keyfob.db"]).stop();
    std::fs::create_dir(folder.file("backups")).expect("a folder");
    let other = std::fs::File::open(folder.file("backups")).expect("the folder");
    other.lock().expect("another backup begins");
    let mut backup = keyfob(&folder.0, &["backup", "backups"], &[]).spawn().expect("it starts");
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(backup.try_wait().expect("its state"), None);
    other.unlock().expect("the other one ends");
    assert!(backup.wait().expect("it ends").success());
}

#[test]
fn a_backup_overwrites_nothing_but_a_backup() {
    let folder = Folder::new("backup-names");
    serve(&folder.0, &[]).stop();
    fs::write(folder.file("notes.txt"), "mine").expect("a file");
    let before = fs::read(folder.file("keyfob.db")).expect("the file");
    for (name, why) in [
        ("keyfob.db", "is the data file or belongs to it"),
        ("./keyfob.db-wal", "is the data file or belongs to it"),
        ("keyfob.db-lock", "is the data file or belongs to it"),
        ("notes.txt", "is no backup of keyfob"),
        ("no/such/folder.db", "No such file"),
    ] {
        run(&folder.0, &["backup", name]).refused(why);
    }
    run(&folder.0, &["restore", "keyfob.db"]).refused("is the data file itself");
    run(&folder.0, &["restore", "notes.txt"]).refused("is not a keyfob database");
    run(&folder.0, &["backup", "copy.db", "--data", "other.db"]);
    assert_eq!(run(&folder.0, &["backup", "copy.db", "--keep", "2"]).code, Some(2));
    assert_eq!(run(&folder.0, &["backup", "copy.db", "--data", "other.db"]).code, Some(1));
    assert_eq!(run(&folder.0, &["backup"]).code, Some(2));
    assert_eq!(fs::read(folder.file("keyfob.db")).expect("the file"), before);
    run(&folder.0, &["backup", "copy.db"]).line();
    run(&folder.0, &["backup", "copy.db"]).line();
    // What a backup that was killed left goes with the next one.
    fs::write(folder.file("keyfob-backup.partial"), "half").expect("a file");
    run(&folder.0, &["backup", "copy.db"]).line();
    assert_eq!(names(&folder.0), ["copy.db", "keyfob.db", "keyfob.db-lock", "log", "notes.txt"]);
}

#[test]
fn a_server_backs_up_by_itself_and_says_so_when_it_cannot() {
    let folder = Folder::new("backup-schedule");
    let mut server = serve(&folder.0, &["--backup-folder", "backups", "--backup-every", "1s", "--backup-keep", "2"]);
    let backups = folder.file("backups");
    let until = |what: &str, is_so: &dyn Fn() -> bool| {
        let begun = Instant::now();
        while !is_so() {
            assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    let made = || if backups.exists() { names(&backups).into_iter().filter(|name| name.ends_with(".db")).collect() } else { Vec::new() };
    until("a first one is made", &|| !made().is_empty());
    let first = made()[0].clone();
    until("only so many stay", &|| !made().contains(&first));
    assert!(made().len() <= 3);
    fs::remove_dir_all(&backups).or_else(|_| fs::remove_dir_all(&backups)).expect("it is removed");
    fs::write(&backups, "no folder").expect("a file is in the way");
    until("it is told", &|| server.log().contains("a backup failed"));
    server.stop();
    // One that is young enough is not made again.
    fs::remove_file(&backups).expect("it is there");
    run(&folder.0, &["backup", "backups/"]).line();
    let mut server = serve(&folder.0, &["--backup-folder", "backups", "--backup-every", "1h"]);
    std::thread::sleep(Duration::from_millis(500));
    server.stop();
    assert_eq!(names(&backups).len(), 1);
}

#[test]
fn a_file_of_an_older_schema_is_copied_aside_before_it_is_upgraded() {
    let folder = Folder::new("backup-upgrade");
    let old = || {
        let database = Connection::open(folder.file("keyfob.db")).expect("a file");
        database.execute_batch(include_str!("../schemas/1.sql")).expect("the first schema");
        database
            .execute_batch("PRAGMA user_version = 1; INSERT INTO accounts (account_id, kind, created_at, updated_at, description) VALUES ('ada', 'user', 1, 1, '')")
            .expect("a row");
    };
    old();
    serve(&folder.0, &[]).stop();
    let copies: Vec<String> = names(&folder.0).into_iter().filter(|name| name.starts_with("keyfob.db.before-schema-")).collect();
    assert_eq!(copies.len(), 1, "{copies:?}");
    let version: i64 = Connection::open(folder.file(&copies[0]))
        .expect("it opens")
        .query_row("SELECT user_version FROM pragma_user_version, accounts WHERE account_id = 'ada'", [], |row| row.get(0))
        .expect("the old schema, with its row");
    assert_eq!(version, 1);
    assert_eq!(run(&folder.0, &["restore", "--drill", &copies[0]]).line()["ok"], true);
    fs::remove_file(folder.file(&copies[0])).expect("it is there");
    fs::remove_file(folder.file("keyfob.db")).expect("it is there");
    old();
    serve(&folder.0, &["--no-upgrade-copy"]).stop();
    assert_eq!(names(&folder.0), ["keyfob.db", "keyfob.db-lock", "log"]);
}

/// Ends what others do, also when this test fails.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Makes backups while clients are registered, and tries each.
fn back_up_under_load(name: &str, backups: usize) {
    let folder = Folder::new(name);
    let server = serve(&folder.0, &["--workers", "4"]);
    let (acknowledged, is_over) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let _ending = Ending(&is_over);
        for writer in 0..4 {
            let (address, acknowledged, is_over) = (&server.address, &acknowledged, &is_over);
            scope.spawn(move || register(address, &format!("c-0-{writer}"), acknowledged, is_over));
        }
        for n in 0..backups {
            let before = acknowledged.lock().expect("nobody panicked").clone();
            let made = run(&folder.0, &["backup", "copy.db"]).line();
            assert_eq!(run(&folder.0, &["restore", "--drill", "copy.db"]).line()["counts"], made["counts"], "backup {n}");
            is_whole(&folder.file("copy.db"), &before);
        }
    });
    let acknowledged = acknowledged.into_inner().expect("nobody panicked").len();
    assert!(acknowledged > backups, "hardly anything was registered");
    println!("{backups} backups under load; {acknowledged} clients were registered meanwhile");
}

#[test]
fn backups_that_are_taken_under_load_pass_the_drill_with_all_that_was_acknowledged_before() {
    back_up_under_load("backup-load", 3);
}

#[test]
#[ignore = "it takes many minutes: cargo test -- --ignored a_thousand_backups"]
fn a_thousand_backups_taken_under_load_pass_the_drill() {
    // A fresh file from time to time: checking it takes longer the more is in it.
    (0..50).for_each(|_| back_up_under_load("backup-thousand", 20));
}

/// Kills the server and a backup of it at random moments.
fn kill_under_backup(name: &str, rounds: usize) {
    let folder = Folder::new(name);
    let acknowledged = Mutex::new(Vec::new());
    let copy: PathBuf = folder.file("copy.db");
    for round in 0..rounds {
        let mut server = serve(&folder.0, &["--workers", "4"]);
        let (address, is_over) = (server.address.clone(), AtomicBool::new(false));
        std::thread::scope(|scope| {
            let _ending = Ending(&is_over);
            for writer in 0..8 {
                let (address, acknowledged, is_over) = (&address, &acknowledged, &is_over);
                scope.spawn(move || register(address, &format!("c-{round}-{writer}"), acknowledged, is_over));
            }
            let mut backup = keyfob(&folder.0, &["backup", "copy.db"], &[]).stdout(std::process::Stdio::null()).spawn().expect("it starts");
            let [moment, which] = secret::random::<2>();
            std::thread::sleep(Duration::from_millis(u64::from(moment)));
            if which % 2 == 0 {
                backup.kill().expect("it is killed");
            }
            server.kill();
            backup.wait().expect("it ends");
        });
        is_whole(&folder.file("keyfob.db"), &acknowledged.lock().expect("nobody panicked"));
        if copy.exists() {
            assert_eq!(run(&folder.0, &["restore", "--drill", "copy.db"]).line()["ok"], true, "round {round}");
        }
    }
    let acknowledged = acknowledged.lock().expect("nobody panicked").len();
    assert!(copy.exists() && acknowledged > rounds, "hardly anything happened");
    println!("{rounds} kills; {acknowledged} clients were acknowledged, and all of them are there");
}

#[test]
fn what_was_acknowledged_survives_kills_while_a_backup_is_made() {
    kill_under_backup("backup-kill", 4);
}

#[test]
#[ignore = "it takes a minute: cargo test -- --ignored fifty_kills"]
fn what_was_acknowledged_survives_fifty_kills_while_backups_are_made() {
    kill_under_backup("backup-kills", 50);
}
