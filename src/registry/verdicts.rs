//! Verdicts: what the rules and administrators judged about a client, stored with what they were shown. With `--approval review`, what the
//! rules find decides whether a client waits for a person.

use serde_json::{Map, Value, json};

use crate::base::error::Result;
use crate::base::id::{AccountId, ClientId};
use crate::base::right::{Right, Rights};
use crate::model::bounds::VERDICTS;
use crate::model::choice::State;
use crate::model::client::{Client, FIELDS, LONGEST_STATE_DESCRIPTION};
use crate::model::event::Action;
use crate::model::settings::{Approval, Settings};
use crate::model::verdict::{Judge, Outcome, ReviewRequest, Verdict};
use crate::registry::approval::{APPROVAL_REQUIRED_AGAIN, Secretlessness, Withdrawn};
use crate::registry::entity::Entity;
use crate::registry::principal::{Access, Principal};
use crate::registry::review::{self, Holders};
use crate::registry::{approval, history};
use crate::review::finding::{RuleFinding, Severity};
use crate::review::rules::RULE_SET;
use crate::store::Tx;
use crate::store::verdicts::VerdictSearch;

const JUDGED: &[&str] = &[
    "name",
    "description",
    "attributes",
    "administrative_contact",
    "technical_contact",
    "redirect_uris",
    "logout_redirect_uris",
    "grants",
    "rights",
];

/// What the rules find about a client now, and what they were shown.
#[derive(Clone, Debug)]
pub struct Judgement {
    pub findings: Vec<RuleFinding>,
    pub shown: Map<String, Value>,
    /// Whose it is.
    pub owners: Vec<AccountId>,
}

/// Judges a client that is registered.
pub(crate) fn judge(tx: &Tx<'_>, settings: &Settings, client: &Client) -> Result<Judgement> {
    let holders = Holders::of(tx, client)?;
    let (shown, owners) = (shown(client, &holders), holders.owners.clone());
    Ok(Judgement { findings: review::findings_with(tx, settings, client, holders)?, shown, owners })
}

/// Returns what of a client is judged, as it is.
fn shown(client: &Client, holders: &Holders) -> Map<String, Value> {
    let fields = FIELDS.iter().filter(|field| JUDGED.contains(&field.name)).map(|field| (field.name, (field.get)(client)));
    let names = holders.answerable.iter().map(|owner| owner.name.as_str()).collect();
    let others = [
        ("secretless", holders.is_public.into()),
        ("owners", holders.owners.iter().map(AccountId::as_str).collect()),
        ("owner_names", names),
        ("owner_is_operator", holders.answerable.iter().any(|owner| owner.is_operator).into()),
    ];
    fields.chain(others).map(|(name, value)| (name.to_owned(), value)).collect()
}

impl Judgement {
    /// Returns the weight of the worst finding; `None` without any.
    pub fn severity(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }

    /// Returns the names of the judged fields that differ from those of a verdict.
    pub fn changed_since(&self, shown: &Map<String, Value>) -> Vec<String> {
        let differs = |(name, value): &(&String, &Value)| shown.get(*name) != Some(*value);
        self.shown.iter().filter(differs).map(|(name, _)| name.clone()).collect()
    }

    /// Returns whether the rules find the same as a verdict says.
    pub fn is_found_by(&self, verdict: &Verdict) -> bool {
        self.findings.len() == verdict.findings.len() && self.findings.iter().all(|finding| self.is_found_in(verdict, finding))
    }

    /// Returns whether a verdict has the same finding, about the same value.
    fn is_found_in(&self, verdict: &Verdict, finding: &RuleFinding) -> bool {
        let is_same = |found: &Value| {
            let field = text(found, "field");
            text(found, "rule") == finding.rule
                && text(found, "seen") == finding.seen
                && text(found, "severity") == finding.severity.name()
                && name_and_place(field).0 == name_and_place(&finding.field).0
                && values(&verdict.shown, field) == values(&self.shown, &finding.field)
        };
        verdict.findings.iter().any(is_same)
    }

