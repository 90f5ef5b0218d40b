//! Floor 8, the operator's edge: commands, their settings, and what a result means to the shell.

pub mod admin;
pub mod api_keys;
pub mod arguments;
pub mod authorizations;
pub mod callback;
pub mod clients;
pub mod collaborators;
pub mod commands;
pub mod completions;
pub mod credentials;
pub mod entities;
pub mod flags;
pub mod help;
pub mod input;
pub mod login;
pub mod man;
pub mod nearest;
pub mod noun;
pub mod output;
pub mod pages;
pub mod refusal;
pub mod remote;
pub mod rights;
pub mod secret_file;
pub mod serve;
pub mod sessions;
pub mod settings;
pub mod sweeper;
pub mod tokens;
pub mod users;

use std::ffi::OsString;
use std::fmt;
use std::process::ExitCode;

use pico_args::Arguments;

use crate::cli::arguments::{Asked, Given};
use crate::cli::commands::{Command, Run};
use crate::cli::output::note;
use crate::cli::refusal::Refusal;
use crate::cli::remote::Remote;
use crate::cli::settings::Usage;

/// Why a command ended early.
#[derive(Debug)]
pub enum Failure {
    /// It was called wrongly: exit code 2.
    Usage(Usage),
    /// It was called rightly and could not be done: exit code 1.
    Refused(String),
    /// The same, by a refusal that has a name: the server's, or one of our own.
    Named(Box<Refusal>),
    /// Whoever read its output has seen enough: exit code 0.
    Unread,
}

impl From<Usage> for Failure {
    fn from(usage: Usage) -> Failure {
        Failure::Usage(usage)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        Failure::Named(Box::new(refusal))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // What has a name is told in its own first line.
            Failure::Usage(Usage(text)) if text.starts_with("error:") => f.write_str(text),
            Failure::Usage(Usage(text)) | Failure::Refused(text) => write!(f, "keyfob: {text}"),
            Failure::Named(refusal) => refusal.fmt(f),
            Failure::Unread => Ok(()),
        }
    }
}

/// Runs the command that the arguments name.
pub fn run(arguments: Vec<OsString>) -> ExitCode {
    let mut advice = Vec::new();
    let done = command(arguments, &mut advice);
    let code = match &done {
        Ok(()) | Err(Failure::Unread) => ExitCode::SUCCESS,
        Err(Failure::Usage(_)) => ExitCode::from(2),
        Err(Failure::Refused(_) | Failure::Named(_)) => ExitCode::FAILURE,
    };
    if let Err(failure @ (Failure::Usage(_) | Failure::Refused(_) | Failure::Named(_))) = done {
        note(&failure.to_string());
    }
    // Last, where programs that read what went wrong don't stumble over it.
    advice.iter().for_each(|line| note(line));
    code
}

/// `advice` takes what is to be told afterwards, however it ends.
fn command(arguments: Vec<OsString>, advice: &mut Vec<String>) -> Result<(), Failure> {
    if arguments.first().is_some_and(|first| first == completions::QUESTION) {
        return completions::answer(&arguments[1..]);
    }
    match arguments::read(arguments)? {
        Asked::Help(name) => output::print(&help::text(&name)),
        Asked::Version => help::version(&Given::default()),
        Asked::Run(command, mut given, rest) => {
            advice.extend(given.advice());
            given.read_secrets(command)?;
            execute(command, &given, rest)
        }
    }
}

fn execute(command: &Command, given: &Given, rest: Arguments) -> Result<(), Failure> {
    match command.run {
        Run::Serve(run) => run(rest),
        Run::Operator(run) => run(given, rest),
        Run::Here(run) => run(given),
        Run::Door(run) => run(given, &mut Remote::of(settings::connection(rest)?)?),
        Run::Anyone(run) => {
            let mut remote = Remote::of(settings::connection(rest)?)?;
            remote.recall_credentials()?;
            run(given, &mut remote)
        }
        Run::Remote(run) => {
            let mut remote = Remote::of(settings::connection(rest)?)?;
            remote.recall_credentials()?;
            remote.require_credentials()?;
            run(given, &mut remote)
        }
    }
}
