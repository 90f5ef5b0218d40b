//! What a page sends: the fields of a form, or of a query, in the order sent. A name may come more than once.

use crate::base::error::{Error, Result};
use crate::http::path;
use crate::http::request::Request;

#[derive(Clone, Debug, Default)]
pub struct Form(Vec<(String, String)>);

impl Form {
    pub fn of_body(request: &Request) -> Result<Form> {
        let refused = || Error::malformed("the form is not UTF-8, or holds a NUL");
        let text = std::str::from_utf8(&request.body).map_err(|_| refused())?;
        // Browsers write the line breaks of text areas as CR LF; they are kept as everyone else writes them.
        let pairs = path::pairs(text).map_err(|_| refused())?;
        Ok(Form(pairs.into_iter().map(|(name, value)| (name, value.replace("\r\n", "\n"))).collect()))
    }

    pub fn of_query(request: &Request) -> Result<Form> {
        path::pairs(request.query()).map(Form).map_err(|_| Error::malformed("the query is not UTF-8, or holds a NUL"))
    }

    /// The value of a field without the blanks around it; empty if it was not sent.
    pub fn one(&self, name: &str) -> &str {
        self.verbatim(name).trim()
    }

    /// The value exactly as it was sent: passwords may begin with a blank.
    pub fn verbatim(&self, name: &str) -> &str {
        self.0.iter().find(|(sent, _)| sent == name).map_or("", |(_, value)| value)
    }

    /// Every value of a field, without the blanks around them.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(sent, _)| sent == name).map(|(_, value)| value.trim()).collect()
    }

    /// Whether a box was ticked or a button pressed.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(sent, _)| sent == name)
    }
}
