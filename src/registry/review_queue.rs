//! Requests for review, and the administrators' answers to them.

use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::base::error::{Result, errors};
use crate::base::id::ClientId;
use crate::base::page::{Page, Reading};
use crate::model::bounds::{MEMBERS, REVIEW_REQUESTS};
use crate::model::choice::State;
use crate::model::client::{Client, FIELDS, LONGEST_STATE_DESCRIPTION};
use crate::model::event::Action;
use crate::model::settings::Settings;
use crate::model::shape::Shape;
use crate::model::value;
use crate::model::verdict::{LONGEST_TEXT, Outcome, ReviewRequest, Verdict};
use crate::registry::approval::{self, APPROVAL_REQUIRED, CLIENT_ANSWERED, CLIENT_CHANGED, ReviewAnswer};
use crate::registry::entity::{Entity, live_client};
use crate::registry::history;
use crate::registry::principal::Principal;
use crate::registry::verdicts::{self, Judgement, NewVerdict, RequestChange};
use crate::review::finding::RuleFinding;
use crate::review::rules::RULE_SET;
use crate::store::clients::{ClientKey, ClientScope};
use crate::store::members::{MemberKey, Owned};
use crate::store::{Direction, Order, Search, Tx};

errors! {
    NO_REVIEW_NEEDED: FailedPrecondition
        "keyfob" "no_review_needed" "client `{client_id}` is open to everyone: there is nothing to ask the administrators for";
    SUSPENDED_CLIENT: FailedPrecondition
        "keyfob" "suspended_client" "client `{client_id}` is suspended: only an administrator can end that, and no request for review does";
    TOO_MANY_REQUESTS: ResourceExhausted "keyfob" "too_many_review_requests"
        "a review of client `{client_id}` was asked for {most} times today: the last request still waits, ask again tomorrow (UTC)";
}

/// What is in the way of everyone's use of a client, or not: what the rules find now, what was answered, and what is asked for.
#[derive(Debug)]
pub struct ClientReview {
    pub client: Client,
    pub now: Judgement,
    pub newest: Option<Verdict>,
    /// The newest approval, by the rules or by a person.
    pub approval: Option<Verdict>,
    /// The newest verdict of a person.
    pub answer: Option<Verdict>,
    /// The request that waits for an answer.
    pub request: Option<ReviewRequest>,
    pub waits_for: Option<WaitsFor>,
    /// Stands for all that an answer is about: another one if any of it changes.
    pub seen: String,
}

/// Who has to do something before a client is open to everyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitsFor {
    Administrator,
    /// An administrator asked for changes.
    Owner,
}

impl WaitsFor {
    pub fn name(self) -> &'static str {
        match self {
            WaitsFor::Administrator => "administrator",
            WaitsFor::Owner => "owner",
        }
    }
}

impl ClientReview {
    /// Returns the judged fields that changed since the newest verdict.
    pub fn changed(&self) -> Vec<String> {
        self.newest.as_ref().map(|verdict| self.now.changed_since(&verdict.shown)).unwrap_or_default()
    }

    /// Returns whether the newest verdict is about something else than the client is now, or by other rules, or approves what the rules would
    /// not find today.
    pub fn is_stale(&self) -> bool {
        let is_other = |verdict: &Verdict| {
            verdict.rule_set != i64::from(RULE_SET) || verdict.outcome == Outcome::Approved && !self.now.is_found_by(verdict)
        };
        self.newest.as_ref().is_some_and(is_other) || !self.changed().is_empty()
    }
}

/// Returns the review of a client, judged now. The caller may read the client.
/// # Errors
/// `client_not_found`.
pub fn show(tx: &Tx<'_>, settings: &Settings, id: &ClientId) -> Result<ClientReview> {
    let client = live_client(tx, id)?;
    let request = tx.review_request(id)?;
    let is_open = request.as_ref().is_none_or(|request| request.is_open);
    let waits_for = match client.state {
        State::Requested if is_open => Some(WaitsFor::Administrator),
        State::Requested => Some(WaitsFor::Owner),
        State::Approved | State::Rejected | State::Flagged | State::Suspended => None,
    };
    let now = verdicts::judge(tx, settings, &client)?;
    Ok(ClientReview {
        seen: seen(tx, &client, &now)?,
        now,
        newest: verdicts::newest(tx, id)?,
        approval: verdicts::newest_approval(tx, id)?,
        answer: verdicts::by_people(tx, id)?,
        request: request.filter(|request| request.is_open && waits_for.is_some()),
        waits_for,
        client,
    })
}

