//! Proves a copy: opens it by itself and checks all of it.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use crate::base::time::Time;
use crate::store::copy_error::CopyError;
use crate::store::schema::{APPLICATION_ID, KNOWN, number, open_by_uri, share_processor};
use crate::store::wal;

/// What a database has in it, as one transaction saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    pub schema: i64,
    /// The number of rows of each table.
    pub counts: Vec<(String, i64)>,
    /// The newest event: its number, and when it happened.
    pub newest_event: Option<(i64, Time)>,
}

impl Contents {
    pub(super) fn of(connection: &Connection) -> rusqlite::Result<Contents> {
        let schema = number(connection, "user_version")?;
        let mut tables = connection.prepare(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
        )?;
        let tables = tables.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
        let count = |table: String| {
            let sql = format!("SELECT count(*) FROM \"{}\"", table.replace('"', "\"\""));
            connection.query_row(&sql, [], |row| row.get(0)).map(|rows| (table, rows))
        };
        let counts = tables.into_iter().map(count).collect::<rusqlite::Result<Vec<_>>>()?;
        let newest = "SELECT event_number, happened_at FROM events ORDER BY event_number DESC LIMIT 1";
        let newest_event = match counts.iter().any(|(table, _)| table == "events") {
            true => connection.query_row(newest, [], |row| Ok((row.get(0)?, Time::from_micros(row.get(1)?)))).optional()?,
            false => None,
        };
        Ok(Contents { schema, counts, newest_event })
    }

    /// Returns the number of rows of a table; none if it is not there.
    pub fn rows(&self, table: &str) -> i64 {
        self.counts.iter().find(|(name, _)| name == table).map_or(0, |(_, rows)| *rows)
    }
}

/// Checks a copy that has no log, without changing it, and returns what is in it.
pub(super) fn prove(path: &Path) -> Result<Contents, CopyError> {
    let unproven = |why: String| CopyError::Unproven(path.to_owned(), why);
    let of_sqlite = |error: rusqlite::Error| unproven(error.to_string());
    let mut connection = open(path).map_err(of_sqlite)?;
    share_processor(&mut connection).map_err(of_sqlite)?;
    if number(&connection, "application_id").map_err(of_sqlite)? != APPLICATION_ID {
        return Err(unproven("it is not a keyfob database".to_owned()));
    }
    let schema = number(&connection, "user_version").map_err(of_sqlite)?;
    if !(1..=KNOWN).contains(&schema) {
        return Err(unproven(format!("it was written by a newer keyfob (schema {schema}, this one knows {KNOWN})")));
    }
    let found: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(of_sqlite)?;
    if found != "ok" {
        return Err(unproven(format!("it is damaged: {found}")));
    }
    let mut check = connection.prepare("PRAGMA foreign_key_check").map_err(of_sqlite)?;
    if check.exists([]).map_err(of_sqlite)? {
        return Err(unproven("a row refers to one that is not there".to_owned()));
    }
    Contents::of(&connection).map_err(of_sqlite)
}

/// Returns whether a file without a log says that it is a backup, which has a seal.
pub(super) fn is_backup(path: &Path) -> rusqlite::Result<bool> {
    wal::is_backup(&open(path)?)
}

/// Opens a file that nobody changes, without its companions.
fn open(path: &Path) -> rusqlite::Result<Connection> {
    open_by_uri(path, "immutable=1")
}
