//! `keyfob clients check` and `keyfob explain`: what the registration review would say, and by which rules.

use serde_json::{Map, Value, json};

use crate::base::suggestion::nearest;
use crate::cli::args::nouns::CLIENT;
use crate::cli::args::standard_input::{self, InputEntity};
use crate::cli::args::values::{Format, Values};
use crate::cli::failure::{Failure, UsageError};
use crate::cli::remote::http::{QueryPairs, Remote, account_json};
use crate::cli::run::entities::{path, prepare};
use crate::cli::run::output::{self, List};
use crate::cli::terminal::{note, print};
use crate::http::request::Method::Post;
use crate::review::finding::Severity;
use crate::review::rules::RULES;

/// What a table shows of each finding.
const COLUMNS: &[&str] = &["severity", "rule", "field", "seen", "do"];

/// Judges a client that exists, with the changes of flags if there are any, or one to be registered; or several of standard input. The exit
/// code is that of the worst finding.
pub fn check(values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let flags = CLIENT.sent(values)?;
    let named = CLIENT.other_account(values)?;
    let mut answers = Vec::new();
    for InputEntity { mut fields, owner } in standard_input::entities(&CLIENT, values)? {
        let existing = values.one("client-id").filter(|_| fields.is_empty()).map(|id| exists(id, &flags, remote)).transpose()?;
        if existing == Some(true) {
            fields = flags.clone();
            fields.insert("ids".to_owned(), json!({"client_id": values.needed("client-id")?}));
        } else {
            prepare(&CLIENT, values, &flags, &mut fields)?;
        }
        let mut body = json!({"client": fields});
        if let Some((kind, id)) = named.clone().or(owner) {
            body["collaborator"] = account_json(kind, &id);
        }
        let mut answer = remote.write(Post, "clients/check", Some(&body))?.body;
        if let (Some(answer), Some(ids)) = (answer.as_object_mut(), body.pointer("/client/ids")) {
            answer.insert("ids".to_owned(), ids.clone());
        }
        answers.push(answer);
    }
    show(values, &answers)?;
    match answers.iter().flat_map(findings).filter_map(|finding| code(finding.get("severity")?.as_str()?)).max() {
        None => Ok(()),
        Some(code) => Err(Failure::Problems(code)),
    }
}

/// Returns whether there is a client of this ID; refused unless flags say what a new one would be.
fn exists(id: &str, flags: &Map<String, Value>, remote: &Remote) -> Result<bool, Failure> {
    match remote.read(&path(&CLIENT, id), &QueryPairs::new()) {
        Ok(_) => Ok(true),
        Err(refusal) if refusal.status == Some(404) && !flags.is_empty() => Ok(false),
        Err(refusal) => Err(refusal.into()),
    }
}

fn findings(answer: &Value) -> impl Iterator<Item = &Value> {
    answer.get("findings").and_then(Value::as_array).into_iter().flatten()
}

/// Returns the exit code of a finding; none for what need not be changed.
fn code(severity: &str) -> Option<u8> {
    const WARNED: u8 = 3;
    const BLOCKED: u8 = 4;
    [(Severity::Warns, WARNED), (Severity::Blocks, BLOCKED)].into_iter().find(|(known, _)| known.name() == severity).map(|(_, code)| code)
}

fn show(values: &Values, answers: &[Value]) -> Result<(), Failure> {
    if values.format == Format::Json {
        let all = if let [answer] = answers { answer.clone() } else { Value::from(answers) };
        return print(&(output::json_text(&all) + "\n"));
    }
    let columns: Vec<&str> = (answers.len() > 1).then_some("ids.client_id").into_iter().chain(COLUMNS.iter().copied()).collect();
    let columns = if let Format::Path(path) = &values.format { vec![path.as_str()] } else { columns };
    let mut list = List::begin(&values.format, &columns);
    for answer in answers {
        let with_ids = |finding: &Value| {
            let mut finding = finding.clone();
            finding["ids"] = answer["ids"].clone();
            finding
        };
        list.add(&findings(answer).map(with_ids).collect::<Vec<_>>())?;
        let id = answer.pointer("/ids/client_id").and_then(Value::as_str).unwrap_or_default();
        match answer.get("would_be").and_then(Value::as_str) {
            Some("approved") => note(&format!("`{id}` would be approved at once")),
            Some(_) | None => note(&format!("`{id}` would wait for an administrator")),
        }
    }
    list.end()
}

/// Returns the rules in a list, or one of them in full.
pub fn explanation(values: &Values) -> Result<String, UsageError> {
    let Some(name) = values.one("rule") else {
        let width = RULES.iter().map(|rule| rule.name.len()).max().unwrap_or_default();
        let line = |severity: Severity| {
            let rules = RULES.iter().filter(move |rule| rule.severity == severity);
            rules.map(move |rule| format!("{:6}  {:width$}  {}\n", severity.name(), rule.name, rule.finds))
        };
        return Ok(Severity::WORST_FIRST.into_iter().flat_map(line).collect());
    };
    let wanted = name.replace('-', "_");
    let Some(rule) = RULES.iter().find(|rule| rule.name == wanted) else {
        let near = nearest(&wanted, RULES.iter().map(|rule| rule.name)).map_or(":".to_owned(), |near| format!(", did you mean `{near}`?"));
        return Err(UsageError(format!("there is no rule of this name{near} `keyfob explain` lists them all")));
    };
    let (name, severity) = (rule.name, rule.severity.name());
    Ok(format!("{name} ({severity})\n\nFinds:      {}\nWhy:        {}\nGuideline:  {}\n", rule.finds, rule.why, rule.guideline))
}
