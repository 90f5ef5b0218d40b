//! What commands print: JSON as `ttn-lw-cli` prints it, tables for people, plain values for scripts.

use std::io::{ErrorKind, IsTerminal, Write};

use serde_json::Value;

pub use crate::base::printable::printable;
use crate::base::printable::{json, lines};

use crate::cli::args::parse::Given;
use crate::cli::failure::{Failure, Usage};
use crate::cli::refusal::{NO_MEMBER, Refusal};

/// How a command prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    Json,
    Table,
    /// The value at this path, a line for each item.
    Path(String),
}

impl Format {
    pub fn of(given: &Given) -> Result<Format, Usage> {
        match given.one("output-format") {
            None | Some("json") => Ok(Format::Json),
            Some("table") => Ok(Format::Table),
            Some(path) if !path.is_empty() && path.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-')) => {
                Ok(Format::Path(path.replace('-', "_")))
            }
            Some(_) => Err(Usage("--output-format is json, table, or a path such as ids.client_id".to_owned())),
        }
    }

    /// The field that the format shows, so that it is selected without being asked for.
    pub fn field(&self) -> Option<&str> {
        match self {
            Format::Path(path) => path.split('.').next(),
            Format::Json | Format::Table => None,
        }
    }
}

/// Prints one object.
pub fn object(format: &Format, columns: &[&str], value: &Value) -> Result<(), Failure> {
    match format {
        Format::Json => print(&(json_text(value) + "\n")),
        Format::Table | Format::Path(_) => {
            let mut list = List::begin(format, columns);
            list.add(std::slice::from_ref(value))?;
            list.end()
        }
    }
}

/// A list that is printed as it comes, except for a table, whose columns are as wide as their widest value.
#[derive(Debug)]
pub struct List<'a> {
    format: &'a Format,
    columns: &'a [&'a str],
    begun: bool,
    found: bool,
    rows: Vec<Vec<String>>,
}

impl<'a> List<'a> {
    pub fn begin(format: &'a Format, columns: &'a [&'a str]) -> List<'a> {
        List { format, columns, begun: false, found: false, rows: Vec::new() }
    }

    pub fn add(&mut self, items: &[Value]) -> Result<(), Failure> {
        let mut text = String::new();
        for item in items {
            match self.format {
                Format::Json => text.push_str(&format!("{}{}", if self.begun { ", " } else { "[" }, json_text(item))),
                Format::Table => self.rows.push(self.columns.iter().map(|path| cell(at(item, path))).collect()),
                Format::Path(path) => {
                    let value = at(item, path);
                    self.found |= value.is_some();
                    text.push_str(&format!("{}\n", cell(value)));
                }
            }
            self.begun = true;
        }
        print(&text)
    }

    pub fn end(self) -> Result<(), Failure> {
        match self.format {
            Format::Json => print(if self.begun { "]\n" } else { "[]\n" }),
            Format::Table => print(&table(self.columns, &self.rows)),
            // An absent value may be a zero value; a member that no item has may be a slip.
            Format::Path(path) if self.begun && !self.found && !self.columns.contains(&path.as_str()) => {
                Err(Refusal::from(NO_MEMBER.with("path", path.as_str())).into())
            }
            Format::Path(_) => Ok(()),
        }
    }
}

/// The value at a dotted path.
fn at<'v>(item: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(item, |value, name| value.get(name))
}

/// A value on one line.
fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => printable(text),
        Some(Value::Array(items)) => items.iter().map(|item| cell(Some(item))).collect::<Vec<_>>().join(","),
        Some(account @ Value::Object(_)) => match at(account, "user_ids.user_id").or(at(account, "organization_ids.organization_id")) {
            Some(id) => cell(Some(id)),
            None => json(&account.to_string()),
        },
        Some(plain) => plain.to_string(),
    }
}

fn table(columns: &[&str], rows: &[Vec<String>]) -> String {
    let heads: Vec<String> = columns.iter().map(|path| path.rsplit('.').next().unwrap_or_default().to_uppercase()).collect();
    let width = |n: usize| rows.iter().map(|row| row[n].chars().count()).chain([heads[n].chars().count()]).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let line = |cells: &[String]| {
        let padded: Vec<String> = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    std::iter::once(line(&heads)).chain(rows.iter().map(|row| line(row))).collect()
}

/// A value as people read JSON, safe to show on a terminal.
pub fn json_text(value: &Value) -> String {
    json(&format!("{value:#}"))
}

/// Writes on standard output. Whatever steers a terminal and was not spelled out before is now. A reader that has gone away has seen enough.
pub fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(lines(text).as_bytes()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Failure::Unread),
        Err(error) => Err(Failure::Refused(format!("cannot write to standard output: {error}"))),
    }
}

/// Writes on standard error, for people; where it is closed, nobody wanted to know.
pub fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", lines(text));
}

/// Shows on a terminal how far a long list has come, in one line that is written over.
pub fn progress(done: usize, total: usize) {
    if std::io::stderr().is_terminal() && !std::io::stdout().is_terminal() {
        let end = if done >= total { "\n" } else { "" };
        let _ = write!(std::io::stderr(), "\r{done} of {total}{end}");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_has_columns_as_wide_as_their_widest_value() {
        let columns = ["ids.client_id", "name", "rights", "administrative_contact"];
        let item = json!({"ids": {"client_id": "my-app"}, "name": "Ünï\u{1b}[2J", "rights": ["A", "B"], "administrative_contact": {"user_ids": {"user_id": "ada"}}});
        let row: Vec<String> = columns.iter().map(|path| cell(at(&item, path))).collect();
        let printed = table(&columns, &[row, vec!["x".into(), String::new(), String::new(), String::new()]]);
        assert_eq!(printed, "CLIENT_ID  NAME          RIGHTS  ADMINISTRATIVE_CONTACT\nmy-app     Ünï\\u{1b}[2J  A,B     ada\nx\n");
    }

    #[test]
    fn a_value_is_one_line() {
        assert_eq!(cell(Some(&json!("two\nlines\u{202e}"))), "two\\nlines\\u{202e}");
        assert_eq!(cell(Some(&json!(true))), "true");
        assert_eq!(cell(at(&json!({"a": {"b": 1}}), "a.c")), "");
    }
}
