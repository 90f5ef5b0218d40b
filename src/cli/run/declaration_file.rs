//! A declaration in its file: read, with the secrets that are elsewhere looked up, and those that were generated written.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, remove_file};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use rustix::fs::{FlockOperation, OFlags, flock};
use serde_json::Value;

use crate::base::folder::{folder_of, sync_folder};
use crate::base::private_file::create_new;
use crate::base::{links, strict_json};
use crate::cli::api_error::ApiError;
use crate::cli::args::settings::variable;
use crate::cli::failure::Failure;
use crate::cli::run::declared_operations::unusable;
use crate::declared::prepared::PLAN_OUTDATED;
use crate::declared::row::MemberTable;
use crate::declared::sources::{Sources, look_up};

const STANDARD_INPUT: &str = "-";

/// The most bytes of a file with one secret.
const LONGEST_SECRET: u64 = 64 * 1024;

/// How often a folder is tried that another application writes secrets to, and how long is waited in between.
const LOCK_ATTEMPTS: usize = 300;
const LOCK_PAUSE: Duration = Duration::from_millis(100);

/// A declaration that was read.
pub struct DeclarationFile {
    /// As it was named.
    pub name: String,
    pub value: Value,
    secrets: FileSources,
}

/// A secret that was generated, and is not written yet.
struct GeneratedSecret {
    at: String,
    path: PathBuf,
    text: String,
}

impl DeclarationFile {
    /// Reads the file of this name; `-` is standard input.
    pub fn read(table: &MemberTable, name: &str) -> Result<DeclarationFile, Failure> {
        let wrong = |why: &str| Failure::Refused(format!("{name}: {why}"));
        let (mut text, mut others_read) = (Vec::new(), false);
        if name == STANDARD_INPUT {
            io::stdin().read_to_end(&mut text).map_err(|error| wrong(&error.to_string()))?;
        } else {
            let unread = |error: io::Error| match error.kind() {
                ErrorKind::InvalidInput => wrong(&format!("cannot read it: {error}, or - for standard input")),
                _ => wrong(&format!("cannot read it: {error}")),
            };
            let mut file = open(Path::new(name)).map_err(unread)?;
            others_read = is_read_by_others(&file);
            file.read_to_end(&mut text).map_err(|error| wrong(&format!("cannot read it: {error}")))?;
        }
        if text.trim_ascii().is_empty() {
            return Err(wrong("it is empty: write {} for one that declares nothing"));
        }
        let value = strict_json::parse(&text).map_err(|error| wrong(&format!("it is not JSON: {error}")))?;
        let mut file = DeclarationFile::of_value(table, name, value)?;
        if let Some(at) = file.secrets.in_clear.as_ref().filter(|_| others_read) {
            file.secrets.warnings.push(format!(
                "{name} holds a secret in clear (`{at}`) and other users can read it: chmod 600 it, or let it name a file, such as \
                 {{\"file\": \"NAME\"}}"
            ));
        }
        Ok(file)
    }

    /// Looks up the secrets of what a file of this name holds.
    pub fn of_value(table: &MemberTable, name: &str, mut value: Value) -> Result<DeclarationFile, Failure> {
        let folder = Path::new(name).parent().filter(|_| name != STANDARD_INPUT).unwrap_or(Path::new("")).to_owned();
        let mut secrets = FileSources { folder, ..FileSources::default() };
        look_up(table, &mut value, &mut secrets).map_err(|error| unusable(name, error))?;
        Ok(DeclarationFile { name: name.to_owned(), value, secrets })
    }

    /// Returns whether it cannot be read again.
    pub fn is_standard_input(&self) -> bool {
        self.name == STANDARD_INPUT
    }

    /// Returns whether secrets were generated that may have to be written.
    pub fn generates(&self) -> bool {
        !self.secrets.generated.is_empty()
    }

    fn generated_at(&self, at: &str) -> Option<&GeneratedSecret> {
        self.secrets.generated.iter().find(|secret| secret.at == at)
    }

