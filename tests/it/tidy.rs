//! The house rules, read off the source.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use keyfob::base::error::Definition;
use keyfob::fixture::journal::reasons::{ERROR_LISTS, FORM_PROBLEMS};

/// A folder of `src/` and its floors, the lowest first: a module in it uses only modules of the folder on lower floors, and itself.
struct Floors {
    folder: &'static str,
    floors: &'static [&'static [&'static str]],
}

const FLOORS: &[Floors] = &[
    Floors {
        folder: "",
        floors: &[
            &["base"],
            &["model", "http"],
            &["store", "page", "review"],
            &["registry"],
            &["call", "declared", "diagnostics", "failure"],
            &["api", "oauth", "console", "assets", "health"],
            &["routes"],
            &["metrics"],
            &["app", "openapi"],
            &["fixture", "tts"],
            &["cli"],
            &["main"],
        ],
    },
    Floors {
        folder: "registry",
        floors: &[
            &["credential_use", "entity", "guidelines", "likeness", "readiness", "standing", "throttle"],
            &["principal"],
            &["right_use"],
            &["administrators", "bounds", "groups", "marks", "rights"],
            &["audience", "repetition"],
            &["history"],
            &["withdrawal"],
            &["api_keys", "contacts", "refusal", "resource_servers", "sessions", "signing_keys", "trials", "users"],
            &["approval", "bootstrap", "claims", "deletion", "expiry", "live_tokens", "members", "probes", "sign_in", "usage"],
            &["accounts", "end_session", "listed", "overview", "recovery", "sign_in_demands"],
            &["consent"],
            &["review"],
            &["verdicts"],
            &["rejudging", "secrets"],
            &["client_authentication", "clients", "organizations"],
            &["review_queue"],
            &["client_check", "introspection", "revocation", "tokens", "undo"],
            &["authorizations"],
            &["authentication"],
        ],
    },
    Floors {
        folder: "declared",
        floors: &[
            &["fields", "input", "managed", "row"],
            &["names", "tables"],
            &["check"],
            &["read", "sources"],
            &["create", "drift", "prepared"],
            &["found", "export", "step"],
            &["plan"],
            &["apply"],
        ],
    },
    Floors {
        folder: "store",
        floors: &[
            &["cache", "folder", "noted_rights", "pattern"],
            &["transaction"],
            &["open_error"],
            &["files"],
            &["copy_error", "temporary", "wal"],
            &["seal", "sql", "writer"],
            &["schema"],
            &["database_copy", "proof", "query", "readers", "table"],
            &["backup"],
            &["restore"],
            &[
                "access_tokens",
                "api_keys",
                "authorization_codes",
                "authorizations",
                "census",
                "client_secrets",
                "clients",
                "events",
                "inspection",
                "likeness",
                "members",
                "observations",
                "probes",
                "recoveries",
                "right_use",
                "sessions",
                "sign_ins",
                "signing_keys",
                "verdicts",
            ],
            &["accounts", "overview", "testers"],
            &["organizations", "users"],
        ],
    },
    Floors {
        folder: "cli",
        floors: &[
            &["api_error"],
            &["failure"],
            &["control", "terminal"],
            &["args"],
            &["remote"],
            &["run"],
            &["serve"],
            &["doctor"],
            &["commands"],
            &["docs"],
            &["dispatch"],
        ],
    },
    Floors {
        folder: "cli/args",
        floors: &[&["flags", "settings"], &["unknown_variables", "values"], &["nouns"], &["parse", "standard_input"]],
    },
    Floors { folder: "cli/remote", floors: &[&["callback", "connection", "credentials"], &["http"], &["tokens"]] },
    Floors {
        folder: "cli/run",
        floors: &[
            &["admin_operation", "data_file", "declared_values", "output", "plan_text"],
            &["declared_operations", "keys", "pages", "secret_file"],
            &["declaration_file", "entities"],
            &[
                "admin",
                "api_keys",
                "authorizations",
                "client_check",
                "collaborators",
                "healthcheck",
                "history",
                "login",
                "reviews",
                "sessions",
                "users",
            ],
            &["clients"],
            &["drill", "operator", "remote_declarations"],
            &["backup", "tts_export"],
            &["declarations"],
        ],
    },
    Floors { folder: "cli/doctor", floors: &[&["data"], &["run"]] },
    Floors { folder: "diagnostics", floors: &[&["addresses", "backups", "certificate", "files", "rows"], &["deployment"], &["running"]] },
    Floors { folder: "cli/docs", floors: &[&["help", "completions"], &["man"]] },
    Floors {
        folder: "cli/serve",
        floors: &[
            &[
                "background",
                "control_socket",
                "declaration",
                "introduction",
                "metrics_listener",
                "public_url",
                "reload",
                "review",
                "starter",
            ],
            &["backups"],
            &["settings"],
            &["seed"],
            &[
                "certificate",
                "checkpoints",
                "file_checks",
                "key_maker",
                "observer",
                "opening",
                "prober",
                "protected_names",
                "site_logo",
                "service",
                "service_manager",
                "sockets",
                "sweeper",
            ],
            &["process"],
        ],
    },
    Floors {
        folder: "fixture",
        floors: &[
            &["authority", "journal", "resets", "seed"],
            &["faults", "snapshot"],
            &["world"],
            &["browser", "worlds"],
            &["auto"],
            &["answering"],
            &["call"],
            &["auto_controls", "clock", "fault_controls", "issue", "journal_controls", "snapshots", "world_controls"],
            &["overview"],
            &["controls"],
            &["server"],
        ],
    },
    Floors {
        folder: "fixture/journal",
        floors: &[
            &["caller", "reasons", "secret_names", "spelling"],
            &["texts"],
            &["secrets"],
            &["entry"],
            &["har", "known_secrets", "pattern"],
            &["record"],
        ],
    },
    Floors { folder: "fixture/faults", floors: &[&["list"], &["effect"]] },
    Floors { folder: "fixture/seed", floors: &[&["auto", "seeded"], &["tables"], &["token_order"], &["read"], &["apply", "schema"]] },
    Floors { folder: "console", floors: &[&["page"], &["form"], &["clients"], &["users"], &["organizations"], &["account"]] },
    Floors { folder: "console/page", floors: &[&["charts", "listing", "menu", "paths"], &["layout", "table"], &["new_secret"]] },
    Floors {
        folder: "console/form",
        floors: &[
            &["account_search", "broken_rule", "findings", "repeatable_secret"],
            &["problem"],
            &["id_check", "rights_picker"],
            &["fields"],
            &["confirmation", "contacts", "saving"],
            &["deletion", "entity"],
            &["refused"],
        ],
    },
    Floors {
        folder: "console/clients",
        floors: &[
            &["app_kind", "form"],
            &["list", "page"],
            &["client_review", "flow", "snippets", "users"],
            &["recipe"],
            &["issued"],
            &["add", "danger", "probes", "secrets", "settings", "trial"],
            &["overview"],
            &["review"],
        ],
    },
    Floors { folder: "console/organizations", floors: &[&["page"], &["clients", "list", "members", "settings"]] },
    Floors { folder: "console/users", floors: &[&["belongings", "list", "recovery"], &["settings"]] },
    Floors {
        folder: "console/account",
        floors: &[
            &["event_sentence"],
            &["event_export"],
            &["activity", "api_keys", "authorizations", "dashboard", "password", "profile", "search", "sessions", "theme"],
        ],
    },
];

const LONGEST_FILE: usize = 500;
const LONGEST_FUNCTION: usize = 70;

/// A file of `src/`.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The text before the unit tests.
    fn product(&self) -> &str {
        self.text.split("#[cfg(test)]").next().unwrap_or_default()
    }

