//! Opens the file: its pragmas, its schema and the upgrades from older ones.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::base::folder::folder_of;
use crate::base::log;
use crate::base::private_file::{self, FileAccess};
use crate::base::processor;
use crate::store::files::{COMPANIONS, beside};
use crate::store::open_error::OpenError;
use crate::store::wal::{self, LeftBehind};
use crate::store::{pattern, seal};

/// The present schema.
pub const SCHEMA: &str = include_str!("../../schema.sql");

/// `UPGRADES[n]` turns schema n + 1 into schema n + 2. Never edited once released, only appended to.
pub const UPGRADES: &[&str] = &[
    include_str!("upgrades/2.sql"),
    include_str!("upgrades/3.sql"),
    include_str!("upgrades/4.sql"),
    include_str!("upgrades/5.sql"),
    include_str!("upgrades/6.sql"),
    include_str!("upgrades/7.sql"),
    include_str!("upgrades/8.sql"),
    include_str!("upgrades/9.sql"),
    include_str!("upgrades/10.sql"),
];

/// The number of the present schema.
pub(super) const KNOWN: i64 = UPGRADES.len() as i64 + 1;

/// Marks a file as ours: `kfob`.
pub(super) const APPLICATION_ID: i64 = 0x6b66_6f62;

/// How long a statement waits for another process's lock: long enough for a backup's last step.
pub(super) const BUSY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);

/// The log is cut to this many bytes when it starts again: after a long read, or Litestream's, it may have grown.
const LARGEST_IDLE_WAL: i64 = 64 * 1024 * 1024;

/// The file may have been exchanged for a link since its name was resolved.
const NO_LINKS: OpenFlags = OpenFlags::SQLITE_OPEN_NOFOLLOW.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// What a commit survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// It survives a power cut.
    Durable,
    /// Nothing: the file is temporary.
    Ephemeral,
}

/// Opens the only connection that writes. Creates the schema in an empty file, or upgrades an older one.
pub(super) fn open_writer(path: &Path, durability: Durability) -> Result<Connection, OpenError> {
    let left_behind = wal::check(path)?;
    seal::remove(path).map_err(|error| OpenError::Unreadable(path.to_owned(), error))?;
    let connection = open_to_write(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    check_left_behind(&connection, left_behind)?;
    check_application(&connection)?;
    keep_private(path)?;
    let synchronous = match durability {
        Durability::Durable => "FULL",
        Durability::Ephemeral => "OFF",
    };
    // First, because the journal's mode is written to the file.
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // Savepoints keep their undo data in memory: in a file it would be four times as many writes as the rows themselves.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "journal_size_limit", LARGEST_IDLE_WAL)?;
    upgrade(&connection)?;
    if wal::is_backup(&connection)? {
        wal::renew_stamp(&connection)?;
    }
    prepare(&connection)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok(connection)
}

/// Checks the file as it is with the log that a killed server left, before anything is written.
fn check_left_behind(connection: &Connection, left_behind: LeftBehind) -> Result<(), OpenError> {
    match left_behind {
        LeftBehind::Nothing => Ok(()),
        LeftBehind::Wal => {
            // Where this or a later check fails, the log must stay as it is.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
            let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(OpenError::of_check)?;
            if found != "ok" {
                return Err(OpenError::Damaged(found));
            }
            Ok(())
        }
    }
}

/// Makes the file, and what SQLite keeps beside it, readable only by its owner.
fn keep_private(path: &Path) -> Result<(), OpenError> {
    for name in std::iter::once("").chain(COMPANIONS).map(|suffix| beside(path, suffix)) {
        if private_file::narrow(&name).map_err(|error| OpenError::Unreadable(name.clone(), error))? == FileAccess::Narrowed {
            log::warn("others could read a data file: now only its owner can", &[("file", name.to_string_lossy().into_owned().into())]);
        }
    }
    Ok(())
}

/// How many operations SQLite does before it looks whether a statement goes on; in a check of the whole file it counts pages.
const BETWEEN_LOOKS: i32 = 100;

/// Opens a connection that cannot write.
pub(super) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open_with_flags(without_links(path), OpenFlags::SQLITE_OPEN_READ_ONLY | NO_LINKS)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    prepare(&connection)?;
    share_processor(&mut connection)?;
    Ok(connection)
}

/// Has statements let others have the processor, however long they take. Not those of the writer, for whom others wait.
pub(super) fn share_processor(connection: &mut Connection) -> rusqlite::Result<()> {
    let go_on = || {
        processor::end_slice_if_over();
        false
    };
    connection.progress_handler(BETWEEN_LOOKS, Some(go_on))
}

/// Opens a connection to a file that is there, as it is: nothing in it is set or checked.
pub(super) fn open_to_write(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(without_links(path), OpenFlags::SQLITE_OPEN_READ_WRITE | NO_LINKS)
}

/// Returns a path without the links of its folder: SQLite, told to follow none, would refuse those too.
fn without_links(path: &Path) -> PathBuf {
    match (folder_of(path).canonicalize(), path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        (Ok(_) | Err(_), _) => path.to_owned(),
    }
}

/// Opens a connection that only looks at a file, by a URI with this query.
pub(super) fn open_by_uri(path: &Path, query: &str) -> rusqlite::Result<Connection> {
    let name = percent_encode(path.as_os_str().as_bytes(), NON_ALPHANUMERIC);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(format!("file:{name}?{query}"), flags)
}

/// Returns the value of a pragma that is a number, such as `user_version`.
pub(super) fn number(connection: &Connection, pragma: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, pragma, |row| row.get(0))
}

/// Copies the log into the file; returns whether all of it was copied. Neither writers nor readers wait for it, and they are not waited for.
pub(super) fn checkpoint(path: &Path) -> rusqlite::Result<bool> {
    let connection = open_to_write(path)?;
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
        let (is_busy, in_log, copied): (bool, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(!is_busy && in_log == copied)
    })
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "foreign_keys", true)?;
    // Cascades must fire the triggers that maintain the text index.
    connection.pragma_update(None, "recursive_triggers", true)?;
    // Plans must not depend on bound values: otherwise SQLite prepares many statements again each time they run.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(256);
    pattern::register(connection)
}

/// Refuses a file that is not ours, before anything in it is changed.
fn check_application(connection: &Connection) -> Result<(), OpenError> {
    match (number(connection, "application_id")?, number(connection, "user_version")?) {
        (APPLICATION_ID, 0) if has_tables(connection)? => Err(OpenError::NoVersion),
        (APPLICATION_ID, _) => Ok(()),
        (0, _) if !has_tables(connection)? => Ok(()),
        _ => Err(OpenError::NotOurs),
    }
}

fn has_tables(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))
}

/// Upgrades the schema in one transaction.
fn upgrade(connection: &Connection) -> Result<(), OpenError> {
    let found = number(connection, "user_version")?;
    if found > KNOWN {
        return Err(OpenError::Newer { found, known: KNOWN });
    }
    if found == KNOWN {
        return Ok(());
    }
    // Upgrades make tables anew to which others refer: without this, what refers to the rows of the old table would go with it.
    connection.pragma_update(None, "foreign_keys", false)?;
    let transaction = connection.unchecked_transaction()?;
    match usize::try_from(found) {
        Ok(0) => transaction.execute_batch(SCHEMA)?,
        Ok(found) => UPGRADES[found - 1..].iter().try_for_each(|upgrade| transaction.execute_batch(upgrade))?,
        Err(_) => return Err(OpenError::NotOurs),
    }
    wal::renew_stamp(&transaction)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", KNOWN)?;
    transaction.commit()?;
    Ok(())
}
