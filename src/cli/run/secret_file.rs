//! `--secret-out FILE`: secrets go to a new file that only its owner can read, and not to the terminal.

use std::fs::{File, remove_file};
use std::io::Write;
use std::path::Path;

use serde_json::{Map, Value};

use crate::base::private_file::create_new;
use crate::cli::api_error::{ApiError, SECRET_FILE};
use crate::cli::args::values::{Format, Values};
use crate::cli::failure::Failure;
use crate::cli::run::output;
use crate::cli::terminal::note;

/// The member of an answer that is secret, and whose it is.
pub struct Secret<'a> {
    pub of: &'a str,
    pub member: &'a str,
}

/// The file for a command's secrets, if there is one. It is created before the request is sent: no secret may be issued that cannot be
/// stored.
pub struct SecretFile<'a> {
    values: &'a Values,
    file: Option<(String, File)>,
    /// Whether each line of the file has the owner of its secret.
    several: bool,
    kept: usize,
    shown: usize,
}

impl SecretFile<'_> {
    /// Creates the file that `--secret-out` names, if the command issues secrets. Fails if it exists.
    pub fn of(values: &Values, secrets: usize) -> Result<SecretFile<'_>, ApiError> {
        let path = values.one("secret-out").filter(|_| secrets > 0);
        let make = |path: &str| {
            let file = create_new(Path::new(path))
                .map_err(|error| ApiError::from(SECRET_FILE.with("reason", error.to_string())).with("secret-out", path))?;
            Ok::<_, ApiError>((path.to_owned(), file))
        };
        Ok(SecretFile { values, file: path.map(make).transpose()?, several: secrets > 1, kept: 0, shown: 0 })
    }

    /// Prints an answer, without its secret if that goes to the file.
    pub fn print(&mut self, secret: &Secret<'_>, columns: &[&str], mut body: Value) -> Result<(), Failure> {
        self.keep(secret, &mut body)?;
        output::object(self.values, columns, &body)
    }

    /// Moves the secret of an answer to the file, if there is one; with several secrets a line is `ID SECRET`. Otherwise, if the output
    /// leaves the secret out, prints it on standard error: it is not shown again.
    fn keep(&mut self, secret: &Secret<'_>, body: &mut Value) -> Result<(), ApiError> {
        let Some(object) = body.as_object_mut().filter(|object| object.contains_key(secret.member)) else { return Ok(()) };
        let Some((path, file)) = &mut self.file else {
            match &self.values.format {
                Format::Path(path) if path != secret.member => note(&told(secret, object)),
                Format::Table => note(&told(secret, object)),
                Format::Json | Format::Path(_) => self.shown += 1,
            }
            return Ok(());
        };
        let value = object.shift_remove(secret.member).unwrap_or_default();
        let value = value.as_str().unwrap_or_default();
        let line = if self.several { format!("{} {value}\n", secret.of) } else { format!("{value}\n") };
        let written = file.write_all(line.as_bytes()).and_then(|()| file.sync_all());
        written.map_err(|error| ApiError::from(SECRET_FILE.with("reason", error.to_string())).with("secret-out", path))?;
        self.kept += 1;
        Ok(())
    }

    /// Says on standard error where the secrets are.
    pub fn end(self) {
        match (&self.file, self.shown) {
            (Some((path, _)), _) if self.kept > 0 => {
                note(&format!("wrote {} to {path}", if self.several { "the secrets" } else { "the secret" }))
            }
            (None, 1) => note("the secret is shown only once: keep it"),
            (None, shown) if shown > 1 => note(&format!("{shown} secrets are shown only once: keep them")),
            _ => {}
        }
    }
}

fn told(secret: &Secret<'_>, object: &Map<String, Value>) -> String {
    let value = object.get(secret.member).and_then(Value::as_str).unwrap_or_default();
    format!("the {} of {}, shown only once: {value}", secret.member, secret.of)
}

impl Drop for SecretFile<'_> {
    /// Deletes an empty file, which would make the next attempt fail.
    fn drop(&mut self) {
        if let (Some((path, _)), 0) = (&self.file, self.kept) {
            let _ = remove_file(path);
        }
    }
}
