//! What was judged about a client, and requests for review.

use serde_json::{Map, Value};

use crate::base::named::named;
use crate::base::time::Time;

named! {
    /// What came of a judgement.
    pub enum Outcome {
        /// Nothing yet: the client waits with its findings.
        Judged = "judged",
        Approved = "approved",
        Rejected = "rejected",
        /// The owner is told what to change.
        ChangesRequested = "changes_requested",
    }
}

named! {
    /// Who or what judged.
    pub enum Judge {
        /// The rules alone.
        Rules = "rules",
        /// The operator, at the machine.
        Operator = "operator",
        /// An administrator's account.
        Account = "account",
    }
}

#[derive(Clone, Debug)]
pub struct Verdict {
    /// Greater for newer verdicts of a client.
    pub number: i64,
    pub judged_at: Time,
    /// The version of the rules.
    pub rule_set: i64,
    pub outcome: Outcome,
    pub judge: Judge,
    /// The administrator's account, or that of the caller whose change the rules judged.
    pub account_id: Option<String>,
    /// The weight of the worst finding: 0 without any, then as `Severity` orders them.
    pub severity: i64,
    /// As the API writes them.
    pub findings: Vec<Value>,
    /// The judged fields as they were.
    pub shown: Map<String, Value>,
    pub reason: String,
    /// The text of the request that was answered.
    pub request: String,
}

/// Why a client waits for an administrator, or did: its owner asked, or what happened to it made it wait.
#[derive(Clone, Debug)]
pub struct ReviewRequest {
    pub asked_at: Time,
    pub account_id: Option<String>,
    /// Empty if nobody asked for it in words.
    pub text: String,
    /// The day on which it was last asked for in words (days since 1970, UTC), and how often then.
    pub day: i64,
    pub times: i64,
    /// Whether it waits for an answer.
    pub is_open: bool,
    /// Whether only a person ends it, whatever the rules find.
    pub needs_person: bool,
}

/// The longest text of a request, and of a reason, in characters.
pub const LONGEST_TEXT: usize = 2000;
