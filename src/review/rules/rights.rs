//! Rules about what a client asks its users for.

use crate::base::right::Right;
use crate::review::reviewed_client::ReviewedClient;
use crate::review::rule::RuleMatch;
use crate::review::rules::grants::is_reason;
use crate::review::words::{APPLICATIONS, CLIENTS, EVERYTHING, GATEWAYS, ORGANIZATIONS, USERS, mentions, mentions_word};

const FIELD: &str = "rights";

/// What rights are about: how their names and how texts say it.
const SUBJECTS: &[(&str, &str)] =
    &[("APPLICATION", APPLICATIONS), ("GATEWAY", GATEWAYS), ("CLIENT", CLIENTS), ("ORGANIZATION", ORGANIZATIONS), ("USER", USERS)];

pub fn all(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    const KEYS: &[&str] = &["right", "reason", "scope", "access", "permission"];
    let client = &reviewed.client;
    let is_stated = reviewed.stated_reasons(KEYS).any(is_reason);
    let text = &client.description;
    let says_everything =
        mentions_word(text, EVERYTHING) || (mentions_word(text, "all_") && mentions_word(text, "right permission access"));
    let is_explained = |right: Right| {
        let is_about = SUBJECTS.iter().any(|(name, words)| right.name() == format!("RIGHT_{name}_ALL") && mentions(text, words));
        is_stated || (says_everything && is_about)
    };
    let every = client.rights.iter().copied().filter(|right| right.name().ends_with("_ALL"));
    let seen = every.filter(|right| !is_explained(*right)).map(|right| {
        let advice =
            "Ask for the rights that the client uses, or say in the description, or in an attribute `rights-reason`, why it needs all.";
        RuleMatch::new(FIELD, format!("{}: {}", right.name(), right.words()), advice)
    });
    seen.collect()
}

/// Returns whether a right is marked where people decide about it: what it allows cannot be undone, gives others access, or is everything.
pub fn is_dangerous(right: Right) -> bool {
    const ENDS: &[&str] = &["_DELETE", "_KEYS", "_SECRETS", "_COLLABORATORS", "_MEMBERS", "_ALL"];
    ENDS.iter().any(|end| right.name().ends_with(end))
}

pub fn dangerous(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    let is_named = |right: &Right| is_dangerous(*right) && !right.name().ends_with("_ALL");
    let names: Vec<&str> = reviewed.client.rights.iter().filter(|right| is_named(right)).map(|right| right.name()).collect();
    if names.is_empty() {
        return Vec::new();
    }
    vec![RuleMatch::new(FIELD, names.join(", "), "Leave out those that the client can do without.")]
}

pub fn unused(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    if reviewed.unused_rights.is_empty() {
        return Vec::new();
    }
    let names = reviewed.unused_rights.names().join(", ");
    let seen = format!("{names}, which no token of the client has used for 90 days");
    vec![RuleMatch::new(FIELD, seen, "Leave out what the client can do without.")]
}

pub fn not_mentioned(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    let client = &reviewed.client;
    let text = format!("{} {} {}", client.id, client.name, client.description);
    let seen = SUBJECTS.iter().filter(|(_, words)| !mentions(&text, words)).filter_map(|(subject, _)| {
        let names: Vec<&str> =
            client.rights.iter().copied().filter(|right| self::subject(*right) == Some(subject)).map(Right::name).collect();
        let advice = "Say in the description what the client does with it, or leave it out.";
        (!names.is_empty())
            .then(|| RuleMatch::new(FIELD, format!("{}, which neither name nor description mentions", names.join(", ")), advice))
    });
    seen.collect()
}

/// Returns what a right is about; nothing if every client may need it, to know its user and whose things are whose.
fn subject(right: Right) -> Option<&'static str> {
    if matches!(right, Right::UserInfo | Right::UserOrganizationsList | Right::OrganizationInfo | Right::All | Right::SendInvites) {
        return None;
    }
    let name = right.name();
    // `RIGHT_USER_GATEWAYS_LIST` is about gateways.
    let plural = SUBJECTS.iter().find(|(subject, _)| name.contains(&format!("_{subject}S_")));
    let found = plural.or_else(|| SUBJECTS.iter().find(|(subject, _)| name.starts_with(&format!("RIGHT_{subject}_"))));
    found.map(|(subject, _)| *subject)
}