    /// Returns the names of the rules whose findings block the client.
    pub fn blocking(&self) -> Vec<&'static str> {
        let blocking = self.findings.iter().filter(|finding| finding.severity == Severity::Blocks);
        let mut rules: Vec<&str> = blocking.map(|finding| finding.rule).collect();
        rules.dedup();
        rules
    }

    /// Returns what of the client of this judgement a person must look at: what an approval did not cover already.
    pub fn reasons(&self, settings: &Settings, client: &Client, approved: Option<&Verdict>) -> Reasons {
        let is_new = |finding: &&RuleFinding| !approved.is_some_and(|approval| self.is_found_in(approval, finding));
        reasons(settings, client, self.findings.iter().filter(is_new), approved.map(shown_rights).unwrap_or_default())
    }
}

/// Why a client needs a person.
pub struct Reasons {
    pub findings: Vec<RuleFinding>,
    pub rights: Rights,
}

impl Reasons {
    pub fn are_none(&self) -> bool {
        self.findings.is_empty() && self.rights.is_empty()
    }
}

/// Returns the name of a field, and which of its values is meant: `redirect_uris[1]`.
fn name_and_place(field: &str) -> (&str, Option<usize>) {
    match field.split_once('[') {
        Some((name, place)) => (name, place.trim_end_matches(']').parse().ok()),
        None => (field, None),
    }
}

/// Returns the values that a finding about this field is about. Of sets such as rights, what was seen says it.
fn values<'s>(shown: &'s Map<String, Value>, field: &str) -> Vec<Option<&'s Value>> {
    match name_and_place(field) {
        ("collaborators", _) => vec![shown.get("owners"), shown.get("owner_names")],
        (name, Some(place)) => vec![shown.get(name).and_then(|values| values.get(place))],
        (name, None) => vec![shown.get(name).filter(|value| !value.is_array())],
    }
}

/// Returns what a person must look at of a client about which this was found, and whose rights but for these nobody has looked at.
pub(super) fn reasons<'f>(
    settings: &Settings,
    client: &Client,
    findings: impl IntoIterator<Item = &'f RuleFinding>,
    seen: Rights,
) -> Reasons {
    let by_person = &settings.review_by_person;
    let is_marked = |finding: &&RuleFinding| {
        let names = [finding.rule, finding.severity.name()];
        finding.severity == Severity::Blocks || by_person.findings.iter().any(|marked| names.contains(&marked.as_str()))
    };
    let held = |rights: Rights| rights.expanded().and(by_person.rights);
    let findings = findings.into_iter().filter(is_marked).cloned().collect();
    Reasons { findings, rights: held(client.all_rights()).without(held(seen)) }
}

/// Returns the rights that a verdict was shown.
fn shown_rights(verdict: &Verdict) -> Rights {
    let names = verdict.shown.get("rights").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    names.iter().filter_map(Value::as_str).filter_map(Right::from_name).collect()
}

/// A verdict to store once the change that it is about has been recorded.
pub(super) struct NewVerdict {
    pub judgement: Judgement,
    pub outcome: Outcome,
    pub judge: Judge,
    pub reason: String,
    pub request: RequestChange,
}

/// What becomes of the request for review of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestChange {
    Opens,
    /// So that only a person ends it.
    OpensForPerson,
    Stays,
    Closes,
}

impl NewVerdict {
    /// Returns the verdict of the rules alone.
    pub(super) fn of_rules(judgement: Judgement, outcome: Outcome, request: RequestChange) -> NewVerdict {
        NewVerdict { judgement, outcome, judge: Judge::Rules, reason: String::new(), request }
    }

    fn verdict(self, tx: &Tx<'_>, account_id: Option<String>, request: String) -> Verdict {
        Verdict {
            number: 0,
            judged_at: tx.now,
            rule_set: RULE_SET.into(),
            outcome: self.outcome,
            judge: self.judge,
            account_id,
            severity: self.judgement.severity().map_or(0, |severity| 1 + severity as i64),
            findings: self.judgement.findings.iter().map(RuleFinding::to_json).collect(),
            shown: self.judgement.shown,
            reason: self.reason,
            request,
        }
    }

