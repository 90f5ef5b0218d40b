//! From arguments to a running command, and what its result means to the shell.

use std::ffi::OsString;
use std::process::ExitCode;

use pico_args::Arguments;

use crate::cli::args::parse::{self, Asked, Given};
use crate::cli::commands::{Command, Run};
use crate::cli::docs::{completions, help};
use crate::cli::failure::Failure;
use crate::cli::remote::http::Remote;
use crate::cli::run::output::{self, note};
use crate::cli::serve::settings;

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
    match parse::read(arguments)? {
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
