//! Why a command ended early.

use std::fmt;

use serde_json::{Value, json};

use crate::cli::api_error::ApiError;

/// A wrong command line. The text names the flag or variable, never the value of a secret.
#[derive(Debug)]
pub struct UsageError(pub String);

/// Why a command ended early.
pub enum Failure {
    /// The command line was wrong: exit code 2.
    Usage(UsageError),
    /// The command failed: exit code 1.
    Refused(String),
    /// The same, with an error of the server or of this program: exit code 1.
    Named(Box<ApiError>),
    /// So many problems were found, and printed: this is the exit code.
    Problems(u8),
    /// The reader of its output has closed it: exit code 0.
    Unread,
}

impl Failure {
    /// Returns the failure of something that was to be done, and why.
    pub fn because(what: &str, why: &dyn fmt::Display) -> Failure {
        Failure::Refused(format!("{what}: {why}"))
    }

    /// Returns the failure as a server sends it to a command of its operator.
    pub fn to_json(&self) -> Value {
        match self {
            Failure::Usage(UsageError(text)) => json!({"usage": text}),
            Failure::Refused(text) => json!({"refused": text}),
            Failure::Named(error) => json!({"error": error.to_json()}),
            Failure::Problems(_) | Failure::Unread => json!({}),
        }
    }

    /// Returns what [`Failure::to_json`] wrote.
    pub fn of_json(value: &Value) -> Failure {
        let text = |key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        match (text("usage"), text("refused"), value.get("error")) {
            (Some(text), ..) => UsageError(text).into(),
            (None, Some(text), _) => Failure::Refused(text),
            (None, None, Some(error)) => ApiError::of_json(error).into(),
            (None, None, None) => Failure::Unread,
        }
    }
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
            Failure::Problems(_) | Failure::Unread => Ok(()),
        }
    }
}
