//! The fields of forms: a label, a hint and what was wrong stand with each, for eyes and for screen readers.

use maud::{Markup, html};

use crate::base::id::AccountId;
use crate::console::form::problem::Problem;
use crate::console::page::paths::account_value;

/// How a field is called, by the form and by people.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    pub name: &'static str,
    pub text: &'static str,
    /// A sentence under the label; may be empty.
    pub hint: &'static str,
}

pub const fn label(name: &'static str, text: &'static str, hint: &'static str) -> Label {
    Label { name, text, hint }
}

/// The fields of one form.
#[derive(Debug, Default)]
pub struct Fields {
    problem: Option<Problem>,
}

/// One thing to choose: its value and what people read.
pub type Choice = (String, String);

/// An account, as one of several to choose from.
pub fn account_choice(account: &AccountId) -> Choice {
    (account_value(account), format!("{} ({})", account.as_str(), account.kind()))
}

/// What the script asks while an ID is typed, at this address with the text behind it.
#[derive(Clone, Copy, Debug)]
pub enum Typing {
    /// Whether it can be had.
    Check(&'static str),
    /// Which accounts there are.
    Suggest(&'static str),
}

impl Fields {
    pub fn with(problem: Option<Problem>) -> Fields {
        Fields { problem }
    }

    /// The problem, above the form: of all of it, or with a way to the field.
    pub fn summary(&self) -> Markup {
        html! {
            @if let Some(problem) = &self.problem {
                div .alert.error role="alert" {
                    @if problem.field.is_empty() { (problem.text) } @else { a href={"#" (problem.field)} { (problem.text) } }
                }
            }
        }
    }

    fn wrong(&self, name: &str) -> Option<&str> {
        self.problem.as_ref().filter(|problem| problem.field == name).map(|problem| problem.text.as_str())
    }

    /// What describes the field: its hint and its problem.
    fn described_by(&self, label: Label) -> Option<String> {
        let hint = (!label.hint.is_empty()).then(|| format!("{}-hint", label.name));
        let problem = self.wrong(label.name).map(|_| format!("{}-problem", label.name));
        let ids: Vec<String> = hint.into_iter().chain(problem).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }

    fn around(&self, label: Label, control: &Markup) -> Markup {
        html! {
            div .field {
                label for=(label.name) { (label.text) }
                (hint(label))
                (control)
                (self.problem_at(label.name))
            }
        }
    }

    /// The problem of a field, where there is one.
    pub fn problem_at(&self, name: &str) -> Markup {
        html! { @if let Some(text) = self.wrong(name) { p .problem id={(name) "-problem"} { (text) } } }
    }

    pub fn text(&self, label: Label, value: &str) -> Markup {
        self.input(label, "text", value)
    }

    pub fn password(&self, label: Label) -> Markup {
        self.input(label, "password", "")
    }

    /// An ID, which must be given.
    pub fn id(&self, label: Label, value: &str, typing: Typing) -> Markup {
        let (check, suggest) = match typing {
            Typing::Check(address) => (Some(address), None),
            Typing::Suggest(address) => (None, Some(address)),
        };
        let control = html! {
            input id=(label.name) name=(label.name) type="text" value=(value) required maxlength="36" autocapitalize="none"
                autocomplete="off" spellcheck="false" aria-describedby=[self.described_by(label)]
                aria-invalid=[self.wrong(label.name).map(|_| "true")] data-check=[check] data-suggest=[suggest]
                list=[suggest.map(|_| "suggestions")];
            @if check.is_some() { p .live role="status" data-live {} }
            @if suggest.is_some() { datalist id="suggestions" {} }
        };
        self.around(label, &control)
    }

    fn input(&self, label: Label, kind: &str, value: &str) -> Markup {
        let autocomplete = match (kind, label.name) {
            ("password", "old") => "current-password",
            ("password", _) => "new-password",
            _ => "off",
        };
        let control = html! {
            input id=(label.name) name=(label.name) type=(kind) value=(value) autocomplete=(autocomplete)
                aria-describedby=[self.described_by(label)] aria-invalid=[self.wrong(label.name).map(|_| "true")];
        };
        self.around(label, &control)
    }

    pub fn area(&self, label: Label, value: &str) -> Markup {
        let control = html! {
            textarea id=(label.name) name=(label.name) rows="3" aria-describedby=[self.described_by(label)]
                aria-invalid=[self.wrong(label.name).map(|_| "true")] { (value) }
        };
        self.around(label, &control)
    }

    pub fn select(&self, label: Label, choices: &[Choice], chosen: &str) -> Markup {
        let control = html! {
            select id=(label.name) name=(label.name) aria-describedby=[self.described_by(label)]
                aria-invalid=[self.wrong(label.name).map(|_| "true")] {
                @for (value, text) in choices { option value=(value) selected[value == chosen] { (text) } }
            }
        };
        self.around(label, &control)
    }

    /// Texts one below the other. There are always empty rows to fill; the script shows one and adds more.
    pub fn rows(&self, label: Label, one: &str, more: &str, values: &[String]) -> Markup {
        let rows = with_spare(values, String::new());
        self.repeated(label, more, &rows, |n, value| {
            html! {
                input id=[(n == 0).then_some(label.name)] name=(label.name) type="text" inputmode="url" value=(value)
                    aria-label={(one) " " (n + 1)} autocomplete="off" spellcheck="false" aria-describedby=[self.described_by(label)]
                    aria-invalid=[self.wrong(label.name).map(|_| "true")];
            }
        })
    }

    /// The same with two texts in each row; `columns` names their fields and says what they are.
    pub fn pairs(&self, label: Label, columns: [(&str, &str); 2], more: &str, values: &[(String, String)]) -> Markup {
        let rows = with_spare(values, (String::new(), String::new()));
        self.repeated(label, more, &rows, |n, (first, second)| {
            html! {
                @for (m, ((name, text), value)) in columns.iter().zip([first, second]).enumerate() {
                    input id=[(n == 0 && m == 0).then_some(label.name)] name=(name) type="text" value=(value) placeholder=(text)
                        aria-label={(text) " " (n + 1)} autocomplete="off" autocapitalize="none" spellcheck="false"
                        aria-describedby=[self.described_by(label)] aria-invalid=[self.wrong(label.name).map(|_| "true")];
                }
            }
        })
    }

    fn repeated<T>(&self, label: Label, more: &str, rows: &[T], inputs: impl Fn(usize, &T) -> Markup) -> Markup {
        html! {
            fieldset .field data-rows=(MOST_ROWS) {
                legend { (label.text) }
                (hint(label))
                @for (n, row) in rows.iter().enumerate() {
                    div .row { (inputs(n, row)) button .quiet type="button" data-remove hidden { "Remove" } }
                }
                button type="button" data-add hidden { (more) }
                (self.problem_at(label.name))
            }
        }
    }

    pub fn tick(&self, label: Label, ticked: Ticked) -> Markup {
        html! {
            div .tick {
                input id=(label.name) name=(label.name) type="checkbox" value="true" checked[ticked == Ticked::Yes] aria-describedby=[self.described_by(label)];
                label for=(label.name) { (label.text) }
                (hint(label))
            }
        }
    }
}

/// Whether a box is ticked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ticked {
    Yes,
    No,
}

impl From<bool> for Ticked {
    fn from(is_ticked: bool) -> Ticked {
        if is_ticked { Ticked::Yes } else { Ticked::No }
    }
}

/// How many rows of one kind the API takes.
const MOST_ROWS: usize = 10;

/// What is there, and empty rows for two more, as long as there is room.
fn with_spare<T: Clone>(values: &[T], empty: T) -> Vec<T> {
    let spare = 2.min(MOST_ROWS.saturating_sub(values.len())).max(usize::from(values.is_empty()));
    values.iter().cloned().chain(std::iter::repeat_n(empty, spare)).collect()
}

pub fn hint(label: Label) -> Markup {
    html! { @if !label.hint.is_empty() { p .hint id={(label.name) "-hint"} { (label.hint) } } }
}
