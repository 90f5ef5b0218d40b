//! Runs the command that the arguments name, and returns its exit code.

use std::ffi::OsString;
use std::process::ExitCode;

use pico_args::Arguments;

use crate::base::suggestion::nearest;
use crate::cli::args::flags::{EVERYWHERE, OUTPUT};
use crate::cli::args::parse::{dashed, is_plain, parse};
use crate::cli::args::unknown_variables::unknown_variables;
use crate::cli::args::values::Values;
use crate::cli::commands::{self, COMMANDS, Command, Document, Entry, Run};
use crate::cli::docs::{completions, help, man};
use crate::cli::failure::{Failure, UsageError};
use crate::cli::remote::connection::{CONNECTION, ConnectionSettings};
use crate::cli::remote::http::Remote;
use crate::cli::remote::tokens;
use crate::cli::run::{client_check, operator};
use crate::cli::terminal::{note, print};
use crate::openapi::files;

/// A parsed command line.
pub enum Invocation {
    /// Explain the command or the group of this name.
    Help(String),
    Version,
    /// Run a command with these values, and with the remaining arguments for its settings.
    Run(&'static Command, Values, Arguments),
}

/// Runs the command that the arguments name.
pub fn run(arguments: Vec<OsString>) -> ExitCode {
    let mut warnings = Vec::new();
    // Its exit code 2 says that there are changes.
    let wrong_usage = if arguments.first().is_some_and(|first| first == "plan") { ExitCode::FAILURE } else { ExitCode::from(2) };
    let done = command(arguments, &mut warnings);
    let code = match &done {
        Ok(()) | Err(Failure::Unread) => ExitCode::SUCCESS,
        Err(Failure::Problems(problems)) => ExitCode::from(*problems),
        Err(Failure::Usage(_)) => wrong_usage,
        Err(Failure::Refused(_) | Failure::Named(_)) => ExitCode::FAILURE,
    };
    if let Err(failure @ (Failure::Usage(_) | Failure::Refused(_) | Failure::Named(_))) = done {
        note(&failure.to_string());
    }
    // Last: programs read the first line of an error.
    warnings.iter().for_each(|line| note(&format!("warning: {line}")));
    code
}

/// Runs the command. Fills `warnings` with what is printed afterwards, however the command ends.
fn command(arguments: Vec<OsString>, warnings: &mut Vec<String>) -> Result<(), Failure> {
    if arguments.first().is_some_and(|first| first == completions::QUESTION) {
        return completions::answer(&arguments[1..]);
    }
    match read(arguments)? {
        Invocation::Help(name) => print(&help::text(&name)),
        Invocation::Version => print(&help::version()),
        Invocation::Run(command, mut values, rest) => {
            warnings.extend(values.warnings());
            warnings.extend(unknown_variables(COMMANDS.iter().flat_map(Command::settings)));
            values.read_secrets(&command.flags())?;
            execute(command, &values, rest, warnings)
        }
    }
}

fn execute(command: &Command, values: &Values, rest: Arguments, warnings: &mut Vec<String>) -> Result<(), Failure> {
    let connect = |rest| Remote::of(ConnectionSettings::read(rest)?).map_err(Failure::from);
    match command.run {
        Run::Serve(run) => run(rest, warnings),
        Run::Local(run) => run(values, rest),
        Run::Operator(operation) => operator::run(operation, values, rest),
        Run::Document(document) => print_document(document, values),
        Run::Unauthenticated(run) => run(values, &mut connect(rest)?),
        Run::Anyone(run) | Run::Remote(run) => {
            let mut remote = connect(rest)?;
            tokens::recall_credentials(&mut remote)?;
            if let Run::Remote(_) = command.run {
                remote.require_credentials()?;
            }
            run(values, &mut remote)
        }
    }
}

fn print_document(document: Document, values: &Values) -> Result<(), Failure> {
    match document {
        Document::OpenApi => print(crate::api::openapi::DOCUMENT),
        Document::Schema => print(&schema(values)?),
        Document::Rules => print(&client_check::explanation(values)?),
        Document::Completions => print(completions::script(values)?),
        Document::Manual => print(&man::text()),
        Document::Version => print(&help::version()),
    }
}

fn schema(values: &Values) -> Result<String, UsageError> {
    match values.one("of") {
        None | Some("declaration") => Ok(files::declaration()),
        Some("seed") => Ok(crate::fixture::seed::schema::DOCUMENT.to_owned()),
        Some(_) => Err(UsageError("--of is declaration or seed".to_owned())),
    }
}

/// Reads the words, then the flags of the command that they name.
pub fn read(arguments: Vec<OsString>) -> Result<Invocation, UsageError> {
    let (mut words, flags) = split(arguments);
    if words.first().is_some_and(|word| word == "help") {
        return find(&words[1..]).map(|(_, name, _)| Invocation::Help(name.to_owned()));
    }
    let asks = |names: [&str; 2]| flags.iter().any(|flag| names.iter().any(|name| flag == name));
    let help = asks(["--help", "-h"]);
    if !help && asks(["--version", "-V"]) {
        return Ok(Invocation::Version);
    }
    let (command, name, length) = find(&words)?;
    if help {
        return Ok(Invocation::Help(name.to_owned()));
    }
    let Some(command) = command.or_else(|| commands::alone(name)) else {
        let below = words_below(name);
        return Err(match name {
            "" => UsageError(format!("a command is missing: {below}\n`keyfob help` explains them")),
            name => UsageError(format!("`{name}` needs a command: {below}\n`keyfob help {name}` explains them")),
        });
    };
    let rest = words.split_off(length).into_iter().map(OsString::from).chain(flags).collect();
    let (values, rest) = parse(&command.takes(), rest)?;
    Ok(Invocation::Run(command, values, rest))
}

/// Returns the command that the first words name, its name, and the number of these words; or only the name of the group that all words name.
/// The group of all commands has no name.
fn find(words: &[String]) -> Result<(Option<&'static Command>, &'static str, usize), UsageError> {
    let mut at = "";
    for (n, word) in words.iter().enumerate() {
        match commands::find(at, word) {
            Some(Entry::Command(command)) => return Ok((Some(command), command.name, n + 1)),
            Some(Entry::Group(group)) => at = group.name,
            None => return Err(unknown(at, word)),
        }
    }
    Ok((None, at, words.len()))
}

fn words_below(group: &str) -> String {
    commands::below(group).map(Entry::word).collect::<Vec<_>>().join(", ")
}

/// Refuses a word that names no command.
fn unknown(group: &str, word: &str) -> UsageError {
    let place = if group.is_empty() { String::new() } else { format!(" in `{group}`") };
    let shown = if is_plain(word) { format!("`{word}`") } else { "of that name".to_owned() };
    let tip = match nearest(word, commands::below(group).flat_map(Entry::spellings)) {
        Some(near) => format!("did you mean `{}`?", [group, near].join(" ").trim()),
        None => format!("there are {}", words_below(group)),
    };
    UsageError(format!("there is no command {shown}{place}: {tip}"))
}

/// Returns the words in front, and everything from the first flag that is not common to all commands.
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
        // Flag and value become one argument: a value must not be taken for a word of the command.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::values::missing;

