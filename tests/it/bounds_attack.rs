//! An ordinary user who does as much as can be done, and a neighbour who waits for it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use keyfob::model::settings::Settings;
use keyfob::store::Store;
use serde_json::json;

use crate::browser::form;
use crate::client::send;
use crate::folder::Folder;
use crate::process::Process;
use crate::server::Server;

/// The slowest of the neighbour's requests may take so many times as long as the slowest without an attack, which counts as no less and
/// no more than these waits: room for a busy machine.
const MUCH: u32 = 100;
const LEAST_WAIT: Duration = Duration::from_millis(10);
const LONGEST_WAIT: Duration = Duration::from_millis(30);

/// How much memory the attack may take, in KiB, and by how many bytes it may make the file grow.
const MEMORY: usize = 96 * 1024;
const GROWTH: u64 = 4 * 1024 * 1024;

/// A server with two users who are no administrators: mallory, who attacks, and her neighbour bob. Each has a client.
struct Neighbours {
    server: Process,
    folder: Folder,
    /// The keys of mallory and bob.
    mallory: String,
    bob: String,
    /// The secret of mallory's client.
    secret: String,
}

impl Neighbours {
    fn start(name: &str) -> Neighbours {
        let folder = Folder::new(name);
        let store = Store::open(&folder.0.join("keyfob.db")).expect("the file opens");
        let mut server = Server::on(store, Settings { password_rounds: 1000, ..Settings::default() });
        ["mallory", "bob"].iter().for_each(|user| server.has_user(user));
        let (secret, _) = (server.has_client("mallory", "mallorys-app"), server.has_client("bob", "bobs-app"));
        let [mallory, bob] = ["mallory", "bob"].map(|user| server.key(user).to_owned());
        drop(server);
        let server = Process::start(&folder.0, "", &["--data", "keyfob.db"]);
        Neighbours { server, folder, mallory, bob, secret }
    }

    /// Sends a request of mallory's.
    fn attack(&self, method: &str, target: &str, body: &str) -> u16 {
        send(&self.server.address, method, target, &[("Authorization", &format!("Bearer {}", self.mallory))], body).status
    }

