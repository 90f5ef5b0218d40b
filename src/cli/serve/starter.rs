//! Notices that what started this process is gone.

use std::io::{ErrorKind, Read};
use std::os::unix::process::parent_id;
use std::time::Duration;

/// How often it is looked whether the parent is still there.
const INTERVAL: Duration = Duration::from_millis(100);

/// With what a server ends that something else started for a while.
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
    if has_taken_over(id) {
        return;
    }
    while parent_id() == id {
        std::thread::sleep(INTERVAL);
    }
}

/// Returns whether a parent is only the process that takes over those whose parent has ended: ours may have done so before it could be asked
/// for. What starts a process shares its group with it, or makes it the leader of another. A pipeline that process 1 began itself, as an
/// interactive shell, is mistaken for one that was taken over.
fn has_taken_over(parent: u32) -> bool {
    let name = std::fs::read_to_string(format!("/proc/{parent}/comm")).unwrap_or_default();
    let takes_over = parent == 1 || name.trim_end() == "systemd";
    let own = group(std::process::id());
    takes_over && own.is_some_and(|group| group != std::process::id()) && own != group(parent)
}

/// Returns the process group of a process; `None` if the system does not say, or this process cannot see that group.
fn group(process: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name of the program, in parentheses, may hold anything. State, parent and group follow it.
    stat.rsplit_once(')')?.1.split_whitespace().nth(2)?.parse().ok().filter(|group| *group != 0)
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
