//! Rules about what users read.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::review::names::{fold, is_unseen, words};
use crate::review::reviewed_client::ReviewedClient;
use crate::review::rule::RuleMatch;
use crate::review::words::{DESCRIPTION_FILLERS, DESCRIPTIONS, PLACEHOLDERS, SHORTENERS, lists};

const FIELD: &str = "description";

/// The fewest letters that say what a client does.
const FEWEST_LETTERS: usize = 20;

const ADVICE: &str =
    "Say in a sentence what the application does for its users, such as “Manage your MyBrand gateway from the mobile app”.";

pub fn says_nothing(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    let client = &reviewed.client;
    let seen = if reviewed.words.description.is_empty() {
        "There is no description".to_owned()
    } else if is_placeholder(&client.description) {
        format!("`{}` stands for a description that was never written", shown(&client.description))
    } else if is_name_again(reviewed) {
        format!("`{}` is the name again", shown(&client.description))
    } else if letters(&client.description) < FEWEST_LETTERS {
        format!("The description `{}` has fewer than {FEWEST_LETTERS} letters", shown(&client.description))
    } else {
        return Vec::new();
    };
    vec![RuleMatch::new(FIELD, seen, ADVICE)]
}

/// Returns the beginning of a text.
pub fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let start: String = text.chars().filter(|c| !c.is_control() && !is_unseen(*c)).take(LONGEST).collect();
    if text.chars().count() > LONGEST { format!("{start}…") } else { start }
}

/// Returns how many letters a text has. Where a letter is a syllable or a word, it counts as two or three.
pub fn letters(text: &str) -> usize {
    let weight = |c: char| match c {
        '\u{3040}'..='\u{30ff}' | '\u{ac00}'..='\u{d7a3}' => 2,
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3fffd}' => 3,
        c => usize::from(c.is_alphabetic()),
    };
    text.chars().map(weight).sum()
}

/// Words with which nothing begins that was written for somebody.
const BEGINNINGS: &[&str] = &["lorem", "tbd", "fixme", "placeholder", "xxx"];

/// Returns whether nobody has written what is to be said here.
pub fn is_placeholder(text: &str) -> bool {
    let words: Vec<String> = words(text).into_iter().map(|word| word.written).collect();
    let whole = words.join(" ");
    let different: HashSet<char> = whole.chars().filter(|c| c.is_alphabetic()).collect();
    let is_mashed = whole.is_ascii() && (different.len() < 5 || words.iter().all(|word| is_keyboard_row(word)));
    let is_repeated = words.len() > 1 && words.iter().all(|word| *word == words[0]);
    // A `Todo list` is one of those that people use.
    let is_to_do = text.trim_start().starts_with("TODO") || text.trim_start().to_lowercase().starts_with("todo:");
    lists(PLACEHOLDERS, &whole)
        || is_to_do
        || is_around_placeholder(&whole)
        || is_about_descriptions(&words)
        || BEGINNINGS.iter().any(|beginning| words.first().is_some_and(|word| word == beginning))
        || is_mashed
        || is_repeated
}

/// Returns whether a text says little beside a placeholder that it begins with: `Coming soon, please be patient`.
fn is_around_placeholder(whole: &str) -> bool {
    let rest = |known: &str| whole.strip_prefix(known).and_then(|rest| rest.strip_prefix(' ')).map(letters);
    let long = PLACEHOLDERS.lines().filter(|known| known.contains(' '));
    long.filter_map(rest).any(|rest| rest < FEWEST_LETTERS)
}

/// Returns whether a text is about a description, its own: `This is an example description of my client`.
fn is_about_descriptions(words: &[String]) -> bool {
    let has = |list: &str, word: &str| list.split_whitespace().any(|listed| listed == word);
    words.iter().any(|word| has(DESCRIPTIONS, word)) && words.iter().all(|word| has(DESCRIPTIONS, word) || has(DESCRIPTION_FILLERS, word))
}

/// Returns whether a word is what a hand leaves on a keyboard: `asdfghjkl`.
fn is_keyboard_row(word: &str) -> bool {
    const ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "qwertzuiop"];
    ROWS.iter().any(|row| word.len() >= 4 && row.starts_with(&word[..4]))
}

fn is_name_again(reviewed: &ReviewedClient<'_>) -> bool {
    const FILLING: &[&str] =
        &["a", "an", "the", "this", "is", "it", "for", "of", "by", "and", "our", "client", "oauth", "app", "application"];
    let known: HashSet<String> =
        reviewed.words.of_both().map(|word| word.folded.clone()).chain(FILLING.iter().map(|word| fold(word))).collect();
    let whole = fold(&reviewed.words.description.iter().map(|word| word.folded.as_str()).collect::<String>());
    whole == fold(&reviewed.client.name)
        || whole == fold(reviewed.client.id.as_str())
        || reviewed.words.description.iter().all(|word| known.contains(&word.folded))
}

