//! Links, pipes and locks that somebody put where keyfob reads or writes.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use keyfob::base::private_file::PrivateFile;
use keyfob::http::listener::public_socket::ListeningSocket;

use crate::binary::run;
use crate::folder::Folder;
use crate::process::{Process, left_out};

/// Somebody else than the user of this test.
const OTHER: u32 = 65_534;

fn serve(folder: &Path) -> Process {
    Process::start(folder, "", &["--data", "keyfob.db"])
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[track_caller]
fn refused(folder: &Path, arguments: &[&str], why: &str) {
    let done = run(folder, arguments, &[]);
    assert!(done.status.code() == Some(1) && told(&done).contains(why), "{arguments:?}: {}", told(&done));
}

#[track_caller]
fn succeeds(folder: &Path, arguments: &[&str]) -> String {
    let done = run(folder, arguments, &[]);
    assert!(done.status.success(), "{arguments:?}: {}", told(&done));
    told(&done)
}

/// A folder of somebody else with a data file and a backup, for root to work in; nothing if this is not root.
fn of_somebody_else(name: &str) -> Option<Folder> {
    let folder = Folder::new(name);
    if fs::metadata(&folder.0).expect("the folder").uid() != 0 {
        left_out(name, "only root works in the folders of others");
        return None;
    }
    serve(&folder.0).stop();
    succeeds(&folder.0, &["backup", "copy.db"]);
    fs::remove_file(folder.file("keyfob.db-lock")).expect("the lock");
    [folder.0.clone(), folder.file("keyfob.db")].iter().for_each(|path| chown(path, Some(OTHER), Some(OTHER)).expect("it is given away"));
    Some(folder)
}

/// Gives a file the mode 0644, which a program that follows a link to it may change.
fn readable(path: &Path) {
    fs::set_permissions(path, PermissionsExt::from_mode(0o644)).expect("its mode is set");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

/// Runs a command while somebody does what they can, again and again, to have it write to a database of root's, or change its mode.
fn while_attacked(folder: &Folder, arguments: &[&str], attack: impl Fn(&Path) + Sync) {
    let of_root = Folder::new("planted-victim");
    let victim = of_root.file("roots.db");
    fs::copy(folder.file("keyfob.db"), &victim).expect("a copy");
    readable(&victim);
    let before = fs::read(&victim).expect("it is there");
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                attack(&victim);
            }
        });
        let done = run(&folder.0, arguments, &[]);
        is_over.store(true, Ordering::Relaxed);
        assert!(done.status.code().is_some_and(|code| code < 2), "{}", told(&done));
    });
    assert_eq!(fs::metadata(&victim).expect("it is there").uid(), 0, "{arguments:?} gave it away");
    assert_eq!(mode(&victim), 0o644, "{arguments:?} changed its mode");
    assert!(fs::read(&victim).expect("it is there") == before, "{arguments:?} wrote to it");
}

/// Somebody puts a link in the place of the file of this name.
fn with_link_in_the_way(folder: &Folder, name: &str, arguments: &[&str]) {
    while_attacked(folder, arguments, |victim| {
        let _ = symlink(victim, folder.file("link"));
        let _ = fs::rename(folder.file("link"), folder.file(name));
    });
}

/// Somebody puts a folder of their own, with a link in it, in the place of root's.
fn with_folder_exchanged(folder: &Folder, name: &str, arguments: &[&str]) {
    for round in 0..5 {
        let (planted, moved) = (folder.file(&format!("planted-{round}")), folder.file(&format!("moved-{round}")));
        fs::create_dir_all(&planted).expect("a folder");
        let is_linked = AtomicBool::new(false);
        while_attacked(folder, arguments, |victim| {
            if !is_linked.swap(true, Ordering::Relaxed) {
                symlink(victim, planted.join("keyfob.db")).expect("a link");
            }
            if fs::rename(folder.file(name), &moved).is_ok() {
                let _ = fs::rename(&planted, folder.file(name));
            }
        });
    }
}

