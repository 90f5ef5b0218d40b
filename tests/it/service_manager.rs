//! What the built program tells systemd, which a socket of the story plays.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;

use crate::binary::{KEY, PASSWORD, Running, run};
use crate::client::send;
use crate::folder::Folder;

/// The socket of the service manager.
struct Manager {
    socket: UnixDatagram,
    name: String,
}

impl Manager {
    fn at(path: &Path) -> Manager {
        Manager::of(UnixDatagram::bind(path).expect("a socket"), path.to_str().expect("a path").to_owned())
    }

    fn of(socket: UnixDatagram, name: String) -> Manager {
        socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        Manager { socket, name }
    }

    /// A server that this manager starts.
    fn start(&self, folder: &Folder, environment: &[(&str, &str)]) -> Running {
        Running::start(&folder.0, &[], &[&[KEY, PASSWORD, ("NOTIFY_SOCKET", &self.name)], environment].concat())
    }

    fn told(&self) -> String {
        let mut message = [0; 4096];
        let length = self.socket.recv(&mut message).expect("a message");
        String::from_utf8(message[..length].to_vec()).expect("UTF-8")
    }

    /// The next message, whose first line is this.
    #[track_caller]
    fn is_told(&self, first: &str) -> String {
        let told = self.told();
        assert_eq!(told.lines().next(), Some(first), "{told}");
        told
    }
}

#[test]
fn systemd_is_told_when_the_server_answers_reloads_and_stops() {
    let folder = Folder::new("notify");
    let manager = Manager::at(&folder.file("notify"));
    let server = manager.start(&folder, &[]);
    assert!(manager.is_told("READY=1").contains("\nSTATUS=Answering requests"));
    server.signal("-HUP");
    let reloading = manager.is_told("RELOADING=1");
    let time = reloading.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC=")).expect("a time");
    assert!(time.parse::<u64>().is_ok_and(|time| time > 0), "{reloading}");
    manager.is_told("READY=1");
    assert_eq!(server.end("-TERM").0, Some(0));
    manager.is_told("STOPPING=1");
}

#[test]
#[cfg(target_os = "linux")]
fn a_socket_in_the_abstract_namespace_is_found() {
    use std::os::linux::net::SocketAddrExt;
    let folder = Folder::new("abstract");
    let name = format!("keyfob-test-{}", std::process::id());
    let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).expect("a name");
    let manager = Manager::of(UnixDatagram::bind_addr(&address).expect("a socket"), format!("@{name}"));
    let _server = manager.start(&folder, &[]);
    manager.is_told("READY=1");
}

#[test]
fn a_watchdog_hears_of_the_server_only_while_it_can_read_its_data() {
    let folder = Folder::new("watchdog");
    let manager = Manager::at(&folder.file("notify"));
    let server = manager.start(&folder, &[("WATCHDOG_USEC", "400000")]);
    manager.is_told("READY=1");
    for _ in 0..3 {
        manager.is_told("WATCHDOG=1");
    }
    let file = rusqlite::Connection::open(folder.file("keyfob.db")).expect("the file opens");
    file.execute_batch("PRAGMA legacy_alter_table = ON; ALTER TABLE users RENAME TO others").expect("it is renamed");
    manager.socket.set_read_timeout(Some(Duration::from_millis(1500))).expect("a timeout");
    // One may have been on its way.
    let told = (0..2).take_while(|_| manager.socket.recv(&mut [0; 64]).is_ok()).count();
    assert!(told < 2, "it is told again and again that all is well");
    file.execute_batch("PRAGMA legacy_alter_table = ON; ALTER TABLE others RENAME TO users").expect("it is renamed");
    manager.socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    manager.is_told("WATCHDOG=1");
    let (code, log) = server.end("-TERM");
    assert!(code == Some(0) && log.contains("does not answer its own check"), "{log}");
}

#[test]
fn the_watchdog_of_another_process_hears_nothing() {
    let folder = Folder::new("other");
    let manager = Manager::at(&folder.file("notify"));
    let server = manager.start(&folder, &[("WATCHDOG_USEC", "100000"), ("WATCHDOG_PID", "1")]);
    manager.is_told("READY=1");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(server.end("-TERM").0, Some(0));
    manager.is_told("STOPPING=1");
}

#[test]
fn a_service_manager_that_is_gone_stops_nothing_and_one_of_an_unknown_kind_is_named() {
    let folder = Folder::new("gone");
    let server = Running::start(&folder.0, &[], &[KEY, PASSWORD, ("NOTIFY_SOCKET", "/no/such/socket")]);
    assert_eq!(send(server.address(), "GET", "/api/v3/auth_info", &[], "").status, 200);
    let (code, log) = server.end("-TERM");
    assert!(code == Some(0) && log.contains("the service manager could not be told"), "{log}");
    let refused = run(&folder.0, &["serve"], &[("NOTIFY_SOCKET", "vsock:2:1234")]);
    let errors = String::from_utf8_lossy(&refused.stderr);
    assert!(refused.status.code() == Some(2) && errors.contains("NOTIFY_SOCKET"), "{errors}");
}
