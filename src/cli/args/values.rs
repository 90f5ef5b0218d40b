//! The values of a command's flags and arguments.

use std::collections::{HashMap, HashSet};

use crate::cli::args::flags::{Flag, FlagKind};
use crate::cli::failure::UsageError;
use crate::cli::terminal;

/// An account: `users` or `organizations`, and its ID.
pub type AccountPath = (&'static str, String);

/// The values of a command's flags and arguments, by the names of the flags without their dashes.
#[derive(Debug, Default)]
pub struct Values {
    pub values: HashMap<String, Vec<String>>,
    /// The flags of the command that are switches.
    pub switches: HashSet<&'static str>,
    /// The flags whose secrets other programs could see, because they were arguments.
    pub exposed: Vec<&'static str>,
    pub format: Format,
}

/// How a command prints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Json,
    Table,
    /// The value at this path, a line for each item.
    Path(String),
}

impl Format {
    pub fn of(text: Option<&str>) -> Result<Format, UsageError> {
        match text {
            None | Some("json") => Ok(Format::Json),
            Some("table") => Ok(Format::Table),
            Some(path) if !path.is_empty() && path.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-')) => {
                Ok(Format::Path(path.replace('-', "_")))
            }
            Some(_) => Err(UsageError("--output-format is json, table, or a path such as ids.client_id".to_owned())),
        }
    }

    /// Returns the field that the format shows, which is therefore selected without being asked for.
    pub fn field(&self) -> Option<&str> {
        match self {
            Format::Path(path) => path.split('.').next(),
            Format::Json | Format::Table => None,
        }
    }
}

impl Values {
    /// Returns whether a flag, or the argument in its place, is given.
    pub fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// Reads the secrets that `rows` say are in files or on standard input, and stores them as if the flags for the secrets had been given.
    pub fn read_secrets(&mut self, rows: &[&'static Flag]) -> Result<(), UsageError> {
        for row in rows.iter().filter(|row| matches!(row.kind, FlagKind::SecretFile)) {
            let Some(path) = self.one(row.key()) else { continue };
            let key = row.key().trim_end_matches("-file");
            if self.has(key) {
                return Err(UsageError(format!("--{key} and {} exclude each other", row.name)));
            }
            let secret = terminal::secret(path, key).map_err(|error| UsageError(format!("{}: cannot read it: {error}", row.name)))?;
            if secret.is_empty() {
                return Err(UsageError(format!("{}: it holds nothing", row.name)));
            }
            self.values.insert(key.to_owned(), vec![secret]);
        }
        Ok(())
    }

    /// Returns a warning for each secret that was an argument, with how to give it unseen.
    pub fn warnings(&self) -> Vec<String> {
        let elsewhere = |flag: &str| match flag {
            "--api-key" => "KEYFOB_API_KEY_FILE, or `keyfob login`, which keeps it".to_owned(),
            "--fixture-token" => "KEYFOB_FIXTURE_TOKEN_FILE".to_owned(),
            flag => format!("{flag}-file"),
        };
        let warning = |flag: &&str| {
            format!(
                "{flag} on the command line shows a secret to other programs, and to the history of your shell: use {}",
                elsewhere(flag)
            )
        };
        self.exposed.iter().map(warning).collect()
    }

    /// Returns the last value of a flag, or the argument in its place.
    pub fn one(&self, key: &str) -> Option<&str> {
        self.values.get(key).and_then(|values| values.last()).map(String::as_str)
    }

    /// Returns the same value, required. Fails if it is missing or empty.
    pub fn needed(&self, key: &str) -> Result<&str, UsageError> {
        self.one(key).filter(|value| !value.is_empty()).ok_or_else(|| missing(key))
    }

    /// Returns whether a switch is on. Fails if its value is neither true nor false.
    pub fn switch(&self, key: &str) -> Result<bool, UsageError> {
        match self.one(key) {
            None | Some("false" | "0" | "f" | "F" | "FALSE" | "False") => Ok(false),
            Some("true" | "1" | "t" | "T" | "TRUE" | "True") => Ok(true),
            Some(_) => Err(UsageError(format!("--{key} is true or false"))),
        }
    }

    /// Returns whether a switch is on; false for a flag of this name that takes a value.
    pub fn selects(&self, key: &str) -> Result<bool, UsageError> {
        Ok(self.switches.contains(key) && self.switch(key)?)
    }

    /// Returns the items of a list: joined by commas, or the flag repeated.
    pub fn list(&self, key: &str) -> Vec<String> {
        self.values.get(key).into_iter().flatten().flat_map(|value| value.split(',')).map(str::to_owned).collect()
    }

    /// Returns the pairs of `key=value,k=v`. A part without `=` belongs to the value before it, which then holds a comma.
    pub fn pairs(&self, key: &str) -> Result<Vec<(String, String)>, UsageError> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for value in self.values.get(key).into_iter().flatten() {
            for (n, part) in value.split(',').enumerate() {
                match (part.split_once('='), pairs.last_mut()) {
                    (Some((name, value)), _) => pairs.push((name.to_owned(), value.to_owned())),
                    (None, Some((_, before))) if n > 0 => *before = format!("{before},{part}"),
                    (None, _) if value.is_empty() => {}
                    (None, _) => return Err(UsageError(format!("--{key} takes key=value"))),
                }
            }
        }
        Ok(pairs)
    }

