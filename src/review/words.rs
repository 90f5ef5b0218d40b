//! Words that say something about a client: what it is for, whom, and why. In the languages in which most clients are described.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::review::names::{Word, fold};

/// Words of IDs and names that say what something is for or about, and not whose it is.
const GENERIC: &str = include_str!("words/generic.txt");

/// Words with which somebody claims to be, or to speak for, the bearer of the name beside them.
const ROLES: &str = include_str!("words/roles.txt");

/// Words that make what follows or precedes a name belong to somebody else: `Gateways for TTN`, `TTN to InfluxDB`.
const JOINING: &str = include_str!("words/joining.txt");

/// Words of descriptions that say that a client is for its owner alone, or a test.
const OWN: &str = include_str!("words/own.txt");

/// The same in IDs and names.
const OWN_NAMES: &str = include_str!("words/own-names.txt");

static GENERIC_FOLDED: LazyLock<HashSet<String>> = LazyLock::new(|| folded(GENERIC));
static ROLES_FOLDED: LazyLock<HashSet<String>> = LazyLock::new(|| folded(ROLES));
static OWN_WRITTEN: LazyLock<HashSet<&'static str>> = LazyLock::new(|| OWN.split_whitespace().collect());
static OWN_NAMES_WRITTEN: LazyLock<HashSet<&'static str>> = LazyLock::new(|| OWN_NAMES.split_whitespace().collect());
static JOINING_WRITTEN: LazyLock<HashSet<&'static str>> = LazyLock::new(|| JOINING.split_whitespace().collect());

fn folded(words: &'static str) -> HashSet<String> {
    words.split_whitespace().map(fold).collect()
}

/// Returns whether a folded word says what something is for, and not whose it is.
pub fn is_generic(folded: &str) -> bool {
    GENERIC_FOLDED.contains(folded)
}

/// Returns whether a folded word claims something about the name that follows.
pub fn is_role(folded: &str) -> bool {
    ROLES_FOLDED.contains(folded)
}

/// Returns whether a word, in lower case, separates a name from what belongs to it.
pub fn joins(written: &str) -> bool {
    JOINING_WRITTEN.contains(written)
}

/// Returns whether a word, in lower case, says that what follows has made it.
pub fn claims(written: &str) -> bool {
    has_word(include_str!("words/claiming.txt"), written)
}

/// Returns whether a word, in lower case, is of programs that connect two services.
pub fn connects(written: &str) -> bool {
    has_word(include_str!("words/connecting.txt"), written)
}

/// Returns whether a word, in lower case, says that what it stands beside is the real one.
pub fn says_official(written: &str) -> bool {
    has_word(include_str!("words/official.txt"), written)
}

/// Returns whether a word, in lower case, stands before what something is sent to.
pub fn is_to(written: &str) -> bool {
    has_word(include_str!("words/targets.txt"), written)
}

/// Returns whether a word, in lower case, stands before what something is made for, or gets its data from.
pub fn is_for(written: &str) -> bool {
    has_word(include_str!("words/purposes.txt"), written)
}

/// Returns whether a word, in lower case, is one of those that companies have behind their names.
pub fn is_legal_form(written: &str) -> bool {
    has_word(include_str!("words/legal-forms.txt"), written)
}

/// Returns whether a word of a description, in lower case, speaks of others than the owner.
pub fn is_of_others(written: &str) -> bool {
    has_word(include_str!("words/others.txt"), written)
}

/// Returns whether everybody can have an e-mail address in a domain.
pub fn is_mail_provider(domain: &str) -> bool {
    lists(include_str!("words/mail-providers.txt"), domain)
}

fn has_word(list: &str, written: &str) -> bool {
    list.split_whitespace().any(|word| word == written)
}

/// Returns whether a word of a description, in lower case, says that a client is for its owner alone, or a test. Numbers behind it do not
/// matter: `test2`.
pub fn is_own(written: &str) -> bool {
    OWN_WRITTEN.contains(written.trim_end_matches(|c: char| c.is_ascii_digit()))
}

