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

/// What a text names directly after a path, such as `crate::`, also within braces.
fn named_after(text: &str, path: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut rooms = Vec::new();
    for rest in text.split(path).skip(1) {
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
        for used in named_after(source.product(), "crate::") {
            let fine = used == source.room || floor(&used).is_none_or(|floor| floor < own);
            assert!(fine, "{} uses {used}, which is not below it", source.path);
        }
    }
}

/// The floors of `src/registry/`, the lowest first.
const REGISTRY: &[&[&str]] = &[
    &["credential_use", "entity", "guidelines", "standing", "throttle"],
    &["principal"],
    &["administrators", "approval", "bounds", "repetition", "rights"],
    &["audience", "history"],
    &["api_keys", "contacts", "refusal", "sessions", "trials", "users"],
    &["bootstrap", "consent", "deletion", "expiry", "members", "sign_in", "usage"],
    &["accounts", "secrets"],
    &["client_authentication", "clients", "organizations"],
    &["tokens"],
    &["authorizations"],
    &["authentication"],
];

#[test]
fn a_module_of_the_registry_uses_only_the_floors_below_it_and_itself() {
    let floor = |module: &str| REGISTRY.iter().position(|floor| floor.contains(&module));
    for source in sources().iter().filter(|source| source.room == "registry" && source.path != "registry/mod.rs") {
        let module = source.path.trim_start_matches("registry/").trim_end_matches(".rs");
        let own = floor(module).unwrap_or_else(|| panic!("{} is on no floor", source.path));
        for used in named_after(source.product(), "crate::registry::") {
            assert!(used == module || floor(&used).is_some_and(|floor| floor < own), "{} uses {used}, which is not below it", source.path);
        }
    }
}

#[test]
fn files_and_functions_stay_short() {
    for source in sources() {
        assert!(source.text.lines().count() <= LONGEST_FILE, "{} is too long", source.path);
        for (name, line, length) in functions(&source.text) {
            assert!(length <= LONGEST_FUNCTION, "{}:{line} {name} has {length} lines", source.path);
        }
    }
}

/// Every function with a body: the start of its first line, the number of that line, and how many lines it has with its signature.
fn functions(text: &str) -> Vec<(&str, usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let words: Vec<&str> = line.split_whitespace().take_while(|word| *word != "fn").collect();
        let is_head = words.iter().all(|word| *word == "const" || word.starts_with("pub")) && line.contains("fn ");
        if !is_head {
            continue;
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let ends = |line: &&str| line.strip_prefix(indent).is_some_and(|rest| rest == "}" || rest.starts_with(')') && rest.ends_with(';'));
        let is_on_one_line = line.ends_with(';') || line.ends_with('}');
        let length = if is_on_one_line { 1 } else { lines[number..].iter().position(ends).expect("a function ends") + 1 };
        found.push((line.trim(), number + 1, length));
    }
    found
}

#[test]
fn a_function_whose_signature_takes_several_lines_is_measured() {
    let text = "impl A {\n    pub(super) fn b(\n        c: u8,\n    ) -> u8 {\n        c\n    }\n\n    fn d(&self) -> u8;\n}\n";
    let measured: Vec<_> = functions(text).iter().map(|(_, line, length)| (*line, *length)).collect();
    assert_eq!(measured, [(2, 5), (8, 1)]);
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
        keyfob::registry::api_keys::ERRORS,
        keyfob::registry::authentication::ERRORS,
        keyfob::registry::bootstrap::ERRORS,
        keyfob::registry::bounds::ERRORS,
        keyfob::registry::clients::ERRORS,
        keyfob::registry::contacts::ERRORS,
        keyfob::registry::deletion::ERRORS,
        keyfob::registry::entity::ERRORS,
        keyfob::registry::guidelines::ERRORS,
        keyfob::registry::members::ERRORS,
        keyfob::registry::organizations::ERRORS,
        keyfob::registry::principal::ERRORS,
        keyfob::registry::rights::ERRORS,
        keyfob::registry::secrets::ERRORS,
        keyfob::registry::standing::ERRORS,
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
