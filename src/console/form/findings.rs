//! What the rules of the review find about a client, beside the fields of its form and in lists.

use maud::{Markup, html};

use crate::model::choice::State;
use crate::page::message::{self, with_code};
use crate::page::words::counted;
use crate::registry::client_check::Checked;
use crate::review::finding::{RuleFinding, Severity};

/// The name of the button that checks a form without saving it.
pub const CHECK: &str = "check";

/// Returns what people call a field that the API names.
pub type FieldLabel = fn(&str) -> String;

/// The fields that findings name otherwise than forms do.
const NAMES: &[(&str, &str)] = &[("ids", "id"), ("collaborators", "owner")];

/// Fields that no form draws, or not every one does: what is found about them stands above the form.
const ABOVE: &[&str] = &["owner", "secret", "administrative_contact", "technical_contact"];

fn field(finding: &RuleFinding) -> &str {
    let name = finding.field.split(['[', '.']).next().unwrap_or_default();
    NAMES.iter().find(|(found, _)| *found == name).map_or(name, |(_, form)| form)
}

/// Draws what would become of a client whose form was checked, and what is found about no field of the form.
pub fn summary(checked: &Checked, label: FieldLabel) -> Markup {
    let count = |severity: Severity| checked.findings.iter().filter(|finding| finding.severity == severity).count() as i64;
    let counts = [(Severity::Blocks, "blocking finding"), (Severity::Warns, "warning"), (Severity::Notes, "note")];
    let counts = counts.map(|(severity, word)| (count(severity), word));
    let counts: Vec<String> = counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| counted(count, word)).collect();
    let above: Vec<&RuleFinding> = checked.findings.iter().filter(|finding| ABOVE.contains(&field(finding))).collect();
    html! {
        (message::note("checked", html! {
            "Checked, and nothing is saved yet. "
            @if counts.is_empty() { "The rules of the review find nothing. " }
            @else { "The rules of the review have " (counts.join(", ")) ", beside the fields. " }
            @match checked.state {
                State::Approved | State::Flagged => "The client would be open to everyone.",
                State::Requested => "The client would wait for an administrator.",
                State::Rejected => "The client stays rejected.",
                State::Suspended => "The client stays suspended.",
            }
        }))
        @for finding in above { (one(finding, Some(label))) }
    }
}

/// Draws what is found about a field, beside it.
pub fn at(checked: &Checked, name: &str) -> Markup {
    let here = |finding: &&RuleFinding| field(finding) == name && !ABOVE.contains(&name);
    html! { @for finding in checked.findings.iter().filter(here) { (one(finding, None)) } }
}

/// Draws findings, in their order.
pub fn all<'f>(findings: impl IntoIterator<Item = &'f RuleFinding>, label: FieldLabel) -> Markup {
    html! { @for finding in findings { (one(finding, Some(label))) } }
}

fn one(finding: &RuleFinding, label: Option<FieldLabel>) -> Markup {
    let (class, word) = match finding.severity {
        Severity::Blocks => ("blocks", "Blocks"),
        Severity::Warns => ("warns", "Warning"),
        Severity::Notes => ("notes", "Note"),
    };
    html! {
        div class={"finding " (class)} data-finding=(finding.rule) {
            p { strong { (word) } @if let Some(label) = label { " · " (label(&finding.field)) } " · " (with_code(&finding.seen)) }
            p .quiet { (finding.why) " " (with_code(&finding.advice)) }
        }
    }
}
