//! Writes the lines of the log on a thread of its own, so that nothing else ever waits for a reader or a disk.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::base::mutex::locked;
use crate::base::output;

/// The most bytes of lines that wait to be written.
const MOST_WAITING: usize = 1024 * 1024;

/// How many of these bytes only urgent lines may use: requests alone cannot crowd out what went wrong.
const FOR_URGENT_LINES: usize = 128 * 1024;

/// How long lines gather after some were written: to wake the thread for each costs more than the line itself.
const BETWEEN_WRITES: Duration = Duration::from_millis(5);

/// Whether a line may use the room that is set apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    Normal,
    Urgent,
}

/// The lines that wait to be written, and the thread that writes them.
pub struct LogWriter {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    dropped: AtomicU64,
    /// Somebody waits until all is written.
    is_awaited: AtomicBool,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: String,
    /// How many lines found no room after these.
    dropped: u64,
    /// Where to write from now on.
    target: Option<File>,
    /// The thread has taken lines that are not written yet.
    is_writing: bool,
}

impl LogWriter {
    /// Starts the thread; `notice` returns the line that says how many lines were dropped. Fails if the system allows no more threads.
    pub fn start(target: File, notice: impl Fn(u64) -> String + Send + 'static) -> io::Result<Arc<LogWriter>> {
        let writer = Arc::new(LogWriter {
            waiting: Mutex::default(),
            changed: Condvar::new(),
            dropped: AtomicU64::new(0),
            is_awaited: AtomicBool::new(false),
        });
        let thread = writer.clone();
        std::thread::Builder::new().name("log".to_owned()).spawn(move || thread.run(target, &notice))?;
        Ok(writer)
    }

    /// Queues a line, or drops it if there is no room. Never waits.
    pub fn push(&self, line: &str, urgency: Urgency) {
        let most = match urgency {
            Urgency::Normal => MOST_WAITING - FOR_URGENT_LINES,
            Urgency::Urgent => MOST_WAITING,
        };
        let mut waiting = locked(&self.waiting);
        if waiting.lines.len() + line.len() > most {
            waiting.dropped += 1;
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let was_idle = waiting.lines.is_empty() && !waiting.is_writing;
        waiting.lines.push_str(line);
        drop(waiting);
        if was_idle {
            self.changed.notify_all();
        }
    }

    /// Writes to this file from now on, the lines that wait included.
    pub fn redirect(&self, target: File) {
        locked(&self.waiting).target = Some(target);
        self.changed.notify_all();
    }

    /// Waits until all lines are written, but no longer than `limit`.
    pub fn flush(&self, limit: Duration) {
        let is_busy = |waiting: &mut Waiting| waiting.is_writing || !waiting.lines.is_empty();
        let waiting = locked(&self.waiting);
        self.is_awaited.store(true, Ordering::SeqCst);
        self.changed.notify_all();
        // Errors are ignored: a panic while the lock was held leaves lines that are whole.
        let _ = self.changed.wait_timeout_while(waiting, limit, is_busy);
        self.is_awaited.store(false, Ordering::SeqCst);
    }

    /// Returns how many lines were never written, since the process began.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn run(&self, mut target: File, notice: &dyn Fn(u64) -> String) {
        // How many lines were dropped since this was reported last.
        let mut unreported = 0;
        loop {
            let waiting = self.take();
            target = waiting.target.unwrap_or(target);
            report(&mut target, notice, &mut unreported);
            if let Err((written, _)) = output::write_all(&mut target, waiting.lines.as_bytes()) {
                let unwritten = waiting.lines.as_bytes()[written..].iter().filter(|byte| **byte == b'\n').count() as u64;
                self.dropped.fetch_add(unwritten, Ordering::Relaxed);
                unreported += unwritten;
            }
            unreported += waiting.dropped;
            report(&mut target, notice, &mut unreported);
            self.let_lines_gather().is_writing = false;
            self.changed.notify_all();
        }
    }

    fn let_lines_gather(&self) -> MutexGuard<'_, Waiting> {
        let is_unhurried = |_: &mut Waiting| !self.is_awaited.load(Ordering::SeqCst);
        let gathered = self.changed.wait_timeout_while(locked(&self.waiting), BETWEEN_WRITES, is_unhurried);
        gathered.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Waits for lines, or for another file to write to.
    fn take(&self) -> Waiting {
        let is_idle = |waiting: &mut Waiting| waiting.lines.is_empty() && waiting.target.is_none();
        let mut waiting = self.changed.wait_while(locked(&self.waiting), is_idle).unwrap_or_else(PoisonError::into_inner);
        let taken = std::mem::take(&mut *waiting);
        waiting.is_writing = true;
        taken
    }
}

/// Writes how many lines were dropped. If that fails, it is reported later.
fn report(target: &mut File, notice: &dyn Fn(u64) -> String, unreported: &mut u64) {
    if *unreported > 0 && output::write_all(target, notice(*unreported).as_bytes()).is_ok() {
        *unreported = 0;
    }
}
