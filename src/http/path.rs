//! Percent-decodes paths.

use percent_encoding::percent_decode_str;

/// Not UTF-8 after decoding, or with a NUL, or of too many parts.
#[derive(Debug, PartialEq, Eq)]
pub struct Unreadable;

/// Splits a path into its decoded segments. Decodes before it splits, so an encoded slash separates like any other (registry.md 0.1).
pub fn segments(path: &str) -> Result<Vec<String>, Unreadable> {
    let path = decode(path)?;
    Ok(path.strip_prefix('/').unwrap_or(&path).split('/').map(str::to_owned).collect())
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
}
