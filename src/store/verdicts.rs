//! The rows of verdicts about clients and of requests for review.

use std::sync::LazyLock;

use rusqlite::named_params;
use rusqlite::types::FromSqlError;
use serde_json::Value;

use crate::base::error::Result;
use crate::base::id::ClientId;
use crate::base::page::{Listed, Page};
use crate::model::verdict::{Outcome, ReviewRequest, Verdict};
use crate::store::sql::{Cells, OF_CLIENT};
use crate::store::transaction::Tx;

/// In the order of [`read_verdict`].
const COLUMNS: &str = "verdict_number, judged_at, rule_set, outcome, judge, account_id, severity, findings, shown, reason, request";

static VERDICTS: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {COLUMNS} FROM client_verdicts WHERE {OF_CLIENT} AND (:outcome IS NULL OR outcome = :outcome) \
         AND (:judged_by_rules IS NULL OR (judge = 'rules') = :judged_by_rules) \
         AND (:has_request IS NULL OR (request <> '') = :has_request) ORDER BY verdict_number DESC LIMIT :most"
    )
});

fn read_verdict(cells: &mut Cells<'_>) -> rusqlite::Result<Verdict> {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).map_err(|_| rusqlite::Error::from(FromSqlError::InvalidType));
    Ok(Verdict {
        number: cells.take("verdict_number")?,
        judged_at: cells.take("judged_at")?,
        rule_set: cells.take("rule_set")?,
        outcome: cells.take("outcome")?,
        judge: cells.take("judge")?,
        account_id: cells.take("account_id")?,
        severity: cells.take("severity")?,
        findings: parsed(cells.str("findings")?)?.as_array().cloned().unwrap_or_default(),
        shown: parsed(cells.str("shown")?)?.as_object().cloned().unwrap_or_default(),
        reason: cells.take("reason")?,
        request: cells.take("request")?,
    })
}

/// Which verdicts of a client are read.
#[derive(Clone, Copy, Debug, Default)]
pub struct VerdictSearch {
    pub outcome: Option<Outcome>,
    /// Only those of the rules alone, or only those of people.
    pub by_rules: Option<bool>,
    /// Only those that answered a request in words, or only the others.
    pub has_request: Option<bool>,
}

