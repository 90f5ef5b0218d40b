//! Copies the data file while it is in use, and proves the copy before it gets its name.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::backup::{Backup as Copying, StepResult};
use rusqlite::config::DbConfig;
use rustix::fs::OFlags;

use crate::base::error::Error;
use crate::base::folder::{folder_of, sync_folder};
use crate::base::time::{Clock, Time};
use crate::store::copy_error::CopyError;
use crate::store::files::{COMPANIONS, FileLock, PartialFolder, beside, create, flags, is_same, open_to_read, resolved};
use crate::store::open_error::OpenError;
use crate::store::proof::{self, Contents};
use crate::store::schema::{APPLICATION_ID, BUSY_TIMEOUT, KNOWN, number, open_to_write};
use crate::store::seal;
use crate::store::transaction::{Source, Tx};
use crate::store::wal::{self, FileRole, LeftBehind};

/// How many pages are copied at a time, and how long the others have the disk in between.
const STEP: i32 = 64;
const BETWEEN_STEPS: Duration = Duration::from_millis(1);

/// After so many steps what was copied is sent to the disk: all of it at the end would keep the commits of others waiting.
const STEPS_BETWEEN_SYNCS: u32 = 16;

/// The folder in which a copy is while it is made; there is one at a time.
const PARTIAL: &str = "keyfob-backup.partial";

/// Where SQLite's header has the versions that say whether a file has a log.
const JOURNAL_VERSIONS: u64 = 18;

/// Where a backup goes.
#[derive(Clone, Debug)]
pub enum Target {
    /// A file, which may replace an older backup.
    File(PathBuf),
    /// A file in this folder, named after the time. Of the files named so the newest `keep` stay.
    Folder { folder: PathBuf, keep: Option<usize> },
}

/// A copy that was proven.
pub struct Backup {
    pub file: PathBuf,
    pub bytes: u64,
    /// In hexadecimal, as `sha256sum` prints it.
    pub sha256: String,
    pub contents: Contents,
    pub duration: Duration,
    /// Older backups that were deleted.
    pub deleted: Vec<PathBuf>,
}

/// Copies what is committed in the data file at `source`, whether a server uses it or not. Ends early once `goes_on` returns false.
/// # Errors
/// Fails if the copy could not be made or proven; then nothing has its name, and what had it stays.
pub fn back_up(source: &Path, target: &Target, goes_on: &dyn Fn() -> bool) -> Result<Backup, CopyError> {
    let begun = Instant::now();
    let source = &resolved(source).map_err(|error| CopyError::File(source.to_owned(), error))?;
    let data = open_source(source)?;
    let wanted = target.wanted(source)?;
    let folder = target.folder()?;
    let _lock = lock_folder(&folder, goes_on)?;
    let partial = PartialFolder::create(folder.join(PARTIAL)).map_err(|error| CopyError::File(folder.join(PARTIAL), error))?;
    let place = partial.file();
    let mut made = create(&place).map_err(|error| CopyError::File(place.clone(), error))?;
    let seen = copy(&data, &place, &made, goes_on)?;
    let (contents, sha256, bytes) = finish(&place, &mut made, seen)?;
    let file = wanted.unwrap_or_else(|| unused_name(|time| folder.join(format!("keyfob-{time}.db"))));
    let in_file = |error| CopyError::File(file.clone(), error);
    partial.put(&made, &file).map_err(in_file)?;
    sync_folder(&file).map_err(in_file)?;
    let deleted = target.prune(&file);
    Ok(Backup { file, bytes, sha256, contents, duration: begun.elapsed(), deleted })
}

/// Copies a file of an older schema aside, which the next start upgrades; returns the copy, if one was needed.
/// # Errors
/// The same.
pub fn back_up_before_upgrade(path: &Path) -> Result<Option<Backup>, CopyError> {
    // Where there is no file, or it is refused, opening it says so.
    let Ok(path) = &resolved(path) else { return Ok(None) };
    let Ok(connection) = open_source(path) else { return Ok(None) };
    if !number(&connection, "user_version").is_ok_and(|schema| (1..KNOWN).contains(&schema)) {
        return Ok(None);
    }
    drop(connection);
    back_up(path, &Target::File(beside(path, &format!(".before-schema-{KNOWN}"))), &|| true).map(Some)
}

/// Returns the time of the newest backup in a folder, by its name; nothing if there is none.
pub fn newest_in(folder: &Path) -> Option<Time> {
    times_in(folder).pop()
}

/// Returns the times of the backups in a folder, by their names, the oldest first.
pub fn times_in(folder: &Path) -> Vec<Time> {
    backups_in(folder).into_iter().map(|(time, _)| time).collect()
}

