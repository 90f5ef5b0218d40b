//! README's commands for a server, run in their order by one shell, in a folder instead of `/` and with programs that stand in for those that
//! change the machine: `systemctl` starts what the unit says.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::folder::Folder;
use crate::process::left_out;
use crate::readme::{binary, blocks, free_port, is_there};

const README: &str = include_str!("../../README.md");

/// Folders of the machine that the commands write to.
const FOLDERS: &[&str] = &["/usr/local", "/etc", "/var/lib"];

/// What stands in for the programs that change the machine; `$ROOT` is the folder.
const STAND_INS: &[(&str, &str)] = &[
    // `cargo install … --root PREFIX`
    ("cargo", "while [ \"$1\" != --root ]; do shift; done; install -D \"$BINARY\" \"$2/bin/keyfob\""),
    ("apt-get", "mkdir -p \"$ROOT/etc/caddy\""),
    ("useradd", "mkdir -p \"$ROOT/var/lib/keyfob\" \"$ROOT/etc/systemd/system\""),
    // `runuser -u USER -- COMMAND`
    ("runuser", "shift 3; exec \"$@\""),
    (
        "systemctl",
        r#"unit=$ROOT/etc/systemd/system/keyfob.service
case "$*" in
"enable --now keyfob" | "start keyfob" | "restart keyfob")
    [ "$1" != restart ] || systemctl stop keyfob
    set -a
    eval "$(sed -n 's/^Environment=//p' "$unit")"
    . "$(sed -n 's/^EnvironmentFile=-//p' "$unit")"
    set +a
    rm -f "$ROOT/ready"
    $(sed -n 's/^ExecStart=//p' "$unit") > "$ROOT/ready" 2>> "$ROOT/log" &
    until [ -s "$ROOT/ready" ]; do sleep 0.05; done ;;
"stop keyfob")
    pid=$(sed -E 's/.*"pid":([0-9]+).*/\1/' "$ROOT/ready")
    kill "$pid"
    # One that has ended may wait for the program that takes in orphans.
    while grep -qs '^State:.[^Z]' "/proc/$pid/status"; do sleep 0.05; done ;;
"daemon-reload" | "reload caddy") ;;
*) echo "systemctl $*: not known to the test" >&2; exit 1 ;;
esac"#,
    ),
];

/// Reads or writes `/etc` and the like below the folder.
fn below(root: &Path, text: &str) -> String {
    FOLDERS.iter().fold(text.to_owned(), |text, folder| text.replace(folder, &format!("{}{folder}", root.display())))
}

fn names_in(root: &Path, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root.join(folder)).expect("the folder is there");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn the_commands_that_put_it_on_a_server_work() {
    let missing: Vec<&str> = ["bash", "install", "sed"].into_iter().filter(|program| !is_there(program)).collect();
    if !missing.is_empty() {
        return left_out("README's commands for a server", &format!("they need {}", missing.join(", ")));
    }
    let folder = Folder::new("server");
    let root = &folder.0;
    let programs = folder.file("programs");
    std::fs::create_dir(&programs).expect("a folder for programs");
    for (name, text) in STAND_INS {
        let program = programs.join(name);
        std::fs::write(&program, format!("#!/bin/sh\nset -e\n{text}\n")).expect("a program");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("it can be run");
    }
    // The commands are typed in a checkout.
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in ["contrib/systemd/keyfob.service", "contrib/proxies/Caddyfile"] {
        let text = std::fs::read_to_string(checkout.join(entry)).expect("README names it");
        std::fs::create_dir_all(folder.file(entry).parent().expect("a folder")).expect("its folder");
        std::fs::write(folder.file(entry), below(root, &text)).expect("a copy");
    }
    let commands: Vec<&str> = blocks(README).iter().filter(|block| block.language == "sh").map(|block| block.text).collect();
    assert!(commands.len() >= 2, "README shows how it is put on a server in blocks of `sh`");
    let script = format!("set -e\ntrap 'systemctl stop keyfob' EXIT\n{}", below(root, &commands.join("\n")));
    let path = std::env::vars().find(|(name, _)| name == "PATH").map_or(String::new(), |(_, path)| path);
    let path = format!("{}:{}/usr/local/bin:{path}", programs.display(), root.display());
    let mut shell = Command::new("timeout");
    shell.args(["120", "bash", "-c", &script]).current_dir(root).env_clear().env("PATH", path).env("ROOT", root);
    shell.env("BINARY", binary()).env("KEYFOB_PASSWORD_ROUNDS", "1000").env("KEYFOB_LISTEN", format!("127.0.0.1:{}", free_port()));
    let ended = shell.output().expect("the shell runs");
    let (out, errors) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    let log = std::fs::read_to_string(folder.file("log")).unwrap_or_default();
    assert!(ended.status.success(), "it ended with {}\n{out}\n{errors}\n{log}", ended.status);
    assert!(
        out.contains("\"password\"") && out.contains("\"ok\":true"),
        "the administrator has a password, and the copy can be restored: {out}"
    );
    let proxied = std::fs::read_to_string(folder.file("etc/caddy/Caddyfile")).expect("Caddy's configuration");
    assert!(proxied.contains("keyfob.home.example {"), "{proxied}");
    assert!(names_in(root, "var/lib/keyfob").iter().any(|name| name.contains("before-restore")), "the old file is still there");
}
