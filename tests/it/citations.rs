//! Comments cite the contract, `doc/contract`: each names a file, a section, and items that are there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The files of the contract, without `.md`.
const FILES: [&str; 2] = ["registry", "oauth"];

/// What may cite them.
const CITING: &[&str] = &["src", "tests", "benches", "fuzz/targets", "doc/contract", "schema.sql", "ARCHITECTURE.md", "README.md"];

/// The sections of a file by their numbers, each with the names of its list items and table rows.
type Sections = BTreeMap<String, BTreeSet<String>>;

/// The sections of each of [`FILES`].
fn contract() -> Vec<Sections> {
    FILES.iter().map(|file| sections(&read(&root().join(format!("doc/contract/{file}.md"))))).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn sections(text: &str) -> Sections {
    let mut found = Sections::new();
    let mut section = String::new();
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("##") {
            let number = heading.trim_start_matches('#').trim_start().split(' ').next().unwrap_or_default();
            section = number.trim_end_matches('.').to_owned();
            found.entry(section.clone()).or_default();
        } else if let Some(items) = found.get_mut(&section) {
            let row = line.strip_prefix("| ").and_then(|row| row.split(" |").next());
            items.extend(row.or_else(|| line.split_once(". ").map(|(item, _)| item)).map(str::to_owned));
        }
    }
    found
}

/// Counts the citations in a text, and says what is wrong with which.
fn judge(text: &str, contract: &[Sections]) -> (usize, Vec<String>) {
    let (mut count, mut faults) = (0, Vec::new());
    for line in text.lines() {
        let fault = |what: String| format!("{what}: {}", line.trim());
        let lower = line.to_lowercase();
        for (at, name) in lower.match_indices("contract") {
            let rest = lower[at + name.len()..].trim_start_matches([',', ' ', '(']);
            if rest.starts_with(|c: char| c.is_ascii_digit()) || rest.starts_with("part ") {
                faults.push(fault("names no file".to_owned()));
            }
        }
        for (file, sections) in FILES.iter().zip(contract) {
            let name = format!("{file}.md");
            // With its folder it is the file, and within brackets a link to it.
            for (at, _) in line.match_indices(&name).filter(|(at, _)| !line[..*at].ends_with('/')) {
                let rest = &line[at + name.len()..];
                if rest.is_empty() || rest.starts_with(' ') {
                    count += 1;
                    faults.extend(missing(rest.trim_start(), sections).map(fault));
                }
            }
        }
    }
    (count, faults)
}

/// The first section or item that is not there, of those that follow the name of a file: `1.3`, `5.2 to 5.4`, `9, items 27 and 28`, `3.4, E49`.
fn missing(cited: &str, sections: &Sections) -> Option<String> {
    let mut section: Option<&BTreeSet<String>> = None;
    let mut are_items = false;
    for word in cited.split(' ') {
        let name = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        let is_number = name.starts_with(|c: char| c.is_ascii_digit());
        let is_error = name.strip_prefix('E').is_some_and(|rest| rest.parse::<u32>().is_ok());
        match (name, section) {
            ("and" | "to", Some(_)) => {}
            ("item" | "items" | "row" | "rows", Some(_)) => are_items = true,
            (_, Some(items)) if is_error || (are_items && is_number) => {
                if !items.contains(name) {
                    return Some(format!("no item {name}"));
                }
            }
            _ if is_number => match sections.get(name) {
                Some(items) => section = Some(items),
                None => return Some(format!("no section {name}")),
            },
            _ => break,
        }
        if word != name && !word.ends_with(',') {
            break;
        }
    }
    section.is_none().then(|| "names no section".to_owned())
}

fn judge_all(path: &Path, contract: &[Sections], count: &mut usize, faults: &mut Vec<String>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).expect("a folder is read") {
            judge_all(&entry.expect("an entry").path(), contract, count, faults);
        }
    } else if path.extension().is_some_and(|extension| ["rs", "sql", "md"].iter().any(|known| extension == *known)) {
        let (found, wrong) = judge(&read(path), contract);
        *count += found;
        faults.extend(wrong.into_iter().map(|fault| format!("{}: {fault}", path.display())));
    }
}

#[test]
fn every_citation_names_a_section_that_is_there() {
    let (contract, mut count, mut faults) = (contract(), 0, Vec::new());
    for place in CITING {
        judge_all(&root().join(place), &contract, &mut count, &mut faults);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(count > 200, "only {count} citations were found");
}

#[test]
fn a_citation_of_what_is_not_there_is_noticed() {
    let contract = contract();
    let faults = |text: &str| judge(text, &contract).1.len();
    let right =
        ["1.3", "0.4, 0.6, 1.6", "5.2 to 5.4", "9, items 27 to 29", "3.4, E2 to E8", "1.3; then 99.9", "9, item 52, as far as", "1.1)."];
    let wrong = ["99", "1.99", "0.4, 99.1", "9, item 91", "9, items 27 to 129", "3.4, E68", "1.3, item 52", "says so", ""];
    for cited in right {
        assert_eq!(faults(&format!("/// What it does ({}.md {cited})", FILES[0])), 0, "{cited}");
    }
    for cited in wrong {
        assert_eq!(faults(format!("/// What it does {}.md {cited}", FILES[0]).trim_end()), 1, "{cited}");
    }
    for old in ["contract", "OAuth contract", "the contract,", "the contract (", "Contract"] {
        assert_eq!(faults(&format!("/// What it does ({old} {}.3)", 1)), 1, "{old}");
    }
    assert_eq!(faults("/// As doc/contract/oauth.md says, and [another](oauth.md), the contract of 1885"), 0);
}
