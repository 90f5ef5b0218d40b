//! What a rule found.

use serde_json::{Value, json};

use crate::base::named::named;

named! {
    /// How much a finding weighs; the greatest weighs most.
    #[derive(PartialOrd, Ord)]
    pub enum Severity {
        /// Worth a look.
        Notes = "notes",
        /// Somebody should see it before the client is for everyone.
        Warns = "warns",
        /// The client must not be approved like this.
        Blocks = "blocks",
    }
}

impl Severity {
    /// Every one, the worst first.
    pub const WORST_FIRST: [Severity; 3] = [Severity::Blocks, Severity::Warns, Severity::Notes];
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFinding {
    pub rule: &'static str,
    /// The guideline that the rule comes from, in one sentence.
    pub guideline: &'static str,
    pub severity: Severity,
    /// The field of the client, as the API names it: `redirect_uris[1]`.
    pub field: String,
    /// What was seen there.
    pub seen: String,
    /// Why it matters.
    pub why: &'static str,
    /// What to do about it.
    pub advice: String,
}

impl RuleFinding {
    /// Returns it as the API writes it.
    pub fn to_json(&self) -> Value {
        json!({
            "rule": self.rule, "guideline": self.guideline, "severity": self.severity.name(), "field": self.field, "seen": self.seen,
            "why": self.why, "do": self.advice,
        })
    }
}