/// Returns what stands for a judgement and the collaborators of the client.
fn seen(tx: &Tx<'_>, client: &Client, now: &Judgement) -> Result<String> {
    let order = Order { by: MemberKey::Id, direction: Direction::Ascending };
    let members = tx.members(&Owned::Client(client.id.clone()), order, Page::new(MEMBERS.most as u32, 1))?.items;
    let members: Vec<_> = members.iter().map(|member| (member.account.as_str(), value::rights(&member.rights))).collect();
    let findings: Vec<Value> = now.findings.iter().map(RuleFinding::to_json).collect();
    Ok(HEXLOWER.encode(&Sha256::digest(json!([client.state.name(), now.shown, findings, members]).to_string())[..16]))
}

/// Lists the reviews of the clients that wait, worst first.
/// # Errors
/// Only those of the store.
pub fn waiting<'a>(tx: &'a Tx<'a>, settings: &'a Settings, page: Page) -> Result<Reading<'a, ClientReview>> {
    let ids = tx.clients_in_review(page)?;
    Ok(Reading { items: Box::new(ids.items.into_iter().map(move |id| show(tx, settings, &id))), total: ids.total })
}

/// Lists the reviews of all clients, by their IDs.
/// # Errors
/// Only those of the store.
pub fn all<'a>(tx: &'a Tx<'a>, settings: &'a Settings, page: Page) -> Result<Reading<'a, ClientReview>> {
    let ids = tx.client_ids(&ClientScope::Everyone, &Search::live(ClientKey::Id, Direction::Ascending, page))?;
    Ok(Reading { items: Box::new(ids.items.into_iter().map(move |id| show(tx, settings, &id))), total: ids.total })
}

/// Returns how many clients wait for an administrator's answer.
/// # Errors
/// Only those of the store.
pub fn waiting_count(tx: &Tx<'_>) -> Result<i64> {
    tx.clients_to_answer()
}

/// Asks the administrators to review a client, in words: a new one, or again after a rejection or a request for changes. The last request
/// that was not answered is replaced.
/// # Errors
/// `built_in_client`, `client_not_found`, `suspended_client`, `no_review_needed`, `too_many_review_requests`, the rules of `text`.
pub fn ask(tx: &Tx<'_>, by: &Principal, settings: &Settings, id: &ClientId, text: &str) -> Result<()> {
    let entity = Entity::Client(id.clone());
    entity.check_not_built_in()?;
    check_text("RequestClientReviewRequest", "text", text)?;
    let old = live_client(tx, id)?;
    match old.state {
        State::Suspended => return Err(SUSPENDED_CLIENT.with("client_id", id.as_str()).into()),
        State::Approved | State::Flagged => return Err(NO_REVIEW_NEEDED.with("client_id", id.as_str()).into()),
        State::Requested | State::Rejected => {}
    }
    let last = tx.review_request(id)?;
    let today = tx.now.day();
    let times = last.as_ref().filter(|last| last.day == today).map_or(0, |last| last.times);
    if times >= REVIEW_REQUESTS.most as i64 {
        let seconds = (today + 1) * 24 * 60 * 60 - tx.now.seconds();
        let refusal = TOO_MANY_REQUESTS.with("client_id", id.as_str()).with("most", REVIEW_REQUESTS.most).with("seconds", seconds);
        return Err(refusal.into());
    }
    let waits_already = old.state == State::Requested && last.as_ref().is_none_or(|last| last.is_open);
    // Where nothing is stored, nothing says that only the rules made it wait.
    let is_only_judged = last.as_ref().is_some_and(|last| !last.needs_person);
    let needs_person = old.state == State::Rejected || !is_only_judged;
    let asked_at = last.filter(|_| waits_already).map_or(tx.now, |last| last.asked_at);
    let account_id = by.actor().account_id;
    let request = ReviewRequest { asked_at, account_id, text: text.to_owned(), day: today, times: times + 1, is_open: true, needs_person };
    tx.set_review_request(id, &request)?;
    if !waits_already {
        set_state(tx, by, &old, State::Requested, APPROVAL_REQUIRED)?;
    }
    history::record_part(tx, by, &entity, Action::RequestReview, "request", serde_json::Value::Null, text.into())?;
    let judgement = verdicts::judge(tx, settings, &live_client(tx, id)?)?;
    verdicts::store(tx, by, settings, id, NewVerdict::of_rules(judgement, Outcome::Judged, RequestChange::Stays))
}

