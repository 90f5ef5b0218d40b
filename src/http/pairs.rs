//! Form encoding: the names and values of queries and forms (WHATWG URL Standard, section 5.1). Parsed here, and looked up through views
//! with rules of their own: `http::form`, `api::query`, `oauth::parameters`.

use crate::base::error::{Error, Result};
use crate::base::uri::{form_decoded, form_encoded};
use crate::http::path::Unreadable;
use crate::http::request::Request;

/// More names and values than any genuine query or form has: looking one up must stay cheap.
pub const MOST_PAIRS: usize = 200;

/// Names and values in the order sent. A name may come more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// Parses a query or a form. `+` is a space, and a name without `=` has an empty value.
    pub fn parse(text: &str) -> std::result::Result<Pairs, Unreadable> {
        let parts: Vec<&str> = text.split('&').filter(|part| !part.is_empty()).take(MOST_PAIRS + 1).collect();
        if parts.len() > MOST_PAIRS {
            return Err(Unreadable);
        }
        let read = parts.into_iter().map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            Ok((decoded(name)?, decoded(value)?))
        });
        read.collect::<std::result::Result<_, _>>().map(Pairs)
    }

    /// Parses the query of a request. Fails with malformed input.
    pub fn of_query(request: &Request) -> Result<Pairs> {
        Pairs::parse(request.query()).map_err(|Unreadable| Error::malformed("the query is not UTF-8, or holds a NUL"))
    }

    /// Parses the body of a request as a form. Fails with malformed input.
    pub fn of_body(request: &Request) -> Result<Pairs> {
        let read = std::str::from_utf8(&request.body).map_err(|_| Unreadable).and_then(Pairs::parse);
        read.map_err(|Unreadable| Error::malformed("the form is not UTF-8, or holds a NUL"))
    }

    pub fn first(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Returns every value of a name, in the order sent.
    pub fn all<'p>(&'p self, name: &str) -> impl Iterator<Item = &'p str> {
        self.iter().filter(move |(sent, _)| *sent == name).map(|(_, value)| value)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl FromIterator<(String, String)> for Pairs {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(pairs: T) -> Pairs {
        Pairs(pairs.into_iter().collect())
    }
}

impl IntoIterator for Pairs {
    type Item = (String, String);
    type IntoIter = std::vec::IntoIter<(String, String)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Writes names and values as a query or a form has them.
pub fn encoded<'p>(pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> String {
    let written = pairs.into_iter().map(|(name, value)| format!("{}={}", form_encoded(name.as_bytes()), form_encoded(value.as_bytes())));
    written.collect::<Vec<_>>().join("&")
}

/// Returns an address with these parameters, without those that have no value.
pub fn with_query<'a>(path: &str, parameters: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let query = encoded(parameters.filter(|(_, value)| !value.is_empty()));
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// Decodes one name or value. Fails if it is not UTF-8, or holds a NUL.
pub fn decoded(text: &str) -> std::result::Result<String, Unreadable> {
    String::from_utf8(form_decoded(text)).ok().filter(|decoded| !decoded.contains('\0')).ok_or(Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_of_too_many_parts_is_unreadable() {
        assert_eq!(Pairs::parse(&"q&".repeat(MOST_PAIRS)).map(|pairs| pairs.iter().count()), Ok(MOST_PAIRS));
        assert_eq!(Pairs::parse(&"q&".repeat(MOST_PAIRS + 1)), Err(Unreadable));
    }

    #[test]
    fn nul_and_bytes_that_are_not_utf8_are_unreadable() {
        for text in ["a=%00", "%ff", "a=%c3%28"] {
            assert_eq!(Pairs::parse(text), Err(Unreadable), "{text}");
        }
    }

    #[test]
    fn a_query_is_read_in_the_order_sent() {
        let read = Pairs::parse("a=1&b=x+y%2B&&c&a=2").unwrap();
        assert_eq!(read.iter().collect::<Vec<_>>(), [("a", "1"), ("b", "x y+"), ("c", ""), ("a", "2")]);
        assert_eq!((read.first("a"), read.all("a").collect::<Vec<_>>(), read.first("d")), (Some("1"), vec!["1", "2"], None));
        assert_eq!(encoded(read.iter()), "a=1&b=x+y%2B&c=&a=2");
    }
}