#[test]
fn root_writes_to_nothing_that_a_link_in_the_folder_of_another_user_leads_to() {
    let Some(folder) = of_somebody_else("planted-links") else { return };
    with_link_in_the_way(&folder, "keyfob-backup.partial", &["backup", "new.db"]);
    with_link_in_the_way(&folder, "keyfob.db.restoring", &["restore", "copy.db"]);
    with_folder_exchanged(&folder, "keyfob-backup.partial", &["backup", "new.db"]);
    with_folder_exchanged(&folder, "keyfob.db.restoring", &["restore", "copy.db"]);
    let elsewhere = Folder::new("planted-elsewhere");
    let _ = fs::remove_file(folder.file("keyfob.db-lock"));
    symlink(elsewhere.file("new"), folder.file("keyfob.db-lock")).expect("a link");
    for arguments in [&["backup", "copy.db"][..], &["restore", "copy.db"], &["admin", "list"]] {
        assert!(!run(&folder.0, arguments, &[]).status.success(), "{arguments:?}");
        assert!(!elsewhere.file("new").exists(), "{arguments:?}");
    }
    fs::remove_file(folder.file("keyfob.db-lock")).expect("the link");
    // The name of the data file itself may be a link of root's, and of its owner to what is theirs, and no other.
    fs::copy(folder.file("copy.db"), elsewhere.file("roots.db")).expect("a copy");
    symlink(elsewhere.file("roots.db"), folder.file("link.db")).expect("a link");
    lchown(folder.file("link.db"), Some(OTHER), Some(OTHER)).expect("it is given away");
    for arguments in [&["backup", "new.db", "--data", "link.db"][..], &["restore", "copy.db", "--data", "link.db"]] {
        refused(&folder.0, arguments, "link.db: it is a link of another user");
    }
    assert!(!elsewhere.file("roots.db-lock").exists());
}

#[test]
fn what_root_creates_beside_the_data_file_of_another_user_is_that_users() {
    let Some(folder) = of_somebody_else("planted-owner") else { return };
    succeeds(&folder.0, &["backup", "other.db"]);
    assert_eq!(fs::metadata(folder.file("keyfob.db-lock")).expect("the lock").uid(), OTHER);
    succeeds(&folder.0, &["restore", "copy.db"]);
    assert_eq!(fs::metadata(folder.file("keyfob.db")).expect("the data file").uid(), OTHER);
    // Temporary files may be on another disk.
    for arguments in [&["backup", "third.db"][..], &["restore", "third.db"], &["restore", "--drill", "third.db"]] {
        let done = run(&folder.0, arguments, &[("TMPDIR", "/dev/shm")]);
        assert!(done.status.success(), "{arguments:?}: {}", told(&done));
    }
    assert_eq!(fs::metadata(folder.file("keyfob.db")).expect("the data file").uid(), OTHER);
}

