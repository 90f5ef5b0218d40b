//! Errors as data: each is defined once, with the namespace, name and text that The Things Stack gives it (registry.md 3).

use std::fmt;

use serde_json::{Map, Value};

/// The kind of an error. The API shows the gRPC code; [`Kind::status`] is the only place that maps it to HTTP (registry.md 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    InvalidArgument,
    NotFound,
    AlreadyExists,
    PermissionDenied,
    ResourceExhausted,
    FailedPrecondition,
    Unimplemented,
    Internal,
    Unavailable,
    Unauthenticated,
}

impl Kind {
    /// Returns the gRPC code.
    pub fn code(self) -> u8 {
        match self {
            Kind::InvalidArgument => 3,
            Kind::NotFound => 5,
            Kind::AlreadyExists => 6,
            Kind::PermissionDenied => 7,
            Kind::ResourceExhausted => 8,
            Kind::FailedPrecondition => 9,
            Kind::Unimplemented => 12,
            Kind::Internal => 13,
            Kind::Unavailable => 14,
            Kind::Unauthenticated => 16,
        }
    }

    pub fn status(self) -> u16 {
        match self {
            Kind::InvalidArgument | Kind::FailedPrecondition => 400,
            Kind::Unauthenticated => 401,
            Kind::PermissionDenied => 403,
            Kind::NotFound => 404,
            Kind::AlreadyExists => 409,
            Kind::ResourceExhausted => 429,
            Kind::Internal => 500,
            Kind::Unimplemented => 501,
            Kind::Unavailable => 503,
        }
    }
}

/// One row of an `errors!` table.
#[derive(Debug, PartialEq, Eq)]
pub struct Definition {
    pub kind: Kind,
    pub namespace: &'static str,
    pub name: &'static str,
    /// The message, with `{attribute}` where an attribute belongs.
    pub text: &'static str,
}

/// Defines errors, one per row, and the list of all of them.
macro_rules! errors {
    ($($id:ident: $kind:ident $namespace:literal $name:literal $text:literal;)+) => {
        $(pub static $id: $crate::base::error::Definition = $crate::base::error::Definition {
            kind: $crate::base::error::Kind::$kind, namespace: $namespace, name: $name, text: $text,
        };)+
        /// Every error defined here, for the tests.
        pub static ERRORS: &[&$crate::base::error::Definition] = &[$(&$id),+];
    };
}
pub(crate) use errors;

pub type Result<T> = std::result::Result<T, Error>;

/// Why a request was refused or failed. An `Err` rolls its transaction back.
#[derive(Debug)]
pub enum Error {
    /// A refusal with a name.
    Named(Box<Named>),
    /// A refusal before the method is chosen or its input read; without details (registry.md 3.1).
    Plain(Kind, String),
    /// A fault of the server. The cause is logged and never leaves the process.
    Internal(Cause),
    /// The database cannot be written now (disk full, read-only, busy). The cause is logged.
    Unavailable(Cause),
}

/// The underlying error, with its sources; from an error or a text.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug)]
pub struct Named {
    pub definition: &'static Definition,
    /// Usually the definition's.
    pub kind: Kind,
    pub attributes: Map<String, Value>,
    pub cause: Option<Box<Named>>,
}

impl Error {
    /// Returns the error for a request that cannot be parsed.
    pub fn malformed(message: impl Into<String>) -> Error {
        Error::Plain(Kind::InvalidArgument, message.into())
    }

    /// Returns the error and all its causes, outermost first, for the log.
    pub fn chain(&self) -> String {
        let first: &dyn std::error::Error = self;
        let texts: Vec<String> = std::iter::successors(Some(first), |error| error.source()).map(ToString::to_string).collect();
        texts.join(": ")
    }

    pub fn is(&self, definition: &Definition) -> bool {
        matches!(self, Error::Named(named) if *named.definition == *definition)
    }
}

impl Named {
    /// Returns `error:<namespace>:<name> (<text>)` with the placeholders filled in; raw without attributes (registry.md 3.1).
    pub fn message(&self) -> String {
        format!("error:{}:{} ({})", self.definition.namespace, self.definition.name, self.text())
    }

    /// Returns the text of the message, without the names before it.
    pub fn text(&self) -> String {
        self.filled(self.definition.text)
    }

    /// Returns a text with the attributes in their placeholders.
    pub fn filled(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, value) in &self.attributes {
            let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text = text.replace(&format!("{{{name}}}"), &shown);
        }
        text
    }

    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Named {
        self.attributes.insert(name.to_owned(), value.into());
        self
    }

    pub fn caused_by(mut self, cause: Named) -> Named {
        self.cause = Some(Box::new(cause));
        self
    }

    /// Changes the kind.
    pub fn of_kind(mut self, kind: Kind) -> Named {
        self.kind = kind;
        self
    }
}

impl Definition {
    pub fn error(&'static self) -> Named {
        Named { definition: self, kind: self.kind, attributes: Map::new(), cause: None }
    }

    pub fn with(&'static self, name: &'static str, value: impl Into<Value>) -> Named {
        self.error().with(name, value)
    }
}

impl From<Named> for Error {
    fn from(named: Named) -> Error {
        Error::Named(Box::new(named))
    }
}

impl From<&'static Definition> for Error {
    fn from(definition: &'static Definition) -> Error {
        definition.error().into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Named(named) => f.write_str(&named.message()),
            Error::Plain(_, text) => f.write_str(text),
            Error::Internal(cause) | Error::Unavailable(cause) => cause.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Named(_) | Error::Plain(..) => None,
            Error::Internal(cause) | Error::Unavailable(cause) => cause.source(),
        }
    }
}

#[cfg(test)]
mod tests {
    errors! {
        TAKEN: AlreadyExists "pkg/test" "taken" "the ID `{id}` is taken";
    }

    #[test]
    fn placeholders_are_filled_when_there_are_attributes_and_stay_raw_otherwise() {
        assert_eq!(TAKEN.with("id", "app").message(), "error:pkg/test:taken (the ID `app` is taken)");
        assert_eq!(TAKEN.error().message(), "error:pkg/test:taken (the ID `{id}` is taken)");
        assert_eq!(ERRORS.len(), 1);
    }
}
