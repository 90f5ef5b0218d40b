//! From words and flags to what is asked: which command, and with what.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::ffi::OsString;

use pico_args::Arguments;

use crate::cli::args::flags::{EVERYWHERE, Flag, FlagKind, OUTPUT};
use crate::cli::args::standard_input;
use crate::cli::commands::{self, COMMANDS, Command, GROUPS};
use crate::cli::docs::suggestion::nearest;
use crate::cli::failure::Usage;
use crate::cli::run::output::printable;
use crate::cli::serve::settings::{CONNECTION, SettingKind};

/// What the arguments ask for.
#[derive(Debug)]
pub enum Asked {
    /// To explain the command or the group of these words.
    Help(String),
    Version,
    Run(&'static Command, Given, Arguments),
}

/// The flags and arguments of a command, by the names of the flags without their dashes.
#[derive(Debug, Default)]
pub struct Given {
    values: HashMap<&'static str, Vec<String>>,
    switches: HashSet<&'static str>,
    /// The flags whose secrets other programs could see, because they were arguments.
    seen: Vec<&'static str>,
}

/// Reads the words, then the flags of the command that they name. What is left is for the command's settings.
pub fn read(arguments: Vec<OsString>) -> Result<Asked, Usage> {
    let (mut words, flags) = split(arguments);
    if words.first().is_some_and(|word| word == "help") {
        let named: Vec<&str> = words[1..].iter().map(String::as_str).collect();
        return find(&named).map(|found| Asked::Help(found.name().to_owned()));
    }
    let asks = |names: [&str; 2]| flags.iter().any(|flag| names.iter().any(|name| flag == name));
    let help = asks(["--help", "-h"]);
    if !help && asks(["--version", "-V"]) {
        return Ok(Asked::Version);
    }
    if words.is_empty() && help {
        return Ok(Asked::Help(String::new()));
    }
    let found = find_first(&words)?;
    if help {
        return Ok(Asked::Help(found.name().to_owned()));
    }
    let Found::Command(command, length) = found else {
        let below = commands::below(found.name()).join(", ");
        return Err(match found.name() {
            "" => Usage(format!("a command is missing: {below}\n`keyfob help` explains them")),
            name => Usage(format!("`{name}` needs a command: {below}\n`keyfob help {name}` explains them")),
        });
    };
    let rest = words.split_off(length).into_iter().map(OsString::from).chain(flags).collect();
    given(command, rest)
}

/// What some words name.
enum Found {
    /// A command, after so many words.
    Command(&'static Command, usize),
    /// A group of commands; the group of all has no name.
    Group(&'static str),
}

impl Found {
    fn name(&self) -> &'static str {
        match self {
            Found::Command(command, _) => command.name,
            Found::Group(name) => name,
        }
    }
}

/// The command or group that these words name, and nothing but these words.
fn find(words: &[&str]) -> Result<Found, Usage> {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    find_first(&words)
}

/// The command that the first words name, or the group that all of them name.
fn find_first(words: &[String]) -> Result<Found, Usage> {
    let mut at = "";
    for (n, word) in words.iter().enumerate() {
        let here = |name: &str| commands::parent(name) == at;
        if let Some(command) =
            COMMANDS.iter().find(|command| here(command.name) && commands::is_called(command.name, command.aliases, word))
        {
            return Ok(Found::Command(command, n + 1));
        }
        match GROUPS.iter().find(|group| here(group.name) && commands::is_called(group.name, group.aliases, word)) {
            Some(group) => at = group.name,
            None => return Err(unknown(at, word)),
        }
    }
    Ok(Found::Group(at))
}

/// Words that look like nothing that anyone would type as a command are not repeated: they could be a secret.
fn unknown(group: &str, word: &str) -> Usage {
    let known = commands::below(group);
    let place = if group.is_empty() { String::new() } else { format!(" in `{group}`") };
    let plain = word.len() <= 24 && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
    let shown = if plain { format!("`{word}`") } else { "of that name".to_owned() };
    let tip = match nearest(word, commands::spellings(group)) {
        Some(near) => format!("did you mean `{}`?", [group, near].join(" ").trim()),
        None => format!("there are {}", known.join(", ")),
    };
    Usage(format!("there is no command {shown}{place}: {tip}"))
}

/// The words in front, and all that follows from the first flag of a command's own on. Flags that every command takes may stand before the words.
fn split(arguments: Vec<OsString>) -> (Vec<String>, Vec<OsString>) {
    let (mut words, mut flags) = (Vec::new(), Vec::new());
    let mut arguments = arguments.into_iter().peekable();
    while let Some(argument) = arguments.next() {
        let text = argument.to_str().unwrap_or_default().to_owned();
        if !text.starts_with('-') && !argument.is_empty() && flags.iter().all(stands_before_words) {
            words.push(argument.to_string_lossy().into_owned());
            continue;
        }
        let valued = CONNECTION.iter().map(|setting| setting.flag).chain(OUTPUT.iter().map(|flag| flag.name.as_ref()));
        let takes_value = valued.into_iter().any(|name| name == dashed(&text));
        // Flag and value become one word, so that a value is never taken for a word of the command.
        match arguments.peek() {
            Some(_) if takes_value => {
                let value = arguments.next().unwrap_or_default();
                let mut joined = OsString::from(format!("{}=", dashed(&text)));
                joined.push(value);
                flags.push(joined);
            }
            _ => flags.push(argument),
        }
    }
    (words, flags)
}

fn stands_before_words(flag: &OsString) -> bool {
    let text = flag.to_string_lossy();
    let name = dashed(text.split('=').next().unwrap_or_default());
    let switches = EVERYWHERE.iter().chain(OUTPUT).map(|flag| flag.name.as_ref());
    matches!(name.as_str(), "-h" | "-V") || switches.chain(CONNECTION.iter().map(|setting| setting.flag)).any(|known| known == name)
}

/// `--client_id` → `--client-id`.
fn dashed(name: &str) -> String {
    if name.starts_with("--") { name.replace('_', "-") } else { name.to_owned() }
}

fn given(command: &'static Command, rest: Vec<OsString>) -> Result<Asked, Usage> {
    let rows = command.flags();
    let mut arguments = Arguments::from_vec(spelled(&rows, rest));
    let mut given = Given::default();
    for row in &rows {
        let mut values = Vec::new();
        if row.is_switch() {
            while arguments.contains(static_name(row)) {
                values.push("true".to_owned());
            }
        }
        values.extend(values_of(&mut arguments, row)?);
        if !values.is_empty() {
            given.values.insert(row.key(), values);
        }
        if row.is_switch() {
            given.switches.insert(row.key());
        }
        if matches!(row.kind, FlagKind::Secret) && given.has(row.key()) {
            given.seen.push(static_name(row));
        }
    }
    if command.takes_settings() {
        return Ok(Asked::Run(command, given, arguments));
    }
    let mut left = Vec::new();
    let connection = CONNECTION.iter().filter(|_| command.is_remote()).map(|setting| setting.flag);
    let settings: Vec<&str> = connection.chain(command.settings().iter().map(|setting| setting.flag)).collect();
    let mut places = command.arguments.iter();
    let mut rest = arguments.finish().into_iter();
    while let Some(argument) = rest.next() {
        let text = argument.to_str().ok_or_else(|| Usage("an argument is not UTF-8".to_owned()))?.to_owned();
        let name = text.split('=').next().unwrap_or_default();
        if settings.contains(&name) {
            given.seen.extend(CONNECTION.iter().find(|row| row.flag == name && row.kind == SettingKind::Secret).map(|row| row.flag));
            left.push(argument);
            if !text.contains('=') {
                left.extend(rest.next());
            }
        } else if text.starts_with('-') && text.len() > 1 {
            return Err(unknown_flag(command, name));
        } else {
            let key = places.next().ok_or_else(|| Usage(format!("`{}` is given more arguments than it takes", command.name)))?;
            given.put_argument(key, text)?;
        }
    }
    Ok(Asked::Run(command, given, Arguments::from_vec(left)))
}

/// The arguments with dashes for underscores in names of flags, and each value apart from its flag. What is a value stays as it is.
fn spelled(rows: &[&'static Flag], arguments: Vec<OsString>) -> Vec<OsString> {
    let mut spelled = Vec::new();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let Some(text) = argument.to_str().filter(|text| text.starts_with("--")) else {
            spelled.push(argument);
            continue;
        };
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        let name = dashed(name);
        match (rows.iter().find(|row| row.name == name), value) {
            (Some(row), Some(value)) if !row.is_switch() => spelled.extend([name.into(), value.into()]),
            (Some(row), None) if !row.is_switch() => {
                spelled.push(name.into());
                spelled.extend(arguments.next());
            }
            (_, Some(value)) => spelled.push(format!("{name}={value}").into()),
            (_, None) => spelled.push(name.into()),
        }
    }
    spelled
}

fn static_name(row: &'static Flag) -> &'static str {
    row.name.as_ref()
}

fn values_of(arguments: &mut Arguments, row: &'static Flag) -> Result<Vec<String>, Usage> {
    arguments.values_from_fn(static_name(row), |value| Ok::<_, Infallible>(value.to_owned())).map_err(|error| match error {
        pico_args::Error::NonUtf8Argument => Usage(format!("{} is not UTF-8", row.name)),
        _ => Usage(format!("{} needs a value: {}", row.name, if row.is_switch() { "true or false" } else { row.value })),
    })
}

fn unknown_flag(command: &Command, name: &str) -> Usage {
    let rows = command.flags();
    let connection = CONNECTION.iter().filter(|_| command.is_remote()).map(|setting| setting.flag);
    let known: Vec<&str> = rows.iter().map(|row| row.name.as_ref()).chain(connection).collect();
    let tip = match nearest(name, known) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("`keyfob help {}` lists its flags", command.name),
    };
    Usage(format!("`{}` has no flag {}: {tip}", command.name, printable(name)))
}

impl Given {
    pub fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// Reads the secrets that flags say are in files, or come from standard input, and gives them the places of the flags for the secrets
    /// themselves.
    pub fn read_secrets(&mut self, command: &Command) -> Result<(), Usage> {
        for row in command.flags().into_iter().filter(|row| matches!(row.kind, FlagKind::SecretFile)) {
            let Some(path) = self.one(row.key()) else { continue };
            let key = row.key().trim_end_matches("-file");
            if self.has(key) {
                return Err(Usage(format!("--{key} and {} exclude each other", row.name)));
            }
            let secret = standard_input::secret(path, key).map_err(|error| Usage(format!("{}: cannot read it: {error}", row.name)))?;
            if secret.is_empty() {
                return Err(Usage(format!("{}: it holds nothing", row.name)));
            }
            self.values.insert(key, vec![secret]);
        }
        Ok(())
    }

