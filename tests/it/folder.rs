//! A folder of a test's own.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Removed at the end of the test.
pub struct Folder(pub PathBuf);

impl Folder {
    /// Creates a folder that no other test has, not even under the same name.
    pub fn new(name: &str) -> Folder {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("keyfob-test-{name}-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder is made");
        Folder(path)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