    /// `cli`, `run`, `users` for `cli/run/users.rs`; `cli`, `run` for `cli/run/mod.rs`.
    fn module(&self) -> Vec<&str> {
        self.path.trim_end_matches(".rs").trim_end_matches("/mod").split('/').collect()
    }

    /// The paths from the root of the crate that the text names, in `use` declarations and elsewhere.
    fn paths_named(&self) -> Vec<Vec<&str>> {
        let mut paths = Vec::new();
        for (start, _) in self.product().match_indices("crate::") {
            named(&mut Vec::new(), &self.product()[start + "crate::".len()..], &mut paths);
        }
        let module = self.module();
        for (start, _) in self.product().match_indices("super::") {
            let above = if self.path.ends_with("/mod.rs") { &module[..] } else { &module[..module.len() - 1] };
            named(&mut above.to_vec(), &self.product()[start + "super::".len()..], &mut paths);
        }
        paths
    }
}

/// Adds the files below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder is read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    files(&root, &mut paths);
    assert!(paths.len() > 60, "files are missing");
    paths
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| {
            let path_in_src = path.strip_prefix(&root).expect("it is in src").to_string_lossy().into_owned();
            Source { path: path_in_src, text: std::fs::read_to_string(path).expect("a file is read") }
        })
        .collect()
}

