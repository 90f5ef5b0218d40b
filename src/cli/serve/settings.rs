//! The settings of `serve`, one per row: parsing, help and the table of doc/settings.md are derived from it.

use std::path::PathBuf;
use std::time::Duration;

use listenfd::ListenFd;
use pico_args::Arguments;

use crate::base::log::Verbosity;
use crate::base::network::{Networks, NoNetwork};
use crate::base::printable::printable;
use crate::cli::args::parse::is_plain;
use crate::cli::args::settings::SettingKind::{List, Secret, Switch, Value};
use crate::cli::args::settings::{self as args, FEWEST_ROUNDS, SWITCH, Setting, SettingValue, variable};
use crate::cli::args::values::seconds;
use crate::cli::failure::UsageError;
use crate::cli::serve::declaration::ServedDeclaration;
use crate::cli::serve::review;
use crate::cli::serve::starter::Starter;
use crate::declared::step::Prune;
use crate::http::base_path::BasePath;
use crate::http::listener::limits::Limits;
use crate::http::listener::proxies::TrustedProxies;
use crate::http::listener::public_socket::ListenAddress;
use crate::model::deployment::{BackupSchedule, Deployment, NotedFindings};
use crate::model::protected_names::ProtectedNameList;
use crate::model::settings::{AdminRights, Approval, ContactPolicy, Creators, ReviewProbe, Settings, UserRegistration};
use crate::model::site::{LONGEST_NAME, SiteLogo};
use crate::routes::ROUTES;

/// The most workers that are useful on any machine.
const MOST_WORKERS: usize = 64;

/// Ten years: longer than any unused refresh token should live.
const MOST_DAYS: i64 = 3650;

/// The most connections that one thread can serve in time.
const MOST_CONNECTIONS: usize = 65_536;

/// More sockets than any supervisor opens for one server.
const MOST_INHERITED: usize = 64;

/// More backups than anyone looks through.
const MOST_BACKUPS: usize = 100_000;

