//! Shell completions. The scripts are short: they ask the program itself, which reads its tables.

use std::ffi::OsString;

use crate::cli::args::flags::{EVERYWHERE, Flag, FlagKind};
use crate::cli::args::values::Values;
use crate::cli::commands::{Command, Document, Entry, Run, below, find};
use crate::cli::failure::{Failure, UsageError};
use crate::cli::terminal::print;

/// The word with which a shell asks the program. It is not a command, and no help mentions it.
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

const SCRIPTS: &[(&str, &str)] = &[("bash", BASH), ("zsh", ZSH), ("fish", FISH)];

/// Returns the script for the shell that `--shell` names.
pub fn script(values: &Values) -> Result<&'static str, UsageError> {
    let shell = values.needed("shell")?;
    let script = SCRIPTS.iter().find(|(name, _)| *name == shell).map(|(_, script)| *script);
    script.ok_or_else(|| UsageError("there are completions for bash, zsh and fish".to_owned()))
}

/// Prints what may complete the last word, one offer per line.
pub fn answer(words: &[OsString]) -> Result<(), Failure> {
    let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    print(&offers(&words).into_iter().map(|(offer, doc)| format!("{offer}\t{doc}\n")).collect::<String>())
}

/// Returns what may complete the last word, each with its meaning.
pub fn offers(words: &[String]) -> Vec<(String, String)> {
    let (typed, before) = words.split_last().map_or(("", words), |(last, before)| (last.as_str(), before));
    let mut at = "";
    let mut command = None;
    for word in before.iter().filter(|word| !word.starts_with('-')) {
        match find(at, word) {
            Some(Entry::Group(group)) => at = group.name,
            Some(Entry::Command(found)) => {
                command = Some(found);
                break;
            }
            None => {}
        }
    }
    let offers = match command {
        Some(command) => in_command(command, before.last(), typed),
        None => below(at).map(|entry| (entry.word().to_owned(), entry.doc().to_owned())).collect(),
    };
    offers.into_iter().filter(|(offer, _)| offer.starts_with(typed)).collect()
}

/// Returns the values of the flag before the word, and otherwise flags. The shell completes files.
fn in_command(command: &'static Command, last: Option<&String>, typed: &str) -> Vec<(String, String)> {
    let flags = command.flags();
    if let Some(flag) = last.and_then(|last| flags.iter().find(|flag| flag.name == last.replace('_', "-") && !flag.is_switch())) {
        return of_flag(flag, typed);
    }
    if matches!(command.run, Run::Document(Document::Completions)) {
        return SCRIPTS.iter().map(|(shell, _)| ((*shell).to_owned(), String::new())).collect();
    }
    let own = flags.into_iter().chain(EVERYWHERE).map(|flag| (flag.name.to_string(), flag.doc.to_string()));
    let settings = command.settings().into_iter().map(|setting| (setting.flag.to_owned(), setting.doc.to_owned()));
    let offers = own.chain(settings).filter(|(name, _)| !name.is_empty());
    // An ID cannot be offered; flags are, once a dash is typed.
    if typed.starts_with('-') || command.arguments.is_empty() { offers.collect() } else { Vec::new() }
}

fn of_flag(flag: &Flag, typed: &str) -> Vec<(String, String)> {
    let is_list = matches!(flag.kind, FlagKind::ChoiceList(_) | FlagKind::List);
    let before = typed.rfind(',').filter(|_| is_list).map_or("", |comma| &typed[..=comma]);
    flag.choices().into_iter().map(|value| (format!("{before}{value}"), String::new())).collect()
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
        assert_eq!(offered("clients re"), ["reject", "restore", "review"]);
        assert_eq!(offered("c members "), ["list", "get", "set", "delete"]);
        assert_eq!(offered("clients create --redirect"), ["--redirect-uris"]);
        assert_eq!(offered("clients get --serv"), ["--server"]);
        assert_eq!(offered("clients create app --grants GRANT_PASSWORD,GRANT_R"), ["GRANT_PASSWORD,GRANT_REFRESH_TOKEN"]);
        assert_eq!(offered("clients create app --secret-out "), Vec::<String>::new());
        assert_eq!(offered("completions f"), ["fish"]);
        assert_eq!(offered("serve --list"), ["--listen"]);
    }
}
