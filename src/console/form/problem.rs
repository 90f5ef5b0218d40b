//! Why a form was refused: the API's text, and the field that it is about.

use crate::base::error::{Error, Kind, Named, Result};
use crate::base::validation::VALIDATION;
use crate::http::reply::Reply;
use crate::page::words::refusal;
use crate::registry::users::LAST_ADMIN;

#[derive(Clone, Debug)]
pub struct Problem {
    /// The name of the field in the form; empty for the whole form.
    pub field: String,
    /// The name of the error.
    pub error: &'static str,
    pub text: String,
    /// The status of the page that shows it.
    pub status: u16,
    /// The seconds after which it may be sent again.
    pub retry_after: Option<String>,
    pub is_about_rights: bool,
}

/// Refusals with names of their own that are about one field, whatever the form.
const FIELDS: &[(&str, &str)] = &[
    ("id_taken", "id"),
    ("already_exists", "id"),
    ("forbidden_id", "id"),
    ("email", "primary_email_address"),
    ("old_password", "old"),
    ("temporary_password_expired", "old"),
    ("account_not_found", "account"),
    ("nested_organizations", "account"),
    ("already_member", "account"),
    // The form knows which of the two.
    ("contact_no_collaborator", "contact"),
    ("contact_info_restricted", "contact"),
];

/// Refusals of the rights in a form. In other forms they are about the caller's own rights.
const ABOUT_RIGHTS: &[&str] = &[
    "insufficient_client_rights",
    "insufficient_user_rights",
    "insufficient_organization_rights",
    "client_needs_collaborator",
    "organization_needs_collaborator",
];

impl Problem {
    pub fn new(field: &str, error: &'static str, text: impl Into<String>) -> Problem {
        Problem { field: field.to_owned(), error, text: text.into(), status: 400, retry_after: None, is_about_rights: false }
    }

    /// Returns the problem for a refusal.
    pub fn of(error: Error) -> Result<Problem> {
        match error {
            Error::Named(named) => Ok(Problem::of_named(&named)),
            error => Err(error),
        }
    }

    /// Adds to a reply when the form may be sent again, if known.
    pub fn carried_by(&self, reply: Reply) -> Reply {
        self.retry_after.iter().fold(reply, |reply, seconds| reply.with("Retry-After", seconds.clone()))
    }

    fn of_named(named: &Named) -> Problem {
        let mut innermost = named;
        while let Some(cause) = innermost.cause.as_deref().filter(|cause| cause.definition == &VALIDATION) {
            innermost = cause;
        }
        let field = if innermost.definition == &VALIDATION {
            let place = innermost.attributes.get("field").and_then(|field| field.as_str()).unwrap_or_default();
            match place.split(['[', '.']).next().unwrap_or_default() {
                "ids" | "client_id" | "user_id" | "organization_id" => "id",
                field => field,
            }
        } else if innermost.definition.name.starts_with("password_") {
            "password"
        } else {
            FIELDS.iter().find(|(name, _)| *name == innermost.definition.name).map_or("", |(_, field)| field)
        };
        // Its text has a placeholder that is never filled, as The Things Stack's has.
        let text = match innermost.definition == &LAST_ADMIN {
            true => "This is the last approved administrator. Make somebody else an administrator first.".to_owned(),
            false => rule(innermost).unwrap_or_else(|| refusal(innermost).replace(" runes", " characters")),
        };
        let is_about_rights = ABOUT_RIGHTS.contains(&named.definition.name);
        let (status, retry_after) = match named.kind {
            Kind::ResourceExhausted | Kind::Unavailable => (named.kind.status(), named.attributes.get("seconds").map(ToString::to_string)),
            _ => (400, None),
        };
        Problem { field: field.to_owned(), error: innermost.definition.name, text, status, retry_after, is_about_rights }
    }

    /// Returns the same problem for a form with another name for the field.
    pub fn renamed(mut self, field: &str, here: &str) -> Problem {
        if self.field == field {
            self.field = here.to_owned();
        }
        self
    }
}

/// Why a form was not saved.
#[derive(Debug)]
pub enum Refused {
    /// A problem with the input or the caller, shown in the form.
    Problem(Problem),
    /// A fault of the server.
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Refused {
    fn from(error: E) -> Refused {
        Problem::of(error.into()).map_or_else(Refused::Failed, Refused::Problem)
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Refused {
        Refused::Problem(problem)
    }
}

impl Refused {
    /// Renames the field for this form.
    pub fn renamed(self, field: &str, here: &str) -> Refused {
        self.map(|problem| problem.renamed(field, here))
    }

    /// Returns the refusal for a form that gives rights.
    pub fn of_giving_rights(self) -> Refused {
        self.map(|problem| if problem.is_about_rights { problem.renamed("", "rights") } else { problem })
    }

    fn map(self, change: impl FnOnce(Problem) -> Problem) -> Refused {
        match self {
            Refused::Problem(problem) => Refused::Problem(change(problem)),
            failed @ Refused::Failed(_) => failed,
        }
    }
}

/// Returns what an ID or a key looks like, instead of the API's pattern.
fn rule(named: &Named) -> Option<String> {
    let attribute = |name: &str| named.attributes.get(name).and_then(|value| value.as_str()).filter(|_| named.definition == &VALIDATION);
    let key = |field: &str| field.strip_prefix("attributes[")?.strip_suffix(']').map(str::to_owned);
    let letters = "lowercase letters, digits and single dashes";
    match attribute("field")? {
        "user_id" => Some(format!("Use 2 to 36 {letters}.")),
        "client_id" | "organization_id" => Some(format!("Use 3 to 36 {letters}.")),
        field if attribute("reason")?.contains("regex pattern") => {
            key(field).map(|key| format!("“{key}” is no key: use 3 to 36 {letters}."))
        }
        _ => None,
    }
}
