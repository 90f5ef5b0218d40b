//! The certificate of the server: read at start, and again when its files change. That of a fixture is made in memory.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;

use crate::cli::failure::Failure;
use crate::cli::serve::background::Stopped;
use crate::cli::serve::reload;
use crate::cli::serve::settings::{Configuration, FixtureTls};
use crate::fixture::authority::Authority;
use crate::http::certificate::Certificate;

/// How often it is looked at whether the files have changed.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(2);

/// What it is called in the log.
pub const NAME: &str = "certificate";

/// Reads the certificate, if there is to be one.
pub fn read(configuration: &Configuration) -> Result<Option<Arc<Certificate>>, Failure> {
    let read = configuration.tls.as_ref().map(|(certificate, key)| Certificate::read(certificate, key)).transpose();
    read.map_err(|cause| Failure::Refused(format!("cannot use the certificate of --tls-cert and --tls-key: {cause}")))
}

/// Makes the authority of a fixture, if it is to have one.
pub fn authority(configuration: &Configuration) -> Result<Option<Arc<Authority>>, Failure> {
    let is_wanted = configuration.fixture.as_ref().is_some_and(|fixture| fixture.tls == FixtureTls::OwnAuthority);
    let made = is_wanted.then(Authority::create).transpose();
    made.map_err(|cause| Failure::Refused(format!("cannot make the certificate of --fixture-tls: {cause}")))
}

/// Returns how TLS is spoken, if it is.
pub fn server_config(
    certificate: Option<&Arc<Certificate>>,
    authority: Option<&Arc<Authority>>,
) -> Result<Option<Arc<ServerConfig>>, Failure> {
    let of_files = certificate.map(Certificate::server_config);
    of_files.or_else(|| authority.map(Authority::server_config)).transpose().map_err(Failure::Refused)
}

/// Writes what clients are to trust into the directory of a temporary database, with which it is deleted. Returns the name of the file.
pub fn write_beside(database: &Path, pem: &str) -> Result<String, Failure> {
    let file = database.with_file_name("ca.pem");
    std::fs::write(&file, pem).map_err(|cause| Failure::Refused(format!("cannot write {}: {cause}", file.display())))?;
    Ok(file.display().to_string())
}

/// Reads it again when its files change, until it is stopped.
pub fn watch(certificate: &Certificate, stopped: &Stopped) {
    while !stopped.within(LOOKED_AT_EVERY) {
        if certificate.has_changed() {
            reload::take(NAME, &|| certificate.reload());
        }
    }
}
