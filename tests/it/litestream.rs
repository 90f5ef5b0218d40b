//! Litestream beside the server: what it replicated is there after both were killed, and its log stays bounded.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use keyfob::base::secret;

use crate::crash::{is_whole, register};
use crate::folder::Folder;
use crate::process::Process;

/// What doc/backup.md says may be lost with the machine: Litestream copies once a second, and takes its time under load.
const LOSS_WINDOW: Duration = Duration::from_secs(5);

/// The log grows while registrations outrun Litestream's own checkpoints; at about 121,000 pages it cuts the log whatever else happens.
const LARGEST_WAL: u64 = 512 * 1024 * 1024;

fn binary() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/litestream/current")
}

/// Litestream, which copies the data file of a folder to another folder; killed when its story is over.
struct Litestream(Child);

impl Litestream {
    fn start(folder: &Folder) -> Litestream {
        let log = File::options().create(true).append(true).open(folder.file("litestream.log")).expect("a log");
        let mut command = Command::new(binary());
        command.arg("replicate").arg(folder.file("keyfob.db")).arg(replica(folder)).stdout(log.try_clone().expect("a handle")).stderr(log);
        Litestream(command.spawn().expect("tests/litestream/run built it"))
    }
}

impl Drop for Litestream {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn replica(folder: &Folder) -> String {
    format!("file://{}", folder.file("replica").display())
}

/// Restores what was replicated.
fn restored(folder: &Folder, name: &str) -> PathBuf {
    let file = folder.file(name);
    let mut command = Command::new(binary());
    let done = command.args(["restore", "-o"]).arg(&file).arg(replica(folder)).stdout(Stdio::null()).output().expect("it runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    file
}

fn kill_both(rounds: usize) {
    let folder = Folder::new("litestream");
    let acknowledged = Mutex::new(Vec::new());
    let (mut lost_with_the_machine, mut largest_log) = (0, 0);
    for round in 0..rounds {
        let mut server = Process::start(&folder.0, "", &["--data", "keyfob.db", "--workers", "4"]);
        let litestream = Litestream::start(&folder);
        // Idle for as long as a checkpoint of the server takes to come, every other time.
        std::thread::sleep(Duration::from_millis(if round % 2 == 0 { 1000 } else { 6500 }));
        let (address, is_over) = (server.address.clone(), AtomicBool::new(false));
        let before = acknowledged.lock().expect("nobody panicked").len();
        let mut safe = 0;
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let (address, acknowledged, is_over) = (&address, &acknowledged, &is_over);
                scope.spawn(move || register(address, &format!("c-{round}-{writer}"), acknowledged, is_over));
            }
            let [moment] = secret::random::<1>();
            std::thread::sleep(Duration::from_millis(1000 + u64::from(moment) * 4));
            safe = acknowledged.lock().expect("nobody panicked").len();
            let begun = Instant::now();
            while begun.elapsed() < LOSS_WINDOW {
                largest_log = largest_log.max(std::fs::metadata(folder.file("keyfob.db-wal")).map_or(0, |log| log.len()));
                std::thread::sleep(Duration::from_millis(50));
            }
            server.kill();
            drop(litestream);
            is_over.store(true, Ordering::SeqCst);
        });
        assert!(safe > before, "nothing was acknowledged in round {round}");
        let acknowledged = acknowledged.lock().expect("nobody panicked");
        is_whole(&folder.file("keyfob.db"), &acknowledged);
        // The machine is gone, with its disk: only the replica is left.
        let copy = restored(&folder, &format!("restored-{round}.db"));
        is_whole(&copy, &acknowledged[..safe]);
        let database = rusqlite::Connection::open(&copy).expect("it opens");
        let found: usize = database
            .query_row("SELECT count(*) FROM clients WHERE client_id GLOB 'c-[0-9]*'", [], |row| row.get::<_, i64>(0))
            .expect("a count")
            .try_into()
            .expect("a number");
        lost_with_the_machine = lost_with_the_machine.max(acknowledged.len().saturating_sub(found));
        let mut server = Process::start(&folder.0, "", &["--data", &format!("restored-{round}.db")]);
        server.is_alive();
        server.stop();
    }
    assert!((1..LARGEST_WAL).contains(&largest_log), "the log had {largest_log} bytes");
    let acknowledged = acknowledged.lock().expect("nobody panicked").len();
    println!(
        "{rounds} kills of both; {acknowledged} clients were acknowledged; none was lost on this disk, at most {lost_with_the_machine} \
         of the last seconds with it; the log had up to {largest_log} bytes"
    );
}

#[test]
#[ignore = "it needs Litestream: tests/litestream/run"]
fn what_was_acknowledged_before_the_loss_window_is_in_the_replica_after_both_are_killed() {
    kill_both(3);
}

#[test]
#[ignore = "it takes ten minutes: tests/litestream/run fifty_kills"]
fn fifty_kills_of_both_lose_nothing_that_was_acknowledged_before_the_loss_window() {
    // A fresh file from time to time: checking it takes longer the more is in it.
    (0..10).for_each(|_| kill_both(5));
}
