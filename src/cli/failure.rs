//! Why a command ended early.

use std::fmt;

use crate::cli::refusal::Refusal;

/// Why a call is wrong. The text names the flag or variable, never the value of a secret.
#[derive(Debug)]
pub struct Usage(pub String);

/// Why a command ended early.
#[derive(Debug)]
pub enum Failure {
    /// It was called wrongly: exit code 2.
    Usage(Usage),
    /// It was called rightly and could not be done: exit code 1.
    Refused(String),
    /// The same, with an error of the server or one of our own: exit code 1.
    Named(Box<Refusal>),
    /// The reader of its output has closed it: exit code 0.
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
            // A text with an error name is printed as it is.
            Failure::Usage(Usage(text)) if text.starts_with("error:") => f.write_str(text),
            Failure::Usage(Usage(text)) | Failure::Refused(text) => write!(f, "keyfob: {text}"),
            Failure::Named(refusal) => refusal.fmt(f),
            Failure::Unread => Ok(()),
        }
    }
}
