//! Settings, from flags or else the environment.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::Path;
use std::str::FromStr;

use pico_args::Arguments;

use crate::base::printable::printable;
use crate::base::secret::MOST_ROUNDS;
use crate::cli::failure::UsageError;
use crate::http::origin::server_url;

/// The fewest hash rounds: with fewer, a hash is hardly slower than none.
pub const FEWEST_ROUNDS: u32 = 1000;

/// The hash rounds that may be set: more would keep everybody waiting.
pub const ROUNDS: RangeInclusive<u32> = FEWEST_ROUNDS..=MOST_ROUNDS;

/// What is said of a URL that is none of a server.
pub const IS_URL: &str = "must be http://host or https://host, perhaps with a port and a path of letters, digits and -._~";

pub struct Setting {
    pub name: &'static str,
    /// Empty for settings that only the environment holds.
    pub flag: &'static str,
    pub variable: &'static str,
    /// The placeholder of the flag's value; empty for a switch.
    pub value: &'static str,
    /// As shown to people.
    pub default: &'static str,
    pub doc: &'static str,
    pub kind: SettingKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingKind {
    Value,
    /// A list joined by commas; the flag may be given several times.
    List,
    /// True or false; the flag alone means true.
    Switch,
    /// May also be in the file that `<variable>_FILE` names.
    Secret,
}

/// What a switch may say in its variable.
pub const SWITCH: &[(&str, bool)] = &[("true", true), ("1", true), ("on", true), ("false", false), ("0", false), ("off", false)];

impl Setting {
    /// Returns the names of the variables that may hold it.
    pub fn variables(&self) -> impl Iterator<Item = String> {
        let file = (self.kind == SettingKind::Secret).then(|| file_variable(self.variable));
        std::iter::once(self.variable.to_owned()).chain(file)
    }

    /// Returns `--listen HOST:PORT, KEYFOB_LISTEN (default: 127.0.0.1:1885)`.
    pub fn usage(&self) -> String {
        let flag = [self.flag, self.value].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        let places = [flag.as_str(), self.variable].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
        format!("{places} (default: {})", self.default)
    }
}

/// The settings of a command with their values.
pub(crate) struct SettingValues(Vec<SettingValue>);

/// A setting, and its value and source, if it is set.
pub(crate) struct SettingValue {
    setting: &'static Setting,
    value: Option<(String, String)>,
}

impl SettingValues {
    /// Reads flags and environment. Fails if any argument is left.
    pub fn read(settings: &'static [Setting], mut arguments: Arguments) -> Result<SettingValues, UsageError> {
        let find = |setting| SettingValue { setting, value: lookup(setting, &mut arguments)? }.checked();
        let found = settings.iter().map(find).collect::<Result<_, _>>()?;
        match arguments.finish().first() {
            None => Ok(SettingValues(found)),
            Some(rest) => {
                Err(UsageError(format!("`{}` is not known here: `keyfob help` lists the flags", printable(&rest.to_string_lossy()))))
            }
        }
    }

    pub fn of(&self, name: &str) -> &SettingValue {
        self.0.iter().find(|found| found.setting.name == name).expect("every setting that is read has a row")
    }
}

impl SettingValue {
    /// Cuts the line end off a secret, which files often have. Refuses a control character in anything else.
    fn checked(mut self) -> Result<SettingValue, UsageError> {
        match &mut self.value {
            Some((_, secret)) if self.setting.kind == SettingKind::Secret => {
                secret.truncate(secret.trim_end_matches(['\r', '\n']).len());
            }
            Some((_, value)) if value.contains(char::is_control) => {
                return Err(self.wrong("must have no line end, such as that of a Windows file, and no other control character"));
            }
            _ => {}
        }
        Ok(self)
    }

    /// Returns the flag or variable that the value came from, or that could set it.
    pub fn place(&self) -> &str {
        self.value.as_ref().map_or(self.setting.flag, |(place, _)| place)
    }

    /// Returns the flag or variable that is there, but says nothing.
    pub fn empty_place(&self) -> Option<String> {
        match &self.value {
            Some((place, value)) => value.trim().is_empty().then(|| place.clone()),
            None => {
                let mut names = self.setting.variables();
                names.find(|name| variable_names().any(|there| there == *name))
            }
        }
    }

    /// Returns the value if it is set.
    pub fn given(&self) -> Option<&str> {
        self.value.as_ref().map(|(_, value)| value.as_str())
    }

