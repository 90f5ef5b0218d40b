//! The settings of `serve`: one row each, from which parsing, help and the table of doc/settings.md are made.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use pico_args::Arguments;

use crate::base::printable::printable;
use crate::base::secret::MOST_ROUNDS;
use crate::cli::failure::Usage;
use crate::http::listener::limits::Limits;
use crate::http::listener::proxies::{NoNetwork, TrustedProxies};
use crate::model::settings::{AdminRights, Approval, ContactPolicy, Creators, Settings, UserRegistration};

/// One setting.
#[derive(Debug)]
pub struct Setting {
    pub name: &'static str,
    /// Empty for settings that only the environment holds.
    pub flag: &'static str,
    pub variable: &'static str,
    /// What to put behind the flag; empty for a switch.
    pub value: &'static str,
    /// As shown to people.
    pub default: &'static str,
    pub doc: &'static str,
    pub kind: SettingKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingKind {
    Value,
    /// True or false; the flag alone means true.
    Switch,
    /// May also stand in the file that `<variable>_FILE` names.
    Secret,
}

use SettingKind::{Secret, Switch, Value};

#[rustfmt::skip]
pub static SETTINGS: &[Setting] = &[
    Setting { name: "listen", flag: "--listen", variable: "KEYFOB_LISTEN", value: "HOST:PORT", default: "127.0.0.1:1885", kind: Value, doc: "Where to listen; port 0 picks a free one." },
    Setting { name: "data", flag: "--data", variable: "KEYFOB_DATA", value: "FILE", default: "keyfob.db", kind: Value, doc: "The data file; made if it is missing, readable by its owner only." },
    Setting { name: "ephemeral", flag: "--ephemeral", variable: "KEYFOB_EPHEMERAL", value: "", default: "off", kind: Switch, doc: "A private temporary database, gone at exit: for tests." },
    Setting { name: "public_url", flag: "--public-url", variable: "KEYFOB_PUBLIC_URL", value: "URL", default: "http:// and the address listened on", kind: Value, doc: "Where the world finds this server." },
    Setting { name: "approval", flag: "--approval", variable: "KEYFOB_APPROVAL", value: "auto|manual", default: "auto", kind: Value, doc: "New clients are approved at once, or wait for an administrator." },
    Setting { name: "user_registration", flag: "--user-registration", variable: "KEYFOB_USER_REGISTRATION", value: "closed|open", default: "closed", kind: Value, doc: "Only administrators create users, or anyone registers." },
    Setting { name: "admin_rights", flag: "--admin-rights", variable: "KEYFOB_ADMIN_RIGHTS", value: "standard|all", default: "standard", kind: Value, doc: "With all, administrators manage other people's keys and grant _ALL rights." },
    Setting { name: "client_creation", flag: "--client-creation", variable: "KEYFOB_CLIENT_CREATION", value: "everyone|admins", default: "everyone", kind: Value, doc: "Who may register clients under a user." },
    Setting { name: "organization_creation", flag: "--organization-creation", variable: "KEYFOB_ORGANIZATION_CREATION", value: "everyone|admins", default: "everyone", kind: Value, doc: "Who may create organizations." },
    Setting { name: "contacts", flag: "--contacts", variable: "KEYFOB_CONTACTS", value: "anyone|oneself", default: "anyone", kind: Value, doc: "Whom somebody may name as a contact: any collaborator, or only oneself." },
    Setting { name: "refresh_token_days", flag: "--refresh-token-days", variable: "KEYFOB_REFRESH_TOKEN_DAYS", value: "N", default: "90", kind: Value, doc: "Days after which a refresh token that nobody uses is no longer good." },
    Setting { name: "password_rounds", flag: "--password-rounds", variable: "KEYFOB_PASSWORD_ROUNDS", value: "N", default: "600000; 1000 with --ephemeral", kind: Value, doc: "Rounds of PBKDF2-SHA256 for a password, 1000 to 2000000; fewer for slow boards." },
    Setting { name: "workers", flag: "--workers", variable: "KEYFOB_WORKERS", value: "N", default: "4", kind: Value, doc: "Requests that are worked on at once, 1 to 64, beside those that wait for the disk." },
    Setting { name: "connections", flag: "--connections", variable: "KEYFOB_CONNECTIONS", value: "N", default: "2048", kind: Value, doc: "Connections open at one time; at the limit, the one that has waited longest is closed for a new one." },
    Setting { name: "trusted_proxies", flag: "--trusted-proxies", variable: "KEYFOB_TRUSTED_PROXIES", value: "ADDRESSES", default: "none", kind: Value, doc: "Addresses and networks (10.0.0.0/8), joined by commas, whose X-Forwarded-* headers are believed." },
    Setting { name: "admin_user", flag: "--admin-user", variable: "KEYFOB_ADMIN_USER", value: "ID", default: "admin", kind: Value, doc: "The administrator that is made on an empty database." },
    Setting { name: "admin_password", flag: "", variable: "KEYFOB_ADMIN_PASSWORD", value: "", default: "random", kind: Secret, doc: "The password of that administrator: one that has 8 characters or more, an uppercase letter and a digit, and does not contain the user ID. A file may hold it instead." },
    Setting { name: "admin_api_key", flag: "", variable: "KEYFOB_ADMIN_API_KEY", value: "", default: "random", kind: Secret, doc: "The API key of that administrator, NNSXS.ID.KEY; a file may hold it instead." },
];

/// What the commands need to know that speak to a server.
#[rustfmt::skip]
pub static CONNECTION: &[Setting] = &[
    Setting { name: "server", flag: "--server", variable: "KEYFOB_SERVER", value: "URL", default: "http://127.0.0.1:1885", kind: Value, doc: "The server to speak to: keyfob, or The Things Stack." },
    Setting { name: "api_key", flag: "--api-key", variable: "KEYFOB_API_KEY", value: "KEY", default: "what keyfob login keeps", kind: Secret, doc: "The API key to speak with; a file may hold it instead." },
    Setting { name: "ca", flag: "--ca", variable: "KEYFOB_CA", value: "FILE", default: "roots that are built in", kind: Value, doc: "The certificates (PEM) to trust for https, instead of the well-known authorities." },
];

/// What the commands need to know that work on the data file.
#[rustfmt::skip]
pub static DATA: &[Setting] = &[
    Setting { name: "data", flag: "--data", variable: "KEYFOB_DATA", value: "FILE", default: "keyfob.db", kind: Value, doc: "The data file." },
    Setting { name: "password_rounds", flag: "--password-rounds", variable: "KEYFOB_PASSWORD_ROUNDS", value: "N", default: "600000", kind: Value, doc: "Rounds of PBKDF2-SHA256 for a password, as the server has it." },
];

impl Setting {
    /// `--listen HOST:PORT, KEYFOB_LISTEN (127.0.0.1:1885)`.
    pub fn usage(&self) -> String {
        let flag = [self.flag, self.value].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        let places = [flag.as_str(), self.variable].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
        format!("{places} (default: {})", self.default)
    }
}

/// Everything `serve` needs to know.
pub struct Configuration {
    pub listen: String,
    /// Nothing for a temporary database.
    pub data: Option<String>,
    pub workers: usize,
    pub limits: Limits,
    /// Its public URL is empty where it follows from the address listened on.
    pub settings: Settings,
    pub admin_user: String,
    pub admin_password: Option<String>,
    pub admin_api_key: Option<String>,
}

impl std::fmt::Debug for Configuration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Configuration({:?})", self.settings)
    }
}

