//! Temporary directories.

use std::fs::{DirBuilder, remove_dir_all};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;

use crate::base::secret;

/// How the name of each begins; 16 hexadecimal digits follow.
pub const PREFIX: &str = "keyfob-";

/// Where Linux keeps files in memory.
const SHARED_MEMORY: &str = "/dev/shm";

/// A directory that only this user can enter, removed with all that is in it when dropped.
#[derive(Debug)]
pub struct TemporaryDirectory(PathBuf);

impl TemporaryDirectory {
    /// Creates one where the system keeps temporary files; where nothing can be written there, in memory, or else in `fallback`. Fails if all
    /// of them refuse, with the cause that each gives.
    pub fn create(fallback: Option<&Path>) -> io::Result<TemporaryDirectory> {
        TemporaryDirectory::create_in([std::env::temp_dir(), PathBuf::from(SHARED_MEMORY)].into_iter().chain(fallback.map(Path::to_owned)))
    }

    /// Creates one in another, which removes it too.
    pub fn within(place: &Path) -> io::Result<TemporaryDirectory> {
        TemporaryDirectory::create_in(std::iter::once(place.to_owned()))
    }

    fn create_in(places: impl Iterator<Item = PathBuf>) -> io::Result<TemporaryDirectory> {
        let mut causes = Vec::new();
        for place in places {
            let path = place.join(format!("{PREFIX}{}", HEXLOWER.encode(&secret::random::<8>())));
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(TemporaryDirectory(path)),
                Err(error) => causes.push(format!("in {}: {error}", place.display())),
            }
        }
        let causes = causes.join("; ");
        Err(io::Error::other(format!("cannot make a temporary folder ({causes}); let TMPDIR name a folder that this user may write to")))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Errors are ignored: the directory is where the system keeps temporary files.
    pub fn remove(&self) {
        let _ = remove_dir_all(&self.0);
    }
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
    fn the_first_place_that_can_be_written_to_is_taken_and_without_one_each_says_why() {
        let places = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>().into_iter();
        let good = std::env::temp_dir();
        let made = TemporaryDirectory::create_in(places(&["/nowhere", "/dev/null", good.to_str().unwrap()])).unwrap();
        assert!(made.path().starts_with(&good) && made.path().is_dir());
        let refused = TemporaryDirectory::create_in(places(&["/nowhere", "/dev/null"])).unwrap_err().to_string();
        assert!(refused.contains("/nowhere: No such file") && refused.contains("/dev/null: Not a directory"), "{refused}");
    }
}
