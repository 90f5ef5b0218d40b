//! A disk that is really full, and one that fails: what `crash.rs` imitates, with the tools of the system that can do it.

use std::fs::File;
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::client::Reply;
use crate::folder::Folder;
use crate::process::Process;

/// Runs the program in a file system of 4 MiB that goes with it.
const SMALL_DISK: &str =
    r#"exec unshare --user --map-root-user --mount sh -c 'mount -t tmpfs -o size=4m tmpfs . && cd "$PWD" && exec "$0" "$@"' "$0" "$@""#;

fn create(server: &Process, id: &str) -> Reply {
    let body = format!(r#"{{"client":{{"ids":{{"client_id":"{id}"}},"description":"{}"}}}}"#, "x".repeat(1000));
    server.send("POST", "/api/v3/users/admin/clients", &body)
}

#[track_caller]
fn is_made(server: &Process, id: &str, made: &mut Vec<String>) {
    let reply = create(server, id);
    assert_eq!(reply.status, 200, "{}", reply.body);
    made.push(id.to_owned());
}

/// Writes until one write is refused; what was made before that.
fn until_refused(server: &Process, name: &str) -> Vec<String> {
    let mut made = Vec::new();
    for n in 0..2000 {
        let id = format!("{name}-{n}");
        let reply = create(server, &id);
        if reply.status != 200 {
            assert_eq!((reply.status, &reply.json()["details"][0]["name"]), (503, &"database_unavailable".into()), "{}", reply.body);
            return made;
        }
        made.push(id);
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("no write was refused");
}

fn are_there(server: &Process, ids: &[String]) {
    for id in ids {
        assert_eq!(server.send("GET", &format!("/api/v3/clients/{id}"), "").status, 200, "{id}");
    }
}

#[test]
#[ignore = "it needs user namespaces: cargo test -- --ignored disk"]
fn on_a_full_disk_reads_go_on_and_writes_work_again_when_there_is_room() {
    let folder = Folder::new("full");
    let server = Process::start(&folder.0, SMALL_DISK, &["--data", "keyfob.db"]);
    let mut made = Vec::new();
    is_made(&server, "before-all", &mut made);
    let filler = format!("/proc/{}/cwd/filler", server.pid());
    for round in 0..3 {
        let mut file = File::create(&filler).expect("its folder is reached");
        while file.write_all(&[0; 4096]).is_ok() {}
        made.extend(until_refused(&server, &format!("round-{round}")));
        are_there(&server, &made);
        std::fs::remove_file(&filler).expect("there is room again");
        drop(file);
        is_made(&server, &format!("again-{round}"), &mut made);
        are_there(&server, &made);
    }
}

/// A tracer that lets every `fsync` of a process fail, until it is killed.
struct FailingSync(Child);

impl FailingSync {
    fn of(server: &Process) -> FailingSync {
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO", "-p"]);
        FailingSync(command.arg(server.pid().to_string()).stderr(Stdio::null()).spawn().expect("strace is there"))
    }
}

impl Drop for FailingSync {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "it needs strace: cargo test -- --ignored disk"]
fn while_the_disk_fails_to_sync_reads_go_on_and_writes_work_again_when_it_does() {
    let folder = Folder::new("sync");
    let mut server = Process::start(&folder.0, "", &["--data", "keyfob.db"]);
    let mut made = Vec::new();
    is_made(&server, "before-all", &mut made);
    for round in 0..3 {
        let failing = FailingSync::of(&server);
        made.extend(until_refused(&server, &format!("round-{round}")));
        assert_eq!(create(&server, "refused").status, 503);
        are_there(&server, &made);
        drop(failing);
        is_made(&server, &format!("again-{round}"), &mut made);
        are_there(&server, &made);
    }
    server.kill();
    let server = Process::start(&folder.0, "", &["--data", "keyfob.db"]);
    are_there(&server, &made);
}
