//! How the operator runs a server, as far as `diagnostics` looks at it.

use std::path::PathBuf;
use std::time::Duration;

/// Nothing of it is set where a server is part of another program.
#[derive(Clone, Debug, Default)]
pub struct Deployment {
    /// `host:port` each; sockets in files are not here, because only a proxy of this machine reaches them.
    pub listen: Vec<String>,
    /// As it was set; empty if it follows from the address.
    pub public_url: String,
    pub trusts_proxies: bool,
    /// The files of the certificate and of its key.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// The data file as it was named; `None` if it is temporary.
    pub data: Option<PathBuf>,
    pub backups: Option<BackupSchedule>,
}

/// When and where the server makes backups by itself.
#[derive(Clone, Debug)]
pub struct BackupSchedule {
    pub folder: PathBuf,
    pub every: Duration,
    pub keep: usize,
}
