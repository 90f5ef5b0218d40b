//! The certificate of the server: read at start, and again when its files change.

use std::sync::Arc;
use std::time::Duration;

use crate::cli::failure::Failure;
use crate::cli::serve::background::Stopped;
use crate::cli::serve::reload;
use crate::cli::serve::settings::Configuration;
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

/// Reads it again when its files change, until it is stopped.
pub fn watch(certificate: &Certificate, stopped: &Stopped) {
    while !stopped.within(LOOKED_AT_EVERY) {
        if certificate.has_changed() {
            reload::take(NAME, &|| certificate.reload());
        }
    }
}
