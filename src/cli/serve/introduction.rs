//! Shows the credentials of the first administrator, once.

use std::fmt::Write;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;
use std::{fs, io};

use crate::base::output;
use crate::cli::args::settings::variable;
use crate::cli::failure::UsageError;
use crate::registry::bootstrap::FirstCredentials;

/// How long the start waits for a reader of standard output or standard error.
pub const READER_TIMEOUT: Duration = Duration::from_secs(1);

/// Shows generated secrets on standard error, the key as a line for a shell. Those from the environment are known already.
pub fn show(issued: &FirstCredentials) -> Result<(), UsageError> {
    let user = &issued.user_id;
    let mut lines = String::new();
    if let Some(password) = &issued.password {
        let _ = writeln!(lines, "  password: {password}");
    }
    if issued.api_key_generated {
        let _ = writeln!(lines, "  export KEYFOB_API_KEY={}", issued.api_key);
    }
    if lines.is_empty() {
        return Ok(());
    }
    let text = if is_journal()? {
        format!(
            "keyfob: made the administrator `{user}`. The journal is no place for secrets: `keyfob admin reset-password {user}` shows a new \
             password, `keyfob admin create-api-key {user}` a new key\n"
        )
    } else {
        format!("keyfob: made the administrator `{user}`. This is shown once, keep it:\n{lines}")
    };
    // Errors are ignored: there is nowhere to report them.
    let _ = output::write_within(READER_TIMEOUT, &io::stderr(), text);
    Ok(())
}

/// Returns whether standard error is the journal of systemd, which stores what it gets for many readers (systemd.exec, `$JOURNAL_STREAM`).
fn is_journal() -> Result<bool, UsageError> {
    let journal = variable("JOURNAL_STREAM")?;
    let standard_error = fs::metadata("/proc/self/fd/2").map(|file| format!("{}:{}", file.dev(), file.ino()));
    Ok(journal.is_some() && journal == standard_error.ok())
}
