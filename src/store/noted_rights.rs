//! Which rights of clients' tokens admitted requests, gathered in memory until something is written anyway.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::base::mutex::locked;
use crate::base::right::Rights;

/// The most clients that are remembered at one time.
const MOST: usize = 10_000;

/// What is lost on a kill.
#[derive(Debug, Default)]
pub struct NotedRights(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    day: i64,
    /// What was noted on this day, so that each right of a client is stored once.
    today: HashMap<Box<str>, Rights>,
    unstored: HashMap<Box<str>, Rights>,
}

impl NotedRights {
    pub fn note(&self, client: &str, rights: Rights, day: i64) {
        let mut noted = locked(&self.0);
        if noted.day != day || noted.today.len() >= MOST {
            noted.day = day;
            noted.today.clear();
        }
        let before = noted.today.get(client).copied().unwrap_or(Rights::NONE);
        if rights.without(before).is_empty() || (noted.unstored.len() >= MOST && !noted.unstored.contains_key(client)) {
            return;
        }
        noted.today.insert(client.into(), before.or(rights));
        let unstored = noted.unstored.get(client).copied().unwrap_or(Rights::NONE);
        noted.unstored.insert(client.into(), unstored.or(rights.without(before)));
    }

    /// Takes what is to be stored of at most this many clients.
    pub fn take(&self, most: usize) -> Vec<(Box<str>, Rights)> {
        let mut noted = locked(&self.0);
        let clients: Vec<Box<str>> = noted.unstored.keys().take(most).cloned().collect();
        clients.into_iter().filter_map(|client| noted.unstored.remove_entry(&client)).collect()
    }
}
