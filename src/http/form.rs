//! The fields of a form or a query that a page sends.

use crate::base::error::Result;
use crate::http::pairs::Pairs;
use crate::http::request::Request;

#[derive(Clone, Debug, Default)]
pub struct Form(Pairs);

impl Form {
    pub fn of_body(request: &Request) -> Result<Form> {
        // Browsers write the line breaks of text areas as CR LF.
        let lines = |(name, value): (String, String)| (name, value.replace("\r\n", "\n"));
        Ok(Form(Pairs::of_body(request)?.into_iter().map(lines).collect()))
    }

    pub fn of_query(request: &Request) -> Result<Form> {
        Pairs::of_query(request).map(Form)
    }

    /// Returns the trimmed value of a field; empty if it was not sent.
    pub fn one(&self, name: &str) -> &str {
        self.verbatim(name).trim()
    }

    /// Returns the value as it was sent: passwords may begin with a space.
    pub fn verbatim(&self, name: &str) -> &str {
        self.0.first(name).unwrap_or_default()
    }

    /// Returns every trimmed value of a field.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.all(name).map(str::trim).collect()
    }

    /// The same, without the empty ones.
    pub fn filled(&self, name: &str) -> Vec<&str> {
        self.all(name).into_iter().filter(|value| !value.is_empty()).collect()
    }

    /// Returns rows of two fields each, without the empty ones.
    pub fn pairs(&self, first: &str, second: &str) -> Vec<(&str, &str)> {
        self.all(first).into_iter().zip(self.all(second)).filter(|row| *row != ("", "")).collect()
    }

    /// Returns the form with this value of a field, and no other.
    pub fn with(&self, name: &str, value: &str) -> Form {
        self.with_all(name, &[value])
    }

    /// Returns the form with these values of a field, and no others.
    pub fn with_all(&self, name: &str, values: &[&str]) -> Form {
        let others = self.0.iter().filter(|(other, _)| *other != name).chain(values.iter().map(|value| (name, *value)));
        others.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// Returns whether a box was ticked or a button pressed.
    pub fn has(&self, name: &str) -> bool {
        self.0.first(name).is_some()
    }
}

impl FromIterator<(String, String)> for Form {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(fields: I) -> Form {
        Form(fields.into_iter().collect())
    }
}
