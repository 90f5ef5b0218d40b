//! Which names people take for the same: folding (UTS 39), words, and the distance between two names.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::review::words::{claims, is_generic, is_role, joins};

/// The characters that are taken for ASCII ones, one prototype a line.
static CONFUSABLES: LazyLock<HashMap<char, &'static str>> = LazyLock::new(|| {
    let rows = include_str!("confusables.txt").lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '));
    rows.flat_map(|(prototype, taken)| taken.chars().map(move |c| (c, prototype))).collect()
});

/// From this many letters on, names that differ in one are taken for the same.
const FUZZY_LETTERS: usize = 6;

/// From this many letters on, a name is recognized at the beginning of another word too.
const LONG_LETTERS: usize = 9;

/// From this many letters on, a name is recognized with one wrong letter before words of its own too: `The Thing Factory` is no thing of
/// `The Things`.
const LONGER_LETTERS: usize = 12;

/// A word of an ID or a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// In lower case.
    pub written: String,
    pub folded: String,
    /// Folded without the digits at its end: `ttn2` is `ttn`.
    stem: String,
}

/// A text that may have a protected name in it.
#[derive(Debug)]
pub struct SearchedName {
    words: Vec<Word>,
    runs: Vec<WordRun>,
}

/// Words that follow one another, written together.
#[derive(Debug)]
struct WordRun {
    start: usize,
    end: usize,
    folded: String,
    /// The same without digits at the end.
    stem: String,
}

impl SearchedName {
    pub fn of(text: &str) -> SearchedName {
        let words = words(text);
        let mut runs = Vec::new();
        for start in 0..words.len() {
            let mut folded = String::new();
            for (end, last) in words.iter().enumerate().skip(start) {
                let stem = folded.clone() + &last.stem;
                folded.push_str(&last.folded);
                runs.push(WordRun { start, end: end + 1, folded: folded.clone(), stem });
            }
        }
        SearchedName { words, runs }
    }
}

/// A protected name, ready to be compared.
#[derive(Debug)]
pub struct FoldedName {
    folded: String,
    written: String,
    letters: usize,
}

impl FoldedName {
    pub fn of(name: &str) -> FoldedName {
        let words = words(name);
        let folded: String = words.iter().map(|word| word.folded.as_str()).collect();
        FoldedName { letters: folded.chars().count(), folded, written: words.into_iter().map(|word| word.written).collect() }
    }

    /// Returns whether letters that look alike make no difference: in short names they make too many others the same (`ttl` is not `tti`).
    fn is_written_as(&self, words: &[Word]) -> bool {
        const SHORT: usize = 4;
        let written: String = words.iter().map(|word| word.written.as_str()).collect();
        self.letters > SHORT || !written.bytes().all(|b| b.is_ascii_alphabetic()) || written.starts_with(&self.written)
    }
}

/// Returns the words of an ID, a name or a text: what stands between characters that are neither letters nor digits.
pub fn words(text: &str) -> Vec<Word> {
    let text: String = text.chars().filter(|c| !is_unseen(*c) && !is_mark(*c) && !matches!(c, '\'' | '’')).collect();
    let written = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let stem = |word: &str| fold(word.trim_end_matches(|c: char| c.is_ascii_digit()));
    written
        .map(|word| Word { written: word.to_lowercase(), folded: fold(word), stem: stem(word) })
        .filter(|word| !word.folded.is_empty())
        .collect()
}

/// Returns the letters of a text as people may take them: without case, separators and accents, digits as the letters that they look like,
/// characters of other scripts as the ASCII ones that they look like.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !is_unseen(*c) && !is_mark(*c)) {
        match CONFUSABLES.get(&c) {
            Some(prototype) => folded.extend(prototype.chars().map(as_letter)),
            None => folded.extend(c.to_lowercase().filter(|c| c.is_alphanumeric() || "|!$@".contains(*c)).map(as_letter)),
        }
    }
    folded.replace("rn", "m").replace("vv", "w")
}

/// Returns the letter that stands for all that look like it.
fn as_letter(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | 'i' | '|' | '!' => 'l',
        '2' => 'z',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '6' | '9' => 'g',
        '7' => 't',
        '8' => 'b',
        other => other,
    }
}

/// Returns whether a character is not seen, or changes the direction of the text around it.
pub fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{e0000}'..='\u{e01ef}')
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
}

