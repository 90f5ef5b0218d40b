//! The clients of `tests/review`, made up: good ones of many kinds, and hostile ones. Each has the findings that it should have, as a person judges
//! it. `KEYFOB_WRITE=1 cargo test --test it review_corpus` writes down what the rules find, so that a changed rule shows what it changes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use keyfob::model::protected_names::parse;
use keyfob::model::settings::{Approval, Settings};
use keyfob::review::rules::RULES;
use serde_json::{Value, json};

use crate::documents::is_writing;
use crate::server::Server;

/// Rules about what time does to a client, which other stories test.
const OF_REGISTERED: &[&str] =
    &["owner_gone", "contact_of_another", "contacts_gone", "never_used", "redirect_uri_works", "secret_kind", "unused_rights"];

/// Files whose clients are good: nothing found about them weighs more than a note.
const GOOD: &[&str] = &["good.json", "operator.json", "private.json", "unseen-good.json"];

/// A client of a good file that is not quite as it should be.
const NOT_QUITE: &[&str] = &["a short test without a sentence"];

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/review");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn sends(server: &Server, method: &str, target: &str, body: &Value) -> bool {
    let status = server.send("admin", method, target, &body.to_string()).status;
    assert!(matches!(status, 200 | 409), "{method} {target}: {status}");
    status == 200
}

/// Makes the owner as it is described, and returns it as the API names it.
fn has_owner(server: &Server, owner: &Value) -> Value {
    if let Some(id) = owner["user"].as_str() {
        has_user(server, id, owner);
        return json!({"user_ids": {"user_id": id}});
    }
    let id = text(owner, "organization");
    let founder = if owner["admin"] == true { "admin".to_owned() } else { format!("founder-of-{id}").chars().take(36).collect() };
    if founder != "admin" {
        has_user(server, &founder, &json!({"email": owner["email"]}));
    }
    let organization = json!({"organization": {"ids": {"organization_id": id}, "name": owner["name"]}});
    sends(server, "POST", &format!("/api/v3/users/{founder}/organizations"), &organization);
    json!({"organization_ids": {"organization_id": id}})
}

fn has_user(server: &Server, id: &str, owner: &Value) {
    let address = owner["email"].as_str().map_or_else(|| format!("{id}@mail.example"), str::to_owned);
    let validated = owner["email"].as_str().map(|_| "2026-01-01T00:00:00Z");
    let user = json!({"user": {
        "ids": {"user_id": id}, "name": owner["name"], "primary_email_address": address, "password": "Good-passw0rd",
        "admin": owner["admin"] == true, "primary_email_address_validated_at": validated, "state": "STATE_APPROVED",
    }});
    sends(server, "POST", "/api/v3/users", &user);
}

/// Returns what is found about a client, as `severity rule field`.
fn found(server: &Server, entry: &Value) -> Vec<String> {
    server.app.settings().protected_names.set(parse(text(entry, "protected")));
    let others = entry["others"].as_array().cloned().unwrap_or_default();
    for other in &others {
        has_owner(server, &json!({"organization": other["owner"]}));
        let client =
            json!({"client": {"ids": {"client_id": other["client_id"]}, "name": other["name"], "redirect_uris": other["redirect_uris"]}});
        assert!(sends(server, "POST", &format!("/api/v3/organizations/{}/clients", text(other, "owner")), &client));
    }
    let owner = has_owner(server, &entry["owner"]);
    let body = json!({"client": entry["client"], "collaborator": owner}).to_string();
    let answer = server.check("admin", "POST", "/api/v3/clients/check", &body, "200").json();
    for other in &others {
        for (method, end) in [("DELETE", ""), ("DELETE", "/purge")] {
            sends(server, method, &format!("/api/v3/clients/{}{end}", text(other, "client_id")), &Value::Null);
        }
    }
    let findings = answer["findings"].as_array().expect("findings");
    findings.iter().map(|finding| ["severity", "rule", "field"].map(|name| text(finding, name)).join(" ")).collect()
}

/// Writes clients as they are committed: a line for each member.
fn written(entries: &[Value]) -> String {
    let ascii = |value: &Value| {
        let escaped = |c: char| c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect::<String>();
        value.to_string().chars().map(|c| if c.is_ascii() { c.to_string() } else { escaped(c) }).collect::<String>()
    };
    let entry = |entry: &Value| {
        let members = entry.as_object().expect("an object").iter();
        let lines: Vec<String> = members.map(|(name, value)| format!("    \"{name}\": {}", ascii(value))).collect();
        format!("  {{\n{}\n  }}", lines.join(",\n"))
    };
    format!("[\n{}\n]\n", entries.iter().map(entry).collect::<Vec<_>>().join(",\n"))
}

#[test]
fn about_each_client_of_the_corpus_the_rules_find_what_a_person_would() {
    let server = Server::with(Settings { approval: Approval::Auto, ..Settings::default() });
    let (mut count, mut rules, mut wrong) = (0, BTreeSet::new(), Vec::new());
    for file in files() {
        let committed = std::fs::read_to_string(&file).expect("it is read");
        let mut entries: Vec<Value> = serde_json::from_str(&committed).expect("a list of clients");
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        for entry in &mut entries {
            let found = found(&server, entry);
            let about = format!("{name}: {}", text(entry, "about"));
            let is_good = GOOD.contains(&name) && !NOT_QUITE.contains(&text(entry, "about"));
            if is_good && found.iter().any(|finding| !finding.starts_with("notes ")) {
                wrong.push(format!("{about}: a good client, and {found:?}"));
            }
            if !is_writing() && json!(found) != entry["findings"] {
                wrong.push(format!("{about}: {found:?} instead of {}", entry["findings"]));
            }
            rules.extend(found.iter().filter_map(|finding| finding.split(' ').nth(1)).map(str::to_owned));
            entry["findings"] = json!(found);
            count += 1;
        }
        if is_writing() {
            std::fs::write(&file, written(&entries)).expect("it is written");
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(count >= 120, "only {count} clients");
    let never: Vec<&str> =
        RULES.iter().map(|rule| rule.name).filter(|name| !rules.contains(*name) && !OF_REGISTERED.contains(name)).collect();
    assert!(never.is_empty(), "no client of the corpus shows what these find: {never:?}");
}
