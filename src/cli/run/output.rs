//! Prints answers: JSON as `ttn-lw-cli` does, tables for people, plain values for scripts.

use serde_json::Value;

use crate::base::printable::{json, printable};
use crate::cli::api_error::{ApiError, NO_MEMBER};
use crate::cli::args::values::{Format, Values};
use crate::cli::failure::Failure;
use crate::cli::terminal::print;

pub fn object(values: &Values, columns: &[&str], value: &Value) -> Result<(), Failure> {
    match values.format {
        Format::Json => print(&(json_text(value) + "\n")),
        Format::Table | Format::Path(_) => {
            let mut list = List::begin(&values.format, columns);
            list.add(std::slice::from_ref(value))?;
            list.end()
        }
    }
}

/// Prints a whole list.
pub fn list(values: &Values, columns: &[&str], items: &[Value]) -> Result<(), Failure> {
    let mut list = List::begin(&values.format, columns);
    list.add(items)?;
    list.end()
}

/// A list, printed page by page. A table is printed at its end, because its columns are as wide as their widest value.
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
            // An absent value may be a zero value; a member that no item has may be a mistake.
            Format::Path(path) if self.begun && !self.found && !self.columns.contains(&path.as_str()) => {
                Err(ApiError::from(NO_MEMBER.with("path", path.as_str())).into())
            }
            Format::Path(_) => Ok(()),
        }
    }
}

/// Returns the value at a dotted path.
fn at<'v>(item: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(item, |value, name| value.get(name))
}

/// Writes a value on one line.
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

/// Writes a value as indented JSON that is safe to show on a terminal.
pub fn json_text(value: &Value) -> String {
    json(&format!("{value:#}"))
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
