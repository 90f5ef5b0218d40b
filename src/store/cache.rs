//! What reads have found, for as long as it holds.
//!
//! Only this process writes to the file, so what was read stays true until a commit touches the tables that it came from. Of each kind of
//! tables a version counts the commits that touched it, twice each: odd while one is on its way, even otherwise. A snapshot for which the versions were
//! the same before and after it was taken has exactly the state of these versions, and an entry holds for every snapshot of the same versions.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::base::mutex::locked;

/// A set of kinds of tables. What is in no kind is not cached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    pub const NONE: Kinds = Kinds(0);
    pub const CLIENTS: Kinds = Kinds(1);
    pub const SECRETS: Kinds = Kinds(2);
    pub const MEMBERS: Kinds = Kinds(4);
    pub const ACCOUNTS: Kinds = Kinds(8);
    pub const TOKENS: Kinds = Kinds(16);
    /// Those of the server.
    pub const KEYS: Kinds = Kinds(32);
    /// Every table, whether it is in another kind or not.
    const ANY: Kinds = Kinds(64);
    pub const ALL: Kinds = Kinds(127);
    const COUNT: usize = 7;

    /// Returns the kinds that are in one of the sets, or in both.
    pub const fn with(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    pub const fn has_any(self, other: Kinds) -> bool {
        self.0 & other.0 != 0
    }

    fn has(self, place: usize) -> bool {
        self.0 & (1 << place) != 0
    }
}

/// The kinds that a statement touches: by inserting into or updating a table, and by deleting from it, which also reaches the tables whose
/// foreign keys lead to it.
const TABLES: &[(&str, Kinds, Kinds)] = &[
    ("accounts", Kinds::ACCOUNTS, Kinds::ALL),
    ("account_counts", Kinds::NONE, Kinds::NONE),
    ("users", Kinds::ACCOUNTS, Kinds::ACCOUNTS.with(Kinds::TOKENS)),
    ("recoveries", Kinds::NONE, Kinds::NONE),
    ("organizations", Kinds::NONE, Kinds::MEMBERS),
    ("organization_members", Kinds::MEMBERS, Kinds::MEMBERS),
    ("api_keys", Kinds::ACCOUNTS, Kinds::ACCOUNTS),
    ("clients", Kinds::CLIENTS, Kinds::CLIENTS.with(Kinds::SECRETS).with(Kinds::MEMBERS).with(Kinds::TOKENS)),
    ("client_secrets", Kinds::SECRETS, Kinds::SECRETS),
    ("client_members", Kinds::MEMBERS, Kinds::MEMBERS),
    ("client_likeness", Kinds::NONE, Kinds::NONE),
    ("client_likeness_end", Kinds::NONE, Kinds::NONE),
    ("client_likeness_waiting", Kinds::NONE, Kinds::NONE),
    ("client_probes", Kinds::NONE, Kinds::NONE),
    ("client_right_use", Kinds::NONE, Kinds::NONE),
    ("client_testers", Kinds::NONE, Kinds::NONE),
    ("client_verdicts", Kinds::NONE, Kinds::NONE),
    ("client_review_requests", Kinds::NONE, Kinds::NONE),
    ("client_token_days", Kinds::NONE, Kinds::NONE),
    ("access_tokens", Kinds::TOKENS, Kinds::TOKENS),
    ("token_successors", Kinds::TOKENS, Kinds::TOKENS),
    ("authorizations", Kinds::NONE, Kinds::NONE),
    ("authorization_codes", Kinds::NONE, Kinds::NONE),
    ("events", Kinds::NONE, Kinds::NONE),
    ("event_counts", Kinds::NONE, Kinds::NONE),
    ("observations", Kinds::NONE, Kinds::NONE),
    ("sessions", Kinds::NONE, Kinds::NONE),
    ("signing_keys", Kinds::KEYS, Kinds::KEYS),
    ("server_keys", Kinds::KEYS, Kinds::KEYS),
    ("sign_in_failures", Kinds::NONE, Kinds::NONE),
    ("sign_in_addresses", Kinds::NONE, Kinds::NONE),
];

/// Returns the kinds that a statement touches; all of them if its table is not listed.
pub fn touched_by(statement: &str) -> Kinds {
    let mut words = statement.split_ascii_whitespace();
    let verb = words.next();
    let table = match verb {
        Some("UPDATE") => words.next(),
        Some("INSERT" | "DELETE") => words.find(|word| matches!(*word, "INTO" | "FROM")).and_then(|_| words.next()),
        _ => None,
    };
    let row = TABLES.iter().find(|(name, ..)| Some(*name) == table);
    row.map_or(Kinds::ALL, |(_, by_change, by_deletion)| if verb == Some("DELETE") { *by_deletion } else { *by_change })
}

/// What reads find and the cache keeps: one entry for each key of each type.
pub trait Cached: Any + Clone + Send + Sync {
    /// The tables that it comes from.
    const KINDS: Kinds;

    /// Returns how many bytes it points to, about.
    fn bytes(&self) -> usize {
        0
    }
}

