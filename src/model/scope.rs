//! The parameter `scope` (RFC 6749 section 3.3): words that name rights narrow what is granted, unknown words are ignored.

use crate::base::right::{Right, Rights};

/// The requested scope; by default none in particular.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The rights that were named.
    pub rights: Rights,
    has_unknown_words: bool,
}

impl Scope {
    pub fn parse(text: &str) -> Scope {
        let right = |word: &str| Right::from_name(word).filter(|right| right.name() == word && *right != Right::Invalid);
        text.split(' ').filter(|word| !word.is_empty()).fold(Scope::default(), |scope, word| match right(word) {
            Some(right) => Scope { rights: scope.rights.or(Rights::of(&[right])), ..scope },
            None => Scope { has_unknown_words: true, ..scope },
        })
    }

    /// Returns the scope granted of at most `most`: all of it if no right was named; never more.
    pub fn narrowed(self, most: Rights) -> Rights {
        if self.rights.is_empty() { most } else { self.rights.and(most.expanded()) }
    }

    /// Returns whether the request differs from the grant, so the client must be told (RFC 6749 section 5.1).
    pub fn differs_from(self, granted: Rights) -> bool {
        self != Scope::default() && self != Scope { rights: granted, has_unknown_words: false }
    }
}
