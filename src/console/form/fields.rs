//! The fields of a form: each with its label, value, hint and problem, also for screen readers.

use maud::{Markup, html};

use crate::base::id::AccountId;
use crate::base::right::Rights;
use crate::base::time::Time;
use crate::console::form::findings::{self, CHECK};
use crate::console::form::problem::{Problem, Problems};
use crate::console::form::rights_picker;
use crate::console::page::layout::Layout;
use crate::console::page::paths::account_value;
use crate::http::form::Form;
use crate::registry::client_check::Checked;

/// The name of a field in the form, and its text.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    pub name: &'static str,
    pub text: &'static str,
    /// A sentence under the label; may be empty.
    pub hint: &'static str,
    pub is_required: bool,
}

/// Labels a field that may be left empty.
pub const fn label(name: &'static str, text: &'static str, hint: &'static str) -> Label {
    Label { name, text, hint, is_required: false }
}

/// The rights of a form that must choose some.
pub const RIGHTS: Label = label(rights_picker::NAME, "Rights", "").required();

impl Label {
    pub const fn required(mut self) -> Label {
        self.is_required = true;
        self
    }
}

/// The fields of one form: fresh, or as they were sent and refused.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    pub values: Form,
    pub problems: Problems,
    /// What the review finds, if the form was checked and not saved.
    pub check: Option<Checked>,
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
        self.problems.status()
    }

    /// Draws above the form what is wrong with each field, with a link to it. The browser begins there, or at the field if it is only one.
    pub fn summary(&self) -> Markup {
        let mut first: Vec<&Problem> = Vec::new();
        for problem in self.problems.each() {
            if first.iter().all(|other| other.field != problem.field) {
                first.push(problem);
            }
        }
        let about = |field: &str| {
            let text = self.wrong(field);
            html! { @if field.is_empty() { (text) } @else { a href={"#" (field)} { (text) } } }
        };
        html! {
            @match first[..] {
                [] => {}
                [one] => div .alert.error role="alert" tabindex="-1" autofocus[one.field.is_empty()] data-problem=(one.field) data-error=(one.error) {
                    (about(&one.field))
                },
                _ => div .alert.error role="alert" tabindex="-1" autofocus {
                    p { strong { (first.len()) " things need your attention. Nothing is saved yet." } }
                    ul { @for one in first { li data-problem=(one.field) data-error=(one.error) { (about(&one.field)) } } }
                },
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
        self.form_with(layout, action, rows, &buttons, leave)
    }

    fn form_with(&self, layout: &Layout<'_>, action: &str, rows: &Markup, buttons: &Markup, leave: &str) -> Markup {
        let content = html! { (rows) div .submit { (buttons) a href=(leave) { "Cancel" } } };
        html! { (self.summary()) (layout.card_form(action, &content)) }
    }

    /// Returns the same for a page without these fields: its problems link to none.
    pub fn without_links(&self) -> Fields {
        Fields { problems: self.problems.clone().map(|problem| Problem { field: String::new(), ..problem }), ..self.clone() }
    }

    /// Returns what is wrong with a field, in one text; empty if nothing is.
    fn wrong(&self, name: &str) -> String {
        let texts: Vec<&str> = self.problems.each().iter().filter(|problem| problem.field == name).map(|problem| &*problem.text).collect();
        texts.join(" ")
    }

    pub fn is_wrong(&self, name: &str) -> bool {
        self.problems.each().iter().any(|problem| problem.field == name)
    }

    fn invalid(&self, label: Label) -> Option<&'static str> {
        self.is_wrong(label.name).then_some("true")
    }

    /// Returns whether the browser begins at this field: it is the only one that is wrong.
    pub fn is_first(&self, name: &str) -> bool {
        self.is_wrong(name) && self.problems.each().iter().all(|problem| problem.field == name)
    }

    /// Returns the IDs of the elements that describe the field: hint and problem.
    fn described_by(&self, label: Label) -> Option<String> {
        let hint = (!label.hint.is_empty()).then(|| format!("{}-hint", label.name));
        let problem = self.is_wrong(label.name).then(|| format!("{}-problem", label.name));
        let ids: Vec<String> = hint.into_iter().chain(problem).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }

    fn around(&self, label: Label, control: &Markup) -> Markup {
        html! {
            div .field {
                label for=(label.name) { (label.text) (required(label)) }
                (hint(label))
                (control)
                (self.problem_at(label.name))
            }
        }
    }

    /// Draws the problem of a field, if there is one, and what the review finds about it.
    pub fn problem_at(&self, name: &str) -> Markup {
        html! {
            @if self.is_wrong(name) { p .problem id={(name) "-problem"} { (self.wrong(name)) } }
            @if let Some(checked) = &self.check { (findings::at(checked, name)) }
        }
    }

    pub fn text(&self, label: Label) -> Markup {
        self.input(label, "text", "off", self.values.one(label.name))
    }

    /// Draws the field of a date; what is in it and is no date stays as it is.
    pub fn date(&self, label: Label) -> Markup {
        let value = self.values.one(label.name);
        let is_date = value.is_empty() || Time::parse_date(value).is_some();
        self.input(label, if is_date { "date" } else { "text" }, "off", value)
    }

    /// Draws a password field. What was typed is never sent back.
    pub fn password(&self, label: Label) -> Markup {
        self.input(label, "password", if label.name == "old" { "current-password" } else { "new-password" }, "")
    }

    fn input(&self, label: Label, kind: &str, autocomplete: &str, value: &str) -> Markup {
        let control = html! {
            input id=(label.name) name=(label.name) type=(kind) value=(value) autocomplete=(autocomplete)
                required[label.is_required] autofocus[self.is_first(label.name)] aria-describedby=[self.described_by(label)] aria-invalid=[self.invalid(label)];
        };
        self.around(label, &control)
    }

    /// Draws the field of an ID.
    pub fn id(&self, label: Label, typing: Typing) -> Markup {
        let (check, suggest) = match typing {
            Typing::Check(address) => (Some(address), None),
            Typing::Suggest(address) => (None, Some(address)),
        };
        let control = html! {
            input id=(label.name) name=(label.name) type="text" value=(self.values.one(label.name)) required[label.is_required] autofocus[self.is_first(label.name)]
                autocapitalize="none" autocomplete="off" spellcheck="false" aria-describedby=[self.described_by(label)]
                aria-invalid=[self.invalid(label)] data-check=[check] data-suggest=[suggest] list=[suggest.map(|_| "suggestions")];
            @if check.is_some() { p .live role="status" data-live {} }
            @if suggest.is_some() { datalist id="suggestions" {} }
        };
        self.around(label, &control)
    }

    pub fn area(&self, label: Label) -> Markup {
        let control = html! {
            textarea id=(label.name) name=(label.name) rows="3" autofocus[self.is_first(label.name)] aria-describedby=[self.described_by(label)]
                aria-invalid=[self.invalid(label)] { (self.values.one(label.name)) }
        };
        self.around(label, &control)
    }

    pub fn select(&self, label: Label, choices: &[Choice]) -> Markup {
        let chosen = self.values.one(label.name);
        let control = html! {
            select id=(label.name) name=(label.name) autofocus[self.is_first(label.name)] aria-describedby=[self.described_by(label)] aria-invalid=[self.invalid(label)] {
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
                    aria-label={(one) " " (n + 1)} autocomplete="off" spellcheck="false" required[label.is_required && n == 0]
                    autofocus[n == 0 && self.is_first(label.name)] aria-describedby=[self.described_by(label)]
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
                        autofocus[n == 0 && m == 0 && self.is_first(label.name)]
                        aria-describedby=[self.described_by(label)] aria-invalid=[self.invalid(label)];
                }
            }
        })
    }

    fn repeated<T>(&self, label: Label, more: &str, rows: &[T], inputs: impl Fn(usize, &T) -> Markup) -> Markup {
        html! {
            fieldset .field data-rows=(MOST_ROWS) {
                legend { (label.text) (required(label)) }
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
            fieldset .field id=(label.name) tabindex="-1" autofocus[self.is_first(label.name)] {
                legend { (label.text) (required(label)) }
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
    pub fn rights(&self, label: Label, offered: Rights) -> Markup {
        let chosen: Rights = rights_picker::chosen(&self.values, offered).into_iter().collect();
        html! {
            fieldset .field.rights id=(label.name) tabindex="-1" autofocus[self.is_first(label.name)] data-rights {
                legend { (label.text) (required(label)) }
                (self.problem_at(label.name))
                (rights_picker::picker(offered.or(chosen), chosen))
                (hint(label))
            }
        }
    }
}

/// The most rows of one kind that the API accepts.
const MOST_ROWS: usize = 10;

/// Returns the rows with up to two empty ones, within the bound.
fn with_spare<T: Clone>(values: &[T], empty: T) -> Vec<T> {
    let spare = 2.min(MOST_ROWS.saturating_sub(values.len())).max(usize::from(values.is_empty()));
    values.iter().cloned().chain(std::iter::repeat_n(empty, spare)).collect()
}

/// Draws the mark of a field that must be filled in.
fn required(label: Label) -> Markup {
    html! { @if label.is_required { " " span .required { "required" } } }
}

fn hint(label: Label) -> Markup {
    html! { @if !label.hint.is_empty() { p .hint id={(label.name) "-hint"} { (label.hint) } } }
}
