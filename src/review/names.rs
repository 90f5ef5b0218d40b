//! Which names people take for the same: folding (UTS 39), words, and the distance between two names.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

/// The characters that are taken for ASCII ones, one prototype a line.
static CONFUSABLES: LazyLock<HashMap<char, &'static str>> = LazyLock::new(|| {
    let rows = include_str!("confusables.txt").lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '));
    rows.flat_map(|(prototype, taken)| taken.chars().map(move |c| (c, prototype))).collect()
});

/// From this many letters on, names that differ in one are taken for the same.
pub const FUZZY_LETTERS: usize = 6;

/// A word of an ID or a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// In lower case.
    pub written: String,
    pub folded: String,
    /// Folded without the digits at its end: `ttn2` is `ttn`.
    pub stem: String,
}

/// Returns the words of an ID, a name or a text: what stands between characters that are neither letters nor digits.
pub fn words(text: &str) -> Vec<Word> {
    let text: String = text.chars().filter(|c| !is_unseen(*c) && !is_mark(*c) && !matches!(c, '\'' | '’')).collect();
    let written = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    written.map(word).filter(|word| !word.folded.is_empty()).collect()
}

fn word(written: &str) -> Word {
    let (folded, without) = (fold(written), written.trim_end_matches(|c: char| c.is_ascii_digit()));
    let stem = if without.len() == written.len() { folded.clone() } else { fold(without) };
    Word { written: written.to_lowercase(), folded, stem }
}

/// Returns a text as it is written, and as people may read it: with letters for the halves of flags, with the letters of what stands upside
/// down, and where controls of direction turn something of it around, with letters or words turned.
pub fn readings(text: &str) -> Vec<String> {
    const TURNS: RangeInclusive<char> = '\u{202a}'..='\u{202e}';
    const ISOLATES: RangeInclusive<char> = '\u{2066}'..='\u{2069}';
    let mut readings = vec![text.to_owned()];
    if text.chars().any(is_of_flag) {
        readings.push(text.chars().map(|c| if is_of_flag(c) { letter_of_flag(c) } else { c }).collect());
    }
    if text.chars().any(|c| UPSIDE_DOWN.iter().any(|(turned, _)| *turned == c)) {
        readings.push(text.chars().rev().map(turned_up).collect());
    }
    if text.chars().any(|c| TURNS.contains(&c) || ISOLATES.contains(&c) || matches!(c, '\u{200f}' | '\u{61c}')) {
        readings.push(with_letters_turned(text));
        readings.push(text.split_whitespace().rev().collect::<Vec<_>>().join(" "));
    }
    readings
}

/// Returns whether two of this character are a flag. Others are shown as letters.
fn is_of_flag(c: char) -> bool {
    matches!(c, '\u{1f1e6}'..='\u{1f1ff}')
}

fn letter_of_flag(c: char) -> char {
    char::from_u32(u32::from(c) - 0x1f1e6 + u32::from('a')).unwrap_or(c)
}

/// Characters that look like letters upside down, and are hardly written otherwise.
const UPSIDE_DOWN: &[(char, char)] = &[
    ('ɐ', 'a'),
    ('ɔ', 'c'),
    ('ǝ', 'e'),
    ('ɟ', 'f'),
    ('ƃ', 'g'),
    ('ɥ', 'h'),
    ('ᴉ', 'i'),
    ('ɾ', 'j'),
    ('ʞ', 'k'),
    ('ɯ', 'm'),
    ('ɹ', 'r'),
    ('ʇ', 't'),
    ('⊥', 't'),
    ('ʌ', 'v'),
    ('ʍ', 'w'),
    ('ʎ', 'y'),
];

/// Returns what a character is when the text that it stands in is turned by half.
fn turned_up(c: char) -> char {
    match c {
        'b' => 'q',
        'd' => 'p',
        'n' => 'u',
        'p' => 'd',
        'q' => 'b',
        'u' => 'n',
        other => UPSIDE_DOWN.iter().find(|(turned, _)| *turned == other).map_or(other, |(_, letter)| *letter),
    }
}

/// Returns a text with what an override puts from right to left in the order in which it is read.
fn with_letters_turned(text: &str) -> String {
    const OVERRIDE: char = '\u{202e}';
    const END: char = '\u{202c}';
    let mut parts = text.split(OVERRIDE);
    let before = parts.next().unwrap_or_default().to_owned();
    parts.fold(before, |read, part| {
        let (turned, rest) = part.split_once(END).unwrap_or((part, ""));
        read + &turned.chars().rev().collect::<String>() + rest
    })
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

/// Returns whether a character is invisible, or changes the direction of the text around it.
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