/// Where the server is, and what to speak to it with.
pub struct Connection {
    /// `http(s)://host[:port][/path]`, without a slash at the end.
    pub server: String,
    pub api_key: Option<String>,
    pub ca: Option<String>,
    /// The file of `keyfob login`; nothing where there is no place for it.
    pub credentials: Option<PathBuf>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Connection({})", self.server)
    }
}

/// Reads what the commands need that speak to a server.
pub fn connection(mut arguments: Arguments) -> Result<Connection, Usage> {
    let given = read_all(CONNECTION, &mut arguments)?;
    finish(arguments)?;
    let value = |name: &str| of(&given, name);
    let server = value("server").url()?.unwrap_or_else(|| value("server").text().to_owned());
    let api_key = value("api_key").value.clone().map(|(_, value)| value);
    if api_key.as_ref().is_some_and(|key| !key.bytes().all(|b| b.is_ascii_graphic())) {
        return Err(Usage(format!("{} is no API key: it holds blanks or what is not ASCII", value("api_key").place())));
    }
    Ok(Connection { server, api_key, ca: value("ca").value.clone().map(|(_, value)| value), credentials: credentials_file()? })
}

/// The path of the data file, and how the server that uses it is set.
pub fn data_file(mut arguments: Arguments) -> Result<(PathBuf, Settings), Usage> {
    let given = read_all(DATA, &mut arguments)?;
    finish(arguments)?;
    let defaults = Settings::default();
    let password_rounds = of(&given, "password_rounds").rounds(defaults.password_rounds)?;
    Ok((of(&given, "data").text().into(), Settings { password_rounds, ..defaults }))
}