pub fn hidden_characters(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    let client = &reviewed.client;
    let is_rtl = client.description.chars().any(is_right_to_left);
    let hidden = client.description.chars().find(|c| is_hidden(*c, is_rtl));
    hidden.map(|hidden| hidden_match(FIELD, hidden)).into_iter().chain(mixed_scripts(&client.name)).collect()
}

pub fn hidden_in_name(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    let of_owners = reviewed.owners.iter().map(|owner| ("collaborators", owner.name.as_str()));
    let names = std::iter::once(("name", reviewed.client.name.as_str())).chain(of_owners);
    names.filter_map(|(field, name)| hidden_character(name).map(|hidden| hidden_match(field, hidden))).collect()
}

fn hidden_match(field: &str, hidden: char) -> RuleMatch {
    let seen = format!("There is a character that is invisible or changes the direction of the text: U+{:04X}", u32::from(hidden));
    RuleMatch::new(field, seen, "Write it anew without such characters.")
}

/// Returns the first character of a name that deceives. Joiners and variants do after Latin letters.
fn hidden_character(name: &str) -> Option<char> {
    let is_rtl = name.chars().any(is_right_to_left);
    let joins = |c: char| matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}');
    let before = std::iter::once(' ').chain(name.chars());
    let found = before.zip(name.chars()).find(|(before, c)| {
        is_hidden(*c, is_rtl) || c.is_control() || *c == '\u{ad}' || (joins(*c) && (before.is_ascii_alphabetic() || *before == ' '))
    });
    found.map(|(_, c)| c)
}

/// Returns whether a character deceives. Marks of direction are part of texts from right to left, joiners of words and emoji.
fn is_hidden(c: char, is_rtl: bool) -> bool {
    match c {
        '\n' | '\r' | '\t' => false,
        '\u{200c}' | '\u{200d}' | '\u{ad}' | '\u{fe00}'..='\u{fe0f}' => false,
        '\u{200e}' | '\u{200f}' | '\u{61c}' => !is_rtl,
        c => c.is_control() || is_unseen(c),
    }
}

fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}')
}

/// Returns the word of a name in which letters of other scripts pass for Latin ones.
fn mixed_scripts(name: &str) -> Option<RuleMatch> {
    let is_latin = |c: char| c.is_ascii_alphabetic();
    let word = name.split(|c: char| !c.is_alphanumeric()).find(|word| word.chars().any(is_latin) && word.chars().any(passes_for_latin))?;
    let other = word.chars().find(|c| passes_for_latin(*c))?;
    let seen = format!("`{word}` has a letter of another script that passes for a Latin one: U+{:04X}", u32::from(other));
    Some(RuleMatch::new("name", seen, "Write each word of the name in the letters of one script."))
}

/// Returns whether a letter of another script looks like a Latin one. Units and constants are written beside Latin letters.
pub fn passes_for_latin(c: char) -> bool {
    let is_other = matches!(c, '\u{370}'..='\u{3ff}' | '\u{400}'..='\u{52f}' | '\u{530}'..='\u{58f}' | '\u{13a0}'..='\u{13ff}');
    let is_symbol = matches!(c, 'Ω' | 'μ' | 'π' | 'Δ' | 'Σ' | 'λ' | 'α' | 'β');
    is_other && !is_symbol && fold(&c.to_string()).is_ascii()
}

/// The hosts of [`SHORTENERS`], folded.
static SHORTENERS_FOLDED: LazyLock<HashSet<String>> = LazyLock::new(|| SHORTENERS.lines().map(folded_host).collect());

/// Returns a host with letters of other scripts read as those that they look like.
fn folded_host(host: &str) -> String {
    host.split('.').map(fold).collect::<Vec<_>>().join(".")
}

pub fn short_links(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    let text = reviewed.client.description.to_lowercase().replace(['。', '．', '｡'], ".");
    let is_disguised = |host: &str| !host.is_ascii() && SHORTENERS_FOLDED.contains(&folded_host(host));
    let hosts =
        text.split(|c: char| !(c.is_alphanumeric() || "-.".contains(c))).map(|host| host.trim_matches('.').trim_start_matches("www."));
    let found = hosts.filter(|host| lists(SHORTENERS, host) || is_disguised(host)).take(1);
    found
        .map(|host| {
            RuleMatch::new(FIELD, format!("There is an address at {host}, which shortens others"), "Write the whole address, or none.")
        })
        .collect()
}
