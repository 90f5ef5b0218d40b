//! Which IDs and names of two clients people take for the same.

use crate::review::brand::Brands;
use crate::review::names::{FUZZY_LETTERS, Word, is_one_off, words};
use crate::review::words::distinctive;

/// An ID or a name, ready to be compared with many.
pub struct ComparedName {
    words: Vec<Word>,
    folded: String,
    /// The same without numbers at the end of words.
    stem: String,
    /// The numbers at the end of words.
    numbers: String,
}

impl ComparedName {
    pub fn of(text: &str) -> ComparedName {
        let words = words(text);
        let number = |word: &Word| word.written[word.written.trim_end_matches(|c: char| c.is_ascii_digit()).len()..].to_owned();
        ComparedName {
            folded: words.iter().map(|word| word.folded.as_str()).collect(),
            stem: words.iter().map(|word| word.stem.as_str()).collect(),
            numbers: words.iter().map(number).filter(|number| !number.is_empty()).collect::<Vec<_>>().join(" "),
            words,
        }
    }

    /// Returns whether it has a word that is a name: `Weather Station` is nobody's.
    pub fn is_somebodys(&self) -> bool {
        distinctive(&self.words).next().is_some()
    }

    /// Returns whether people may take the two for the same. Numbered ones (`hub-1`, `hub-2`) are not, but one that only adds a number is.
    pub fn is_like(&self, other: &ComparedName) -> bool {
        if self.folded.is_empty() || other.folded.is_empty() {
            return false;
        }
        let is_numbered = !self.numbers.is_empty() && !other.numbers.is_empty() && self.numbers != other.numbers;
        let is_same = self.folded == other.folded || (!self.stem.is_empty() && self.stem == other.stem);
        !is_numbered && (is_same || self.is_near(other))
    }

    fn is_near(&self, other: &ComparedName) -> bool {
        let is_long = self.folded.chars().count().min(other.folded.chars().count()) >= FUZZY_LETTERS;
        is_long && is_one_off(&self.folded, &other.folded)
    }

    /// Returns whether what differs is a short brand, and the owner's own: `zeta-sensor-map` of `zeta` is not `beta-sensor-map`.
    pub fn has_own_brand(&self, other: &ComparedName, brands: &Brands) -> bool {
        let differs = self.words.iter().zip(&other.words).position(|(one, other)| one.folded != other.folded);
        let (Some(at), true) = (differs, self.words.len() == other.words.len()) else { return false };
        let (one, other) = (&self.words[at], &other.words[at]);
        // One letter more (`acmee`) is the same brand still.
        let (letters, others) = (one.folded.chars().count(), other.folded.chars().count());
        brands.is(&one.folded) && letters == others && letters < FUZZY_LETTERS
    }
}
