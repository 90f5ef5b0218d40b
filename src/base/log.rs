//! The log, on standard error: lines for people on a terminal, otherwise JSON. Secrets are never passed to it.

use std::borrow::Cow;
use std::io::{IsTerminal, Write};
use std::sync::OnceLock;

use serde_json::Value;

use crate::base::printable::{self, printable};
use crate::base::time::Clock;

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

pub fn info(message: &str, fields: LogFields<'_>) {
    write("info", message, fields);
}

pub fn warn(message: &str, fields: LogFields<'_>) {
    write("warn", message, fields);
}

pub fn error(message: &str, fields: LogFields<'_>) {
    write("error", message, fields);
}

/// The format of lines; unset while the log is not open.
static FORMAT: OnceLock<LogFormat> = OnceLock::new();

#[derive(Clone, Copy, Debug)]
enum LogFormat {
    People,
    Machines,
}

/// Opens the log. Before that nothing is written: users of the library, such as tests, keep standard error to themselves.
pub fn open() {
    let _ = FORMAT.set(if std::io::stderr().is_terminal() { LogFormat::People } else { LogFormat::Machines });
}

fn write(level: &str, message: &str, fields: LogFields<'_>) {
    let Some(format) = FORMAT.get() else { return };
    let time = Clock::System.now().to_string();
    let line = match format {
        LogFormat::People => for_people(&time, level, message, fields),
        LogFormat::Machines => for_machines(&time, level, message, fields),
    };
    // Errors are ignored: there is nowhere to report them.
    let _ = std::io::stderr().write_all(line.as_bytes());
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
