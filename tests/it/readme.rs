//! The README's command blocks, run in their order by one shell in an empty folder, and what they print held against what the README shows.
//! `KEYFOB_BINARY=target/release/keyfob` runs them with the release binary.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::folder::Folder;
use crate::process::left_out;

const README: &str = include_str!("../../README.md");
const SEED: &str = include_str!("seed.md");

/// Set-up commands, which need a checkout: the test has a binary already.
const SET_UP: &[&str] = &["cargo install --locked --path .\n", "cargo test\n"];

pub struct Block<'r> {
    pub language: &'r str,
    pub text: &'r str,
}

pub fn blocks(document: &str) -> Vec<Block<'_>> {
    let mut fences = document.split("```");
    fences.next();
    let mut blocks = Vec::new();
    while let (Some(fenced), Some(_)) = (fences.next(), fences.next()) {
        let (language, text) = fenced.split_once('\n').expect("a block has a first line");
        blocks.push(Block { language, text });
    }
    blocks
}

/// What one block of commands is expected to print, by the blocks that follow it.
struct Step<'r> {
    commands: &'r str,
    /// Standard output, as JSON.
    json: Option<&'r str>,
    /// Standard error, word for word but for `…`.
    errors: Option<&'r str>,
}

impl Step<'_> {
    fn is_server(&self) -> bool {
        self.commands.starts_with("keyfob serve")
    }

    fn is_refused(&self) -> bool {
        self.errors.is_some() && !self.is_server()
    }
}

fn steps<'r>(blocks: &[Block<'r>], folder: &Path) -> Vec<Step<'r>> {
    let mut steps: Vec<Step<'r>> = Vec::new();
    for block in blocks {
        match (block.language, steps.last_mut()) {
            // Commands for a server: `readme_server.rs` runs them.
            ("sh", _) => {}
            ("bash", _) => steps.push(Step { commands: block.text, json: None, errors: None }),
            ("json", Some(step)) => step.json = Some(block.text),
            ("text", Some(step)) => step.errors = Some(block.text),
            // The drawing comes before any command.
            ("text", None) => {}
            ("python", _) => std::fs::write(folder.join("test_keyfob.py"), block.text).expect("the test is written"),
            (other, _) => panic!("a block of README in `{other}`, which nobody runs"),
        }
    }
    steps
}

/// Everything as one script, so that later blocks see the variables of earlier ones. Step N writes N.out, N.err and N.status.
fn script(steps: &[Step<'_>]) -> String {
    let mut script = "trap 'kill $(jobs -p); wait' EXIT\n".to_owned();
    for (number, step) in steps.iter().enumerate() {
        let commands = step.commands;
        assert!(!commands.contains('…'), "a command of README has to be completed by its reader: {commands}");
        if step.is_server() {
            // No group of commands: the signal at the end has to reach the server itself.
            let server = commands.trim_end();
            let _ = writeln!(script, "{server} > {number}.out 2> {number}.err < /dev/null &");
            let _ = writeln!(script, "until [ -s {number}.out ]; do sleep 0.05; done");
            // The line that the reader pastes, where README shows it.
            let _ = step.errors.map(|_| writeln!(script, "eval \"$(grep '^  export ' {number}.err)\""));
        } else if !SET_UP.contains(&step.commands) {
            let _ = writeln!(script, "{{\n{commands}}} > {number}.out 2> {number}.err < /dev/null\necho $? > {number}.status");
        }
    }
    script
}

/// The guide's HTTP and CLI tabs, as its readers paste them after the README.
fn the_guide(folder: &Path) -> String {
    let blocks = blocks(SEED);
    let of = |beginning: &str| blocks.iter().find(|block| block.text.trim_start().starts_with(beginning)).expect("the guide has it").text;
    std::fs::write(folder.join("req.json"), of("{\n")).expect("req.json is written");
    let curl =
        of("curl").split("\n\n").next().expect("the command").replace("https://thethings.example.com/api", "http://127.0.0.1:1885/api");
    let cli = of("ttn-lw-cli")
        .replace("<CLIENT-ID>", "from-the-cli")
        .replace("<CLIENT-NAME>", "CLI")
        .replace("<REDIRECT-URI>", "https://a.example");
    format!("{{\n{curl}\n}} > guide.http 2> /dev/null\n{{\n{cli}\n}} > guide.cli 2> /dev/null\n")
}

/// The program that runs the commands.
pub fn binary() -> PathBuf {
    let named = std::env::vars().find(|(name, _)| name == "KEYFOB_BINARY");
    let binary = named.map_or(env!("CARGO_BIN_EXE_keyfob").to_owned(), |(_, path)| path);
    std::fs::canonicalize(binary).expect("the binary is there")
}

#[test]
fn what_the_readme_shows_is_what_its_commands_do() {
    let missing: Vec<&str> = ["bash", "curl", "python3"].into_iter().filter(|program| !is_there(program)).collect();
    if !missing.is_empty() {
        return left_out("the commands of README", &format!("they need {}", missing.join(", ")));
    }
    let folder = Folder::new("readme");
    let binary = binary();
    let programs = folder.0.join("bin");
    std::fs::create_dir(&programs).expect("a folder for programs");
    for name in ["keyfob", "ttn-lw-cli"] {
        std::os::unix::fs::symlink(&binary, programs.join(name)).expect("a link to the binary");
    }
    let work = folder.0.join("empty");
    std::fs::create_dir(&work).expect("an empty folder");
    let blocks = blocks(README);
    for command in SET_UP {
        assert!(blocks.iter().any(|block| block.text == *command), "README lost its `{}`", command.trim_end());
    }
    let steps = steps(&blocks, &work);
    let port = free_port();
    let script = (script(&steps) + &the_guide(&work)).replace(":1885", &format!(":{port}"));
    let path =
        format!("{}:{}", programs.display(), std::env::vars().find(|(name, _)| name == "PATH").map_or(String::new(), |(_, path)| path));
    let address = format!("127.0.0.1:{port}");
    let mut shell = Command::new("timeout");
    shell.args(["120", "bash", "-c", &script]).current_dir(&work).env_clear().env("PATH", path).env("HOME", &folder.0);
    let ended = shell.env("KEYFOB_LISTEN", &address).env("KEYFOB_SERVER", format!("http://{address}")).output().expect("the shell runs");
    assert!(ended.status.success(), "the script ended with {}: {}", ended.status, String::from_utf8_lossy(&ended.stderr));
    for (number, step) in steps.iter().enumerate() {
        if !SET_UP.contains(&step.commands) || step.is_server() {
            check(step, &work.join(number.to_string()));
        }
    }
    let client: Value = serde_json::from_str(&read(&work.join("guide.http"))).expect("the guide's request answers JSON");
    assert_eq!((&client["ids"]["client_id"], &client["state"]), (&"my-test-client".into(), &"STATE_APPROVED".into()));
    let client: Value = serde_json::from_str(&read(&work.join("guide.cli"))).expect("the guide's command answers JSON");
    assert_eq!(client["ids"]["client_id"], "from-the-cli");
}

fn check(step: &Step<'_>, files: &Path) {
    let (out, errors) = (read(&files.with_extension("out")), read(&files.with_extension("err")));
    let told = format!("\n{}\nprinted {out:?}\nand on standard error {errors:?}", step.commands);
    if !step.is_server() {
        let status = read(&files.with_extension("status"));
        assert_eq!(status.trim(), if step.is_refused() { "1" } else { "0" }, "{told}");
    }
    if step.is_server() {
        let ready: Value = serde_json::from_str(&out).expect("a ready line");
        assert!(!Path::new(&format!("/proc/{}", ready["pid"])).exists(), "the server is still running{told}");
    }
    if let Some(shown) = step.json {
        let shown: Value = serde_json::from_str(shown).expect("what README shows as JSON is JSON");
        let printed: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("no JSON: {error}{told}"));
        assert!(out.ends_with('\n'), "no line break at the end{told}");
        assert_alike("", &shown, &printed, &told);
    }
    if let Some(shown) = step.errors {
        let (shown, printed) = (without_what_changes(shown), without_what_changes(&errors));
        // The log of a server goes on after what it shows at its start.
        let is_as_shown = if step.is_server() { printed.starts_with(&shown) } else { printed == shown };
        assert!(is_as_shown, "README shows {shown:?}{told}");
    }
}

