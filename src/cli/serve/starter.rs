//! Notices that what started this process is gone.

use std::io::{ErrorKind, Read};
use std::os::unix::process::parent_id;
use std::time::Duration;

/// How often it is looked whether the parent is still there.
const INTERVAL: Duration = Duration::from_millis(100);

/// With what a server ends that something else started for a while.
#[derive(Debug)]
pub enum Starter {
    /// The parent of this process, by the ID that it had at the start.
    Parent(u32),
    /// Who holds the other end of standard input.
    StandardInput,
}

impl Starter {
    /// Returns the parent as it is now: asked as early as can be, because a process whose parent is gone has another.
    pub fn parent() -> Starter {
        Starter::Parent(parent_id())
    }

    /// Calls `gone` once it has ended.
    pub fn watch(self, gone: impl FnOnce() + Send + 'static) {
        std::thread::spawn(move || {
            match self {
                Starter::Parent(id) => wait_for_parent(id),
                Starter::StandardInput => wait_for_standard_input(),
            }
            gone();
        });
    }
}

/// What Linux offers (`PR_SET_PDEATHSIG`) would signal the end of the thread that started this process, which may come long before.
fn wait_for_parent(id: u32) {
    while parent_id() == id {
        std::thread::sleep(INTERVAL);
    }
}

/// Reads to the end. What is in it counts for nothing.
fn wait_for_standard_input() {
    let (mut input, mut buffer) = (std::io::stdin().lock(), [0; 4096]);
    loop {
        match input.read(&mut buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
}