#[rustfmt::skip]
pub static SETTINGS: &[Setting] = &[
    Setting { name: "listen", flag: "--listen", variable: "KEYFOB_LISTEN", value: "HOST:PORT|unix:PATH", default: "127.0.0.1:1885", kind: List, doc: "Where to listen; port 0 picks a free one. May be given several times, and in the environment be several joined by commas. With sockets of systemd (LISTEN_FDS), those instead." },
    Setting { name: "tls_cert", flag: "--tls-cert", variable: "KEYFOB_TLS_CERT", value: "FILE", default: "none: plain http", kind: Value, doc: "The certificate for https, with its chain (PEM); read again when the file changes, and on SIGHUP." },
    Setting { name: "tls_key", flag: "--tls-key", variable: "KEYFOB_TLS_KEY", value: "FILE", default: "none", kind: Value, doc: "The private key of the certificate (PEM)." },
    Setting { name: "http_redirect", flag: "--http-redirect", variable: "KEYFOB_HTTP_REDIRECT", value: "HOST:PORT", default: "none", kind: Value, doc: "Where to listen for plain http that is redirected to the public URL." },
    Setting { name: "metrics_listen", flag: "--metrics-listen", variable: "KEYFOB_METRICS_LISTEN", value: "HOST:PORT", default: "off", kind: Value, doc: "Where to answer /metrics, for Prometheus; a port alone means 127.0.0.1, so only this machine can ask." },
    Setting { name: "data", flag: "--data", variable: "KEYFOB_DATA", value: "FILE", default: "keyfob.db", kind: Value, doc: "The data file; created if it is missing, readable by its owner only." },
    Setting { name: "ephemeral", flag: "--ephemeral", variable: "KEYFOB_EPHEMERAL", value: "", default: "off", kind: Switch, doc: "Use a private temporary database, deleted at exit: for tests." },
    Setting { name: "fixture", flag: "--fixture", variable: "KEYFOB_FIXTURE", value: "", default: "off", kind: Switch, doc: "The same, and tests can steer it by requests to /_fixture; listens on this machine only, and ends with the process that started it." },
    Setting { name: "fixture_seed", flag: "--fixture-seed", variable: "KEYFOB_FIXTURE_SEED", value: "SEED.json", default: "nothing", kind: Value, doc: "What there is at the start of a --fixture; `keyfob serve --fixture SEED.json` means this." },
    Setting { name: "fixture_tls", flag: "--fixture-tls", variable: "KEYFOB_FIXTURE_TLS", value: "", default: "off", kind: Switch, doc: "A --fixture speaks https, with certificates of an authority in memory; the ready line names the file of what clients are to trust." },
    Setting { name: "fixture_token", flag: "--fixture-token", variable: "KEYFOB_FIXTURE_TOKEN", value: "TOKEN", default: "none", kind: Secret, doc: "What the controls of a --fixture ask for, as a bearer token; a file may hold it instead." },
    Setting { name: "exit_with_stdin", flag: "--exit-with-stdin", variable: "KEYFOB_EXIT_WITH_STDIN", value: "", default: "off", kind: Switch, doc: "End in order when standard input ends: with the program that holds its other end, however that ends." },
    Setting { name: "public_url", flag: "--public-url", variable: "KEYFOB_PUBLIC_URL", value: "URL", default: "http:// or https:// and the address listened on", kind: Value, doc: "The URL at which clients and browsers reach this server; it may have a path, such as https://home.example/keyfob." },
    Setting { name: "approval", flag: "--approval", variable: "KEYFOB_APPROVAL", value: "auto|manual|review", default: "auto", kind: Value, doc: "New clients are approved at once, or wait for an administrator, or do so only if the rules of the review find what needs a person." },
    Setting { name: "review_by_person", flag: "--review-by-person", variable: "KEYFOB_REVIEW_BY_PERSON", value: "WORDS", default: "nothing", kind: List, doc: "With --approval review, what needs a person besides findings that block: rights (RIGHT_…), names of rules, and warns or notes for all findings of that weight; joined by commas." },
    Setting { name: "review_probe", flag: "--review-probe", variable: "KEYFOB_REVIEW_PROBE", value: "on|off", default: "off", kind: Value, doc: "Try by itself whether the redirect URIs of new and of waiting clients work; without it, only when a collaborator or an administrator asks." },
    Setting { name: "review_probe_networks", flag: "--review-probe-networks", variable: "KEYFOB_REVIEW_PROBE_NETWORKS", value: "NETWORKS", default: "public addresses only", kind: Value, doc: "Networks (10.0.0.0/8), joined by commas, in which redirect URIs are tried although they are not public." },
    Setting { name: "protected_names", flag: "--protected-names", variable: "KEYFOB_PROTECTED_NAMES", value: "FILE", default: "the built-in ones", kind: Value, doc: "Names, one a line, with which no ID and name of another's client may be confused, beside the built-in ones; read again on SIGHUP." },
    Setting { name: "site_name", flag: "--site-name", variable: "KEYFOB_SITE_NAME", value: "TEXT", default: "keyfob", kind: Value, doc: "What this server is called where people sign in, consent and use the Console; 1 to 40 characters." },
    Setting { name: "site_logo", flag: "--site-logo", variable: "KEYFOB_SITE_LOGO", value: "FILE", default: "the key", kind: Value, doc: "The mark beside that name: PNG, JPEG, WebP or SVG of at most 64 KiB; read again on SIGHUP." },
    Setting { name: "user_registration", flag: "--user-registration", variable: "KEYFOB_USER_REGISTRATION", value: "closed|open", default: "closed", kind: Value, doc: "Only administrators create users, or anyone registers." },
    Setting { name: "admin_rights", flag: "--admin-rights", variable: "KEYFOB_ADMIN_RIGHTS", value: "standard|all", default: "standard", kind: Value, doc: "With all, administrators manage other people's keys and grant _ALL rights." },
    Setting { name: "client_creation", flag: "--client-creation", variable: "KEYFOB_CLIENT_CREATION", value: "everyone|admins", default: "everyone", kind: Value, doc: "Who may register clients under a user." },
    Setting { name: "organization_creation", flag: "--organization-creation", variable: "KEYFOB_ORGANIZATION_CREATION", value: "everyone|admins", default: "everyone", kind: Value, doc: "Who may create organizations." },
    Setting { name: "contacts", flag: "--contacts", variable: "KEYFOB_CONTACTS", value: "anyone|oneself", default: "anyone", kind: Value, doc: "Who may be named as a contact: any collaborator, or only the caller." },
    Setting { name: "refresh_token_days", flag: "--refresh-token-days", variable: "KEYFOB_REFRESH_TOKEN_DAYS", value: "N", default: "90", kind: Value, doc: "Days after which an unused refresh token expires." },
    Setting { name: "password_rounds", flag: "--password-rounds", variable: "KEYFOB_PASSWORD_ROUNDS", value: "N", default: "600000; 1000 with --ephemeral", kind: Value, doc: "Rounds of PBKDF2-SHA256 for a password, 1000 to 2000000; fewer for slow boards." },
    Setting { name: "workers", flag: "--workers", variable: "KEYFOB_WORKERS", value: "N", default: "4", kind: Value, doc: "Requests handled at the same time, 1 to 64, not counting those that wait for the disk." },
    Setting { name: "connections", flag: "--connections", variable: "KEYFOB_CONNECTIONS", value: "N", default: "2048", kind: Value, doc: "Connections open at one time; at the limit, the address that has the most of them makes room for a new one." },
    Setting { name: "trusted_proxies", flag: "--trusted-proxies", variable: "KEYFOB_TRUSTED_PROXIES", value: "ADDRESSES", default: "none", kind: Value, doc: "Addresses and networks (10.0.0.0/8), joined by commas, whose X-Forwarded-* headers are trusted; unix for those on Unix sockets." },
    Setting { name: "log", flag: "--log", variable: "KEYFOB_LOG", value: "off|errors|all", default: "all; errors with --ephemeral", kind: Value, doc: "What to log: nothing, errors and warnings, or every request too." },
    Setting { name: "log_file", flag: "--log-file", variable: "KEYFOB_LOG_FILE", value: "FILE", default: "standard error", kind: Value, doc: "The file to append the log to; opened again on SIGHUP, so that it can be rotated." },
    Setting { name: "backup_folder", flag: "--backup-folder", variable: "KEYFOB_BACKUP_FOLDER", value: "FOLDER", default: "no backups", kind: Value, doc: "Where to put backups, made by the server itself; created if it is missing." },
    Setting { name: "backup_every", flag: "--backup-every", variable: "KEYFOB_BACKUP_EVERY", value: "DURATION", default: "24h", kind: Value, doc: "How old the newest backup in the folder becomes before the next one is made: 24h, 7d or 90m." },
    Setting { name: "backup_keep", flag: "--backup-keep", variable: "KEYFOB_BACKUP_KEEP", value: "N", default: "14", kind: Value, doc: "How many backups stay in the folder." },
    Setting { name: "no_upgrade_copy", flag: "--no-upgrade-copy", variable: "KEYFOB_NO_UPGRADE_COPY", value: "", default: "off", kind: Switch, doc: "Upgrade a data file of an older keyfob without copying it aside first." },
    Setting { name: "apply", flag: "--apply", variable: "KEYFOB_APPLY", value: "FILE", default: "nothing", kind: Value, doc: "A declaration to apply before the server answers, and again on SIGHUP; one that is refused changes nothing." },
    Setting { name: "apply_prune", flag: "--apply-prune", variable: "KEYFOB_APPLY_PRUNE", value: "", default: "off", kind: Switch, doc: "Also delete what that declaration made before and has no longer." },
    Setting { name: "admin_user", flag: "--admin-user", variable: "KEYFOB_ADMIN_USER", value: "ID", default: "admin", kind: Value, doc: "The administrator to create in an empty database." },
    Setting { name: "admin_password", flag: "", variable: "KEYFOB_ADMIN_PASSWORD", value: "", default: "random", kind: Secret, doc: "The password of that administrator: one that has 8 characters or more, an uppercase letter and a digit, and does not contain the user ID. A file may hold it instead." },
    Setting { name: "admin_api_key", flag: "", variable: "KEYFOB_ADMIN_API_KEY", value: "", default: "random", kind: Secret, doc: "The API key of that administrator, NNSXS.ID.KEY; a file may hold it instead." },
];

