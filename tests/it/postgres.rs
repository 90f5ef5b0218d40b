//! A PostgreSQL of a test's own, on a socket in its own folder.

use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::folder::Folder;

pub struct Postgres {
    server: Child,
    programs: PathBuf,
    folder: Folder,
}

impl Postgres {
    /// Starts one; nothing where there is no `initdb`, or no user but root that it could run as.
    pub fn start() -> Result<Postgres, &'static str> {
        let programs = programs().ok_or("there is no initdb (apt-get install postgresql)")?;
        let folder = Folder::new("postgres");
        let user = other_user()?;
        if let Some(user) = user {
            chown(&folder.0, Some(user), None).expect("the folder changes hands");
        }
        std::fs::set_permissions(&folder.0, Permissions::from_mode(0o700)).expect("the folder is private");
        let run = |program: &str| {
            let mut command = Command::new(programs.join(program));
            command.current_dir(&folder.0).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            if let Some(user) = user {
                command.uid(user);
            }
            command
        };
        let made =
            run("initdb").args(["-D", "data", "-U", "keyfob", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]).status();
        assert!(made.expect("initdb runs").success(), "initdb in {}", folder.0.display());
        let settings = ["-c", "listen_addresses=", "-c", "fsync=off", "-c", "timezone=UTC"];
        let server = run("postgres").args(["-D", "data", "-k"]).arg(&folder.0).args(settings).spawn().expect("postgres runs");
        let postgres = Postgres { server, programs, folder };
        for _ in 0..600 {
            if postgres.sends("SELECT 1").status.success() {
                return Ok(postgres);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("PostgreSQL does not answer in {}", postgres.folder.0.display());
    }

    /// Sends SQL as `psql -f` does.
    pub fn sends(&self, sql: &str) -> Output {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.arg("-h").arg(&self.folder.0).args(["-X", "-q", "-At", "-U", "keyfob", "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-f", "-"]);
        // What the machine's locale says must not matter.
        let psql = psql.env("PGCLIENTENCODING", "LATIN1").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut psql = psql.spawn().expect("psql runs");
        let mut input = psql.stdin.take().expect("its input");
        // It ends at the first error, and need not read the rest.
        let _ = input.write_all(sql.as_bytes());
        drop(input);
        psql.wait_with_output().expect("psql ends")
    }

    /// The same, which must succeed.
    #[track_caller]
    pub fn does(&self, sql: &str) -> String {
        let output = self.sends(sql);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8").trim_end().to_owned()
    }

    /// The rows of a query, each a value in JSON.
    #[track_caller]
    pub fn rows(&self, query: &str) -> Vec<Value> {
        let lines = self.does(&format!("SET client_encoding = 'UTF8'; {query};"));
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Its quick way to end, which closes what it has started.
        let pid = self.server.id().to_string();
        let _ = Command::new("kill").args(["-INT", &pid]).status();
        let _ = self.server.wait();
    }
}

/// The folder of PostgreSQL's programs. Debian's are not in the path.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut debian: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    debian.sort();
    let path = Command::new("sh").args(["-c", "printf %s \"$PATH\""]).output().map(|output| output.stdout).unwrap_or_default();
    let has_both = |folder: &Path| ["initdb", "postgres", "psql"].iter().all(|program| folder.join(program).exists());
    debian.into_iter().rev().chain(String::from_utf8_lossy(&path).split(':').map(PathBuf::from)).find(|folder| has_both(folder))
}

/// The user that it runs as, if this one is root, which it refuses.
fn other_user() -> Result<Option<u32>, &'static str> {
    let id = |arguments: &[&str]| {
        let output = Command::new("id").args(arguments).output().ok().filter(|output| output.status.success())?;
        String::from_utf8_lossy(&output.stdout).trim().parse::<u32>().ok()
    };
    match id(&["-u"]) {
        Some(0) => id(&["-u", "postgres"]).or_else(|| id(&["-u", "nobody"])).map(Some).ok_or("this is root, and there is no other user"),
        _ => Ok(None),
    }
}
