//! The data file and what lies beside it, by name.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::base::folder::folder_of;
use crate::base::links;
use crate::base::temporary_directory::TemporaryDirectory;
use crate::base::user::own_user;
use crate::store::open_error::OpenError;

/// What SQLite keeps beside the data file while it is in use.
pub(crate) const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// What else keyfob keeps beside it: its lock, and the folder of the control socket.
const LOCK: &str = "-lock";
pub(crate) const CONTROL: &str = "-control";

/// The lock on a data file: one process at a time opens it to write, or replaces it. It lasts as long as this value.
///
/// It is on a file of its own that is never removed: on some systems a lock on the data file would be in the way of SQLite's.
#[derive(Debug)]
pub(super) struct FileLock {
    beside: File,
    /// The data file itself, which former keyfobs locked, on the one system on which they ran.
    file: Option<File>,
}

impl FileLock {
    /// Fails with `OpenError::Held` if another process has it, and before that if anything beside the data file was planted: if it is a link, or
    /// if SQLite would use it and it belongs to neither this user nor root nor the owner of the data file.
    pub(super) fn take(path: &Path) -> Result<FileLock, OpenError> {
        let lock = lock_of(path);
        let owners = [Some(own_user()), Some(0), fs::symlink_metadata(path).map(|file| file.uid()).ok()];
        for suffix in COMPANIONS.into_iter().chain([LOCK, CONTROL]) {
            let name = beside(path, suffix);
            let owner = match links::handle(&name).and_then(|handle| handle.metadata()) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                found => found.map_err(|error| OpenError::Unreadable(name.clone(), error))?.uid(),
            };
            if COMPANIONS.contains(&suffix) && !owners.contains(&Some(owner)) {
                let error = io::Error::new(ErrorKind::PermissionDenied, "another user put it there: look at it, and remove it");
                return Err(OpenError::Unreadable(name, error));
            }
        }
        let opened = lock_file(&lock, path).map_err(|error| OpenError::Unreadable(lock, error))?;
        Ok(FileLock { beside: locked(opened)?, file: None })
    }

    /// Locks the data file too, creating it if it is missing. Must outlive every connection to it.
    pub(super) fn with_file(mut self, path: &Path) -> Result<FileLock, OpenError> {
        let file = create_or_open(path).map_err(|error| OpenError::Unreadable(path.to_owned(), error))?;
        self.file = if cfg!(target_os = "linux") { Some(locked(file)?) } else { None };
        Ok(self)
    }
}

impl Drop for FileLock {
    /// A process that was just forked may have handles of these files until it runs its program: closing ours would not be enough.
    fn drop(&mut self) {
        // Errors are ignored: then the lock ends with the handles.
        for file in [&self.beside].into_iter().chain(&self.file) {
            let _ = file.unlock();
        }
    }
}

/// Returns the name of the file beside `path` that ends in `suffix`.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

pub(super) fn lock_of(path: &Path) -> PathBuf {
    beside(path, LOCK)
}

/// Returns the file that a name leads to, which need not be there. SQLite follows links, and keeps the log beside the file, not beside the link.
/// # Errors
/// Fails if something other than a file has the name, and as [`links::resolved`] does.
pub(crate) fn resolved(name: &Path) -> io::Result<PathBuf> {
    let path = links::resolved(name)?;
    match fs::symlink_metadata(&path) {
        Ok(found) if !found.is_file() => Err(not_a_file()),
        Ok(_) | Err(_) => Ok(path),
    }
}

/// Opens a file to read. Follows no link, and waits for nobody: a pipe would have to be written to.
pub(super) fn open_to_read(path: &Path) -> io::Result<File> {
    checked(links::open(path, OpenOptions::new().read(true), OFlags::NONBLOCK)?)
}

/// Opens a file that is there to read and write. Follows no link.
pub(super) fn open_to_change(path: &Path) -> io::Result<File> {
    checked(links::open(path, OpenOptions::new().read(true).write(true), OFlags::NONBLOCK)?)
}

/// Creates a file (mode 0600) that must not be there, not even as a link.
pub(super) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)
}

/// Opens a file to write, creating it if it is missing. Follows no link.
fn create_or_open(path: &Path) -> io::Result<File> {
    match create(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => open_to_change(path),
        created => created,
    }
}

