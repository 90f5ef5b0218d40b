//! The names that the operator protects: a file with one a line.

use std::sync::{Arc, PoisonError, RwLock};

/// A name that only its bearers may use for clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProtectedName {
    pub name: String,
    /// The IDs of the users and organizations that may.
    pub bearers: Vec<String>,
}

/// The names of the file as it was last read. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct ProtectedNameList(Arc<RwLock<Arc<Vec<ProtectedName>>>>);

impl ProtectedNameList {
    pub fn get(&self) -> Arc<Vec<ProtectedName>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set(&self, names: Vec<ProtectedName>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(names);
    }
}

/// Reads `NAME` or `NAME = ACCOUNT, ACCOUNT` from each line; empty ones and those that begin with `#` say nothing.
pub fn parse(text: &str) -> Vec<ProtectedName> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(name).filter(|name| !name.name.is_empty()).collect()
}

fn name(line: &str) -> ProtectedName {
    let (name, bearers) = line.split_once('=').unwrap_or((line, ""));
    let bearers = bearers.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect();
    ProtectedName { name: name.trim().to_owned(), bearers }
}
