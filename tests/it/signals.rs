//! What the built program does on signals.

use std::time::Duration;

use crate::binary::{KEY, PASSWORD, Running};
use crate::client::{Connected, send};
use crate::folder::Folder;

#[test]
fn a_hangup_does_not_end_a_server() {
    let folder = Folder::new("hangup");
    let server = Running::start(&folder.0, &[], &[KEY, PASSWORD]);
    for _ in 0..3 {
        server.signal("-HUP");
        assert_eq!(send(server.address(), "GET", "/api/v3/auth_info", &[], "").status, 200);
    }
    assert_eq!(server.end("-TERM").0, Some(0));
}

#[test]
fn a_hangup_ends_an_ephemeral_server_in_order() {
    let folder = Folder::new("ephemeral-hangup");
    let server = Running::start(&folder.0, &["--ephemeral"], &[]);
    let data = server.data();
    assert!(data.exists());
    assert_eq!(server.end("-HUP").0, Some(0));
    assert!(!data.exists());
}

#[test]
fn a_second_signal_ends_a_server_that_waits_for_its_requests_and_two_at_once_are_one() {
    let folder = Folder::new("second");
    let server = Running::start(&folder.0, &[], &[KEY, PASSWORD]);
    // Nothing can be written: the request waits.
    let file = rusqlite::Connection::open(folder.0.join("keyfob.db")).expect("the file opens");
    file.execute_batch("BEGIN IMMEDIATE").expect("a lock");
    let mut connection = Connected::to(server.address()).expect("the server accepts");
    let request = std::thread::spawn(move || {
        connection.send("POST", "/api/v3/users/admin/clients", Some(KEY.1), r#"{"client":{"ids":{"client_id":"my-app"}}}"#)
    });
    std::thread::sleep(Duration::from_millis(300));
    server.signal("-TERM");
    server.signal("-TERM");
    std::thread::sleep(Duration::from_millis(1000));
    let (code, log) = server.end("-TERM");
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("a second signal") && !log.contains("did not finish in time"), "{log}");
    assert!(request.join().expect("it ends").is_none());
}
