//! The credentials that `keyfob login` stores: one entry per server, in a file that only its owner can read.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use serde_json::{Map, Value, json};

use crate::base::links;
use crate::base::private_file::{self, FileAccess};
use crate::base::time::Time;
use crate::cli::api_error::{ApiError, CREDENTIALS};
use crate::cli::terminal::note;

#[derive(Clone, PartialEq, Eq)]
pub enum RemoteCredentials {
    ApiKey(String),
    Tokens(Tokens),
}

/// The tokens of a login with the browser.
#[derive(Clone, PartialEq, Eq)]
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: Option<String>,
    pub expires_at: Option<Time>,
}

/// The file, locked until this is dropped, so only one of two commands refreshes an expired token.
#[derive(Debug)]
pub struct Keyring {
    path: PathBuf,
    servers: Map<String, Value>,
    _lock: File,
}

impl Keyring {
    /// Opens and locks the file, and makes its folder if it is missing. Fails with `credentials`.
    pub fn open(path: &Path) -> Result<Keyring, ApiError> {
        Keyring::read(path).map_err(|error| ApiError::from(CREDENTIALS.with("reason", error.to_string())).with("file", path.display()))
    }

    fn read(path: &Path) -> io::Result<Keyring> {
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let path = &links::resolved(path)?;
        let mut how = OpenOptions::new();
        how.write(true).create(true).truncate(false).mode(0o600);
        let lock = links::open(&path.with_extension("lock"), &mut how, OFlags::empty())?;
        lock.lock()?;
        if private_file::narrow(path)? == FileAccess::Narrowed {
            note(&format!("warning: others could read {}: now only you can. Whatever is in it may be known to them", path.display()));
        }
        let servers = match fs::read(path) {
            Ok(bytes) => match serde_json::from_slice::<Value>(&bytes)?.get_mut("servers").map(Value::take) {
                Some(Value::Object(servers)) => servers,
                _ => Map::new(),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Map::new(),
            Err(error) => return Err(error),
        };
        Ok(Keyring { path: path.to_owned(), servers, _lock: lock })
    }

    pub fn of(&self, server: &str) -> Option<RemoteCredentials> {
        let entry = self.servers.get(server)?;
        let text = |name: &str| entry.get(name).and_then(Value::as_str).map(str::to_owned);
        match text("api_key") {
            Some(key) => Some(RemoteCredentials::ApiKey(key)),
            None => Some(RemoteCredentials::Tokens(Tokens {
                access_token: text("access_token")?,
                refresh_token: text("refresh_token"),
                expires_at: text("expires_at").and_then(|time| Time::parse(&time)),
            })),
        }
    }

    pub fn keep(&mut self, server: &str, credentials: &RemoteCredentials) -> Result<(), ApiError> {
        let entry = match credentials {
            RemoteCredentials::ApiKey(key) => json!({"api_key": key}),
            RemoteCredentials::Tokens(tokens) => {
                let mut entry = json!({"access_token": tokens.access_token});
                if let Some(token) = &tokens.refresh_token {
                    entry["refresh_token"] = token.as_str().into();
                }
                if let Some(time) = tokens.expires_at {
                    entry["expires_at"] = time.to_string().into();
                }
                entry
            }
        };
        self.servers.insert(server.to_owned(), entry);
        self.write()
    }

    pub fn forget(&mut self, server: &str) -> Result<(), ApiError> {
        self.servers.shift_remove(server);
        self.write()
    }

    /// Replaces the file, so it is never half written.
    fn write(&self) -> Result<(), ApiError> {
        let fresh = self.path.with_extension("new");
        let written = (|| {
            match fs::remove_file(&fresh) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut file = private_file::create_new(&fresh)?;
            writeln!(file, "{:#}", json!({"servers": self.servers}))?;
            file.sync_all()?;
            fs::rename(&fresh, &self.path)
        })();
        written.map_err(|error| ApiError::from(CREDENTIALS.with("reason", error.to_string())).with("file", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn each_server_has_an_entry_that_only_its_owner_can_read() {
        let folder = std::env::temp_dir().join(format!("keyfob-keyring-{}", std::process::id()));
        let path = folder.join("keyfob").join("credentials.json");
        let tokens = RemoteCredentials::Tokens(Tokens {
            access_token: "MFRWG.A.B".to_owned(),
            refresh_token: Some("OJSWM.A.B".to_owned()),
            expires_at: Time::parse("2030-01-31T00:00:00Z"),
        });
        let key = RemoteCredentials::ApiKey("NNSXS.A.B".to_owned());
        let mut keyring = Keyring::open(&path).unwrap();
        keyring.keep("http://one", &tokens).unwrap();
        keyring.keep("http://two", &key).unwrap();
        drop(keyring);
        let mut keyring = Keyring::open(&path).unwrap();
        assert!(keyring.of("http://one") == Some(tokens) && keyring.of("http://two") == Some(key) && keyring.of("http://three").is_none());
        keyring.forget("http://one").unwrap();
        assert!(keyring.of("http://one").is_none());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_that_is_no_json_is_named_and_left_alone() {
        let folder = std::env::temp_dir().join(format!("keyfob-keyring-bad-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("credentials.json");
        fs::write(&path, "NNSXS.A.B").unwrap();
        let told = Keyring::open(&path).unwrap_err().to_string();
        assert!(told.contains("credentials.json") && !told.contains("NNSXS"), "{told}");
        fs::remove_dir_all(folder).unwrap();
    }
}
