//! Runs the operator's commands: on the data file itself or, if a server holds it, inside that server. The operator sees no difference.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use pico_args::Arguments;
use serde_json::{Map, Value, json};

use crate::base::error::errors;
use crate::cli::api_error::ApiError;
use crate::cli::args::settings::SettingKind::Value as OfValue;
use crate::cli::args::settings::{self as args, IS_URL, ROUNDS, Setting};
use crate::cli::args::values::Values;
use crate::cli::control;
use crate::cli::failure::{Failure, UsageError};
use crate::cli::run::admin::{CREATE_SIGN_IN_LINK, OPERATIONS};
use crate::cli::run::admin_operation::AdminOperation;
use crate::cli::run::data_file::require;
use crate::cli::run::secret_file::{Secret, SecretFile};
use crate::cli::terminal::note;
use crate::http::origin::server_url;
use crate::model::recovery::LINK_PATH;
use crate::model::settings::Settings;
use crate::registry::secrets;
use crate::store::{OpenError, Store};

errors! {
    NO_ANSWER: Unavailable "keyfob/cli" "no_answer" "the server that uses the data file did not answer, so nobody knows whether it was done: {reason}";
    WRONG_ANSWER: Unavailable "keyfob/cli" "wrong_answer" "what answers at the control socket is no server of this version ({reason}), so nobody knows whether it was done";
    UNKNOWN_OPERATION: InvalidArgument "keyfob/cli" "unknown_operation" "there is no operation `{operation}`: there are {known}";
    OTHER_VERSION: FailedPrecondition "keyfob/cli" "other_version" "the server that uses the data file is keyfob {server}, this is keyfob {command}: use the same version for both";
}

/// How long to wait for somebody who holds the file and has no control socket yet: a server that starts, or another command.
const STARTING: Duration = Duration::from_secs(5);
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(50);

/// Where a server is that does not run, unless a setting says so: where `serve` listens by default.
const UNKNOWN_SERVER: &str = "http://127.0.0.1:1885";

/// The settings of these commands.
#[rustfmt::skip]
pub static DATA: &[Setting] = &[
    Setting { name: "data", flag: "--data", variable: "KEYFOB_DATA", value: "FILE", default: "keyfob.db", kind: OfValue, doc: "The data file." },
    Setting { name: "password_rounds", flag: "--password-rounds", variable: "KEYFOB_PASSWORD_ROUNDS", value: "N", default: "600000, or as the running server has it", kind: OfValue, doc: "Rounds of PBKDF2-SHA256 for a password." },
    Setting { name: "public_url", flag: "--public-url", variable: "KEYFOB_PUBLIC_URL", value: "URL", default: "http://127.0.0.1:1885, or as the running server has it", kind: OfValue, doc: "The URL at which browsers reach the server, for links." },
];

/// What a command says about the settings; the rest is the running server's, or the default.
#[derive(Debug, Default)]
struct Overrides {
    password_rounds: Option<u32>,
    public_url: Option<String>,
}

impl Overrides {
    /// Returns the settings that an operation works with. Those that say what may be registered don't matter to an operator.
    fn over(&self, settings: &Settings) -> Settings {
        Settings {
            password_rounds: self.password_rounds.unwrap_or(settings.password_rounds),
            public_url: self.public_url.as_ref().unwrap_or(&settings.public_url).clone(),
            ..Settings::default()
        }
    }
}

/// Where an operation runs.
enum Place {
    File(Box<Store>),
    Server(UnixStream),
}

/// Where operations are performed.
pub struct Operator {
    pub data: PathBuf,
    overrides: Overrides,
}

impl Operator {
    /// Reads the settings from flags and environment.
    pub fn read(arguments: Arguments) -> Result<Operator, UsageError> {
        let found = args::SettingValues::read(DATA, arguments)?;
        let password_rounds = found.of("password_rounds").rounds()?;
        let overrides = Overrides { password_rounds, public_url: found.of("public_url").url()? };
        Ok(Operator { data: found.of("data").text().into(), overrides })
    }

    pub fn perform(&self, operation: &AdminOperation, values: &Values) -> Result<Value, Failure> {
        perform(self.place()?, operation, values, &self.overrides)
    }

    /// Returns whether an operation that ended like this may have been done all the same.
    pub fn may_be_done(&self, failure: &Failure) -> bool {
        matches!(failure, Failure::Named(error) if error.is(&NO_ANSWER) || error.is(&WRONG_ANSWER))
    }

    fn place(&self) -> Result<Place, Failure> {
        require(&self.data)?;
        open(&self.data)
    }
}

fn perform(place: Place, operation: &AdminOperation, values: &Values, overrides: &Overrides) -> Result<Value, Failure> {
    match place {
        Place::File(store) => {
            (operation.run)(values, &store, &overrides.over(&Settings { public_url: UNKNOWN_SERVER.to_owned(), ..Settings::default() }))
        }
        Place::Server(stream) => ask(&stream, operation, values, overrides),
    }
}

pub fn run(operation: &AdminOperation, values: &Values, arguments: Arguments) -> Result<(), Failure> {
    let operator = Operator::read(arguments)?;
    let place = operator.place()?;
    if let Some(warning) = values.one("secret").and_then(secrets::warning) {
        note(&format!("warning: {warning}"));
    }
    let mut secret_file = SecretFile::of(values, usize::from(!operation.secret.is_empty()))?;
    let answer = perform(place, operation, values, &operator.overrides)?;
    if !answer.is_null() {
        secret_file.print(&Secret { of: "", member: operation.secret }, &[], answer)?;
    }
    secret_file.end();
    Ok(())
}