#[test]
fn a_link_to_a_data_file_is_as_good_as_its_name() {
    let (folder, links) = (Folder::new("planted-target"), Folder::new("planted-link"));
    symlink(folder.file("keyfob.db"), links.file("link.db")).expect("a link");
    let mut server = serve(&folder.0);
    server.registers("early", 3);
    server.stop();
    fs::copy(folder.file("keyfob.db"), folder.file("older.db")).expect("a copy");
    let mut server = serve(&folder.0);
    server.registers("between", 3);
    server.stop();
    let mut server = serve(&folder.0);
    succeeds(&links.0, &["backup", "copy.db", "--data", "link.db"]);
    refused(&links.0, &["restore", "copy.db", "--data", "link.db"], "another keyfob is using this data file");
    refused(&links.0, &["restore", "--drill", "link.db"], "another keyfob is using this data file");
    server.registers("late", 5);
    server.kill();
    for arguments in [&["restore", "--drill", "link.db"][..], &["restore", "link.db", "--data", "restored.db"]] {
        assert!(succeeds(&links.0, arguments).contains(r#""clients":12,"#), "what only the log has is missing: {arguments:?}");
    }
    // A log that is not the target's is refused.
    fs::copy(folder.file("older.db"), folder.file("keyfob.db")).expect("a copy");
    let _ = fs::remove_file(folder.file("keyfob.db-shm"));
    let log = fs::read(folder.file("keyfob.db-wal")).expect("a log");
    for arguments in [
        &["serve", "--listen", "127.0.0.1:0", "--data", "link.db"][..],
        &["backup", "foreign.db", "--data", "link.db"],
        &["restore", "--drill", "link.db"],
    ] {
        refused(&links.0, arguments, "keyfob.db-wal does not belong to");
    }
    assert_eq!(fs::read(folder.file("keyfob.db-wal")).expect("a log"), log, "it stays as it is");
    // Restoring replaces the target, not the link.
    succeeds(&links.0, &["restore", "copy.db", "--data", "link.db"]);
    assert!(links.file("link.db").is_symlink() && !folder.file("keyfob.db-wal").exists());
    assert!(!links.file("link.db-lock").exists(), "all that belongs to the data file lies beside it");
}

#[test]
fn only_a_regular_file_is_read_as_a_database() {
    let folder = Folder::new("planted-pipe");
    serve(&folder.0).stop();
    assert!(Command::new("mkfifo").arg(folder.file("pipe")).status().expect("it runs").success());
    for arguments in [
        &["restore", "--drill", "pipe"][..],
        &["restore", "pipe"],
        &["backup", "pipe"],
        &["backup", "pipe/copy.db"],
        &["backup", "copy.db", "--data", "pipe"],
        &["doctor", "--data", "pipe"],
        &["serve", "--listen", "127.0.0.1:0", "--data", "pipe"],
    ] {
        let program = [&["60", env!("CARGO_BIN_EXE_keyfob")], arguments].concat();
        let done = Command::new("timeout").args(program).current_dir(&folder.0).env_clear().output().expect("it runs");
        let told = told(&done);
        let is_clear = told.contains("not a regular file") || (arguments[1] == "pipe/copy.db" && told.contains("Not a directory"));
        assert!(is_clear && done.status.code().is_some_and(|code| code > 0 && code < 100), "{arguments:?}: {told}");
    }
}

#[test]
fn a_link_that_is_planted_beside_the_data_file_leads_nowhere_and_is_named() {
    let (folder, elsewhere) = (Folder::new("planted-companion"), Folder::new("planted-companion-victim"));
    serve(&folder.0).stop();
    let victim = elsewhere.file("victim");
    for name in ["keyfob.db-wal", "keyfob.db-shm", "keyfob.db-journal", "keyfob.db-lock"] {
        fs::write(&victim, "kept").expect("a file");
        readable(&victim);
        let _ = fs::remove_file(folder.file(name));
        symlink(&victim, folder.file(name)).expect("a link");
        for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["admin", "create-user", "ada"], &["backup", "copy.db"]] {
            refused(&folder.0, arguments, &format!("{name}: it is a symbolic link"));
        }
        assert_eq!((fs::read_to_string(&victim).expect("it is there"), mode(&victim)), ("kept".to_owned(), 0o644), "{name}");
        fs::remove_file(folder.file(name)).expect("the link");
    }
    succeeds(&folder.0, &["admin", "create-user", "ada"]);
}

#[test]
fn root_changes_no_file_that_is_exchanged_for_a_link_while_it_opens_the_data_file_of_another_user() {
    let Some(folder) = of_somebody_else("planted-open") else { return };
    let real = folder.file("real.db");
    fs::copy(folder.file("keyfob.db"), &real).expect("a copy");
    chown(&real, Some(OTHER), Some(OTHER)).expect("it is given away");
    let put_back = || {
        for file in ["keyfob.db", "keyfob.db-shm", "keyfob.db-wal"] {
            let _ = fs::remove_file(folder.file(file));
        }
        fs::hard_link(&real, folder.file("keyfob.db")).expect("the file");
    };
    for round in 0..10 {
        put_back();
        while_attacked(&folder, &["admin", "create-user", &format!("user-{round}")], |victim| {
            for (target, is_link) in [(real.as_path(), false), (victim, true)] {
                let link = folder.file("link");
                let made = if is_link { symlink(target, &link) } else { fs::hard_link(target, &link) };
                let _ = made.and_then(|()| lchown(&link, Some(OTHER), Some(OTHER)));
                let _ = fs::rename(&link, folder.file("keyfob.db"));
                let _ = fs::remove_file(&link);
            }
        });
        put_back();
        with_link_in_the_way(&folder, "keyfob.db-shm", &["admin", "create-user", &format!("other-{round}")]);
    }
}

#[test]
fn the_mode_of_a_socket_is_set_on_the_socket_and_on_nothing_that_takes_its_place() {
    let folder = Folder::new("planted-socket");
    let (path, victim, link) = (folder.file("socket"), folder.file("victim"), folder.file("link"));
    fs::write(&victim, "").expect("a file");
    readable(&victim);
    let (is_over, planted, mut made) = (AtomicBool::new(false), AtomicUsize::new(0), 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                if fs::symlink_metadata(&path).is_ok_and(|found| found.file_type().is_socket())
                    && symlink(&victim, &link).and_then(|()| fs::rename(&link, &path)).is_ok()
                {
                    planted.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        for _ in 0..2000 {
            let _ = fs::remove_file(&path);
            made += usize::from(ListeningSocket::unix(&path).is_ok());
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert_eq!(mode(&victim), 0o644);
    assert!(made > 0 && planted.into_inner() > 0, "nobody attacked");
}

#[test]
fn a_log_goes_to_no_file_that_a_link_of_another_user_leads_to() {
    let (folder, elsewhere) = (Folder::new("planted-log"), Folder::new("planted-log-victim"));
    let (victim, link) = (elsewhere.file("victim"), folder.file("link.log"));
    fs::write(&victim, "").expect("a file");
    symlink(&victim, &link).expect("a link");
    // The link of the user who runs the server, and one of the system's.
    for target in ["link.log", "/dev/stderr"] {
        Process::start(&folder.0, "", &["--log-file", target]).stop();
    }
    let written = fs::read(&victim).expect("it is there");
    assert!(!written.is_empty());
    if fs::metadata(&victim).expect("it is there").uid() != 0 {
        return left_out("a log of root's in a folder of another user", "only root can make links of others");
    }
    lchown(&link, Some(OTHER), Some(OTHER)).expect("it is given away");
    refused(
        &folder.0,
        &["serve", "--ephemeral", "--listen", "127.0.0.1:0", "--log-file", "link.log"],
        "link.log: it is a link of another user",
    );
    assert_eq!(fs::read(&victim).expect("it is there"), written);
}

#[test]
fn a_control_socket_is_neither_opened_nor_connected_to_through_a_link() {
    let (folder, elsewhere) = (Folder::new("planted-control"), Folder::new("planted-control-victim"));
    let control = folder.file("keyfob.db-control");
    serve(&folder.0).stop();
    let victim = elsewhere.file("socket");
    fs::write(&victim, "kept").expect("a file");
    fs::set_permissions(&elsewhere.0, PermissionsExt::from_mode(0o755)).expect("its mode is set");
    symlink(&elsewhere.0, &control).expect("a link");
    let done = run(&folder.0, &["serve", "--listen", "127.0.0.1:0"], &[]);
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.code() == Some(1) && errors.contains("keyfob.db-control: it is a symbolic link"), "{errors}");
    assert_eq!(errors.lines().filter(|line| line.contains("link")).count(), 1, "{errors}");
    assert_eq!((fs::read_to_string(&victim).expect("it is there"), mode(&elsewhere.0)), ("kept".to_owned(), 0o755));
    fs::remove_file(&control).expect("the link");

    // Somebody exchanges it while the server runs.
    let server = serve(&folder.0);
    fs::remove_file(&victim).expect("the file");
    let listener = UnixListener::bind(&victim).expect("a socket");
    listener.set_nonblocking(true).expect("it does not block");
    let moved = folder.file("moved");
    fs::rename(&control, &moved).expect("it is moved");
    symlink(&elsewhere.0, &control).expect("a link");
    refused(&folder.0, &["admin", "create-user", "ada"], "keyfob.db-control: it is a symbolic link");
    assert!(listener.accept().is_err(), "it was connected to");
    if fs::metadata(&control).expect("it is there").uid() == 0 {
        fs::remove_file(&control).expect("the link");
        fs::rename(&elsewhere.0, &control).expect("it is moved");
        chown(&control, Some(OTHER), Some(OTHER)).expect("it is given away");
        refused(&folder.0, &["admin", "create-user", "ada"], "keyfob.db-control: it belongs to another user");
        assert!(listener.accept().is_err(), "it was connected to");
        fs::remove_dir_all(&control).expect("the folder");
    } else {
        fs::remove_file(&control).expect("the link");
    }
    fs::rename(&moved, &control).expect("it is moved");
    succeeds(&folder.0, &["admin", "create-user", "ada"]);
    drop(server);
}

#[test]
fn a_data_file_in_a_folder_behind_a_link_is_used_like_any_other() {
    let (folder, links) = (Folder::new("planted-folder"), Folder::new("planted-folder-link"));
    symlink(&folder.0, links.file("data")).expect("a link");
    let mut server = Process::start(&links.0, "", &["--data", "data/keyfob.db"]);
    server.registers("one", 1);
    succeeds(&links.0, &["admin", "create-user", "ada", "--data", "data/keyfob.db"]);
    server.stop();
    succeeds(&links.0, &["backup", "data/copy.db", "--data", "data/keyfob.db"]);
    succeeds(&links.0, &["restore", "data/copy.db", "--data", "data/keyfob.db"]);
    succeeds(&links.0, &["admin", "create-user", "bob", "--data", "data/keyfob.db"]);
}

#[test]
fn what_another_user_put_beside_the_data_file_is_not_used() {
    let folder = Folder::new("planted-companion-of-another");
    if fs::metadata(&folder.0).expect("the folder").uid() != 0 {
        return left_out("a log that another user put beside the data file", "only root makes files of others");
    }
    serve(&folder.0).stop();
    let data = fs::read(folder.file("keyfob.db")).expect("the data");
    for suffix in ["-wal", "-shm", "-journal"] {
        let planted = folder.file(&format!("keyfob.db{suffix}"));
        fs::write(&planted, "planted").expect("it is planted");
        fs::set_permissions(&planted, PermissionsExt::from_mode(0o600)).expect("its mode is set");
        chown(&planted, Some(OTHER), Some(OTHER)).expect("it is given away");
        for arguments in [
            &["serve", "--data", "keyfob.db", "--listen", "127.0.0.1:0"][..],
            &["admin", "create-api-key", "admin"],
            &["backup", "copy.db"],
        ] {
            refused(&folder.0, arguments, "another user put it there");
        }
        assert_eq!(fs::read(&planted).expect("it is there"), b"planted");
        assert_eq!(fs::read(folder.file("keyfob.db")).expect("the data"), data);
        fs::remove_file(&planted).expect("it is removed");
    }
}

/// Where an export is written, each way.
const EXPORTS: [&[&str]; 2] = [&["export", "--output", "out"], &["export", "--to", "tts", "--output", "out"]];

#[test]
fn an_export_replaces_what_has_its_name_only_once_it_is_complete() {
    let folder = Folder::new("planted-export");
    serve(&folder.0).stop();
    fs::write(folder.file("garbage.db"), [b'x'; 8192]).expect("a file");
    for arguments in EXPORTS {
        fs::write(folder.file("out"), "the last export").expect("a file");
        readable(&folder.file("out"));
        let partial = || {
            fs::read_dir(&folder.0)
                .expect("the folder")
                .flatten()
                .filter(|file| file.path().extension() == Some("partial".as_ref()))
                .count()
        };
        assert!(!run(&folder.0, &[arguments, &["--data", "garbage.db"]].concat(), &[]).status.success());
        assert_eq!(fs::read_to_string(folder.file("out")).expect("it is there"), "the last export", "{arguments:?}");
        assert_eq!(partial(), 0, "nothing is left of it");
        // Somebody may have opened it while they could read it.
        let opened = fs::File::open(folder.file("out")).expect("it is there");
        succeeds(&folder.0, arguments);
        assert_eq!(std::io::read_to_string(opened).expect("it is read"), "the last export", "{arguments:?}");
        assert_eq!((mode(&folder.file("out")), partial()), (0o600, 0));
    }
    assert!(Command::new("mkfifo").arg(folder.file("pipe")).status().expect("it runs").success());
    refused(&folder.0, &["export", "--output", "pipe"], "pipe: it is not a regular file");
    refused(&folder.0, &["export", "--to", "tts", "--output", "/dev/stdout"], "it is not a regular file");
}

#[test]
fn an_export_that_is_killed_before_it_is_complete_leaves_nothing() {
    let folder = Folder::new("planted-killed");
    let mut file = PrivateFile::create(&folder.file("out")).expect("a file");
    std::io::Write::write_all(&mut file, b"half of it").expect("it is written");
    // As when the process ends here.
    std::mem::forget(file);
    let left: Vec<_> = fs::read_dir(&folder.0).expect("the folder").map(|entry| entry.expect("an entry").file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn root_exports_into_no_file_that_another_user_put_there() {
    let Some(folder) = of_somebody_else("planted-exports") else { return };
    for arguments in EXPORTS {
        let out = folder.file("out");
        fs::write(&out, "planted").expect("a file");
        fs::set_permissions(&out, PermissionsExt::from_mode(0o600)).expect("its mode is set");
        chown(&out, Some(OTHER), Some(OTHER)).expect("it is given away");
        let opened = fs::File::open(&out).expect("it is there");
        succeeds(&folder.0, arguments);
        assert_eq!(std::io::read_to_string(opened).expect("it is read"), "planted", "{arguments:?}");
        assert_eq!((fs::metadata(&out).expect("it is there").uid(), mode(&out)), (0, 0o600), "{arguments:?}");
        while_attacked(&folder, arguments, |victim| {
            let _ = symlink(victim, folder.file("link"));
            // Only then it is a link of somebody else.
            if lchown(folder.file("link"), Some(OTHER), Some(OTHER)).is_ok() {
                let _ = fs::rename(folder.file("link"), &out);
            }
        });
        fs::remove_file(&out).expect("it is there");
    }
}
