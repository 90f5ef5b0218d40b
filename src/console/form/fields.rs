//! The fields of a form: each with its label, value, hint and problem, also for screen readers.

use maud::{Markup, html};

use crate::base::id::AccountId;
use crate::base::right::Rights;
use crate::console::form::findings::{CHECK, FormCheck};
use crate::console::form::problem::Problem;
use crate::console::form::rights_picker;
use crate::console::page::layout::Layout;
use crate::console::page::paths::account_value;
use crate::http::form::Form;

/// The name of a field in the form, and its text.
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

/// The fields of one form: fresh, or as they were sent and refused.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    pub values: Form,
    pub problem: Option<Problem>,
    /// What the review finds, if the form was checked and not saved.
    pub check: Option<FormCheck>,
}

/// A choice: its value and its text.
pub type Choice = (String, String);

/// Returns the choice of an account.
pub fn account_choice(account: &AccountId) -> Choice {
    (account_value(account), format!("{} ({})", account.as_str(), account.kind()))
}

/// What the script requests while an ID is typed: this path with the text after it.
#[derive(Clone, Copy, Debug)]
pub enum Typing {
    /// Whether it is free.
    Check(&'static str),
    /// Accounts with it in their ID.
    Suggest(&'static str),
}

impl Fields {
    /// Returns a fresh form with these values.
    pub fn filled<'a>(values: impl IntoIterator<Item = (&'a str, String)>) -> Fields {
        Fields { values: values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(), ..Fields::default() }
    }

    /// Returns the status of the page that shows the form.
    pub fn status(&self) -> u16 {
        self.problem.as_ref().map_or(200, |problem| problem.status)
    }

    /// Draws the problem above the form, with a link to the field if it is about one.
    pub fn summary(&self) -> Markup {
        html! {
            @if let Some(problem) = &self.problem {
                div .alert.error role="alert" data-problem=(problem.field) data-error=(problem.error) {
                    @if problem.field.is_empty() { (problem.text) } @else { a href={"#" (problem.field)} { (problem.text) } }
                }
            }
        }
    }

    /// Draws the whole form below its problem, with the button that sends it and a link to leave it.
    pub fn form(&self, layout: &Layout<'_>, action: &str, rows: &Markup, send: &str, leave: &str) -> Markup {
        self.form_with(layout, action, rows, &html! { button .main { (send) } }, leave)
    }

    /// Draws the same for a client, with a button that only checks it.
    pub fn checked_form(&self, layout: &Layout<'_>, action: &str, rows: &Markup, send: &str, leave: &str) -> Markup {
        let buttons = html! { button .main { (send) } button name=(CHECK) value="true" { "Check" } };
        html! { @if let Some(check) = &self.check { (check.summary()) } (self.form_with(layout, action, rows, &buttons, leave)) }
    }

    fn form_with(&self, layout: &Layout<'_>, action: &str, rows: &Markup, buttons: &Markup, leave: &str) -> Markup {
        let content = html! { (rows) div .submit { (buttons) a href=(leave) { "Cancel" } } };
        html! { (self.summary()) (layout.form(action, &content)) }
    }

    /// Returns the same for a page without these fields: its problem links to none.
    pub fn without_links(&self) -> Fields {
        Fields { problem: self.problem.clone().map(|problem| Problem { field: String::new(), ..problem }), ..self.clone() }
    }

    fn wrong(&self, name: &str) -> Option<&str> {
        self.problem.as_ref().filter(|problem| problem.field == name).map(|problem| problem.text.as_str())
    }