    /// Returns the verdict of the administrator who set the client's state; `None` for a state that is no answer.
    fn of_state(by: &Principal, judgement: Judgement, client: &Client) -> Option<NewVerdict> {
        let (outcome, request) = match client.state {
            State::Requested => (Outcome::Judged, RequestChange::OpensForPerson),
            State::Approved => (Outcome::Approved, RequestChange::Closes),
            State::Rejected => (Outcome::Rejected, RequestChange::Closes),
            State::Flagged | State::Suspended => return None,
        };
        Some(NewVerdict { judgement, outcome, judge: judge_of(by), reason: client.state_description.clone(), request })
    }
}

/// Returns what a person's verdict names as its judge.
pub(super) fn judge_of(by: &Principal) -> Judge {
    match by.access {
        Access::Operator => Judge::Operator,
        Access::Anonymous | Access::ApiKey(_) | Access::AccessToken(_) | Access::Session(_) => Judge::Account,
    }
}

/// Judges a new client, and approves it if the rules decide. Its state may change; store it then.
pub(super) fn of_new(tx: &Tx<'_>, by: &Principal, settings: &Settings, client: &mut Client) -> Result<Option<NewVerdict>> {
    match settings.approval {
        Approval::Auto => return Ok(None),
        Approval::Manual | Approval::Review => {}
    }
    let judgement = judge(tx, settings, client)?;
    if by.is_admin {
        return Ok(NewVerdict::of_state(by, judgement, client));
    }
    if settings.approval == Approval::Review && judgement.reasons(settings, client, None).are_none() {
        approve(client);
        return Ok(Some(NewVerdict::of_rules(judgement, Outcome::Approved, RequestChange::Closes)));
    }
    Ok(Some(NewVerdict::of_rules(judgement, Outcome::Judged, RequestChange::Opens)))
}

fn approve(client: &mut Client) {
    client.state = State::Approved;
    client.state_description = String::new();
}

/// A client before a change, and what of it is judged, where that matters.
pub(super) struct BeforeChange<'c> {
    client: &'c Client,
    shown: Option<Map<String, Value>>,
}

/// Looks at a client before a change by this caller.
pub(super) fn before<'c>(tx: &Tx<'_>, by: &Principal, settings: &Settings, client: &'c Client) -> Result<BeforeChange<'c>> {
    let is_judged = !by.is_admin && settings.approval == Approval::Review && client.state.is_approved();
    let holders = is_judged.then(|| Holders::of(tx, client)).transpose()?;
    Ok(BeforeChange { client, shown: holders.map(|holders| shown(client, &holders)) })
}

/// What comes of a change: which decisions it withdrew, and what is judged now.
pub(super) struct Settled {
    pub withdrawn: Withdrawn,
    pub verdict: Option<NewVerdict>,
}

