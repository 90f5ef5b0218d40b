//! Help, generated from the tables.

use crate::cli::args::flags::{EVERYWHERE, Flag};
use crate::cli::args::settings::Setting;
use crate::cli::commands::{COMMANDS, Command, CommandGroup, Entry, GROUPS, below, parent};
use crate::cli::remote::connection::CONNECTION;
use crate::routes::ROUTES;

/// The widest column of names, in characters.
const COLUMN: usize = 34;

pub fn version() -> String {
    format!("keyfob {}\n", env!("CARGO_PKG_VERSION"))
}

/// Returns the help for a command or a group of this name; for the empty name, the overview.
pub fn text(name: &str) -> String {
    if name.is_empty() {
        return overview();
    }
    match below(parent(name)).find(|entry| entry.name() == name) {
        Some(Entry::Command(command)) => of_command(command),
        Some(Entry::Group(group)) => of_group(group),
        None => String::new(),
    }
}

fn overview() -> String {
    format!(
        "keyfob keeps a registry of OAuth clients in one SQLite file.\n\n\
         Usage: keyfob <command> [flags]\n\n\
         Commands:\n{}\n\
         Where the server is and who you are, for all commands that speak to one:\n{}\n\
         `keyfob help <command>` explains a command, `keyfob serve --help` the settings of the server.\n",
        entries("", |command| command.name.to_owned()),
        settings(CONNECTION),
    )
}

fn of_group(group: &CommandGroup) -> String {
    let name = group.name;
    let also = if group.aliases.is_empty() { String::new() } else { format!("Also called: {}\n\n", group.aliases.join(", ")) };
    format!(
        "{}\n\nUsage: keyfob {name} <command> [flags]\n\n{also}Commands:\n{}\n`keyfob help {name} <command>` explains a command.\n",
        group.doc,
        entries(name, |command| Entry::Command(command).spellings().collect::<Vec<_>>().join(", "))
    )
}

/// Lists what is below a group, with commands named by `names`.
fn entries(group: &str, names: fn(&'static Command) -> String) -> String {
    let name = |entry| match entry {
        Entry::Command(command) => names(command),
        Entry::Group(_) => format!("{} …", entry.word()),
    };
    columns(&below(group).map(|entry| (name(entry), entry.doc().to_owned())).collect::<Vec<_>>())
}

fn of_command(command: &Command) -> String {
    let mut text = format!("{}\n\nUsage: {}\n", command.doc, usage(command));
    if !command.aliases.is_empty() {
        text.push_str(&format!("Also called: {}\n", command.aliases.join(", ")));
    }
    let requests: Vec<_> = requests(command).map(|(request, doc)| (request, doc.to_owned())).collect();
    if !requests.is_empty() {
        text.push_str(&format!("\nRequests:\n{}", columns(&requests)));
    }
    let rows: Vec<_> = command.flags().into_iter().chain(EVERYWHERE).map(|flag| (flag.usage(), explained(flag))).collect();
    text.push_str(&format!("\nFlags:\n{}", columns(&rows)));
    let own = command.settings();
    if !own.is_empty() {
        let title = match command.is_remote() {
            true => "Where the server is and who you are",
            false => "Settings; a flag goes before the environment, the environment before the default",
        };
        text.push_str(&format!("\n{title}:\n{}", settings(own)));
    }
    text
}

/// Returns `keyfob clients get [client-id] [flags]`.
pub fn usage(command: &Command) -> String {
    let arguments: String = command.arguments.iter().map(|name| format!(" [{name}]")).collect();
    format!("keyfob {}{arguments} [flags]", command.name)
}

/// Returns the requests that a command may send, as `ROUTES` has them.
pub fn requests(command: &Command) -> impl Iterator<Item = (String, &'static str)> {
    ROUTES
        .iter()
        .filter(|route| command.routes.contains(&route.name))
        .map(|route| (format!("{} {}", route.method.name(), route.path), route.doc))
}

/// Returns what a flag is for, and its values if they are few.
pub fn explained(flag: &Flag) -> String {
    const LONGEST_LIST: usize = 5;
    let values = flag.choices();
    if values.is_empty() || values.len() > LONGEST_LIST { flag.doc.to_string() } else { format!("{} ({})", flag.doc, values.join(", ")) }
}

fn settings(settings: impl IntoIterator<Item = &'static Setting>) -> String {
    settings.into_iter().map(|setting| format!("  {}\n      {}\n", setting.usage(), setting.doc)).collect()
}

/// Formats names in a column with explanations beside them, or below names that are too wide.
fn columns(rows: &[(String, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.chars().count()).filter(|width| *width <= COLUMN).max().unwrap_or_default();
    let row = |(name, doc): &(String, String)| match name.chars().count() {
        wide if wide > COLUMN => format!("  {name}\n  {:width$}  {doc}\n", ""),
        _ => format!("  {name:width$}  {doc}\n"),
    };
    rows.iter().map(row).collect()
}

/// Returns every page of help, one after the other: `doc/help.txt`.
pub fn everything() -> String {
    let groups = GROUPS.iter().map(|group| group.name);
    let mut names: Vec<&str> = groups.chain(COMMANDS.iter().map(|command| command.name)).collect();
    names.sort_by_key(|name| (position(name), name.split(' ').count(), *name));
    let page = |name: &str| format!("$ keyfob help {name}\n\n{}\n", text(name));
    std::iter::once(page("").replacen("help \n", "help\n", 1)).chain(names.into_iter().map(page)).collect()
}

/// Returns the position of a name's first word in the overview.
fn position(name: &str) -> Option<usize> {
    let mut first = name;
    while !parent(first).is_empty() {
        first = parent(first);
    }
    below("").position(|entry| entry.name() == first)
}
