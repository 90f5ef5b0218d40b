//! Rules about IDs and names.

use crate::base::id::AccountId;
use crate::review::names::{fold, is_alike, words};
use crate::review::reviewed_client::ReviewedClient;
use crate::review::rule::RuleMatch;
use crate::review::words::{distinctive, is_generic};

/// The most clients that one is said to be like.
const MOST_SHOWN: usize = 3;

/// The field of the ID.
const ID: &str = "ids.client_id";

pub fn protected(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    if reviewed.is_of_operator() {
        return Vec::new();
    }
    let accounts: Vec<&AccountId> = reviewed.owners.iter().map(|owner| &owner.account).collect();
    let client = &reviewed.client;
    let own = [(ID, client.id.as_str(), "Choose an ID"), ("name", client.name.as_str(), "Choose a name")];
    let of_owners = reviewed.owners.iter().flat_map(|owner| {
        [("collaborator", owner.account.as_str(), "Register it under an account"), ("collaborator", &owner.name, "Give its owner a name")]
    });
    let mut seen: Vec<RuleMatch> = Vec::new();
    for (field, text, advice) in own.into_iter().chain(of_owners) {
        if let Some(name) = reviewed.protected.confusable(text, &accounts)
            && !seen.iter().any(|seen| seen.field == field)
        {
            let advice =
                format!("{advice} that begins with your own brand and cannot be taken for “{name}”; “for {name}” behind it is fine.");
            seen.push(RuleMatch::new(field, format!("`{text}` can be confused with “{name}”"), advice));
        }
    }
    seen
}

pub fn reserved(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    if !reviewed.is_id_reserved {
        return Vec::new();
    }
    vec![RuleMatch::new(ID, format!("`{}` is reserved", reviewed.client.id), "Choose an ID of your brand and its purpose.")]
}

pub fn like_another(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    let client = &reviewed.client;
    let seen = reviewed.others.iter().filter_map(|other| {
        let (field, own, theirs) = if is_alike(client.id.as_str(), other.id.as_str()) {
            (ID, client.id.as_str(), other.id.as_str())
        } else if is_alike(&client.name, &other.name) {
            ("name", client.name.as_str(), other.name.as_str())
        } else {
            return None;
        };
        let seen = format!("`{own}` is like `{theirs}`, the approved client `{}` of another owner", other.id);
        Some(RuleMatch::new(field, seen, "Put your own brand first, so that nobody confuses the two."))
    });
    seen.take(MOST_SHOWN).collect()
}

pub fn missing(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    if words(&reviewed.client.name).is_empty() {
        let advice = format!("Write a name, usually the ID with capitals: “{}”.", capitalized(reviewed.client.id.as_str()));
        return vec![RuleMatch::new("name", "There is no name", advice)];
    }
    Vec::new()
}

pub fn id_shape(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    let words = words(reviewed.client.id.as_str());
    let seen = if distinctive(&words).next().is_none() {
        "has no brand: only words for what it does"
    } else if words.len() == 1 && !is_brand_and_purpose(&words[0].folded) {
        "is only one word, not a brand and a purpose"
    } else {
        return Vec::new();
    };
    let advice = "Register it under an ID such as mycompany-gateway-onboarding: the ID of a client that exists cannot be changed.";
    vec![RuleMatch::new(ID, format!("`{}` {seen}", reviewed.client.id), advice)]
}

/// Returns whether a folded word ends in one for a purpose: `acmedashboard`.
fn is_brand_and_purpose(folded: &str) -> bool {
    const SHORTEST: usize = 4;
    let starts = folded.char_indices().map(|(at, _)| at).skip(2);
    starts.filter(|at| folded.len() - at >= SHORTEST).any(|at| is_generic(&folded[at..]))
}

pub fn unlike_id(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    let client = &reviewed.client;
    let (name, id) = (words(&client.name), words(client.id.as_str()));
    let description = words(&client.description);
    let whole = |words: &[crate::review::names::Word]| words.iter().map(|word| word.folded.as_str()).collect::<String>();
    let (whole_name, whole_id) = (whole(&name), whole(&id));
    let shares = |word: &str| word.chars().count() >= 3 && (whole_id.contains(word) || whole_name.contains(word));
    let is_translated = client.name.chars().any(|c| c.is_alphabetic() && !c.is_ascii());
    let is_explained = distinctive(&name).any(|word| description.iter().any(|other| other.folded == word.folded));
    let initials = fold(&name.iter().filter_map(|word| word.written.chars().next()).collect::<String>());
    let is_like = name.is_empty()
        || is_translated
        || is_explained
        || name.iter().any(|word| shares(&word.folded) && whole_id.contains(&word.folded))
        || id.iter().any(|word| shares(&word.folded) && whole_name.contains(&word.folded))
        || (initials.len() > 1 && whole_id.starts_with(&initials));
    if is_like {
        return Vec::new();
    }
    let advice = format!("Use the ID with capitals, “{}”, or explain the name in the description.", capitalized(client.id.as_str()));
    vec![RuleMatch::new("name", format!("`{}` has nothing in common with the ID `{}`", client.name, client.id), advice)]
}

/// Returns an ID as a name: `MyBrand Gateway Manager` is for people to write, this comes near it.
fn capitalized(id: &str) -> String {
    let word = |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect::<String>();
    id.split('-').filter(|part| !part.is_empty()).map(word).collect::<Vec<_>>().join(" ")
}
