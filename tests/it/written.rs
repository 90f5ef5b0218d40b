//! How many pages of the file a registration and a refresh write: a change that makes them write more shows here.

use std::path::PathBuf;

use keyfob::base::error::Result;
use keyfob::base::id::AccountId;
use keyfob::base::secret::Token;
use keyfob::model::client::ClientType;
use keyfob::model::client::{Client, FIELDS};
use keyfob::model::patch::Patch;
use keyfob::model::scope::Scope;
use keyfob::model::settings::Settings;
use keyfob::registry::clients;
use keyfob::registry::principal::Principal;
use keyfob::registry::secrets::NewSecret;
use keyfob::registry::tokens::{self, Renewal};
use keyfob::store::{Deleted, Store, Tx};
use rusqlite::Connection;
use serde_json::json;

use crate::folder::Folder;
use crate::server::Server;

const PAGE: u64 = 4096;

/// What the log has before each page.
const FRAME: u64 = 24;

/// How many users have clients.
const USERS: usize = 20;

/// A durable file with clients of several users.
struct Filled {
    server: Server,
    path: PathBuf,
    registered: usize,
    _folder: Folder,
}

/// A client like those that people register. IDs come in no order.
fn client(n: usize) -> Patch {
    let scattered = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let id = format!("app-{:012x}", (scattered ^ (scattered >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 16);
    let client = json!({
        "ids": {"client_id": id}, "name": format!("{id} of somebody"), "description": "It stands for those that people register.",
        "redirect_uris": ["https://app.example.com/oauth/callback"], "grants": ["GRANT_AUTHORIZATION_CODE", "GRANT_REFRESH_TOKEN"],
        "rights": ["RIGHT_USER_INFO", "RIGHT_USER_CLIENTS_LIST"],
    });
    Patch::decode(FIELDS, client.as_object().expect("an object")).expect("a client")
}

fn register(tx: &Tx<'_>, n: usize) -> Result<Client> {
    let owner = AccountId::User(format!("user-{}", n % USERS).parse().expect("an ID"));
    let by = Principal { account: Some(owner.clone()), is_admin: false, ..Principal::operator() };
    let sent = client(n);
    let id = sent.id("client_id").expect("an ID");
    clients::create(tx, &by, &Settings::default(), id, &owner, &sent, Some(NewSecret::fresh()))
}

impl Filled {
    fn with(clients: usize) -> Filled {
        let folder = Folder::new("written");
        let path = folder.file("keyfob.db");
        let mut server = Server::on(Store::open(&path).expect("a new file"), Settings { password_rounds: 1000, ..Settings::default() });
        (0..USERS).for_each(|n| server.has_user(&format!("user-{n}")));
        let mut filled = Filled { server, path, registered: 0, _folder: folder };
        while filled.registered < clients {
            filled.register(250.min(clients - filled.registered));
        }
        filled
    }

    /// Registers as many clients in one transaction, as writes do that wait for each other.
    fn register(&mut self, count: usize) {
        let numbers = self.registered..self.registered + count;
        self.registered += count;
        let all = self.server.app.store().write(|tx| numbers.into_iter().try_for_each(|n| register(tx, n).map(drop)));
        all.expect("they are registered");
    }

    /// Returns how many pages the log gets from `work`.
    fn pages(&mut self, work: impl FnOnce(&mut Filled)) -> u64 {
        let database = Connection::open(&self.path).expect("the file");
        let left: i64 = database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).expect("a checkpoint");
        assert_eq!(left, 0, "nobody reads meanwhile");
        work(self);
        let log = std::fs::metadata(self.path.with_extension("db-wal")).expect("a log").len();
        // It has a header, too.
        (log - 32) / (FRAME + PAGE)
    }

    /// Returns how many pages each of several lone works writes on average, and each of 16 and of 64 in one transaction, as often as fits.
    fn measured(&mut self, mut work: impl FnMut(&mut Filled, usize)) -> [f64; 3] {
        [1, 16, 64].map(|group| {
            let rounds = 64 / group;
            let pages: u64 = (0..rounds).map(|_| self.pages(|filled| work(filled, group))).sum();
            pages as f64 / 64.0
        })
    }
}

fn within(what: &str, measured: [f64; 3], most: [f64; 3]) {
    assert!(measured.iter().zip(most).all(|(measured, most)| *measured <= most), "pages of {what}: {measured:.1?}, at most {most:?}");
    eprintln!("{what}: {measured:.1?} pages, {:.1?} kB", measured.map(|pages| pages * (PAGE + FRAME) as f64 / 1000.0));
}

#[test]
fn a_registration_writes_few_pages_and_fewer_with_others() {
    let measured = Filled::with(1000).measured(Filled::register);
    within("a registration among 1,000", measured, [14.0, 4.0, 2.0]);
}

/// Pairs of tokens of one client: of as many users' agreements as there are pairs.
struct Pairs {
    client: Client,
    refresh: Vec<String>,
}

impl Pairs {
    /// Each user has agreed this many times.
    fn of(filled: &Filled, times: usize) -> Pairs {
        let server = &filled.server;
        let secret = server.has_app("user-0", "the-app", &["RIGHT_USER_INFO"]);
        let mut refresh = Vec::new();
        for n in 0..USERS {
            let mut browser = server.signed_in(&format!("user-{n}"));
            for _ in 0..times {
                let code = browser.code(server, "the-app", &[]);
                refresh.push(server.tokens("the-app", &secret, &code).refresh);
            }
        }
        let client = server.app.store().read(|tx| tx.client(&"the-app".parse().expect("an ID"), Deleted::No));
        Pairs { client: client.expect("it is read").expect("it is there"), refresh }
    }

    /// Refreshes as many tokens in one transaction, each the one that was refreshed the longest time ago.
    fn refresh(&mut self, filled: &Filled, count: usize) {
        let presented: Vec<String> = self.refresh.drain(..count).collect();
        let issued = filled.server.app.store().write(|tx| {
            presented
                .iter()
                .map(|text| tokens::refresh(tx, &Settings::default(), &self.client, ClientType::Confidential, &renewal(text)))
                .collect::<Result<Vec<_>>>()
        });
        let issued =
            issued.expect("they are refreshed").into_iter().map(|issued| issued.expect("a pair").refresh.expect("a token").reveal());
        self.refresh.extend(issued);
    }
}

fn renewal(text: &str) -> Renewal {
    Renewal { refresh_token: Token::parse(text).expect("a token"), scope: Scope::default() }
}

#[test]
fn a_refresh_writes_few_pages_and_fewer_with_others() {
    let mut filled = Filled::with(100);
    let mut pairs = Pairs::of(&filled, 20);
    while filled.server.value::<i64>("SELECT count(*) FROM access_tokens") < 4000 {
        pairs.refresh(&filled, 200);
    }
    let measured = filled.measured(|filled, group| pairs.refresh(filled, group));
    within("a refresh among 4,000 tokens", measured, [16.0, 5.0, 3.0]);
}
