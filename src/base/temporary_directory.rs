//! Temporary directories.

use std::fs::{DirBuilder, remove_dir_all};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;

use crate::base::secret;

/// How the name of each begins; 16 hexadecimal digits follow.
pub const PREFIX: &str = "keyfob-";

/// A directory that only this user can enter, removed with all that is in it when dropped.
#[derive(Debug)]
pub struct TemporaryDirectory(PathBuf);

impl TemporaryDirectory {
    pub fn create() -> io::Result<TemporaryDirectory> {
        let parent = std::env::temp_dir();
        let path = parent.join(format!("{PREFIX}{}", HEXLOWER.encode(&secret::random::<8>())));
        let created = DirBuilder::new().mode(0o700).create(&path);
        created.map_err(|error| io::Error::new(error.kind(), format!("cannot make a directory in {}: {error}", parent.display())))?;
        Ok(TemporaryDirectory(path))
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
