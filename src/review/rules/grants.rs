//! Rules about how a client gets its tokens, and whether it does.

use crate::model::choice::Grant;
use crate::review::reviewed_client::ReviewedClient;
use crate::review::rule::RuleMatch;
use crate::review::rules::description::{is_placeholder, letters};
use crate::review::rules::redirect::{self, RedirectKind};
use crate::review::words::{UNATTENDED, mentions_word};

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
    let is_stated = mentions_word(&client.description, UNATTENDED)
        || reviewed.stated_reasons(KEYS).any(is_reason)
        || reviewed.request_text.as_deref().is_some_and(|text| mentions_word(text, UNATTENDED) || mentions_word(text, "refresh"));
    if is_stated || !client.grants.contains(&Grant::RefreshToken) {
        return Vec::new();
    }
    let advice =
        "Take it out, or say in the description, or in an attribute `refresh-token-reason`, what the client does while nobody uses it.";
    vec![RuleMatch::new(FIELD, format!("{} without a reason", Grant::RefreshToken.name()), advice)]
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
        false if !reviewed.says_private() && !kinds.is_empty() && kinds.iter().all(|kind| *kind == RedirectKind::App) => (
            "The client has a secret, and is a program on users' devices, as its redirect URIs say",
            "Remove its secret once it is registered: such a client is known by its redirect URI and PKCE.",
        ),
        true | false => return Vec::new(),
    };
    vec![RuleMatch::new("secret", seen, advice)]
}

pub fn never_used(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    let days = |since: crate::base::time::Time| reviewed.now.day() - since.day();
    let Some(days) = reviewed.unused_since.map(days).filter(|days| *days > UNUSED_DAYS) else { return Vec::new() };
    vec![RuleMatch::new("", format!("It has got no token for {days} days"), "Delete it if nobody needs it any more.")]
}