/// Opens the lock of a data file. If this creates it, the owner of the data file gets it: when root has run a command, the server must still
/// be able to open it.
fn lock_file(lock: &Path, data: &Path) -> io::Result<File> {
    match create(lock) {
        Ok(file) => {
            if let Ok(data) = fs::metadata(data) {
                give(&file, &data)?;
            }
            Ok(file)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => open_to_change(lock),
        Err(error) => Err(error),
    }
}

/// Gives a file that this process created to the owner of another, if the system lets it.
pub(super) fn give(file: &File, like: &fs::Metadata) -> io::Result<()> {
    match fchown(file, Some(like.uid()), Some(like.gid())) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        given => given,
    }
}

fn checked(file: File) -> io::Result<File> {
    if file.metadata()?.is_file() { Ok(file) } else { Err(not_a_file()) }
}

fn not_a_file() -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, "it is not a regular file: name one")
}

pub(super) fn flags(flags: OFlags) -> i32 {
    flags.bits().cast_signed()
}

/// The folder in which a file is made that goes beside it. Only this user can enter it, so that nobody who may write beside it can put a link in
/// the way. Removed with what is in it when dropped.
pub(super) enum PartialFolder {
    /// Beside the place of the file.
    Beside(PathBuf),
    /// Elsewhere: in the folder itself another user could put a folder of their own in the place of this one.
    Elsewhere(TemporaryDirectory),
}

impl PartialFolder {
    /// Creates it at `path`, in the place of what a process that was killed left, or elsewhere if that is not safe there.
    pub(super) fn create(path: PathBuf) -> io::Result<PartialFolder> {
        if others_can_rename_in(folder_of(&path))? {
            return TemporaryDirectory::create(None).map(PartialFolder::Elsewhere);
        }
        match fs::symlink_metadata(&path) {
            Ok(left) if left.is_dir() => fs::remove_dir_all(&path)?,
            Ok(_) => fs::remove_file(&path)?,
            Err(_) => {}
        }
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(PartialFolder::Beside(path))
    }

    /// Returns the name of the file that is made.
    pub(super) fn file(&self) -> PathBuf {
        match self {
            PartialFolder::Beside(folder) => folder.as_path(),
            PartialFolder::Elsewhere(folder) => folder.path(),
        }
        .join("keyfob.db")
    }

    /// Moves the file to its place, whose folder must be synced then. Fails if it is not the one that was made.
    pub(super) fn put(&self, made: &File, place: &Path) -> io::Result<()> {
        if !links::is_named(made, &self.file())? {
            return Err(io::Error::other("somebody replaced it while it was made"));
        }
        match fs::rename(self.file(), place) {
            Err(error) if error.kind() == ErrorKind::CrossesDevices => put_copy(made, place),
            moved => moved,
        }
    }
}

impl Drop for PartialFolder {
    fn drop(&mut self) {
        if let PartialFolder::Beside(folder) = self {
            // Errors are ignored: the next one replaces what is left.
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// Copies a file to a place on another disk, by handles only: users who may write there may replace any name at any time.
fn put_copy(made: &File, place: &Path) -> io::Result<()> {
    let name = beside(place, ".partial");
    match fs::remove_file(&name) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let (mut from, mut copy) = (made, create(&name)?);
    from.seek(SeekFrom::Start(0))?;
    io::copy(&mut from, &mut copy)?;
    give(&copy, &made.metadata()?)?;
    copy.sync_all()?;
    fs::rename(&name, place)
}

/// Returns whether another user may rename what root makes in a folder: its owner may, and everybody who may write in it, unless each may rename
/// only their own (as in `/tmp`). For other users than root the folder's owner is somebody whom they trust.
fn others_can_rename_in(folder: &Path) -> io::Result<bool> {
    const STICKY: u32 = 0o1000;
    let found = fs::metadata(folder)?;
    let is_open = found.mode() & 0o022 != 0 && found.mode() & STICKY == 0;
    Ok(own_user() == 0 && (found.uid() != 0 || is_open))
}

/// Returns whether two names are of one file, which need not be there.
pub(super) fn is_same(one: &Path, other: &Path) -> bool {
    let resolved =
        |path: &Path| path.canonicalize().or_else(|_| Ok(folder_of(path).canonicalize()?.join(path.file_name().unwrap_or_default())));
    let (one, other): (io::Result<PathBuf>, io::Result<PathBuf>) = (resolved(one), resolved(other));
    one.is_ok_and(|one| other.is_ok_and(|other| one == other))
}

fn locked(file: File) -> Result<File, OpenError> {
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Held),
        Err(TryLockError::Error(error)) => Err(OpenError::Unlockable(error)),
    }
}
