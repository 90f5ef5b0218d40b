//! Answers of a real The Things Stack, step by step: `tests/golden` holds what was asked and what it said.
//!
//! A step is equal when status, counted headers, location and body are, the order of keys included. What changes from
//! run to run is written alike on both sides first.

use std::collections::HashMap;

use serde_json::{Map, Value};

use keyfob::base::uri::form_encoded;
use keyfob::model::settings::{AdminRights, Approval, Settings};

use crate::server::{ADMIN_KEY, Answer, Jar, Server};

/// A story, the numbers of some of its steps, and why keyfob answers otherwise there.
type Deliberate = (&'static str, &'static [usize], &'static str);

/// Steps in which keyfob answers better than equally. At most a dozen: three of them warn of what is unsafe or keep it once.
const BETTER: &[Deliberate] = &[
    (
        "http-1-bodies-queries-paths-methods",
        &[42, 48, 50, 51, 52, 53, 57, 59],
        "two clients are missing from these lists: keyfob refuses a name that is no text (a lone surrogate) and a grant that is no whole \
         number, instead of changing them",
    ),
    (
        "clients-3-update",
        &[85],
        "a collaborator changes an endorsed client: keyfob warns that this ends the endorsement and the approval, and The Things Stack ends neither",
    ),
    ("clients-1-create-every-field-and-its-limits", &[42], "a repeated right is kept once, so that no list grows beyond what it can say"),
    ("clients-1-create-every-field-and-its-limits", &[51], "keyfob warns of a client secret that is one character repeated"),
];

/// Steps in which The Things Stack lets somebody in, or tells somebody something, whom keyfob refuses or warns. As many as there are: each is in
/// doc/differences.md.
const SAFER: &[Deliberate] = &[
    (
        "authentication-headers-tokens-auth-info-configuration",
        &[52, 53, 54, 58],
        "an administrator's key is an administrator's only with RIGHT_ALL",
    ),
    ("clients-1-create-every-field-and-its-limits", &[39, 40, 41], "keyfob warns of a redirect URI that can never work"),
    ("users-accounts-passwords-keys", &[66, 67, 68, 69, 70, 71, 72], "a suspended user's key opens nothing at all"),
];

fn is_deliberate(file: &str, number: usize) -> bool {
    BETTER.iter().chain(SAFER).any(|(story, steps, _)| *story == file && steps.contains(&number))
}

#[test]
fn at_most_a_dozen_answers_are_better_than_equal() {
    assert!(BETTER.iter().map(|(_, steps, _)| steps.len()).sum::<usize>() <= 12);
}

#[test]
fn answers_equal_those_of_a_real_server() {
    let mut differing = 0;
    for (file, story) in stories() {
        let mut play = Play::start(&story);
        let (mut equal, mut different, mut skipped) = (0, 0, 0);
        for (number, step) in story["steps"].as_array().expect("steps").iter().enumerate() {
            let got = play.step(step);
            if step.get("differs").is_some() {
                skipped += 1;
                continue;
            }
            match first_difference(&step["answer"], &got, "").or_else(|| key_order_differs(step, &got)) {
                None => equal += 1,
                Some(_) if is_deliberate(&file, number) => skipped += 1,
                Some(difference) => {
                    different += 1;
                    let (name, method, path) = (text(&step["name"]), text(&step["method"]), text(&step["path"]));
                    println!("{file}, step {number}, {name}: {method} {path}\n    {difference}");
                }
            }
        }
        println!("{equal:4} equal, {different:3} different, {skipped:3} skipped   {file}");
        differing += different;
    }
    assert_eq!(differing, 0, "answers differ from those of a real server");
}

fn stories() -> Vec<(String, Value)> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let mut stories: Vec<(String, Value)> = std::fs::read_dir(directory)
        .expect("the stories are there")
        .map(|entry| entry.expect("a story").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let story = std::fs::read(&path).expect("a story is read");
            (path.file_stem().expect("a name").to_string_lossy().into_owned(), serde_json::from_slice(&story).expect("a story is JSON"))
        })
        .collect();
    stories.sort_by(|one, other| one.0.cmp(&other.0));
    assert!(stories.len() >= 14, "stories are missing");
    stories
}

/// One story under way.
struct Play {
    server: Server,
    /// What earlier answers held, by the names that later steps use, in the order they were saved.
    saved: Vec<(String, String)>,
    /// Cookies, by the names of the browsers that keep them.
    jars: HashMap<String, Jar>,
}

