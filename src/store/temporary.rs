//! The directory of a temporary database.

use std::fs::{DirBuilder, File, read_dir, remove_dir_all, symlink_metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use data_encoding::HEXLOWER;

use crate::base::secret;

const PREFIX: &str = "keyfob-";
const FILE: &str = "keyfob.db";

/// As long as this a directory may be without anybody's lock: whoever made it is about to take it.
const YOUNG: Duration = Duration::from_secs(60);

/// A directory that only this user can enter, removed with all that is in it when dropped.
#[derive(Debug)]
pub struct TemporaryDirectory(PathBuf);

impl TemporaryDirectory {
    pub fn create() -> io::Result<TemporaryDirectory> {
        let path = std::env::temp_dir().join(format!("{PREFIX}{}", HEXLOWER.encode(&secret::random::<8>())));
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(TemporaryDirectory(path))
    }

    pub fn file(&self) -> PathBuf {
        self.0.join(FILE)
    }

    pub fn remove(&self) {
        // Nobody is left to tell of a failure; the directory is in the system's place for temporary files.
        let _ = remove_dir_all(&self.0);
    }

    /// Removes directories like this one, of this user, whose database nobody holds: a process that is killed cannot remove its own.
    /// Where a process has two such databases it must not be called: looking at the lock of one would drop SQLite's own.
    pub fn remove_abandoned(&self) {
        let Some(siblings) = self.0.parent().and_then(|parent| read_dir(parent).ok()) else { return };
        for path in siblings.flatten().map(|entry| entry.path()).filter(|path| *path != self.0 && is_named_so(path)) {
            if self.is_abandoned(&path).unwrap_or(false) {
                let _ = remove_dir_all(&path);
            }
        }
    }

    fn is_abandoned(&self, path: &Path) -> io::Result<bool> {
        let (own, directory, file) = (symlink_metadata(&self.0)?, symlink_metadata(path)?, symlink_metadata(path.join(FILE))?);
        let is_ours = directory.is_dir() && file.is_file() && directory.uid() == own.uid() && file.uid() == own.uid();
        // Compared with each other, so that no clock is asked.
        let is_young = own.modified()?.duration_since(directory.modified()?).unwrap_or_default() < YOUNG;
        Ok(is_ours && !is_young && File::open(path.join(FILE))?.try_lock().is_ok())
    }
}

fn is_named_so(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix(PREFIX));
    name.is_some_and(|name| name.len() == 16 && name.bytes().all(|b| b.is_ascii_hexdigit()))
}

impl Drop for TemporaryDirectory {
    fn drop(&mut self) {
        self.remove();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_process_left_is_removed_and_what_is_held_or_young_or_anybodys_stays() {
        let aside = std::env::temp_dir().join(format!("keyfob-abandoned-{}", std::process::id()));
        let directory = |name: &str, age: Duration| {
            let path = aside.join(name);
            std::fs::create_dir_all(&path).unwrap();
            let file = File::create(path.join(FILE)).unwrap();
            let own = symlink_metadata(&aside).unwrap().modified().unwrap();
            File::open(&path).unwrap().set_modified(own - age).unwrap();
            file
        };
        let hour = Duration::from_secs(3600);
        let _own = directory("keyfob-00000000000000aa", Duration::ZERO);
        directory("keyfob-00000000000000bb", hour);
        let held = directory("keyfob-00000000000000cc", hour);
        held.lock().unwrap();
        directory("keyfob-00000000000000dd", Duration::ZERO);
        directory("keyfob-production", hour);
        let own = TemporaryDirectory(aside.join("keyfob-00000000000000aa"));
        own.remove_abandoned();
        let mut left: Vec<_> = read_dir(&aside).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        let expected = ["keyfob-00000000000000aa", "keyfob-00000000000000cc", "keyfob-00000000000000dd", "keyfob-production"];
        assert_eq!(left, expected);
        drop(own);
        remove_dir_all(&aside).unwrap();
    }
}
