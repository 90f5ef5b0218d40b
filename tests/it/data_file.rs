//! The data file and what lies beside it: its lock, the log that a killed server left, and when the file alone is complete.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use keyfob::store::{OpenError, Store};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::binary::keyfob;
use crate::folder::Folder;
use crate::process::Process;

fn start(folder: &Path) -> Process {
    Process::start(folder, "", &["--data", "keyfob.db"])
}

/// How many clients of this name a file has, read without its log.
fn clients_in(file: &Path, name: &str) -> i64 {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let database = Connection::open_with_flags(format!("file:{}?immutable=1", file.display()), flags).expect("the file opens");
    database.query_row("SELECT count(*) FROM clients WHERE name = ?1", [name], |row| row.get(0)).unwrap_or(0)
}

/// The files of a folder with their contents, but for what SQLite shares between processes and makes anew.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    entries
        .filter(|path| path.is_file())
        .map(|path| (name(&path), fs::read(&path).expect("a file")))
        .filter(|(name, _)| !name.ends_with("-shm"))
        .collect()
}

#[test]
fn the_lock_is_on_a_file_beside_the_data_file() {
    let folder = Folder::new("lock");
    let path = folder.file("keyfob.db");
    let is_locked = |name: &str| matches!(File::open(folder.file(name)).expect("a file").try_lock(), Err(TryLockError::WouldBlock));
    let store = Store::open(&path).expect("a new file");
    assert!(is_locked("keyfob.db-lock"));
    assert_eq!(fs::metadata(folder.file("keyfob.db-lock")).expect("it is there").permissions().mode() & 0o777, 0o600);
    // On Linux a keyfob that locks the data file itself finds it locked, and is noticed.
    assert_eq!(is_locked("keyfob.db"), cfg!(target_os = "linux"));
    drop(store);
    if cfg!(target_os = "linux") {
        let former = File::open(&path).expect("the file");
        former.lock().expect("nobody has it");
        assert!(matches!(Store::open(&path), Err(OpenError::Held)));
    }
    drop(Store::open(&path).expect("nobody has it"));
    assert!(!is_locked("keyfob.db-lock"));
}

#[test]
fn the_data_file_alone_is_complete_soon_after_a_change_and_the_only_one_after_an_orderly_stop() {
    let folder = Folder::new("alone");
    let file = folder.file("keyfob.db");
    let mut server = start(&folder.0);
    server.registers("first", 10);
    let begun = Instant::now();
    while clients_in(&file, "first") < 10 {
        assert!(begun.elapsed() < Duration::from_secs(60), "it stays incomplete");
        std::thread::sleep(Duration::from_millis(250));
    }
    server.registers("second", 10);
    server.stop();
    assert_eq!(clients_in(&file, "second"), 10);
    assert_eq!(contents(&folder.0).keys().collect::<Vec<_>>(), ["keyfob.db", "keyfob.db-lock", "log"]);
}

#[test]
fn a_log_that_grew_is_cut_to_64_mib_when_it_starts_again() {
    let folder = Folder::new("long-log");
    let server = start(&folder.0);
    let size = || fs::metadata(folder.file("keyfob.db-wal")).expect("the log").len();
    let most = 64 * 1024 * 1024;
    let other = Connection::open(folder.file("keyfob.db")).expect("the file opens");
    other.execute_batch("CREATE TABLE much AS SELECT zeroblob(80 * 1024 * 1024) AS bytes").expect("it is written");
    assert!(size() > most, "the log has only {} bytes", size());
    // The checkpoint is there for the server's next change, which starts the log again.
    other.execute_batch("PRAGMA wal_checkpoint(PASSIVE)").expect("a checkpoint");
    server.registers("next", 1);
    assert!(size() <= most, "the log still has {} bytes", size());
}

/// A server that was killed with a log, and copies of its data file from before.
fn killed(folder: &Folder) {
    let file = folder.file("keyfob.db");
    let copy = |name: &str| fs::copy(&file, folder.file(name)).expect("a copy");
    for round in 0..2 {
        let mut server = start(&folder.0);
        server.registers(&format!("round-{round}"), 30);
        server.stop();
        copy(["older.db", "before.db"][round]);
    }
    let mut server = start(&folder.0);
    server.registers("acknowledged", 5);
    let database = Connection::open(&file).expect("the file opens");
    database.execute("VACUUM INTO ?1", [folder.file("vacuumed.db").to_string_lossy()]).expect("a copy");
    // The log is copied into the file, and goes on: somebody reads it.
    let reader = Connection::open(&file).expect("the file opens");
    reader.execute_batch("BEGIN; SELECT * FROM file_stamp").expect("a reader");
    database.execute_batch("PRAGMA wal_checkpoint(PASSIVE)").expect("a checkpoint");
    copy("during.db");
    server.registers("last", 3);
    server.kill();
    // Closing them must not copy the rest: there is nobody who would.
    for connection in [database, reader] {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).expect("a setting");
    }
}

#[test]
fn a_log_that_was_left_is_used_with_the_file_it_belongs_to_and_refused_beside_another() {
    let folder = Folder::new("left");
    let other = Folder::new("left-other");
    start(&other.0).stop();
    killed(&folder);
    fs::copy(other.file("keyfob.db"), folder.file("other.db")).expect("a copy");
    let beside = |copy: &str| {
        let place = Folder::new("left-beside");
        fs::copy(folder.file(copy), place.file("keyfob.db")).expect("a copy");
        fs::copy(folder.file("keyfob.db-wal"), place.file("keyfob.db-wal")).expect("a copy");
        place
    };
    for belonging in ["keyfob.db", "before.db", "during.db"] {
        let place = beside(belonging);
        start(&place.0).stop();
        for (name, clients) in [("round-0", 30), ("round-1", 30), ("acknowledged", 5), ("last", 3)] {
            assert_eq!(clients_in(&place.file("keyfob.db"), name), clients, "{belonging}: {name}");
        }
    }
    for foreign in ["older.db", "vacuumed.db", "other.db"] {
        let place = beside(foreign);
        let before = contents(&place.0);
        let done = keyfob(&place.0, &["serve", "--listen", "127.0.0.1:0"], &[]).output().expect("it runs");
        let told = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(1), "{foreign}: {told}");
        assert!(told.contains("keyfob.db-wal does not belong to keyfob.db") && told.lines().count() == 1, "{foreign}: {told}");
        let mut after = contents(&place.0);
        after.remove("keyfob.db-lock");
        assert!(after == before, "{foreign}: something was changed");
        // As the line says.
        fs::remove_file(place.file("keyfob.db-wal")).expect("it is there");
        start(&place.0).stop();
    }
}

#[test]
fn a_damaged_file_is_noticed_when_a_log_was_left_and_left_alone() {
    let folder = Folder::new("damaged");
    let mut server = start(&folder.0);
    server.registers("client", 200);
    let mut database = fs::File::options().write(true).open(folder.file("keyfob.db")).expect("the file");
    server.kill();
    let length = database.metadata().expect("the file").len();
    std::io::Seek::seek(&mut database, std::io::SeekFrom::Start(length / 2)).expect("its middle");
    std::io::Write::write_all(&mut database, &vec![0x5a; 64 * 1024]).expect("it is damaged");
    let before = contents(&folder.0);
    let done = keyfob(&folder.0, &["serve", "--listen", "127.0.0.1:0"], &[]).output().expect("it runs");
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.code() == Some(1) && told.contains("the data file is damaged") && told.lines().count() == 1, "{told}");
    assert!(contents(&folder.0) == before, "something was changed");
}
