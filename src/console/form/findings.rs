//! What the rules of the review find about a client, beside the fields of its form and in lists.

use maud::{Markup, html};

use crate::model::choice::State;
use crate::page::message;
use crate::page::words::counted;
use crate::review::finding::{RuleFinding, Severity};

/// The name of the button that checks a form without saving it.
pub const CHECK: &str = "check";

/// What checking a form found.
#[derive(Clone, Debug)]
pub struct FormCheck {
    pub findings: Vec<RuleFinding>,
    /// The state that the client would have.
    pub state: State,
}

/// The fields that findings name otherwise than forms do.
const NAMES: &[(&str, &str)] = &[("ids", "id"), ("collaborators", "owner")];

/// Fields that no form draws, or not every one does: what is found about them stands above the form.
const ABOVE: &[&str] = &["owner", "secret", "administrative_contact", "technical_contact"];

fn field(finding: &RuleFinding) -> &str {
    let name = finding.field.split(['[', '.']).next().unwrap_or_default();
    NAMES.iter().find(|(found, _)| *found == name).map_or(name, |(_, form)| form)
}

impl FormCheck {
    /// Draws what would become of the client, and what is found about no field of the form.
    pub fn summary(&self) -> Markup {
        let (mut blocks, mut warns, mut notes) = (0, 0, 0);
        for finding in &self.findings {
            match finding.severity {
                Severity::Blocks => blocks += 1,
                Severity::Warns => warns += 1,
                Severity::Notes => notes += 1,
            }
        }
        let counts = [(blocks, "blocking finding"), (warns, "warning"), (notes, "note")];
        let counts: Vec<String> = counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| counted(count, word)).collect();
        let above: Vec<&RuleFinding> = self.findings.iter().filter(|finding| ABOVE.contains(&field(finding))).collect();
        html! {
            (message::note("checked", html! {
                "Checked, and nothing is saved yet. "
                @if counts.is_empty() { "The rules of the review find nothing. " }
                @else { "The rules of the review have " (counts.join(", ")) ", beside the fields. " }
                @match self.state {
                    State::Approved | State::Flagged => "The client would be open to everyone.",
                    State::Requested => "The client would wait for an administrator.",
                    State::Rejected => "The client stays rejected.",
                    State::Suspended => "The client stays suspended.",
                }
            }))
            @for finding in above { (one(finding)) }
        }
    }

    /// Draws what is found about a field.
    pub fn at(&self, name: &str) -> Markup {
        let here = |finding: &&RuleFinding| field(finding) == name && !ABOVE.contains(&name);
        html! { @for finding in self.findings.iter().filter(here) { (one(finding)) } }
    }
}

/// Draws findings, in their order.
pub fn all(findings: &[RuleFinding]) -> Markup {
    html! { @for finding in findings { (one(finding)) } }
}

fn one(finding: &RuleFinding) -> Markup {
    let (class, word) = match finding.severity {
        Severity::Blocks => ("blocks", "Blocks"),
        Severity::Warns => ("warns", "Warning"),
        Severity::Notes => ("notes", "Note"),
    };
    html! {
        div class={"finding " (class)} data-finding=(finding.rule) {
            p { strong { (word) } @if !finding.field.is_empty() { " · " code { (finding.field) } } " · " (with_code(&finding.seen)) }
            p .quiet { (finding.why) " " (with_code(&finding.advice)) }
        }
    }
}

/// Draws what stands between backticks as code.
fn with_code(text: &str) -> Markup {
    html! { @for (n, part) in text.split('`').enumerate() { @if n % 2 == 1 { code { (part) } } @else { (part) } } }
}