/// Returns whether two folded names are the same but for one letter that was added, left out, exchanged, or two that changed places.
pub fn is_one_off(one: &str, other: &str) -> bool {
    // A character has four bytes at most.
    if one.len().abs_diff(other.len()) > 4 {
        return false;
    }
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len().abs_diff(other.len()) > 1 {
        return false;
    }
    let start = one.iter().zip(&other).take_while(|(a, b)| a == b).count();
    let end = one[start..].iter().rev().zip(other[start..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[start..one.len() - end], &other[start..other.len() - end]);
    match (one, other) {
        ([] | [_], [] | [_]) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

/// Returns whether people may take two whole names for the same. Numbered names (`hub-1`, `hub-2`) are not.
pub fn is_alike(one: &str, other: &str) -> bool {
    let (folded, other_folded) = (fold(one), fold(other));
    if folded.is_empty() || other_folded.is_empty() {
        return false;
    }
    folded == other_folded && numbers(one) == numbers(other) || {
        let shorter = folded.chars().count().min(other_folded.chars().count());
        shorter >= FUZZY_LETTERS && is_one_off(&folded, &other_folded) && numbers(one) == numbers(other)
    }
}

/// Returns the words of a name that are numbers.
fn numbers(name: &str) -> Vec<String> {
    words(name).into_iter().map(|word| word.written).filter(|word| word.bytes().all(|b| b.is_ascii_digit())).collect()
}

/// Returns whether people may take a client, or its owner, with this ID or name for something of the bearer of a protected name: if that
/// stands where the brand does, or nothing else in it is a name.
pub fn is_confusable(text: &SearchedName, wanted: &FoldedName) -> bool {
    wanted.letters > 0 && text.runs.iter().any(|run| is_confusable_run(text, run, wanted))
}

fn is_confusable_run(text: &SearchedName, run: &WordRun, wanted: &FoldedName) -> bool {
    let words = &text.words[run.start..run.end];
    let found = Found { before: &text.words[..run.start], after: &text.words[run.end..] };
    let last = words.last().map_or(0, |word| word.folded.len());
    let is_glued = |rest: &str| rest.len() < last && (is_generic(rest) || wanted.letters >= LONG_LETTERS);
    let is_same = run.folded == wanted.folded || run.stem == wanted.folded;
    if is_same || run.folded.strip_prefix(wanted.folded.as_str()).is_some_and(is_glued) {
        return wanted.is_written_as(words) && (found.is_at_brand() || found.is_alone() || (is_same && found.is_claimed()));
    }
    let is_near = wanted.letters >= FUZZY_LETTERS && is_one_off(&run.folded, &wanted.folded);
    is_near && (found.is_alone() || (wanted.letters >= LONGER_LETTERS && found.is_at_brand()))
}

/// Where in a name a protected one was found.
struct Found<'w> {
    before: &'w [Word],
    after: &'w [Word],
}

impl Found<'_> {
    /// Returns whether it stands where the brand does: first, but for words such as `official`, and not as in `TTN to InfluxDB`.
    fn is_at_brand(&self) -> bool {
        self.before.iter().all(|word| is_role(&word.folded)) && !(self.after.len() > 1 && joins(&self.after[0].written))
    }

    /// Returns whether it stands as that of the maker: `Console by TTN`, but not `powered by TTN`.
    fn is_claimed(&self) -> bool {
        let word = |back: usize| self.before.len().checked_sub(back).map(|at| self.before[at].written.as_str());
        word(1).is_some_and(claims) && word(2) != Some("powered")
    }

    /// Returns whether nothing else is a name, and it is not as in `Gateways for TTN`.
    fn is_alone(&self) -> bool {
        let others = || self.before.iter().chain(self.after);
        others().all(|word| is_generic(&word.folded) || is_role(&word.folded)) && !self.before.iter().any(|word| joins(&word.written))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_look_alike_are_the_same() {
        for (one, other) in [
            ("The Things Network", "the-things-network"),
            ("THE_THINGS_NETW0RK", "The Things Network"),
            ("Тhе Тhіngs Nеtwоrk", "The Things Network"),
            ("𝐓𝐡𝐞 𝕿𝖍𝖎𝖓𝖌𝖘 Ｎｅｔｗｏｒｋ", "The Things Network"),
            ("T\u{200b}T\u{200d}N", "ttn"),
            ("Kéyföb", "keyfob"),
            ("k3yf0b", "keyfob"),
            ("cornpany", "company"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
    }

    #[test]
    fn one_letter_may_differ() {
        for (one, other, is) in [
            ("keyfob", "keyfb", true),
            ("keyfob", "keyfoob", true),
            ("keyfob", "kexfob", true),
            ("keyfob", "kefyob", true),
            ("keyfob", "keyfob", true),
            ("keyfob", "kexfab", false),
            ("keyfob", "keyf", false),
            ("", "a", true),
        ] {
            assert_eq!(is_one_off(one, other), is, "{one} {other}");
            assert_eq!(is_one_off(other, one), is, "{one} {other}");
        }
    }
}
