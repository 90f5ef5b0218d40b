//! How many files and sockets the system lets this process have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Returns how many descriptors may be open; `None` if there is no limit.
pub fn most() -> Option<usize> {
    getrlimit(Resource::Nofile).current.and_then(|most| most.try_into().ok())
}

/// Lets as many be open as the system allows this user.
pub fn raise() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Errors are ignored: then it stays as it is.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}
