//! Asks for confirmation: of what cannot be undone, by typing its name.

use maud::{Markup, html};

use crate::base::error::Result;
use crate::call::{Call, Input, LongWork, Transactions, Work};
use crate::console::form::fields::{Fields, Label, label};
use crate::console::form::problem::Problem;
use crate::console::form::repeatable_secret;
use crate::console::page::layout::{Layout, title};
use crate::console::page::menu::MenuItem;
use crate::http::form::Form;
use crate::http::reply::Reply;

const TYPED: Label = label("confirm", "Type it to confirm", "Exactly as shown above.").required();

#[derive(Debug)]
pub struct Confirmation {
    pub menu_item: MenuItem,
    pub what: String,
    pub consequence: Markup,
    /// The path of the page and of its form.
    pub path: String,
    /// The path to go back to.
    pub back: String,
    /// What must be typed; nothing for what can be undone.
    pub typed: Option<String>,
}

type About<'r> = Box<dyn FnOnce(&Call<'_>) -> Result<Confirmation> + 'r>;

/// The action once it is confirmed.
pub struct Confirmed<'r> {
    about: About<'r>,
    act: LongWork<'r>,
}

/// Defines the handlers of both rows: one asks, the other does what was confirmed.
macro_rules! confirmed {
    ($(#[$doc:meta])* $ask:ident, $act:ident: $confirmed:expr) => {
        $(#[$doc])*
        pub fn $ask<'r>(input: &'r Input<'r>) -> Result<Work<'r>> {
            $confirmed(input)?.ask(input)
        }

        pub fn $act<'r>(input: &'r Input<'r>) -> Result<LongWork<'r>> {
            $confirmed(input)?.go_through(input)
        }
    };
}
pub(in crate::console) use confirmed;

impl<'r> Confirmed<'r> {
    pub fn new(
        about: impl FnOnce(&Call<'_>) -> Result<Confirmation> + 'r,
        act: impl FnOnce(&Call<'_>) -> Result<Reply> + 'r,
    ) -> Confirmed<'r> {
        Confirmed::in_steps(about, move |transactions| transactions.write(act))
    }

    /// The same for an action that takes more than one transaction.
    pub fn in_steps(
        about: impl FnOnce(&Call<'_>) -> Result<Confirmation> + 'r,
        act: impl FnOnce(&Transactions<'_>) -> Result<Reply> + 'r,
    ) -> Confirmed<'r> {
        Confirmed { about: Box::new(about), act: Box::new(act) }
    }

    /// Shows the confirmation page.
    pub fn ask(self, input: &'r Input<'r>) -> Result<Work<'r>> {
        Ok(Box::new(move |call| (self.about)(call)?.page(call, input, &Fields::default())))
    }

    /// Does it if the right text was typed; otherwise, or if it is refused, shows the page again with the problem.
    pub fn go_through(self, input: &'r Input<'r>) -> Result<LongWork<'r>> {
        let form = Form::of_body(input.request)?;
        Ok(Box::new(move |transactions| {
            let asked = transactions.read(self.about)?;
            let problem = match asked.typed.as_deref().filter(|typed| form.one(TYPED.name) != *typed) {
                Some(typed) => Problem::new(TYPED.name, "not_confirmed", format!("What was typed is not {typed}.")),
                None => match (self.act)(transactions) {
                    Ok(reply) => return Ok(reply),
                    Err(error) => Problem::of(error)?,
                },
            };
            let fields = Fields { problems: problem.into(), ..Fields::default() };
            transactions.read(|call| asked.page(call, input, &fields)).map(|reply| fields.problems.carried_by(reply))
        }))
    }
}

impl std::fmt::Debug for Confirmed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Confirmed")
    }
}

impl Confirmation {
    fn page(&self, call: &Call<'_>, input: &Input<'_>, fields: &Fields) -> Result<Reply> {
        let layout = Layout::of(call, input)?;
        let content = html! {
            (title(&self.what, &html! {}))
            @if let Some(typed) = &self.typed {
                p { (self.consequence) " " strong { "This cannot be undone." } }
                p { "Type " code { (typed) } " to confirm." }
            } @else {
                (self.consequence)
            }
            (fields.summary())
            (layout.form(&self.path, &html! {
                // What is confirmed may make a secret.
                (repeatable_secret::field())
                @if self.typed.is_some() { (fields.text(TYPED)) }
                div .submit { button .danger { (self.what) } a href=(self.back) { "Cancel" } }
            }))
        };
        Ok(layout.page(fields.status(), self.menu_item, &self.what, &content))
    }
}