    fn run(line: &str) -> (&'static str, Values) {
        match read(line.split_whitespace().map(OsString::from).collect()) {
            Ok(Invocation::Run(command, values, _)) => (command.name, values),
            other => panic!("{line}: {:?}", other.err()),
        }
    }

    fn refusal(line: &str) -> String {
        match read(line.split_whitespace().map(OsString::from).collect()) {
            Err(UsageError(text)) => text,
            Ok(_) => panic!("{line} was not refused"),
        }
    }

    #[test]
    fn every_alias_leads_to_the_command() {
        for line in ["clients get app", "client info app", "cli get app", "c get --client-id app", "c get --client_id=app"] {
            let (name, values) = run(line);
            assert_eq!((name, values.one("client-id")), ("clients get", Some("app")), "{line}");
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
        let (_, values) = run("clients create app --rights A,B --rights=C --redirect_uris https://x/a_b --redirect-uris y");
        assert_eq!(values.list("rights"), ["A", "B", "C"]);
        assert_eq!(values.list("redirect-uris"), ["https://x/a_b", "y"]);
        let (_, values) = run("clients create app --attributes one=1,two=2=2 --attributes three=3,4");
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(values.pairs("attributes").unwrap(), [pair("one", "1"), pair("two", "2=2"), pair("three", "3,4")]);
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
