//! The log, on standard error or in a file: lines for people on a terminal, otherwise JSON. Secrets are never passed to it, and nothing
//! waits for it.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustix::fs::OFlags;
use serde_json::Value;

use crate::base::log_writer::{LogWriter, Urgency};
use crate::base::named::named;
use crate::base::printable::{self, printable};
use crate::base::time::Clock;
use crate::base::{links, output};

/// The names and values of a line.
pub type LogFields<'a> = &'a [(&'a str, Detail<'a>)];

/// A value in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail<'a> {
    Text(Cow<'a, str>),
    Number(u64),
    Json(Value),
}

impl<'a> From<&'a str> for Detail<'a> {
    fn from(text: &'a str) -> Detail<'a> {
        Detail::Text(text.into())
    }
}

impl From<String> for Detail<'_> {
    fn from(text: String) -> Self {
        Detail::Text(text.into())
    }
}

impl From<u16> for Detail<'_> {
    fn from(number: u16) -> Self {
        Detail::Number(number.into())
    }
}

impl From<usize> for Detail<'_> {
    /// No count here exceeds 64 bits.
    fn from(number: usize) -> Self {
        Detail::Number(number as u64)
    }
}

impl From<Value> for Detail<'_> {
    fn from(value: Value) -> Self {
        Detail::Json(value)
    }
}

impl From<u64> for Detail<'_> {
    fn from(number: u64) -> Self {
        Detail::Number(number)
    }
}

named! {
    /// Which lines are written.
    #[derive(PartialOrd, Ord)]
    pub enum Verbosity {
        Off = "off",
        /// Errors and warnings.
        Errors = "errors",
        All = "all",
    }
}

pub fn info(message: &str, fields: LogFields<'_>) {
    write(Verbosity::All, "info", message, fields);
}

pub fn warn(message: &str, fields: LogFields<'_>) {
    write(Verbosity::Errors, "warn", message, fields);
}

pub fn error(message: &str, fields: LogFields<'_>) {
    write(Verbosity::Errors, "error", message, fields);
}

/// The log; unset while it is not open.
static LOG: OnceLock<Log> = OnceLock::new();

/// How long the end of the process waits for what is not written yet.
const FLUSH_TIMEOUT: Duration = Duration::from_millis(250);

struct Log {
    verbosity: Verbosity,
    format: LogFormat,
    file: Option<PathBuf>,
    writer: Arc<LogWriter>,
}

#[derive(Clone, Copy, Debug)]
enum LogFormat {
    People,
    Machines,
}

/// Flushes the log when it is dropped.
pub struct OpenLog;

impl Drop for OpenLog {
    fn drop(&mut self) {
        flush();
    }
}

/// Opens the log in this file, or on standard error. Before that nothing is written: users of the library, such as tests, keep standard error
/// to themselves. Fails if the file cannot be opened.
pub fn open(verbosity: Verbosity, file: Option<&Path>) -> io::Result<OpenLog> {
    let target = file.map_or_else(|| output::own_handle(&io::stderr()), open_file)?;
    let format = if target.is_terminal() { LogFormat::People } else { LogFormat::Machines };
    let notice =
        move |dropped: u64| format.line("warn", "lines of the log were dropped: nobody took them in time", &[("dropped", dropped.into())]);
    let writer = LogWriter::start(target, notice)?;
    let _ = LOG.set(Log { verbosity, format, file: file.map(Path::to_owned), writer });
    Ok(OpenLog)
}

/// Opens the file of the log again, under its name: the old one may have been moved away. Does nothing without a file.
pub fn reopen() -> io::Result<()> {
    let Some(Log { file: Some(file), writer, .. }) = LOG.get() else { return Ok(()) };
    writer.redirect(open_file(file)?);
    Ok(())
}

/// Waits a moment for what is not written yet: for a process that is about to end.
pub fn flush() {
    if let Some(log) = LOG.get() {
        log.writer.flush(FLUSH_TIMEOUT);
    }
}

/// Returns how many lines were dropped because nobody took them, since the process began.
pub fn dropped_lines() -> u64 {
    LOG.get().map_or(0, |log| log.writer.dropped())
}

/// Appends to the file. A new one is readable by its group too, as log collectors expect. Follows no link of another user.
fn open_file(path: &Path) -> io::Result<File> {
    links::open(&links::resolved(path)?, OpenOptions::new().append(true).create(true).mode(0o640), OFlags::empty())
}

fn write(least: Verbosity, level: &str, message: &str, fields: LogFields<'_>) {
    let Some(log) = LOG.get().filter(|log| log.verbosity >= least) else { return };
    let urgency = if least == Verbosity::All { Urgency::Normal } else { Urgency::Urgent };
    log.writer.push(&log.format.line(level, message, fields), urgency);
}

impl LogFormat {
    fn line(self, level: &str, message: &str, fields: LogFields<'_>) -> String {
        let time = Clock::System.now().to_string();
        match self {
            LogFormat::People => for_people(&time, level, message, fields),
            LogFormat::Machines => for_machines(&time, level, message, fields),
        }
    }
}

fn for_people(time: &str, level: &str, message: &str, fields: LogFields<'_>) -> String {
    let mut line = format!("{time} {level:5} {}", printable(message));
    for (name, value) in fields {
        let value = match value {
            Detail::Text(text) => printable(text),
            Detail::Number(number) => number.to_string(),
            Detail::Json(value) => printable::json(&value.to_string()),
        };
        line.push_str(&format!(" {name}={value}"));
    }
    line + "\n"
}

fn for_machines(time: &str, level: &str, message: &str, fields: LogFields<'_>) -> String {
    let head = [("time", time.into()), ("level", level.into()), ("message", message.into())];
    let mut line = String::with_capacity(256);
    for (name, value) in head.iter().chain(fields) {
        line.push_str(if line.is_empty() { "{\"" } else { ",\"" });
        line.push_str(name);
        line.push_str("\":");
        match value {
            Detail::Text(text) => line.push_str(&serde_json::to_string(text).expect("a text is JSON")),
            Detail::Number(number) => line.push_str(&number.to_string()),
            Detail::Json(value) => line.push_str(&value.to_string()),
        }
    }
    printable::json(&line) + "}\n"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_for_machines_is_one_json_object() {
        let line = for_machines("now", "info", "two\nlines", &[("status", Detail::Number(200)), ("path", "\"a\"".into())]);
        assert_eq!(line.lines().count(), 1);
        assert_eq!(
            serde_json::from_str::<Value>(&line).unwrap(),
            json!({"time": "now", "level": "info", "message": "two\nlines", "status": 200, "path": "\"a\""})
        );
    }

    #[test]
    fn nothing_in_a_line_steers_the_terminal_that_shows_it() {
        let odd = "\u{1b}[2J\u{9b}2J\u{7f}\u{202e}\n\u{85}\u{2066}";
        let fields: LogFields<'_> = &[("text", odd.into()), ("json", json!({"a": odd}).into())];
        for line in [for_machines("now", "error", odd, fields), for_people("now", "error", odd, fields)] {
            let body = line.strip_suffix('\n').unwrap();
            assert!(!body.contains(printable::steers), "{body:?}");
        }
        let line = for_machines("now", "error", odd, fields);
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["json"]["a"], odd);
    }

    #[test]
    fn a_line_for_people_stays_one_line() {
        let line = for_people("now", "warn", "odd", &[("path", "a\nb".into()), ("status", Detail::Number(404))]);
        assert_eq!(line, "now warn  odd path=a\\nb status=404\n");
    }
}
