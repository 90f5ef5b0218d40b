//! Rules about how a client gets its tokens, and whether it does.

use crate::base::time::Time;
use crate::model::choice::Grant;
use crate::review::reviewed_client::ReviewedClient;
use crate::review::rule::RuleMatch;
use crate::review::rules::description::{is_placeholder, letters, shown};
use crate::review::rules::redirect::{self, RedirectKind};
use crate::review::words::{DENYING, RECURRING, UNATTENDED, WORK, mentions_word};

const FIELD: &str = "grants";

/// A client that is newer may still be built.
const UNUSED_DAYS: i64 = 90;

/// The fewest letters of a reason.
const FEWEST_LETTERS: usize = 15;

pub fn password(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    if !reviewed.client.grants.contains(&Grant::Password) {
        return Vec::new();
    }
    vec![RuleMatch::new(
        FIELD,
        Grant::Password.name(),
        "Take it out, and send users to the authorization page instead (GRANT_AUTHORIZATION_CODE).",
    )]
}

pub fn refresh_without_reason(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    const KEYS: &[&str] = &["refresh", "offline", "background", "unattended", "interactive", "reason"];
    let client = &reviewed.client;
    let is_stated = says_unattended(&client.description) || reviewed.stated_reasons(KEYS).any(is_reason);
    if is_stated || !client.grants.contains(&Grant::RefreshToken) {
        return Vec::new();
    }
    let given = reviewed.stated_reasons(KEYS).next().filter(|given| !given.is_empty());
    let seen = match given {
        Some(given) => format!("{}: `{}` is not recognized as a reason", Grant::RefreshToken.name(), shown(given)),
        None => format!("{}: nothing in the description is recognized as a reason", Grant::RefreshToken.name()),
    };
    let advice = format!(
        "Remove the grant, or say what the client does while nobody uses it: in the attribute `refresh-token-reason` or when you ask for a \
         review, in at least {FEWEST_LETTERS} letters of any language."
    );
    vec![RuleMatch::new(FIELD, seen, advice)]
}

/// Returns whether a clause of a description says that the client works while nobody is there, and no word of it denies that.
fn says_unattended(description: &str) -> bool {
    let text = description.to_lowercase().replace('’', "'");
    let clauses = text.split(['.', ',', ';', ':', '!', '?', '\n', '。', '、', '，']);
    let mut said = clauses.filter(|clause| !mentions_word(clause, DENYING));
    said.any(|clause| mentions_word(clause, UNATTENDED) || has_unattended_work(clause))
}

/// Returns whether a word such as `offline` or `daily` stands before what a program does by itself: `a daily report`, not `offline maps`.
fn has_unattended_work(clause: &str) -> bool {
    const BEHIND: usize = 2;
    let words: Vec<&str> = clause.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_listed = |list: &str, word: &str| list.split_whitespace().any(|listed| listed == word);
    let is_work = |at: usize| words.iter().skip(at + 1).take(BEHIND).any(|word| is_listed(WORK, word));
    (0..words.len()).any(|at| is_listed(RECURRING, words[at]) && is_work(at))
}

/// Returns whether somebody has written a reason.
pub fn is_reason(text: &str) -> bool {
    letters(text) >= FEWEST_LETTERS && !is_placeholder(text)
}

pub fn none(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    if reviewed.client.grants.is_empty() {
        return vec![RuleMatch::new(FIELD, "There is no grant", "Add GRANT_AUTHORIZATION_CODE.")];
    }
    Vec::new()
}

pub fn secret_kind(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    let client = &reviewed.client;
    let kinds: Vec<RedirectKind> = client.redirect_uris.iter().map(|uri| redirect::kind(uri)).collect();
    let (seen, advice) = match reviewed.is_public {
        true if client.grants.contains(&Grant::RefreshToken) && kinds.contains(&RedirectKind::Web) => (
            "The client has no secret, and keeps its access by refresh tokens on a web site",
            "Give it a secret that only its server knows, or leave the refresh token grant out.",
        ),
        false
            if reviewed.is_registered()
                && !reviewed.says_private()
                && !kinds.is_empty()
                && kinds.iter().all(|kind| *kind == RedirectKind::App) =>
        {
            (
                "The client has a secret, and is a program on users' devices, as its redirect URIs say",
                "Remove its secret: such a client is known by its redirect URL and PKCE.",
            )
        }
        true | false => return Vec::new(),
    };
    vec![RuleMatch::new("secret", seen, advice)]
}

pub fn never_used(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    let is_long_ago = |since: &Time| reviewed.now.day() - since.day() > UNUSED_DAYS;
    // Not for how many days: the same would be found anew each day.
    let seen =
        reviewed.unused_since.filter(is_long_ago).map(|since| format!("It has received no token since {}", &since.to_string()[..10]));
    let found = seen.map(|seen| RuleMatch::new("ids.client_id", seen, "Delete it if nobody needs it any more."));
    found.into_iter().collect()
}
