//! Checks of the data file and what is around it: permissions, room on the disk, the size of the log.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::base::folder::folder_of;
use crate::model::finding::{Finding, size};
use crate::registry::readiness::LEAST_ROOM;
use crate::store::files::{COMPANIONS, beside};
use crate::store::inspection::free_bytes;

/// The permissions of everyone but the owner, and those to write.
const OF_OTHERS: u32 = 0o077;
const TO_WRITE: u32 = 0o022;
/// In a folder with this, others may not replace files.
const STICKY: u32 = 0o1000;

/// A log that is larger has not been checkpointed for a long time.
const LARGE_WAL: u64 = 128 * 1024 * 1024;

/// With less room than this and twice the file, an upgrade or a backup may fail.
const GOOD_ROOM: u64 = 256 * 1024 * 1024;

pub fn check(file: &Path) -> Vec<Finding> {
    vec![permissions(file), disk(file), wal(file)]
}

fn permissions(file: &Path) -> Finding {
    const CHECK: &str = "permissions";
    let files = std::iter::once("").chain(COMPANIONS).map(|suffix| beside(file, suffix));
    let open = files.filter_map(|file| Some((fs::metadata(&file).ok()?.mode(), file))).find(|(mode, _)| mode & OF_OTHERS != 0);
    if let Some((mode, file)) = open {
        let (mode, file) = (mode & 0o777, file.display());
        return Finding::problem(CHECK, format!("others have access to {file} (mode {mode:o})"), format!("run `chmod 600 {file}`"));
    }
    let folder = folder_of(file);
    match fs::metadata(folder) {
        Ok(found) if found.mode() & TO_WRITE != 0 && found.mode() & STICKY == 0 => {
            let (mode, folder) = (found.mode() & 0o777, folder.display());
            let text = format!("others can replace the files in {folder} (mode {mode:o})");
            Finding::problem(CHECK, text, format!("run `chmod go-w {folder}`"))
        }
        Ok(_) => Finding::ok(CHECK, "only the owner can read or replace the data file"),
        Err(error) => {
            Finding::problem(CHECK, format!("cannot look at {}: {error}", folder.display()), "run this as the user of the server")
        }
    }
}

fn disk(file: &Path) -> Finding {
    const CHECK: &str = "disk";
    let needed = fs::metadata(file).map_or(0, |file| file.len()).saturating_mul(2).saturating_add(GOOD_ROOM);
    match free_bytes(file) {
        Ok(free) if free < LEAST_ROOM => {
            Finding::problem(CHECK, format!("only {} are left", size(free)), "make room: writes will soon fail")
        }
        Ok(free) if free < needed => {
            let text = format!("{} are left", size(free));
            Finding::advice(CHECK, text, format!("make room: with {} upgrades and backups are safe", size(needed)))
        }
        Ok(free) => Finding::ok(CHECK, format!("{} are left", size(free))),
        Err(error) => Finding::problem(CHECK, format!("cannot ask the disk of {}: {error}", file.display()), "check that it is mounted"),
    }
}

fn wal(file: &Path) -> Finding {
    const CHECK: &str = "wal";
    match fs::metadata(beside(file, "-wal")).map_or(0, |file| file.len()) {
        large if large > LARGE_WAL => {
            let remedy = "find out who holds the file open, as a backup tool or a forgotten sqlite3 does, or restart the server";
            Finding::problem(
                CHECK,
                format!("the write-ahead log has {}, so it has not been checkpointed for a long time", size(large)),
                remedy,
            )
        }
        bytes => Finding::ok(CHECK, format!("the write-ahead log has {}", size(bytes))),
    }
}
