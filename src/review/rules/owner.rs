//! Rules about who provides the client.

use crate::base::id::AccountId;
use crate::review::names::{Word, fold};
use crate::review::reviewed_client::{Owner, ReviewedClient};
use crate::review::rule::RuleMatch;
use crate::review::rules::redirect;
use crate::review::words::distinctive;

const FIELD: &str = "collaborator";

/// The fewest letters by which the beginning of a word tells a brand.
const SHORTEST_BEGINNING: usize = 4;

pub fn is_not_brand(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    if reviewed.owners.is_empty() || is_clear(reviewed) {
        return Vec::new();
    }
    let (id, owner) = (&reviewed.client.id, &reviewed.owners[0]);
    let (kind, account) = (owner.account.kind(), owner.account.as_str());
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
fn is_private(reviewed: &ReviewedClient<'_>) -> bool {
    let uris = &reviewed.client.redirect_uris;
    let is_near = !uris.is_empty() && uris.iter().all(|uri| redirect::is_local(uri));
    reviewed.says_private() || is_near || reviewed.owners.iter().any(|owner| uris.iter().any(|uri| redirect::is_host_of(uri, owner)))
}

/// Returns whether the client's ID or name has the brand of its owner.
fn shares_brand(reviewed: &ReviewedClient<'_>, owner: &Owner) -> bool {
    let client = reviewed.words();
    let whole_id = plain(&fold(reviewed.client.id.as_str()));
    let whole_owner = plain(&fold(owner.account.as_str()));
    let owner_words = owner.words();
    let brands = || distinctive(&owner_words).map(|word| plain(&word.folded)).filter(|word| word.chars().count() > 1);
    let is_same = |word: &str, brand: &str| {
        let shorter = word.chars().count().min(brand.chars().count());
        word == brand || (shorter >= SHORTEST_BEGINNING && (word.starts_with(brand) || brand.starts_with(word)))
    };
    whole_id.starts_with(&whole_owner)
        || distinctive(&client).map(|word| plain(&word.folded)).any(|word| brands().any(|brand| is_same(&word, &brand)))
        || brands().any(|brand| brand.chars().count() >= SHORTEST_BEGINNING && whole_id.contains(&brand))
        || has_initials(&client, owner)
        || {
            let said = crate::review::names::words(&reviewed.client.description);
            brands().any(|brand| brand.chars().count() > 2 && said.iter().any(|word| plain(&word.folded) == brand))
        }
}

/// Returns whether one has the initials of the other: `sfs-dashboard` of the organization `smart-farming-solutions`.
fn has_initials(client: &[Word], owner: &Owner) -> bool {
    let initials = |words: &[Word]| fold(&words.iter().filter_map(|word| word.written.chars().next()).collect::<String>());
    let (by_id, by_name) = (crate::review::names::words(owner.account.as_str()), crate::review::names::words(&owner.name));
    let of_owner = [initials(&by_id), initials(&by_name)];
    let is_brand = |word: &Word| word.written.chars().count() > 1 && of_owner.contains(&word.folded);
    let of_client = initials(client);
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
    client.iter().any(|word| is_brand(word) || is_within(word))
        || by_id.first().is_some_and(|word| word.written.chars().count() > 2 && of_client.starts_with(&word.folded))
}

/// Writes umlauts as the IDs of two ways to do so: `muenchen` is `munchen`.
fn plain(folded: &str) -> String {
    folded.replace("ae", "a").replace("oe", "o").replace("ue", "u").replace("ss", "s")
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

pub fn contacts_gone(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    let seen =
        |field: &&'static str| RuleMatch::new(*field, "The contact is gone", "Name a collaborator who can be asked about the client.");
    reviewed.contacts_gone.iter().map(seen).collect()
}
