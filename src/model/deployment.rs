//! How the operator runs a server, as far as `diagnostics` looks at it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::base::mutex::locked;
use crate::base::time::Time;
use crate::model::finding::Finding;

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
    pub noted: NotedFindings,
}

/// What was last found in files, for requests: none of them looks itself, because a folder that is far away may not answer. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct NotedFindings(Arc<Mutex<LastLook>>);

/// The last look at the files.
#[derive(Clone, Debug, Default)]
pub struct LastLook {
    /// What the last that ended has found.
    pub found: Vec<Finding>,
    /// When the one began that has not ended.
    pub begun_at: Option<Time>,
}

impl NotedFindings {
    /// Returns what is known now.
    pub fn now(&self) -> LastLook {
        locked(&self.0).clone()
    }

    pub fn begin(&self, now: Time) {
        locked(&self.0).begun_at = Some(now);
    }

    pub fn end(&self, found: Vec<Finding>) {
        *locked(&self.0) = LastLook { found, begun_at: None };
    }
}

/// When and where the server makes backups by itself.
#[derive(Clone, Debug)]
pub struct BackupSchedule {
    pub folder: PathBuf,
    pub every: Duration,
    pub keep: usize,
}
