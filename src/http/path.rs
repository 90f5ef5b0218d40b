//! Percent-decodes paths, and compares them with those of tables.

use percent_encoding::percent_decode_str;

/// Not UTF-8 after decoding, or with a NUL, or of too many parts.
#[derive(Debug, PartialEq, Eq)]
pub struct Unreadable;

/// Splits a path into its decoded segments. Decodes before it splits, so an encoded slash separates like any other (registry.md 0.1).
pub fn segments(path: &str) -> Result<Vec<String>, Unreadable> {
    let path = decode(path)?;
    Ok(path.strip_prefix('/').unwrap_or(&path).split('/').map(str::to_owned).collect())
}

/// The path of a row in a table, such as `/clients/{client_id}`.
pub struct PathPattern(Vec<PathSegment>);

enum PathSegment {
    Fixed(&'static str),
    /// Any non-empty segment.
    Capture(&'static str),
}

/// The names of what is captured, each with the decoded segment.
pub type Captures = Vec<(&'static str, String)>;

impl PathPattern {
    pub fn of(path: &'static str) -> PathPattern {
        let segment = |part: &'static str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            None => PathSegment::Fixed(part),
            Some(name) => PathSegment::Capture(name),
        };
        PathPattern(path[1..].split('/').map(segment).collect())
    }

    /// Returns how many segments it has.
    pub fn length(&self) -> usize {
        self.0.len()
    }

    /// Returns whether these decoded segments are a path of it.
    pub fn matches(&self, segments: &[String]) -> bool {
        let takes = |(part, segment): (&PathSegment, &String)| match part {
            PathSegment::Fixed(part) => part == segment,
            PathSegment::Capture(_) => !segment.is_empty(),
        };
        self.length() == segments.len() && self.0.iter().zip(segments).all(takes)
    }

    /// Returns what it captures of segments that match.
    pub fn captures(&self, segments: &[String]) -> Captures {
        let captured = self.0.iter().zip(segments).filter_map(|(part, segment)| match part {
            PathSegment::Capture(name) => Some((*name, segment.clone())),
            PathSegment::Fixed(_) => None,
        });
        captured.collect()
    }
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
