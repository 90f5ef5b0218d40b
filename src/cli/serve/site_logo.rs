//! The file of the mark on pages: read at start, and again on SIGHUP.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::base::regular_file;
use crate::cli::failure::Failure;
use crate::cli::serve::reload::Reloads;
use crate::cli::serve::settings::Configuration;
use crate::model::settings::Settings;
use crate::model::site::{LARGEST_LOGO, Logo, SiteLogo};

/// Reads the file, if there is to be one.
pub fn read_at_start(configuration: &Configuration) -> Result<(), Failure> {
    let logo = &configuration.settings.site_logo;
    let read = configuration.site_logo.as_ref().map_or(Ok(()), |file| read(file, logo));
    read.map_err(|cause| Failure::Refused(format!("cannot use the picture of --site-logo: {cause}")))
}

/// Has the file read again with the other reloads.
pub fn read_on_reload(file: Option<PathBuf>, settings: &Settings, reloads: &mut Reloads) {
    if let Some(file) = file {
        let logo = settings.site_logo.clone();
        reloads.add("site logo", move || read(&file, &logo));
    }
}

/// Reads the file. Fails with the cause, and the mark stays as it was.
fn read(file: &Path, logo: &SiteLogo) -> Result<(), String> {
    let about = |cause: String| format!("{}: {cause}", file.display());
    let mut bytes = Vec::new();
    let opened = regular_file::open(file).and_then(|opened| opened.take(LARGEST_LOGO as u64 + 1).read_to_end(&mut bytes));
    opened.map_err(|error| about(error.to_string()))?;
    logo.set(Logo::of(bytes).map_err(about)?);
    Ok(())
}
