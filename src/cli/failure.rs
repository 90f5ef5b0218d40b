//! Why a command ended early.

use std::fmt;

use crate::cli::api_error::ApiError;

/// A wrong command line. The text names the flag or variable, never the value of a secret.
#[derive(Debug)]
pub struct UsageError(pub String);

/// Why a command ended early.
#[derive(Debug)]
pub enum Failure {
    /// The command line was wrong: exit code 2.
    Usage(UsageError),
    /// The command failed: exit code 1.
    Refused(String),
    /// The same, with an error of the server or of this program: exit code 1.
    Named(Box<ApiError>),
    /// The reader of its output has closed it: exit code 0.
    Unread,
}

impl From<UsageError> for Failure {
    fn from(usage: UsageError) -> Failure {
        Failure::Usage(usage)
    }
}

impl From<ApiError> for Failure {
    fn from(refusal: ApiError) -> Failure {
        Failure::Named(Box::new(refusal))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // A text with an error name is printed as it is.
            Failure::Usage(UsageError(text)) if text.starts_with("error:") => f.write_str(text),
            Failure::Usage(UsageError(text)) | Failure::Refused(text) => write!(f, "keyfob: {text}"),
            Failure::Named(refusal) => refusal.fmt(f),
            Failure::Unread => Ok(()),
        }
    }
}
