//! Paths and queries: percent-decoding, once, for everyone.

use percent_encoding::percent_decode_str;

/// More names and values than any honest query or form has: what is looked up among them must stay cheap.
pub const MOST_PAIRS: usize = 200;

/// It cannot be read: not UTF-8 after decoding, with a NUL in it, or of too many parts.
#[derive(Debug, PartialEq, Eq)]
pub struct Unreadable;

/// Splits a path into its decoded segments. It is decoded before it is split, so that an encoded slash separates
/// like any other (registry.md 0.1).
pub fn segments(path: &str) -> Result<Vec<String>, Unreadable> {
    let path = decode(path)?;
    Ok(path.strip_prefix('/').unwrap_or(&path).split('/').map(str::to_owned).collect())
}

/// Splits a query or a form into decoded names and values, in the order sent; `+` is a space. A name without `=` has an empty value.
pub fn pairs(query: &str) -> Result<Vec<(String, String)>, Unreadable> {
    let parts: Vec<&str> = query.split('&').filter(|part| !part.is_empty()).take(MOST_PAIRS + 1).collect();
    if parts.len() > MOST_PAIRS {
        return Err(Unreadable);
    }
    parts
        .into_iter()
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            Ok((decode(&name.replace('+', " "))?, decode(&value.replace('+', " "))?))
        })
        .collect()
}

fn decode(text: &str) -> Result<String, Unreadable> {
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| Unreadable)?;
    if decoded.contains('\0') { Err(Unreadable) } else { Ok(decoded.into_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoded_slash_separates() {
        assert_eq!(segments("/a/b%2fc").unwrap(), ["a", "b", "c"]);
        assert_eq!(segments("/a/").unwrap(), ["a", ""]);
    }

    #[test]
    fn nul_and_bytes_that_are_not_utf8_are_unreadable() {
        for path in ["/a%00", "/%ff", "/a/%c3%28"] {
            assert_eq!(segments(path), Err(Unreadable), "{path}");
        }
    }

    #[test]
    fn a_query_of_too_many_parts_is_unreadable() {
        assert_eq!(pairs(&"q&".repeat(MOST_PAIRS)).map(|pairs| pairs.len()), Ok(MOST_PAIRS));
        assert_eq!(pairs(&"q&".repeat(MOST_PAIRS + 1)), Err(Unreadable));
    }

    #[test]
    fn a_query_is_read_in_the_order_sent() {
        let read = pairs("a=1&b=x+y%2B&&c&a=2").unwrap();
        let read: Vec<_> = read.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(read, [("a", "1"), ("b", "x y+"), ("c", ""), ("a", "2")]);
    }
}
