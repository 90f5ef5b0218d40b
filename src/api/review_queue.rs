//! Reviews of registered clients: what the rules find, requests for review, and the administrators' answers.

use serde_json::{Map, Value, json};

use crate::api::query::Query;
use crate::api::{body, names, reply};
use crate::base::error::Result;
use crate::base::validation::Invalid;
use crate::call::{Input, Work};
use crate::model::verdict::{ReviewRequest, Verdict};
use crate::registry::approval::ReviewAnswer;
use crate::registry::review_queue::{self, AnsweredClient, ClientReview};
use crate::review::finding::RuleFinding;
use crate::review::rules::RULE_SET;

/// What an answer may be.
pub const ANSWERS: [&str; 3] = ["approve", "reject", "ask"];

pub fn get<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let id = names::client(input).map_err(|inner| inner.inside("GetClientReviewRequest", "client_ids"))?;
    Ok(Box::new(move |call| Ok(reply::ok(&to_json(&review_queue::show(call.tx, call.settings, &id)?)))))
}

/// Lists the reviews of all clients; with `waiting=true` of those that wait, worst first.
pub fn list<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let query = Query::of(input)?;
    let page = query.page("ListClientReviewsRequest")?;
    let only_waiting = query.flag("waiting")?;
    Ok(Box::new(move |call| {
        let list = if only_waiting { review_queue::waiting } else { review_queue::all };
        reply::list(input, page, "reviews", list(call.tx, call.settings, page)?, to_json)
    }))
}

/// Reads `{"text":…}`: what the owner says to the administrators.
pub fn ask<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    let text = body::text(&body::object(input)?, "text")?.to_owned();
    let id = names::client(input).map_err(|inner| inner.inside("RequestClientReviewRequest", "client_ids"))?;
    Ok(Box::new(move |call| Ok(reply::ok(&to_json(&review_queue::ask(call.tx, call.by, call.settings, &id, &text)?)))))
}

/// Reads `{"answer":"reject","reason":…}`, and `seen` of the review that it is about: needed to approve, with `despite_blocking` if findings
/// block the client.
pub fn answer<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    const MESSAGE: &str = "AnswerClientReviewRequest";
    let request = body::object(input)?;
    let reason = body::text(&request, "reason")?.to_owned();
    let seen = body::text(&request, "seen")?.to_owned();
    let despite_blocking = body::flag(&request, "despite_blocking")?;
    let answer = match body::text(&request, "answer")? {
        "approve" if seen.is_empty() => {
            return Err(Invalid::new(MESSAGE, "seen", "value is required: that of the review that was read").into());
        }
        "approve" => ReviewAnswer::Approve(reason),
        "reject" | "ask" if despite_blocking => {
            return Err(Invalid::new(MESSAGE, "despite_blocking", "value must be false: only an approval is despite something").into());
        }
        "reject" | "ask" if reason.trim().is_empty() => {
            return Err(Invalid::new(MESSAGE, "reason", "value is required: those who asked are shown why, or what to change").into());
        }
        "reject" => ReviewAnswer::Reject(reason),
        "ask" => ReviewAnswer::AskForChanges(reason),
        _ => return Err(Invalid::new(MESSAGE, "answer", format!("value must be in list [{}]", ANSWERS.join(" "))).into()),
    };
    let id = names::client(input).map_err(|inner| inner.inside(MESSAGE, "client_ids"))?;
    let answered = AnsweredClient { id, seen, despite_blocking };
    Ok(Box::new(move |call| Ok(reply::ok(&to_json(&review_queue::answer(call.tx, call.by, call.settings, &answered, &answer)?)))))
}

/// Returns a review as the API writes it, without what there is none of.
fn to_json(review: &ClientReview) -> Value {
    let approval = review.approval.as_ref().map(|approval| {
        let mut said = answered(approval);
        said.insert("changes".to_owned(), changes(&approval.shown, &review.now.shown));
        said.into()
    });
    let mut members = Map::from_iter([
        ("client_ids".to_owned(), json!({"client_id": review.client.id.as_str()})),
        ("state".to_owned(), review.client.state.name().into()),
        ("rule_set".to_owned(), RULE_SET.into()),
        ("findings".to_owned(), review.now.findings.iter().map(RuleFinding::to_json).collect()),
        ("stale".to_owned(), review.is_stale().into()),
        ("shown".to_owned(), review.now.shown.clone().into()),
        ("seen".to_owned(), review.seen.as_str().into()),
    ]);
    let optional: [(&str, Option<Value>); 6] = [
        ("name", Some(review.client.name.as_str()).filter(|name| !name.is_empty()).map(Value::from)),
        ("severity", review.now.severity().map(|severity| severity.name().into())),
        ("waits_for", review.waits_for.map(|waits_for| waits_for.name().into())),
        ("request", review.request.as_ref().map(request)),
        ("verdict", review.newest.as_ref().map(|verdict| verdict_json(verdict, &review.changed()))),
        ("approval", approval),
    ];
    members.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    members.extend(review.answer.as_ref().map(|answer| ("answer".to_owned(), answered(answer).into())));
    members.into()
}

fn request(request: &ReviewRequest) -> Value {
    let mut said = json!({"asked_at": request.asked_at.to_string()});
    if let Some(account) = &request.account_id {
        said["account_id"] = account.as_str().into();
    }
    if !request.text.is_empty() {
        said["text"] = request.text.as_str().into();
    }
    said
}

/// Returns who judged when, and what came of it.
fn answered(verdict: &Verdict) -> Map<String, Value> {
    let mut said = Map::from_iter([
        ("outcome".to_owned(), verdict.outcome.name().into()),
        ("judge".to_owned(), verdict.judge.name().into()),
        ("judged_at".to_owned(), verdict.judged_at.to_string().into()),
        ("rule_set".to_owned(), verdict.rule_set.into()),
    ]);
    said.extend(verdict.account_id.as_ref().map(|account| ("account_id".to_owned(), account.as_str().into())));
    let texts = [("reason", &verdict.reason), ("request", &verdict.request)];
    said.extend(texts.into_iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| (name.to_owned(), text.as_str().into())));
    said
}

/// The same, with the findings, what was shown, and what of it has changed since.
fn verdict_json(verdict: &Verdict, changed: &[String]) -> Value {
    let mut said = answered(verdict);
    said.extend([
        ("findings".to_owned(), verdict.findings.clone().into()),
        ("shown".to_owned(), verdict.shown.clone().into()),
        ("changed".to_owned(), changed.into()),
    ]);
    said.into()
}

/// Returns the fields that differ, each as it was and as it is.
fn changes(before: &Map<String, Value>, now: &Map<String, Value>) -> Value {
    let differs = |(name, value): &(&String, &Value)| before.get(*name) != Some(*value);
    let both = |(name, value): (&String, &Value)| (name.clone(), json!({"was": before.get(name).unwrap_or(&Value::Null), "is": value}));
    now.iter().filter(differs).map(both).collect::<Map<_, _>>().into()
}
