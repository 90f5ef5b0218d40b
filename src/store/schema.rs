//! Opens the file: its pragmas, its schema and the upgrades from older ones.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::{fmt, io};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::base::log;
use crate::base::private_file::{self, FileAccess};
use crate::store::pattern;

/// The present schema.
pub const SCHEMA: &str = include_str!("../../schema.sql");

/// `UPGRADES[n]` turns schema n + 1 into schema n + 2. Never edited once released, only appended to.
pub const UPGRADES: &[&str] = &[
    include_str!("upgrades/2.sql"),
    include_str!("upgrades/3.sql"),
    include_str!("upgrades/4.sql"),
    include_str!("upgrades/5.sql"),
    include_str!("upgrades/6.sql"),
];

/// Marks a file as ours: `kfob`.
const APPLICATION_ID: i64 = 0x6b66_6f62;

/// How long a statement waits for another process's lock: long enough for a backup's last step.
const BUSY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(5);

/// What a commit survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// It survives a power cut.
    Durable,
    /// Nothing: the file is temporary.
    Ephemeral,
}

/// Why a file could not be opened.
#[derive(Debug)]
pub enum OpenError {
    Unreadable(io::Error),
    /// There is no place for a temporary database.
    NoDirectory(io::Error),
    Held,
    NotOurs,
    Newer {
        found: i64,
        known: i64,
    },
    Broken(rusqlite::Error),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Unreadable(error) => write!(f, "cannot open the data file: {error}"),
            OpenError::NoDirectory(error) => write!(f, "{error}"),
            OpenError::Held => f.write_str("another keyfob is using this data file: stop it first, or choose another file with --data"),
            OpenError::NotOurs => f.write_str("this file is not a keyfob database: choose another file with --data"),
            OpenError::Newer { found, known } => {
                write!(f, "the data file was written by a newer keyfob (schema {found}, this one knows {known}): upgrade keyfob")
            }
            OpenError::Broken(error) => write!(f, "cannot use the data file: {error}"),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> OpenError {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => OpenError::NotOurs,
            _ => OpenError::Broken(error),
        }
    }
}

/// Locks the file for this process, creating it (mode 0600) if it is missing. The lock lasts as long as the returned handle, which must
/// outlive every connection: closing any handle of a file drops SQLite's own locks on it.
pub(super) fn hold(path: &Path) -> Result<File, OpenError> {
    let file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path).map_err(OpenError::Unreadable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Held),
        Err(TryLockError::Error(error)) => Err(OpenError::Unreadable(error)),
    }
}

/// Opens the only connection that writes. Creates the schema in an empty file, or upgrades an older one.
pub(super) fn open_writer(path: &Path, durability: Durability) -> Result<Connection, OpenError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    check_application(&connection)?;
    keep_private(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    let synchronous = match durability {
        Durability::Durable => "FULL",
        Durability::Ephemeral => "OFF",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    // Savepoints keep their undo data in memory: in a file it would be four times as many writes as the rows themselves.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    upgrade(&connection)?;
    prepare(&connection)?;
    Ok(connection)
}

/// Makes the file, and what SQLite keeps beside it, readable only by its owner.
fn keep_private(path: &Path) -> Result<(), OpenError> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        // By its name, not by a handle: closing one would drop SQLite's locks.
        if private_file::narrow(Path::new(&name)).map_err(OpenError::Unreadable)? == FileAccess::Narrowed {
            log::warn("others could read a data file: now only its owner can", &[("file", name.to_string_lossy().into_owned().into())]);
        }
    }
    Ok(())
}

/// Opens a connection that cannot write.
pub(super) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    prepare(&connection)?;
    Ok(connection)
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

fn check_application(connection: &Connection) -> Result<(), OpenError> {
    let found: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if found == APPLICATION_ID || (found == 0 && tables == 0) { Ok(()) } else { Err(OpenError::NotOurs) }
}

/// Upgrades the schema in one transaction.
fn upgrade(connection: &Connection) -> Result<(), OpenError> {
    let known = UPGRADES.len() as i64 + 1;
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    if found == known {
        return Ok(());
    }
    let transaction = connection.unchecked_transaction()?;
    match usize::try_from(found) {
        Ok(0) => transaction.execute_batch(SCHEMA)?,
        Ok(found) => UPGRADES[found - 1..].iter().try_for_each(|upgrade| transaction.execute_batch(upgrade))?,
        Err(_) => return Err(OpenError::NotOurs),
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    Ok(())
}
