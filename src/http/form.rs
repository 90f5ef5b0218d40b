//! What a page sends: the fields of a form, or of a query.

use crate::base::error::Result;
use crate::http::pairs::Pairs;
use crate::http::request::Request;

#[derive(Clone, Debug, Default)]
pub struct Form(Pairs);

impl Form {
    pub fn of_body(request: &Request) -> Result<Form> {
        // Browsers write the line breaks of text areas as CR LF; they are kept as everyone else writes them.
        let lines = |(name, value): (String, String)| (name, value.replace("\r\n", "\n"));
        Ok(Form(Pairs::of_body(request)?.into_iter().map(lines).collect()))
    }

    pub fn of_query(request: &Request) -> Result<Form> {
        Pairs::of_query(request).map(Form)
    }

    /// The value of a field without the blanks around it; empty if it was not sent.
    pub fn one(&self, name: &str) -> &str {
        self.verbatim(name).trim()
    }

    /// The value exactly as it was sent: passwords may begin with a blank.
    pub fn verbatim(&self, name: &str) -> &str {
        self.0.first(name).unwrap_or_default()
    }

    /// Every value of a field, without the blanks around them.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.all(name).map(str::trim).collect()
    }

    /// Whether a box was ticked or a button pressed.
    pub fn has(&self, name: &str) -> bool {
        self.0.first(name).is_some()
    }
}