/// Adds the paths that a use tree names: `b::{c, d::e}` names `b::c` and `b::d::e`. Returns what follows the tree.
fn named<'a>(prefix: &mut Vec<&'a str>, tree: &'a str, paths: &mut Vec<Vec<&'a str>>) -> &'a str {
    let tree = tree.trim_start();
    if let Some(mut list) = tree.strip_prefix('{') {
        while !list.trim_start().starts_with('}') {
            assert!(!list.is_empty(), "a list does not end");
            list = named(prefix, list, paths).trim_start_matches(',');
        }
        return &list.trim_start()[1..];
    }
    let (word, rest) = tree.split_at(tree.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(tree.len()));
    prefix.push(word);
    let rest = match rest.strip_prefix("::") {
        Some(rest) if rest.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '{') => named(prefix, rest, paths),
        _ => {
            paths.push(prefix.clone());
            &rest[rest.find([',', '}']).unwrap_or(rest.len())..]
        }
    };
    prefix.pop();
    rest
}

#[test]
fn a_module_uses_only_the_floors_below_it_and_itself() {
    for Floors { folder, floors } in FLOORS {
        let within: Vec<&str> = folder.split('/').filter(|name| !name.is_empty()).collect();
        let floor = |name: &str| floors.iter().position(|floor| floor.contains(&name));
        let mut found = BTreeSet::new();
        for source in sources() {
            let module = source.module();
            let Some(&own) = module.strip_prefix(&within[..]).and_then(<[&str]>::first).filter(|own| **own != "lib") else { continue };
            found.insert(own.to_owned());
            let own_floor = floor(own).unwrap_or_else(|| panic!("{} is on no floor of src/{folder}", source.path));
            for path in source.paths_named() {
                let Some(&used) = path.strip_prefix(&within[..]).and_then(<[&str]>::first) else { continue };
                let is_below = floor(used).is_some_and(|floor| floor < own_floor);
                assert!(used == own || is_below, "{} uses {}, which is not below it in src/{folder}", source.path, path.join("::"));
            }
        }
        let named: BTreeSet<String> = floors.iter().flat_map(|floor| floor.iter()).map(|name| (*name).to_owned()).collect();
        assert_eq!(found, named, "the floors of src/{folder} name what is not there");
    }
}

