//! The parameter `scope` (RFC 6749 section 3.3): words that name rights narrow what is granted, unknown words are ignored.

use crate::base::right::{Right, Rights};

/// What a client asked for; by default nothing in particular.
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

    /// What is granted where at most `most` can be: all of it if no right was named; nothing is ever widened.
    pub fn narrowed(self, most: Rights) -> Rights {
        if self.rights.is_empty() { most } else { self.rights.and(most.expanded()) }
    }

    /// Whether the client asked, and not for exactly this: then it must be told what was granted (RFC 6749 section 5.1).
    pub fn differs_from(self, granted: Rights) -> bool {
        self != Scope::default() && self != Scope { rights: granted, has_unknown_words: false }
    }
}