/// Reads flags and environment. What is left of the arguments is refused.
pub fn read(mut arguments: Arguments) -> Result<Configuration, Usage> {
    let given = read_all(SETTINGS, &mut arguments)?;
    finish(arguments)?;
    let value = |name: &str| of(&given, name);

    let ephemeral =
        value("ephemeral").choose(&[("true", true), ("1", true), ("on", true), ("false", false), ("0", false), ("off", false)])?;
    let data = value("data");
    if ephemeral && data.value.is_some() {
        return Err(Usage(format!("{} and --ephemeral exclude each other", data.place())));
    }
    Ok(Configuration {
        listen: value("listen").listen()?,
        data: (!ephemeral).then(|| data.text().to_owned()),
        workers: value("workers").number(1, MOST_WORKERS)?,
        limits: Limits {
            connections: value("connections").number(1, MOST_CONNECTIONS)?,
            proxies: value("trusted_proxies").networks()?,
            ..Limits::default()
        },
        settings: Settings {
            approval: value("approval").choose(&[("auto", Approval::Auto), ("manual", Approval::Manual)])?,
            user_registration: value("user_registration")
                .choose(&[("closed", UserRegistration::Closed), ("open", UserRegistration::Open)])?,
            admin_rights: value("admin_rights").choose(&[("standard", AdminRights::Standard), ("all", AdminRights::All)])?,
            client_creators: value("client_creation").choose(CREATORS)?,
            organization_creators: value("organization_creation").choose(CREATORS)?,
            contacts: value("contacts").choose(&[("anyone", ContactPolicy::Anyone), ("oneself", ContactPolicy::Oneself)])?,
            refresh_token_days: value("refresh_token_days").number(1, MOST_DAYS)?,
            password_rounds: value("password_rounds").rounds(if ephemeral {
                FEWEST_ROUNDS
            } else {
                Settings::default().password_rounds
            })?,
            public_url: value("public_url").url()?.unwrap_or_default(),
        },
        admin_user: value("admin_user").text().to_owned(),
        admin_password: value("admin_password").value.clone().map(|(_, value)| value),
        admin_api_key: value("admin_api_key").value.clone().map(|(_, value)| value),
    })
}

/// Refuses what nobody has asked for.
pub fn finish(arguments: Arguments) -> Result<(), Usage> {
    match arguments.finish().first() {
        None => Ok(()),
        Some(rest) => {
            let rest = printable(&rest.to_string_lossy());
            Err(Usage(format!("`{rest}` is not known here: `keyfob help` lists the flags")))
        }
    }
}

fn read_all(settings: &'static [Setting], arguments: &mut Arguments) -> Result<Vec<Given>, Usage> {
    settings.iter().map(|setting| Ok(Given { setting, value: lookup(setting, arguments)? })).collect()
}

fn of<'g>(given: &'g [Given], name: &str) -> &'g Given {
    given.iter().find(|given| given.setting.name == name).expect("every setting that is read has a row")
}

const CREATORS: &[(&str, Creators)] = &[("everyone", Creators::Everyone), ("admins", Creators::Admins)];

/// The most threads that make sense on any machine that this runs on.
const MOST_WORKERS: usize = 64;

/// Ten years: longer than any refresh token that nobody uses should live.
const MOST_DAYS: i64 = 3650;

/// With fewer a hash is hardly slower than none.
const FEWEST_ROUNDS: u32 = 1000;

/// The most connections that one thread can watch over in good time.
const MOST_CONNECTIONS: usize = 65_536;

/// A setting, and where its value was found if it was.
struct Given {
    setting: &'static Setting,
    value: Option<(String, String)>,
}

impl Given {
    /// The flag or variable that the value came from.
    fn place(&self) -> &str {
        self.value.as_ref().map_or(self.setting.flag, |(place, _)| place)
    }

    fn text(&self) -> &str {
        self.value.as_ref().map_or(self.setting.default, |(_, value)| value)
    }

    fn wrong(&self, why: impl std::fmt::Display) -> Usage {
        Usage(format!("{} {why}, not `{}`", self.place(), printable(self.text())))
    }

    fn choose<T: Copy>(&self, choices: &[(&str, T)]) -> Result<T, Usage> {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let chosen = choices.iter().find(|(name, _)| *name == self.text()).map(|(_, value)| *value);
        chosen.ok_or_else(|| self.wrong(format!("must be one of {}", names.join(", "))))
    }

