//! Help for people, read off the tables.

use crate::cli::args::flags::{EVERYWHERE, Flag};
use crate::cli::args::parse::Given;
use crate::cli::commands::{COMMANDS, Command, GROUPS, below, parent};
use crate::cli::failure::Failure;
use crate::cli::run::output::print;
use crate::cli::serve::settings::{CONNECTION, Setting};
use crate::routes::ROUTES;

/// The widest that the names in front of explanations make their column.
const COLUMN: usize = 34;

pub fn version(_: &Given) -> Result<(), Failure> {
    print(&format!("keyfob {}\n", env!("CARGO_PKG_VERSION")))
}

pub fn openapi(_: &Given) -> Result<(), Failure> {
    print(crate::api::openapi::DOCUMENT)
}

/// What a command or a group of this name does; without a name, what there is.
pub fn text(name: &str) -> String {
    match COMMANDS.iter().find(|command| command.name == name) {
        Some(command) => of_command(command),
        None if name.is_empty() => overview(),
        None => of_group(name),
    }
}

fn overview() -> String {
    let rows: Vec<_> = below("")
        .into_iter()
        .map(|word| match COMMANDS.iter().find(|command| command.name == word) {
            Some(command) => (word.to_owned(), command.doc.to_owned()),
            None => (format!("{word} …"), group_doc(word)),
        })
        .collect();
    format!(
        "keyfob keeps a registry of OAuth clients in one SQLite file.\n\n\
         Usage: keyfob <command> [flags]\n\n\
         Commands:\n{}\n\
         Where the server is and who you are, for all commands that speak to one:\n{}\n\
         `keyfob help <command>` explains a command, `keyfob serve --help` the settings of the server.\n",
        columns(&rows),
        settings(&CONNECTION.iter().collect::<Vec<_>>()),
    )
}

fn of_group(name: &str) -> String {
    let rows: Vec<_> = below(name)
        .into_iter()
        .map(|word| {
            let full = format!("{name} {word}");
            match COMMANDS.iter().find(|command| command.name == full) {
                Some(command) => (with_aliases(word, command.aliases), command.doc.to_owned()),
                None => (format!("{word} …"), group_doc(&full)),
            }
        })
        .collect();
    let aliases = GROUPS.iter().find(|group| group.name == name).map_or(&[][..], |group| group.aliases);
    let also = if aliases.is_empty() { String::new() } else { format!("Also called: {}\n\n", aliases.join(", ")) };
    format!(
        "{}\n\nUsage: keyfob {name} <command> [flags]\n\n{also}Commands:\n{}\n`keyfob help {name} <command>` explains a command.\n",
        group_doc(name),
        columns(&rows)
    )
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
    if command.is_remote() {
        text.push_str(&format!("\nWhere the server is and who you are:\n{}", settings(&CONNECTION.iter().collect::<Vec<_>>())));
    } else if !own.is_empty() {
        text.push_str(&format!("\nSettings; a flag goes before the environment, the environment before the default:\n{}", settings(&own)));
    }
    text
}

/// `keyfob clients get [client-id] [flags]`.
pub fn usage(command: &Command) -> String {
    let arguments: String = command.arguments.iter().map(|name| format!(" [{name}]")).collect();
    format!("keyfob {}{arguments} [flags]", command.name)
}

/// The requests that a command may send, as `ROUTES` has them.
pub fn requests(command: &Command) -> impl Iterator<Item = (String, &'static str)> {
    ROUTES
        .iter()
        .filter(|route| command.routes.contains(&route.name))
        .map(|route| (format!("{} {}", route.method.name(), route.path), route.doc))
}

/// What a flag is for; what it may be, if that is a short list.
pub fn explained(flag: &Flag) -> String {
    const LONGEST_LIST: usize = 5;
    let values = crate::cli::args::parse::values(flag);
    if values.is_empty() || values.len() > LONGEST_LIST { flag.doc.to_string() } else { format!("{} ({})", flag.doc, values.join(", ")) }
}

pub fn group_doc(name: &str) -> String {
    GROUPS.iter().find(|group| group.name == name).map(|group| group.doc.to_owned()).unwrap_or_default()
}

fn with_aliases(word: &str, aliases: &[&str]) -> String {
    std::iter::once(word).chain(aliases.iter().copied()).collect::<Vec<_>>().join(", ")
}

fn settings(settings: &[&'static Setting]) -> String {
    settings.iter().map(|setting| format!("  {}\n      {}\n", setting.usage(), setting.doc)).collect()
}

/// Names in a column, explanations beside them, or below names that are too wide.
fn columns(rows: &[(String, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.chars().count()).filter(|width| *width <= COLUMN).max().unwrap_or_default();
    let row = |(name, doc): &(String, String)| match name.chars().count() {
        wide if wide > COLUMN => format!("  {name}\n  {:width$}  {doc}\n", ""),
        _ => format!("  {name:width$}  {doc}\n"),
    };
    rows.iter().map(row).collect()
}

/// Every page of help, one after the other: the copy that a test holds against the tables.
pub fn everything() -> String {
    let groups = GROUPS.iter().map(|group| group.name);
    let mut names: Vec<&str> = groups.chain(COMMANDS.iter().map(|command| command.name)).collect();
    names.sort_by_key(|name| (position(name), name.split(' ').count(), *name));
    let page = |name: &str| format!("$ keyfob help {name}\n\n{}\n", text(name));
    std::iter::once(page("").replacen("help \n", "help\n", 1)).chain(names.into_iter().map(page)).collect()
}

/// Where the first word of a name stands in the overview.
fn position(name: &str) -> Option<usize> {
    let mut first = name;
    while !parent(first).is_empty() {
        first = parent(first);
    }
    below("").iter().position(|word| *word == first)
}