    /// Returns what to say about it, for people.
    pub fn warnings(&self) -> &[String] {
        &self.secrets.warnings
    }

    pub fn generated_places(&self) -> Vec<&str> {
        self.secrets.generated.iter().map(|secret| secret.at.as_str()).collect()
    }

    /// Writes the generated secrets of these places to their files, which are new. Others who apply declarations with secrets in the same
    /// folders wait until what this returns is dropped: nobody may read a secret that is taken back.
    /// # Errors
    /// `plan_outdated` if the files are no longer as they were read.
    pub fn write_generated(&self, places: &[&str]) -> Result<WrittenSecrets, Failure> {
        let mut written = WrittenSecrets { files: Vec::new(), _locks: self.lock_folders()? };
        let is_same = |(path, text): &(PathBuf, String)| read_secret(path).is_ok_and(|(_, now)| now == *text);
        if !self.secrets.found.iter().all(is_same) || self.secrets.generated.iter().any(|secret| secret.path.exists()) {
            return Err(ApiError::from(PLAN_OUTDATED.error()).into());
        }
        // What is not among the generated ones is in its file already.
        for at in places.iter().filter(|at| self.generated_at(at).is_some()) {
            let (file, path) = self.new_file(at)?;
            written.files.push(path);
            let text = self.generated_at(at).map_or("", |secret| &secret.text);
            self.fill(at, file, text)?;
        }
        Ok(written)
    }

    /// Locks the folders of generated secrets, in one order. What is no folder is left to who writes in it, who says why.
    fn lock_folders(&self) -> Result<Vec<File>, Failure> {
        let paths = self.secrets.generated.iter().map(|secret| &secret.path).chain(self.secrets.found.iter().map(|(path, _)| path));
        let folders: BTreeSet<PathBuf> = paths.filter_map(|path| folder_of(path).canonicalize().ok()).collect();
        let failed = |folder: &Path, error: io::Error| Failure::Refused(format!("{}: {}: {error}", self.name, folder.display()));
        folders.iter().map(|folder| lock(folder).map_err(|error| failed(folder, error))).collect()
    }

    /// Creates the file for the secret of this place.
    pub fn new_file(&self, at: &str) -> Result<(File, PathBuf), Failure> {
        let known = self.generated_at(at);
        let Some(secret) = known else { return Err(Failure::Refused(format!("{}: the file of `{at}` is there already", self.name))) };
        let file = create_new(&secret.path);
        Ok((file.map_err(|error| self.unwritten(at, &error))?, secret.path.clone()))
    }

    /// Writes a secret to its new file.
    pub fn fill(&self, at: &str, mut file: File, text: &str) -> Result<(), Failure> {
        let path = self.generated_at(at).map_or(Path::new("."), |secret| &secret.path);
        let written = file.write_all(format!("{text}\n").as_bytes()).and_then(|()| file.sync_all());
        written.and_then(|()| sync_folder(path)).map_err(|error| self.unwritten(at, &error))
    }

    fn unwritten(&self, at: &str, error: &io::Error) -> Failure {
        let path = self.generated_at(at).map(|secret| secret.path.display().to_string());
        Failure::Refused(format!("{}: `{at}` cannot be written to {}: {error}", self.name, path.unwrap_or_default()))
    }
}