    /// Stores a plain argument as the value of the flag `key`. Fails if both are given and differ.
    pub fn put_argument(&mut self, key: &str, value: String) -> Result<(), UsageError> {
        match self.one(key) {
            Some(other) if other != value => Err(UsageError(format!("the argument and --{key} name different things: give one of them"))),
            _ => {
                self.values.insert(key.to_owned(), vec![value]);
                Ok(())
            }
        }
    }

    /// Returns the rights of `--rights`, short names made full.
    pub fn rights(&self) -> Vec<String> {
        let full = |name: String| if name.starts_with("RIGHT_") { name } else { format!("RIGHT_{name}") };
        self.list("rights").into_iter().filter(|name| !name.is_empty()).map(full).collect()
    }

    /// Returns the account that flags name: `users` or `organizations`, and its ID.
    pub fn account(&self) -> Result<Option<AccountPath>, UsageError> {
        let one = |key: &str| self.one(key).filter(|id| !id.is_empty()).map(str::to_owned);
        match (one("user-id"), one("organization-id")) {
            (Some(_), Some(_)) => Err(UsageError("--user-id and --organization-id exclude each other".to_owned())),
            (Some(id), None) => Ok(Some(("users", id))),
            (None, Some(id)) => Ok(Some(("organizations", id))),
            (None, None) => Ok(None),
        }
    }
}

/// Returns the error for a missing flag, worded as by `ttn-lw-cli`: scripts look for it.
pub fn missing(key: &str) -> UsageError {
    let name = key.replace('-', "_");
    let words: Vec<&str> = key.split('-').map(|word| if word == "id" { "ID" } else { word }).collect();
    UsageError(format!("error:cmd/ttn-lw-cli/commands:no_{name} (no {} set)\n    flag=--{key}", words.join(" ")))
}

/// Reads a time span such as `24h`, `7d`, `90s` or `15m`, in seconds.
pub fn seconds(flag: &str, text: &str) -> Result<u64, UsageError> {
    let wrong = || UsageError(format!("{flag} is a number with s, m, h or d behind it, such as 24h"));
    let units = [('s', 1), ('m', 60), ('h', 60 * 60), ('d', 24 * 60 * 60)];
    let unit = text.chars().last().and_then(|last| units.into_iter().find(|(unit, _)| *unit == last)).ok_or_else(wrong)?;
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    number.checked_mul(unit.1).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_span_is_a_number_and_a_unit() {
        for (text, expected) in [
            ("24h", Some(86_400)),
            ("7d", Some(604_800)),
            ("90s", Some(90)),
            ("0s", Some(0)),
            ("5", None),
            ("", None),
            ("1é", None),
            ("h", None),
        ] {
            assert_eq!(seconds("--grace", text).ok(), expected, "{text}");
        }
    }
}
