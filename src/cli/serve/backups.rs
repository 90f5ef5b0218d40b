//! Backs the data file up by itself, from time to time.

use std::path::Path;
use std::time::Duration;

use crate::app::App;
use crate::base::error::Result;
use crate::base::log;
use crate::cli::serve::background::Stopped;
use crate::model::deployment::BackupSchedule;
use crate::registry::overview;
use crate::store::Tx;
use crate::store::backup::{self, Target, back_up};

/// How soon a backup that failed is tried again, if the next one is not due before.
const RETRY: Duration = Duration::from_secs(300);

/// Runs until it is stopped. The first backup is due when the newest in the folder is older than the interval.
pub fn run(schedule: &BackupSchedule, app: &App, stopped: &Stopped) {
    let target = Target::Folder { folder: schedule.folder.clone(), keep: Some(schedule.keep) };
    let newest = backup::newest_in(&schedule.folder);
    if let Some(time) = newest {
        app.backups().found(time);
    }
    let age = newest.map_or(Duration::MAX, |time| {
        Duration::from_secs(app.store().now().seconds().saturating_sub(time.seconds()).try_into().unwrap_or(0))
    });
    let mut wait = schedule.every.saturating_sub(age);
    while !stopped.within(wait) {
        wait = match back_up(app.store().path(), &target, &|| !stopped.is_now()) {
            Ok(made) => {
                app.backups().succeeded(app.store().now());
                note(app, overview::note_backup);
                let (file, duration) = (shown(&made.file), u64::try_from(made.duration.as_millis()).unwrap_or(u64::MAX));
                log::info(
                    "a backup was made and proven",
                    &[("file", file.into()), ("bytes", made.bytes.into()), ("duration_ms", duration.into())],
                );
                schedule.every
            }
            Err(_) if stopped.is_now() => return,
            Err(error) => {
                app.backups().failed();
                note(app, overview::note_failed_backup);
                log::error("a backup failed", &[("folder", shown(&schedule.folder).into()), ("cause", error.to_string().into())]);
                RETRY.min(schedule.every)
            }
        };
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Notes for administrators what became of a backup. Where that cannot be written, the log has it.
fn note(app: &App, note: fn(&Tx<'_>) -> Result<()>) {
    if let Err(error) = app.store().write(note) {
        log::error("what became of a backup was not noted", &[("cause", error.to_string().into())]);
    }
}