fn assert_alike(pointer: &str, shown: &Value, printed: &Value, told: &str) {
    match (shown, printed) {
        (Value::Object(shown), Value::Object(printed)) => {
            assert_eq!(shown.keys().collect::<Vec<_>>(), printed.keys().collect::<Vec<_>>(), "the members of {pointer}{told}");
            for (key, value) in shown {
                assert_alike(&format!("{pointer}/{key}"), value, &printed[key], told);
            }
        }
        (Value::String(shown), Value::String(printed)) => {
            assert_eq!(without_what_changes(shown), without_what_changes(printed), "{pointer}{told}");
        }
        (Value::Number(_), Value::Number(_)) if ["/pid", "/iat", "/exp"].contains(&pointer) => {}
        _ => assert_eq!(shown, printed, "{pointer}{told}"),
    }
}

/// The text with what differs from run to run as one sign: generated secrets and IDs, times, ports, and the names of temporary folders.
fn without_what_changes(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || ".:-/…".contains(c);
    let mut made = String::new();
    for piece in text.split_inclusive(|c| !is_part(c)) {
        let word = piece.trim_end_matches(|c| !is_part(c));
        let is_secret = word.len() >= 32 && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '.');
        let is_time = word.starts_with("20") && word.ends_with('Z') && word.contains('T');
        let is_request_id = word.len() == 32 && word.chars().all(|c| c.is_ascii_hexdigit());
        let is_secret = is_secret || is_request_id || word.starts_with("NNSXS.");
        match word {
            _ if is_secret || is_time => made.push('*'),
            _ if word.starts_with("/tmp/keyfob-") => made.push_str("/tmp/keyfob-*"),
            _ if word.starts_with("http://127.0.0.1:") => made.push_str("http://127.0.0.1:*"),
            _ => made.push_str(word),
        }
        made.push_str(&piece[word.len()..]);
    }
    made
}

#[test]
fn a_wrong_line_in_the_readme_would_be_noticed() {
    assert_eq!(without_what_changes("a 2026-11-27T12:00:00Z b"), without_what_changes("a 2027-01-01T00:00:00.5Z b"));
    assert_ne!(without_what_changes("made the administrator `admin`"), without_what_changes("made the administrator `root`"));
    let changed = std::panic::catch_unwind(|| assert_alike("", &serde_json::json!({"a": 1}), &serde_json::json!({"a": 2}), ""));
    assert!(changed.is_err());
}

pub fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it has an address").port()
}

fn read(path: &PathBuf) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
