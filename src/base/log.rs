//! The log, on standard error: lines for people on a terminal, JSON for machines otherwise. Nothing secret is ever handed to it.

use std::io::{IsTerminal, Write};
use std::sync::OnceLock;

use serde_json::{Map, Value};

use crate::base::time::Clock;

/// Names and values that belong to a line.
pub type Fields<'a> = &'a [(&'a str, Value)];

pub fn info(message: &str, fields: Fields<'_>) {
    write("info", message, fields);
}

pub fn warn(message: &str, fields: Fields<'_>) {
    write("warn", message, fields);
}

pub fn error(message: &str, fields: Fields<'_>) {
    write("error", message, fields);
}

/// How lines are written; nothing while the log is not open.
static FORMAT: OnceLock<Format> = OnceLock::new();

#[derive(Clone, Copy, Debug)]
enum Format {
    People,
    Machines,
}

/// Opens the log. Before that nothing is written: whoever uses the library, a test for one, keeps standard error to itself.
pub fn open() {
    let _ = FORMAT.set(if std::io::stderr().is_terminal() { Format::People } else { Format::Machines });
}

fn write(level: &str, message: &str, fields: Fields<'_>) {
    let Some(format) = FORMAT.get() else { return };
    let time = Clock::System.now().to_string();
    let line = match format {
        Format::People => for_people(&time, level, message, fields),
        Format::Machines => for_machines(&time, level, message, fields),
    };
    // Nobody is left to tell when the log itself cannot be written.
    let _ = std::io::stderr().write_all(line.as_bytes());
}

fn for_people(time: &str, level: &str, message: &str, fields: Fields<'_>) -> String {
    let mut line = format!("{time} {level:5} {message}");
    for (name, value) in fields {
        let value = value.as_str().map_or_else(|| value.to_string(), |text| text.escape_debug().to_string());
        line.push_str(&format!(" {name}={value}"));
    }
    line + "\n"
}

fn for_machines(time: &str, level: &str, message: &str, fields: Fields<'_>) -> String {
    let head = [("time", time.into()), ("level", level.into()), ("message", message.into())];
    let line: Map<String, Value> = head.iter().chain(fields).map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Value::from(line).to_string() + "\n"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FIELDS: Fields<'static> = &[("status", Value::Null)];

    #[test]
    fn a_line_for_machines_is_one_json_object() {
        let line = for_machines("now", "info", "two\nlines", &[("status", json!(200))]);
        assert_eq!(line.lines().count(), 1);
        assert_eq!(
            serde_json::from_str::<Value>(&line).unwrap(),
            json!({"time": "now", "level": "info", "message": "two\nlines", "status": 200})
        );
    }

    #[test]
    fn a_line_for_people_stays_one_line() {
        let line = for_people("now", "warn", "odd", &[("path", json!("a\nb")), ("status", json!(404))]);
        assert_eq!(line, "now warn  odd path=a\\nb status=404\n");
        assert!(for_people("now", "info", "m", FIELDS).ends_with("status=null\n"));
    }
}
