//! Which IDs and names people take for something of the bearer of a protected name.

use crate::review::brand::Brands;
use crate::review::names::{FUZZY_LETTERS, Word, is_one_off, words};
use crate::review::words::{claims, connects, is_for, is_generic, is_own_name, is_role, is_to, joins, says_official};

/// From this many letters on, a name is recognized at the beginning of another word too.
const LONG_LETTERS: usize = 9;

/// From this many letters on, a name is recognized with one wrong letter before words of its own too: `The Thing Factory` is no thing of
/// `The Things`.
const LONGER_LETTERS: usize = 12;

/// How a text is like a protected name; the greatest is most like it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resemblance {
    /// But for one letter.
    Near,
    Same,
}

/// What a text names: beside the brand of its owner, a protected name is what a client works with.
#[derive(Clone, Copy, Debug)]
pub enum NameOf<'b> {
    Client(&'b Brands),
    Owner,
}

/// A text that may have a protected name in it.
pub struct SearchedName {
    words: Vec<Word>,
    runs: Vec<WordRun>,
}

/// Words that follow one another, written together.
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

    /// Returns how this is like a protected name, if people may take it for something of its bearer.
    pub fn resemblance(&self, wanted: &FoldedName, of: NameOf<'_>) -> Option<Resemblance> {
        let longest = wanted.folded.len() + MOST_BYTES;
        let is_long_enough = |run: &&WordRun| run.folded.len() + MOST_BYTES >= wanted.folded.len();
        let is_short_enough =
            |run: &&WordRun| run.folded.len() <= longest || self.words[run.end - 1].folded.len() + longest >= run.folded.len();
        if wanted.letters == 0 {
            return None;
        }
        let runs = self.runs.iter().filter(is_long_enough).filter(is_short_enough);
        runs.filter_map(|run| self.resemblance_of(run, wanted, of)).max()
    }

    fn resemblance_of(&self, run: &WordRun, wanted: &FoldedName, of: NameOf<'_>) -> Option<Resemblance> {
        let words = &self.words[run.start..run.end];
        let last = words.last().map_or(0, |word| word.folded.len());
        let is_glued = |rest: &str| rest.len() < last && (is_generic(rest) || wanted.letters >= LONG_LETTERS);
        // `a` and `e` are no words in front of a name: `attn`, `etti`.
        let is_glued_before = |rest: &str| rest.len() > 1 && words.len() == 1 && (is_generic(rest) || is_role(rest));
        let is_same = run.folded == wanted.folded || run.stem == wanted.folded;
        let found = Found { before: &self.words[..run.start], after: &self.words[run.end..], of };
        let begins = run.folded.strip_prefix(wanted.folded.as_str()).is_some_and(is_glued);
        let ends = run.folded.strip_suffix(wanted.folded.as_str()).is_some_and(is_glued_before);
        if is_same || begins || ends {
            let is_ordinary =
                found.is_ordinary(wanted, words) || matches!(of, NameOf::Client(brands) if !is_same && brands.is(&run.folded));
            let is_written = ends || wanted.is_written_as(words);
            return (is_written && !is_ordinary && found.is_taken_for(is_same)).then_some(Resemblance::Same);
        }
        let is_near = wanted.letters >= FUZZY_LETTERS && is_one_off(&run.folded, &wanted.folded);
        let is_near = is_near && (found.is_alone() || (wanted.letters >= LONGER_LETTERS && found.is_at_brand()));
        (is_near && !found.is_behind_brand()).then_some(Resemblance::Near)
    }
}

/// The most bytes by which a name that differs in one letter is longer or shorter.
const MOST_BYTES: usize = 4;

/// A protected name, ready to be compared.
#[derive(Debug)]
pub struct FoldedName {
    folded: String,
    written: String,
    letters: usize,
    words: usize,
}

impl FoldedName {
    pub fn of(name: &str) -> FoldedName {
        let words = words(name);
        let folded: String = words.iter().map(|word| word.folded.as_str()).collect();
        FoldedName {
            letters: folded.chars().count(),
            folded,
            words: words.len(),
            written: words.into_iter().map(|word| word.written).collect(),
        }
    }

