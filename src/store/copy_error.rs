//! Why a copy of the data file could not be made, proven or used.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use crate::base::error::Error;
use crate::store::open_error::OpenError;

#[derive(Debug)]
pub enum CopyError {
    /// The data file.
    Data(PathBuf, OpenError),
    File(PathBuf, io::Error),
    Database(rusqlite::Error),
    /// What it has could not be read, or not be written where it goes.
    Read(Error),
    /// The copy is not what it should be.
    Unproven(PathBuf, String),
    /// Nothing was begun, because of where the copy should go or come from.
    Refused(String),
    /// The server stops.
    Stopped,
}

impl fmt::Display for CopyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CopyError::Data(file, error) => write!(f, "{}: {error}", file.display()),
            CopyError::File(file, error) => write!(f, "{}: {error}", file.display()),
            CopyError::Database(error) => write!(f, "the data file could not be copied: {error}"),
            CopyError::Read(error) => f.write_str(&error.chain()),
            CopyError::Unproven(file, why) => write!(f, "{} cannot be relied on: {why}", file.display()),
            CopyError::Refused(why) => f.write_str(why),
            CopyError::Stopped => f.write_str("the server stopped before the backup was complete"),
        }
    }
}

impl CopyError {
    /// Says of this file what was found out about a copy of it.
    pub(super) fn about(self, file: &Path) -> CopyError {
        match self {
            CopyError::Unproven(_, why) => CopyError::Unproven(file.to_owned(), why),
            error => error,
        }
    }
}

impl From<rusqlite::Error> for CopyError {
    fn from(error: rusqlite::Error) -> CopyError {
        CopyError::Database(error)
    }
}