impl Tx<'_> {
    /// Returns at most `most` verdicts of a client, newest first.
    pub(crate) fn verdicts(&self, client: &ClientId, search: VerdictSearch, most: usize) -> Result<Vec<Verdict>> {
        let values = named_params! {
            ":client_id": client, ":outcome": search.outcome, ":judged_by_rules": search.by_rules,
            ":has_request": search.has_request, ":most": most as i64,
        };
        self.all(&VERDICTS, values, read_verdict)
    }

    /// Stores a verdict as the client's newest. Its number and time are set here.
    pub(crate) fn insert_verdict(&self, client: &ClientId, verdict: &Verdict) -> Result<()> {
        let statement = format!(
            "INSERT INTO client_verdicts (client_number, {COLUMNS}) \
             SELECT c.client_number, 1 + coalesce((SELECT max(verdict_number) FROM client_verdicts v WHERE v.client_number = c.client_number), 0), \
             :now, :rule_set, :outcome, :judge, :account_id, :severity, :findings, :shown, :reason, :request \
             FROM clients c WHERE c.client_id = :client_id"
        );
        let (findings, shown) = (Value::from(verdict.findings.clone()).to_string(), Value::from(verdict.shown.clone()).to_string());
        let values = named_params! {
            ":client_id": client, ":now": self.now, ":rule_set": verdict.rule_set, ":outcome": verdict.outcome, ":judge": verdict.judge,
            ":account_id": verdict.account_id, ":severity": verdict.severity, ":findings": findings, ":shown": shown,
            ":reason": verdict.reason, ":request": verdict.request,
        };
        self.run(&statement, values)
    }

    /// Returns at most `limit` clients after this number that have verdicts: their numbers and IDs, and the version of the rules of the newest.
    pub(crate) fn clients_with_verdicts(&self, after: i64, limit: usize) -> Result<Vec<(i64, ClientId, i64)>> {
        let statement = "SELECT v.client_number, c.client_id, v.rule_set, max(v.verdict_number) FROM client_verdicts v \
             JOIN clients c ON c.client_number = v.client_number WHERE v.client_number > :after \
             GROUP BY v.client_number ORDER BY v.client_number LIMIT :limit";
        self.all(statement, named_params! {":after": after, ":limit": limit as i64}, |cells| {
            Ok((cells.take("client_number")?, cells.take("client_id")?, cells.take("rule_set")?))
        })
    }

    /// Deletes one verdict.
    pub(crate) fn delete_verdict(&self, client: &ClientId, number: i64) -> Result<()> {
        let statement = format!("DELETE FROM client_verdicts WHERE {OF_CLIENT} AND verdict_number = :number");
        self.run(&statement, named_params! {":client_id": client, ":number": number})
    }

    /// Deletes all but the newest `most` verdicts of a client, its newest approval, and the newest that answered a request in words.
    pub(crate) fn delete_old_verdicts(&self, client: &ClientId, most: usize) -> Result<()> {
        let statement = format!(
            "DELETE FROM client_verdicts WHERE {OF_CLIENT} AND verdict_number <= \
             (SELECT verdict_number FROM client_verdicts WHERE {OF_CLIENT} ORDER BY verdict_number DESC LIMIT 1 OFFSET :most) \
             AND verdict_number IS NOT (SELECT max(verdict_number) FROM client_verdicts WHERE {OF_CLIENT} AND outcome = 'approved') \
             AND verdict_number IS NOT (SELECT max(verdict_number) FROM client_verdicts WHERE {OF_CLIENT} AND outcome = 'approved' AND request <> '')"
        );
        self.run(&statement, named_params! {":client_id": client, ":most": most as i64})
    }

    /// Returns the last request for review of a client, open or answered.
    pub(crate) fn review_request(&self, client: &ClientId) -> Result<Option<ReviewRequest>> {
        let statement =
            format!("SELECT asked_at, account_id, text, day, times, is_open, needs_person FROM client_review_requests WHERE {OF_CLIENT}");
        self.one(&statement, named_params! {":client_id": client}, |cells| {
            Ok(ReviewRequest {
                asked_at: cells.take("asked_at")?,
                account_id: cells.take("account_id")?,
                text: cells.take("text")?,
                day: cells.take("day")?,
                times: cells.take("times")?,
                is_open: cells.take("is_open")?,
                needs_person: cells.take("needs_person")?,
            })
        })
    }

    /// Stores the request for review of a client in place of the last one.
    pub(crate) fn set_review_request(&self, client: &ClientId, request: &ReviewRequest) -> Result<()> {
        let values = named_params! {
            ":client_id": client, ":asked_at": request.asked_at, ":account_id": request.account_id, ":text": request.text,
            ":day": request.day, ":times": request.times, ":is_open": request.is_open,
            ":needs_person": request.needs_person,
        };
        let statement = "INSERT INTO client_review_requests (client_number, asked_at, account_id, text, day, times, is_open, needs_person) \
             SELECT client_number, :asked_at, :account_id, :text, :day, :times, :is_open, :needs_person FROM clients WHERE client_id = :client_id \
             ON CONFLICT (client_number) DO UPDATE SET asked_at = excluded.asked_at, account_id = excluded.account_id, text = excluded.text, \
             day = excluded.day, times = excluded.times, is_open = excluded.is_open, needs_person = excluded.needs_person";
        self.run(statement, values)
    }

    /// Returns the clients that wait for an administrator: those with the worst findings first, and of these the ones that wait longest. Then
    /// those whose owners were told what to change.
    pub(crate) fn clients_in_review(&self, page: Page) -> Result<Listed<ClientId>> {
        let values = named_params! {":limit": page.limit(), ":offset": page.offset()};
        let statement = format!(
            "SELECT t.client_id {IN_REVIEW} ORDER BY coalesce(r.is_open, 1) DESC, coalesce((SELECT v.severity FROM client_verdicts v \
             WHERE v.client_number = t.client_number ORDER BY v.verdict_number DESC LIMIT 1), 0) DESC, \
             coalesce(r.asked_at, t.created_at), t.client_id LIMIT :limit OFFSET :offset"
        );
        let items = self.all(&statement, values, |cells| cells.take("client_id"))?;
        let count = || self.value(&format!("SELECT count(*) {IN_REVIEW}"), &[]);
        let total = page.total(items.len()).map_or_else(count, Ok)?;
        Ok(Listed { items, total })
    }

    /// Returns how many clients wait for an administrator's answer.
    pub(crate) fn clients_to_answer(&self) -> Result<i64> {
        self.value(&format!("SELECT count(*) {IN_REVIEW} AND coalesce(r.is_open, 1) = 1"), &[])
    }
}

/// The clients that are not answered yet. The condition on the state is written as the index of the clients that are not approved has it.
const IN_REVIEW: &str = "FROM clients t LEFT JOIN client_review_requests r ON r.client_number = t.client_number \
     WHERE t.deleted_at IS NULL AND t.state <> 1 AND t.state = 0";
