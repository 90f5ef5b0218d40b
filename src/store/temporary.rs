//! The directories of temporary databases.

use std::fs::{File, read_dir, remove_dir_all, symlink_metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::base::temporary_directory::PREFIX;
use crate::store::files::lock_of;

/// The name of the database.
pub const FILE: &str = "keyfob.db";

/// Removes directories like this one, of this user, whose database nobody holds: a process that is killed cannot remove its own.
pub fn remove_abandoned(own: &Path) {
    let Some(siblings) = own.parent().and_then(|parent| read_dir(parent).ok()) else { return };
    for path in siblings.flatten().map(|entry| entry.path()).filter(|path| path != own && is_named_so(path)) {
        if is_abandoned(own, &path).unwrap_or(false) {
            let _ = remove_dir_all(&path);
        }
    }
}

fn is_abandoned(own: &Path, path: &Path) -> io::Result<bool> {
    let (own, directory, file) = (symlink_metadata(own)?, symlink_metadata(path)?, symlink_metadata(path.join(FILE))?);
    let is_ours = directory.is_dir() && file.is_file() && directory.uid() == own.uid() && file.uid() == own.uid();
    // A database is created only under its lock, so one whose lock is free is held no more.
    Ok(is_ours && File::open(lock_of(&path.join(FILE)))?.try_lock().is_ok())
}

fn is_named_so(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix(PREFIX));
    name.is_some_and(|name| name.len() == 16 && name.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_process_left_is_removed_and_what_is_held_or_begun_or_anybodys_stays() {
        let aside = std::env::temp_dir().join(format!("keyfob-abandoned-{}", std::process::id()));
        let directory = |name: &str| {
            let path = aside.join(name);
            std::fs::create_dir_all(&path).unwrap();
            File::create(path.join(FILE)).unwrap();
            File::create(lock_of(&path.join(FILE))).unwrap()
        };
        let _own = directory("keyfob-00000000000000aa");
        directory("keyfob-00000000000000bb");
        let held = directory("keyfob-00000000000000cc");
        held.lock().unwrap();
        // Its process is about to create the database.
        std::fs::create_dir_all(aside.join("keyfob-00000000000000dd")).unwrap();
        directory("keyfob-production");
        remove_abandoned(&aside.join("keyfob-00000000000000aa"));
        let mut left: Vec<_> = read_dir(&aside).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        let expected = ["keyfob-00000000000000aa", "keyfob-00000000000000cc", "keyfob-00000000000000dd", "keyfob-production"];
        assert_eq!(left, expected);
        remove_dir_all(&aside).unwrap();
    }
}
