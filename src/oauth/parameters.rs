//! The parameters of a request: from its query, a form, or a JSON object of strings.

use serde_json::Value;

use crate::base::error::{Error, Result};
use crate::http::pairs::{MOST_PAIRS, Pairs, encoded};
use crate::http::request::Request;
use crate::registry::refusal::{BODY_MALFORMED, Judged, PARAMETER_REPEATED, Refusal, TOKEN_MISSING};

#[derive(Debug, Default)]
pub struct Parameters(Pairs);

impl Parameters {
    pub fn of_query(request: &Request) -> Result<Parameters> {
        Pairs::of_query(request).map(Parameters)
    }

    /// Reads the body: JSON if its media type says so, otherwise a form (oauth.md 1.5.1).
    pub fn of_body(request: &Request) -> Judged<Parameters> {
        let read = match request.media_type().as_str() {
            "application/json" => of_json(&request.body),
            _ => Pairs::of_body(request).ok(),
        };
        read.map(Parameters).ok_or_else(|| Refusal::of(&BODY_MALFORMED))
    }

    /// Reads the query of a browser's request and its form, which comes first.
    pub fn of_form_and_query(request: &Request) -> Result<Parameters> {
        let query = Parameters::of_query(request)?;
        let form = Parameters::of_body(request).map_err(|_| Error::malformed("the form is not UTF-8, or holds a NUL"))?;
        let kept = query.0.into_iter().filter(|(name, _)| form.0.first(name).is_none()).collect::<Vec<_>>();
        Ok(Parameters(form.0.into_iter().chain(kept).collect()))
    }

    /// Returns the value of a parameter; an empty one is absent (RFC 6749 section 3.1).
    pub fn one(&self, name: &str) -> Option<&str> {
        self.0.first(name).filter(|value| !value.is_empty())
    }

    pub fn owned(&self, name: &str) -> Option<String> {
        self.one(name).map(str::to_owned)
    }

    /// The same, but blanks are absent too (oauth.md 1.5.2).
    pub fn unless_blank(&self, name: &str) -> Option<&str> {
        self.one(name).filter(|value| !value.trim().is_empty())
    }

    /// Returns the first of these names that is repeated (RFC 6749 sections 3.1 and 3.2).
    pub fn repeated(&self, names: &[&'static str]) -> Option<&'static str> {
        names.iter().copied().find(|name| self.0.all(name).count() > 1)
    }

    /// Returns the token to revoke or introspect (RFC 7009 section 2.1, RFC 7662 section 2.1).
    pub fn token(&self) -> Judged<String> {
        if self.repeated(&["token", "token_type_hint", "client_id", "client_secret"]).is_some() {
            return Err(Refusal::of(&PARAMETER_REPEATED));
        }
        self.owned("token").ok_or_else(|| Refusal::of(&TOKEN_MISSING))
    }

    pub fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.0.first(name).is_some())
    }

    /// Encodes the parameters with these names as a query.
    pub fn encoded(&self, names: &[&str]) -> String {
        encoded(self.0.iter().filter(|(name, _)| names.contains(name)))
    }

    /// Returns all of them but one.
    pub fn without<'p>(&'p self, left_out: &str) -> Vec<(&'p str, &'p str)> {
        self.0.iter().filter(|(name, _)| *name != left_out).collect()
    }
}

impl From<Pairs> for Parameters {
    fn from(pairs: Pairs) -> Parameters {
        Parameters(pairs)
    }
}

/// Parses an object of strings. The last value of a repeated name counts; `null` is absent.
fn of_json(bytes: &[u8]) -> Option<Pairs> {
    match serde_json::from_slice(bytes).ok()? {
        Value::Object(object) if object.len() <= MOST_PAIRS => object
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| match value {
                Value::String(text) => Some((name, text)),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}