impl BeforeChange<'_> {
    /// Withdraws what administrators decided about the client where it is another now, and judges it. Its state may change; its secrets are
    /// as they are stored.
    pub(super) fn settle(
        self,
        tx: &Tx<'_>,
        by: &Principal,
        settings: &Settings,
        new: &mut Client,
        secretlessness: Secretlessness,
    ) -> Result<Settled> {
        let mut withdrawn = approval::withdraw(by, settings, self.client, new, secretlessness);
        let state = new.state;
        let verdict = self.judged(tx, by, settings, new)?;
        withdrawn.approval |= new.state != state && new.state == State::Requested;
        Ok(Settled { withdrawn, verdict })
    }

    fn judged(self, tx: &Tx<'_>, by: &Principal, settings: &Settings, new: &mut Client) -> Result<Option<NewVerdict>> {
        let begins_to_wait = self.client.state != State::Requested && new.state == State::Requested;
        if by.is_admin {
            let is_answer = self.client.state != new.state;
            return if is_answer { Ok(NewVerdict::of_state(by, judge(tx, settings, new)?, new)) } else { Ok(None) };
        }
        if begins_to_wait {
            return Ok(Some(NewVerdict::of_rules(judge(tx, settings, new)?, Outcome::Judged, self.opens())));
        }
        match new.state {
            State::Requested => of_waiting(tx, settings, new),
            State::Approved | State::Flagged => self.of_open(tx, settings, new),
            State::Rejected | State::Suspended => Ok(None),
        }
    }

    /// Returns how a client begins to wait: only a person takes a flag off.
    fn opens(&self) -> RequestChange {
        if self.client.state == State::Approved { RequestChange::Opens } else { RequestChange::OpensForPerson }
    }

    /// Judges a client that everyone can use: it waits again if it has what needs a person and what was approved had not.
    fn of_open(self, tx: &Tx<'_>, settings: &Settings, new: &mut Client) -> Result<Option<NewVerdict>> {
        let opens = self.opens();
        let Some(shown) = self.shown else { return Ok(None) };
        let judgement = judge(tx, settings, new)?;
        let changed = judgement.changed_since(&shown);
        if changed.is_empty() {
            return Ok(None);
        }
        if judgement.reasons(settings, new, newest_approval(tx, &new.id)?.as_ref()).are_none() {
            let outcome = if new.state == State::Approved { Outcome::Approved } else { Outcome::Judged };
            return Ok(Some(NewVerdict::of_rules(judgement, outcome, RequestChange::Stays)));
        }
        let flag = if new.state == State::Flagged { "; it was flagged before" } else { "" };
        let described = |fields: &str| format!("{APPROVAL_REQUIRED_AGAIN} {fields}{flag}");
        let named = described(&changed.join(", "));
        let is_too_long = changed.len() > 3 || named.len() > LONGEST_STATE_DESCRIPTION;
        new.state = State::Requested;
        new.state_description = if is_too_long { described("several fields") } else { named };
        // What was approved is what it could ask for before.
        new.approved = self.client.approved;
        Ok(Some(NewVerdict::of_rules(judgement, Outcome::Judged, opens)))
    }
}

/// Judges a client that waits: it is approved if only the rules made it wait and they find nothing more that needs a person.
fn of_waiting(tx: &Tx<'_>, settings: &Settings, client: &mut Client) -> Result<Option<NewVerdict>> {
    let Some(last) = newest(tx, &client.id)? else { return Ok(None) };
    let judgement = judge(tx, settings, client)?;
    if judgement.changed_since(&last.shown).is_empty() {
        return Ok(None);
    }
    let answered = by_people(tx, &client.id)?;
    let needs_answer = tx.review_request(&client.id)?.is_some_and(|request| request.needs_person);
    let waits_by_rules = !needs_answer && last.judge == Judge::Rules && answered.is_none_or(|answer| answer.outcome == Outcome::Approved);
    if settings.approval == Approval::Review && waits_by_rules && judgement.reasons(settings, client, None).are_none() {
        approve(client);
        return Ok(Some(NewVerdict::of_rules(judgement, Outcome::Approved, RequestChange::Closes)));
    }
    Ok(Some(NewVerdict::of_rules(judgement, Outcome::Judged, RequestChange::Stays)))
}

/// Judges a client again by the rules of today. No answer changes, and nobody has done anything.
pub(super) fn judge_again(tx: &Tx<'_>, settings: &Settings, client: &Client) -> Result<()> {
    let new = NewVerdict::of_rules(judge(tx, settings, client)?, Outcome::Judged, RequestChange::Stays);
    put(tx, &client.id, newest(tx, &client.id)?, &new.verdict(tx, None, String::new())).map(drop)
}

/// Stores a verdict as the newest. One of the rules alone is replaced by the next of theirs, and returned.
fn put(tx: &Tx<'_>, client: &ClientId, last: Option<Verdict>, new: &Verdict) -> Result<Option<Verdict>> {
    let is_of_rules = |verdict: &Verdict| (verdict.outcome, verdict.judge) == (Outcome::Judged, Judge::Rules);
    let replaced = last.filter(|last| is_of_rules(last) && is_of_rules(new));
    if let Some(last) = &replaced {
        tx.delete_verdict(client, last.number)?;
    }
    tx.insert_verdict(client, new)?;
    tx.delete_old_verdicts(client, VERDICTS.most)?;
    Ok(replaced)
}

