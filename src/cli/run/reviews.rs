//! The registration review: what waits, what the rules find, requests and answers.

use serde_json::{Value, json};

use crate::base::printable::printable;
use crate::cli::api_error::{ApiError, BLOCKED};
use crate::cli::args::nouns::CLIENT;
use crate::cli::args::values::{Format, Values, missing};
use crate::cli::failure::{Failure, UsageError};
use crate::cli::remote::http::{QueryPairs, Remote};
use crate::cli::run::entities::path;
use crate::cli::run::output;
use crate::cli::run::pages::{self, Pages};
use crate::cli::terminal::note;
use crate::http::request::Method::Post;

/// A table has a row for each finding.
const COLUMNS: &[&str] = &["client_ids.client_id", "state", "waits_for", "severity", "rule", "field", "seen"];

/// Lists the reviews of the clients that wait, worst first, or of all.
pub fn list(values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let query = if values.switch("all")? { QueryPairs::new() } else { vec![("waiting".to_owned(), "true".to_owned())] };
    let mut weights: [(&str, usize); 4] = [("blocks", 0), ("warns", 0), ("notes", 0), ("", 0)];
    let mut reviews = Vec::new();
    pages::each(&Pages::all("reviews", query), remote, |items| {
        for item in items {
            let worst = item["severity"].as_str().unwrap_or_default();
            weights.iter_mut().filter(|(name, _)| *name == worst).for_each(|(_, count)| *count += 1);
            reviews.extend(if values.format == Format::Table { rows(item) } else { vec![item.clone()] });
        }
        Ok(())
    })?;
    output::list(values, COLUMNS, &reviews)?;
    if values.format == Format::Table {
        let [blocks, warns, notes, none] = weights.map(|(_, count)| count);
        let judged = blocks + warns + notes + none;
        note(&format!("{judged} judged: {blocks} blocked, {warns} with warnings, {notes} with notes only, {none} without findings"));
    }
    Ok(())
}

/// Returns a row for each finding, or one that says that there is none.
fn rows(review: &Value) -> Vec<Value> {
    let with = |finding: &Value| {
        let mut row = json!({
            "client_ids": review["client_ids"], "state": short(&review["state"]), "waits_for": review["waits_for"], "severity": "none",
        });
        for name in ["severity", "rule", "field", "seen", "do"] {
            row[name] = finding.get(name).cloned().unwrap_or_else(|| row[name].take());
        }
        row
    };
    let findings = review["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
    if findings.is_empty() { vec![with(&json!({}))] } else { findings.iter().map(with).collect() }
}

fn short(state: &Value) -> String {
    state.as_str().unwrap_or_default().trim_start_matches("STATE_").to_lowercase()
}

pub fn show(values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let review = remote.read(&format!("{}/review", path(&CLIENT, values.needed("client-id")?)), &QueryPairs::new())?.body;
    print(values, review)
}

/// Tells what is judged, as it is: what an approval is about.
fn tell_shown(review: &Value) {
    for (name, value) in review["shown"].as_object().into_iter().flatten() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        note(&format!("{name}: {}", printable(&value)));
    }
}

fn tell_request(review: &Value) {
    let Some(request) = review.get("request") else { return };
    let (by, since) = (text(request, "account_id"), text(request, "asked_at"));
    match text(request, "text").as_str() {
        "" => note(&format!("waits since {since}, when {by} registered or changed it")),
        said => note(&format!("asked by {by} at {since}: {said}")),
    }
}

/// Returns a text on one line: nobody writes what looks like a line of ours.
fn text(of: &Value, name: &str) -> String {
    printable(of[name].as_str().unwrap_or_default())
}

/// Prints one review: a table of its findings, and what was asked and answered.
fn print(values: &Values, review: Value) -> Result<(), Failure> {
    if values.format != Format::Table {
        return output::object(values, &["client_ids.client_id"], &review);
    }
    output::list(values, &["client_ids.client_id", "state", "waits_for", "severity", "rule", "field", "seen", "do"], &rows(&review))?;
    tell_shown(&review);
    tell_request(&review);
    if let Some(answer) = review.get("answer") {
        let who = answer["account_id"].as_str().unwrap_or("the operator");
        note(&format!("{} by {who} at {}: {}", text(answer, "outcome"), text(answer, "judged_at"), text(answer, "reason")));
    }
    if review["stale"] == true {
        note("the last verdict is stale: the client or the rules have changed since");
    }
    if review["state"] == "STATE_REQUESTED" {
        let id = review.pointer("/client_ids/client_id").and_then(Value::as_str).unwrap_or_default();
        note(&format!("to approve just this: keyfob clients review approve {id} --seen {}", text(&review, "seen")));
    }
    Ok(())
}

/// Asks the administrators for a review.
pub fn request(values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let body = json!({"text": values.one("text").unwrap_or_default()});
    let review = remote.write(Post, &format!("{}/review", path(&CLIENT, values.needed("client-id")?)), Some(&body))?.body;
    print(values, review)
}

/// Answers the requests of these clients alike, one after the other. Those that are approved are as `--seen` says for each of them.
pub fn answer(answer: &str, values: &Values, remote: &mut Remote) -> Result<(), Failure> {
    let reason = values.one("reason").unwrap_or_default();
    values.needed("client-id")?;
    if reason.is_empty() && answer != "approve" {
        return Err(missing("reason").into());
    }
    let given = |name: &str| values.list(name).into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>();
    let (ids, seen) = (given("client-id"), given("seen"));
    if answer == "approve" && seen.len() != ids.len() {
        let text = "--seen is needed, for each client in their order: `keyfob clients review show` says it of what is read there";
        return Err(UsageError(text.to_owned()).into());
    }
    for (n, id) in ids.iter().enumerate() {
        let mut body = json!({"answer": answer, "reason": reason});
        if let Some(seen) = seen.get(n) {
            body["seen"] = seen.as_str().into();
        }
        if values.switch(DESPITE)? {
            body["despite_blocking"] = true.into();
        }
        print(values, remote.write(Post, &format!("{}/review/answer", path(&CLIENT, id)), Some(&body))?.body)?;
    }
    Ok(())
}

const DESPITE: &str = "despite-blocking";

/// Refuses to approve a client that findings block, without the flag that says so. A server without reviews finds nothing.
pub fn check_not_blocked(id: &str, values: &Values, remote: &Remote) -> Result<(), Failure> {
    if values.switch(DESPITE)? {
        return Ok(());
    }
    let review = match remote.read(&format!("{}/review", path(&CLIENT, id)), &QueryPairs::new()) {
        Ok(answer) => answer.body,
        Err(refusal) if refusal.status == Some(404) => return Ok(()),
        Err(refusal) => return Err(refusal.into()),
    };
    let blocking = review["findings"].as_array().into_iter().flatten().filter(|finding| finding["severity"] == "blocks");
    let rules: Vec<String> = blocking.map(|finding| text(finding, "rule")).collect();
    if rules.is_empty() {
        return Ok(());
    }
    Err(ApiError::from(BLOCKED.with("client_id", id).with("rules", rules.join(", "))).into())
}
