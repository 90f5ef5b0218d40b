//! Whether a write-ahead log belongs to the file that it lies beside.
//!
//! A server that was killed leaves its log (`-wal`), and SQLite plays any log over any file: if the file was replaced in between, what comes
//! out is neither. So every commit puts a new random stamp, and the one before, in a row of the table `file_stamp`. What a file has on that
//! page, the log must continue from, or contain. Nothing here writes or needs SQLite.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use rusqlite::Connection;

use crate::store::files::{beside, open_to_read};
use crate::store::open_error::OpenError;

/// How the row begins in the bytes of its page; two stamps and the schema's counter follow.
const MARK: &[u8; 8] = b"kfobfile";

/// What is in front of that: the sizes of the row, of its number and of its six columns.
const BEFORE_MARK: usize = 9;

/// The size of a stamp in bytes.
const STAMP: usize = 16;

/// Where SQLite's header has the counter of schema changes: `VACUUM` increments it in what it writes.
const SCHEMA_COOKIE: usize = 40;

/// What was found beside the data file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LeftBehind {
    Nothing,
    /// A log that belongs to the file, as far as the stamps tell.
    Wal,
}

/// Puts a new stamp into the transaction under way.
pub(super) fn renew_stamp(connection: &Connection) -> rusqlite::Result<()> {
    let cookie: u32 = connection.prepare_cached("PRAGMA schema_version")?.query_row([], |row| row.get(0))?;
    let renew = "UPDATE file_stamp SET previous = current, current = randomblob(16), is_copy = 0, schema_cookie = ?1";
    connection.prepare_cached(renew)?.execute([cookie.to_be_bytes()]).map(drop)
}

/// What a database file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileRole {
    Data,
    Backup,
}

/// Gives a file a stamp that continues nothing, if its schema has stamps: a log of the file that it was copied from is not its own.
pub(super) fn mark_as(connection: &Connection, role: FileRole) -> rusqlite::Result<()> {
    if !connection.table_exists(None, "file_stamp")? {
        return Ok(());
    }
    let mark = "UPDATE file_stamp SET current = randomblob(16), previous = zeroblob(16), is_copy = ?1";
    connection.execute(mark, [role == FileRole::Backup]).map(drop)
}

/// Returns whether a file is marked as a backup.
pub(super) fn is_backup(connection: &Connection) -> rusqlite::Result<bool> {
    let has_stamp = connection.table_exists(None, "file_stamp")?;
    if has_stamp { connection.query_row("SELECT is_copy FROM file_stamp", [], |row| row.get(0)) } else { Ok(false) }
}

/// Looks at the log beside `path` before SQLite does. Must be called while this process has no connection to the file: closing a handle of it
/// drops SQLite's locks.
pub(super) fn check(path: &Path) -> Result<LeftBehind, OpenError> {
    let wal = beside(path, "-wal");
    let belongs = belongs(path, &wal).map_err(|error| OpenError::Unreadable(wal.clone(), error))?;
    match belongs {
        None => Ok(LeftBehind::Nothing),
        Some(true) => Ok(LeftBehind::Wal),
        Some(false) => Err(OpenError::ForeignWal { file: path.to_owned(), wal }),
    }
}

/// Returns whether the log belongs to the file; nothing if there is no log.
fn belongs(path: &Path, wal: &Path) -> io::Result<Option<bool>> {
    let mut log = match open_to_read(wal) {
        Ok(log) if log.metadata()?.len() > 0 => BufReader::with_capacity(1 << 20, log),
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let file = open_to_read(path)?;
    if file.metadata()?.len() == 0 {
        // SQLite would delete the log.
        return Ok(Some(false));
    }
    let Some(header) = read_exactly::<32>(&mut log)? else { return Ok(Some(true)) };
    let (page_size, salts) = (u32_at(&header, 8), &header[16..24]);
    if !(512..=65536).contains(&page_size) {
        // SQLite takes nothing from such a log.
        return Ok(Some(true));
    }
    let mut page = vec![0; page_size as usize];
    let (mut is_stamped, mut is_linked, mut newest_cookie) = (false, false, 0);
    while let Some(head) = read_exactly::<24>(&mut log)?
        && &head[8..16] == salts
        && log.read_exact(&mut page).is_ok()
    {
        let number = u32_at(&head, 0);
        if number == 1 {
            newest_cookie = newest_cookie.max(u32_at(&page, SCHEMA_COOKIE));
        }
        if let Some(stamp) = Stamp::find(&page) {
            let in_file = stamp_on_page(&file, number, page_size)?.unwrap_or_default();
            is_stamped = true;
            is_linked |= in_file == stamp.current || in_file == stamp.previous;
            newest_cookie = newest_cookie.max(stamp.schema_cookie);
        }
    }
    let mut cookie = [0; 4];
    let is_older_schema = file.read_exact_at(&mut cookie, SCHEMA_COOKIE as u64).is_err() || u32_at(&cookie, 0) <= newest_cookie;
    // A log without a stamp has nothing of keyfob's, or is from before there were stamps.
    Ok(Some(!is_stamped || (is_linked && is_older_schema)))
}

/// The row of `file_stamp`, as it is in the bytes of its page.
struct Stamp {
    current: [u8; STAMP],
    previous: [u8; STAMP],
    schema_cookie: u32,
}

impl Stamp {
    /// Finds it if the page is a leaf of a table with this row alone; nobody can write the like into a row of another table.
    fn find(page: &[u8]) -> Option<Stamp> {
        if page[0] != 0x0d || page[3..5] != [0, 1] {
            return None;
        }
        let row = usize::from(page[8]) << 8 | usize::from(page[9]);
        let rest = page.get(row + BEFORE_MARK..row + BEFORE_MARK + MARK.len() + 2 * STAMP + 4)?.strip_prefix(MARK)?;
        let current = rest[..STAMP].try_into().ok()?;
        let previous = rest[STAMP..2 * STAMP].try_into().ok()?;
        Some(Stamp { current, previous, schema_cookie: u32_at(rest, 2 * STAMP) })
    }
}

/// Returns the stamp that the file itself has on a page; none if that page has no stamp, or is not there.
fn stamp_on_page(file: &File, number: u32, page_size: u32) -> io::Result<Option<[u8; STAMP]>> {
    let mut page = vec![0; page_size as usize];
    match file.read_exact_at(&mut page, u64::from(number.saturating_sub(1)) * u64::from(page_size)) {
        Ok(()) => Ok(Stamp::find(&page).map(|stamp| stamp.current)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads the next bytes; none if the file ends before.
fn read_exactly<const N: usize>(log: &mut impl Read) -> io::Result<Option<[u8; N]>> {
    let mut bytes = [0; N];
    match log.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}
