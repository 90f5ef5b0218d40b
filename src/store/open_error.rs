//! Why a data file could not be opened.

use std::path::PathBuf;
use std::{fmt, io};

use crate::store::folder::FolderError;

/// Why a file could not be opened.
#[derive(Debug)]
pub enum OpenError {
    /// Nothing can be written beside the data file.
    Folder(FolderError),
    Unreadable(PathBuf, io::Error),
    /// There is no place for a temporary database.
    NoDirectory(io::Error),
    Unlockable(io::Error),
    Held,
    /// The log beside the file is not its own.
    ForeignWal {
        file: PathBuf,
        wal: PathBuf,
    },
    /// SQLite found this when it checked the file.
    Damaged(String),
    NotOurs,
    /// It has our mark and tables, but does not say of which schema.
    NoVersion,
    Newer {
        found: i64,
        known: i64,
    },
    Broken(rusqlite::Error),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Folder(error) => write!(f, "{error}"),
            OpenError::Unreadable(file, error) => write!(f, "cannot open the data file: {}: {error}", file.display()),
            OpenError::NoDirectory(error) => write!(f, "{error}"),
            OpenError::Unlockable(error) => write!(f, "cannot lock the data file: {error}"),
            OpenError::ForeignWal { file, wal } => {
                let (file, wal) = (file.display(), wal.display());
                write!(
                    f,
                    "{wal} does not belong to {file}: one of them was replaced, and together they are not a valid database. To use {file} as it is, move \
                     {wal} away; to use what was there before, put back the file that was beside {wal}. Nothing was changed"
                )
            }
            OpenError::Damaged(what) => {
                write!(f, "the data file is damaged ({what}): put back a backup with `keyfob restore`. Nothing was changed")
            }
            OpenError::Held => f.write_str("another keyfob is using this data file: stop it first, or choose another file with --data"),
            OpenError::NotOurs => f.write_str("this file is not a keyfob database: choose another file with --data"),
            OpenError::NoVersion => f.write_str(
                "the data file has tables but no schema version, so it was changed or only half made: put back a backup, or choose another file \
                 with --data. Nothing was changed",
            ),
            OpenError::Newer { found, known } => {
                write!(f, "the data file was written by a newer keyfob (schema {found}, this one knows {known}): upgrade keyfob")
            }
            OpenError::Broken(error) => write!(f, "cannot use the data file: {error}"),
        }
    }
}

impl std::error::Error for OpenError {}

impl OpenError {
    /// Returns what a check that did not come to its end says about the file.
    pub(super) fn of_check(error: rusqlite::Error) -> OpenError {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseCorrupt) => OpenError::Damaged(error.to_string()),
            _ => error.into(),
        }
    }
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> OpenError {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => OpenError::NotOurs,
            _ => OpenError::Broken(error),
        }
    }
}