    /// The slowest of bob's reads and changes while this goes on.
    fn slowest(&self, meanwhile: impl FnOnce() + Send) -> Duration {
        let authorization = format!("Bearer {}", self.bob);
        std::thread::scope(|scope| {
            let attack = scope.spawn(meanwhile);
            let mut slowest = Duration::ZERO;
            for n in (0..).take_while(|_| !attack.is_finished()) {
                let change = json!({"client": {"attributes": {"note": n.to_string()}}, "field_mask": "attributes"}).to_string();
                for (method, body) in [("GET", ""), ("PUT", change.as_str())] {
                    let begun = Instant::now();
                    let reply = send(&self.server.address, method, "/api/v3/clients/bobs-app", &[("Authorization", &authorization)], body);
                    slowest = slowest.max(begun.elapsed());
                    assert_eq!(reply.status, 200, "{}", reply.body);
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            attack.join().expect("the attack is answered");
            assert!(!slowest.is_zero(), "bob asked for nothing meanwhile");
            slowest
        })
    }

    fn slowest_without(&self) -> Duration {
        self.slowest(|| std::thread::sleep(Duration::from_secs(1)))
    }

    fn file_size(&self) -> u64 {
        let files = std::fs::read_dir(&self.folder.0).expect("the folder").map(|file| file.expect("a file"));
        files
            .filter(|file| file.file_name().to_string_lossy().starts_with("keyfob.db"))
            .map(|file| file.metadata().expect("its size").len())
            .sum()
    }
}

/// Sends the request of this number, and tells the status.
type Attack<'a> = &'a (dyn Fn(usize) -> u16 + Sync);

fn is_bearable(attack: &str, unloaded: Duration, attacked: Duration) {
    assert!(attacked < unloaded.clamp(LEAST_WAIT, LONGEST_WAIT) * MUCH, "{attacked:?} under {attack}, {unloaded:?} without");
}

#[test]
fn nobody_waits_for_a_user_who_sends_and_lists_as_much_as_there_may_be() {
    let neighbours = Neighbours::start("bounds");
    let unloaded = neighbours.slowest_without();
    let (before, size) = (neighbours.server.status("VmHWM"), neighbours.file_size());

    let rights = "1,".repeat(500_000);
    let body = format!(r#"{{"client":{{"ids":{{"client_id":"big-app"}},"rights":[{rights}1]}}}}"#);
    let waited = neighbours.slowest(|| {
        for _ in 0..10 {
            assert_eq!(neighbours.attack("POST", "/api/v3/users/mallory/clients", &body), 400);
        }
    });
    is_bearable("long lists that are sent", unloaded, waited);
    assert!(neighbours.file_size() < size + GROWTH, "the file grew");

    let text = |length: usize| "\u{1}".repeat(length);
    let attributes: serde_json::Map<_, _> = (0..10).map(|n| (format!("key-{n}"), text(200).into())).collect();
    for n in 0..300 {
        let client = json!({"client": {
            "ids": {"client_id": format!("fat-{n}")}, "description": text(2000), "attributes": attributes,
            "redirect_uris": vec![text(128); 10], "logout_redirect_uris": vec![text(128); 10],
        }});
        assert_eq!(neighbours.attack("POST", "/api/v3/users/mallory/clients", &client.to_string()), 200);
    }
    let list = "/api/v3/clients?limit=1000&field_mask=description,attributes,redirect_uris,logout_redirect_uris";
    let waited = neighbours.slowest(|| {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..3).for_each(|_| assert_eq!(neighbours.attack("GET", list, ""), 200)));
            }
        });
    });
    is_bearable("long lists that are asked for", unloaded, waited);
    let taken = neighbours.server.status("VmHWM") - before;
    assert!(taken < MEMORY, "{taken} KiB of memory");
}

#[test]
fn nobody_waits_for_a_user_who_floods_the_history_with_refusals_and_changes() {
    let neighbours = Neighbours::start("history");
    let unloaded = neighbours.slowest_without();
    let ask = |pairs: &[(&str, &str)]| {
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        send(&neighbours.server.address, "POST", "/oauth/token", &headers, &form(pairs)).status
    };
    let refusal = |n: usize| {
        let (code, secret) = (format!("MF2XI.{n}.B"), neighbours.secret.as_str());
        ask(&[("grant_type", "authorization_code"), ("code", &code), ("client_id", "mallorys-app"), ("client_secret", secret)])
    };
    let refusal_of_a_stranger = |n: usize| {
        let client = format!("client-{n}");
        ask(&[("grant_type", "refresh_token"), ("refresh_token", "OJSWM.A.B"), ("client_id", &client), ("client_secret", "wrong")])
    };
    let change = |n: usize| {
        let (field, value) =
            if n.is_multiple_of(2) { ("name", json!(format!("name {n}"))) } else { ("attributes", json!({"note": n.to_string()})) };
        let body = json!({"client": {field: value}, "field_mask": field}).to_string();
        neighbours.attack("PUT", "/api/v3/clients/mallorys-app", &body)
    };
    // Too many refusals of strangers are slowed down, and too many values not taken: those are part of the flood.
    let attacks: [(Attack<'_>, &[u16]); 3] = [(&refusal, &[400]), (&refusal_of_a_stranger, &[401, 429]), (&change, &[200, 429])];
    let waited = neighbours.slowest(|| {
        std::thread::scope(|scope| {
            for (attack, expected) in attacks {
                scope.spawn(move || {
                    let statuses: BTreeSet<u16> = (0..1000).map(attack).collect();
                    assert!(statuses.iter().eq(expected), "{statuses:?} instead of {expected:?}");
                });
            }
        });
    });
    is_bearable("a flood of events", unloaded, waited);
}
