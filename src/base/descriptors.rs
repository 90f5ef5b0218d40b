//! How many files and sockets the system lets this process have open.

use std::fs::File;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How many are opened to see whether they can be.
const TO_TRY: usize = 8;

/// Returns how many descriptors may be open; `None` if there is no limit.
pub fn most() -> Option<usize> {
    getrlimit(Resource::Nofile).current.and_then(|most| most.try_into().ok())
}

/// Returns whether as many are open as may be. A few short of it counts too: what has just failed has closed its own again.
pub fn are_used_up() -> bool {
    let opened: std::io::Result<Vec<File>> = (0..TO_TRY).map(|_| File::open("/dev/null")).collect();
    opened.is_err()
}

/// Lets as many be open as the system allows this user.
pub fn raise() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Errors are ignored: then it stays as it is.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}
