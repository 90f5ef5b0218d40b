//! Checks of the folder of backups: whether they are made, and how old they are.

use std::io::ErrorKind;

use crate::base::time::Time;
use crate::model::deployment::BackupSchedule;
use crate::model::finding::{Finding, counted, span};
use crate::store::backup::times_in;

const CHECK: &str = "backups";

pub fn check(schedule: Option<&BackupSchedule>, now: Time) -> Finding {
    let Some(schedule) = schedule else {
        let remedy = "name a folder for them with --backup-folder, or run `keyfob backup` from time to time";
        return Finding::advice(CHECK, "the server makes no backups by itself", remedy);
    };
    let folder = schedule.folder.display();
    if let Err(error) = std::fs::read_dir(&schedule.folder)
        && error.kind() != ErrorKind::NotFound
    {
        return Finding::problem(CHECK, format!("cannot look into {folder}: {error}"), "run this as the user of the server");
    }
    let remedy = "start the server with these settings, and see in its log why no backup is made";
    match times_in(&schedule.folder).as_slice() {
        [] => Finding::problem(CHECK, format!("there is no backup in {folder}"), remedy),
        times @ [oldest, .., newest] | times @ [oldest @ newest] => {
            let age = |time: &Time| now.seconds().saturating_sub(time.seconds());
            let count = counted(times.len(), "backup");
            let text = format!("{count} in {folder}: the newest is {} old, the oldest {}", span(age(newest)), span(age(oldest)));
            let every = i64::try_from(schedule.every.as_secs()).unwrap_or(i64::MAX);
            if age(newest) > every.saturating_mul(2) {
                Finding::problem(CHECK, format!("{text}; one should be made every {}", span(every)), remedy)
            } else {
                Finding::ok(CHECK, text)
            }
        }
    }
}
