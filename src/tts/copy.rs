//! The format of `COPY … FROM stdin`: tables of columns, each with how its cell is made.

use std::io::{self, Write};

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::base::printable;
use crate::base::right::Right;
use crate::base::time::Time;

/// A cell; `None` is NULL.
pub type Cell = Option<String>;

/// A column: its name, and what of a record stands in it.
pub type CopyColumn<T> = (&'static str, fn(&T) -> Cell);

/// A table. Columns that are not named keep their defaults.
pub struct CopyTable<T: 'static> {
    pub name: &'static str,
    pub columns: &'static [CopyColumn<T>],
}

impl<T> CopyTable<T> {
    /// Returns the statement after which the rows follow.
    pub fn statement(&self) -> String {
        let columns: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        format!("COPY {} ({}) FROM stdin;\n", self.name, columns.join(", "))
    }

    pub fn write_row(&self, record: &T, out: &mut dyn Write) -> io::Result<()> {
        let cells: Vec<String> = self.columns.iter().map(|(_, cell)| escaped(cell(record))).collect();
        writeln!(out, "{}", cells.join("\t"))
    }
}

/// Ends the rows of a table.
pub const END: &str = "\\.\n\n";

fn escaped(cell: Cell) -> String {
    let Some(text) = cell else { return "\\N".to_owned() };
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '\t' => escaped.push_str("\\t"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            // So that it does not control a terminal; the database reads it as it was.
            c if printable::steers(c) => {
                c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| escaped.push_str(&format!("\\x{byte:02x}")));
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// An empty text is NULL, as The Things Stack writes it.
pub fn text(text: &str) -> Cell {
    (!text.is_empty()).then(|| text.to_owned())
}

pub fn time(time: Time) -> Cell {
    Some(time.to_string())
}

pub fn flag(flag: bool) -> Cell {
    Some(if flag { "t" } else { "f" }.to_owned())
}

pub fn rights(rights: impl IntoIterator<Item = Right>) -> Cell {
    numbers(rights.into_iter().map(|right| right as i64))
}

/// An array of numbers. An empty one is NULL.
pub fn numbers(numbers: impl Iterator<Item = i64>) -> Cell {
    let numbers: Vec<String> = numbers.map(|number| number.to_string()).collect();
    (!numbers.is_empty()).then(|| format!("{{{}}}", numbers.join(",")))
}

/// An array of texts. An empty one is NULL.
pub fn texts(texts: &[String]) -> Cell {
    let quoted: Vec<String> = texts.iter().map(|text| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))).collect();
    (!quoted.is_empty()).then(|| format!("{{{}}}", quoted.join(",")))
}

/// Returns the UUID of what these words name: the same at every export, so a file can be written again (RFC 9562 section 5.8).
pub fn uuid(words: &[&str]) -> String {
    // No word that is an ID has a space.
    let digest = Sha256::digest(words.join(" "));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = HEXLOWER.encode(&bytes);
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_in_a_text_stays_in_its_cell() {
        let table = CopyTable::<(&str, Vec<String>)> {
            name: "t",
            columns: &[("a", |row| text(row.0)), ("b", |row| texts(&row.1)), ("c", |_| None), ("d", |_| flag(true))],
        };
        assert_eq!(table.statement(), "COPY t (a, b, c, d) FROM stdin;\n");
        let mut out = Vec::new();
        table.write_row(&("a\tb\\.\n\\N\r\u{1b}\u{9b}", vec!["x,\"y\" \\z".to_owned(), "{}".to_owned()]), &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "a\\tb\\\\.\\n\\\\N\\r\\x1b\\xc2\\x9b\t{\"x,\\\\\"y\\\\\" \\\\\\\\z\",\"{}\"}\t\\N\tt\n"
        );
    }

    #[test]
    fn a_uuid_follows_from_its_words_and_says_so() {
        let one = uuid(&["user", "alice"]);
        assert_eq!(one, uuid(&["user", "alice"]));
        assert_ne!(one, uuid(&["account", "alice"]));
        assert_eq!((one.len(), one.as_bytes()[14]), (36, b'8'));
        assert!(matches!(one.as_bytes()[19], b'8' | b'9' | b'a' | b'b'), "{one}");
    }
}
