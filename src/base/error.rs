//! Errors as data: each is defined once, with the namespace, name and text that The Things Stack gives it (registry.md 3).

use std::fmt;

use serde_json::{Map, Value};

/// What sort of refusal it is. The API shows the gRPC code; [`Kind::status`] is the one place where it meets HTTP (registry.md 3.3).
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
    /// The gRPC code.
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

/// Defines errors, one a row, and the list of them that the tests walk.
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
    /// A refusal that comes before any method is chosen or its input read: it has no details (registry.md 3.1).
    Plain(Kind, String),
    /// Our fault. The cause is for the log and never leaves the process.
    Internal(Cause),
    /// The database cannot take writes just now (disk full, read-only, busy). The cause is for the log.
    Unavailable(Cause),
}

/// What went wrong beneath, with its own causes as sources; made of an error or of a text.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug)]
pub struct Named {
    pub definition: &'static Definition,
    /// Usually that of the definition.
    pub kind: Kind,
    pub attributes: Map<String, Value>,
    pub cause: Option<Box<Named>>,
}

impl Error {
    /// A request that could not even be read.
    pub fn malformed(message: impl Into<String>) -> Error {
        Error::Plain(Kind::InvalidArgument, message.into())
    }

    /// Returns what went wrong and all that caused it, outermost first, for the log.
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
    /// `error:<namespace>:<name> (<text>)`, the placeholders filled in; raw if there is no attribute at all (registry.md 3.1).
    pub fn message(&self) -> String {
        format!("error:{}:{} ({})", self.definition.namespace, self.definition.name, self.text())
    }

    /// What the message says, without the names that stand before it.
    pub fn text(&self) -> String {
        let mut text = self.definition.text.to_owned();
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

    /// The same refusal under another kind.
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