/// Returns the places of the generated secrets that a plan needs.
pub fn generated_places(plan: &Value) -> Vec<&str> {
    plan["generated"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The files of generated secrets; they are deleted when this is dropped, unless they are kept.
pub struct WrittenSecrets {
    files: Vec<PathBuf>,
    /// Of their folders; unlocked when they are closed.
    _locks: Vec<File>,
}

impl WrittenSecrets {
    /// Keeps the files, and returns their names.
    pub fn keep(mut self) -> Vec<String> {
        std::mem::take(&mut self.files).iter().map(|path| path.display().to_string()).collect()
    }
}

impl Drop for WrittenSecrets {
    fn drop(&mut self) {
        // Errors are ignored: the next attempt reads what is left.
        self.files.iter().for_each(|path| drop(remove_file(path)));
    }
}

/// Looks secrets up in files and the environment.
#[derive(Default)]
struct FileSources {
    folder: PathBuf,
    generated: Vec<GeneratedSecret>,
    /// The files of secrets that were generated before, and what they held.
    found: Vec<(PathBuf, String)>,
    /// What to say about them, for people.
    warnings: Vec<String>,
    /// The place of the first secret in clear.
    in_clear: Option<String>,
}

impl FileSources {
    fn secret(&mut self, path: &Path) -> io::Result<String> {
        let (others_read, text) = read_secret(path)?;
        if others_read {
            self.warnings.push(format!("{} holds a secret, and other users can read it: chmod 600 it", path.display()));
        }
        Ok(text)
    }
}

impl Sources for FileSources {
    fn file(&mut self, name: &str) -> Result<String, String> {
        let path = self.folder.join(name);
        let text = self.secret(&path).map_err(|error| format!("names {}, which cannot be read: {error}", path.display()))?;
        if text.is_empty() { Err(format!("names {}, which is empty", path.display())) } else { Ok(text) }
    }

    fn variable(&mut self, name: &str) -> Result<String, String> {
        match variable(name) {
            Ok(Some(value)) => Ok(value.trim_end_matches(['\r', '\n']).to_owned()),
            Ok(None) => Err(format!("names the variable {name}, which is not set: set it, or name another")),
            Err(_) => Err(format!("names the variable {name}, which is not UTF-8")),
        }
    }

    fn generated(&mut self, at: &str, name: &str, fresh: String) -> Result<String, String> {
        let path = self.folder.join(name);
        // What the system shows of open files, such as /dev/stdout, is no file of the secret's own.
        if links::resolved(&path).is_ok_and(|path| path.starts_with("/proc")) {
            return Err(format!("must not be written to {}: name a file of its own", path.display()));
        }
        match self.secret(&path) {
            Ok(text) if text.is_empty() => Err(format!("names {}, which is there and empty: remove it", path.display())),
            Ok(text) => {
                self.found.push((path, text.clone()));
                Ok(text)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if self.generated.iter().any(|other| other.path == path) {
                    return Err(format!("must not be written to {}, where another secret is written to", path.display()));
                }
                self.generated.push(GeneratedSecret { at: at.to_owned(), path, text: fresh.clone() });
                Ok(fresh)
            }
            Err(error) => Err(format!("names {}, which cannot be read: {error}", path.display())),
        }
    }

    fn in_clear(&mut self, at: &str) {
        self.in_clear.get_or_insert_with(|| at.to_owned());
    }
}

/// Reads a secret, and whether other users can.
fn read_secret(path: &Path) -> io::Result<(bool, String)> {
    let file = open(path)?;
    let (others_read, mut text) = (is_read_by_others(&file), String::new());
    file.take(LONGEST_SECRET + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST_SECRET {
        return Err(io::Error::new(ErrorKind::InvalidData, "it is too long for a secret"));
    }
    Ok((others_read, text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Locks a folder, and waits a while for others.
fn lock(folder: &Path) -> io::Result<File> {
    let handle = File::open(folder)?;
    for _ in 0..LOCK_ATTEMPTS {
        match flock(&handle, FlockOperation::NonBlockingLockExclusive) {
            Err(rustix::io::Errno::WOULDBLOCK) => sleep(LOCK_PAUSE),
            done => return done.map(|()| handle).map_err(io::Error::from),
        }
    }
    Err(io::Error::new(ErrorKind::TimedOut, "somebody else applies a declaration with secrets in it: try again"))
}

/// Opens a file to read it, through links only where they are followed (`base/links.rs`).
fn open(path: &Path) -> io::Result<File> {
    // A pipe would wait for who writes into it.
    let file = links::open(&links::resolved(path)?, OpenOptions::new().read(true), OFlags::CLOEXEC | OFlags::NONBLOCK)?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(ErrorKind::InvalidInput, "it is no regular file: name one"))
}

fn is_read_by_others(file: &File) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.mode() & 0o004 != 0)
}