/// What is done before a data file of an older keyfob is upgraded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upgrade {
    WithCopy,
    WithoutCopy,
}

/// How a server that tests steer begins.
pub struct FixtureSettings {
    pub seed: Option<PathBuf>,
    /// What its controls ask for.
    pub token: Option<String>,
    pub tls: FixtureTls,
}

/// What a fixture speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FixtureTls {
    Off,
    OwnAuthority,
}

/// The parsed settings of `serve`.
pub struct Configuration {
    pub listen: Vec<ListenAddress>,
    /// The sockets that a supervisor has opened.
    pub inherited: ListenFd,
    /// The files of the certificate and of its key.
    pub tls: Option<(PathBuf, PathBuf)>,
    pub http_redirect: Option<String>,
    pub metrics_listen: Option<String>,
    /// `None` for a temporary database.
    pub data: Option<String>,
    /// `None` for a server that tests cannot steer.
    pub fixture: Option<FixtureSettings>,
    pub ends_with: Vec<Starter>,
    pub log: Verbosity,
    /// `None` for standard error.
    pub log_file: Option<String>,
    pub upgrade: Upgrade,
    pub backups: Option<BackupSchedule>,
    pub declaration: Option<ServedDeclaration>,
    pub workers: usize,
    pub limits: Limits,
    /// The file of protected names.
    pub protected_names: Option<PathBuf>,
    /// The file of the mark.
    pub site_logo: Option<PathBuf>,
    /// The public URL is empty if it follows from the address listened on.
    pub settings: Settings,
    pub admin_user: String,
    pub admin_password: Option<String>,
    pub admin_api_key: Option<String>,
}