impl Play {
    fn start(story: &Value) -> Play {
        let approval = if story["approval"] == "manual" { Approval::Manual } else { Approval::Auto };
        let admin_rights = if story["admin_rights"] == "all" { AdminRights::All } else { AdminRights::Standard };
        Play { server: Server::with(Settings { approval, admin_rights, ..Settings::default() }), saved: Vec::new(), jars: HashMap::new() }
    }

    fn step(&mut self, step: &Value) -> Value {
        let mut headers: Vec<(String, String)> = Vec::new();
        for (name, value) in step.get("headers").and_then(Value::as_object).into_iter().flatten() {
            headers.push((name.clone(), self.fill(text(value)).trim_end().to_owned()));
        }
        let bearer = match step.get("as").and_then(Value::as_str) {
            None | Some("anon") => None,
            Some("admin") => Some(ADMIN_KEY.to_owned()),
            Some(name) => Some(self.saved(name).unwrap_or("missing").to_owned()),
        };
        let bearer = bearer.map(|token| format!("Bearer {token}"));
        let jar = step.get("jar").map(text);
        if let Some(cookies) = jar.and_then(|jar| self.jars.get(jar)).and_then(Jar::header) {
            headers.push(("Cookie".to_owned(), cookies));
        }
        let (body, media_type) = match (step.get("form"), step.get("body"), step.get("raw")) {
            (Some(form), _, _) => (self.form(form), "application/x-www-form-urlencoded"),
            (None, Some(body), _) => (self.fill(&body.to_string()), "application/json"),
            (None, None, Some(raw)) => (self.fill(text(raw)), "application/json"),
            (None, None, None) => (String::new(), ""),
        };
        if !media_type.is_empty() {
            headers.push(("Content-Type".to_owned(), media_type.to_owned()));
        }
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let target = self.fill(text(&step["path"]));
        let answer = self.server.send_with(bearer.as_deref(), &headers, text(&step["method"]), &target, body.as_bytes());
        if let Some(jar) = jar {
            self.jars.entry(jar.to_owned()).or_default().keep(&answer);
        }
        for (name, place) in step.get("save").and_then(Value::as_object).into_iter().flatten() {
            let value = match text(place).strip_prefix('?') {
                Some(parameter) => answer.location_parameter(parameter),
                None => answer.json().pointer(text(place)).and_then(Value::as_str).map(str::to_owned),
            };
            if let Some(value) = value {
                self.saved.retain(|(n, _)| n != name);
                self.saved.push((name.clone(), value));
            }
        }
        self.describe(step, &answer)
    }

    /// The answer in the form of the stories.
    fn describe(&self, step: &Value, answer: &Answer) -> Value {
        let mut described = Map::from_iter([("status".to_owned(), answer.status.into())]);
        let mut headers = Map::new();
        if let Some(total) = answer.header("X-Total-Count") {
            headers.insert("X-Total-Count".to_owned(), total.into());
        }
        let warnings: Vec<&str> = answer.headers.iter().filter(|(name, _)| *name == "X-Warning").map(|(_, value)| &**value).collect();
        if !warnings.is_empty() {
            headers.insert("X-Warning".to_owned(), warnings.into());
        }
        if !headers.is_empty() {
            described.insert("headers".to_owned(), headers.into());
        }
        if let Some(location) = answer.header("Location") {
            described.insert("location".to_owned(), self.write_alike(location.into()));
        }
        let media_type = answer.header("Content-Type").map(|value| value.split(';').next().unwrap_or_default());
        if media_type == Some("application/json") {
            let mut json = self.write_alike(answer.json());
            let path = text(&step["path"]).split('?').next().unwrap_or_default();
            if path.ends_with("/rights") || path.ends_with("/auth_info") {
                json = sort_rights(json);
            }
            if json.get("code").is_some() && json.get("details").is_none() {
                json["message"] = "*any".into();
            }
            described.insert("json".to_owned(), json);
        } else if let Some(media_type) = media_type {
            described.insert("type".to_owned(), media_type.into());
        }
        described.into()
    }

    fn form(&self, form: &Value) -> String {
        let pairs = form.as_object().expect("a form is an object").iter();
        let encoded = pairs.map(|(name, value)| format!("{name}={}", form_encoded(self.fill(text(value)).as_bytes())));
        encoded.collect::<Vec<_>>().join("&")
    }

    fn saved(&self, name: &str) -> Option<&str> {
        self.saved.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Puts saved values in the place of `${name}`.
    fn fill(&self, text: &str) -> String {
        self.saved.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{{name}}}"), value))
    }

