//! Documents that are made from the tables, held against their committed copies. `KEYFOB_WRITE=1 cargo test documents` writes them anew.

use std::path::{Path, PathBuf};

use serde_json::Value;

use keyfob::base::right::{RIGHTS, Right};
use keyfob::cli::args::settings::{Setting, SettingKind};
use keyfob::cli::remote::connection::CONNECTION;
use keyfob::cli::serve::settings::SETTINGS;
use keyfob::fixture::controls::CONTROLS;
use keyfob::metrics::table::METRICS;
use keyfob::model::bounds::{BOUNDS, Beyond};
use keyfob::review::protected::BUILT_IN;
use keyfob::review::rules::{RULE_SET, RULES};
use keyfob::routes::{Guard, ROUTES};

/// Whether what is committed is to be written anew.
pub fn is_writing() -> bool {
    std::env::vars().any(|(name, value)| name == "KEYFOB_WRITE" && value == "1")
}

pub fn committed_equals(path: &str, made: &str) {
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    if is_writing() {
        std::fs::write(&path, made).expect("the copy is written");
    }
    let committed = std::fs::read_to_string(&path).expect("the copy is there");
    assert!(committed == made, "{path} is not what the tables say: run `KEYFOB_WRITE=1 cargo test documents` and look at the difference");
}

#[test]
fn the_committed_openapi_document_is_what_the_tables_say() {
    committed_equals("src/api/openapi.json", &keyfob::openapi::text());
}

#[test]
fn the_committed_schema_of_seeds_is_what_the_tables_say() {
    committed_equals("src/fixture/seed/schema.json", &keyfob::fixture::seed::schema::text());
}

#[test]
fn the_committed_help_and_manual_page_are_what_the_tables_say() {
    committed_equals("doc/help.txt", &keyfob::cli::docs::help::everything());
    committed_equals("doc/keyfob.1", &keyfob::cli::docs::man::text());
}

#[test]
fn the_server_sends_the_openapi_document() {
    let answer = crate::server::Server::start().check("anon", "GET", "/api/v3/openapi.json", "", "200");
    let sent: Value = answer.json();
    assert_eq!(sent, keyfob::openapi::document());
    assert_eq!(answer.header("Content-Type"), Some("application/json"));
}

#[test]
fn the_tables_of_the_documentation_are_what_the_tables_of_the_code_say() {
    blocks_equal("doc/settings.md", &[("settings", settings_table(SETTINGS)), ("connection", settings_table(CONNECTION))]);
    blocks_equal("doc/limits.md", &[("bounds", bounds_table())]);
    blocks_equal("doc/endpoints.md", &[("endpoints", endpoints_table())]);
    blocks_equal("doc/metrics.md", &[("metrics", metrics_table())]);
    blocks_equal("doc/rights.md", &[("rights", rights_table())]);
    blocks_equal("doc/review.md", &[("rules", rules_table()), ("protected-names", protected_names())]);
    blocks_equal("doc/fixture.md", &[("controls", controls_table())]);
}

pub fn blocks_equal(path: &str, blocks: &[(&str, String)]) {
    let text = std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).expect("the document is there");
    let made = blocks.iter().fold(text, |text, (name, block)| with_block(&text, name, block));
    committed_equals(path, &made);
}

#[test]
fn every_link_in_the_documentation_leads_somewhere() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let in_doc = std::fs::read_dir(root.join("doc")).expect("doc is there").map(|entry| entry.expect("an entry").path());
    let documents = in_doc.chain(["README.md", "ARCHITECTURE.md", "CHANGELOG.md"].map(|name| root.join(name)));
    let mut followed = 0;
    for document in documents.filter(|path| path.extension().is_some_and(|extension| extension == "md")) {
        let text = std::fs::read_to_string(&document).expect("a document is text");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).filter(|link| !link.contains("://")) {
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() { document.clone() } else { document.parent().expect("its folder").join(path) };
            let there = std::fs::read(&target).unwrap_or_else(|_| panic!("{}: nothing is at {link}", document.display()));
            let there = String::from_utf8_lossy(&there);
            let is_heading = |line: &str| line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-") == heading;
            assert!(
                heading.is_empty() || there.lines().filter(|line| line.starts_with('#')).any(is_heading),
                "{}: {link}",
                document.display()
            );
            followed += 1;
        }
    }
    assert!(followed > 15, "only {followed} links were found");
}

#[test]
fn every_page_of_the_documentation_is_linked_from_the_readme_or_another_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let entries = std::fs::read_dir(root.join("doc")).expect("doc is there").map(|entry| entry.expect("an entry").path());
    let pages: Vec<PathBuf> = entries.filter(|path| path.is_file()).collect();
    let of_text = |page: &Path| page.extension().is_some_and(|extension| extension == "md");
    let mut linked = Vec::new();
    for from in pages.iter().filter(|page| of_text(page)).chain([&root.join("README.md")]) {
        let text = std::fs::read_to_string(from).expect("a page is text");
        let links = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()).filter(|link| !link.is_empty());
        linked.extend(links.map(|link| from.parent().expect("its folder").join(link)).filter(|to| to != from));
    }
    let unlinked: Vec<&PathBuf> = pages.iter().filter(|page| of_text(page) && !linked.contains(page)).collect();
    assert!(pages.len() > 10 && unlinked.is_empty(), "nobody finds {unlinked:?}");
}