impl Configuration {
    /// Returns what is checked of how the server is run.
    pub fn deployment(&self) -> Deployment {
        let tcp = |address: &ListenAddress| match address {
            ListenAddress::Tcp(address) => Some(address.clone()),
            ListenAddress::Unix(_) => None,
        };
        Deployment {
            listen: self.listen.iter().filter_map(tcp).collect(),
            public_url: self.settings.public_url.clone(),
            trusts_proxies: !self.limits.proxies.is_empty(),
            tls: self.tls.clone(),
            data: self.data.clone().map(PathBuf::from),
            backups: self.backups.clone(),
            noted: NotedFindings::default(),
        }
    }
}

/// Reads the settings from flags and environment.
pub fn read(arguments: Arguments) -> Result<Configuration, UsageError> {
    let settings = args::SettingValues::read(SETTINGS, arguments)?;
    let value = |name: &str| settings.of(name);

    let fixture = fixture(&settings)?;
    let with_parent = fixture.is_some().then(Starter::parent);
    let with_input = value("exit_with_stdin").choose(SWITCH)?.then_some(Starter::StandardInput);
    let ephemeral = value("ephemeral").choose(SWITCH)? || fixture.is_some();
    let data = value("data");
    if ephemeral && data.given().is_some() {
        let other = if fixture.is_some() { "--fixture" } else { "--ephemeral" };
        return Err(UsageError(format!(
            "{} and {other} exclude each other: leave one of them out, {other} has no data file",
            data.place()
        )));
    }
    // Before there are other threads, because it takes its variables out of the environment.
    check_inherited(variable("LISTEN_FDS")?.as_deref())?;
    let inherited = ListenFd::from_env();
    Ok(Configuration {
        listen: if inherited.len() > 0 && value("listen").given().is_none() { Vec::new() } else { listen(value("listen"))? },
        inherited,
        tls: tls(value("tls_cert"), value("tls_key"))?,
        http_redirect: value("http_redirect").given().map(|address| host_and_port(value("http_redirect"), address)).transpose()?,
        metrics_listen: metrics_listen(value("metrics_listen"))?,
        data: (!ephemeral).then(|| data.text().to_owned()),
        fixture,
        ends_with: with_parent.into_iter().chain(with_input).collect(),
        log: verbosity(value("log"), if ephemeral { Verbosity::Errors } else { Verbosity::All })?,
        log_file: value("log_file").given().map(str::to_owned),
        upgrade: if value("no_upgrade_copy").choose(SWITCH)? { Upgrade::WithoutCopy } else { Upgrade::WithCopy },
        backups: backups(&settings)?,
        declaration: declaration(&settings)?,
        workers: value("workers").number(1, MOST_WORKERS)?,
        limits: Limits {
            connections: value("connections").number(1, MOST_CONNECTIONS)?,
            proxies: networks(value("trusted_proxies"))?,
            ..Limits::default()
        },
        protected_names: value("protected_names").given().map(PathBuf::from),
        site_logo: value("site_logo").given().map(PathBuf::from),
        settings: Settings {
            approval: value("approval").choose(Approval::NAMED)?,
            review_by_person: review::by_person(value("review_by_person"))?,
            user_registration: value("user_registration").choose(UserRegistration::NAMED)?,
            admin_rights: value("admin_rights").choose(AdminRights::NAMED)?,
            client_creators: value("client_creation").choose(Creators::NAMED)?,
            organization_creators: value("organization_creation").choose(Creators::NAMED)?,
            contacts: value("contacts").choose(ContactPolicy::NAMED)?,
            refresh_token_days: value("refresh_token_days").number(1, MOST_DAYS)?,
            password_rounds: value("password_rounds").rounds()?.unwrap_or(if ephemeral {
                FEWEST_ROUNDS
            } else {
                Settings::default().password_rounds
            }),
            protected_names: ProtectedNameList::default(),
            public_url: public_url(value("public_url"))?,
            site_name: site_name(value("site_name"))?,
            site_logo: SiteLogo::default(),
            review_probe: value("review_probe").choose(ReviewProbe::NAMED)?,
            review_probe_networks: probe_networks(value("review_probe_networks"))?,
            deployment: Deployment::default(),
        },
        admin_user: value("admin_user").text().to_owned(),
        admin_password: value("admin_password").given().map(str::to_owned),
        admin_api_key: value("admin_api_key").given().map(str::to_owned),
    })
}

