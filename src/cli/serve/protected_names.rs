//! The file of protected names: read at start, and again on SIGHUP.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::base::regular_file;
use crate::cli::failure::Failure;
use crate::cli::serve::reload::Reloads;
use crate::cli::serve::settings::Configuration;
use crate::model::protected_names::{ProtectedNameList, parse};
use crate::model::settings::Settings;

/// More names than anyone protects: each new client is compared with all.
const MOST_NAMES: usize = 1_000;

/// The largest file that is read.
const LARGEST: u64 = 256 * 1024;

/// Reads the file, if there is to be one.
pub fn read_at_start(configuration: &Configuration) -> Result<(), Failure> {
    let list = &configuration.settings.protected_names;
    let read = configuration.protected_names.as_ref().map_or(Ok(()), |file| read(file, list));
    read.map_err(|cause| Failure::Refused(format!("cannot use the names of --protected-names: {cause}")))
}

/// Has the file read again with the other reloads.
pub fn read_on_reload(file: Option<PathBuf>, settings: &Settings, reloads: &mut Reloads) {
    if let Some(file) = file {
        let list = settings.protected_names.clone();
        reloads.add("protected names", move || read(&file, &list));
    }
}

/// Reads the file into the list. Fails with the cause, and the list stays as it was.
fn read(file: &Path, list: &ProtectedNameList) -> Result<(), String> {
    let mut text = String::new();
    let opened = regular_file::open(file).and_then(|opened| opened.take(LARGEST + 1).read_to_string(&mut text));
    opened.map_err(|error| format!("{}: {error}", file.display()))?;
    let names = parse(&text);
    if names.len() > MOST_NAMES || text.len() as u64 > LARGEST {
        return Err(format!("{}: it has more than {MOST_NAMES} names, or more than {} KiB", file.display(), LARGEST / 1024));
    }
    list.set(names);
    Ok(())
}
