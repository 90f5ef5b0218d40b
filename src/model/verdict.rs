//! What was judged about a client, and requests for review.

use serde_json::{Map, Value};

use crate::base::time::Time;

/// What came of a judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing yet: the client waits with its findings.
    Judged,
    Approved,
    Rejected,
    /// The owner is told what to change.
    ChangesRequested,
}

/// Who or what judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judge {
    /// The rules alone.
    Rules,
    /// The operator, at the machine.
    Operator,
    /// An administrator's account.
    Account,
}

macro_rules! words {
    ($type:ident: $($variant:ident = $word:literal),+) => {
        impl $type {
            pub const EVERY: &[$type] = &[$($type::$variant),+];

            /// Returns the word for it in the API and in the database.
            pub fn name(self) -> &'static str {
                match self { $($type::$variant => $word),+ }
            }

            pub fn from_name(name: &str) -> Option<$type> {
                $type::EVERY.iter().copied().find(|word| word.name() == name)
            }
        }
    };
}

words! { Outcome: Judged = "judged", Approved = "approved", Rejected = "rejected", ChangesRequested = "changes_requested" }
words! { Judge: Rules = "rules", Operator = "operator", Account = "account" }

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