/// Answers the request of a client as it was seen. The caller is an administrator.
/// # Errors
/// Those of [`answer`]; `client_changed` if it is about something else than what was seen.
pub fn answer_seen(tx: &Tx<'_>, by: &Principal, settings: &Settings, id: &ClientId, said: &ReviewAnswer, seen: &str) -> Result<()> {
    let client = live_client(tx, id)?;
    if client.state == State::Requested && self::seen(tx, &client, &verdicts::judge(tx, settings, &client)?)? != seen {
        return Err(CLIENT_CHANGED.with("client_id", id.as_str()).into());
    }
    answer(tx, by, settings, std::slice::from_ref(id), said)
}

/// Answers the requests of all of these clients alike, or of none. The caller is an administrator, and has checked that they are as seen.
/// # Errors
/// `built_in_client`, `client_not_found`; `client_answered` if somebody else has decided meanwhile; the rules of `reason`.
pub fn answer(tx: &Tx<'_>, by: &Principal, settings: &Settings, ids: &[ClientId], answer: &ReviewAnswer) -> Result<()> {
    let (state, outcome, reason) = match answer {
        ReviewAnswer::Approve(reason) => (State::Approved, Outcome::Approved, reason),
        ReviewAnswer::Reject(reason) => (State::Rejected, Outcome::Rejected, reason),
        ReviewAnswer::AskForChanges(reason) => (State::Requested, Outcome::ChangesRequested, reason),
    };
    check_text("AnswerClientReviewRequest", "reason", reason)?;
    for id in ids {
        Entity::Client(id.clone()).check_not_built_in()?;
        let waiting = live_client(tx, id)?;
        // Somebody else may have decided meanwhile.
        if waiting.state != State::Requested {
            return Err(CLIENT_ANSWERED.with("client_id", id.as_str()).into());
        }
        let judgement = verdicts::judge(tx, settings, &waiting)?;
        set_state(tx, by, &waiting, state, &beginning(reason))?;
        let judge = verdicts::judge_of(by);
        let verdict = NewVerdict { judgement, outcome, judge, reason: reason.to_owned(), request: RequestChange::Closes };
        if tx.review_request(id)?.is_none() {
            verdicts::open_request(tx, by, id, None, RequestChange::Opens)?;
        }
        verdicts::store(tx, by, settings, id, verdict)?;
    }
    Ok(())
}

fn check_text(message: &str, name: &str, text: &str) -> Result<()> {
    Ok(Shape::Text(LONGEST_TEXT).check(message, name, &text.into())?)
}

/// Returns as much of a reason as a state's description holds.
fn beginning(reason: &str) -> String {
    if reason.chars().count() <= LONGEST_STATE_DESCRIPTION {
        return reason.to_owned();
    }
    reason.chars().take(LONGEST_STATE_DESCRIPTION - 1).chain(['…']).collect()
}

/// Sets the state of a client and its description.
fn set_state(tx: &Tx<'_>, by: &Principal, old: &Client, state: State, description: &str) -> Result<()> {
    let mut new = Client { state, state_description: description.to_owned(), updated_at: tx.now, ..old.clone() };
    approval::save(tx, old, &mut new)?;
    history::record(tx, by, &Entity::Client(old.id.clone()), Action::Update, FIELDS, Some(old), Some(&new))
}