    fn number<T: FromStr + PartialOrd + std::fmt::Display>(&self, least: T, most: T) -> Result<T, Usage> {
        let number = self.text().parse().ok().filter(|number| *number >= least && *number <= most);
        number.ok_or_else(|| self.wrong(format!("must be a number from {least} to {most}")))
    }

    /// The rounds of a password, or what they are where nothing is said.
    fn rounds(&self, default: u32) -> Result<u32, Usage> {
        if self.value.is_some() { self.number(FEWEST_ROUNDS, MOST_ROUNDS) } else { Ok(default) }
    }

    fn networks(&self) -> Result<TrustedProxies, Usage> {
        let Some((_, text)) = &self.value else { return Ok(TrustedProxies::default()) };
        let networks = text
            .parse()
            .map_err(|NoNetwork(part)| format!("must be addresses or networks such as 127.0.0.1,10.0.0.0/8; `{part}` is neither"));
        networks.map_err(|why| self.wrong(why))
    }

    fn listen(&self) -> Result<String, Usage> {
        let good = self.text().rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
        if good { Ok(self.text().to_owned()) } else { Err(self.wrong("must be a host and a port such as 127.0.0.1:1885")) }
    }

    /// `http(s)://host[:port]`; one slash at the end is taken off. The public one is the issuer, whose metadata lies at the root (RFC 8414 section 3).
    fn url(&self) -> Result<Option<String>, Usage> {
        let Some((_, url)) = &self.value else { return Ok(None) };
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
        let host = rest.strip_suffix('/').unwrap_or(rest);
        let plain = url.bytes().all(|b| (b'!'..=b'~').contains(&b)) && !host.contains(['/', '?', '#', '@', '\\']);
        if host.is_empty() || host.starts_with(':') || !plain {
            return Err(self.wrong("must be http://host or https://host, with a port but no path"));
        }
        Ok(Some(url.strip_suffix('/').unwrap_or(url).to_owned()))
    }
}

/// The value of a setting and where it came from: the flag, or else the environment.
fn lookup(setting: &'static Setting, arguments: &mut Arguments) -> Result<Option<(String, String)>, Usage> {
    let from_environment = environment(setting)?;
    if setting.flag.is_empty() {
        return Ok(from_environment);
    }
    if setting.kind == Switch {
        let on = arguments.contains(setting.flag).then(|| (setting.flag.to_owned(), "true".to_owned()));
        return Ok(on.or(from_environment));
    }
    let values: Vec<String> = arguments.values_from_fn(setting.flag, |value| Ok::<_, std::convert::Infallible>(value.to_owned())).map_err(
        |error| match error {
            pico_args::Error::NonUtf8Argument => Usage(format!("{} is not UTF-8", setting.flag)),
            _ => Usage(format!("{} needs a value: {}", setting.flag, setting.value)),
        },
    )?;
    match <[String; 1]>::try_from(values) {
        Ok([value]) => Ok(Some((setting.flag.to_owned(), value))),
        Err(values) if values.is_empty() => Ok(from_environment),
        Err(_) => Err(Usage(format!("{} is given more than once", setting.flag))),
    }
}

/// `$XDG_CONFIG_HOME/keyfob/credentials.json`.
fn credentials_file() -> Result<Option<PathBuf>, Usage> {
    let configuration = match variable("XDG_CONFIG_HOME")? {
        Some(place) => Some(PathBuf::from(place)),
        None => variable("HOME")?.map(|home| Path::new(&home).join(".config")),
    };
    Ok(configuration.map(|place| place.join("keyfob").join("credentials.json")))
}

/// An empty variable counts as unset.
#[expect(clippy::disallowed_methods, reason = "this is the one home of the environment")]
fn variable(name: &str) -> Result<Option<String>, Usage> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(Usage(format!("{name} is not UTF-8"))),
    }
}

fn environment(setting: &Setting) -> Result<Option<(String, String)>, Usage> {
    let value = variable(setting.variable)?;
    let file_variable = format!("{}_FILE", setting.variable);
    let file = if setting.kind == Secret { variable(&file_variable)? } else { None };
    match (value, file) {
        (Some(_), Some(_)) => Err(Usage(format!("{} and {file_variable} are both set: set one of them", setting.variable))),
        (Some(value), None) => Ok(Some((setting.variable.to_owned(), value))),
        (None, Some(file)) => {
            let text = std::fs::read_to_string(Path::new(&file))
                .map_err(|error| Usage(format!("{file_variable}: cannot read the file: {error}")))?;
            Ok(Some((file_variable, text.trim_end_matches(['\r', '\n']).to_owned())))
        }
        (None, None) => Ok(None),
    }
}