    /// What changes from run to run becomes a word that does not.
    fn write_alike(&self, value: Value) -> Value {
        match value {
            Value::Object(object) => object
                .into_iter()
                .map(|(key, value)| {
                    let value = if key == "missing" { sorted(value) } else { value };
                    (key, self.write_alike(value))
                })
                .collect::<Map<_, _>>()
                .into(),
            Value::Array(items) => items.into_iter().map(|item| self.write_alike(item)).collect(),
            Value::String(text) => {
                let named = self
                    .saved
                    .iter()
                    .filter(|(_, value)| value.len() > 20)
                    .fold(text, |text, (name, value)| text.replace(value.as_str(), &format!("${{{name}}}")));
                words_alike(&named).into()
            }
            other => other,
        }
    }
}

/// Tokens, secrets, IDs and times, also inside texts.
fn words_alike(text: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let word_end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        if word_end > 0 {
            out.push_str(&word_alike(&rest[..word_end]));
            rest = &rest[word_end..];
        }
        let gap_end = rest.find(is_word).unwrap_or(rest.len());
        out.push_str(&rest[..gap_end]);
        rest = &rest[gap_end..];
    }
    out
}

fn word_alike(word: &str) -> String {
    let base32 = |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_uppercase() || (b'2'..=b'7').contains(&b));
    let hex = |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let parts: Vec<&str> = word.split('.').collect();
    let is_token = parts.len() == 3 && ["NNSXS", "MFRWG", "OJSWM", "MF2XI", "ONZW4"].contains(&parts[0]) && base32(parts[2], 52);
    let is_time = word.starts_with("202") && word.ends_with('Z') && word.get(10..11) == Some("T");
    let dashed: Vec<usize> = word.split('-').filter(|part| hex(part, part.len())).map(str::len).collect();
    match () {
        () if is_token => "*token".to_owned(),
        () if base32(word, 52) => "*secret".to_owned(),
        () if base32(word, 39) => "*id".to_owned(),
        () if dashed == [8, 4, 4, 4, 12] => "*uuid".to_owned(),
        () if is_time => "*time".to_owned(),
        // Requests of stories are counted; those of the real server have IDs in hexadecimal.
        () if hex(word, 32) || word.starts_with("request-") => "*hex".to_owned(),
        () => word.to_owned(),
    }
}

fn sort_rights(value: Value) -> Value {
    match value {
        Value::Object(object) => object
            .into_iter()
            .map(|(key, value)| {
                if matches!(key.as_str(), "rights" | "missing") && value.is_array() {
                    (key, sorted(value))
                } else {
                    (key, sort_rights(value))
                }
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.into_iter().map(sort_rights).collect(),
        other => other,
    }
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Array(mut items) => {
            items.sort_by_key(|item| item.as_str().map(str::to_owned));
            items.into()
        }
        other => other,
    }
}

/// The first place where what came is not what was wanted.
fn first_difference(wanted: &Value, got: &Value, at: &str) -> Option<String> {
    match (wanted, got) {
        (Value::String(any), _) if any == "*any" => None,
        (Value::Object(wanted), Value::Object(got)) => {
            for (key, value) in wanted {
                let place = format!("{at}/{key}");
                match got.get(key) {
                    None => return Some(format!("{place}: missing, wanted {value}")),
                    Some(got) => {
                        if let Some(difference) = first_difference(value, got, &place) {
                            return Some(difference);
                        }
                    }
                }
            }
            got.iter().find(|(key, _)| !wanted.contains_key(*key)).map(|(key, value)| format!("{at}/{key}: not wanted: {value}"))
        }
        (Value::Array(wanted), Value::Array(got)) if wanted.len() == got.len() => {
            wanted.iter().zip(got).enumerate().find_map(|(n, (wanted, got))| first_difference(wanted, got, &format!("{at}/{n}")))
        }
        _ if wanted == got => None,
        _ => Some(format!("{}: wanted {wanted}, got {got}", if at.is_empty() { "/" } else { at })),
    }
}

/// The order of keys counts in the API, except inside `attributes`.
fn key_order_differs(step: &Value, got: &Value) -> Option<String> {
    fn keys(value: &Value) -> Value {
        match value {
            Value::Object(object) => object
                .iter()
                .map(|(key, value)| Value::from(vec![key.as_str().into(), if key == "attributes" { Value::Null } else { keys(value) }]))
                .collect(),
            Value::Array(items) => items.iter().map(keys).collect(),
            _ => Value::Null,
        }
    }
    let json = got.get("json")?;
    let ordered = !text(&step["path"]).starts_with("/api/") || keys(&step["answer"]["json"]) == keys(json);
    (!ordered).then(|| "the order of keys".to_owned())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
