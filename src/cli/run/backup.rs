//! Backs the data file up, restores it, and tries whether a backup can be restored.

use std::path::{Path, PathBuf};
use std::time::Duration;

use pico_args::Arguments;
use serde_json::{Map, Value, json};

use crate::base::printable;
use crate::cli::args::settings::SettingKind::Value as OfValue;
use crate::cli::args::settings::{self as args, Setting};
use crate::cli::args::values::Values;
use crate::cli::failure::{Failure, UsageError};
use crate::cli::run::data_file::require;
use crate::cli::run::drill;
use crate::cli::terminal::print;
use crate::store::backup::{Target, back_up};
use crate::store::copy_error::CopyError;
use crate::store::proof::Contents;
use crate::store::restore;
use crate::store::seal::Bytes;

/// The settings of these commands.
#[rustfmt::skip]
pub static DATA: &[Setting] = &[
    Setting { name: "data", flag: "--data", variable: "KEYFOB_DATA", value: "FILE", default: "keyfob.db", kind: OfValue, doc: "The data file." },
];

pub fn back_up_data(values: &Values, arguments: Arguments) -> Result<(), Failure> {
    let data = data_file(arguments)?;
    let keep = match values.one("keep") {
        None => None,
        Some(text) => {
            let number = text.parse().ok().filter(|number| *number > 0);
            Some(number.ok_or_else(|| UsageError("--keep must be a number from 1".to_owned()))?)
        }
    };
    let target = Target::of(values.needed("file")?, keep).map_err(|why| UsageError(format!("--keep {why}")))?;
    require(&data)?;
    let made = back_up(&data, &target, &|| true).map_err(refused)?;
    let mut shown = json!({"file": shown_path(&made.file), "bytes": made.bytes, "sha256": made.sha256});
    add_contents(&mut shown, &made.contents);
    shown["deleted"] = made.deleted.iter().map(|file| shown_path(file)).collect();
    shown["duration_ms"] = milliseconds(made.duration);
    line(&shown)
}

pub fn restore_data(values: &Values, arguments: Arguments) -> Result<(), Failure> {
    let data = data_file(arguments)?;
    let backup = Path::new(values.needed("file")?);
    if values.switch("drill")? {
        return drill_backup(backup);
    }
    let restored = restore::restore(backup, &data).map_err(refused)?;
    let mut shown = json!({"file": shown_path(&data), "from": shown_path(backup), "bytes": bytes(restored.staged.bytes)});
    add_contents(&mut shown, &restored.staged.contents);
    shown["before"] = restored.before.as_deref().map_or(Value::Null, shown_path);
    line(&shown)
}

/// Prints what came of it also if it failed: a program reads one line either way.
fn drill_backup(backup: &Path) -> Result<(), Failure> {
    let mut shown = json!({"file": shown_path(backup)});
    match drill::drill(backup) {
        Ok(done) => {
            shown["ok"] = true.into();
            shown["bytes"] = bytes(done.staged.bytes).into();
            add_contents(&mut shown, &done.staged.contents);
            shown["clients_read"] = done.clients.into();
            shown["pages_read"] = done.pages.into();
            shown["duration_ms"] = milliseconds(done.duration);
            line(&shown)
        }
        Err(why) => {
            shown["ok"] = false.into();
            shown["failed"] = why.as_str().into();
            line(&shown)?;
            Err(Failure::Refused(why))
        }
    }
}

fn data_file(arguments: Arguments) -> Result<PathBuf, UsageError> {
    Ok(args::SettingValues::read(DATA, arguments)?.of("data").text().into())
}

fn add_contents(shown: &mut Value, contents: &Contents) {
    shown["schema"] = contents.schema.into();
    shown["counts"] = contents.counts.iter().map(|(table, rows)| (table.clone(), json!(rows))).collect::<Map<_, _>>().into();
    shown["newest_event"] = contents.newest_event.map_or(Value::Null, |(_, time)| time.to_string().into());
}

fn shown_path(path: &Path) -> Value {
    path.display().to_string().into()
}

fn milliseconds(duration: Duration) -> Value {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).into()
}

fn bytes(bytes: Bytes) -> &'static str {
    match bytes {
        Bytes::Equal => "equal to those that were written",
        Bytes::NotCompared => "not compared: the file was not made by keyfob backup",
    }
}

fn line(value: &Value) -> Result<(), Failure> {
    print(&(printable::json(&value.to_string()) + "\n"))
}

fn refused(error: CopyError) -> Failure {
    Failure::Refused(error.to_string())
}