fn fixture(settings: &args::SettingValues) -> Result<Option<FixtureSettings>, UsageError> {
    let [seed, token, own_tls, backups, tls] =
        ["fixture_seed", "fixture_token", "fixture_tls", "backup_folder", "tls_cert"].map(|name| settings.of(name));
    let is_wanted = settings.of("fixture").choose(SWITCH)?;
    let with = if own_tls.choose(SWITCH)? { FixtureTls::OwnAuthority } else { FixtureTls::Off };
    let own_tls_given = (with == FixtureTls::OwnAuthority).then_some(own_tls);
    let excluded = |other: &SettingValue, flag: &str| {
        Err(UsageError(format!("{} and {flag} exclude each other: leave one of them out", other.place())))
    };
    match (is_wanted, [seed, token].into_iter().filter(|setting| setting.given().is_some()).chain(own_tls_given).next()) {
        (true, _) if backups.given().is_some() => excluded(backups, "--fixture"),
        (true, _) if own_tls_given.is_some() && tls.given().is_some() => excluded(tls, "--fixture-tls"),
        (true, _) => {
            if let Some(place) = token.empty_place() {
                return Err(UsageError(format!(
                    "{place} is empty, and all programs could use the controls: give it a token, or leave it out"
                )));
            }
            let (seed, token) = (seed.given().map(PathBuf::from), token.given().map(str::to_owned));
            Ok(Some(FixtureSettings { seed, token, tls: with }))
        }
        (false, Some(given)) => {
            // A plain argument stands for the seed, and may be a mistake.
            let shown = seed.given().filter(|seed| is_plain(seed)).map(|seed| format!(" `{seed}`")).unwrap_or_default();
            Err(UsageError(format!("{}{shown} is for a server that tests steer: add --fixture", given.place())))
        }
        (false, None) => Ok(None),
    }
}

/// Checks how many sockets a supervisor has opened, before there is room made for them.
fn check_inherited(count: Option<&str>) -> Result<(), UsageError> {
    match count {
        Some(count) if !count.parse::<usize>().is_ok_and(|count| count <= MOST_INHERITED) => {
            Err(UsageError(format!("LISTEN_FDS must be a number from 0 to {MOST_INHERITED}, not `{}`", printable(count))))
        }
        _ => Ok(()),
    }
}

fn backups(settings: &args::SettingValues) -> Result<Option<BackupSchedule>, UsageError> {
    let (every, keep) = (settings.of("backup_every"), settings.of("backup_keep"));
    let every = Duration::from_secs(seconds(every.place(), every.text())?.max(1));
    let keep = keep.number(1, MOST_BACKUPS)?;
    Ok(settings.of("backup_folder").given().map(|folder| BackupSchedule { folder: folder.into(), every, keep }))
}

