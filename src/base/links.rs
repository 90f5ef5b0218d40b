//! Symbolic links that another user may have planted: which of them are followed, and how files are opened behind none.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{OFlags, readlinkat};

use crate::base::user::own_user;

/// How many links a name may lead through, as on Linux.
const MOST_LINKS: usize = 40;

/// Returns the file that a name leads to, which need not be there: no part of it is a link, as far as it can be looked at.
/// # Errors
/// Fails if a link, in a folder above too, belongs to neither this user nor root nor the owner of what it leads to: a user who may write in a
/// folder could otherwise make another user write elsewhere.
pub fn resolved(name: &Path) -> io::Result<PathBuf> {
    followed(name, Leads::ToFile)
}

/// The same, but leaves the last part as it is, which is to be created.
pub fn with_resolved_folder(name: &Path) -> io::Result<PathBuf> {
    let file = name.file_name().ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "it names no file"))?;
    Ok(followed(name.parent().unwrap_or(Path::new("")), Leads::ToFolder)?.join(file))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Leads {
    ToFile,
    ToFolder,
}

fn followed(name: &Path, leads: Leads) -> io::Result<PathBuf> {
    let (mut path, mut links) = (PathBuf::new(), 0);
    let mut left = parts(name);
    while let Some(part) = left.pop() {
        let next = path.join(&part);
        // Where nothing can be looked at, opening it says why.
        let Ok(handle) = handle_of_any(&next) else { return Ok(left.iter().rev().fold(next, |path, part| path.join(part))) };
        let found = handle.metadata()?;
        if !found.is_symlink() || is_of_system(&next) {
            path = next;
            continue;
        }
        links += 1;
        if links > MOST_LINKS {
            return Err(io::Error::new(ErrorKind::InvalidInput, "it leads through too many links: name the file itself"));
        }
        // By the handle: the name may have another link by now.
        let target = readlinkat(&handle, "", Vec::new())?;
        let target = Path::new(OsStr::from_bytes(target.as_bytes()));
        let is_trusted = [own_user(), 0].contains(&found.uid());
        if !is_trusted && fs::metadata(path.join(target)).map(|target| target.uid()).ok() != Some(found.uid()) {
            let why = if left.is_empty() && leads == Leads::ToFile {
                "it is a link of another user to a file that is not theirs: name the file itself".to_owned()
            } else {
                format!("{} is a link of another user to a folder that is not theirs: name the file itself", next.display())
            };
            return Err(io::Error::new(ErrorKind::PermissionDenied, why));
        }
        left.extend(parts(target));
    }
    Ok(path)
}

/// Returns the parts of a name, the last one first.
fn parts(name: &Path) -> Vec<OsString> {
    name.components().rev().map(|part| part.as_os_str().to_owned()).collect()
}

/// Opens a file, with `flags` besides. Fails if its name is a link, but for the links of the system to open files.
pub fn open(path: &Path, how: &mut OpenOptions, flags: OFlags) -> io::Result<File> {
    let flags = if is_of_system(path) { flags } else { flags | OFlags::NOFOLLOW };
    how.custom_flags(flags.bits().cast_signed()).open(path).map_err(|error| match error.raw_os_error() {
        Some(code) if code == rustix::io::Errno::LOOP.raw_os_error() => not_followed(),
        _ => error,
    })
}

/// Opens a handle of what has this name itself, of any type. It can neither read nor write, and closing it leaves the locks of this process.
/// Fails if it is a link.
pub fn handle(path: &Path) -> io::Result<File> {
    let handle = handle_of_any(path)?;
    if handle.metadata()?.is_symlink() { Err(not_followed()) } else { Ok(handle) }
}

/// The same, also of a link.
fn handle_of_any(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags((OFlags::PATH | OFlags::NOFOLLOW).bits().cast_signed()).open(path)
}

/// Returns a name of what a handle is of, which stays when its other names are exchanged.
pub fn name_of(handle: &File) -> PathBuf {
    format!("/proc/self/fd/{}", handle.as_raw_fd()).into()
}

/// Returns whether a name is that of this file itself.
pub fn is_named(file: &File, name: &Path) -> io::Result<bool> {
    let (named, file) = (fs::symlink_metadata(name)?, file.metadata()?);
    Ok((named.dev(), named.ino()) == (file.dev(), file.ino()))
}

/// Sets the mode of what a handle is of.
pub fn set_mode(handle: &File, mode: u32) -> io::Result<()> {
    fs::set_permissions(name_of(handle), Permissions::from_mode(mode))
}

/// Returns whether a link there leads to an open file, as `/proc/self/fd/2` does: only the system makes such links.
fn is_of_system(path: &Path) -> bool {
    let is_listed = path.parent().is_some_and(|folder| folder.starts_with("/proc") && folder.ends_with("fd"));
    // With more in between, as in `/proc/self/root/…/fd/2`, it may be anywhere.
    is_listed && path.components().count() == 5
}

fn not_followed() -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, "it is a symbolic link, which is not followed: remove it")
}
