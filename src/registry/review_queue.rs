//! Requests for review, and the administrators' answers to them.

use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::base::error::{Result, errors};
use crate::base::id::ClientId;
use crate::base::named::named;
use crate::base::page::{Page, Reading};
use crate::model::bounds::{MEMBERS, REVIEW_REQUESTS};
use crate::model::choice::State;
use crate::model::client::{Client, FIELDS, LONGEST_STATE_DESCRIPTION};
use crate::model::event::Action;
use crate::model::settings::Settings;
use crate::model::shape::Shape;
use crate::model::value;
use crate::model::verdict::{LONGEST_TEXT, Outcome, ReviewRequest, Verdict};
use crate::registry::approval::{self, APPROVAL_REQUIRED, BLOCKING_FINDINGS, CLIENT_CHANGED, ReviewAnswer};
use crate::registry::entity::{Entity, live_client};
use crate::registry::history;
use crate::registry::principal::Principal;
use crate::registry::trials::CLIENT_ANSWERED;
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

named! {
    /// Who has to do something before a client is open to everyone.
    pub enum WaitsFor {
        Administrator = "administrator",
        /// An administrator asked for changes.
        Owner = "owner",
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
        let is_of_others = |verdict: &Verdict| verdict.rule_set != i64::from(RULE_SET);
        let has_not_seen = |approval: &Verdict| self.client.state.is_approved() && !self.now.is_found_by(approval);
        self.newest.as_ref().is_some_and(is_of_others) || !self.changed().is_empty() || self.approval.as_ref().is_some_and(has_not_seen)
    }
}

/// Returns the review of a client, judged now. The caller may read the client.
/// # Errors
/// `client_not_found`.
pub fn show(tx: &Tx<'_>, settings: &Settings, id: &ClientId) -> Result<ClientReview> {
    let client = live_client(tx, id)?;
    let now = verdicts::judge(tx, settings, &client)?;
    judged(tx, client, now)
}

/// Returns the review of a client about which this was judged.
fn judged(tx: &Tx<'_>, client: Client, now: Judgement) -> Result<ClientReview> {
    let request = tx.review_request(&client.id)?;
    let is_open = request.as_ref().is_none_or(|request| request.is_open);
    let waits_for = match client.state {
        State::Requested if is_open => Some(WaitsFor::Administrator),
        State::Requested => Some(WaitsFor::Owner),
        State::Approved | State::Rejected | State::Flagged | State::Suspended => None,
    };
    Ok(ClientReview {
        seen: seen(tx, &client, &now, request.as_ref())?,
        now,
        newest: verdicts::newest(tx, &client.id)?,
        approval: verdicts::newest_approval(tx, &client.id)?,
        answer: verdicts::by_people(tx, &client.id)?,
        request: request.filter(|request| request.is_open && waits_for.is_some()),
        waits_for,
        client,
    })
}

/// Returns what stands for a judgement, the collaborators of the client, and what its owner says.
fn seen(tx: &Tx<'_>, client: &Client, now: &Judgement, request: Option<&ReviewRequest>) -> Result<String> {
    let order = Order { by: MemberKey::Id, direction: Direction::Ascending };
    let members = tx.members(&Owned::Client(client.id.clone()), order, Page::new(MEMBERS.most as u32, 1))?.items;
    let members: Vec<_> = members.iter().map(|member| (member.account.as_str(), value::rights(&member.rights))).collect();
    let findings: Vec<Value> = now.findings.iter().map(RuleFinding::to_json).collect();
    let said = request.map(|request| request.text.as_str()).unwrap_or_default();
    Ok(HEXLOWER
        .encode(&Sha256::digest(json!([client.id.as_str(), client.state.name(), now.shown, findings, members, said]).to_string())[..16]))
}

/// Lists the reviews of the clients that wait, the worst finding first, and the longest wait first among those that weigh the same.
pub(crate) fn waiting<'a>(tx: &'a Tx<'a>, settings: &'a Settings, page: Page) -> Result<Reading<'a, ClientReview>> {
    let ids = tx.clients_in_review(page)?;
    Ok(Reading { items: Box::new(ids.items.into_iter().map(move |id| show(tx, settings, &id))), total: ids.total })
}

/// Lists the reviews of all clients, by their IDs.
pub(crate) fn all<'a>(tx: &'a Tx<'a>, settings: &'a Settings, page: Page) -> Result<Reading<'a, ClientReview>> {
    let ids = tx.client_ids(&ClientScope::Everyone, &Search::live(ClientKey::Id, Direction::Ascending, page))?;
    Ok(Reading { items: Box::new(ids.items.into_iter().map(move |id| show(tx, settings, &id))), total: ids.total })
}

