//! The manual page, in the man macros of every system.

use crate::cli::args::flags::{EVERYWHERE, Flag};
use crate::cli::args::settings::Setting;
use crate::cli::commands::{COMMANDS, Command};
use crate::cli::docs::help::{explained, usage};
use crate::cli::remote::connection::CONNECTION;
use crate::cli::serve::settings::SETTINGS;

/// Returns the whole page.
pub fn text() -> String {
    let mut page = format!(
        ".TH KEYFOB 1 \"\" \"keyfob {}\" \"User Commands\"\n\
         .SH NAME\nkeyfob \\- a registry of OAuth clients in one SQLite file\n\
         .SH SYNOPSIS\n.B keyfob\n.I command\n.RI [ flags ]\n\
         .SH DESCRIPTION\n",
        env!("CARGO_PKG_VERSION")
    );
    paragraph(
        &mut page,
        "keyfob serves a registry of OAuth clients over The Things Stack's v3 HTTP API, and speaks to such a server from the command line. Called by the name ttn-lw-cli it does the same.",
    );
    paragraph(
        &mut page,
        "Words of flags are joined by dashes or underscores. Lists are joined by commas, or the flag is repeated. Where a command creates something, standard input may hold it as JSON: one entity, several, or an array of them; flags go over JSON.",
    );
    page.push_str(".SH COMMANDS\n");
    for command in COMMANDS {
        of_command(&mut page, command);
    }
    page.push_str(".SH CONNECTION\n");
    paragraph(
        &mut page,
        "All commands that speak to a server take these. A flag goes before the environment, the environment before the default.",
    );
    settings(&mut page, CONNECTION);
    page.push_str(".SH SETTINGS OF THE SERVER\n");
    settings(&mut page, SETTINGS);
    page.push_str(".SH FILES\n");
    tagged(
        &mut page,
        "$XDG_CONFIG_HOME/keyfob/credentials.json",
        "The credentials that keyfob login keeps: one entry a server, readable by its owner only.",
    );
    page.push_str(".SH EXIT STATUS\n");
    tagged(&mut page, "0", "Done.");
    tagged(
        &mut page,
        "1",
        "Refused, by the server or on the way to it. The first line of standard error is error:namespace:name (text), then lines of name=value follow.",
    );
    tagged(&mut page, "2", "Called wrongly.");
    page
}

fn of_command(page: &mut String, command: &Command) {
    page.push_str(&format!(".SS \"{}\"\n", escaped(&usage(command))));
    paragraph(page, command.doc);
    if !command.aliases.is_empty() {
        paragraph(page, &format!("Also called: {}.", command.aliases.join(", ")));
    }
    let flags: Vec<&Flag> = command.flags();
    for flag in flags.into_iter().chain(if command.flags().is_empty() { &[] } else { &EVERYWHERE[..1] }) {
        tagged(page, &flag.usage(), &explained(flag));
    }
}

fn settings(page: &mut String, settings: &[Setting]) {
    for setting in settings {
        tagged(page, &setting.usage(), setting.doc);
    }
}

fn paragraph(page: &mut String, text: &str) {
    page.push_str(&format!(".PP\n{}\n", escaped(text)));
}

fn tagged(page: &mut String, name: &str, text: &str) {
    page.push_str(&format!(".TP\n.B {}\n{}\n", escaped(name), escaped(text)));
}

/// Escapes dashes, and a first character that would begin a macro.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('…', "...");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}
