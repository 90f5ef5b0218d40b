//! Validation errors: a chain from the request message down to the field (registry.md 3.2).

use crate::base::error::{Error, Named, errors};

errors! {
    VALIDATION: InvalidArgument "pkg/errors" "validation" "invalid `{field}`: {reason}";
    FIELD_MASK_PATHS: InvalidArgument "pkg/rpcmiddleware/validator" "field_mask_paths" "forbidden path(s) in field mask";
    EMAIL: InvalidArgument "pkg/validate" "email" "`{email}` is not a valid email.";
}

/// A field that breaks a rule, inside the messages that hold it.
pub struct Invalid(Named);

impl Invalid {
    /// Returns the error for a field; `message` is the API's name of its message, such as `Client`.
    pub fn new(message: &str, field: &str, reason: impl Into<String>) -> Invalid {
        Invalid(link(message, field, &reason.into()))
    }

    pub fn required(message: &str, field: &str) -> Invalid {
        Invalid::new(message, field, "value is required")
    }

    /// Returns an error with a name of its own, which stands alone, outside the chain.
    pub fn named(error: Named) -> Invalid {
        Invalid(error)
    }

    /// Wraps the error for the message that has the invalid one in this field.
    pub fn inside(self, message: &str, field: &str) -> Invalid {
        if self.0.definition == &VALIDATION {
            Invalid(link(message, field, "embedded message failed validation").caused_by(self.0))
        } else {
            self
        }
    }
}

fn link(message: &str, field: &str, reason: &str) -> Named {
    VALIDATION.with("field", field).with("name", format!("{message}ValidationError")).with("reason", reason)
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Error {
        invalid.0.into()
    }
}
