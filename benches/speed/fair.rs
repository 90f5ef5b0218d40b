//! What one caller's work costs another: the latency of a cheap read, alone and while others do what is expensive.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use rusqlite::Connection;

use crate::Plan;
use crate::load::{once, request};
use crate::report::Row;
use crate::report::Target::AtMost;
use crate::rows::{fresh_file, median, repeat};
use crate::world::{KEYFOB, PASSWORD, World, authorized, file_with, get, unfinished_file};

/// How many accounts are searched.
const ACCOUNTS: usize = 100_000;

/// How many connections send what is no request, at the same time.
const RUBBISH: usize = 500;

/// How long the others are at work before anything is measured.
const WARM_UP: Duration = Duration::from_millis(150);

/// One turn of what the others do, again and again.
type Turn<'a> = &'a (dyn Fn() + Sync);

pub fn rows(plan: &Plan) -> Vec<Row> {
    let world = World::start(&fresh_file(plan, "fair"));
    let many_accounts = World::start(&file_with_accounts(&plan.folder));
    let authorized = authorized();
    let list = request("GET", "/api/v3/users/admin/clients?limit=1000&field_mask=name,description,redirect_uris", &authorized, "");
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let sign_in = request("POST", "/oauth/api/auth/login", form, &format!("user_id=admin&password={PASSWORD}"));
    let search = request("GET", "/api/v3/search/accounts?query=bench", &authorized, "");
    let (data, backup) = (plan.folder.join("accounts.db"), plan.folder.join("fair-backup.db"));
    let measure = |name, world: &World, callers, turn: Turn<'_>| row(plan, name, world, callers, turn);
    vec![
        measure("p99 of a read while 8 callers list 1,000 clients each", &world, 8, &|| answered(&once(&world.address, &list))),
        measure("p99 of a read while 16 sign in (600,000 rounds)", &world, 16, &|| drop(once(&world.address, &sign_in))),
        // Of a file in which the copy takes longer than the start of the program that makes it.
        measure("p99 of a read while a backup of 36 MB runs", &many_accounts, 1, &|| back_up(&data, &backup)),
        measure("p99 of a read while 8 callers search 100,000 accounts", &many_accounts, 8, &|| {
            answered(&once(&many_accounts.address, &search));
        }),
        measure("p99 of a read while 500 connections send rubbish", &world, 1, &|| send_rubbish(&world.address)),
    ]
}

/// The p99 of a cheap read by one caller while `callers` threads do `turn`, against its p99 while nobody else is there.
fn row(plan: &Plan, measure: &'static str, world: &World, callers: usize, turn: Turn<'_>) -> Row {
    let p99 = || repeat(plan, &world.address, 1, &get("template")).percentile(99);
    let mut turns = 0;
    let rounds: Vec<(f64, f64)> = (0..plan.rounds)
        .map(|_| {
            let idle = p99();
            let (ended, done) = (AtomicBool::new(false), AtomicUsize::new(0));
            let busy = std::thread::scope(|scope| {
                for _ in 0..callers {
                    scope.spawn(|| {
                        while !ended.load(Ordering::Relaxed) {
                            turn();
                            done.fetch_add(1, Ordering::Relaxed);
                        }
                    });
                }
                std::thread::sleep(WARM_UP);
                let busy = p99();
                ended.store(true, Ordering::Relaxed);
                busy
            });
            turns += done.into_inner();
            (busy, idle)
        })
        .collect();
    let figure = median(rounds.iter().map(|(busy, idle)| busy / idle).collect());
    let (busy, idle) = (median(rounds.iter().map(|r| r.0).collect()), median(rounds.iter().map(|r| r.1).collect()));
    let note = format!("{busy:.0} µs, idle {idle:.0} µs; the others did {turns} turns");
    Row { measure, figure: Some(figure), unit: " ×", target: AtMost(5.0), note }
}

fn answered(reply: &str) {
    assert!(reply.starts_with("HTTP/1.1 200 "), "{}", reply.lines().next().unwrap_or_default());
}

fn back_up(data: &Path, target: &Path) {
    let _ = std::fs::remove_file(target);
    let status = Command::new(KEYFOB).arg("backup").arg(target).arg("--data").arg(data).stdout(Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "the backup failed");
}

/// Opens the connections, sends on each what is no request, and reads what comes back.
fn send_rubbish(address: &str) {
    let mut streams: Vec<TcpStream> = (0..RUBBISH)
        .filter_map(|_| {
            std::thread::yield_now();
            TcpStream::connect(address).ok()
        })
        .collect();
    for (number, stream) in streams.iter_mut().enumerate() {
        let bytes: Vec<u8> = (0..1000).map(|at| (number * 31 + at * 7) as u8).collect();
        let _ = stream.write_all(&bytes).and_then(|()| stream.write_all(b"\r\n\r\n"));
        std::thread::yield_now();
    }
    for stream in &mut streams {
        let _ = stream.set_read_timeout(Some(Duration::from_millis(100)));
        let _ = stream.read(&mut [0; 4096]);
        std::thread::yield_now();
    }
}

/// A file with many accounts, made if it is not in the folder: one organization is created through the API, the others are copies of it.
fn file_with_accounts(folder: &Path) -> PathBuf {
    let path = folder.join("accounts.db");
    if path.exists() {
        return path;
    }
    let unfinished = unfinished_file(folder, "accounts");
    std::fs::copy(file_with(folder, 1000), &unfinished).expect("a copy");
    let world = World::start(&unfinished);
    let organization = r#"{"organization": {"ids": {"organization_id": "template-organization"}}}"#;
    answered(&once(&world.address, &request("POST", "/api/v3/users/admin/organizations", &authorized(), organization)));
    drop(world);
    let mut database = Connection::open(&unfinished).expect("the file opens");
    let transaction = database.transaction().expect("a transaction");
    for (table, id, columns) in [
        ("accounts", "account_id", "kind, created_at, updated_at, deleted_at, name, description"),
        ("organizations", "organization_id", "administrative_contact, technical_contact, fanout_notifications, created_by"),
    ] {
        let statement = format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {ACCOUNTS})
             INSERT INTO {table} ({id}, {columns}) SELECT printf('bench-%07d', n), {columns} FROM numbers, {table}
             WHERE {id} = 'template-organization'"
        );
        transaction.execute(&statement, []).expect("copies");
    }
    transaction.commit().expect("a commit");
    database.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("a checkpoint");
    drop(database);
    std::fs::rename(&unfinished, &path).expect("it gets its name");
    path
}
