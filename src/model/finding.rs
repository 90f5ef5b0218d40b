//! What a check of a server found.

use serde_json::{Value, json};

use crate::base::printable::printable;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Ok,
    /// Good to know, or to do some day.
    Advice,
    /// Counts for the exit code.
    Problem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The name of the check.
    pub check: &'static str,
    pub level: Level,
    pub found: String,
    /// What to do; empty if there is nothing to do.
    pub remedy: String,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Level::Ok => "ok",
            Level::Advice => "advice",
            Level::Problem => "problem",
        }
    }
}

impl Finding {
    pub fn ok(check: &'static str, found: impl Into<String>) -> Finding {
        Finding { check, level: Level::Ok, found: found.into(), remedy: String::new() }
    }

    pub fn advice(check: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Finding {
        Finding { check, level: Level::Advice, found: found.into(), remedy: remedy.into() }
    }

    pub fn problem(check: &'static str, found: impl Into<String>, remedy: impl Into<String>) -> Finding {
        Finding { check, level: Level::Problem, found: found.into(), remedy: remedy.into() }
    }

    /// Returns `problem  wal          what was found: what to do`.
    pub fn line(&self) -> String {
        let remedy = if self.remedy.is_empty() { String::new() } else { format!(": {}", self.remedy) };
        format!("{:8} {:14} {}\n", self.level.name(), self.check, printable(&format!("{}{remedy}", self.found)))
    }

    pub fn to_json(&self) -> Value {
        json!({"check": self.check, "level": self.level.name(), "found": self.found, "remedy": self.remedy})
    }
}

/// Returns `1 client` or `2 clients`.
pub fn counted(count: impl TryInto<u64>, noun: &str) -> String {
    let count = count.try_into().unwrap_or_default();
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Returns seconds as people say them: `50 minutes`, `20 hours`, `3 days`.
pub fn span(seconds: i64) -> String {
    const HOUR: i64 = 3600;
    const DAY: i64 = 24 * HOUR;
    match seconds {
        ..0 => "0 seconds".to_owned(),
        0..120 => counted(seconds, "second"),
        120..7200 => counted(seconds / 60, "minute"),
        7200..172_800 => counted(seconds / HOUR, "hour"),
        _ => counted(seconds / DAY, "day"),
    }
}

/// Returns sizes as people read them: `512 KiB`, `64 MiB`, `3 GiB`.
pub fn size(bytes: u64) -> String {
    const KIBI: u64 = 1024;
    match bytes {
        0..KIBI => format!("{bytes} bytes"),
        KIBI..1_048_576 => format!("{} KiB", bytes / KIBI),
        1_048_576..1_073_741_824 => format!("{} MiB", bytes / 1_048_576),
        _ => format!("{} GiB", bytes / 1_073_741_824),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_one_line_and_sizes_are_short() {
        let finding = Finding::problem("wal", "too\nlarge", "stop it");
        assert_eq!(finding.line(), "problem  wal            too\\nlarge: stop it\n");
        assert_eq!([0, 2048, 70 << 20, 3 << 30].map(size), ["0 bytes", "2 KiB", "70 MiB", "3 GiB"]);
        assert_eq!(
            [-1, 1, 119, 3600, 86_400, 172_800].map(span),
            ["0 seconds", "1 second", "119 seconds", "60 minutes", "24 hours", "2 days"]
        );
        assert_eq!((counted(1, "client"), counted(0, "client")), ("1 client".to_owned(), "0 clients".to_owned()));
    }
}