/// How many parts the entries are in, each with a lock of its own.
const PARTS: usize = 16;

/// The most bytes of the entries of a part, about: a part that is full starts again.
const MOST_BYTES: usize = 256 * 1024;

/// What an entry takes beside its value, about.
const ENTRY: usize = 128;

/// What a text in a list or a map takes beside its letters, about.
pub const TEXT: usize = 64;

/// The entries, and the versions by which they hold.
#[derive(Debug, Default)]
pub struct Cache {
    commits: [AtomicU64; Kinds::COUNT],
    hasher: RandomState,
    parts: [Mutex<Part>; PARTS],
}

/// Values by type and key, each with the version of the snapshot that it was read from.
#[derive(Debug, Default)]
struct Part {
    entries: HashMap<TypeId, HashMap<Box<str>, CacheEntry>>,
    bytes: usize,
}

#[derive(Debug)]
struct CacheEntry {
    version: u64,
    value: Arc<dyn Any + Send + Sync>,
}

impl Cache {
    /// Returns the versions now; `None` for the kinds that a commit on its way touches.
    pub fn versions(&self) -> Versions {
        Versions(std::array::from_fn(|place| Some(self.commits[place].load(Ordering::SeqCst)).filter(|version| version % 2 == 0)))
    }

    /// Counts a commit that touches these kinds, from just before it until what is dropped is dropped.
    pub fn begin_commit(&self, kinds: Kinds) -> CommitUnderWay<'_> {
        let kinds = kinds.with(Kinds::ANY);
        self.add_to(kinds);
        CommitUnderWay { cache: self, kinds }
    }

    /// Invalidates every entry.
    pub fn invalidate_all(&self) {
        drop(self.begin_commit(Kinds::ALL));
    }

    fn add_to(&self, kinds: Kinds) {
        self.commits.iter().enumerate().filter(|(place, _)| kinds.has(*place)).for_each(|(_, version)| {
            version.fetch_add(1, Ordering::SeqCst);
        });
    }
}

/// Counts a commit as on its way until it is dropped, however it ended.
pub struct CommitUnderWay<'c> {
    cache: &'c Cache,
    kinds: Kinds,
}

impl Drop for CommitUnderWay<'_> {
    fn drop(&mut self) {
        self.cache.add_to(self.kinds);
    }
}

/// How many commits have touched each kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions([Option<u64>; Kinds::COUNT]);

impl Versions {
    /// Returns those that are the same in both.
    pub fn unchanged(self, later: Versions) -> Versions {
        Versions(std::array::from_fn(|place| self.0[place].filter(|_| self.0[place] == later.0[place])))
    }

    /// Returns whether nothing was committed between the two, nor was on its way in either.
    pub fn is_same_state(self, other: Versions) -> bool {
        self.of(Kinds::ANY).is_some_and(|version| other.of(Kinds::ANY) == Some(version))
    }

    /// Returns the version of these kinds together: since each only grows, it is the same only if each is. `None` if one of them is not known.
    fn of(self, kinds: Kinds) -> Option<u64> {
        (0..Kinds::COUNT).filter(|place| kinds.has(*place)).map(|place| self.0[place]).sum()
    }
}

/// What a transaction reads from, beside the database.
#[derive(Clone, Copy, Debug)]
pub struct CachedSnapshot<'c> {
    pub cache: &'c Cache,
    pub versions: Versions,
}

impl CachedSnapshot<'_> {
    /// Returns the entry of this key, or else what is read, which is the entry from then on. What is not there is not remembered.
    pub fn get_or<V: Cached, E>(&self, key: &str, read: impl FnOnce() -> Result<Option<V>, E>) -> Result<Option<V>, E> {
        let Some(version) = self.versions.of(V::KINDS) else { return read() };
        if let Some(value) = self.cache.get(key, version) {
            return Ok(Some(value));
        }
        let value = read()?;
        if let Some(value) = &value {
            self.cache.put(key, version, value);
        }
        Ok(value)
    }
}