#[test]
fn a_use_tree_names_every_path_in_it() {
    let text = "use crate::a::{self, b::{C, d as e}, f::*}; crate::g::h(crate::i::J::new());".to_owned();
    let source = Source { path: "x/y.rs".to_owned(), text: text + " use super::{z, w::V};" };
    let paths: Vec<String> = source.paths_named().iter().map(|path| path.join("::")).collect();
    assert_eq!(paths, ["a::self", "a::b::C", "a::b::d", "a::f", "g::h", "i::J::new", "x::z", "x::w::V"]);
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
fn a_type_name_means_one_thing() {
    let sources = sources();
    let lines = sources.iter().flat_map(|source| source.product().lines());
    let mut names: Vec<&str> = lines.filter_map(type_declared).collect();
    names.sort_unstable();
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    assert!(names.len() > 200, "types are missing");
    assert!(twice.is_empty(), "declared twice: {twice:?}");
}

/// Returns the name of the type that a line declares outside of an implementation, or by `named!`; an alias counts only if other modules can use it.
fn type_declared(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace().skip_while(|word| word.starts_with("pub"));
    let keyword = words.next()?;
    let is_declaration = matches!(keyword, "struct" | "enum" | "trait") || (keyword == "type" && line.starts_with("pub"));
    let is_outside = !line.starts_with(' ') || line.starts_with("    pub enum ");
    let name = words.next().filter(|_| is_declaration && is_outside)?;
    Some(&name[..name.find(['<', '(', ';', ':']).unwrap_or(name.len())])
}

#[test]
fn a_declared_type_is_noticed() {
    let lines = [
        "pub(super) struct A<'a> {",
        "pub type B = u8;",
        "struct D(u8);",
        "    pub enum C {",
        "type Row = u8;",
        "    type Item = u8;",
        "impl A {",
        "pub fn f() {",
    ];
    assert_eq!(lines.map(type_declared), [Some("A"), Some("B"), Some("D"), Some("C"), None, None, None, None]);
}

#[test]
fn an_error_is_defined_once() {
    let of_others: &[&[&Definition]] = &[
        keyfob::cli::api_error::ERRORS,
        keyfob::cli::run::operator::ERRORS,
        keyfob::fixture::fault_controls::ERRORS,
        keyfob::cli::run::declarations::ERRORS,
        keyfob::cli::run::remote_declarations::ERRORS,
        keyfob::declared::input::ERRORS,
        keyfob::declared::prepared::ERRORS,
        keyfob::fixture::journal_controls::ERRORS,
        keyfob::fixture::server::ERRORS,
        keyfob::fixture::snapshots::ERRORS,
        keyfob::fixture::world::ERRORS,
        keyfob::fixture::worlds::ERRORS,
    ];
    let lists = [ERROR_LISTS, of_others].concat();
    let tables = sources().iter().filter(|source| source.product().contains("errors! {")).count();
    assert_eq!(tables, lists.len(), "a table of errors is missing from this list");
    let mut names: Vec<String> =
        lists.iter().flat_map(|list| list.iter()).map(|error| format!("{}:{}", error.namespace, error.name)).collect();
    names.sort();
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
    assert!(twice.is_empty(), "defined twice: {twice:?}");
}

#[test]
fn a_problem_of_a_form_can_be_looked_for_in_the_journal() {
    let known: Vec<&str> = keyfob::fixture::journal::reasons::names().collect();
    let mut found = 0;
    for source in sources() {
        for problem in source.product().split("Problem::new(").skip(1) {
            let Some(name) = problem.lines().next().and_then(|line| line.split(", \"").nth(1)?.split('"').next()) else { continue };
            assert!(known.contains(&name), "`{name}` is missing from FORM_PROBLEMS");
            found += 1;
        }
    }
    assert!(found >= FORM_PROBLEMS.len(), "problems are missing");
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

/// Words that are pictures, or not what the field says: they don't come back.
const FORBIDDEN_WORDS: &[&str] = &[
    "door",
    "doors",
    "lane",
    "lanes",
    "gate",
    "ticket",
    "tickets",
    "town",
    "siege",
    "besieged",
    "dance",
    "visitor",
    "visitors",
    "farewell",
    "mourn",
    "noteworthy",
    "nought",
    "whoever",
    "nobody but",
    "can not",
    "good for nothing",
    "step aside",
    "of another world",
    "at most so many",
];

/// Texts in which such a word stays, each with its reason.
const ALLOWED_TEXTS: &[(&str, &str)] = &[
    ("can not be registered", "The Things Stack words it so"),
    ("organizations can not be nested", "The Things Stack words it so"),
    ("door-opener", "the ID of a client"),
    ("seqaccess, visitor", "serde calls it so"),
    ("impl<'de> visitor<'de>", "serde calls it so"),
];

/// Returns the forbidden words in a text, each with the number of its line.
fn forbidden_words(text: &str) -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = ALLOWED_TEXTS.iter().fold(line.to_lowercase(), |line, (allowed, _)| line.replace(allowed, ""));
        let line = line.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        let words = FORBIDDEN_WORDS.iter().filter(|word| format!(" {line} ").contains(&format!(" {word} ")));
        found.extend(words.map(|word| (number + 1, *word)));
    }
    found
}

#[test]
fn the_texts_use_the_words_of_the_field() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = ["ARCHITECTURE.md", "CHANGELOG.md", "README.md", "schema.sql"].map(|name| root.join(name)).to_vec();
    ["src", "tests", "benches", "fuzz/targets", "doc"].iter().for_each(|folder| files(&root.join(folder), &mut paths));
    let is_ours = |path: &Path| {
        // Other people's texts and packages, what was released, and this list.
        let not_ours = ["tests/golden", "tests/schemas", "doc/contract", "tests/it/tidy"];
        let is_fetched =
            path.components().any(|part| ["node_modules", "environment", "target"].iter().any(|name| part.as_os_str() == *name));
        !is_fetched && !not_ours.iter().any(|name| path.starts_with(root.join(name)) || path == root.join(name).with_extension("rs"))
    };
    let is_text = |path: &Path| path.extension().is_some_and(|extension| ["rs", "md", "sql", "js", "css"].iter().any(|e| extension == *e));
    let texts: Vec<_> = paths.iter().filter(|path| is_ours(path) && is_text(path)).collect();
    assert!(texts.len() > 300, "files are missing");
    for path in texts {
        let found = forbidden_words(&std::fs::read_to_string(path).expect("a file is read"));
        assert!(found.is_empty(), "{} has {found:?}", path.display());
    }
}

#[test]
fn a_forbidden_word_is_noticed_only_where_it_stands_alone() {
    let text = "An outdoor lantern, a Lane;\nthe ID can not be registered\nwho can not, fn besieged() and `their_gate`";
    assert_eq!(forbidden_words(text), [(1, "lane"), (3, "gate"), (3, "besieged"), (3, "can not")]);
}