/// Opens the file, or connects to the server that holds it.
fn open(path: &Path) -> Result<Place, Failure> {
    let begun = Instant::now();
    let refused = |error: &dyn std::fmt::Display| Failure::Refused(format!("{}: {error}", path.display()));
    loop {
        match Store::open(path) {
            Ok(store) => return Ok(Place::File(Box::new(store))),
            Err(OpenError::Held) => {}
            Err(error) => return Err(refused(&error)),
        }
        match control::connect(path) {
            Ok(stream) => return Ok(Place::Server(stream)),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {}
            Err(error) => return Err(refused(&format_args!("cannot reach the server that uses this data file: {error}"))),
        }
        if begun.elapsed() >= STARTING {
            return Err(refused(&OpenError::Held));
        }
        std::thread::sleep(BETWEEN_ATTEMPTS);
    }
}

/// Has the server do it.
fn ask(stream: &UnixStream, operation: &AdminOperation, values: &Values, overrides: &Overrides) -> Result<Value, Failure> {
    let request = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "operation": operation.name,
        "values": values.values,
        "password_rounds": overrides.password_rounds,
        "public_url": overrides.public_url,
    });
    let sent = control::send(stream, &request, operation.answer_timeout);
    // A server that refuses what is sent may answer before it has read all of it.
    let answer = control::receive(stream, operation.answer_timeout, control::LONGEST_ANSWER).map_err(|error| sent.err().unwrap_or(error));
    let mut answer = answer.map_err(|error| ApiError::from(NO_ANSWER.with("reason", error.to_string())))?;
    let wrong = |reason: &str| Err(ApiError::from(WRONG_ANSWER.with("reason", reason)).into());
    match (answer.get("failure").map(Failure::of_json), answer.get_mut("answer").map(Value::take)) {
        (Some(Failure::Unread) | None, None) => wrong("it says neither that it was done nor why not"),
        (Some(failure), _) => Err(failure),
        (None, Some(answer)) if std::ptr::eq(operation, &CREATE_SIGN_IN_LINK) && !answer["link"].as_str().is_some_and(is_sign_in_link) => {
            wrong("its link is none to a server")
        }
        (None, Some(answer)) => Ok(answer),
    }
}

fn is_sign_in_link(link: &str) -> bool {
    let is_token = |token: &str| token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.');
    link.split_once(LINK_PATH).is_some_and(|(url, token)| server_url(url) == Some(url) && is_token(token))
}

/// A command as the server was sent it.
pub struct OperatorRequest {
    pub operation: &'static AdminOperation,
    values: Values,
    overrides: Overrides,
}

impl OperatorRequest {
    /// Parses the message of a command of the same version; fails with what to answer to any other.
    pub fn parse(message: &Value) -> Result<OperatorRequest, Failure> {
        let text = |key: &str| message.get(key).and_then(Value::as_str);
        let name = text("operation")
            .ok_or_else(|| Failure::Refused("not a request: it must be an object that names an `operation`".to_owned()))?;
        let version = text("version").unwrap_or(env!("CARGO_PKG_VERSION"));
        if version != env!("CARGO_PKG_VERSION") {
            return Err(ApiError::from(OTHER_VERSION.with("server", env!("CARGO_PKG_VERSION")).with("command", version)).into());
        }
        let operation = OPERATIONS.iter().find(|operation| operation.name == name).ok_or_else(|| {
            let known: Vec<&str> = OPERATIONS.iter().map(|operation| operation.name).collect();
            ApiError::from(UNKNOWN_OPERATION.with("operation", name).with("known", known.join(", ")))
        })?;
        let texts = |value: &Value| value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        let pairs = message.get("values").and_then(Value::as_object).into_iter().flatten();
        let values = Values { values: pairs.map(|(key, value)| (key.clone(), texts(value))).collect(), ..Values::default() };
        let in_bounds =
            |rounds: &Value| rounds.as_u64().and_then(|rounds| u32::try_from(rounds).ok()).filter(|rounds| ROUNDS.contains(rounds));
        let given = |key: &str| message.get(key).filter(|value| !value.is_null());
        let password_rounds = given("password_rounds").map(|rounds| {
            let why = || format!("password_rounds must be a number from {} to {}, not `{rounds}`", ROUNDS.start(), ROUNDS.end());
            in_bounds(rounds).ok_or_else(|| Failure::Refused(why()))
        });
        let public_url = given("public_url").map(|url| {
            let known = url.as_str().and_then(server_url).map(str::to_owned);
            known.ok_or_else(|| Failure::Refused(format!("public_url {IS_URL}, not `{url}`")))
        });
        let overrides = Overrides { password_rounds: password_rounds.transpose()?, public_url: public_url.transpose()? };
        Ok(OperatorRequest { operation, values, overrides })
    }

    /// Runs it with the server's store and settings.
    pub fn run(&self, store: &Store, settings: &Settings) -> Result<Value, Failure> {
        (self.operation.run)(&self.values, store, &self.overrides.over(settings))
    }
}

/// Returns what is sent to the command.
pub fn answered(done: Result<Value, Failure>) -> Value {
    let (key, value) = match done {
        Ok(answer) => ("answer", answer),
        Err(failure) => ("failure", failure.to_json()),
    };
    Value::Object(Map::from_iter([(key.to_owned(), value)]))
}
