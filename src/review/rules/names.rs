//! Rules about IDs and names.

use crate::base::id::AccountId;
use crate::review::alike::ComparedName;
use crate::review::confusable::{NameOf, Resemblance};
use crate::review::names::{Word, fold, readings, words};
use crate::review::reviewed_client::{Owner, ReviewedClient, ReviewedWords};
use crate::review::rule::RuleMatch;
use crate::review::rules::owner;
use crate::review::words::{distinctive, is_generic, is_role};

/// The most clients that one is said to be like.
const MOST_SHOWN: usize = 3;

const ID: &str = "ids.client_id";

const OWNERS: &str = "collaborators";

/// A protected name that an ID or a name resembles.
struct Resembled<'r> {
    field: &'static str,
    text: &'r str,
    resemblance: Resemblance,
    name: &'r str,
    advice: &'static str,
}

impl Resembled<'_> {
    fn seen(&self) -> RuleMatch {
        let Resembled { field, text, name, advice, .. } = self;
        let advice = format!("{advice} that begins with your own brand and cannot be taken for “{name}”; “for {name}” after it is fine.");
        RuleMatch::new(*field, format!("`{text}` can be confused with “{name}”"), advice)
    }
}

/// Returns what of the client's own resembles protected names.
fn of_client<'r>(reviewed: &'r ReviewedClient<'_>) -> Vec<Resembled<'r>> {
    let client = reviewed.client;
    let own = [(ID, client.id.as_str(), "Choose an ID"), ("name", client.name.as_str(), "Choose a name")];
    resembled(reviewed, NameOf::Client(&reviewed.words.brands), own)
}

/// Returns what of its owners' resembles protected names.
fn of_owners<'r>(reviewed: &'r ReviewedClient<'_>) -> Vec<Resembled<'r>> {
    let texts = reviewed.owners.iter().flat_map(|owner| {
        [(OWNERS, owner.account.as_str(), "Register it under an account"), (OWNERS, owner.name.as_str(), "Give its owner a name")]
    });
    resembled(reviewed, NameOf::Owner, texts)
}

fn resembled<'r>(
    reviewed: &'r ReviewedClient<'_>,
    of: NameOf<'_>,
    texts: impl IntoIterator<Item = (&'static str, &'r str, &'static str)>,
) -> Vec<Resembled<'r>> {
    if reviewed.is_of_operator() {
        return Vec::new();
    }
    let accounts: Vec<&AccountId> = reviewed.owners.iter().map(|owner| &owner.account).collect();
    let mut found: Vec<Resembled<'r>> = Vec::new();
    for (field, text, advice) in texts {
        if let Some((resemblance, name)) = reviewed.protected.confusable(text, of, &accounts)
            && !found.iter().any(|found| found.field == field && found.resemblance >= resemblance)
        {
            found.retain(|found| found.field != field);
            found.push(Resembled { field, text, resemblance, name, advice });
        }
    }
    found
}

/// Returns whether a client is a user's own, and the text says more than what only the bearer of the protected name has.
fn is_private_use(reviewed: &ReviewedClient<'_>, found: &Resembled<'_>) -> bool {
    let is_user = |owner: &Owner| matches!(owner.account, AccountId::User(_));
    let protected = fold(found.name);
    let says_more = |word: &Word| !is_role(&word.folded) && !protected.contains(&word.folded);
    reviewed.owners.iter().all(is_user) && owner::is_private(reviewed) && words(found.text).iter().any(says_more)
}

pub fn protected(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    let own = of_client(reviewed).into_iter().filter(|found| !is_private_use(reviewed, found));
    own.chain(of_owners(reviewed).into_iter().filter(|found| found.resemblance == Resemblance::Same)).map(|found| found.seen()).collect()
}

pub fn owner_near_protected(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    of_owners(reviewed).into_iter().filter(|found| found.resemblance == Resemblance::Near).map(|found| found.seen()).collect()
}

pub fn protected_in_private(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    of_client(reviewed).into_iter().filter(|found| is_private_use(reviewed, found)).map(|found| found.seen()).collect()
}

pub fn reserved(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    if !reviewed.is_id_reserved {
        return Vec::new();
    }
    vec![RuleMatch::new(ID, format!("`{}` is reserved", reviewed.client.id), "Choose an ID of your brand and its purpose.")]
}

pub fn like_another(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    let (client, brands) = (reviewed.client, &reviewed.words.brands);
    let own = [(ID, client.id.as_str()), ("name", client.name.as_str())];
    let own = own.into_iter().flat_map(|(field, text)| readings(text).into_iter().map(move |read| (field, text, ComparedName::of(&read))));
    let own: Vec<_> = own.collect();
    let seen = reviewed.others.iter().filter_map(|other| {
        let theirs = [other.id.as_str(), other.name.as_str()].map(|text| (text, ComparedName::of(text)));
        let pairs = own.iter().flat_map(|own| theirs.iter().map(move |theirs| (own, theirs)));
        let is_id = |(own, theirs): &(&(&str, &str, ComparedName), &(&str, ComparedName))| own.0 == ID && theirs.0 == other.id.as_str();
        let mut like = pairs
            .filter(|pair| is_id(pair) || pair.0.2.is_somebodys())
            .filter(|(own, theirs)| own.2.is_like(&theirs.1) && !own.2.has_own_brand(&theirs.1, brands));
        let ((field, text, _), (theirs, _)) = like.next()?;
        let seen = format!("`{text}` is like `{theirs}` of the approved client `{}`, which has another owner", other.id);
        let advice = if *field == ID {
            "Choose an ID that begins with your own brand and has a purpose of its own, so that nobody confuses the two."
        } else {
            "Choose a name that begins with your own brand, so that nobody confuses the two; the ID can stay."
        };
        Some(RuleMatch::new(*field, seen, advice))
    });
    seen.take(MOST_SHOWN).collect()
}

pub fn missing(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    if reviewed.words.name.is_empty() {
        let advice = format!("Write a name, usually the ID with capitals: “{}”.", capitalized(reviewed.client.id.as_str()));
        return vec![RuleMatch::new("name", "There is no name", advice)];
    }
    Vec::new()
}

pub fn id_shape(reviewed: &ReviewedClient<'_>) -> Vec<RuleMatch> {
    let words = &reviewed.words.id;
    let seen = if distinctive(words).next().is_none() {
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
    let ReviewedWords { id, name, description, .. } = &reviewed.words;
    let whole = |words: &[Word]| words.iter().map(|word| word.folded.as_str()).collect::<String>();
    let (whole_name, whole_id) = (whole(name), whole(id));
    let shares = |word: &str| word.chars().count() >= 3 && (whole_id.contains(word) || whole_name.contains(word));
    let is_translated = client.name.chars().any(|c| c.is_alphabetic() && !c.is_ascii());
    let is_explained = distinctive(name).any(|word| description.iter().any(|other| other.folded == word.folded));
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