    /// Says of each secret that was an argument how to give it unseen.
    pub fn advice(&self) -> Vec<String> {
        let elsewhere = |flag: &str| match flag {
            "--api-key" => "KEYFOB_API_KEY_FILE, or `keyfob login`, which keeps it".to_owned(),
            flag => format!("{flag}-file"),
        };
        let advice = |flag: &&str| {
            format!(
                "warning: {flag} on the command line shows a secret to other programs, and to the history of your shell: use {}",
                elsewhere(flag)
            )
        };
        self.seen.iter().map(advice).collect()
    }

    /// The last value of a flag, or the argument in its place.
    pub fn one(&self, key: &str) -> Option<&str> {
        self.values.get(key).and_then(|values| values.last()).map(String::as_str)
    }

    /// The same, where the command cannot do without.
    pub fn needed(&self, key: &str) -> Result<&str, Usage> {
        self.one(key).filter(|value| !value.is_empty()).ok_or_else(|| missing(key))
    }

    pub fn switch(&self, key: &str) -> Result<bool, Usage> {
        match self.one(key) {
            None | Some("false" | "0" | "f" | "F" | "FALSE" | "False") => Ok(false),
            Some("true" | "1" | "t" | "T" | "TRUE" | "True") => Ok(true),
            Some(_) => Err(Usage(format!("--{key} is true or false"))),
        }
    }

