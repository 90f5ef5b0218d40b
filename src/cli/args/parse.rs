//! Parses the arguments of a command.

use std::ffi::OsString;

use pico_args::Arguments;

use crate::base::printable::printable;
use crate::base::suggestion::nearest;
use crate::cli::args::flags::{Flag, FlagKind};
use crate::cli::args::settings::{SWITCH, Setting, SettingKind, values_of};
use crate::cli::args::values::{Format, Values};
use crate::cli::failure::UsageError;

/// The flags, arguments and settings of a command.
pub struct CommandSyntax {
    pub command: &'static str,
    /// The flags or settings that plain arguments stand for, in their order.
    pub arguments: &'static [&'static str],
    pub flags: Vec<&'static Flag>,
    pub settings: Vec<&'static Setting>,
}

/// Returns the values of a command's flags, and the arguments that are left for its settings.
pub fn parse(takes: &CommandSyntax, arguments: Vec<OsString>) -> Result<(Values, Arguments), UsageError> {
    let mut arguments = Arguments::from_vec(spelled(&takes.flags, arguments));
    let mut values = Values::default();
    for row in &takes.flags {
        read_flag(row, &mut arguments, &mut values)?;
    }
    let mut left = Vec::new();
    let mut places = takes.arguments.iter();
    let mut rest = arguments.finish().into_iter();
    while let Some(argument) = rest.next() {
        let text = argument.to_str().ok_or_else(|| UsageError("an argument is not UTF-8".to_owned()))?.to_owned();
        let name = text.split('=').next().unwrap_or_default();
        if !text.starts_with('-') || text.len() == 1 {
            let shown = if is_plain(&text) { format!(": `{text}`") } else { String::new() };
            let more = || UsageError(format!("`{}` is given more arguments than it takes{shown}", takes.command));
            let place = places.next().ok_or_else(more)?;
            match takes.settings.iter().find(|setting| setting.flag.strip_prefix("--") == Some(*place)) {
                Some(setting) => left.push(format!("{}={text}", setting.flag).into()),
                None => values.put_argument(place, text)?,
            }
        } else if let Some(setting) = takes.settings.iter().find(|setting| setting.flag == name) {
            if let (SettingKind::Switch, Some((_, value))) = (setting.kind, text.split_once('=')) {
                return Err(joined_to_switch(takes, setting, value));
            }
            left.push(argument);
            match setting.kind {
                SettingKind::Secret => values.exposed.push(setting.flag),
                SettingKind::Value | SettingKind::List | SettingKind::Switch => {}
            }
            if setting.kind != SettingKind::Switch && !text.contains('=') {
                left.extend(rest.next());
            }
        } else {
            return Err(unknown_flag(takes, name));
        }
    }
    values.format = Format::of(values.one("output-format"))?;
    Ok((values, Arguments::from_vec(left)))
}

fn read_flag(row: &'static Flag, arguments: &mut Arguments, values: &mut Values) -> Result<(), UsageError> {
    let mut found = Vec::new();
    if row.is_switch() {
        values.switches.insert(row.key());
        while arguments.contains(row.name()) {
            found.push("true".to_owned());
        }
    }
    found.extend(values_of(arguments, row.name(), if row.is_switch() { "true or false" } else { row.value })?);
    if !found.is_empty() {
        values.values.insert(row.key().to_owned(), found);
        if matches!(row.kind, FlagKind::Secret) {
            values.exposed.push(row.name());
        }
    }
    Ok(())
}

/// Returns `--client-id` for `--client_id`.
pub fn dashed(name: &str) -> String {
    if name.starts_with("--") { name.replace('_', "-") } else { name.to_owned() }
}

/// Replaces underscores in names of flags with dashes, and separates each value from its flag. Values stay as they are.
fn spelled(rows: &[&'static Flag], arguments: Vec<OsString>) -> Vec<OsString> {
    let mut spelled = Vec::new();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let Some(text) = argument.to_str().filter(|text| text.starts_with("--")) else {
            spelled.push(argument);
            continue;
        };
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        let name = dashed(name);
        match (rows.iter().find(|row| row.name == name), value) {
            (Some(row), Some(value)) if !row.is_switch() => spelled.extend([name.into(), value.into()]),
            (Some(row), None) if !row.is_switch() => {
                spelled.push(name.into());
                spelled.extend(arguments.next());
            }
            (_, Some(value)) => spelled.push(format!("{name}={value}").into()),
            (_, None) => spelled.push(name.into()),
        }
    }
    spelled
}

/// Returns whether a word may be repeated in an error: any other could be a secret.
pub fn is_plain(word: &str) -> bool {
    word.len() <= 24 && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

/// Returns the error for a switch with a value, which may be what a plain argument beside it says.
fn joined_to_switch(takes: &CommandSyntax, setting: &Setting, value: &str) -> UsageError {
    let (flag, beside) = (setting.flag, format!("{}-", setting.flag));
    let is_truth = SWITCH.iter().any(|(word, _)| *word == value);
    let has_argument = takes.arguments.iter().any(|argument| format!("--{argument}").starts_with(&beside));
    let written = if has_argument && !is_truth {
        format!("write `{flag} {}`", printable(value))
    } else {
        format!("write {flag} alone, or leave it out")
    };
    UsageError(format!("{flag} is a switch and takes no value after `=`: {written}"))
}

fn unknown_flag(takes: &CommandSyntax, name: &str) -> UsageError {
    let settings = takes.settings.iter().map(|setting| setting.flag);
    let tip = match nearest(name, takes.flags.iter().map(|row| row.name()).chain(settings)) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("`keyfob help {}` lists its flags", takes.command),
    };
    UsageError(format!("`{}` has no flag {}: {tip}", takes.command, printable(name)))
}