impl Target {
    /// Returns the target that a path means: a folder if there is one or it ends in a slash.
    /// # Errors
    /// Fails if `keep` goes with a file.
    pub fn of(path: &str, keep: Option<usize>) -> Result<Target, &'static str> {
        match (path.ends_with('/') || Path::new(path).is_dir(), keep) {
            (true, keep) => Ok(Target::Folder { folder: path.into(), keep }),
            (false, None) => Ok(Target::File(path.into())),
            (false, Some(_)) => Err("goes with a folder, and this is a file"),
        }
    }

    /// Returns the folder of the copy, and creates one that is only for backups.
    fn folder(&self) -> Result<PathBuf, CopyError> {
        match self {
            Target::File(file) => Ok(folder_of(file).to_owned()),
            Target::Folder { folder, .. } => {
                let mut builder = fs::DirBuilder::new();
                std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
                builder.recursive(true).create(folder).map_err(|error| CopyError::File(folder.clone(), error))?;
                Ok(folder.clone())
            }
        }
    }

    /// Returns the name that was asked for. Refuses one that something else has.
    fn wanted(&self, source: &Path) -> Result<Option<PathBuf>, CopyError> {
        let Target::File(file) = self else { return Ok(None) };
        let is_in_use = |suffix: &&str| is_same(file, &beside(source, suffix));
        if ["", "-lock"].iter().chain(&COMPANIONS).any(is_in_use) {
            return Err(CopyError::Refused(format!(
                "{} is the data file or belongs to it: write the backup to another file",
                file.display()
            )));
        }
        if file.exists() && !resolved(file).and_then(|file| is_database(&file)).map_err(|error| CopyError::File(file.clone(), error))? {
            return Err(CopyError::Refused(format!("{} is there and is no backup of keyfob: choose another name", file.display())));
        }
        Ok(Some(file.clone()))
    }

    /// Deletes the oldest backups in the folder, but never this one; returns which. One that cannot be deleted stays for the next time.
    fn prune(&self, newest: &Path) -> Vec<PathBuf> {
        let Target::Folder { folder, keep: Some(keep) } = self else { return Vec::new() };
        let older: Vec<PathBuf> = backups_in(folder).into_iter().map(|(_, file)| file).filter(|file| file != newest).collect();
        let surplus = (older.len() + 1).saturating_sub(*keep);
        older.into_iter().take(surplus).filter(|file| fs::remove_file(file).is_ok()).collect()
    }
}

/// Runs `work` on one state of the data file, whether a server uses it or not. Writers go on meanwhile.
/// # Errors
/// Fails if the file cannot be opened or has another schema, and as `work` does.
pub fn read_data<T>(source: &Path, work: impl FnOnce(&Tx<'_>) -> Result<T, Error>) -> Result<T, CopyError> {
    let source = &resolved(source).map_err(|error| CopyError::File(source.to_owned(), error))?;
    let data = open_source(source)?;
    let found = number(&data, "user_version")?;
    if number(&data, "application_id")? != APPLICATION_ID || found != KNOWN {
        let why = format!("{} has schema {found}, and this keyfob reads schema {KNOWN}", source.display());
        let what_to_do = if found > KNOWN { "use the keyfob that wrote it" } else { "start the server once, which upgrades it" };
        return Err(CopyError::Refused(format!("{why}: {what_to_do}")));
    }
    let transaction = data.unchecked_transaction()?;
    work(&Tx::begun(Source::Uncached(&transaction), &Clock::System, None)).map_err(CopyError::Read)
}

/// Opens the data file to read. If no server has it, a log beside it must be its own, and stays as it is.
fn open_source(source: &Path) -> Result<Connection, CopyError> {
    let of_data = |error| CopyError::Data(source.to_owned(), error);
    if !source.exists() {
        return Err(of_data(OpenError::Unreadable(source.to_owned(), ErrorKind::NotFound.into())));
    }
    let left_behind = match FileLock::take(source) {
        Ok(_lock) => wal::check(source).map_err(of_data)?,
        Err(OpenError::Held) => LeftBehind::Nothing,
        Err(error) => return Err(of_data(error)),
    };
    // One that could not write would leave the files behind that SQLite makes to read.
    let connection = open_to_write(source)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, left_behind == LeftBehind::Wal)?;
    Ok(connection)
}

