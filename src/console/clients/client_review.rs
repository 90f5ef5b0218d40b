//! The review of one client: what the rules find, what was asked and answered, and asking.

use maud::{Markup, html};
use serde_json::{Map, Value};

use crate::base::error::{Error, Result};
use crate::base::right::Right;
use crate::call::{Call, Input, LongWork, Work};
use crate::console::clients::form::field_label;
use crate::console::clients::page::{ClientPage, ClientTab};
use crate::console::form::fields::{Fields, Label, label};
use crate::console::form::findings;
use crate::console::form::problem::{Problem, Refused};
use crate::console::form::saving::{in_words, save};
use crate::console::page::layout::{after, age};
use crate::console::page::paths;
use crate::http::reply::Reply;
use crate::model::choice::State;
use crate::model::client::Client;
use crate::model::settings::Approval;
use crate::model::verdict::{Judge, Outcome, ReviewRequest, Verdict};
use crate::page::message;
use crate::page::times::{exact, timestamp};
use crate::registry::approval::BLOCKING_FINDINGS;
use crate::registry::review_queue::{self, ClientReview, WaitsFor};

const TEXT: Label =
    label("text", "What the administrators should know", "What it is for, why it needs what it asks for, or what you changed; optional.");

pub fn page<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
    Ok(Box::new(move |call| shown(call, input, &Fields::default())))
}

/// Asks the administrators for a review.
pub fn ask<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
    let id = paths::client(input)?;
    let draw = |call: &Call<'_>, fields: &Fields| shown(call, input, fields);
    save(input, draw, move |transactions, form| {
        transactions.write(|call| review_queue::ask(call.tx, call.by, call.settings, &id, form.one(TEXT.name)))?;
        Ok(after(&format!("/console/clients/{id}/review"), "review-requested"))
    })
}

fn shown(call: &Call<'_>, input: &Input<'_>, fields: &Fields) -> Result<Reply> {
    let page = ClientPage::of(call, input)?;
    let review = review_queue::show(call.tx, call.settings, &page.client.id)?;
    let may_ask = page.rights.has(Right::ClientSettingsBasic) && matches!(page.client.state, State::Requested | State::Rejected);
    let content = html! {
        (fields.summary())
        (standing(&review, ReviewReader::of(call)))
        @if let Some(request) = &review.request { (asked(request, call)) }
        section {
            h2 { "What the rules find" }
            @if review.now.findings.is_empty() { p .quiet data-message="no-findings" { "Nothing." } }
            (findings::all(&review.now.findings, field_label))
        }
        @if let Some(approval) = &review.approval { (since_approval(approval, &review)) }
        @if let Some(verdict) = &review.newest { (last_verdict(verdict, &review)) }
        @if may_ask {
            section {
                h2 { @if review.request.is_some() { "Say more" } @else { "Ask for a review" } }
                (page.layout.form(&page.path(ClientTab::Review), &html! {
                    (fields.area(TEXT))
                    div .submit { button .main { "Ask for a review" } }
                }))
            }
        }
        @if call.by.is_admin && page.client.state == State::Requested { p { a href="/console/review" { "Answer it in the review queue" } } }
    };
    Ok(page.show(fields.status(), ClientTab::Review, &content))
}

/// The box with which a client is approved although something blocks it.
pub const DESPITE: &str = "despite";

/// Draws that box under a name of its own.
pub fn despite(name: &str, fields: &Fields) -> Markup {
    html! {
        label .tick {
            input type="checkbox" id=(name) name=(name) value="true" checked[fields.values.has(name)];
            span { "Approve it although something blocks it; its activity will say so" }
        }
        (fields.problem_at(name))
    }
}

/// Returns a refusal; that of a client that is blocked stands beside its box.
pub fn refused(error: Error, named: impl FnOnce(&str) -> String) -> Refused {
    match &error {
        Error::Named(refusal) if refusal.definition == &BLOCKING_FINDINGS => {
            let id = refusal.attributes.get("client_id").and_then(|id| id.as_str()).unwrap_or_default();
            let text = format!("What the rules find blocks “{id}”. Tick the box to approve it all the same.");
            Problem::new(&named(id), BLOCKING_FINDINGS.name, text).into()
        }
        _ => Refused::from(error),
    }
}

/// To whom a page tells what a client waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewReader {
    /// Who can change the client, and ask.
    Owner,
    Administrator,
}

impl ReviewReader {
    fn of(call: &Call<'_>) -> ReviewReader {
        if call.by.is_admin { ReviewReader::Administrator } else { ReviewReader::Owner }
    }
}

