//! The folder of the data file: SQLite keeps files beside it, so it must be possible to write there.

use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use rustix::fs::{Access, access};

use crate::base::folder::folder_of;
use crate::base::user::own_user;

/// Why nothing can be written in a folder.
#[derive(Debug)]
pub struct FolderError {
    folder: PathBuf,
    cause: io::Error,
    /// The user of the data file, if it is there and somebody else's.
    owner: Option<u32>,
}

/// Fails if this process cannot create files beside the data file.
pub(super) fn check(data: &Path) -> Result<(), FolderError> {
    let folder = folder_of(data);
    access(folder, Access::WRITE_OK | Access::EXEC_OK).map_err(|cause| FolderError {
        folder: std::path::absolute(folder).unwrap_or(folder.to_owned()),
        cause: cause.into(),
        owner: fs::metadata(data).ok().map(|file| file.uid()).filter(|owner| *owner != own_user()),
    })
}

impl fmt::Display for FolderError {
    /// Says what is wrong, and what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (folder, cause) = (self.folder.display(), &self.cause);
        let user = own_user();
        match (cause.kind(), self.owner) {
            (ErrorKind::PermissionDenied, Some(owner)) => write!(
                f,
                "{} may not write in the folder {folder}, and the data file belongs to {}: run the command as that user",
                named(user),
                named(owner)
            ),
            (ErrorKind::NotFound, _) => write!(f, "there is no folder {folder}: create it, or choose another place with --data"),
            (ErrorKind::PermissionDenied, None) => write!(
                f,
                "{} may not write in the folder {folder}, where the data file and its companions are: give it the folder with \
                 `chown {user} {folder}`, or choose another place with --data",
                named(user)
            ),
            _ => write!(f, "nothing can be written in the folder {folder} ({cause}): choose another place with --data"),
        }
    }
}

/// Returns `the user keyfob (1000)`.
fn named(user: u32) -> String {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut parts = line.split(':');
        let name = parts.next()?;
        (parts.nth(1)? == user.to_string()).then_some(name)
    });
    name.map_or_else(|| format!("the user {user}"), |name| format!("the user {name} ({user})"))
}
