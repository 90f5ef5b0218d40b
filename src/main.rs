//! The binary: arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    keyfob::cli::dispatch::run(std::env::args_os().skip(1).collect())
}
