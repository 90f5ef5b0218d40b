//! Which words of an ID or a name are the brand of an account.

use std::collections::HashSet;

use crate::review::names::{Word, fold, words};
use crate::review::reviewed_client::Owner;
use crate::review::words::{is_generic, is_legal_form, is_mail_provider, is_own_name, is_role, joins};

/// The fewest letters of a brand that is told from the beginning of a word: `acmedashboard`.
const SHORTEST_BEGINNING: usize = 3;

/// The most words of a name that are looked at: it can be long.
const MOST_WORDS: usize = 12;

/// The brands of those who own a client: of their IDs, and of the domains of their validated addresses. A name is no brand: its bearer
/// chooses it, and two may choose the same.
#[derive(Clone, Debug, Default)]
pub struct Brands {
    /// Folded: words that are names, and several words that follow one another.
    parts: HashSet<String>,
    /// Of the IDs.
    initials: HashSet<String>,
}

impl Brands {
    pub fn of(owners: &[Owner]) -> Brands {
        let mut brands = Brands::default();
        for owner in owners {
            brands.add(owner.account.as_str());
            if let Some(label) = owner.email_domain.as_deref().filter(|domain| !is_mail_provider(domain)).and_then(registrable_label) {
                brands.add(&label);
            }
        }
        brands
    }

    fn add(&mut self, name: &str) {
        let mut words = words(name);
        words.truncate(MOST_WORDS);
        let is_number = |word: &Word| word.written.bytes().all(|b| b.is_ascii_digit());
        let is_filling = |word: &Word| joins(&word.written) && !is_number(word);
        let names_nobody = |word: &Word| is_role(&word.folded) || is_filling(word) || is_legal_form(&word.written);
        let is_alone = words.iter().filter(|word| !names_nobody(word)).count() == 1;
        for start in 0..words.len() {
            for end in start + 1..=words.len() {
                let run = &words[start..end];
                let is_name = match run {
                    [word] => {
                        let is_telling = !is_generic(&word.folded) && !is_own_name(&word.written) && !is_number(word);
                        !names_nobody(word) && word.written.chars().count() > 1 && (is_telling || is_alone)
                    }
                    // `team-1` is a name as a whole.
                    run => run.iter().filter(|word| !names_nobody(word)).count() > usize::from(run.len() < words.len()),
                };
                if is_name {
                    self.parts.insert(joined(run));
                }
            }
        }
        if words.len() > 1 {
            self.initials.insert(fold(&words.iter().filter_map(|word| word.written.chars().next()).collect::<String>()));
        }
    }

    /// Returns where in these words the first brand begins.
    pub fn find(&self, words: &[Word]) -> Option<usize> {
        (0..words.len()).find(|start| self.is_word(&words[*start]) || self.begins(&words[*start..]))
    }

    fn begins(&self, words: &[Word]) -> bool {
        (1..=words.len().min(MOST_WORDS)).any(|end| self.parts.contains(&joined(&words[..end])))
    }

    fn is_word(&self, word: &Word) -> bool {
        let whole = plain(&word.folded);
        let ends = whole.char_indices().map(|(at, _)| at).skip(SHORTEST_BEGINNING);
        let begins_with_brand = |at: usize| self.parts.contains(&whole[..at]) && is_generic(&whole[at..]);
        (word.written.chars().count() > 1 && self.initials.contains(&word.folded)) || ends.into_iter().any(begins_with_brand)
    }

    /// Returns whether these words, written together, are a brand.
    pub fn is(&self, folded: &str) -> bool {
        self.parts.contains(&plain(folded))
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map(String::as_str)
    }
}

fn joined(words: &[Word]) -> String {
    plain(&words.iter().map(|word| word.folded.as_str()).collect::<String>())
}

/// Writes umlauts as the IDs of two ways to do so: `muenchen` is `munchen`.
pub fn plain(folded: &str) -> String {
    folded.replace("ae", "a").replace("oe", "o").replace("ue", "u").replace("ss", "s")
}

/// Returns the label of a host that somebody has registered: `acme` of `app.acme.co.uk`.
pub fn registrable_label(host: &str) -> Option<String> {
    /// Labels under which names are registered in two-letter domains: `co.uk`, `com.br`.
    const SECOND: &[&str] = &["co", "com", "org", "net", "gov", "edu", "ac", "or", "ne", "go", "gob", "gouv", "ltd", "plc", "asso", "nom"];
    let labels: Vec<&str> = host.split('.').filter(|label| !label.is_empty()).collect();
    let depth = match labels.as_slice() {
        [.., second, top] if labels.len() > 2 && top.len() == 2 && SECOND.contains(second) => 3,
        _ => 2,
    };
    labels.len().checked_sub(depth).map(|at| labels[at].to_owned())
}
