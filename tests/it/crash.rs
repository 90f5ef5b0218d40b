//! When the power goes, or the room on the disk: what was acknowledged is there, nothing is there by half, and the server goes on.

use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use keyfob::base::secret;
use rusqlite::Connection;

use crate::client::Connected;
use crate::folder::Folder;
use crate::process::Process;
use crate::server::ADMIN_KEY;

/// What must hold in a file of clients that were all made alike: no table has rows of a client that others don't have.
const NOTHING_BY_HALF: &str = "
    SELECT client_id FROM clients WHERE client_id GLOB 'c-[0-9]*' AND (
        json_array_length(redirect_uris) != 2 OR
        (SELECT count(*) FROM client_secrets AS s WHERE s.client_number = clients.client_number) != 1 OR
        (SELECT count(*) FROM client_members AS m WHERE m.client_number = clients.client_number) != 1 OR
        client_id NOT IN (SELECT entity_id FROM events WHERE entity_id IS NOT NULL GROUP BY entity_id HAVING count(*) = 1))";

/// Registers clients, each with its own ID, until the server is gone; notes those that were acknowledged.
pub fn register(address: &str, name: &str, acknowledged: &Mutex<Vec<String>>, is_over: &AtomicBool) {
    let Some(mut connection) = Connected::to(address) else { return };
    for n in 0.. {
        let id = format!("{name}-{n}");
        let body = format!(
            r#"{{"client":{{"ids":{{"client_id":"{id}"}},"name":"{id}","redirect_uris":["https://a.example","https://b.example"]}}}}"#
        );
        match connection.send("POST", "/api/v3/users/admin/clients", Some(ADMIN_KEY), &body) {
            Some((200, _)) => acknowledged.lock().expect("nobody panicked").push(id),
            Some((status, reply)) => panic!("{status} {reply}"),
            None => break,
        }
        if is_over.load(Ordering::SeqCst) {
            break;
        }
    }
}

/// The file as it was left: sound, with every client of the list, and none by half.
pub fn is_whole(file: &Path, acknowledged: &[String]) {
    let database = Connection::open(file).expect("the file opens");
    let text = |sql: &str| database.query_row(sql, [], |row| row.get::<_, String>(0)).expect("it is checked");
    assert_eq!(text("PRAGMA integrity_check"), "ok");
    let mut select = database.prepare("PRAGMA foreign_key_check").expect("a statement");
    assert!(!select.exists([]).expect("it is checked"), "a row refers to one that is not there");
    let mut halves = database.prepare(NOTHING_BY_HALF).expect("a statement");
    let halves: Vec<String> = halves.query_map([], |row| row.get(0)).expect("rows").collect::<Result<_, _>>().expect("rows");
    assert!(halves.is_empty(), "by half: {halves:?}");
    let is_counted = database.query_row(
        "SELECT (SELECT max(client_number) FROM clients) - unused_numbers - deleted = (SELECT count(*) FROM clients)
            AND (SELECT coalesce(sum(live_clients), 0) FROM account_counts) = (SELECT count(*) FROM client_members) FROM client_counts",
        [],
        |row| row.get(0),
    );
    assert_eq!(is_counted, Ok(true), "the counts are not those of the rows");
    let mut find = database.prepare("SELECT 1 FROM clients WHERE client_id = ?1").expect("a statement");
    for id in acknowledged {
        assert!(find.exists([id]).expect("it is looked for"), "{id} was acknowledged and is not there");
    }
}

fn kill_at_random_moments(name: &str, rounds: usize) {
    let folder = Folder::new(name);
    let acknowledged = Mutex::new(Vec::new());
    for round in 0..rounds {
        let mut server = Process::start(&folder.0, "", &["--data", "keyfob.db", "--workers", "4"]);
        let (address, is_over) = (server.address.clone(), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for writer in 0..16 {
                let (address, acknowledged, is_over) = (&address, &acknowledged, &is_over);
                scope.spawn(move || register(address, &format!("c-{round}-{writer}"), acknowledged, is_over));
            }
            let [moment] = secret::random::<1>();
            std::thread::sleep(Duration::from_millis(u64::from(moment) / 3));
            server.kill();
            is_over.store(true, Ordering::SeqCst);
        });
        is_whole(&folder.0.join("keyfob.db"), &acknowledged.lock().expect("nobody panicked"));
    }
    assert!(acknowledged.lock().expect("nobody panicked").len() > rounds, "hardly anything was written");
}

#[test]
fn what_was_acknowledged_survives_a_kill_at_any_moment() {
    kill_at_random_moments("kill", 20);
}

#[test]
#[ignore = "it takes half a minute: cargo test -- --ignored two_hundred"]
fn what_was_acknowledged_survives_two_hundred_kills() {
    // A fresh file from time to time: checking it takes longer the more is in it.
    (0..10).for_each(|_| kill_at_random_moments("kills", 20));
}

#[test]
fn without_room_writes_are_refused_and_reads_go_on_until_there_is_room_again() {
    let folder = Folder::new("room");
    // No file may grow over 2 MiB, and the program is told so by an error instead of a signal.
    let server = Process::start(&folder.0, "trap '' XFSZ; ulimit -S -f 4096", &["--data", "keyfob.db"]);
    let create = |n: usize| {
        let body = format!(r#"{{"client":{{"ids":{{"client_id":"client-{n}"}},"description":"{}"}}}}"#, "x".repeat(100));
        server.send("POST", "/api/v3/users/admin/clients", &body)
    };
    let mut made = Vec::new();
    let refused = (0..2000).find_map(|n| match create(n) {
        reply if reply.status == 200 => {
            made.push(n);
            None
        }
        reply => Some(reply),
    });
    let refused = refused.expect("the room ends");
    assert_eq!((refused.status, &refused.json()["details"][0]["name"]), (503, &"database_unavailable".into()), "{}", refused.body);
    assert!(made.len() > 10, "only {} fit", made.len());
    for n in 5000..5010 {
        assert_eq!(create(n).status, 503);
        assert_eq!(server.send("GET", &format!("/api/v3/clients/client-{}", made[n - 5000]), "").status, 200);
    }
    let pid = server.pid().to_string();
    assert!(Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited:"]).status().expect("prlimit is there").success());
    assert_eq!(create(6000).status, 200, "there is room again");
    for n in made {
        assert_eq!(server.send("GET", &format!("/api/v3/clients/client-{n}"), "").status, 200);
    }
    assert_eq!(server.send("GET", "/api/v3/clients/client-5000", "").status, 404, "what was refused is not there");
}