/// Stores a verdict, and what becomes of the client's request.
/// # Errors
/// `too_many_changes`.
pub(super) fn store(tx: &Tx<'_>, by: &Principal, settings: &Settings, client: &ClientId, new: NewVerdict) -> Result<()> {
    let request = tx.review_request(client)?;
    let is_answer = new.outcome != Outcome::Judged;
    let asked = request.as_ref().filter(|request| request.is_open && is_answer).map(|request| request.text.clone());
    let (change, outcome, blocking) = (new.request, new.outcome, new.judgement.blocking());
    let verdict = new.verdict(tx, by.actor().account_id, asked.unwrap_or_default());
    let replaced = put(tx, client, newest(tx, client)?, &verdict)?;
    let is_news = replaced.is_none_or(|last| last.findings != verdict.findings);
    match change {
        opens @ (RequestChange::Opens | RequestChange::OpensForPerson) => open_request(tx, by, client, request, opens)?,
        RequestChange::Closes => close_request(tx, client, request, outcome)?,
        RequestChange::Stays => {}
    }
    if is_answer || settings.approval == Approval::Review && is_news {
        let entity = Entity::Client(client.clone());
        history::record_part(tx, by, &entity, Action::StoreVerdict, "verdict", Value::Null, in_history(&verdict, &blocking))?;
    }
    Ok(())
}

/// Returns what the history says of a verdict: of the findings only which, where and how bad.
fn in_history(verdict: &Verdict, blocking: &[&str]) -> Value {
    let finding = |finding: &Value| format!("{} {} in {}", text(finding, "rule"), text(finding, "severity"), text(finding, "field"));
    let mut said = json!({
        "outcome": verdict.outcome.name(),
        "judge": verdict.judge.name(),
        "rule_set": verdict.rule_set,
        "findings": verdict.findings.iter().map(finding).collect::<Vec<_>>(),
    });
    // What an administrator saw, and approved all the same.
    if (verdict.outcome, verdict.judge != Judge::Rules, blocking.is_empty()) == (Outcome::Approved, true, false) {
        said["despite_blocking"] = blocking.into();
    }
    if !verdict.reason.is_empty() {
        said["reason"] = verdict.reason.clone().into();
    }
    said
}

/// Returns a text of a stored finding.
pub fn text<'f>(finding: &'f Value, name: &str) -> &'f str {
    finding.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Opens a request that nobody asked for in words.
pub(super) fn open_request(
    tx: &Tx<'_>,
    by: &Principal,
    client: &ClientId,
    last: Option<ReviewRequest>,
    change: RequestChange,
) -> Result<()> {
    let (day, times) = last.map_or((0, 0), |last| (last.day, last.times));
    let needs_person = change == RequestChange::OpensForPerson;
    let account_id = by.actor().account_id;
    let request = ReviewRequest { asked_at: tx.now, account_id, text: String::new(), day, times, is_open: true, needs_person };
    tx.set_review_request(client, &request)
}

fn close_request(tx: &Tx<'_>, client: &ClientId, last: Option<ReviewRequest>, outcome: Outcome) -> Result<()> {
    let needs_person = outcome != Outcome::Approved;
    last.map_or(Ok(()), |last| tx.set_review_request(client, &ReviewRequest { text: String::new(), is_open: false, needs_person, ..last }))
}

pub(crate) fn newest(tx: &Tx<'_>, client: &ClientId) -> Result<Option<Verdict>> {
    Ok(tx.verdicts(client, VerdictSearch::default(), 1)?.pop())
}

pub(crate) fn newest_approval(tx: &Tx<'_>, client: &ClientId) -> Result<Option<Verdict>> {
    Ok(tx.verdicts(client, VerdictSearch { outcome: Some(Outcome::Approved), ..VerdictSearch::default() }, 1)?.pop())
}

/// Returns the newest verdict of a person about a client.
pub(crate) fn by_people(tx: &Tx<'_>, client: &ClientId) -> Result<Option<Verdict>> {
    Ok(tx.verdicts(client, VerdictSearch { by_rules: Some(false), ..VerdictSearch::default() }, 1)?.pop())
}
