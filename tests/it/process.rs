//! The built program as a process of its own, and what the system says about it.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::client::{Reply, send};
use crate::server::ADMIN_KEY;

/// Says that a story was not told, and why: where the harness does not keep it back, as it does what `eprintln!` says.
pub fn left_out(story: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "left out: {story}: {why}");
}

/// Reads the line in which a server that was started says that it is ready.
pub fn ready(server: &mut Child) -> Value {
    let mut line = String::new();
    BufReader::new(server.stdout.as_mut().expect("its output")).read_line(&mut line).expect("a line");
    serde_json::from_str(&line).unwrap_or_else(|_| panic!("not ready: {line}"))
}

/// The lines of a running server's log about everything before this call: the server writes them after its replies.
pub fn log_so_far(address: &str, log: &Path) -> Vec<String> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let last = format!("last-{}-of-these", COUNT.fetch_add(1, Ordering::Relaxed));
    send(address, "GET", "/nowhere", &[("X-Request-Id", &last)], "");
    for _ in 0..1000 {
        let text = std::fs::read_to_string(log).expect("the log is read");
        if text.contains(&last) {
            return text.lines().filter(|line| !line.contains("-of-these\"")).map(str::to_owned).collect();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("the last request is not logged");
}

/// A server that is killed when its story is over. Its log goes to the file `log` in its folder.
pub struct Process {
    child: Child,
    pub address: String,
    /// The line in which it said that it is ready.
    pub ready: Value,
    log: PathBuf,
}

impl Process {
    /// Runs `keyfob serve` with these arguments on a free port, behind a line of shell such as `ulimit -n 100`.
    pub fn start(folder: &Path, before: &str, arguments: &[&str]) -> Process {
        let log = folder.join("log");
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&log).expect("a log is opened");
        let mut child = Command::new("sh")
            .args(["-c", &format!("{before}\nexec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_keyfob"), "serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .current_dir(folder)
            .env_remove("RUST_BACKTRACE")
            .env("KEYFOB_ADMIN_API_KEY", ADMIN_KEY)
            .env("KEYFOB_LOG", "all")
            .env("KEYFOB_PASSWORD_ROUNDS", "1000")
            .stdout(Stdio::piped())
            .stderr(file)
            .spawn()
            .expect("it starts");
        let ready = ready(&mut child);
        let address = ready["url"].as_str().and_then(|url| url.split_once("://")).expect("an address").1.to_owned();
        assert_eq!(ready["pid"], child.id());
        Process { child, address, ready, log }
    }

    /// Registers so many clients whose names begin so.
    #[track_caller]
    pub fn registers(&self, name: &str, clients: usize) {
        for n in 0..clients {
            let body = format!(r#"{{"client":{{"ids":{{"client_id":"{name}-{n}"}},"name":"{name}"}}}}"#);
            let reply = self.send("POST", "/api/v3/users/admin/clients", &body);
            assert_eq!(reply.status, 200, "{}", reply.body);
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn send(&self, method: &str, target: &str, body: &str) -> Reply {
        send(&self.address, method, target, &[("Authorization", &format!("Bearer {ADMIN_KEY}"))], body)
    }

    /// A request that every healthy server answers.
    pub fn is_alive(&self) {
        assert_eq!(self.send("GET", "/api/v3/auth_info", "").status, 200);
    }

    /// Ends it in order.
    pub fn stop(&mut self) {
        let pid = self.pid().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
        assert_eq!(self.child.wait().expect("it ends").code(), Some(0), "{}", self.log());
    }

    pub fn kill(&mut self) {
        self.child.kill().expect("it is killed");
        self.child.wait().expect("it ends");
    }

    /// Everything before this call is in it.
    pub fn log_so_far(&self) -> String {
        log_so_far(&self.address, &self.log).join("\n")
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).expect("the log is read")
    }

    /// A number in `/proc/<pid>/status`: `Threads`, or `VmRSS` in KiB.
    pub fn status(&self, name: &str) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("the process is there");
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).expect("the number is there");
        line.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
    }

    pub fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.pid())).expect("the process is there").count()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
