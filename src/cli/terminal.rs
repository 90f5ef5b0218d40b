//! Reads from and writes to a terminal. Text that could control the terminal is escaped.

use std::io::{BufRead, ErrorKind, IsTerminal, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use signal_hook::consts::SIGINT;
use signal_hook::flag::register_conditional_shutdown;

use crate::base::printable::lines;
use crate::cli::api_error::{ApiError, NOT_ASKED, NOT_DONE};
use crate::cli::failure::Failure;

/// The exit code after an interrupt, as in shells.
const INTERRUPTED: i32 = 130;

/// Whether the terminal shows what is typed. While it does not, an interrupt must not end the process at once: `rpassword` raises it before it
/// restores the terminal.
static IS_ECHOING: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| {
    let is_echoing = Arc::new(AtomicBool::new(true));
    // Errors are ignored: without the handler an interrupt ends the process all the same.
    let _ = register_conditional_shutdown(SIGINT, INTERRUPTED, is_echoing.clone());
    is_echoing
});

/// Writes to standard output. Fails with `Unread` if the reader has closed it.
pub fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(lines(text).as_bytes()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Failure::Unread),
        Err(error) => Err(Failure::Refused(format!("cannot write to standard output: {error}"))),
    }
}

/// Writes a line to standard error, for people. Errors are ignored: there is nowhere to report them.
pub fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", lines(text));
}

/// Shows how much of a long list was printed, in a line that is overwritten. Only if standard error is a terminal and the list goes
/// elsewhere.
pub fn progress(done: usize, total: usize) {
    if std::io::stderr().is_terminal() && !std::io::stdout().is_terminal() {
        let end = if done >= total { "\n" } else { "" };
        let _ = write!(std::io::stderr(), "\r{done} of {total}{end}");
    }
}

/// Returns whether a person types the standard input.
pub fn is_typed() -> bool {
    std::io::stdin().is_terminal()
}

/// Asks for a yes. Fails with `not_asked` without a terminal, and with `not_done` for any other answer.
pub fn confirm(question: &str) -> Result<(), ApiError> {
    if !is_typed() {
        return Err(NOT_ASKED.error().into());
    }
    let answer = ask(&format!("{question} [y/N] ")).unwrap_or_default();
    if matches!(answer.trim(), "y" | "Y" | "yes") { Ok(()) } else { Err(NOT_DONE.error().into()) }
}

/// Asks on standard error and reads a line of standard input, which may be a pipe.
pub fn ask(question: &str) -> std::io::Result<String> {
    // Errors are ignored: a pipe may answer even if the question cannot be shown.
    let _ = write!(std::io::stderr(), "{}", lines(question));
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Asks for a secret, which the terminal does not show. Reads a line of standard input if that is a pipe.
pub fn ask_hidden(question: &str) -> std::io::Result<String> {
    if !is_typed() {
        return ask(question);
    }
    IS_ECHOING.store(false, Ordering::SeqCst);
    let answer = rpassword::prompt_password(lines(question));
    IS_ECHOING.store(true, Ordering::SeqCst);
    match answer {
        Err(error) if error.kind() == ErrorKind::Interrupted => std::process::exit(INTERRUPTED),
        answer => answer,
    }
}

/// Reads a secret from a file, without its line end; with `-` from a line of standard input, or of a PEM from all its lines, asking on a terminal.
pub fn secret(path: &str, what: &str) -> std::io::Result<String> {
    match path {
        "-" if is_typed() => ask_hidden(&format!("{}: ", what.replace('-', " "))),
        "-" => {
            let mut secret = ask("")?;
            if secret.starts_with("-----BEGIN ") {
                secret.push('\n');
                std::io::stdin().lock().read_to_string(&mut secret)?;
            }
            Ok(secret)
        }
        path => Ok(std::fs::read_to_string(path)?.trim_end_matches(['\r', '\n']).to_owned()),
    }
}
