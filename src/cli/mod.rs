//! Floor 8, the operator's edge: commands, their settings, and what a result means to the shell.

pub mod serve;
pub mod settings;
pub mod sweeper;

use std::ffi::OsString;
use std::fmt;
use std::io::Write;
use std::process::ExitCode;

use crate::cli::settings::{SETTINGS, Usage};

/// Why a command ended early.
#[derive(Debug)]
pub enum Failure {
    /// It was called wrongly: exit code 2.
    Usage(Usage),
    /// It was called rightly and could not be done: exit code 1.
    Refused(String),
}

impl From<Usage> for Failure {
    fn from(usage: Usage) -> Failure {
        Failure::Usage(usage)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(Usage(text)) | Failure::Refused(text) => f.write_str(text),
        }
    }
}

/// Runs the command that the arguments name.
pub fn run(arguments: Vec<OsString>) -> ExitCode {
    match command(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody is left to tell when standard error is closed.
            let _ = writeln!(std::io::stderr(), "keyfob: {failure}");
            match failure {
                Failure::Usage(_) => ExitCode::from(2),
                Failure::Refused(_) => ExitCode::FAILURE,
            }
        }
    }
}

fn command(arguments: Vec<OsString>) -> Result<(), Failure> {
    let mut arguments = pico_args::Arguments::from_vec(arguments);
    if arguments.contains(["-h", "--help"]) {
        return print(&help());
    }
    if arguments.contains(["-V", "--version"]) {
        return print(&format!("keyfob {}\n", env!("CARGO_PKG_VERSION")));
    }
    let command = arguments.subcommand().map_err(|error| Usage(error.to_string()))?;
    match command.as_deref() {
        Some("serve") => serve::serve(arguments),
        Some("openapi") => {
            settings::finish(arguments)?;
            print(&format!("{:#}\n", crate::openapi::document()))
        }
        Some("help") => print(&help()),
        Some(other) => Err(Usage(format!("there is no command `{other}`: try serve, openapi or help")).into()),
        None => Err(Usage("a command is missing: try serve, openapi or help".to_owned()).into()),
    }
}

/// The overview, and every setting.
fn help() -> String {
    let mut help = "keyfob keeps a registry of OAuth clients in one SQLite file.\n\n\
         Usage: keyfob <command> [flags]\n\n\
         Commands:\n  serve    answer HTTP requests\n  openapi  print the OpenAPI 3.1 document of the API\n  help     print this\n\n\
         Settings of serve; a flag goes before the environment, the environment before the default:\n"
        .to_owned();
    for setting in SETTINGS {
        help.push_str(&format!("\n  {}\n      {}\n", setting.usage(), setting.doc));
    }
    help
}

/// A reader that has gone away has seen enough.
fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::Refused(error.to_string())),
        _ => Ok(()),
    }
}