    /// Returns the value, or the default.
    pub fn text(&self) -> &str {
        self.given().unwrap_or(self.setting.default)
    }

    pub fn wrong(&self, why: impl fmt::Display) -> UsageError {
        UsageError(format!("{} {why}, not `{}`", self.place(), printable(self.text())))
    }

    pub fn choose<T: Copy>(&self, choices: &[(&str, T)]) -> Result<T, UsageError> {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let chosen = choices.iter().find(|(name, _)| *name == self.text()).map(|(_, value)| *value);
        chosen.ok_or_else(|| self.wrong(format!("must be one of {}", names.join(", "))))
    }

    pub fn number<T: FromStr + PartialOrd + fmt::Display>(&self, least: T, most: T) -> Result<T, UsageError> {
        let number = self.text().parse().ok().filter(|number| *number >= least && *number <= most);
        number.ok_or_else(|| self.wrong(format!("must be a number from {least} to {most}")))
    }

    /// Returns the PBKDF2 rounds for a password, if they are set.
    pub fn rounds(&self) -> Result<Option<u32>, UsageError> {
        self.given().map(|_| self.number(*ROUNDS.start(), *ROUNDS.end())).transpose()
    }

    /// Returns the URL of a server, if it is set.
    pub fn url(&self) -> Result<Option<String>, UsageError> {
        self.given().map(|url| server_url(url).map(str::to_owned).ok_or_else(|| self.wrong(IS_URL))).transpose()
    }
}

/// Returns the value of a setting and its source: the flag, or else the environment.
fn lookup(setting: &'static Setting, arguments: &mut Arguments) -> Result<Option<(String, String)>, UsageError> {
    let from_environment = environment(setting)?;
    if setting.flag.is_empty() {
        return Ok(from_environment);
    }
    if setting.kind == SettingKind::Switch {
        let on = arguments.contains(setting.flag).then(|| (setting.flag.to_owned(), "true".to_owned()));
        return Ok(on.or(from_environment));
    }
    match <[String; 1]>::try_from(values_of(arguments, setting.flag, setting.value)?) {
        Ok([value]) => Ok(Some((setting.flag.to_owned(), value))),
        Err(values) if values.is_empty() => Ok(from_environment),
        Err(values) if setting.kind == SettingKind::List => Ok(Some((setting.flag.to_owned(), values.join(",")))),
        Err(_) => Err(UsageError(format!("{} is given more than once", setting.flag))),
    }
}

/// Removes all values of a flag from the arguments; `value` is their placeholder.
pub fn values_of(arguments: &mut Arguments, flag: &'static str, value: &str) -> Result<Vec<String>, UsageError> {
    let values = arguments.values_from_fn(flag, |value| Ok::<_, std::convert::Infallible>(value.to_owned()));
    values.map_err(|error| match error {
        pico_args::Error::NonUtf8Argument => UsageError(format!("{flag} is not UTF-8")),
        _ => UsageError(format!("{flag} needs a value: {value}")),
    })
}

fn environment(setting: &Setting) -> Result<Option<(String, String)>, UsageError> {
    let value = variable(setting.variable)?;
    let file_variable = file_variable(setting.variable);
    let file = if setting.kind == SettingKind::Secret { variable(&file_variable)? } else { None };
    match (value, file) {
        (Some(_), Some(_)) => Err(UsageError(format!("{} and {file_variable} are both set: set one of them", setting.variable))),
        (Some(value), None) => Ok(Some((setting.variable.to_owned(), value))),
        (None, Some(file)) => {
            let text = std::fs::read_to_string(Path::new(&file))
                .map_err(|error| UsageError(format!("{file_variable}: cannot read the file: {error}")))?;
            Ok(Some((file_variable, text)))
        }
        (None, None) => Ok(None),
    }
}

/// Returns the variable that names a file with the value of this one.
fn file_variable(variable: &str) -> String {
    format!("{variable}_FILE")
}

/// Returns the names of all variables of the environment.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub fn variable_names() -> impl Iterator<Item = String> {
    std::env::vars_os().filter_map(|(name, _)| name.into_string().ok())
}

/// Returns a variable of the environment; an empty one counts as unset.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
pub fn variable(name: &str) -> Result<Option<String>, UsageError> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(UsageError(format!("{name} is not UTF-8"))),
    }
}
