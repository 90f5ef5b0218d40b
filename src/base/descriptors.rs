//! How many files and sockets the system lets this process have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Returns how many descriptors may be open; `None` if there is no limit, or the system does not say.
pub fn most() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let soft_and_hard = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    soft_and_hard.split_whitespace().next()?.parse().ok()
}

/// Lets as many be open as the system allows this user.
pub fn raise() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Errors are ignored: then it stays as it is.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}
