//! What was wrong with what a form sent: the API's words, and the field beside which they belong.

use crate::base::error::{Error, Kind, Named, Result};
use crate::base::validation::VALIDATION;
use crate::http::reply::Reply;
use crate::page::words::refusal;
use crate::registry::users::LAST_ADMIN;

#[derive(Clone, Debug)]
pub struct Problem {
    /// The name of the field in the form; empty where the whole form is meant.
    pub field: String,
    pub text: String,
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
    // Which of the two, the form knows.
    ("contact_no_collaborator", "contact"),
    ("contact_info_restricted", "contact"),
];

/// What refuses the rights that a form gives or takes. In other forms these are about whoever asks.
const ABOUT_RIGHTS: &[&str] = &[
    "insufficient_client_rights",
    "insufficient_user_rights",
    "insufficient_organization_rights",
    "client_needs_collaborator",
    "organization_needs_collaborator",
];

impl Problem {
    pub fn new(field: &str, text: impl Into<String>) -> Problem {
        Problem { field: field.to_owned(), text: text.into() }
    }

    /// A refusal is shown beside the form; a failure of ours stays one.
    pub fn of(error: Error) -> Result<Problem> {
        match error {
            Error::Named(named) => Ok(Problem::of_named(&named)),
            error => Err(error),
        }
    }

    /// The same in a form that gives rights.
    pub fn of_giving_rights(error: Error) -> Result<Problem> {
        let field = if matches!(&error, Error::Named(named) if ABOUT_RIGHTS.contains(&named.definition.name)) { "rights" } else { "" };
        Ok(Problem::of(error)?.renamed("", field))
    }

    /// Shows it in the form: with 400, or where one is to come again, with the status and the time for that.
    pub fn shown(error: Error, form: impl FnOnce(u16, Problem) -> Result<Reply>) -> Result<Reply> {
        let (status, seconds) = match &error {
            Error::Named(named) if matches!(named.kind, Kind::ResourceExhausted | Kind::Unavailable) => {
                (named.kind.status(), named.attributes.get("seconds").map(ToString::to_string))
            }
            _ => (400, None),
        };
        let reply = form(status, Problem::of(error)?)?;
        Ok(seconds.into_iter().fold(reply, |reply, seconds| reply.with("Retry-After", seconds)))
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
        // Its own words hold a placeholder that nothing fills, as those of The Things Stack do.
        let text = match innermost.definition == &LAST_ADMIN {
            true => "This is the last approved administrator. Make somebody else an administrator first.".to_owned(),
            false => rule(innermost).unwrap_or_else(|| refusal(innermost).replace(" runes", " characters")),
        };
        Problem::new(field, text)
    }

    /// The same problem, of a field that this form calls otherwise.
    pub fn renamed(mut self, field: &str, here: &str) -> Problem {
        if self.field == field {
            self.field = here.to_owned();
        }
        self
    }
}

/// What an ID or a key looks like, where the API would name a pattern.
fn rule(named: &Named) -> Option<String> {
    let attribute = |name: &str| named.attributes.get(name).and_then(|value| value.as_str()).filter(|_| named.definition == &VALIDATION);
    let key = |field: &str| field.strip_prefix("attributes[")?.strip_suffix(']').map(str::to_owned);
    let letters = "lower-case letters, digits and single dashes";
    match attribute("field")? {
        "user_id" => Some(format!("Use 2 to 36 {letters}.")),
        "client_id" | "organization_id" => Some(format!("Use 3 to 36 {letters}.")),
        field if attribute("reason")?.contains("regex pattern") => {
            key(field).map(|key| format!("“{key}” is no key: use 3 to 36 {letters}."))
        }
        _ => None,
    }
}