/// Returns how many clients wait for an administrator's answer.
pub(crate) fn waiting_count(tx: &Tx<'_>) -> Result<i64> {
    tx.clients_to_answer()
}

/// Asks the administrators to review a client, in words: a new one, or again after a rejection or a request for changes. The last request
/// that was not answered is replaced.
/// # Errors
/// `built_in_client`, `client_not_found`, `suspended_client`, `no_review_needed`, `too_many_review_requests`, the rules of `text`.
pub fn ask(tx: &Tx<'_>, by: &Principal, settings: &Settings, id: &ClientId, text: &str) -> Result<ClientReview> {
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
    let client = if waits_already { old } else { set_state(tx, by, &old, State::Requested, APPROVAL_REQUIRED)? };
    history::record_part(tx, by, &entity, Action::RequestReview, "request", Value::Null, text.into())?;
    let judgement = verdicts::judge(tx, settings, &client)?;
    verdicts::store(tx, by, settings, id, NewVerdict::of_rules(judgement.clone(), Outcome::Judged, RequestChange::Stays))?;
    judged(tx, client, judgement)
}

/// A client that is answered, and what of it was read.
#[derive(Clone, Debug)]
pub struct AnsweredClient {
    pub id: ClientId,
    /// [`ClientReview::seen`] of the review that was read. Empty is nothing, by which no client is approved.
    pub seen: String,
    /// Whether it is approved also if findings block it.
    pub despite_blocking: bool,
}

/// Answers the request of a client. The caller is an administrator.
/// # Errors
/// `built_in_client`, `client_not_found`; `client_answered` if somebody else has decided meanwhile; `client_changed` if the client is not as it
/// was read; `blocking_findings`; the rules of `reason`.
pub fn answer(tx: &Tx<'_>, by: &Principal, settings: &Settings, answered: &AnsweredClient, answer: &ReviewAnswer) -> Result<ClientReview> {
    let (state, outcome, reason) = match answer {
        ReviewAnswer::Approve(reason) => (State::Approved, Outcome::Approved, reason),
        ReviewAnswer::Reject(reason) => (State::Rejected, Outcome::Rejected, reason),
        ReviewAnswer::AskForChanges(reason) => (State::Requested, Outcome::ChangesRequested, reason),
    };
    check_text("AnswerClientReviewRequest", "reason", reason)?;
    let id = &answered.id;
    Entity::Client(id.clone()).check_not_built_in()?;
    let waiting = live_client(tx, id)?;
    // Somebody else may have decided meanwhile.
    if waiting.state != State::Requested {
        return Err(CLIENT_ANSWERED.with("client_id", id.as_str()).into());
    }
    let judgement = verdicts::judge(tx, settings, &waiting)?;
    let request = tx.review_request(id)?;
    let approves = state == State::Approved;
    let has_read = approves || !answered.seen.is_empty();
    if has_read && seen(tx, &waiting, &judgement, request.as_ref())? != answered.seen {
        return Err(CLIENT_CHANGED.with("client_id", id.as_str()).into());
    }
    if approves && !answered.despite_blocking {
        refuse_blocked(id, &judgement)?;
    }
    let client = set_state(tx, by, &waiting, state, &beginning(reason))?;
    if request.is_none() {
        verdicts::open_request(tx, by, id, None, RequestChange::Opens)?;
    }
    let judge = verdicts::judge_of(by);
    let verdict = NewVerdict { judgement: judgement.clone(), outcome, judge, reason: reason.to_owned(), request: RequestChange::Closes };
    verdicts::store(tx, by, settings, id, verdict)?;
    judged(tx, client, judgement)
}

/// Checks that no finding blocks a client.
/// # Errors
/// `client_not_found`, `blocking_findings`.
pub fn check_not_blocked(tx: &Tx<'_>, settings: &Settings, id: &ClientId) -> Result<()> {
    refuse_blocked(id, &verdicts::judge(tx, settings, &live_client(tx, id)?)?)
}

fn refuse_blocked(id: &ClientId, judgement: &Judgement) -> Result<()> {
    match judgement.blocking() {
        rules if rules.is_empty() => Ok(()),
        rules => Err(BLOCKING_FINDINGS.with("client_id", id.as_str()).with("rules", rules.join(", ")).into()),
    }
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

/// Sets the state of a client and its description, and returns the client.
fn set_state(tx: &Tx<'_>, by: &Principal, old: &Client, state: State, description: &str) -> Result<Client> {
    let mut new = Client { state, state_description: description.to_owned(), updated_at: tx.now, ..old.clone() };
    approval::save(tx, by, old, &mut new)?;
    history::record(tx, by, &Entity::Client(old.id.clone()), Action::Update, FIELDS, Some(old), Some(&new))?;
    Ok(new)
}