    /// Whether a switch is on; a flag of this name that takes a value is none.
    pub fn selects(&self, key: &str) -> Result<bool, Usage> {
        Ok(self.switches.contains(key) && self.switch(key)?)
    }

    /// The items of a list: joined by commas, or the flag repeated.
    pub fn list(&self, key: &str) -> Vec<String> {
        self.values.get(key).into_iter().flatten().flat_map(|value| value.split(',')).map(str::to_owned).collect()
    }

    /// `key=value,k=v`. A part without `=` belongs to the value before it, which then holds a comma.
    pub fn pairs(&self, key: &str) -> Result<Vec<(String, String)>, Usage> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for value in self.values.get(key).into_iter().flatten() {
            for (n, part) in value.split(',').enumerate() {
                match (part.split_once('='), pairs.last_mut()) {
                    (Some((name, value)), _) => pairs.push((name.to_owned(), value.to_owned())),
                    (None, Some((_, before))) if n > 0 => *before = format!("{before},{part}"),
                    (None, _) if value.is_empty() => {}
                    (None, _) => return Err(Usage(format!("--{key} takes key=value"))),
                }
            }
        }
        Ok(pairs)
    }

    fn put_argument(&mut self, key: &'static str, value: String) -> Result<(), Usage> {
        match self.one(key) {
            Some(other) if other != value => Err(Usage(format!("the argument and --{key} name different things: give one of them"))),
            _ => {
                self.values.insert(key, vec![value]);
                Ok(())
            }
        }
    }
}

/// In the words of `ttn-lw-cli`, which scripts know.
pub fn missing(key: &str) -> Usage {
    let name = key.replace('-', "_");
    let words: Vec<&str> = key.split('-').map(|word| if word == "id" { "ID" } else { word }).collect();
    Usage(format!("error:cmd/ttn-lw-cli/commands:no_{name} (no {} set)\n    flag=--{key}", words.join(" ")))
}

/// The kinds of flags whose values are known beforehand.
pub fn values(flag: &Flag) -> Vec<&'static str> {
    match flag.kind {
        FlagKind::Choice(choices) | FlagKind::ChoiceList(choices) => (choices.names)(),
        FlagKind::Switch | FlagKind::Text | FlagKind::List | FlagKind::Pairs => Vec::new(),
        FlagKind::File | FlagKind::Secret | FlagKind::SecretFile => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(line: &str) -> (&'static str, Given) {
        match read(line.split_whitespace().map(OsString::from).collect()) {
            Ok(Asked::Run(command, given, _)) => (command.name, given),
            other => panic!("{line}: {other:?}"),
        }
    }

    fn refusal(line: &str) -> String {
        match read(line.split_whitespace().map(OsString::from).collect()) {
            Err(Usage(text)) => text,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn every_alias_leads_to_the_command() {
        for line in ["clients get app", "client info app", "cli get app", "c get --client-id app", "c get --client_id=app"] {
            let (name, given) = run(line);
            assert_eq!((name, given.one("client-id")), ("clients get", Some("app")), "{line}");
        }
        assert_eq!(run("org members ls acme").0, "organizations collaborators list");
        assert_eq!(run("u oauth tokens list").0, "users oauth access-tokens list");
    }

    #[test]
    fn flags_of_every_command_may_stand_anywhere() {
        for line in ["--server http://x clients get app", "clients --server=http://x get app", "clients get app --server http://x"] {
            assert_eq!(run(line).1.one("client-id"), Some("app"), "{line}");
        }
    }

    #[test]
    fn a_switch_is_true_alone_and_false_only_when_it_says_so() {
        assert!(run("clients create app --endorsed").1.switch("endorsed").unwrap());
        assert!(!run("clients create app --endorsed=false --name x").1.switch("endorsed").unwrap());
        assert!(run("clients create app --endorsed=perhaps").1.switch("endorsed").is_err());
    }

    #[test]
    fn lists_are_joined_by_commas_or_repeated() {
        let (_, given) = run("clients create app --rights A,B --rights=C --redirect_uris https://x/a_b --redirect-uris y");
        assert_eq!(given.list("rights"), ["A", "B", "C"]);
        assert_eq!(given.list("redirect-uris"), ["https://x/a_b", "y"]);
        let (_, given) = run("clients create app --attributes one=1,two=2=2 --attributes three=3,4");
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(given.pairs("attributes").unwrap(), [pair("one", "1"), pair("two", "2=2"), pair("three", "3,4")]);
    }

    #[test]
    fn a_value_may_look_like_a_flag() {
        assert_eq!(run("clients create app --description --my_text").1.one("description"), Some("--my_text"));
        assert_eq!(run("clients create app --name \"quoted\"").1.one("name"), Some("\"quoted\""));
        assert_eq!(run("clients create app --name=").1.one("name"), Some(""));
    }

    #[test]
    fn the_nearest_command_or_flag_is_suggested() {
        assert!(refusal("cleints list").contains("did you mean `clients`?"));
        assert!(refusal("clients creat").contains("did you mean `clients create`?"));
        assert!(refusal("clients create app --nmae x").contains("did you mean --name?"));
        assert!(refusal("clients collaborators lst").contains("did you mean `clients collaborators list`?"));
        assert!(refusal("clients").contains("needs a command"));
    }

    #[test]
    fn what_could_be_a_secret_is_not_repeated() {
        for line in ["clients get app NNSXS.A.B", "login NNSXS.A.B", "NNSXS.A.B", "clients create app --secrt=NNSXS.A.B"] {
            assert!(!refusal(line).contains("NNSXS"), "{}", refusal(line));
        }
    }

    #[test]
    fn an_id_is_an_argument_or_a_flag_but_not_two_ids() {
        assert!(refusal("clients get app --client-id other").contains("--client-id"));
        assert_eq!(run("clients get app --client-id app").1.one("client-id"), Some("app"));
        assert!(missing("client-id").0.starts_with("error:cmd/ttn-lw-cli/commands:no_client_id (no client ID set)"));
    }
}