/// Draws what makes a client wait for an administrator, if it does.
pub fn why_it_waits(call: &Call<'_>, client: &Client) -> Result<Markup> {
    if client.state != State::Requested {
        return Ok(html! {});
    }
    if call.settings.approval != Approval::Review {
        return Ok(html! { p { "An administrator looks at every new client here." } });
    }
    let review = review_queue::show(call.tx, call.settings, &client.id)?;
    let reasons = review.now.reasons(call.settings, client, review.approval.as_ref());
    Ok(html! {
        p { "An administrator has to look at this first. Change it, and the client may need nobody's approval." }
        (findings::all(&reasons.findings, field_label))
        @if !reasons.rights.is_empty() { p { "Rights: " (reasons.rights.names().join(", ")) } }
    })
}

/// Draws what the client waits for, and an administrator's answer.
pub fn standing(review: &ClientReview, reader: ReviewReader) -> Markup {
    let answer = review.answer.as_ref().filter(|answer| matches!(answer.outcome, Outcome::Rejected | Outcome::ChangesRequested));
    html! {
        @match (review.waits_for, review.client.state, reader) {
            (Some(WaitsFor::Owner), _, ReviewReader::Owner) => (message::warning("waits-for-owner", "An administrator asked for changes. Make them, and ask again.")),
            (Some(WaitsFor::Owner), _, ReviewReader::Administrator) => (message::note("waits-for-owner", "It waits for its owner, who was told what to change.")),
            (Some(WaitsFor::Administrator), ..) => (message::note("waits-for-administrator", "It waits for an administrator.")),
            (None, State::Rejected, ReviewReader::Owner) => (message::warning("rejected-review", "It was rejected. You can change what the reason names, and ask again.")),
            (None, State::Rejected, ReviewReader::Administrator) => (message::warning("rejected-review", "It was rejected. Its owner can ask again.")),
            (None, ..) => {}
        }
        @if let Some(answer) = answer.filter(|_| review.client.state != State::Approved) {
            blockquote data-message="answer" { p .description { (answer.reason) } p .quiet { (judge(answer)) ", " (timestamp(answer.judged_at)) } }
        }
    }
}

/// Draws the request that waits, with how old it is.
pub fn asked(request: &ReviewRequest, call: &Call<'_>) -> Markup {
    html! {
        p .quiet data-message="asked" {
            // Nobody has asked who only registered or changed it.
            @if request.text.is_empty() { "Request of " }
            @else { "Asked " @if let Some(account) = &request.account_id { "by " strong { (account) } " " } }
            (exact(request.asked_at)) ", " (age(request.asked_at, call.tx.now))
        }
        @if !request.text.is_empty() { blockquote { p .description { (request.text) } } }
    }
}

/// Draws what changed since the newest approval.
pub fn since_approval(approval: &Verdict, review: &ClientReview) -> Markup {
    let changed = review.now.changed_since(&approval.shown);
    html! {
        @if !changed.is_empty() {
            div data-message="changed-since-approval" {
                p { strong { "What changed since it was approved" } span .quiet { " by " (judge(approval)) ", " (timestamp(approval.judged_at)) } }
                (differences(&changed, &approval.shown, &review.now.shown))
            }
        }
    }
}

fn differences(names: &[String], before: &Map<String, Value>, now: &Map<String, Value>) -> Markup {
    html! {
        dl .changes {
            @for name in names {
                @let (was, is) = (in_words(before.get(name)), in_words(now.get(name)));
                dt { (field_label(name)) }
                dd { @if !was.is_empty() { del { (was) } " " } @if !is.is_empty() { ins { (is) } } }
            }
        }
    }
}

fn last_verdict(verdict: &Verdict, review: &ClientReview) -> Markup {
    let outcome = match verdict.outcome {
        Outcome::Judged if review.waits_for.is_none() => "Judged again, by newer rules or after a change",
        Outcome::Judged => "Judged by the rules, answered by nobody yet",
        Outcome::Approved => "Approved",
        Outcome::Rejected => "Rejected",
        Outcome::ChangesRequested => "Changes asked for",
    };
    html! {
        section {
            h2 { "Last verdict" }
            dl .facts {
                dt { "Outcome" } dd { (outcome) }
                dt { "By" } dd { (judge(verdict)) ", " (timestamp(verdict.judged_at)) }
                dt { "Rules" } dd { "version " (verdict.rule_set) }
                @if !verdict.reason.is_empty() { dt { "Reason" } dd .description { (verdict.reason) } }
            }
            @if review.is_stale() {
                (message::note("stale-verdict", html! {
                    @let changed: Vec<String> = review.changed().iter().map(|name| field_label(name)).collect();
                    @if changed.is_empty() { "This verdict is stale: the rules now find something else than they did then." }
                    @else { "This verdict is stale. Changed since then: " (changed.join(", ")) "." }
                }))
            }
        }
    }
}

fn judge(verdict: &Verdict) -> Markup {
    html! {
        @match (verdict.judge, &verdict.account_id) {
            (Judge::Rules, _) => "the rules",
            (Judge::Operator, _) => "the operator",
            (Judge::Account, Some(account)) => strong { (account) },
            (Judge::Account, None) => "an administrator",
        }
    }
}
