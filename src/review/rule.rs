//! What a rule is.

use crate::base::printable::printable;
use crate::review::finding::{RuleFinding, Severity};
use crate::review::names::is_unseen;
use crate::review::reviewed_client::ReviewedClient;

/// What administrators always validate, as the guidelines say it.
pub mod guideline {
    pub const OWNER: &str =
        "The ID and name of the user or organization that owns the client clearly identify who is providing the service.";
    pub const CONFUSABLE: &str = "IDs or names that could be confused with official IDs or names are rejected.";
    pub const ID: &str = "The ID consists of the brand name and the purpose of the client, such as mycompany-gateway-onboarding.";
    pub const NAME: &str = "The name is clear: typically the capitalized form of the ID.";
    pub const DESCRIPTION: &str = "The description explains to users what the application does.";
    pub const REDIRECT: &str = "The redirect URLs work.";
    pub const PASSWORD: &str = "The password grant is never used. No exceptions.";
    pub const REFRESH: &str = "The refresh token grant is only used when non-interactive access is clearly required.";
    pub const GRANTS: &str = "The client uses OAuth as it is meant for its kind.";
    pub const RIGHTS: &str = "The rights are appropriate given the name and description of the client.";
    pub const UPKEEP: &str = "Somebody answers for the client, and it is in use.";
}

/// A row of [`crate::review::rules::RULES`].
pub struct Rule {
    pub name: &'static str,
    /// The guideline that it comes from, in one sentence.
    pub guideline: &'static str,
    pub severity: Severity,
    /// What it finds, in one sentence.
    pub finds: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// Returns everything that is to be said by this rule.
    pub check: fn(&ReviewedClient<'_>) -> Vec<RuleMatch>,
}

/// What a rule has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleMatch {
    /// The field of the client, as the API names it: `redirect_uris[1]`.
    pub field: String,
    pub seen: String,
    /// What to do about it.
    pub advice: String,
}

impl RuleMatch {
    pub fn new(field: impl Into<String>, seen: impl Into<String>, advice: impl Into<String>) -> RuleMatch {
        // What deceives in a name would deceive here too.
        RuleMatch { field: field.into(), seen: visible(&seen.into()), advice: visible(&advice.into()) }
    }
}

/// Returns a text with the characters escaped that steer a terminal, or that nobody sees.
fn visible(text: &str) -> String {
    let escaped = |c: char| if is_unseen(c) { c.escape_unicode().to_string() } else { c.to_string() };
    printable(text).chars().map(escaped).collect()
}

impl Rule {
    /// Returns what it finds about a client.
    pub fn findings(&self, client: &ReviewedClient<'_>) -> impl Iterator<Item = RuleFinding> + use<> {
        let (rule, guideline, severity, why) = (self.name, self.guideline, self.severity, self.why);
        (self.check)(client).into_iter().map(move |RuleMatch { field, seen, advice }| RuleFinding {
            rule,
            guideline,
            severity,
            field,
            seen,
            why,
            advice,
        })
    }
}
