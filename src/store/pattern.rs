//! Case-insensitive substring search; `%` stands for any characters, `_` for any one, and `\` escapes either (registry.md 1.12).
//!
//! The text index narrows a search down by every three letters of the literal runs of a pattern; the SQL function [`FUNCTION`] decides. A
//! pattern without a run that the index could find is answered by a scan.

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

/// `contains(text, pattern)`: false for an absent text.
const FUNCTION: &str = "contains";

/// How many letters the index looks up at a time.
const TRIGRAM: usize = 3;

/// How many times it looks for one pattern: that leaves hardly anything of which the pattern is not true.
const MOST_TRIGRAMS: usize = 32;

pub fn register(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function(FUNCTION, 2, flags, |context| {
        let text = context.get_raw(0).as_str_or_null()?;
        let pattern = context.get_raw(1).as_str()?;
        Ok(text.is_some_and(|text| contains(text, pattern)))
    })
}

/// Returns a query for the text index that matches at least every match of the pattern; `None` if the index cannot help.
pub fn index_query(pattern: &str) -> Option<String> {
    let trigrams: Vec<String> = parse(pattern)
        .windows(TRIGRAM)
        .filter_map(|letters| letters.iter().map(|letter| letter.letter().filter(is_indexed_alike)).collect::<Option<String>>())
        .take(MOST_TRIGRAMS)
        .map(|trigram| format!("\"{}\"", trigram.replace('"', "\"\"")))
        .collect();
    (!trigrams.is_empty()).then(|| trigrams.join(" AND "))
}

/// Returns whether the index can be asked for a pattern.
pub fn can_search(pattern: &str) -> bool {
    index_query(pattern).is_some()
}

/// Returns the pattern that stands for a text as it is.
pub fn literal(text: &str) -> String {
    text.chars().flat_map(|letter| matches!(letter, '%' | '_' | '\\').then_some('\\').into_iter().chain([letter])).collect()
}

/// Returns whether the index has this letter of a pattern wherever a text has it in lower or upper case: it knows the cases of fewer scripts
/// than [`contains`] does, and of `İ` it has an `i` without the dot above.
fn is_indexed_alike(letter: &char) -> bool {
    let has_cases = || letter.to_uppercase().ne([*letter]);
    matches!(letter, '\0'..'\u{250}' | 'α'..='ω' | 'а'..='џ') || *letter != '\u{307}' && !has_cases()
}

#[derive(Clone, Copy, PartialEq)]
enum PatternElement {
    Letter(char),
    AnyOne,
    Any,
}

impl PatternElement {
    fn letter(&self) -> Option<char> {
        match self {
            PatternElement::Letter(c) => Some(*c),
            PatternElement::AnyOne | PatternElement::Any => None,
        }
    }
}

/// Parses a pattern. Letters are lowercased one by one: a lower-case form that depends on the place in a word would match nothing.
fn parse(pattern: &str) -> Vec<PatternElement> {
    let mut parts = Vec::new();
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '%' => parts.push(PatternElement::Any),
            '_' => parts.push(PatternElement::AnyOne),
            '\\' => parts.extend(letters.next().unwrap_or('\\').to_lowercase().map(PatternElement::Letter)),
            _ => parts.extend(letter.to_lowercase().map(PatternElement::Letter)),
        }
    }
    parts
}

fn contains(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
    let pattern: Vec<PatternElement> = [PatternElement::Any].into_iter().chain(parse(pattern)).chain([PatternElement::Any]).collect();
    let (mut t, mut p) = (0, 0);
    // The place of the last `%`, and how much of the text it has taken: on a mismatch it takes one more.
    let (mut any, mut taken) = (None, 0);
    while t < text.len() {
        match pattern.get(p) {
            Some(PatternElement::Any) => {
                (any, taken) = (Some(p), t);
                p += 1;
            }
            Some(PatternElement::AnyOne) => (t, p) = (t + 1, p + 1),
            Some(PatternElement::Letter(c)) if *c == text[t] => (t, p) = (t + 1, p + 1),
            _ => match any {
                Some(at) => {
                    taken += 1;
                    (t, p) = (taken, at + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|part| *part == PatternElement::Any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_found_anywhere_without_regard_to_case() {
        for (text, pattern) in
            [("birch-yak", "YAK"), ("Ünïcode", "ünÏ"), ("abc", ""), ("", ""), ("a%b", "\\%"), ("xayb", "a_b"), ("a--b", "a%b")]
        {
            assert!(contains(text, pattern), "{text} {pattern}");
        }
        for (text, pattern) in [("birch", "yak"), ("ab", "a_b"), ("ab", "\\%"), ("", "a"), ("aaab", "aab_")] {
            assert!(!contains(text, pattern), "{text} {pattern}");
        }
    }

    #[test]
    fn the_index_is_asked_for_every_three_letters_of_literal_runs() {
        assert_eq!(index_query("Same"), Some("\"sam\" AND \"ame\"".to_owned()));
        assert_eq!(index_query("ab%cde_f\"g"), Some("\"cde\" AND \"f\"\"g\"".to_owned()));
        assert_eq!(index_query("ab"), None);
        assert_eq!(index_query("%_%"), None);
        assert_eq!(index_query("İzmir"), Some("\"zmi\" AND \"mir\"".to_owned()));
        assert_eq!(index_query("ꭰꭱꭲ"), None, "the index does not know that these have capitals");
    }
}
