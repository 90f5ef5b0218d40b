//! Puts a backup in the place of a data file.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::base::folder::sync_folder;
use crate::store::backup::unused_name;
use crate::store::copy_error::CopyError;
use crate::store::files::{COMPANIONS, FileLock, PartialFolder, beside, create, give, is_same, lock_of, open_to_read, resolved};
use crate::store::open_error::OpenError;
use crate::store::proof::{self, Contents};
use crate::store::schema::open_to_write;
use crate::store::seal::{self, Bytes};
use crate::store::wal::{self, FileRole, LeftBehind};

/// A copy that was proven and is ready to be opened by a server.
pub struct Staged {
    pub bytes: Bytes,
    pub contents: Contents,
}

/// What restoring did.
pub struct Restored {
    pub staged: Staged,
    /// Where the data file that was there before is now, if there was one.
    pub before: Option<PathBuf>,
}

/// Replaces the data file at `data` by the backup, and keeps the old one aside with its log.
/// # Errors
/// Fails if a server uses the data file, or if the backup is not proven; then nothing was changed.
pub fn restore(backup: &Path, data: &Path) -> Result<Restored, CopyError> {
    let of_data = |error| CopyError::Data(data.to_owned(), error);
    if is_same(backup, data) {
        return Err(CopyError::Refused(format!("{} is the data file itself: name a backup", backup.display())));
    }
    let data = &resolved(data).map_err(|error| CopyError::File(data.to_owned(), error))?;
    let in_data = |error| CopyError::File(data.clone(), error);
    let lock = FileLock::take(data).map_err(of_data)?;
    let _lock = if data.exists() { lock.with_file(data).map_err(of_data)? } else { lock };
    let partial = PartialFolder::create(beside(data, ".restoring")).map_err(in_data)?;
    let (staged, file) = stage(backup, &partial.file())?;
    let before = put(&partial, &file, data).map_err(in_data)?;
    Ok(Restored { staged, before })
}

/// Copies a backup to `place`, where nothing may be, with its log if it has one, proves it, and makes it a data file. The backup is not touched.
/// Returns the handle too: it must be closed before a store opens the file.
/// # Errors
/// Fails if it is not proven.
pub fn stage(backup: &Path, place: &Path) -> Result<(Staged, File), CopyError> {
    let backup = &resolved(backup).map_err(|error| CopyError::File(backup.to_owned(), error))?;
    let at_place = |error| CopyError::File(place.to_owned(), error);
    let of_backup = |error| CopyError::Data(backup.to_owned(), error);
    let lock = if lock_of(backup).exists() { Some(FileLock::take(backup).map_err(of_backup)?) } else { None };
    let mut file = create(place).map_err(at_place)?;
    let bytes = seal::copy_without(backup, &mut file)?;
    file.sync_all().map_err(at_place)?;
    let log = beside(backup, "-wal");
    if fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        let mut copy = create(&beside(place, "-wal")).map_err(at_place)?;
        open_to_read(&log).and_then(|mut log| io::copy(&mut log, &mut copy)).map_err(|error| CopyError::File(log.clone(), error))?;
    }
    drop(lock);
    let of_copy = |error: rusqlite::Error| CopyError::Unproven(backup.to_owned(), error.to_string());
    let left_behind = wal::check(place).map_err(|error| match error {
        OpenError::ForeignWal { .. } => {
            CopyError::Unproven(backup.to_owned(), format!("{} does not belong to it: move one of them away", log.display()))
        }
        error => of_backup(error),
    })?;
    if left_behind == LeftBehind::Nothing && bytes == Bytes::NotCompared && proof::is_backup(place).map_err(of_copy)? {
        return Err(CopyError::Unproven(backup.to_owned(), "bytes are missing at its end".to_owned()));
    }
    make_data_file(place).map_err(of_copy)?;
    let contents = proof::prove(place).map_err(|error| error.about(backup))?;
    file.sync_all().map_err(at_place)?;
    Ok((Staged { bytes, contents }, file))
}

/// Puts the log of a copy into it, and makes it the file of a server that is yet to start.
fn make_data_file(place: &Path) -> rusqlite::Result<()> {
    let connection = open_to_write(place)?;
    connection.pragma_update(None, "journal_mode", "DELETE")?;
    wal::mark_as(&connection, FileRole::Data)?;
    connection.close().map_err(|(_, error)| error)
}

/// Moves the new file to its place. If this ends in the middle, the old log lies beside the new file, and the next start refuses it.
fn put(partial: &PartialFolder, file: &File, data: &Path) -> io::Result<Option<PathBuf>> {
    let log = beside(data, "-wal");
    let before = match fs::symlink_metadata(data) {
        Ok(old) => {
            // The server's user must be able to read what the administrator of the machine restores.
            give(file, &old)?;
            let aside = unused_name(|time| beside(data, &format!(".before-restore-{time}")));
            keep(data, &aside)?;
            if fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
                keep(&log, &beside(&aside, "-wal"))?;
            }
            Some(aside)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    partial.put(file, data)?;
    for companion in COMPANIONS.map(|suffix| beside(data, suffix)) {
        match fs::remove_file(companion) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    sync_folder(data)?;
    Ok(before)
}

/// Gives a file a second name; where the file system knows no such thing, another name.
fn keep(file: &Path, aside: &Path) -> io::Result<()> {
    fs::hard_link(file, aside).or_else(|_| fs::rename(file, aside))
}
