//! Where the server is, and what to speak to it with.

use std::path::{Path, PathBuf};

use pico_args::Arguments;

use crate::cli::args::settings::SettingKind::{Secret, Value};
use crate::cli::args::settings::{Setting, SettingValues, variable};
use crate::cli::failure::UsageError;

/// The settings of commands that send requests to a server.
#[rustfmt::skip]
pub static CONNECTION: &[Setting] = &[
    Setting { name: "server", flag: "--server", variable: "KEYFOB_SERVER", value: "URL", default: "http://127.0.0.1:1885", kind: Value, doc: "The server to speak to: keyfob, or The Things Stack." },
    Setting { name: "api_key", flag: "--api-key", variable: "KEYFOB_API_KEY", value: "KEY", default: "what keyfob login keeps", kind: Secret, doc: "The API key to speak with; a file may hold it instead." },
    Setting { name: "ca", flag: "--ca", variable: "KEYFOB_CA", value: "FILE", default: "roots that are built in", kind: Value, doc: "The certificates (PEM) to trust for https, instead of the well-known authorities." },
];

/// Where the server is, and what to speak to it with.
pub struct ConnectionSettings {
    /// `http(s)://host[:port][/path]`, without a slash at the end.
    pub server: String,
    pub api_key: Option<String>,
    pub ca: Option<String>,
    /// The file of `keyfob login`; `None` where neither `XDG_CONFIG_HOME` nor `HOME` is set.
    pub credentials: Option<PathBuf>,
}

impl ConnectionSettings {
    /// Reads the settings from flags and environment.
    pub fn read(arguments: Arguments) -> Result<ConnectionSettings, UsageError> {
        let settings = SettingValues::read(CONNECTION, arguments)?;
        let server = settings.of("server");
        let key = settings.of("api_key");
        if key.given().is_some_and(|key| !key.bytes().all(|b| b.is_ascii_graphic())) {
            return Err(UsageError(format!("{} is no API key: it holds blanks or what is not ASCII", key.place())));
        }
        Ok(ConnectionSettings {
            server: server.url()?.unwrap_or_else(|| server.text().to_owned()),
            api_key: key.given().map(str::to_owned),
            ca: settings.of("ca").given().map(str::to_owned),
            credentials: credentials_file()?,
        })
    }
}

/// Returns `$XDG_CONFIG_HOME/keyfob/credentials.json`.
fn credentials_file() -> Result<Option<PathBuf>, UsageError> {
    let configuration = match variable("XDG_CONFIG_HOME")? {
        Some(place) => Some(PathBuf::from(place)),
        None => variable("HOME")?.map(|home| Path::new(&home).join(".config")),
    };
    Ok(configuration.map(|place| place.join("keyfob").join("credentials.json")))
}