impl Cache {
    fn part(&self, key: &str) -> MutexGuard<'_, Part> {
        locked(&self.parts[self.hasher.hash_one(key) as usize % PARTS])
    }

    fn get<V: Cached>(&self, key: &str, version: u64) -> Option<V> {
        let part = self.part(key);
        let entry = part.entries.get(&TypeId::of::<V>())?.get(key).filter(|entry| entry.version == version)?;
        let value = entry.value.clone();
        drop(part);
        value.downcast_ref::<V>().cloned()
    }

    /// Adds an entry, unless there is one of a later snapshot.
    fn put<V: Cached>(&self, key: &str, version: u64, value: &V) {
        let bytes = ENTRY + size_of::<V>() + key.len() + value.bytes();
        let mut part = self.part(key);
        let known = part.entries.get(&TypeId::of::<V>()).and_then(|entries| entries.get(key));
        if known.is_some_and(|entry| entry.version > version) || bytes > MOST_BYTES {
            return;
        }
        if part.bytes + bytes > MOST_BYTES {
            *part = Part::default();
        }
        // What a replaced entry took stays counted until the part starts again.
        part.bytes += bytes;
        part.entries.entry(TypeId::of::<V>()).or_default().insert(key.into(), CacheEntry { version, value: Arc::new(value.clone()) });
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;
    use crate::store::schema::SCHEMA;

    fn rows(database: &Connection, statement: &str, value: &str) -> Vec<String> {
        let mut statement = database.prepare(statement).unwrap();
        statement.query_map([value], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap()
    }

    /// The kinds that entries from a table are of.
    fn own(table: &str) -> Kinds {
        TABLES.iter().find(|(name, ..)| *name == table).map_or(Kinds::ALL, |(_, by_change, _)| *by_change)
    }

    #[test]
    fn deleting_from_a_table_touches_what_its_foreign_keys_reach() {
        let database = Connection::open_in_memory().unwrap();
        crate::store::pattern::register(&database).unwrap();
        database.execute_batch(SCHEMA).unwrap();
        let all = "SELECT name FROM sqlite_schema WHERE type = 'table' AND ?1 = '' AND name NOT GLOB 'client_text*' AND name NOT GLOB 'account_text*'";
        // Only triggers write the one, and the end of each commit the other.
        let unlisted: Vec<String> =
            rows(&database, all, "").into_iter().filter(|table| TABLES.iter().all(|(name, ..)| name != table)).collect();
        assert_eq!(unlisted, ["client_counts", "file_stamp"]);
        for (table, _, by_deletion) in TABLES {
            assert_eq!(rows(&database, "SELECT name FROM sqlite_schema WHERE name = ?1", table), [*table], "there is no such table");
            let mut reached = vec![(*table).to_owned()];
            let mut next = 0;
            while let Some(parent) = reached.get(next).cloned() {
                let children = "SELECT DISTINCT t.name FROM sqlite_schema t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table' AND f.\"table\" = ?1";
                for child in rows(&database, children, &parent) {
                    if !reached.contains(&child) {
                        reached.push(child);
                    }
                }
                next += 1;
            }
            let kinds = reached
                .iter()
                .filter(|table| TABLES.iter().any(|(name, ..)| name == table))
                .fold(Kinds::NONE, |kinds, table| kinds.with(own(table)));
            assert_eq!(kinds.with(*by_deletion), *by_deletion, "{table} reaches {reached:?}");
        }
    }

    #[test]
    fn a_statement_touches_the_kinds_of_its_table_and_an_unknown_one_all() {
        for (statement, kinds) in [
            ("UPDATE client_secrets SET last_used_at = :now", Kinds::SECRETS),
            ("INSERT INTO clients (client_id) VALUES (:client_id)", Kinds::CLIENTS),
            ("INSERT OR IGNORE INTO events (name) VALUES (:name)", Kinds::NONE),
            (
                "DELETE FROM clients WHERE client_id = :client_id",
                Kinds::CLIENTS.with(Kinds::SECRETS).with(Kinds::MEMBERS).with(Kinds::TOKENS),
            ),
            ("UPDATE unknown SET a = 1", Kinds::ALL),
            ("WITH a AS (SELECT 1) UPDATE events SET times = 1", Kinds::ALL),
        ] {
            assert_eq!(touched_by(statement), kinds, "{statement}");
        }
    }

    /// A value of the members.
    #[derive(Clone, Debug, PartialEq)]
    struct Text(String);

    impl Cached for Text {
        const KINDS: Kinds = Kinds::MEMBERS;

        fn bytes(&self) -> usize {
            self.0.len()
        }
    }

    #[test]
    fn an_entry_holds_for_snapshots_of_its_own_version_only() {
        let (cache, old, new) = (Cache::default(), Text("old".to_owned()), Text("new".to_owned()));
        let version = |cache: &Cache| cache.versions().of(Kinds::MEMBERS);
        let before = version(&cache).unwrap();
        cache.put("a", before, &old);
        assert_eq!(cache.get("a", before), Some(old.clone()));
        let under_way = cache.begin_commit(Kinds::MEMBERS.with(Kinds::TOKENS));
        assert_eq!(version(&cache), None);
        drop(under_way);
        let after = version(&cache).unwrap();
        assert_eq!(cache.get::<Text>("a", after), None);
        cache.put("a", after, &new);
        // A reader of the older snapshot comes late.
        cache.put("a", before, &old);
        assert_eq!(cache.get("a", after), Some(new));
    }

    #[test]
    fn entries_take_a_bounded_number_of_bytes() {
        let (cache, value) = (Cache::default(), Text("x".repeat(2000)));
        let kept = |puts: usize| {
            (0..puts).for_each(|n| cache.put(&format!("key {n}"), 0, &value));
            (0..puts).filter(|n| cache.get::<Text>(&format!("key {n}"), 0).is_some()).count()
        };
        assert_eq!(kept(200), 200);
        let bytes = kept(10_000) * value.bytes();
        assert!(bytes > 0 && bytes <= PARTS * MOST_BYTES, "{bytes}");
    }
}
