//! What a shell offers when somebody presses the tab key. The scripts are short: they ask the program itself, which reads its tables.

use std::ffi::OsString;

use crate::cli::args::flags::{EVERYWHERE, Flag, FlagKind};
use crate::cli::args::parse::{Given, values};
use crate::cli::commands::{COMMANDS, Command, GROUPS, below, is_called, parent};
use crate::cli::failure::{Failure, Usage};
use crate::cli::run::output::print;
use crate::cli::serve::settings::CONNECTION;

/// The word that makes the program answer for a shell. No command has it, so nobody comes across it.
pub const QUESTION: &str = "complete-words";

const BASH: &str = r#"_keyfob() {
    local IFS=$'\n'
    COMPREPLY=($("${COMP_WORDS[0]}" complete-words "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
    [[ ${#COMPREPLY[@]} -eq 0 ]] && COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _keyfob keyfob ttn-lw-cli
"#;

const ZSH: &str = r#"#compdef keyfob ttn-lw-cli
_keyfob() {
    local -a offers
    local name doc
    while IFS=$'\t' read -r name doc; do
        offers+=("${name//:/\\:}:$doc")
    done < <("${words[1]}" complete-words "${(@)words[2,CURRENT]}" 2>/dev/null)
    if (( ${#offers} )); then _describe keyfob offers; else _files; fi
}
compdef _keyfob keyfob ttn-lw-cli
"#;

const FISH: &str = r#"function __keyfob
    set -l words (commandline -opc) (commandline -ct)
    $words[1] complete-words $words[2..] 2>/dev/null
end
complete -c keyfob -c ttn-lw-cli -k -a '(__keyfob)'
"#;

pub fn script(given: &Given) -> Result<(), Failure> {
    match given.needed("shell")? {
        "bash" => print(BASH),
        "zsh" => print(ZSH),
        "fish" => print(FISH),
        _ => Err(Usage("there are completions for bash, zsh and fish".to_owned()).into()),
    }
}

/// Answers a shell, an offer a line.
pub fn answer(words: &[OsString]) -> Result<(), Failure> {
    let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    print(&offers(&words).into_iter().map(|(offer, doc)| format!("{offer}\t{doc}\n")).collect::<String>())
}

/// What may stand in the place of the last word: each offer, and what it means behind a tab.
pub fn offers(words: &[String]) -> Vec<(String, String)> {
    let (typed, before) = words.split_last().map_or(("", words), |(last, before)| (last.as_str(), before));
    let mut at = "";
    let mut command: Option<&'static Command> = None;
    for word in before.iter().filter(|word| !word.starts_with('-')) {
        let here = |name: &str| parent(name) == at;
        if let Some(found) = COMMANDS.iter().find(|command| here(command.name) && is_called(command.name, command.aliases, word)) {
            command = Some(found);
            break;
        }
        if let Some(group) = GROUPS.iter().find(|group| here(group.name) && is_called(group.name, group.aliases, word)) {
            at = group.name;
        }
    }
    let offers = match (command, before.last()) {
        (Some(command), last) => in_command(command, last, typed),
        (None, _) => below(at).into_iter().map(|word| (word.to_owned(), doc(at, word))).collect(),
    };
    offers.into_iter().filter(|(offer, _)| offer.starts_with(typed)).collect()
}

/// After a flag its values, after `a,b,` those that may follow; otherwise flags. Files are for the shell to find.
fn in_command(command: &'static Command, last: Option<&String>, typed: &str) -> Vec<(String, String)> {
    let flags = command.flags();
    if let Some(flag) = last.and_then(|last| flags.iter().find(|flag| flag.name == last.replace('_', "-") && !flag.is_switch())) {
        return of_flag(flag, typed);
    }
    if command.name == "completions" {
        return ["bash", "zsh", "fish"].map(|shell| (shell.to_owned(), String::new())).to_vec();
    }
    let own = flags.into_iter().chain(EVERYWHERE).map(|flag| (flag.name.to_string(), flag.doc.to_string()));
    let connection: &[_] = if command.is_remote() { CONNECTION } else { &[] };
    let connection = connection.iter().map(|setting| (setting.flag.to_owned(), setting.doc.to_owned()));
    let settings = command.settings().into_iter().map(|setting| (setting.flag.to_owned(), setting.doc.to_owned()));
    let offers = own.chain(connection).chain(settings).filter(|(name, _)| !name.is_empty());
    // Flags are offered to who has begun one: an ID may stand here too, and nobody knows it beforehand.
    if typed.starts_with('-') || command.arguments.is_empty() { offers.collect() } else { Vec::new() }
}

fn of_flag(flag: &'static Flag, typed: &str) -> Vec<(String, String)> {
    let (done, _) = match flag.kind {
        FlagKind::ChoiceList(_) | FlagKind::List => typed.rsplit_once(',').map_or(("", typed), |(done, rest)| (done, rest)),
        FlagKind::Switch | FlagKind::Text | FlagKind::Choice(_) | FlagKind::Pairs => ("", typed),
        FlagKind::File | FlagKind::Secret | FlagKind::SecretFile => ("", typed),
    };
    let before = if done.is_empty() { String::new() } else { format!("{done},") };
    values(flag).into_iter().map(|value| (format!("{before}{value}"), String::new())).collect()
}

fn doc(group: &str, word: &str) -> String {
    let name = [group, word].join(" ");
    let name = name.trim();
    let command = COMMANDS.iter().find(|command| command.name == name).map(|command| command.doc);
    command.or_else(|| GROUPS.iter().find(|group| group.name == name).map(|group| group.doc)).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(line: &str) -> Vec<String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        offers(&words).into_iter().map(|(offer, _)| offer).collect()
    }

    #[test]
    fn words_flags_and_values_are_offered_where_they_may_stand() {
        assert_eq!(offered("cl"), ["clients"]);
        assert_eq!(offered("clients re"), ["reject", "restore"]);
        assert_eq!(offered("c members "), ["list", "get", "set", "delete"]);
        assert_eq!(offered("clients create --redirect"), ["--redirect-uris"]);
        assert_eq!(offered("clients get --serv"), ["--server"]);
        assert_eq!(offered("clients create app --grants GRANT_PASSWORD,GRANT_R"), ["GRANT_PASSWORD,GRANT_REFRESH_TOKEN"]);
        assert_eq!(offered("clients create app --secret-out "), Vec::<String>::new());
        assert_eq!(offered("completions f"), ["fish"]);
        assert_eq!(offered("serve --list"), ["--listen"]);
    }
}
