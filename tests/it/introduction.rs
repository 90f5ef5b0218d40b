//! What the first start says of the administrator that it made.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::process::Stdio;

use crate::binary::keyfob;
use crate::folder::Folder;
use crate::process::ready;

/// What a first start says on standard error, a file, when the journal of systemd is said to be this one or another.
fn said(folder: &Folder, is_journal: bool) -> String {
    let file = File::create(folder.file("errors")).expect("a file");
    let metadata = file.metadata().expect("the file is there");
    let journal = format!("{}:{}", metadata.dev(), metadata.ino() + u64::from(!is_journal));
    let mut command = keyfob(&folder.0, &["serve", "--listen", "127.0.0.1:0", "--log", "off"], &[("JOURNAL_STREAM", &journal)]);
    let mut server = command.stdout(Stdio::piped()).stderr(file).spawn().expect("it starts");
    ready(&mut server);
    server.kill().expect("it is killed");
    server.wait().expect("it ends");
    std::fs::read_to_string(folder.file("errors")).expect("the errors are read")
}

#[test]
fn the_first_start_shows_a_password_and_a_line_that_sets_the_key() {
    let said = said(&Folder::new("introduction"), false);
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("keyfob: made the administrator `admin`"), "{said}");
    assert!(lines[1].starts_with("  password: ") && lines[2].starts_with("  export KEYFOB_API_KEY=NNSXS."), "{said}");
    assert_eq!(lines.len(), 3, "{said}");
}

#[test]
fn no_secret_goes_to_the_journal_which_says_how_to_get_one() {
    let said = said(&Folder::new("journal"), true);
    assert!(!said.contains("NNSXS") && !said.contains("password:"), "{said}");
    assert!(said.contains("`keyfob admin reset-password admin`") && said.contains("`keyfob admin create-api-key admin`"), "{said}");
}
