//! Why a form was refused: in words, and the field that each problem is about.

use crate::base::error::{Error, Kind, Named, Result};
use crate::base::validation::VALIDATION;
use crate::console::form::broken_rule;
use crate::http::reply::Reply;
use crate::page::words::refusal;

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
    ("resource_server_unknown", "resource_servers"),
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

    pub fn of_named(named: &Named) -> Problem {
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
        let text = broken_rule::in_words(innermost).unwrap_or_else(|| refusal(innermost));
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

/// What is wrong with a form: all of it, so that nobody has to send it again for each.
#[derive(Clone, Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    pub fn each(&self) -> &[Problem] {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn add(&mut self, problems: impl IntoIterator<Item = Problem>) {
        self.0.extend(problems);
    }

    /// Adds what a check refuses. Fails only if the check did.
    pub fn note<T>(&mut self, checked: std::result::Result<T, impl Into<Refused>>) -> std::result::Result<(), Refused> {
        match checked.map_err(Into::into) {
            Ok(_) => Ok(()),
            Err(Refused::Problems(problems)) => {
                self.add(problems);
                Ok(())
            }
            Err(failed @ Refused::Failed(_)) => Err(failed),
        }
    }

    /// Returns the problems without those of this name.
    pub fn without(self, error: &str) -> Problems {
        self.0.into_iter().filter(|problem| problem.error != error).collect()
    }

    /// Refuses the form if there is a problem.
    pub fn refuse(self) -> std::result::Result<(), Refused> {
        if self.is_empty() { Ok(()) } else { Err(Refused::Problems(self)) }
    }

    /// Returns the status of the page that shows them.
    pub fn status(&self) -> u16 {
        self.0.first().map_or(200, |problem| problem.status)
    }

    /// Adds to a reply when the form may be sent again, if known.
    pub fn carried_by(&self, reply: Reply) -> Reply {
        let wait = self.0.iter().find_map(|problem| problem.retry_after.clone());
        wait.into_iter().fold(reply, |reply, seconds| reply.with("Retry-After", seconds))
    }

    /// Changes each of them.
    pub fn map(self, change: impl FnMut(Problem) -> Problem) -> Problems {
        Problems(self.0.into_iter().map(change).collect())
    }
}

impl FromIterator<Problem> for Problems {
    fn from_iter<I: IntoIterator<Item = Problem>>(problems: I) -> Problems {
        Problems(problems.into_iter().collect())
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Problems {
        Problems(vec![problem])
    }
}

/// Why a form was not saved.
#[derive(Debug)]
pub enum Refused {
    /// Problems with the input or the caller, shown in the form.
    Problems(Problems),
    /// A fault of the server.
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Refused {
    fn from(error: E) -> Refused {
        Problem::of(error.into()).map_or_else(Refused::Failed, |problem| Refused::Problems(problem.into()))
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Refused {
        Refused::Problems(problem.into())
    }
}

impl Refused {
    /// Renames the field for this form.
    pub fn renamed(self, field: &str, here: &str) -> Refused {
        self.map(|problem| problem.renamed(field, here))
    }

    /// Returns the refusal for a form in which only the e-mail address can be one that somebody has.
    pub fn of_address(self) -> Refused {
        self.map(|problem| match problem.error {
            "already_exists" => Problem { text: "Another user has this e-mail address. Enter another one.".to_owned(), ..problem },
            _ => problem,
        })
        .renamed("id", "primary_email_address")
    }

    /// Returns the refusal for a form that gives rights.
    pub fn of_giving_rights(self) -> Refused {
        self.map(|problem| if problem.is_about_rights { problem.renamed("", "rights") } else { problem })
    }

    fn map(self, change: impl FnMut(Problem) -> Problem) -> Refused {
        match self {
            Refused::Problems(problems) => Refused::Problems(problems.map(change)),
            failed @ Refused::Failed(_) => failed,
        }
    }
}
