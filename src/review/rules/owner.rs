//! Rules about who provides the client.

use crate::base::id::AccountId;
use crate::review::brand::Brands;
use crate::review::names::{Word, fold, words};
use crate::review::reviewed_client::{Owner, ReviewedClient, ReviewedWords};
use crate::review::rule::RuleMatch;
use crate::review::rules::redirect;
use crate::review::words::{claims, distinctive};

const FIELD: &str = "collaborators";

pub fn is_not_brand(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    let Some(owner) = reviewed.owners.first() else { return Vec::new() };
    let (id, kind, account) = (&reviewed.client.id, owner.account.kind(), owner.account.as_str());
    if reviewed.is_handed_on {
        let seen = format!("The client `{id}` was registered for `{account}`, which no longer owns it");
        return vec![RuleMatch::new(
            FIELD,
            seen,
            "Have those who own it now register a client of their own, or say in a request for review who they are.",
        )];
    }
    if is_clear(reviewed) {
        return Vec::new();
    }
    let seen = format!("The {kind} `{account}` owns the client `{id}`, and nothing shows that the brand is its own");
    let advice = match owner.account {
        AccountId::User(_) => {
            "Register it under an organization whose ID is the brand; if it is private or a test, say so in its name or description."
        }
        AccountId::Organization(_) => {
            "Begin the ID of the client with the organization's, or register it under the organization of that brand."
        }
    };
    vec![RuleMatch::new(FIELD, seen, advice)]
}

/// Returns whether its owner is who one would think.
fn is_clear(reviewed: &ReviewedClient<'_>) -> bool {
    let is_organization = |owner: &Owner| matches!(owner.account, AccountId::Organization(_));
    reviewed.is_of_operator()
        || reviewed.owners.iter().any(|owner| shares_brand(reviewed, owner))
        || if reviewed.owners.iter().any(is_organization) {
            // An organization is somebody; with no brand in the ID there is none that could be another's.
            reviewed.is_without_brand()
        } else {
            is_private(reviewed)
        }
}

/// Returns whether it is for its owner alone, or a test.
pub fn is_private(reviewed: &ReviewedClient<'_>) -> bool {
    let uris = &reviewed.client.redirect_uris;
    let is_near = !uris.is_empty() && uris.iter().all(|uri| redirect::is_local(uri));
    reviewed.says_private() || is_near
}

/// Returns whether the first name in the client's ID is the brand of its owner, or that in its name if the ID has none of these.
fn shares_brand(reviewed: &ReviewedClient<'_>, owner: &Owner) -> bool {
    let brands = Brands::of(std::slice::from_ref(owner));
    let ReviewedWords { id, name, .. } = &reviewed.words;
    let is_first = |words: &[Word], at: usize| distinctive(&words[..at]).next().is_none();
    let is_maker = |at: usize| at > 0 && claims(&name[at - 1].written);
    let is_by_brand = match brands.find(id) {
        Some(at) => is_first(id, at),
        None => brands.find(name).is_some_and(|at| is_first(name, at) || is_maker(at)),
    };
    is_by_brand || has_initials(&reviewed.words, owner)
}

/// Returns whether one has the initials of the other: `sfs-dashboard` of the organization `smart-farming-solutions`.
fn has_initials(client: &ReviewedWords, owner: &Owner) -> bool {
    let by_id = words(owner.account.as_str());
    let of_client = fold(&client.of_both().filter_map(|word| word.written.chars().next()).collect::<String>());
    // `swm` of `stadtwerke-muenchen`: of a compound, letters within it too.
    let is_within = |word: &Word| {
        let letters: Vec<char> = word.folded.chars().collect();
        let starts: Vec<char> = by_id.iter().filter_map(|word| word.folded.chars().next()).collect();
        let mut rest = owner.account.as_str().chars();
        (3..=5).contains(&letters.len())
            && starts.len() > 1
            && letters.first() == starts.first()
            && letters.last() == starts.last()
            && word.written.chars().all(|letter| rest.any(|c| c == letter))
    };
    client.of_both().any(is_within)
        || by_id.first().is_some_and(|word| word.written.chars().count() > 2 && of_client.starts_with(&word.folded))
}

pub fn is_a_person(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    let is_user = |owner: &Owner| matches!(owner.account, AccountId::User(_));
    let is_for_everyone = !is_private(reviewed) && !reviewed.is_of_operator() && is_not_brand(reviewed).is_empty();
    let Some(owner) = reviewed.owners.first().filter(|_| is_for_everyone && reviewed.owners.iter().all(is_user)) else { return Vec::new() };
    let advice = "If it is for everyone, register it under an organization whose ID is the brand.";
    vec![RuleMatch::new(FIELD, format!("The user `{}` owns it", owner.account.as_str()), advice)]
}

pub fn gone(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    if reviewed.owners.is_empty() {
        return vec![RuleMatch::new(FIELD, "It has no owner any more", "Add a collaborator with all rights, or delete the client.")];
    }
    Vec::new()
}

pub fn contact_of_another(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    let seen = reviewed.contact_of_another.iter().map(|contact| {
        let seen = format!("Users are told that the client is of `{contact}`, who is not its owner");
        RuleMatch::new("administrative_contact", seen, "Name the owner, or for an organization one of its members.")
    });
    seen.collect()
}

pub fn contacts_gone(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    let seen =
        |field: &&'static str| RuleMatch::new(*field, "The contact is gone", "Name a collaborator who can be asked about the client.");
    reviewed.contacts_gone.iter().map(seen).collect()
}
