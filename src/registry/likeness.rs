//! Finds other owners' approved clients that are like one, without looking at all.

use std::collections::BTreeMap;

use crate::base::error::Result;
use crate::model::client::{BUILT_IN, Client};
use crate::review::alike::ComparedName;
use crate::review::names::{fold, readings};
use crate::review::reviewed_client::OtherClient;
use crate::review::rules::redirect::{host, is_telling};
use crate::store::likeness::Likeness;
use crate::store::{RedirectHost, Tx};

/// How many clients that wait for their keys are looked at one by one, the oldest first.
const MOST_WAITING: usize = 1_000;

/// How many keys that begin like one are looked at.
const MOST_KEYS: usize = 1_000;

/// Stores the keys of at most `limit` clients that wait for theirs; returns of how many. Registrations leave that to the sweeper.
/// # Errors
/// Only those of the store.
pub fn store_keys(tx: &Tx<'_>, limit: usize) -> Result<usize> {
    let waiting = tx.likenesses_waiting(limit)?;
    for likeness in &waiting {
        tx.insert_likeness_keys(likeness.number, &keys(likeness))?;
    }
    if let Some(last) = waiting.last() {
        tx.end_likeness_waiting(last.number)?;
    }
    Ok(waiting.len())
}

/// Returns approved clients, of none of these accounts, that may be like this one or have a host of its redirect URIs.
pub(crate) fn others(tx: &Tx<'_>, client: &Client, accounts: &[&str]) -> Result<Vec<OtherClient>> {
    let mut found: BTreeMap<i64, Likeness> = BTreeMap::new();
    for (first, before) in ranges(client) {
        let within = tx.likenesses_within(&first, &before, MOST_KEYS)?;
        found.extend(within.into_iter().map(|likeness| (likeness.number, likeness)));
    }
    found.extend(tx.likenesses_waiting(MOST_WAITING)?.into_iter().map(|likeness| (likeness.number, likeness)));
    let hosts: Vec<String> = hosts(&client.redirect_uris).chain(hosts(&client.logout_redirect_uris)).collect();
    let own: Vec<ComparedName> =
        readings(&client.name).iter().map(String::as_str).chain([client.id.as_str()]).map(ComparedName::of).collect();
    let is_like = |other: &Likeness| {
        let theirs = [other.id.as_str(), other.name.as_str()].map(ComparedName::of);
        own.iter().any(|own| theirs.iter().any(|theirs| own.is_like(theirs)))
            || self::hosts(&other.redirect_uris).any(|host| hosts.contains(&host))
    };
    let mut others = Vec::new();
    for (number, other) in found {
        let is_candidate = other.is_open && other.id != client.id && other.id.as_str() != BUILT_IN && is_like(&other);
        if is_candidate && !tx.has_member_of(number, accounts)? {
            others.push(OtherClient {
                id: other.id,
                name: other.name,
                redirect_uris: other.redirect_uris,
                owner: tx.first_collaborator(number)?,
            });
        }
    }
    Ok(others)
}

/// Returns what clients with a host are found by, given it or a whole address; `None` for one that does not tell who has it, as `localhost`.
pub fn redirect_host(text: &str) -> Option<RedirectHost> {
    let text = text.trim().to_lowercase();
    let host = host(&text).unwrap_or(text);
    is_telling(&host).then(|| RedirectHost { key: format!("h{}", fold(&host)), host })
}

/// Returns what a client is found by: `f` and a folded text, `r` and the same reversed, `h` and a host.
fn keys(likeness: &Likeness) -> Vec<String> {
    let both =
        texts(&[likeness.id.as_str(), &likeness.name]).into_iter().flat_map(|text| [format!("f{text}"), format!("r{}", reversed(&text))]);
    both.chain(hosts(&likeness.redirect_uris).map(|host| format!("h{host}"))).collect()
}

/// Returns the ranges of keys in which everything is that is like a client: a letter that differs leaves the first half of a text as it is,
/// or the second.
fn ranges(client: &Client) -> Vec<(String, String)> {
    let exact = |key: String| (key.clone(), key + "\0");
    let beginning = |kind: char, text: &str, letters: usize| {
        let start: String = std::iter::once(kind).chain(text.chars().take(letters)).collect();
        (start.clone(), start + "\u{10ffff}")
    };
    let mut ranges = Vec::new();
    let names = readings(&client.name);
    for text in texts(&names.iter().map(String::as_str).chain([client.id.as_str()]).collect::<Vec<_>>()) {
        let letters = text.chars().count();
        ranges.push(exact(format!("f{text}")));
        // One letter less: two that changed places may be on both sides of the middle.
        ranges.push(beginning('f', &text, (letters / 2).saturating_sub(1).max(1)));
        ranges.push(beginning('r', &reversed(&text), letters - letters / 2));
    }
    ranges.extend(hosts(&client.redirect_uris).chain(hosts(&client.logout_redirect_uris)).map(|host| exact(format!("h{host}"))));
    ranges
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| fold(text)).filter(|text| !text.is_empty()).collect()
}

fn reversed(text: &str) -> String {
    text.chars().rev().collect()
}

/// Returns hosts as people may take them.
fn hosts(uris: &[String]) -> impl Iterator<Item = String> {
    uris.iter().filter_map(|uri| host(uri)).filter(|host| is_telling(host)).map(|host| fold(&host))
}
