//! The house rules, read off the source.

use std::path::{Path, PathBuf};

use keyfob::base::error::Definition;

/// The floor of each room. Rooms on one floor don't know each other.
const FLOORS: &[(&str, u8)] = &[
    ("base", 0),
    ("model", 1),
    ("http", 1),
    ("store", 2),
    ("page", 2),
    ("registry", 3),
    ("call", 4),
    ("failure", 4),
    ("api", 5),
    ("oauth", 5),
    ("console", 5),
    ("assets", 5),
    ("routes", 6),
    ("app", 7),
    ("openapi", 7),
    ("cli", 8),
];

const LONGEST_FILE: usize = 500;
const LONGEST_FUNCTION: usize = 70;

/// A file of `src/`: its room, its path and its text.
struct Source {
    room: String,
    path: String,
    text: String,
}

impl Source {
    /// The text before the unit tests.
    fn product(&self) -> &str {
        self.text.split("#[cfg(test)]").next().unwrap_or_default()
    }
}

fn sources() -> Vec<Source> {
    fn walk(directory: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(directory).expect("a folder is read") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    assert!(paths.len() > 60, "files are missing");
    paths
        .iter()
        .map(|path| {
            let path_in_src = path.strip_prefix(&root).expect("it is in src").to_string_lossy().into_owned();
            let room = path_in_src.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned();
            Source { room, path: path_in_src, text: std::fs::read_to_string(path).expect("a file is read") }
        })
        .collect()
}

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

/// The rooms that a text names as `crate::room`, also within braces.
fn rooms_named(text: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut rooms = Vec::new();
    for rest in text.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(list) => rooms.extend(list.split('}').next().unwrap_or_default().split(',').map(|item| word(item.trim()))),
            None => rooms.push(word(rest)),
        }
    }
    rooms
}

#[test]
fn a_room_uses_only_the_floors_below_it_and_itself() {
    for source in sources().iter().filter(|source| source.room != "lib" && source.room != "main") {
        let own = floor(&source.room).unwrap_or_else(|| panic!("{} is on no floor", source.path));
        for used in rooms_named(source.product()) {
            let fine = used == source.room || floor(&used).is_none_or(|floor| floor < own);
            assert!(fine, "{} uses {used}, which is not below it", source.path);
        }
    }
}

#[test]
fn files_and_functions_stay_short() {
    for source in sources() {
        assert!(source.text.lines().count() <= LONGEST_FILE, "{} is too long", source.path);
        let mut start = None;
        for (number, line) in source.text.lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let is_function =
                ["fn ", "pub fn ", "pub(super) fn ", "const fn ", "pub const fn "].iter().any(|head| line.trim_start().starts_with(head));
            if is_function && line.trim_end().ends_with('{') && start.is_none() {
                start = Some((number, indent));
            }
            if let Some((begun, at)) = start
                && line.trim_end() == format!("{}}}", " ".repeat(at))
            {
                assert!(number - begun < LONGEST_FUNCTION, "{}:{} is too long", source.path, begun + 1);
                start = None;
            }
        }
    }
}

#[test]
fn every_file_says_what_it_is() {
    for source in sources() {
        assert!(source.text.starts_with("//! "), "{} has no first line that says what it is", source.path);
    }
}

#[test]
fn what_is_forbidden_is_not_there() {
    for source in sources() {
        for forbidden in [".unwrap()", "#[allow", "unsafe ", "todo!", "unimplemented!", "dbg!"] {
            assert!(!source.product().contains(forbidden), "{} has {forbidden}", source.path);
        }
    }
}

#[test]
fn an_error_is_defined_once() {
    let lists: &[&[&Definition]] = &[
        keyfob::base::validation::ERRORS,
        keyfob::model::password::ERRORS,
        keyfob::registry::accounts::ERRORS,
        keyfob::registry::administrators::ERRORS,
        keyfob::registry::approval::ERRORS,
        keyfob::registry::bootstrap::ERRORS,
        keyfob::registry::bounds::ERRORS,
        keyfob::registry::clients::ERRORS,
        keyfob::registry::contacts::ERRORS,
        keyfob::registry::deletion::ERRORS,
        keyfob::registry::guidelines::ERRORS,
        keyfob::registry::members::ERRORS,
        keyfob::registry::organizations::ERRORS,
        keyfob::registry::principal::ERRORS,
        keyfob::registry::rights::ERRORS,
        keyfob::registry::secrets::ERRORS,
        keyfob::registry::users::ERRORS,
        keyfob::call::ERRORS,
        keyfob::failure::ERRORS,
        keyfob::http::csrf::ERRORS,
        keyfob::oauth::login::ERRORS,
        keyfob::oauth::logout::ERRORS,
        keyfob::registry::authorizations::ERRORS,
        keyfob::registry::refusal::ERRORS,
        keyfob::registry::repetition::ERRORS,
        keyfob::registry::sessions::ERRORS,
        keyfob::registry::sign_in::ERRORS,
        keyfob::registry::throttle::ERRORS,
        keyfob::registry::trials::ERRORS,
        keyfob::console::organizations::members::ERRORS,
        keyfob::console::clients::review::ERRORS,
        keyfob::console::form::saving::ERRORS,
        keyfob::cli::refusal::ERRORS,
    ];
    let tables = sources().iter().filter(|source| source.product().contains("errors! {")).count();
    assert_eq!(tables, lists.len(), "a table of errors is missing from this list");
    let mut names: Vec<String> =
        lists.iter().flat_map(|list| list.iter()).map(|error| format!("{}:{}", error.namespace, error.name)).collect();
    names.sort();
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
    assert!(twice.is_empty(), "defined twice: {twice:?}");
}

#[test]
fn every_field_and_every_route_is_explained_in_a_sentence() {
    fn sentences<E>(fields: &[keyfob::model::field::Field<E>]) -> Vec<&'static str> {
        fields.iter().map(|field| field.doc).collect()
    }
    let fields = [
        sentences(keyfob::model::client::FIELDS),
        sentences(keyfob::model::user::FIELDS),
        sentences(keyfob::model::organization::FIELDS),
        keyfob::routes::ROUTES.iter().map(|route| route.doc).collect(),
    ];
    for doc in fields.iter().flatten() {
        assert!(doc.ends_with('.') && doc.starts_with(|c: char| c.is_uppercase()), "{doc}");
    }
}

#[test]
fn reserved_ids_are_sorted_and_unique() {
    let text = include_str!("../../src/registry/reserved-ids.txt");
    let ids: Vec<&str> = text.lines().collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
}
