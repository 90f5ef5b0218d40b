//! An error as people read it: `error:namespace:name (text)`, its attributes, and its cause.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::base::error::{Definition, Error, Named, errors};
use crate::base::printable::printable;

errors! {
    UNREACHABLE: Unavailable "keyfob/cli" "unreachable" "cannot reach the server: {reason}: start it, or name another one with --server or KEYFOB_SERVER";
    CUT_SHORT: Unavailable "keyfob/cli" "cut_short" "the reply broke off, so nobody knows whether it was done: {reason}";
    NOT_THE_API: Unavailable "keyfob/cli" "not_the_api" "what answered is not the API: HTTP {status}";
    REDIRECTED: Unavailable "keyfob/cli" "redirected" "the server is somewhere else: use the address it names";
    BAD_CERTIFICATES: InvalidArgument "keyfob/cli" "bad_certificates" "cannot use the certificates: {reason}";
    UNAUTHENTICATED: Unauthenticated "keyfob/cli" "unauthenticated" "not authenticated with either API key or OAuth access token";
    SMALL_PAGES: Internal "keyfob/cli" "small_pages" "the server makes its pages smaller than asked: add --limit {limit}";
    SECRET_FILE: InvalidArgument "keyfob/cli" "secret_file" "cannot make the file for the secret: {reason}";
    CREDENTIALS: Internal "keyfob/cli" "credentials" "cannot use the file of credentials: {reason}";
    NOT_ASKED: FailedPrecondition "keyfob/cli" "not_asked" "there is no terminal to ask on: add --force to purge without being asked";
    NOT_DONE: FailedPrecondition "keyfob/cli" "not_done" "not confirmed, nothing was done";
    BLOCKED: FailedPrecondition "keyfob/cli" "blocked" "what the rules find about client `{client_id}` blocks it ({rules}): see `keyfob clients review show {client_id}`, and add --despite-blocking to approve it all the same";
    LOGIN: Unauthenticated "keyfob/cli" "login" "cannot log in: {reason}";
    NO_MEMBER: InvalidArgument "keyfob/cli" "no_member" "nothing that was answered has `{path}`";
    NO_DATA: NotFound "keyfob/cli" "no_data" "there is no such data file: `keyfob serve` makes one";
    HIDDEN_DATA: PermissionDenied "keyfob/cli" "hidden_data" "this user may not look into the folder of the data file: run the command as the user of the server";
    STANDARD_INPUT: InvalidArgument "keyfob/cli" "standard_input" "standard input holds no JSON entity: {reason}";
}

/// An error of the server, or of this program.
#[derive(Debug)]
pub struct ApiError {
    pub status: Option<u16>,
    /// `error:namespace:name (text)`.
    message: String,
    attributes: Vec<(String, String)>,
    cause: Option<Box<ApiError>>,
}

impl ApiError {
    /// Parses the body of an error reply. Returns `None` if it is not one of the API's.
    pub fn of_reply(status: u16, body: &Value) -> Option<ApiError> {
        let message = body.get("message")?.as_str()?;
        let mut refusal = body.pointer("/details/0").map_or_else(|| ApiError::plain(message), ApiError::of_detail);
        refusal.status = Some(status);
        refusal.message = message.to_owned();
        Some(refusal)
    }

    /// Returns the whole error, for [`ApiError::of_json`].
    pub fn to_json(&self) -> Value {
        let cause = self.cause.as_ref().map(|cause| cause.to_json());
        json!({"message": self.message, "attributes": self.attributes, "cause": cause})
    }

    /// Returns what [`ApiError::to_json`] wrote.
    pub fn of_json(value: &Value) -> ApiError {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        let pairs = value.get("attributes").and_then(Value::as_array).into_iter().flatten();
        ApiError {
            status: None,
            message: text(value.get("message")),
            attributes: pairs.map(|pair| (text(pair.get(0)), text(pair.get(1)))).collect(),
            cause: value.get("cause").filter(|cause| !cause.is_null()).map(|cause| Box::new(ApiError::of_json(cause))),
        }
    }

    fn plain(message: &str) -> ApiError {
        ApiError { status: None, message: message.to_owned(), attributes: Vec::new(), cause: None }
    }

    fn of_detail(detail: &Value) -> ApiError {
        let text = |key: &str| detail.get(key).and_then(Value::as_str).unwrap_or_default();
        let nothing = Map::new();
        let attributes = detail.get("attributes").and_then(Value::as_object).unwrap_or(&nothing);
        let mut words = text("message_format").to_owned();
        for (name, value) in attributes {
            words = words.replace(&format!("{{{name}}}"), &shown(value));
        }
        let mut lines: Vec<_> = attributes.iter().map(|(name, value)| (name.clone(), shown(value))).collect();
        if detail.get("correlation_id").is_some() {
            lines.push(("correlation_id".to_owned(), text("correlation_id").to_owned()));
        }
        ApiError {
            status: None,
            message: format!("error:{}:{} ({words})", text("namespace"), text("name")),
            attributes: lines,
            cause: detail.get("cause").map(|cause| Box::new(ApiError::of_detail(cause))),
        }
    }

    pub fn is(&self, definition: &Definition) -> bool {
        self.message.starts_with(&format!("error:{}:{} ", definition.namespace, definition.name))
    }

    pub fn with(mut self, name: &str, value: impl fmt::Display) -> ApiError {
        self.attributes.push((name.to_owned(), value.to_string()));
        self
    }

    /// Sets the HTTP status of the reply.
    pub fn of_status(mut self, status: u16) -> ApiError {
        self.status = Some(status);
        self
    }
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl From<Named> for ApiError {
    fn from(named: Named) -> ApiError {
        ApiError {
            status: None,
            message: named.message(),
            attributes: named.attributes.iter().map(|(name, value)| (name.clone(), shown(value))).collect(),
            cause: named.cause.map(|cause| Box::new(ApiError::from(*cause))),
        }
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> ApiError {
        match error {
            Error::Named(named) => ApiError::from(*named),
            Error::Plain(..) | Error::Internal(_) | Error::Unavailable(_) => ApiError::plain(&error.chain()),
        }
    }
}

/// Control characters from a server never reach the terminal.
impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.message))?;
        for (name, value) in &self.attributes {
            write!(f, "\n    {}={}", printable(name), printable(value))?;
        }
        match &self.cause {
            Some(cause) => write!(f, "\n--- {cause}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_is_told_with_its_attributes_and_its_causes() {
        let body = json!({"code": 3, "message": "error:pkg/errors:validation (invalid `client`)", "details": [{
            "namespace": "pkg/errors", "name": "validation", "message_format": "invalid `{field}`", "attributes": {"field": "client"},
            "correlation_id": "00ff", "cause": {"namespace": "pkg/errors", "name": "validation", "message_format": "invalid `{field}`: {reason}",
            "attributes": {"field": "client_id", "reason": "too\u{1b}[31m long"}}}]});
        let told = ApiError::of_reply(400, &body).unwrap();
        assert_eq!(
            told.to_string(),
            "error:pkg/errors:validation (invalid `client`)\n    field=client\n    correlation_id=00ff\n\
             --- error:pkg/errors:validation (invalid `client_id`: too\\u{1b}[31m long)\n    field=client_id\n    reason=too\\u{1b}[31m long"
        );
    }

    #[test]
    fn a_refusal_without_details_is_its_message() {
        assert_eq!(ApiError::of_reply(404, &json!({"code": 5, "message": "Not Found"})).unwrap().to_string(), "Not Found");
        assert!(ApiError::of_reply(404, &json!({"other": 1})).is_none());
    }
}