    /// Returns whether letters that look alike make no difference: in short names they make too many others the same (`ttl` is not `tti`).
    fn is_written_as(&self, words: &[Word]) -> bool {
        const SHORT: usize = 4;
        let written: String = words.iter().map(|word| word.written.as_str()).collect();
        self.letters > SHORT || !written.bytes().all(|b| b.is_ascii_alphabetic()) || written.starts_with(&self.written)
    }
}

/// Where in a name a protected one was found.
struct Found<'w> {
    before: &'w [Word],
    after: &'w [Word],
    of: NameOf<'w>,
}

impl Found<'_> {
    /// Returns whether people take it for something of the bearer.
    fn is_taken_for(&self, is_whole: bool) -> bool {
        let is_claimed = is_whole && (self.is_claimed() || self.is_official());
        match self.of {
            NameOf::Owner => self.is_at_brand() || self.is_alone() || is_claimed,
            NameOf::Client(_) => is_claimed || !(self.is_behind_brand() || self.is_integration()),
        }
    }

    /// Returns whether it stands where the brand does: first, but for words such as `official`, and not as in `TTN to InfluxDB`.
    fn is_at_brand(&self) -> bool {
        self.before.iter().all(|word| is_role(&word.folded)) && !(self.after.len() > 1 && joins(&self.after[0].written))
    }

    /// Returns the word that stands so many words before it.
    fn back(&self, words: usize) -> Option<&str> {
        self.before.len().checked_sub(words).map(|at| self.before[at].written.as_str())
    }

    /// Returns whether it stands as that of the maker: `Console by TTN`, but not `powered by TTN`.
    fn is_claimed(&self) -> bool {
        self.back(1).is_some_and(claims) && self.back(2) != Some("powered")
    }

    /// Returns whether the word before or behind it says that it is the real one.
    fn is_official(&self) -> bool {
        let says = |word: &Word| says_official(&word.written);
        self.before.last().is_some_and(says) || self.after.first().is_some_and(says)
    }

    /// Returns whether nothing else is a name, and it is not as in `Gateways for TTN`.
    fn is_alone(&self) -> bool {
        let others = || self.before.iter().chain(self.after);
        others().all(|word| is_generic(&word.folded) || is_role(&word.folded)) && !self.before.iter().any(|word| joins(&word.written))
    }

    /// Returns whether the brand of the owner stands before it.
    fn is_behind_brand(&self) -> bool {
        match self.of {
            NameOf::Client(brands) => brands.find(self.before).is_some(),
            NameOf::Owner => false,
        }
    }

    /// Returns whether it is what a client works with: `Gateways for TTN`, `mqtt-ttn-bridge`, `TTN to InfluxDB`.
    fn is_integration(&self) -> bool {
        let is_purpose = |word: &Word| !is_role(&word.folded) && !joins(&word.written);
        let is_other = |word: &Word| is_purpose(word) && !is_generic(&word.folded) && !is_own_name(&word.written);
        let is_for = self.back(1).is_some_and(is_for) && self.before.iter().any(is_purpose);
        let is_connector = self.before.iter().chain(self.after).any(|word| connects(&word.written)) && self.before.iter().any(is_other);
        let is_source = match self.after {
            [to, other, ..] => is_to(&to.written) && is_other(other) && other.written.chars().count() > 2,
            _ => false,
        };
        is_for || is_connector || is_source
    }

    /// Returns whether it is a part of an ordinary phrase: the internet of things, `The Things We Grow`.
    fn is_ordinary(&self, wanted: &FoldedName, words: &[Word]) -> bool {
        const SUBJECTS: &[&str] = &["we", "you", "i", "they"];
        let of_internet = self.back(1) == Some("of") && self.back(2) == Some("internet") && words[0].written == "things";
        let is_short = wanted.words > 1 && wanted.letters < LONGER_LETTERS;
        of_internet || (is_short && self.after.first().is_some_and(|word| SUBJECTS.contains(&word.written.as_str())))
    }
}
