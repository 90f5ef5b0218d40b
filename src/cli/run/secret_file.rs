//! `--secret-out FILE`: what a server issues goes to a new file that only its owner can read, and not to the terminal.

use std::fs::{File, OpenOptions, remove_file};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use serde_json::{Map, Value};

use crate::cli::args::parse::Given;
use crate::cli::failure::Usage;
use crate::cli::refusal::{Refusal, SECRET_FILE};
use crate::cli::run::output::{Format, note};

/// Which member of an answer is secret, and whose it is.
#[derive(Debug)]
pub struct Secret<'a> {
    pub of: &'a str,
    pub member: &'a str,
}

/// Where the secrets of a command go. The file is made before anything is asked for, so that no secret is issued that cannot be kept.
#[derive(Debug)]
pub struct SecretFile {
    file: Option<(String, File)>,
    /// What is printed may leave the secret out, which then is told beside it: it exists this once.
    format: Format,
    /// Several secrets are told apart by whose they are.
    several: bool,
    kept: usize,
    shown: usize,
}

impl SecretFile {
    /// For a command that issues so many secrets.
    pub fn of(given: &Given, secrets: usize) -> Result<SecretFile, Refusal> {
        let path = given.one("secret-out").filter(|_| secrets > 0);
        let make = |path: &str| {
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
            let file = file.map_err(|error| Refusal::from(SECRET_FILE.with("reason", error.to_string())).with("secret-out", path))?;
            Ok::<_, Refusal>((path.to_owned(), file))
        };
        Ok(SecretFile {
            file: path.map(make).transpose()?,
            format: Format::of(given).unwrap_or(Format::Json),
            several: secrets > 1,
            kept: 0,
            shown: 0,
        })
    }

    /// Takes the secret out of an answer if it goes to the file. With several secrets a line is `ID SECRET`.
    pub fn keep(&mut self, secret: Secret<'_>, body: &mut Value) -> Result<(), Refusal> {
        let Some(object) = body.as_object_mut().filter(|object| object.contains_key(secret.member)) else { return Ok(()) };
        let Some((path, file)) = &mut self.file else {
            match &self.format {
                Format::Path(path) if path != secret.member => note(&told(&secret, object)),
                Format::Table => note(&told(&secret, object)),
                Format::Json | Format::Path(_) => self.shown += 1,
            }
            return Ok(());
        };
        let value = object.shift_remove(secret.member).unwrap_or_default();
        let value = value.as_str().unwrap_or_default();
        let line = if self.several { format!("{} {value}\n", secret.of) } else { format!("{value}\n") };
        let written = file.write_all(line.as_bytes()).and_then(|()| file.sync_all());
        written.map_err(|error| Refusal::from(SECRET_FILE.with("reason", error.to_string())).with("secret-out", path))?;
        self.kept += 1;
        Ok(())
    }

    /// Tells once what became of the secrets.
    pub fn end(self) {
        match (&self.file, self.shown) {
            (Some((path, _)), _) if self.kept > 0 => {
                note(&format!("wrote {} to {path}", if self.several { "the secrets" } else { "the secret" }))
            }
            (None, 1) => note("the secret is shown this once: keep it"),
            (None, shown) if shown > 1 => note(&format!("{shown} secrets are shown this once: keep them")),
            _ => {}
        }
    }
}

fn told(secret: &Secret<'_>, object: &Map<String, Value>) -> String {
    let value = object.get(secret.member).and_then(Value::as_str).unwrap_or_default();
    format!("the {} of {}, shown this once: {value}", secret.member, secret.of)
}

impl Drop for SecretFile {
    /// A file that holds nothing would only stand in the way of the next attempt.
    fn drop(&mut self) {
        if let (Some((path, _)), 0) = (&self.file, self.kept) {
            let _ = remove_file(path);
        }
    }
}

/// A time span such as `24h`, `7d`, `90s` or `15m`, in seconds.
pub fn seconds(flag: &str, text: &str) -> Result<u64, Usage> {
    let wrong = || Usage(format!("{flag} is a number with s, m, h or d behind it, such as 24h"));
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