fn declaration(settings: &args::SettingValues) -> Result<Option<ServedDeclaration>, UsageError> {
    let [file, prune, fixture] = ["apply", "apply_prune", "fixture"].map(|name| settings.of(name));
    let is_pruned = prune.choose(SWITCH)?;
    match file.given() {
        Some(_) if fixture.choose(SWITCH)? => Err(UsageError(format!("{} is not for a fixture: give it a seed", file.place()))),
        None if is_pruned => Err(UsageError(format!("{} needs the declaration beside it: --apply FILE", prune.place()))),
        file => Ok(file.map(|file| ServedDeclaration { file: file.to_owned(), prune: if is_pruned { Prune::Yes } else { Prune::No } })),
    }
}

fn verbosity(found: &SettingValue, default: Verbosity) -> Result<Verbosity, UsageError> {
    match found.given() {
        None => Ok(default),
        Some(_) => found.choose(Verbosity::NAMED),
    }
}

/// Returns the public URL, or nothing if it is not set.
fn public_url(found: &SettingValue) -> Result<String, UsageError> {
    let url = found.url()?.unwrap_or_default();
    // Otherwise nobody could tell whether a proxy has taken the base path off.
    let first = |path: &str| path.split('/').nth(1).unwrap_or_default().to_owned();
    let base_path = BasePath::of(&url);
    match ROUTES.iter().map(|route| first(route.path)).find(|own| !own.is_empty() && *own == first(base_path.root())) {
        Some(own) => Err(found.wrong(format!("must not have a path that begins with /{own}, which is one of this server's own"))),
        None => Ok(url),
    }
}

/// Returns the name of the site; empty for ours.
fn site_name(found: &SettingValue) -> Result<String, UsageError> {
    let name = found.given().unwrap_or_default().trim();
    if found.given().is_some() && (name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control)) {
        return Err(found.wrong(format!("must be a name of 1 to {LONGEST_NAME} characters in one line")));
    }
    Ok(name.to_owned())
}

fn networks(found: &SettingValue) -> Result<TrustedProxies, UsageError> {
    let Some(text) = found.given() else { return Ok(TrustedProxies::default()) };
    text.parse().map_err(|NoNetwork(part)| {
        found.wrong(format!("must be addresses or networks such as 127.0.0.1,10.0.0.0/8, or unix; `{part}` is not one"))
    })
}

fn probe_networks(found: &SettingValue) -> Result<Networks, UsageError> {
    let Some(text) = found.given() else { return Ok(Networks::default()) };
    text.parse().map_err(|NoNetwork(part)| found.wrong(format!("must be networks such as 10.0.0.0/8,fd00::/8; `{part}` is not one")))
}

fn listen(found: &SettingValue) -> Result<Vec<ListenAddress>, UsageError> {
    let address = |part: &str| match part.strip_prefix("unix:") {
        Some("") => Err(found.wrong("has no path after unix:")),
        Some(path) => Ok(ListenAddress::Unix(path.into())),
        None => host_and_port(found, part).map(ListenAddress::Tcp),
    };
    found.text().split(',').map(str::trim).map(address).collect()
}

fn host_and_port(found: &SettingValue, text: &str) -> Result<String, UsageError> {
    let good = text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    if good { Ok(text.to_owned()) } else { Err(found.wrong("must be a host and a port such as 127.0.0.1:1885")) }
}

fn tls(certificate: &SettingValue, key: &SettingValue) -> Result<Option<(PathBuf, PathBuf)>, UsageError> {
    match (certificate.given(), key.given()) {
        (Some(certificate), Some(key)) => Ok(Some((certificate.into(), key.into()))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(UsageError(format!("{} needs the private key beside it: --tls-key FILE", certificate.place()))),
        (None, Some(_)) => Err(UsageError(format!("{} needs the certificate beside it: --tls-cert FILE", key.place()))),
    }
}

fn metrics_listen(found: &SettingValue) -> Result<Option<String>, UsageError> {
    match found.given() {
        None | Some("off") => Ok(None),
        Some(port) if port.parse::<u16>().is_ok() => Ok(Some(format!("127.0.0.1:{port}"))),
        Some(address) => host_and_port(found, address).map(Some),
    }
}