/// The text with what stands between `<!-- name` and `<!-- /name -->` replaced.
fn with_block(text: &str, name: &str, block: &str) -> String {
    let start = text.find(&format!("<!-- {name}:")).expect("the block begins");
    let start = start + text[start..].find("-->\n").expect("its first line ends") + 4;
    let end = text.find(&format!("<!-- /{name} -->")).expect("the block ends");
    format!("{}{block}{}", &text[..start], &text[end..])
}

fn settings_table(settings: &[Setting]) -> String {
    let mut table = "| Flag | Environment | Default | |\n|---|---|---|---|\n".to_owned();
    for setting in settings {
        let flag = match (setting.flag, setting.value) {
            ("", _) => String::new(),
            (flag, "") => format!("`{flag}`"),
            (flag, value) => format!("`{flag} {}`", value.replace('|', "\\|")),
        };
        let file = if setting.kind == SettingKind::Secret { format!(" or `{}_FILE`", setting.variable) } else { String::new() };
        table.push_str(&format!("| {flag} | `{}`{file} | {} | {} |\n", setting.variable, setting.default, setting.doc));
    }
    table
}

fn bounds_table() -> String {
    let mut table = "| At most | Of | Beyond it |\n|---|---|---|\n".to_owned();
    for bound in BOUNDS {
        let beyond = match bound.beyond {
            Beyond::Refused(remedy) => format!("refused: {remedy}"),
            Beyond::Replaces(what) | Beyond::Ends(what) | Beyond::Shortens(what) => what.to_owned(),
            Beyond::Delays(rest) => format!("429 `too_many_changes` until the next day, except for administrators; {rest}"),
            Beyond::Continues => "the page ends early, and the headers `Link` and `X-Warning` say where it goes on".to_owned(),
        };
        table.push_str(&format!("| {} {} | {} | {beyond} |\n", bound.most, bound.name, bound.of));
    }
    table
}

fn metrics_table() -> String {
    let mut table = "| Metric | Type | Labels | |\n|---|---|---|---|\n".to_owned();
    for metric in METRICS {
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        table.push_str(&format!("| `{}` | {} | {} | {} |\n", metric.name, metric.kind.name(), labels.join(", "), metric.help));
    }
    table
}

fn controls_table() -> String {
    let named = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let mut table = "| Request | Parameters or members | |\n|---|---|---|\n".to_owned();
    for control in CONTROLS {
        let taken = named(&[control.query, control.members].concat());
        table.push_str(&format!("| `{} {}` | {taken} | {} |\n", control.method.name(), control.path, control.doc));
    }
    table
}

fn rights_table() -> String {
    let mut table = "| Right | Number | With it, a client, a key or a collaborator may |\n|---|---|---|\n".to_owned();
    for right in RIGHTS.iter().filter(|right| **right != Right::Invalid) {
        table.push_str(&format!("| `{}` | {} | {} |\n", right.name(), *right as u8, right.words()));
    }
    table
}

fn rules_table() -> String {
    let mut table = format!("Rule set {RULE_SET}.\n\n| Rule | Severity | Finds | Why |\n|---|---|---|---|\n");
    for rule in RULES {
        table.push_str(&format!("| `{}` | {} | {} | {} |\n", rule.name, rule.severity.name(), rule.finds, rule.why));
    }
    table
}

fn protected_names() -> String {
    let names: Vec<&str> = BUILT_IN.iter().map(|name| name.name.as_str()).collect();
    format!("{}.\n", names.join(", "))
}

fn endpoints_table() -> String {
    let mut table = "| Request | Who | |\n|---|---|---|\n".to_owned();
    // The pages of the Console are for people, who find them by its menu.
    for route in ROUTES.iter().filter(|route| !matches!(route.guard, Guard::Console(_))) {
        let who = match route.guard {
            Guard::Open | Guard::Anyone | Guard::RightsReader | Guard::Browser | Guard::Password | Guard::SignIn => "anyone".to_owned(),
            Guard::Registration => "an administrator; with `--user-registration open` anyone".to_owned(),
            Guard::SignedInBrowser | Guard::Console(_) => "signed in in a browser".to_owned(),
            Guard::Client => "a client".to_owned(),
            Guard::HoldsOrIsToken(right) => format!("`{}`, or a token of this client", right.name()),
            Guard::SignedIn => "signed in".to_owned(),
            Guard::Account(_) => "a user or an organization".to_owned(),
            Guard::Admin(_) | Guard::Purge(_) => "an administrator".to_owned(),
            Guard::Holds(right) | Guard::HoldsToList(right) | Guard::HoldsEvenDeleted(right) => format!("`{}`", right.name()),
        };
        table.push_str(&format!("| `{} {}` | {who} | {} |\n", route.method.name(), route.path, route.doc));
    }
    table
}
