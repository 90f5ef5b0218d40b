//! Checks of how a server is run: its clock, its addresses, its certificate, its data file and its backups.

use std::path::PathBuf;

use crate::base::time::Time;
use crate::diagnostics::{addresses, backups, certificate, files};
use crate::model::deployment::Deployment;
use crate::model::finding::Finding;
use crate::store::files::resolved;

/// A clock that is before this was never set: keyfob is not older.
const EARLIEST: &str = "2026-01-01T00:00:00Z";

/// Checks what is known without looking at any file.
pub fn check_settings(deployment: &Deployment, now: Time) -> Vec<Finding> {
    vec![clock(now), addresses::check(deployment)]
}

/// Checks the files, of which some may be far away: this takes as long as they take to answer.
pub fn check_files(deployment: &Deployment, now: Time) -> Vec<Finding> {
    let host = addresses::host_of_certificate(deployment);
    let mut found: Vec<Finding> = deployment.tls.iter().map(|(file, key)| certificate::check(file, key, host.as_deref(), now)).collect();
    match data_file(deployment) {
        Ok(None) => {}
        Ok(Some(file)) => {
            found.extend(files::check(&file));
            found.push(backups::check(deployment.backups.as_ref(), now));
        }
        Err(missing) => found.push(missing),
    }
    found
}

/// Returns the data file; `None` if it is temporary.
/// # Errors
/// What is wrong if it is not there.
pub fn data_file(deployment: &Deployment) -> Result<Option<PathBuf>, Finding> {
    const NAME_IT: &str = "name it with --data or KEYFOB_DATA, as for `keyfob serve`, which creates it";
    let Some(name) = &deployment.data else { return Ok(None) };
    match resolved(name) {
        Err(error) => Err(Finding::problem("data", format!("{}: {error}", name.display()), NAME_IT)),
        Ok(file) if !file.exists() => Err(Finding::problem("data", format!("there is no file {}", file.display()), NAME_IT)),
        Ok(file) => Ok(Some(file)),
    }
}

fn clock(now: Time) -> Finding {
    const CHECK: &str = "clock";
    if Time::parse(EARLIEST).is_none_or(|earliest| earliest <= now) {
        return Finding::ok(CHECK, format!("it is {now}"));
    }
    let remedy = "set it, and have it kept right by a time service such as systemd-timesyncd";
    Finding::problem(CHECK, format!("the clock says {now}"), remedy)
}
