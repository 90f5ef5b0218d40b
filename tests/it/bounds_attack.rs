//! An ordinary user who does as much as can be done, and a neighbour who waits for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::send;
use crate::folder::Folder;
use crate::process::Process;
use crate::server::ADMIN_KEY;

/// How much longer the neighbour may wait than when nobody is there, beside what a busy machine takes from everyone.
const RATIO: u32 = 20;
const BUSY: Duration = Duration::from_millis(400);

/// How much memory the attack may take, in KiB.
const MEMORY: usize = 96 * 1024;

fn request(address: &str, method: &str, target: &str, body: &str) -> crate::client::Reply {
    send(address, method, target, &[("Authorization", &format!("Bearer {ADMIN_KEY}"))], body)
}

/// The slowest of the neighbour's changes while this goes on.
fn slowest_change(address: &str, meanwhile: impl FnOnce()) -> Duration {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let neighbour = scope.spawn(|| {
            let mut slowest = Duration::ZERO;
            while !is_over.load(Ordering::SeqCst) {
                let begun = Instant::now();
                let reply = request(address, "PUT", "/api/v3/users/admin", r#"{"user":{"name":"A name"},"field_mask":"name"}"#);
                assert_eq!(reply.status, 200);
                slowest = slowest.max(begun.elapsed());
                std::thread::sleep(Duration::from_millis(5));
            }
            slowest
        });
        meanwhile();
        is_over.store(true, Ordering::SeqCst);
        neighbour.join().expect("the neighbour is answered")
    })
}

fn file_size(folder: &Folder) -> u64 {
    let files = std::fs::read_dir(&folder.0).expect("the folder").map(|file| file.expect("a file"));
    files
        .filter(|file| file.file_name().to_string_lossy().starts_with("keyfob.db"))
        .map(|file| file.metadata().expect("its size").len())
        .sum()
}

#[test]
fn nobody_waits_for_a_user_who_sends_and_lists_as_much_as_there_may_be() {
    let folder = Folder::new("bounds");
    let server = Process::start(&folder.0, "", &["--data", "keyfob.db"]);
    let address = server.address.as_str();
    let unloaded = slowest_change(address, || std::thread::sleep(Duration::from_secs(1)));
    let (before, size) = (server.status("VmHWM"), file_size(&folder));

    let rights = "1,".repeat(500_000);
    let body = format!(r#"{{"client":{{"ids":{{"client_id":"big-app"}},"rights":[{}1]}}}}"#, rights);
    let waited = slowest_change(address, || {
        for _ in 0..10 {
            assert_eq!(request(address, "POST", "/api/v3/users/admin/clients", &body).status, 400);
        }
    });
    assert!(waited < unloaded * RATIO + BUSY, "{waited:?} instead of {unloaded:?}");
    assert!(file_size(&folder) < size + 4 * 1024 * 1024, "the file grew");

    let text = |length: usize| "\u{1}".repeat(length);
    let attributes: serde_json::Map<_, _> = (0..10).map(|n| (format!("key-{n}"), text(200).into())).collect();
    for n in 0..300 {
        let client = json!({"client": {
            "ids": {"client_id": format!("fat-{n}")}, "description": text(2000), "attributes": attributes,
            "redirect_uris": vec![text(128); 10], "logout_redirect_uris": vec![text(128); 10],
        }});
        assert_eq!(request(address, "POST", "/api/v3/users/admin/clients", &client.to_string()).status, 200);
    }
    let list = "/api/v3/clients?limit=1000&field_mask=description,attributes,redirect_uris,logout_redirect_uris";
    let waited = slowest_change(address, || {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..3).for_each(|_| assert_eq!(request(address, "GET", list, "").status, 200)));
            }
        });
    });
    assert!(waited < unloaded * RATIO + BUSY, "{waited:?} instead of {unloaded:?}");
    let taken = server.status("VmHWM") - before;
    assert!(taken < MEMORY, "{taken} KiB of memory");
}