/// Copies one state of the database, and returns what that state has in it. Writers go on meanwhile.
fn copy(source: &Connection, partial: &Path, file: &File, goes_on: &dyn Fn() -> bool) -> Result<Contents, CopyError> {
    let in_file = |error| CopyError::File(partial.to_owned(), error);
    // One transaction for all steps: otherwise every commit of somebody else would make SQLite begin again.
    let transaction = source.unchecked_transaction()?;
    let contents = Contents::of(&transaction)?;
    let mut copy = open_to_write(partial)?;
    copy.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")?;
    let copying = Copying::new(source, &mut copy)?;
    for step in 1.. {
        match copying.step(STEP)? {
            StepResult::Done => break,
            _ if !goes_on() => return Err(CopyError::Stopped),
            _ => sleep(BETWEEN_STEPS),
        }
        if step % STEPS_BETWEEN_SYNCS == 0 {
            file.sync_data().map_err(in_file)?;
        }
    }
    drop(copying);
    copy.close().map_err(|(_, error)| error)?;
    // Without a log of its own: who opens it must not need to write beside it.
    file.write_all_at(&[1, 1], JOURNAL_VERSIONS).map_err(in_file)?;
    Ok(contents)
}

/// Marks the copy as one, seals it, sends it to the disk and proves it. Returns what is in it, its SHA-256 and its size.
fn finish(partial: &Path, file: &mut File, seen: Contents) -> Result<(Contents, String, u64), CopyError> {
    let in_file = |error| CopyError::File(partial.to_owned(), error);
    let copy = open_to_write(partial)?;
    copy.execute_batch("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF")?;
    wal::mark_as(&copy, FileRole::Backup)?;
    copy.close().map_err(|(_, error)| error)?;
    let sha256 = seal::seal(file).map_err(in_file)?;
    file.sync_all().map_err(in_file)?;
    let found = proof::prove(partial)?;
    if found != seen {
        return Err(CopyError::Unproven(partial.to_owned(), "it has not what the data file had".to_owned()));
    }
    Ok((found, sha256, file.metadata().map_err(in_file)?.len()))
}

/// How long to wait for another backup into the same folder, and how long before looking again whether it is done.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Keeps two backups from being written into a folder at the same time: waits for one that is under way, while `goes_on`. A lock on the folder itself
/// leaves nothing behind.
fn lock_folder(folder: &Path, goes_on: &dyn Fn() -> bool) -> Result<File, CopyError> {
    let in_folder = |error| CopyError::File(folder.to_owned(), error);
    let opened = OpenOptions::new().read(true).custom_flags(flags(OFlags::DIRECTORY)).open(folder).map_err(in_folder)?;
    let begun = Instant::now();
    loop {
        match opened.try_lock() {
            Ok(()) => return Ok(opened),
            Err(TryLockError::WouldBlock) if begun.elapsed() < LONGEST_WAIT && goes_on() => sleep(BETWEEN_LOOKS),
            Err(TryLockError::WouldBlock) => {
                let folder = folder.display();
                return Err(CopyError::Refused(format!("another backup is being written into {folder}: try again when it is done")));
            }
            Err(TryLockError::Error(error)) => return Err(in_folder(error)),
        }
    }
}

/// Returns the name that the present time makes, once no file has it: of two in one second the second one waits.
pub(super) fn unused_name(name: impl Fn(&str) -> PathBuf) -> PathBuf {
    loop {
        let file = name(&stamp(Clock::System.now()));
        if !file.exists() {
            return file;
        }
        sleep(Duration::from_millis(100));
    }
}

/// Returns a time as names have it, to the second: `20260131T235959Z`.
fn stamp(time: Time) -> String {
    Time::from_micros(time.seconds() * 1_000_000).to_string().replace(['-', ':'], "")
}

/// Returns the files in a folder that have the names of backups, the oldest first.
fn backups_in(folder: &Path) -> Vec<(Time, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.filter_map(|entry| Some((time_in(entry.file_name().to_str()?)?, entry.path())));
    let mut found: Vec<_> = named.filter(|(_, path): &(Time, PathBuf)| path.is_file()).collect();
    found.sort();
    found
}

/// Returns the time in the name of a backup.
fn time_in(name: &str) -> Option<Time> {
    let given = name.strip_prefix("keyfob-")?.strip_suffix(".db")?;
    let part = |from, to| given.get(from..to);
    let text = format!("{}-{}-{}T{}:{}:{}Z", part(0, 4)?, part(4, 6)?, part(6, 8)?, part(9, 11)?, part(11, 13)?, part(13, 15)?);
    Time::parse(&text).filter(|time| stamp(*time) == given)
}

/// Returns whether a file is a database of keyfob's, by its header.
fn is_database(file: &Path) -> io::Result<bool> {
    let mut header = [0; 72];
    match open_to_read(file)?.read_exact_at(&mut header, 0) {
        Ok(()) => Ok(header.starts_with(b"SQLite format 3\0") && header[68..] == (APPLICATION_ID as u32).to_be_bytes()),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