/// Returns whether a text without blanks between words says that.
pub fn says_own(text: &str) -> bool {
    let is_unspaced = |word: &&str| word.chars().all(|c| c >= '\u{e00}');
    OWN.split_whitespace().filter(is_unspaced).any(|word| text.contains(word))
}

/// Returns whether a word of an ID or a name, in lower case, says that.
pub fn is_own_name(written: &str) -> bool {
    is_own(written) || OWN_NAMES_WRITTEN.contains(written.trim_end_matches(|c: char| c.is_ascii_digit()))
}

/// Returns whether a list has exactly this line.
pub fn lists(list: &str, line: &str) -> bool {
    list.lines().any(|listed| listed == line)
}

/// Returns whether a text has one of these parts, in which `_` is a blank: also within words, as in `Sensordaten`.
pub fn mentions(text: &str, parts: &str) -> bool {
    let text = spaced(text);
    parts.split_whitespace().any(|part| text.contains(&part.replace('_', " ")))
}

/// Returns whether a text has words that begin like one of these parts. Where there are no blanks between words, they are searched everywhere.
pub fn mentions_word(text: &str, parts: &str) -> bool {
    let text = spaced(text);
    let is_spaced = |part: &str| part.chars().all(|c| c < '\u{e00}');
    parts.split_whitespace().any(|part| {
        let wanted = part.replace('_', " ");
        text.contains(&if is_spaced(part) { format!(" {wanted}") } else { wanted })
    })
}

/// Returns a text in lower case, with one blank around and between its words.
fn spaced(text: &str) -> String {
    let text = text.to_lowercase().replace('’', "'");
    let words = text.split(|c: char| !(c.is_alphanumeric() || "-/'".contains(c))).filter(|word| !word.is_empty());
    words.fold(String::from(" "), |text, word| text + word + " ")
}

/// Returns the words that are names: not generic, nor of a test, nor numbers.
pub fn distinctive<'w>(words: impl IntoIterator<Item = &'w Word>) -> impl Iterator<Item = &'w Word> {
    words
        .into_iter()
        .filter(|word| !is_generic(&word.folded) && !is_own_name(&word.written) && !word.written.bytes().all(|b| b.is_ascii_digit()))
}

/// How texts name what rights are about, as parts of words.
pub const GATEWAYS: &str = include_str!("words/gateways.txt");
pub const APPLICATIONS: &str = include_str!("words/applications.txt");
pub const USERS: &str = include_str!("words/users.txt");
pub const ORGANIZATIONS: &str = include_str!("words/organizations.txt");
pub const CLIENTS: &str = include_str!("words/clients.txt");

/// How a description says that a client works while nobody is there, as parts of words.
pub const UNATTENDED: &str = include_str!("words/unattended.txt");

/// Words that say so only before a word for [`WORK`]: `daily`, `offline`.
pub const RECURRING: &str = include_str!("words/recurring.txt");

/// What programs do by themselves.
pub const WORK: &str = include_str!("words/work.txt");

/// Words that deny what the clause says, or say that somebody is there.
pub const DENYING: &str = include_str!("words/denying.txt");

/// How a description says that a client is to do everything, as parts of words.
pub const EVERYTHING: &str = include_str!("words/everything.txt");

/// Descriptions and reasons that stand for one that was never written.
pub const PLACEHOLDERS: &str = include_str!("words/placeholders.txt");

/// Words for a description, and words with which a placeholder for one is written.
pub const DESCRIPTIONS: &str = include_str!("words/descriptions.txt");
pub const DESCRIPTION_FILLERS: &str = include_str!("words/description-fillers.txt");

/// Hosts whose addresses lead somewhere else, where nobody can see it.
pub const SHORTENERS: &str = include_str!("words/shorteners.txt");

/// Hosts at which apps of many receive codes: they say nothing about whose a client is.
pub const SHARED_HOSTS: &str = include_str!("words/shared-hosts.txt");