    fn invalid(&self, label: Label) -> Option<&'static str> {
        self.wrong(label.name).map(|_| "true")
    }

    /// Returns the IDs of the elements that describe the field: hint and problem.
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

    /// Draws the problem of a field, if there is one, and what the review finds about it.
    pub fn problem_at(&self, name: &str) -> Markup {
        html! {
            @if let Some(text) = self.wrong(name) { p .problem id={(name) "-problem"} { (text) } }
            @if let Some(check) = &self.check { (check.at(name)) }
        }
    }

    pub fn text(&self, label: Label) -> Markup {
        self.input(label, "text", "off", self.values.one(label.name))
    }

    /// Draws a password field. What was typed is never sent back.
    pub fn password(&self, label: Label) -> Markup {
        self.input(label, "password", if label.name == "old" { "current-password" } else { "new-password" }, "")
    }

    fn input(&self, label: Label, kind: &str, autocomplete: &str, value: &str) -> Markup {
        let control = html! {
            input id=(label.name) name=(label.name) type=(kind) value=(value) autocomplete=(autocomplete)
                aria-describedby=[self.described_by(label)] aria-invalid=[self.invalid(label)];
        };
        self.around(label, &control)
    }

    /// Draws the field of a required ID.
    pub fn id(&self, label: Label, typing: Typing) -> Markup {
        let (check, suggest) = match typing {
            Typing::Check(address) => (Some(address), None),
            Typing::Suggest(address) => (None, Some(address)),
        };
        let control = html! {
            input id=(label.name) name=(label.name) type="text" value=(self.values.one(label.name)) required maxlength="36"
                autocapitalize="none" autocomplete="off" spellcheck="false" aria-describedby=[self.described_by(label)]
                aria-invalid=[self.invalid(label)] data-check=[check] data-suggest=[suggest] list=[suggest.map(|_| "suggestions")];
            @if check.is_some() { p .live role="status" data-live {} }
            @if suggest.is_some() { datalist id="suggestions" {} }
        };
        self.around(label, &control)
    }

    pub fn area(&self, label: Label) -> Markup {
        let control = html! {
            textarea id=(label.name) name=(label.name) rows="3" aria-describedby=[self.described_by(label)]
                aria-invalid=[self.invalid(label)] { (self.values.one(label.name)) }
        };
        self.around(label, &control)
    }

    pub fn select(&self, label: Label, choices: &[Choice]) -> Markup {
        let chosen = self.values.one(label.name);
        let control = html! {
            select id=(label.name) name=(label.name) aria-describedby=[self.described_by(label)] aria-invalid=[self.invalid(label)] {
                @for (value, text) in choices { option value=(value) selected[value == chosen] { (text) } }
            }
        };
        self.around(label, &control)
    }

    /// Draws rows of one text each. There are always empty rows to fill; the script shows one and adds more.
    pub fn rows(&self, label: Label, one: &str, more: &str) -> Markup {
        self.repeated(label, more, &with_spare(&self.values.filled(label.name), ""), |n, value| {
            html! {
                input id=[(n == 0).then_some(label.name)] name=(label.name) type="text" inputmode="url" value=(value)
                    aria-label={(one) " " (n + 1)} autocomplete="off" spellcheck="false" aria-describedby=[self.described_by(label)]
                    aria-invalid=[self.invalid(label)];
            }
        })
    }

    /// Draws rows of two texts each; `columns` has the name and the text of both.
    pub fn pairs(&self, label: Label, columns: [(&str, &str); 2], more: &str) -> Markup {
        let rows = with_spare(&self.values.pairs(columns[0].0, columns[1].0), ("", ""));
        self.repeated(label, more, &rows, |n, (first, second)| {
            html! {
                @for (m, ((name, text), value)) in columns.iter().zip([first, second]).enumerate() {
                    input id=[(n == 0 && m == 0).then_some(label.name)] name=(name) type="text" value=(value) placeholder=(text)
                        aria-label={(text) " " (n + 1)} autocomplete="off" autocapitalize="none" spellcheck="false"
                        aria-describedby=[self.described_by(label)] aria-invalid=[self.invalid(label)];
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

    /// Draws check boxes of one name, each with its value, text and hint.
    pub fn boxes(&self, label: Label, boxes: &[(&str, &str, &str)]) -> Markup {
        let ticked = self.values.all(label.name);
        html! {
            fieldset .field id=(label.name) tabindex="-1" {
                legend { (label.text) }
                (self.problem_at(label.name))
                @for (value, text, hint) in boxes {
                    label .tick {
                        input type="checkbox" name=(label.name) value=(value) checked[ticked.contains(value)];
                        span { (text) " " span .quiet { (hint) } }
                    }
                }
            }
        }
    }

    pub fn tick(&self, label: Label) -> Markup {
        html! {
            div .tick {
                input id=(label.name) name=(label.name) type="checkbox" value="true" checked[self.values.has(label.name)]
                    aria-describedby=[self.described_by(label)];
                label for=(label.name) { (label.text) }
                (hint(label))
            }
        }
    }

    /// Draws check boxes for the offered rights. Chosen rights are always offered, because saving would remove them otherwise.
    pub fn rights(&self, offered: Rights) -> Markup {
        let chosen: Rights = rights_picker::chosen(&self.values, offered).into_iter().collect();
        rights_picker::picker(&self.problem_at(rights_picker::NAME), offered.or(chosen), chosen)
    }
}

/// The most rows of one kind that the API accepts.
const MOST_ROWS: usize = 10;

/// Returns the rows with up to two empty ones, within the bound.
fn with_spare<T: Clone>(values: &[T], empty: T) -> Vec<T> {
    let spare = 2.min(MOST_ROWS.saturating_sub(values.len())).max(usize::from(values.is_empty()));
    values.iter().cloned().chain(std::iter::repeat_n(empty, spare)).collect()
}

fn hint(label: Label) -> Markup {
    html! { @if !label.hint.is_empty() { p .hint id={(label.name) "-hint"} { (label.hint) } } }
}
