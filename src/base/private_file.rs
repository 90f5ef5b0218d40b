//! Files that hold secrets: their owner reads them, nobody else.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// What a file was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileAccess {
    /// Only its owner could read it, or there is none.
    Private,
    /// Others could read it or write to it, until now.
    Narrowed,
}

/// Takes away what others than its owner may do with the file. One that others may read and that is somebody else's is refused: whose
/// it is could have put anything in it.
pub fn narrow(path: &Path) -> io::Result<FileAccess> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(FileAccess::Private),
        Err(error) => return Err(error),
    };
    let mode = metadata.mode();
    if mode & 0o077 == 0 {
        return Ok(FileAccess::Private);
    }
    let refused = || {
        let why = format!(
            "others may read {}, and it is somebody else's: take it over with chown, or have its owner run chmod 600",
            path.display()
        );
        io::Error::new(io::ErrorKind::PermissionDenied, why)
    };
    if own_user().is_some_and(|user| user != metadata.uid()) {
        return Err(refused());
    }
    // Where nothing says who this process is, only the owner gets through here; and whoever may do everything.
    match fs::set_permissions(path, Permissions::from_mode(mode & 0o7700)) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(refused()),
        result => result.map(|()| FileAccess::Narrowed),
    }
}

/// The user that this process acts as, where the system tells it in a file; to ask the system itself takes code that is not safe.
fn own_user() -> Option<u32> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("Uid:"))?.split_whitespace().nth(1)?.parse().ok()
}
